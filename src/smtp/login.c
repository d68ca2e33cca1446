/*
 * login.c: AUTH (RFC 4954).
 *
 * The rule behind the odd cases: a server that has judged a password is never asked again in this
 * session, whatever mechanism is left. Providers count failures and lock accounts, and a second
 * attempt with the same wrong password gains nothing.
 */
#include "config.h"

#include "smtp/login.h"

#include <string.h>

#include "base/b64.h"
#include "base/limits.h"
#include "smtp/talk.h"

#define ROUNDS_MAX     8   /* challenges of one exchange; no mechanism needs more */
#define COMMAND_LINE   512 /* RFC 5321 4.5.3.1.4, and RFC 4954 4 for an initial response */
#define RESPONSE_LIMIT (LIMIT_AUTH_LINE / 4 * 3)

struct login {
    struct session *s;
    const struct sasl_mech_row *row;
    struct sasl_input in;
    int step; /* responses given */
};

/*
 * Appends the response to CHALLENGE in base64 to LINE. The response itself is a secret as far as
 * anyone may read, also when it is more than the password.
 */
static enum cause add_response(struct login *l, const char *challenge, size_t n, struct buf *line,
                               struct fault *why)
{
    struct buf plain;
    enum cause c;

    buf_init_secret(&plain, RESPONSE_LIMIT);
    c = l->row->answer(&l->in, l->step, challenge, n, &plain, why);
    if (c == CAUSE_NONE) {
        if (l->row->cleartext && !(l->row->mech == SASL_LOGIN && l->step == 0))
            transcript_secret(l->s->transcript, plain.data, plain.len);
        b64_encode(line, plain.data, plain.len);
        if (line->over)
            c = fault_set(why, CAUSE_SECRET, "the password is too long for a login");
        l->step++;
    }
    buf_free(&plain);
    if (c != CAUSE_NONE)
        why->stage = STAGE_AUTH;
    return c;
}

static enum cause say(struct login *l, const struct buf *line, size_t keep, struct fault *why)
{
    struct talk_line out = {
        .text = line->data, .n = line->len, .mask = keep < line->len, .keep = keep};

    return talk_line(l->s, STAGE_AUTH, &out, why);
}

/* "AUTH NAME", with the initial response if the mechanism has one and the line may hold it. */
static enum cause start(struct login *l, struct fault *why)
{
    struct buf line;
    size_t bare;
    enum cause c = CAUSE_NONE;

    buf_init_secret(&line, LIMIT_AUTH_LINE + 64); /* the longest response may have to be cut off */
    buf_adds(&line, "AUTH ");
    buf_adds(&line, l->row->name);
    bare = line.len;
    if (l->row->first) {
        buf_addc(&line, ' ');
        c = add_response(l, NULL, 0, &line, why);
        if (line.len == bare + 1) /* an empty response is spelled so */
            buf_addc(&line, '=');
        if (line.len > COMMAND_LINE - 2) {
            buf_cut(&line, bare);
            l->step = 0;
        }
    }
    if (c == CAUSE_NONE)
        c = say(l, &line, l->step > 0 ? bare + 1 : bare, why);
    buf_free(&line);
    return c;
}

/*
 * A 334 that cannot be answered: "*" takes the exchange back (RFC 4954 4), which the server
 * confirms with 501. WHY keeps what was wrong, unless the connection goes.
 */
static enum cause cancel(struct login *l, struct fault *why)
{
    struct fault lost = {0};
    struct buf star;
    enum cause c;

    buf_init(&star, 2);
    buf_addc(&star, '*');
    c = say(l, &star, 1, &lost);
    if (c == CAUSE_NONE && l->s->reply.code != 501)
        l->s->state = SESSION_BROKEN;
    buf_free(&star);
    fault_free(&lost);
    return why->cause;
}

/* Answers the 334 in s->reply. */
static enum cause respond(struct login *l, struct fault *why)
{
    struct buf *text = &l->s->reply.text;
    struct buf challenge, line;
    bool is_base64;
    enum cause c;

    buf_init(&challenge, LIMIT_AUTH_LINE);
    buf_init_secret(&line, LIMIT_AUTH_LINE);
    is_base64 = b64_decode(&challenge, text->data, text->len);
    transcript_scrub(l->s->transcript, text);
    c = add_response(l, is_base64 ? challenge.data : NULL, challenge.len, &line, why);
    if (c == CAUSE_AUTH_MECHANISM) {
        /* It goes on asking where the mechanism has ended: its fault, not the password's. */
        c = fault_set(why, CAUSE_PROTOCOL, "the server asks for more than AUTH %s has to say",
                      l->row->name);
        reply_words(&l->s->reply, STAGE_AUTH, why);
    }
    if (c == CAUSE_NONE)
        c = say(l, &line, 0, why);
    else
        c = cancel(l, why);
    buf_free(&challenge);
    buf_free(&line);
    return c;
}

/* 534 says "another mechanism" in some servers and "an app password" in others: the words tell. */
static bool wants_stronger(const struct reply *r)
{
    return r->code == 534 && (reply_says(r, "too weak") || reply_says(r, "stronger"));
}

/* What a refusal means, and whether the password is still unjudged so that AGAIN may be tried. */
static enum cause refusal(struct login *l, bool *again, struct fault *why)
{
    struct session *s = l->s;
    int code = s->reply.code;

    if (reply_is(&s->reply, 4)) {
        *again = code == 454;
        return talk_refused(s, CAUSE_AUTH_TEMPORARY, STAGE_AUTH,
                            "the server could not check the login now", why);
    }
    if (!reply_is(&s->reply, 5))
        return talk_unexpected(s, STAGE_AUTH, why);
    if (code == 530 || code == 538)
        return talk_refused(s, CAUSE_AUTH_NEEDED, STAGE_AUTH,
                            "the server takes no login on this connection", why);
    *again = code == 504 || (code >= 500 && code <= 503) || wants_stronger(&s->reply);
    if (*again) {
        fault_set(why, CAUSE_AUTH_MECHANISM, "the server takes no AUTH %s", l->row->name);
        reply_words(&s->reply, STAGE_AUTH, why);
        return CAUSE_AUTH_MECHANISM;
    }
    fault_set(why, CAUSE_AUTH_REFUSED, "the server refused the login of %s",
              l->in.user != NULL ? l->in.user : "this account");
    reply_words(&s->reply, STAGE_AUTH, why);
    return CAUSE_AUTH_REFUSED;
}

/* One exchange with one mechanism. */
static enum cause attempt(struct login *l, bool *again, struct fault *why)
{
    enum cause c = start(l, why);
    int round;

    *again = false;
    for (round = 0; c == CAUSE_NONE && l->s->reply.code == 334; round++) {
        if (round == ROUNDS_MAX) {
            fault_set(why, CAUSE_PROTOCOL, "the login does not come to an end");
            why->stage = STAGE_AUTH;
            return cancel(l, why);
        }
        c = respond(l, why);
    }
    if (c != CAUSE_NONE)
        return c;
    return l->s->reply.code == 235 ? CAUSE_NONE : refusal(l, again, why);
}

/* The names of the mechanisms in a set of bits. */
static void add_names(struct buf *out, unsigned set)
{
    size_t start = out->len;

    for (unsigned m = 0; m < SASL_MECH_COUNT; m++) {
        if ((set & 1u << m) != 0)
            buf_addf(out, "%s%s", out->len > start ? " " : "", sasl_row((enum sasl_mech)m)->name);
    }
}

/* Nothing could be chosen: says what each side has, and which of the three reasons it is. */
static enum cause no_mechanism(const struct session *s, struct fault *why)
{
    unsigned common = s->caps.mechanisms & s->p.mechanisms;
    struct buf offered, allowed;

    buf_init(&offered, LIMIT_REPLY);
    buf_init(&allowed, LIMIT_FAULT_TEXT);
    caps_mechanisms(&s->reply, &offered);
    add_names(&allowed, common != 0 ? common : s->p.mechanisms);
    if (!s->caps.auth) {
        fault_set(why, CAUSE_AUTH_MECHANISM, "the server offers no login (no AUTH after EHLO)");
        fault_hint(why, "%s",
                   stream_is_tls(s->stream)
                       ? "set auth = off if it wants none; submission is on port 465 or 587"
                       : "set tls = starttls or implicit: many servers offer AUTH only over TLS");
    } else if (common != 0) {
        fault_set(why, CAUSE_AUTH_MECHANISM,
                  "the server offers AUTH %s, but without TLS %s would show the password to "
                  "anyone on the way",
                  offered.data, allowed.data);
        fault_hint(why, "set tls = starttls or implicit (or allow_cleartext_auth = yes, if nobody "
                        "can listen)");
    } else {
        fault_set(why, CAUSE_AUTH_MECHANISM, "the server offers AUTH %s; allowed here: %s",
                  offered.len > 0 ? offered.data : "without a mechanism",
                  allowed.len > 0 ? allowed.data : "none");
    }
    buf_free(&offered);
    buf_free(&allowed);
    why->stage = STAGE_AUTH;
    return CAUSE_AUTH_MECHANISM;
}

/* Fetches the secret once, and has it scrubbed from all that is read from here on. */
static enum cause fetch_secret(struct login *l, struct buf *secret, struct fault *why)
{
    const struct session_params *p = &l->s->p;
    enum cause c;

    if (!l->row->needs_secret || l->in.secret != NULL)
        return CAUSE_NONE;
    if (p->secret == NULL)
        return fault_set(why, CAUSE_CONFIG, "a login is wanted, but there is no password");
    c = p->secret(p->secret_arg, false, secret, why);
    if (c != CAUSE_NONE) {
        why->stage = STAGE_AUTH;
        return c;
    }
    l->in.secret = secret;
    transcript_secret(l->s->transcript, secret->data, secret->len);
    return CAUSE_NONE;
}

enum cause login_run(struct session *s, struct fault *why)
{
    struct login l = {.s = s, .in = {.user = s->p.user}};
    struct buf secret;
    unsigned tried = 0;
    bool again = true;
    enum cause c = CAUSE_NONE;

    buf_init_secret(&secret, LIMIT_SECRET);
    transcript_in_login(s->transcript, true);
    while (again) {
        enum sasl_mech m = sasl_choose(s->caps.mechanisms, s->p.mechanisms, tried,
                                       stream_is_tls(s->stream), s->p.allow_cleartext_auth);

        if (m == SASL_NONE) {
            if (tried == 0)
                c = no_mechanism(s, why);
            break; /* else the last refusal stands */
        }
        l.row = sasl_row(m);
        l.step = 0;
        tried |= 1u << m;
        c = fetch_secret(&l, &secret, why);
        if (c == CAUSE_NONE)
            c = attempt(&l, &again, why);
        else
            again = false;
        if (c == CAUSE_NONE) {
            s->mech = m;
            again = false;
        }
    }
    transcript_in_login(s->transcript, false);
    buf_free(&secret);
    return c;
}
