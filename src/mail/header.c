/*
 * header.c: pull scanner over a header section in stored form.
 *
 * The scanner only finds borders and lends pointers: no copy, no allocation, no grammar beyond
 * "name, blanks, colon". It accepts any octets: what is wrong with a field is the business of who
 * reads it, and a field that is not understood must still travel byte for byte. Case is folded by
 * ASCII alone, so that no locale changes which field is Bcc.
 */
#include "config.h"

#include "mail/header.h"

#include <string.h>

#include "base/limits.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static unsigned char lower(char c)
{
    unsigned char u = (unsigned char)c;

    return u >= 'A' && u <= 'Z' ? (unsigned char)(u + ('a' - 'A')) : u;
}

bool header_is_name_char(char c)
{
    return c > 32 && c < 127 && c != ':';
}

int header_name_order(const char *a, size_t an, const char *b, size_t bn)
{
    size_t n = an < bn ? an : bn;

    for (size_t i = 0; i < n; i++) {
        if (lower(a[i]) != lower(b[i]))
            return lower(a[i]) < lower(b[i]) ? -1 : 1;
    }
    return (an > bn) - (an < bn);
}

const char *header_wide_blank(char lead)
{
    switch ((unsigned char)lead) {
    case 0xc2:
        return "\xa0"; /* U+00A0, no-break space */
    case 0xe3:
        return "\x80\x80"; /* U+3000, ideographic space */
    }
    return "";
}

/* How many of N octets are blanks as they may stand between a name and its colon. */
static size_t count_blanks(const char *p, size_t n)
{
    size_t at = 0;

    while (at < n) {
        const char *rest = header_wide_blank(p[at]);
        size_t m = strlen(rest);

        if (m > 0 && n - at > m && memcmp(p + at + 1, rest, m) == 0)
            at += m + 1;
        else if (is_blank(p[at]))
            at++;
        else
            break;
    }
    return at;
}

void header_scan_init(struct header_scan *s, const char *text, size_t n)
{
    *s = (struct header_scan){.text = text, .len = n};
}

/* The offset behind the LF of the line that begins at AT, or the end of the text. */
static size_t line_end(const struct header_scan *s, size_t at)
{
    const char *lf = memchr(s->text + at, '\n', s->len - at);

    return lf != NULL ? (size_t)(lf - s->text) + 1 : s->len;
}

bool header_next(struct header_scan *s, struct header_field *f)
{
    const char *line = s->text + s->at;
    size_t first, n, body;

    if (s->at >= s->len)
        return false;
    first = line_end(s, s->at);
    f->start = s->at;
    for (f->end = first; f->end < s->len && is_blank(s->text[f->end]);)
        f->end = line_end(s, f->end);
    s->at = f->end;

    for (n = 0; f->start + n < first && header_is_name_char(line[n]);)
        n++;
    body = n + count_blanks(line + n, first - f->start - n);
    if (n > 0 && f->start + body < first && line[body] == ':')
        body++;
    else
        n = body = 0; /* no field at all: a name that matches nothing, the line as its body */
    while (f->start + body < first && is_blank(line[body]))
        body++;
    f->name = line;
    f->name_len = n;
    f->body = line + body;
    f->body_len = f->end - f->start - body;
    if (f->body_len > 0 && f->body[f->body_len - 1] == '\n')
        f->body_len--;
    return true;
}

bool header_is(const struct header_field *f, const char *name)
{
    return header_name_order(f->name, f->name_len, name, strlen(name)) == 0;
}

bool header_is_blank(const struct header_field *f)
{
    size_t i = 0;

    while (i < f->body_len && (is_blank(f->body[i]) || f->body[i] == '\n'))
        i++;
    return i == f->body_len;
}

bool header_find(const char *text, size_t n, const char *name, struct header_field *f)
{
    struct header_scan s;

    header_scan_init(&s, text, n);
    while (header_next(&s, f)) {
        if (header_is(f, name))
            return true;
    }
    return false;
}

bool header_line_is_field(const char *line, size_t n)
{
    size_t i = 0;

    /* A longer name cannot stand on a line that may travel: it is text without line ends. */
    if (n > LIMIT_TEXT_LINE)
        n = LIMIT_TEXT_LINE;
    while (i < n && header_is_name_char(line[i]))
        i++;
    if (i == 0)
        return false;
    i += count_blanks(line + i, n - i);
    return i < n && line[i] == ':';
}

bool header_unfold(const struct header_field *f, struct buf *out)
{
    size_t before = out->len;

    for (size_t at = 0; at < f->body_len;) {
        const char *lf = memchr(f->body + at, '\n', f->body_len - at);
        size_t n = lf != NULL ? (size_t)(lf - f->body) - at : f->body_len - at;

        if (!buf_add(out, f->body + at, n)) {
            buf_cut(out, before);
            return false;
        }
        at += n + 1;
    }
    return true;
}
