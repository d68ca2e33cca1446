/*
 * stray.c: the Bcc field that would be shown.
 *
 * A line that is no header field begins the body, and the rest of what was meant as the header goes
 * there with it: every recipient would read the Bcc. So when no empty line said that the header was
 * over, the lines that follow are read as the eye reads them: an octet that no name has (a control,
 * a zero-width or a wide character, whatever its encoding) counts for nothing. That is too generous
 * for a parser and right for a guard, which only refuses.
 */
#include "config.h"

#include "mail/stray.h"

#include <string.h>

#include "mail/header.h"

static const char wide_colon[] = "\xef\xbc\x9a"; /* U+FF1A */

enum { NAME_MAX_SIZE = 16 }; /* more than any name looked for; a longer one is none of them */

/* The letters of a name. LEN counts all of them, NAME has the first. */
struct letters {
    char name[NAME_MAX_SIZE];
    size_t len;
    uint64_t line; /* where they begin */
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

static void add_letter(struct letters *l, char c)
{
    if (l->len < sizeof(l->name))
        l->name[l->len] = c;
    l->len++;
}

static bool is_bcc(const struct letters *l)
{
    return l->len <= sizeof(l->name) && (header_name_order(l->name, l->len, "bcc", 3) == 0 ||
                                         header_name_order(l->name, l->len, "resent-bcc", 10) == 0);
}

/* Collects the letters of a line of N octets up to its colon. False: it has none. */
static bool take_line(struct letters *l, const char *p, size_t n)
{
    const size_t wide = sizeof(wide_colon) - 1;

    for (size_t i = 0; i < n; i++) {
        if (p[i] == ':' || (n - i >= wide && memcmp(p + i, wide_colon, wide) == 0))
            return true;
        if (is_letter(p[i]))
            add_letter(l, p[i]);
    }
    return false;
}

/* What a line gives to the name that a line above began. */
static void join(struct letters *all, const struct letters *part)
{
    if (all->len == 0)
        all->line = part->line;
    for (size_t i = 0; i < part->len && i < sizeof(part->name); i++)
        add_letter(all, part->name[i]);
    if (part->len > sizeof(part->name))
        all->len += part->len - sizeof(part->name);
}

uint64_t stray_bcc(const char *text, size_t n)
{
    struct letters open = {.line = 1}; /* of the lines without colon just above */
    uint64_t line = 0;

    for (size_t at = 0; at < n;) {
        const char *p = text + at, *lf = memchr(p, '\n', n - at);
        size_t len = lf != NULL ? (size_t)(lf - p) : n - at;
        struct letters own = {.line = ++line};
        bool colon;

        if (len == 0)
            break;
        colon = take_line(&own, p, len);
        if (colon && is_bcc(&own))
            return line;
        if (*p != ' ' && *p != '\t' && own.len > 0)
            open = own;
        else
            join(&open, &own);
        if (colon && is_bcc(&open))
            return open.line;
        if (colon)
            open = (struct letters){.line = line};
        at += len + 1;
    }
    return 0;
}
