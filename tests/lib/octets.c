/*
 * octets.c: growable octet strings for the test instruments. Failures end the program: a test
 * instrument that runs out of memory has nothing to say.
 */
#include "config.h"

#include "octets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A repeat inside a repeat could ask for anything; no test needs more than this. */
#define DECODE_MAX ((size_t)64 * 1024 * 1024)

void die(const char *fmt, ...)
{
    va_list ap;

    fprintf(stderr, "Bail out! ");
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(99);
}

static void reserve(struct octets *o, size_t more)
{
    size_t cap = o->cap ? o->cap : 64;
    char *p;

    if (more >= SIZE_MAX / 4 || o->n >= SIZE_MAX / 4)
        die("octets: too long");
    if (o->p && o->cap - o->n > more)
        return;
    while (cap - o->n <= more)
        cap *= 2;
    p = realloc(o->p, cap);
    if (!p)
        die("out of memory");
    o->p = p;
    o->cap = cap;
}

void octets_add(struct octets *o, const void *bytes, size_t n)
{
    reserve(o, n);
    if (n > 0)
        memcpy(o->p + o->n, bytes, n);
    o->n += n;
    o->p[o->n] = '\0';
}

void octets_str(struct octets *o, const char *s)
{
    octets_add(o, s, strlen(s));
}

void octets_char(struct octets *o, char c)
{
    octets_add(o, &c, 1);
}

void octets_printf(struct octets *o, const char *fmt, ...)
{
    va_list ap;
    char *text = NULL;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0)
        die("out of memory");
    octets_add(o, text, (size_t)n);
    free(text);
}

void octets_drop(struct octets *o, size_t n)
{
    if (n > o->n)
        n = o->n;
    if (n == 0)
        return;
    memmove(o->p, o->p + n, o->n - n);
    o->n -= n;
    o->p[o->n] = '\0';
}

void octets_free(struct octets *o)
{
    free(o->p);
    *o = (struct octets){0};
}

const char *octets_text(const struct octets *o)
{
    return o->p ? o->p : "";
}

void octets_show(struct octets *out, const char *bytes, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        unsigned char c = (unsigned char)bytes[i];

        if (c == '\r')
            octets_str(out, "\\r");
        else if (c == '\n')
            octets_str(out, "\\n");
        else if (c == '\\')
            octets_str(out, "\\\\");
        else if (c < ' ' || c > '~')
            octets_printf(out, "\\x%02X", c);
        else
            octets_char(out, (char)c);
    }
}

void octets_b64(struct octets *out, const char *bytes, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t i;

    for (i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)(unsigned char)bytes[i] << 16;

        if (i + 1 < n)
            v |= (uint32_t)(unsigned char)bytes[i + 1] << 8;
        if (i + 2 < n)
            v |= (unsigned char)bytes[i + 2];
        octets_char(out, digits[v >> 18 & 63]);
        octets_char(out, digits[v >> 12 & 63]);
        octets_char(out, i + 1 < n ? digits[v >> 6 & 63] : '=');
        octets_char(out, i + 2 < n ? digits[v & 63] : '=');
    }
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* The data between the brace at S[*at] and its partner, decoded; *at ends behind the partner. */
static const char *braced(const char *s, size_t n, size_t *at, struct octets *inner)
{
    size_t depth = 0, i = *at, from;

    if (i >= n || s[i] != '{')
        return "a { is missing";
    from = i + 1;
    for (; i < n; i++) {
        if (s[i] == '\\')
            i++;
        else if (s[i] == '{')
            depth++;
        else if (s[i] == '}' && --depth == 0)
            break;
    }
    if (i >= n)
        return "a } is missing";
    *at = i + 1;
    return octets_decode(inner, s + from, i - from, NULL);
}

static const char *repeated(struct octets *out, const char *s, size_t n, size_t *at)
{
    struct octets inner = {0};
    size_t count = 0;
    const char *wrong;

    while (*at < n && s[*at] >= '0' && s[*at] <= '9' && count < DECODE_MAX)
        count = count * 10 + (size_t)(s[(*at)++] - '0');
    wrong = braced(s, n, at, &inner);
    if (!wrong && (inner.n + 1) * count > DECODE_MAX)
        wrong = "too many repetitions";
    while (!wrong && count-- > 0)
        octets_add(out, octets_text(&inner), inner.n);
    octets_free(&inner);
    return wrong;
}

static const char *encoded(struct octets *out, const char *s, size_t n, size_t *at)
{
    struct octets inner = {0};
    const char *wrong;

    if (n - *at < 2 || memcmp(s + *at, "64", 2) != 0)
        return "\\b without 64";
    *at += 2;
    wrong = braced(s, n, at, &inner);
    if (!wrong)
        octets_b64(out, octets_text(&inner), inner.n);
    octets_free(&inner);
    return wrong;
}

/* One escape; *at stands behind its letter C. */
static const char *escape(struct octets *out, char c, const char *s, size_t n, size_t *at)
{
    static const char letters[] = "rnt0s\\~[!=#%@{}";
    static const char values[] = "\r\n\t\0 \\~[!=#%@{}";
    const char *found = memchr(letters, c, sizeof letters - 1);

    if (found) {
        octets_char(out, values[found - letters]);
        return NULL;
    }
    if (c == 'x') {
        if (n - *at < 2 || hex_value(s[*at]) < 0 || hex_value(s[*at + 1]) < 0)
            return "\\x without two hexadecimal digits";
        octets_char(out, (char)(hex_value(s[*at]) * 16 + hex_value(s[*at + 1])));
        *at += 2;
        return NULL;
    }
    if (c == '*')
        return repeated(out, s, n, at);
    if (c == 'b')
        return encoded(out, s, n, at);
    return "unknown escape";
}

const char *octets_decode(struct octets *out, const char *s, size_t n, bool *open)
{
    const char *wrong = NULL;
    size_t at = 0;

    octets_add(out, "", 0);
    while (at < n && !wrong) {
        if (s[at] != '\\') {
            octets_char(out, s[at++]);
            continue;
        }
        if (at + 1 >= n)
            return "a lone backslash at the end";
        at += 2;
        if (s[at - 1] == 'c' && open && at == n)
            *open = true;
        else
            wrong = escape(out, s[at - 1], s, n, &at);
    }
    return wrong;
}

bool octets_file(struct octets *out, const char *path)
{
    char block[16384];
    ssize_t got;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    octets_add(out, "", 0);
    while ((got = read(fd, block, sizeof block)) > 0)
        octets_add(out, block, (size_t)got);
    close(fd);
    return got == 0;
}

bool octets_save(const struct octets *o, const char *path, unsigned mode)
{
    size_t at = 0;
    bool good = true;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0)
        return false;
    while (good && at < o->n) {
        ssize_t put = write(fd, o->p + at, o->n - at);

        if (put < 0 && errno != EINTR)
            good = false;
        else if (put > 0)
            at += (size_t)put;
    }
    good = good && fchmod(fd, (mode_t)mode) == 0;
    return close(fd) == 0 && good;
}
