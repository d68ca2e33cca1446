/*
 * msgid.c: making a Message-ID.
 *
 * No host name, process id or user on the left side: they tell strangers about the machine and add
 * nothing to 128 random bits. Lower-case letters and digits only, since some list software folds
 * the case of identifiers.
 */
#include "config.h"

#include "mail/msgid.h"

#include <stdlib.h>
#include <string.h>

#include "base/idn.h"
#include "base/xalloc.h"
#include "mail/addr.h"
#include "mail/date.h"

#define DOMAIN_MAX 255 /* RFC 5321 4.5.3.1.2 */

/* RFC 5322 3.2.3 atext, without the 8-bit text that RFC 6532 adds. */
static bool is_atext(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

bool msgid_domain_fits(const char *domain)
{
    size_t n = domain != NULL ? strlen(domain) : 0;

    if (n == 0 || n > DOMAIN_MAX)
        return false;
    if (domain[0] == '[') {
        for (size_t i = 1; i + 1 < n; i++) {
            if (domain[i] <= 32 || domain[i] >= 127 || strchr("[]\\", domain[i]) != NULL)
                return false;
        }
        return n > 2 && domain[n - 1] == ']';
    }
    for (size_t i = 0; i < n; i++) {
        bool dot = domain[i] == '.' && i > 0 && i + 1 < n && domain[i - 1] != '.';

        if (!dot && !is_atext(domain[i]))
            return false;
    }
    return true;
}

char *msgid_domain_of(const char *spec)
{
    const char *domain = spec != NULL ? addr_domain(spec) : NULL;
    struct fault why = {0};
    char *ascii = NULL;

    if (domain != NULL && addr_is_ascii(domain))
        ascii = xstrdup(domain);
    else if (domain != NULL && idn_to_ascii(domain, &ascii, &why) != CAUSE_NONE)
        ascii = NULL;
    fault_free(&why);
    if (!msgid_domain_fits(ascii)) {
        free(ascii);
        ascii = NULL;
    }
    return ascii;
}

/* Base 32, five bits a letter: 64 bits are 13 letters. */
static bool add_base32(struct buf *out, uint64_t bits)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    char text[13];

    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = letters[bits & 31];
        bits >>= 5;
    }
    return buf_add(out, text, sizeof(text));
}

bool msgid_add(struct buf *out, int64_t now_s, const uint64_t random[2], const char *domain)
{
    struct date d = date_split(now_s, 0);
    size_t before = out->len;

    if (buf_addf(out, "<%04d%02d%02d%02d%02d%02d.", d.year, d.month, d.day, d.hour, d.minute,
                 d.second) &&
        add_base32(out, random[0]) && add_base32(out, random[1]) && buf_addc(out, '@') &&
        buf_adds(out, domain) && buf_addc(out, '>'))
        return true;
    buf_cut(out, before);
    return false;
}
