/* test_octets.c: the escapes that test data is written with, and the octets they stand for. */
#include "config.h"

#include "octets.h"
#include "tap.h"

static void decoding(void)
{
    static const struct {
        const char *in, *want;
        size_t n;
        bool open;
        const char *why;
    } cases[] = {
        {"plain", "plain", 5, false, "text stands for itself"},
        {"", "", 0, false, "nothing stands for nothing"},
        {"a\\r\\n\\t\\s\\\\b", "a\r\n\t \\b", 7, false, "the usual escapes"},
        {"\\0\\x00\\xfF", "\0\0\xff", 3, false, "any octet"},
        {"\\*3{ab}c", "abababc", 7, false, "a repetition"},
        {"\\*0{ab}c", "c", 1, false, "no repetition"},
        {"\\*2{a\\*2{b}\\r}", "abb\rabb\r", 8, false, "a repetition in a repetition"},
        {"\\*2{\\}}", "}}", 2, false, "a brace that is text"},
        {"\\b64{\\0alice\\0pw}", "AGFsaWNlAHB3", 12, false, "base64 of decoded data"},
        {"\\b64{}", "", 0, false, "base64 of nothing"},
        {"\\b64{a}\\b64{ab}", "YQ==YWI=", 8, false, "base64 with padding"},
        {"end\\c", "end", 3, true, "a line without an end"},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct octets out = {0};
        bool open = false;
        const char *wrong = octets_decode(&out, cases[i].in, strlen(cases[i].in), &open);

        ok(!wrong && open == cases[i].open, "decodes: %s", cases[i].why);
        is_mem(out.p, out.n, cases[i].want, cases[i].n, cases[i].why);
        octets_free(&out);
    }
}

static void refusing(void)
{
    static const char *const cases[] = {"\\",      "a\\q",  "\\x1",      "\\xg0",
                                        "\\*3",    "\\*3{", "\\*3{a\\}", "\\*99999999{aaaaaaaaaa}",
                                        "\\b65{}", "\\b",   "a\\cb"};
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct octets out = {0};
        bool open = false;

        ok(octets_decode(&out, cases[i], strlen(cases[i]), &open) != NULL, "refuses %s", cases[i]);
        octets_free(&out);
    }
}

static void showing(void)
{
    static const char all[] = "a\r\n\\\x01\x7f\xc3 z";
    struct octets shown = {0}, back = {0};

    octets_show(&shown, all, sizeof all - 1);
    is_str(octets_text(&shown), "a\\r\\n\\\\\\x01\\x7F\\xC3 z", "what is shown is printable");
    ok(octets_decode(&back, shown.p, shown.n, NULL) == NULL, "what is shown can be decoded");
    is_mem(back.p, back.n, all, sizeof all - 1, "and gives the same octets");
    octets_free(&shown);
    octets_free(&back);
}

static void growing(void)
{
    struct octets o = {0};
    size_t i;

    is_str(octets_text(&o), "", "nothing is an empty string");
    for (i = 0; i < 1000; i++)
        octets_printf(&o, "%zu,", i % 10);
    ok(o.n == 2000 && strlen(o.p) == 2000, "grows and stays terminated");
    octets_drop(&o, 1998);
    is_str(octets_text(&o), "9,", "drops from the front");
    octets_drop(&o, 99);
    ok(o.n == 0, "drops no more than there is");
    octets_free(&o);
}

int main(void)
{
    decoding();
    refusing();
    showing();
    growing();
    return done_testing();
}
