/*
 * transcript.c: the conversation for people, without the secrets.
 *
 * Secrets are kept here in every form in which a server could echo them, and taken out of what is
 * read before anybody sees it. Scrubbing only ever shortens and works in place: it runs on the
 * reply that says a message was accepted, when no memory may be asked for.
 *
 * At each octet a window of the next few characters is read, over line ends, and looked up in the
 * secrets. The window has a fixed width, so that the work is bounded by the product of reply and
 * secret, whatever the server repeats.
 */
#include "config.h"

#include "smtp/transcript.h"

#include <stdarg.h>
#include <string.h>

#include "base/b64.h"
#include "base/limits.h"
#include "base/xalloc.h"

#define MASK       "***"
#define SECRET_MIN 4  /* shorter ones are in every other word, and MASK must be no longer */
#define WINDOW     32 /* of a longer secret, this many characters in a row give it away */
#define PIECE      6  /* ... and in a reply of AUTH this many, of a secret that has PIECE_OF */
#define PIECE_OF   8
#define BLANKS_MAX 80 /* looked over at a line end */

void transcript_init(struct transcript *t, void (*show)(void *arg, const char *line), void *arg)
{
    *t = (struct transcript){.show = show, .arg = arg};
    buf_init(&t->line, LIMIT_LOG_LINE);
    if (show != NULL)
        (void)buf_reserve(&t->line, LIMIT_LOG_LINE);
}

void transcript_free(struct transcript *t)
{
    for (size_t i = 0; i < t->secrets.n; i++)
        xwipe(t->secrets.v[i], strlen(t->secrets.v[i]));
    strv_free(&t->secrets);
    buf_free(&t->line);
}

void transcript_move_secrets(struct transcript *from, struct transcript *to)
{
    to->in_login = from->in_login;
    to->challenges = from->challenges;
    if (to->secrets.n == 0) { /* behind a message that has arrived no memory is to be asked for */
        strv_free(&to->secrets);
        to->secrets = from->secrets;
        from->secrets = (struct strv){0};
    }
    for (size_t i = 0; i < from->secrets.n; i++) {
        char *form = from->secrets.v[i];

        if (strv_has(&to->secrets, form))
            xfree_secret(&form);
        else
            strv_take(&to->secrets, form);
    }
    from->secrets.n = 0;
    strv_free(&from->secrets);
}

void transcript_in_login(struct transcript *t, bool on)
{
    t->in_login = on;
}

void transcript_challenges(struct transcript *t, bool on)
{
    t->challenges = on;
}

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static void keep(struct transcript *t, const char *s, size_t n)
{
    char *form;

    if (n == 0 || memchr(s, '\0', n) != NULL)
        return; /* one with a NUL, like the response of PLAIN, travels in base64 only */
    form = xmemdup(s, n);
    for (size_t i = 0; i < n; i++)
        form[i] = fold(form[i]);
    if (strv_has(&t->secrets, form))
        xfree_secret(&form);
    else
        strv_take(&t->secrets, form);
}

/*
 * What base64 makes of the secret where SHIFT octets (modulo 3) stand in front of it and something
 * behind: the characters that hold nothing but its bits.
 */
static void keep_inside(struct transcript *t, const char *s, size_t n, size_t shift)
{
    size_t mixed = shift > 0 ? shift + 1 : 0;
    struct buf plain, encoded;

    buf_init_secret(&plain, LIMIT_SECRET + 2);
    buf_init_secret(&encoded, 2 * LIMIT_SECRET);
    if (buf_add(&plain, "\0\0", shift) && buf_add(&plain, s, n) &&
        b64_encode(&encoded, plain.data, plain.len))
        keep(t, encoded.data + mixed, plain.len * 8 / 6 - mixed);
    buf_free(&plain);
    buf_free(&encoded);
}

void transcript_secret(struct transcript *t, const char *s, size_t n)
{
    struct buf encoded;

    if (t == NULL)
        return;
    keep(t, s, n);
    buf_init_secret(&encoded, 2 * LIMIT_SECRET);
    if (b64_encode(&encoded, s, n)) {
        size_t bare = encoded.len;

        while (bare > 0 && encoded.data[bare - 1] == '=')
            bare--;
        keep(t, encoded.data, encoded.len);
        keep(t, encoded.data, bare); /* some servers cut the padding off */
    }
    buf_free(&encoded);
    for (size_t shift = 0; n >= SECRET_MIN && shift < 3; shift++)
        keep_inside(t, s, n, shift);
}

/* How a line end is read: either of these may be what the server did to a secret. */
#define SKIP_CODES 1u /* the codes that begin the next line go with it */
#define AS_BLANK   2u /* it stands for a blank */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t skip_blanks(const char *s, size_t n, size_t at)
{
    size_t stop = n - at > BLANKS_MAX ? at + BLANKS_MAX : n;

    while (at < stop && is_blank(s[at]))
        at++;
    return at;
}

/* "250-" or "250 " */
static size_t skip_code(const char *s, size_t n, size_t at)
{
    if (n - at < 4 || !is_digit(s[at]) || !is_digit(s[at + 1]) || !is_digit(s[at + 2]))
        return at;
    return s[at + 3] == '-' || s[at + 3] == ' ' ? at + 4 : at;
}

/* "5.7.8 " (RFC 2034 4) */
static size_t skip_enhanced(const char *s, size_t n, size_t at)
{
    size_t i = at, dots = 0;

    while (i < n && i - at < 9 && (is_digit(s[i]) || s[i] == '.'))
        dots += s[i++] == '.' ? 1 : 0;
    return dots == 2 && i < n && is_blank(s[i]) ? i + 1 : at;
}

/* Behind the line end at AT, with the blanks around it; AT when there is none. */
static size_t skip_break(const char *s, size_t n, size_t at, unsigned how)
{
    size_t i = skip_blanks(s, n, at);

    if (i < n && s[i] == '\r')
        i++;
    if (i == n || s[i] != '\n')
        return at;
    i++;
    if ((how & SKIP_CODES) != 0)
        i = skip_code(s, n, i);
    i = skip_blanks(s, n, i);
    return (how & SKIP_CODES) != 0 ? skip_enhanced(s, n, i) : i;
}

struct window {
    char text[WINDOW]; /* lower case */
    size_t end[WINDOW];
    size_t n;
    bool crossed; /* a line end: there are other ways to read it */
};

static void look(const char *s, size_t n, size_t at, unsigned how, struct window *w)
{
    w->n = 0;
    w->crossed = false;
    while (w->n < WINDOW && at < n) {
        /* From a blank that was looked over the next one would see nothing else. */
        bool is_seen = w->n > 0 && is_blank(s[at]) && is_blank(s[at - 1]);
        size_t next = is_seen ? at : skip_break(s, n, at, how);

        if (next == at) {
            w->text[w->n] = fold(s[at++]);
            w->end[w->n++] = at;
            continue;
        }
        if (w->n == 0)
            return;
        if ((how & AS_BLANK) != 0) {
            w->text[w->n] = ' ';
            w->end[w->n++] = next;
        }
        w->crossed = true;
        at = next;
    }
}

static bool is_in_word(char c)
{
    return (fold(c) >= 'a' && fold(c) <= 'z') || is_digit(c) || (unsigned char)c > 127;
}

/* How many characters from the start of W give SECRET away, 0 for none. */
static size_t given_away(const struct transcript *t, const char *secret, const struct window *w)
{
    size_t len = strlen(secret);
    size_t n = len < WINDOW ? len : WINDOW;

    if (t->in_login && len >= PIECE_OF)
        n = PIECE;
    if (w->n < n)
        return 0;
    if (n == len)
        return memcmp(secret, w->text, n) == 0 ? n : 0;
    return memmem(secret, len, w->text, n) != NULL ? n : 0;
}

/* Where the longest secret that begins at AT ends; AT for none. */
static size_t secret_end(const struct transcript *t, const char *s, size_t n, size_t at)
{
    bool is_word = at == 0 || !is_in_word(s[at - 1]);
    size_t longest = at;
    struct window w;

    for (unsigned how = 0; how <= (SKIP_CODES | AS_BLANK); how++) {
        look(s, n, at, how, &w);
        for (size_t i = 0; i < t->secrets.n; i++) {
            size_t found = given_away(t, t->secrets.v[i], &w);
            size_t end = found > 0 ? w.end[found - 1] : at;

            if (found > 0 && found < SECRET_MIN &&
                (!t->in_login || !is_word || (end < n && is_in_word(s[end]))))
                continue;
            longest = end > longest ? end : longest;
        }
        if (!w.crossed)
            break;
    }
    return longest;
}

bool transcript_scrub(const struct transcript *t, struct buf *b)
{
    bool found = false;

    if (t == NULL || t->secrets.n == 0)
        return false;
    for (size_t at = 0; at < b->len; at++) {
        size_t end = secret_end(t, b->data, b->len, at);
        size_t stars;

        if (end == at)
            continue;
        /* A second secret may begin inside the first and stick out of it. */
        for (size_t in = at + 1; in < end; in++) {
            size_t more = secret_end(t, b->data, b->len, in);

            end = more > end ? more : end;
        }
        stars = end - at < strlen(MASK) ? 1 : strlen(MASK);
        buf_splice(b, at, end - at, MASK, stars);
        at += stars - 1;
        found = true;
    }
    return found;
}

static bool is_shown(const struct transcript *t)
{
    return t != NULL && t->show != NULL;
}

/* One finished line: a mark that tells who speaks, then what is said, printable. */
static void begin(struct transcript *t, const char *mark)
{
    buf_reset(&t->line);
    buf_adds(&t->line, mark);
}

static void end(struct transcript *t, const char *text, size_t n, const char *tail)
{
    if (!buf_add_printable(&t->line, text, n))
        buf_adds(&t->line, "...");
    buf_adds(&t->line, tail);
    t->show(t->arg, t->line.data);
}

void transcript_sent(struct transcript *t, const char *line, size_t n, bool mask, size_t keep_n)
{
    if (!is_shown(t))
        return;
    while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
        n--;
    begin(t, "> ");
    if (mask)
        end(t, line, keep_n < n ? keep_n : n, MASK);
    else
        end(t, line, n, "");
}

void transcript_text(struct transcript *t, unsigned long long octets)
{
    if (!is_shown(t))
        return;
    begin(t, "> ");
    buf_addf(&t->line, "<%llu octets>", octets);
    end(t, "", 0, "");
}

void transcript_got(struct transcript *t, int code, const char *text, size_t n)
{
    const char *stop = text + n;

    while (is_shown(t)) {
        const char *lf = memchr(text, '\n', (size_t)(stop - text));

        begin(t, "< ");
        buf_addf(&t->line, "%03d%c", code, lf != NULL ? '-' : ' ');
        end(t, text, (size_t)((lf != NULL ? lf : stop) - text), "");
        if (lf == NULL)
            return;
        text = lf + 1;
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
    begin(t, "* ");
    end(t, text.data, text.len, "");
    buf_free(&text);
}
