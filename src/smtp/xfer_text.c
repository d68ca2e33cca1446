/*
 * xfer_text.c: the text of the message, from 354 to the end mark.
 *
 * One buffer of wire form is filled and handed over in blocks. A few octets always stay behind, so
 * that the end mark never travels alone: it goes in the write of the last block, and a message
 * that fits into the buffer goes in one. That write is the border of certainty: before it nothing
 * can have been accepted, behind it only the server knows.
 */
#include "config.h"

#include "smtp/xfer_text.h"

#include <stdlib.h>

#include "base/proc.h"
#include "base/xalloc.h"
#include "mail/wire.h"
#include "smtp/talk.h"

#define BLOCK (64 * 1024) /* whole TLS records */
#define SPARE 512         /* stays behind a block, for the end mark to travel with */
#define MARK  5           /* CR LF . CR LF */

struct sender {
    struct session *s;
    struct envelope *e;
    const struct message *m;
    struct xfer_text *t;
    struct wire wire;
    struct buf out;
    struct fault *why;
};

/*
 * Hands over the first N octets of the buffer. False: stop, T and the fault tell why. R5, R6: the
 * input must be empty before each block, the one with the end mark included.
 */
static bool put(struct sender *x, size_t n, bool last)
{
    struct stream *stream = x->s->stream;
    size_t sent = 0, waiting;
    enum cause c;

    if (stream_input_waiting(stream)) {
        x->t->answered = true;
        return false;
    }
    if (proc_signal() != 0) {
        fault_set(x->why, CAUSE_INTERRUPTED, "stopped by a signal before the message had left");
        return false;
    }
    if (last)
        stream_hold_signals(stream, true);
    x->e->in_doubt = last; /* also for who runs out of memory in the middle of the write */
    c = stream_write(stream, x->out.data, n, true, x->s->p.until, &sent, x->why);
    x->t->octets += sent;
    x->t->may_be_out = last && sent > 0;
    x->e->in_doubt = x->t->may_be_out;
    x->t->out = last && c == CAUSE_NONE && sent == n;
    /* With TLS a reply may stop the write when all was taken but not all has left. */
    (void)stream_input(stream, &waiting);
    x->t->answered = c == CAUSE_NONE ? waiting > 0 || sent < n : talk_has_reply(x->s);
    if (c != CAUSE_NONE || x->t->answered)
        return false;
    buf_drop(&x->out, n);
    return true;
}

static bool feed(struct sender *x, const char *in, size_t n)
{
    while (n > 0) {
        size_t took = wire_feed(&x->wire, in, n, &x->out);

        in += took;
        n -= took;
        if (n > 0 && !put(x, BLOCK, false))
            return false;
    }
    return true;
}

static bool feed_body(struct sender *x)
{
    struct message_cursor cursor = {0};
    char *scratch = xmalloc(BLOCK);
    const char *piece;
    size_t n;
    bool goes_on;

    do {
        goes_on =
            message_body_next(x->m, &cursor, scratch, BLOCK, &piece, &n, x->why) == CAUSE_NONE &&
            feed(x, piece, n);
    } while (goes_on && n > 0);
    if (goes_on && cursor.at != x->m->body.octets) {
        fault_set(x->why, CAUSE_IO, "the message has %llu octets, and %llu could be read",
                  (unsigned long long)x->m->body.octets, (unsigned long long)cursor.at);
        goes_on = false;
    }
    free(scratch);
    return goes_on;
}

static bool feed_end(struct sender *x)
{
    if (x->out.ceiling - x->out.len < MARK && !put(x, BLOCK, false))
        return false;
    wire_end(&x->wire, &x->out);
    return put(x, x->out.len, true);
}

enum cause xfer_text_send(struct session *s, struct envelope *e, const struct message *m,
                          struct xfer_text *t, struct fault *why)
{
    struct sender x = {.s = s, .e = e, .m = m, .t = t, .why = why};
    bool done;

    *t = (struct xfer_text){0};
    wire_init(&x.wire, true);
    buf_init(&x.out, BLOCK + SPARE);
    done = feed(&x, m->header.data, m->header.len) && feed(&x, "\n", 1) && feed_body(&x) &&
           feed_end(&x);
    buf_free(&x.out);
    transcript_text(s->transcript, t->octets);
    if (done || t->answered) {
        fault_free(why);
        return CAUSE_NONE;
    }
    return why->cause;
}
