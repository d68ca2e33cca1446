/* test_msgid.c: Message-IDs and the domains they may have. */
#include "config.h"

#include "mail/msgid.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "tap.h"

static void test_add(void)
{
    static const uint64_t zero[2] = {0, 0}, ones[2] = {UINT64_MAX, UINT64_MAX}, bits[2] = {1, 33};
    struct buf out;

    buf_init(&out, 1000);
    ok(msgid_add(&out, 1732193520, zero, "example.org"), "made");
    is_str(out.data, "<20241121125200.aaaaaaaaaaaaaaaaaaaaaaaaaa@example.org>", "all zero");
    buf_reset(&out);
    ok(msgid_add(&out, 0, ones, "[192.0.2.1]"), "made");
    is_str(out.data, "<19700101000000.777777777777p777777777777p@[192.0.2.1]>", "all ones");
    buf_reset(&out);
    ok(msgid_add(&out, 0, bits, "x"), "made");
    is_str(out.data, "<19700101000000.baaaaaaaaaaaabbaaaaaaaaaaa@x>", "every bit has its place");
    buf_free(&out);

    for (size_t ceiling = 0; ceiling < 45; ceiling++) {
        buf_init(&out, ceiling);
        ok(!msgid_add(&out, 0, zero, "x") && out.len == 0, "nothing of it below the ceiling %zu",
           ceiling);
        buf_free(&out);
    }
}

static void test_domain(void)
{
    static const struct {
        const char *domain;
        bool want;
    } rows[] = {
        {"example.org", true}, {"localhost", true},  {"a_b.example", true},
        {"[192.0.2.1]", true}, {"[IPv6:::1]", true}, {NULL, false},
        {"", false},           {".", false},         {"a..b", false},
        {".a", false},         {"a.", false},        {"[]", false},
        {"[a", false},         {"[a b]", false},     {"[a]b]", false},
        {"[a\\]", false},      {"a b", false},       {"a>b", false},
        {"a@b", false},        {"a\nb", false},      {"b\xc3\xbc.example", false},
        {"a(b)", false},       {"[a\x7f]", false},
    };
    char longest[257];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ok(msgid_domain_fits(rows[i].domain) == rows[i].want, "domain %zu: %s", i,
           rows[i].want ? "fits" : "does not fit");
    memset(longest, 'a', sizeof(longest));
    longest[256] = '\0';
    ok(!msgid_domain_fits(longest), "256 octets are too many");
    ok(msgid_domain_fits(longest + 1), "255 are not");
}

static void test_domain_of(void)
{
    static const struct {
        const char *spec, *want;
    } rows[] = {
        {NULL, NULL},
        {"alice", NULL},
        {"alice@example.org", "example.org"},
        {"alice@b\xc3\xbc"
         "cher.example",
         "xn--bcher-kva.example"},
        {"alice@[192.0.2.1]", "[192.0.2.1]"},
        {"alice@a..b", NULL},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *got = msgid_domain_of(rows[i].spec);

        is_str(got, rows[i].want, "the domain of an address");
        free(got);
    }
}

int main(void)
{
    test_domain_of();
    test_add();
    test_domain();
    return done_testing();
}
