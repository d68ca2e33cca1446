/* test_buf.c: the ceiling, the growth, the editing and the printable form. */
#include "config.h"

#include "base/buf.h"

#include <stdint.h>

#include "base/attr.h"
#include "tap.h"

static void test_birth(void)
{
    struct buf b, zero = {0};
    char *s;

    buf_init(&b, 10);
    is_str(b.data, "", "an empty buffer is an empty string");
    ok(b.cap == 0, "that owns no memory");
    buf_cut(&b, 0);
    buf_drop(&b, 0);
    buf_reset(&b);
    buf_free(&b);
    ok(buf_equals(&b, ""), "all cuts of nothing are harmless");
    s = buf_take(&b);
    is_str(s, "", "even nothing can be taken");
    free(s);
    ok(zero.len == 0 && buf_equals(&zero, ""), "a zero-initialised buffer reads as empty");
    ok(buf_add(&zero, "", 0) && zero.data != NULL, "and adds nothing");
    ok(!buf_addc(&zero, 'x') && zero.over, "since its ceiling is 0");
    buf_free(&zero);
    buf_init(&b, SIZE_MAX);
    ok(buf_adds(&b, "x") && !buf_reserve(&b, SIZE_MAX) && !buf_reserve(&b, SIZE_MAX - 1),
       "a boundless buffer does not overflow");
    buf_free(&b);
}

static void test_ceiling(void)
{
    struct buf b;

    for (size_t ceiling = 0; ceiling < 200; ceiling += 7) {
        bool exact = true;

        buf_init(&b, ceiling);
        for (size_t i = 0; i < ceiling; i++)
            exact = exact && buf_addc(&b, 'a') && b.len == i + 1 && b.data[b.len] == '\0' &&
                    b.cap > b.len && b.cap <= ceiling + 1;
        exact = exact && !b.over && !buf_addc(&b, 'b') && b.over && b.len == ceiling;
        ok(exact, "a ceiling of %zu is reached and never passed", ceiling);
        buf_free(&b);
        ok(!b.over, "a freed buffer has no stain");
    }
    buf_init(&b, 5);
    ok(buf_adds(&b, "abc") && !buf_adds(&b, "def"), "what does not fit whole");
    is_str(b.data, "abc", "is not added at all");
    ok(buf_addc(&b, 'd') && b.over, "`over` outlives additions that fit");
    ok(!buf_addf(&b, "%d", 1234) && buf_equals(&b, "abcd"), "printf output is whole or nothing");
    ok(!buf_splice(&b, 0, 1, "xyz", 3) && buf_equals(&b, "abcd"), "so is a splice");
    buf_reset(&b);
    ok(!b.over && b.len == 0 && b.cap > 0, "a reset clears it and keeps the memory");
    ok(buf_adds(&b, "12345") && buf_add(&b, "", 0) && !b.over, "full is not over");
    buf_free(&b);
}

static void test_printf(void)
{
    struct buf b;
    bool same = true;

    buf_init(&b, 5000);
    for (int i = 0; i < 300; i++) {
        char want[32];
        size_t before = b.len;

        snprintf(want, sizeof(want), "%d,", i * i);
        same = same && buf_addf(&b, "%d,", i * i) && strcmp(b.data + before, want) == 0;
    }
    ok(same, "printf output meets every border of the growth");
    buf_reset(&b);
    ok(buf_addf(&b, "%s", "") && b.len == 0, "empty output is fine");
    ok(buf_addf(&b, "%c%c", 'a', 0) && b.len == 2, "a NUL from printf counts");
    buf_free(&b);
}

static void test_editing(void)
{
    static const struct {
        size_t at, n;
        const char *by, *want, *why;
    } cases[] = {
        {0, 0, "", "0123456789", "nothing by nothing"},
        {0, 0, "ab", "ab0123456789", "insert at the start"},
        {10, 0, "ab", "0123456789ab", "insert at the end"},
        {4, 0, "ab", "0123ab456789", "insert inside"},
        {4, 2, "ab", "0123ab6789", "same length"},
        {4, 3, "a", "0123a789", "shorter"},
        {4, 1, "abcd", "0123abcd56789", "longer"},
        {0, 10, "", "", "delete all"},
        {8, 2, "", "01234567", "delete the end"},
        {0, 1, "", "123456789", "delete the start"},
    };
    struct buf b;
    char *s;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        buf_init(&b, 100);
        buf_adds(&b, "0123456789");
        ok(buf_splice(&b, cases[i].at, cases[i].n, cases[i].by, strlen(cases[i].by)), "splice: %s",
           cases[i].why);
        is_str(b.data, cases[i].want, cases[i].why);
        buf_free(&b);
    }
    buf_init(&b, 100);
    buf_adds(&b, "0123456789");
    buf_cut(&b, 7);
    buf_drop(&b, 3);
    is_str(b.data, "3456", "cut and drop");
    ok(buf_equals(&b, "3456") && !buf_equals(&b, "345") && !buf_equals(&b, "34567"), "equals");
    ok(buf_reserve(&b, 20) && b.cap >= 25, "reserved room is there");
    memcpy(b.data + b.len, "xyz", 3);
    buf_grew(&b, 3);
    is_str(b.data, "3456xyz", "and becomes text when told");
    buf_add(&b, "\0q", 2);
    ok(b.len == 9 && !buf_equals(&b, "3456xyz"), "NUL is a byte like others");
    s = buf_take(&b);
    is_mem(s, 10, "3456xyz\0q", 10, "taken bytes are the caller's");
    ok(b.len == 0 && b.cap == 0, "and leave an empty buffer");
    free(s);
    buf_adds(&b, "new");
    is_str(b.data, "new", "that can be filled again");
    buf_free(&b);
}

static void test_secret(void)
{
    struct buf b;

    buf_init_secret(&b, 1000);
    buf_adds(&b, "hunter2");
    buf_cut(&b, 3);
    is_mem(b.data, 8, "hun\0\0\0\0\0", 8, "a cut wipes what it cuts off");
    buf_drop(&b, 2);
    is_mem(b.data, 8, "n\0\0\0\0\0\0\0", 8, "so does a drop");
    memset(b.data + 1, 'x', 5);
    buf_reset(&b);
    is_mem(b.data, 8, "\0\0\0\0\0\0\0\0", 8, "a reset wipes room that was never counted");
    ok(buf_prepare(&b, 500) && b.cap > 500 && b.wet == 0, "room that is prepared is not wet");
    ok(buf_reserve(&b, 20) && b.wet == 20, "...but what is reserved is");
    memset(b.data, 'y', 20);
    buf_reset(&b);
    is_mem(b.data, 8, "\0\0\0\0\0\0\0\0", 8, "...and is wiped");
    ok(!buf_prepare(&b, 1001) && b.over, "no room beyond the ceiling");
    buf_reset(&b);
    for (int i = 0; i < 900; i++)
        buf_addc(&b, 's');
    ok(b.len == 900 && b.secret, "growth keeps it secret");
    buf_free(&b);
    ok(b.secret && b.cap == 0, "and so does freeing");
}

struct form {
    const char *in;
    size_t n;
    const char *want, *why;
};

#define FORM(in_, want_, why_)                                                                     \
    {                                                                                              \
        in_, sizeof(in_) - 1, want_, why_                                                          \
    }

static const struct form forms[] = {
    FORM("", "", "nothing"),
    FORM("plain ~ text", "plain ~ text", "printable ASCII"),
    FORM("a\nb\r\tc", "a\\nb\\r\\tc", "line ends and tabs"),
    FORM("\0\x01\x1b[31m\x7f", "\\x00\\x01\\x1b[31m\\x7f", "controls and escape sequences"),
    FORM("\xc3\xa4\xe2\x82\xac\xf0\x9f\x93\xa7", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x93\xa7", "UTF-8"),
    FORM("\xc2\x80\xc2\x9f", "\\xc2\\x80\\xc2\\x9f", "C1 controls"),
    FORM("\xc2\xa0", "\xc2\xa0", "the first character behind them"),
    FORM("\xe2\x80\xae", "\\xe2\\x80\\xae", "right-to-left override"),
    FORM("\xe2\x81\xa6", "\\xe2\\x81\\xa6", "isolate"),
    FORM("\xe2\x80\xa8", "\\xe2\\x80\\xa8", "line separator"),
    FORM("\xc0\xaf\xc1\xbf", "\\xc0\\xaf\\xc1\\xbf", "overlong in two"),
    FORM("\xe0\x9f\xbf\xe0\xa0\x80", "\\xe0\\x9f\\xbf\xe0\xa0\x80", "the border of three"),
    FORM("\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf", "overlong in four"),
    FORM("\xed\xa0\x80\xed\x9f\xbf", "\\xed\\xa0\\x80\xed\x9f\xbf", "surrogates"),
    FORM("\xf4\x8f\xbf\xbf\xf4\x90\x80\x80", "\xf4\x8f\xbf\xbf\\xf4\\x90\\x80\\x80",
         "the end of Unicode"),
    FORM("\xff\xfe\xf5", "\\xff\\xfe\\xf5", "octets that never occur"),
    FORM("\xe2\x82", "\\xe2\\x82", "a character cut in half"),
    FORM("\xe2\x82g", "\\xe2\\x82g", "a character broken off"),
    FORM("\x80", "\\x80", "a lone continuation"),
};

static void test_printable(void)
{
    struct buf b;

    buf_init(&b, 500);
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        buf_reset(&b);
        ok(buf_add_printable(&b, forms[i].in, forms[i].n), "printable: %s", forms[i].why);
        is_str(b.data, forms[i].want, forms[i].why);
        buf_reset(&b);
        buf_add_shown(&b, forms[i].in, forms[i].n);
        is_str(b.data, forms[i].want, "shown alike");
        buf_reset(&b);
        buf_add_shown(&b, forms[i].want, strlen(forms[i].want));
        is_str(b.data, forms[i].want, "shown twice changes nothing");
    }
    buf_reset(&b);
    buf_add_printable(&b, "a\\b", 3);
    buf_add_shown(&b, "a\\b", 3);
    is_str(b.data, "a\\\\ba\\b", "the backslash is doubled or left alone");
    buf_free(&b);
    buf_init(&b, 6);
    buf_adds(&b, "12");
    ok(!buf_add_printable(&b, "ab\n\n", 4) && b.over, "printable past the ceiling");
    is_str(b.data, "12", "adds nothing");
    ok(!buf_add_shown(&b, "abc\xc3\xa4", 5), "shown past the ceiling");
    is_str(b.data, "12abc", "is cut behind a whole character");
    buf_free(&b);
}

int main(void)
{
    test_birth();
    test_ceiling();
    test_printf();
    test_editing();
    test_secret();
    test_printable();
    return done_testing();
}
