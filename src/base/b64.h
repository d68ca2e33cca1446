/* b64.h: base64, RFC 4648 section 4. */
#ifndef BASE_B64_H
#define BASE_B64_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* b64_encode - appends the encoding of N bytes, padded, no line breaks; false past the ceiling. */
bool b64_encode(struct buf *out, const void *bytes, size_t n);

/*
 * b64_decode - appends the decoding of N characters. Strict: padding wanted, nothing else but the
 * alphabet; false (OUT cut back to where it was) on a wrong character or past the ceiling.
 */
bool b64_decode(struct buf *out, const char *text, size_t n);

#endif
