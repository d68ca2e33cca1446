/*
 * test_resume.c: sessions that go on from a ticket, in memory: that they do, what is looked at
 * again, and what makes the client start afresh instead.
 */
#include "config.h"

#include "net/tls.h"

#include "memserver.h"
#include "staple.h"
#include "tap.h"

#include "base/buf.h"
#include "net/ticket.h"

#include <fcntl.h>
#include <sys/stat.h>

#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"

static struct pki_cert root, leaf, other_leaf;
static char *root_file;
static gnutls_datum_t ticket_key;

/* One connection: how the server is, what the client wants, and what came of it. */
struct run {
    const struct pki_cert *cert; /* NULL: leaf */
    const char *server;          /* priority string */
    const gnutls_datum_t *staple;
    bool other_key; /* the server has forgotten its ticket key */
    bool no_tickets;
    struct tls_params p;
    struct tls_info info;
    enum cause cause;
    struct fault why;
    struct buf fresh; /* the ticket of this connection, empty: none */
    struct buf binding, end_point;
    unsigned char rest[32]; /* the exporter at the server */
};

static void start(struct run *r, const struct buf *ticket)
{
    memset(r, 0, sizeof(*r));
    r->p =
        (struct tls_params){.name = "mail.example.org", .trust_file = root_file, .ticket = ticket};
    buf_init_secret(&r->fresh, TICKET_MAX);
    buf_init(&r->binding, 64);
    buf_init(&r->end_point, 64);
}

static void go(struct run *r)
{
    const struct pki_cert *chain[] = {r->cert != NULL ? r->cert : &leaf};
    const gnutls_datum_t none = {0};
    struct memserver *m = mem_start_keyed(chain, 1, r->server, r->staple,
                                          r->no_tickets  ? &none
                                          : r->other_key ? NULL
                                                         : &ticket_key);
    struct tls *t = NULL;
    char reply[64];
    size_t got = 0;

    r->cause = tls_new(&t, &r->p, &r->why);
    if (r->cause == CAUSE_NONE)
        r->cause = mem_shake(m, t, &r->why);
    if (r->cause == CAUSE_NONE)
        r->cause = tls_verify(t, &r->why);
    if (r->cause == CAUSE_NONE) {
        (void)gnutls_record_send(m->session, "220 hello\r\n", 11);
        (void)mem_carry(m, t);
        r->cause = tls_read(t, reply, sizeof(reply), &got, &r->why);
        ok(got == 11 && memcmp(reply, "220 hello\r\n", 11) == 0, "(the session works)");
        r->info = *tls_get_info(t);
        (void)tls_get_binding(t, TLS_BINDING_EXPORTER, &r->binding);
        (void)tls_get_binding(t, TLS_BINDING_END_POINT, &r->end_point);
        (void)gnutls_prf_rfc5705(m->session, 24, "EXPORTER-Channel-Binding", 0, "", 32,
                                 (char *)r->rest);
        (void)tls_ticket(t, &r->fresh);
    }
    tls_free(&t);
    mem_stop(m);
}

static void end(struct run *r)
{
    fault_free(&r->why);
    buf_free(&r->fresh);
    buf_free(&r->binding);
    buf_free(&r->end_point);
}

/* A first connection whose ticket the others start from. */
static void first(struct run *r, const char *server)
{
    start(r, NULL);
    r->server = server;
    go(r);
    ok(r->cause == CAUSE_NONE && !r->info.resumed, "a full handshake: %s",
       r->cause == CAUSE_NONE ? r->info.version : r->why.text.data);
    ok(r->fresh.len > 0, "...gives a ticket of %zu octets", r->fresh.len);
}

static void test_goes_on(const char *server, const char *version)
{
    struct run a, b, c;

    first(&a, server);
    is_str(a.info.version, version, "...of that version");
    start(&b, &a.fresh);
    b.server = server;
    go(&b);
    ok(b.cause == CAUSE_NONE && b.info.resumed, "the next goes on from it");
    is_str(b.info.version, version, "...in the same version");
    is_mem(b.binding.data, b.binding.len, b.rest, 32, "...bound as the server sees it");
    ok(memcmp(a.rest, b.rest, 32) != 0, "...which is not the first one's");
    is_mem(b.end_point.data, b.end_point.len, a.end_point.data, a.end_point.len,
           "...the end point is the stored certificate's");
    is_int((long long)b.end_point.len, 32, "...SHA-256 of it");
    ok(b.fresh.len > 0, "...and gives a ticket");
    start(&c, &b.fresh);
    c.server = server;
    go(&c);
    ok(c.cause == CAUSE_NONE && c.info.resumed, "and so does the one after that");
    end(&a);
    end(&b);
    end(&c);
}

/* What the ticket of SERVER comes to when something has changed, as CHANGE does it to the run. */
static void check(const char *server, void (*change)(struct run *), bool resumed, enum cause want,
                  const char *text, const char *name)
{
    struct run a, b;

    first(&a, server);
    start(&b, &a.fresh);
    b.server = server;
    change(&b);
    go(&b);
    ok(b.cause == want, "%s: %s", name, fault_row(b.cause)->name);
    if (want == CAUSE_NONE)
        ok(b.info.resumed == resumed, "...%s", resumed ? "resumed" : "in full");
    if (text != NULL)
        ok(strstr(b.why.text.data, text) != NULL, "...says: %s", b.why.text.data);
    end(&a);
    end(&b);
}

static char *bad_root_file;
static struct strv pins;

static void no_change(struct run *r)
{
    (void)r;
}

static void touch_trust(struct run *r)
{
    static long ns;
    struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1, .tv_nsec = ++ns}};

    pki_must(utimensat(AT_FDCWD, r->p.trust_file, times, 0), "utimensat");
}

static void replace_trust(struct run *r)
{
    char *pem = pki_pem(&root), *file = pki_file(pem);

    pki_must(rename(file, r->p.trust_file), "rename");
    free(pem);
    free(file);
}

static void other_trust(struct run *r)
{
    r->p.trust_file = bad_root_file;
}

static void other_name(struct run *r)
{
    r->p.name = "smtp.example.org";
}

static void foreign_name(struct run *r)
{
    r->p.name = "mail.example.com";
}

static void right_pin(struct run *r)
{
    r->p.pins = &pins;
    r->cert = &leaf;
}

static void wrong_pin(struct run *r)
{
    static char pin[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    static char *v[] = {pin};
    static const struct strv wrong = {.v = v, .n = 1};

    r->p.pins = &wrong;
}

static void priority(struct run *r)
{
    r->p.priority = "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
}

static char *list_file;

static void add_list(struct run *r)
{
    r->p.crl_file = list_file;
}

static void forgotten(struct run *r)
{
    r->other_key = true;
}

static void forgotten_new_cert(struct run *r)
{
    r->other_key = true;
    r->cert = &other_leaf;
    r->p.pins = &pins;
}

static void only_12(struct run *r)
{
    r->server = TLS12;
}

static void only_13(struct run *r)
{
    r->server = TLS13;
}

static void test_changes(const char *server)
{
    check(server, no_change, true, CAUSE_NONE, NULL, "nothing has changed");
    check(server, touch_trust, false, CAUSE_NONE, NULL, "the trust file was touched");
    check(server, replace_trust, false, CAUSE_NONE, NULL, "the trust file was replaced");
    check(server, other_trust, false, CAUSE_TLS_UNTRUSTED, "unknown authority",
          "another trust file, which does not know the server");
    check(server, other_name, false, CAUSE_NONE, NULL, "another name of the same server");
    check(server, foreign_name, false, CAUSE_TLS_NAME, "not for mail.example.com",
          "a name that is not the server's");
    check(server, right_pin, true, CAUSE_NONE, NULL, "a pin that fits was added");
    check(server, wrong_pin, true, CAUSE_TLS_UNTRUSTED, "tls_pin", "another pin was added");
    check(server, priority, false, CAUSE_NONE, NULL, "another priority string");
    check(server, add_list, false, CAUSE_NONE, NULL, "a list of revoked certificates");
    check(server, forgotten, false, CAUSE_NONE, NULL, "the server has forgotten");
    check(server, forgotten_new_cert, false, CAUSE_TLS_UNTRUSTED, "tls_pin",
          "...and has another key: that one is looked at");
}

/* Reads a ticket made with the files TRUST and CRL. */
static bool read_ticket(const struct buf *blob, const char *trust, const char *crl,
                        struct ticket *t)
{
    struct ticket_basis b = {.trust = trust, .crl = crl};
    struct buf identity;
    bool good;

    buf_init(&identity, 4096);
    good = ticket_identity(&b, &identity) &&
           ticket_unpack(t, blob, "mail.example.org", &identity, (int64_t)time(NULL));
    buf_free(&identity);
    return good;
}

/* The next connection, from a ticket that is so old and has so long to go. */
static void check_age(const struct run *before, int64_t age_s, int64_t left_s, bool resumed,
                      const char *name)
{
    struct ticket_basis b = {.trust = root_file};
    int64_t now = (int64_t)time(NULL);
    struct buf identity, blob;
    struct ticket t;
    struct run r;

    buf_init(&identity, 4096);
    buf_init_secret(&blob, TICKET_MAX);
    ok(ticket_identity(&b, &identity) && read_ticket(&before->fresh, root_file, NULL, &t),
       "(the ticket can be read)");
    t.made_at = now - age_s;
    t.until = now + left_s;
    ok(ticket_pack(&blob, &t, "mail.example.org", &identity), "(and packed again)");
    start(&r, &blob);
    r.server = before->server;
    go(&r);
    ok(r.cause == CAUSE_NONE && r.info.resumed == resumed, "%s: %s", name,
       resumed ? "resumed" : "in full");
    ok(read_ticket(&r.fresh, root_file, NULL, &t), "...with a ticket");
    ok(now - t.made_at >= (resumed ? age_s : 0) && now - t.made_at < 86400,
       "...that is as old as the look at the chain");
    end(&r);
    buf_free(&blob);
    buf_free(&identity);
}

static void test_age(const char *server)
{
    struct run a;

    first(&a, server);
    check_age(&a, 80000, 86400, true, "within the day that the chain was verified");
    check_age(&a, 86400, 86400, false, "a day later");
    check_age(&a, 10, 0, false, "the chain's end has come");
    check_age(&a, -100, 86400, false, "made in the future");
    end(&a);
}

/* `until` is the first end of the leaf's and the root's. */
static void test_until(void)
{
    struct pki_wish w = {.cn = "mail", .dns = {"mail.example.org"}, .from_days = -1, .to_days = 3};
    struct pki_wish brief = {.cn = "Brief Root", .authority = true, .from_days = -1, .to_days = 2};
    struct pki_cert brief_root = pki_make(&brief, NULL), l1 = pki_make(&w, &root),
                    l2 = pki_make(&w, &brief_root);
    char *pem = pki_pem(&brief_root), *file = pki_file(pem);
    char *list = pki_crl(&root, NULL, -1, 1), *one_day = pki_file(list);
    const struct {
        const struct pki_cert *cert;
        char *trust, *crl;
        int days;
        const char *why;
    } t[] = {{&l1, root_file, NULL, 3, "the server's certificate ends first"},
             {&l2, file, NULL, 2, "the authority's certificate ends first"},
             {&l1, root_file, one_day, 1, "the list of revoked certificates ends first"},
             {&l2, file, one_day, 2, "the list of another authority ends first"}};

    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct ticket k = {0};
        struct run a;
        int64_t left;

        start(&a, NULL);
        a.cert = t[i].cert;
        a.p.trust_file = t[i].trust;
        a.p.crl_file = t[i].crl;
        go(&a);
        ok(read_ticket(&a.fresh, t[i].trust, t[i].crl, &k), "a ticket");
        left = k.until - (int64_t)time(NULL);
        ok(left > (int64_t)(t[i].days * 86400 - 60) && left <= (int64_t)(t[i].days * 86400),
           "%s: %lld s left", t[i].why, (long long)left);
        end(&a);
    }
    pki_unfile(file);
    pki_unfile(one_day);
    free(list);
    free(pem);
    pki_free(&brief_root);
    pki_free(&l1);
    pki_free(&l2);
}

/* A server that is back to an older version, or has a newer one. */
static void test_versions(void)
{
    struct run a, b;

    check(TLS13, only_12, false, CAUSE_NONE, NULL, "the server is back to TLS 1.2");
    check(TLS12, forgotten, false, CAUSE_NONE, NULL, "TLS 1.2, and the server has forgotten");
    /* GnuTLS 3.7 gives up here; the caller connects again without the ticket. */
    first(&a, TLS12);
    start(&b, &a.fresh);
    only_13(&b);
    go(&b);
    ok(b.cause == CAUSE_TLS || (b.cause == CAUSE_NONE && !b.info.resumed),
       "the server has gone on to TLS 1.3: %s",
       b.cause == CAUSE_NONE ? "in full" : b.why.text.data);
    end(&a);
    end(&b);
}

/* What was true of this connection alone is not kept. */
static void test_not_kept(const char *server)
{
    struct pki_wish strict = {.cn = "must", .dns = {"mail.example.org"}, .must_staple = true};
    struct pki_cert must = pki_make(&strict, &root);
    gnutls_datum_t staple = staple_make(&must, &root, false, 1);
    struct run r;

    start(&r, NULL);
    r.server = server;
    r.cert = &must;
    r.staple = &staple;
    go(&r);
    ok(r.cause == CAUSE_NONE && r.fresh.len == 0, "must-staple: no ticket");
    end(&r);
    start(&r, NULL);
    r.server = server;
    r.no_tickets = true;
    go(&r);
    ok(r.cause == CAUSE_NONE && r.fresh.len == 0, "a server that gives none: no ticket");
    end(&r);
    gnutls_free(staple.data);
    pki_free(&must);
}

int main(void)
{
    struct pki_cert stranger;
    unsigned char id[32];
    size_t n = sizeof(id);
    char *pem, *pin;
    char hex[65];

    root = pki_make(&(struct pki_wish){.cn = "Test Root", .authority = true}, NULL);
    stranger = pki_make(&(struct pki_wish){.cn = "Stranger", .authority = true}, NULL);
    leaf = pki_make(
        &(struct pki_wish){.cn = "mail", .dns = {"mail.example.org", "smtp.example.org"}}, &root);
    other_leaf = pki_make(&(struct pki_wish){.cn = "mail", .dns = {"mail.example.org"}}, &root);
    pem = pki_pem(&root);
    root_file = pki_file(pem);
    free(pem);
    pem = pki_crl(&root, NULL, -1, 30);
    list_file = pki_file(pem);
    free(pem);
    pem = pki_pem(&stranger);
    bad_root_file = pki_file(pem);
    free(pem);
    pki_must(gnutls_x509_crt_get_key_id(leaf.crt, GNUTLS_KEYID_USE_SHA256, id, &n), "key id");
    for (size_t i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", id[i]);
    pin = hex;
    pins = (struct strv){.v = &pin, .n = 1};
    pki_must(gnutls_session_ticket_key_generate(&ticket_key), "ticket key");

    test_goes_on(TLS13, "TLS1.3");
    test_goes_on(TLS12, "TLS1.2");
    test_changes(TLS13);
    test_changes(TLS12);
    test_age(TLS13);
    test_age(TLS12);
    test_until();
    test_versions();
    test_not_kept(TLS13);
    test_not_kept(TLS12);

    gnutls_free(ticket_key.data);
    pki_unfile(root_file);
    pki_unfile(bad_root_file);
    pki_unfile(list_file);
    pki_free(&root);
    pki_free(&stranger);
    pki_free(&leaf);
    pki_free(&other_leaf);
    return done_testing();
}
