/* test_proxy_url.c: what a proxy's address may look like, and that it is written as it is read. */
#include "config.h"

#include "conf/proxy_url.h"

#include "base/attr.h"
#include "tap.h"

#define TEN     "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define LONG255 HUNDRED HUNDRED TEN TEN TEN TEN TEN "01234"

static const struct {
    const char *text;
    const char *host; /* NULL: refused */
    unsigned port;
    bool remote;
    const char *user, *password;
    const char *written; /* or what is wrong */
} rows[] = {
    {"127.0.0.1:9050", "127.0.0.1", 9050, true, NULL, "", "socks5h://127.0.0.1:9050"},
    {"localhost:1", "localhost", 1, true, NULL, "", "socks5h://localhost:1"},
    {"proxy.example.org:65535", "proxy.example.org", 65535, true, NULL, "",
     "socks5h://proxy.example.org:65535"},
    {"[::1]:1080", "::1", 1080, true, NULL, "", "socks5h://[::1]:1080"},
    {"socks5h://127.0.0.1:1080", "127.0.0.1", 1080, true, NULL, "", "socks5h://127.0.0.1:1080"},
    {"socks5://127.0.0.1:1080", "127.0.0.1", 1080, false, NULL, "", "socks5://127.0.0.1:1080"},
    {"SOCKS5://127.0.0.1:1080/", "127.0.0.1", 1080, false, NULL, "", "socks5://127.0.0.1:1080"},
    {"socks5://[2001:db8::1]:1080", "2001:db8::1", 1080, false, NULL, "",
     "socks5://[2001:db8::1]:1080"},
    {"/run/tor/socks", "/run/tor/socks", 0, true, NULL, "", "socks5h:///run/tor/socks"},
    {"socks5h:///run/tor/socks", "/run/tor/socks", 0, true, NULL, "", "socks5h:///run/tor/socks"},
    {"socks5://u:p@/run/s", "/run/s", 0, false, "u", "p", "socks5://u@/run/s"},
    {"socks5://u:p@h:1", "h", 1, false, "u", "p", "socks5://u@h:1"},
    {"socks5h://u:p@[::1]:1", "::1", 1, true, "u", "p", "socks5h://u@[::1]:1"},
    {"socks5://u:a@b:c@h:1", "h", 1, false, "u", "a@b:c", "socks5://u@h:1"},
    {"socks5://a%40b%3a:p%25%2F%20@h:1", "h", 1, false, "a@b:", "p%/ ", "socks5://a%40b%3A@h:1"},
    {"socks5://u@h:1", "h", 1, false, "u", "", "socks5://u@h:1"},
    {"socks5://" LONG255 ":" LONG255 "@h:1", "h", 1, false, LONG255, LONG255,
     "socks5://" LONG255 "@h:1"},
    {"h", NULL, 0, false, NULL, NULL,
     "the port is missing: write HOST:PORT, such as 127.0.0.1:1080"},
    {"[::1]", NULL, 0, false, NULL, NULL,
     "the port is missing: write HOST:PORT, such as 127.0.0.1:1080"},
    {"h:", NULL, 0, false, NULL, NULL, "the port is not a number from 1 to 65535"},
    {"h:/", NULL, 0, false, NULL, NULL, "the port is not a number from 1 to 65535"},
    {"h:0", NULL, 0, false, NULL, NULL, "the port is not a number from 1 to 65535"},
    {"h:65536", NULL, 0, false, NULL, NULL, "the port is not a number from 1 to 65535"},
    {"h:1080//", NULL, 0, false, NULL, NULL, "the port is not a number from 1 to 65535"},
    {":1080", NULL, 0, false, NULL, NULL, "the host of the proxy is missing"},
    {"::1:1080", NULL, 0, false, NULL, NULL, "an IPv6 address stands in brackets: [::1]:1080"},
    {"[::1:1080", NULL, 0, false, NULL, NULL, "an IPv6 address stands in brackets: [::1]:1080"},
    {"[:1080", NULL, 0, false, NULL, NULL, "an IPv6 address stands in brackets: [::1]:1080"},
    {"::1]:1080", NULL, 0, false, NULL, NULL, "an IPv6 address stands in brackets: [::1]:1080"},
    {"[]:1080", NULL, 0, false, NULL, NULL, "not an IP address"},
    {"[h]:1080", NULL, 0, false, NULL, NULL, "not an IP address"},
    {"a b:1080", NULL, 0, false, NULL, NULL, "not a domain name"},
    {"http://h:8080", NULL, 0, false, NULL, NULL,
     "only SOCKS5 proxies: socks5h://HOST:PORT or socks5://HOST:PORT"},
    {"socks4://h:8080", NULL, 0, false, NULL, NULL,
     "only SOCKS5 proxies: socks5h://HOST:PORT or socks5://HOST:PORT"},
    {"u:p@h:1", NULL, 0, false, NULL, NULL, "a login is written socks5h://USER:PASSWORD@HOST:PORT"},
    {"socks5://:p@h:1", NULL, 0, false, NULL, NULL, "a login without a user: write USER:PASSWORD@"},
    {"socks5://@h:1", NULL, 0, false, NULL, NULL, "a login without a user: write USER:PASSWORD@"},
    {"socks5://u:@h:1", NULL, 0, false, NULL, NULL, "a login with an empty password"},
    {"socks5://u:%@h:1", NULL, 0, false, NULL, NULL, "in user and password a % is written %25"},
    {"socks5://u:%4@h:1", NULL, 0, false, NULL, NULL, "in user and password a % is written %25"},
    {"socks5://u%zz:p@h:1", NULL, 0, false, NULL, NULL, "in user and password a % is written %25"},
    {"socks5://u:%00@h:1", NULL, 0, false, NULL, NULL, "a NUL octet (%00) in user or password"},
    {"socks5://u:" LONG255 "x@h:1", NULL, 0, false, NULL, NULL,
     "user and password have at most 255 octets each"},
    {"socks5://" LONG255 "x:p@h:1", NULL, 0, false, NULL, NULL,
     "user and password have at most 255 octets each"},
    {"/" HUNDRED "01234567", NULL, 0, false, NULL, NULL, "a socket's path has at most 107 octets"},
    {"", NULL, 0, false, NULL, NULL,
     "the port is missing: write HOST:PORT, such as 127.0.0.1:1080"},
    {"socks5h://", NULL, 0, false, NULL, NULL,
     "the port is missing: write HOST:PORT, such as 127.0.0.1:1080"},
};

static void check_good(size_t i, const struct proxy_url *p)
{
    struct buf out;
    struct proxy_url *copy = proxy_url_copy(p);

    is_str(p->host, rows[i].host, "its host");
    is_int(p->port, rows[i].port, "its port");
    ok(p->remote_names == rows[i].remote, "who looks names up");
    is_str(p->user, rows[i].user, "its user");
    is_mem(p->password.data, p->password.len, rows[i].password, strlen(rows[i].password),
           "its password");
    ok(p->password.secret && copy->password.secret, "...which is wiped when it is left");
    is_mem(copy->password.data, copy->password.len, rows[i].password, strlen(rows[i].password),
           "a copy has it, too");
    buf_init(&out, 4096);
    proxy_url_write(copy, &out);
    is_str(out.data, rows[i].written, "written, without a password");
    buf_free(&out);
    proxy_url_free(&copy);
    ok(copy == NULL, "freed");
}

int main(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct proxy_url *p = NULL;
        const char *wrong = proxy_url_read(rows[i].text, &p);

        ok((wrong == NULL) == (rows[i].host != NULL) && (p != NULL) == (rows[i].host != NULL),
           "%.60s: %s", rows[i].text, wrong != NULL ? wrong : "good");
        if (wrong != NULL)
            is_str(wrong, rows[i].written, "what is wrong");
        if (p != NULL && rows[i].host != NULL)
            check_good(i, p);
        proxy_url_free(&p);
    }
    ok(proxy_url_copy(NULL) == NULL, "a copy of nothing");
    return done_testing();
}
