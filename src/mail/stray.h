/*
 * stray.h: a Bcc field that stands where the body has begun. Private to mail/.
 */
#ifndef MAIL_STRAY_H
#define MAIL_STRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * stray_bcc - which of the first lines of a body (N octets at TEXT in stored form, looked at up to
 * the first empty line) looks like a Bcc or Resent-Bcc field: its name is one when every octet but
 * ASCII letters and '-' is left out, up to its first ':' or U+FF1A. The name may be folded in front
 * of the colon. Counted from 1, the line where the name begins; 0: none.
 */
uint64_t stray_bcc(const char *text, size_t n);

#endif
