/* dsn.h: -N, -R, -V and -B of the command line, checked and put into the envelope (RFC 3461). */
#ifndef CMD_DSN_H
#define CMD_DSN_H

#include "base/fault.h"
#include "conf/options.h"
#include "mail/envelope.h"

/*
 * dsn_check - the values of -N (never, or a list of success, failure, delay), -R (full, hdrs), -V
 * (printable, at most 100 octets; becomes xtext) and -B (7BIT, 8BITMIME, BINARYMIME) into E.
 * fails: CAUSE_USAGE naming option and value.
 */
enum cause dsn_check(const struct options *o, struct envelope *e, struct fault *why) ATTR_CHECK;

/* dsn_spread - gives every recipient of E the NOTIFY wish of -N. */
void dsn_spread(const struct options *o, struct envelope *e);

#endif
