/*
 * header.h: pull scanner over a header section in stored form.
 */
#ifndef MAIL_HEADER_H
#define MAIL_HEADER_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct header_field {
    const char *name; /* borrowed from the text; blanks before the colon not counted */
    size_t name_len;
    const char *body; /* behind the colon and blanks, folds kept, without the last LF */
    size_t body_len;
    size_t start; /* offset of the field in the text */
    size_t end;   /* offset behind its LF */
};

struct header_scan {
    const char *text;
    size_t len;
    size_t at;
};

/* header_scan_init - TEXT (N octets of whole fields) is borrowed until the scan is done. */
void header_scan_init(struct header_scan *s, const char *text, size_t n);

/*
 * header_next - the next field with its folded lines; false at the end. A line that is no field
 * (a header_line_is_field scan would have kept it out) comes with an empty name, all of it body.
 */
bool header_next(struct header_scan *s, struct header_field *f);

/*
 * header_name_order - order of two names without regard to ASCII case: negative, 0, positive.
 */
int header_name_order(const char *a, size_t an, const char *b, size_t bn);

/* header_is_name_char - C may stand in a field name (RFC 5322 3.6.8: printable ASCII, no colon). */
bool header_is_name_char(char c);

/*
 * header_wide_blank - a blank that only UTF-8 can write begins with LEAD when what follows is the
 * result (not empty then). What an input method or a web page put between "Bcc" and its colon must
 * not show who gets a copy. Only there is it a blank.
 */
const char *header_wide_blank(char lead);

/* header_is - the field's name is NAME, without regard to ASCII case. */
bool header_is(const struct header_field *f, const char *name);

/* header_is_blank - nothing but blanks and folds stands behind the colon. */
bool header_is_blank(const struct header_field *f);

/* header_find - the first field NAME in TEXT; false when there is none. */
bool header_find(const char *text, size_t n, const char *name, struct header_field *f);

/*
 * header_line_is_field - whether a line (without LF) can begin a field: RFC 5322 2.2 name, blanks
 * (obsolete, 4.5.8; wide ones, too), colon, the colon within LIMIT_TEXT_LINE octets.
 */
bool header_line_is_field(const char *line, size_t n);

/*
 * header_unfold - appends the field's body on one line: each LF of a fold removed. False past the
 * ceiling of OUT, which then holds what it had.
 */
bool header_unfold(const struct header_field *f, struct buf *out);

#endif
