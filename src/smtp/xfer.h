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
    struct buf *reply;  /* gets the words of the last acceptance, in one line; may be NULL */
};

/*
 * What a server turned out not to take although it offered it (FLIGHTS section 5, the fallback
 * table), from the smallest loss to the largest.
 */
enum xfer_stumble {
    STUMBLE_NONE,
    STUMBLE_LOGIN, /* AUTH must go alone: at most PIPELINING_STANDARD */
    STUMBLE_CHUNK, /* no BDAT: DATA */
    STUMBLE_GROUP  /* nothing grouped: PIPELINING_OFF */
};

struct xfer_result {
    enum xfer_stumble stumble;
    /*
     * The replies prove that nothing was accepted for the recipients left OPEN: they may be offered
     * again at once, in a new session. With a stumble, a grade lower. Without one the session could
     * not be used for them (421 or the end of the connection between two messages, LIMITS MAILMAX,
     * a refused chunk for those behind it), which says nothing against its grade.
     */
    bool again;
    bool without_login; /* accepted although AUTH was refused: reported, never sent again */
};

/*
 * xfer_run - offers MESSAGE to every OPEN recipient of ENVELOPE, in as many transactions as
 * max_recipients asks for. When it returns, no recipient it was given is OPEN:
 * ACCEPTED only after a complete 250 to the end of data (LMTP: to that recipient's reply);
 * LATER or NEVER with the recipient's own why.
 * Returns CAUSE_NONE when the conversation stayed in order, whatever the fates; else the trouble
 * that ended it (also in every unsettled recipient's why). The session may then be BROKEN.
 * CAUSE_ACCEPTED_WITHOUT_LOGIN (result.without_login) is no failure: everybody it is about is
 * ACCEPTED, and somebody should be told.
 * result: filled; with `again` the recipients it is about stay OPEN, the one exception to the
 *         above, and the fault is what they get if nobody tries.
 * p->reply: the words of the last acceptance, appended for the log; may be NULL.
 */
enum cause xfer_run(struct session *s, struct envelope *e, const struct message *m,
                    const struct xfer_params *p, struct xfer_result *result,
                    struct fault *why) ATTR_CHECK;

#endif
