/*
 * xfer_verdict.c: the text of a transaction, and what the server says to it.
 *
 * Once the end of the message has left, three things can be known: it was accepted, it was not, or
 * neither. Only a reply in the right place is knowledge; everything else is doubt, and who is in
 * doubt is never offered the message again at once.
 */
#include "config.h"

#include "smtp/xfer_verdict.h"

#include <string.h>

#include "base/num.h"
#include "net/stream.h"
#include "smtp/talk.h"
#include "smtp/xfer_fate.h"
#include "smtp/xfer_reply.h"
#include "smtp/xfer_stumble.h"
#include "smtp/xfer_text.h"

#define ECHO_MS      2000 /* for what comes behind a refusal */
#define COMMAND_LINE 64   /* BDAT, a number, LAST */

void xfer_verdict_brace(struct xfer *x)
{
    stream_reserve(x->s->stream);
    reply_reserve(&x->s->reply);
    if (x->words != NULL)
        (void)buf_reserve(x->words, x->words->ceiling - x->words->len);
}

/* Keeps the words of an acceptance for the log, in one line. Its room was reserved before. */
static void keep_words(struct xfer *x, const struct reply *r)
{
    struct buf *out = x->words;

    if (out == NULL)
        return;
    buf_cut(out, x->words_at);
    buf_addf(out, "%d ", r->code);
    for (size_t at = 0; at < r->text.len;) {
        const char *lf = memchr(r->text.data + at, '\n', r->text.len - at);
        size_t n = lf != NULL ? (size_t)(lf - r->text.data) - at : r->text.len - at;

        buf_adds(out, at > 0 ? " " : "");
        if (!buf_add_printable(out, r->text.data + at, n))
            break;
        at += n + 1;
    }
}

/* --- refusals and losses -------------------------------------------------------------------- */

/* What a refusal of the text says of the server rather than of the message. */
static enum xfer_stumble stumble_of(const struct xfer *x)
{
    struct xfer_moment at = xfer_reply_moment(x, x->plan.chunked ? VERB_BDAT : VERB_DATA);

    at.is_grouped = x->plan.pipelined;
    return xfer_stumble_reply(&at, &x->s->reply);
}

/* A refusal that is no verdict: nobody has the message, and it may go again, a grade lower. */
static enum cause stumbled(struct xfer *x, enum xfer_stumble s, struct fault *why)
{
    x->result->stumble = s;
    x->result->again = true;
    x->e->in_doubt = false;
    x->s->state = SESSION_BROKEN;
    return xfer_stumble_fault(s, STAGE_FINAL, &x->s->reply, why);
}

/* The connection has to end over this message; those whose turn has not come may use another. */
static enum cause hang_up(struct xfer *x, const char *text, struct fault *why)
{
    x->s->state = SESSION_BROKEN;
    x->result->again = true;
    return xfer_fate_hung_up(why, text);
}

/* No reply to the text, or part of it, came, for those taken from number FROM on. */
static enum cause lost(struct xfer *x, size_t from, bool may_be_out, struct fault *why)
{
    const struct xfer_moment at = xfer_reply_moment(x, VERB_BDAT);
    bool had_time = why->cause != CAUSE_TIMEOUT || deadline_left(x->s->p.until) > 0;

    if (x->plan.chunked && had_time)
        x->result->stumble = xfer_stumble_lost(&at, why->cause);
    if (may_be_out)
        return xfer_fate_in_doubt(x, from, why);
    x->result->again = x->result->stumble != STUMBLE_NONE;
    return why->cause;
}

/*
 * R6: the server has answered while the text was on its way. A refusal is the verdict; whatever it
 * was, the end of the message must not follow it.
 */
static enum cause early(struct xfer *x, const struct xfer_text *t, struct fault *why)
{
    enum cause c = talk_reply(x->s, STAGE_TEXT, talk_until(x->s), false, why);
    enum xfer_stumble s;

    talk_abandon(x->s);
    x->e->in_doubt = t->may_be_out && c != CAUSE_NONE && c != CAUSE_BUSY;
    if (c != CAUSE_NONE && c != CAUSE_BUSY)
        return lost(x, 0, x->e->in_doubt, why);
    s = xfer_reply_refuses(&x->s->reply) ? stumble_of(x) : STUMBLE_NONE;
    if (s != STUMBLE_NONE)
        return stumbled(x, s, why);
    if (c == CAUSE_BUSY)
        return c;
    if (!xfer_reply_refuses(&x->s->reply))
        return talk_unexpected(x->s, STAGE_TEXT, why);
    xfer_fate_refuse_text(x, 0, x->n_taken, STAGE_TEXT);
    return hang_up(x, "hung up: the server had answered before the text ended", why);
}

/* --- the verdict ---------------------------------------------------------------------------- */

/* Whether more replies come behind a refusal of LMTP that may be for the command or for one. */
static bool says_more(struct xfer *x)
{
    struct fault ignored = {0};
    enum cause c = CAUSE_NONE;

    if (!stream_input_waiting(x->s->stream))
        c = stream_fill(x->s->stream, deadline_in(ECHO_MS), &ignored);
    fault_free(&ignored);
    return c == CAUSE_NONE;
}

/* A refusal of the text, for the recipients FROM up to END of those taken. */
static enum cause refuse(struct xfer *x, size_t from, size_t end, struct fault *why)
{
    struct session *s = x->s;
    bool is_for_all = !s->p.lmtp || x->n_taken == 1;
    enum xfer_stumble stumble = from == 0 ? stumble_of(x) : STUMBLE_NONE;

    if (stumble != STUMBLE_NONE && (is_for_all || !says_more(x)))
        return stumbled(x, stumble, why);
    xfer_fate_refuse_text(x, from, end, STAGE_FINAL);
    if (x->plan.chunked) {
        /* FLIGHTS section 2: some servers refuse the next chunk, too, and run it as commands. */
        s->state = SESSION_BROKEN;
        x->result->again = true;
    } else if (s->state == SESSION_READY) {
        s->state = SESSION_DIRTY;
    }
    return CAUSE_NONE;
}

/*
 * The code of a reply that came along with the last one, or 0: the server has lost count. Only what
 * has arrived is looked at: to read more could fail, which asks for memory.
 */
static int second_code(const struct xfer *x)
{
    size_t n;
    const char *in = stream_input(x->s->stream, &n);
    uint64_t code = 0;

    if (!x->plan.pipelined || x->s->reply.cut || n < 4 || memchr(in, '\n', n) == NULL ||
        !num_parse(in, 3, 599, &code) || code == 221 || code == 421)
        return 0;
    return (int)code;
}

/*
 * Old servers answer a chunk twice, once for its octets and once for the message (FLIGHTS section
 * 3), so that the worse of the two is the verdict. True: it is now in s->reply.
 */
static bool take_worse(struct xfer *x)
{
    struct session *s = x->s;
    struct fault ignored = {0};
    bool is_worse = false;
    size_t n, used;

    if (x->plan.chunked && !s->p.lmtp && second_code(x) >= 400) {
        const char *in = stream_input(s->stream, &n);
        struct reply second;

        x->e->in_doubt = true; /* for who runs out of memory here */
        reply_init(&second);
        is_worse = reply_parse(in, n, false, &second, &used, &ignored) == REPLY_WHOLE;
        if (is_worse) {
            stream_consume(s->stream, used);
            (void)transcript_scrub(s->transcript, &second.text);
            transcript_got(s->transcript, second.code, second.text.data, second.text.len);
            reply_free(&s->reply);
            s->reply = second;
        } else {
            reply_free(&second);
        }
        x->e->in_doubt = false;
        fault_free(&ignored);
        x->result->stumble = STUMBLE_GROUP;
        s->state = SESSION_BROKEN;
    }
    return is_worse;
}

/* 421 in the place of the verdict for number AT of those taken: it speaks for that one alone. */
static enum cause farewell(struct xfer *x, size_t at, size_t each, struct fault *why)
{
    enum xfer_stumble stumble = at == 0 ? stumble_of(x) : STUMBLE_NONE;

    if (at + each < x->n_taken) {
        xfer_fate_refuse(x->taken[at], why);
        return xfer_fate_in_doubt(x, at + each, why);
    }
    return stumble != STUMBLE_NONE ? stumbled(x, stumble, why) : CAUSE_BUSY;
}

/*
 * An acceptance for EACH of those taken from number AT on. With LMTP, what follows one that broke a
 * limit is the rest of it, whatever it looks like.
 */
static enum cause accept(struct xfer *x, size_t at, size_t each, struct fault *why)
{
    for (size_t i = at; i < at + each; i++)
        xfer_fate_accept(x->taken[i]);
    keep_words(x, &x->s->reply);
    if (!x->s->reply.cut || at + each == x->n_taken)
        return CAUSE_NONE;
    fault_set(why, CAUSE_PROTOCOL, "the server's reply is too long");
    why->stage = STAGE_FINAL;
    return xfer_fate_in_doubt(x, at + each, why);
}

/* The reply, or with LMTP the replies (RFC 2033 4.2), to the end of the text. */
static enum cause final(struct xfer *x, struct fault *why)
{
    struct session *s = x->s;
    size_t each = s->p.lmtp ? 1 : x->n_taken;

    for (size_t i = 0; i < x->n_taken; i += each) {
        deadline_ms until = deadline_earlier(deadline_in(s->p.final_timeout_ms), s->p.until);
        enum cause c = talk_reply(s, STAGE_FINAL, until, true, why);

        if (c == CAUSE_NONE && !xfer_reply_accepts(&s->reply) && !xfer_reply_refuses(&s->reply))
            c = talk_unexpected(s, STAGE_FINAL, why);
        if (c != CAUSE_NONE && c != CAUSE_BUSY)
            return lost(x, i, true, why);
        x->e->in_doubt = i + each < x->n_taken;
        if (c == CAUSE_BUSY)
            return farewell(x, i, each, why);
        if (xfer_reply_accepts(&s->reply) && !take_worse(x))
            c = accept(x, i, each, why);
        else
            c = refuse(x, i, i + each, why);
        if (c != CAUSE_NONE)
            return c;
    }
    if (second_code(x) != 0) {
        x->result->stumble = STUMBLE_GROUP;
        s->state = SESSION_BROKEN;
    }
    return CAUSE_NONE;
}

/* --- the text ------------------------------------------------------------------------------- */

static enum cause send_data(struct xfer *x, struct fault *why)
{
    struct session *s = x->s;
    struct xfer_text t;
    enum cause c;

    xfer_verdict_brace(x);
    xfer_text_init(&t, s, x->e, x->m, true);
    c = xfer_text_data(&t, why);
    xfer_text_free(&t);
    if (t.answered && !t.out)
        return early(x, &t, why);
    if (c != CAUSE_NONE) {
        talk_abandon(s);
        why->stage = STAGE_TEXT;
        return lost(x, 0, t.may_be_out, why);
    }
    c = final(x, why);
    stream_hold_signals(s->stream, false);
    if (t.answered && s->state == SESSION_DIRTY)
        talk_abandon(s); /* refused before the last record had left: it stays here */
    return c;
}

/* The reply to a chunk that is not the last. */
static enum cause chunk_reply(struct xfer *x, struct fault *why)
{
    struct session *s = x->s;
    enum cause c = talk_reply(s, STAGE_TEXT, talk_until(s), false, why);
    enum xfer_stumble stumble;

    if (c != CAUSE_NONE && c != CAUSE_BUSY)
        return lost(x, 0, false, why);
    if (c == CAUSE_NONE && s->reply.code == 250)
        return CAUSE_NONE;
    stumble = xfer_reply_refuses(&s->reply) ? stumble_of(x) : STUMBLE_NONE;
    if (stumble != STUMBLE_NONE)
        return stumbled(x, stumble, why);
    if (c == CAUSE_BUSY)
        return c;
    if (!xfer_reply_refuses(&s->reply))
        return talk_unexpected(s, STAGE_TEXT, why);
    xfer_fate_refuse_text(x, 0, x->n_taken, STAGE_TEXT);
    return hang_up(x, "hung up: the server refused a part of the message", why);
}

/* One chunk of N octets and, unless it is the last, its reply. */
static enum cause send_chunk(struct xfer *x, struct xfer_text *t, uint64_t n, bool last,
                             struct fault *why)
{
    struct buf head;
    enum cause c;

    buf_init(&head, COMMAND_LINE + XFER_CHUNK);
    buf_addf(&head, "BDAT %llu%s\r\n", (unsigned long long)n, last ? " LAST" : "");
    transcript_sent(x->s->transcript, head.data, head.len, false, 0);
    c = xfer_text_chunk(t, &head, n, last, why);
    buf_free(&head);
    if (t->answered && !t->out)
        return early(x, t, why);
    if (c != CAUSE_NONE) {
        talk_abandon(x->s);
        why->stage = STAGE_TEXT;
        return lost(x, 0, t->may_be_out, why);
    }
    return last ? CAUSE_NONE : chunk_reply(x, why);
}

/*
 * RFC 3030. Each chunk waits for the reply to the one before: a server that has refused one may
 * take the next for commands (FLIGHTS section 2).
 */
static enum cause send_chunks(struct xfer *x, struct fault *why)
{
    struct session *s = x->s;
    uint64_t left = x->plan.octets;
    struct xfer_text t;
    enum cause c = talk_silence(s, STAGE_TEXT, why);

    if (c != CAUSE_NONE)
        return xfer_reply_surplus(x, why);
    xfer_verdict_brace(x);
    xfer_text_init(&t, s, x->e, x->m, false);
    while (c == CAUSE_NONE && left > 0) {
        uint64_t n = left < XFER_CHUNK ? left : XFER_CHUNK;

        c = send_chunk(x, &t, n, n == left, why);
        left -= n;
    }
    xfer_text_free(&t);
    if (c != CAUSE_NONE)
        return c;
    c = final(x, why);
    stream_hold_signals(s->stream, false);
    return c;
}

enum cause xfer_verdict_text(struct xfer *x, struct fault *why)
{
    x->group = x->sent; /* what was grouped has been answered */
    return x->plan.chunked ? send_chunks(x, why) : send_data(x, why);
}

/* --- the text that left with its commands --------------------------------------------------- */

/* What came in the place of the reply to the chunk. */
enum echo { ECHO_NONE, ECHO_REFUSED, ECHO_ACCEPTED };

/*
 * Reads on behind a refusal, from the reply to step FROM to that to the chunk: until the time that
 * is given to echoes is over.
 */
static enum echo read_echoes(struct xfer *x, size_t from)
{
    deadline_ms most = x->is_refused ? x->echo_until : deadline_in(ECHO_MS);
    deadline_ms until = deadline_earlier(most, x->s->p.until);
    const struct reply *r = &x->s->reply;
    struct fault ignored = {0};
    enum cause c = CAUSE_NONE;

    for (size_t i = from; c == CAUSE_NONE && i < x->n; i++) {
        c = talk_reply(x->s, STAGE_FINAL, until, true, &ignored);
        if (c == CAUSE_NONE && x->step[i].verb == VERB_RCPT && xfer_reply_accepts(r))
            x->taken[x->n_taken++] = x->step[i].rcpt;
    }
    fault_free(&ignored);
    if (c != CAUSE_NONE)
        return c == CAUSE_BUSY ? ECHO_REFUSED : ECHO_NONE;
    return xfer_reply_refuses(r) ? ECHO_REFUSED : xfer_reply_accepts(r) ? ECHO_ACCEPTED : ECHO_NONE;
}

/* A message that was taken in spite of a refusal has arrived all the same. */
static enum cause accept_all_the_same(struct xfer *x, struct fault *why)
{
    struct fault login = {0};

    for (size_t i = 0; i < x->n_taken; i++)
        xfer_fate_accept(x->taken[i]);
    keep_words(x, &x->s->reply);
    if (!x->login_refused) {
        x->result->stumble = STUMBLE_GROUP;
        fault_free(&x->trouble);
        return CAUSE_NONE;
    }
    x->result->without_login = true;
    x->is_blamed = true;
    fault_copy(&login, &x->trouble);
    fault_free(&x->trouble);
    fault_set(why, CAUSE_ACCEPTED_WITHOUT_LOGIN, "the server took the message, but not the login");
    why->stage = STAGE_AUTH;
    fault_remote(why, login.smtp_code, login.code, login.remote.data, login.remote.len);
    fault_free(&login);
    return why->cause;
}

/* The login, the sender or the recipient was refused: the chunk should be, too. */
static enum cause refused_flight(struct xfer *x, struct fault *why)
{
    enum echo echo = read_echoes(x, x->n - 1);

    x->e->in_doubt = false;
    x->s->state = SESSION_BROKEN;
    return echo == ECHO_ACCEPTED && x->n_taken > 0 ? accept_all_the_same(x, why) : CAUSE_NONE;
}

/*
 * A reply that says that the server has lost its way, and is none to the chunk. Where it was a
 * refusal the count still holds, and a refusal in the place of the chunk's proves that nothing was
 * accepted.
 */
static enum cause stumbled_flight(struct xfer *x, struct fault *why)
{
    bool counts = xfer_reply_refuses(&x->s->reply) || x->s->reply.code == 334;
    enum echo echo = counts ? read_echoes(x, x->answered + 1) : ECHO_NONE;

    if (x->step[x->answered].verb == VERB_AUTH) {
        x->login_refused = true;
        fault_copy(&x->trouble, why);
    }
    if (echo == ECHO_ACCEPTED && x->n_taken > 0) {
        x->e->in_doubt = false;
        return accept_all_the_same(x, why);
    }
    fault_free(&x->trouble);
    if (echo != ECHO_REFUSED)
        return xfer_fate_in_doubt(x, 0, why);
    x->e->in_doubt = false;
    x->result->again = true;
    return why->cause;
}

/* The conversation broke, or was broken off by us. */
static enum cause broken_flight(struct xfer *x, struct fault *why)
{
    struct xfer_moment at = xfer_reply_moment(x, VERB_MAIL);

    if (x->is_refused || why->cause == CAUSE_BUSY) {
        x->e->in_doubt = false;
        if (!x->is_refused && xfer_stumble_reply(&at, &x->s->reply) != STUMBLE_NONE)
            x->result->again = true; /* 421, and not for being busy */
        return why->cause;
    }
    if (why->cause == CAUSE_PROTOCOL && x->result->stumble != STUMBLE_NONE)
        return stumbled_flight(x, why);
    return xfer_fate_in_doubt(x, 0, why);
}

enum cause xfer_verdict_flight(struct xfer *x, enum next next, struct fault *why)
{
    enum cause c = CAUSE_NONE;

    switch (next) {
    case NEXT_TEXT:
        c = final(x, why);
        break;
    case NEXT_STEP:
    case NEXT_RSET:
    case NEXT_HARD:
        c = refused_flight(x, why);
        break;
    case NEXT_BROKEN:
        c = broken_flight(x, why);
        break;
    }
    if (x->s->stream != NULL)
        stream_hold_signals(x->s->stream, false);
    return c;
}
