/*
 * fuzz_message.c: input to stored form to wire form.
 *
 * Oracles: the reader agrees with a slow one that sees the whole input at once, however the input
 * is cut; the facts are true; the wire form has no bare CR or LF and exactly one end mark; what a
 * server un-stuffs is the stored form; the header policy leaves a header of whole fields without
 * Bcc, and finds nothing more to do the second time; a text that the guard lets pass has no Bcc
 * field in front of its first empty line.
 */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "mail/fixup.h"
#include "mail/header.h"
#include "mail/message.h"
#include "mail/mime.h"
#include "mail/reader.h"
#include "mail/stray.h"
#include "mail/wire.h"
#include "fuzz.h"

#define MUST(claim) promise(claim, #claim)
#define ROOM        ((size_t)1 << 30)

/* --- the slow reader ------------------------------------------------------------------------ */

/* Every line of the body, normalised one octet at a time, until the lone dot. */
static void slow_body(const char *p, size_t n, bool dot_ends, struct buf *body)
{
    struct buf line;

    buf_init(&line, ROOM);
    for (size_t at = 0; at < n; at++) {
        size_t left = n - at;
        bool end = p[at] == '\n' || p[at] == '\r';

        if (left > 2 && memcmp(p + at, "\r\r\n", 3) == 0)
            at += 2;
        else if (left > 1 && memcmp(p + at, "\r\n", 2) == 0)
            at++;
        if (!end)
            buf_addc(&line, p[at]);
        if (end || at + 1 == n) {
            if (dot_ends && buf_equals(&line, "."))
                break;
            buf_add(body, line.data, line.len);
            buf_addc(body, '\n');
            buf_reset(&line);
        }
    }
    buf_free(&line);
}

/* A header line N octets long in stored form, without LF. */
static void slow_line(const char *p, size_t n, struct buf *line)
{
    buf_reset(line);
    for (size_t i = 0; i < n; i++)
        buf_addc(line, p[i] == '\r' || p[i] == '\0' ? ' ' : p[i]);
}

static bool is_mbox(const char *p, size_t n)
{
    return (n >= 5 && memcmp(p, "From ", 5) == 0) || (n >= 6 && memcmp(p, ">From ", 6) == 0);
}

/* The offset behind the text of the line at AT; *next behind its LF. */
static size_t slow_line_end(const char *p, size_t at, size_t n, size_t *next)
{
    const char *lf = memchr(p + at, '\n', n - at);
    size_t end = lf != NULL ? (size_t)(lf - p) : n;

    *next = lf != NULL ? end + 1 : n;
    for (int i = 0; lf != NULL && i < 2 && end > at && p[end - 1] == '\r'; i++)
        end--;
    return end;
}

static void slow_read(const char *p, size_t n, bool dot_ends, struct buf *header, struct buf *body)
{
    struct buf line;
    size_t at = 0, next = 0;
    bool bom = n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0;

    p += bom ? 3 : 0;
    n -= bom ? 3 : 0;
    buf_init(&line, ROOM);
    for (; at < n; at = next) {
        size_t end = slow_line_end(p, at, n, &next);
        bool field, fold;

        if (end == at)
            at = next;
        if (at == next || (dot_ends && end == at + 1 && p[at] == '.'))
            break;
        slow_line(p + at, end - at, &line);
        field = header_line_is_field(line.data, line.len);
        fold = header->len > 0 && (line.data[0] == ' ' || line.data[0] == '\t');
        if (at == 0 && !field && is_mbox(p, end))
            continue;
        if (!field && !fold)
            break;
        for (size_t i = 0; field && line.data[i] != ':'; i++)
            line.data[i] = (unsigned char)line.data[i] > 127 ? ' ' : line.data[i];
        buf_add(header, line.data, line.len);
        buf_addc(header, '\n');
    }
    /* What is left begins with the body, or with the lone dot that slow_body stops at. */
    slow_body(p + at, n - at, dot_ends, body);
    buf_free(&line);
}

/* --- the oracles ---------------------------------------------------------------------------- */

/* Pieces whose sizes follow from SEED. */
static size_t piece_of(uint8_t seed, size_t at, size_t left)
{
    size_t n = seed == 0 ? left : 1 + (at * 7 + seed) % (seed % 16U + 1U);

    return n < left ? n : left;
}

static struct message *read_pieces(const char *p, size_t n, bool dot_ends, uint8_t seed)
{
    struct message_input in = {.fd = -1, .dot_ends = dot_ends};
    struct message *m = message_new();
    struct fault why = {0};
    struct reader r;

    reader_init(&r, m, &in);
    for (size_t at = 0, part; at < n; at += part) {
        part = piece_of(seed, at, n - at);
        MUST(reader_take(&r, p + at, part, &why) == CAUSE_NONE);
    }
    MUST(reader_end(&r, &why) == CAUSE_NONE);
    reader_free(&r);
    return m;
}

static void check_facts(const struct message_facts *facts, const struct buf *body)
{
    uint64_t lines = 0, dots = 0, longest = 0, line = 0;
    bool eight_bit = false, nul = false;

    for (size_t i = 0; i < body->len; i++) {
        dots += line == 0 && body->data[i] == '.';
        eight_bit = eight_bit || (unsigned char)body->data[i] > 127;
        nul = nul || body->data[i] == '\0';
        line = body->data[i] == '\n' ? 0 : line + 1;
        lines += line == 0;
        longest = line > longest ? line : longest;
    }
    MUST(line == 0 && facts->octets == body->len);
    MUST(facts->lines == lines && facts->dots == dots && facts->longest_line == longest);
    MUST(facts->eight_bit == eight_bit && facts->nul == nul);
    MUST(facts->utf8 == mime_is_utf8(body->data, body->len));
}

static void feed(struct wire *w, const char *p, size_t n, uint8_t seed, struct buf *all)
{
    for (size_t at = 0; at < n;) {
        struct buf out;

        buf_init(&out, 2 + seed % 11U);
        at += wire_feed(w, p + at, piece_of(seed, at, n - at), &out);
        MUST(out.len > 0 && !out.over);
        buf_add(all, out.data, out.len);
        buf_free(&out);
    }
}

/* Takes the wire form as a server does: lines of CRLF, first dots dropped, one lone dot, last. */
static void receive(const struct buf *wire, struct buf *got)
{
    for (size_t at = 0, n; at < wire->len; at += n + 2) {
        const char *line = wire->data + at, *lf = memchr(line, '\n', wire->len - at);
        bool last, dot;

        MUST(lf != NULL && lf > line && lf[-1] == '\r');
        n = (size_t)(lf - line) - 1;
        last = at + n + 2 == wire->len;
        dot = n > 0 && line[0] == '.';
        MUST(memchr(line, '\r', n) == NULL);
        MUST((dot && n == 1) == last);
        if (!last) {
            buf_add(got, line + dot, n - dot);
            buf_addc(got, '\n');
        }
    }
}

/* What is received is what was stored. */
static void check_wire(const struct message *m, uint8_t seed)
{
    struct wire w;
    struct buf all, got, want;

    buf_init(&all, ROOM);
    buf_init(&got, ROOM);
    buf_init(&want, ROOM);
    buf_add(&want, m->header.data, m->header.len);
    buf_addc(&want, '\n');
    buf_add(&want, m->text.data, m->text.len);
    wire_init(&w, true);
    feed(&w, want.data, want.len, seed, &all);
    wire_end(&w, &all);
    receive(&all, &got);
    MUST(got.len == want.len && memcmp(got.data, want.data, got.len) == 0);

    buf_reset(&all);
    wire_init(&w, false);
    feed(&w, want.data, want.len, seed, &all);
    wire_end(&w, &all);
    MUST(message_wire_size(m) == all.len);
    buf_free(&all);
    buf_free(&got);
    buf_free(&want);
}

static void check_header(const struct buf *header)
{
    struct header_scan s;
    struct header_field f;

    MUST(memchr(header->data, '\r', header->len) == NULL);
    MUST(memchr(header->data, '\0', header->len) == NULL);
    MUST(header->len == 0 || header->data[header->len - 1] == '\n');
    header_scan_init(&s, header->data, header->len);
    while (header_next(&s, &f)) {
        MUST(f.name_len > 0);
        MUST(!header_is(&f, "Bcc") && !header_is(&f, "Resent-Bcc") &&
             !header_is(&f, "Return-Path"));
    }
}

/* From, Date and Message-ID are there and say something, unless they are signed as they are. */
static void check_trio(const struct buf *header)
{
    static const char *const names[] = {"From", "Date", "Message-ID"};
    struct header_scan s;
    struct header_field f;

    if (header_find(header->data, header->len, "DKIM-Signature", &f))
        return;
    for (size_t i = 0; i < 3; i++) {
        size_t n = 0;

        header_scan_init(&s, header->data, header->len);
        while (header_next(&s, &f)) {
            size_t blanks = 0;

            while (blanks < f.body_len && strchr(" \t\n", f.body[blanks]) != NULL)
                blanks++;
            if (header_is(&f, names[i])) {
                MUST(blanks < f.body_len);
                n++;
            }
        }
        MUST(n > 0);
    }
}

/* An 8-bit body says what it is, or somebody signed that it does not. */
static void check_mime(const struct message *m)
{
    static const char *const names[] = {"MIME-Version", "Content-Type", "Content-Transfer-Encoding",
                                        "DKIM-Signature"};
    struct header_field f;
    bool found = false;

    for (size_t i = 0; i < 4; i++)
        found = found || header_find(m->header.data, m->header.len, names[i], &f);
    MUST(found || !m->body.eight_bit);
}

/* What begins like a header has no Bcc field, or the guard finds one. */
static void check_stray(const struct buf *body)
{
    struct header_scan s;
    struct header_field f;
    size_t n = body->len;

    for (size_t i = 0; i < n; i++) {
        if (body->data[i] == '\n' && (i == 0 || body->data[i - 1] == '\n'))
            n = i;
    }
    if (stray_bcc(body->data, body->len) > 0)
        return;
    header_scan_init(&s, body->data, n);
    while (header_next(&s, &f))
        MUST(!header_is(&f, "Bcc") && !header_is(&f, "Resent-Bcc"));
}

static const char *name_is(void *names)
{
    return names;
}

static int zone_is(int64_t at_s)
{
    return (int)(at_s % 60);
}

static void check_fixup(struct message *m, uint8_t seed)
{
    static char host[] = "localhost", pattern[] = "@example.org", name[] = "M. E.";
    static char *hosts[] = {host}, *patterns[] = {pattern};
    const struct strv here = {hosts, 1, 1}, own = {patterns, 1, 1};
    struct fixup_params p = {.from = "me@example.net",
                             .own = &own,
                             .rewrite = (enum fixup_rewrite)(seed % 3),
                             .full_name = name_is,
                             .login = name_is,
                             .names = name,
                             .zone_minutes = zone_is,
                             .domain = (seed & 64) != 0 ? "d.example" : NULL,
                             .here = &here,
                             .random = {1, 2}};
    struct addr_list list = {0};
    struct addr from;
    struct fault why = {0};
    struct buf once;

    if (fixup_recipients(m, &list, &why) != CAUSE_NONE)
        fault_free(&why);
    addr_list_free(&list);
    if (fixup_from(m, &from))
        addr_free(&from);
    if (fixup_apply(m, &p, &why) != CAUSE_NONE) {
        fault_free(&why); /* a header near its limit */
        return;
    }
    check_header(&m->header);
    check_trio(&m->header);
    check_mime(m);
    buf_init(&once, LIMIT_HEADER);
    buf_add(&once, m->header.data, m->header.len);
    MUST(fixup_apply(m, &p, &why) == CAUSE_NONE);
    MUST(once.len == m->header.len && memcmp(once.data, m->header.data, once.len) == 0);
    buf_free(&once);
}

/* The first octet says how to cut and what to set; the others are the message. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *p = (const char *)data + 1;
    struct buf header, body;
    struct message *m;
    bool dot_ends;

    if (size == 0 || size > LIMIT_BODY_MEMORY)
        return 0;
    dot_ends = (data[0] & 128) != 0;
    m = read_pieces(p, size - 1, dot_ends, data[0]);
    buf_init(&header, ROOM);
    buf_init(&body, ROOM);
    slow_read(p, size - 1, dot_ends, &header, &body);
    MUST(header.len == m->header.len && memcmp(header.data, m->header.data, header.len) == 0);
    MUST(body.len == m->text.len && memcmp(body.data, m->text.data, body.len) == 0);
    check_facts(&m->body, &body);
    check_stray(&body);
    check_wire(m, data[0]);
    check_fixup(m, data[0]);
    check_wire(m, data[0]);
    buf_free(&header);
    buf_free(&body);
    message_close(&m);
    return 0;
}
