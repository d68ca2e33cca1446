/*
 * xfer_fate.c: what becomes of recipients.
 *
 * A recipient that has no verdict stays OPEN, whatever goes wrong; xfer_run gives the trouble that
 * ended the conversation to all of those. Only the loss behind the end of the message is told
 * apart: those recipients may have it, the rest cannot.
 */
#include "config.h"

#include "smtp/xfer_fate.h"

#include "smtp/verdict.h"

void xfer_fate_refuse(struct rcpt *r, const struct fault *why)
{
    r->fate = verdict_fate(why->cause);
    fault_copy(&r->why, why);
}

void xfer_fate_accept(struct rcpt *r)
{
    r->fate = FATE_ACCEPTED;
    fault_free(&r->why);
}

void xfer_fate_refuse_taken(struct xfer *x, size_t from, size_t end, const struct fault *why)
{
    for (size_t i = from; i < end; i++)
        xfer_fate_refuse(x->taken[i], why);
}

enum next xfer_fate_refuse_account(struct xfer *x, enum cause c, enum stage stage)
{
    verdict_fault(&x->s->reply, c, stage, &x->trouble, NULL);
    envelope_settle_open(x->e, FATE_LATER, &x->trouble);
    x->is_refused = true;
    return NEXT_RSET;
}

void xfer_fate_refuse_text(struct xfer *x, size_t from, size_t end, enum stage stage)
{
    const struct reply *r = &x->s->reply;
    enum cause c = verdict_text(r, x->s->p.lmtp);
    struct fault refused = {0};

    verdict_fault(r, c, stage, &refused, NULL);
    if (verdict_is_account(c))
        fault_copy(&x->trouble, &refused);
    xfer_fate_refuse_taken(x, from, end, &refused);
    fault_free(&refused);
}

void xfer_fate_abort(struct xfer *x)
{
    struct fault why = {0};

    if (x->any_never)
        fault_set(&why, CAUSE_RCPT_REFUSED, "not sent: another recipient was refused");
    else
        fault_set(&why, CAUSE_RCPT_LATER, "not sent: another recipient was put off");
    why.stage = STAGE_RCPT;
    xfer_fate_refuse_taken(x, 0, x->n_taken, &why);
    for (size_t i = 0; x->any_never && i < x->n; i++) {
        if (x->step[i].verb == VERB_RCPT && x->step[i].rcpt->fate == FATE_LATER)
            xfer_fate_refuse(x->step[i].rcpt, &why);
    }
    fault_free(&why);
}

enum cause xfer_fate_in_doubt(struct xfer *x, size_t from, struct fault *why)
{
    struct fault doubt = {0};

    fault_set(&doubt, CAUSE_MAY_HAVE_ARRIVED, "the message may have arrived: %s", why->text.data);
    if (why->remote.len > 0) /* without its enhanced code, which may well be that of a success */
        fault_remote(&doubt, why->smtp_code, (struct enhanced){0}, why->remote.data,
                     why->remote.len);
    doubt.stage = STAGE_FINAL;
    xfer_fate_refuse_taken(x, from, x->n_taken, &doubt);
    for (size_t i = x->answered; x->is_out && i < x->n; i++) {
        if (x->step[i].verb == VERB_RCPT)
            xfer_fate_refuse(x->step[i].rcpt, &doubt);
    }
    envelope_settle_open(x->e, FATE_LATER, why);
    fault_copy(why, &doubt);
    fault_free(&doubt);
    x->is_blamed = true;
    x->e->in_doubt = true;
    x->s->state = SESSION_BROKEN;
    return CAUSE_MAY_HAVE_ARRIVED;
}

enum cause xfer_fate_hung_up(struct fault *why, const char *text)
{
    fault_set(why, CAUSE_CLOSED, "%s", text);
    why->stage = STAGE_DATA;
    return CAUSE_CLOSED;
}

bool xfer_fate_has_open(struct xfer *x)
{
    while (x->first_open < x->e->n && x->e->rcpt[x->first_open].fate != FATE_OPEN)
        x->first_open++;
    return x->first_open < x->e->n;
}
