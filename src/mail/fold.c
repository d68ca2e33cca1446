/*
 * fold.c: header lines that are too long to travel are folded.
 *
 * Programs that address a hundred people in one unfolded To line are common (PHP's implode), and
 * RFC 5321 4.5.3.1.6 lets a server refuse such a line or cut it. A line that may travel is never
 * touched; one that may not is folded to the width that RFC 5322 2.1.1 recommends.
 */
#include "config.h"

#include "mail/fold.h"

#include <string.h>

#include "base/limits.h"
#include "mail/fields.h"
#include "mail/header.h"

#define WIDTH 78 /* RFC 5322 2.1.1 */

/* The length of the first line of N octets. */
static size_t line_length(const char *p, size_t n)
{
    const char *lf = memchr(p, '\n', n);

    return lf != NULL ? (size_t)(lf - p) : n;
}

bool fold_is_needed(const char *text, size_t n)
{
    for (size_t at = 0; at < n;) {
        size_t len = line_length(text + at, n - at);

        if (len > LIMIT_TEXT_LINE)
            return true;
        at += len + 1;
    }
    return false;
}

/*
 * Where to break N octets of a line so that neither part is blank: the last place within WIDTH,
 * else the first behind it; 0 when there is none. FROM: where the text that needs a word before
 * the break begins (behind the colon).
 */
static size_t find_break(const char *p, size_t n, size_t from, bool commas)
{
    size_t best = 0;
    bool word = false, quoted = false;

    while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t'))
        n--; /* a break before these would leave a blank line */
    for (size_t i = from; i < n; i++) {
        bool blank = p[i] == ' ' || p[i] == '\t';
        size_t place = 0;

        if (blank && word)
            place = i;
        else if (commas && p[i] == ',' && !quoted && i + 1 < n && p[i + 1] != ' ' &&
                 p[i + 1] != '\t')
            place = i + 1;
        if (place > WIDTH && best > 0)
            return best;
        if (place > 0)
            best = place;
        if (best > WIDTH)
            return best;
        word = !blank;
        quoted ^= p[i] == '"' && (i == 0 || p[i - 1] != '\\');
    }
    return best;
}

static bool add_folded(struct buf *out, const char *p, size_t n, size_t from, bool commas)
{
    while (n > WIDTH) {
        size_t at = find_break(p, n, from, commas);

        if (at == 0)
            break;
        if (!buf_add(out, p, at) || !buf_adds(out, p[at] == ' ' || p[at] == '\t' ? "\n" : "\n "))
            return false;
        p += at;
        n -= at;
        from = 0;
    }
    return buf_add(out, p, n);
}

static bool add_field(struct buf *out, const struct header_field *f, const char *text)
{
    const struct field_row *row = fields_find(f->name, f->name_len);
    bool commas = row != NULL && (row->is & FIELD_IS_MAILBOXES) != 0;
    const char *p = text + f->start;
    size_t left = f->end - f->start;

    for (bool first = true; left > 0; first = false) {
        size_t len = line_length(p, left);
        size_t from = first ? (size_t)(f->body - p) : 0;
        bool added =
            len > LIMIT_TEXT_LINE ? add_folded(out, p, len, from, commas) : buf_add(out, p, len);

        if (!added || (len < left && !buf_addc(out, '\n')))
            return false;
        len += len < left;
        p += len;
        left -= len;
    }
    return true;
}

bool fold_header(struct buf *out, const char *text, size_t n)
{
    struct header_scan s;
    struct header_field f;

    header_scan_init(&s, text, n);
    while (header_next(&s, &f)) {
        if (!add_field(out, &f, text))
            return false;
    }
    return true;
}
