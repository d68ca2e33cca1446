/* An account in words. */
#include "config.h"

#include "conf/describe.h"

#include "base/attr.h"
#include "conf/proxy_url.h"
#include "tap.h"

int main(void)
{
    static const struct {
        enum account_tls tls;
        const char *want;
    } tls[] = {
        {TLS_IMPLICIT, "implicit TLS"},
        {TLS_STARTTLS, "STARTTLS"},
        {TLS_DEFAULT, "STARTTLS"},
        {TLS_OFF, "no TLS"},
    };
    struct proxy_url proxy = {.host = (char[]){"::1"}, .port = 1080, .user = (char[]){"alice"}};
    struct account a = {.port = 465};
    char out[64], tiny[8];
    size_t i;

    strv_add(&a.host, "mail.example.org");
    strv_add(&a.host, "/run/smtp.sock");
    strv_add(&a.host, "::1");
    strv_add(&a.host, "192.0.2.1");
    strv_add(&a.host, "srv:example.org");
    describe_server(&a, 0, out, sizeof(out));
    is_str(out, "mail.example.org:465", "name and port");
    describe_server(&a, 1, out, sizeof(out));
    is_str(out, "/run/smtp.sock", "a path has no port");
    describe_server(&a, 2, out, sizeof(out));
    is_str(out, "[::1]:465", "an IPv6 address has brackets");
    describe_server(&a, 3, out, sizeof(out));
    is_str(out, "192.0.2.1:465", "an IPv4 address has none");
    describe_server(&a, 4, out, sizeof(out));
    is_str(out, "srv:example.org", "a domain's servers have ports of their own");
    a.proxy = &proxy;
    describe_server(&a, 0, out, sizeof(out));
    is_str(out, "mail.example.org:465 via proxy [::1]:1080", "a proxy");
    describe_server(&a, 1, out, sizeof(out));
    is_str(out, "/run/smtp.sock", "...not for a path");
    a.proxy = NULL;
    describe_server(&a, 0, tiny, sizeof(tiny));
    is_str(tiny, "mail.ex", "cut to the room there is");
    for (i = 0; i < ARRAY_LEN(tls); i++) {
        a.tls = tls[i].tls;
        is_str(describe_tls(&a), tls[i].want, tls[i].want);
    }
    describe_login(&a, out, sizeof(out));
    is_str(out, "no login", "without a user");
    a.user = (char[]){"alice"};
    describe_login(&a, out, sizeof(out));
    is_str(out, "login alice", "with one");
    a.tls_cert = (char[]){"/c.pem"};
    describe_login(&a, out, sizeof(out));
    is_str(out, "login alice", "with a certificate as well");
    a.user = NULL;
    describe_login(&a, out, sizeof(out));
    is_str(out, "login by certificate", "with that alone");
    strv_add(&a.auth, "off");
    describe_login(&a, out, sizeof(out));
    is_str(out, "no login", "auth = off");
    strv_free(&a.host);
    strv_free(&a.auth);
    return done_testing();
}
