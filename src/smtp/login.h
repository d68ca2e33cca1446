/* login.h: AUTH (RFC 4954), from the choice of a mechanism to 235. Private to the room. */
#ifndef SMTP_LOGIN_H
#define SMTP_LOGIN_H

#include "smtp/session.h"

/*
 * login_prepare - may the login travel with MAIL and RCPT? Only over verified TLS, with PIPELINING
 * offered, at grade AUTO or more, for PLAIN or EXTERNAL with an initial response (RFC 4954 4), and
 * when p.known has this very credential as working with these very offers. Then s->login,
 * s->login_shown and s->mech are filled, and what is read from here to login_judge is scrubbed as a
 * reply of AUTH; else s->login stays empty and login_run is next. The secret is asked for at most
 * once in both.
 * fails: CAUSE_SECRET, CAUSE_CONFIG, CAUSE_AUTH_MECHANISM.
 */
enum cause login_prepare(struct session *s, struct fault *why) ATTR_CHECK;

/*
 * login_judge - s->reply is what came to the AUTH that was sent from s->login: CAUSE_NONE for 235
 * (s->logged_in; s->mech stays), else the cause of the refusal (s->mech is SASL_NONE again). 334
 * and other codes outside the command's set are the caller's to see first: they are stumbles, not
 * verdicts. Either way s->login and the secret are wiped.
 */
enum cause login_judge(struct session *s, struct fault *why) ATTR_CHECK;

/*
 * login_run - logs in with the first mechanism that is offered, allowed and safe on this stream;
 * s->reply must still hold the reply to EHLO. The secret is asked for once, when a mechanism is
 * chosen, and wiped before this returns; the transcript keeps it for scrubbing.
 * A second mechanism is tried only when the first was not judged (one login failure per attempt);
 * but where a token was refused and there is another by now, that one has its try.
 * With auth_optional and nothing to do it returns CAUSE_NONE and s->logged_in stays false.
 * fails: CAUSE_AUTH_*, CAUSE_SECRET, CAUSE_CONFIG, CAUSE_PROTOCOL, CAUSE_BUSY, those of talk_line.
 */
enum cause login_run(struct session *s, struct fault *why) ATTR_CHECK;

/* login_forget - wipes what is left of a login: the secret, and the command that waits. */
void login_forget(struct session *s);

#endif
