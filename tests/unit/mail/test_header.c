/* test_header.c: borders of fields, names, unfolding. */
#include "config.h"

#include "mail/header.h"

#include <string.h>

#include "base/limits.h"
#include "tap.h"

static void test_line_is_field(void)
{
    static const struct {
        const char *line;
        bool want;
        const char *why;
    } rows[] = {
        {"Subject: x", true, "a field"},
        {"Subject:", true, "an empty body"},
        {"Subject : x", true, "a blank before the colon (4.5.8)"},
        {"Subject \t :x", true, "several blanks before the colon"},
        {"X-1_~!#:x", true, "every printable but the colon"},
        {"", false, "empty"},
        {":", false, "no name"},
        {" x: y", false, "begins with a blank: a fold"},
        {"hello world: x", false, "two words before the colon"},
        {"hello", false, "no colon"},
        {"hello ", false, "no colon behind blanks"},
        {"From alice Thu Nov 21", false, "mbox"},
        {"S\xc3\xbc: x", false, "8-bit name"},
        {"a\x7f: x", false, "DEL in the name"},
        {"a\tb: x", false, "TAB in the name"},
        {"Bcc\xc2\xa0: x", true, "a no-break space before the colon"},
        {"Bcc\xe3\x80\x80: x", true, "an ideographic space"},
        {"Bcc \xc2\xa0\t\xe3\x80\x80\xc2\xa0:", true, "all kinds"},
        {"\xc2\xa0: x", false, "no name before it"},
        {"Bcc\xc2: x", false, "half of one"},
        {"Bcc\xe3\x80: x", false, "two thirds of one"},
        {"Bcc\xa0: x", false, "the other half"},
        {"Bcc\xc2\xa0", false, "no colon behind it"},
        {"Bcc\xc2\xa0x: y", false, "in the midst of a name"},
        {"Bcc\xe3\x80\x81: x", false, "a neighbour"},
        {"Bcc\xef\xbc\x9a x", false, "a full-width colon"},
    };
    char line[LIMIT_TEXT_LINE + 2];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ok(header_line_is_field(rows[i].line, strlen(rows[i].line)) == rows[i].want, "field: %s",
           rows[i].why);
    memset(line, 'x', sizeof(line));
    line[LIMIT_TEXT_LINE - 1] = ':';
    ok(header_line_is_field(line, sizeof(line)), "the longest name");
    line[LIMIT_TEXT_LINE - 1] = 'x';
    line[LIMIT_TEXT_LINE] = ':';
    ok(!header_line_is_field(line, sizeof(line)), "one octet more is no name");
    ok(!header_line_is_field("ab:", 2), "the colon is behind the line");
}

static void test_next(void)
{
    static const char text[] = "A: one\n"
                               "b :\ttwo  \n"
                               "\tfolded\n"
                               " \n"
                               "C:\n"
                               "D:\n"
                               " on the next line\n"
                               "F\xc2\xa0\xe3\x80\x80: \xc2\xa0x\n"
                               "no field\n"
                               "E:  x: y\n";
    static const struct {
        const char *name, *body;
    } want[] = {{"A", "one"},       {"b", "two  \n\tfolded\n "},
                {"C", ""},          {"D", "\n on the next line"},
                {"F", "\xc2\xa0x"}, {"", "no field"},
                {"E", "x: y"}};
    struct header_scan s;
    struct header_field f;
    size_t i = 0, at = 0;

    header_scan_init(&s, text, sizeof(text) - 1);
    while (header_next(&s, &f) && i < ARRAY_LEN(want)) {
        is_mem(f.name, f.name_len, want[i].name, strlen(want[i].name), "name");
        is_mem(f.body, f.body_len, want[i].body, strlen(want[i].body), "body");
        is_int((long long)f.start, (long long)at, "fields follow each other without a gap");
        at = f.end;
        i++;
    }
    is_int((long long)i, ARRAY_LEN(want), "count of fields");
    is_int((long long)at, sizeof(text) - 1, "the last field ends at the end");
    ok(!header_next(&s, &f), "the end stays the end");
}

static void test_odd_texts(void)
{
    struct header_scan s;
    struct header_field f;

    header_scan_init(&s, "", 0);
    ok(!header_next(&s, &f), "nothing in an empty header");
    header_scan_init(&s, "A: x", 4);
    ok(header_next(&s, &f) && f.end == 4, "a last line without LF");
    is_mem(f.body, f.body_len, "x", 1, "its body");
    header_scan_init(&s, ": x\n", 4);
    ok(header_next(&s, &f) && f.name_len == 0, "no name before the colon");
    is_mem(f.body, f.body_len, ": x", 3, "then all is body");
    header_scan_init(&s, "A: \0b\n", 6);
    ok(header_next(&s, &f) && f.body_len == 2, "NUL does not end anything");
    header_scan_init(&s, "A", 1);
    ok(header_next(&s, &f) && f.name_len == 0 && f.body_len == 1, "a name alone");
    header_scan_init(&s, "\n", 1);
    ok(header_next(&s, &f) && f.body_len == 0 && f.end == 1, "an empty line");
}

static void test_names(void)
{
    static const char text[] = "bCc : a\nX-Bcc: b\nBCC\t: c\n";
    struct header_field f;

    ok(header_find(text, sizeof(text) - 1, "Bcc", &f), "found in any case");
    is_mem(f.body, f.body_len, "a", 1, "the first one");
    ok(header_is(&f, "BCC"), "is it");
    ok(!header_is(&f, "Bc") && !header_is(&f, "Bccc"), "neither shorter nor longer");
    ok(!header_find(text, sizeof(text) - 1, "To", &f), "not found");
    ok(header_name_order("Cc", 2, "cC", 2) == 0, "order: equal");
    ok(header_name_order("Cc", 2, "cd", 2) < 0, "order: before");
    ok(header_name_order("Received-SPF", 12, "received", 8) > 0, "order: longer is later");
    ok(header_name_order("\xc4", 1, "\xe4", 1) != 0, "order: only ASCII is folded");
}

static void test_blank(void)
{
    static const char *const texts[] = {"A:",       "A:\n",   "A : \t \n",     "A:\n \n\t\n",
                                        "A:\n x\n", "A:\v\n", "A: \xc2\xa0\n", "A: ()\n"};
    struct header_field f;

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        ok(header_find(texts[i], strlen(texts[i]), "A", &f) && header_is_blank(&f) == (i < 4),
           "blank or not: row %zu", i);
}

static void test_unfold(void)
{
    struct header_field f;
    struct buf out;

    ok(header_find("S: a\n b\n\tc\n", 11, "S", &f), "found");
    buf_init(&out, 100);
    ok(header_unfold(&f, &out), "unfolds");
    is_str(out.data, "a b\tc", "only the LFs go");
    buf_free(&out);
    buf_init(&out, 4);
    buf_adds(&out, "x");
    ok(!header_unfold(&f, &out), "past the ceiling");
    is_str(out.data, "x", "then as it was");
    buf_free(&out);
}

int main(void)
{
    test_line_is_field();
    test_next();
    test_odd_texts();
    test_names();
    test_blank();
    test_unfold();
    return done_testing();
}
