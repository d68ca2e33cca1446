/*
 * test_mailbox.c: the address reader. Each row is what a header or an argument may hold and what
 * must come of it: "name|spec" for each mailbox, or the offset of the first wrong octet.
 */
#include "config.h"

#include "mail/mailbox.h"

#include <stdlib.h>

#include "base/limits.h"
#include "mail/mime.h"
#include "tap.h"

#define GOOD(input, want)                                                                          \
    {                                                                                              \
        input, sizeof(input) - 1, want, 0                                                          \
    }
#define BAD(input, at)                                                                             \
    {                                                                                              \
        input, sizeof(input) - 1, NULL, at                                                         \
    }

static const struct row {
    const char *input;
    size_t n;
    const char *want; /* NULL: an error */
    size_t offset;
} lists[] = {
    /* plain */
    GOOD("", ""),
    GOOD("  ", ""),
    GOOD("alice@example.org", "|alice@example.org"),
    GOOD(" alice@example.org\t", "|alice@example.org"),
    GOOD("alice@example.org,bob@example.net", "|alice@example.org;|bob@example.net"),
    GOOD("a@example.org,, ,b@example.org,", "|a@example.org;|b@example.org"),
    GOOD("alice+tag@EXAMPLE.org", "|alice+tag@EXAMPLE.org"),
    GOOD("a.b!c%d/e=f@example.org", "|a.b!c%d/e=f@example.org"),
    GOOD("bounce=a=example.net@example.org", "|bounce=a=example.net@example.org"),
    GOOD("a@example.org.", "|a@example.org"),
    GOOD("a@localhost", "|a@localhost"),
    /* unqualified, as cron and friends write them */
    GOOD("root", "|root"),
    GOOD("root, admin", "|root;|admin"),
    GOOD("Fail2Ban <fail2ban>", "Fail2Ban|fail2ban"),
    GOOD("root (Cron Daemon)", "Cron Daemon|root"),
    GOOD("\"(Cron Daemon)\" <root>", "(Cron Daemon)|root"),
    GOOD("-f", "|-f"),
    /* names */
    GOOD("Alice Example <alice@example.org>", "Alice Example|alice@example.org"),
    GOOD("\"Example, Alice\" <alice@example.org>", "Example, Alice|alice@example.org"),
    GOOD("\"A \\\"q\\\" \\\\\" <a@example.org>", "A \"q\" \\|a@example.org"),
    GOOD("John Q. Public <jqp@example.org>", "John Q. Public|jqp@example.org"),
    GOOD("John  \t Q <j@example.org>", "John Q|j@example.org"),
    GOOD("=?UTF-8?Q?J=C3=BC?= <j@example.org>", "=?UTF-8?Q?J=C3=BC?=|j@example.org"),
    GOOD("J\xc3\xbcrgen <j@example.org>", "J\xc3\xbcrgen|j@example.org"),
    GOOD("J\xfcrgen <j@example.org>", "J\xfcrgen|j@example.org"),
    GOOD("\"J\xfcrgen\" <j@example.org>", "J\xfcrgen|j@example.org"),
    GOOD("\"\" <a@example.org>", "|a@example.org"),
    GOOD("<a@example.org>", "|a@example.org"),
    GOOD("<a@example.org> (Alice)", "Alice|a@example.org"),
    GOOD("Al (comment) <a@example.org> (other)", "Al|a@example.org"),
    GOOD("(Alice) a@example.org", "Alice|a@example.org"),
    GOOD("a@example.org ( Alice (A.) \\) )", "Alice (A.) )|a@example.org"),
    GOOD("a@example.org (x), b@example.org", "x|a@example.org;|b@example.org"),
    GOOD("a@example.org <a@example.org>", "a@example.org|a@example.org"),
    GOOD("[list] Alice <a@example.org>", "[list] Alice|a@example.org"),
    GOOD("Smith, John <j@example.org>", "|Smith;John|j@example.org"),
    GOOD("A\"b\"c <a@example.org>", "Abc|a@example.org"),
    /* folds and comments */
    GOOD("Alice\n Example\n\t<alice@example.org>,\n bob", "Alice Example|alice@example.org;|bob"),
    GOOD("alice(x)@(y)example(z).(w)org", "w|alice@example.org"),
    GOOD("alice . b @ example . org", "|alice.b@example.org"),
    GOOD("< alice @ example.org >", "|alice@example.org"),
    GOOD("\"a\n b\"@example.org", "|\"a b\"@example.org"),
    GOOD("((((a))b)c) a@example.org", "(((a))b)c|a@example.org"),
    GOOD("(a \\( b) a@example.org", "a ( b|a@example.org"),
    GOOD("(\xfc) a@example.org", "\xfc|a@example.org"),
    GOOD("(only a comment)", ""),
    /* quoted local parts */
    GOOD("\"bob\"@example.org", "|bob@example.org"),
    GOOD("\"a b\"@example.org", "|\"a b\"@example.org"),
    GOOD("\"a@b\"@example.org", "|\"a@b\"@example.org"),
    GOOD("\"a\\\"b\"@example.org", "|\"a\\\"b\"@example.org"),
    GOOD("\"a\\b\"@example.org", "|ab@example.org"),
    GOOD("\"\"@example.org", "|\"\"@example.org"),
    GOOD("\"a b\".c@example.org", "|\"a b.c\"@example.org"),
    GOOD("a..b@example.org", "|\"a..b\"@example.org"),
    GOOD(".a@example.org", "|\".a\"@example.org"),
    GOOD("a.@example.org", "|\"a.\"@example.org"),
    GOOD("<\"x,y\"@example.org>", "|\"x,y\"@example.org"),
    /* literals, routes, groups */
    GOOD("a@[192.0.2.1]", "|a@[192.0.2.1]"),
    GOOD("a@[IPv6:2001:db8::1], b", "|a@[IPv6:2001:db8::1];|b"),
    GOOD("a@[ 192.0.2.1 ]", "|a@[192.0.2.1]"),
    GOOD("<@r1.example,@r2.example:a@example.org>", "|a@example.org"),
    GOOD("X <@r1.example , , @[192.0.2.1] : a@example.org>", "X|a@example.org"),
    GOOD("undisclosed-recipients:;", ""),
    GOOD("undisclosed-recipients:", ""),
    GOOD("g: a@example.org, b@example.org;", "|a@example.org;|b@example.org"),
    GOOD("g: a@example.org;, b", "|a@example.org;|b"),
    GOOD("g: A <a@example.org>", "A|a@example.org"),
    GOOD("\"g h\": (x) ;", ""),
    GOOD("a, g:b,c;, h:;,d", "|a;|b;|c;|d"),
    /* UTF-8 */
    GOOD("\xc3\xa4@\xc3\xb6.example", "|\xc3\xa4@\xc3\xb6.example"),
    GOOD("\"\xc3\xa4 b\"@example.org", "|\"\xc3\xa4 b\"@example.org"),
    /* wrong */
    BAD("a b", 2),
    BAD("John Doe, a@example.org", 5),
    BAD("a@example.org b@example.org", 14),
    BAD("<a@example.org> <b@example.org>", 16),
    BAD("<a@example.org> b", 16),
    BAD("a@example.org; b@example.org", 13),
    BAD("a;", 1),
    BAD(";", 0),
    BAD("g:a;b", 4),
    BAD("g:h:a;", 3),
    BAD(":a", 0),
    BAD("a@", 2),
    BAD("a@,b", 2),
    BAD("a@.example", 2),
    BAD("a@example..org", 10),
    BAD("@example.org", 0),
    BAD("a@b@example.org", 3),
    BAD("<>", 1),
    BAD("a, <>", 4),
    BAD("< >", 2),
    BAD("<a@example.org", 14),
    BAD("<a b@example.org>", 3),
    BAD("<@r1.example>", 12),
    BAD("<a@example.org@x>", 14),
    BAD("a@example.org>", 13),
    BAD("a)", 1),
    BAD("\\a@example.org", 0),
    BAD("\"abc", 0),
    BAD("x \"abc\\\"", 2),
    BAD("(abc", 0),
    BAD("a (b(c)", 2),
    BAD("(abc\\", 0),
    BAD("a@[192.0.2.1", 2),
    BAD("a@[a[b]", 4),
    BAD("a@[a\\]b]", 4),
    BAD("[x]@example.org", 0),
    BAD("<mailto:a@example.org>", 7),
    BAD("a\rb@example.org", 1),
    BAD("a@example.org\r\n b", 13),
    BAD("a\nb@example.org", 1),
    BAD("a\n", 1),
    BAD("a\0b@example.org", 1),
    BAD("\0", 0),
    BAD("\"a\0b\"@example.org", 2),
    BAD("(a\x01) b", 2),
    BAD("\"a\\\nb\" <a@example.org>", 3),
    BAD("\"a\rb\" <a@example.org>", 2),
    BAD("\x1b[1m <a@example.org>", 0),
    BAD("a\x7f@example.org", 1),
    BAD("a@ex\x7f.org", 4),
    BAD("a\xfc@example.org", 1),
    BAD("a@ex\xfc.org", 4),
    BAD("\xc0\x80@example.org", 0),
    BAD("a\xc2\x85@example.org", 1),
    BAD("\"a\tb\"@example.org", 2),
    BAD("a@[\xc3\xa4]", 3),
};

/* A row's name on one line of the report. */
static const char *title(const struct row *r)
{
    static char text[200];
    struct buf b;

    buf_init(&b, sizeof(text) - 1);
    buf_add_printable(&b, r->input, r->n);
    memcpy(text, b.data, b.len + 1);
    buf_free(&b);
    return text;
}

static void show(const struct addr_list *l, size_t from, struct buf *out)
{
    size_t i;

    for (i = from; i < l->n; i++) {
        if (i > from)
            buf_addc(out, ';');
        buf_addf(out, "%s|%s", l->v[i].name, l->v[i].spec);
    }
}

/* What was read is written and read again: nothing may change, and every '@' is where it says. */
static bool is_fixpoint(const struct addr_list *l)
{
    struct addr_list again = {0};
    struct fault why = {0};
    struct buf text;
    bool same;
    size_t i;

    buf_init(&text, 1 << 20);
    for (i = 0; i < l->n; i++) {
        const char *at = strrchr(l->v[i].spec, '@');

        if (i > 0)
            buf_adds(&text, ", ");
        /* raw octets become encoded words, which are another text */
        addr_format(&text, mime_is_plain(l->v[i].name, strlen(l->v[i].name)) ? l->v[i].name : "",
                    l->v[i].spec);
        if (l->v[i].at != (at ? (size_t)(at - l->v[i].spec) : strlen(l->v[i].spec)))
            return false;
    }
    same = addr_parse_list(text.data, text.len, &again, &why) == CAUSE_NONE && again.n == l->n;
    for (i = 0; same && i < l->n; i++)
        same = strcmp(again.v[i].spec, l->v[i].spec) == 0 &&
               (!mime_is_plain(l->v[i].name, strlen(l->v[i].name)) ||
                strcmp(again.v[i].name, l->v[i].name) == 0);
    if (!same)
        printf("# not a fixpoint: %s\n", text.data);
    addr_list_free(&again);
    fault_free(&why);
    buf_free(&text);
    return same;
}

static void test_list(const struct row *r, size_t number)
{
    /* a copy of the exact size, so that a sanitizer sees every octet read too far */
    char *text = malloc(r->n > 0 ? r->n : 1);
    struct addr_list l = {0};
    struct fault why = {0};
    struct buf got;
    enum cause cause;

    buf_init(&got, 1 << 20);
    memcpy(text, r->input, r->n);
    if (addr_parse_list("kept@example.org", 16, &l, &why) != CAUSE_NONE)
        abort();
    cause = addr_parse_list(text, r->n, &l, &why);
    if (r->want != NULL) {
        show(&l, 1, &got);
        is_str(cause == CAUSE_NONE ? got.data : why.text.data, r->want, title(r));
        ok(is_fixpoint(&l), "row %zu: written and read again it is the same", number);
    } else {
        ok(cause == CAUSE_BAD_ADDRESS && l.n == 1, "row %zu is refused: %s", number, title(r));
        is_int((long long)why.offset, (long long)r->offset, why.text.len > 0 ? why.text.data : "?");
        ok(fault_exit_status(&why) == 65 && strchr(why.text.data, '\n') == NULL, "one line, 65");
    }
    fault_free(&why);
    addr_list_free(&l);
    buf_free(&got);
    free(text);
}

static void test_paths(void)
{
    static const struct row paths[] = {
        GOOD("", "|"),
        GOOD("<>", "|"),
        GOOD(" <> ", "|"),
        GOOD("alice@example.org", "|alice@example.org"),
        GOOD("<alice@example.org>", "|alice@example.org"),
        GOOD("Alice <alice@example.org>", "Alice|alice@example.org"),
        GOOD("root", "|root"),
        GOOD("<@r.example:a@example.org>", "|a@example.org"),
        BAD(" ", 0),
        BAD("()", 0),
        BAD("a,b", 1),
        BAD("a,", 1),
        BAD(",a", 0),
        BAD("g:a;", 1),
        BAD("a@example.org>", 13),
        BAD("<a@example.org> SIZE=1", 16),
        BAD("a@example.org\nRCPT", 13),
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(paths); i++) {
        const struct row *r = &paths[i];
        struct fault why = {0};
        struct addr a;
        struct buf got;
        enum cause cause = addr_parse_path(r->input, r->n, &a, &why);

        buf_init(&got, 1000);
        if (r->want != NULL) {
            if (cause == CAUSE_NONE)
                buf_addf(&got, "%s|%s", a.name, a.spec);
            is_str(got.data, r->want, title(r));
        } else {
            ok(cause == CAUSE_BAD_ADDRESS && a.spec == NULL, "refused: \"%s\"", title(r));
            is_int((long long)why.offset, (long long)r->offset, why.text.data);
        }
        addr_free(&a);
        fault_free(&why);
        buf_free(&got);
    }
}

static enum cause parse_built(struct buf *text, struct addr_list *l, struct fault *why)
{
    addr_list_free(l);
    return addr_parse_list(text->data, text->len, l, why);
}

static void add_times(struct buf *b, const char *s, size_t times)
{
    while (times-- > 0)
        buf_adds(b, s);
}

static void test_limits(void)
{
    struct addr_list l = {0};
    struct fault why = {0};
    struct buf text;

    buf_init(&text, 8 << 20);
    add_times(&text, "(", LIMIT_COMMENT_DEPTH);
    add_times(&text, ")", LIMIT_COMMENT_DEPTH);
    buf_adds(&text, "a");
    is_int(parse_built(&text, &l, &why), CAUSE_NONE, "comments at the deepest allowed");
    buf_reset(&text);
    add_times(&text, "(", 1 << 20);
    is_int(parse_built(&text, &l, &why), CAUSE_BAD_ADDRESS, "a million parentheses");
    is_int((long long)why.offset, LIMIT_COMMENT_DEPTH, "refused at the first too many");

    buf_reset(&text);
    add_times(&text, "a", LIMIT_ADDRESS - 12);
    buf_adds(&text, "@example.org");
    is_int(parse_built(&text, &l, &why), CAUSE_NONE, "the longest address");
    buf_splice(&text, 0, 0, "a", 1);
    is_int(parse_built(&text, &l, &why), CAUSE_BAD_ADDRESS, "one octet longer");
    buf_reset(&text);
    buf_adds(&text, "a@");
    add_times(&text, "b.", 4000);
    is_int(parse_built(&text, &l, &why), CAUSE_BAD_ADDRESS, "a domain without end");
    buf_reset(&text);
    buf_adds(&text, "a@");
    add_times(&text, "b", 4000);
    is_int(parse_built(&text, &l, &why), CAUSE_BAD_ADDRESS, "a label without end");
    buf_reset(&text);
    add_times(&text, "name ", 100000);
    buf_adds(&text, "<a@example.org>");
    is_int(parse_built(&text, &l, &why), CAUSE_NONE, "a name is as long as its text");
    is_int((long long)strlen(l.v[0].name), 499999, "all of it");

    buf_reset(&text);
    add_times(&text, "a@example.org,", LIMIT_ADDRESS_LIST);
    is_int(parse_built(&text, &l, &why), CAUSE_NONE, "the longest list");
    is_int((long long)l.n, LIMIT_ADDRESS_LIST, "all of it");
    buf_adds(&text, "b@example.org");
    is_int(parse_built(&text, &l, &why), CAUSE_BAD_ADDRESS, "one more");
    is_int((long long)l.n, 0, "nothing of it");
    addr_list_free(&l);
    fault_free(&why);
    buf_free(&text);
}

static void test_hint(void)
{
    struct addr_list l = {0};
    struct fault why = {0};

    ok(addr_parse_list("a@b;c@d", 7, &l, &why) != CAUSE_NONE, "semicolons are no separators");
    is_str(fault_hint_text(&why), "separate addresses by commas", "and the hint says what is");
    is_str(why.text.data, "unexpected text behind an address, at \";c@d\"", "with the place");
    fault_free(&why);
}

int main(void)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(lists); i++)
        test_list(&lists[i], i);
    test_paths();
    test_limits();
    test_hint();
    return done_testing();
}
