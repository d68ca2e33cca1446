/*
 * lex.c: atoms, quoted strings, comments.
 *
 * Comments nest without recursion: the depth is a counter, and its limit a number of the table of
 * limits, so that "((((..." costs neither stack nor time. The address parser works on these words
 * alone and never looks at an octet that is hidden in a comment or a string.
 */
#include "config.h"

#include "mail/lex.h"

#include <string.h>

#include "base/limits.h"

enum { SHOWN = 24 }; /* octets of the wrong place that an error shows */

int lex_peek(const struct lex *l)
{
    return l->at < l->n ? (unsigned char)l->text[l->at] : -1;
}

bool lex_is_atext(int c)
{
    if (c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
        return true;
    return c > 0 && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL;
}

size_t lex_atom(struct lex *l)
{
    size_t from = l->at;

    while (lex_is_atext(lex_peek(l)))
        l->at++;
    return l->at - from;
}

enum cause lex_wrong(const struct lex *l, size_t at, const char *what, struct fault *why)
{
    size_t left = l->n - at;
    int shown = (int)(left < SHOWN ? left : SHOWN);

    if (left == 0)
        fault_set(why, l->cause, "%s at the end", what);
    else
        fault_set(why, l->cause, "%s at \"%.*s\"", what, shown, l->text + at);
    why->offset = at;
    return l->cause;
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t';
}

/* At a fold: LF with a blank behind it. */
static bool at_fold(const struct lex *l)
{
    return lex_peek(l) == '\n' && l->at + 1 < l->n && is_blank((unsigned char)l->text[l->at + 1]);
}

/*
 * One octet of a comment or string into OUT (NULL: dropped), a backslash read with what it
 * protects.
 */
static enum cause take_octet(struct lex *l, struct buf *out, struct fault *why)
{
    int c = lex_peek(l);

    if (c == '\\' && l->at + 1 < l->n) {
        l->at++;
        c = lex_peek(l);
    } else if (at_fold(l)) {
        l->at++;
        return CAUSE_NONE;
    }
    if ((c < 0x20 && c != '\t') || c == 0x7f)
        return lex_wrong(l, l->at, "control character", why);
    if (out != NULL)
        buf_addc(out, l->text[l->at]);
    l->at++;
    return CAUSE_NONE;
}

static enum cause skip_comment(struct lex *l, struct fault *why)
{
    size_t start = l->at, depth = 0;
    enum cause cause;

    if (l->comment != NULL)
        buf_reset(l->comment);
    do {
        int c = lex_peek(l);

        if (c < 0)
            return lex_wrong(l, start, "comment without end", why);
        if (c == '(' && ++depth > LIMIT_COMMENT_DEPTH)
            return lex_wrong(l, l->at, "comments nested too deep", why);
        if (c == ')')
            depth--;
        /* the outermost parentheses are no part of the text */
        if ((c == '(' && depth == 1) || (c == ')' && depth == 0)) {
            l->at++;
            continue;
        }
        cause = take_octet(l, l->comment, why);
        if (cause != CAUSE_NONE)
            return cause;
    } while (depth > 0);
    return CAUSE_NONE;
}

enum cause lex_skip(struct lex *l, bool *skipped, struct fault *why)
{
    enum cause cause = CAUSE_NONE;
    size_t from = l->at;

    while (cause == CAUSE_NONE) {
        if (is_blank(lex_peek(l)) || at_fold(l))
            l->at++;
        else if (lex_peek(l) == '(')
            cause = skip_comment(l, why);
        else
            break;
    }
    if (skipped != NULL && l->at > from)
        *skipped = true;
    return cause;
}

enum cause lex_quoted(struct lex *l, struct buf *out, struct fault *why)
{
    size_t start = l->at++;
    enum cause cause = CAUSE_NONE;

    while (cause == CAUSE_NONE) {
        int c = lex_peek(l);

        if (c < 0)
            return lex_wrong(l, start, "quoted string without end", why);
        if (c == '"') {
            l->at++;
            break;
        }
        cause = take_octet(l, out, why);
    }
    return cause;
}
