/* Every setting that the network and the session need reaches them. */
#include "config.h"

#include "deliver/route.h"

#include <string.h>

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
    {"off", 0},
};

static void make_account(struct account *a)
{
    memset(a, 0, sizeof(*a));
    a->id = (char[]){"main"};
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

static void test_session(const struct route *r, struct account *a)
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
    is_int(p.pipelining, PIPELINING_STANDARD, "pipelining = auto groups commands");

    a->tls_name = (char[]){"other.example.org"};
    a->ehlo_name = (char[]){"me.example.org"};
    a->user = (char[]){"alice"};
    a->pipelining = PIPE_OFF;
    a->protocol = PROTOCOL_LMTP;
    a->timeout = 1;
    a->allow_cleartext_auth = true;
    route_session(r, 0, &w, UINT64_C(8192) * 600, &p);
    is_str(p.tls_params.name, "other.example.org", "tls_name");
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

int main(void)
{
    struct account a;
    struct route r;
    struct fault why = {0};
    size_t i;

    make_account(&a);
    is_int(route_find(&r, &a, deadline_in(1000), &why), CAUSE_NONE, "a route");
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
    strv_free(&a.auth);
    strv_free(&a.host);
    return done_testing();
}
