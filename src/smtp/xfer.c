/*
 * xfer.c: one envelope through one session: transaction after transaction, until everybody has a
 * fate or the conversation has ended.
 *
 * The commands of a transaction and their replies are in xfer_group.c and xfer_reply.c, the text
 * and its verdict in xfer_verdict.c. Here is what holds for all of them: a recipient that has no
 * verdict stays OPEN, whatever goes wrong, and the trouble that ended the conversation is given to
 * all of those in the end.
 */
#include "config.h"

#include "smtp/xfer.h"

#include <assert.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "net/stream.h"
#include "smtp/talk.h"
#include "smtp/xfer_fate.h"
#include "smtp/xfer_group.h"
#include "smtp/xfer_plan.h"
#include "smtp/xfer_state.h"
#include "smtp/xfer_verdict.h"

/* Offers the message to as many OPEN recipients as one transaction may have. */
static enum cause transaction(struct xfer *x, struct fault *why)
{
    enum next next;

    xfer_group_plan(x);
    next = xfer_group_run(x, why);
    if (x->is_out)
        return xfer_verdict_flight(x, next, why);
    switch (next) {
    case NEXT_STEP:
        break;
    case NEXT_TEXT:
        return xfer_verdict_text(x, why);
    case NEXT_RSET:
        if (x->s->state == SESSION_READY)
            x->s->state = SESSION_DIRTY;
        break;
    case NEXT_HARD:
        talk_abandon(x->s);
        x->result->again = true;
        return xfer_fate_hung_up(why, "hung up: the server wanted the text of a refused message");
    case NEXT_BROKEN:
        /* A server may have been promised a text: the end of the stream must not be its end. */
        if (x->login_refused || x->result->stumble != STUMBLE_NONE)
            talk_abandon(x->s);
        return why->cause;
    }
    return CAUSE_NONE;
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
        x->result->again = false;
    }
    if (!xfer_fate_has_open(x)) {
        x->result->again = false;
        if (!x->is_blamed) {
            fault_free(why);
            c = CAUSE_NONE;
        }
    } else if (!x->result->again) {
        envelope_settle_open(x->e, FATE_LATER, why);
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

/* The session as it is: READY for a transaction, or why it can carry none. */
static enum cause check_session(struct xfer *x, struct fault *why)
{
    struct session *s = x->s;

    if (s->state != SESSION_READY && s->state != SESSION_DIRTY) {
        x->result->again = true;
        return xfer_fate_hung_up(why, "the connection had ended before this recipient's turn");
    }
    if (session_full(s)) {
        x->result->again = true;
        return xfer_fate_hung_up(why, "the server takes no more messages in one session (MAILMAX)");
    }
    return CAUSE_NONE;
}

static enum cause run(struct xfer *x, struct fault *why)
{
    enum cause c = CAUSE_NONE;

    x->step = xcalloc(xfer_group_steps(&x->plan), sizeof(*x->step));
    x->taken = xcalloc(x->plan.max, sizeof(struct rcpt *));
    while (c == CAUSE_NONE && x->trouble.cause == CAUSE_NONE && xfer_fate_has_open(x)) {
        c = check_session(x, why);
        if (c == CAUSE_NONE)
            c = transaction(x, why);
    }
    free(x->step);
    free(x->taken);
    return c;
}

/*
 * Some servers offer DSN only behind the login (FLIGHTS section 2): when it is wanted and was not
 * offered, the login goes alone and they are asked again.
 */
static enum cause log_in(struct session *s, const struct envelope *e, struct fault *why)
{
    bool wants_more = !s->caps.dsn && xfer_plan_wants_dsn(e);

    if (wants_more || session_grade(s) < PIPELINING_AUTO)
        return session_login(s, wants_more, why);
    return CAUSE_NONE;
}

enum cause xfer_run(struct session *s, struct envelope *e, const struct message *m,
                    const struct xfer_params *p, struct xfer_result *result, struct fault *why)
{
    struct xfer x = {.s = s, .e = e, .m = m, .p = p, .result = result, .words = p->reply};
    enum cause c;

    assert(e->sender != NULL);
    *result = (struct xfer_result){0};
    x.words_at = p->reply != NULL ? p->reply->len : 0;
    c = log_in(s, e, why);
    if (c == CAUSE_NONE) {
        xfer_plan_make(&x.plan, s, e, m, p);
        c = run(&x, why);
    }
    c = conclude(&x, c, why);
    assert(result->again || envelope_count(e, FATE_OPEN) == 0);
    check_quiet(s);
    fault_free(&x.trouble);
    return c;
}
