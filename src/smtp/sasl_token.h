/* sasl_token.h: OAUTHBEARER (RFC 7628) and XOAUTH2. Private to sasl*.c. */
#ifndef SMTP_SASL_TOKEN_H
#define SMTP_SASL_TOKEN_H

#include "smtp/sasl.h"

/* sasl_token_answer - see struct sasl_mech_row. */
enum cause sasl_token_answer(struct sasl_exchange *ex, const char *challenge, size_t n,
                             struct buf *out, struct fault *why) ATTR_CHECK;

#endif
