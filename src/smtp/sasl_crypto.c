/*
 * sasl_crypto.c: hashes, HMAC and PBKDF2 as GnuTLS has them, so that no mechanism sees the library.
 * MD5 serves CRAM-MD5 alone, whose strength is that of HMAC, not of MD5's collisions.
 */
#include "config.h"

#include "smtp/sasl_crypto.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <limits.h>

static gnutls_digest_algorithm_t digest(enum sasl_hash h)
{
    switch (h) {
    case SASL_HASH_MD5:
        return GNUTLS_DIG_MD5;
    case SASL_HASH_SHA1:
        return GNUTLS_DIG_SHA1;
    case SASL_HASH_SHA256:
        return GNUTLS_DIG_SHA256;
    }
    return GNUTLS_DIG_UNKNOWN;
}

static gnutls_mac_algorithm_t mac(enum sasl_hash h)
{
    switch (h) {
    case SASL_HASH_MD5:
        return GNUTLS_MAC_MD5;
    case SASL_HASH_SHA1:
        return GNUTLS_MAC_SHA1;
    case SASL_HASH_SHA256:
        return GNUTLS_MAC_SHA256;
    }
    return GNUTLS_MAC_UNKNOWN;
}

size_t sasl_crypto_size(enum sasl_hash h)
{
    switch (h) {
    case SASL_HASH_MD5:
        return 16;
    case SASL_HASH_SHA1:
        return 20;
    case SASL_HASH_SHA256:
        return SASL_SHA256_OCTETS;
    }
    return 0;
}

bool sasl_crypto_hash(enum sasl_hash h, const void *in, size_t n, unsigned char *out)
{
    return gnutls_hash_fast(digest(h), in, n, out) == 0;
}

bool sasl_crypto_hmac(enum sasl_hash h, const void *key, size_t key_n, const void *in, size_t n,
                      unsigned char *out)
{
    return gnutls_hmac_fast(mac(h), key, key_n, in, n, out) == 0;
}

/* The size of a datum is an unsigned, and its pointer is not const; both are only read. */
static bool as_datum(const void *bytes, size_t n, gnutls_datum_t *out)
{
    union {
        const void *given;
        unsigned char *read_only;
    } p = {.given = bytes};

    if (n > UINT_MAX)
        return false;
    out->data = p.read_only;
    out->size = (unsigned)n;
    return true;
}

bool sasl_crypto_pbkdf2(enum sasl_hash h, const struct buf *secret, const void *salt, size_t salt_n,
                        unsigned rounds, unsigned char *out)
{
    gnutls_datum_t key, grain;

    return as_datum(secret->data, secret->len, &key) && as_datum(salt, salt_n, &grain) &&
           gnutls_pbkdf2(mac(h), &key, &grain, rounds, out, sasl_crypto_size(h)) == 0;
}

bool sasl_crypto_normal(const char *in, size_t n, struct buf *out)
{
    gnutls_datum_t text = {0};
    bool fine;

    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)in[i] < ' ' || in[i] == 0x7f)
            return false;
    }
    if (n > UINT_MAX ||
        gnutls_utf8_password_normalize((const unsigned char *)in, (unsigned)n, &text, 0) != 0)
        return false;
    fine = buf_add(out, text.data, text.size);
    gnutls_memset(text.data, 0, text.size);
    gnutls_free(text.data);
    return fine;
}

bool sasl_crypto_same(const void *a, const void *b, size_t n)
{
    return gnutls_memcmp(a, b, n) == 0;
}
