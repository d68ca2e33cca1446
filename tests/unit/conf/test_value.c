/* test_value.c: values by type: taken, refused, written back, copied. */
#include "config.h"

#include "conf/value.h"

#include "base/attr.h"
#include "conf/account.h"
#include "tap.h"

#define LABEL63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

/* What a value becomes; WANT NULL: refused, with WRONG as the text. */
struct example {
    enum setting_scope scope;
    const char *key, *value, *want, *wrong;
};

static const struct example examples[] = {
    {SCOPE_ACCOUNT, "port", "25", "25", NULL},
    {SCOPE_ACCOUNT, "port", "1", "1", NULL},
    {SCOPE_ACCOUNT, "port", "65535", "65535", NULL},
    {SCOPE_ACCOUNT, "port", "0", NULL, "port: not a number from 1 to 65535"},
    {SCOPE_ACCOUNT, "port", "65536", NULL, "port: not a number from 1 to 65535"},
    {SCOPE_ACCOUNT, "port", "smtp", NULL, "port: not a number from 1 to 65535"},
    {SCOPE_ACCOUNT, "port", "-1", NULL, "port: not a number from 1 to 65535"},
    {SCOPE_ACCOUNT, "port", "25 ", NULL, "port: not a number from 1 to 65535"},
    {SCOPE_ACCOUNT, "port", "99999999999999999999", NULL, "port: not a number from 1 to 65535"},
    {SCOPE_ACCOUNT, "timeout", "90", "90s", NULL},
    {SCOPE_ACCOUNT, "timeout", "120", "2m", NULL},
    {SCOPE_ACCOUNT, "timeout", "1h30m", "90m", NULL},
    {SCOPE_ACCOUNT, "timeout", "0", NULL,
     "timeout: not a time from 1s to 1d, such as 90s, 15m, 4h, 5d"},
    {SCOPE_ACCOUNT, "timeout", "2d", NULL,
     "timeout: not a time from 1s to 1d, such as 90s, 15m, 4h, 5d"},
    {SCOPE_ACCOUNT, "timeout", "1x", NULL,
     "timeout: not a time from 1s to 1d, such as 90s, 15m, 4h, 5d"},
    {SCOPE_QUEUE, "warn_after", "off", "off", NULL},
    {SCOPE_QUEUE, "warn_after", "4h", "4h", NULL},
    {SCOPE_QUEUE, "warn_after", "0", NULL,
     "warn_after: not a time from 1m to 365d, such as 90s, 15m, 4h, 5d"},
    {SCOPE_QUEUE, "runner", "auto", "auto", NULL},
    {SCOPE_QUEUE, "runner", "no", "no", NULL},
    {SCOPE_QUEUE, "runner", "yes", NULL, "runner: not one of auto, no"},
    {SCOPE_QUEUE, "dir", "/var/spool/x", "/var/spool/x", NULL},
    {SCOPE_QUEUE, "dir", "spool", NULL, "dir: not an absolute path"},
    {SCOPE_LOG, "target", "stderr", "stderr", NULL},
    {SCOPE_LOG, "target", "Syslog", "syslog", NULL},
    {SCOPE_LOG, "target", "/var/log/x", "/var/log/x", NULL},
    {SCOPE_LOG, "target", "file", NULL,
     "target: neither an absolute path nor one of the words known here"},
    {SCOPE_ACCOUNT, "allow_cleartext_auth", "yes", "yes", NULL},
    {SCOPE_ACCOUNT, "allow_cleartext_auth", "on", "yes", NULL},
    {SCOPE_ACCOUNT, "allow_cleartext_auth", "True", "yes", NULL},
    {SCOPE_ACCOUNT, "allow_cleartext_auth", "off", "no", NULL},
    {SCOPE_ACCOUNT, "allow_cleartext_auth", "1", NULL, "allow_cleartext_auth: neither yes nor no"},
    {SCOPE_ACCOUNT, "tls", "implicit", "implicit", NULL},
    {SCOPE_ACCOUNT, "tls", "STARTTLS", "starttls", NULL},
    {SCOPE_ACCOUNT, "tls", "starttl", NULL,
     "tls: not one of implicit, starttls, off (did you mean starttls?)"},
    {SCOPE_ACCOUNT, "tls", "yes", NULL, "tls: not one of implicit, starttls, off"},
    {SCOPE_ACCOUNT, "queue", "allways", NULL,
     "queue: not one of fallback, always, never (did you mean always?)"},
    {SCOPE_ACCOUNT, "tls_trust", "system", "system", NULL},
    {SCOPE_ACCOUNT, "tls_trust", "/etc/x.pem", "/etc/x.pem", NULL},
    {SCOPE_ACCOUNT, "tls_trust", "x.pem", NULL,
     "tls_trust: neither an absolute path nor one of the words known here"},
    {SCOPE_ACCOUNT, "host", "smtp.example.org", "smtp.example.org", NULL},
    {SCOPE_ACCOUNT, "host", " a.example.org ,b.example.org", "a.example.org, b.example.org", NULL},
    {SCOPE_ACCOUNT, "host", "192.0.2.1,2001:db8::1,[::1]", "192.0.2.1, 2001:db8::1, [::1]", NULL},
    {SCOPE_ACCOUNT, "host", "localhost", "localhost", NULL},
    {SCOPE_ACCOUNT, "host",
     "b\xC3\xBC"
     "cher.example",
     "b\xC3\xBC"
     "cher.example",
     NULL},
    {SCOPE_ACCOUNT, "host", "/run/smtp.sock", "/run/smtp.sock", NULL},
    {SCOPE_ACCOUNT, "host", "srv:example.org", "srv:example.org", NULL},
    {SCOPE_ACCOUNT, "host", "srv:", NULL,
     "host: a domain with an empty part: no dot at the ends, no two in a row"},
    {SCOPE_ACCOUNT, "host", "srv:192.0.2.1", NULL, "host: srv: takes a domain, not an address"},
    {SCOPE_ACCOUNT, "proxy", "OFF", "off", NULL},
    {SCOPE_ACCOUNT, "proxy", "127.0.0.1:9050", "socks5h://127.0.0.1:9050", NULL},
    {SCOPE_ACCOUNT, "proxy", "http://proxy.example:8080", NULL,
     "proxy: only SOCKS5 proxies: socks5h://HOST:PORT or socks5://HOST:PORT"},
    {SCOPE_ACCOUNT, "host", LABEL63 ".example", LABEL63 ".example", NULL},
    {SCOPE_ACCOUNT, "host", LABEL63 "x.example", NULL,
     "host: a part of a domain has at most 63 octets"},
    {SCOPE_ACCOUNT, "host", "smtp.example.org:587", NULL,
     "host: not a host name: the port is a setting of its own"},
    {SCOPE_ACCOUNT, "host", "[::1]:25", NULL,
     "host: not a host name: the port is a setting of its own"},
    {SCOPE_ACCOUNT, "host", "smtps://smtp.example.org", NULL,
     "host: a host name or a path, not a URL"},
    {SCOPE_ACCOUNT, "host", "a b", NULL,
     "host: a blank inside a word: words are separated by commas"},
    {SCOPE_ACCOUNT, "host", "a,,b", NULL, "host: an empty word in the list"},
    {SCOPE_ACCOUNT, "host", "a,", NULL, "host: an empty word in the list"},
    {SCOPE_ACCOUNT, "host", ",", NULL, "host: an empty word in the list"},
    {SCOPE_ACCOUNT, "host", "a..b", NULL,
     "host: a domain with an empty part: no dot at the ends, no two in a row"},
    {SCOPE_ACCOUNT, "host", "a.", NULL,
     "host: a domain with an empty part: no dot at the ends, no two in a row"},
    {SCOPE_ACCOUNT, "host", "-a.example", NULL,
     "host: no part of a domain begins or ends with '-'"},
    {SCOPE_ACCOUNT, "host", "a-.example", NULL,
     "host: no part of a domain begins or ends with '-'"},
    {SCOPE_ACCOUNT, "host", "a;b", NULL, "host: not a domain name"},
    {SCOPE_ACCOUNT, "host",
     "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "a"
     "bbbbbbbbbbbbbb",
     NULL, "host: a socket's path has at most 107 octets"},
    {SCOPE_ACCOUNT, "tls_name", "mail.example.org", "mail.example.org", NULL},
    {SCOPE_ACCOUNT, "tls_name", "192.0.2.1", "192.0.2.1", NULL},
    {SCOPE_ACCOUNT, "tls_name", "/x", NULL, "tls_name: not a domain name"},
    {SCOPE_ACCOUNT, "ehlo_name", "h.example.org", "h.example.org", NULL},
    {SCOPE_ACCOUNT, "ehlo_name", "[192.0.2.1]", "[192.0.2.1]", NULL},
    {SCOPE_ACCOUNT, "ehlo_name", "[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]", NULL},
    {SCOPE_ACCOUNT, "ehlo_name", "[2001:db8::1]", NULL,
     "ehlo_name: an address literal is written [192.0.2.1] or [IPv6:2001:db8::1]"},
    {SCOPE_ACCOUNT, "ehlo_name", "a b", NULL, "ehlo_name: not a domain name"},
    {SCOPE_ACCOUNT, "ehlo_name", "xn--bcher-kva.example", "xn--bcher-kva.example", NULL},
    {SCOPE_ACCOUNT, "ehlo_name", "b\303\274cher.example", NULL,
     "ehlo_name: EHLO takes ASCII alone: write the xn-- form of the name"},
    {SCOPE_ACCOUNT, "source_address", "::1", "::1", NULL},
    {SCOPE_ACCOUNT, "source_address", "127.0.0.1", "127.0.0.1", NULL},
    {SCOPE_ACCOUNT, "source_address", "localhost", NULL, "source_address: not an IP address"},
    {SCOPE_ACCOUNT, "domain", "example.org", "example.org", NULL},
    {SCOPE_ACCOUNT, "domain", "@example.org", NULL, "domain: not a domain name"},
    {SCOPE_ACCOUNT, "auth", "auto", "auto", NULL},
    {SCOPE_ACCOUNT, "auth", "PLAIN, Login", "plain, login", NULL},
    {SCOPE_ACCOUNT, "auth", "plane", NULL,
     "auth: not one of auto, off, plain, login, scram, scram-sha-256, scram-sha-256-plus, "
     "scram-sha-1, scram-sha-1-plus, cram-md5, external, xoauth2, oauthbearer (did you mean "
     "plain?)"},
    {SCOPE_ACCOUNT, "from", "alice@example.org", "alice@example.org", NULL},
    {SCOPE_ACCOUNT, "from", "<alice@example.org>", "alice@example.org", NULL},
    {SCOPE_ACCOUNT, "from", "Alice <alice@example.org>", NULL,
     "from: the address alone: the name has a setting of its own, full_name"},
    {SCOPE_ACCOUNT, "from", "alice", NULL, "from: not an address: write local@domain"},
    {SCOPE_ACCOUNT, "from", "<>", NULL, "from: not an address: write local@domain"},
    {SCOPE_ACCOUNT, "from", "a@b, c@d", NULL, "from: not an address: write local@domain"},
    {SCOPE_ACCOUNT, "match", "@example.com, a@b.example, *-list@c.example",
     "@example.com, a@b.example, *-list@c.example", NULL},
    {SCOPE_ACCOUNT, "match", "*@*", NULL, "match: a pattern has one * at most"},
    {SCOPE_ACCOUNT, "match", "alice", NULL,
     "match: neither an address nor @domain nor a text with one *"},
    {SCOPE_ACCOUNT, "match", "a@", NULL,
     "match: a domain with an empty part: no dot at the ends, no two in a row"},
    {SCOPE_ACCOUNT, "from",
     "alice\xEF\xBC\xA0"
     "example.org",
     NULL, "from: a full-width @ (U+FF20): write @"},
    {SCOPE_ACCOUNT, "match",
     "@a.example, \xEF\xBC\xA0"
     "b.example",
     NULL, "match: a full-width @ (U+FF20): write @"},
    {SCOPE_ACCOUNT, "match",
     "*\xEF\xBC\xA0"
     "b.example",
     NULL, "match: a full-width @ (U+FF20): write @"},
    {SCOPE_ACCOUNT, "user",
     "alice\xEF\xBC\xA0"
     "example.org",
     NULL, "user: a full-width @ (U+FF20): write @"},
    {SCOPE_ACCOUNT, "user", "alice@example.org", "alice@example.org", NULL},
    {SCOPE_ACCOUNT, "host",
     "a.example,\xE3\x80\x80"
     "b.example",
     NULL, "host: a word begins with a full-width space (U+3000)"},
    {SCOPE_ACCOUNT, "host", "a.example\xC2\xA0,b.example", NULL,
     "host: a word ends with a no-break space (U+00A0)"},
    {SCOPE_ACCOUNT, "full_name", "\xC2\xA0x", "\"\xC2\xA0x\"", NULL},
    {SCOPE_ACCOUNT, "allow", "root, 1000, @mail", "root, 1000, @mail", NULL},
    {SCOPE_ACCOUNT, "allow", "@", NULL, "allow: neither a user nor @group"},
    {SCOPE_ACCOUNT, "allow", "a:b", NULL, "allow: neither a user nor @group"},
    {SCOPE_ACCOUNT, "password_command", "pass show 'a b'", "pass show 'a b'", NULL},
    {SCOPE_ACCOUNT, "password_command", "pass show 'a", NULL,
     "password_command: the command has an open quote or ends with a backslash"},
    {SCOPE_ACCOUNT, "password_file", "/etc/secret", "/etc/secret", NULL},
    {SCOPE_ACCOUNT, "password_file", "smtp.password", "smtp.password", NULL},
    {SCOPE_ACCOUNT, "password_file", "a/b", NULL,
     "password_file: neither an absolute path nor a plain name in $CREDENTIALS_DIRECTORY"},
    {SCOPE_ACCOUNT, "password_file", "..", NULL,
     "password_file: neither an absolute path nor a plain name in $CREDENTIALS_DIRECTORY"},
    {SCOPE_ACCOUNT, "full_name", "Alice # Example", "\"Alice # Example\"", NULL},
    {SCOPE_ACCOUNT, "full_name", "Alice \"A\" Example", "Alice \"A\" Example", NULL},
    {SCOPE_ACCOUNT, "max_recipients", "100000", "100000", NULL},
    {SCOPE_ACCOUNT, "max_recipients", "0", NULL, "max_recipients: not a number from 1 to 100000"},
};

union any {
    struct account account;
    struct queue_settings queue;
    struct log_settings log;
};

/* Reads VALUE of example E: its text again, or what is wrong, in OUT. */
static bool assign(const struct example *e, const char *value, struct buf *out)
{
    const struct setting *s = settings_find(e->scope, e->key);
    struct fault why = {0};
    union any u;
    bool good;

    memset(&u, 0, sizeof(u));
    good = settings_assign(s, &u, value, &why) == CAUSE_NONE;
    if (!good)
        buf_adds(out, why.text.data);
    else if (!settings_format(s, &u, out))
        buf_adds(out, "(no text)");
    settings_clear(s, &u);
    fault_free(&why);
    return good;
}

static void test_examples(void)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(examples); i++) {
        const struct example *e = &examples[i];
        char name[200];
        struct buf out;
        bool good;

        buf_init(&out, 10000);
        good = assign(e, e->value, &out);
        snprintf(name, sizeof(name), "%s = %.100s", e->key, e->value);
        ok(good == (e->want != NULL), "%s: %s", name, e->want ? "taken" : "refused");
        is_str(out.data, e->want ? e->want : e->wrong, name);
        if (e->wrong != NULL && strlen(e->value) > 5 && strstr(e->wrong, "mean") == NULL)
            ok(strstr(out.data, e->value) == NULL, "%s: the value is not shown", name);
        buf_free(&out);
    }
}

static void test_keeps_old(void)
{
    const struct setting *s = settings_find(SCOPE_ACCOUNT, "host");
    struct account *a = account_new("x");
    struct fault why = {0};

    ok(settings_assign(s, a, "a.example", &why) == CAUSE_NONE, "a list");
    ok(settings_assign(s, a, "b.example, c d", &why) != CAUSE_NONE, "a wrong one");
    ok(a->host.n == 1 && strcmp(a->host.v[0], "a.example") == 0, "the old one is still there");
    ok(settings_assign(s, a, "b.example", &why) == CAUSE_NONE && a->host.n == 1,
       "a right one replaces it");
    fault_free(&why);
    account_close(&a);
}

static void test_copy(void)
{
    static const char *const cases[][2] = {{"host", "a.example, b.example"},
                                           {"port", "26"},
                                           {"tls", "off"},
                                           {"user", "alice"},
                                           {"timeout", "5s"},
                                           {"allow_cleartext_auth", "yes"},
                                           {"from", "a@example.org"},
                                           {"tls_trust", "/x"},
                                           {"password_command", "pass x"},
                                           {"password_file", "x"},
                                           {"domain", "x.example"}};
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        const struct setting *s = settings_find(SCOPE_ACCOUNT, cases[i][0]);
        struct account *from = account_new("x"), *to = account_new("y");
        struct fault why = {0};
        struct buf out;

        buf_init(&out, 1000);
        ok(settings_assign(s, from, cases[i][1], &why) == CAUSE_NONE, "%s", cases[i][0]);
        settings_copy(s, to, from);
        settings_copy(s, to, from); /* over an old value */
        account_close(&from);
        settings_format(s, to, &out);
        is_str(out.data, cases[i][1], "a copy outlives what it was made of");
        buf_free(&out);
        fault_free(&why);
        account_close(&to);
    }
}

static void test_quote(void)
{
    static const char *const cases[][2] = {{"plain", "plain"},
                                           {"", "\"\""},
                                           {" a", "\" a\""},
                                           {"a ", "\"a \""},
                                           {"a b", "a b"},
                                           {"a#b;c", "a#b;c"},
                                           {"a #b", "\"a #b\""},
                                           {"a\t;b", "\"a\t;b\""},
                                           {"#a", "\"#a\""},
                                           {";a", "\";a\""},
                                           {"\"a", "\"\\\"a\""},
                                           {"a\"b", "a\"b"},
                                           {"a\\b", "a\\b"},
                                           {"\xE3\x80\x80x", "\"\xE3\x80\x80x\""},
                                           {"x\xE2\x80\x9D", "\"x\xE2\x80\x9D\""},
                                           {"x\xC2\xA0y", "x\xC2\xA0y"},
                                           {"a\\ #", "\"a\\\\ #\""}};
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out;

        buf_init(&out, 100);
        value_quote(cases[i][0], &out);
        is_str(out.data, cases[i][1], cases[i][0]);
        buf_free(&out);
    }
}

static void test_long(void)
{
    const struct setting *s = settings_find(SCOPE_ACCOUNT, "full_name");
    struct account *a = account_new("x");
    struct fault why = {0};
    char text[5001];

    memset(text, 'n', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    ok(settings_assign(s, a, text, &why) == CAUSE_NONE, "5,000 octets are taken");
    is_str(a->full_name, text, "all of them");
    fault_free(&why);
    account_close(&a);
}

int main(void)
{
    test_examples();
    test_keeps_old();
    test_copy();
    test_quote();
    test_long();
    return done_testing();
}
