/*
 * test_roots.c: finding certificates in a bundle by their names, without decoding them all.
 */
#include "config.h"

#include "net/roots.h"

#include "pki.h"
#include "tap.h"

#include "base/buf.h"

#define MANY 100

struct count {
    size_t found;
    struct buf text; /* the blocks, one behind the other */
};

static void remember(void *context, const char *pem, size_t n)
{
    struct count *c = context;

    c->found++;
    buf_add(&c->text, pem, n);
    buf_addc(&c->text, '\n');
}

static struct count scan(const char *pem, size_t n, const struct roots_dn *wanted, size_t n_wanted,
                         size_t *seen)
{
    struct count c = {0};

    buf_init(&c.text, 1 << 20);
    *seen = roots_scan(pem, n, wanted, n_wanted, remember, &c);
    return c;
}

/* Counts what a scan of PEM for the name DN finds and sees. */
static void check_scan(const char *pem, const struct roots_dn *dn, size_t want_found,
                       size_t want_seen, const char *why)
{
    size_t seen;
    struct count c = scan(pem, strlen(pem), dn, 1, &seen);

    ok(c.found == want_found && seen == want_seen, "%s: found %zu of %zu, want %zu of %zu", why,
       c.found, seen, want_found, want_seen);
    buf_free(&c.text);
}

static void test_names(const struct pki_cert *root, const struct pki_cert *leaf)
{
    gnutls_datum_t der = pki_der(leaf), dn;
    struct roots_dn issuer, subject;
    size_t readable = 0;

    ok(roots_names(der.data, der.size, &issuer, &subject), "a certificate has names");
    pki_must(gnutls_x509_crt_get_raw_dn(leaf->crt, &dn), "subject");
    is_mem(subject.der, subject.n, dn.data, dn.size, "the subject is what GnuTLS says");
    gnutls_free(dn.data);
    pki_must(gnutls_x509_crt_get_raw_dn(root->crt, &dn), "issuer");
    is_mem(issuer.der, issuer.n, dn.data, dn.size, "the issuer is the subject of the root");
    gnutls_free(dn.data);
    ok(!roots_same(&issuer, &subject) && roots_same(&issuer, &issuer), "names are told apart");

    /* Each prefix in memory of its own size, so that a sanitizer sees one octet too far. */
    for (size_t n = 0; n < der.size; n++) {
        unsigned char *cut = malloc(n > 0 ? n : 1);

        memcpy(cut, der.data, n);
        readable += roots_names(cut, n, &issuer, &subject);
        free(cut);
    }
    ok(readable > 0 && readable < der.size,
       "a cut certificate has names once the subject is there");
    gnutls_free(der.data);
}

static void test_hostile_der(void)
{
    static const struct {
        const char *der;
        size_t n;
        const char *why;
    } t[] = {
        {"", 0, "nothing"},
        {"\x30", 1, "a tag without a length"},
        {"\x30\x80\x30\x80", 4, "indefinite length"},
        {"\x30\x84\x7f\xff\xff\xff\x30\x03\x02\x01\x01", 11, "a length of four octets"},
        {"\x30\x83\xff\xff\xff\x30\x83\xff\xff\xff\x02\x83\xff\xff\xff", 15, "endless serial"},
        {"\x30\x0a\x30\x08\xa0\x7f\x02\x01\x02\x02\x01\x01", 12, "a version beyond the end"},
        {"\x02\x01\x01", 3, "a number"},
        {"\x30\x20\x30\x1e\x02\x01\x01\x30\x00\x30\x00\x30\x00\x30\x7f", 15, "a cut subject"},
    };

    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct roots_dn a, b;
        unsigned char *der = malloc(t[i].n + 1);

        memcpy(der, t[i].der, t[i].n);
        ok(!roots_names(der, t[i].n, &a, &b) && a.n == 0 && b.n == 0, "%s", t[i].why);
        free(der);
    }
}

/* A hundred roots: those that are not named are neither found nor imported. */
static void test_many(void)
{
    struct pki_cert root[MANY];
    struct roots_dn issuer, names[2];
    gnutls_datum_t der[2];
    struct buf bundle;
    struct count c;
    size_t seen;

    buf_init(&bundle, 1 << 20);
    for (size_t i = 0; i < MANY; i++) {
        char cn[64], *pem;

        snprintf(cn, sizeof(cn), "Test Root %03zu", i);
        root[i] = pki_make(&(struct pki_wish){.cn = cn, .authority = true}, NULL);
        pem = pki_pem(&root[i]);
        buf_addf(&bundle, "# root %zu - with a comment\n%s\n", i, pem);
        free(pem);
    }
    der[0] = pki_der(&root[42]);
    der[1] = pki_der(&root[99]);
    (void)roots_names(der[0].data, der[0].size, &issuer, &names[0]);
    (void)roots_names(der[1].data, der[1].size, &issuer, &names[1]);
    check_scan(bundle.data, &names[0], 1, MANY, "one of a hundred");
    check_scan(bundle.data, &names[1], 1, MANY, "the last of a hundred");
    c = scan(bundle.data, bundle.len, names, 2, &seen);
    is_int((long long)c.found, 2, "two names, two roots");
    buf_free(&c.text);
    c = scan(bundle.data, bundle.len, NULL, 0, &seen);
    is_int((long long)c.found, MANY, "no names: all of them");
    buf_free(&c.text);
    c = scan(bundle.data, bundle.len, names, 0, &seen);
    ok(c.found == 0 && seen == MANY, "an empty list of names: none of them");
    buf_free(&c.text);
    gnutls_free(der[0].data);
    gnutls_free(der[1].data);
    for (size_t i = 0; i < MANY; i++)
        pki_free(&root[i]);
    buf_free(&bundle);
}

/* Replaces each FROM in TEXT by TO; the result is freed with free. */
static char *replace_all(const char *text, const char *from, const char *to)
{
    struct buf b;
    const char *at;

    buf_init(&b, 1 << 20);
    while ((at = strstr(text, from)) != NULL) {
        buf_add(&b, text, (size_t)(at - text));
        buf_adds(&b, to);
        text = at + strlen(from);
    }
    buf_adds(&b, text);
    return buf_take(&b);
}

static void check_edit(const char *pem, const char *from, const char *to, const struct roots_dn *dn,
                       size_t want_found, size_t want_seen, const char *why)
{
    char *text = replace_all(pem, from, to);

    check_scan(text, dn, want_found, want_seen, why);
    free(text);
}

static void test_forms(const struct pki_cert *root, const struct pki_cert *twin)
{
    gnutls_datum_t der = pki_der(root);
    struct roots_dn issuer, dn;
    char *a = pki_pem(root), *b = pki_pem(twin);
    struct count c;
    struct buf text;
    size_t seen;

    (void)roots_names(der.data, der.size, &issuer, &dn);
    check_scan(a, &dn, 1, 1, "one certificate");
    check_scan("", &dn, 0, 0, "an empty file");
    check_scan("nothing here\n", &dn, 0, 0, "a file of something else");
    check_edit(a, "\n", "\r\n", &dn, 1, 1, "CRLF line ends");
    check_edit(a, " CERTIFICATE-----", " X509 CERTIFICATE-----", &dn, 1, 1, "the old label");
    check_edit(a, " CERTIFICATE-----", " TRUSTED CERTIFICATE-----", &dn, 0, 0,
               "an OpenSSL certificate with trust settings is another format");
    check_edit(a, " CERTIFICATE-----", " PRIVATE KEY-----", &dn, 0, 0, "a key is no certificate");
    check_edit(a, "-----END", "", &dn, 0, 0, "a certificate without an end");
    check_edit(a, "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\n@", &dn, 0, 1,
               "a wrong character: passed over, counted");
    check_edit(a, "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\n  \t", &dn, 1, 1,
               "blanks before the text");

    buf_init(&text, 1 << 20);
    buf_addf(&text, "%s%s%s", b, a, "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n");
    check_scan(text.data, &dn, 2, 3, "two roots with one name are both found, an empty one is not");
    c = scan(text.data, text.len, &dn, 1, &seen);
    buf_reset(&text);
    buf_addf(&text, "%s%s", b, a);
    is_str(c.text.data, text.data, "what is handed over is the block, from mark to mark");
    buf_free(&c.text);

    /* All one line, and a bundle that ends in the middle of each octet of the second block. */
    seen = 0;
    for (size_t n = strlen(b); n < text.len; n++) {
        char *cut = malloc(n);
        size_t blocks;

        memcpy(cut, text.data, n);
        c = scan(cut, n, &dn, 1, &blocks);
        seen += c.found;
        buf_free(&c.text);
        free(cut);
    }
    ok(seen >= text.len - strlen(b) && seen <= text.len - strlen(b) + 1,
       "a bundle cut anywhere still gives the whole blocks before the cut");
    buf_free(&text);
    free(a);
    free(b);
    gnutls_free(der.data);
}

int main(void)
{
    struct pki_wish authority = {.cn = "Test Root", .authority = true};
    struct pki_cert root = pki_make(&authority, NULL), twin = pki_make(&authority, NULL);
    struct pki_cert leaf = pki_make(&(struct pki_wish){.cn = "leaf"}, &root);

    test_names(&root, &leaf);
    test_hostile_der();
    test_many();
    test_forms(&root, &twin);
    pki_free(&root);
    pki_free(&twin);
    pki_free(&leaf);
    return done_testing();
}
