/*
 * b64.c: base64, RFC 4648 section 4.
 *
 * The decoder takes exactly the texts that the encoder makes: its input is SASL challenges and
 * stored values, where leniency only hides damage. (MIME bodies are never decoded.)
 */
#include "config.h"

#include "base/b64.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool b64_encode(struct buf *out, const void *bytes, size_t n)
{
    const unsigned char *s = bytes;
    size_t groups = n / 3 + (n % 3 != 0);
    char *to;

    if (groups > SIZE_MAX / 4 || !buf_reserve(out, groups * 4)) {
        out->over = true;
        return false;
    }
    to = out->data + out->len;
    for (size_t i = 0; i < n; i += 3, to += 4) {
        uint32_t b1 = n - i > 1 ? s[i + 1] : 0;
        uint32_t b2 = n - i > 2 ? s[i + 2] : 0;
        uint32_t bits = (uint32_t)s[i] << 16 | b1 << 8 | b2;

        to[0] = alphabet[bits >> 18];
        to[1] = alphabet[bits >> 12 & 63];
        to[2] = n - i > 1 ? alphabet[bits >> 6 & 63] : '=';
        to[3] = n - i > 2 ? alphabet[bits & 63] : '=';
    }
    buf_grew(out, groups * 4);
    return true;
}

/* Decodes four characters, the last PAD of which are '='. Returns false on a wrong one. */
static bool decode_group(const char *s, size_t pad, char octets[3])
{
    uint32_t bits = 0;

    for (size_t i = 0; i < 4; i++) {
        int v = i < 4 - pad ? b64_value((unsigned char)s[i]) : 0;

        if (v < 0)
            return false;
        bits = bits << 6 | (uint32_t)v;
    }
    /* RFC 4648 section 3.5: bits that stand for no octet must be zero, one text for one value. */
    if ((pad == 1 && (bits & 0xFF) != 0) || (pad == 2 && (bits & 0xFFFF) != 0))
        return false;
    octets[0] = (char)(bits >> 16);
    octets[1] = (char)(bits >> 8 & 0xFF);
    octets[2] = (char)(bits & 0xFF);
    return true;
}

bool b64_decode(struct buf *out, const char *text, size_t n)
{
    size_t before = out->len;
    size_t pad = 0;
    bool good = n % 4 == 0;

    if (good && n > 0 && text[n - 1] == '=')
        pad = text[n - 2] == '=' ? 2 : 1;
    /* Room first and once: a growing secret would be copied and wiped again and again. */
    good = good && buf_reserve(out, n / 4 * 3 - pad);
    for (size_t i = 0; good && i < n; i += 4) {
        size_t here = i + 4 == n ? pad : 0;
        char octets[3];

        good = decode_group(text + i, here, octets) && buf_add(out, octets, 3 - here);
    }
    if (!good)
        buf_cut(out, before);
    return good;
}
