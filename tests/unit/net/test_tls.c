/*
 * test_tls.c: the TLS session between two buffers: what is offered and negotiated, what the ends of
 * a session look like, records in pieces, and what may happen behind the handshake.
 */
#include "config.h"

#include "net/tls.h"

#include "memserver.h"
#include "tap.h"

#include "base/buf.h"
#include "base/limits.h"

#include <gnutls/gnutls.h>

static struct pki_cert root, leaf;
static const struct pki_cert *chain[] = {&leaf};
static char *root_file;

struct pair {
    struct memserver *server;
    struct tls *client;
};

static struct pair connect_pair(const char *server_priority, struct fault *why)
{
    struct tls_params p = {.name = "mail.example.org", .trust_file = root_file};
    struct pair c = {.server = mem_start(chain, 1, server_priority, NULL)};
    enum cause cause = tls_new(&c.client, &p, why);

    if (cause == CAUSE_NONE)
        cause = mem_shake(c.server, c.client, why);
    if (cause == CAUSE_NONE)
        cause = tls_verify(c.client, why);
    ok(cause == CAUSE_NONE, "connected: %s", cause == CAUSE_NONE ? "yes" : why->text.data);
    return c;
}

static void end_pair(struct pair *c)
{
    tls_free(&c->client);
    mem_stop(c->server);
}

static void server_says(struct pair *c, const char *text)
{
    pki_must((int)gnutls_record_send(c->server->session, text, strlen(text)), "send");
}

/* Carries, then reads all that the client can; returns the cause of the last read. */
static enum cause client_reads(struct pair *c, struct buf *out, struct fault *why)
{
    enum cause cause;
    size_t got;

    (void)mem_carry(c->server, c->client);
    do {
        char piece[1000];

        cause = tls_read(c->client, piece, sizeof(piece), &got, why);
        buf_add(out, piece, got);
    } while (cause == CAUSE_NONE && got > 0);
    (void)mem_carry(c->server, c->client);
    return cause;
}

static void client_gets(struct pair *c, const char *want, const char *name)
{
    struct fault why = {0};
    struct buf got;
    enum cause cause;

    buf_init(&got, 1 << 20);
    cause = client_reads(c, &got, &why);
    is_str(got.data, want, name);
    ok(cause == CAUSE_NONE, "...without a fault: %s", fault_row(cause)->name);
    buf_free(&got);
    fault_free(&why);
}

static void client_says(struct pair *c, const char *text)
{
    struct fault why = {0};
    char got[100] = "";
    size_t n;

    ok(tls_write(c->client, text, strlen(text), &n, &why) == CAUSE_NONE && n == strlen(text),
       "written");
    (void)mem_carry(c->server, c->client);
    while (gnutls_record_recv(c->server->session, got, sizeof(got) - 1) == GNUTLS_E_AGAIN &&
           c->server->in.at < c->server->in.end)
        ;
    is_str(got, text, "...and read by the server");
    fault_free(&why);
}

static void test_info(void)
{
    static const struct {
        const char *priority, *version, *cipher, *group, *why;
    } t[] = {
        {"NORMAL", "TLS1.3", "AES-256-GCM", "X25519", "the best of both"},
        {"NORMAL:-VERS-ALL:+VERS-TLS1.2", "TLS1.2", "AES-256-GCM", "X25519", "TLS 1.2"},
        {"NORMAL:-GROUP-ALL:+GROUP-SECP256R1", "TLS1.3", "AES-256-GCM", "SECP256R1",
         "a server without X25519 asks again"},
        {"NORMAL:-GROUP-ALL:+GROUP-FFDHE2048", "TLS1.3", "AES-256-GCM", "FFDHE2048",
         "a server without elliptic curves"},
    };

    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct fault why = {0};
        struct pair c = connect_pair(t[i].priority, &why);
        const struct tls_info *info = tls_get_info(c.client);

        is_str(info->version, t[i].version, t[i].why);
        is_str(info->cipher, t[i].cipher, "...cipher");
        is_str(info->group, t[i].group, "...group");
        is_str(c.server->asked_name, "mail.example.org", "...the name was asked for");
        client_says(&c, "EHLO example.org\r\n");
        end_pair(&c);
        fault_free(&why);
    }
}

/* Handshakes that must not come about. */
static void test_refused(void)
{
    static const struct {
        const char *server, *client;
        enum cause want;
        const char *text, *why;
    } t[] = {
        {"NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0", NULL, CAUSE_TLS, "TLS", "TLS 1.1 at best"},
        {"NORMAL:-VERS-ALL:+VERS-TLS1.3", "NORMAL:-VERS-ALL:+VERS-TLS1.2", CAUSE_TLS,
         "with an alert: ", "versions that do not meet"},
        {NULL, "NORMAL:+VERS-TLS9", CAUSE_CONFIG, "at position 8: \"+VERS-TLS9\"",
         "an unknown version in the priority string"},
        {NULL, "@SYSTEM", CAUSE_CONFIG, "at position 1: \"@SYSTEM\"", "@SYSTEM without a policy"},
        {NULL, "", CAUSE_CONFIG, "tls_priority", "an empty priority string"},
    };

    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct fault why = {0};
        struct tls_params p = {
            .name = "mail.example.org", .trust_file = root_file, .priority = t[i].client};
        struct memserver *m = mem_start(chain, 1, t[i].server, NULL);
        struct tls *client;
        enum cause cause = tls_new(&client, &p, &why);

        if (cause == CAUSE_NONE)
            cause = mem_shake(m, client, &why);
        ok(cause == t[i].want, "%s: %s", t[i].why, fault_row(cause)->name);
        ok(why.text.data != NULL && strstr(why.text.data, t[i].text) != NULL, "...says: %s",
           why.text.data);
        tls_free(&client);
        mem_stop(m);
        fault_free(&why);
    }
}

static void test_names(void)
{
    static const struct {
        const char *name, *asked;
        enum cause want;
    } t[] = {
        {"mail.example.org", "mail.example.org", CAUSE_NONE},
        {"mail.example.org.", "mail.example.org", CAUSE_NONE},
        {"127.0.0.1", "", CAUSE_NONE},
        {"[::1]", "", CAUSE_NONE},
        {"b\xc3\xbc"
         "cher.example.org",
         IDN_ASKED, IDN_CAUSE},
        {"two words", "", CAUSE_CONFIG},
        {"", "", CAUSE_CONFIG},
    };

    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct fault why = {0};
        struct tls_params p = {.name = t[i].name, .trust_file = root_file};
        struct memserver *m = mem_start(chain, 1, NULL, NULL);
        struct tls *client;
        enum cause cause = tls_new(&client, &p, &why);

        ok(cause == t[i].want, "\"%s\" as a name: %s", t[i].name, fault_row(cause)->name);
        if (cause == CAUSE_NONE)
            (void)mem_shake(m, client, &why);
        is_str(m->asked_name, t[i].asked, "...what the server hears of it");
        tls_free(&client);
        mem_stop(m);
        fault_free(&why);
    }
}

/* A server that is none: what it sends instead of its hello. */
static void test_not_tls(void)
{
    static const struct {
        const char *says;
        bool plain, cut;
        const char *why;
    } t[] = {
        {"220 mail.example.org ESMTP\r\n", true, false, "a greeting"},
        {"220-mail.example.org\r\n220 ESMTP\r\n", true, false, "a greeting of two lines"},
        {"554 5.7.1 no service for you\r\n", true, false, "a refusal"},
        {"HTTP/1.1 400 Bad Request\r\n\r\n", false, false, "a web server"},
        {"22\r\n", false, true, "two digits"},
        {"\x16\x03\x03\xff\xff and then nonsense", false, false, "a record longer than allowed"},
        {"\x15\x03\x03\x00\x02\x02\x28", false, false, "an alert"},
        {"\x16\x03\x03\x01\x02\x02", false, true, "half a record"},
    };

    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct fault why = {0};
        struct tls_params p = {.name = "mail.example.org", .trust_file = root_file};
        struct tls *client;
        bool done;
        enum cause cause = tls_new(&client, &p, &why);
        size_t n, len = i == 6 ? 7 : strlen(t[i].says);

        ok(cause == CAUSE_NONE && tls_handshake(client, &done, &why) == CAUSE_NONE && !done,
           "waiting for the server");
        memcpy(tls_in_room(client, &n), t[i].says, len);
        tls_in_added(client, len);
        cause = tls_handshake(client, &done, &why);
        if (cause == CAUSE_NONE) {
            (void)tls_in_room(client, &n);
            tls_in_added(client, 0);
            cause = tls_handshake(client, &done, &why);
        }
        ok(cause == (t[i].cut ? CAUSE_CLOSED : CAUSE_TLS), "%s: %s", t[i].why,
           cause == CAUSE_NONE ? "no fault" : why.text.data);
        ok(tls_plain_peer(client) == t[i].plain, "...%s plain SMTP", t[i].plain ? "is" : "is not");
        tls_free(&client);
        fault_free(&why);
    }
}

/* What is not application data is neither returned nor an error. */
static void test_behind_the_handshake(const char *priority, bool tls13)
{
    struct fault why = {0};
    struct pair c = connect_pair(priority, &why);
    char none[1];

    client_gets(&c, "", "tickets are no input");
    if (tls13) {
        pki_must(gnutls_session_ticket_send(c.server->session, 2, 0), "ticket");
        client_gets(&c, "", "more tickets are no input");
        pki_must(gnutls_session_ticket_send(c.server->session, 1, 0), "ticket");
        server_says(&c, "250 ok\r\n");
        client_gets(&c, "250 ok\r\n", "a reply behind a ticket");
        pki_must(gnutls_session_key_update(c.server->session, GNUTLS_KU_PEER), "key update");
        server_says(&c, "250 new keys\r\n");
        client_gets(&c, "250 new keys\r\n", "a reply under new keys");
        client_says(&c, "NOOP\r\n");
    } else {
        pki_must(gnutls_rehandshake(c.server->session), "hello request");
        client_gets(&c, "", "a wish to renegotiate is no input");
        is_int(gnutls_record_recv(c.server->session, none, 1), GNUTLS_E_WARNING_ALERT_RECEIVED,
               "...and is refused");
        is_int(gnutls_alert_get(c.server->session), GNUTLS_A_NO_RENEGOTIATION, "...by that name");
        server_says(&c, "250 ok\r\n");
        client_gets(&c, "250 ok\r\n", "...and the session goes on");
        client_says(&c, "NOOP\r\n");
        pki_must(gnutls_alert_send(c.server->session, GNUTLS_AL_WARNING, GNUTLS_A_USER_CANCELED),
                 "warning");
        server_says(&c, "250 still here\r\n");
        client_gets(&c, "250 still here\r\n", "a warning changes nothing");
    }
    end_pair(&c);
    fault_free(&why);
}

/* What binds a login to the session must be what the server sees. */
static void test_bindings(const char *priority, gnutls_digest_algorithm_t digest, bool exporter)
{
    struct pki_wish w = {.cn = "mail", .dns = {"mail.example.org"}, .digest = digest};
    struct pki_cert cert = pki_make(&w, &root);
    gnutls_datum_t der = pki_der(&cert);
    struct pki_cert before = leaf;
    struct fault why = {0};
    struct pair c;
    struct buf got;
    char want[64];

    leaf = cert;
    c = connect_pair(priority, &why);
    buf_init(&got, 64);
    ok(tls_get_binding(c.client, TLS_BINDING_EXPORTER, &got) == exporter, "an exporter: %s",
       exporter ? "yes" : "no");
    pki_must(gnutls_prf_rfc5705(c.server->session, 24, "EXPORTER-Channel-Binding", 0, "", 32, want),
             "exporter");
    is_mem(got.data, got.len, want, exporter ? 32 : 0, "...as the server has it");
    buf_reset(&got);
    ok(tls_get_binding(c.client, TLS_BINDING_END_POINT, &got), "an end point");
    if (digest == 0)
        digest = GNUTLS_DIG_SHA256;
    pki_must(gnutls_hash_fast(digest, der.data, der.size, want), "hash");
    is_mem(got.data, got.len, want, gnutls_hash_get_len(digest), "...with the certificate's hash");
    buf_free(&got);
    gnutls_free(der.data);
    end_pair(&c);
    leaf = before;
    pki_free(&cert);
    fault_free(&why);
}

enum how_it_ends { BY_NOTIFY, BY_EOF, BY_CUT, BY_ALERT, BY_NOISE };

static void check_end(const char *priority, enum how_it_ends how, enum cause want, const char *text)
{
    struct fault why = {0};
    struct pair c = connect_pair(priority, &why);
    struct buf got;
    enum cause cause;
    size_t n;

    server_says(&c, "421 bye\r\n");
    if (how == BY_NOTIFY)
        (void)gnutls_bye(c.server->session, GNUTLS_SHUT_WR);
    if (how == BY_ALERT)
        (void)gnutls_alert_send(c.server->session, GNUTLS_AL_FATAL, GNUTLS_A_INTERNAL_ERROR);
    (void)mem_carry(c.server, c.client);
    if (how == BY_NOISE) {
        memcpy(tls_in_room(c.client, &n), "\x17\x03\x03\x00\x20 and thirty-two octets of nothing.",
               38);
        tls_in_added(c.client, 37);
    }
    if (how == BY_CUT) {
        memcpy(tls_in_room(c.client, &n), "\x17\x03\x03\x00\x20 and no more", 17);
        tls_in_added(c.client, 17);
    }
    if (how == BY_EOF || how == BY_CUT) {
        (void)tls_in_room(c.client, &n);
        tls_in_added(c.client, 0);
    }
    buf_init(&got, 1 << 20);
    cause = client_reads(&c, &got, &why);
    if (cause == CAUSE_NONE && how == BY_CUT) /* one call for the octets and one for their end */
        cause = client_reads(&c, &got, &why);
    is_str(got.data, "421 bye\r\n", "what came before the end is there");
    ok(cause == want && strstr(why.text.data, text) != NULL, "...then: %s",
       cause == CAUSE_NONE ? "nothing" : why.text.data);
    buf_free(&got);
    end_pair(&c);
    fault_free(&why);
}

/* A reply that comes octet by octet, and records that are as full as they can be. */
static void test_records(const char *priority)
{
    struct fault why = {0};
    struct pair c = connect_pair(priority, &why);
    size_t n, got, early = 0, total = 0, big = 5 * LIMIT_TLS_RECORD + 17, wire = 0;
    char *text = malloc(big), *back = malloc(big);
    struct memserver *m = c.server;
    unsigned char piece[64];
    struct buf in;

    client_gets(&c, "", "nothing yet");
    server_says(&c, "250 one octet at a time\r\n");
    buf_init(&in, 1 << 20);
    for (; m->out.at < m->out.end; m->out.at++) {
        early += tls_read(c.client, piece, sizeof(piece), &got, &why) != CAUSE_NONE || got > 0;
        memcpy(tls_in_room(c.client, &n), m->out.v + m->out.at, 1);
        tls_in_added(c.client, 1);
    }
    is_int((long long)early, 0, "nothing is read, and nothing fails, before a record is whole");
    ok(tls_read(c.client, piece, 5, &got, &why) == CAUSE_NONE && got == 5, "five octets of it");
    ok(client_reads(&c, &in, &why) == CAUSE_NONE, "and the rest");
    is_str(in.data, "ne octet at a time\r\n", "...is there");
    buf_free(&in);

    for (size_t i = 0; i < big; i++)
        text[i] = (char)(i * 7 + i / 256);
    for (int round = 0; total < big && round < 20; round++) {
        ssize_t r;

        ok(tls_write(c.client, text + wire, big - wire, &got, &why) == CAUSE_NONE, "written");
        wire += got;
        ok(got % LIMIT_TLS_RECORD == 0 || wire == big, "...in full records");
        (void)tls_out(c.client, &n);
        ok(n > got && n < got + 6 * 40, "...that cost little more than they hold");
        (void)mem_carry(m, c.client);
        while ((r = gnutls_record_recv(m->session, back + total, big - total)) > 0)
            total += (size_t)r;
    }
    is_mem(back, total, text, big, "...and arrive whole");
    free(text);
    free(back);
    end_pair(&c);
    fault_free(&why);
}

/* A socket that takes little at a time: what waits to be sent stays within bounds. */
static void test_slow_wire(void)
{
    struct fault why = {0};
    struct pair c = connect_pair(NULL, &why);
    size_t big = 600000, taken = 0, most = 0, total = 0, got, n;
    char *text = calloc(1, big), *back = malloc(big);
    struct memserver *m = c.server;
    ssize_t r;

    for (int round = 0; round < 2000 && total < big; round++) {
        const void *out;

        if (tls_write(c.client, text + taken, big - taken, &got, &why) != CAUSE_NONE)
            break;
        taken += got;
        out = tls_out(c.client, &n);
        most = n > most ? n : most;
        n = n < 5000 ? n : 5000;
        memcpy(m->in.v + m->in.end, out, n);
        m->in.end += n;
        tls_out_sent(c.client, n);
        while ((r = gnutls_record_recv(m->session, back + total, big - total)) > 0)
            total += (size_t)r;
        if (m->in.at > 0) { /* make room again */
            memmove(m->in.v, m->in.v + m->in.at, m->in.end - m->in.at);
            m->in.end -= m->in.at;
            m->in.at = 0;
        }
    }
    ok(total == big, "all of it arrives through a narrow wire");
    ok(most <= 6 * LIMIT_TLS_RECORD, "never more than %zu octets wait", most);
    free(text);
    free(back);
    end_pair(&c);
    fault_free(&why);
}

static void test_goodbye(void)
{
    struct fault why = {0};
    struct pair c = connect_pair(NULL, &why);
    char none[10];

    tls_end(c.client);
    (void)mem_carry(c.server, c.client);
    is_int(gnutls_record_recv(c.server->session, none, sizeof(none)), 0,
           "tls_end: the server sees a proper end");
    end_pair(&c);

    /* Who is not trusted is told so. */
    {
        struct tls_params p = {.name = "other.example.org", .trust_file = root_file};

        c.server = mem_start(chain, 1, NULL, NULL);
        ok(tls_new(&c.client, &p, &why) == CAUSE_NONE &&
               mem_shake(c.server, c.client, &why) == CAUSE_NONE &&
               tls_verify(c.client, &why) == CAUSE_TLS_NAME,
           "not the right server");
        (void)mem_carry(c.server, c.client);
        is_int(gnutls_record_recv(c.server->session, none, sizeof(none)),
               GNUTLS_E_FATAL_ALERT_RECEIVED, "...hears of it");
        is_int(gnutls_alert_get(c.server->session), GNUTLS_A_BAD_CERTIFICATE, "...and why");
        end_pair(&c);
    }
    fault_free(&why);
}

int main(void)
{
    static const char tls12[] = "NORMAL:-VERS-ALL:+VERS-TLS1.2";
    char *pem;

    root = pki_make(&(struct pki_wish){.cn = "Test Root", .authority = true}, NULL);
    leaf = pki_make(&(struct pki_wish){.cn = "mail", .dns = {"mail.example.org"}}, &root);
    pem = pki_pem(&root);
    root_file = pki_file(pem);
    free(pem);
    test_info();
    test_refused();
    test_names();
    test_not_tls();
    test_behind_the_handshake(NULL, true);
    test_behind_the_handshake(tls12, false);
    check_end(NULL, BY_NOTIFY, CAUSE_CLOSED, "the server closed the connection");
    check_end(tls12, BY_NOTIFY, CAUSE_CLOSED, "the server closed the connection");
    check_end(NULL, BY_EOF, CAUSE_CLOSED, "without a word");
    check_end(tls12, BY_EOF, CAUSE_CLOSED, "without a word");
    check_end(NULL, BY_CUT, CAUSE_CLOSED, "without a word");
    check_end(tls12, BY_CUT, CAUSE_CLOSED, "without a word");
    check_end(NULL, BY_ALERT, CAUSE_TLS, "with an alert: Internal error");
    check_end(NULL, BY_NOISE, CAUSE_TLS, "the TLS session failed");
    check_end(tls12, BY_NOISE, CAUSE_TLS, "the TLS session failed");
    test_records(NULL);
    test_records(tls12);
    test_slow_wire();
    test_goodbye();
    test_bindings(NULL, 0, true);
    test_bindings(NULL, GNUTLS_DIG_SHA384, true);
    test_bindings(tls12, GNUTLS_DIG_SHA512, true);
    test_bindings("NORMAL:-VERS-ALL:+VERS-TLS1.2:%NO_SESSION_HASH", 0, false);
    pki_unfile(root_file);
    pki_free(&root);
    pki_free(&leaf);
    return done_testing();
}
