/*
 * mime.h: writing MIME. Header text beyond ASCII as RFC 2047 encoded words.
 */
#ifndef MAIL_MIME_H
#define MAIL_MIME_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* Where the words stand. RFC 2047 section 5 allows fewer octets inside a phrase. */
enum mime_where {
    MIME_PHRASE,      /* a display name: all of it becomes words */
    MIME_UNSTRUCTURED /* Subject, Comments, X-...: plain words stay as they are */
};

/* RFC 2047 section 2: the longest encoded word, and the longest line that holds one. */
enum { MIME_WORD_MAX = 75, MIME_LINE_MAX = 76 };

/*
 * mime_is_plain - true when TEXT may stand in a header as it is: printable ASCII, blanks, TAB and
 * folds (LF followed by a blank or TAB) only. Encoded words that are there already are plain.
 */
bool mime_is_plain(const char *text, size_t n);

/* mime_utf8_length - octets of the well-formed UTF-8 character at S (N > 0 left); 0: malformed. */
size_t mime_utf8_length(const char *s, size_t n);

/* mime_is_utf8 - N octets are well-formed UTF-8 (no surrogates, nothing over-long). */
bool mime_is_utf8(const char *text, size_t n);

/* Text that comes in pieces, cut anywhere. Zero-initialised: nothing has come. */
struct mime_utf8 {
    char open[4]; /* the first octets of a character that the last piece cut */
    unsigned n;
};

/*
 * mime_utf8_feed - whether the next N octets, behind the cut character, are well-formed UTF-8, but
 * for a character that they cut again. Not to be asked once it was false.
 */
bool mime_utf8_feed(struct mime_utf8 *u, const char *text, size_t n);

/* mime_is_encoded_word - the N octets are one whole RFC 2047 word. */
bool mime_is_encoded_word(const char *word, size_t n);

/*
 * mime_encode_words - appends TEXT (a field body or a part of one, folded or not, any octets) with
 * what is not plain as encoded words, charset UTF-8, or unknown-8bit (RFC 1428) when TEXT is not
 * valid UTF-8; Q or B, whichever is shorter. Every word has at most MIME_WORD_MAX octets and
 * holds whole characters; encoded words that are there already stay. Lines are folded with LF and
 * a blank so that they keep to MIME_LINE_MAX where a word with no blank in it allows; the text
 * after unfolding and decoding is the one given. Control octets other than TAB come out as blanks.
 * COLUMN is how many octets the line already has ("Subject: " is 9).
 * False when OUT's ceiling was passed (OUT->over).
 */
bool mime_encode_words(struct buf *out, const char *text, size_t n, enum mime_where where,
                       size_t column);

#endif
