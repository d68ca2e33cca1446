/*
 * xfer_stumble.h: which replies and losses say that a server cannot take what it has offered, and
 * are no verdict (FLIGHTS section 5, the fallback table). Private to the room; knows no session.
 */
#ifndef SMTP_XFER_STUMBLE_H
#define SMTP_XFER_STUMBLE_H

#include "smtp/reply.h"
#include "smtp/xfer.h"

#include <stdbool.h>

enum verb { VERB_AUTH, VERB_RSET, VERB_MAIL, VERB_RCPT, VERB_DATA, VERB_BDAT };

/* Where the trouble came. */
struct xfer_moment {
    enum verb verb;  /* whose reply it was, or should have been */
    bool is_grouped; /* the command went with others whose replies had not come */
    bool all_well;   /* nothing was refused in this transaction before */
    bool is_taken;   /* a recipient of it was accepted */
    bool is_first;   /* the session's first transaction */
};

/* xfer_stumble_reply - what a 4yz or 5yz says, 421 included; STUMBLE_NONE: it is a verdict. */
enum xfer_stumble xfer_stumble_reply(const struct xfer_moment *at, const struct reply *r);

/* xfer_stumble_odd - the same of a reply whose code has no meaning for its command. */
enum xfer_stumble xfer_stumble_odd(const struct xfer_moment *at, const struct reply *r);

/*
 * xfer_stumble_lost - what it says that no reply came: C is CAUSE_CLOSED, CAUSE_TIMEOUT or, with
 * 421, CAUSE_BUSY; anything else says nothing.
 */
enum xfer_stumble xfer_stumble_lost(const struct xfer_moment *at, enum cause c);

/*
 * xfer_stumble_fault - makes WHY of a stumble that the reply R told: a trouble for now, since a
 * grade lower may work. Returns its cause.
 */
enum cause xfer_stumble_fault(enum xfer_stumble s, enum stage stage, const struct reply *r,
                              struct fault *why);

#endif
