/*
 * test_crl.c: lists of revoked certificates: what they revoke, and lists that are no good. Each
 * case is a real handshake between net/tls and a GnuTLS server, in memory.
 */
#include "config.h"

#include "net/crl.h"

#include "memserver.h"
#include "tap.h"

#include "base/buf.h"

static struct pki_cert root, twin, other, middle, leaf, plain; /* plain: straight from the root */
static char *root_file;

/* One connection to a server with LEAF and MIDDLE, or with PLAIN alone. */
static enum cause try(bool deep, const char *crl_file, const char *server, struct fault *why)
{
    const struct pki_cert *deep_chain[] = {&leaf, &middle}, *short_chain[] = {&plain};
    struct tls_params p = {
        .name = "mail.example.org", .trust_file = root_file, .crl_file = crl_file};
    struct memserver *m = mem_start(deep ? deep_chain : short_chain, deep ? 2 : 1, server, NULL);
    struct tls *t = NULL;
    enum cause cause = tls_new(&t, &p, why);

    if (cause == CAUSE_NONE)
        cause = mem_shake(m, t, why);
    if (cause == CAUSE_NONE)
        cause = tls_verify(t, why);
    tls_free(&t);
    mem_stop(m);
    return cause;
}

static void check(bool deep, const char *crl_file, enum cause want, const char *text,
                  const char *name)
{
    static const char *const servers[] = {NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.2"};

    for (size_t i = 0; i < 2; i++) {
        struct fault why = {0};
        enum cause cause = try(deep, crl_file, servers[i], &why);

        ok(cause == want, "%s: %s", name, fault_row(cause)->name);
        if (want != CAUSE_NONE)
            ok(why.text.data != NULL && strstr(why.text.data, text) != NULL, "...says: %s",
               why.text.data);
        fault_free(&why);
    }
}

/* The same with the lists in a file of their own, freed afterwards. */
static void check_lists(bool deep, char *one, char *two, enum cause want, const char *text,
                        const char *name)
{
    size_t n = strlen(one) + (two != NULL ? strlen(two) : 0) + 1;
    char *both = malloc(n), *file;

    snprintf(both, n, "%s%s", one, two != NULL ? two : "");
    file = pki_file(both);
    check(deep, file, want, text, name);
    pki_unfile(file);
    free(both);
    free(one);
    free(two);
}

static void test_revoked(void)
{
    char date[100];
    time_t then = time(NULL) - 86400;
    struct tm tm;

    gmtime_r(&then, &tm);
    strftime(date, sizeof(date), "the certificate was revoked by its authority on %Y-%m-%d", &tm);
    check_lists(false, pki_crl(&root, &plain, -1, 1), NULL, CAUSE_TLS_REVOKED, date,
                "a revoked certificate");
    check_lists(false, pki_crl(&root, NULL, -1, 1), NULL, CAUSE_NONE, NULL, "an empty list");
    check_lists(false, pki_crl(&root, &middle, -1, 1), NULL, CAUSE_NONE, NULL,
                "another certificate is revoked");
    check_lists(true, pki_crl(&root, &middle, -1, 1), NULL, CAUSE_TLS_REVOKED,
                "the certificate of the authority CN=Middle was revoked",
                "an authority in the chain is revoked");
    check_lists(true, pki_crl(&root, NULL, -1, 1), pki_crl(&middle, &leaf, -1, 1),
                CAUSE_TLS_REVOKED, "the certificate was revoked", "two lists, the second revokes");
    check_lists(true, pki_crl(&middle, &leaf, -1, 1), pki_crl(&root, NULL, -1, 1),
                CAUSE_TLS_REVOKED, "the certificate was revoked", "...and the first");
    check_lists(true, pki_crl(&root, NULL, -1, 1), pki_crl(&middle, NULL, -1, 1), CAUSE_NONE, NULL,
                "...and neither");
    check_lists(true, pki_crl(&root, NULL, -1, 1), NULL, CAUSE_NONE, NULL,
                "an authority without a list is not asked");
    check_lists(false, pki_crl(&root, &plain, -9, -1), NULL, CAUSE_TLS_REVOKED, "was revoked",
                "a list that is out of date can still revoke");
    check_lists(false, pki_crl(&twin, &plain, -1, 1), NULL, CAUSE_TLS_REVOKED, "was revoked",
                "...and so can one that nobody has signed: no is the safe side");
    check_lists(false, pki_crl(&root, &plain, -2, 1), pki_crl(&root, NULL, -1, 1),
                CAUSE_TLS_REVOKED, date, "one authority's lists in parts, the older one revokes");
    check_lists(false, pki_crl(&root, NULL, -1, 1), pki_crl(&root, &plain, -2, 1),
                CAUSE_TLS_REVOKED, date, "...the other way round");
    check_lists(true, pki_crl(&root, &middle, -2, 1), pki_crl(&root, NULL, -1, 1),
                CAUSE_TLS_REVOKED, "of the authority CN=Middle was revoked",
                "...of an authority in the chain");
}

static void test_no_good(void)
{
    char date[100];
    time_t then = time(NULL) - 86400;
    struct tm tm;

    gmtime_r(&then, &tm);
    strftime(date, sizeof(date), " is out of date since %Y-%m-%d", &tm);
    check_lists(false, pki_crl(&root, NULL, -9, -1), NULL, CAUSE_TLS_UNTRUSTED, date,
                "a list that is out of date");
    check_lists(false, pki_crl(&root, NULL, -9, -1), NULL, CAUSE_TLS_UNTRUSTED,
                "the list of revoked certificates of CN=Test Root in tls_crl /", "...named");
    check_lists(false, pki_crl(&root, NULL, -9, -1), pki_crl(&root, NULL, -1, 1), CAUSE_NONE, NULL,
                "an old list and a new one");
    check_lists(false, pki_crl(&root, NULL, -1, 1), pki_crl(&root, NULL, -9, -1), CAUSE_NONE, NULL,
                "...the other way round");
    check_lists(false, pki_crl(&root, NULL, 1, 2), NULL, CAUSE_TLS_UNTRUSTED, "is not in force yet",
                "a list of tomorrow");
    check_lists(false, pki_crl(&twin, NULL, -1, 1), NULL, CAUSE_TLS_UNTRUSTED,
                "is not signed by it", "a list that somebody else has signed");
    check_lists(true, pki_crl(&root, NULL, -1, 1), pki_crl(&middle, NULL, -9, -1),
                CAUSE_TLS_UNTRUSTED, "of CN=Middle", "the list of an authority in between is old");
    check_lists(false, pki_crl(&other, NULL, -9, -1), NULL, CAUSE_NONE, NULL,
                "an old list of an authority that has nothing to do with it");
}

static void test_files(void)
{
    char *pem = pki_pem(&root), *list = pki_crl(&root, &plain, -1, 1), *empty = pki_file("");
    char *both = malloc(strlen(pem) + strlen(list) + 1), *torn = strndup(list, strlen(list) / 2);
    gnutls_datum_t text = {(unsigned char *)list, (unsigned)strlen(list)}, der;
    char *der_file = pki_file("");
    FILE *f = fopen(der_file, "wb");

    pki_must(gnutls_pem_base64_decode2("X509 CRL", &text, &der), "decode");
    if (f == NULL || fwrite(der.data, 1, der.size, f) != der.size || fclose(f) != 0)
        pki_must(-1, der_file);
    gnutls_free(der.data);
    check(false, der_file, CAUSE_TLS_REVOKED, "was revoked", "a list as DER");
    snprintf(both, strlen(pem) + strlen(list) + 1, "%s%s", pem, list);
    check_lists(false, both, NULL, CAUSE_TLS_REVOKED, "was revoked", "a list behind a certificate");
    check_lists(false, pem, NULL, CAUSE_TLS_FILE, "holds no list of revoked certificates",
                "a certificate alone");
    check_lists(false, torn, NULL, CAUSE_TLS_FILE, "tls_crl: /", "a torn list");
    check(false, empty, CAUSE_TLS_FILE, "holds no list of revoked certificates", "an empty file");
    check(false, "/nonexistent/crl.pem", CAUSE_TLS_FILE, "tls_crl: /nonexistent/crl.pem: No such",
          "no file");
    check(false, "/", CAUSE_TLS_FILE, "tls_crl: /: not a regular file", "a folder");
    check(false, root_file, CAUSE_TLS_FILE, "holds no list of revoked certificates",
          "the wrong file");
    pki_unfile(der_file);
    pki_unfile(empty);
    free(list);
}

int main(void)
{
    struct pki_wish w = {.cn = "mail", .dns = {"mail.example.org"}};
    char *pem;

    root = pki_make(&(struct pki_wish){.cn = "Test Root", .authority = true}, NULL);
    twin = pki_make(&(struct pki_wish){.cn = "Test Root", .authority = true}, NULL);
    other = pki_make(&(struct pki_wish){.cn = "Other Root", .authority = true}, NULL);
    middle = pki_make(&(struct pki_wish){.cn = "Middle", .authority = true}, &root);
    leaf = pki_make(&w, &middle);
    plain = pki_make(&w, &root);
    pem = pki_pem(&root);
    root_file = pki_file(pem);
    free(pem);
    test_revoked();
    test_no_good();
    test_files();
    pki_unfile(root_file);
    pki_free(&root);
    pki_free(&twin);
    pki_free(&other);
    pki_free(&middle);
    pki_free(&leaf);
    pki_free(&plain);
    return done_testing();
}
