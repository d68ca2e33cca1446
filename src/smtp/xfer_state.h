/* xfer_state.h: one transfer as its rooms share it. Private to the room. */
#ifndef SMTP_XFER_STATE_H
#define SMTP_XFER_STATE_H

#include "base/fault.h"
#include "mail/envelope.h"
#include "mail/message.h"
#include "smtp/session.h"
#include "smtp/xfer.h"
#include "smtp/xfer_plan.h"

#include <stdbool.h>
#include <stddef.h>

/* What comes next in a transaction. */
enum next {
    NEXT_STEP,  /* go on */
    NEXT_TEXT,  /* somebody to send to: the text */
    NEXT_RSET,  /* the transaction is over; RSET before another */
    NEXT_HARD,  /* 354, and nothing may be sent: hang up without the end mark */
    NEXT_BROKEN /* the conversation is over: why is set */
};

struct xfer {
    struct session *s;
    struct envelope *e;
    const struct message *m;
    const struct xfer_params *p;
    struct xfer_result *result;
    struct xfer_plan plan;
    struct buf *words; /* the last acceptance, or NULL */
    size_t words_at;   /* where they begin in it */
    /* this transaction */
    struct step *step;
    size_t n, sent, answered;
    size_t group;        /* the first step of the group that was sent last */
    struct rcpt **taken; /* accepted at RCPT, in the order of their replies */
    size_t n_taken;
    bool is_refused;           /* it is over: what still comes are echoes */
    bool login_refused;        /* ... over the login */
    bool is_full;              /* the rest goes in the next transaction */
    bool is_first;             /* of the session */
    bool is_alone;             /* it has one recipient */
    bool is_out;               /* the message has left in one flight with its commands */
    bool any_never, any_later; /* at RCPT, for partial_abort */
    deadline_ms echo_until;    /* of the echoes, when the message is out */
    /* all of them */
    size_t first_open;    /* no recipient before it is OPEN */
    bool is_blamed;       /* the fault that is returned decided somebody's fate */
    struct fault trouble; /* of the account: ends the transfer once the replies are read */
};

#endif
