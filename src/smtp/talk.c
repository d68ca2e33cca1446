/*
 * talk.c: lines out and replies in.
 *
 * Two rules are kept here for everyone. Silence before speech (R5): a reply that waits before a
 * command was sent answers something else, and counting on would credit it to the wrong command.
 * Listening after failure: a server that refuses and hangs up makes our write fail, but what it
 * said is the verdict, not the reset behind it.
 */
#include "config.h"

#include "smtp/talk.h"

#include "base/limits.h"

#define OUT_OF_TURN_MS 2000 /* for the rest of a reply that nobody asked for */

deadline_ms talk_until(const struct session *s)
{
    bool is_ready = s->state == SESSION_READY || s->state == SESSION_DIRTY;
    deadline_ms at = deadline_earlier(deadline_in(s->p.reply_timeout_ms), s->p.until);

    return is_ready ? at : deadline_earlier(at, s->p.ready_by);
}

enum cause talk_lost(struct session *s, enum stage stage, struct fault *why)
{
    if (why->cause == CAUSE_TIMEOUT && deadline_left(s->p.until) == 0)
        fault_hint(why, "the whole session had its time: `deadline` of the account says how much");
    s->state = SESSION_BROKEN;
    why->stage = stage;
    return why->cause;
}

/* A 334 of the login came unscrubbed, for its mechanism to read (reply.c). */
static void add_words(struct session *s, enum stage stage, struct fault *why)
{
    (void)transcript_scrub(s->transcript, &s->reply.text);
    reply_words(&s->reply, stage, why);
}

enum cause talk_silence(struct session *s, enum stage stage, struct fault *why)
{
    enum cause c;

    if (!stream_input_waiting(s->stream))
        return CAUSE_NONE;
    c = talk_reply(s, stage, deadline_earlier(talk_until(s), deadline_in(OUT_OF_TURN_MS)), false,
                   why);
    s->state = SESSION_BROKEN;
    if (c == CAUSE_NONE) {
        fault_set(why, CAUSE_PROTOCOL, "the server spoke out of turn, before %s",
                  fault_stage_name(stage));
        add_words(s, stage, why);
        return CAUSE_PROTOCOL;
    }
    if (c == CAUSE_BUSY || c == CAUSE_INTERRUPTED)
        return c;
    fault_set(why, CAUSE_PROTOCOL, "the server sent octets out of turn, before %s",
              fault_stage_name(stage));
    return talk_lost(s, stage, why);
}

enum cause talk_send(struct session *s, enum stage stage, const char *lines, size_t n,
                     struct fault *why)
{
    size_t sent = 0;

    if (stream_write(s->stream, lines, n, false, talk_until(s), &sent, why) == CAUSE_NONE)
        return CAUSE_NONE;
    return talk_lost(s, stage, why);
}

enum cause talk_reply(struct session *s, enum stage stage, deadline_ms until, bool lenient_250,
                      struct fault *why)
{
    if (reply_read(s->stream, s->transcript, lenient_250, until, &s->reply, why) != CAUSE_NONE)
        return talk_lost(s, stage, why);
    if (s->reply.cut)
        s->state = SESSION_BROKEN;
    if (s->reply.code != 421)
        return CAUSE_NONE;
    s->state = SESSION_BROKEN;
    return talk_refused(s, CAUSE_BUSY, stage, "the server closes the connection", why);
}

bool talk_has_reply(const struct session *s)
{
    struct fault why = {0};
    struct reply r;
    size_t n, used;
    const char *in = stream_input(s->stream, &n);
    bool has;

    reply_init(&r);
    has = n > 0 && reply_parse(in, n, false, &r, &used, &why) == REPLY_WHOLE;
    reply_free(&r);
    fault_free(&why);
    return has;
}

enum cause talk_line(struct session *s, enum stage stage, const struct talk_line *line,
                     struct fault *why)
{
    struct buf out;
    enum cause c = talk_silence(s, stage, why);

    if (c != CAUSE_NONE)
        return c;
    buf_init_secret(&out, LIMIT_AUTH_LINE + 2);
    buf_add(&out, line->text, line->n);
    buf_adds(&out, "\r\n");
    if (out.over) {
        buf_free(&out);
        return fault_set(why, CAUSE_SOFTWARE, "a command line is too long");
    }
    transcript_sent(s->transcript, line->text, line->n, line->mask, line->keep);
    c = talk_send(s, stage, out.data, out.len, why);
    buf_free(&out);
    if (c == CAUSE_NONE || talk_has_reply(s))
        c = talk_reply(s, stage, talk_until(s), false, why);
    return c;
}

enum cause talk_refused(struct session *s, enum cause cause, enum stage stage, const char *text,
                        struct fault *why)
{
    fault_set(why, cause, "%s", text);
    add_words(s, stage, why);
    return cause;
}

enum cause talk_unexpected(struct session *s, enum stage stage, struct fault *why)
{
    s->state = SESSION_BROKEN;
    fault_set(why, CAUSE_PROTOCOL, "a reply that makes no sense at %s", fault_stage_name(stage));
    add_words(s, stage, why);
    return CAUSE_PROTOCOL;
}

void talk_abandon(struct session *s)
{
    s->state = SESSION_BROKEN;
    if (s->stream != NULL) {
        transcript_note(s->transcript, "closed without ending the message");
        stream_close(&s->stream, STREAM_HARD);
    }
}
