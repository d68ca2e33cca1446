/* test_reader.c: what becomes what, at every way to split the input. */
#include "config.h"

#include "mail/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "mail/mime.h"
#include "tap.h"

#define TEXT(s) s, sizeof(s) - 1

struct row {
    const char *in;
    size_t in_n;
    bool dot_ends;
    const char *header;
    size_t header_n;
    const char *body;
    size_t body_n;
    const char *why;
};

static const struct row rows[] = {
    {TEXT(""), true, TEXT(""), TEXT(""), "nothing"},
    {TEXT("A: b\n\nc\n"), true, TEXT("A: b\n"), TEXT("c\n"), "LF"},
    {TEXT("A: b\r\n\r\nc\r\n"), true, TEXT("A: b\n"), TEXT("c\n"), "CRLF"},
    {TEXT("A: b\r\r\n\r\r\nc\r\r\n"), true, TEXT("A: b\n"), TEXT("c\n"), "CRCRLF"},
    {TEXT("A: b\r\nB: c\n\r\nd\n\r\r\ne\r\n"), true, TEXT("A: b\nB: c\n"), TEXT("d\n\ne\n"),
     "mixed, line by line"},
    {TEXT("A: b\n\nc"), true, TEXT("A: b\n"), TEXT("c\n"), "no final newline"},
    {TEXT("A: b"), true, TEXT("A: b\n"), TEXT(""), "no newline at all"},
    {TEXT("A: b\n"), true, TEXT("A: b\n"), TEXT(""), "no body"},
    {TEXT("\n"), true, TEXT(""), TEXT(""), "an empty line"},
    {TEXT("\n\n"), true, TEXT(""), TEXT("\n"), "two empty lines"},
    {TEXT("\nA: b\n"), true, TEXT(""), TEXT("A: b\n"), "no header"},
    /* lone CR */
    {TEXT("A: b\rc\r\rd\n\n"), true, TEXT("A: b c  d\n"), TEXT(""), "lone CRs in the header"},
    {TEXT("A: b\r\r\rc\n\n"), true, TEXT("A: b   c\n"), TEXT(""), "three of them"},
    {TEXT("A: b\r\r\r\n\n"), true, TEXT("A: b \n"), TEXT(""), "only two belong to a line end"},
    {TEXT("A: b\r"), true, TEXT("A: b \n"), TEXT(""), "a CR at the end of the header"},
    {TEXT("A\r: b\n"), true, TEXT("A : b\n"), TEXT(""), "a CR in front of the colon"},
    {TEXT("A: b\n\rc\n"), true, TEXT("A: b\n c\n"), TEXT(""), "a CR that makes a fold"},
    {TEXT("\n\rc\rd\r\re\r\r\rf\r\r\r\ng\r"), true, TEXT(""), TEXT("\nc\nd\n\ne\n\n\nf\n\ng\n"),
     "lone CRs in the body"},
    {TEXT("\n\r\r\r\r\r"), true, TEXT(""), TEXT("\n\n\n\n\n"), "CRs at the end"},
    {TEXT("\r\r\r\n"), true, TEXT(""), TEXT("\n\n"), "a CR at the very start begins the body"},
    {TEXT("no\rfield\r\n"), true, TEXT(""), TEXT("no\nfield\n"), "a CR in a line that is body"},
    {TEXT("no \r \rfield:\r\n"), true, TEXT(""), TEXT("no \n \nfield:\n"), "several"},
    {TEXT("word\r"), true, TEXT(""), TEXT("word\n"), "a CR behind the only line, a body"},
    {TEXT("word\r\r\r"), true, TEXT(""), TEXT("word\n\n\n"), "three of them"},
    /* NUL */
    {TEXT("A\0: b\0c\n\nd\0e\n\0"), true, TEXT("A : b c\n"), TEXT("d\0e\n\0\n"), "NULs"},
    {TEXT("A: b\n\0c\n"), true, TEXT("A: b\n c\n"), TEXT(""), "a NUL that makes a fold"},
    {TEXT("no\0field\n"), true, TEXT(""), TEXT("no\0field\n"), "NUL in a line that is body"},
    /* mbox */
    {TEXT("From alice Thu\nA: b\n\nc\n"), true, TEXT("A: b\n"), TEXT("c\n"), "From_"},
    {TEXT(">From alice Thu\r\nA: b\n"), true, TEXT("A: b\n"), TEXT(""), ">From_"},
    {TEXT("From \nA: b\n"), true, TEXT("A: b\n"), TEXT(""), "an empty From_"},
    {TEXT("From alice"), true, TEXT(""), TEXT(""), "From_ alone"},
    {TEXT("From : a\n"), true, TEXT("From : a\n"), TEXT(""), "a field is no From_ line"},
    {TEXT("From: a\n"), true, TEXT("From: a\n"), TEXT(""), "nor is the usual one"},
    {TEXT("From\talice\n"), true, TEXT(""), TEXT("From\talice\n"), "From and TAB is text"},
    {TEXT("From x\nFrom y\nA: b\n"), true, TEXT(""), TEXT("From y\nA: b\n"), "only one line"},
    {TEXT("A: b\nFrom x\n"), true, TEXT("A: b\n"), TEXT("From x\n"), "only the first line"},
    {TEXT("\nFrom x\n"), true, TEXT(""), TEXT("From x\n"), "not in the body"},
    {TEXT("From x\n fold\n"), true, TEXT(""), TEXT(" fold\n"), "nothing to fold behind it"},
    /* byte order mark */
    {TEXT("\xef\xbb\xbf"
          "Bcc: b\n\nc\n"),
     true, TEXT("Bcc: b\n"), TEXT("c\n"), "a BOM"},
    {TEXT("\xef\xbb\xbf"
          "From x\nA: b\n"),
     true, TEXT("A: b\n"), TEXT(""), "and From_"},
    {TEXT("\xef\xbb\xbf\r\nc\n"), true, TEXT(""), TEXT("c\n"), "before the empty line"},
    {TEXT("\xef\xbb\xbf.\nA: b\n"), true, TEXT(""), TEXT(""), "before the lone dot"},
    {TEXT("\xef\xbb\xbf"), true, TEXT(""), TEXT(""), "a BOM is all"},
    {TEXT("\xef\xbb\xbfno field\n"), true, TEXT(""), TEXT("no field\n"), "before a body"},
    {TEXT("\xef\xbb\xbf\xef\xbb\xbf"
          "A: b\n"),
     true, TEXT(""),
     TEXT("\xef\xbb\xbf"
          "A: b\n"),
     "only one goes"},
    {TEXT("\xef\xbb"), true, TEXT(""), TEXT("\xef\xbb\n"), "two thirds of one stay"},
    {TEXT("\xef"), true, TEXT(""), TEXT("\xef\n"), "one third too"},
    {TEXT("\xef\nA: b\n"), true, TEXT(""), TEXT("\xef\nA: b\n"), "cut by a LF"},
    {TEXT("\xef\xbb\xbe"
          "A: b\n"),
     true, TEXT(""),
     TEXT("\xef\xbb\xbe"
          "A: b\n"),
     "another character"},
    {TEXT("\xef\xef\xbb\xbf"
          "A: b\n"),
     true, TEXT(""),
     TEXT("\xef\xef\xbb\xbf"
          "A: b\n"),
     "not at the very start"},
    {TEXT("A: b\n\xef\xbb\xbf"
          "B: c\n"),
     true, TEXT("A: b\n"),
     TEXT("\xef\xbb\xbf"
          "B: c\n"),
     "nor later in the header"},
    {TEXT("\n\xef\xbb\xbf"
          "c\n"),
     true, TEXT(""),
     TEXT("\xef\xbb\xbf"
          "c\n"),
     "nor in the body"},
    /* the body nobody announced */
    {TEXT("hello world\nA: b\n"), true, TEXT(""), TEXT("hello world\nA: b\n"), "at once"},
    {TEXT("hello\n"), true, TEXT(""), TEXT("hello\n"), "one word"},
    {TEXT("hello"), true, TEXT(""), TEXT("hello\n"), "one word without LF"},
    {TEXT(" A: b\n"), true, TEXT(""), TEXT(" A: b\n"), "a fold of nothing"},
    {TEXT("\tx\n\ny\n"), true, TEXT(""), TEXT("\tx\n\ny\n"), "a TAB of nothing"},
    {TEXT("A: b\nhello world\n\nc\n"), true, TEXT("A: b\n"), TEXT("hello world\n\nc\n"), "later"},
    {TEXT("A: b\n: c\n"), true, TEXT("A: b\n"), TEXT(": c\n"), "no name"},
    {TEXT("A: b\n\xc3\xa4: c\n"), true, TEXT("A: b\n"), TEXT("\xc3\xa4: c\n"), "8-bit name"},
    {TEXT("A: b\nhttp ://x\n"), true, TEXT("A: b\nhttp ://x\n"), TEXT(""), "looks like a field"},
    /* wide blanks behind the name: blanks */
    {TEXT("A: b\nBcc\xc2\xa0: c\nD: e\n"), true, TEXT("A: b\nBcc  : c\nD: e\n"), TEXT(""),
     "U+00A0"},
    {TEXT("Bcc \xe3\x80\x80\xc2\xa0\r: \xc2\xa0\n"), true, TEXT("Bcc       : \xc2\xa0\n"), TEXT(""),
     "all kinds; behind the colon it is text"},
    {TEXT("Bcc\xe3\x80\x80\n:\n"), true, TEXT(""), TEXT("Bcc\xe3\x80\x80\n:\n"),
     "no colon on the line"},
    {TEXT("Bcc\0: x\n\ny\n"), true, TEXT("Bcc : x\n"), TEXT("y\n"), "a NUL before the colon"},
    {TEXT("A: b\nBcc\0 \0: x\0\n\n"), true, TEXT("A: b\nBcc   : x \n"), TEXT(""), "more of them"},
    {TEXT("Bcc\xe3\x80:\n"), true, TEXT(""), TEXT("Bcc\xe3\x80:\n"), "cut"},
    {TEXT("Bcc\xc2\r\xa0:\n"), true, TEXT(""), TEXT("Bcc\xc2\n\xa0:\n"), "torn"},
    {TEXT("Bcc\xc2"), true, TEXT(""), TEXT("Bcc\xc2\n"), "the end in one"},
    {TEXT("Bcc\xc2\n\xa0:\n"), true, TEXT(""), TEXT("Bcc\xc2\n\xa0:\n"), "a line end in one"},
    {TEXT("\xc2\xa0: c\n"), true, TEXT(""), TEXT("\xc2\xa0: c\n"), "no name"},
    {TEXT("Bcc\xc2\xa0x: c\n"), true, TEXT(""), TEXT("Bcc\xc2\xa0x: c\n"), "two words"},
    /* folds */
    {TEXT("A: b\n c\n\td\n  \n\ne\n"), true, TEXT("A: b\n c\n\td\n  \n"), TEXT("e\n"), "folds"},
    {TEXT("A:\r\n b\r\n"), true, TEXT("A:\n b\n"), TEXT(""), "a field that begins folded"},
    /* dots */
    {TEXT("A: b\n\nc\n.\nd\n"), true, TEXT("A: b\n"), TEXT("c\n"), "the lone dot"},
    {TEXT("A: b\n\nc\r\n.\r\nd\n"), true, TEXT("A: b\n"), TEXT("c\n"), "with CRLF"},
    {TEXT("A: b\n\nc\n.\r\r\nd\n"), true, TEXT("A: b\n"), TEXT("c\n"), "with CRCRLF"},
    {TEXT("A: b\n\nc\n."), true, TEXT("A: b\n"), TEXT("c\n"), "without a line end"},
    {TEXT("A: b\n\nc\n.\r"), true, TEXT("A: b\n"), TEXT("c\n"), "with a lone CR at the end"},
    {TEXT("\n.\rx\n"), true, TEXT(""), TEXT(""), "with a lone CR"},
    {TEXT("\n.\n"), true, TEXT(""), TEXT(""), "as the first line of the body"},
    {TEXT("A: b\n.\nC: d\n"), true, TEXT("A: b\n"), TEXT(""), "in the header"},
    {TEXT(".\nA: b\n"), true, TEXT(""), TEXT(""), "as the first line"},
    {TEXT("."), true, TEXT(""), TEXT(""), "as all there is"},
    {TEXT(".\r\n"), true, TEXT(""), TEXT(""), "as all there is, with CRLF"},
    {TEXT("A: b\n\n..\n.c\n. \n"), true, TEXT("A: b\n"), TEXT("..\n.c\n. \n"), "other dots stay"},
    {TEXT("\n.\0\nx"), true, TEXT(""), TEXT(".\0\nx\n"), "a dot and a NUL are two octets"},
    {TEXT("\n.\n.\r\n..\n."), false, TEXT(""), TEXT(".\n.\n..\n.\n"), "-i: dots are text"},
    {TEXT(".\nA: b\n"), false, TEXT(""), TEXT(".\nA: b\n"), "-i: and begin the body"},
    {TEXT("A: b\n .\n\n"), true, TEXT("A: b\n .\n"), TEXT(""), "a dot in a fold"},
    {TEXT(".x: y\n"), true, TEXT(".x: y\n"), TEXT(""), "a name with a dot"},
    /* UTF-8 */
    {TEXT("\n\xc3\xa4 a \xe4\xb8\xad\xe6\x96\x87\r\n\xf0\x9f\x93\xa7"), true, TEXT(""),
     TEXT("\xc3\xa4 a \xe4\xb8\xad\xe6\x96\x87\n\xf0\x9f\x93\xa7\n"), "UTF-8"},
    {TEXT("\na\xe4"), true, TEXT(""), TEXT("a\xe4\n"), "a character that is not finished"},
    {TEXT("\n\xf0\x9f\x93\n.\n"), true, TEXT(""), TEXT("\xf0\x9f\x93\n"), "nor before the dot"},
    {TEXT("\n\xc3\r\xa4\n"), true, TEXT(""), TEXT("\xc3\n\xa4\n"), "a CR in a character"},
    {TEXT("\n\xc3\n.\xa4\n"), true, TEXT(""), TEXT("\xc3\n.\xa4\n"), "a line end in one"},
    {TEXT("\n\xed\xa0\x80 \xc3\xa4\n"), true, TEXT(""), TEXT("\xed\xa0\x80 \xc3\xa4\n"),
     "a surrogate"},
    {TEXT("\n\xc3\xa4\xff\x80\x80\x80 \xc3\xa4\n"), true, TEXT(""),
     TEXT("\xc3\xa4\xff\x80\x80\x80 \xc3\xa4\n"), "no lead octet"},
    {TEXT("\n\x80\n"), true, TEXT(""), TEXT("\x80\n"), "an octet that follows nothing"},
    {TEXT("\xe4\xb8\xad\xe6\x96\x87\n"), true, TEXT(""), TEXT("\xe4\xb8\xad\xe6\x96\x87\n"),
     "a body at once, in UTF-8"},
};

/* The facts once more, octet by octet. */
static void check_facts(const struct message *m, const char *body, size_t n, bool *good)
{
    struct message_facts want = {.octets = n, .utf8 = mime_is_utf8(body, n)};
    uint64_t line = 0;

    for (size_t i = 0; i < n; i++) {
        want.dots += line == 0 && body[i] == '.';
        want.eight_bit = want.eight_bit || (unsigned char)body[i] > 127;
        want.nul = want.nul || body[i] == '\0';
        if (body[i] == '\n') {
            want.lines++;
            line = 0;
        } else if (++line > want.longest_line) {
            want.longest_line = line;
        }
    }
    *good = *good && want.octets == m->body.octets && want.lines == m->body.lines &&
            want.dots == m->body.dots && want.longest_line == m->body.longest_line &&
            want.eight_bit == m->body.eight_bit && want.utf8 == m->body.utf8 &&
            want.nul == m->body.nul;
}

/* Feeds a row in pieces: STEP octets each, but SPLIT octets first. */
static bool run(const struct row *row, size_t split, size_t step)
{
    struct message_input in = {.fd = -1, .dot_ends = row->dot_ends};
    struct message *m = message_new();
    struct fault why = {0};
    struct reader r;
    bool good = true;

    reader_init(&r, m, &in);
    for (size_t at = 0, n; at < row->in_n && good; at += n) {
        n = at == 0 && split > 0 ? split : step;
        if (n > row->in_n - at)
            n = row->in_n - at;
        good = reader_take(&r, row->in + at, n, &why) == CAUSE_NONE;
    }
    good = good && reader_end(&r, &why) == CAUSE_NONE;
    reader_free(&r);
    good = good && m->header.len == row->header_n && m->text.len == row->body_n &&
           memcmp(m->header.data, row->header, row->header_n) == 0 &&
           memcmp(m->text.data, row->body, row->body_n) == 0;
    check_facts(m, row->body, row->body_n, &good);
    if (!good)
        printf("#   header [%.*s] body [%.*s]\n", (int)m->header.len, m->header.data,
               (int)m->text.len, m->text.data);
    message_close(&m);
    fault_free(&why);
    return good;
}

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool good = run(&rows[i], 0, rows[i].in_n + 1);

        for (size_t split = 1; split < rows[i].in_n && good; split++)
            good = run(&rows[i], split, rows[i].in_n);
        for (size_t step = 1; step < 4 && good; step++)
            good = run(&rows[i], 0, step);
        ok(good, "%s%s", rows[i].why, rows[i].dot_ends ? "" : " (no dot ends)");
    }
}

/* A prefix of the longest name that still may become a field, and one octet more. */
static void test_long_names(void)
{
    size_t n = LIMIT_TEXT_LINE + 10;
    char *text = malloc(n);

    if (text == NULL)
        abort();
    for (size_t colon = LIMIT_TEXT_LINE - 2; colon <= LIMIT_TEXT_LINE + 1; colon++) {
        bool field = colon < LIMIT_TEXT_LINE;
        struct row row = {text, n, true, text, field ? n : 0, text, field ? 0 : n, "long name"};

        memset(text, 'x', n);
        text[n - 1] = '\n';
        text[colon] = ':';
        ok(run(&row, 0, n) && run(&row, 0, 1) && run(&row, colon, n), "a colon at %zu makes %s",
           colon, field ? "a field" : "a body");
    }
    memset(text, '\0', n);
    text[0] = 'x';
    text[n - 1] = '\n';
    ok(run(&(struct row){text, n, true, "", 0, text, n, ""}, 0, 7), "blanks without end are body");
    memcpy(text, "From ", 5);
    ok(run(&(struct row){text, n, true, "", 0, "", 0, ""}, 0, 7), "a From_ line may be long");
    free(text);
}

static void test_header_ceiling(void)
{
    static const char line[] = "X: 3456789abcdef\n"; /* 17 octets */
    struct message_input in = {.fd = -1};
    struct message *m = message_new();
    struct fault why = {0};
    struct reader r;
    enum cause cause = CAUSE_NONE;
    size_t fed = 0;

    reader_init(&r, m, &in);
    while (cause == CAUSE_NONE && fed < LIMIT_HEADER + 100) {
        cause = reader_take(&r, line, sizeof(line) - 1, &why);
        fed += sizeof(line) - 1;
    }
    is_int(cause, CAUSE_BAD_MESSAGE, "a header over the limit");
    ok(fed > LIMIT_HEADER && fed <= LIMIT_HEADER + 17, "and not before");
    reader_free(&r);
    message_close(&m);
    fault_free(&why);
}

int main(void)
{
    test_rows();
    test_long_names();
    test_header_ceiling();
    return done_testing();
}
