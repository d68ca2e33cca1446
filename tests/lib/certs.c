/*
 * certs.c: makes the certificate matrix. Everything is ECDSA P-256, whose keys cost microseconds,
 * but the one certificate whose key is meant to be too short.
 */
#include "config.h"

#include "certs.h"

#include "ocsp.h"
#include "octets.h"

#include <dirent.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DAY ((time_t)24 * 3600)

/* To be raised with every change of the matrix: folders with another one are made anew. */
#define VERSION "2"

struct pair {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t crt;
};

/* What a row asks for. NULL and 0: not so. */
struct wish {
    const char *name;
    const char *dns;
    bool ip;          /* IP:127.0.0.1 */
    bool authority;   /* may issue */
    bool for_clients; /* purpose clientAuth instead of serverAuth */
    bool weak;
    bool must_staple;          /* RFC 7633 */
    time_t from_days, to_days; /* relative to now */
};

static const struct wish root_wish = {
    .name = "ca", .authority = true, .from_days = -2, .to_days = 60};
static const struct wish other_wish = {
    .name = "other-ca", .authority = true, .from_days = -2, .to_days = 60};
/* Bears the name of the trusted root, with another key. */
static const struct wish forged_wish = {
    .name = "ca", .authority = true, .from_days = -2, .to_days = 60};
static const struct wish middle_wish = {
    .name = "intermediate", .authority = true, .from_days = -2, .to_days = 50};
static const struct wish posing_wish = {
    .name = "leaf-issuer", .dns = "issuer.example.org", .from_days = -2, .to_days = 50};

enum issuer { BY_ROOT, BY_OTHER, BY_FORGED, BY_SELF, BY_MIDDLE, BY_MIDDLE_UNSENT, BY_LEAF };

static const struct row {
    struct wish wish;
    enum issuer issuer;
} rows[] = {
    {{.name = "good", .dns = "localhost", .ip = true, .from_days = -1, .to_days = 30}, BY_ROOT},
    {{.name = "wrong-name", .dns = "elsewhere.example.org", .from_days = -1, .to_days = 30},
     BY_ROOT},
    {{.name = "expired", .dns = "localhost", .ip = true, .from_days = -9, .to_days = -1}, BY_ROOT},
    {{.name = "not-yet-valid", .dns = "localhost", .ip = true, .from_days = 365, .to_days = 400},
     BY_ROOT},
    {{.name = "untrusted", .dns = "localhost", .ip = true, .from_days = -1, .to_days = 30},
     BY_OTHER},
    {{.name = "forged-issuer", .dns = "localhost", .ip = true, .from_days = -1, .to_days = 30},
     BY_FORGED},
    {{.name = "self-signed", .dns = "localhost", .ip = true, .from_days = -1, .to_days = 30},
     BY_SELF},
    {{.name = "wrong-purpose",
      .dns = "localhost",
      .ip = true,
      .for_clients = true,
      .from_days = -1,
      .to_days = 30},
     BY_ROOT},
    {{.name = "weak-key",
      .dns = "localhost",
      .ip = true,
      .weak = true,
      .from_days = -1,
      .to_days = 30},
     BY_ROOT},
    {{.name = "ip-only", .ip = true, .from_days = -1, .to_days = 30}, BY_ROOT},
    {{.name = "ip-as-name", .dns = "127.0.0.1", .from_days = -1, .to_days = 30}, BY_ROOT},
    {{.name = "name-only", .dns = "localhost", .from_days = -1, .to_days = 30}, BY_ROOT},
    {{.name = "via-intermediate", .dns = "localhost", .ip = true, .from_days = -1, .to_days = 30},
     BY_MIDDLE},
    {{.name = "no-intermediate", .dns = "localhost", .ip = true, .from_days = -1, .to_days = 30},
     BY_MIDDLE_UNSENT},
    {{.name = "via-leaf", .dns = "localhost", .ip = true, .from_days = -1, .to_days = 30}, BY_LEAF},
    {{.name = "revoked", .dns = "localhost", .ip = true, .from_days = -1, .to_days = 30}, BY_ROOT},
    {{.name = "must-staple",
      .dns = "localhost",
      .ip = true,
      .must_staple = true,
      .from_days = -1,
      .to_days = 30},
     BY_ROOT},
    {{.name = "client", .for_clients = true, .from_days = -1, .to_days = 30}, BY_MIDDLE},
    {{.name = "wildcard", .dns = "*.example.org", .from_days = -1, .to_days = 30}, BY_ROOT},
};

#define ROWS (sizeof rows / sizeof rows[0])

const char *const *certs_names(void)
{
    static const char *names[ROWS + 1];
    size_t i;

    for (i = 0; i < ROWS; i++)
        names[i] = rows[i].wish.name;
    return names;
}

static void must(int rc, const char *what)
{
    if (rc < 0)
        die("certificates: %s: %s", what, gnutls_strerror(rc));
}

static void make_key(gnutls_x509_privkey_t *key, bool weak)
{
    must(gnutls_x509_privkey_init(key), "key");
    if (weak)
        must(gnutls_x509_privkey_generate(*key, GNUTLS_PK_RSA, 1024, 0), "RSA key");
    else
        must(gnutls_x509_privkey_generate(*key, GNUTLS_PK_ECDSA,
                                          GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
             "ECDSA key");
}

static void add_names(gnutls_x509_crt_t crt, const struct wish *w)
{
    static const unsigned char loopback[4] = {127, 0, 0, 1};

    if (w->dns)
        must(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, w->dns,
                                                  (unsigned)strlen(w->dns), GNUTLS_FSAN_APPEND),
             "DNS name");
    if (w->ip)
        must(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, loopback,
                                                  sizeof loopback, GNUTLS_FSAN_APPEND),
             "IP address");
}

static void add_uses(gnutls_x509_crt_t crt, const struct wish *w)
{
    must(gnutls_x509_crt_set_basic_constraints(crt, w->authority ? 1 : 0, -1), "constraints");
    if (w->authority) {
        must(gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN),
             "key usage");
        return;
    }
    must(gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE), "key usage");
    must(gnutls_x509_crt_set_key_purpose_oid(
             crt, w->for_clients ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER, 0),
         "key purpose");
    if (w->must_staple) /* SEQUENCE OF status_request (5) */
        must(gnutls_x509_crt_set_extension_by_oid(crt, "1.3.6.1.5.5.7.1.24", "\x30\x03\x02\x01\x05",
                                                  5, 0),
             "must-staple");
}

/* A certificate as W wishes, signed by ISSUER, or by itself when that is NULL. */
static void make_pair(struct pair *made, const struct wish *w, const struct pair *issuer)
{
    unsigned char serial[16], id[64];
    size_t id_size = sizeof id;
    time_t now = time(NULL);

    make_key(&made->key, w->weak);
    must(gnutls_x509_crt_init(&made->crt), "certificate");
    must(gnutls_x509_crt_set_version(made->crt, 3), "version");
    must(gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial), "serial number");
    serial[0] = (unsigned char)((serial[0] & 0x3f) | 0x40);
    must(gnutls_x509_crt_set_serial(made->crt, serial, sizeof serial), "serial number");
    must(gnutls_x509_crt_set_dn_by_oid(made->crt, GNUTLS_OID_X520_COMMON_NAME, 0, w->name,
                                       (unsigned)strlen(w->name)),
         "subject");
    must(gnutls_x509_crt_set_activation_time(made->crt, now + w->from_days * DAY), "begin");
    must(gnutls_x509_crt_set_expiration_time(made->crt, now + w->to_days * DAY), "end");
    must(gnutls_x509_crt_set_key(made->crt, made->key), "public key");
    must(gnutls_x509_crt_get_key_id(made->crt, GNUTLS_KEYID_USE_SHA1, id, &id_size), "key id");
    must(gnutls_x509_crt_set_subject_key_id(made->crt, id, id_size), "key id");
    add_names(made->crt, w);
    add_uses(made->crt, w);
    if (!issuer)
        issuer = made;
    must(gnutls_x509_crt_sign2(made->crt, issuer->crt, issuer->key, GNUTLS_DIG_SHA256, 0), "sign");
}

static void free_pair(struct pair *p)
{
    gnutls_x509_crt_deinit(p->crt);
    gnutls_x509_privkey_deinit(p->key);
}

static void save(const char *dir, const char *name, const char *ending, const struct octets *o)
{
    struct octets path = {0};

    octets_printf(&path, "%s/%s.%s", dir, name, ending);
    if (!octets_save(o, octets_text(&path), 0600))
        die("%s: %s", octets_text(&path), strerror(errno));
    octets_free(&path);
}

static void add_pem(struct octets *out, gnutls_x509_crt_t crt)
{
    gnutls_datum_t pem = {NULL, 0};

    must(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem), "export");
    octets_add(out, pem.data, pem.size);
    gnutls_free(pem.data);
}

/* Writes NAME.pem, with the certificate of SENT behind it if there is one, and NAME.key. */
static void save_pair(const char *dir, const char *name, const struct pair *p,
                      const struct pair *sent)
{
    struct octets text = {0};
    gnutls_datum_t pem = {NULL, 0};

    add_pem(&text, p->crt);
    if (sent)
        add_pem(&text, sent->crt);
    save(dir, name, "pem", &text);
    octets_free(&text);
    must(gnutls_x509_privkey_export2(p->key, GNUTLS_X509_FMT_PEM, &pem), "export");
    octets_add(&text, pem.data, pem.size);
    gnutls_free(pem.data);
    save(dir, name, "key", &text);
    octets_free(&text);
}

/* Writes NAME.crl: a list of ISSUER with REVOKED in it, or nothing, from and to so many days. */
static void save_list(const char *dir, const char *name, const struct pair *issuer,
                      const struct pair *revoked, int from_days, int to_days)
{
    gnutls_datum_t pem = {NULL, 0};
    struct octets text = {0};
    time_t now = time(NULL);
    gnutls_x509_crl_t crl;

    must(gnutls_x509_crl_init(&crl), "list");
    must(gnutls_x509_crl_set_version(crl, 2), "version");
    must(gnutls_x509_crl_set_this_update(crl, now + from_days * DAY), "begin");
    must(gnutls_x509_crl_set_next_update(crl, now + to_days * DAY), "end");
    must(gnutls_x509_crl_set_number(crl, "\1", 1), "number");
    if (revoked)
        must(gnutls_x509_crl_set_crt(crl, revoked->crt, now - DAY), "entry");
    must(gnutls_x509_crl_sign2(crl, issuer->crt, issuer->key, GNUTLS_DIG_SHA256, 0), "sign");
    must(gnutls_x509_crl_export2(crl, GNUTLS_X509_FMT_PEM, &pem), "export");
    octets_add(&text, pem.data, pem.size);
    gnutls_free(pem.data);
    save(dir, name, "crl", &text);
    octets_free(&text);
    gnutls_x509_crl_deinit(crl);
}

/* Writes NAME.staple. */
static void save_staple(const char *dir, const char *name, const struct pair *of,
                        const struct pair *issuer, bool revoked, int age_days)
{
    struct octets der = {0};

    ocsp_make(&der, of->crt, issuer->crt, issuer->key, revoked, age_days);
    save(dir, name, "staple", &der);
    octets_free(&der);
}

/* Writes good.pin. */
static void save_pin(const char *dir, const struct pair *of)
{
    unsigned char id[32];
    size_t n = sizeof id, i;
    struct octets text = {0};

    must(gnutls_x509_crt_get_key_id(of->crt, GNUTLS_KEYID_USE_SHA256, id, &n), "key id");
    octets_str(&text, "sha256:");
    for (i = 0; i < n; i++)
        octets_printf(&text, "%02x", id[i]);
    save(dir, "good", "pin", &text);
    octets_free(&text);
}

/* What there is about a certificate beside itself. */
static void save_more(const char *dir, const struct wish *w, const struct pair *made,
                      const struct pair *root)
{
    if (strcmp(w->name, "revoked") == 0) {
        save_list(dir, "ca", root, made, -1, 30);
    } else if (strcmp(w->name, "must-staple") == 0) {
        save_staple(dir, "must-staple", made, root, false, 1);
    } else if (strcmp(w->name, "good") == 0) {
        save_staple(dir, "good", made, root, false, 1);
        save_staple(dir, "good-revoked", made, root, true, 1);
        save_staple(dir, "good-old", made, root, false, 20);
        save_pin(dir, made);
    }
}

void certs_make(const char *dir)
{
    struct pair root, other, forged, middle, posing, made;
    const struct octets none = {0};
    size_t i;

    make_pair(&root, &root_wish, NULL);
    make_pair(&other, &other_wish, NULL);
    make_pair(&forged, &forged_wish, NULL);
    make_pair(&middle, &middle_wish, &root);
    make_pair(&posing, &posing_wish, &root);
    for (i = 0; i < ROWS; i++) {
        const struct pair *const issuer[] = {
            [BY_ROOT] = &root,   [BY_OTHER] = &other,   [BY_FORGED] = &forged,
            [BY_SELF] = NULL,    [BY_MIDDLE] = &middle, [BY_MIDDLE_UNSENT] = &middle,
            [BY_LEAF] = &posing,
        };
        const struct pair *sent = rows[i].issuer == BY_MIDDLE ? &middle
                                  : rows[i].issuer == BY_LEAF ? &posing
                                                              : NULL;

        make_pair(&made, &rows[i].wish, issuer[rows[i].issuer]);
        save_pair(dir, rows[i].wish.name, &made, sent);
        save_more(dir, &rows[i].wish, &made, &root);
        free_pair(&made);
    }
    save_list(dir, "old", &root, NULL, -9, -1);
    save_pair(dir, "other-ca", &other, NULL);
    save_pair(dir, "both-ca", &other, &root);
    save_pair(dir, "ca", &root, NULL);
    /* Last: whoever finds it finds everything. */
    save(dir, "matrix", VERSION, &none);
    free_pair(&root);
    free_pair(&other);
    free_pair(&forged);
    free_pair(&middle);
    free_pair(&posing);
}

void certs_remove(const char *dir)
{
    struct octets path = {0};
    const struct dirent *e;
    DIR *d = opendir(dir);

    while (d && (e = readdir(d))) {
        path.n = 0;
        octets_printf(&path, "%s/%s", dir, e->d_name);
        (void)unlink(octets_text(&path)); /* not the folders, . and .. */
    }
    if (d)
        closedir(d);
    (void)rmdir(dir);
    octets_free(&path);
}

void certs_ensure(const char *dir)
{
    struct octets mark = {0}, fresh = {0}, old = {0};
    struct stat st;

    octets_printf(&mark, "%s/matrix." VERSION, dir);
    octets_printf(&fresh, "%s.new.%ld", dir, (long)getpid());
    octets_printf(&old, "%s.old.%ld", dir, (long)getpid());
    if (stat(octets_text(&mark), &st) == 0 && time(NULL) - st.st_mtime < DAY)
        goto out;
    if (mkdir(octets_text(&fresh), 0700) != 0)
        die("%s: %s", octets_text(&fresh), strerror(errno));
    certs_make(octets_text(&fresh));
    /* A folder with something in it is not replaced: somebody else was quicker, or it is old. */
    if (rename(octets_text(&fresh), dir) == 0)
        goto out;
    if (stat(octets_text(&mark), &st) == 0 && time(NULL) - st.st_mtime < DAY) {
        certs_remove(octets_text(&fresh));
        goto out;
    }
    if (rename(dir, octets_text(&old)) == 0)
        certs_remove(octets_text(&old));
    if (rename(octets_text(&fresh), dir) != 0)
        die("%s: %s", dir, strerror(errno));
out:
    octets_free(&mark);
    octets_free(&fresh);
    octets_free(&old);
}
