/*
 * xfer_reply.c: what a reply to a command of a transaction changes.
 *
 * xfer_reply() looks at one reply for one step and returns what comes next; it is the only place
 * where a reply to a command changes anything, so that no arm can fall out without a verdict. The
 * first refusal is the verdict: what follows it in the same group are echoes (FLIGHTS section 2).
 */
#include "config.h"

#include "smtp/xfer_reply.h"

#include "smtp/login.h"
#include "smtp/talk.h"
#include "smtp/verdict.h"
#include "smtp/xfer_fate.h"
#include "smtp/xfer_stumble.h"

bool xfer_reply_refuses(const struct reply *r)
{
    return reply_is(r, 4) || reply_is(r, 5);
}

/*
 * To RCPT, and to the end of the text, where RFC 5321 4.3.2 has 250 alone but 251 and 252 say no
 * other thing. Any other 2yz answers something else: the two sides are out of step.
 */
bool xfer_reply_accepts(const struct reply *r)
{
    return r->code >= 250 && r->code <= 252;
}

enum stage xfer_reply_stage(enum verb verb)
{
    switch (verb) {
    case VERB_AUTH:
        return STAGE_AUTH;
    case VERB_RSET:
    case VERB_MAIL:
        return STAGE_MAIL;
    case VERB_RCPT:
        return STAGE_RCPT;
    case VERB_DATA:
        return STAGE_DATA;
    case VERB_BDAT:
        return STAGE_TEXT;
    }
    return STAGE_NONE;
}

struct xfer_moment xfer_reply_moment(const struct xfer *x, enum verb verb)
{
    return (struct xfer_moment){
        .verb = verb,
        .is_grouped = x->sent - x->group > 1,
        .all_well = !x->is_refused && !x->is_full && !x->any_never && !x->any_later,
        .is_taken = x->n_taken > 0,
        .is_first = x->is_first,
    };
}

/*
 * The server has stumbled: the conversation is over. While no octet of the message has left,
 * nothing can have been accepted, and the same may be tried again at once; else the caller looks
 * for the proof.
 */
static enum next stumbled(struct xfer *x, enum xfer_stumble s)
{
    x->result->stumble = s;
    x->result->again = !x->is_out;
    x->s->state = SESSION_BROKEN;
    return NEXT_BROKEN;
}

/* A code that its command does not have. Who was accepted by a miscounted reply is not known. */
static enum next odd(struct xfer *x, enum verb verb, struct fault *why)
{
    const struct xfer_moment at = xfer_reply_moment(x, verb);
    enum xfer_stumble s = xfer_stumble_odd(&at, &x->s->reply);

    if (s == STUMBLE_LOGIN) {
        (void)xfer_stumble_fault(s, xfer_reply_stage(verb), &x->s->reply, why);
        return stumbled(x, s);
    }
    (void)talk_unexpected(x->s, xfer_reply_stage(verb), why);
    if (s == STUMBLE_NONE)
        return NEXT_BROKEN;
    fault_hint(why, "try again; if it stays so, set pipelining = off");
    (void)stumbled(x, s);
    x->result->again = x->result->again && x->n_taken == 0;
    return NEXT_BROKEN;
}

enum cause xfer_reply_surplus(struct xfer *x, struct fault *why)
{
    if (x->plan.pipelined && why->cause == CAUSE_PROTOCOL && (x->sent > 0 || !x->is_first)) {
        (void)stumbled(x, STUMBLE_GROUP);
        x->result->again = x->n_taken == 0;
    }
    if (why->cause == CAUSE_BUSY && x->sent == 0 && !x->is_first)
        x->result->again = true;
    return why->cause;
}

enum next xfer_reply_lost(struct xfer *x, const struct step *step, struct fault *why)
{
    /* Whatever was due, it is the message that is lost, unless the server has told us to go. */
    bool is_text = x->is_out && why->cause != CAUSE_BUSY;
    const struct xfer_moment at = xfer_reply_moment(x, is_text ? VERB_BDAT : step->verb);
    bool is_before_mail = step->verb == VERB_RSET || step->verb == VERB_MAIL;
    enum xfer_stumble s = STUMBLE_NONE;

    if (x->is_refused || (why->cause == CAUSE_TIMEOUT && deadline_left(x->s->p.until) == 0))
        return NEXT_BROKEN;
    if (why->cause == CAUSE_BUSY)
        s = xfer_stumble_reply(&at, &x->s->reply);
    if (s == STUMBLE_NONE)
        s = xfer_stumble_lost(&at, why->cause);
    if (s != STUMBLE_NONE)
        return stumbled(x, s);
    /* A session that has carried other mail and is gone: nothing of this one was heard. */
    if (is_before_mail && !at.is_first && !x->is_out &&
        (why->cause == CAUSE_BUSY || why->cause == CAUSE_CLOSED || why->cause == CAUSE_TIMEOUT))
        x->result->again = true;
    return NEXT_BROKEN;
}

/* Any reply but 235 decides (FLIGHTS section 5, rule 1): no dot, no RSET, no QUIT. */
static enum next on_auth(struct xfer *x, struct fault *why)
{
    struct session *s = x->s;
    const struct reply *r = &s->reply;

    if (r->code != 235 && !xfer_reply_refuses(r))
        return odd(x, VERB_AUTH, why);
    if (login_judge(s, why) == CAUSE_NONE)
        return NEXT_STEP;
    fault_copy(&x->trouble, why);
    x->is_refused = x->login_refused = true;
    s->state = SESSION_BROKEN;
    return x->is_out ? NEXT_STEP : NEXT_BROKEN;
}

static enum next on_rset(struct xfer *x, struct fault *why)
{
    if (x->s->reply.code != 250)
        return odd(x, VERB_RSET, why);
    x->s->state = SESSION_READY;
    return NEXT_STEP;
}

/* A refusal of the sender, or of what MAIL says of the message, is for everybody. */
static enum next on_mail(struct xfer *x, struct fault *why)
{
    const struct reply *r = &x->s->reply;
    struct fault refused = {0};
    enum cause c;

    if (x->is_refused || r->code == 250)
        return NEXT_STEP;
    if (!xfer_reply_refuses(r))
        return odd(x, VERB_MAIL, why);
    c = verdict_mail(r);
    if (verdict_is_account(c))
        return xfer_fate_refuse_account(x, c, STAGE_MAIL);
    verdict_fault(r, c, STAGE_MAIL, &refused, "%s: MAIL FROM:<%s>", fault_row(c)->text,
                  x->e->sender);
    envelope_settle_open(x->e, verdict_fate(c), &refused);
    fault_free(&refused);
    x->is_refused = true;
    return NEXT_RSET;
}

static enum next refuse_rcpt(struct xfer *x, struct rcpt *rcpt)
{
    const struct reply *r = &x->s->reply;
    struct fault refused = {0};
    enum cause c;

    if (x->n_taken > 0 && !x->p->partial_abort && verdict_too_many(r)) {
        x->is_full = true;
        x->plan.max = x->n_taken;
        return NEXT_STEP;
    }
    c = verdict_rcpt(r);
    if (verdict_is_account(c))
        return xfer_fate_refuse_account(x, c, STAGE_RCPT);
    if (c == CAUSE_SENDER_REFUSED || c == CAUSE_SENDER_NOT_OWNED)
        verdict_fault(r, c, STAGE_RCPT, &refused, "%s: MAIL FROM:<%s>", fault_row(c)->text,
                      x->e->sender);
    else
        verdict_fault(r, c, STAGE_RCPT, &refused, "RCPT TO:<%s> was %s", rcpt->addr,
                      verdict_fate(c) == FATE_NEVER ? "refused" : "put off");
    xfer_fate_refuse(rcpt, &refused);
    fault_free(&refused);
    x->any_never = x->any_never || rcpt->fate == FATE_NEVER;
    x->any_later = x->any_later || rcpt->fate == FATE_LATER;
    return NEXT_STEP;
}

static enum next on_rcpt(struct xfer *x, struct rcpt *rcpt, struct fault *why)
{
    const struct reply *r = &x->s->reply;

    if (!xfer_reply_accepts(r) && !xfer_reply_refuses(r))
        return odd(x, VERB_RCPT, why);
    /* Behind a refusal it counts only for a message that has left already. */
    if (x->is_refused && !(x->is_out && xfer_reply_accepts(r)))
        return NEXT_STEP;
    if (!xfer_reply_accepts(r))
        return refuse_rcpt(x, rcpt);
    x->taken[x->n_taken++] = rcpt;
    return NEXT_STEP;
}

static enum next on_data(struct xfer *x, struct fault *why)
{
    const struct reply *r = &x->s->reply;
    bool has_nobody = x->is_refused || x->n_taken == 0;
    struct fault refused = {0};
    enum cause c;

    if (r->code == 354)
        return has_nobody ? NEXT_HARD : NEXT_TEXT;
    if (!xfer_reply_refuses(r))
        return odd(x, VERB_DATA, why);
    x->is_refused = true;
    if (has_nobody) /* an echo of the refusals before it */
        return NEXT_RSET;
    c = verdict_text(r, false);
    if (verdict_is_account(c))
        return xfer_fate_refuse_account(x, c, STAGE_DATA);
    verdict_fault(r, c, STAGE_DATA, &refused, NULL);
    xfer_fate_refuse_taken(x, 0, x->n_taken, &refused);
    fault_free(&refused);
    return NEXT_RSET;
}

enum next xfer_reply(struct xfer *x, const struct step *step, struct fault *why)
{
    const struct reply *r = &x->s->reply;
    const struct xfer_moment at = xfer_reply_moment(x, step->verb);
    enum xfer_stumble s = STUMBLE_NONE;

    if (xfer_reply_refuses(r) && !x->is_refused)
        s = xfer_stumble_reply(&at, r);
    if (s != STUMBLE_NONE) {
        (void)xfer_stumble_fault(s, xfer_reply_stage(step->verb), r, why);
        return stumbled(x, s);
    }
    switch (step->verb) {
    case VERB_AUTH:
        return on_auth(x, why);
    case VERB_RSET:
        return on_rset(x, why);
    case VERB_MAIL:
        return on_mail(x, why);
    case VERB_RCPT:
        return on_rcpt(x, step->rcpt, why);
    case VERB_DATA:
        return on_data(x, why);
    case VERB_BDAT: /* the verdict: not here */
        break;
    }
    return odd(x, step->verb, why);
}
