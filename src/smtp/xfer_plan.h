/*
 * xfer_plan.h: what this server's offers, the message and the envelope make of a transfer: who can
 * be offered at all, the parameters of MAIL and RCPT, how many at a time. Private to the room.
 */
#ifndef SMTP_XFER_PLAN_H
#define SMTP_XFER_PLAN_H

#include "smtp/session.h"
#include "smtp/xfer.h"
#include "smtp/xfer_stumble.h"

#include <stddef.h>
#include <stdint.h>

/* One command of a transaction. */
struct step {
    enum verb verb;
    struct rcpt *rcpt; /* of RCPT; borrowed */
};

struct xfer_plan {
    uint64_t octets; /* of the text, without stuffed dots and end mark */
    bool size;       /* SIZE= */
    bool body_8bit;  /* BODY=8BITMIME */
    bool utf8;       /* SMTPUTF8 */
    bool dsn;        /* RET, ENVID, NOTIFY, ORCPT */
    bool require_tls;
    bool pipelined; /* commands go in groups */
    bool chunked;   /* the text goes by BDAT, else by DATA */
    bool one_write; /* ... with the commands, when there is one recipient */
    size_t max;     /* recipients in one transaction */
};

/*
 * xfer_plan_make - fills PLAN and settles the recipients that cannot be offered to this server:
 * CAUSE_TOO_BIG, CAUSE_NEEDS_ARMOR, CAUSE_BAD_ADDRESS, CAUSE_MESSAGE_REFUSED (REQUIRETLS is not
 * to be had), all for good.
 */
void xfer_plan_make(struct xfer_plan *plan, const struct session *s, struct envelope *e,
                    const struct message *m, const struct xfer_params *p);

/* xfer_plan_wants_dsn - something is asked of DSN (RFC 3461) for a recipient that is OPEN. */
bool xfer_plan_wants_dsn(const struct envelope *e);

/*
 * xfer_plan_line - appends the command of STEP with its CRLF; that of AUTH is LOGIN, and BDAT takes
 * the whole message as one chunk.
 */
void xfer_plan_line(const struct xfer_plan *plan, const struct envelope *e, const struct step *step,
                    const struct buf *login, struct buf *out);

#endif
