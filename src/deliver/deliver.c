/*
 * deliver.c: see deliver.h. Straight through: dial, open, transfer, close. The one rule that
 * matters here is when the next host may be tried: only while nothing of the message can have
 * arrived anywhere, that is before a session was open.
 */
#include "config.h"

#include "deliver/deliver.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "conf/describe.h"
#include "conf/providers.h"
#include "deliver/route.h"
#include "net/dial.h"
#include "smtp/session.h"
#include "smtp/transcript.h"
#include "smtp/xfer.h"

void delivery_report_init(struct delivery_report *r)
{
    memset(r, 0, sizeof(*r));
    buf_init(&r->relay, LIMIT_RELAY_NAME);
    buf_init(&r->reply, LIMIT_FAULT_REMOTE);
}

void delivery_report_free(struct delivery_report *r)
{
    buf_free(&r->relay);
    buf_free(&r->reply);
}

/*
 * Whether another host of the same account could do better: it has its own address, certificate
 * and temper, but the same password; and a signal means all of them.
 */
static bool next_host_may_help(enum cause c)
{
    enum keep keep = fault_row(c)->keep;

    if (c == CAUSE_AUTH_REFUSED || c == CAUSE_AUTH_NEEDED || c == CAUSE_SECRET)
        return false;
    if (c == CAUSE_INTERRUPTED || c == CAUSE_CONFIG)
        return false;
    return keep == KEEP_RETRY || keep == KEEP_ACCOUNT || c == CAUSE_DNS_NONE;
}

/* Dials and opens one host. *s is NULL on failure. */
static enum cause open_host(const struct delivery *d, const struct route *route, size_t i,
                            uint64_t octets, struct transcript *t, struct session **s,
                            struct fault *why)
{
    struct dial_params dial;
    struct session_params params;
    struct stream *stream = NULL;
    char name[LIMIT_RELAY_NAME];
    enum cause c;

    *s = NULL;
    route_dial(route, i, &dial);
    route_session(route, i, d->who, octets, &params);
    describe_server(d->account, i, name, sizeof(name));
    transcript_note(t, "connecting to %s", name);
    c = dial_host(&dial, params.until, &stream, why);
    if (c == CAUSE_NONE)
        c = session_open(s, stream, &params, t, why);
    if (c != CAUSE_NONE)
        transcript_note(t, "%s", why->text.data);
    return c;
}

/* The first host that gives a session. HOST gets the number of the last one tried. */
static enum cause open_any(const struct delivery *d, const struct route *route, uint64_t octets,
                           struct transcript *t, struct session **s, size_t *host,
                           struct fault *why)
{
    enum cause c = CAUSE_CONFIG;
    size_t i;

    for (i = 0; i < route->n; i++) {
        *host = i;
        c = open_host(d, route, i, octets, t, s, why);
        if (c == CAUSE_NONE || !next_host_may_help(c))
            return c;
    }
    if (route->n > 1)
        fault_note(why, "all %zu hosts failed, the last", route->n);
    return c;
}

/*
 * Puts the provider's advice on every refusal. The data file is only read now: a delivery that
 * succeeds never pays for it.
 */
static void add_hints(const struct delivery *d, const char *host, struct envelope *e,
                      struct fault *why)
{
    struct providers *p = NULL;
    struct fault unread = {0};
    size_t i;

    if (providers_load(&p, d->providers_file, &unread) == CAUSE_NONE) {
        if (why->smtp_code != 0)
            providers_hint(p, host, why);
        for (i = 0; i < e->n; i++) {
            if (e->rcpt[i].why.smtp_code != 0)
                providers_hint(p, host, &e->rcpt[i].why);
        }
    }
    providers_close(&p);
    fault_free(&unread);
}

static void settle_unsent(struct envelope *e, const struct fault *why)
{
    enum keep keep = fault_row(why->cause)->keep;

    envelope_settle_open(e, keep == KEEP_REFUSED ? FATE_NEVER : FATE_LATER, why);
}

enum cause deliver_message(const struct delivery *d, struct envelope *e, const struct message *m,
                           struct delivery_report *r, struct fault *why)
{
    struct xfer_params xfer = {.partial_abort = d->account->partial == PARTIAL_ABORT,
                               .reply = &r->reply};
    struct xfer_result result;
    int64_t started_ms = clock_mono_ms();
    struct session *s = NULL;
    struct transcript t;
    struct route route;
    size_t host = 0;
    enum cause c;

    transcript_init(&t, d->show, d->show_arg);
    c = route_find(&route, d->account, deadline_in(d->account->connect_timeout * 1000), why);
    if (c == CAUSE_NONE)
        c = open_any(d, &route, message_wire_size(m), &t, &s, &host, why);
    r->open_ms = clock_mono_ms() - started_ms;
    if (c == CAUSE_NONE) {
        assert(s != NULL);
        buf_adds(&r->relay, stream_peer(s->stream));
        c = xfer_run(s, e, m, &xfer, &result, why);
    }
    r->total_ms = clock_mono_ms() - started_ms;
    if (c != CAUSE_NONE)
        settle_unsent(e, why);
    assert(envelope_count(e, FATE_OPEN) == 0);
    session_close(&s);
    route_free(&route);
    transcript_free(&t);
    if (envelope_count(e, FATE_ACCEPTED) < e->n)
        add_hints(d, d->account->host.n > 0 ? d->account->host.v[host] : "", e, why);
    return c;
}
