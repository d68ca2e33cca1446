/*
 * pki.h: throwaway certificates in memory for the tests of net/. tests/lib/certs makes a fixed
 * matrix of files; here each test says what is odd about its own chain.
 */
#ifndef TESTS_UNIT_NET_PKI_H
#define TESTS_UNIT_NET_PKI_H

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct pki_cert {
    gnutls_x509_crt_t crt;
    gnutls_x509_privkey_t key;
};

/* What is wanted; all zero: an ECDSA P-256 certificate for servers, valid now, for no host. */
struct pki_wish {
    const char *cn;
    const char *dns[8];
    const char *ip; /* four or sixteen octets */
    unsigned ip_size;
    const char *purpose; /* NULL: serverAuth */
    bool authority;
    bool must_staple;
    unsigned rsa_bits;
    gnutls_digest_algorithm_t digest; /* 0: SHA-256 */
    int from_days, to_days;           /* relative to now; both 0: -2 and 30 */
};

static inline void pki_must(int ret, const char *what)
{
    if (ret >= 0)
        return;
    printf("Bail out! %s: %s\n", what, gnutls_strerror(ret));
    exit(1);
}

static inline gnutls_x509_privkey_t pki_key(unsigned rsa_bits)
{
    gnutls_x509_privkey_t key;

    pki_must(gnutls_x509_privkey_init(&key), "key");
    if (rsa_bits > 0)
        pki_must(gnutls_x509_privkey_generate(key, GNUTLS_PK_RSA, rsa_bits, 0), "RSA key");
    else
        pki_must(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                              GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
                 "ECDSA key");
    return key;
}

static inline void pki_names(gnutls_x509_crt_t crt, const struct pki_wish *w)
{
    for (size_t i = 0; i < sizeof(w->dns) / sizeof(w->dns[0]) && w->dns[i] != NULL; i++)
        pki_must(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, w->dns[i],
                                                      (unsigned)strlen(w->dns[i]),
                                                      GNUTLS_FSAN_APPEND),
                 "DNS name");
    if (w->ip != NULL)
        pki_must(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, w->ip, w->ip_size,
                                                      GNUTLS_FSAN_APPEND),
                 "address");
}

static inline void pki_uses(gnutls_x509_crt_t crt, const struct pki_wish *w)
{
    unsigned usage = w->authority ? GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN
                                  : GNUTLS_KEY_DIGITAL_SIGNATURE;
    const char *purpose = w->purpose != NULL ? w->purpose : GNUTLS_KP_TLS_WWW_SERVER;

    pki_must(gnutls_x509_crt_set_basic_constraints(crt, w->authority ? 1 : 0, -1), "constraints");
    pki_must(gnutls_x509_crt_set_key_usage(crt, usage), "key usage");
    if (!w->authority)
        pki_must(gnutls_x509_crt_set_key_purpose_oid(crt, purpose, 0), "purpose");
    if (w->must_staple) /* RFC 7633: SEQUENCE OF status_request (5) */
        pki_must(gnutls_x509_crt_set_extension_by_oid(crt, "1.3.6.1.5.5.7.1.24",
                                                      "\x30\x03\x02\x01\x05", 5, 0),
                 "must-staple");
}

/* GnuTLS sorts chains by what it cached when it read a certificate: a fresh one has to be read. */
static inline struct pki_cert pki_reread(struct pki_cert c)
{
    gnutls_datum_t der;

    pki_must(gnutls_x509_crt_export2(c.crt, GNUTLS_X509_FMT_DER, &der), "export");
    gnutls_x509_crt_deinit(c.crt);
    pki_must(gnutls_x509_crt_init(&c.crt), "certificate");
    pki_must(gnutls_x509_crt_import(c.crt, &der, GNUTLS_X509_FMT_DER), "import");
    gnutls_free(der.data);
    return c;
}

/* pki_make - a certificate as W wishes, from ISSUER, or self-signed when that is NULL. */
static inline struct pki_cert pki_make(const struct pki_wish *w, const struct pki_cert *issuer)
{
    struct pki_cert c = {.key = pki_key(w->rsa_bits)};
    bool plain = w->from_days == 0 && w->to_days == 0;
    time_t now = time(NULL);
    unsigned char serial[12], id[64];
    size_t id_size = sizeof(id);

    pki_must(gnutls_x509_crt_init(&c.crt), "certificate");
    pki_must(gnutls_x509_crt_set_version(c.crt, 3), "version");
    pki_must(gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial)), "serial");
    serial[0] = 0x41;
    pki_must(gnutls_x509_crt_set_serial(c.crt, serial, sizeof(serial)), "serial");
    pki_must(gnutls_x509_crt_set_dn_by_oid(c.crt, GNUTLS_OID_X520_COMMON_NAME, 0, w->cn,
                                           (unsigned)strlen(w->cn)),
             "subject");
    pki_must(gnutls_x509_crt_set_activation_time(c.crt,
                                                 now + (time_t)86400 * (plain ? -2 : w->from_days)),
             "begin");
    pki_must(
        gnutls_x509_crt_set_expiration_time(c.crt, now + (time_t)86400 * (plain ? 30 : w->to_days)),
        "end");
    pki_must(gnutls_x509_crt_set_key(c.crt, c.key), "public key");
    pki_must(gnutls_x509_crt_get_key_id(c.crt, GNUTLS_KEYID_USE_SHA1, id, &id_size), "key id");
    pki_must(gnutls_x509_crt_set_subject_key_id(c.crt, id, id_size), "key id");
    pki_names(c.crt, w);
    pki_uses(c.crt, w);
    pki_must(gnutls_x509_crt_sign2(c.crt, issuer != NULL ? issuer->crt : c.crt,
                                   issuer != NULL ? issuer->key : c.key,
                                   w->digest != 0 ? w->digest : GNUTLS_DIG_SHA256, 0),
             "signature");
    return pki_reread(c);
}

static inline void pki_free(struct pki_cert *c)
{
    gnutls_x509_crt_deinit(c->crt);
    gnutls_x509_privkey_deinit(c->key);
}

/* pki_der - the certificate as DER; freed with gnutls_free. */
static inline gnutls_datum_t pki_der(const struct pki_cert *c)
{
    gnutls_datum_t der;

    pki_must(gnutls_x509_crt_export2(c->crt, GNUTLS_X509_FMT_DER, &der), "export");
    return der;
}

/* pki_pem - the certificate as PEM text; freed with free. */
static inline char *pki_pem(const struct pki_cert *c)
{
    gnutls_datum_t pem;
    char *text;

    pki_must(gnutls_x509_crt_export2(c->crt, GNUTLS_X509_FMT_PEM, &pem), "export");
    text = strndup((const char *)pem.data, pem.size);
    gnutls_free(pem.data);
    return text;
}

/*
 * pki_crl - a list of ISSUER as PEM, in force FROM_DAYS to TO_DAYS from now, with REVOKED (or NULL)
 * in it since yesterday; freed with free.
 */
static inline char *pki_crl(const struct pki_cert *issuer, const struct pki_cert *revoked,
                            int from_days, int to_days)
{
    time_t now = time(NULL);
    gnutls_x509_crl_t crl;
    gnutls_datum_t pem;
    char *text;

    pki_must(gnutls_x509_crl_init(&crl), "list");
    pki_must(gnutls_x509_crl_set_version(crl, 2), "version");
    pki_must(gnutls_x509_crl_set_this_update(crl, now + (time_t)86400 * from_days), "begin");
    pki_must(gnutls_x509_crl_set_next_update(crl, now + (time_t)86400 * to_days), "end");
    pki_must(gnutls_x509_crl_set_number(crl, "\1", 1), "number");
    if (revoked != NULL)
        pki_must(gnutls_x509_crl_set_crt(crl, revoked->crt, now - 86400), "entry");
    pki_must(gnutls_x509_crl_sign2(crl, issuer->crt, issuer->key, GNUTLS_DIG_SHA256, 0), "sign");
    pki_must(gnutls_x509_crl_export2(crl, GNUTLS_X509_FMT_PEM, &pem), "export");
    text = strndup((const char *)pem.data, pem.size);
    gnutls_free(pem.data);
    gnutls_x509_crl_deinit(crl);
    return text;
}

/* pki_file - writes TEXT into a new file; the path is freed with free, after unlink. */
static inline char *pki_file(const char *text)
{
    const char *dir = getenv("TMPDIR");
    char path[512];
    size_t n = strlen(text);
    int fd;

    snprintf(path, sizeof(path), "%s/postrider-net.XXXXXX", dir != NULL ? dir : "/tmp");
    fd = mkstemp(path);
    if (fd < 0 || write(fd, text, n) != (ssize_t)n || close(fd) != 0)
        pki_must(-1, path);
    return strdup(path);
}

static inline void pki_unfile(char *path)
{
    unlink(path);
    free(path);
}

#endif
