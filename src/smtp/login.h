/* login.h: AUTH (RFC 4954), from the choice of a mechanism to 235. Private to the room. */
#ifndef SMTP_LOGIN_H
#define SMTP_LOGIN_H

#include "smtp/session.h"

/*
 * login_run - logs in with the first mechanism that is offered, allowed and safe on this stream;
 * s->reply must still hold the reply to EHLO. The secret is asked for once, when a mechanism is
 * chosen, and wiped before this returns; the transcript keeps it for scrubbing.
 * A second mechanism is tried only when the first was not judged (one login failure per attempt).
 * fails: CAUSE_AUTH_*, CAUSE_SECRET, CAUSE_CONFIG, CAUSE_PROTOCOL, CAUSE_BUSY, those of talk_line.
 */
enum cause login_run(struct session *s, struct fault *why) ATTR_CHECK;

#endif
