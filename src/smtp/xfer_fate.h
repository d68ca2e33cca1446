/* xfer_fate.h: what becomes of recipients, one or all of a transaction. Private to the room. */
#ifndef SMTP_XFER_FATE_H
#define SMTP_XFER_FATE_H

#include "smtp/xfer_state.h"

/* xfer_fate_refuse - gives R the fate that WHY's cause has, and a copy of WHY. */
void xfer_fate_refuse(struct rcpt *r, const struct fault *why);

/* xfer_fate_accept - R has the message, whatever was thought of it before. */
void xfer_fate_accept(struct rcpt *r);

/* xfer_fate_refuse_taken - the recipients FROM up to END of those taken share WHY. */
void xfer_fate_refuse_taken(struct xfer *x, size_t from, size_t end, const struct fault *why);

/*
 * xfer_fate_refuse_account - account trouble in s->reply: nobody is refused, everybody waits, and
 * there is no use in going on.
 */
enum next xfer_fate_refuse_account(struct xfer *x, enum cause c, enum stage stage);

/* xfer_fate_refuse_text - a 4yz or 5yz in s->reply about the message, for those FROM up to END. */
void xfer_fate_refuse_text(struct xfer *x, size_t from, size_t end, enum stage stage);

/* xfer_fate_abort - one refusal and nobody gets it: those taken share the fate of the refused. */
void xfer_fate_abort(struct xfer *x);

/*
 * xfer_fate_in_doubt - the end of the message has left, or part of it, and no verdict came (WHY
 * says how): those taken from number FROM on may have it, and those of the flight whose replies are
 * missing. Everybody else only knows that the connection broke. The session is BROKEN.
 * Returns CAUSE_MAY_HAVE_ARRIVED.
 */
enum cause xfer_fate_in_doubt(struct xfer *x, size_t from, struct fault *why);

/* xfer_fate_hung_up - for those whose turn never came since the connection ended over others. */
enum cause xfer_fate_hung_up(struct fault *why, const char *text);

/* xfer_fate_has_open - somebody is still to be offered the message. */
bool xfer_fate_has_open(struct xfer *x);

#endif
