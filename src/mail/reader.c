/*
 * reader.c: octets of any shape to a message in stored form, once, in constant memory.
 *
 * Two small machines share one stream of octets. The header machine takes octets: a line is held
 * back until its first characters say whether it is a field, the empty line, the end of input or
 * the first line of a body that nobody announced. The body machine takes blocks and leaves the
 * searching to memchr, since nearly all octets of a large mail pass here.
 *
 * What cannot be decided yet is held as a count, never as text: up to two CRs that may belong to a
 * line end, and one dot that may be the end of input. So the result cannot depend on where the
 * input happens to be split.
 */
#include "config.h"

#include "mail/reader.h"

#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "mail/header.h"

/* --- the store ------------------------------------------------------------------------------ */

/* Moves the body text in memory to the end of the file. The memory is kept: it collects the next
 * part, so that the file gets large writes however short the lines are. */
static enum cause spill(struct reader *r)
{
    struct message *m = r->m;
    enum cause cause;

    if (m->fd < 0) {
        cause = file_temporary(r->tmpdir, &m->fd, r->why);
        if (cause != CAUSE_NONE)
            return cause;
    }
    cause =
        file_write_all(m->fd, m->text.data, m->text.len, "the message's temporary file", r->why);
    buf_reset(&m->text);
    return cause;
}

static enum cause store(struct reader *r, const char *p, size_t n)
{
    struct buf *text = &r->m->text;

    while (n > 0) {
        size_t room = text->ceiling - text->len;
        size_t part = n < room ? n : room;
        enum cause cause;

        (void)buf_add(text, p, part); /* fits: the room was just computed */
        r->m->body.octets += part;
        p += part;
        n -= part;
        if (n == 0)
            break;
        cause = spill(r);
        if (cause != CAUSE_NONE)
            return cause;
    }
    return CAUSE_NONE;
}

/* --- the body ------------------------------------------------------------------------------- */

/*
 * Counts the lines of N octets without CR. At a lone dot that ends the input, or a dot that must
 * be held back, returns fewer than N: how many octets are text.
 */
static size_t count_lines(struct reader *r, const char *p, size_t n)
{
    struct message_facts *facts = &r->m->body;
    const char *end = p + n;

    for (const char *at = p; at < end;) {
        const char *lf;

        if (r->line_len == 0 && *at == '.') {
            if (r->dot_ends && (at + 1 == end || at[1] == '\n')) {
                r->dot = at + 1 == end;
                r->ended = !r->dot;
                return (size_t)(at - p);
            }
            facts->dots++;
        }
        lf = memchr(at, '\n', (size_t)(end - at));
        r->line_len += (uint64_t)((lf != NULL ? lf : end) - at);
        if (lf == NULL)
            break;
        if (r->line_len > facts->longest_line)
            facts->longest_line = r->line_len;
        facts->lines++;
        r->line_len = 0;
        at = lf + 1;
    }
    return n;
}

/* An ASCII body pays for one look at its octets, and one that has shown to be no UTF-8 for none.
 * A character that a block cut is decided by what follows, at the latest by the last LF. */
static void judge_8bit(struct reader *r, const char *p, size_t n)
{
    struct message_facts *facts = &r->m->body;

    if (!facts->utf8 || (r->utf8.n == 0 && !message_has_8bit(p, n)))
        return;
    facts->eight_bit = true;
    facts->utf8 = mime_utf8_feed(&r->utf8, p, n);
}

/* Text without CR. */
static enum cause body_text(struct reader *r, const char *p, size_t n)
{
    struct message_facts *facts = &r->m->body;

    if (n == 0 || r->ended)
        return CAUSE_NONE;
    if (r->dot) {
        enum cause cause;

        r->dot = false;
        r->ended = *p == '\n';
        if (r->ended)
            return CAUSE_NONE;
        facts->dots++;
        r->line_len = 1;
        cause = store(r, ".", 1);
        if (cause != CAUSE_NONE)
            return cause;
    }
    n = count_lines(r, p, n);
    judge_8bit(r, p, n);
    if (!facts->nul)
        facts->nul = memchr(p, '\0', n) != NULL;
    return store(r, p, n);
}

/* CRs that turned out to be no part of a line end are line ends themselves. */
static enum cause body_lone_crs(struct reader *r)
{
    enum cause cause = CAUSE_NONE;

    for (; r->crs > 0 && cause == CAUSE_NONE; r->crs--)
        cause = body_text(r, "\n", 1);
    return cause;
}

static enum cause body_block(struct reader *r, const char *p, size_t n)
{
    const char *end = p + n;
    enum cause cause = CAUSE_NONE;

    while (p < end && !r->ended && cause == CAUSE_NONE) {
        const char *cr;

        if (*p == '\r') {
            if (r->crs == 2) /* only the last two can belong to a line end */
                cause = body_text(r, "\n", 1);
            else
                r->crs++;
            p++;
            continue;
        }
        if (*p == '\n')
            r->crs = 0; /* \r\n or \r\r\n: the LF alone is the line end */
        else if (r->crs > 0)
            cause = body_lone_crs(r);
        if (cause != CAUSE_NONE || r->ended)
            break;
        cr = memchr(p, '\r', (size_t)(end - p));
        if (cr == NULL)
            cr = end;
        cause = body_text(r, p, (size_t)(cr - p));
        p = cr;
    }
    return cause;
}

/* The end of the input. A held dot is a lone dot on a last line without LF: it is not stored. */
static enum cause body_end(struct reader *r)
{
    enum cause cause = body_lone_crs(r);

    if (cause == CAUSE_NONE && r->line_len > 0 && !r->ended)
        cause = body_text(r, "\n", 1);
    return cause;
}

/* --- the header ----------------------------------------------------------------------------- */

/* How many octets at P need no thought inside a field. */
static size_t plain_run(const char *p, size_t n)
{
    size_t i = 0;

    while (i < n && p[i] != '\n' && p[i] != '\r' && p[i] != '\0')
        i++;
    return i;
}

/* Appends to the header; CR and NUL become blanks (any CR that comes here is a lone one). */
static enum cause add_to_header(struct reader *r, const char *p, size_t n)
{
    struct buf *header = &r->m->header;

    for (size_t i = 0, run; i < n && !header->over; i += run) {
        run = plain_run(p + i, n - i);
        if (run > 0) {
            (void)buf_add(header, p + i, run);
        } else {
            (void)buf_addc(header, p[i] == '\n' ? '\n' : ' ');
            run = 1;
        }
    }
    if (header->over)
        return fault_set(r->why, CAUSE_BAD_MESSAGE, "the header is over %d octets", LIMIT_HEADER);
    return CAUSE_NONE;
}

/* The held line begins the body: it goes there as it was given. */
static enum cause begin_body(struct reader *r)
{
    const char *p = r->prefix.data, *end = p + r->prefix.len;
    enum cause cause = CAUSE_NONE;

    r->in_body = true;
    r->torn_at = r->lines + 1;
    while (p < end && cause == CAUSE_NONE && !r->ended) {
        const char *cr = memchr(p, '\r', (size_t)(end - p));

        if (cr == p) {
            cause = body_text(r, "\n", 1);
            p++;
            continue;
        }
        if (cr == NULL)
            cr = end;
        cause = body_text(r, p, (size_t)(cr - p));
        p = cr;
    }
    return cause;
}

static bool is_mbox_line(const struct buf *b)
{
    const char *p = b->data;
    size_t n = b->len;

    if (n > 0 && *p == '>') {
        p++;
        n--;
    }
    return n >= 5 && memcmp(p, "From ", 5) == 0;
}

/* The held line is no field. */
static enum cause refuse_prefix(struct reader *r)
{
    if (r->first_line && is_mbox_line(&r->prefix)) {
        r->line = READER_DROPPED;
        return CAUSE_NONE;
    }
    return begin_body(r);
}

/* A wide blank in front of the colon ends the header for who reads it by the letter: blanks. */
static enum cause accept_prefix(struct reader *r)
{
    const char *p = r->prefix.data, *end = p + r->prefix.len;
    enum cause cause = CAUSE_NONE;

    r->line = READER_FIELD;
    for (; p < end && cause == CAUSE_NONE; p++)
        cause = add_to_header(r, (unsigned char)*p < 0x80 ? p : " ", 1);
    return cause;
}

/* One more octet of an undecided line; the rules are those of header_line_is_field. */
static enum cause prefix_octet(struct reader *r, char c)
{
    bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\0';
    bool first = r->prefix.len == 0;

    (void)buf_addc(&r->prefix, c); /* fits: a full prefix is decided below */
    if (*r->wide != '\0') {
        if (*r->wide++ != c)
            return refuse_prefix(r);
        blank = true;
    } else if (!first) {
        r->wide = header_wide_blank(c);
        blank = blank || *r->wide != '\0';
    }
    if (first && blank) /* a fold, if there is something to fold */
        return r->m->header.len > 0 ? accept_prefix(r) : refuse_prefix(r);
    if (c == ':' && !first)
        return accept_prefix(r);
    if (!blank && (r->blanks || !header_is_name_char(c)))
        return refuse_prefix(r);
    r->blanks = blank;
    return r->prefix.len < LIMIT_TEXT_LINE ? CAUSE_NONE : refuse_prefix(r);
}

/* The end of a line: a LF, or the end of the input, which ends no line of the body by itself. */
static enum cause header_line_end(struct reader *r, bool lf)
{
    enum cause cause = CAUSE_NONE;
    enum reader_line line = r->line;

    if (line == READER_PREFIX && r->prefix.len == 0) {
        r->in_body = lf;
    } else if (line == READER_PREFIX && r->dot_ends && buf_equals(&r->prefix, ".")) {
        r->ended = true;
    } else if (line == READER_PREFIX) {
        cause = refuse_prefix(r);
        if (cause == CAUSE_NONE && r->in_body && lf)
            cause = body_text(r, "\n", 1);
    } else if (line == READER_FIELD) {
        cause = add_to_header(r, "\n", 1);
    }
    r->lines++;
    r->line = READER_PREFIX;
    r->blanks = false;
    r->wide = "";
    r->first_line = false;
    buf_reset(&r->prefix);
    return cause;
}

static enum cause header_octet(struct reader *r, char c)
{
    switch (r->line) {
    case READER_PREFIX:
        return prefix_octet(r, c);
    case READER_FIELD:
        return add_to_header(r, &c, 1);
    case READER_DROPPED:
        break;
    }
    return CAUSE_NONE;
}

/* A lone CR counts as an octet of the line, until the line turns out to be body. */
static enum cause header_lone_crs(struct reader *r)
{
    enum cause cause = CAUSE_NONE;

    for (; r->crs > 0 && cause == CAUSE_NONE && !r->in_body; r->crs--)
        cause = header_octet(r, '\r');
    if (r->crs > 0 && cause == CAUSE_NONE)
        cause = body_lone_crs(r);
    return cause;
}

/* Takes octets until the body begins; *taken tells how many. */
static enum cause header_block(struct reader *r, const char *p, size_t n, size_t *taken)
{
    enum cause cause = CAUSE_NONE;
    size_t i = 0;

    while (i < n && !r->in_body && !r->ended && cause == CAUSE_NONE) {
        char c = p[i];
        size_t run = r->line == READER_FIELD && r->crs == 0 ? plain_run(p + i, n - i) : 0;

        if (run > 0) {
            cause = add_to_header(r, p + i, run);
            i += run;
            continue;
        }
        if (c == '\r' && r->crs < 2) {
            r->crs++;
        } else if (c == '\r') {
            cause = header_octet(r, c);
        } else if (c == '\n') {
            r->crs = 0;
            cause = header_line_end(r, true);
        } else {
            cause = header_lone_crs(r);
            if (cause != CAUSE_NONE || r->in_body)
                break; /* the octet is the body's */
            cause = header_octet(r, c);
        }
        i++;
    }
    *taken = i;
    return cause;
}

static enum cause header_end(struct reader *r)
{
    enum cause cause = header_lone_crs(r);

    if (cause == CAUSE_NONE && !r->in_body)
        cause = header_line_end(r, false);
    return cause;
}

/* --- the start ------------------------------------------------------------------------------ */

static const char bom[] = "\xef\xbb\xbf";

enum { BOM_SIZE = sizeof(bom) - 1 };

/* What looked like a mark and is none is text. */
static enum cause give_back_bom(struct reader *r)
{
    size_t n = r->bom, taken;
    enum cause cause;

    r->bom = BOM_SIZE;
    cause = header_block(r, bom, n, &taken);
    if (cause == CAUSE_NONE && r->in_body)
        cause = body_block(r, bom + taken, n - taken);
    return cause;
}

/*
 * Editors of Windows put a byte order mark in front of UTF-8 text. It would make the first line,
 * and so the whole header with the Bcc in it, the text of a body. *taken tells how many octets
 * were looked at.
 */
static enum cause drop_bom(struct reader *r, const char *p, size_t n, size_t *taken)
{
    size_t i = 0;

    while (i < n && r->bom < BOM_SIZE && p[i] == bom[r->bom]) {
        r->bom++;
        i++;
    }
    *taken = i;
    return i < n && r->bom < BOM_SIZE ? give_back_bom(r) : CAUSE_NONE;
}

/* --- the door ------------------------------------------------------------------------------- */

void reader_init(struct reader *r, struct message *m, const struct message_input *in)
{
    *r = (struct reader){
        .m = m, .tmpdir = in->tmpdir, .dot_ends = in->dot_ends, .first_line = true, .wide = ""};
    buf_init(&r->prefix, LIMIT_TEXT_LINE);
}

enum cause reader_take(struct reader *r, const char *p, size_t n, struct fault *why)
{
    enum cause cause = CAUSE_NONE;
    size_t taken = 0;

    r->why = why;
    if (r->bom < BOM_SIZE) {
        cause = drop_bom(r, p, n, &taken);
        p += taken;
        n -= taken;
        taken = 0;
    }
    if (cause == CAUSE_NONE && !r->in_body)
        cause = header_block(r, p, n, &taken);
    if (cause == CAUSE_NONE && r->in_body)
        cause = body_block(r, p + taken, n - taken);
    return cause;
}

enum cause reader_end(struct reader *r, struct fault *why)
{
    enum cause cause = CAUSE_NONE;

    r->why = why;
    if (r->bom < BOM_SIZE)
        cause = give_back_bom(r);
    if (cause == CAUSE_NONE && !r->in_body && !r->ended)
        cause = header_end(r);
    if (cause == CAUSE_NONE && r->in_body)
        cause = body_end(r);
    if (cause == CAUSE_NONE && r->m->fd >= 0) {
        cause = spill(r);
        buf_free(&r->m->text);
    }
    return cause;
}

void reader_free(struct reader *r)
{
    buf_free(&r->prefix);
}
