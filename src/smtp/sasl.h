/*
 * sasl.h: the mechanism table and the choice (RFC 4422). A mechanism answers challenges and knows
 * nothing of SMTP; base64 and the AUTH command are the login's. Cryptography is in sasl_crypto.
 */
#ifndef SMTP_SASL_H
#define SMTP_SASL_H

#include "base/buf.h"
#include "base/fault.h"
#include "smtp/sasl_crypto.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * In the order of preference over verified TLS. Bits of caps.mechanisms. PLAIN stands before SCRAM:
 * TLS has proved who the server is, and one round trip less is one less.
 */
enum sasl_mech {
    SASL_EXTERNAL,
    SASL_OAUTHBEARER,
    SASL_XOAUTH2,
    SASL_PLAIN,
    SASL_LOGIN,
    SASL_SCRAM_SHA256_PLUS,
    SASL_SCRAM_SHA256,
    SASL_SCRAM_SHA1_PLUS,
    SASL_SCRAM_SHA1,
    SASL_CRAM_MD5,
    SASL_MECH_COUNT,
    SASL_NONE = SASL_MECH_COUNT
};

#define SASL_BIT(mech_) (1u << (mech_))
#define SASL_ALL        (SASL_BIT(SASL_MECH_COUNT) - 1)
#define SASL_SCRAM                                                                                 \
    (SASL_BIT(SASL_SCRAM_SHA256_PLUS) | SASL_BIT(SASL_SCRAM_SHA256) |                              \
     SASL_BIT(SASL_SCRAM_SHA1_PLUS) | SASL_BIT(SASL_SCRAM_SHA1))
#define SASL_OAUTH (SASL_BIT(SASL_OAUTHBEARER) | SASL_BIT(SASL_XOAUTH2))

/*
 * Rounds that SCRAM accepts. RFC 5802 5.1 and RFC 7677 4 want at least 4096, and all known servers
 * obey: fewer would make it cheap to guess the password from our proof. A million take a tenth of a
 * second; beyond that the server only burns our time.
 */
#define SASL_ROUNDS_MIN 4096
#define SASL_ROUNDS_MAX 1000000

/* Octets from which on a secret made of the characters of RFC 6750 is taken for a token. */
#define SASL_TOKEN_MIN 100

/* RFC 5802 5.1: what the gs2 header says of channel binding. */
enum sasl_gs2 {
    SASL_GS2_NONE,    /* "n": we cannot bind */
    SASL_GS2_MISSING, /* "y": we could, but the server does not seem to know how */
    SASL_GS2_BOUND    /* "p": bound */
};

/* What a login is made of. All borrowed. */
struct sasl_input {
    const char *user;         /* NULL: none, which EXTERNAL alone can do without */
    const struct buf *secret; /* NULL: none */
    enum sasl_gs2 gs2;
    const char *binding_name;  /* as RFC 9266 and RFC 5929 spell it; when BOUND */
    const struct buf *binding; /* its octets */
    const char *nonce;         /* ours in SCRAM; NULL: a fresh one. For the vectors of the RFCs */
    const char *host;          /* of the server, for OAUTHBEARER; NULL: it has none */
    unsigned port;
};

struct sasl_mech_row;

/* One exchange. Zeroed, then row and input are set; freed with sasl_end. */
struct sasl_exchange {
    const struct sasl_mech_row *row;
    struct sasl_input in;
    int step;           /* responses given */
    size_t secret_from; /* the last response gives something away from here on; else its length */
    /*
     * What the server said of the login within the exchange (RFC 5802 "e=", RFC 7628 3.2.2): the
     * reply that ends it is still to come. CAUSE_NONE: nothing.
     */
    struct fault said;
    bool other_binding; /* SAID before it saw a proof: this channel binding is unknown to it */
    /* SCRAM: */
    struct buf first; /* the gs2 header and our first message behind it */
    size_t bare_at;   /* where that begins */
    size_t nonce_at;
    unsigned char server_signature[SASL_DIGEST_MAX];
    bool proven; /* the server has shown that it knows the password */
};

struct sasl_mech_row {
    enum sasl_mech mech;
    const char *name; /* as EHLO spells it */
    bool cleartext;   /* the secret itself goes over the wire: verified TLS wanted */
    bool needs_secret;
    bool first;          /* the client speaks first: has an initial response */
    bool flight;         /* the initial response is all there is to say */
    bool token;          /* the secret is a bearer token */
    bool binds;          /* needs a channel binding */
    bool mutual;         /* the server has to prove itself as well */
    enum sasl_hash hash; /* SCRAM, CRAM-MD5 */
    /*
     * answer - appends the response number ex->step (0 = initial, or the answer to the first
     * challenge), not yet in base64. CHALLENGE is decoded; NULL when it was not base64, which a
     * mechanism that reads it refuses. fails: CAUSE_PROTOCOL for a challenge that makes no sense,
     * CAUSE_AUTH_MECHANISM for one where the mechanism has ended, CAUSE_CONFIG (no user),
     * CAUSE_SECRET (a password that cannot be sent), CAUSE_OS (no such hash).
     */
    enum cause (*answer)(struct sasl_exchange *ex, const char *challenge, size_t n, struct buf *out,
                         struct fault *why);
};

/* sasl_row - the row of a mechanism; NULL for SASL_NONE. */
const struct sasl_mech_row *sasl_row(enum sasl_mech m);

/* sasl_find - the mechanism named by N octets, any case, whole token; SASL_NONE if unknown. */
enum sasl_mech sasl_find(const char *name, size_t n);

/*
 * sasl_accepted - the server says that the login is done: may that be believed? fails:
 * CAUSE_PROTOCOL when it has not proved that it knows the password (SCRAM), or has refused before.
 */
enum cause sasl_accepted(const struct sasl_exchange *ex, struct fault *why) ATTR_CHECK;

/* sasl_end - wipes and frees what an exchange holds. */
void sasl_end(struct sasl_exchange *ex);

/*
 * sasl_is_token - SECRET looks like a bearer token, not like a password: SASL_TOKEN_MIN octets or
 * more, all of them "b64token" (RFC 6750 2.1).
 */
bool sasl_is_token(const struct buf *secret);

enum sasl_secret { SASL_SECRET_UNKNOWN, SASL_SECRET_PASSWORD, SASL_SECRET_TOKEN };

/* What the choice depends on. */
struct sasl_ground {
    unsigned offered, allowed, tried; /* bits */
    bool is_protected;                /* verified TLS */
    bool cleartext_ok;                /* without it, too */
    bool client_cert;                 /* the server has seen a certificate of ours */
    bool can_bind;
    enum sasl_secret secret;
};

/*
 * sasl_choose - the first mechanism in table order that is offered, allowed, not yet tried and can
 * be done: a cleartext one only when protected or when that is fine (then behind the others), -PLUS
 * with a channel binding, CRAM-MD5 with MD5 (which FIPS mode takes away).
 * EXTERNAL needs a certificate that was shown, unless nothing else is allowed. Where tokens and
 * passwords are both allowed, the looks of the secret decide: a token goes to OAuth alone if that
 * is offered, a password never does.
 * Returns SASL_NONE when there is none.
 */
enum sasl_mech sasl_choose(const struct sasl_ground *g);

/*
 * For the mechanisms. sasl_check_user, sasl_check_input - what every one of them asks for: a name
 * without control characters; and a password without NUL. fails: CAUSE_CONFIG, CAUSE_SECRET.
 */
enum cause sasl_check_user(const struct sasl_input *in, struct fault *why) ATTR_CHECK;
enum cause sasl_check_input(const struct sasl_input *in, struct fault *why) ATTR_CHECK;

/* sasl_too_many - CAUSE_AUTH_MECHANISM: the server goes on where the mechanism has ended. */
enum cause sasl_too_many(const struct sasl_exchange *ex, struct fault *why) ATTR_CHECK;

/* sasl_finish - CAUSE_NONE, or CAUSE_SECRET when OUT ran over. */
enum cause sasl_finish(const struct buf *out, struct fault *why) ATTR_CHECK;

/* sasl_add_name - NAME as gs2 headers and SCRAM spell it (RFC 5801 4): "," and "=" are special. */
void sasl_add_name(struct buf *out, const char *name);

#endif
