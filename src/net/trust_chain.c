/*
 * trust_chain.c: what people are told about a certificate that is not good. GnuTLS' status texts
 * name neither dates nor names; here the status bits become one sentence that says which
 * certificate of the chain it is about, and the setting that helps if one does.
 */
#include "config.h"

#include "net/trust_chain.h"

#include <arpa/inet.h>
#include <gnutls/x509.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"
#include "net/roots.h"

/* How much of a certificate's names people are shown. */
#define NAMES_SHOWN 6
#define NAME_SHOWN  200

gnutls_x509_crt_t trust_chain_import(const struct trust_chain *chain, unsigned i)
{
    gnutls_x509_crt_t crt;

    if (i >= chain->n || gnutls_x509_crt_init(&crt) < 0)
        return NULL;
    if (gnutls_x509_crt_import(crt, &chain->cert[i], GNUTLS_X509_FMT_DER) >= 0)
        return crt;
    gnutls_x509_crt_deinit(crt);
    return NULL;
}

/* Appends the subject or the issuer as people read it: "CN=Example Root,O=Example". */
static void add_dn(struct buf *out, gnutls_x509_crt_t crt, bool issuer)
{
    gnutls_datum_t dn = {0};
    int ret =
        issuer ? gnutls_x509_crt_get_issuer_dn3(crt, &dn, 0) : gnutls_x509_crt_get_dn3(crt, &dn, 0);

    if (ret < 0 || dn.size == 0)
        buf_adds(out, "(no name)");
    else
        buf_addf(out, "%.*s", NAME_SHOWN, (const char *)dn.data);
    gnutls_free(dn.data);
}

/* Appends one name of a certificate behind those before it. */
static void add_name(struct buf *out, unsigned type, const char *name, size_t n)
{
    char ip[INET6_ADDRSTRLEN];

    if (out->len > 0)
        buf_adds(out, ", ");
    if (type != GNUTLS_SAN_IPADDRESS)
        buf_addf(out, "%.*s", (int)(n < NAME_SHOWN ? n : NAME_SHOWN), name);
    else if ((n == 4 || n == 16) && inet_ntop(n == 4 ? AF_INET : AF_INET6, name, ip, sizeof(ip)))
        buf_adds(out, ip);
}

/* Appends the names and addresses a certificate is for, the first few of them. */
static void add_names(struct buf *out, gnutls_x509_crt_t crt)
{
    char name[512];
    unsigned shown = 0, more = 0;

    for (unsigned i = 0;; i++) {
        size_t n = sizeof(name);
        unsigned type = 0;
        int ret = gnutls_x509_crt_get_subject_alt_name2(crt, i, name, &n, &type, NULL);

        if (ret == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            break;
        if (ret < 0 || (type != GNUTLS_SAN_DNSNAME && type != GNUTLS_SAN_IPADDRESS)) {
            if (i >= LIMIT_REPLY_LINE) /* a certificate cannot hold so many */
                break;
            continue;
        }
        if (shown == NAMES_SHOWN) {
            more++;
        } else {
            add_name(out, type, name, n);
            shown++;
        }
    }
    if (more > 0)
        buf_addf(out, " and %u more", more);
    if (shown == 0)
        add_dn(out, crt, false);
}

void trust_chain_add_issuer(struct buf *out, const struct trust_chain *chain, unsigned i)
{
    gnutls_x509_crt_t crt = trust_chain_import(chain, i);

    if (crt == NULL)
        return;
    add_dn(out, crt, true);
    gnutls_x509_crt_deinit(crt);
}

void trust_chain_add_date(struct buf *out, int64_t at_s)
{
    time_t at = (time_t)at_s;
    struct tm tm;

    if (gmtime_r(&at, &tm) != NULL)
        buf_addf(out, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

/* "the certificate" for the server's own, else "the certificate of the authority NAME". */
static void add_whose(struct buf *out, gnutls_x509_crt_t crt, unsigned i)
{
    buf_adds(out, "the certificate");
    if (i > 0) {
        buf_adds(out, " of the authority ");
        add_dn(out, crt, false);
    }
}

enum cause trust_chain_revoked(const struct trust_chain *chain, unsigned i, int64_t since,
                               struct fault *why)
{
    gnutls_x509_crt_t crt = trust_chain_import(chain, i);
    struct buf text;

    buf_init(&text, LIMIT_FAULT_TEXT);
    if (crt != NULL) {
        add_whose(&text, crt, i);
        gnutls_x509_crt_deinit(crt);
    } else {
        buf_adds(&text, "a certificate");
    }
    buf_adds(&text, " was revoked by its authority");
    if (since > 0) {
        buf_adds(&text, " on ");
        trust_chain_add_date(&text, since);
    }
    fault_set(why, CAUSE_TLS_REVOKED, "%s", text.data);
    buf_free(&text);
    return CAUSE_TLS_REVOKED;
}

/* The first certificate of the chain that is out of its time; a root of ours is not in there. */
static enum cause explain_time(const struct trust_chain *chain, struct fault *why)
{
    time_t now = (time_t)clock_now_s();
    struct buf text;
    bool told = false;

    buf_init(&text, LIMIT_FAULT_TEXT);
    for (unsigned i = 0; i < chain->n && !told; i++) {
        gnutls_x509_crt_t crt = trust_chain_import(chain, i);
        time_t from, to;

        if (crt == NULL)
            continue;
        from = gnutls_x509_crt_get_activation_time(crt);
        to = gnutls_x509_crt_get_expiration_time(crt);
        told = to < now || from > now;
        if (told) {
            add_whose(&text, crt, i);
            buf_adds(&text, to < now ? " expired on " : " is not valid before ");
            trust_chain_add_date(&text, to < now ? to : from);
            if (to < now)
                buf_addf(&text, " (%lld days ago)", (long long)(now - to) / 86400);
        }
        gnutls_x509_crt_deinit(crt);
    }
    if (!told)
        buf_adds(&text, "the certificate of an authority is expired or not yet valid");
    fault_set(why, CAUSE_TLS_TIME, "%s", text.data);
    buf_free(&text);
    return CAUSE_TLS_TIME;
}

/* "the certificate is for A, B, not for NAME": mostly a host that has several names. */
static enum cause explain_name(const struct trust_chain *chain, const char *name, struct fault *why)
{
    gnutls_x509_crt_t crt = trust_chain_import(chain, 0);
    struct buf names;

    buf_init(&names, LIMIT_FAULT_TEXT);
    if (crt != NULL) {
        add_names(&names, crt);
        gnutls_x509_crt_deinit(crt);
    }
    fault_set(why, CAUSE_TLS_NAME, "the certificate is for %s, not for %s", names.data, name);
    fault_hint(why, "correct 'host', or, if this is the right server, set tls_name to one of the "
                    "names in its certificate");
    buf_free(&names);
    return CAUSE_TLS_NAME;
}

/* By name: whether the signature holds matters to nobody who does not trust it anyway. */
static bool is_self_signed(const struct trust_chain *chain, unsigned i)
{
    struct roots_dn issuer, subject;

    return roots_names(chain->cert[i].data, chain->cert[i].size, &issuer, &subject) &&
           roots_same(&issuer, &subject);
}

/* No way from the certificate to a root of ours, and where it ends. */
static enum cause explain_untrusted(const struct trust_chain *chain, unsigned status,
                                    struct fault *why)
{
    /* Nobody is known above the last one; a signer that is none stands above the first. */
    bool first = (status & GNUTLS_CERT_SIGNER_NOT_CA) != 0;
    gnutls_x509_crt_t crt = trust_chain_import(chain, first ? 0 : chain->n - 1);
    struct buf issuer;

    buf_init(&issuer, LIMIT_FAULT_TEXT);
    if (crt != NULL) {
        add_dn(&issuer, crt, true);
        gnutls_x509_crt_deinit(crt);
    }
    if ((status & GNUTLS_CERT_SIGNATURE_FAILURE) != 0)
        fault_set(why, CAUSE_TLS_UNTRUSTED, "a signature in the certificate chain is wrong");
    else if ((status & GNUTLS_CERT_SIGNER_NOT_CA) != 0)
        fault_set(why, CAUSE_TLS_UNTRUSTED,
                  "the certificate is signed by %s, which may not sign certificates", issuer.data);
    else if ((status & GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE) != 0)
        fault_set(why, CAUSE_TLS_UNTRUSTED,
                  "the certificate breaks a rule that its authority is bound to");
    else if (chain->n == 1 && is_self_signed(chain, 0)) {
        fault_set(why, CAUSE_TLS_UNTRUSTED,
                  "the certificate is self-signed, nobody vouches for it");
        fault_hint(why, "if it is yours, set tls_trust = FILE with that certificate");
    } else {
        fault_set(why, CAUSE_TLS_UNTRUSTED, "the certificate is signed by an unknown authority: %s",
                  issuer.data);
        fault_hint(why, "if you trust it, set tls_trust = FILE with that authority's certificate");
    }
    buf_free(&issuer);
    return CAUSE_TLS_UNTRUSTED;
}

/* Which key or signature of the chain is too weak. */
static enum cause explain_weak(const struct trust_chain *chain, struct fault *why)
{
    struct buf text;
    bool told = false;

    buf_init(&text, LIMIT_FAULT_TEXT);
    for (unsigned i = 0; i < chain->n && !told; i++) {
        gnutls_x509_crt_t crt = trust_chain_import(chain, i);
        unsigned bits = 0;
        int algorithm, sign;

        if (crt == NULL)
            continue;
        algorithm = gnutls_x509_crt_get_pk_algorithm(crt, &bits);
        sign = gnutls_x509_crt_get_signature_algorithm(crt);
        add_whose(&text, crt, i);
        if (algorithm >= 0 && gnutls_pk_bits_to_sec_param((gnutls_pk_algorithm_t)algorithm, bits) <
                                  GNUTLS_SEC_PARAM_MEDIUM) {
            const char *name = gnutls_pk_get_name((gnutls_pk_algorithm_t)algorithm);

            told = buf_addf(&text, " has a weak key: %s with %u bits", name, bits);
        } else if (sign >= 0 && gnutls_sign_is_secure2((gnutls_sign_algorithm_t)sign,
                                                       GNUTLS_SIGN_FLAG_SECURE_FOR_CERTS) == 0) {
            const char *name = gnutls_sign_get_name((gnutls_sign_algorithm_t)sign);

            told = buf_addf(&text, " has a weak signature: %s", name != NULL ? name : "unknown");
        } else {
            buf_reset(&text);
        }
        gnutls_x509_crt_deinit(crt);
    }
    if (!told)
        buf_adds(&text, "the certificate chain uses a key or an algorithm that is too weak");
    fault_set(why, CAUSE_TLS_UNTRUSTED, "%s", text.data);
    fault_hint(why, "the server needs a new certificate; tls_priority can allow weak ones");
    buf_free(&text);
    return CAUSE_TLS_UNTRUSTED;
}

/* A status nobody made a sentence for, in GnuTLS' words. */
static enum cause explain_rest(unsigned status, struct fault *why)
{
    gnutls_datum_t text = {0};

    if (gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) < 0)
        fault_set(why, CAUSE_TLS_UNTRUSTED, "the certificate is not valid (status %u)", status);
    else
        fault_set(why, CAUSE_TLS_UNTRUSTED, "%s", (const char *)text.data);
    gnutls_free(text.data);
    return CAUSE_TLS_UNTRUSTED;
}

enum cause trust_chain_explain(const struct trust_chain *chain, unsigned status, const char *name,
                               struct fault *why)
{
    const unsigned untrusted = GNUTLS_CERT_SIGNER_NOT_FOUND | GNUTLS_CERT_SIGNER_NOT_CA |
                               GNUTLS_CERT_SIGNATURE_FAILURE |
                               GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE;

    if ((status & untrusted) != 0)
        return explain_untrusted(chain, status, why);
    if ((status & GNUTLS_CERT_INSECURE_ALGORITHM) != 0)
        return explain_weak(chain, why);
    if ((status & (GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED)) != 0)
        return explain_time(chain, why);
    if ((status & GNUTLS_CERT_UNEXPECTED_OWNER) != 0)
        return explain_name(chain, name, why);
    if ((status & GNUTLS_CERT_PURPOSE_MISMATCH) != 0)
        return fault_set(why, CAUSE_TLS_UNTRUSTED, "the certificate is not meant for servers");
    if ((status & GNUTLS_CERT_MISSING_OCSP_STATUS) != 0)
        return fault_set(why, CAUSE_TLS_UNTRUSTED,
                         "the certificate demands proof that it is not revoked (a stapled OCSP "
                         "answer), and the server sent none");
    if ((status & (GNUTLS_CERT_INVALID_OCSP_STATUS | GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED |
                   GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE)) != 0)
        return fault_set(why, CAUSE_TLS_UNTRUSTED,
                         "the server sent a proof of its certificate's validity (a stapled OCSP "
                         "answer) that is wrong or out of date");
    return explain_rest(status, why);
}
