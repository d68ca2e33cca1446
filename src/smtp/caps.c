/*
 * caps.c: EHLO keywords to a capability struct (RFC 5321 4.1.1.1).
 *
 * One table row per keyword: most only set a flag, a few read what follows. Lines are taken apart
 * at any blanks and compared in any case: servers have always written both as they liked.
 */
#include "config.h"

#include "smtp/caps.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/num.h"

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

struct word {
    const char *s;
    size_t n;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of a line; length 0 at its end. */
static struct word next_word(const char **at, const char *end)
{
    struct word w;

    while (*at < end && is_blank(**at))
        (*at)++;
    w.s = *at;
    while (*at < end && !is_blank(**at))
        (*at)++;
    w.n = (size_t)(*at - w.s);
    return w;
}

static bool word_is(struct word w, const char *name)
{
    return strlen(name) == w.n && strncasecmp(w.s, name, w.n) == 0;
}

/* Cuts PREFIX, in any case, off the front of W. */
static bool cut_prefix(struct word *w, const char *prefix)
{
    size_t n = strlen(prefix);

    if (w->n < n || strncasecmp(w->s, prefix, n) != 0)
        return false;
    w->s += n;
    w->n -= n;
    return true;
}

/* RFC 1870: no number, 0, or what is no number all mean that no limit is known. */
static void read_size(struct caps *c, const char *at, const char *end)
{
    struct word w = next_word(&at, end);
    uint64_t number;

    c->size_max = num_parse(w.s, w.n, UINT64_MAX, &number) ? number : 0;
}

static void read_auth(struct caps *c, const char *at, const char *end)
{
    struct word w;

    for (w = next_word(&at, end); w.n > 0; w = next_word(&at, end)) {
        enum sasl_mech m = sasl_find(w.s, w.n);

        if (m != SASL_NONE)
            c->mechanisms |= 1u << m;
    }
}

/* RFC 9422 4: NAME=NUMBER words. */
static void read_limits(struct caps *c, const char *at, const char *end)
{
    struct word w;

    for (w = next_word(&at, end); w.n > 0; w = next_word(&at, end)) {
        uint64_t number;

        if (cut_prefix(&w, "RCPTMAX=") && num_parse(w.s, w.n, UINT64_MAX, &number))
            c->rcpt_max = number;
        else if (cut_prefix(&w, "MAILMAX=") && num_parse(w.s, w.n, UINT64_MAX, &number))
            c->mail_max = number;
    }
}

struct row {
    const char *keyword;
    size_t flag; /* offset of the bool in struct caps, or NO_FLAG */
    void (*read)(struct caps *c, const char *at, const char *end);
};

#define NO_FLAG       SIZE_MAX
#define FLAG(member_) offsetof(struct caps, member_)

static const struct row rows[] = {
    {"8BITMIME", FLAG(eightbitmime), NULL},
    {"CHUNKING", FLAG(chunking), NULL},
    {"DSN", FLAG(dsn), NULL},
    {"ENHANCEDSTATUSCODES", FLAG(enhanced), NULL},
    {"LIMITS", NO_FLAG, read_limits},
    {"PIPELINING", FLAG(pipelining), NULL},
    {"REQUIRETLS", FLAG(requiretls), NULL},
    {"SIZE", FLAG(size), read_size},
    {"SMTPUTF8", FLAG(smtputf8), NULL},
    {"STARTTLS", FLAG(starttls), NULL},
};

/*
 * The mechanisms of a line, or NULL. "AUTH=LOGIN PLAIN" is how servers wrote it for mail programs
 * older than RFC 2554; many still say both.
 */
static const char *auth_list(const char *at, const char *end)
{
    struct word keyword = next_word(&at, end);

    if (word_is(keyword, "AUTH"))
        return at;
    return cut_prefix(&keyword, "AUTH=") ? keyword.s : NULL;
}

static void read_line(struct caps *c, const char *at, const char *end)
{
    const char *list = auth_list(at, end);
    struct word keyword = next_word(&at, end);
    size_t i;

    if (list != NULL) {
        c->auth = true;
        read_auth(c, list, end);
        return;
    }
    for (i = 0; i < ARRAY_LEN(rows); i++) {
        if (!word_is(keyword, rows[i].keyword))
            continue;
        if (rows[i].flag != NO_FLAG)
            *(bool *)((char *)c + rows[i].flag) = true;
        if (rows[i].read != NULL)
            rows[i].read(c, at, end);
        return;
    }
}

/* FNV-1a, 64 bits: nothing depends on it that an enemy would gain from. */
static void hash(uint64_t *h, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *h = (*h ^ (unsigned char)s[i]) * FNV_PRIME;
}

/* The words of a line, whatever is between them. */
static void add_offer(struct caps *c, const char *at, const char *end)
{
    struct word w;

    for (w = next_word(&at, end); w.n > 0; w = next_word(&at, end)) {
        hash(&c->offers, w.s, w.n);
        hash(&c->offers, " ", 1);
    }
    hash(&c->offers, "\n", 1);
}

/* The lines of a reply behind the first, which greets. False at the end. */
static bool next_line(const struct reply *r, const char **at, const char **end)
{
    const char *stop = r->text.data + r->text.len;
    const char *lf = memchr(*at, '\n', (size_t)(stop - *at));

    if (lf == NULL)
        return false;
    *at = lf + 1;
    lf = memchr(*at, '\n', (size_t)(stop - *at));
    *end = lf != NULL ? lf : stop;
    return true;
}

void caps_parse(struct caps *c, const struct reply *ehlo)
{
    const char *at = ehlo->text.data;
    const char *end;

    memset(c, 0, sizeof(*c));
    c->esmtp = true;
    c->offers = FNV_BASIS;
    while (next_line(ehlo, &at, &end)) {
        read_line(c, at, end);
        add_offer(c, at, end);
    }
}

static void add_word(struct buf *out, struct word w)
{
    buf_adds(out, out->len > 0 ? " " : "");
    buf_add(out, w.s, w.n);
}

void caps_keywords(const struct reply *ehlo, struct buf *out)
{
    const char *at = ehlo->text.data;
    const char *end;

    while (next_line(ehlo, &at, &end)) {
        const char *next = at;

        add_word(out, next_word(&next, end));
    }
}

void caps_mechanisms(const struct reply *ehlo, struct buf *out)
{
    const char *at = ehlo->text.data;
    const char *end;

    while (next_line(ehlo, &at, &end)) {
        const char *list = auth_list(at, end);
        struct word w = {0};

        while (list != NULL && (w = next_word(&list, end)).n > 0)
            add_word(out, w);
    }
}
