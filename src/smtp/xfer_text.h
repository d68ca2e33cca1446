/*
 * xfer_text.h: the text of the message on its way out, as DATA with an end mark or as chunks of
 * BDAT. Private to the room.
 */
#ifndef SMTP_XFER_TEXT_H
#define SMTP_XFER_TEXT_H

#include "mail/envelope.h"
#include "mail/message.h"
#include "mail/wire.h"
#include "smtp/session.h"

#include <stdbool.h>
#include <stdint.h>

/* Octets of a chunk, at most: whole blocks, and less than a megabyte. */
#define XFER_CHUNK ((uint64_t)15 * 64 * 1024)

/* Which part of the message is being read. */
enum xfer_part { PART_HEADER, PART_BLANK, PART_BODY, PART_END };

struct xfer_text {
    /* what became of the last write */
    bool out;        /* all of it was handed over, end of the message included */
    bool may_be_out; /* an octet of the write that holds the end of the message was */
    bool answered;   /* the server spoke before all was out: its reply is in the input */
    uint64_t octets; /* of the text handed over, ever */
    /* private */
    struct session *s;
    struct envelope *e;
    const struct message *m;
    bool in_flight; /* commands went with it: replies are expected while it is written */
    bool ended;     /* the whole message is in the block or gone */
    enum xfer_part part;
    struct wire wire;
    struct message_cursor cursor;
    const char *piece; /* of the message, not yet in the block */
    size_t left;       /* octets of it */
    char *scratch;
    struct buf block;
};

/* xfer_text_init, xfer_text_free - STUFF for DATA. All is borrowed. */
void xfer_text_init(struct xfer_text *t, struct session *s, struct envelope *e,
                    const struct message *m, bool stuff);
void xfer_text_free(struct xfer_text *t);

/*
 * xfer_text_data - writes the whole text in DATA form. The end mark goes with the last block; from
 * that write on signals are held (the caller lets them go after the verdict) and the envelope is
 * in_doubt, which is taken back when the write turns out to have moved nothing. Stops, without the
 * mark, when the server speaks.
 * fails: those of stream_write; CAUSE_IO when the stored body cannot be read; CAUSE_INTERRUPTED.
 *        A whole reply that is there in spite of a failed write makes it `answered` instead.
 */
enum cause xfer_text_data(struct xfer_text *t, struct fault *why) ATTR_CHECK;

/*
 * xfer_text_chunk - writes the next N octets of the text behind those of HEAD, which holds the BDAT
 * command and travels in the same write. LAST: they must be the rest of it, and what is said above
 * of the end mark holds for them. With t->in_flight replies do not stop the write.
 * fails: as xfer_text_data; CAUSE_SOFTWARE when the message has another size than was said.
 */
enum cause xfer_text_chunk(struct xfer_text *t, struct buf *head, uint64_t n, bool last,
                           struct fault *why) ATTR_CHECK;

#endif
