/* test_lex.c: atoms, strings and comments, and how far each one reaches. */
#include "config.h"

#include "mail/lex.h"

#include <stdlib.h>

#include "base/limits.h"
#include "tap.h"

static struct lex at_start(const char *text, size_t n, struct buf *comment)
{
    return (struct lex){.text = text, .n = n, .cause = CAUSE_CONFIG, .comment = comment};
}

static void test_atext(void)
{
    int c, count = 0;

    for (c = 0; c < 128; c++)
        count += lex_is_atext(c);
    is_int(count, 26 + 26 + 10 + 19, "RFC 5322 3.2.3 has 81 octets of atext");
    ok(!lex_is_atext(-1) && !lex_is_atext(0) && !lex_is_atext('.'), "no end, NUL or dot");
    ok(lex_is_atext(0x80) && lex_is_atext(0xff), "every octet over 127");
}

static void test_atom(void)
{
    struct lex l = at_start("ab.c", 4, NULL);

    is_int((long long)lex_atom(&l), 2, "an atom ends at a dot");
    is_int(lex_peek(&l), '.', "which is at hand");
    is_int((long long)lex_atom(&l), 0, "and no atom");
    l.at++;
    is_int((long long)lex_atom(&l), 1, "the last one ends with the text");
    is_int(lex_peek(&l), -1, "which is over");
}

static void test_skip(void)
{
    static const struct {
        const char *text;
        int end; /* offset that was reached, or that is wrong */
        bool right;
        const char *comment;
    } rows[] = {
        {"", 0, true, ""},
        {"x", 0, true, ""},
        {" \t x", 3, true, ""},
        {" \n x", 3, true, ""},
        {"\n\tx", 2, true, ""},
        {"\nx", 0, true, ""}, /* no fold: left for the caller */
        {"\r\n x", 0, true, ""},
        {" (a) (b c) x", 11, true, "b c"},
        {"(a(b)c)x", 7, true, "a(b)c"},
        {"(a\\)b)x", 6, true, "a)b"},
        {"(a\n b)x", 6, true, "a b"},
        {"()x", 2, true, ""},
        {"(\"()x", 0, false, ""},
        {" (a", 1, false, ""},
        {"(a\\", 0, false, ""},
        {"(a\nb)", 2, false, ""},
        {"(a\r\n b)", 2, false, ""},
        {"(a\\\x01)", 3, false, ""},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(rows); i++) {
        struct fault why = {0};
        struct buf comment;
        struct lex l;
        bool skipped = false;
        enum cause cause;

        buf_init(&comment, 100);
        l = at_start(rows[i].text, strlen(rows[i].text), &comment);
        cause = lex_skip(&l, &skipped, &why);
        is_int(cause, rows[i].right ? CAUSE_NONE : CAUSE_CONFIG, "skip: its cause");
        is_int((long long)(rows[i].right ? l.at : why.offset), rows[i].end, "its offset");
        if (rows[i].right) {
            ok(skipped == (rows[i].end > 0), "row %zu tells whether there was something", i);
            is_str(comment.data, rows[i].comment, "the last comment");
        }
        fault_free(&why);
        buf_free(&comment);
    }
}

static void test_quoted(void)
{
    static const struct {
        const char *text, *want; /* NULL: wrong */
        int end;
    } rows[] = {
        {"\"\"x", "", 2},        {"\"a b\"", "a b", 5},   {"\"a\\\"b\\\\\"x", "a\"b\\", 8},
        {"\"a\n b\"", "a b", 6}, {"\"a\tb\"", "a\tb", 5}, {"\"\xc3\xa4\xff\"", "\xc3\xa4\xff", 5},
        {"\"a", NULL, 0},        {"\"", NULL, 0},         {"\"\\", NULL, 0},
        {"\"\\\"", NULL, 0},     {"\"a\nb\"", NULL, 2},   {"\"a\x7f\"", NULL, 2},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(rows); i++) {
        size_t n = strlen(rows[i].text);
        char *exact = malloc(n);
        struct fault why = {0};
        struct buf out;
        struct lex l;
        enum cause cause;

        memcpy(exact, rows[i].text, n);
        buf_init(&out, 100);
        l = at_start(exact, n, NULL);
        cause = lex_quoted(&l, &out, &why);
        is_str(cause == CAUSE_NONE ? out.data : NULL, rows[i].want, "quoted string");
        is_int((long long)(rows[i].want ? l.at : why.offset), rows[i].end, "its offset");
        fault_free(&why);
        buf_free(&out);
        free(exact);
    }
}

static void test_wrong(void)
{
    const char *text = "abc 0123456789012345678901234567890";
    struct lex l = at_start(text, strlen(text), NULL);
    struct fault why = {0};

    is_int(lex_wrong(&l, 4, "no", &why), CAUSE_CONFIG, "the cause the caller chose");
    is_str(why.text.data, "no at \"012345678901234567890123\"", "a piece of what is there");
    is_int((long long)why.offset, 4, "and where");
    lex_wrong(&l, l.n, "no", &why);
    is_str(why.text.data, "no at the end", "or that nothing is");
    l.at = l.n;
    fault_free(&why);
}

int main(void)
{
    test_atext();
    test_atom();
    test_skip();
    test_quoted();
    test_wrong();
    return done_testing();
}
