/*
 * pin.c: see pin.h. Three notations meet in real configurations: what we print, what curl's
 * --pinnedpubkey and RFC 7469 write, and the bare digits that `openssl dgst` prints. Their lengths
 * tell them apart.
 */
#include "config.h"

#include "net/pin.h"

#include <string.h>

#include "base/b64.h"

#define HEX_PREFIX "sha256:"
#define B64_PREFIX "sha256//"

#define HEX_LENGTH   (2 * PIN_OCTETS)
#define COLON_LENGTH (3 * PIN_OCTETS - 1)
#define B64_LENGTH   44

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* With a colon between all octets, or between none. */
static bool parse_hex(const char *text, unsigned char out[PIN_OCTETS])
{
    size_t n = strlen(text), step = n == COLON_LENGTH ? 3 : 2;

    if (n != HEX_LENGTH && n != COLON_LENGTH)
        return false;
    for (size_t i = 0; i < PIN_OCTETS; i++) {
        int high = hex_value(text[i * step]), low = hex_value(text[i * step + 1]);

        if (high < 0 || low < 0 || (step == 3 && i > 0 && text[i * step - 1] != ':'))
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static bool parse_b64(const char *text, unsigned char out[PIN_OCTETS])
{
    struct buf octets;
    bool good;

    if (strlen(text) != B64_LENGTH)
        return false;
    buf_init(&octets, PIN_OCTETS);
    good = b64_decode(&octets, text, B64_LENGTH) && octets.len == PIN_OCTETS;
    if (good)
        memcpy(out, octets.data, PIN_OCTETS);
    buf_free(&octets);
    return good;
}

bool pin_parse(const char *text, unsigned char out[PIN_OCTETS])
{
    if (strncmp(text, B64_PREFIX, strlen(B64_PREFIX)) == 0)
        return parse_b64(text + strlen(B64_PREFIX), out);
    if (strncmp(text, HEX_PREFIX, strlen(HEX_PREFIX)) == 0)
        return parse_hex(text + strlen(HEX_PREFIX), out);
    return parse_hex(text, out) || parse_b64(text, out);
}

void pin_format(struct buf *out, const unsigned char pin[PIN_OCTETS])
{
    buf_adds(out, HEX_PREFIX);
    for (size_t i = 0; i < PIN_OCTETS; i++)
        buf_addf(out, "%02x", pin[i]);
}
