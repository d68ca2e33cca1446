/* b64.h: base64, RFC 4648 section 4. */
#ifndef BASE_B64_H
#define BASE_B64_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * b64_value - the value of a character of the alphabet, 0..63, or -1. Here so that it is inlined: a
 * list of certificate authorities has 200,000 characters.
 */
static inline int b64_value(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

/* b64_encode - appends the encoding of N bytes, padded, no line breaks; false past the ceiling. */
bool b64_encode(struct buf *out, const void *bytes, size_t n);

/*
 * b64_decode - appends the decoding of N characters. Strict: padding wanted, nothing else but the
 * alphabet; false (OUT cut back to where it was) on a wrong character or past the ceiling.
 */
bool b64_decode(struct buf *out, const char *text, size_t n);

#endif
