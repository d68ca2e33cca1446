/*
 * buf.c: a byte string that grows up to a ceiling given at birth.
 *
 * The ceiling lives in the buffer, not at each call, so that no parser can forget it. An empty
 * buffer points at a shared empty string: most buffers of a run are never filled, and a text that
 * is always there needs no NULL checks.
 */
#include "config.h"

#include "base/buf.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define FIRST_CAP   64
#define CEILING_MAX (SIZE_MAX / 4) /* keeps every sum below in range */

static const char shared_empty[1];

/* The shared string as the type of `data`; const in truth: cap 0 keeps every writer off it. */
static char *empty_text(void)
{
    union {
        const char *shared;
        char *data;
    } text = {.shared = shared_empty};

    return text.data;
}

void buf_init(struct buf *b, size_t ceiling)
{
    *b = (struct buf){.data = empty_text(),
                      .ceiling = ceiling < CEILING_MAX ? ceiling : CEILING_MAX};
}

void buf_init_secret(struct buf *b, size_t ceiling)
{
    buf_init(b, ceiling);
    b->secret = true;
}

static void release(struct buf *b)
{
    if (b->cap > 0) {
        if (b->secret)
            xwipe(b->data, b->wet);
        free(b->data);
    }
    b->data = empty_text();
    b->len = 0;
    b->cap = 0;
    b->wet = 0;
}

void buf_free(struct buf *b)
{
    release(b);
    b->over = false;
}

void buf_reset(struct buf *b)
{
    buf_cut(b, 0);
    if (b->secret && b->cap > 0)
        xwipe(b->data, b->wet); /* reserved room may hold what was never counted */
    b->wet = 0;
    b->over = false;
}

bool buf_prepare(struct buf *b, size_t n)
{
    size_t cap;

    if (b->data == NULL) /* zero-initialised: ceiling 0, but readable from now on */
        b->data = empty_text();
    if (n > b->ceiling - b->len) {
        b->over = true;
        return false;
    }
    if (n == 0 || b->len + n < b->cap)
        return true;
    cap = b->cap < FIRST_CAP / 2 ? FIRST_CAP : b->cap * 2;
    if (cap < b->len + n + 1)
        cap = b->len + n + 1;
    if (cap > b->ceiling + 1)
        cap = b->ceiling + 1;
    if (b->secret || b->cap == 0) {
        /* realloc may leave a copy behind, which nobody could wipe. */
        size_t len = b->len;
        char *fresh = xmalloc(cap);

        memcpy(fresh, b->data, len + 1);
        release(b);
        b->data = fresh;
        b->len = b->wet = len;
    } else {
        b->data = xrealloc(b->data, cap);
    }
    b->cap = cap;
    return true;
}

/* Whoever writes asks for the room first: that is as far as there can be something to wipe. */
bool buf_reserve(struct buf *b, size_t n)
{
    if (!buf_prepare(b, n))
        return false;
    if (b->len + n > b->wet)
        b->wet = b->len + n;
    return true;
}

void buf_grew(struct buf *b, size_t n)
{
    assert(n == 0 || n < b->cap - b->len);
    if (n > 0) {
        b->len += n;
        b->data[b->len] = '\0';
    }
}

bool buf_add(struct buf *b, const void *bytes, size_t n)
{
    if (!buf_reserve(b, n))
        return false;
    if (n > 0) {
        memcpy(b->data + b->len, bytes, n);
        buf_grew(b, n);
    }
    return true;
}

bool buf_adds(struct buf *b, const char *s)
{
    return buf_add(b, s, strlen(s));
}

bool buf_addc(struct buf *b, char c)
{
    return buf_add(b, &c, 1);
}

bool buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    bool fits;

    va_start(ap, fmt);
    fits = buf_addv(b, fmt, ap);
    va_end(ap);
    return fits;
}

bool buf_addv(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    size_t room = b->cap > b->len ? b->cap - b->len : 0;
    int n;

    va_copy(again, ap);
    b->wet = b->cap;
    n = vsnprintf(room > 0 ? b->data + b->len : NULL, room, fmt, ap);
    if (n < 0) /* longer than INT_MAX, or an argument that the locale cannot spell */
        b->over = true;
    if (n < 0 || !buf_reserve(b, (size_t)n)) {
        n = -1;
        if (room > 0)
            b->data[b->len] = '\0';
    } else if ((size_t)n >= room && n > 0) {
        n = vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
    }
    va_end(again);
    if (n > 0)
        buf_grew(b, (size_t)n);
    return n >= 0;
}

/* The length of the valid UTF-8 character (RFC 3629) of two or more octets at S; 0 = none. */
static size_t utf8_length(const unsigned char *s, size_t n, unsigned long *out)
{
    unsigned long c;
    size_t want;

    if (s[0] >= 0xC2 && s[0] <= 0xDF) {
        want = 2;
        c = s[0] & 0x1FU;
    } else if (s[0] >= 0xE0 && s[0] <= 0xEF) {
        want = 3;
        c = s[0] & 0x0FU;
    } else if (s[0] >= 0xF0 && s[0] <= 0xF4) {
        want = 4;
        c = s[0] & 0x07U;
    } else {
        return 0;
    }
    if (n < want)
        return 0;
    for (size_t i = 1; i < want; i++) {
        if ((s[i] & 0xC0U) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3FU);
    }
    if ((want == 3 && c < 0x800) || (want == 4 && (c < 0x10000 || c > 0x10FFFF)) ||
        (c >= 0xD800 && c <= 0xDFFF))
        return 0;
    *out = c;
    return want;
}

/* Characters that change what a reader sees around them: C1, bidi overrides, line ends. */
static bool misleads(unsigned long c)
{
    return (c >= 0x80 && c <= 0x9F) || c == 0x61C || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
           (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE0FFF);
}

/* Adds the character at S in its printable form. Returns its length in S, 0 past the ceiling. */
static size_t add_character(struct buf *b, const unsigned char *s, size_t n, bool twice)
{
    static const char hex[] = "0123456789abcdef";
    unsigned long c = 0;
    char form[] = {'\\', 'x', hex[s[0] >> 4], hex[s[0] & 15U]};
    size_t used = 1, len = 2;

    if (s[0] == '\\') {
        form[1] = '\\';
        len = twice ? 2 : 1;
    } else if (s[0] >= ' ' && s[0] <= '~') {
        form[0] = (char)s[0];
        len = 1;
    } else if (s[0] == '\n') {
        form[1] = 'n';
    } else if (s[0] == '\r') {
        form[1] = 'r';
    } else if (s[0] == '\t') {
        form[1] = 't';
    } else {
        used = utf8_length(s, n, &c);
        if (used > 0 && !misleads(c))
            return buf_add(b, s, used) ? used : 0;
        used = 1;
        len = 4;
    }
    return buf_add(b, form, len) ? used : 0;
}

bool buf_add_printable(struct buf *b, const void *bytes, size_t n)
{
    const unsigned char *s = bytes;
    size_t before = b->len;

    for (size_t i = 0, used; i < n; i += used) {
        used = add_character(b, s + i, n - i, true);
        if (used == 0) {
            buf_cut(b, before);
            return false;
        }
    }
    return true;
}

bool buf_add_shown(struct buf *b, const void *bytes, size_t n)
{
    const unsigned char *s = bytes;

    for (size_t i = 0, used; i < n; i += used) {
        used = add_character(b, s + i, n - i, false);
        if (used == 0)
            return false;
    }
    return true;
}

void buf_cut(struct buf *b, size_t len)
{
    assert(len <= b->len);
    if (b->cap == 0)
        return;
    if (b->secret)
        xwipe(b->data + len, b->len - len);
    b->len = len;
    b->data[len] = '\0';
}

void buf_drop(struct buf *b, size_t n)
{
    assert(n <= b->len);
    if (n > 0) {
        memmove(b->data, b->data + n, b->len - n);
        buf_cut(b, b->len - n);
    }
}

bool buf_splice(struct buf *b, size_t at, size_t n, const void *bytes, size_t m)
{
    size_t tail;

    assert(at <= b->len && n <= b->len - at);
    if (m > n && !buf_reserve(b, m - n))
        return false;
    tail = b->len - at - n;
    if (tail > 0 && m != n)
        memmove(b->data + at + m, b->data + at + n, tail);
    if (m > 0)
        memcpy(b->data + at, bytes, m);
    if (m > n)
        buf_grew(b, m - n);
    else
        buf_cut(b, at + m + tail);
    return true;
}

char *buf_take(struct buf *b)
{
    char *s = b->cap > 0 ? b->data : xmemdup("", 0);

    b->data = empty_text();
    b->len = 0;
    b->cap = 0;
    return s;
}

bool buf_equals(const struct buf *b, const char *s)
{
    size_t n = strlen(s);

    return b->len == n && (n == 0 || memcmp(b->data, s, n) == 0);
}
