/*
 * sasl.h: the mechanism table and the choice. Cryptography is in sasl_crypto.
 */
#ifndef SMTP_SASL_H
#define SMTP_SASL_H

#include "base/buf.h"
#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>

/* In the order of preference over verified TLS. Bits of caps.mechanisms. */
enum sasl_mech { SASL_PLAIN, SASL_LOGIN, SASL_MECH_COUNT, SASL_NONE = SASL_MECH_COUNT };

/* All borrowed. */
struct sasl_input {
    const char *user;
    const struct buf *secret;
};

struct sasl_mech_row {
    enum sasl_mech mech;
    const char *name; /* as EHLO spells it */
    bool cleartext;   /* the secret itself goes over the wire: verified TLS wanted */
    bool needs_secret;
    bool first; /* the client speaks first: has an initial response */
    /*
     * answer - appends the response number STEP (0 = initial, or the answer to the first
     * challenge), not yet in base64. CHALLENGE is decoded; NULL when it was not base64, which a
     * mechanism that reads it refuses. fails: CAUSE_AUTH_MECHANISM for a challenge out of order,
     * CAUSE_CONFIG (no user), CAUSE_SECRET (a password that cannot be sent).
     */
    enum cause (*answer)(const struct sasl_input *in, int step, const char *challenge, size_t n,
                         struct buf *out, struct fault *why);
};

/* sasl_row - the row of a mechanism; NULL for SASL_NONE. */
const struct sasl_mech_row *sasl_row(enum sasl_mech m);

/* sasl_find - the mechanism named by N octets, any case, whole token; SASL_NONE if unknown. */
enum sasl_mech sasl_find(const char *name, size_t n);

/*
 * sasl_choose - the first of ALLOWED (bits) in table order that OFFERED has and that may be used:
 * a cleartext mechanism only when PROTECTED (verified TLS) or CLEARTEXT_OK.
 * Returns SASL_NONE when there is none; TRIED bits are passed over.
 */
enum sasl_mech sasl_choose(unsigned offered, unsigned allowed, unsigned tried, bool is_protected,
                           bool cleartext_ok);

#endif
