/*
 * test_client.c: our own certificate: that a server that asks gets it, what is wrong with files
 * and keys, and that a resumed session needs neither.
 */
#include "config.h"

#include "net/client.h"

#include "memserver.h"
#include "tap.h"

#include "base/buf.h"
#include "net/ticket.h"

#include <sys/stat.h>

#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"

static struct pki_cert root, leaf, ours, middle;
static char *root_file, *cert_pem, *key_pem, *cert_file, *key_file, *both_file;
static gnutls_datum_t ticket_key;

static char *key_text(const struct pki_cert *c)
{
    gnutls_datum_t pem;
    char *text;

    pki_must(gnutls_x509_privkey_export2(c->key, GNUTLS_X509_FMT_PEM, &pem), "key");
    text = strndup((const char *)pem.data, pem.size);
    gnutls_free(pem.data);
    return text;
}

/* A file of A and B with the given mode. */
static char *file_of(const char *a, const char *b, mode_t mode)
{
    size_t n = strlen(a) + strlen(b) + 1;
    char *text = malloc(n), *path;

    snprintf(text, n, "%s%s", a, b);
    path = pki_file(text);
    pki_must(chmod(path, mode), "chmod");
    free(text);
    return path;
}

struct run {
    const char *server;
    int asks; /* GNUTLS_CERT_REQUEST, GNUTLS_CERT_REQUIRE, or 0 */
    bool forgetful;
    struct tls_params p;
    enum cause cause;
    struct fault why;
    struct tls_info info;
    unsigned shown; /* certificates that the server has seen */
    bool right;     /* the first of them is ours */
    struct buf ticket;
};

static void start(struct run *r, const char *cert, const char *key)
{
    memset(r, 0, sizeof(*r));
    r->asks = GNUTLS_CERT_REQUIRE;
    r->p = (struct tls_params){.name = "mail.example.org",
                               .trust_file = root_file,
                               .cert_file = cert,
                               .key_file = key,
                               .euid = geteuid()};
    buf_init_secret(&r->ticket, TICKET_MAX);
}

static void look(struct run *r, gnutls_session_t server)
{
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(server, &r->shown);
    gnutls_datum_t der = pki_der(&ours);

    if (chain == NULL)
        r->shown = 0;
    r->right =
        r->shown > 0 && chain->size == der.size && memcmp(chain->data, der.data, der.size) == 0;
    gnutls_free(der.data);
}

static void go(struct run *r)
{
    const struct pki_cert *chain[] = {&leaf};
    struct memserver *m =
        mem_start_keyed(chain, 1, r->server, NULL, r->forgetful ? NULL : &ticket_key);
    struct tls *t = NULL;
    char reply[64];
    size_t got = 0;

    if (r->asks != 0)
        gnutls_certificate_server_set_request(m->session, (gnutls_certificate_request_t)r->asks);
    r->cause = tls_new(&t, &r->p, &r->why);
    if (r->cause == CAUSE_NONE)
        r->cause = mem_shake(m, t, &r->why);
    if (r->cause == CAUSE_NONE)
        r->cause = tls_verify(t, &r->why);
    if (r->cause == CAUSE_NONE) {
        look(r, m->session);
        if (m->done)
            (void)gnutls_record_send(m->session, "220 hello\r\n", 11);
        (void)mem_carry(m, t);
        r->cause = tls_read(t, reply, sizeof(reply), &got, &r->why);
        r->info = *tls_get_info(t);
        (void)tls_ticket(t, &r->ticket);
    }
    tls_free(&t);
    mem_stop(m);
}

static void end(struct run *r)
{
    fault_free(&r->why);
    buf_free(&r->ticket);
}

static void test_given(const char *server)
{
    const struct {
        const char *cert, *key;
        int asks;
        bool given;
        const char *why;
    } t[] = {
        {cert_file, key_file, GNUTLS_CERT_REQUIRE, true, "demanded"},
        {cert_file, key_file, GNUTLS_CERT_REQUEST, true, "asked for"},
        {both_file, NULL, GNUTLS_CERT_REQUIRE, true, "with the key in the same file"},
        {both_file, both_file, GNUTLS_CERT_REQUIRE, true, "...which both settings name"},
        {cert_file, key_file, 0, false, "not asked for"},
        {NULL, NULL, GNUTLS_CERT_REQUEST, false, "asked for, and there is none"},
    };

    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct run r;

        start(&r, t[i].cert, t[i].key);
        r.server = server;
        r.asks = t[i].asks;
        go(&r);
        ok(r.cause == CAUSE_NONE, "%s: %s", t[i].why,
           r.cause == CAUSE_NONE ? "good" : r.why.text.data);
        ok(r.info.client_cert == t[i].given, "...%s", t[i].given ? "given" : "not given");
        is_int(r.shown, t[i].given ? 2 : 0, "...with its chain");
        ok(r.right == t[i].given, "...and it is ours");
        end(&r);
    }
}

static void test_wanted(const char *server, const char *text)
{
    struct run r;

    start(&r, NULL, NULL);
    r.server = server;
    go(&r);
    /* Under TLS 1.3 the server's no comes when the handshake is over on this side. */
    ok(r.cause == CAUSE_TLS, "demanded, and there is none: %s",
       r.cause != CAUSE_NONE ? r.why.text.data : "good");
    ok(r.why.text.data != NULL && strstr(r.why.text.data, text) != NULL, "...as an alert");
    ok(fault_hint_text(&r.why) != NULL && strstr(fault_hint_text(&r.why), "set tls_cert") != NULL,
       "...advises: %s", fault_hint_text(&r.why));
    end(&r);
}

struct wrong {
    const char *cert, *key, *text, *hint, *why;
};

static void check_wrong(const struct wrong *w)
{
    struct run r;
    const char *hint;

    start(&r, w->cert, w->key);
    go(&r);
    hint = fault_hint_text(&r.why);
    ok(r.cause == CAUSE_TLS_FILE, "%s: %s", w->why,
       r.cause == CAUSE_NONE ? "good" : r.why.text.data);
    ok(r.why.text.data != NULL && strstr(r.why.text.data, w->text) != NULL, "...says %s", w->text);
    ok(hint != NULL && strstr(hint, w->hint) != NULL, "...advises: %s", hint);
    end(&r);
}

static void test_wrong(void)
{
    struct pki_wish w = {.cn = "stranger", .purpose = GNUTLS_KP_TLS_WWW_CLIENT};
    struct pki_cert stranger = pki_make(&w, &root);
    gnutls_datum_t pem = {NULL, 0};
    char sealed[8192];
    size_t n = sizeof(sealed) - 1;
    char *other_text = key_text(&stranger), *other = file_of(other_text, "", 0600);
    char *open_key = file_of(key_pem, "", 0644), *open_both = file_of(cert_pem, key_pem, 0604);
    char *written = file_of(cert_pem, "", 0622), *empty = file_of("", "", 0600);
    char *broken =
        file_of("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "", 0600);
    char *no_key =
        file_of("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "", 0600);
    char *sealed_file;

    (void)pem;
    pki_must(gnutls_x509_privkey_export_pkcs8(ours.key, GNUTLS_X509_FMT_PEM, "words",
                                              GNUTLS_PKCS_PBES2_AES_256, sealed, &n),
             "sealed key");
    sealed[n] = '\0';
    sealed_file = file_of(sealed, "", 0600);
    {
        const struct wrong t[] = {
            {"/nonexistent/c.pem", key_file, "tls_cert: /nonexistent/c.pem: No such file",
             "tls_cert", "no certificate file"},
            {cert_file, "/nonexistent/k.pem", "tls_key: /nonexistent/k.pem: No such file",
             "tls_key", "no key file"},
            {"/", key_file, "not a regular file", "tls_cert", "a folder"},
            {"/dev/null", key_file, "not a regular file", "tls_cert", "a device"},
            {written, key_file, "lets others write", "chmod go-w",
             "a certificate others can write"},
            {cert_file, open_key, "lets others read the key", "chmod", "a key others can read"},
            {open_both, NULL, "lets others read the key", "chmod", "...in one file"},
            {open_both, key_file, "lets others read the key", "chmod",
             "...in a file that needs none"},
            {empty, key_file, "holds no certificate", "tls_cert", "an empty certificate file"},
            {key_file, key_file, "holds no certificate", "tls_cert", "a key for a certificate"},
            {broken, key_file, "tls_cert", "tls_cert", "a certificate that is none"},
            {cert_file, cert_file, "holds no private key", "tls_key = FILE", "a file without key"},
            {cert_file, NULL, "holds no private key", "tls_key = FILE", "no key anywhere"},
            {cert_file, no_key, "tls_key", "tls_key", "a key that is none"},
            {cert_file, sealed_file, "encrypted", "openssl pkey", "an encrypted key"},
            {cert_file, other, "does not belong", "tls_key", "somebody else's key"},
            {cert_file, "pkcs11:token=none-of-that-name;object=x?pin-value=123456",
             "tls_key: pkcs11:token=none-of-that-name;object=x: no token has such an object",
             "p11tool", "no such token"},
        };

        for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
            check_wrong(&t[i]);
    }
    pki_unfile(other);
    pki_unfile(open_key);
    pki_unfile(open_both);
    pki_unfile(written);
    pki_unfile(empty);
    pki_unfile(broken);
    pki_unfile(no_key);
    pki_unfile(sealed_file);
    free(other_text);
    pki_free(&stranger);
}

/* With a ticket the key stays where it is until the server asks for it after all. */
static void test_resumed(const char *server)
{
    char *own_key = file_of(key_pem, "", 0600);
    struct run a, b;

    start(&a, cert_file, own_key);
    a.server = server;
    go(&a);
    ok(a.cause == CAUSE_NONE && a.info.client_cert && a.ticket.len > 0, "given, and a ticket got");
    pki_must(chmod(own_key, 0644), "chmod");
    start(&b, cert_file, own_key);
    b.server = server;
    b.p.ticket = &a.ticket;
    go(&b);
    ok(b.cause == CAUSE_NONE && b.info.resumed, "resumed without a look at the key");
    ok(b.info.client_cert, "...as one that has shown its certificate");
    ok(b.right, "...which the server still has");
    end(&b);
    start(&b, cert_file, own_key);
    b.server = server;
    b.p.ticket = &a.ticket;
    b.forgetful = true;
    go(&b);
    ok(b.cause == CAUSE_TLS_FILE && strstr(b.why.text.data, "lets others read") != NULL,
       "a server that has forgotten asks, and the key is looked at: %s",
       b.cause != CAUSE_NONE ? b.why.text.data : "good");
    end(&b);
    pki_must(chmod(own_key, 0600), "chmod");
    start(&b, cert_file, own_key);
    b.server = server;
    b.p.ticket = &a.ticket;
    b.forgetful = true;
    go(&b);
    ok(b.cause == CAUSE_NONE && !b.info.resumed && b.info.client_cert && b.right,
       "...and given when it is right");
    end(&b);
    start(&b, cert_file, key_file);
    b.server = server;
    b.p.ticket = &a.ticket;
    go(&b);
    ok(b.cause == CAUSE_NONE && !b.info.resumed && b.right, "another key file: in full");
    end(&b);
    start(&b, NULL, NULL);
    b.server = server;
    b.asks = 0;
    b.p.ticket = &a.ticket;
    go(&b);
    ok(b.cause == CAUSE_NONE && !b.info.resumed, "no certificate any more: in full");
    end(&b);
    end(&a);
    pki_unfile(own_key);
}

int main(void)
{
    struct pki_wish w = {.cn = "ours", .purpose = GNUTLS_KP_TLS_WWW_CLIENT};
    char *pem, *more;

    root = pki_make(&(struct pki_wish){.cn = "Test Root", .authority = true}, NULL);
    middle = pki_make(&(struct pki_wish){.cn = "Middle", .authority = true}, &root);
    leaf = pki_make(&(struct pki_wish){.cn = "mail", .dns = {"mail.example.org"}}, &root);
    ours = pki_make(&w, &middle);
    pem = pki_pem(&root);
    root_file = pki_file(pem);
    free(pem);
    pem = pki_pem(&ours);
    more = pki_pem(&middle);
    cert_pem = malloc(strlen(pem) + strlen(more) + 1);
    snprintf(cert_pem, strlen(pem) + strlen(more) + 1, "%s%s", pem, more);
    free(pem);
    free(more);
    key_pem = key_text(&ours);
    cert_file = file_of(cert_pem, "", 0644);
    key_file = file_of(key_pem, "", 0600);
    both_file = file_of(cert_pem, key_pem, 0600);
    pki_must(gnutls_session_ticket_key_generate(&ticket_key), "ticket key");

    test_given(TLS13);
    test_given(TLS12);
    test_wanted(TLS13, "Certificate is required");
    test_wanted(TLS12, "with an alert: ");
    test_wrong();
    test_resumed(TLS13);
    test_resumed(TLS12);

    gnutls_free(ticket_key.data);
    pki_unfile(root_file);
    pki_unfile(cert_file);
    pki_unfile(key_file);
    pki_unfile(both_file);
    free(cert_pem);
    free(key_pem);
    pki_free(&root);
    pki_free(&middle);
    pki_free(&leaf);
    pki_free(&ours);
    return done_testing();
}
