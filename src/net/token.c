/*
 * token.c: see token.h. RFC 7512 has pin-value behind the question mark, between ampersands;
 * p11-kit reads it there, and older drafts had it in front, between semicolons. It is a secret in
 * each place.
 */
#include "config.h"

#include "net/token.h"

#include <string.h>
#include <strings.h>

#define SCHEME "pkcs11:"
#define PIN    "pin-value="

bool token_is_uri(const char *text)
{
    return strncasecmp(text, SCHEME, strlen(SCHEME)) == 0;
}

/*
 * Appends the N octets of attributes at AT, which JOINT separates, without PINs; LEAD goes in front
 * of the first one if there is any. True when there was a PIN.
 */
static bool add_public(struct buf *out, const char *at, size_t n, char joint, const char *lead)
{
    const char *end = at + n;
    bool found = false;

    while (at < end) {
        const char *stop = memchr(at, joint, (size_t)(end - at));

        if (stop == NULL)
            stop = end;
        if ((size_t)(stop - at) >= strlen(PIN) && strncasecmp(at, PIN, strlen(PIN)) == 0) {
            found = true;
        } else if (stop > at) {
            buf_adds(out, lead);
            buf_add(out, at, (size_t)(stop - at));
            lead = joint == ';' ? ";" : "&";
        }
        at = stop < end ? stop + 1 : end;
    }
    return found;
}

static bool show(struct buf *out, const char *text)
{
    const char *at = text + strlen(SCHEME);
    size_t n = strcspn(at, "?");
    bool found;

    buf_adds(out, SCHEME);
    found = add_public(out, at, n, ';', "");
    at += n;
    if (*at == '?')
        found = add_public(out, at + 1, strlen(at + 1), '&', "?") || found;
    return found;
}

bool token_has_pin(const char *text)
{
    struct buf unused;
    bool found;

    if (!token_is_uri(text))
        return false;
    buf_init(&unused, strlen(text));
    found = show(&unused, text);
    buf_free(&unused);
    return found;
}

void token_show(struct buf *out, const char *text)
{
    if (token_is_uri(text))
        (void)show(out, text);
    else
        buf_adds(out, text);
}
