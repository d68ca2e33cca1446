/* test_addr.c: what MAIL and RCPT may say, comparing, patterns, and writing for a header. */
#include "config.h"

#include "mail/addr.h"

#include "base/limits.h"
#include "mail/mime.h"
#include "tap.h"

#define A63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

static void test_check_spec(void)
{
    static const struct {
        const char *spec;
        int offset; /* -1: right */
        const char *why;
    } rows[] = {
        {"a@example.org", -1, "plain"},
        {"a.b+c@sub.example.org", -1, "dots"},
        {"!#$%&'*+-/=?^_`{|}~@example.org", -1, "every atext"},
        {"\"a b\"@example.org", -1, "quoted"},
        {"\"a\\\"@b\"@example.org", -1, "an escaped quote and an @ inside"},
        {"\"\"@example.org", -1, "an empty quoted string"},
        {"a@[192.0.2.1]", -1, "IPv4 literal"},
        {"a@[IPv6:2001:db8::1]", -1, "IPv6 literal"},
        {"a@[ipv6:::1]", -1, "its tag has no case"},
        {"a@[tag:text]", -1, "general literal"},
        {"a@localhost", -1, "one label"},
        {"a@x_y.example.org", -1, "an underscore, as hosts in use have"},
        {"a@1.2", -1, "digits"},
        {"\xc3\xa4@\xc3\xb6.example", -1, "UTF-8"},
        {"a@" A63 ".example", -1, "a label of 63"},
        {"", 0, "nothing"},
        {"a", 1, "no domain"},
        {"\"a\"", 3, "quoted, no domain"},
        {"@example.org", 0, "no local part"},
        {".a@example.org", 0, "leading dot"},
        {"a..b@example.org", 0, "two dots"},
        {"a.@example.org", 0, "dot before @"},
        {"a b@example.org", 1, "blank"},
        {"a@b@example.org", 3, "two @"},
        {"\"a@example.org", 0, "open quote"},
        {"\"a\\", 0, "backslash at the end"},
        {"\"a\nb\"@example.org", 0, "LF in quotes"},
        {"\"a\\\nb\"@example.org", 0, "escaped LF in quotes"},
        {"\"a\tb\"@example.org", 0, "TAB in quotes"},
        {"\"a\"b@example.org", 3, "text behind the quotes"},
        {"<a@example.org>", 0, "angle brackets"},
        {"a@example.org>", 13, "closing bracket"},
        {"a@example.org SIZE=1", 13, "a parameter"},
        {"a@example.org\r\nRCPT TO:<b@example.org>", 13, "a command"},
        {"a@example.org\n", 13, "LF at the end"},
        {"a\r@example.org", 1, "CR"},
        {"a@", 2, "empty domain"},
        {"a@.example", 2, "empty label"},
        {"a@example..org", 10, "empty label inside"},
        {"a@example.org.", 14, "root dot"},
        {"a@-example.org", 2, "hyphen first"},
        {"a@example-.org", 2, "hyphen last"},
        {"a@exa!mple", 5, "no letter of a host name"},
        {"a@example,org", 9, "a comma"},
        {"a@" A63 "a.example", 2, "a label of 64"},
        {"a@[]", 2, "empty literal"},
        {"a@[192.0.2]", 2, "short IPv4"},
        {"a@[192.0.2.1", 2, "open literal"},
        {"a@[192.0.2.1]x", 2, "text behind a literal"},
        {"a@[IPv6:xyz]", 2, "no IPv6"},
        {"a@[:x]", 2, "no tag"},
        {"a@[t:]", 2, "no text"},
        {"a@[t:[]", 2, "bracket inside"},
        {"a@[t:a b]", 2, "blank inside"},
        {"\xfc@example.org", 0, "Latin-1"},
        {"a@ex\xc3.org", 4, "half a character"},
        {"a@ex\xed\xa0\x80.org", 4, "a surrogate"},
        {"a\xc2\x9b@example.org", 1, "a C1 control"},
        {"a\x7f@example.org", 1, "DEL"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(rows); i++) {
        struct fault why = {0};
        enum cause cause = addr_check_spec(rows[i].spec, &why);

        ok((cause == CAUSE_NONE) == (rows[i].offset < 0), "check: %s", rows[i].why);
        if (rows[i].offset >= 0)
            is_int((long long)why.offset, rows[i].offset, "its offset");
        fault_free(&why);
    }
}

static void test_check_length(void)
{
    struct fault why = {0};
    struct buf spec;

    buf_init(&spec, 4 * LIMIT_ADDRESS);
    while (spec.len < LIMIT_ADDRESS - 12)
        buf_addc(&spec, 'a');
    buf_adds(&spec, "@example.org");
    is_int(addr_check_spec(spec.data, &why), CAUSE_NONE, "the longest address");
    buf_splice(&spec, 0, 0, "a", 1);
    is_int(addr_check_spec(spec.data, &why), CAUSE_BAD_ADDRESS, "one octet more");
    buf_reset(&spec);
    buf_adds(&spec, "a@aaa");
    while (spec.len < 2 + 255)
        buf_adds(&spec, ".a");
    is_int((long long)spec.len, 2 + 255, "a domain of 255");
    is_int(addr_check_spec(spec.data, &why), CAUSE_NONE, "is right");
    buf_addc(&spec, 'a');
    is_int(addr_check_spec(spec.data, &why), CAUSE_BAD_ADDRESS, "one of 256 is not");
    buf_free(&spec);
    fault_free(&why);
}

static void test_compare(void)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"a@example.org", "a@example.org", true},
        {"a@example.org", "a@EXAMPLE.ORG", true},
        {"A@example.org", "a@example.org", false},
        {"a@example.org", "a@example.orgx", false},
        {"a@example.org", "a@example.net", false},
        {"a", "a", true},
        {"a", "A", false},
        {"a", "a@b", false},
        {"a@b", "aab", false},
        {"\"a@B\"@x", "\"a@b\"@x", false},
        {"\"a@b\"@X", "\"a@b\"@x", true},
        {"a@\xc3\x84", "a@\xc3\xa4", false}, /* case is ASCII only */
        {"", "", true},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(rows); i++) {
        ok(addr_same(rows[i].a, rows[i].b) == rows[i].same, "same: %s %s", rows[i].a, rows[i].b);
        ok(addr_same(rows[i].b, rows[i].a) == rows[i].same, "and the other way round");
    }
    is_str(addr_domain("a@b"), "b", "domain");
    is_str(addr_domain("\"a@b\\\"@c\"@d"), "d", "domain behind a quoted local part");
    is_str(addr_domain("a@[x:@y]"), "[x:@y]", "a literal with an @");
    is_str(addr_domain("root"), NULL, "no domain");
    is_str(addr_domain("\"a@b"), NULL, "an open quote hides all");
    is_str(addr_domain("\"a\\"), NULL, "a backslash at the end is no way out");
    is_str(addr_domain(""), NULL, "nothing");
    ok(addr_is_ascii("a@b~") && !addr_is_ascii("a@\xc3\xa4"), "ASCII or not");
}

static void test_matches(void)
{
    static const struct {
        const char *pattern, *spec;
        bool want;
    } rows[] = {
        {"a@example.org", "a@example.org", true},
        {"A@Example.org", "a@example.ORG", true},
        {"a@example.org", "b@example.org", false},
        {"a@example.org", "a+tag@example.org", true},
        {"a@example.org", "A+x+y@EXAMPLE.org", true},
        {"a@example.org", "a+tag@example.net", false},
        {"a@example.org", "ab+tag@example.org", false},
        {"a+tag@example.org", "a+tag@example.org", true},
        {"a+tag@example.org", "a@example.org", false},
        {"@example.org", "+tag@example.org", true},
        {"+@example.org", "+tag@example.org", false},
        {"\"a@example.org", "\"a+x\"@example.org", false},
        {"@example.org", "any@EXAMPLE.ORG", true},
        {"@example.org", "any@sub.example.org", false},
        {"@example.org", "any@notexample.org", false},
        {"@example.org", "any", false},
        {"*@example.org", "any@example.org", true},
        {"*@example.org", "@example.org", true},
        {"news-*@example.org", "News-1@example.org", true},
        {"news-*@example.org", "news@example.org", false},
        {"*", "any@example.org", true},
        {"*", "", true},
        {"a*a", "a", false},
        {"a*a", "aa", true},
        {"a@*.example.org", "a@x.example.org", true},
        {"a@*.example.org", "a@example.org", false},
        {"root", "root", true},
        {"root", "ROOT", true},
        {"root", "root@example.org", false},
        {"root@example.org", "root", false},
        {"", "", true},
        {"", "a", false},
        {"a@example.org", "", false},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(rows); i++)
        ok(addr_matches(rows[i].pattern, rows[i].spec) == rows[i].want, "\"%s\" %s \"%s\"",
           rows[i].pattern, rows[i].want ? "fits" : "does not fit", rows[i].spec);
}

static void test_format(void)
{
    static const struct {
        const char *before, *name, *want;
    } rows[] = {
        {"", "", "a@example.org"},
        {"", NULL, "a@example.org"},
        {"", "Alice", "Alice <a@example.org>"},
        {"", "Alice B Example", "Alice B Example <a@example.org>"},
        {"", "Alice  Example", "\"Alice  Example\" <a@example.org>"},
        {"", " Alice", "\" Alice\" <a@example.org>"},
        {"", "Alice ", "\"Alice \" <a@example.org>"},
        {"", "Alice B. Example", "\"Alice B. Example\" <a@example.org>"},
        {"", "Example, Alice", "\"Example, Alice\" <a@example.org>"},
        {"", "(Cron Daemon)", "\"(Cron Daemon)\" <a@example.org>"},
        {"", "a@example.org", "\"a@example.org\" <a@example.org>"},
        {"", "a\"b\\c", "\"a\\\"b\\\\c\" <a@example.org>"},
        {"", "x> <evil@example.net", "\"x> <evil@example.net\" <a@example.org>"},
        {"", "J\xc3\xbcrgen", "=?UTF-8?Q?J=C3=BCrgen?= <a@example.org>"},
        {"", "M\xc3\xbcller, J.", "=?UTF-8?B?TcO8bGxlciwgSi4=?= <a@example.org>"},
        {"", "J\xfcrgen", "=?unknown-8bit?Q?J=FCrgen?= <a@example.org>"},
        {"", "\xc3\xbc\r\nBcc: x", "=?UTF-8?Q?=C3=BC__Bcc=3A_x?= <a@example.org>"},
        {"", "x\r\nBcc: x", "=?UTF-8?Q?x__Bcc=3A_x?= <a@example.org>"},
        {"", "=?UTF-8?Q?J=C3=BC?=", "=?UTF-8?Q?J=C3=BC?= <a@example.org>"},
        {"", "=?UTF-8?Q?J=C3=BC?= v. Foo", "=?UTF-8?Q?J=C3=BC?= \"v.\" Foo <a@example.org>"},
        {"", "=?x?q?<b@c>,?=", "\"=?x?q?<b@c>,?=\" <a@example.org>"},
        {"", "\xfc =?x?q?<b@c>,?=", "=?unknown-8bit?B?/CA9P3g/cT88YkBjPiw/PQ==?= <a@example.org>"},
        {"From: ", "A", "From: A <a@example.org>"},
        {"From: 3456789012345678901234567890123456789012345678901234567", "A",
         "From: 3456789012345678901234567890123456789012345678901234567A\n <a@example.org>"},
        {"To: x,\n ", "A", "To: x,\n A <a@example.org>"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf out;

        buf_init(&out, 1000);
        buf_adds(&out, rows[i].before);
        addr_format(&out, rows[i].name, "a@example.org");
        is_str(out.data, rows[i].want,
               rows[i].name != NULL && mime_is_plain(rows[i].name, strlen(rows[i].name))
                   ? rows[i].name
                   : "format");
        buf_free(&out);
    }
}

int main(void)
{
    test_check_spec();
    test_check_length();
    test_compare();
    test_matches();
    test_format();
    return done_testing();
}
