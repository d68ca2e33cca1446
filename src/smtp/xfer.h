/*
 * xfer.h: one envelope through one session, in as few flights as allowed; a fate for every
 * recipient that was offered.
 */
#ifndef SMTP_XFER_H
#define SMTP_XFER_H

#include "base/fault.h"
#include "mail/envelope.h"
#include "mail/message.h"
#include "smtp/session.h"

#include <stdbool.h>
#include <stdint.h>

struct xfer_params {
    bool partial_abort; /* one refusal at RCPT and nobody gets it */
};

/*
 * xfer_run - offers MESSAGE to every OPEN recipient of ENVELOPE, in as many transactions as
 * max_recipients asks for. When it returns, no recipient it was given is OPEN:
 * ACCEPTED only after a complete 250 to the end of data (LMTP: to that recipient's reply);
 * LATER or NEVER with the recipient's own why.
 * Returns CAUSE_NONE when the conversation stayed in order, whatever the fates; else the trouble
 * that ended it (also in every unsettled recipient's why). The session may then be BROKEN.
 * reply: the words of the last acceptance, appended for the log; may be NULL.
 */
enum cause xfer_run(struct session *s, struct envelope *e, const struct message *m,
                    const struct xfer_params *p, struct buf *reply, struct fault *why) ATTR_CHECK;

#endif
