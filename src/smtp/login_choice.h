/* login_choice.h: what a login is made of, and the choice of its mechanism. Private to login*.c. */
#ifndef SMTP_LOGIN_CHOICE_H
#define SMTP_LOGIN_CHOICE_H

#include "smtp/sasl.h"
#include "smtp/session.h"

#define LOGIN_BINDING_LIMIT 64 /* the longest hash of a certificate (RFC 5929 4.1) */

/* Where a login stands. */
struct login {
    struct session *s;
    struct sasl_exchange ex;
    struct buf binding;
    unsigned tried; /* bits */
    bool end_point; /* the server knows no tls-exporter */
    bool renewed;   /* a second token has been asked for */
};

/* login_trouble - C, and its fault at the stage of AUTH. */
enum cause login_trouble(enum cause c, struct fault *why);

/*
 * login_choose - the next mechanism, into l->ex.row and l->ex.in; NULL: there is none. The secret
 * is asked for when a mechanism that takes it may be used, once in a session.
 * fails: CAUSE_SECRET, CAUSE_CONFIG.
 */
enum cause login_choose(struct login *l, struct fault *why) ATTR_CHECK;

/* login_impossible - nothing could be chosen: says what each side has, and what stands in the way;
 * s->reply still holds the reply to EHLO. Returns CAUSE_AUTH_MECHANISM. */
enum cause login_impossible(const struct session *s, struct fault *why);

/*
 * login_renew - a token was refused: whether there is another by now, which then takes its place.
 * Asked for once. Troubles with that are not told: the refusal stands.
 */
bool login_renew(struct login *l);

#endif
