/*
 * stream.c: the only place that reads, writes and waits on a server's socket.
 *
 * TLS is a transformation between two buffers (net/tls), so that there is one way in, take(), and
 * one way out, give(), for both kinds of stream, and neither ever blocks. All waiting is
 * socket_wait(), and every loop that can be kept going by the peer looks at its deadline each time
 * round: a server that drips one octet, or one empty record, at a time ends nothing but its own
 * connection.
 */
#include "config.h"

#include "net/stream.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/xalloc.h"
#include "net/socket.h"

#define IDLE_MS       60000
#define READ_SIZE     4096 /* a reply is shorter; a flood comes in more rounds */
#define WAITING_READS 64   /* and more than this is a flood, met by the next stream_fill */

struct stream {
    struct socket socket;
    struct buf in; /* what the reader has not consumed begins at in_at */
    size_t in_at;
    struct tls *tls;
    bool verified; /* the TLS session may carry application octets */
    int64_t idle_ms;
    struct fault broken; /* found where it could not be told; told at the next call */
};

struct stream *stream_new(int fd, const char *peer)
{
    struct stream *s = xcalloc(1, sizeof(*s));

    socket_init(&s->socket, fd, peer);
    s->idle_ms = IDLE_MS;
    /* A server may echo a secret: the octets of its replies are wiped when they are done with. */
    buf_init_secret(&s->in, LIMIT_STREAM_INPUT);
    return s;
}

const char *stream_peer(const struct stream *s)
{
    return s->socket.peer;
}

void stream_local_literal(const struct stream *s, char *out, size_t size)
{
    socket_local_literal(&s->socket, out, size);
}

const char *stream_input(const struct stream *s, size_t *n)
{
    *n = s->in.len - s->in_at;
    return s->in.data + s->in_at;
}

void stream_consume(struct stream *s, size_t n)
{
    assert(n <= s->in.len - s->in_at);
    s->in_at += n;
    if (s->in_at == s->in.len) {
        buf_cut(&s->in, 0);
        s->in_at = 0;
    }
}

/* Room for a read in the input; *N of 0 when the reader has let it fill up. */
static void *input_room(struct stream *s, size_t *n)
{
    if (s->in_at > 0) {
        buf_drop(&s->in, s->in_at);
        s->in_at = 0;
    }
    *n = LIMIT_STREAM_INPUT - s->in.len;
    if (*n > READ_SIZE)
        *n = READ_SIZE;
    (void)buf_reserve(&s->in, *n);
    return s->in.data + s->in.len;
}

void stream_reserve(struct stream *s)
{
    (void)buf_prepare(&s->in, LIMIT_STREAM_INPUT - s->in.len);
}

static enum cause flooded(const struct stream *s, struct fault *why)
{
    return fault_set(why, CAUSE_PROTOCOL, "%s sends without end: %d octets that nobody asked for",
                     s->socket.peer, LIMIT_STREAM_INPUT);
}

/* take() without TLS. */
static enum cause take_plain(struct stream *s, size_t *got, struct fault *why)
{
    size_t n;
    void *room = input_room(s, &n);
    bool ended;
    enum cause cause;

    *got = 0;
    if (n == 0)
        return flooded(s, why);
    cause = socket_read(&s->socket, room, n, got, &ended, why);
    if (cause == CAUSE_NONE && ended)
        cause = socket_broke(&s->socket, 0, why);
    if (cause == CAUSE_NONE)
        buf_grew(&s->in, *got);
    else
        fault_copy(&s->broken, why);
    return cause;
}

/* Moves octets of the wire to the TLS layer. */
static enum cause feed_tls(struct stream *s, struct fault *why)
{
    size_t n, got;
    void *room = tls_in_room(s->tls, &n);
    bool ended = false;
    enum cause cause;

    if (n == 0)
        return CAUSE_NONE;
    cause = socket_read(&s->socket, room, n, &got, &ended, why);
    if (cause == CAUSE_NONE && (got > 0 || ended))
        tls_in_added(s->tls, got);
    return cause;
}

/* Moves what the TLS layer can decrypt to the input. Octets before an error count as taken. */
static enum cause take_decrypted(struct stream *s, size_t *got, struct fault *why)
{
    *got = 0;
    for (;;) {
        size_t n, more = 0;
        void *room = input_room(s, &n);
        enum cause cause;

        if (n == 0)
            return *got > 0 ? CAUSE_NONE : flooded(s, why);
        cause = tls_read(s->tls, room, n, &more, why);
        if (cause != CAUSE_NONE) {
            fault_note(why, "%s", s->socket.peer);
            fault_copy(&s->broken, why);
            return *got > 0 ? CAUSE_NONE : cause;
        }
        if (more == 0)
            return CAUSE_NONE;
        buf_grew(&s->in, more);
        *got += more;
    }
}

/* Adds to the input what can be had without waiting; one look at the socket. */
static enum cause take(struct stream *s, size_t *got, struct fault *why)
{
    enum cause cause;

    *got = 0;
    if (s->broken.cause != CAUSE_NONE) {
        fault_copy(why, &s->broken);
        return why->cause;
    }
    if (s->tls == NULL)
        return take_plain(s, got, why);
    cause = feed_tls(s, why);
    return cause != CAUSE_NONE ? cause : take_decrypted(s, got, why);
}

/* How many octets TLS still has for the socket: a write is not done before they are gone. */
static size_t unsent(const struct stream *s)
{
    size_t n = 0;

    if (s->tls != NULL)
        (void)tls_out(s->tls, &n);
    return n;
}

/* Sends what the TLS layer has ready, as far as it goes; *SENT octets of the wire went. */
static enum cause flush(struct stream *s, size_t *sent, struct fault *why)
{
    size_t n = unsent(s);
    enum cause cause;

    *sent = 0;
    if (n == 0)
        return CAUSE_NONE;
    cause = socket_write(&s->socket, tls_out(s->tls, &n), n, sent, why);
    tls_out_sent(s->tls, *sent);
    return cause;
}

enum cause stream_fill(struct stream *s, deadline_ms until, struct fault *why)
{
    enum cause cause = CAUSE_NONE;
    size_t got = 0, sent;

    if (s->tls != NULL && s->broken.cause == CAUSE_NONE)
        cause = take_decrypted(s, &got, why); /* poll knows nothing of what waits inside */
    else if (s->broken.cause != CAUSE_NONE)
        cause = take(s, &got, why);
    for (bool first = true; cause == CAUSE_NONE && got == 0; first = false) {
        short ready;

        if (!first && deadline_left(until) == 0)
            return socket_late(&s->socket, why);
        cause = socket_wait(&s->socket, (short)(unsent(s) > 0 ? POLLIN | POLLOUT : POLLIN), until,
                            &ready, why);
        if (cause == CAUSE_NONE && ready == 0)
            return socket_late(&s->socket, why);
        if (cause == CAUSE_NONE && (ready & POLLOUT) != 0)
            cause = flush(s, &sent, why);
        if (cause == CAUSE_NONE && (ready & POLLIN) != 0)
            cause = take(s, &got, why);
    }
    return cause;
}

/*
 * Reads what is there, until nothing is; an end or an error is kept for the next call. Octets that
 * are none of the application's (tickets, RFC 8446 4.6.1) are no reason to stop looking.
 */
static void take_waiting(struct stream *s)
{
    struct fault why = {0};
    enum cause cause = CAUSE_NONE;
    uint64_t before;
    size_t got;
    int reads = 0;

    do {
        before = s->socket.octets_in;
        if (s->in.len - s->in_at < LIMIT_STREAM_INPUT)
            cause = take(s, &got, &why);
    } while (cause == CAUSE_NONE && s->socket.octets_in > before && ++reads < WAITING_READS);
    fault_free(&why);
}

bool stream_input_waiting(struct stream *s)
{
    if (s->in.len == s->in_at) {
        take_waiting(s);
        s->socket.looked = s->in.len == s->in_at;
    }
    return s->in.len > s->in_at;
}

struct writing {
    const char *at; /* of the caller's octets */
    size_t left;
    size_t sent; /* handed over: to the socket, or to the TLS layer, which sends in order */
};

/* Gives the socket, through TLS or not, what it takes at once; *MOVED when it took anything. */
static enum cause give(struct stream *s, struct writing *w, bool *moved, struct fault *why)
{
    enum cause cause;
    size_t n = 0, sent = 0;

    if (s->tls == NULL) {
        cause = socket_write(&s->socket, w->at, w->left, &n, why);
        sent = n;
    } else {
        cause = tls_write(s->tls, w->at, w->left, &n, why);
        if (cause == CAUSE_NONE)
            cause = flush(s, &sent, why);
        else
            fault_note(why, "%s", s->socket.peer);
    }
    *moved = sent > 0;
    w->at += n;
    w->left -= n;
    w->sent += n;
    return cause;
}

/*
 * Writes until all is with the kernel. Looking at the socket before each piece would double the
 * system calls: it is done when the last piece did not go out whole, and for STOP_ON_INPUT.
 * Reading while the socket is full is what keeps two full buffers from waiting for each other
 * (a server that answers a long pipelined group while we still write it).
 */
static enum cause write_all(struct stream *s, struct writing *w, bool stop_on_input,
                            deadline_ms until, struct fault *why)
{
    deadline_ms idle_at = deadline_in(s->idle_ms);
    /* Whether to look for input, and for room, before writing on. */
    bool look = stop_on_input && !s->socket.looked;
    enum cause cause = CAUSE_NONE;

    while (cause == CAUSE_NONE && (w->left > 0 || unsent(s) > 0)) {
        short ready = POLLOUT;
        size_t got = 0;
        bool moved = false;

        if (look) {
            cause = socket_wait(&s->socket, POLLIN | POLLOUT, deadline_earlier(until, idle_at),
                                &ready, why);
            if (cause == CAUSE_NONE && ready == 0)
                return fault_set(why, CAUSE_TIMEOUT, "%s takes no more octets", s->socket.peer);
        }
        if (cause == CAUSE_NONE && (ready & POLLIN) != 0)
            cause = take(s, &got, why);
        if (stop_on_input && s->in.len > s->in_at)
            return cause;
        if (cause == CAUSE_NONE && (ready & POLLOUT) != 0)
            cause = give(s, w, &moved, why);
        if (moved)
            idle_at = deadline_in(s->idle_ms);
        else if (cause == CAUSE_NONE && deadline_left(deadline_earlier(until, idle_at)) == 0)
            return fault_set(why, CAUSE_TIMEOUT, "%s takes no more octets", s->socket.peer);
        look = stop_on_input || !moved;
    }
    return cause;
}

enum cause stream_write(struct stream *s, const void *bytes, size_t n, bool stop_on_input,
                        deadline_ms until, size_t *sent, struct fault *why)
{
    struct writing w = {.at = bytes, .left = n};
    enum cause cause = CAUSE_NONE;

    *sent = 0;
    if (stop_on_input && s->in.len > s->in_at)
        return CAUSE_NONE;
    if (s->broken.cause != CAUSE_NONE) {
        fault_copy(why, &s->broken);
        return why->cause;
    }
    cause = write_all(s, &w, stop_on_input, until, why);
    *sent = w.sent;
    if (cause == CAUSE_CLOSED)
        take_waiting(s); /* R6: a server that hangs up has often said why */
    return cause;
}

void stream_set_idle(struct stream *s, int64_t idle_ms)
{
    s->idle_ms = idle_ms;
}

/* Runs the handshake to its end, waiting as needed. */
static enum cause shake_hands(struct stream *s, deadline_ms until, struct fault *why)
{
    enum cause cause = CAUSE_NONE;
    bool done = false;
    size_t sent;

    for (bool first = true;; first = false) {
        struct fault ignored = {0};
        short events = POLLIN, ready;

        cause = tls_handshake(s->tls, &done, why);
        if (cause != CAUSE_NONE) {
            fault_note(why, "%s", s->socket.peer);
            (void)flush(s, &sent, &ignored); /* the alert, if it can */
            fault_free(&ignored);
            return cause;
        }
        cause = flush(s, &sent, why);
        if (cause != CAUSE_NONE || (done && unsent(s) == 0))
            return cause;
        if (!first && deadline_left(until) == 0)
            return socket_late(&s->socket, why);
        if (unsent(s) > 0)
            events |= POLLOUT;
        cause = socket_wait(&s->socket, events, until, &ready, why);
        if (cause == CAUSE_NONE && ready == 0)
            cause = socket_late(&s->socket, why);
        if (cause == CAUSE_NONE && (ready & POLLIN) != 0)
            cause = feed_tls(s, why);
        if (cause != CAUSE_NONE)
            return cause;
    }
}

/* Handshake, then verification: Finished is on its way meanwhile, nothing of SMTP is. */
static enum cause secure(struct stream *s, const struct tls_params *p, deadline_ms until,
                         struct fault *why)
{
    /* With implicit TLS nothing was said before, and a server that starts with "220 ..." was meant
     * for STARTTLS; behind our STARTTLS it is one that cannot do what it offered. */
    bool implicit = s->socket.octets_in == 0;
    struct fault ignored = {0};
    enum cause cause = tls_new(&s->tls, p, why);
    size_t sent;

    if (cause != CAUSE_NONE)
        return cause;
    cause = shake_hands(s, until, why);
    if ((cause == CAUSE_TLS || cause == CAUSE_CLOSED) && tls_plain_peer(s->tls)) {
        fault_set(why, CAUSE_TLS, "%s speaks plain SMTP%s", s->socket.peer,
                  implicit ? " on this port, not TLS" : " where TLS should begin");
        if (implicit)
            fault_hint(why, "set tls = starttls (with port = 587 or 25), or port = 465");
        return CAUSE_TLS;
    }
    if (cause == CAUSE_NONE) {
        cause = tls_verify(s->tls, why);
        if (cause != CAUSE_NONE && cause != CAUSE_CONFIG && cause != CAUSE_TLS_FILE)
            fault_note(why, "%s", s->socket.peer);
        if (cause != CAUSE_NONE)
            (void)flush(s, &sent, &ignored); /* the alert, if it can */
        fault_free(&ignored);
    }
    return cause;
}

enum cause stream_start_tls(struct stream *s, const struct tls_params *p, deadline_ms until,
                            struct fault *why)
{
    enum cause cause;

    if (s->tls != NULL)
        return fault_set(why, CAUSE_SOFTWARE, "TLS within TLS");
    /* RFC 3207 4.2 and R10: who has spoken in the clear by now may be an injector. A server that
     * speaks first where TLS should start at once is met in the handshake. */
    if (s->socket.octets_in > 0 && stream_input_waiting(s)) {
        cause = fault_set(why, CAUSE_PROTOCOL,
                          "%s sent %zu octets in the clear behind its answer to STARTTLS",
                          s->socket.peer, s->in.len - s->in_at);
        fault_hint(why, "somebody may be tampering with the connection");
    } else {
        cause = secure(s, p, until, why);
    }
    s->verified = cause == CAUSE_NONE;
    /* R12: no way back to the clear on this socket; whoever tries is told the same again. */
    if (cause != CAUSE_NONE) {
        why->stage = STAGE_TLS;
        fault_copy(&s->broken, why);
        tls_free(&s->tls);
    }
    return cause;
}

bool stream_is_tls(const struct stream *s)
{
    return s->verified;
}

const struct tls_info *stream_tls(const struct stream *s)
{
    return s->verified ? tls_get_info(s->tls) : NULL;
}

bool stream_binding(struct stream *s, enum tls_binding kind, struct buf *out)
{
    return s->verified && tls_get_binding(s->tls, kind, out);
}

bool stream_ticket(struct stream *s, struct buf *out)
{
    return s->verified && tls_ticket(s->tls, out);
}

void stream_hold_signals(struct stream *s, bool hold)
{
    s->socket.hold_signals = hold;
}

void stream_octets(const struct stream *s, uint64_t *in, uint64_t *out)
{
    *in = s->socket.octets_in;
    *out = s->socket.octets_out;
}

void stream_close(struct stream **s, enum stream_end how)
{
    struct stream *gone = *s;
    struct fault ignored = {0};
    size_t sent;

    if (gone == NULL)
        return;
    if (how == STREAM_CLEAN && gone->verified && gone->broken.cause == CAUSE_NONE) {
        tls_end(gone->tls);
        (void)flush(gone, &sent, &ignored);
        fault_free(&ignored);
    }
    socket_close(&gone->socket, how == STREAM_HARD);
    tls_free(&gone->tls);
    buf_free(&gone->in);
    fault_free(&gone->broken);
    free(gone);
    *s = NULL;
}
