/*
 * link.c: see link.h.
 *
 * All that memory does is here, around a session: it is asked when the connection stands, so that a
 * server that cannot be reached costs nothing, least of all a ticket; and it is told when QUIT has
 * left. Whatever fails with it is no failure of the message.
 */
#include "config.h"

#include "deliver/link.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "deliver/pool.h"
#include "net/dial.h"

void link_init(struct link *l, const struct link_params *p)
{
    memset(l, 0, sizeof(*l));
    l->p = *p;
    l->until = DEADLINE_NEVER;
    l->memory = &l->own;
    l->own_of = SIZE_MAX;
    buf_init_secret(&l->ticket, LIMIT_TICKET);
}

/* Where news are written: nowhere while the command line changes what the config says. */
static const char *writable_dir(const struct link *l)
{
    return l->p.memory_fixed || l->key[0] == '\0' ? NULL : l->p.memory_dir;
}

/* Server number I is the one that all is about from now on. */
static void choose(struct link *l, size_t i)
{
    l->host = i;
    l->is_kept = false;
    if ((l->p.memory_dir == NULL && l->p.pool == NULL) || !route_key(l->p.route, i, l->key))
        l->key[0] = '\0';
}

static void remember(struct link *l)
{
    if (l->p.pool != NULL && l->key[0] != '\0') {
        l->memory = pool_memory(l->p.pool, l->key, l->p.memory_dir);
        return;
    }
    l->memory = &l->own;
    if (l->own_of == l->host) /* it may know more than the file does */
        return;
    memory_load(l->memory, l->key[0] != '\0' ? l->p.memory_dir : NULL, l->key);
    l->own_of = l->host;
}

static void write_news(struct link *l)
{
    if (l->has_news)
        (void)memory_keep(l->memory, writable_dir(l), l->key);
    l->has_news = false;
}

/* What is done to a login that a server has answered with anything but 235. */
static bool was_refused(const struct fault *why)
{
    return why->stage == STAGE_AUTH && why->smtp_code != 0;
}

static void forget_login(struct link *l)
{
    if (memory_learn_login(l->memory, clock_now_s(), false, NULL, 0))
        l->has_news = true;
}

/* A connection to server L->host. */
static enum cause dial(struct link *l, struct session_params *p, struct stream **stream,
                       struct fault *why)
{
    struct dial_params to;
    char name[LIMIT_RELAY_NAME];
    enum cause c;

    route_dial(l->p.route, l->host, &to);
    route_session(l->p.route, l->host, l->p.who, l->p.octets, p);
    l->until = deadline_earlier(l->until, p->until);
    p->until = l->until;
    p->ready_by = deadline_earlier(p->ready_by, l->until);
    route_name(l->p.route, l->host, name, sizeof(name));
    transcript_note(l->p.transcript, "connecting to %s", name);
    c = dial_host(&to, p->until, stream, why);
    if (c != CAUSE_NONE)
        transcript_note(l->p.transcript, "%s", why->text.data);
    return c;
}

/*
 * What ended the handshake may be the ticket: a server that has changed its version or lost its
 * keys (GnuTLS has no way back from "unexpected handshake packet"). A verdict on a certificate has
 * nothing to do with it.
 */
static bool is_ticket_trouble(enum cause c, const struct fault *why)
{
    return (c == CAUSE_TLS || c == CAUSE_CLOSED) && why->stage == STAGE_TLS;
}

/* A session over STREAM (moved), with TICKET if there is one, and once more without, at once. */
static enum cause enter(struct link *l, struct stream *stream, struct session_params *p,
                        const struct buf *ticket, struct fault *why)
{
    enum cause c;

    memory_known(l->memory, clock_now_s(), &p->known);
    if (ticket->len > 0)
        p->tls_params.ticket = ticket;
    c = session_open(&l->session, stream, p, l->p.transcript, why);
    if (ticket->len > 0 && is_ticket_trouble(c, why)) {
        transcript_note(l->p.transcript, "%s; once more without the stored session",
                        why->text.data);
        fault_free(why);
        c = dial(l, p, &stream, why);
        if (c != CAUSE_NONE)
            return c;
        memory_known(l->memory, clock_now_s(), &p->known);
        c = session_open(&l->session, stream, p, l->p.transcript, why);
    }
    if (c != CAUSE_NONE)
        transcript_note(l->p.transcript, "%s", why->text.data);
    else
        l->session->p.tls_params.ticket = NULL; /* it was for the handshake */
    return c;
}

/*
 * The ticket for the next process has come by now, behind the handshake or with the first reply.
 * It is fetched before the message is sent and not behind it, since libraries that are out of
 * memory may crash, and a message that has arrived must not look like one that has not.
 */
static void fetch_ticket(struct link *l)
{
    if (writable_dir(l) != NULL && !stream_ticket(l->session->stream, &l->ticket))
        buf_reset(&l->ticket);
}

/* Dials and opens server number I. */
static enum cause open_host(struct link *l, size_t i, struct fault *why)
{
    struct session_params params;
    struct stream *stream = NULL;
    struct buf ticket;
    enum cause c;

    choose(l, i);
    c = dial(l, &params, &stream, why);
    if (c != CAUSE_NONE)
        return c;
    remember(l);
    buf_init_secret(&ticket, LIMIT_TICKET);
    if (params.tls != SESSION_TLS_OFF)
        (void)memory_take_ticket(writable_dir(l), l->key, &ticket);
    c = enter(l, stream, &params, &ticket, why);
    buf_free(&ticket);
    if (c == CAUSE_NONE) {
        fetch_ticket(l);
        return c;
    }
    if (was_refused(why))
        forget_login(l);
    write_news(l);
    return c;
}

/*
 * Whether another host of the same account could do better: it has its own address, certificate
 * and temper, but the same password and files; and a signal means all of them.
 */
static bool next_host_may_help(enum cause c)
{
    enum keep keep = fault_row(c)->keep;

    if (c == CAUSE_AUTH_REFUSED || c == CAUSE_AUTH_NEEDED || c == CAUSE_SECRET)
        return false;
    if (c == CAUSE_INTERRUPTED || c == CAUSE_CONFIG || c == CAUSE_TLS_FILE)
        return false;
    return keep == KEEP_RETRY || keep == KEEP_ACCOUNT || c == CAUSE_DNS_NONE;
}

/*
 * What this account and message ask for counts from now on, not what the one that the session was
 * opened for did: require_tls, say. What belongs to the connection stays.
 */
static void renew(struct session *s, const struct session_params *p)
{
    struct session_known known = s->p.known;

    s->p = *p;
    s->p.known = known;
    s->p.tls_params = (struct tls_params){0};
}

/* A session that the pool has kept, with the wishes and deadlines of this message. */
static bool take_kept(struct link *l)
{
    struct session_params p;

    for (size_t i = 0; l->p.pool != NULL && l->session == NULL && i < l->p.route->n; i++) {
        choose(l, i);
        if (l->key[0] != '\0')
            l->session = pool_take(l->p.pool, l->key);
    }
    if (l->session == NULL)
        return false;
    l->is_kept = true;
    remember(l);
    route_session(l->p.route, l->host, l->p.who, l->p.octets, &p);
    l->until = deadline_earlier(l->until, p.until);
    p.until = p.ready_by = l->until;
    renew(l->session, &p);
    session_speak_into(l->session, l->p.transcript);
    return true;
}

enum cause link_open(struct link *l, struct fault *why)
{
    enum cause c = CAUSE_CONFIG;

    if (take_kept(l))
        return CAUSE_NONE;
    for (size_t i = 0; i < l->p.route->n; i++) {
        c = open_host(l, i, why);
        if (c == CAUSE_NONE || !next_host_may_help(c))
            return c;
    }
    if (l->p.route->n > 1)
        fault_note(why, "all %zu hosts failed, the last", l->p.route->n);
    return c;
}

void link_learn(struct link *l, const struct xfer_result *result, bool accepted,
                const struct fault *why)
{
    static const unsigned char none[SESSION_CREDENTIAL];
    const struct session *s = l->session;
    int64_t now_s = clock_now_s();
    bool news = false;

    if (result->without_login || was_refused(why))
        news = memory_learn_login(l->memory, now_s, false, NULL, 0);
    else if (s->logged_in ? memcmp(s->credential, none, sizeof(none)) != 0 : accepted)
        news = memory_learn_login(l->memory, now_s, true, s->logged_in ? s->credential : none,
                                  s->caps.offers);
    if (memory_learn_stumble(l->memory, now_s, result->stumble))
        news = true;
    if (accepted && memory_learn_success(l->memory, now_s))
        news = true;
    l->has_news = l->has_news || news;
}

void link_close(struct link *l)
{
    const struct session *s = l->session;

    if (s == NULL)
        return;
    if (s->stream == NULL || (s->state != SESSION_READY && s->state != SESSION_DIRTY))
        buf_reset(&l->ticket); /* it did not end in order */
    if (l->p.pool != NULL && l->key[0] != '\0')
        pool_put(l->p.pool, l->key, &l->session);
    else
        session_close(&l->session);
    write_news(l);
    if (l->ticket.len > 0)
        (void)memory_keep_ticket(writable_dir(l), l->key, &l->ticket);
    buf_free(&l->ticket);
}
