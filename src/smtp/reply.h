/*
 * reply.h: one reply, RFC 5321 4.2, whole and within limits (RULES R1-R4).
 */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"
#include "net/stream.h"
#include "smtp/transcript.h"

#include <stdbool.h>
#include <stddef.h>

struct reply {
    int code;            /* 200..599 */
    struct enhanced enh; /* RFC 2034, of the first line; class 0 = none or not fitting the code */
    struct buf text;     /* the lines without their codes, joined by \n; enhanced codes kept */
    size_t lines;
    bool cut; /* a lenient 250: its tail broke a limit, and the input is out of step behind it */
};

enum reply_state { REPLY_MORE, REPLY_WHOLE, REPLY_BAD };

/* reply_init, reply_free. */
void reply_init(struct reply *r);
void reply_free(struct reply *r);

/*
 * reply_parse - looks for one whole reply at the start of N octets. WHOLE: R is filled, *used is
 * its length. MORE: nothing decided. BAD: why says which rule was broken (grammar, line length,
 * line count, size, mixed codes). Bare LF ends a line; NUL becomes '?'. The result does not depend
 * on how the octets were cut.
 * lenient_250: the reply to the end of the message: a 250 whose tail breaks a limit is a 250 (R2).
 */
enum reply_state reply_parse(const char *in, size_t n, bool lenient_250, struct reply *r,
                             size_t *used, struct fault *why);

/*
 * reply_read - the next reply from the stream, before UNTIL (one deadline for the whole reply).
 * The transcript, if any, gets it. fails: CAUSE_PROTOCOL, and those of stream_fill.
 */
enum cause reply_read(struct stream *s, struct transcript *t, bool lenient_250, deadline_ms until,
                      struct reply *r, struct fault *why) ATTR_CHECK;

/*
 * reply_reserve - room for the longest reply, so that reading a verdict allocates nothing.
 */
void reply_reserve(struct reply *r);

/* reply_fault - makes a fault of a refusal: cause, stage, code, enhanced code, words. Returns C. */
enum cause reply_fault(const struct reply *r, enum cause c, enum stage stage, struct fault *why);

/* reply_words - adds stage, code, enhanced code and words to a fault whose text the caller made. */
void reply_words(const struct reply *r, enum stage stage, struct fault *why);

/* reply_is - the code's first digit. */
bool reply_is(const struct reply *r, int class);

/* reply_enhanced - its enhanced code is class.SUBJECT.DETAIL, whatever the class. */
bool reply_enhanced(const struct reply *r, int subject, int detail);

/* reply_says - its words hold PHRASE, any case. */
bool reply_says(const struct reply *r, const char *phrase);

#endif
