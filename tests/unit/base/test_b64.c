/* test_b64.c: RFC 4648 section 10, all lengths and octets, and what a strict decoder refuses. */
#include "config.h"

#include "base/b64.h"

#include <stdint.h>

#include "base/attr.h"
#include "tap.h"

static void test_vectors(void)
{
    static const struct {
        const char *plain, *text;
    } cases[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    struct buf out;

    buf_init(&out, 100);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        buf_reset(&out);
        ok(b64_encode(&out, cases[i].plain, strlen(cases[i].plain)), "encode \"%s\"",
           cases[i].plain);
        is_str(out.data, cases[i].text, cases[i].plain);
        buf_reset(&out);
        ok(b64_decode(&out, cases[i].text, strlen(cases[i].text)), "decode \"%s\"", cases[i].text);
        is_str(out.data, cases[i].plain, cases[i].text);
    }
    buf_reset(&out);
    b64_encode(&out, "\xfb\xff\xbf", 3);
    is_str(out.data, "+/+/", "the last two characters");
    buf_free(&out);
}

static void test_round_trips(void)
{
    unsigned char all[256];
    struct buf text, back;
    bool same = true;

    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (unsigned char)i;
    buf_init(&text, 1000);
    buf_init(&back, 1000);
    for (size_t n = 0; n <= sizeof(all); n++) {
        buf_reset(&text);
        buf_reset(&back);
        same = same && b64_encode(&text, all, n) && text.len == (n + 2) / 3 * 4 &&
               b64_decode(&back, text.data, text.len) && back.len == n &&
               memcmp(back.data, all, n) == 0;
    }
    ok(same, "all octets, all lengths up to 256 come back");
    buf_free(&text);
    buf_free(&back);
}

static void test_refused(void)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"Z", "one character"},
        {"Zg", "no padding"},
        {"Zg=", "half the padding"},
        {"Zg===", "too much of it"},
        {"====", "padding alone"},
        {"Z===", "three of it"},
        {"=g==", "padding in front"},
        {"Zg==Zg==", "padding inside"},
        {"Z=9v", "padding amid a group"},
        {"Zm9v\n", "a line end"},
        {"Zm9 ", "a blank"},
        {"Zm-_", "the other alphabet"},
        {"Zm9\xff", "an octet over 127"},
        {"Zh==", "bits behind one octet"},
        {"Zm9=", "bits behind two"},
    };
    struct buf out;

    buf_init(&out, 100);
    buf_adds(&out, "kept");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ok(!b64_decode(&out, cases[i].text, strlen(cases[i].text)), "refused: %s", cases[i].why);
        is_str(out.data, "kept", "the output is as it was");
    }
    ok(!b64_decode(&out, "Zm\0v", 4), "refused: a NUL");
    ok(!out.over, "a wrong text is not a full buffer");
    buf_free(&out);
}

static void test_ceiling(void)
{
    struct buf out;

    buf_init(&out, 8);
    ok(b64_encode(&out, "foobar", 6) && out.len == 8, "the ceiling is reached");
    ok(!b64_encode(&out, "f", 1) && out.over && out.len == 8, "and not passed");
    ok(!b64_encode(&out, "", SIZE_MAX), "a length whose encoding no machine holds");
    buf_free(&out);
    buf_init(&out, 5);
    ok(b64_decode(&out, "Zm9vYmE=", 8) && buf_equals(&out, "fooba"), "padding needs no room");
    buf_reset(&out);
    ok(!b64_decode(&out, "Zm9vYmFy", 8) && out.over && out.len == 0, "decoding keeps to it, too");
    buf_free(&out);
}

int main(void)
{
    test_vectors();
    test_round_trips();
    test_refused();
    test_ceiling();
    return done_testing();
}
