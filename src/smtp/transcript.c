/*
 * transcript.c: the conversation for people, without the secrets.
 *
 * Secrets are kept here in every form in which a server could echo them, and taken out of what is
 * read before anybody sees it. Scrubbing only ever shortens and works in place: it runs on the
 * reply that says a message was accepted, when no memory may be asked for.
 */
#include "config.h"

#include "smtp/transcript.h"

#include <stdarg.h>
#include <string.h>

#include "base/b64.h"
#include "base/limits.h"
#include "base/xalloc.h"

#define MASK       "***"
#define SECRET_MIN 4 /* shorter ones are in every other word, and MASK must be no longer */

void transcript_init(struct transcript *t, void (*show)(void *arg, const char *line), void *arg)
{
    *t = (struct transcript){.show = show, .arg = arg};
}

void transcript_free(struct transcript *t)
{
    for (size_t i = 0; i < t->secrets.n; i++)
        xwipe(t->secrets.v[i], strlen(t->secrets.v[i]));
    strv_free(&t->secrets);
}

static void keep(struct transcript *t, const char *s, size_t n)
{
    if (n >= SECRET_MIN && memchr(s, '\0', n) == NULL)
        strv_add_n(&t->secrets, s, n);
}

void transcript_secret(struct transcript *t, const char *s, size_t n)
{
    struct buf encoded;

    if (t == NULL || n < SECRET_MIN)
        return;
    keep(t, s, n); /* one with a NUL, like the response of PLAIN, travels in base64 only */
    buf_init_secret(&encoded, 2 * LIMIT_SECRET);
    if (b64_encode(&encoded, s, n)) {
        size_t bare = encoded.len;

        while (bare > 0 && encoded.data[bare - 1] == '=')
            bare--;
        keep(t, encoded.data, encoded.len);
        if (bare < encoded.len) /* some servers cut the padding off */
            keep(t, encoded.data, bare);
    }
    buf_free(&encoded);
}

/* Length of the longest secret that begins at S, 0 for none. */
static size_t secret_at(const struct transcript *t, const char *s, size_t n)
{
    size_t longest = 0;

    for (size_t i = 0; i < t->secrets.n; i++) {
        const char *secret = t->secrets.v[i];
        size_t len = strlen(secret);

        if (len <= n && len > longest && memcmp(s, secret, len) == 0)
            longest = len;
    }
    return longest;
}

bool transcript_scrub(const struct transcript *t, struct buf *b)
{
    bool found = false;

    if (t == NULL || t->secrets.n == 0)
        return false;
    for (size_t at = 0; at < b->len; at++) {
        size_t end = at + secret_at(t, b->data + at, b->len - at);

        if (end == at)
            continue;
        /* A second secret may begin inside the first and stick out of it. */
        for (size_t in = at + 1; in < end; in++) {
            size_t more = in + secret_at(t, b->data + in, b->len - in);

            end = more > end ? more : end;
        }
        buf_splice(b, at, end - at, MASK, strlen(MASK));
        at += strlen(MASK) - 1;
        found = true;
    }
    return found;
}

/* One finished line: a mark that tells who speaks, then what is said, printable. */
static void show(const struct transcript *t, const char *mark, const char *text, size_t n,
                 const char *tail)
{
    struct buf line;

    buf_init(&line, LIMIT_LOG_LINE);
    buf_adds(&line, mark);
    if (!buf_add_printable(&line, text, n))
        buf_adds(&line, "...");
    buf_adds(&line, tail);
    t->show(t->arg, line.data);
    buf_free(&line);
}

static bool is_shown(const struct transcript *t)
{
    return t != NULL && t->show != NULL;
}

void transcript_sent(struct transcript *t, const char *line, size_t n, bool mask, size_t keep_n)
{
    if (!is_shown(t))
        return;
    while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
        n--;
    if (mask)
        show(t, "> ", line, keep_n < n ? keep_n : n, MASK);
    else
        show(t, "> ", line, n, "");
}

void transcript_text(struct transcript *t, unsigned long long octets)
{
    struct buf line;

    if (!is_shown(t))
        return;
    buf_init(&line, LIMIT_LOG_LINE);
    buf_addf(&line, "> <%llu octets>", octets);
    t->show(t->arg, line.data);
    buf_free(&line);
}

void transcript_got(struct transcript *t, const char *text, size_t n)
{
    if (!is_shown(t))
        return;
    for (size_t at = 0; at < n;) {
        const char *lf = memchr(text + at, '\n', n - at);
        size_t len = lf != NULL ? (size_t)(lf - text) - at : n - at;
        size_t shown = len > 0 && text[at + len - 1] == '\r' ? len - 1 : len;

        show(t, "< ", text + at, shown, "");
        at += len + 1;
    }
}

void transcript_note(struct transcript *t, const char *fmt, ...)
{
    struct buf text;
    va_list ap;

    if (!is_shown(t))
        return;
    buf_init(&text, LIMIT_LOG_LINE);
    va_start(ap, fmt);
    buf_addv(&text, fmt, ap);
    va_end(ap);
    show(t, "* ", text.data, text.len, "");
    buf_free(&text);
}
