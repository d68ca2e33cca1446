/*
 * reader.h: octets of any shape to a message in stored form, push by push.
 *
 * The rules are those of message_read, which feeds it from a descriptor. Private to mail/ but for
 * who has the octets already (a server's DATA).
 */
#ifndef MAIL_READER_H
#define MAIL_READER_H

#include "base/buf.h"
#include "base/fault.h"
#include "mail/message.h"
#include "mail/mime.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum reader_line {
    READER_PREFIX, /* undecided: all of the line so far is in `prefix` */
    READER_FIELD,  /* part of a field */
    READER_DROPPED /* the mbox line */
};

struct reader {
    struct message *m;  /* borrowed: filled */
    struct fault *why;  /* of the call that runs */
    const char *tmpdir; /* for the body file; NULL: base/file's choice. Borrowed */
    bool dot_ends;
    bool ended; /* by a lone dot: nothing more is wanted */
    bool in_body;
    unsigned bom; /* octets of a byte order mark seen at the very start; all: that is over */
    unsigned crs; /* CRs just seen that may begin a line end: at most 2 */
    /* header */
    bool first_line;
    bool blanks;      /* the undecided line has blanks behind what may be its name */
    const char *wide; /* what must follow a wide blank that has begun; "" outside */
    enum reader_line line;
    struct buf prefix; /* raw: a CR in it is a lone one */
    uint64_t lines;    /* whole lines of the input up to the body */
    uint64_t torn_at;  /* the line, no field, that began the body; 0: nothing or an empty one did */
    /* body */
    bool dot;          /* a dot at the start of a line is held back */
    uint64_t line_len; /* octets of the unfinished line */
    struct mime_utf8 utf8;
};

/* reader_init - M must be an empty message; IN's fd is not used. */
void reader_init(struct reader *r, struct message *m, const struct message_input *in);

/*
 * reader_take - the next N octets of the input. Once r->ended is set the rest is ignored.
 * fails: CAUSE_BAD_MESSAGE (header over LIMIT_HEADER), CAUSE_DISK_FULL, CAUSE_IO.
 */
enum cause reader_take(struct reader *r, const char *p, size_t n, struct fault *why) ATTR_CHECK;

/* reader_end - the input has ended: M is complete. fails: as reader_take. */
enum cause reader_end(struct reader *r, struct fault *why) ATTR_CHECK;

/* reader_free - frees what was held back; M stays. */
void reader_free(struct reader *r);

#endif
