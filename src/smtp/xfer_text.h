/* xfer_text.h: the text of the message, from 354 to the end mark. Private to the room. */
#ifndef SMTP_XFER_TEXT_H
#define SMTP_XFER_TEXT_H

#include "mail/envelope.h"
#include "mail/message.h"
#include "smtp/session.h"

#include <stdbool.h>
#include <stdint.h>

/* What became of it. */
struct xfer_text {
    bool out;        /* all of it was handed over, end mark included */
    bool may_be_out; /* an octet of the write that holds the end mark was */
    bool answered;   /* the server spoke before all was out: its reply is in the input */
    uint64_t octets; /* handed over */
};

/*
 * xfer_text_send - writes the text in DATA form. The end mark goes with the last block; from that
 * write on signals are held (the caller lets them go after the verdict) and E is in_doubt, which is
 * taken back when the write turns out to have moved nothing. Stops, without the mark, when the
 * server speaks.
 * fails: those of stream_write; CAUSE_IO when the stored body cannot be read; CAUSE_INTERRUPTED.
 *        A whole reply that is there in spite of a failed write makes it `answered` instead.
 */
enum cause xfer_text_send(struct session *s, struct envelope *e, const struct message *m,
                          struct xfer_text *t, struct fault *why) ATTR_CHECK;

#endif
