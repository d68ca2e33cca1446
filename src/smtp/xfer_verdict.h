/* xfer_verdict.h: the text of a transaction, and what the server says to it. Private to the room.
 */
#ifndef SMTP_XFER_VERDICT_H
#define SMTP_XFER_VERDICT_H

#include "smtp/xfer_state.h"

/*
 * xfer_verdict_brace - before the end of the message leaves: behind it no memory may be asked for,
 * since a verdict must not die of its own length.
 */
void xfer_verdict_brace(struct xfer *x);

/*
 * xfer_verdict_text - sends the text to those taken, by DATA (354 was read) or in chunks, and
 * settles them by what comes. CAUSE_NONE: the conversation stayed in order, whatever the fates.
 */
enum cause xfer_verdict_text(struct xfer *x, struct fault *why) ATTR_CHECK;

/*
 * xfer_verdict_flight - the message has left with its commands (x->is_out), and the replies to
 * these led to NEXT: settles the recipient by what comes to the text itself.
 */
enum cause xfer_verdict_flight(struct xfer *x, enum next next, struct fault *why) ATTR_CHECK;

#endif
