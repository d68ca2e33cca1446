/* fold.h: header lines that are too long to travel are folded, RFC 5322 2.2.3. */
#ifndef MAIL_FOLD_H
#define MAIL_FOLD_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* fold_is_needed - a line of the header TEXT (stored form) is over LIMIT_TEXT_LINE. */
bool fold_is_needed(const char *text, size_t n);

/*
 * fold_header - appends the header TEXT to OUT. Lines over LIMIT_TEXT_LINE are folded before
 * blanks, and behind commas in address lists, so that unfolding gives the same text (but for
 * blanks behind such commas); a line that offers no such place stays long. All others stay as they
 * are. False past the ceiling.
 */
bool fold_header(struct buf *out, const char *text, size_t n);

#endif
