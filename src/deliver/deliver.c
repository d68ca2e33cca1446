/*
 * deliver.c: see deliver.h. Straight through: a session, the transfer, the end. The one rule that
 * matters is when anything is done twice: another host only before a session was open (link.c), and
 * another session only for recipients of whom the transfer says that nothing was accepted.
 */
#include "config.h"

#include "deliver/deliver.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "conf/providers.h"
#include "deliver/link.h"
#include "deliver/pool.h"
#include "deliver/route.h"
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

/* Whether those left OPEN by a transfer are worth another session, and not of an endless row. */
static bool try_again(const struct link *l, const struct xfer_result *result, bool *lowered,
                      size_t open_before, size_t open_now)
{
    if (!result->again || open_now == 0)
        return false;
    if (result->stumble == STUMBLE_NONE)
        return l->is_kept || open_now < open_before;
    if (*lowered)
        return false;
    *lowered = true;
    return true;
}

/* One transfer. The words of an acceptance replace those of an earlier session, without a copy: it
 * would ask for memory when the message has arrived. */
static enum cause offer(const struct link *l, struct envelope *e, const struct message *m,
                        struct delivery_report *r, struct xfer_result *result, struct fault *why)
{
    struct buf words, old = r->reply;
    struct xfer_params xfer = {.partial_abort = l->p.route->account->partial == PARTIAL_ABORT,
                               .reply = &words};
    enum cause c;

    buf_init(&words, LIMIT_FAULT_REMOTE);
    c = xfer_run(l->session, e, m, &xfer, result, why);
    if (words.len > 0) {
        r->reply = words;
        words = old;
    }
    buf_free(&words);
    return c;
}

/* One session after another until nobody is OPEN, or nothing can be done for those who are. */
static enum cause transfer(struct link *l, struct envelope *e, const struct message *m,
                           struct delivery_report *r, struct fault *why)
{
    int64_t started_ms = clock_mono_ms();
    struct xfer_result result = {0};
    bool lowered = false, go_on = true;
    enum cause c = CAUSE_NONE;

    while (go_on) {
        size_t before = envelope_count(e, FATE_OPEN), now;
        size_t had_it = envelope_count(e, FATE_ACCEPTED);

        c = link_open(l, why);
        r->open_ms += clock_mono_ms() - started_ms;
        if (c != CAUSE_NONE)
            break;
        buf_reset(&r->relay);
        buf_adds(&r->relay, stream_peer(l->session->stream));
        c = offer(l, e, m, r, &result, why);
        now = envelope_count(e, FATE_OPEN);
        link_learn(l, &result, envelope_count(e, FATE_ACCEPTED) > had_it, why);
        if (c == CAUSE_ACCEPTED_WITHOUT_LOGIN) {
            r->without_login = true;
            fault_free(why);
            c = CAUSE_NONE;
        }
        go_on = try_again(l, &result, &lowered, before, now);
        if (go_on) {
            link_close(l);
            fault_free(why);
            started_ms = clock_mono_ms();
        }
    }
    return c;
}

enum cause deliver_message(const struct delivery *d, struct envelope *e, const struct message *m,
                           struct delivery_report *r, struct fault *why)
{
    int64_t started_ms = clock_mono_ms();
    struct transcript t;
    struct route route;
    struct link l;
    enum cause c;

    transcript_init(&t, d->show, d->show_arg);
    c = route_find(&route, d->account, deadline_in(d->account->connect_timeout * 1000), why);
    if (route.proxy.user != NULL)
        transcript_secret(&t, route.proxy.password->data, route.proxy.password->len);
    link_init(&l, &(struct link_params){.route = &route,
                                        .who = d->who,
                                        .transcript = &t,
                                        .octets = message_wire_size(m),
                                        .memory_dir = d->memory_dir,
                                        .memory_fixed = d->memory_fixed,
                                        .pool = d->pool});
    if (c == CAUSE_NONE)
        c = transfer(&l, e, m, r, why);
    r->total_ms = clock_mono_ms() - started_ms;
    if (c != CAUSE_NONE)
        settle_unsent(e, why);
    assert(envelope_count(e, FATE_OPEN) == 0);
    link_close(&l);
    if (envelope_count(e, FATE_ACCEPTED) < e->n)
        add_hints(d, l.host < route.n ? route.v[l.host].host : "", e, why);
    route_free(&route);
    transcript_free(&t);
    return c;
}

/* Asks over S (moved), which was kept under KEY. */
static enum cause prove_one(const struct delivery *d, struct session *s, const char *key,
                            struct fault *why)
{
    struct memory *m = pool_memory(d->pool, key, d->memory_dir);
    uint64_t offers = s->caps.offers;
    struct transcript t;
    bool proven = false;
    enum cause c;

    transcript_init(&t, d->show, d->show_arg);
    session_speak_into(s, &t);
    s->p.until = deadline_in(s->p.reply_timeout_ms);
    c = session_prove(s, &proven, why);
    if (c == CAUSE_NONE && memory_learn_proof(m, clock_now_s(), proven, offers) && !d->memory_fixed)
        (void)memory_keep(m, d->memory_dir, key);
    session_close(&s);
    transcript_free(&t);
    return c;
}

enum cause deliver_prove(const struct delivery *d, size_t *asked, struct fault *why)
{
    struct route route = {0};
    struct fault one = {0};
    enum cause c = CAUSE_NONE;

    *asked = 0;
    if (d->pool == NULL || d->account->pipelining != PIPE_FULL)
        return CAUSE_NONE;
    c = route_find(&route, d->account, deadline_in(d->account->connect_timeout * 1000), why);
    for (size_t i = 0; i < route.n; i++) {
        struct session *s = NULL;
        char key[ROUTE_KEY];

        if (route_key(&route, i, key))
            s = pool_take_to_prove(d->pool, key, clock_now_s());
        if (s == NULL)
            continue;
        ++*asked;
        if (prove_one(d, s, key, &one) != CAUSE_NONE && c == CAUSE_NONE) {
            fault_copy(why, &one);
            c = why->cause;
        }
        fault_free(&one);
    }
    route_free(&route);
    return c;
}
