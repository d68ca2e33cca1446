/*
 * xfer_plan.h: what this server's offers, the message and the envelope make of a transfer: who can
 * be offered at all, the parameters of MAIL and RCPT, how many at a time. Private to the room.
 */
#ifndef SMTP_XFER_PLAN_H
#define SMTP_XFER_PLAN_H

#include "smtp/session.h"
#include "smtp/xfer.h"

#include <stddef.h>

enum verb { VERB_RSET, VERB_MAIL, VERB_RCPT, VERB_DATA };

/* One command of a transaction. */
struct step {
    enum verb verb;
    struct rcpt *rcpt; /* of RCPT; borrowed */
};

struct xfer_plan {
    uint64_t octets; /* for SIZE=, 0: do not say */
    bool body_8bit;  /* BODY=8BITMIME */
    bool utf8;       /* SMTPUTF8 */
    bool dsn;        /* RET, ENVID, NOTIFY, ORCPT */
    bool pipelined;
    size_t max; /* recipients in one transaction */
};

/*
 * xfer_plan_make - fills PLAN and settles the recipients that cannot be offered to this server:
 * CAUSE_TOO_BIG, CAUSE_NEEDS_ARMOR, CAUSE_BAD_ADDRESS, all for good.
 */
void xfer_plan_make(struct xfer_plan *plan, const struct session *s, struct envelope *e,
                    const struct message *m, const struct xfer_params *p);

/* xfer_plan_line - appends the command of STEP with its CRLF. */
void xfer_plan_line(const struct xfer_plan *plan, const struct envelope *e, const struct step *step,
                    struct buf *out);

#endif
