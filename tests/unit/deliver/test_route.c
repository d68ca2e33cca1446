/* Every setting that the network and the session need reaches them. */
#include "config.h"

#include "deliver/route.h"

#include <stdlib.h>
#include <string.h>

#include "conf/proxy_url.h"
#include "conf/settings.h"
#include "smtp/sasl.h"
#include "tap.h"

static const struct {
    const char *word;
    unsigned want;
} mechanisms[] = {
    {"auto", (1u << SASL_MECH_COUNT) - 1},
    {"plain", 1u << SASL_PLAIN},
    {"login", 1u << SASL_LOGIN},
    {"LOGIN", 1u << SASL_LOGIN},
    {"scram-sha-256-plus", 1u << SASL_SCRAM_SHA256_PLUS},
    {"scram", 1u << SASL_SCRAM_SHA256_PLUS | 1u << SASL_SCRAM_SHA256 | 1u << SASL_SCRAM_SHA1_PLUS |
                  1u << SASL_SCRAM_SHA1},
    {"cram-md5", 1u << SASL_CRAM_MD5},
    {"external", 1u << SASL_EXTERNAL},
    {"xoauth2", 1u << SASL_XOAUTH2},
    {"oauthbearer", 1u << SASL_OAUTHBEARER},
    {"off", 0},
};

static struct strv texts; /* of the accounts, until the end */

static char *text(const char *s)
{
    strv_add(&texts, s);
    return texts.v[texts.n - 1];
}

static void make_account(struct account *a)
{
    memset(a, 0, sizeof(*a));
    a->id = text("main");
    strv_add(&a->host, "mail.example.org");
    strv_add(&a->host, "192.0.2.1");
    strv_add(&a->auth, "auto");
    a->port = 587;
    a->tls = TLS_STARTTLS;
    a->timeout = 60;
    a->connect_timeout = 15;
    a->deadline = 900;
    a->max_recipients = 50;
}

static void test_dial(const struct route *r)
{
    struct dial_params p;

    route_dial(r, 1, &p);
    is_str(p.host, "192.0.2.1", "the host asked for");
    is_int(p.port, 587, "port");
    is_int(p.connect_timeout_ms, 15000, "connect_timeout in milliseconds");
}

/* The route again, after the account has changed. */
static void find_again(struct route *r, const struct account *a)
{
    struct fault why = {0};

    route_free(r);
    is_int(route_find(r, a, deadline_in(60000), &why), CAUSE_NONE, "a route");
}

static void test_session(struct route *r, struct account *a)
{
    struct who w = {.host = (char[]){"desk.example.org"}};
    struct session_params p;
    deadline_ms now = deadline_in(0);

    route_session(r, 0, &w, 0, &p);
    is_int(p.tls, SESSION_TLS_STARTTLS, "tls");
    is_str(p.tls_params.name, "mail.example.org", "the certificate must be for the host");
    is_str(p.ehlo_name, "desk.example.org", "EHLO: the host's own name");
    ok(!p.auth, "no user, no login");
    is_int(p.reply_timeout_ms, 60000, "timeout");
    is_int(p.final_timeout_ms, 600000, "ten minutes for the verdict");
    ok(p.until >= now + 900000 && p.until < now + 960000, "deadline");
    is_int(p.max_recipients, 50, "max_recipients");
    is_int(p.pipelining, PIPELINING_AUTO, "pipelining = auto");
    is_int(p.known.ceiling, PIPELINING_FULL, "nothing is held against the server");

    a->ehlo_name = (char[]){"me.example.org"};
    a->user = (char[]){"alice"};
    a->pipelining = PIPE_OFF;
    a->protocol = PROTOCOL_LMTP;
    a->timeout = 1;
    a->allow_cleartext_auth = true;
    find_again(r, a);
    route_session(r, 0, &w, UINT64_C(8192) * 600, &p);
    is_str(p.ehlo_name, "me.example.org", "ehlo_name");
    ok(p.auth, "a user logs in");
    is_str(p.user, "alice", "... by name");
    is_int(p.pipelining, PIPELINING_OFF, "pipelining = off");
    ok(p.lmtp, "protocol = lmtp");
    is_int(p.final_timeout_ms, 10000, "a short timeout shortens the verdict's too");
    ok(p.until >= now + 1500000, "ten more minutes for what 8 KiB/s need ten minutes for");
    ok(!p.allow_cleartext_auth, "allow_cleartext_auth alone permits nothing");
    a->tls = TLS_OFF;
    route_session(r, 0, &w, 0, &p);
    ok(p.allow_cleartext_auth, "... together with tls = off it does");
    is_int(p.tls, SESSION_TLS_OFF, "tls = off");
    a->allow_cleartext_auth = false;
    route_session(r, 0, &w, 0, &p);
    ok(!p.allow_cleartext_auth, "tls = off alone does not either");
    a->tls = TLS_DEFAULT;
    route_session(r, 0, &w, 0, &p);
    is_int(p.tls, SESSION_TLS_STARTTLS, "what was not settled is never less than TLS");
}

/* One change each to the account below; each must change the key. */
static void other_host(struct account *a)
{
    strv_free(&a->host);
    strv_add(&a->host, "mail.example.net");
}

static void other_path(struct account *a)
{
    strv_free(&a->host);
    strv_add(&a->host, "/mail.example.org");
}

static void other_port(struct account *a)
{
    a->port = 465;
}

static void other_tls(struct account *a)
{
    a->tls = TLS_IMPLICIT;
}

static void no_tls(struct account *a)
{
    a->tls = TLS_OFF;
}

static void other_name(struct account *a)
{
    a->tls_name = text("mail.example.net");
}

static void other_trust(struct account *a)
{
    a->tls_trust = text("/etc/ca2.pem");
}

static void system_trust(struct account *a)
{
    a->tls_trust = NULL;
}

static void other_crl(struct account *a)
{
    a->tls_crl = text("/etc/crl.pem");
}

static void one_pin_less(struct account *a)
{
    a->tls_pin.n--;
    free(a->tls_pin.v[a->tls_pin.n]);
    a->tls_pin.v[a->tls_pin.n] = NULL;
}

static void one_pin_more(struct account *a)
{
    strv_add(&a->tls_pin, "c");
}

static void a_certificate(struct account *a)
{
    a->tls_cert = text("/etc/me.pem");
}

static void a_private_key(struct account *a)
{
    a->tls_key = text("/etc/me.pem");
}

static void other_priority(struct account *a)
{
    a->tls_priority = text("SECURE256");
}

static void other_auth(struct account *a)
{
    strv_free(&a->auth);
    strv_add(&a->auth, "plain");
}

static void no_auth(struct account *a)
{
    strv_free(&a->auth);
    strv_add(&a->auth, "off");
}

static void other_user(struct account *a)
{
    a->user = text("alice");
}

static void no_user(struct account *a)
{
    a->user = NULL;
}

static void by_lmtp(struct account *a)
{
    a->protocol = PROTOCOL_LMTP;
}

static void other_source(struct account *a)
{
    a->source_address = text("192.0.2.9");
}

static void by_proxy(struct account *a, const char *value)
{
    struct fault why = {0};

    if (settings_assign(settings_find(SCOPE_ACCOUNT, "proxy"), a, value, &why) != CAUSE_NONE)
        fault_free(&why); /* the key shows it */
}

static void a_proxy(struct account *a)
{
    by_proxy(a, "socks5://127.0.0.1:9050");
}

static void a_proxy_with_names(struct account *a)
{
    by_proxy(a, "socks5h://127.0.0.1:9050");
}

static void a_proxy_with_user(struct account *a)
{
    by_proxy(a, "socks5h://one:p@127.0.0.1:9050");
}

static void user_and_pin_in_one(struct account *a)
{
    one_pin_less(a);
    a->user = text("bob\ntls_pin 1:a");
}

static void nothing(struct account *a)
{
    (void)a;
}

static void pins_in_other_order(struct account *a)
{
    char *first = a->tls_pin.v[0];

    a->tls_pin.v[0] = a->tls_pin.v[1];
    a->tls_pin.v[1] = first;
}

static void auth_in_other_order(struct account *a)
{
    strv_free(&a->auth);
    strv_add(&a->auth, "LOGIN");
    strv_add(&a->auth, "plain");
}

static void host_in_capitals(struct account *a)
{
    strv_free(&a->host);
    strv_add(&a->host, "MAIL.example.ORG");
}

static void what_is_no_identity(struct account *a)
{
    a->id = text("other");
    a->from = text("alice@example.org");
    a->timeout = 5;
    a->pipelining = PIPE_FULL;
    a->max_recipients = 3;
}

static const struct {
    const char *what;
    void (*change)(struct account *a);
    bool same;
} changes[] = {
    {"nothing", nothing, true},
    {"the order of the pins", pins_in_other_order, true},
    {"the order and case of auth", auth_in_other_order, true},
    {"the case of the host", host_in_capitals, true},
    {"name, timeout, pipelining", what_is_no_identity, true},
    {"host", other_host, false},
    {"path", other_path, false},
    {"port", other_port, false},
    {"tls", other_tls, false},
    {"tls = off", no_tls, false},
    {"tls_name", other_name, false},
    {"tls_trust", other_trust, false},
    {"tls_trust = system", system_trust, false},
    {"tls_crl", other_crl, false},
    {"a pin less", one_pin_less, false},
    {"a pin more", one_pin_more, false},
    {"tls_cert", a_certificate, false},
    {"tls_key", a_private_key, false},
    {"tls_priority", other_priority, false},
    {"auth", other_auth, false},
    {"auth = off", no_auth, false},
    {"user", other_user, false},
    {"no user", no_user, false},
    {"protocol", by_lmtp, false},
    {"source_address", other_source, false},
    {"proxy", a_proxy, false},
    {"a proxy that looks names up", a_proxy_with_names, false},
    {"the user of a proxy", a_proxy_with_user, false},
    {"a user that looks like a pin", user_and_pin_in_one, false},
};

static void key_of(void (*change)(struct account *a), char key[ROUTE_KEY])
{
    struct account a;
    struct route r;
    struct fault why = {0};

    make_account(&a);
    strv_free(&a.auth);
    strv_add(&a.auth, "plain");
    strv_add(&a.auth, "login");
    a.tls_trust = text("/etc/ca.pem");
    strv_add(&a.tls_pin, "a");
    strv_add(&a.tls_pin, "b");
    a.user = text("bob");
    change(&a);
    is_int(route_find(&r, &a, deadline_in(60000), &why), CAUSE_NONE, "a route");
    ok(route_key(&r, 0, key), "... and its key");
    route_free(&r);
    strv_free(&a.auth);
    strv_free(&a.host);
    strv_free(&a.tls_pin);
    proxy_url_free(&a.proxy);
}

static void test_keys(void)
{
    char keys[ARRAY_LEN(changes)][ROUTE_KEY];

    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        key_of(changes[i].change, keys[i]);
        is_int((long long)strspn(keys[i], "0123456789abcdef"), ROUTE_KEY - 1, "64 digits");
        ok((strcmp(keys[i], keys[0]) == 0) == changes[i].same, "%s: %s key", changes[i].what,
           changes[i].same ? "the same" : "another");
        for (size_t k = 0; k < i && !changes[i].same; k++) {
            if (!changes[k].same && strcmp(keys[i], keys[k]) == 0)
                ok(false, "%s and %s differ", changes[i].what, changes[k].what);
        }
    }
}

/* What a server is called, and what changes behind a proxy. */
static void test_ways(void)
{
    static const struct {
        const char *host, *proxy, *name, *ehlo, *why;
    } t[] = {
        {"mail.example.org", NULL, "mail.example.org:587", NULL, "a name"},
        {"2001:db8::1", NULL, "[2001:db8::1]:587", NULL, "an IPv6 address"},
        {"/run/smtp", NULL, "/run/smtp", NULL, "a path"},
        {"mail.example.org", "socks5://u:p%3ax@[::1]:9050",
         "mail.example.org:587 via proxy [::1]:9050", "[127.0.0.1]", "a proxy"},
        {"mail.example.org", "127.0.0.1:9050", "mail.example.org:587 via proxy 127.0.0.1:9050",
         "[127.0.0.1]", "a proxy that looks names up"},
    };

    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        const struct setting *proxy = settings_find(SCOPE_ACCOUNT, "proxy");
        struct account *a = account_new("x");
        struct fault why = {0};
        struct who w = {0};
        struct session_params s;
        struct dial_params d;
        struct route r;
        char name[300];

        strv_add(&a->host, t[i].host);
        a->port = 587;
        a->tls_name = strdup("other.example.org");
        a->source_address = strdup("192.0.2.9");
        if (t[i].proxy != NULL)
            is_int(settings_assign(proxy, a, t[i].proxy, &why), CAUSE_NONE, "a proxy");
        is_int(route_find(&r, a, deadline_in(60000), &why), CAUSE_NONE, t[i].why);
        route_name(&r, 0, name, sizeof(name));
        is_str(name, t[i].name, "... its name");
        route_name(&r, 0, name, 8);
        ok(strlen(name) == 7 && strncmp(name, t[i].name, 7) == 0,
           "... cut where there is little room");
        route_dial(&r, 0, &d);
        ok((d.proxy != NULL) == (t[i].proxy != NULL), "... dialled through it");
        is_str(d.source_address, "192.0.2.9", "... source_address");
        if (d.proxy != NULL && a->proxy->user != NULL)
            ok(!d.proxy->remote_names && strcmp(d.proxy->user, "u") == 0 &&
                   buf_equals(d.proxy->password, "p:x") && strcmp(d.proxy->host, "::1") == 0,
               "... with its login");
        else if (d.proxy != NULL)
            ok(d.proxy->remote_names && d.proxy->port == 9050, "... without one");
        route_session(&r, 0, &w, 0, &s);
        is_str(s.tls_params.name, "other.example.org", "... tls_name");
        is_str(s.ehlo_name, t[i].ehlo, "... nothing of our own network in EHLO");
        route_free(&r);
        account_close(&a);
        fault_free(&why);
    }
}

int main(void)
{
    struct account a;
    struct route r;
    struct fault why = {0};
    size_t i;

    make_account(&a);
    is_int(route_find(&r, &a, deadline_in(60000), &why), CAUSE_NONE, "a route");
    is_int((long long)r.n, 2, "both hosts");
    test_dial(&r);
    test_session(&r, &a);
    for (i = 0; i < ARRAY_LEN(mechanisms); i++) {
        struct session_params p;
        struct who w = {0};

        strv_free(&a.auth);
        strv_add(&a.auth, mechanisms[i].word);
        route_session(&r, 0, &w, 0, &p);
        is_int(p.mechanisms, mechanisms[i].want, mechanisms[i].word);
        ok(p.auth == (strcmp(mechanisms[i].word, "off") != 0), "... login or not");
    }
    route_free(&r);
    test_ways();
    strv_free(&a.auth);
    strv_free(&a.host);
    test_keys();
    strv_free(&texts);
    return done_testing();
}
