/*
 * message.h: a message in stored form: header in memory, body in memory up to LIMIT_BODY_MEMORY
 * and beyond that in an unlinked file, so that memory stays constant whatever the size.
 *
 * Stored form: every line ends with LF alone; no dot is stuffed. The header holds whole fields
 * only (each with its LF; folded lines kept), without the empty line; the body is what follows the
 * empty line. Facts are counted in the one pass that reads.
 */
#ifndef MAIL_MESSAGE_H
#define MAIL_MESSAGE_H

#include "base/buf.h"
#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct message_facts {
    uint64_t octets;       /* of the body in stored form */
    uint64_t lines;        /* LFs in it */
    uint64_t dots;         /* lines of it that begin with a dot */
    uint64_t longest_line; /* without its LF */
    bool eight_bit;        /* an octet over 127 */
    bool utf8;             /* all of it is well-formed UTF-8 (an empty body, too) */
    bool nul;
};

struct message {
    struct buf header;         /* stored form */
    struct message_facts body; /* facts of the body only; the header's are computed at need */
    struct buf text;           /* body, while it fits in memory */
    int fd;                    /* body, when it did not; else -1 */
};

/* message_new - an empty message, for who builds one (header and text may be appended to; facts
 * must be kept true). Owned by the caller (message_close). */
struct message *message_new(void);

struct message_input {
    int fd;             /* read to its end */
    bool dot_ends;      /* a line of one dot ends the input (neither -i nor -oi given) */
    const char *tmpdir; /* for the body file, or NULL: base/file's choice */
    bool *ended;        /* set when the end was read, whatever is returned; may be NULL */
};

/*
 * message_read - reads FD to its confirmed end (read(2) gave 0, or the lone dot) and stores it by
 * DESIGN section 6: \n, \r\n and \r\r\n end a line; any other CR is a space in the header and a
 * line end in the body; NUL in the header is a space; a UTF-8 byte order mark at the very start
 * is dropped, and so is a first line "From " or ">From ";
 * a line that is no header field ends the header and starts the body, nothing lost; but not when
 * a Bcc field would become text by that (stray.h).
 * out:   owned by the caller (message_close).
 * fails: CAUSE_INPUT (read failed), CAUSE_BAD_MESSAGE (header over LIMIT_HEADER; a stray Bcc, and
 *        then the input was read to its end), CAUSE_DISK_FULL, CAUSE_IO, CAUSE_INTERRUPTED.
 *        After a failure the input may have more (message_drain).
 */
enum cause message_read(struct message **out, const struct message_input *in,
                        struct fault *why) ATTR_CHECK;

/* message_drain - reads FD to its end and forgets it; errors end the draining. */
void message_drain(int fd);

/* Where a reading of the body stands; zero-initialised: at its first octet. */
struct message_cursor {
    uint64_t at;
};

/*
 * message_body_next - the next piece of the body, at most CAP octets: either a pointer into memory
 * or, for a body in a file, into SCRATCH (CAP octets, borrowed). *n 0: the end.
 * fails: CAUSE_IO (also when the file is shorter than counted).
 */
enum cause message_body_next(const struct message *m, struct message_cursor *c, char *scratch,
                             size_t cap, const char **piece, size_t *n,
                             struct fault *why) ATTR_CHECK;

/*
 * message_wire_size - octets of the message as the SIZE parameter of RFC 1870 counts them: header,
 * empty line and body with CRLF line ends, no stuffed dots, no end mark.
 */
uint64_t message_wire_size(const struct message *m);

/* message_has_8bit - an octet over 127 is among the N octets at P. Eight at a time. */
bool message_has_8bit(const char *p, size_t n);

/*
 * message_transportable - that the message can go as it is: no NUL, no line over LIMIT_TEXT_LINE,
 * and, unless EIGHT_BIT_OK, no octet over 127. fails: CAUSE_NEEDS_ARMOR saying what and
 * where. (Replaced by mail/armor, which mends instead.)
 */
enum cause message_transportable(const struct message *m, bool eight_bit_ok,
                                 struct fault *why) ATTR_CHECK;

/* message_close - frees, closes, nulls. */
void message_close(struct message **m);

#endif
