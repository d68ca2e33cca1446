/*
 * idn.c: internationalised domain names (RFC 5891) through libidn2, if built with it.
 *
 * The library maps compatibility characters, some of which become ASCII that means something else
 * in an address or a URL (U+FF20 becomes "@", U+2100 "a/c"): what comes back is checked again.
 */
#include "config.h"

#include "base/idn.h"

#include <stdlib.h>
#include <string.h>

#ifdef HAVE_LIBIDN2
#include <idn2.h>
#endif

#include "base/xalloc.h"

#define NAME_MAX_OCTETS  253 /* RFC 1035 2.3.4: 255 on the wire, less the root's and a length */
#define LABEL_MAX_OCTETS 63

#ifdef HAVE_LIBIDN2
/* A-labels of DOMAIN in *ASCII (owned by the caller), or a static text of what is wrong. */
static const char *convert(const char *domain, char **ascii)
{
    char *found = NULL;
    int rc = idn2_to_ascii_8z(domain, &found, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);

    if (rc != IDN2_OK)
        return idn2_strerror(rc);
    *ascii = xstrdup(found);
    idn2_free(found);
    return NULL;
}
#else
static const char *convert(const char *domain, char **ascii)
{
    (void)domain;
    (void)ascii;
    return "this program was built without libidn2";
}
#endif

static bool is_ascii(const char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s > 0x7F)
            return false;
    return true;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* Letters, digits, hyphens, no empty or overlong label; the root's dot may stand at the end. */
static bool is_host_name(const char *s)
{
    size_t label = 0;

    for (; *s != '\0'; s++) {
        if (*s == '.' && label == 0)
            return false;
        label = *s == '.' ? 0 : label + 1;
        if (label > LABEL_MAX_OCTETS || (*s != '.' && !is_name_char(*s)))
            return false;
    }
    return true;
}

/* An ASCII domain may also be an address literal: only what no command may hold is refused. */
static bool is_plain(const char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s <= ' ' || *s == 0x7F)
            return false;
    return true;
}

/* A static text of why NAME (a domain as it was given if PLAIN, else A-labels) is none, or NULL. */
static const char *what_is_wrong(const char *name, bool plain)
{
    if (name[0] == '\0')
        return "it is empty";
    if (strlen(name) > NAME_MAX_OCTETS)
        return "it is too long";
    if (!(plain ? is_plain(name) : is_host_name(name)))
        return "it holds characters that no domain may hold";
    return NULL;
}

enum cause idn_to_ascii(const char *domain, char **ascii, struct fault *why)
{
    bool plain = is_ascii(domain);
    char *found = plain ? xmemdup(domain, strlen(domain)) : NULL;
    const char *wrong = plain ? NULL : convert(domain, &found);

    if (found != NULL) /* no more than one of the two is set */
        wrong = what_is_wrong(found, plain);
    if (wrong != NULL) {
        free(found);
        return fault_set(why, CAUSE_BAD_ADDRESS, "'%s' is no domain name: %s", domain, wrong);
    }
    *ascii = found;
    return CAUSE_NONE;
}
