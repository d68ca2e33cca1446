/*
 * trust.c: our own verification of the peer, between the handshake and the first octet of SMTP.
 *
 * GnuTLS does the verifying. What is ours: which roots it gets (net/roots finds those that the
 * chain names, a hundredth of the work of loading all), what it must check besides signatures (the
 * name, the key purpose), and the pins. A session that goes on from a ticket was verified when its
 * chain came; only what the configuration says of that chain is looked at again.
 */
#include "config.h"

#include "net/trust.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/ocsp.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/xalloc.h"
#include "net/crl.h"
#include "net/pin.h"
#include "net/resolve.h"
#include "net/roots.h"
#include "net/tls_file.h"
#include "net/trust_chain.h"

/* A bundle of every authority in the world is a quarter of a megabyte. */
#define TRUST_FILE_MAX ((size_t)16 * 1024 * 1024)

#define READ_STEP ((size_t)64 * 1024)

/* GnuTLS itself refuses chains of more than 16. */
#define CHAIN_MAX 16

/* Where systems keep their authorities in one file: Debian, Alpine, Arch; Fedora; SUSE; BSD. */
static const char *const system_bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/var/lib/ca-certificates/ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
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
    struct fault local = {0};
    struct stat st;
    int fd = -1;
    int err;

    if (file_open_regular(path, &fd, &st, &local) != CAUSE_NONE)
        return tls_file_fault(NULL, &local, why);
    err = read_all(fd, (size_t)st.st_size, pem);
    (void)close(fd);
    return err == 0 ? CAUSE_NONE : fault_errno(why, CAUSE_TLS_FILE, err, "%s", path);
}

const char *trust_bundle(const struct tls_params *p)
{
    if (p->trust_file != NULL)
        return p->trust_file;
    for (size_t i = 0; i < ARRAY_LEN(system_bundles); i++) {
        if (access(system_bundles[i], R_OK) == 0)
            return system_bundles[i];
    }
    return NULL;
}

/*
 * The names that a root for this chain can have: those of all issuers and, for a certificate that
 * is itself in the bundle, those of all subjects.
 */
static size_t wanted_names(const struct trust_chain *chain, struct roots_dn out[2 * CHAIN_MAX])
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
                      const struct trust_chain *chain, size_t *seen)
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

/* The name that the certificate must be for, in the form that GnuTLS checks. */
struct wanted {
    char *name; /* owned; NULL: an address */
    struct resolve_addr addr;
    unsigned char *ip; /* in addr */
    unsigned ip_size;
};

static void wanted_init(struct wanted *w, const char *name)
{
    memset(w, 0, sizeof(*w));
    if (!resolve_literal(name, &w->addr)) {
        w->name = xstrdup(name);
    } else if (w->addr.sa.ss_family == AF_INET) {
        w->ip = (unsigned char *)&((struct sockaddr_in *)&w->addr.sa)->sin_addr;
        w->ip_size = sizeof(struct in_addr);
    } else {
        w->ip = (unsigned char *)&((struct sockaddr_in6 *)&w->addr.sa)->sin6_addr;
        w->ip_size = sizeof(struct in6_addr);
    }
}

/* Asks GnuTLS: signatures, times, stapled OCSP, name or address, and the purpose. */
static int verify(gnutls_session_t session, const char *name, unsigned *status)
{
    unsigned char purpose[] = GNUTLS_KP_TLS_WWW_SERVER; /* the typed data are not const */
    gnutls_typed_vdata_st data[2] = {
        {.type = GNUTLS_DT_IP_ADDRESS},
        {.type = GNUTLS_DT_KEY_PURPOSE_OID, .data = purpose},
    };
    struct wanted w;
    int ret;

    wanted_init(&w, name);
    data[0].data = w.ip;
    data[0].size = w.ip_size;
    if (w.name != NULL) {
        data[0].type = GNUTLS_DT_DNS_HOSTNAME;
        data[0].data = (unsigned char *)w.name;
        data[0].size = (unsigned)strlen(w.name);
    }
    ret = gnutls_certificate_verify_peers(session, data, ARRAY_LEN(data), status);
    free(w.name);
    return ret;
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
    fault_set(why, CAUSE_TLS_FILE, "this system has no list of trusted certificate authorities");
    fault_hint(why, "install the package ca-certificates, or set tls_trust = FILE");
    return CAUSE_TLS_FILE;
}

/* When the stapled OCSP response says that certificate I was revoked; 0: it does not. */
static int64_t staple_since(gnutls_session_t session, unsigned i)
{
    unsigned status = GNUTLS_OCSP_CERT_UNKNOWN;
    gnutls_ocsp_resp_t response;
    gnutls_datum_t data = {0};
    time_t since = 0;

    if (gnutls_ocsp_status_request_get2(session, i, &data) < 0 || data.size == 0 ||
        gnutls_ocsp_resp_init(&response) < 0)
        return 0;
    if (gnutls_ocsp_resp_import(response, &data) < 0 ||
        gnutls_ocsp_resp_get_single(response, 0, NULL, NULL, NULL, NULL, &status, NULL, NULL,
                                    &since, NULL) < 0 ||
        status != GNUTLS_OCSP_CERT_REVOKED)
        since = 0;
    gnutls_ocsp_resp_deinit(response);
    return (int64_t)since;
}

/* Which certificate of the chain it is, by a list of ours or by the server's own word. */
static enum cause explain_revoked(gnutls_session_t session, const struct crl_file *lists,
                                  const struct trust_chain *chain, struct fault *why)
{
    for (unsigned i = 0; i < chain->n; i++) {
        int64_t since = crl_since(lists, chain, i);

        if (since == 0)
            since = staple_since(session, i);
        if (since != 0)
            return trust_chain_revoked(chain, i, since, why);
    }
    return trust_chain_revoked(chain, 0, 0, why);
}

/* One verification: where the roots and lists come from, and what it came to. */
struct verdict {
    const struct tls_params *p;
    struct crl_file lists;
    unsigned status;
    int ret; /* GnuTLS could come to no verdict */
};

/* With the roots that the chain names and, if that fails, with all of them. */
static enum cause verify_with_file(gnutls_session_t session, gnutls_certificate_credentials_t creds,
                                   const struct trust_chain *chain, const char *path,
                                   struct verdict *v, struct fault *why)
{
    const struct trust_chain *named = chain;
    size_t seen = 0;
    struct buf pem;
    enum cause cause;

    buf_init(&pem, TRUST_FILE_MAX);
    cause = read_bundle(path, &pem, why);
    for (int tries = 2; cause == CAUSE_NONE && tries > 0; tries--) {
        v->ret = load_roots(creds, &pem, named, &seen);
        if (v->ret >= 0 && seen == 0)
            cause = fault_set(why, CAUSE_TLS_FILE, "%s holds no certificate", path);
        if (v->ret >= 0 && seen > 0)
            v->ret = crl_give(&v->lists, creds);
        if (v->ret >= 0 && seen > 0)
            v->ret = verify(session, v->p->name, &v->status);
        if (v->ret < 0 || v->status == 0)
            break;
        named = NULL;
    }
    buf_free(&pem);
    return cause;
}

/* The same with a store of the system that is no file. */
static enum cause verify_with_system(gnutls_session_t session,
                                     gnutls_certificate_credentials_t creds, struct verdict *v,
                                     struct fault *why)
{
    enum cause cause = load_system(creds, why);

    if (cause != CAUSE_NONE)
        return cause;
    v->ret = crl_give(&v->lists, creds);
    if (v->ret >= 0)
        v->ret = verify(session, v->p->name, &v->status);
    return CAUSE_NONE;
}

static enum cause verify_chain(gnutls_session_t session, gnutls_certificate_credentials_t creds,
                               const struct trust_chain *chain, struct verdict *v, int64_t *until,
                               struct fault *why)
{
    const char *path = trust_bundle(v->p);
    enum cause cause = crl_load(&v->lists, v->p->crl_file, why);

    if (cause == CAUSE_NONE)
        cause = path != NULL ? verify_with_file(session, creds, chain, path, v, why)
                             : verify_with_system(session, creds, v, why);
    if (cause != CAUSE_NONE)
        return cause;
    if (v->ret < 0)
        return library_fault(v->ret, why);
    if ((v->status & GNUTLS_CERT_REVOKED) != 0)
        return explain_revoked(session, &v->lists, chain, why);
    if (v->status != 0)
        return trust_chain_explain(chain, v->status, v->p->name, why);
    return crl_check(&v->lists, chain, creds, until, why);
}

/*
 * The pin is of the server's own key, as curl has it: of a chain anybody can send what he likes,
 * and only of its first certificate he must have the key. Whom to take authorities' words from is
 * what tls_trust says.
 */
static enum cause check_pins(gnutls_x509_crt_t leaf, const struct strv *pins, struct fault *why)
{
    unsigned char have[PIN_OCTETS], want[PIN_OCTETS];
    size_t n = sizeof(have);
    struct buf text;
    int ret;

    if (pins == NULL || pins->n == 0)
        return CAUSE_NONE;
    ret = gnutls_x509_crt_get_key_id(leaf, GNUTLS_KEYID_USE_SHA256, have, &n);
    if (ret < 0 || n != sizeof(have))
        return library_fault(ret, why);
    for (size_t i = 0; i < pins->n; i++) {
        if (!pin_parse(pins->v[i], want))
            return fault_set(why, CAUSE_CONFIG, "tls_pin: not the SHA-256 of a public key");
        if (memcmp(want, have, sizeof(have)) == 0)
            return CAUSE_NONE;
    }
    buf_init(&text, LIMIT_FAULT_TEXT);
    pin_format(&text, have);
    fault_set(why, CAUSE_TLS_UNTRUSTED,
              "the server's public key is none of those in tls_pin, it is %s", text.data);
    fault_hint(why, "somebody may be listening in; only if the server's people say that its key "
                    "has changed, set tls_pin to the one shown");
    buf_free(&text);
    return CAUSE_TLS_UNTRUSTED;
}

static enum cause no_chain(struct fault *why)
{
    return fault_set(why, CAUSE_TLS_UNTRUSTED, "the server showed no certificate");
}

static enum cause no_leaf(struct fault *why)
{
    return fault_set(why, CAUSE_TLS_UNTRUSTED, "the server's certificate cannot be read");
}

static bool get_chain(gnutls_session_t session, struct trust_chain *chain)
{
    chain->cert = gnutls_certificate_get_peers(session, &chain->n);
    return chain->cert != NULL && chain->n > 0;
}

enum cause trust_verify(gnutls_session_t session, gnutls_certificate_credentials_t creds,
                        const struct tls_params *p, int64_t *until, struct fault *why)
{
    struct verdict v = {.p = p, .status = GNUTLS_CERT_INVALID};
    struct trust_chain chain = {0};
    gnutls_x509_crt_t leaf;
    enum cause cause;

    if (!get_chain(session, &chain))
        return no_chain(why);
    *until = INT64_MAX;
    cause = verify_chain(session, creds, &chain, &v, until, why);
    crl_free(&v.lists);
    if (cause != CAUSE_NONE || p->pins == NULL || p->pins->n == 0)
        return cause;
    leaf = trust_chain_import(&chain, 0);
    if (leaf == NULL)
        return no_leaf(why);
    cause = check_pins(leaf, p->pins, why);
    gnutls_x509_crt_deinit(leaf);
    return cause;
}

/* The status bits for what can be wrong with LEAF without a look at who signed it. */
static unsigned check_leaf(gnutls_x509_crt_t leaf, const char *name)
{
    unsigned status = 0;
    struct wanted w;
    bool fits;

    wanted_init(&w, name);
    fits = w.name != NULL ? gnutls_x509_crt_check_hostname2(leaf, w.name, 0) != 0
                          : gnutls_x509_crt_check_ip(leaf, w.ip, w.ip_size, 0) != 0;
    free(w.name);
    if (!fits)
        status |= GNUTLS_CERT_UNEXPECTED_OWNER;
    if (gnutls_x509_crt_check_key_purpose(leaf, GNUTLS_KP_TLS_WWW_SERVER, 0) == 0)
        status |= GNUTLS_CERT_PURPOSE_MISMATCH;
    return status;
}

enum cause trust_again(gnutls_session_t session, const struct tls_params *p, struct fault *why)
{
    struct trust_chain chain = {0};
    gnutls_x509_crt_t leaf;
    unsigned status;
    enum cause cause;

    if (!get_chain(session, &chain))
        return no_chain(why);
    leaf = trust_chain_import(&chain, 0);
    if (leaf == NULL)
        return no_leaf(why);
    status = check_leaf(leaf, p->name);
    cause = status != 0 ? trust_chain_explain(&chain, status, p->name, why)
                        : check_pins(leaf, p->pins, why);
    gnutls_x509_crt_deinit(leaf);
    return cause;
}

static void not_after(gnutls_x509_crt_t crt, int64_t *until)
{
    time_t end = gnutls_x509_crt_get_expiration_time(crt);

    if (end == (time_t)-1)
        *until = 0;
    else if ((int64_t)end < *until)
        *until = (int64_t)end;
}

/* RFC 7633: the certificate is nothing without a fresh word of its authority. */
static bool must_staple(gnutls_x509_crt_t crt)
{
    gnutls_datum_t value = {0};
    bool there =
        gnutls_x509_crt_get_extension_by_oid2(crt, "1.3.6.1.5.5.7.1.24", 0, &value, NULL) !=
        GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;

    gnutls_free(value.data);
    return there;
}

bool trust_lasts(gnutls_session_t session, gnutls_certificate_credentials_t creds, int64_t *until)
{
    struct trust_chain chain = {0};
    bool good = get_chain(session, &chain), rooted = false;

    for (unsigned i = 0; good && !rooted && i < chain.n; i++) {
        gnutls_x509_crt_t crt = trust_chain_import(&chain, i), root = NULL;

        if (crt == NULL)
            return false;
        good = !must_staple(crt);
        not_after(crt, until);
        /* What lies above the first one that a root of ours has signed did not matter. */
        rooted = gnutls_certificate_get_issuer(creds, crt, &root, GNUTLS_TL_GET_COPY) >= 0;
        if (rooted) {
            not_after(root, until);
            gnutls_x509_crt_deinit(root);
        }
        gnutls_x509_crt_deinit(crt);
    }
    return good;
}
