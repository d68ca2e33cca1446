/*
 * xfer_text.c: the text of the message on its way out.
 *
 * One buffer of wire form is filled and handed over in blocks. A few octets always stay behind, so
 * that the end mark never travels alone: it goes in the write of the last block, and a message
 * that fits into the buffer goes in one. That write is the border of certainty: before it nothing
 * can have been accepted, behind it only the server knows. A chunk has its border only when it is
 * the last (RFC 3030 2).
 */
#include "config.h"

#include "smtp/xfer_text.h"

#include <stdlib.h>

#include "base/proc.h"
#include "base/xalloc.h"
#include "smtp/talk.h"

#define BLOCK (64 * 1024) /* whole TLS records */
#define SPARE 512         /* stays behind a block, for the end mark to travel with */
#define MARK  5           /* CR LF . CR LF */

/* What to write: the first N octets of B, the first HEAD of which are no text. */
struct portion {
    struct buf *b;
    size_t n;
    size_t head;
    bool last; /* the end of the message is in it */
};

void xfer_text_init(struct xfer_text *t, struct session *s, struct envelope *e,
                    const struct message *m, bool stuff)
{
    *t = (struct xfer_text){.s = s, .e = e, .m = m, .piece = m->header.data, .left = m->header.len};
    wire_init(&t->wire, stuff);
    buf_init(&t->block, BLOCK + SPARE);
    t->scratch = xmalloc(BLOCK);
}

void xfer_text_free(struct xfer_text *t)
{
    buf_free(&t->block);
    free(t->scratch);
    t->scratch = NULL;
}

/* The next piece of the message, when the one before is used up. */
static enum cause next_piece(struct xfer_text *t, struct fault *why)
{
    enum cause c = CAUSE_NONE;

    switch (t->part) {
    case PART_HEADER:
        t->part = PART_BLANK;
        t->piece = "\n";
        t->left = 1;
        break;
    case PART_BLANK:
    case PART_BODY:
        t->part = PART_BODY;
        c = message_body_next(t->m, &t->cursor, t->scratch, BLOCK, &t->piece, &t->left, why);
        if (c != CAUSE_NONE || t->left > 0)
            break;
        t->part = PART_END;
        if (t->cursor.at != t->m->body.octets)
            c = fault_set(why, CAUSE_IO, "the message has %llu octets, and %llu could be read",
                          (unsigned long long)t->m->body.octets, (unsigned long long)t->cursor.at);
        break;
    case PART_END:
        break;
    }
    return c;
}

/* Fills the block: afterwards it is full, or holds all that is left of the message. */
static enum cause fill(struct xfer_text *t, struct fault *why)
{
    while (!t->ended) {
        size_t took = wire_feed(&t->wire, t->piece, t->left, &t->block);

        t->piece += took;
        t->left -= took;
        if (t->left > 0)
            return CAUSE_NONE;
        if (t->part == PART_END) {
            if (t->block.ceiling - t->block.len < MARK)
                return CAUSE_NONE;
            wire_end(&t->wire, &t->block);
            t->ended = true;
        } else if (next_piece(t, why) != CAUSE_NONE) {
            return why->cause;
        }
    }
    return CAUSE_NONE;
}

/*
 * Hands over a portion. False: stop, T and the fault tell why. R5, R6: the input must be empty
 * before each block, the one with the end mark included.
 */
static bool put(struct xfer_text *t, const struct portion *p, struct fault *why)
{
    struct stream *stream = t->s->stream;
    size_t sent = 0, waiting;
    enum cause c;

    if (stream_input_waiting(stream)) {
        t->answered = true;
        return false;
    }
    if (proc_signal() != 0) {
        fault_set(why, CAUSE_INTERRUPTED, "stopped by a signal before the message had left");
        return false;
    }
    if (p->last)
        stream_hold_signals(stream, true);
    t->e->in_doubt = p->last; /* also for who runs out of memory in the middle of the write */
    c = stream_write(stream, p->b->data, p->n, !t->in_flight, t->s->p.until, &sent, why);
    t->octets += sent > p->head ? sent - p->head : 0;
    t->may_be_out = p->last && sent > 0;
    t->e->in_doubt = t->may_be_out;
    t->out = p->last && c == CAUSE_NONE && sent == p->n;
    /* With TLS a reply may stop the write when all was taken but not all has left. */
    (void)stream_input(stream, &waiting);
    t->answered = c == CAUSE_NONE ? waiting > 0 || sent < p->n : talk_has_reply(t->s);
    if (c != CAUSE_NONE || (t->answered && !t->in_flight))
        return false;
    buf_drop(p->b, p->n);
    return true;
}

/* Success is also what the server had to say before the end. */
static enum cause ended(const struct xfer_text *t, bool done, struct fault *why)
{
    if (!done && !t->answered)
        return why->cause;
    fault_free(why);
    return CAUSE_NONE;
}

enum cause xfer_text_data(struct xfer_text *t, struct fault *why)
{
    bool goes_on = true;

    while (goes_on) {
        struct portion p = {.b = &t->block};

        goes_on = fill(t, why) == CAUSE_NONE;
        p.last = t->ended;
        p.n = t->ended ? t->block.len : BLOCK;
        goes_on = goes_on && put(t, &p, why) && !p.last;
    }
    transcript_text(t->s->transcript, t->octets);
    return ended(t, t->out, why);
}

/* How much of the LEFT octets of a chunk goes next; 0 when the block does not hold what it must. */
static size_t portion_size(const struct xfer_text *t, uint64_t left, bool last)
{
    bool is_rest = t->ended && left == t->block.len;
    size_t n = left > BLOCK && !is_rest ? BLOCK : (size_t)left;

    if (n > t->block.len || (last && n == left && !is_rest))
        return 0;
    return n;
}

enum cause xfer_text_chunk(struct xfer_text *t, struct buf *head, uint64_t n, bool last,
                           struct fault *why)
{
    uint64_t before = t->octets;
    bool goes_on = true;

    while (n > 0 && goes_on) {
        struct portion p = {.b = &t->block, .head = head->len};

        goes_on = fill(t, why) == CAUSE_NONE;
        p.n = portion_size(t, n, last);
        if (goes_on && p.n == 0)
            goes_on = fault_set(why, CAUSE_SOFTWARE, "the message is not as long as was counted") ==
                      CAUSE_NONE;
        p.last = last && p.n == n;
        n -= p.n;
        if (goes_on && head->len > 0) {
            buf_add(head, t->block.data, p.n);
            buf_drop(&t->block, p.n);
            p.b = head;
            p.n = head->len;
        }
        goes_on = goes_on && put(t, &p, why);
    }
    transcript_text(t->s->transcript, t->octets - before);
    return ended(t, goes_on, why);
}
