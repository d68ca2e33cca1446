/*
 * session.c: from a connected stream to a server that will take mail: greeting, EHLO or LHLO with
 * HELO behind it, STARTTLS, EHLO again, login. Straight functions; `state` is for asserts and for
 * the choice between a polite and a silent end.
 */
#include "config.h"

#include "smtp/session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/xalloc.h"
#include "smtp/login.h"
#include "smtp/talk.h"

#define QUIT_WRITE_MS 2000 /* R8: saying goodbye is no reason to wait */

enum cause session_command(struct session *s, enum stage stage, const char *line, struct fault *why)
{
    struct talk_line out = {.text = line, .n = strlen(line)};

    if (strpbrk(line, "\r\n") != NULL)
        return fault_set(why, CAUSE_SOFTWARE, "a command holds a line end");
    return talk_line(s, stage, &out, why);
}

static enum cause greeting(struct session *s, struct fault *why)
{
    const char *who = stream_peer(s->stream);
    enum cause c = talk_reply(s, STAGE_GREETING, talk_until(s), false, why);

    if (c == CAUSE_TIMEOUT && s->p.tls != SESSION_TLS_IMPLICIT) {
        fault_set(why, c, "no greeting in time from %s", who);
        why->stage = STAGE_GREETING;
        fault_hint(why, "if this port speaks TLS from the start (465), set tls = implicit");
    }
    if (c != CAUSE_NONE)
        return c;
    if (s->reply.code == 220) {
        s->state = SESSION_GREETED;
        return CAUSE_NONE;
    }
    if (reply_is(&s->reply, 4))
        return talk_refused(s, CAUSE_BUSY, STAGE_GREETING, "the server takes no mail now", why);
    if (reply_is(&s->reply, 5))
        return talk_refused(s, CAUSE_SERVER_REFUSED, STAGE_GREETING,
                            "the server refuses to talk to us", why);
    return talk_unexpected(s, STAGE_GREETING, why);
}

enum session_pipelining session_grade(const struct session *s)
{
    enum session_pipelining most = s->p.known.ceiling;

    if (!s->caps.pipelining)
        return PIPELINING_OFF;
    return s->p.pipelining < most ? s->p.pipelining : most;
}

/* VERB and our name. */
static enum cause hello(struct session *s, const char *verb, struct fault *why)
{
    char literal[64];
    const char *name = s->p.ehlo_name;
    struct buf line;
    enum cause c;

    if (name == NULL) {
        stream_local_literal(s->stream, literal, sizeof(literal));
        name = literal;
    }
    buf_init(&line, LIMIT_REPLY_LINE);
    buf_addf(&line, "%s %s", verb, name);
    c = session_command(s, STAGE_EHLO, line.data, why);
    buf_free(&line);
    return c;
}

/*
 * EHLO is refused. HELO (RFC 5321 3.2) will do only where nothing is needed that EHLO would have
 * announced: without it there is neither STARTTLS nor AUTH.
 */
static enum cause fall_back(struct session *s, struct fault *why)
{
    enum cause c;

    if (s->p.lmtp)
        return talk_refused(s, CAUSE_SERVER_REFUSED, STAGE_EHLO, "the server refused LHLO", why);
    if (s->p.auth && !s->p.auth_optional)
        return talk_refused(s, CAUSE_SERVER_REFUSED, STAGE_EHLO,
                            "the server refused EHLO, and without it there is no login", why);
    if (s->p.tls == SESSION_TLS_STARTTLS)
        return talk_refused(s, CAUSE_SERVER_REFUSED, STAGE_EHLO,
                            "the server refused EHLO, and without it there is no STARTTLS", why);
    c = hello(s, "HELO", why);
    if (c != CAUSE_NONE || s->reply.code == 250)
        return c;
    if (reply_is(&s->reply, 4))
        return talk_refused(s, CAUSE_BUSY, STAGE_EHLO, "the server takes no mail now", why);
    if (reply_is(&s->reply, 5))
        return talk_refused(s, CAUSE_SERVER_REFUSED, STAGE_EHLO, "the server refused EHLO and HELO",
                            why);
    return talk_unexpected(s, STAGE_EHLO, why);
}

/* Introduces us; what was known of the server before is forgotten (RFC 3207 4.2). */
static enum cause introduce(struct session *s, struct fault *why)
{
    enum cause c;

    memset(&s->caps, 0, sizeof(s->caps));
    c = hello(s, s->p.lmtp ? "LHLO" : "EHLO", why);
    if (c != CAUSE_NONE)
        return c;
    if (s->reply.code == 250) {
        caps_parse(&s->caps, &s->reply);
        return CAUSE_NONE;
    }
    if (reply_is(&s->reply, 4))
        return talk_refused(s, CAUSE_BUSY, STAGE_EHLO, "the server takes no mail now", why);
    if (reply_is(&s->reply, 5))
        return fall_back(s, why);
    return talk_unexpected(s, STAGE_EHLO, why);
}

static enum cause handshake(struct session *s, struct fault *why)
{
    const struct tls_info *info;

    if (stream_start_tls(s->stream, &s->p.tls_params, talk_until(s), why) != CAUSE_NONE)
        return talk_lost(s, STAGE_TLS, why);
    info = stream_tls(s->stream);
    transcript_note(s->transcript, "%s %s%s", info->version, info->cipher,
                    info->resumed ? ", resumed" : "");
    return CAUSE_NONE;
}

static enum cause not_offered(struct session *s, struct fault *why)
{
    struct buf offered;

    buf_init(&offered, LIMIT_FAULT_TEXT / 2);
    caps_keywords(&s->reply, &offered);
    fault_set(why, CAUSE_TLS_MISSING, "the server offers no STARTTLS, only: %s",
              offered.len > 0 ? offered.data : "nothing");
    fault_hint(why, "if it has TLS from the start, set tls = implicit with port = 465; where "
                    "STARTTLS used to work, someone on the way may be taking it out");
    why->stage = STAGE_STARTTLS;
    buf_free(&offered);
    return CAUSE_TLS_MISSING;
}

/*
 * STARTTLS (RFC 3207). R10: octets that follow the 220 in the clear were put there by someone who
 * wants them to count as said under TLS. That is no slip to be dropped quietly: the talk ends.
 */
static enum cause start_tls(struct session *s, struct fault *why)
{
    enum cause c;

    if (!s->caps.starttls)
        return not_offered(s, why);
    c = session_command(s, STAGE_STARTTLS, "STARTTLS", why);
    if (c != CAUSE_NONE)
        return c;
    if (reply_is(&s->reply, 4))
        return talk_refused(s, CAUSE_BUSY, STAGE_STARTTLS, "the server starts no TLS now", why);
    if (reply_is(&s->reply, 5))
        return talk_refused(s, CAUSE_TLS_MISSING, STAGE_STARTTLS,
                            "the server offered STARTTLS and refused it", why);
    if (s->reply.code != 220)
        return talk_unexpected(s, STAGE_STARTTLS, why);
    if (stream_input_waiting(s->stream)) {
        s->state = SESSION_BROKEN;
        fault_set(why, CAUSE_PROTOCOL,
                  "octets in the clear behind the answer to STARTTLS: someone may be injecting");
        why->stage = STAGE_STARTTLS;
        return CAUSE_PROTOCOL;
    }
    c = handshake(s, why);
    return c == CAUSE_NONE ? introduce(s, why) : c;
}

/* The login: made ready to travel with the first MAIL, or done here and now. */
static enum cause log_in(struct session *s, struct fault *why)
{
    enum cause c = login_prepare(s, why);

    if (c != CAUSE_NONE || s->login.len > 0)
        return c;
    return login_run(s, why);
}

/*
 * The AUTH line that waits, alone. A server that answers it with 334 has not looked at the initial
 * response (RFC 4954 4): it is given once more, as the answer to that.
 */
static enum cause send_login(struct session *s, struct fault *why)
{
    struct talk_line line = {
        .text = s->login.data, .n = s->login.len, .mask = true, .keep = s->login_shown};
    struct talk_line again = {
        .text = s->login.data + s->login_shown, .n = s->login.len - s->login_shown, .mask = true};
    enum cause c;

    if (again.n == 1 && *again.text == '=')
        again.n = 0; /* nothing is "=" in the command, and an empty line behind 334 (RFC 4954 4) */

    c = talk_line(s, STAGE_AUTH, &line, why);
    if (c == CAUSE_NONE && s->reply.code == 334)
        c = talk_line(s, STAGE_AUTH, &again, why);
    if (c != CAUSE_NONE)
        return c;
    if (s->reply.code != 235 && !reply_is(&s->reply, 4) && !reply_is(&s->reply, 5))
        return talk_unexpected(s, STAGE_AUTH, why);
    return login_judge(s, why);
}

/*
 * EHLO behind the login. What was offered before still counts where the server does not want to be
 * asked, and the offers by which it is known again are those from before.
 */
static enum cause ask_again(struct session *s, struct fault *why)
{
    uint64_t offers = s->caps.offers;
    enum cause c = hello(s, s->p.lmtp ? "LHLO" : "EHLO", why);

    s->asked_again = true;
    if (c != CAUSE_NONE)
        return c;
    if (s->reply.code != 250)
        return reply_is(&s->reply, 4) || reply_is(&s->reply, 5)
                   ? CAUSE_NONE
                   : talk_unexpected(s, STAGE_EHLO, why);
    caps_parse(&s->caps, &s->reply);
    s->caps.offers = offers;
    return CAUSE_NONE;
}

enum cause session_login(struct session *s, bool again, struct fault *why)
{
    enum cause c = CAUSE_NONE;

    if (s->login.len > 0) {
        c = send_login(s, why);
        login_forget(s);
    }
    if (c == CAUSE_NONE && again && s->logged_in && !s->asked_again)
        c = ask_again(s, why);
    return c;
}

static enum cause run(struct session *s, struct fault *why)
{
    enum cause c = CAUSE_NONE;

    transcript_note(s->transcript, "connected to %s", stream_peer(s->stream));
    if (s->p.tls == SESSION_TLS_IMPLICIT)
        c = handshake(s, why);
    if (c == CAUSE_NONE)
        c = greeting(s, why);
    if (c == CAUSE_NONE)
        c = introduce(s, why);
    if (c == CAUSE_NONE && s->p.tls == SESSION_TLS_STARTTLS)
        c = start_tls(s, why);
    if (c == CAUSE_NONE && s->p.auth)
        c = log_in(s, why);
    return c;
}

enum cause session_open(struct session **out, struct stream *stream, const struct session_params *p,
                        struct transcript *t, struct fault *why)
{
    struct session *s = xcalloc(1, sizeof(*s));
    enum cause c;

    assert(p->max_recipients > 0);
    *out = NULL;
    s->p = *p;
    s->stream = stream;
    s->mech = SASL_NONE;
    transcript_init(&s->own, NULL, NULL);
    s->transcript = t != NULL ? t : &s->own;
    reply_init(&s->reply);
    stream_set_idle(stream, p->reply_timeout_ms); /* who takes nothing for so long is gone, too */
    c = run(s, why);
    if (c != CAUSE_NONE) {
        session_close(&s);
        return c;
    }
    if (s->state != SESSION_BROKEN)
        s->state = SESSION_READY;
    *out = s;
    return CAUSE_NONE;
}

enum cause session_reset(struct session *s, struct fault *why)
{
    enum cause c;

    if (s->state != SESSION_DIRTY)
        return CAUSE_NONE;
    c = session_command(s, STAGE_MAIL, "RSET", why);
    if (c != CAUSE_NONE)
        return c;
    if (s->reply.code != 250)
        return talk_unexpected(s, STAGE_MAIL, why);
    s->state = SESSION_READY;
    return CAUSE_NONE;
}

void session_speak_into(struct session *s, struct transcript *t)
{
    struct transcript *to = t != NULL ? t : &s->own;

    if (to != s->transcript)
        transcript_move_secrets(s->transcript, to);
    s->transcript = to;
}

bool session_full(const struct session *s)
{
    return s->caps.mail_max > 0 && s->transactions >= s->caps.mail_max;
}

/*
 * The octets of the chunk are a command, too: who runs them answers once more than it should. Only
 * one refusal and the farewell prove that they were swallowed.
 */
enum cause session_prove(struct session *s, bool *proven, struct fault *why)
{
    static const char lines[] = "BDAT 6 LAST\r\nNOOP\r\nQUIT\r\n";
    bool is_refused = false;
    enum cause c = talk_silence(s, STAGE_TEXT, why);

    *proven = false;
    if (c == CAUSE_NONE) {
        transcript_sent(s->transcript, "BDAT 6 LAST", 11, false, 0);
        transcript_text(s->transcript, 6);
        transcript_sent(s->transcript, "QUIT", 4, false, 0);
        c = talk_send(s, STAGE_TEXT, lines, sizeof(lines) - 1, why);
    }
    if (c == CAUSE_NONE)
        c = talk_reply(s, STAGE_TEXT, talk_until(s), false, why);
    if (c == CAUSE_NONE)
        is_refused = reply_is(&s->reply, 4) || reply_is(&s->reply, 5);
    if (is_refused)
        c = talk_reply(s, STAGE_TEXT, talk_until(s), false, why);
    *proven = c == CAUSE_NONE && is_refused && s->reply.code == 221;
    s->state = SESSION_BROKEN;
    if (c == CAUSE_CLOSED || c == CAUSE_TIMEOUT || c == CAUSE_BUSY) {
        fault_free(why);
        c = CAUSE_NONE;
    }
    return c;
}

/* A session is worth a QUIT while both sides agree on where they are. */
static bool is_in_order(const struct session *s)
{
    switch (s->state) {
    case SESSION_GREETED:
    case SESSION_READY:
    case SESSION_DIRTY:
        return s->stream != NULL;
    case SESSION_NEW:
    case SESSION_BROKEN:
        return false;
    }
    return false;
}

void session_close(struct session **s)
{
    struct session *gone = *s;
    struct fault ignored = {0};
    size_t sent;

    if (gone == NULL)
        return;
    *s = NULL;
    if (is_in_order(gone) && !stream_input_waiting(gone->stream)) {
        transcript_sent(gone->transcript, "QUIT", 4, false, 0);
        if (stream_write(gone->stream, "QUIT\r\n", 6, false, deadline_in(QUIT_WRITE_MS), &sent,
                         &ignored) != CAUSE_NONE)
            transcript_note(gone->transcript, "QUIT: %s", ignored.text.data);
        fault_free(&ignored);
    }
    if (gone->stream != NULL)
        stream_close(&gone->stream, STREAM_CLEAN);
    login_forget(gone);
    reply_free(&gone->reply);
    transcript_free(&gone->own);
    free(gone);
}
