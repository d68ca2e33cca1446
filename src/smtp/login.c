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
#include "smtp/login_choice.h"
#include "smtp/talk.h"

#define ROUNDS_MAX     8   /* challenges of one exchange; no mechanism needs more */
#define COMMAND_LINE   512 /* RFC 5321 4.5.3.1.4, and RFC 4954 4 for an initial response */
#define RESPONSE_LIMIT (LIMIT_AUTH_LINE / 4 * 3)

static void login_begin(struct login *l, struct session *s)
{
    *l = (struct login){.s = s};
    l->ex.in.user = s->p.user;
    l->ex.in.host = s->p.host;
    l->ex.in.port = s->p.port;
    buf_init(&l->binding, LOGIN_BINDING_LIMIT);
}

/* Ends one exchange; what it was made of stays. */
static void exchange_end(struct login *l)
{
    struct sasl_input in = l->ex.in;

    sasl_end(&l->ex);
    l->ex = (struct sasl_exchange){.row = l->ex.row, .in = in};
}

static void login_end(struct login *l)
{
    sasl_end(&l->ex);
    buf_free(&l->binding);
}

/*
 * Appends the response to CHALLENGE in base64 to LINE. What the response gives away is a secret as
 * far as anyone may read, also when it is more than the password.
 */
static enum cause add_response(struct login *l, const char *challenge, size_t n, struct buf *line,
                               struct fault *why)
{
    struct sasl_exchange *ex = &l->ex;
    struct buf plain;
    enum cause c;

    buf_init_secret(&plain, RESPONSE_LIMIT);
    c = ex->row->answer(ex, challenge, n, &plain, why);
    if (c == CAUSE_NONE) {
        transcript_secret(l->s->transcript, plain.data + ex->secret_from,
                          plain.len - ex->secret_from);
        b64_encode(line, plain.data, plain.len);
        if (line->over)
            c = fault_set(why, CAUSE_SECRET, "the password is too long for a login");
        ex->step++;
    }
    buf_free(&plain);
    return login_trouble(c, why);
}

static enum cause say(struct login *l, const struct buf *line, size_t keep, struct fault *why)
{
    struct talk_line out = {
        .text = line->data, .n = line->len, .mask = keep < line->len, .keep = keep};

    return talk_line(l->s, STAGE_AUTH, &out, why);
}

/*
 * "AUTH NAME", with the initial response if the mechanism has one and the line may hold it (RFC
 * 4954 4). *SHOWN: how much of it people may see.
 */
static enum cause command(struct login *l, struct buf *line, size_t *shown, struct fault *why)
{
    size_t bare;
    enum cause c = CAUSE_NONE;

    buf_adds(line, "AUTH ");
    buf_adds(line, l->ex.row->name);
    bare = line->len;
    *shown = bare;
    if (!l->ex.row->first)
        return CAUSE_NONE;
    buf_addc(line, ' ');
    c = add_response(l, NULL, 0, line, why);
    if (line->len == bare + 1) /* an empty response is spelled so */
        buf_addc(line, '=');
    *shown = bare + 1;
    if (line->len > COMMAND_LINE - 2) {
        buf_cut(line, bare);
        *shown = bare;
        l->ex.step = 0;
    }
    return c;
}

static enum cause start(struct login *l, struct fault *why)
{
    struct buf line;
    size_t shown;
    enum cause c;

    buf_init_secret(&line, LIMIT_AUTH_LINE + 64); /* the longest response may have to be cut off */
    c = command(l, &line, &shown, why);
    if (c == CAUSE_NONE)
        c = say(l, &line, shown, why);
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

    buf_init_secret(&challenge, LIMIT_AUTH_LINE); /* it may be an echo */
    buf_init_secret(&line, LIMIT_AUTH_LINE);
    is_base64 = b64_decode(&challenge, text->data, text->len);
    transcript_scrub(l->s->transcript, text);
    c = add_response(l, is_base64 ? challenge.data : NULL, challenge.len, &line, why);
    if (c == CAUSE_AUTH_MECHANISM) {
        /* It goes on asking where the mechanism has ended: its fault, not the password's. */
        c = fault_set(why, CAUSE_PROTOCOL, "the server asks for more than AUTH %s has to say",
                      l->ex.row->name);
        reply_words(&l->s->reply, STAGE_AUTH, why);
    }
    if (l->ex.said.cause != CAUSE_NONE)
        transcript_scrub(l->s->transcript, &l->ex.said.text);
    else if (c != CAUSE_NONE)
        transcript_scrub(l->s->transcript, &why->text);
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

/* The password or token was judged: what may be wrong with it. */
static void advise(const struct login *l, struct fault *why)
{
    if (l->ex.row->token)
        fault_hint(why, "it may have expired or not be meant for sending mail: try "
                        "password_command by hand");
    else if (l->ex.row->binds && l->ex.said.cause == CAUSE_NONE)
        fault_hint(why, "check 'user' and the password; if they are right, the server may bind "
                        "logins in another way: try auth = scram-sha-256");
}

/* What a 5yz means, and whether the password is still unjudged so that AGAIN may be tried. */
static enum cause refusal(struct login *l, bool *again, struct fault *why)
{
    struct session *s = l->s;
    int code = s->reply.code;

    if (l->ex.said.cause != CAUSE_NONE) {
        fault_copy(why, &l->ex.said);
        *again = l->ex.other_binding;
    } else if (code == 530 || code == 538) {
        fault_set(why, CAUSE_AUTH_NEEDED, "the server takes no login on this connection");
    } else if (code == 504 || (code >= 500 && code <= 503) || wants_stronger(&s->reply)) {
        *again = true;
        fault_set(why, CAUSE_AUTH_MECHANISM, "the server takes no AUTH %s", l->ex.row->name);
    } else {
        fault_set(why, CAUSE_AUTH_REFUSED, "the server refused the %s of %s",
                  l->ex.row->token ? "token" : "login",
                  l->ex.in.user != NULL ? l->ex.in.user : "this account");
    }
    if (why->cause == CAUSE_AUTH_REFUSED)
        advise(l, why);
    reply_words(&s->reply, STAGE_AUTH, why);
    return why->cause;
}

/* What the reply in s->reply that ends an exchange means. */
static enum cause verdict(struct login *l, bool *again, struct fault *why)
{
    struct session *s = l->s;

    *again = false;
    if (s->reply.code == 235) {
        if (sasl_accepted(&l->ex, why) == CAUSE_NONE) {
            s->mech = l->ex.row->mech;
            s->logged_in = true;
            return CAUSE_NONE;
        }
        s->state = SESSION_BROKEN;
        return login_trouble(why->cause, why);
    }
    if (reply_is(&s->reply, 4)) {
        *again = s->reply.code == 454 && l->ex.said.cause == CAUSE_NONE;
        return talk_refused(s, CAUSE_AUTH_TEMPORARY, STAGE_AUTH,
                            "the server could not check the login now", why);
    }
    return reply_is(&s->reply, 5) ? refusal(l, again, why) : talk_unexpected(s, STAGE_AUTH, why);
}

/*
 * s->credential: what tells this login from every other without telling the secret (memory keeps
 * it). Zero when there is no HMAC.
 */
static void note_credential(struct login *l)
{
    struct session *s = l->s;
    const char *user = s->p.user != NULL ? s->p.user : "";
    struct buf text;

    buf_init_secret(&text, LIMIT_SECRET + LIMIT_CONFIG_LINE);
    buf_adds(&text, l->ex.row->name);
    buf_addc(&text, '\0');
    buf_adds(&text, user);
    buf_addc(&text, '\0');
    if (l->ex.row->needs_secret)
        buf_add(&text, s->secret.data, s->secret.len);
    if (text.over || !sasl_crypto_hmac(SASL_HASH_SHA256, s->p.known.salt, SESSION_SALT, text.data,
                                       text.len, s->credential))
        memset(s->credential, 0, sizeof(s->credential));
    buf_free(&text);
}

/* One exchange with one mechanism. */
static enum cause attempt(struct login *l, bool *again, struct fault *why)
{
    enum cause c;
    int round;

    *again = false;
    note_credential(l);
    c = start(l, why);
    for (round = 0; c == CAUSE_NONE && l->s->reply.code == 334; round++) {
        if (round == ROUNDS_MAX) {
            fault_set(why, CAUSE_PROTOCOL, "the login does not come to an end");
            why->stage = STAGE_AUTH;
            return cancel(l, why);
        }
        if (round == 0 && l->ex.row->flight)
            l->ex.step = 0; /* the server has not looked at the initial response: once more */
        c = respond(l, why);
    }
    return c == CAUSE_NONE ? verdict(l, again, why) : c;
}

void login_forget(struct session *s)
{
    buf_free(&s->secret);
    buf_free(&s->login);
    s->has_secret = false;
}

/*
 * Whether there is anything left to try after C. A server that does not know a kind of channel
 * binding is asked with the other one; one that knows neither is not asked without: it would be
 * told "y" (RFC 5802 6), and who stands between could have made up its answer.
 */
static bool go_on(struct login *l, enum cause c, bool again)
{
    if (c == CAUSE_AUTH_REFUSED && login_renew(l))
        return true;
    if (!again || l->s->state == SESSION_BROKEN)
        return false;
    if (l->ex.other_binding && !l->end_point) {
        l->end_point = true;
        return true;
    }
    l->tried |= l->ex.other_binding ? SASL_SCRAM : SASL_BIT(l->ex.row->mech);
    return true;
}

static enum cause run(struct login *l, struct fault *why)
{
    bool again = true, first = true;
    enum cause c = CAUSE_NONE;

    while (again) {
        exchange_end(l);
        c = login_choose(l, why);
        if (c != CAUSE_NONE)
            return c;
        if (l->ex.row == NULL && !first)
            return why->cause; /* the last refusal stands */
        if (l->ex.row == NULL)
            return l->s->p.auth_optional ? CAUSE_NONE : login_impossible(l->s, why);
        first = false;
        c = attempt(l, &again, why);
        again = c != CAUSE_NONE && go_on(l, c, again);
    }
    if (c == CAUSE_NONE)
        fault_free(why); /* of the mechanism before */
    return c;
}

enum cause login_run(struct session *s, struct fault *why)
{
    struct login l;
    enum cause c;

    login_begin(&l, s);
    transcript_in_login(s->transcript, true);
    transcript_challenges(s->transcript, true);
    c = run(&l, why);
    transcript_challenges(s->transcript, false);
    transcript_in_login(s->transcript, false);
    login_end(&l);
    login_forget(s);
    return c;
}

/* Whether a flight may be thought of at all: FLIGHTS section 5. */
static bool may_travel(const struct session *s)
{
    const struct session_known *k = &s->p.known;

    return s->p.auth && stream_is_tls(s->stream) && session_grade(s) >= PIPELINING_AUTO &&
           k->has_credential && k->offers == s->caps.offers;
}

enum cause login_prepare(struct session *s, struct fault *why)
{
    const struct session_known *k = &s->p.known;
    struct login l;
    size_t shown;
    enum cause c;

    if (!may_travel(s))
        return CAUSE_NONE;
    login_begin(&l, s);
    c = login_choose(&l, why);
    if (c == CAUSE_NONE && l.ex.row != NULL && l.ex.row->flight) {
        note_credential(&l);
        if (sasl_crypto_same(k->credential, s->credential, sizeof(s->credential))) {
            buf_init_secret(&s->login, LIMIT_AUTH_LINE + 64);
            c = command(&l, &s->login, &shown, why);
            s->login_shown = shown;
            s->mech = l.ex.row->mech;
        }
        if (c != CAUSE_NONE || l.ex.step == 0) { /* no flight, or a response that does not fit */
            buf_free(&s->login);
            s->mech = SASL_NONE;
        }
        transcript_in_login(s->transcript, s->login.len > 0);
    }
    login_end(&l);
    return c;
}

enum cause login_judge(struct session *s, struct fault *why)
{
    struct login l;
    bool again;
    enum cause c;

    login_begin(&l, s);
    l.ex.row = sasl_row(s->mech);
    s->mech = SASL_NONE;
    c = verdict(&l, &again, why);
    transcript_in_login(s->transcript, false);
    login_end(&l);
    login_forget(s);
    return c;
}
