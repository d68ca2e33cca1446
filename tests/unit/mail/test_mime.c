/*
 * test_mime.c: RFC 2047. Beside exact rows there is a slow reader of encoded words in here, and
 * every text must come back through it as it was, with the limits on words and lines kept.
 */
#include "config.h"

#include "mail/mime.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/b64.h"
#include "tap.h"

static void decode_q(const char *s, size_t n, struct buf *out)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (s[i] == '=' && i + 2 < n) {
            char hex[3] = {s[i + 1], s[i + 2], '\0'};

            buf_addc(out, (char)strtol(hex, NULL, 16));
            i += 2;
        } else {
            buf_addc(out, s[i] == '_' ? ' ' : s[i]);
        }
    }
}

/* One word to its octets; its charset and its limits are looked at as well. */
static void decode_word(const char *word, size_t n, struct buf *out)
{
    const char *charset = word + 2, *kind = strchr(charset, '?') + 1, *text = kind + 2;
    size_t len = (size_t)(word + n - 2 - text), before = out->len;
    bool utf8 = strncmp(charset, "UTF-8?", 6) == 0;

    if (n > MIME_WORD_MAX)
        ok(false, "word too long: %.*s", (int)n, word);
    if (*kind == 'Q')
        decode_q(text, len, out);
    else if (!b64_decode(out, text, len))
        ok(false, "not base64: %.*s", (int)len, text);
    if (utf8 && !mime_is_utf8(out->data + before, out->len - before))
        ok(false, "a character was split: %.*s", (int)n, word);
}

static void decode(const char *text, struct buf *out)
{
    bool after_encoded = false;

    while (*text != '\0') {
        size_t blank = strspn(text, " \t\n"), n = strcspn(text + blank, " \t\n"), i;
        bool encoded = mime_is_encoded_word(text + blank, n);

        for (i = 0; i < blank; i++)
            if (text[i] != '\n' && !(after_encoded && encoded))
                buf_addc(out, text[i]);
        if (encoded)
            decode_word(text + blank, n, out);
        else
            buf_add(out, text + blank, n);
        after_encoded = encoded;
        text += blank + n;
    }
}

/* No line over 76 that could have been folded, none empty or blank. */
static bool lines_fit(const char *text, size_t column, size_t longest_word)
{
    size_t most = longest_word + 1 > MIME_LINE_MAX ? longest_word + 1 : MIME_LINE_MAX;

    for (;;) {
        size_t n = strcspn(text, "\n");

        if (column + n > most)
            return false;
        text += n;
        if (*text == '\0')
            return true;
        text++;
        column = 0;
        if ((*text != ' ' && *text != '\t') || text[strspn(text, " \t")] == '\n')
            return false;
    }
}

static void test_rows(void)
{
    static const struct {
        const char *text;
        enum mime_where where;
        size_t column;
        const char *want;
    } rows[] = {
        {"", MIME_UNSTRUCTURED, 9, ""},
        {"plain text", MIME_UNSTRUCTURED, 9, "plain text"},
        {"  two  blanks\t", MIME_UNSTRUCTURED, 9, "  two  blanks\t"},
        {"Gr\xc3\xbc\xc3\x9f"
         "e",
         MIME_UNSTRUCTURED, 9, "=?UTF-8?B?R3LDvMOfZQ==?="},
        {"viele Gr\xc3\xbcsse aus Wien", MIME_UNSTRUCTURED, 9,
         "viele =?UTF-8?Q?Gr=C3=BCsse?= aus Wien"},
        {"\xc3\xa4 \xc3\xb6", MIME_UNSTRUCTURED, 9, "=?UTF-8?B?w6Qgw7Y=?="},
        {"a \xc3\xa4 b c d \xc3\xb6", MIME_UNSTRUCTURED, 9,
         "a =?UTF-8?B?w6Q=?= b c d =?UTF-8?B?w7Y=?="},
        {"caf\xe9 noir", MIME_UNSTRUCTURED, 9, "=?unknown-8bit?Q?caf=E9?= noir"},
        {"caf\xe9 \xc3\xa4", MIME_UNSTRUCTURED, 9, "=?unknown-8bit?B?Y2Fm6SDDpA==?="},
        {"abcdefg\xc3\xa4?=_.x", MIME_UNSTRUCTURED, 0, "=?UTF-8?B?YWJjZGVmZ8OkPz1fLng=?="},
        {"abcdefgh\xc3\xa4 ?ijkl.", MIME_UNSTRUCTURED, 0, "=?UTF-8?Q?abcdefgh=C3=A4?= ?ijkl."},
        {"J\xc3\xbcrgen Example", MIME_PHRASE, 6, "=?UTF-8?Q?J=C3=BCrgen_Example?="},
        {"J\xc3\xbcrgen A. Example", MIME_PHRASE, 6, "=?UTF-8?Q?J=C3=BCrgen_A=2E_Example?="},
        /* words that are there already, and the blanks beside them */
        {"=?x?q?a?= \xc3\xa4", MIME_UNSTRUCTURED, 0, "=?x?q?a?= =?UTF-8?B?IMOk?="},
        {"\xc3\xa4 =?x?q?a?=", MIME_UNSTRUCTURED, 0, "=?UTF-8?B?w6Qg?= =?x?q?a?="},
        {"\xc3\xa4 =?x?q?a?= \xc3\xa4", MIME_UNSTRUCTURED, 0,
         "=?UTF-8?B?w6Qg?= =?x?q?a?= =?UTF-8?B?IMOk?="},
        {"=?x?q?a?= =?x?q?b?=", MIME_UNSTRUCTURED, 0, "=?x?q?a?= =?x?q?b?="},
        {"=?x?q?a?= J\xc3\xbc", MIME_PHRASE, 0, "=?x?q?a?= =?UTF-8?Q?_J=C3=BC?="},
        {"=?x?q?<b@c>,?= \xc3\xa4", MIME_PHRASE, 0,
         "=?UTF-8?B?PT94P3E/PGJAYz4sPz0gw6Q=?="}, /* no address in disguise */
        /* folds are made anew; controls are blanks */
        {"a\n b", MIME_UNSTRUCTURED, 9, "a b"},
        {"a\n\t\xc3\xa4", MIME_UNSTRUCTURED, 9, "a\t=?UTF-8?B?w6Q=?="},
        {"a\r\nBcc: \xc3\xa4", MIME_UNSTRUCTURED, 9, "a  Bcc: =?UTF-8?B?w6Q=?="},
        {"a\x1b\x7f\nb", MIME_UNSTRUCTURED, 9, "a   b"},
        {"\xc3\xa4", MIME_UNSTRUCTURED, 70, "\n =?UTF-8?B?w6Q=?="},
        {"\xc3\xa4", MIME_UNSTRUCTURED, 52, "=?UTF-8?B?w6Q=?="},
        {"\xc3\xa4", MIME_UNSTRUCTURED, 53, "\n =?UTF-8?B?w6Q=?="},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf out;

        buf_init(&out, 1000);
        mime_encode_words(&out, rows[i].text, strlen(rows[i].text), rows[i].where, rows[i].column);
        is_str(out.data, rows[i].want, "row");
        buf_free(&out);
    }
}

static void add_character(struct buf *b, uint32_t u)
{
    if (u < 0x80) {
        buf_addc(b, (char)u);
    } else if (u < 0x800) {
        buf_addc(b, (char)(0xc0 | u >> 6));
        buf_addc(b, (char)(0x80 | (u & 63)));
    } else if (u < 0x10000) {
        buf_addc(b, (char)(0xe0 | u >> 12));
        buf_addc(b, (char)(0x80 | (u >> 6 & 63)));
        buf_addc(b, (char)(0x80 | (u & 63)));
    } else {
        buf_addc(b, (char)(0xf0 | u >> 18));
        buf_addc(b, (char)(0x80 | (u >> 12 & 63)));
        buf_addc(b, (char)(0x80 | (u >> 6 & 63)));
        buf_addc(b, (char)(0x80 | (u & 63)));
    }
}

static uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

static void random_text(struct buf *b, uint64_t *state, bool utf8)
{
    static const uint32_t top[] = {0x80, 0x800, 0xd800, 0x10ffff};
    size_t pieces = next_random(state) % 60, n;
    uint32_t kind;

    while (pieces-- > 0) {
        kind = next_random(state) % 8;
        for (n = next_random(state) % 30; n > 0; n--) {
            if (kind < 3)
                buf_addc(b, (char)(0x21 + next_random(state) % 94));
            else if (!utf8)
                buf_addc(b, (char)(0x80 + next_random(state) % 128));
            else
                add_character(b, 0xa0 + next_random(state) % (top[kind % 4] - 0x60));
        }
        if (kind == 7)
            buf_adds(b, "=?UTF-8?Q?x=20?=");
        buf_adds(b, kind == 1 ? " \t" : " ");
    }
}

static size_t longest_plain(const char *text)
{
    size_t longest = 0, n;

    for (; *text != '\0'; text += n) {
        text += strspn(text, " \t");
        n = strcspn(text, " \t");
        if (n + 1 > longest)
            longest = n + 1;
    }
    return longest;
}

static void test_round_trip(void)
{
    uint64_t state = 42;
    int i, wrong = 0;

    for (i = 0; i < 4000 && wrong < 5; i++) {
        struct buf text, coded, back, want;
        enum mime_where where = i % 2 ? MIME_PHRASE : MIME_UNSTRUCTURED;
        size_t column = next_random(&state) % 100;

        buf_init(&text, 1 << 16);
        buf_init(&coded, 1 << 18);
        buf_init(&back, 1 << 18);
        buf_init(&want, 1 << 18);
        random_text(&text, &state, i % 3 != 0);
        while (text.len > 0 && strchr(" \t", text.data[text.len - 1]) != NULL)
            buf_cut(&text, text.len - 1);
        mime_encode_words(&coded, text.data, text.len, where, column);
        decode(coded.data, &back);
        decode(text.data, &want); /* the words that were there are decoded, too */
        if (coded.data[0] == '\n' && back.data[0] == ' ' && want.data[0] != ' ')
            buf_drop(&back, 1); /* folded before the first word */
        if (!mime_is_plain(coded.data, coded.len) || back.len != want.len ||
            memcmp(back.data, want.data, want.len) != 0) {
            wrong++;
            printf("# %s\n# became %s\n", text.data, coded.data);
        } else if (where == MIME_PHRASE && !lines_fit(coded.data, column, column + 17)) {
            wrong++;
            printf("# at %zu badly folded: %s\n", column, coded.data);
        } else if (!lines_fit(coded.data, column, column + longest_plain(text.data))) {
            wrong++;
            printf("# at %zu badly folded: %s\n", column, coded.data);
        }
        buf_free(&text);
        buf_free(&coded);
        buf_free(&back);
        buf_free(&want);
    }
    is_int(wrong, 0, "4000 random texts come back as they were");
}

static void test_predicates(void)
{
    static const char *const good[] = {"",
                                       "a",
                                       "\x7f",
                                       "\xc2\x80",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc3",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xe2\x82",
                                      "\xe2\x82x",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xf0\x90\x80",
                                      "\xff",
                                      "a\xfe"};
    static const char *const words[] = {"=?a?q?b?=", "=?UTF-8?B?\?=", "=?a?Q?=20_?="};
    static const char *const no_words[] = {"",          "=?=",          "=?a?q?b",     "?a?q?b?=",
                                           "=?a?x?b?=", "=??q?b?=",     "=?a?q?b?c?=", "=?a?qq?b?=",
                                           "=?a?q?b=",  "=?a?q?\xc3?=", "=?a?b?="};
    size_t i;

    for (i = 0; i < ARRAY_LEN(good); i++)
        ok(mime_is_utf8(good[i], strlen(good[i])), "UTF-8 %zu", i);
    for (i = 0; i < ARRAY_LEN(bad); i++)
        ok(!mime_is_utf8(bad[i], strlen(bad[i])), "no UTF-8 %zu", i);
    for (i = 0; i < ARRAY_LEN(words); i++)
        ok(mime_is_encoded_word(words[i], strlen(words[i])), "a word: %s", words[i]);
    for (i = 0; i < ARRAY_LEN(no_words); i++)
        ok(!mime_is_encoded_word(no_words[i], strlen(no_words[i])), "no word %zu", i);
    ok(mime_is_plain("a\tb ~\n c", 8) && mime_is_plain("", 0), "plain: TAB, blank, fold");
    ok(!mime_is_plain("a\nb", 3) && !mime_is_plain("a\n", 2), "not plain: LF that is no fold");
    ok(!mime_is_plain("a\r", 2) && !mime_is_plain("\0", 1) && !mime_is_plain("\x7f", 1),
       "controls");
    ok(!mime_is_plain("\xc3\xa4", 2), "not plain: UTF-8");
}

static void test_ceiling(void)
{
    struct buf out;

    buf_init(&out, 20);
    ok(!mime_encode_words(&out, "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 10, MIME_PHRASE, 0),
       "the ceiling of the buffer is told");
    ok(out.over && out.len <= 20, "and kept");
    buf_free(&out);
}

/* A line of any length costs its length, not its square. */
static void test_long(void)
{
    struct buf text, out, back;
    int i;

    buf_init(&text, 8 << 20);
    buf_init(&out, 32 << 20);
    buf_init(&back, 32 << 20);
    for (i = 0; i < 500000; i++)
        buf_adds(&text, i % 7 ? "\xe2\x82\xac" : " ");
    ok(mime_encode_words(&out, text.data, text.len, MIME_UNSTRUCTURED, 9), "1.3 MB of text");
    decode(out.data, &back);
    ok(back.len == text.len && memcmp(back.data, text.data, text.len) == 0, "come back");
    buf_free(&text);
    buf_free(&out);
    buf_free(&back);
}

static bool octets_are_utf8(const char *text, size_t n)
{
    struct mime_utf8 u = {0};
    bool good = true;

    for (size_t at = 0; at < n && good; at++)
        good = mime_utf8_feed(&u, text + at, 1);
    return good;
}

/* Cut in two at every place, and in octets: what the whole is. The last LF settles what is open. */
static void test_pieces(void)
{
    static const char *const rows[] = {
        "plain ASCII, longer than a word",
        "\xc3\xa4\xe4\xb8\xad plain in between \xf0\x9f\x93\xa7\xf4\x8f\xbf\xbf",
        ("12345678\xe4\xb8\xad"
         "12345678"),
        "\xc3",
        "\xe4\xb8",
        "\xf0\x9f\x93",
        "\xf0\x9f\x93x",
        "\xc3\xc3\xa4",
        "\xa4\xc3\xa4",
        "\xc0\x80",
        "\xe0\x80\x80",
        "\xed\xa0\x80",
        "\xf4\x90\x80\x80",
        "\xff\x80\x80\x80\x80",
        "12345678\xe4 9abcdef0",
        "\x80",
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[80];
        size_t n = (size_t)snprintf(text, sizeof(text), "%s\n", rows[i]), wrong = 0;
        bool want = mime_is_utf8(text, n);

        for (size_t cut = 0; cut <= n; cut++) {
            struct mime_utf8 u = {0};

            wrong +=
                want != (mime_utf8_feed(&u, text, cut) && mime_utf8_feed(&u, text + cut, n - cut));
        }
        wrong += want != octets_are_utf8(text, n);
        is_int((long long)wrong, 0, "UTF-8 in pieces");
        ok(want == (i < 3), "row %zu is what it is", i);
    }
}

int main(void)
{
    test_rows();
    test_predicates();
    test_round_trip();
    test_ceiling();
    test_long();
    test_pieces();
    return done_testing();
}
