/*
 * trust.c: our own verification of the peer, between the handshake and the first octet of SMTP.
 *
 * GnuTLS does the verifying. What is ours: which roots it gets (net/roots finds those that the
 * chain names, a hundredth of the work of loading all), what it must check besides signatures (the
 * name, the key purpose), and what people are told when it says no, since its status texts name
 * neither dates nor names.
 */
#include "config.h"

#include "net/trust.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/xalloc.h"
#include "net/resolve.h"
#include "net/roots.h"

/* A bundle of every authority in the world is a quarter of a megabyte. */
#define TRUST_FILE_MAX ((size_t)16 * 1024 * 1024)

#define READ_STEP ((size_t)64 * 1024)

/* GnuTLS itself refuses chains of more than 16. */
#define CHAIN_MAX 16

/* How much of a certificate's names people are shown. */
#define NAMES_SHOWN 6
#define NAME_SHOWN  200

/* Where systems keep their authorities in one file: Debian, Alpine, Arch; Fedora; SUSE; BSD. */
static const char *const system_bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/var/lib/ca-certificates/ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
};

/* What the server showed, as DER: its own certificate first. */
struct chain {
    const gnutls_datum_t *cert; /* borrowed from the session */
    unsigned n;
};

/* Reads all of FD, which has SIZE octets (0: who knows), in as few calls as that allows. */
static int read_all(int fd, size_t size, struct buf *out)
{
    size_t room = size < TRUST_FILE_MAX ? size + 1 : TRUST_FILE_MAX;

    while (buf_reserve(out, room)) {
        ssize_t n = read(fd, out->data + out->len, room);

        if (n > 0)
            buf_grew(out, (size_t)n);
        else if (n < 0 && errno != EINTR)
            return errno;
        if (n == 0 || out->len == size)
            return 0;
        room = room > (size_t)n && n > 0 ? room - (size_t)n : READ_STEP;
    }
    return EFBIG;
}

/* read(2), not mmap(2): a file that is cut while we look at it must not end the program. */
static enum cause read_bundle(const char *path, struct buf *pem, struct fault *why)
{
    struct stat st;
    int fd = -1;
    enum cause cause = file_open_regular(path, &fd, &st, why);
    int err;

    if (cause != CAUSE_NONE)
        return cause;
    err = read_all(fd, (size_t)st.st_size, pem);
    (void)close(fd);
    return err == 0 ? CAUSE_NONE : fault_errno(why, CAUSE_CONFIG, err, "%s", path);
}

/*
 * Reads the bundle into PEM; *PATH gets its name. Without a trust_file that is the first one there
 * is; *PATH of NULL tells that this system keeps none (a PKCS#11 store, or nothing at all).
 */
static enum cause find_bundle(const char *trust_file, const char **path, struct buf *pem,
                              struct fault *why)
{
    *path = trust_file;
    if (trust_file != NULL)
        return read_bundle(trust_file, pem, why);
    for (size_t i = 0; i < ARRAY_LEN(system_bundles); i++) {
        if (access(system_bundles[i], R_OK) == 0) {
            *path = system_bundles[i];
            return read_bundle(system_bundles[i], pem, why);
        }
    }
    return CAUSE_NONE;
}

/*
 * The names that a root for this chain can have: those of all issuers and, for a certificate that
 * is itself in the bundle, those of all subjects.
 */
static size_t wanted_names(const struct chain *chain, struct roots_dn out[2 * CHAIN_MAX])
{
    size_t n = 0;

    for (unsigned i = 0; i < chain->n && i < CHAIN_MAX; i++) {
        struct roots_dn pair[2];

        if (!roots_names(chain->cert[i].data, chain->cert[i].size, &pair[0], &pair[1]))
            continue;
        for (size_t k = 0; k < 2; k++) {
            size_t at = 0;

            while (at < n && !roots_same(&out[at], &pair[k]))
                at++;
            if (at == n)
                out[n++] = pair[k];
        }
    }
    return n;
}

/* roots_found: imports one root; one that cannot be imported vouches for nobody. */
static void add_root(void *context, const char *pem, size_t n)
{
    gnutls_x509_trust_list_t list = context;
    gnutls_x509_crt_t root;
    unsigned char *bytes = (unsigned char *)xmemdup(pem, n); /* gnutls_datum_t is not const */
    gnutls_datum_t datum = {.data = bytes, .size = (unsigned)n};

    if (gnutls_x509_crt_init(&root) >= 0) {
        if (gnutls_x509_crt_import(root, &datum, GNUTLS_X509_FMT_PEM) < 0 ||
            gnutls_x509_trust_list_add_cas(list, &root, 1, 0) != 1)
            gnutls_x509_crt_deinit(root);
    }
    free(bytes);
}

/*
 * Gives CREDS the roots of PEM: those that CHAIN names, or all of them when it is NULL. *SEEN gets
 * the number of certificates in PEM. Returns a GnuTLS error or 0.
 */
static int load_roots(gnutls_certificate_credentials_t creds, const struct buf *pem,
                      const struct chain *chain, size_t *seen)
{
    struct roots_dn wanted[2 * CHAIN_MAX];
    size_t n = chain != NULL ? wanted_names(chain, wanted) : 0;
    gnutls_x509_trust_list_t list;
    int ret = gnutls_x509_trust_list_init(&list, 0);

    if (ret < 0)
        return ret;
    *seen = roots_scan(pem->data, pem->len, chain != NULL ? wanted : NULL, n, add_root, list);
    gnutls_certificate_set_trust_list(creds, list, 0); /* which frees the list before, if any */
    return 0;
}

/* Asks GnuTLS: signatures, times, stapled OCSP, name or address, and the purpose. */
static int verify(gnutls_session_t session, const char *name, unsigned *status)
{
    unsigned char purpose[] = GNUTLS_KP_TLS_WWW_SERVER; /* the typed data are not const */
    struct resolve_addr addr;
    char *text = NULL;
    gnutls_typed_vdata_st data[2] = {
        {.type = GNUTLS_DT_IP_ADDRESS},
        {.type = GNUTLS_DT_KEY_PURPOSE_OID, .data = purpose},
    };
    int ret;

    if (!resolve_literal(name, &addr)) {
        text = xstrdup(name);
        data[0].type = GNUTLS_DT_DNS_HOSTNAME;
        data[0].data = (unsigned char *)text;
        data[0].size = (unsigned)strlen(text);
    } else if (addr.sa.ss_family == AF_INET) {
        data[0].data = (unsigned char *)&((struct sockaddr_in *)&addr.sa)->sin_addr;
        data[0].size = sizeof(struct in_addr);
    } else {
        data[0].data = (unsigned char *)&((struct sockaddr_in6 *)&addr.sa)->sin6_addr;
        data[0].size = sizeof(struct in6_addr);
    }
    ret = gnutls_certificate_verify_peers(session, data, ARRAY_LEN(data), status);
    free(text);
    return ret;
}

/* One certificate of the chain, imported for its texts; NULL when it cannot be. */
static gnutls_x509_crt_t import(const struct chain *chain, unsigned i)
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

static void add_date(struct buf *out, time_t at)
{
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

/* The first certificate of the chain that is out of its time; a root of ours is not in there. */
static enum cause explain_time(const struct chain *chain, struct fault *why)
{
    time_t now = (time_t)clock_now_s();
    struct buf text;
    bool told = false;

    buf_init(&text, LIMIT_FAULT_TEXT);
    for (unsigned i = 0; i < chain->n && !told; i++) {
        gnutls_x509_crt_t crt = import(chain, i);
        time_t from, to;

        if (crt == NULL)
            continue;
        from = gnutls_x509_crt_get_activation_time(crt);
        to = gnutls_x509_crt_get_expiration_time(crt);
        told = to < now || from > now;
        if (told) {
            add_whose(&text, crt, i);
            buf_adds(&text, to < now ? " expired on " : " is not valid before ");
            add_date(&text, to < now ? to : from);
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
static enum cause explain_name(const struct chain *chain, const char *name, struct fault *why)
{
    gnutls_x509_crt_t crt = import(chain, 0);
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
static bool is_self_signed(const struct chain *chain, unsigned i)
{
    struct roots_dn issuer, subject;

    return roots_names(chain->cert[i].data, chain->cert[i].size, &issuer, &subject) &&
           roots_same(&issuer, &subject);
}

/* No way from the certificate to a root of ours, and where it ends. */
static enum cause explain_untrusted(const struct chain *chain, unsigned status, struct fault *why)
{
    /* Nobody is known above the last one; a signer that is none stands above the first. */
    bool first = (status & GNUTLS_CERT_SIGNER_NOT_CA) != 0;
    gnutls_x509_crt_t crt = import(chain, first ? 0 : chain->n - 1);
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
static enum cause explain_weak(const struct chain *chain, struct fault *why)
{
    struct buf text;
    bool told = false;

    buf_init(&text, LIMIT_FAULT_TEXT);
    for (unsigned i = 0; i < chain->n && !told; i++) {
        gnutls_x509_crt_t crt = import(chain, i);
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

/* From the bits of the status to one sentence: the worst trouble first. */
static enum cause explain(const struct chain *chain, unsigned status, const char *name,
                          struct fault *why)
{
    const unsigned untrusted = GNUTLS_CERT_SIGNER_NOT_FOUND | GNUTLS_CERT_SIGNER_NOT_CA |
                               GNUTLS_CERT_SIGNATURE_FAILURE |
                               GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE;

    if ((status & GNUTLS_CERT_REVOKED) != 0)
        return fault_set(why, CAUSE_TLS_REVOKED, "the certificate was revoked by its authority");
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

/* GnuTLS could not even come to a verdict, say for a chain of hundreds: that is a no. */
static enum cause library_fault(int ret, struct fault *why)
{
    if (ret == GNUTLS_E_MEMORY_ERROR)
        return fault_set(why, CAUSE_NO_MEMORY, "out of memory while checking the certificate");
    return fault_set(why, CAUSE_TLS_UNTRUSTED, "the certificate cannot be checked: %s",
                     gnutls_strerror(ret));
}

/* No file to scan: GnuTLS knows the store of such a system, or nobody does. */
static enum cause load_system(gnutls_certificate_credentials_t creds, struct fault *why)
{
    if (gnutls_certificate_set_x509_system_trust(creds) > 0)
        return CAUSE_NONE;
    fault_set(why, CAUSE_CONFIG, "this system has no list of trusted certificate authorities");
    fault_hint(why, "install the package ca-certificates, or set tls_trust = FILE");
    return CAUSE_CONFIG;
}

/* Verifies with the roots that the chain names and, if that fails, with all of them. */
static enum cause verify_with(gnutls_session_t session, gnutls_certificate_credentials_t creds,
                              const struct chain *chain, const struct tls_params *p,
                              struct fault *why)
{
    const struct chain *named = chain;
    const char *path = NULL;
    unsigned status = GNUTLS_CERT_INVALID;
    size_t seen = 0;
    struct buf pem;
    enum cause cause;
    int ret = 0;

    buf_init(&pem, TRUST_FILE_MAX);
    cause = find_bundle(p->trust_file, &path, &pem, why);
    if (cause == CAUSE_NONE && path == NULL)
        cause = load_system(creds, why);
    for (int tries = path != NULL ? 2 : 1; cause == CAUSE_NONE && tries > 0; tries--) {
        if (path != NULL)
            ret = load_roots(creds, &pem, named, &seen);
        if (path != NULL && ret >= 0 && seen == 0) {
            cause = fault_set(why, CAUSE_CONFIG, "%s holds no certificate", path);
            break;
        }
        if (ret >= 0)
            ret = verify(session, p->name, &status);
        if (ret < 0 || status == 0)
            break;
        named = NULL;
    }
    buf_free(&pem);
    if (cause != CAUSE_NONE)
        return cause;
    if (ret < 0)
        return library_fault(ret, why);
    return status == 0 ? CAUSE_NONE : explain(chain, status, p->name, why);
}

enum cause trust_verify(gnutls_session_t session, gnutls_certificate_credentials_t creds,
                        const struct tls_params *p, struct fault *why)
{
    struct chain chain = {0};

    chain.cert = gnutls_certificate_get_peers(session, &chain.n);
    if (chain.cert == NULL || chain.n == 0)
        return fault_set(why, CAUSE_TLS_UNTRUSTED, "the server showed no certificate");
    return verify_with(session, creds, &chain, p, why);
}
