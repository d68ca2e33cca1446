/*
 * talk.h: lines out and replies in, as session, login and xfer all need them. Private to the room.
 *
 * Whatever fails here leaves the session BROKEN: the two sides no longer agree on what was said.
 */
#ifndef SMTP_TALK_H
#define SMTP_TALK_H

#include "smtp/session.h"

/* talk_until - the deadline of a reply asked for now: `timeout`, patience, session. */
deadline_ms talk_until(const struct session *s);

/*
 * talk_silence - R5: nothing may wait to be read before we speak. fails: CAUSE_BUSY when the
 * server has said 421 meanwhile, else CAUSE_PROTOCOL with its words.
 */
enum cause talk_silence(struct session *s, enum stage stage, struct fault *why) ATTR_CHECK;

/*
 * talk_send - hands over N octets of whole lines; the transcript is the caller's. Does not test
 * for silence. fails: as stream_write; what the server said before it went is in the input.
 */
enum cause talk_send(struct session *s, enum stage stage, const char *lines, size_t n,
                     struct fault *why) ATTR_CHECK;

/*
 * talk_reply - the next reply, into s->reply. fails: as reply_read; CAUSE_BUSY for 421, wherever
 * it comes (R7), s->reply holds it.
 */
enum cause talk_reply(struct session *s, enum stage stage, deadline_ms until, bool lenient_250,
                      struct fault *why) ATTR_CHECK;

/*
 * talk_has_reply - a whole reply has arrived already. After a failed write it is what the server
 * said before it went, and counts more than the failure. Never waits.
 */
bool talk_has_reply(const struct session *s);

/*
 * talk_line - one line (CRLF is added) and its reply. MASK: the transcript shows KEEP octets only.
 * When writing fails, a reply that is there already counts.
 */
struct talk_line {
    const char *text;
    size_t n;
    bool mask;
    size_t keep;
};
enum cause talk_line(struct session *s, enum stage stage, const struct talk_line *line,
                     struct fault *why) ATTR_CHECK;

/* talk_refused - makes WHY of s->reply: "TEXT", stage, words. Returns CAUSE. */
enum cause talk_refused(struct session *s, enum cause cause, enum stage stage, const char *text,
                        struct fault *why);

/* talk_unexpected - a reply code that has no meaning at this stage: CAUSE_PROTOCOL, BROKEN. */
enum cause talk_unexpected(struct session *s, enum stage stage, struct fault *why);

/*
 * talk_lost - gives WHY, a failure of the transport, its stage, and a hint when the whole session
 * had its time. BROKEN. Returns its cause.
 */
enum cause talk_lost(struct session *s, enum stage stage, struct fault *why);

/* talk_abandon - closes hard: nothing that is still on its way may arrive. BROKEN. */
void talk_abandon(struct session *s);

#endif
