/*
 * xfer.c: one envelope through one session.
 *
 * A transaction is an array of steps with two indexes, sent and answered, which move together in
 * lock step and apart when the server takes groups. on_reply() looks at one reply for one step and
 * returns what comes next; it is the only place where a reply changes anything, so that no arm can
 * fall out without a verdict.
 *
 * A recipient that has no verdict stays OPEN, whatever goes wrong; xfer_run gives the trouble that
 * ended the conversation to all of those. Only the loss behind the end mark is told apart: those
 * recipients may have the message, the rest cannot.
 */
#include "config.h"

#include "smtp/xfer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/xalloc.h"
#include "net/stream.h"
#include "smtp/talk.h"
#include "smtp/verdict.h"
#include "smtp/xfer_plan.h"
#include "smtp/xfer_text.h"

#define GROUP_MAX 102 /* commands written before their replies are read: FLIGHTS section 2 */

enum next {
    NEXT_STEP,   /* go on */
    NEXT_TEXT,   /* 354, and somebody to send to: the text */
    NEXT_RSET,   /* the transaction is over; RSET before another */
    NEXT_HARD,   /* 354, and nothing may be sent: hang up without the end mark */
    NEXT_BROKEN, /* the conversation is over: why is set */
};

struct xfer {
    struct session *s;
    struct envelope *e;
    const struct message *m;
    const struct xfer_params *p;
    struct xfer_plan plan;
    struct buf *words; /* the last acceptance, or NULL */
    size_t words_at;   /* where they begin in it */
    struct step *step;
    size_t n, sent, answered;
    struct rcpt **taken; /* accepted at RCPT in this transaction, in the order of their replies */
    size_t n_taken;
    size_t first_open;         /* no recipient before it is OPEN */
    bool is_refused;           /* the transaction is over: what still comes are echoes */
    bool is_full;              /* the rest goes in the next transaction */
    bool any_never, any_later; /* at RCPT in this transaction, for partial_abort */
    bool is_blamed;            /* the fault that is returned decided somebody's fate */
    struct fault trouble;      /* of the account: ends the transfer once the replies are read */
};

/* Settling: one recipient, or those that the transaction had won. */

static void settle(struct rcpt *r, const struct fault *why)
{
    r->fate = verdict_fate(why->cause);
    fault_copy(&r->why, why);
}

static void settle_taken(struct xfer *x, const struct fault *why)
{
    for (size_t i = 0; i < x->n_taken; i++)
        settle(x->taken[i], why);
}

/* Account trouble: nobody is refused, everybody waits, and there is no use in going on. */
static enum next refuse_account(struct xfer *x, enum cause c, enum stage stage)
{
    verdict_fault(&x->s->reply, c, stage, &x->trouble, NULL);
    envelope_settle_open(x->e, FATE_LATER, &x->trouble);
    x->is_refused = true;
    return NEXT_RSET;
}

static enum next unexpected(struct xfer *x, enum stage stage, struct fault *why)
{
    (void)talk_unexpected(x->s, stage, why);
    return NEXT_BROKEN;
}

static bool is_refusal(const struct reply *r)
{
    return reply_is(r, 4) || reply_is(r, 5);
}

/*
 * To RCPT, and to the end of the text, where RFC 5321 4.3.2 has 250 alone but 251 and 252 say no
 * other thing. Any other 2yz answers something else: the two sides are out of step.
 */
static bool is_acceptance(const struct reply *r)
{
    return r->code >= 250 && r->code <= 252;
}

/* Replies to the commands of a transaction. */

static enum next on_rset(struct xfer *x, const struct reply *r, struct fault *why)
{
    if (r->code != 250)
        return unexpected(x, STAGE_MAIL, why);
    x->s->state = SESSION_READY;
    return NEXT_STEP;
}

/* A refusal of the sender, or of what MAIL says of the message, is for everybody. */
static enum next on_mail(struct xfer *x, const struct reply *r, struct fault *why)
{
    struct fault refused = {0};
    enum cause c;

    if (r->code == 250)
        return NEXT_STEP;
    if (!is_refusal(r))
        return unexpected(x, STAGE_MAIL, why);
    c = verdict_mail(r);
    if (verdict_is_account(c))
        return refuse_account(x, c, STAGE_MAIL);
    verdict_fault(r, c, STAGE_MAIL, &refused, "%s: MAIL FROM:<%s>", fault_row(c)->text,
                  x->e->sender);
    envelope_settle_open(x->e, verdict_fate(c), &refused);
    fault_free(&refused);
    x->is_refused = true;
    return NEXT_RSET;
}

static enum next on_rcpt(struct xfer *x, struct rcpt *rcpt, const struct reply *r,
                         struct fault *why)
{
    struct fault refused = {0};
    bool is_positive = is_acceptance(r);
    enum cause c;

    if (!is_positive && !is_refusal(r))
        return unexpected(x, STAGE_RCPT, why);
    if (x->is_refused)
        return NEXT_STEP;
    if (is_positive) {
        x->taken[x->n_taken++] = rcpt;
        return NEXT_STEP;
    }
    if (x->n_taken > 0 && !x->p->partial_abort && verdict_too_many(r)) {
        x->is_full = true;
        x->plan.max = x->n_taken;
        return NEXT_STEP;
    }
    c = verdict_rcpt(r);
    if (verdict_is_account(c))
        return refuse_account(x, c, STAGE_RCPT);
    verdict_fault(r, c, STAGE_RCPT, &refused, "RCPT TO:<%s> was %s", rcpt->addr,
                  verdict_fate(c) == FATE_NEVER ? "refused" : "put off");
    settle(rcpt, &refused);
    fault_free(&refused);
    x->any_never = x->any_never || rcpt->fate == FATE_NEVER;
    x->any_later = x->any_later || rcpt->fate == FATE_LATER;
    return NEXT_STEP;
}

static enum next on_data(struct xfer *x, const struct reply *r, struct fault *why)
{
    bool has_nobody = x->is_refused || x->n_taken == 0;
    struct fault refused = {0};
    enum cause c;

    if (r->code == 354)
        return has_nobody ? NEXT_HARD : NEXT_TEXT;
    if (!is_refusal(r))
        return unexpected(x, STAGE_DATA, why);
    x->is_refused = true;
    if (has_nobody) /* an echo of the refusals before it */
        return NEXT_RSET;
    c = verdict_text(r, false);
    if (verdict_is_account(c))
        return refuse_account(x, c, STAGE_DATA);
    verdict_fault(r, c, STAGE_DATA, &refused, NULL);
    settle_taken(x, &refused);
    fault_free(&refused);
    return NEXT_RSET;
}

static enum next on_reply(struct xfer *x, const struct step *step, const struct reply *r,
                          struct fault *why)
{
    switch (step->verb) {
    case VERB_RSET:
        return on_rset(x, r, why);
    case VERB_MAIL:
        return on_mail(x, r, why);
    case VERB_RCPT:
        return on_rcpt(x, step->rcpt, r, why);
    case VERB_DATA:
        return on_data(x, r, why);
    }
    return unexpected(x, STAGE_NONE, why);
}

/* Steps and groups. */

static void plan_steps(struct xfer *x)
{
    size_t in = 0;

    x->n = x->sent = x->answered = x->n_taken = 0;
    x->is_refused = x->is_full = x->any_never = x->any_later = false;
    if (x->s->state == SESSION_DIRTY)
        x->step[x->n++] = (struct step){.verb = VERB_RSET};
    x->step[x->n++] = (struct step){.verb = VERB_MAIL};
    for (size_t i = x->first_open; i < x->e->n && in < x->plan.max; i++) {
        if (x->e->rcpt[i].fate != FATE_OPEN)
            continue;
        x->step[x->n++] = (struct step){.verb = VERB_RCPT, .rcpt = &x->e->rcpt[i]};
        in++;
    }
    x->step[x->n++] = (struct step){.verb = VERB_DATA};
}

/* Where the next group ends. With partial_abort DATA waits until every recipient has answered. */
static size_t group_end(const struct xfer *x)
{
    size_t end = x->sent + (x->plan.pipelined ? GROUP_MAX : 1);

    if (end > x->n)
        end = x->n;
    if (end == x->n && x->p->partial_abort && x->sent + 1 < x->n)
        end--;
    return end;
}

/* One refusal and nobody gets it: those that were accepted share the fate of the refused. */
static void abort_all(struct xfer *x)
{
    struct fault why = {0};

    if (x->any_never)
        fault_set(&why, CAUSE_RCPT_REFUSED, "not sent: another recipient was refused");
    else
        fault_set(&why, CAUSE_RCPT_LATER, "not sent: another recipient was put off");
    why.stage = STAGE_RCPT;
    settle_taken(x, &why);
    for (size_t i = 0; x->any_never && i < x->n; i++) {
        if (x->step[i].verb == VERB_RCPT && x->step[i].rcpt->fate == FATE_LATER)
            settle(x->step[i].rcpt, &why);
    }
    fault_free(&why);
}

/* Before a group: whether there is still a reason to send what comes next. */
static enum next before_group(struct xfer *x)
{
    if (x->is_full)
        x->sent = x->answered = x->n - 1; /* the RCPTs not yet sent go in the next transaction */
    if (x->sent < x->n - 1)
        return NEXT_STEP;
    if (x->n_taken > 0 && !(x->p->partial_abort && (x->any_never || x->any_later)))
        return NEXT_STEP;
    if (x->n_taken > 0)
        abort_all(x);
    return NEXT_RSET;
}

static enum stage stage_of(enum verb verb)
{
    switch (verb) {
    case VERB_RSET:
    case VERB_MAIL:
        return STAGE_MAIL;
    case VERB_RCPT:
        return STAGE_RCPT;
    case VERB_DATA:
        return STAGE_DATA;
    }
    return STAGE_NONE;
}

static enum cause send_group(struct xfer *x, size_t end, struct fault *why)
{
    enum stage stage = stage_of(x->step[x->sent].verb);
    struct buf lines;
    enum cause c = talk_silence(x->s, stage, why);

    if (c != CAUSE_NONE)
        return c;
    buf_init(&lines, GROUP_MAX * 4 * (size_t)LIMIT_ADDRESS);
    for (; x->sent < end; x->sent++) {
        size_t at = lines.len;

        xfer_plan_line(&x->plan, x->e, &x->step[x->sent], &lines);
        transcript_sent(x->s->transcript, lines.data + at, lines.len - at, false, 0);
    }
    c = talk_send(x->s, stage, lines.data, lines.len, why);
    buf_free(&lines);
    /* R6: what the server said before it went is its verdict. */
    return c == CAUSE_CLOSED && talk_has_reply(x->s) ? CAUSE_NONE : c;
}

/* Reads the replies to all that was sent; after a refusal the rest are echoes. */
static enum next read_group(struct xfer *x, struct fault *why)
{
    for (; x->answered < x->sent; x->answered++) {
        const struct step *step = &x->step[x->answered];
        enum stage stage = stage_of(step->verb);
        enum next next;

        if (talk_reply(x->s, stage, talk_until(x->s), false, why) != CAUSE_NONE)
            return NEXT_BROKEN;
        next = on_reply(x, step, &x->s->reply, why);
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
    return x->is_refused ? NEXT_RSET : NEXT_STEP;
}

/* The text and its verdict. */

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

/*
 * The end mark has left, or part of it, and no verdict came: those from number FROM on may have
 * the message. Everybody else only knows that the connection broke.
 */
static enum cause in_doubt(struct xfer *x, size_t from, struct fault *why)
{
    struct fault doubt = {0};

    fault_set(&doubt, CAUSE_MAY_HAVE_ARRIVED, "the message may have arrived: %s", why->text.data);
    if (why->remote.len > 0) /* without its enhanced code, which may well be that of a success */
        fault_remote(&doubt, why->smtp_code, (struct enhanced){0}, why->remote.data,
                     why->remote.len);
    doubt.stage = STAGE_FINAL;
    for (size_t i = from; i < x->n_taken; i++)
        settle(x->taken[i], &doubt);
    envelope_settle_open(x->e, FATE_LATER, why);
    fault_copy(why, &doubt);
    fault_free(&doubt);
    x->is_blamed = true;
    x->s->state = SESSION_BROKEN;
    return CAUSE_MAY_HAVE_ARRIVED;
}

/* For those whose turn never came because the connection had to end over others. */
static enum cause hung_up(struct fault *why, const char *text)
{
    fault_set(why, CAUSE_CLOSED, "%s", text);
    why->stage = STAGE_DATA;
    return CAUSE_CLOSED;
}

/* A 4yz or 5yz about the message, for the recipients FROM up to END of those taken. */
static void refuse_text(struct xfer *x, size_t from, size_t end, enum stage stage)
{
    const struct reply *r = &x->s->reply;
    enum cause c = verdict_text(r, x->s->p.lmtp);
    struct fault refused = {0};

    if (verdict_is_account(c)) {
        verdict_fault(r, c, stage, &x->trouble, NULL);
        fault_copy(&refused, &x->trouble);
    } else {
        verdict_fault(r, c, stage, &refused, NULL);
    }
    for (size_t i = from; i < end; i++)
        settle(x->taken[i], &refused);
    fault_free(&refused);
}

/*
 * R6: the server has answered while the text was on its way. A refusal is the verdict; whatever it
 * was, the end mark must not follow it.
 */
static enum cause early(struct xfer *x, const struct xfer_text *t, struct fault *why)
{
    enum cause c = talk_reply(x->s, STAGE_TEXT, talk_until(x->s), false, why);

    talk_abandon(x->s);
    x->e->in_doubt = t->may_be_out && c != CAUSE_NONE && c != CAUSE_BUSY;
    if (c != CAUSE_NONE)
        return x->e->in_doubt ? in_doubt(x, 0, why) : c;
    if (!is_refusal(&x->s->reply))
        return talk_unexpected(x->s, STAGE_TEXT, why);
    refuse_text(x, 0, x->n_taken, STAGE_TEXT);
    return hung_up(why, "hung up: the server had answered before the text ended");
}

/* The reply, or with LMTP the replies (RFC 2033 4.2), to the end of the text. */
static enum cause final(struct xfer *x, struct fault *why)
{
    struct session *s = x->s;
    size_t each = s->p.lmtp ? 1 : x->n_taken;

    for (size_t i = 0; i < x->n_taken; i += each) {
        deadline_ms until = deadline_earlier(deadline_in(s->p.final_timeout_ms), s->p.until);
        enum cause c = talk_reply(s, STAGE_FINAL, until, true, why);

        if (c == CAUSE_NONE && !is_acceptance(&s->reply) && !is_refusal(&s->reply))
            c = talk_unexpected(s, STAGE_FINAL, why);
        if (c != CAUSE_NONE && c != CAUSE_BUSY)
            return in_doubt(x, i, why);
        x->e->in_doubt = i + each < x->n_taken;
        if (c == CAUSE_BUSY && i + each < x->n_taken) {
            settle(x->taken[i], why); /* which says nothing about those behind it */
            return in_doubt(x, i + each, why);
        }
        if (c == CAUSE_BUSY)
            return c;
        if (is_acceptance(&s->reply)) {
            for (size_t k = i; k < i + each; k++)
                x->taken[k]->fate = FATE_ACCEPTED;
            keep_words(x, &s->reply);
            if (s->reply.cut && i + each < x->n_taken) {
                /* What follows is the rest of this reply, whatever it looks like. */
                fault_set(why, CAUSE_PROTOCOL, "the server's reply is too long");
                why->stage = STAGE_FINAL;
                return in_doubt(x, i + each, why);
            }
            continue;
        }
        if (s->state == SESSION_READY)
            s->state = SESSION_DIRTY;
        refuse_text(x, i, i + each, STAGE_FINAL);
    }
    return CAUSE_NONE;
}

static enum cause text(struct xfer *x, struct fault *why)
{
    struct session *s = x->s;
    struct xfer_text t;
    enum cause c;

    /* Behind the end mark no memory may be asked for: a verdict must not die of its own length. */
    stream_reserve(s->stream);
    reply_reserve(&s->reply);
    if (x->words != NULL)
        (void)buf_reserve(x->words, x->words->ceiling - x->words->len);
    c = xfer_text_send(s, x->e, x->m, &t, why);
    if (t.answered && !t.out)
        return early(x, &t, why);
    if (c != CAUSE_NONE) {
        talk_abandon(s);
        why->stage = STAGE_TEXT;
        return t.may_be_out ? in_doubt(x, 0, why) : c;
    }
    c = final(x, why);
    stream_hold_signals(s->stream, false);
    if (t.answered && s->state == SESSION_DIRTY)
        talk_abandon(s); /* refused before the last record had left: it stays here */
    return c;
}

/* Offers the message to as many OPEN recipients as one transaction may have. */
static enum cause transaction(struct xfer *x, struct fault *why)
{
    enum next next = NEXT_STEP;
    enum cause c = CAUSE_NONE;

    plan_steps(x);
    while (next == NEXT_STEP) {
        next = before_group(x);
        if (next == NEXT_STEP && send_group(x, group_end(x), why) != CAUSE_NONE)
            next = NEXT_BROKEN;
        if (next == NEXT_STEP)
            next = read_group(x, why);
    }
    switch (next) {
    case NEXT_STEP:
        break;
    case NEXT_TEXT:
        c = text(x, why);
        break;
    case NEXT_RSET:
        if (x->s->state == SESSION_READY)
            x->s->state = SESSION_DIRTY;
        break;
    case NEXT_HARD:
        talk_abandon(x->s);
        c = hung_up(why, "hung up: the server wanted the text of a refused message");
        break;
    case NEXT_BROKEN:
        c = why->cause;
        break;
    }
    return c;
}

static bool has_open(struct xfer *x)
{
    while (x->first_open < x->e->n && x->e->rcpt[x->first_open].fate != FATE_OPEN)
        x->first_open++;
    return x->first_open < x->e->n;
}

/*
 * What is left when the last transaction has ended: the trouble belongs to those still OPEN. When
 * there are none, it came too late to matter, and the session's state alone remembers it.
 */
static enum cause conclude(struct xfer *x, enum cause c, struct fault *why)
{
    if (x->trouble.cause != CAUSE_NONE) {
        fault_copy(why, &x->trouble);
        c = why->cause;
        x->is_blamed = true;
    }
    if (has_open(x)) {
        envelope_settle_open(x->e, FATE_LATER, why);
    } else if (!x->is_blamed) {
        fault_free(why);
        c = CAUSE_NONE;
    }
    if (c == CAUSE_INTERRUPTED)
        talk_abandon(x->s);
    return c;
}

/*
 * More replies than commands: what was said stands, but nothing may be built on it. Only what came
 * along with the last reply is looked at: to read more could fail, which asks for memory, and who
 * speaks next listens anyway.
 */
static void check_quiet(struct session *s)
{
    size_t n = 0;

    if (s->stream != NULL)
        (void)stream_input(s->stream, &n);
    if (n > 0)
        s->state = SESSION_BROKEN;
}

enum cause xfer_run(struct session *s, struct envelope *e, const struct message *m,
                    const struct xfer_params *p, struct xfer_result *result, struct fault *why)
{
    struct xfer x = {.s = s, .e = e, .m = m, .p = p, .words = p->reply};
    enum cause c = CAUSE_NONE;

    assert(e->sender != NULL);
    *result = (struct xfer_result){0};
    x.words_at = p->reply != NULL ? p->reply->len : 0;
    xfer_plan_make(&x.plan, s, e, m, p);
    x.step = xcalloc(x.plan.max + 3, sizeof(*x.step));
    x.taken = xcalloc(x.plan.max, sizeof(struct rcpt *));
    while (c == CAUSE_NONE && x.trouble.cause == CAUSE_NONE && has_open(&x)) {
        if (s->state != SESSION_READY && s->state != SESSION_DIRTY)
            c = hung_up(why, "the connection had ended before this recipient's turn");
        else
            c = transaction(&x, why);
    }
    c = conclude(&x, c, why);
    check_quiet(s);
    free(x.step);
    free(x.taken);
    fault_free(&x.trouble);
    return c;
}
