/*
 * test_trust.c: which certificates pass, and what people are told about those that do not. Each
 * case is a real handshake between net/tls and a GnuTLS server, in memory.
 */
#include "config.h"

#include "net/trust.h"

#include "memserver.h"
#include "staple.h"
#include "tap.h"

#include "base/buf.h"

static struct pki_cert root, twin, other, middle, posing; /* twin: another key, the root's name */
static char *root_file, *all_file, *other_file;

struct attempt {
    const struct pki_cert *chain[3]; /* NULL: ends */
    const char *name;                /* NULL: mail.example.org */
    const char *trust;               /* NULL: root_file */
    const char *priority, *server_priority;
    const gnutls_datum_t *staple;
    const char *pins[3]; /* NULL: ends */
};

static enum cause try(const struct attempt *a, struct fault *why)
{
    struct tls_params p = {.name = a->name != NULL ? a->name : "mail.example.org",
                           .trust_file = a->trust != NULL ? a->trust : root_file,
                           .priority = a->priority,
                           .pins = &(struct strv){.v = (char **)(uintptr_t)a->pins,
                                                  .n = a->pins[0] == NULL   ? 0
                                                       : a->pins[1] == NULL ? 1
                                                                            : 2}};
    unsigned n = a->chain[1] == NULL ? 1 : a->chain[2] == NULL ? 2 : 3;
    struct memserver *m = mem_start(a->chain, n, a->server_priority, a->staple);
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

/* One attempt; on failure TEXT must be in the sentence and HINT in the advice. */
static void check(const struct attempt *a, enum cause want, const char *text, const char *hint,
                  const char *name)
{
    struct fault why = {0};
    enum cause cause = try(a, &why);
    const char *advice = fault_hint_text(&why);

    ok(cause == want, "%s: %s, want %s", name, fault_row(cause)->name, fault_row(want)->name);
    if (cause != want)
        printf("#   %s\n", why.text.data);
    if (cause != CAUSE_NONE && cause == want && text != NULL)
        ok(strstr(why.text.data, text) != NULL, "%s says: %s", name, why.text.data);
    if (cause != CAUSE_NONE && hint != NULL)
        ok(advice != NULL && strstr(advice, hint) != NULL, "%s advises: %s", name,
           advice != NULL ? advice : "nothing");
    fault_free(&why);
}

/* The same with a leaf as W wishes, from ISSUER; sent with it: MORE, or nothing. */
static void check_leaf(const struct pki_wish *w, const struct pki_cert *issuer,
                       const struct pki_cert *more, struct attempt a, enum cause want,
                       const char *text, const char *hint, const char *name)
{
    struct pki_cert leaf = pki_make(w, issuer);

    a.chain[0] = &leaf;
    a.chain[1] = more;
    check(&a, want, text, hint, name);
    pki_free(&leaf);
}

static void test_good(void)
{
    struct pki_wish w = {.cn = "mail", .dns = {"mail.example.org", "*.example.net"}};
    struct pki_wish ip4 = {.cn = "ip", .ip = "\x7f\x00\x00\x01", .ip_size = 4};
    struct pki_wish ip6 = {.cn = "ip", .ip = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", .ip_size = 16};
    struct pki_wish idn = {.cn = "idn", .dns = {"xn--bcher-kva.example.org"}};
    struct pki_wish rsa = {.cn = "rsa", .dns = {"mail.example.org"}, .rsa_bits = 2048};
    struct attempt a = {0};

    check_leaf(&w, &root, NULL, a, CAUSE_NONE, NULL, NULL, "the right name");
    check_leaf(&rsa, &root, NULL, a, CAUSE_NONE, NULL, NULL, "an RSA key");
    check_leaf(&w, &middle, &middle, a, CAUSE_NONE, NULL, NULL, "through an intermediate");
    a.server_priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2";
    check_leaf(&w, &root, NULL, a, CAUSE_NONE, NULL, NULL, "TLS 1.2");
    a.server_priority = NULL;
    a.name = "smtp.example.net";
    check_leaf(&w, &root, NULL, a, CAUSE_NONE, NULL, NULL, "a wildcard");
    a.name = "MAIL.example.org.";
    check_leaf(&w, &root, NULL, a, CAUSE_NONE, NULL, NULL, "capitals, and the dot of the root");
    a.name = "b\xc3\xbc"
             "cher.example.org";
    check_leaf(&idn, &root, NULL, a, IDN_CAUSE, NULL, NULL, "a name with an umlaut");
    a.name = "127.0.0.1";
    check_leaf(&ip4, &root, NULL, a, CAUSE_NONE, NULL, NULL, "an IPv4 address");
    a.name = "[::1]";
    check_leaf(&ip6, &root, NULL, a, CAUSE_NONE, NULL, NULL, "an IPv6 address in brackets");
    a.name = NULL;
    a.trust = all_file;
    check_leaf(&w, &root, NULL, a, CAUSE_NONE, NULL, NULL,
               "a root of the same name and another key stands first");
}

static void test_names(void)
{
    struct pki_wish w = {.cn = "mail", .dns = {"a.example.org", "*.b.example.org"}};
    struct pki_wish many = {.cn = "many",
                            .dns = {"a.example.org", "b.example.org", "c.example.org",
                                    "d.example.org", "e.example.org", "f.example.org",
                                    "g.example.org", "h.example.org"}};
    struct pki_wish ip = {.cn = "ip", .ip = "\x7f\x00\x00\x01", .ip_size = 4};
    struct pki_wish nameless = {.cn = "Printer\n\x1b[31m"};
    struct attempt a = {0};

    check_leaf(&w, &root, NULL, a, CAUSE_TLS_NAME,
               "is for a.example.org, *.b.example.org, not for mail.example.org", "tls_name",
               "the wrong name");
    check_leaf(&many, &root, NULL, a, CAUSE_TLS_NAME, "f.example.org and 2 more, not for", NULL,
               "many wrong names");
    check_leaf(&ip, &root, NULL, a, CAUSE_TLS_NAME, "is for 127.0.0.1, not for mail.example.org",
               NULL, "an address instead of the name");
    check_leaf(&nameless, &root, NULL, a, CAUSE_TLS_NAME, "Printer", NULL, "no name but a subject");
    a.name = "127.0.0.2";
    check_leaf(&ip, &root, NULL, a, CAUSE_TLS_NAME, "not for 127.0.0.2", NULL, "the wrong address");
    a.name = "x.y.b.example.org";
    check_leaf(&w, &root, NULL, a, CAUSE_TLS_NAME, NULL, NULL, "a wildcard covers one label");
    a.name = "b.example.org";
    check_leaf(&w, &root, NULL, a, CAUSE_TLS_NAME, NULL, NULL, "a wildcard is not its own domain");
}

static void test_times(void)
{
    struct pki_wish w = {.cn = "mail", .dns = {"mail.example.org"}};
    struct pki_wish authority = {
        .cn = "Old Middle", .authority = true, .from_days = -9, .to_days = -1};
    struct pki_cert old = pki_make(&authority, &root);
    struct attempt a = {0};
    char date[64];
    time_t then = time(NULL) - (time_t)86400 * 203;
    struct tm tm;

    gmtime_r(&then, &tm);
    strftime(date, sizeof(date), "the certificate expired on %Y-%m-%d (203 days ago)", &tm);
    w.from_days = -300;
    w.to_days = -203;
    check_leaf(&w, &root, NULL, a, CAUSE_TLS_TIME, date, "clock", "expired");
    w.from_days = 20;
    w.to_days = 30;
    check_leaf(&w, &root, NULL, a, CAUSE_TLS_TIME, "is not valid before", NULL, "not yet valid");
    w.from_days = -2;
    check_leaf(&w, &old, &old, a, CAUSE_TLS_TIME, "authority CN=Old Middle expired on", NULL,
               "an expired intermediate");
    pki_free(&old);
}

static void test_untrusted(void)
{
    struct pki_wish w = {.cn = "mail", .dns = {"mail.example.org"}};
    struct pki_wish client = w, weak = w, weak_sign = w;
    struct attempt a = {0};

    check_leaf(&w, &other, NULL, a, CAUSE_TLS_UNTRUSTED, "unknown authority: CN=Other Root",
               "tls_trust = FILE", "an unknown authority");
    check_leaf(&w, &other, &other, a, CAUSE_TLS_UNTRUSTED, "unknown authority: CN=Other Root", NULL,
               "an unknown authority that comes along");
    check_leaf(&w, &twin, NULL, a, CAUSE_TLS_UNTRUSTED, NULL, NULL,
               "the name of a known authority, another key");
    check_leaf(&w, NULL, NULL, a, CAUSE_TLS_UNTRUSTED, "self-signed", "tls_trust", "self-signed");
    check_leaf(&w, &middle, NULL, a, CAUSE_TLS_UNTRUSTED, "unknown authority: CN=Middle", NULL,
               "the intermediate is missing");
    check_leaf(&w, &posing, &posing, a, CAUSE_TLS_UNTRUSTED, "CN=Posing", NULL,
               "signed by an ordinary certificate");
    client.purpose = GNUTLS_KP_TLS_WWW_CLIENT;
    check_leaf(&client, &root, NULL, a, CAUSE_TLS_UNTRUSTED, "not meant for servers", NULL,
               "for clients only");
    weak.rsa_bits = 1024;
    a.server_priority = "NORMAL:%PROFILE_VERY_WEAK";
    check_leaf(&weak, &root, NULL, a, CAUSE_TLS_UNTRUSTED, "RSA with 1024 bits", "new certificate",
               "a weak key");
    weak_sign.digest = GNUTLS_DIG_SHA1;
    check_leaf(&weak_sign, &root, NULL, a, CAUSE_TLS_UNTRUSTED, "weak signature: ECDSA-SHA1", NULL,
               "a weak signature");
    a.priority = "NORMAL";
    check_leaf(&weak, &root, NULL, a, CAUSE_TLS_UNTRUSTED, "RSA with 1024 bits", NULL,
               "a priority string without a profile keeps ours");
    a.priority = "NORMAL:%PROFILE_VERY_WEAK";
    check_leaf(&weak, &root, NULL, a, CAUSE_NONE, NULL, NULL,
               "who asks for a weak profile gets it");
}

/* What is in the trust file decides, whatever kind of certificate it is. */
static void test_trust_files(void)
{
    struct pki_wish w = {.cn = "mail", .dns = {"mail.example.org"}};
    struct pki_cert own = pki_make(&w, NULL), leaf = pki_make(&w, &root);
    struct pki_cert deep = pki_make(&w, &middle);
    char *own_pem = pki_pem(&own), *own_file = pki_file(own_pem);
    char *leaf_pem = pki_pem(&leaf), *leaf_file = pki_file(leaf_pem);
    char *middle_pem = pki_pem(&middle), *root_pem = pki_pem(&root), *two_file;
    char *empty_file = pki_file("# no certificate here\n");
    struct attempt a = {.chain = {&own}};
    struct buf text;

    buf_init(&text, 1 << 20);
    buf_addf(&text, "-----BEGIN CERTIFICATE-----\n@@\n-----END CERTIFICATE-----\n%s%s", middle_pem,
             root_pem);
    two_file = pki_file(text.data);
    a.trust = own_file;
    check(&a, CAUSE_NONE, NULL, NULL, "a self-signed certificate that is the trust file");
    a.name = "other.example.org";
    check(&a, CAUSE_TLS_NAME, NULL, NULL, "...and for that name only");
    a.name = NULL;
    a.chain[0] = &leaf;
    check(&a, CAUSE_TLS_UNTRUSTED, NULL, NULL, "...and no other certificate");
    a.trust = leaf_file;
    check(&a, CAUSE_NONE, NULL, NULL, "a certificate that is itself the trust file");
    a.trust = two_file;
    a.chain[0] = &deep;
    check(&a, CAUSE_NONE, NULL, NULL,
          "an intermediate that the server does not send, behind a broken block");
    a.trust = empty_file;
    check(&a, CAUSE_TLS_FILE, "holds no certificate", NULL, "a trust file without certificates");
    a.trust = "/nonexistent/roots.pem";
    check(&a, CAUSE_TLS_FILE, "/nonexistent/roots.pem", NULL, "no trust file");
    a.trust = "/";
    check(&a, CAUSE_TLS_FILE, "/", NULL, "a folder for a trust file");
    pki_unfile(own_file);
    pki_unfile(leaf_file);
    pki_unfile(two_file);
    pki_unfile(empty_file);
    buf_free(&text);
    free(own_pem);
    free(leaf_pem);
    free(middle_pem);
    free(root_pem);
    pki_free(&own);
    pki_free(&leaf);
    pki_free(&deep);
}

static void test_staples(void)
{
    struct pki_wish w = {.cn = "mail", .dns = {"mail.example.org"}};
    struct pki_wish strict = {.cn = "mail", .dns = {"mail.example.org"}, .must_staple = true};
    struct pki_cert leaf = pki_make(&w, &root), must = pki_make(&strict, &root);
    gnutls_datum_t good = staple_make(&leaf, &root, false, 1);
    gnutls_datum_t revoked = staple_make(&leaf, &root, true, 1);
    gnutls_datum_t stale = staple_make(&leaf, &root, false, 20);
    gnutls_datum_t must_good = staple_make(&must, &root, false, 1);
    gnutls_datum_t forged = staple_make(&leaf, &twin, false, 1);
    struct attempt a = {.chain = {&leaf}, .staple = &good};

    check(&a, CAUSE_NONE, NULL, NULL, "a good staple");
    a.staple = &revoked;
    check(&a, CAUSE_TLS_REVOKED, "revoked", NULL, "a revoked staple");
    a.server_priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2";
    check(&a, CAUSE_TLS_REVOKED, "revoked", NULL, "a revoked staple in TLS 1.2");
    a.server_priority = NULL;
    a.staple = &stale;
    check(&a, CAUSE_TLS_UNTRUSTED, "out of date", NULL, "a stale staple");
    a.staple = &forged;
    check(&a, CAUSE_TLS_UNTRUSTED, NULL, NULL, "a staple by somebody else");
    a.chain[0] = &must;
    a.staple = NULL;
    check(&a, CAUSE_TLS_UNTRUSTED, "demands proof", NULL, "must-staple without a staple");
    a.staple = &must_good;
    check(&a, CAUSE_NONE, NULL, NULL, "must-staple with a staple");
    gnutls_free(good.data);
    gnutls_free(revoked.data);
    gnutls_free(stale.data);
    gnutls_free(must_good.data);
    gnutls_free(forged.data);
    pki_free(&leaf);
    pki_free(&must);
}

/* The pin of a certificate's key, in our notation. */
static void pin_of(const struct pki_cert *c, char out[80])
{
    unsigned char id[32];
    size_t n = sizeof(id);

    pki_must(gnutls_x509_crt_get_key_id(c->crt, GNUTLS_KEYID_USE_SHA256, id, &n), "key id");
    memcpy(out, "sha256:", 8);
    for (size_t i = 0; i < n; i++)
        snprintf(out + 7 + 2 * i, 3, "%02x", id[i]);
}

static void test_pins(void)
{
    static const char other_pin[] =
        "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    struct pki_wish w = {.cn = "mail", .dns = {"mail.example.org"}};
    struct pki_cert leaf = pki_make(&w, &middle), own = pki_make(&w, NULL);
    char *own_pem = pki_pem(&own), *own_file = pki_file(own_pem);
    char pin[80], middle_pin[80], own_pin[80];
    struct attempt a = {.chain = {&leaf, &middle}, .pins = {pin}};

    pin_of(&leaf, pin);
    pin_of(&middle, middle_pin);
    pin_of(&own, own_pin);
    check(&a, CAUSE_NONE, NULL, NULL, "the pin of the server's key");
    a.pins[0] = other_pin;
    check(&a, CAUSE_TLS_UNTRUSTED, pin, "set tls_pin", "another pin");
    a.pins[1] = pin;
    check(&a, CAUSE_NONE, NULL, NULL, "one of two pins");
    a.pins[0] = middle_pin;
    a.pins[1] = NULL;
    check(&a, CAUSE_TLS_UNTRUSTED, pin, NULL, "the pin of an authority in the chain");
    a.pins[0] = "sha256:00";
    check(&a, CAUSE_CONFIG, "tls_pin", NULL, "a pin that is none");
    a.pins[0] = pin;
    a.name = "other.example.org";
    check(&a, CAUSE_TLS_NAME, NULL, NULL, "the right key and the wrong name");
    a = (struct attempt){.chain = {&own}, .pins = {own_pin}};
    check(&a, CAUSE_TLS_UNTRUSTED, "self-signed", "tls_trust", "a pin is no trust");
    a.trust = own_file;
    check(&a, CAUSE_NONE, NULL, NULL, "a self-signed server with its pin and its trust");
    pki_unfile(own_file);
    free(own_pem);
    pki_free(&leaf);
    pki_free(&own);
}

static void make_all(void)
{
    char *root_pem, *twin_pem, *other_pem;
    struct buf text;

    root = pki_make(&(struct pki_wish){.cn = "Test Root", .authority = true}, NULL);
    twin = pki_make(&(struct pki_wish){.cn = "Test Root", .authority = true}, NULL);
    other = pki_make(&(struct pki_wish){.cn = "Other Root", .authority = true}, NULL);
    middle = pki_make(&(struct pki_wish){.cn = "Middle", .authority = true}, &root);
    posing = pki_make(&(struct pki_wish){.cn = "Posing", .dns = {"mail.example.org"}}, &root);
    root_pem = pki_pem(&root);
    twin_pem = pki_pem(&twin);
    other_pem = pki_pem(&other);
    buf_init(&text, 1 << 20);
    buf_addf(&text, "%s%s%s", other_pem, twin_pem, root_pem);
    root_file = pki_file(root_pem);
    other_file = pki_file(other_pem);
    all_file = pki_file(text.data);
    buf_free(&text);
    free(root_pem);
    free(twin_pem);
    free(other_pem);
}

int main(void)
{
    make_all();
    test_good();
    test_names();
    test_times();
    test_untrusted();
    test_trust_files();
    test_staples();
    test_pins();
    pki_unfile(root_file);
    pki_unfile(other_file);
    pki_unfile(all_file);
    pki_free(&root);
    pki_free(&twin);
    pki_free(&other);
    pki_free(&middle);
    pki_free(&posing);
    return done_testing();
}
