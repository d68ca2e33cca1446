/*
 * test_route_srv.c: host = srv:DOMAIN. The resolver's res_nquery(3) is replaced by one that knows a
 * few domains and notes what it was asked.
 */
#include "config.h"

#include "deliver/route_srv.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <arpa/nameser.h>
#include <resolv.h>
#include <string.h>

#include "base/attr.h"
#include "deliver/route.h"
#include "../net/dns_message.h"
#include "tap.h"

#define AMPLE_MS 120000

static char last_asked[300];
static size_t questions;

static int answer(const char *name, unsigned char *out, int size, int *trouble)
{
    static struct dns_message m;

    snprintf(last_asked, sizeof(last_asked), "%s", name);
    questions++;
    *trouble = NETDB_SUCCESS;
    dns_start(&m, 0x8180, 1, name);
    if (strcmp(name, "_submissions._tcp.example.org") == 0) {
        m.at[7] = 2;
        dns_srv(&m, "*12", 20, 0, 2465, "far.example.net");
        dns_srv(&m, "*12", 10, 0, 465, "mail.Example.org");
    } else if (strcmp(name, "_submission._tcp.example.org") == 0) {
        dns_srv(&m, "*12", 0, 0, 587, "example.org");
    } else if (strcmp(name, "_submissions._tcp.refuses.example") == 0) {
        dns_srv(&m, "*12", 0, 0, 0, "");
    } else if (strcmp(name, "_submissions._tcp.path.example") == 0) {
        dns_srv(&m, "*12", 0, 0, 465, "/run/x");
    } else if (strcmp(name, "_submissions._tcp.broken.example") == 0) {
        m.n--;
    } else if (strcmp(name, "_submissions._tcp.xn--bcher-kva.example") == 0) {
        dns_srv(&m, "*12", 0, 0, 465, "mail.xn--bcher-kva.example");
    } else if (strstr(name, "again.example") != NULL) {
        *trouble = TRY_AGAIN;
        return -1;
    } else if (strstr(name, "refused.example") != NULL) {
        *trouble = NO_RECOVERY;
        return -1;
    } else if (strstr(name, "empty.example") != NULL) {
        *trouble = NO_DATA;
        return -1;
    } else {
        *trouble = HOST_NOT_FOUND;
        return -1;
    }
    if ((int)m.n > size)
        return -1;
    memcpy(out, m.at, m.n);
    return (int)m.n;
}

#ifdef HAVE_RES_NQUERY
int res_nquery(res_state state, const char *name, int class, int type, unsigned char *out, int size)
{
    (void)class;
    (void)type;
    return answer(name, out, size, &state->res_h_errno);
}
#else
int res_query(const char *name, int class, int type, unsigned char *out, int size)
{
    (void)class;
    (void)type;
    return answer(name, out, size, &h_errno);
}
#endif

static void make_account(struct account *a, const char *hosts)
{
    static char id[] = "main";
    char text[200];

    memset(a, 0, sizeof(*a));
    a->id = id;
    a->port = 465;
    a->tls = TLS_IMPLICIT;
    a->connect_timeout = 15;
    a->timeout = 60;
    a->deadline = 900;
    a->max_recipients = 50;
    snprintf(text, sizeof(text), "%s", hosts);
    for (char *at = text, *end; at != NULL; at = end) {
        end = strchr(at, ' ');
        if (end != NULL)
            *end++ = '\0';
        strv_add(&a->host, at);
    }
}

/* The targets as "host:port=certificate ...". */
static void show(const struct route *r, char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0; i < r->n; i++) {
        size_t at = strlen(out);

        snprintf(out + at, size - at, "%s%s:%u=%s", i > 0 ? " " : "", r->v[i].host,
                 (unsigned)r->v[i].port, r->v[i].tls_name);
    }
}

static void test_routes(void)
{
    static const struct {
        const char *hosts, *tls_name;
        enum account_tls tls;
        enum cause want;
        const char *targets; /* or what the fault says */
        const char *asked, *why;
    } t[] = {
        {"srv:example.org", NULL, TLS_IMPLICIT, CAUSE_NONE,
         "mail.Example.org:465=mail.Example.org far.example.net:2465=example.org",
         "_submissions._tcp.example.org", "implicit TLS; a target elsewhere proves the domain"},
        {"srv:example.org", NULL, TLS_STARTTLS, CAUSE_NONE, "example.org:587=example.org",
         "_submission._tcp.example.org", "STARTTLS; the target is the domain"},
        {"srv:example.org", NULL, TLS_OFF, CAUSE_NONE, "example.org:587=example.org",
         "_submission._tcp.example.org", "no TLS"},
        {"srv:example.org", "mx.example.com", TLS_IMPLICIT, CAUSE_NONE,
         "mail.Example.org:465=mx.example.com far.example.net:2465=mx.example.com",
         "_submissions._tcp.example.org", "tls_name has the last word"},
        {"a.example srv:example.org b.example", NULL, TLS_STARTTLS, CAUSE_NONE,
         "a.example:465=a.example example.org:587=example.org b.example:465=b.example",
         "_submission._tcp.example.org", "among others"},
        {"srv:missing.example b.example", NULL, TLS_IMPLICIT, CAUSE_NONE, "b.example:465=b.example",
         "_submissions._tcp.missing.example", "one that fails is left out while others are there"},
        {"srv:again.example srv:missing.example", NULL, TLS_IMPLICIT, CAUSE_DNS_NONE,
         "_submissions._tcp.missing.example: there is no such service",
         "_submissions._tcp.missing.example", "all of them fail: the last one's words"},
        {"srv:b\xc3\xbc"
         "cher.example",
         NULL, TLS_IMPLICIT, CAUSE_NONE,
         "mail.xn--bcher-kva.example:465=mail.xn--bcher-kva.example",
         "_submissions._tcp.xn--bcher-kva.example", "a domain in UTF-8"},
        {"srv:missing.example", NULL, TLS_IMPLICIT, CAUSE_DNS_NONE, "there is no such service",
         "_submissions._tcp.missing.example", "no such name"},
        {"srv:empty.example", NULL, TLS_IMPLICIT, CAUSE_DNS_NONE, "there is no such service",
         "_submissions._tcp.empty.example", "no such record"},
        {"srv:refuses.example", NULL, TLS_IMPLICIT, CAUSE_DNS_NONE, "does not offer this",
         "_submissions._tcp.refuses.example", "a dot as target"},
        {"srv:path.example", NULL, TLS_IMPLICIT, CAUSE_DNS_NONE, "none of its records names a host",
         "_submissions._tcp.path.example", "a path as target"},
        {"srv:broken.example", NULL, TLS_IMPLICIT, CAUSE_DNS_TEMPORARY, "makes no sense",
         "_submissions._tcp.broken.example", "half an answer"},
        {"srv:again.example", NULL, TLS_IMPLICIT, CAUSE_DNS_TEMPORARY, "gave no answer",
         "_submissions._tcp.again.example", "SERVFAIL"},
        {"srv:refused.example", NULL, TLS_IMPLICIT, CAUSE_DNS_TEMPORARY, "gave no answer",
         "_submissions._tcp.refused.example", "REFUSED"},
    };

    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        struct fault why = {0};
        struct account a;
        struct route r;
        char text[1000], name[100] = "";
        enum cause c;

        make_account(&a, t[i].hosts);
        a.tls = t[i].tls;
        if (t[i].tls_name != NULL) {
            snprintf(name, sizeof(name), "%s", t[i].tls_name);
            a.tls_name = name;
        }
        c = route_find(&r, &a, deadline_in(AMPLE_MS), &why);
        is_int(c, t[i].want, t[i].why);
        is_str(last_asked, t[i].asked, "...asked for");
        show(&r, text, sizeof(text));
        if (c == CAUSE_NONE)
            is_str(text, t[i].targets, "...leads to");
        else
            ok(strstr(why.text.data, t[i].targets) != NULL && why.stage == STAGE_RESOLVE,
               "...says: %s", why.text.data);
        ok(c != CAUSE_NONE || why.cause == CAUSE_NONE, "...no fault is left");
        ok(c != CAUSE_DNS_NONE ||
               (strstr(why.hint.data, "'host'") != NULL && strstr(why.hint.data, "starttls")),
           "...and what to do");
        route_free(&r);
        fault_free(&why);
        strv_free(&a.host);
    }
}

static void test_names(void)
{
    static const struct {
        const char *domain, *target, *want, *why;
    } t[] = {
        {"example.org", "example.org", "example.org", "equal"},
        {"example.org", "EXAMPLE.org", "EXAMPLE.org", "equal but for case"},
        {"example.org", "a.b.example.org", "a.b.example.org", "under it"},
        {"example.org", "badexample.org", "example.org", "only looks like it"},
        {"example.org", "org", "example.org", "above it"},
        {"example.org", "example.org.evil.example", "example.org", "the wrong way round"},
        {"example.org", "", "example.org", "nothing"},
    };

    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        is_str(route_srv_name(t[i].domain, t[i].target), t[i].want, t[i].why);
}

/* What is too long or no name at all is never asked for. */
static void test_wrong(void)
{
    struct fault why = {0};
    struct account a;
    struct route r;
    char host[400] = "srv:";

    memset(host + 4, 'a', 250);
    for (size_t i = 60; i < 254; i += 60)
        host[i] = '.';
    questions = 0;
    make_account(&a, "h");
    strv_free(&a.host);
    strv_add(&a.host, host);
    is_int(route_find(&r, &a, deadline_in(AMPLE_MS), &why), CAUSE_DNS_NONE, "a domain too long");
    ok(strstr(why.text.data, "too long") != NULL, "...says: %s", why.text.data);
    route_free(&r);
    strv_free(&a.host);
    strv_add(&a.host, "srv:b\xff.example");
    strv_add(&a.host, "other.example");
    is_int(route_find(&r, &a, deadline_in(AMPLE_MS), &why), CAUSE_CONFIG, "a domain that is none");
    route_free(&r);
    is_int((long long)questions, 0, "nothing was asked");
    strv_free(&a.host);
    fault_free(&why);
}

int main(void)
{
    test_routes();
    test_names();
    test_wrong();
    return done_testing();
}
