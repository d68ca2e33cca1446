/*
 * sasl_scram.c: SCRAM (RFC 5802, RFC 7677), with channel binding (-PLUS) and without.
 *
 * Both sides prove that they know the password and neither says it. Every message of the server is
 * taken apart attribute by attribute, in the order of the grammar: what is out of place is refused,
 * never looked for further on.
 */
#include "config.h"

#include "smtp/sasl_scram.h"

#include <string.h>

#include "base/attr.h"
#include "base/b64.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/rand.h"
#include "base/xalloc.h"

#define NONCE_OCTETS 18   /* 24 characters: 144 bits */
#define SALT_LIMIT   1024 /* real ones have 16 or so */
#define SHOWN_MAX    40   /* of what the server calls an error */

struct text {
    const char *s;
    size_t n;
};

/* What the first message of the server says, borrowed from it but for the salt. */
struct server_first {
    struct text nonce;
    struct buf salt;
    uint64_t rounds;
};

static const char *gs2_flag(const struct sasl_input *in)
{
    switch (in->gs2) {
    case SASL_GS2_NONE:
        return "n";
    case SASL_GS2_MISSING:
        return "y";
    case SASL_GS2_BOUND:
        return "p=";
    }
    return "n";
}

static enum cause prepare(const char *what, const char *s, size_t n, struct buf *out,
                          struct fault *why)
{
    if (sasl_crypto_normal(s, n, out))
        return CAUSE_NONE;
    fault_set(why, strcmp(what, "user") == 0 ? CAUSE_CONFIG : CAUSE_SECRET,
              "the %s holds a control character or is not UTF-8, which SCRAM does not allow", what);
    return why->cause;
}

static enum cause client_first(struct sasl_exchange *ex, struct buf *out, struct fault *why)
{
    unsigned char octets[NONCE_OCTETS];
    struct buf user;
    enum cause c;

    buf_init(&user, LIMIT_AUTH_LINE);
    c = prepare("user", ex->in.user, strlen(ex->in.user), &user, why);
    buf_free(&ex->first); /* the first time it was too long for the line of AUTH */
    buf_init(&ex->first, LIMIT_AUTH_LINE);
    buf_adds(&ex->first, gs2_flag(&ex->in));
    if (ex->in.gs2 == SASL_GS2_BOUND)
        buf_adds(&ex->first, ex->in.binding_name);
    buf_adds(&ex->first, ",,");
    ex->bare_at = ex->first.len;
    buf_adds(&ex->first, "n=");
    sasl_add_name(&ex->first, user.data);
    buf_adds(&ex->first, ",r=");
    ex->nonce_at = ex->first.len;
    buf_free(&user);
    if (ex->in.nonce != NULL)
        buf_adds(&ex->first, ex->in.nonce);
    else {
        rand_bytes(octets, sizeof(octets));
        b64_encode(&ex->first, octets, sizeof(octets));
    }
    buf_add(out, ex->first.data, ex->first.len);
    ex->secret_from = out->len;
    if (c == CAUSE_NONE)
        c = sasl_finish(&ex->first, why);
    return c == CAUSE_NONE ? sasl_finish(out, why) : c;
}

static enum cause nonsense(const struct sasl_exchange *ex, const char *what, struct fault *why)
{
    return fault_set(why, CAUSE_PROTOCOL, "AUTH %s: %s", ex->row->name, what);
}

/* Takes the attribute NAME from the front of MESSAGE; its value goes to *VALUE. */
static bool take(struct text *message, char name, struct text *value)
{
    const char *comma;
    size_t n;

    if (message->n < 2 || message->s[0] != name || message->s[1] != '=')
        return false;
    comma = memchr(message->s, ',', message->n);
    n = comma != NULL ? (size_t)(comma - message->s) : message->n;
    *value = (struct text){message->s + 2, n - 2};
    message->s += comma != NULL ? n + 1 : n;
    message->n -= comma != NULL ? n + 1 : n;
    return true;
}

static bool equals(struct text t, const char *s)
{
    return t.n == strlen(s) && memcmp(t.s, s, t.n) == 0;
}

/*
 * RFC 5802 7, "server-error-value". Channel binding errors are about the way there, not about the
 * password: somebody stands between who ends TLS, or takes -PLUS out of the offers.
 */
static const struct error_row {
    const char *value;
    enum cause cause;
    bool binding; /* it does not know this kind of channel binding */
    const char *text, *hint;
} errors[] = {
    {"invalid-proof", CAUSE_AUTH_REFUSED, false, "wrong user or password", NULL},
    {"unknown-user", CAUSE_AUTH_REFUSED, false, "the server does not know this user", NULL},
    {"invalid-username-encoding", CAUSE_AUTH_REFUSED, false, "the server cannot read the name",
     NULL},
    {"no-resources", CAUSE_AUTH_TEMPORARY, false, "the server could not check it now", NULL},
    {"channel-bindings-dont-match", CAUSE_TLS, false,
     "it came to the server over another TLS connection than ours",
     "somebody, or a TLS proxy, stands between; if that is as it should be, set auth = plain"},
    {"server-does-support-channel-binding", CAUSE_TLS, false,
     "the server offered to bind it to TLS, and the offer did not arrive",
     "somebody stands between and takes it out"},
    {"channel-binding-not-supported", CAUSE_AUTH_MECHANISM, true,
     "the server cannot bind it to TLS", "set auth = scram-sha-256"},
    {"unsupported-channel-binding-type", CAUSE_AUTH_MECHANISM, true,
     "the server cannot bind it to TLS in a way known here", "set auth = scram-sha-256"},
    {NULL, CAUSE_AUTH_REFUSED, false, "the server refused it", NULL},
};

/* "e=...": the server says why the login fails, in front of the reply that says that it does. */
static void note_error(struct sasl_exchange *ex, struct text value)
{
    const struct error_row *row = errors;
    size_t shown = value.n < SHOWN_MAX ? value.n : SHOWN_MAX;

    while (row->value != NULL && !equals(value, row->value))
        row++;
    fault_set(&ex->said, row->cause, "login of %s: %s (%.*s)", ex->in.user, row->text, (int)shown,
              value.s);
    if (row->hint != NULL)
        fault_hint(&ex->said, "%s", row->hint);
    ex->other_binding = row->binding && ex->step == 1;
}

static bool is_nonce(struct text t)
{
    for (size_t i = 0; i < t.n; i++) {
        if (t.s[i] < '!' || t.s[i] > '~')
            return false;
    }
    return true;
}

/* "r=NONCE,s=SALT,i=ROUNDS", and extensions that may be passed over. */
static enum cause read_first(const struct sasl_exchange *ex, struct text message,
                             struct server_first *first, struct fault *why)
{
    const char *ours = ex->first.data + ex->nonce_at;
    size_t n = ex->first.len - ex->nonce_at;
    struct text value;

    if (take(&message, 'm', &value))
        return nonsense(ex, "the server wants an extension that nobody knows", why);
    if (!take(&message, 'r', &first->nonce) || !is_nonce(first->nonce))
        return nonsense(ex, "the server's first message makes no sense", why);
    if (first->nonce.n <= n || memcmp(first->nonce.s, ours, n) != 0)
        return nonsense(ex, "the server's answer is to somebody else's login", why);
    if (!take(&message, 's', &value) || value.n == 0 || !b64_decode(&first->salt, value.s, value.n))
        return nonsense(ex, "the server's salt makes no sense", why);
    if (!take(&message, 'i', &value) || !num_parse(value.s, value.n, UINT64_MAX, &first->rounds))
        return nonsense(ex, "the server's number of rounds makes no sense", why);
    if (first->rounds < SASL_ROUNDS_MIN || first->rounds > SASL_ROUNDS_MAX) {
        fault_set(why, CAUSE_PROTOCOL, "AUTH %s: the server wants %.*s rounds, not %d to %d",
                  ex->row->name, value.n < 20 ? (int)value.n : 20, value.s, SASL_ROUNDS_MIN,
                  SASL_ROUNDS_MAX);
        fault_hint(why, "%s",
                   first->rounds < SASL_ROUNDS_MIN
                       ? "so few would give the password away; over TLS, auth = plain is no worse"
                       : "over TLS, auth = plain is no worse");
        return CAUSE_PROTOCOL;
    }
    return CAUSE_NONE;
}

/* RFC 5802 3: PROOF, and the signature to expect from a server that knows the password. */
static bool compute(struct sasl_exchange *ex, const struct buf *password,
                    const struct server_first *first, const struct buf *auth, unsigned char *proof)
{
    enum sasl_hash h = ex->row->hash;
    size_t size = sasl_crypto_size(h);
    unsigned char salted[SASL_DIGEST_MAX], key[SASL_DIGEST_MAX], stored[SASL_DIGEST_MAX];
    bool fine = sasl_crypto_pbkdf2(h, password, first->salt.data, first->salt.len,
                                   (unsigned)first->rounds, salted) &&
                sasl_crypto_hmac(h, salted, size, "Server Key", 10, key) &&
                sasl_crypto_hmac(h, key, size, auth->data, auth->len, ex->server_signature) &&
                sasl_crypto_hmac(h, salted, size, "Client Key", 10, key) &&
                sasl_crypto_hash(h, key, size, stored) &&
                sasl_crypto_hmac(h, stored, size, auth->data, auth->len, proof);

    for (size_t i = 0; fine && i < size; i++)
        proof[i] ^= key[i];
    xwipe(salted, sizeof(salted));
    xwipe(key, sizeof(key));
    xwipe(stored, sizeof(stored));
    return fine;
}

/* "c=BINDING,r=NONCE": what is proved to have been said besides the first messages. */
static void add_unproved(const struct sasl_exchange *ex, struct text nonce, struct buf *out)
{
    struct buf bound;

    buf_init(&bound, LIMIT_AUTH_LINE);
    buf_add(&bound, ex->first.data, ex->bare_at);
    if (ex->in.gs2 == SASL_GS2_BOUND)
        buf_add(&bound, ex->in.binding->data, ex->in.binding->len);
    buf_adds(out, "c=");
    b64_encode(out, bound.data, bound.len);
    buf_adds(out, ",r=");
    buf_add(out, nonce.s, nonce.n);
    buf_free(&bound);
}

static enum cause prove(struct sasl_exchange *ex, struct text message,
                        const struct server_first *first, struct buf *out, struct fault *why)
{
    unsigned char proof[SASL_DIGEST_MAX];
    struct buf password, auth;
    enum cause c;

    buf_init_secret(&password, LIMIT_SECRET);
    buf_init(&auth, 3 * LIMIT_AUTH_LINE);
    c = prepare("password", ex->in.secret->data, ex->in.secret->len, &password, why);
    if (c == CAUSE_NONE) {
        add_unproved(ex, first->nonce, out);
        buf_add(&auth, ex->first.data + ex->bare_at, ex->first.len - ex->bare_at);
        buf_addc(&auth, ',');
        buf_add(&auth, message.s, message.n);
        buf_addc(&auth, ',');
        buf_add(&auth, out->data, out->len);
        c = sasl_finish(&auth, why);
    }
    if (c == CAUSE_NONE && !compute(ex, &password, first, &auth, proof))
        c = fault_set(why, CAUSE_OS, "the hash of AUTH %s is missing on this machine",
                      ex->row->name);
    if (c == CAUSE_NONE) {
        buf_adds(out, ",p=");
        ex->secret_from = out->len;
        b64_encode(out, proof, sasl_crypto_size(ex->row->hash));
        c = sasl_finish(out, why);
    }
    xwipe(proof, sizeof(proof));
    buf_free(&password);
    buf_free(&auth);
    return c;
}

static enum cause client_final(struct sasl_exchange *ex, struct text message, struct buf *out,
                               struct fault *why)
{
    struct server_first first = {0};
    enum cause c;

    buf_init(&first.salt, SALT_LIMIT);
    c = read_first(ex, message, &first, why);
    if (c == CAUSE_NONE)
        c = prove(ex, message, &first, out, why);
    buf_free(&first.salt);
    return c;
}

/* "v=SIGNATURE". One that is wrong comes from a server that does not know the password. */
static enum cause server_final(struct sasl_exchange *ex, struct text message, struct fault *why)
{
    size_t size = sasl_crypto_size(ex->row->hash);
    struct text value;
    struct buf signature;

    if (!take(&message, 'v', &value))
        return nonsense(ex, "the server's last message makes no sense", why);
    buf_init(&signature, SASL_DIGEST_MAX);
    ex->proven = b64_decode(&signature, value.s, value.n) && signature.len == size &&
                 sasl_crypto_same(signature.data, ex->server_signature, size);
    buf_free(&signature);
    return sasl_accepted(ex, why);
}

enum cause sasl_scram_answer(struct sasl_exchange *ex, const char *challenge, size_t n,
                             struct buf *out, struct fault *why)
{
    struct text message = {challenge, n}, value;
    enum cause c = sasl_check_input(&ex->in, why);

    ex->secret_from = out->len;
    if (c != CAUSE_NONE)
        return c;
    if (ex->step == 0)
        return client_first(ex, out, why);
    if (challenge == NULL || memchr(challenge, '\0', n) != NULL)
        return nonsense(ex, "a challenge that is no text in base64", why);
    if (ex->proven || ex->said.cause != CAUSE_NONE)
        return sasl_too_many(ex, why);
    if (take(&message, 'e', &value)) {
        note_error(ex, value);
        return CAUSE_NONE;
    }
    return ex->step == 1 ? client_final(ex, message, out, why) : server_final(ex, message, why);
}
