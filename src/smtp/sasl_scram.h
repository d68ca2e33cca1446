/* sasl_scram.h: SCRAM (RFC 5802, 7677), with and without channel binding. Private to sasl*.c. */
#ifndef SMTP_SASL_SCRAM_H
#define SMTP_SASL_SCRAM_H

#include "smtp/sasl.h"

/* sasl_scram_answer - see struct sasl_mech_row. */
enum cause sasl_scram_answer(struct sasl_exchange *ex, const char *challenge, size_t n,
                             struct buf *out, struct fault *why) ATTR_CHECK;

#endif
