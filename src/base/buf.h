/*
 * buf.h: a byte string that grows up to a ceiling given at birth.
 *
 * Invariants: data is never NULL after buf_init and always NUL-terminated at data[len]; len never
 * passes the ceiling. An addition that would pass the ceiling adds nothing and sets `over`, which
 * stays set until buf_reset; so a text can be built with many calls and checked once at the end.
 * Bytes may hold NUL. Users read data and len; only this file writes them.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/attr.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data;
    size_t len;
    size_t cap;     /* bytes allocated; 0 while data points at the shared empty string */
    size_t ceiling; /* longest length allowed, without the NUL */
    bool over;      /* an addition was refused */
    bool secret;    /* growth and buf_free wipe the old memory */
    size_t wet;     /* secret: how many bytes from data on may hold something */
};

/* buf_init - an empty buffer that never holds more than CEILING bytes. Allocates nothing. */
void buf_init(struct buf *b, size_t ceiling);

/* buf_init_secret - the same, for passwords and tokens: every copy is wiped when it is left. */
void buf_init_secret(struct buf *b, size_t ceiling);

/* buf_free - frees (wipes, if secret) the bytes; the buffer is empty and may be used again. */
void buf_free(struct buf *b);

/* buf_reset - length 0, `over` cleared, memory kept (wiped, if secret). */
void buf_reset(struct buf *b);

/* buf_add - appends N bytes; false (and `over`) when that would pass the ceiling. */
bool buf_add(struct buf *b, const void *bytes, size_t n);

/* buf_adds - appends a NUL-terminated string. */
bool buf_adds(struct buf *b, const char *s);

/* buf_addc - appends one byte. */
bool buf_addc(struct buf *b, char c);

/* buf_addf - appends printf output (not for secrets: libc may keep copies). */
bool buf_addf(struct buf *b, const char *fmt, ...) ATTR_PRINTF(2, 3);

/* buf_addv - the same from a va_list. */
bool buf_addv(struct buf *b, const char *fmt, va_list ap) ATTR_PRINTF(2, 0);

/*
 * buf_add_printable - appends BYTES for a terminal or a log line: printable ASCII and valid UTF-8
 * (without C1 controls and bidi overrides) as they are, backslash doubled, all else as \n, \r, \t
 * or \xNN. The result is one line whatever the input was.
 */
bool buf_add_printable(struct buf *b, const void *bytes, size_t n);

/*
 * buf_add_shown - the same for lines that are joined from finished pieces: a backslash stays as it
 * is, so that printable text is never escaped twice; and what passes the ceiling is cut behind the
 * last whole character (false, `over`), since a cut line says more than none.
 */
bool buf_add_shown(struct buf *b, const void *bytes, size_t n);

/* buf_reserve - room for N more bytes at data + len; false when past the ceiling. */
bool buf_reserve(struct buf *b, size_t n);

/*
 * buf_prepare - allocates what N more bytes will need, so that adding them allocates nothing; the
 * room itself is not to be written to before buf_reserve. False when past the ceiling.
 */
bool buf_prepare(struct buf *b, size_t n);

/* buf_grew - tells that the caller wrote N bytes into reserved room. */
void buf_grew(struct buf *b, size_t n);

/* buf_cut - shortens to LEN bytes; LEN must not exceed the length. */
void buf_cut(struct buf *b, size_t len);

/* buf_drop - removes the first N bytes. */
void buf_drop(struct buf *b, size_t n);

/* buf_splice - replaces N bytes at AT by M bytes of BYTES (insert: N 0; delete: M 0). */
bool buf_splice(struct buf *b, size_t at, size_t n, const void *bytes, size_t m);

/* buf_take - moves the bytes out as a NUL-terminated string owned by the caller; B is empty. */
char *buf_take(struct buf *b);

/* buf_equals - true when the bytes are those of the NUL-terminated S. */
bool buf_equals(const struct buf *b, const char *s);

#endif
