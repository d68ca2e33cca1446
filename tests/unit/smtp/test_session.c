/* test_session.c: greeting, EHLO, STARTTLS and login against scripted servers. */
#include "config.h"

#include "smtp/session.h"

#include "base/b64.h"
#include "talk_script.h"
#include "tap.h"

#define PLAIN (1u << SASL_PLAIN)
#define LOGIN (1u << SASL_LOGIN)

/* What a row asks for. */
enum {
    STARTTLS = 1, /* tls = starttls, else off */
    AUTH = 2,     /* a login, with a password in the clear */
    STRICT = 4,   /* ... which is not allowed in the clear */
    LMTP = 8,
    ONLY_PLAIN = 16,
    NO_SECRET = 32, /* the password command fails */
    LONG = 64,      /* a password of 500 octets */
    LITERAL = 128,  /* no ehlo_name */
    LATE = 256,     /* patience has run out */
    NO_USER = 512,
};

struct row {
    const char *why;
    int flags;
    const char *script;
    enum cause cause;
    const char *says;    /* in the text, the words or the hint */
    const char *tail;    /* what the server got behind the script */
    int secrets_fetched; /* how often */
};

#define HELLO      "> 220 mail.example.org\n< EHLO me.example.org\n"
#define OFFER      HELLO "> 250-mail.example.org\n> 250 AUTH PLAIN LOGIN\n"
#define PLAIN_LINE "< AUTH PLAIN AGFsaWNlAGdlaGVpbTQy\n"
#define LOGIN_LINES                                                                                \
    "< AUTH LOGIN\n> 334 VXNlcm5hbWU6\n< YWxpY2U=\n> 334 UGFzc3dvcmQ6\n< Z2VoZWltNDI=\n"
#define QUIT "QUIT\r\n"

static const struct row rows[] = {
    /* greeting */
    {"a greeting and EHLO", 0, HELLO "> 250 hi", CAUSE_NONE, "", QUIT, 0},
    {"a greeting of two lines", 0,
     "> 220-mail\n> 220 go\n< EHLO me.example.org\n> 250-mail\n> 250 SIZE", CAUSE_NONE, "", QUIT,
     0},
    {"our own name", LITERAL, "> 220 hi\n< EHLO [127.0.0.1]\n> 250 hi", CAUSE_NONE, "", QUIT, 0},
    {"greeting 421", 0, "> 421 4.3.2 too many", CAUSE_BUSY, "too many", "", 0},
    {"greeting 450", 0, "> 450 later", CAUSE_BUSY, "later", "", 0},
    {"greeting 554", 0, "> 554 5.7.1 blocked", CAUSE_SERVER_REFUSED, "blocked", "", 0},
    {"greeting 250", 0, "> 250 hi", CAUSE_PROTOCOL, "greeting", "", 0},
    {"greeting 354", 0, "> 354 hi", CAUSE_PROTOCOL, "greeting", "", 0},
    {"greeting of a mailbox server", 0, "> * OK IMAP4rev1 ready", CAUSE_PROTOCOL, "IMAP4rev1", "",
     0},
    {"greeting of a web server", 0, "> HTTP/1.1 400 Bad Request", CAUSE_PROTOCOL, "HTTP", "", 0},
    {"no greeting, closed", 0, "!", CAUSE_CLOSED, "", "", 0},
    {"half a greeting", 0, "~ 220 mai\n!", CAUSE_CLOSED, "", "", 0},
    {"no greeting in time", LATE, "", CAUSE_TIMEOUT, "tls = implicit", "", 0},
    {"no greeting in time: who it is", LATE, "", CAUSE_TIMEOUT,
     "no greeting in time from mail.example.org:587", "", 0},
    {"a server that does not wait for its turn", 0, "> 220 hi\n> 250 you there", CAUSE_PROTOCOL,
     "out of turn", "", 0},
    {"a server that goes before its turn", 0, "> 220 hi\n> 421 shutting down", CAUSE_BUSY,
     "shutting", "", 0},
    /* EHLO */
    {"EHLO 421", 0, HELLO "> 421 no", CAUSE_BUSY, "no", "", 0},
    {"EHLO 451", 0, HELLO "> 451 no", CAUSE_BUSY, "no", QUIT, 0},
    {"EHLO 354", 0, HELLO "> 354 what", CAUSE_PROTOCOL, "EHLO", "", 0},
    {"EHLO 220", 0, HELLO "> 220 what", CAUSE_PROTOCOL, "EHLO", "", 0},
    {"EHLO cut off", 0, HELLO "> 250-mail.example.org\n!", CAUSE_CLOSED, "", "", 0},
    {"EHLO with mixed codes", 0, HELLO "> 250-mail\n> 500 no", CAUSE_PROTOCOL, "different", "", 0},
    {"EHLO 502, HELO taken", 0, HELLO "> 502 what\n< HELO me.example.org\n> 250 hi", CAUSE_NONE, "",
     QUIT, 0},
    {"EHLO 500, HELO 421", 0, HELLO "> 500 what\n< HELO me.example.org\n> 421 bye", CAUSE_BUSY,
     "bye", "", 0},
    {"EHLO 500, HELO 450", 0, HELLO "> 500 what\n< HELO me.example.org\n> 450 bye", CAUSE_BUSY,
     "bye", QUIT, 0},
    {"EHLO 550, HELO 550", 0, HELLO "> 550 what\n< HELO me.example.org\n> 550 go", //
     CAUSE_SERVER_REFUSED, "go", QUIT, 0},
    {"EHLO 500, HELO 354", 0, HELLO "> 500 what\n< HELO me.example.org\n> 354 go", //
     CAUSE_PROTOCOL, "go", "", 0},
    {"EHLO 500 and a login wanted", AUTH, HELLO "> 500 what", CAUSE_SERVER_REFUSED, "no login",
     QUIT, 0},
    {"EHLO 500 and STARTTLS wanted", STARTTLS, HELLO "> 500 what", CAUSE_SERVER_REFUSED,
     "no STARTTLS", QUIT, 0},
    {"LHLO", LMTP, "> 220 hi\n< LHLO me.example.org\n> 250 hi", CAUSE_NONE, "", QUIT, 0},
    {"LHLO 500: no HELO in LMTP", LMTP, "> 220 hi\n< LHLO me.example.org\n> 500 no",
     CAUSE_SERVER_REFUSED, "LHLO", QUIT, 0},
    /* STARTTLS */
    {"STARTTLS stripped", STARTTLS | AUTH, HELLO "> 250-mail\n> 250-SIZE 9\n> 250 AUTH PLAIN",
     CAUSE_TLS_MISSING, "SIZE AUTH", QUIT, 0},
    {"STARTTLS stripped: the hint", STARTTLS, HELLO "> 250 mail", CAUSE_TLS_MISSING,
     "tls = implicit", QUIT, 0},
    {"STARTTLS refused for now", STARTTLS, HELLO "> 250-mail\n> 250 STARTTLS\n< STARTTLS\n> 454 no",
     CAUSE_BUSY, "no", QUIT, 0},
    {"STARTTLS refused", STARTTLS, HELLO "> 250-mail\n> 250 STARTTLS\n< STARTTLS\n> 501 no",
     CAUSE_TLS_MISSING, "refused", QUIT, 0},
    {"STARTTLS 250", STARTTLS, HELLO "> 250-mail\n> 250 STARTTLS\n< STARTTLS\n> 250 ok",
     CAUSE_PROTOCOL, "STARTTLS", "", 0},
    {"R10: injected behind the 220", STARTTLS | AUTH,
     HELLO "> 250-mail\n> 250 STARTTLS\n< STARTTLS\n> 220 go\n> 250-mail\n> 250 AUTH PLAIN",
     CAUSE_PROTOCOL, "injecting", "", 0},
    {"R10: half a line injected", STARTTLS,
     HELLO "> 250-mail\n> 250 STARTTLS\n< STARTTLS\n> 220 go\n~ 2", CAUSE_PROTOCOL, "injecting", "",
     0},
    {"injected behind EHLO", STARTTLS, HELLO "> 250-mail\n> 250 STARTTLS\n> 220 go", CAUSE_PROTOCOL,
     "out of turn", "", 0},
    {"STARTTLS, then closed", STARTTLS, HELLO "> 250-mail\n> 250 STARTTLS\n< STARTTLS\n!",
     CAUSE_CLOSED, "", "", 0},
    /* login */
    {"AUTH PLAIN", AUTH, OFFER PLAIN_LINE "> 235 2.7.0 ok", CAUSE_NONE, "", QUIT, 1},
    {"AUTH LOGIN", AUTH, HELLO "> 250-m\n> 250 AUTH=LOGIN\n" LOGIN_LINES "> 235 ok", CAUSE_NONE, "",
     QUIT, 1},
    {"AUTH LOGIN with prompts that are no base64", AUTH,
     HELLO "> 250-m\n> 250 AUTH LOGIN\n< AUTH LOGIN\n> 334 Username:\n< YWxpY2U=\n> 334\n"
           "< Z2VoZWltNDI=\n> 235 ok",
     CAUSE_NONE, "", QUIT, 1},
    {"AUTH PLAIN too long for one line", AUTH | LONG | ONLY_PLAIN, OFFER "< AUTH PLAIN\n> 421 bye",
     CAUSE_BUSY, "bye", "", 1},
    {"535 is the end: LOGIN is not tried", AUTH, OFFER PLAIN_LINE "> 535 5.7.8 bad",
     CAUSE_AUTH_REFUSED, "bad", QUIT, 1},
    {"the server echoes the password", AUTH, OFFER PLAIN_LINE "> 535 geheim42 is wrong",
     CAUSE_AUTH_REFUSED, "*** is wrong", QUIT, 1},
    {"the server echoes the response", AUTH, OFFER PLAIN_LINE "> 535 AGFsaWNlAGdlaGVpbTQy",
     CAUSE_AUTH_REFUSED, "***", QUIT, 1},
    {"534 for an app password: the end", AUTH,
     OFFER PLAIN_LINE "> 534 5.7.9 Application-specific password required", CAUSE_AUTH_REFUSED,
     "Application", QUIT, 1},
    {"534 for a stronger one: the next", AUTH,
     OFFER PLAIN_LINE "> 534 5.7.9 Authentication mechanism is too weak\n" LOGIN_LINES "> 235 ok",
     CAUSE_NONE, "", QUIT, 1},
    {"504: the next", AUTH, OFFER PLAIN_LINE "> 504 no\n" LOGIN_LINES "> 235 ok", CAUSE_NONE, "",
     QUIT, 1},
    {"502: the next", AUTH, OFFER PLAIN_LINE "> 502 no\n" LOGIN_LINES "> 235 ok", CAUSE_NONE, "",
     QUIT, 1},
    {"454: the next", AUTH, OFFER PLAIN_LINE "> 454 hm\n" LOGIN_LINES "> 235 ok", CAUSE_NONE, "",
     QUIT, 1},
    {"504, then 535", AUTH, OFFER PLAIN_LINE "> 504 no\n" LOGIN_LINES "> 535 bad",
     CAUSE_AUTH_REFUSED, "bad", QUIT, 1},
    {"504 to the last one", AUTH | ONLY_PLAIN, OFFER PLAIN_LINE "> 504 no", CAUSE_AUTH_MECHANISM,
     "AUTH PLAIN", QUIT, 1},
    {"454 to the last one", AUTH | ONLY_PLAIN, OFFER PLAIN_LINE "> 454 4.7.0 hm",
     CAUSE_AUTH_TEMPORARY, "hm", QUIT, 1},
    {"432 is the end for now", AUTH, OFFER PLAIN_LINE "> 432 4.7.12 transition",
     CAUSE_AUTH_TEMPORARY, "transition", QUIT, 1},
    {"530 to AUTH", AUTH, OFFER PLAIN_LINE "> 530 5.7.0 STARTTLS first", CAUSE_AUTH_NEEDED,
     "STARTTLS first", QUIT, 1},
    {"538 to AUTH", AUTH, OFFER PLAIN_LINE "> 538 5.7.11 encrypt", CAUSE_AUTH_NEEDED, "encrypt",
     QUIT, 1},
    {"421 to AUTH", AUTH, OFFER PLAIN_LINE "> 421 bye", CAUSE_BUSY, "bye", "", 1},
    {"250 to AUTH", AUTH, OFFER PLAIN_LINE "> 250 fine", CAUSE_PROTOCOL, "fine", "", 1},
    {"334 to a whole AUTH PLAIN: it has not looked at it", AUTH,
     OFFER PLAIN_LINE "> 334 \n< AGFsaWNlAGdlaGVpbTQy\n> 235 in", CAUSE_NONE, "", QUIT, 1},
    {"... and a second one", AUTH,
     OFFER PLAIN_LINE "> 334 \n< AGFsaWNlAGdlaGVpbTQy\n> 334 \n< *\n> 501 cancelled",
     CAUSE_PROTOCOL, "more than", QUIT, 1},
    {"... and no 501 for the cancel", AUTH,
     OFFER PLAIN_LINE "> 334 \n< AGFsaWNlAGdlaGVpbTQy\n> 334 \n< *\n> 250 ok", CAUSE_PROTOCOL,
     "more than", "", 1},
    {"LOGIN asks for a third thing", AUTH,
     HELLO "> 250-m\n> 250 AUTH LOGIN\n" LOGIN_LINES "> 334 UElOOg==\n< *\n> 501 ok",
     CAUSE_PROTOCOL, "more than", QUIT, 1},
    {"closed in the middle of LOGIN", AUTH,
     HELLO "> 250-m\n> 250 AUTH LOGIN\n< AUTH LOGIN\n> 334 VXNlcm5hbWU6\n< YWxpY2U=\n!",
     CAUSE_CLOSED, "", "", 1},
    {"no AUTH offered", AUTH, HELLO "> 250 hi", CAUSE_AUTH_MECHANISM, "no AUTH", QUIT, 0},
    {"only strange mechanisms", AUTH, HELLO "> 250-hi\n> 250 AUTH GSSAPI NTLM",
     CAUSE_AUTH_MECHANISM, "GSSAPI NTLM; allowed here: PLAIN LOGIN", QUIT, 0},
    {"nothing in common", AUTH | ONLY_PLAIN, HELLO "> 250-hi\n> 250 AUTH LOGIN",
     CAUSE_AUTH_MECHANISM, "LOGIN; allowed here: PLAIN", QUIT, 0},
    {"R17: no password without TLS, and none is fetched", AUTH | STRICT, OFFER,
     CAUSE_AUTH_MECHANISM, "without TLS", QUIT, 0},
    {"the password command fails", AUTH | NO_SECRET, OFFER, CAUSE_SECRET, "gpg", QUIT, 1},
    {"no user", AUTH | NO_USER, OFFER, CAUSE_CONFIG, "user", QUIT, 1},
    {"a login is not repeated by EHLO", AUTH, OFFER PLAIN_LINE "> 235 ok", CAUSE_NONE, "", QUIT, 1},
    {"more replies than commands", AUTH, OFFER PLAIN_LINE "> 235 ok\n> 250 again", CAUSE_NONE, "",
     "", 1},
};

struct client {
    int flags;
    int fetched;
    struct buf shown;
};

static enum cause fetch(void *arg, bool fresh, struct buf *out, struct fault *why)
{
    struct client *c = arg;

    (void)fresh;
    c->fetched++;
    if ((c->flags & NO_SECRET) != 0)
        return fault_set(why, CAUSE_SECRET, "gpg said no");
    if ((c->flags & LONG) == 0) {
        buf_adds(out, "geheim42");
        return CAUSE_NONE;
    }
    for (int i = 0; i < 500; i++)
        buf_addc(out, 'x');
    return CAUSE_NONE;
}

static void show(void *arg, const char *line)
{
    struct client *c = arg;

    buf_adds(&c->shown, line);
    buf_addc(&c->shown, '\n');
}

static struct session_params params(struct client *c)
{
    return (struct session_params){
        .lmtp = (c->flags & LMTP) != 0,
        .ehlo_name = (c->flags & LITERAL) != 0 ? NULL : "me.example.org",
        .tls = (c->flags & STARTTLS) != 0 ? SESSION_TLS_STARTTLS : SESSION_TLS_OFF,
        .tls_params = {.name = "mail.example.org"},
        .auth = (c->flags & AUTH) != 0,
        .mechanisms = (c->flags & ONLY_PLAIN) != 0 ? PLAIN : PLAIN | LOGIN,
        .allow_cleartext_auth = (c->flags & STRICT) == 0,
        .user = (c->flags & NO_USER) != 0 ? NULL : "alice",
        .secret = fetch,
        .secret_arg = c,
        .reply_timeout_ms = 600000,
        .final_timeout_ms = 600000,
        .ready_by = (c->flags & LATE) != 0 ? deadline_in(0) : deadline_in(600000),
        .until = deadline_in(600000),
        .pipelining = PIPELINING_STANDARD,
        .max_recipients = 100,
    };
}

static bool says(const struct fault *why, const char *words)
{
    return strstr(why->text.data, words) != NULL || strstr(why->remote.data, words) != NULL ||
           strstr(why->hint.data, words) != NULL;
}

static bool shows_secret(const struct buf *b)
{
    return strstr(b->data, "geheim42") != NULL || strstr(b->data, "Z2VoZWltNDI") != NULL ||
           strstr(b->data, "AGFsaWNlAGdlaGVpbTQy") != NULL;
}

static void run_row(const struct row *row, bool with_transcript)
{
    struct client client = {.flags = row->flags};
    struct session_params p = params(&client);
    struct transcript t;
    struct script script;
    struct session *s = NULL;
    struct fault why = {0};
    struct stream *stream = script_start(&script, row->script);
    enum cause c;

    buf_init(&client.shown, 1 << 20);
    transcript_init(&t, show, &client);
    c = session_open(&s, stream, &p, with_transcript ? &t : NULL, &why);
    is_str(fault_row(c)->name, fault_row(row->cause)->name, row->why);
    ok((s != NULL) == (c == CAUSE_NONE), "... a session or a fault");
    session_close(&s);
    ok(s == NULL, "... closed");
    script_join(&script);
    is_str(script.oops.data, "", "... the script was followed");
    is_str(script.tail.data, row->tail, "... and its end");
    is_int(client.fetched, row->secrets_fetched, "... the secret was fetched as often");
    if (row->cause != CAUSE_NONE && c == row->cause) {
        ok(why.stage != STAGE_NONE, "... a stage is told");
        if (row->says[0] != '\0')
            ok(says(&why, row->says), "... it says \"%s\" (%s: %s; %s)", row->says, why.text.data,
               why.remote.data, why.hint.data);
        ok(!shows_secret(&why.text) && !shows_secret(&why.remote), "... and no secret");
    }
    ok(!shows_secret(&client.shown), "... none in the transcript");
    fault_free(&why);
    transcript_free(&t);
    script_free(&script);
    buf_free(&client.shown);
}

/* The capabilities count after the last EHLO, and a command may follow. */
static void test_command(void)
{
    static const char script[] = HELLO "> 250-mail\n> 250-PIPELINING\n> 250 SIZE 1000\n"
                                       "< NOOP\n> 250 ok\n< RSET\n> 250 ok\n< RSET\n> 500 what";
    struct client client = {0};
    struct session_params p = params(&client);
    struct script server;
    struct fault why = {0};
    struct session *s = NULL;

    is_int(session_open(&s, script_start(&server, script), &p, NULL, &why), CAUSE_NONE, "open");
    ok(s->caps.esmtp && s->caps.pipelining && s->caps.size_max == 1000, "offers are known");
    is_int(s->state, SESSION_READY, "ready");
    is_int(s->mech, SASL_NONE, "not logged in");
    is_int(session_command(s, STAGE_MAIL, "NOOP\r\nMAIL", &why), CAUSE_SOFTWARE,
           "a line end inside a command");
    is_int(session_command(s, STAGE_MAIL, "NOOP", &why), CAUSE_NONE, "a command");
    is_int(s->reply.code, 250, "... and its reply");
    is_int(session_reset(s, &why), CAUSE_NONE, "nothing to reset: nothing is sent");
    s->state = SESSION_DIRTY;
    is_int(session_reset(s, &why), CAUSE_NONE, "RSET");
    is_int(s->state, SESSION_READY, "... makes it ready again");
    s->state = SESSION_DIRTY;
    is_int(session_reset(s, &why), CAUSE_PROTOCOL, "RSET refused");
    is_int(s->state, SESSION_BROKEN, "... is the end");
    session_close(&s);
    script_join(&server);
    is_str(server.oops.data, "", "the script was followed");
    is_str(server.tail.data, "", "no QUIT from a broken session");
    script_free(&server);
    fault_free(&why);
}

/* A password of the longest kind goes in a line of its own, not with AUTH (RFC 4954 4). */
static void test_long_password(void)
{
    struct client client = {.flags = AUTH | LONG | ONLY_PLAIN};
    struct session_params p = params(&client);
    struct script server;
    struct fault why = {0};
    struct session *s = NULL;
    struct buf text, plain;

    buf_init(&text, 20000);
    buf_init(&plain, 1000);
    buf_add(&plain, "\0alice\0", 7);
    for (int i = 0; i < 500; i++)
        buf_addc(&plain, 'x');
    buf_adds(&text, OFFER "< AUTH PLAIN\n> 334 \n< ");
    b64_encode(&text, plain.data, plain.len);
    buf_adds(&text, "\n> 235 ok");
    is_int(session_open(&s, script_start(&server, text.data), &p, NULL, &why), CAUSE_NONE,
           "a long password");
    is_int(s->mech, SASL_PLAIN, "logged in");
    session_close(&s);
    script_join(&server);
    is_str(server.oops.data, "", "the response went by itself");
    script_free(&server);
    buf_free(&text);
    buf_free(&plain);
    fault_free(&why);
}

/* FLIGHTS section 5, "Proven": what servers were seen to say to a chunk that nobody gets. */
static void test_prove(void)
{
    static const struct {
        const char *why, *replies;
        bool proven;
        enum cause cause;
    } proofs[] = {
        {"Postfix, Exim, Dovecot", "> 503 5.5.1 no\n> 221 bye", true, CAUSE_NONE},
        {"a refusal for now", "> 451 no\n> 221 bye", true, CAUSE_NONE},
        {"runs the octets", "> 502 no\n> 250 ok\n> 221 bye", false, CAUSE_NONE},
        {"runs them, and stumbles", "> 500 no\n> 500 no\n> 221 bye", false, CAUSE_NONE},
        {"accepts the chunk", "> 250 ok\n> 221 bye", false, CAUSE_NONE},
        {"421", "> 421 bye", false, CAUSE_NONE},
        {"refused, and closed", "> 503 no\n!", false, CAUSE_NONE},
        {"closed", "!", false, CAUSE_NONE},
        {"garbage", "> what", false, CAUSE_PROTOCOL},
    };

    for (size_t i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++) {
        struct client client = {0};
        struct session_params p = params(&client);
        struct script server;
        struct fault why = {0};
        struct session *s = NULL;
        bool proven = !proofs[i].proven;
        struct buf text;

        buf_init(&text, 1000);
        buf_addf(&text, HELLO "> 250 mail\n< BDAT 6 LAST\n< NOOP\n< QUIT\n%s", proofs[i].replies);
        is_int(session_open(&s, script_start(&server, text.data), &p, NULL, &why), CAUSE_NONE,
               "open");
        is_int(session_prove(s, &proven, &why), proofs[i].cause, proofs[i].why);
        ok(proven == proofs[i].proven, "... %s", proven ? "proven" : "not proven");
        is_int(why.cause, proofs[i].cause, "... cause and fault agree");
        is_int(s->state, SESSION_BROKEN, "... and it is over");
        session_close(&s);
        script_join(&server);
        is_str(server.oops.data, "", "... the script was followed");
        is_str(server.tail.data, "", "... no second QUIT");
        script_free(&server);
        fault_free(&why);
        buf_free(&text);
    }
}

/* How much may leave at once: what is asked for, what is known, what is offered. */
static void test_grade(void)
{
    static const struct {
        enum session_pipelining asked, ceiling, want;
        bool offered;
    } grades[] = {
        {PIPELINING_AUTO, PIPELINING_FULL, PIPELINING_AUTO, true},
        {PIPELINING_FULL, PIPELINING_FULL, PIPELINING_FULL, true},
        {PIPELINING_FULL, PIPELINING_STANDARD, PIPELINING_STANDARD, true},
        {PIPELINING_STANDARD, PIPELINING_AUTO, PIPELINING_STANDARD, true},
        {PIPELINING_FULL, PIPELINING_OFF, PIPELINING_OFF, true},
        {PIPELINING_OFF, PIPELINING_FULL, PIPELINING_OFF, true},
        {PIPELINING_FULL, PIPELINING_FULL, PIPELINING_OFF, false},
    };

    for (size_t i = 0; i < sizeof(grades) / sizeof(grades[0]); i++) {
        struct session s = {.p = {.pipelining = grades[i].asked}};

        s.p.known.ceiling = grades[i].ceiling;
        s.caps.pipelining = grades[i].offered;
        is_int(session_grade(&s), grades[i].want, "grade");
    }
}

/* LIMITS MAILMAX counts transactions, not messages accepted. */
static void test_full(void)
{
    struct session s = {0};

    ok(!session_full(&s), "no limit");
    s.caps.mail_max = 2;
    s.transactions = 1;
    ok(!session_full(&s), "one of two");
    s.transactions = 2;
    ok(session_full(&s), "two of two");
}

/* A login that waited, sent alone, and EHLO behind it. */
static void test_login_alone(void)
{
    static const struct {
        const char *why, *script;
        bool again;
        enum cause cause;
        bool dsn;
    } logins[] = {
        {"alone", "> 235 in", false, CAUSE_NONE, false},
        {"the initial response ignored", "> 334 \n< AGFsaWNlAHB3\n> 235 in", false, CAUSE_NONE,
         false},
        {"refused", "> 535 no", false, CAUSE_AUTH_REFUSED, false},
        {"refused behind 334", "> 334 \n< AGFsaWNlAHB3\n> 535 no", true, CAUSE_AUTH_REFUSED, false},
        {"334 for ever", "> 334 \n< AGFsaWNlAHB3\n> 334 ", false, CAUSE_PROTOCOL, false},
        {"250", "> 250 ok", false, CAUSE_PROTOCOL, false},
        {"closed", "!", false, CAUSE_CLOSED, false},
        {"EHLO again", "> 235 in\n< EHLO me.example.org\n> 250-mail\n> 250 DSN", true, CAUSE_NONE,
         true},
        {"EHLO again is no news", "> 235 in\n< EHLO me.example.org\n> 503 again?", true, CAUSE_NONE,
         false},
        {"nor is it for now", "> 235 in\n< EHLO me.example.org\n> 450 not now", true, CAUSE_NONE,
         false},
        {"EHLO again, 354", "> 235 in\n< EHLO me.example.org\n> 354 go", true, CAUSE_PROTOCOL,
         false},
        {"EHLO again, 421", "> 235 in\n< EHLO me.example.org\n> 421 bye", true, CAUSE_BUSY, false},
    };

    for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++) {
        struct client client = {0};
        struct session_params p = params(&client);
        struct script server;
        struct fault why = {0};
        struct session *s = NULL;
        struct buf text;
        uint64_t offers;

        buf_init(&text, 1000);
        buf_addf(&text, HELLO "> 250-mail\n> 250 PIPELINING\n< AUTH PLAIN AGFsaWNlAHB3\n%s",
                 logins[i].script);
        is_int(session_open(&s, script_start(&server, text.data), &p, NULL, &why), CAUSE_NONE,
               "open");
        offers = s->caps.offers;
        buf_init_secret(&s->login, 100);
        buf_adds(&s->login, "AUTH PLAIN AGFsaWNlAHB3");
        s->login_shown = 11;
        s->mech = SASL_PLAIN;
        is_int(session_login(s, logins[i].again, &why), logins[i].cause, logins[i].why);
        ok(s->caps.dsn == logins[i].dsn, "... what it offers now");
        ok(s->caps.offers == offers, "... and by what it is known again");
        is_int((int)s->login.len, 0, "... nothing is left of the login");
        ok(s->logged_in == (logins[i].cause == CAUSE_NONE || strstr(logins[i].script, "EHLO")),
           "... in or not");
        if (logins[i].cause == CAUSE_NONE)
            is_int(session_login(s, logins[i].again, &why), CAUSE_NONE, "... and only once");
        session_close(&s);
        script_join(&server);
        is_str(server.oops.data, "", "... the script was followed");
        script_free(&server);
        fault_free(&why);
        buf_free(&text);
    }
}

int main(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        run_row(&rows[i], true);
        run_row(&rows[i], false);
    }
    test_command();
    test_long_password();
    test_prove();
    test_grade();
    test_full();
    test_login_alone();
    return done_testing();
}
