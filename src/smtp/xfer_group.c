/*
 * xfer_group.c: the commands of a transaction, in groups.
 *
 * A transaction is an array of steps with two indexes, sent and answered, which move together in
 * lock step and apart when the server takes groups (RFC 2920). How far a group reaches is decided
 * in group_end() alone; with one recipient and a server that is known to bear it, it reaches over
 * the text (FLIGHTS section 5).
 *
 * A group is read less patiently than a single command: a server that has lost count of it falls
 * silent, and as long as nothing of the message has left, trying again in lock step costs nothing.
 * When it has left, impatience could only send it twice.
 */
#include "config.h"

#include "smtp/xfer_group.h"

#include "base/limits.h"
#include "net/stream.h"
#include "smtp/talk.h"
#include "smtp/xfer_fate.h"
#include "smtp/xfer_reply.h"
#include "smtp/xfer_text.h"
#include "smtp/xfer_verdict.h"

#define RCPT_MAX      100   /* in one group: FLIGHTS section 2 */
#define SILENCE_MS    10000 /* between two replies of a group */
#define AUTH_MS       30000 /* a server may take its time over a wrong password */
#define ECHO_MS       2000  /* for what comes behind a refusal, when the message is out */
#define COMMANDS_MAX  ((RCPT_MAX + 4) * 4 * (size_t)LIMIT_ADDRESS + LIMIT_AUTH_LINE)
#define ONE_WRITE_MAX (COMMANDS_MAX + XFER_CHUNK)

size_t xfer_group_steps(const struct xfer_plan *plan)
{
    return plan->max + 4; /* AUTH, RSET, MAIL, and DATA or BDAT */
}

void xfer_group_plan(struct xfer *x)
{
    size_t in = 0;

    x->n = x->sent = x->answered = x->group = x->n_taken = 0;
    x->is_refused = x->is_full = x->is_out = x->any_never = x->any_later = false;
    x->is_first = x->s->transactions == 0;
    if (x->s->login.len > 0)
        x->step[x->n++] = (struct step){.verb = VERB_AUTH};
    if (x->s->state == SESSION_DIRTY)
        x->step[x->n++] = (struct step){.verb = VERB_RSET};
    x->step[x->n++] = (struct step){.verb = VERB_MAIL};
    for (size_t i = x->first_open; i < x->e->n && in < x->plan.max; i++) {
        if (x->e->rcpt[i].fate != FATE_OPEN)
            continue;
        x->step[x->n++] = (struct step){.verb = VERB_RCPT, .rcpt = &x->e->rcpt[i]};
        in++;
    }
    x->step[x->n++] = (struct step){.verb = x->plan.chunked ? VERB_BDAT : VERB_DATA};
    x->is_alone = in == 1;
}

/*
 * Where the next group ends. The text waits until every recipient has answered, but for a message
 * in one write; and with partial_abort so does DATA, for which a server may have a text at once.
 */
static size_t group_end(const struct xfer *x)
{
    size_t end = x->sent + 1, rcpts = 0;
    bool waits = x->plan.chunked ? !x->plan.one_write : x->p->partial_abort && !x->is_alone;

    if (!x->plan.pipelined)
        return end;
    for (end = x->sent; end < x->n; end++) {
        if (x->step[end].verb == VERB_RCPT && ++rcpts > RCPT_MAX)
            break;
    }
    if (end == x->n && waits && x->sent + 1 < x->n)
        end--;
    return end;
}

/* Before a group: whether there is still a reason to send what comes next. */
static enum next before_group(struct xfer *x)
{
    if (x->is_full)
        x->sent = x->answered = x->n - 1; /* the RCPTs not yet sent go in the next transaction */
    if (x->sent < x->n - 1)
        return NEXT_STEP;
    if (x->n_taken > 0 && !(x->p->partial_abort && (x->any_never || x->any_later)))
        return x->plan.chunked ? NEXT_TEXT : NEXT_STEP;
    if (x->n_taken > 0)
        xfer_fate_abort(x);
    return NEXT_RSET;
}

/* Adds the commands up to step END to LINES, and to the transcript. */
static void add_lines(struct xfer *x, size_t end, struct buf *lines)
{
    struct session *s = x->s;

    for (; x->sent < end; x->sent++) {
        enum verb verb = x->step[x->sent].verb;
        bool is_login = verb == VERB_AUTH;
        size_t at = lines->len;

        xfer_plan_line(&x->plan, x->e, &x->step[x->sent], &s->login, lines);
        transcript_sent(s->transcript, lines->data + at, lines->len - at, is_login,
                        is_login ? s->login_shown : 0);
        if (verb == VERB_MAIL)
            s->transactions++;
    }
}

/*
 * The group that ends with the text: everything in one write. What was answered meanwhile is read
 * afterwards, whatever became of the write.
 */
static enum cause send_all(struct xfer *x, struct buf *lines, struct fault *why)
{
    struct xfer_text t;
    enum cause c;

    xfer_verdict_brace(x);
    xfer_text_init(&t, x->s, x->e, x->m, false);
    t.in_flight = true;
    x->is_out = true;
    c = xfer_text_chunk(&t, lines, x->plan.octets, true, why);
    x->is_out = t.may_be_out;
    if (c == CAUSE_NONE && !t.may_be_out)
        c = talk_silence(x->s, STAGE_MAIL, why); /* it had spoken before */
    if (c != CAUSE_NONE) {
        x->s->state = SESSION_BROKEN;
        why->stage = STAGE_TEXT;
    }
    xfer_text_free(&t);
    return c;
}

static enum cause send_lines(struct xfer *x, enum stage stage, const struct buf *lines,
                             struct fault *why)
{
    enum cause c = talk_send(x->s, stage, lines->data, lines->len, why);

    /* R6: what the server said before it went is its verdict. */
    return c == CAUSE_CLOSED && talk_has_reply(x->s) ? CAUSE_NONE : c;
}

static enum next send_group(struct xfer *x, struct fault *why)
{
    const struct step *first = &x->step[x->sent];
    enum stage stage = xfer_reply_stage(first->verb);
    struct buf lines;
    enum cause c = talk_silence(x->s, stage, why);

    x->group = x->sent;
    if (c != CAUSE_NONE) {
        (void)xfer_reply_surplus(x, why);
        return NEXT_BROKEN;
    }
    buf_init_secret(&lines, ONE_WRITE_MAX);
    add_lines(x, group_end(x), &lines);
    if (x->step[x->sent - 1].verb == VERB_BDAT)
        c = send_all(x, &lines, why);
    else
        c = send_lines(x, stage, &lines, why);
    buf_free(&lines);
    return c == CAUSE_NONE ? NEXT_STEP : xfer_reply_lost(x, first, why);
}

/* Until when the reply to STEP may come. */
static deadline_ms reply_until(const struct xfer *x, const struct step *step)
{
    deadline_ms until = talk_until(x->s);

    if (x->is_out)
        return x->is_refused ? deadline_earlier(until, x->echo_until) : until;
    if (x->sent - x->group == 1)
        return until;
    if (step->verb == VERB_AUTH)
        return deadline_earlier(until, deadline_in(AUTH_MS));
    return x->answered > x->group ? deadline_earlier(until, deadline_in(SILENCE_MS)) : until;
}

static enum next read_reply(struct xfer *x, const struct step *step, struct fault *why)
{
    enum stage stage = xfer_reply_stage(step->verb);
    bool was_refused = x->is_refused;
    enum next next;
    enum cause c;

    c = talk_reply(x->s, stage, reply_until(x, step), false, why);
    if (c != CAUSE_NONE)
        return xfer_reply_lost(x, step, why);
    next = xfer_reply(x, step, why);
    if (x->is_refused && !was_refused)
        x->echo_until = deadline_in(ECHO_MS);
    return next;
}

/* Reads the replies to all that was sent, but for the text; after a refusal the rest are echoes. */
static enum next read_group(struct xfer *x, struct fault *why)
{
    size_t end = x->is_out ? x->n - 1 : x->sent;

    while (x->answered < end) {
        enum next next = read_reply(x, &x->step[x->answered], why);

        x->answered += next != NEXT_BROKEN ? 1 : 0;
        switch (next) {
        case NEXT_STEP:
        case NEXT_RSET:
            break;
        case NEXT_TEXT:
        case NEXT_HARD:
        case NEXT_BROKEN:
            return next;
        }
    }
    if (x->is_refused || (x->is_out && x->n_taken == 0))
        return NEXT_RSET;
    return x->is_out ? NEXT_TEXT : NEXT_STEP;
}

enum next xfer_group_run(struct xfer *x, struct fault *why)
{
    enum next next = NEXT_STEP;

    while (next == NEXT_STEP) {
        next = before_group(x);
        if (next == NEXT_STEP)
            next = send_group(x, why);
        if (next == NEXT_STEP)
            next = read_group(x, why);
    }
    return next;
}
