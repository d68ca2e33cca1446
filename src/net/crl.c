/*
 * crl.c: see crl.h. GnuTLS looks a certificate up in the lists it was given and asks nothing else
 * of them: not who signed them, not whether they are of today. Lists come by a script over plain
 * HTTP as often as not, so both are checked here; and a list that has run out says nothing about
 * what was revoked since, which is the one thing that it is kept for.
 */
#include "config.h"

#include "net/crl.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "net/roots.h"
#include "net/tls_file.h"

/* Those of big authorities have a few hundred thousand entries. */
#define CRL_FILE_MAX ((size_t)32 * 1024 * 1024)

#define PEM_MARK "-----BEGIN "
#define CRL_MARK "-----BEGIN X509 CRL-----"

static enum cause wrong_file(const char *path, const char *what, struct fault *why)
{
    fault_set(why, CAUSE_TLS_FILE, "tls_crl: %s: %s", path, what);
    fault_hint(why, "tls_crl names a file with the authorities' lists of revoked certificates");
    return CAUSE_TLS_FILE;
}

static bool has(const struct buf *text, const char *mark)
{
    return memmem(text->data, text->len, mark, strlen(mark)) != NULL;
}

static enum cause import(struct crl_file *f, const struct buf *text, struct fault *why)
{
    gnutls_datum_t data = {.data = (unsigned char *)text->data, .size = (unsigned)text->len};
    bool pem = has(text, PEM_MARK);
    int ret;

    if (text->len == 0 || (pem && !has(text, CRL_MARK)))
        return wrong_file(f->path, "holds no list of revoked certificates", why);
    ret = gnutls_x509_crl_list_import2(&f->v, &f->n, &data,
                                       pem ? GNUTLS_X509_FMT_PEM : GNUTLS_X509_FMT_DER, 0);
    if (ret >= 0)
        return CAUSE_NONE;
    f->v = NULL;
    f->n = 0;
    return wrong_file(f->path, gnutls_strerror(ret), why);
}

enum cause crl_load(struct crl_file *f, const char *path, struct fault *why)
{
    struct fault local = {0};
    struct stat st;
    struct buf text;
    enum cause cause;
    int fd = -1;

    *f = (struct crl_file){.path = path};
    if (path == NULL)
        return CAUSE_NONE;
    if (file_open_regular(path, &fd, &st, &local) != CAUSE_NONE)
        return tls_file_fault("tls_crl", &local, why);
    buf_init(&text, CRL_FILE_MAX);
    cause = file_read_fd(fd, path, &text, &local);
    (void)close(fd);
    cause = cause != CAUSE_NONE ? tls_file_fault("tls_crl", &local, why) : import(f, &text, why);
    buf_free(&text);
    return cause;
}

int crl_give(const struct crl_file *f, gnutls_certificate_credentials_t creds)
{
    int ret = f->n > 0 ? gnutls_certificate_set_x509_crl(creds, f->v, (int)f->n) : 0;

    return ret < 0 ? ret : 0;
}

/* Whether the list is of the authority that issued certificate I. */
static bool is_about(gnutls_x509_crl_t list, const struct trust_chain *chain, unsigned i)
{
    struct roots_dn issuer, subject, of_list = {0};
    gnutls_datum_t dn = {0};
    bool same;

    if (!roots_names(chain->cert[i].data, chain->cert[i].size, &issuer, &subject) ||
        gnutls_x509_crl_get_raw_issuer_dn(list, &dn) < 0)
        return false;
    of_list.der = dn.data;
    of_list.n = dn.size;
    same = roots_same(&issuer, &of_list);
    gnutls_free(dn.data);
    return same;
}

/* The certificate that signed certificate I: from the trust list, or the next one. NULL: none. */
static gnutls_x509_crt_t issuer_of(const struct trust_chain *chain, unsigned i,
                                   gnutls_certificate_credentials_t creds)
{
    gnutls_x509_crt_t crt = trust_chain_import(chain, i), issuer = NULL;

    if (crt == NULL)
        return NULL;
    if (gnutls_certificate_get_issuer(creds, crt, &issuer, GNUTLS_TL_GET_COPY) < 0)
        issuer = trust_chain_import(chain, i + 1);
    gnutls_x509_crt_deinit(crt);
    return issuer;
}

static bool is_signed(gnutls_x509_crl_t list, gnutls_x509_crt_t issuer)
{
    /* The times are ours to look at: they have a text of their own. */
    const unsigned times =
        GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED | GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE;
    unsigned status = GNUTLS_CERT_INVALID;

    return gnutls_x509_crl_verify(list, &issuer, 1, GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &status) >=
               0 &&
           (status & ~(times | GNUTLS_CERT_INVALID)) == 0;
}

/* What the lists about one certificate come to. */
struct found {
    bool any, signed_one;
    int64_t until; /* the latest end of a good one; 0: none is in force */
    int64_t ended; /* the latest end of one that is over */
};

static void look(const struct crl_file *f, const struct trust_chain *chain, unsigned i,
                 gnutls_certificate_credentials_t creds, struct found *out)
{
    int64_t now = clock_now_s();
    gnutls_x509_crt_t issuer = NULL;

    memset(out, 0, sizeof(*out));
    for (unsigned k = 0; k < f->n; k++) {
        int64_t from, to;

        if (!is_about(f->v[k], chain, i))
            continue;
        out->any = true;
        if (issuer == NULL)
            issuer = issuer_of(chain, i, creds);
        if (issuer == NULL || !is_signed(f->v[k], issuer))
            continue;
        out->signed_one = true;
        from = (int64_t)gnutls_x509_crl_get_this_update(f->v[k]);
        to = (int64_t)gnutls_x509_crl_get_next_update(f->v[k]);
        if (to < 0) /* RFC 5280 wants one and not every authority gives it */
            to = INT64_MAX;
        if (from <= now && now < to && to > out->until)
            out->until = to;
        else if (to <= now && to > out->ended)
            out->ended = to;
    }
    if (issuer != NULL)
        gnutls_x509_crt_deinit(issuer);
}

static enum cause explain(const struct crl_file *f, const struct trust_chain *chain, unsigned i,
                          const struct found *found, struct fault *why)
{
    struct buf text;

    buf_init(&text, LIMIT_FAULT_TEXT);
    buf_adds(&text, "the list of revoked certificates of ");
    trust_chain_add_issuer(&text, chain, i);
    buf_addf(&text, " in tls_crl %s ", f->path);
    if (!found->signed_one) {
        buf_adds(&text, "is not signed by it");
    } else if (found->ended > 0) {
        buf_adds(&text, "is out of date since ");
        trust_chain_add_date(&text, found->ended);
    } else {
        buf_adds(&text, "is not in force yet");
    }
    fault_set(why, CAUSE_TLS_UNTRUSTED, "%s", text.data);
    fault_hint(why, "fetch the authority's present list into that file");
    buf_free(&text);
    return CAUSE_TLS_UNTRUSTED;
}

enum cause crl_check(const struct crl_file *f, const struct trust_chain *chain,
                     gnutls_certificate_credentials_t creds, int64_t *until, struct fault *why)
{
    for (unsigned i = 0; f->n > 0 && i < chain->n; i++) {
        struct found found;

        look(f, chain, i, creds, &found);
        if (found.any && found.until == 0)
            return explain(f, chain, i, &found, why);
        if (found.any && found.until < *until)
            *until = found.until;
    }
    return CAUSE_NONE;
}

int64_t crl_since(const struct crl_file *f, const struct trust_chain *chain, unsigned i)
{
    gnutls_x509_crt_t crt = trust_chain_import(chain, i);
    unsigned char want[64], have[64];
    size_t n_want = sizeof(want);
    int64_t since = 0;

    if (crt == NULL)
        return 0;
    if (gnutls_x509_crt_get_serial(crt, want, &n_want) < 0)
        n_want = 0;
    gnutls_x509_crt_deinit(crt);
    for (unsigned k = 0; n_want > 0 && since == 0 && k < f->n; k++) {
        gnutls_x509_crl_iter_t at = NULL;
        size_t n = sizeof(have);
        time_t when = 0;

        if (!is_about(f->v[k], chain, i))
            continue;
        while (gnutls_x509_crl_iter_crt_serial(f->v[k], &at, have, &n, &when) >= 0) {
            if (n == n_want && memcmp(have, want, n) == 0) {
                since = (int64_t)when;
                break;
            }
            n = sizeof(have);
        }
        gnutls_x509_crl_iter_deinit(at);
    }
    return since;
}

void crl_free(struct crl_file *f)
{
    for (unsigned i = 0; i < f->n; i++)
        gnutls_x509_crl_deinit(f->v[i]);
    gnutls_free(f->v);
    *f = (struct crl_file){0};
}
