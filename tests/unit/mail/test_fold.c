/* test_fold.c: only lines that may not travel are folded, and unfolding gives them back. */
#include "config.h"

#include "mail/fold.h"

#include <string.h>

#include "base/limits.h"
#include "mail/header.h"
#include "tap.h"

static size_t longest(const struct buf *b)
{
    size_t best = 0, n = 0;

    for (size_t i = 0; i < b->len; i++) {
        n = b->data[i] == '\n' ? 0 : n + 1;
        best = n > best ? n : best;
    }
    return best;
}

/* Every line begins a field or is a fold that is not blank. */
static bool is_sound(const struct buf *b)
{
    for (size_t at = 0; at < b->len;) {
        const char *lf = memchr(b->data + at, '\n', b->len - at);
        size_t n = lf != NULL ? (size_t)(lf - b->data) - at : b->len - at;

        if (strspn(b->data + at, " \t") >= n)
            return false;
        if (b->data[at] != ' ' && b->data[at] != '\t' && !header_line_is_field(b->data + at, n))
            return false;
        at += n + 1;
    }
    return true;
}

/* HEAD, then WORD until the line has at least N octets, then TAIL and LF. */
static struct buf build(const char *head, const char *word, size_t n, const char *tail)
{
    struct buf b;

    buf_init(&b, LIMIT_HEADER);
    buf_adds(&b, head);
    while (b.len < n)
        buf_adds(&b, word);
    buf_adds(&b, tail);
    buf_addc(&b, '\n');
    return b;
}

static void test_rows(void)
{
    static const struct {
        const char *head, *word, *tail;
        bool commas; /* blanks are added behind commas */
        bool folds;
        const char *why;
    } rows[] = {
        {"Subject: ", "word ", "end", false, true, "words"},
        {"Subject: ", "word ", "   ", false, true, "blanks at the end"},
        {"Subject: ", "word\t \t", "end", false, true, "runs of blanks"},
        {"Subject:", " word", "", false, true, "no blank to begin with"},
        {"Subject:     ", "   word", "", false, true, "many blanks to begin with"},
        {"To: ", "user@example.org,", "a@b", true, true, "addresses without blanks"},
        {"To: ", "user@example.org, ", "a@b", false, true, "addresses with blanks"},
        {"X-To: ", "user@example.org,", "a@b", false, false, "commas of another field stay"},
        {"Subject: ", "x", "", false, false, "one long word cannot be helped"},
        {"Subject: ", " ", "x", false, false, "nor can blanks before the first word"},
        {"To: \"", "a,", "\" <a@b>", false, true, "commas in quotes are no places"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf in = build(rows[i].head, rows[i].word, 1500, rows[i].tail), out, back;
        struct header_field f, g;

        buf_init(&out, LIMIT_HEADER);
        buf_init(&back, LIMIT_HEADER);
        ok(fold_is_needed(in.data, in.len), "%s: needed", rows[i].why);
        ok(fold_header(&out, in.data, in.len), "done");
        ok(is_sound(&out), "%s: no blank line, no new field", rows[i].why);
        ok((out.len > in.len) == rows[i].folds, "%s: %s", rows[i].why,
           rows[i].folds ? "folded" : "as it was");
        if (rows[i].folds && in.data[4] != '"')
            ok(longest(&out) <= 100, "%s: lines of %zu octets", rows[i].why, longest(&out));
        ok(header_next(&(struct header_scan){out.data, out.len, 0}, &g) && g.end == out.len,
           "still one field");
        ok(header_find(in.data, in.len, rows[i].head[0] == 'T' ? "To" : "Subject", &f) ||
               in.data[0] == 'X',
           "the field");
        (void)header_unfold(&g, &back);
        for (size_t at = 0; rows[i].commas && at + 1 < back.len; at++) {
            if (back.data[at] == ',' && back.data[at + 1] == ' ')
                buf_splice(&back, at + 1, 1, "", 0);
        }
        is_mem(back.data, back.len, in.data + (g.body - out.data),
               in.len - (size_t)(g.body - out.data) - 1, "unfolds to what it was");
        buf_free(&in);
        buf_free(&out);
        buf_free(&back);
    }
}

static void test_untouched(void)
{
    struct buf in = build("A: ", "x ", LIMIT_TEXT_LINE - 1, ""), out;

    buf_cut(&in, LIMIT_TEXT_LINE);
    buf_adds(&in, "\n \nB:\n c\n");
    ok(!fold_is_needed(in.data, in.len), "998 octets may travel");
    buf_init(&out, LIMIT_HEADER);
    ok(fold_header(&out, in.data, in.len), "folded all the same");
    is_mem(out.data, out.len, in.data, in.len, "nothing changes");
    buf_free(&out);
    buf_init(&out, in.len - 1);
    ok(!fold_header(&out, in.data, in.len) && out.over, "past the ceiling");
    buf_free(&out);
    buf_free(&in);

    in = build("Subject: a\n ", "word ", 1500, "end");
    buf_adds(&in, "To: b\n");
    buf_init(&out, LIMIT_HEADER);
    ok(fold_is_needed(in.data, in.len) && fold_header(&out, in.data, in.len), "a long fold");
    ok(is_sound(&out) && longest(&out) <= 78, "is folded too");
    ok(strncmp(out.data, "Subject: a\n word", 16) == 0, "its first line stays");
    is_str(out.data + out.len - 6, "To: b\n", "and what follows");
    buf_free(&out);
    buf_free(&in);
    ok(!fold_is_needed("", 0), "nothing to fold");
}

int main(void)
{
    test_rows();
    test_untouched();
    return done_testing();
}
