/* xfer_reply.h: what a reply to a command of a transaction changes. Private to the room. */
#ifndef SMTP_XFER_REPLY_H
#define SMTP_XFER_REPLY_H

#include "smtp/xfer_state.h"

/*
 * xfer_reply - looks at s->reply as the reply to STEP: fates, `taken`, the state of the
 * transaction; returns what comes next. NEXT_BROKEN: why is set.
 */
enum next xfer_reply(struct xfer *x, const struct step *step, struct fault *why);

/* xfer_reply_lost - the reply to STEP did not come: WHY tells. Returns NEXT_BROKEN. */
enum next xfer_reply_lost(struct xfer *x, const struct step *step, struct fault *why);

/*
 * xfer_reply_surplus - the server had spoken before we did: WHY tells. More replies than commands
 * mean that the count is off; a farewell between two messages means nothing of the kind.
 * Returns WHY's cause.
 */
enum cause xfer_reply_surplus(struct xfer *x, struct fault *why);

/* xfer_reply_moment - where the transaction stands at STEP. */
struct xfer_moment xfer_reply_moment(const struct xfer *x, enum verb verb);

/* xfer_reply_refuses, xfer_reply_accepts - of a recipient or of the message. */
bool xfer_reply_refuses(const struct reply *r);
bool xfer_reply_accepts(const struct reply *r);

/* xfer_reply_stage - the stage of a command. */
enum stage xfer_reply_stage(enum verb verb);

#endif
