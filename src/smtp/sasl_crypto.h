/*
 * sasl_crypto.h: the primitives behind the mechanisms, on GnuTLS. No GnuTLS type appears here.
 */
#ifndef SMTP_SASL_CRYPTO_H
#define SMTP_SASL_CRYPTO_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum sasl_hash { SASL_HASH_MD5, SASL_HASH_SHA1, SASL_HASH_SHA256 };

#define SASL_SHA256_OCTETS 32
#define SASL_DIGEST_MAX    32

/* sasl_crypto_size - octets of a digest. */
size_t sasl_crypto_size(enum sasl_hash h);

/*
 * sasl_crypto_hash, sasl_crypto_hmac, sasl_crypto_pbkdf2 - OUT gets sasl_crypto_size(H) octets.
 * ROUNDS 1 or more. False when the library refuses (MD5 in FIPS mode) or has no memory.
 */
bool sasl_crypto_hash(enum sasl_hash h, const void *in, size_t n, unsigned char *out);
bool sasl_crypto_hmac(enum sasl_hash h, const void *key, size_t key_n, const void *in, size_t n,
                      unsigned char *out);
bool sasl_crypto_pbkdf2(enum sasl_hash h, const struct buf *secret, const void *salt, size_t salt_n,
                        unsigned rounds, unsigned char *out);

/*
 * sasl_crypto_normal - appends a name or password as SCRAM compares it: RFC 8265 "OpaqueString",
 * which came after SASLprep (RFC 4013): NFC, every space an ASCII one. ASCII stays as it is. False
 * for what both forbid: control characters, text that is not UTF-8.
 */
bool sasl_crypto_normal(const char *in, size_t n, struct buf *out);

/* sasl_crypto_same - equal octets, in a time that does not depend on where they differ. */
bool sasl_crypto_same(const void *a, const void *b, size_t n);

#endif
