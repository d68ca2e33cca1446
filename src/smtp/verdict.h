/*
 * verdict.h: what a refusal means, and to whom: the server's code and words to a cause. Private to
 * the room; knows no session.
 */
#ifndef SMTP_VERDICT_H
#define SMTP_VERDICT_H

#include "base/fault.h"
#include "mail/envelope.h"
#include "smtp/reply.h"

#include <stdbool.h>

/*
 * verdict_mail, verdict_rcpt - the cause of a 4yz or 5yz to MAIL or RCPT.
 * verdict_text - to DATA or to the end of the message; LMTP: of one recipient (RFC 2033 4.2).
 */
enum cause verdict_mail(const struct reply *r);
enum cause verdict_rcpt(const struct reply *r);
enum cause verdict_text(const struct reply *r, bool lmtp);

/* verdict_is_account - trouble of the account, not of this sender, recipient or message. */
bool verdict_is_account(enum cause c);

/* verdict_fate - NEVER for what was refused for good, else LATER. */
enum fate verdict_fate(enum cause c);

/*
 * verdict_too_many - a reply to RCPT that may mean "no more in this transaction" (RFC 5321
 * 4.5.3.1.10) and not "not this one": 452, and the 552 of old servers, without a code that says
 * otherwise.
 */
bool verdict_too_many(const struct reply *r);

/*
 * verdict_fault - fills WHY: FMT is its text, or NULL for the cause's own; stage and words of R.
 * Returns C.
 */
enum cause verdict_fault(const struct reply *r, enum cause c, enum stage stage, struct fault *why,
                         const char *fmt, ...) ATTR_PRINTF(5, 6);

#endif
