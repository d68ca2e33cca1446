/* xfer_group.h: the commands of a transaction, in groups, and the replies to them. Private to the
 * room. */
#ifndef SMTP_XFER_GROUP_H
#define SMTP_XFER_GROUP_H

#include "smtp/xfer_state.h"

/*
 * xfer_group_steps - how many steps a transaction of the plan can have.
 * xfer_group_plan - lays out the next transaction, for as many OPEN recipients as it may have.
 */
size_t xfer_group_steps(const struct xfer_plan *plan);
void xfer_group_plan(struct xfer *x);

/*
 * xfer_group_run - sends the commands and reads their replies, up to the text: NEXT_TEXT. The text
 * itself has gone with them when x->is_out, and then this returns NEXT_TEXT with the last reply
 * still to come, or NEXT_RSET when nobody may have it, or NEXT_BROKEN.
 */
enum next xfer_group_run(struct xfer *x, struct fault *why);

#endif
