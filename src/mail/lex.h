/*
 * lex.h: the words of a structured header field: RFC 5322 3.2 with the obsolete forms of 4.1.
 *
 * A control octet other than TAB is wrong everywhere, inside comments and quoted strings too; LF
 * is a fold when a blank or TAB follows.
 */
#ifndef MAIL_LEX_H
#define MAIL_LEX_H

#include "base/buf.h"
#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>

struct lex {
    const char *text; /* borrowed; need not end with NUL */
    size_t n;
    size_t at;
    enum cause cause;    /* what a wrong octet is called here */
    struct buf *comment; /* gets the text of each comment, the last one stays; may be NULL */
};

/* lex_peek - the octet at hand, or -1 at the end. */
int lex_peek(const struct lex *l);

/* lex_is_atext - may stand in an atom; every octet over 127 may (RFC 6532 3.2). */
bool lex_is_atext(int c);

/* lex_atom - steps over the atom at hand and gives its length, 0 when there is none. */
size_t lex_atom(struct lex *l);

/*
 * lex_skip - steps over blanks, folds and comments (nested up to LIMIT_COMMENT_DEPTH).
 * skipped: set when there were any, else left alone; may be NULL.
 * fails: l->cause with why->offset: an unclosed comment (offset of its parenthesis), a control.
 */
enum cause lex_skip(struct lex *l, bool *skipped, struct fault *why) ATTR_CHECK;

/*
 * lex_quoted - appends the text of the quoted string at hand to OUT: no quotes, no backslashes, no
 * folds. fails: l->cause with why->offset (an unclosed string: of its quote).
 */
enum cause lex_quoted(struct lex *l, struct buf *out, struct fault *why) ATTR_CHECK;

/* lex_wrong - a fault of l->cause: WHAT, with the text that stands at offset AT. */
enum cause lex_wrong(const struct lex *l, size_t at, const char *what, struct fault *why);

#endif
