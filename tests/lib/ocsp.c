/*
 * ocsp.c: see ocsp.h.
 */
#include "config.h"

#include "ocsp.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <string.h>
#include <time.h>

static void must(int rc, const char *what)
{
    if (rc < 0)
        die("OCSP response: %s: %s", what, gnutls_strerror(rc));
}

struct der {
    unsigned char v[2048];
    size_t n;
};

static void der_raw(struct der *d, const void *bytes, size_t n)
{
    memcpy(d->v + d->n, bytes, n);
    d->n += n;
}

/* One element: tag, length, contents. */
static void der_put(struct der *d, unsigned char tag, const void *bytes, size_t n)
{
    unsigned char head[4] = {tag, (unsigned char)n};
    size_t m = 2;

    if (n >= 256) {
        head[1] = 0x82;
        head[2] = (unsigned char)(n >> 8);
        head[3] = (unsigned char)n;
        m = 4;
    } else if (n >= 128) {
        head[1] = 0x81;
        head[2] = (unsigned char)n;
        m = 3;
    }
    der_raw(d, head, m);
    der_raw(d, bytes, n);
}

static void der_time(struct der *d, time_t at)
{
    char text[32];
    struct tm tm;

    gmtime_r(&at, &tm);
    strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm);
    der_put(d, 0x18, text, strlen(text));
}

static void staple_cert_id(struct der *d, gnutls_x509_crt_t cert, gnutls_x509_crt_t issuer)
{
    struct der id = {.n = 0};
    unsigned char hash[20], serial[32], point[65] = {4};
    size_t n = sizeof(serial);
    gnutls_ecc_curve_t curve;
    gnutls_datum_t dn, x, y;

    der_raw(&id, "\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00", 11); /* SHA-1 */
    must(gnutls_x509_crt_get_raw_dn(issuer, &dn), "issuer");
    must(gnutls_hash_fast(GNUTLS_DIG_SHA1, dn.data, dn.size, hash), "hash");
    gnutls_free(dn.data);
    der_put(&id, 0x04, hash, sizeof(hash));
    must(gnutls_x509_crt_get_pk_ecc_raw(issuer, &curve, &x, &y), "public key");
    memcpy(point + 33 - (x.size > 32 ? 32 : x.size), x.data + (x.size > 32),
           x.size > 32 ? 32 : x.size);
    memcpy(point + 65 - (y.size > 32 ? 32 : y.size), y.data + (y.size > 32),
           y.size > 32 ? 32 : y.size);
    gnutls_free(x.data);
    gnutls_free(y.data);
    must(gnutls_hash_fast(GNUTLS_DIG_SHA1, point, sizeof(point), hash), "hash");
    der_put(&id, 0x04, hash, sizeof(hash));
    must(gnutls_x509_crt_get_serial(cert, serial, &n), "serial");
    der_put(&id, 0x02, serial, n);
    der_put(d, 0x30, id.v, id.n);
}

void ocsp_make(struct octets *made, gnutls_x509_crt_t cert, gnutls_x509_crt_t issuer,
               gnutls_x509_privkey_t issuer_key, bool revoked, int age_days)
{
    struct der single = {.n = 0}, list = {.n = 0}, when = {.n = 0}, next = {.n = 0},
               data = {.n = 0};
    struct der tbs = {.n = 0}, basic = {.n = 0}, bytes = {.n = 0}, out = {.n = 0}, wrap = {.n = 0};
    time_t at = time(NULL) - (time_t)86400 * age_days;
    gnutls_datum_t dn, to_sign, sig;
    gnutls_privkey_t key;

    staple_cert_id(&single, cert, issuer);
    if (revoked) {
        der_time(&when, at - 86400);
        der_put(&single, 0xa1, when.v, when.n);
    } else {
        der_put(&single, 0x80, "", 0);
    }
    der_time(&single, at);
    der_time(&next, at + (time_t)86400 * 7);
    der_put(&single, 0xa0, next.v, next.n);
    der_put(&list, 0x30, single.v, single.n);

    must(gnutls_x509_crt_get_raw_dn(issuer, &dn), "responder");
    der_put(&data, 0xa1, dn.data, dn.size);
    gnutls_free(dn.data);
    der_time(&data, at);
    der_put(&data, 0x30, list.v, list.n);
    der_put(&tbs, 0x30, data.v, data.n);

    must(gnutls_privkey_init(&key), "key");
    must(gnutls_privkey_import_x509(key, issuer_key, 0), "key");
    to_sign = (gnutls_datum_t){.data = tbs.v, .size = (unsigned)tbs.n};
    must(gnutls_privkey_sign_data(key, GNUTLS_DIG_SHA256, 0, &to_sign, &sig), "signature");
    gnutls_privkey_deinit(key);

    der_raw(&basic, tbs.v, tbs.n);
    der_raw(&basic, "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02", 12); /* ECDSA, SHA-256 */
    bytes.v[bytes.n++] = 0;                                                  /* unused bits */
    der_raw(&bytes, sig.data, sig.size);
    der_put(&basic, 0x03, bytes.v, bytes.n);
    gnutls_free(sig.data);

    bytes.n = 0;
    der_put(&bytes, 0x30, basic.v, basic.n);
    der_raw(&wrap, "\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01", 11); /* id-pkix-ocsp-basic */
    der_put(&wrap, 0x04, bytes.v, bytes.n);
    bytes.n = 0;
    der_put(&bytes, 0x30, wrap.v, wrap.n);
    wrap.n = 0;
    der_raw(&wrap, "\x0a\x01\x00", 3); /* successful */
    der_put(&wrap, 0xa0, bytes.v, bytes.n);
    der_put(&out, 0x30, wrap.v, wrap.n);
    octets_add(made, out.v, out.n);
}
