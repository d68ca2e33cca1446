/*
 * test_login.c: AUTH around the mechanisms: which login may travel with MAIL, what its reply means,
 * what a certificate changes, when a token is asked for again. The stream is a fake of this file:
 * TLS, certificate and bindings are flags, and the server has one reply to each line.
 */
#include "config.h"

#include "smtp/login.h"

#include <string.h>

#include "base/limits.h"
#include "smtp/sasl.h"
#include "tap.h"

struct stream {
    const char *const *replies; /* to each line; NULL ends */
    struct buf in;
    struct buf log; /* what was written, with '|' between */
    bool is_tls, cert, exporter;
};

static struct stream fake;

struct stream *stream_new(int fd, const char *peer)
{
    (void)fd;
    (void)peer;
    return &fake;
}

const char *stream_peer(const struct stream *s)
{
    (void)s;
    return "mail.example.org:465";
}

void stream_local_literal(const struct stream *s, char *out, size_t size)
{
    (void)s;
    snprintf(out, size, "[127.0.0.1]");
}

const char *stream_input(const struct stream *s, size_t *n)
{
    *n = s->in.len;
    return s->in.data;
}

void stream_consume(struct stream *s, size_t n)
{
    buf_drop(&s->in, n);
}

enum cause stream_fill(struct stream *s, deadline_ms until, struct fault *why)
{
    (void)s;
    (void)until;
    return fault_set(why, CAUSE_TIMEOUT, "nothing more to say");
}

bool stream_input_waiting(struct stream *s)
{
    return s->in.len > 0;
}

enum cause stream_write(struct stream *s, const void *bytes, size_t n, bool stop_on_input,
                        deadline_ms until, size_t *sent, struct fault *why)
{
    (void)stop_on_input;
    (void)until;
    (void)why;
    buf_add(&s->log, bytes, n - 2);
    buf_addc(&s->log, '|');
    if (s->replies != NULL && *s->replies != NULL) {
        buf_adds(&s->in, *s->replies++);
        buf_adds(&s->in, "\r\n");
    }
    *sent = n;
    return CAUSE_NONE;
}

enum cause stream_start_tls(struct stream *s, const struct tls_params *p, deadline_ms until,
                            struct fault *why)
{
    (void)s;
    (void)p;
    (void)until;
    return fault_set(why, CAUSE_TLS, "not here");
}

bool stream_is_tls(const struct stream *s)
{
    return s->is_tls;
}

const struct tls_info *stream_tls(const struct stream *s)
{
    static struct tls_info info;

    info.client_cert = s->cert;
    return s->is_tls ? &info : NULL;
}

bool stream_binding(struct stream *s, enum tls_binding kind, struct buf *out)
{
    if (!s->is_tls || (kind == TLS_BINDING_EXPORTER && !s->exporter))
        return false;
    return buf_adds(out, kind == TLS_BINDING_EXPORTER ? "exported" : "hashed");
}

void stream_set_idle(struct stream *s, int64_t idle_ms)
{
    (void)s;
    (void)idle_ms;
}

void stream_hold_signals(struct stream *s, bool hold)
{
    (void)s;
    (void)hold;
}

void stream_octets(const struct stream *s, uint64_t *in, uint64_t *out)
{
    (void)s;
    *in = *out = 0;
}

void stream_close(struct stream **s, enum stream_end how)
{
    (void)how;
    *s = NULL;
}

#define A10   "AbCdEf-._~"
#define TOKEN A10 A10 A10 A10 A10 A10 A10 A10 A10 A10

/* What the secret's callback gives, and how often it was asked. */
static const char *secret, *fresh_secret;
static int asked, asked_fresh;

static enum cause fetch(void *arg, bool fresh, struct buf *out, struct fault *why)
{
    (void)arg;
    (*(fresh ? &asked_fresh : &asked))++;
    if (fresh && fresh_secret == NULL)
        return fault_set(why, CAUSE_SECRET, "no more of them");
    if (!fresh && secret == NULL)
        return fault_set(why, CAUSE_SECRET, "the command fails");
    buf_adds(out, fresh ? fresh_secret : secret);
    return CAUSE_NONE;
}

static struct transcript transcript;

/* A session behind EHLO. */
static void begin(struct session *s, unsigned offered)
{
    static const unsigned char salt[SESSION_SALT] = "salt of a server";

    *s = (struct session){.stream = &fake, .mech = SASL_NONE, .state = SESSION_GREETED};
    s->p = (struct session_params){
        .auth = true,
        .mechanisms = SASL_ALL,
        .user = "alice",
        .secret = fetch,
        .reply_timeout_ms = 1000,
        .ready_by = DEADLINE_NEVER,
        .until = DEADLINE_NEVER,
        .pipelining = PIPELINING_AUTO,
    };
    memcpy(s->p.known.salt, salt, sizeof(salt));
    s->p.known.ceiling = PIPELINING_FULL;
    s->p.known.offers = 7;
    s->caps =
        (struct caps){.auth = offered != 0, .mechanisms = offered, .pipelining = true, .offers = 7};
    transcript_init(&transcript, NULL, NULL);
    s->transcript = &transcript;
    reply_init(&s->reply);
    fake = (struct stream){.is_tls = true, .exporter = true};
    buf_init(&fake.in, 10000);
    buf_init(&fake.log, 30000);
    secret = "geheim42";
    fresh_secret = NULL;
    asked = asked_fresh = 0;
}

static void end(struct session *s)
{
    login_forget(s);
    reply_free(&s->reply);
    transcript_free(&transcript);
    buf_free(&fake.in);
    buf_free(&fake.log);
}

/* The credential of alice with PLAIN: made by a login in lock step, as memory would have it. */
static void learn(unsigned char *credential, unsigned offered)
{
    static const char *const fine[] = {"235 ok", NULL};
    struct session s;
    struct fault why = {0};

    begin(&s, offered);
    fake.cert = offered == SASL_BIT(SASL_EXTERNAL);
    fake.replies = fine;
    is_int(login_run(&s, &why), CAUSE_NONE, "a first login");
    ok(s.logged_in && s.secret.len == 0 && !s.has_secret, "... and its secret is gone");
    memcpy(credential, s.credential, SESSION_CREDENTIAL);
    end(&s);
    fault_free(&why);
}

#define PLAIN_LINE "AUTH PLAIN AGFsaWNlAGdlaGVpbTQy"

/* One thing after the other stands in the way of a flight. */
enum obstacle {
    NONE,
    NO_TLS,
    NO_PIPELINING,
    STANDARD,
    CEILING,
    NOT_KNOWN,
    OTHER_CREDENTIAL,
    OTHER_OFFERS,
    OTHER_SALT,
    OTHER_USER,
    NO_AUTH,
    LONG_SECRET,
    OTHER_MECHANISM,
    OBSTACLES
};

static void put(enum obstacle o, struct session *s)
{
    static char longest[600];

    memset(longest, 'x', sizeof(longest) - 1);
    switch (o) {
    case NONE:
    case OBSTACLES:
        break;
    case NO_TLS:
        fake.is_tls = false;
        break;
    case NO_PIPELINING:
        s->caps.pipelining = false;
        break;
    case STANDARD:
        s->p.pipelining = PIPELINING_STANDARD;
        break;
    case CEILING:
        s->p.known.ceiling = PIPELINING_STANDARD;
        break;
    case NOT_KNOWN:
        s->p.known.has_credential = false;
        break;
    case OTHER_CREDENTIAL:
        secret = "geheim43";
        break;
    case OTHER_OFFERS:
        s->caps.offers = 8;
        break;
    case OTHER_SALT:
        s->p.known.salt[0] ^= 1;
        break;
    case OTHER_USER:
        s->p.user = "bob";
        break;
    case NO_AUTH:
        s->p.auth = false;
        break;
    case LONG_SECRET:
        secret = longest;
        break;
    case OTHER_MECHANISM:
        s->caps.mechanisms = SASL_BIT(SASL_LOGIN);
        break;
    }
}

static void test_prepare(void)
{
    unsigned char known[SESSION_CREDENTIAL];

    learn(known, SASL_BIT(SASL_PLAIN));
    for (int o = NONE; o < OBSTACLES; o++) {
        struct session s;
        struct fault why = {0};

        begin(&s, SASL_BIT(SASL_PLAIN) | SASL_BIT(SASL_LOGIN));
        s.p.known.has_credential = true;
        memcpy(s.p.known.credential, known, sizeof(known));
        put((enum obstacle)o, &s);
        is_int(login_prepare(&s, &why), CAUSE_NONE, "prepare");
        if (o == NONE) {
            is_str(s.login.data, PLAIN_LINE, "... a login that may travel");
            is_int((long long)s.login_shown, 11, "... of which its name is shown");
            is_int(s.mech, SASL_PLAIN, "... by PLAIN");
            ok(s.login.secret, "... in a buffer that is wiped");
        } else {
            ok(s.login.len == 0 && s.mech == SASL_NONE, "... obstacle %d: it may not travel", o);
        }
        is_str(fake.log.data, "", "... and nothing is said");
        ok(asked <= 1, "... the secret is asked for once at most");
        if (o == OTHER_CREDENTIAL) {
            static const char *const fine[] = {"235 ok", NULL};

            fake.replies = fine;
            is_int(login_run(&s, &why), CAUSE_NONE, "the login alone, then");
            is_int(asked, 1, "... with the secret that is there");
        }
        end(&s);
        fault_free(&why);
    }
}

static void test_external_flight(void)
{
    unsigned char known[SESSION_CREDENTIAL];
    struct session s;
    struct fault why = {0};

    learn(known, SASL_BIT(SASL_EXTERNAL));
    begin(&s, SASL_BIT(SASL_EXTERNAL));
    fake.cert = true;
    s.p.known.has_credential = true;
    memcpy(s.p.known.credential, known, sizeof(known));
    is_int(login_prepare(&s, &why), CAUSE_NONE, "EXTERNAL");
    is_str(s.login.data, "AUTH EXTERNAL YWxpY2U=", "... may travel, too");
    is_int(asked, 0, "... without a secret");
    end(&s);
    fault_free(&why);
}

static const struct {
    const char *reply;
    enum cause want;
    const char *words, *why;
} verdicts[] = {
    {"235 2.7.0 ok\r\n", CAUSE_NONE, "", "in"},
    {"535 5.7.8 wrong\r\n", CAUSE_AUTH_REFUSED, "5.7.8 wrong", "refused"},
    {"535 geheim42?\r\n", CAUSE_AUTH_REFUSED, "***?", "refused with an echo"},
    {"454 4.7.0 later\r\n", CAUSE_AUTH_TEMPORARY, "4.7.0 later", "not now"},
    {"504 5.5.4 no\r\n", CAUSE_AUTH_MECHANISM, "5.5.4 no", "not in this way"},
    {"530 5.7.0 no\r\n", CAUSE_AUTH_NEEDED, "5.7.0 no", "not here"},
};

static void test_judge(void)
{
    unsigned char known[SESSION_CREDENTIAL];

    learn(known, SASL_BIT(SASL_PLAIN));
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        struct session s;
        struct fault why = {0};

        begin(&s, SASL_BIT(SASL_PLAIN));
        s.p.known.has_credential = true;
        memcpy(s.p.known.credential, known, sizeof(known));
        is_int(login_prepare(&s, &why), CAUSE_NONE, verdicts[i].why);
        buf_adds(&fake.in, verdicts[i].reply);
        is_int(reply_read(&fake, s.transcript, false, DEADLINE_NEVER, &s.reply, &why), CAUSE_NONE,
               "... a reply");
        is_int(login_judge(&s, &why), verdicts[i].want, "... is judged");
        if (verdicts[i].want != CAUSE_NONE)
            is_str(why.remote.data, verdicts[i].words, "... with its words");
        is_int(s.logged_in, verdicts[i].want == CAUSE_NONE, "... logged in or not");
        is_int(s.mech, verdicts[i].want == CAUSE_NONE ? SASL_PLAIN : SASL_NONE, "... by what");
        ok(s.login.len == 0 && s.secret.len == 0, "... and nothing is kept");
        ok(memcmp(s.credential, known, sizeof(known)) == 0, "... but what was tried");
        end(&s);
        fault_free(&why);
    }
}

/* Whole logins: what is offered, what the server says, what goes out. */
static const struct {
    unsigned offered, allowed;
    bool cert, no_user, optional, exporter;
    const char *secret, *fresh;
    const char *replies[4];
    enum cause want;
    const char *log;
    int asked, asked_fresh;
    const char *why;
} logins[] = {
    {SASL_ALL,
     SASL_ALL,
     true,
     false,
     false,
     true,
     NULL,
     NULL,
     {"235 ok"},
     CAUSE_NONE,
     "AUTH EXTERNAL YWxpY2U=|",
     0,
     0,
     "a certificate: no secret is asked for"},
    {SASL_ALL,
     SASL_ALL,
     true,
     true,
     true,
     true,
     NULL,
     NULL,
     {"235 ok"},
     CAUSE_NONE,
     "AUTH EXTERNAL =|",
     0,
     0,
     "a certificate alone"},
    {SASL_BIT(SASL_PLAIN),
     SASL_ALL,
     true,
     true,
     true,
     true,
     NULL,
     NULL,
     {NULL},
     CAUSE_NONE,
     "",
     0,
     0,
     "... and the server does not ask for it"},
    {0,
     SASL_ALL,
     true,
     true,
     true,
     true,
     NULL,
     NULL,
     {NULL},
     CAUSE_NONE,
     "",
     0,
     0,
     "... nor for any login"},
    {SASL_ALL,
     SASL_ALL,
     false,
     true,
     true,
     true,
     NULL,
     NULL,
     {NULL},
     CAUSE_NONE,
     "",
     0,
     0,
     "... nor in TLS"},
    {SASL_ALL,
     SASL_ALL,
     true,
     true,
     true,
     true,
     NULL,
     NULL,
     {"535 no"},
     CAUSE_AUTH_REFUSED,
     "AUTH EXTERNAL =|",
     0,
     0,
     "... or does not know it"},
    {SASL_BIT(SASL_EXTERNAL) | SASL_BIT(SASL_PLAIN),
     SASL_ALL,
     true,
     false,
     false,
     true,
     "geheim42",
     NULL,
     {"504 no", "235 ok"},
     CAUSE_NONE,
     "AUTH EXTERNAL YWxpY2U=|" PLAIN_LINE "|",
     1,
     0,
     "EXTERNAL is not taken, then the password"},
    {SASL_BIT(SASL_EXTERNAL) | SASL_BIT(SASL_PLAIN),
     SASL_ALL,
     true,
     false,
     false,
     true,
     NULL,
     NULL,
     {"504 no"},
     CAUSE_SECRET,
     "AUTH EXTERNAL YWxpY2U=|",
     1,
     0,
     "... which cannot be had"},
    {SASL_BIT(SASL_XOAUTH2),
     SASL_BIT(SASL_XOAUTH2),
     false,
     false,
     false,
     true,
     "t",
     "u",
     {"535 no", "235 ok"},
     CAUSE_NONE,
     "AUTH XOAUTH2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciB0AQE=|"
     "AUTH XOAUTH2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciB1AQE=|",
     1,
     1,
     "a token, then a newer one"},
    {SASL_BIT(SASL_XOAUTH2),
     SASL_BIT(SASL_XOAUTH2),
     false,
     false,
     false,
     true,
     "t",
     "t",
     {"535 no"},
     CAUSE_AUTH_REFUSED,
     "AUTH XOAUTH2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciB0AQE=|",
     1,
     1,
     "the same token is no other"},
    {SASL_BIT(SASL_XOAUTH2),
     SASL_BIT(SASL_XOAUTH2),
     false,
     false,
     false,
     true,
     "t",
     "",
     {"535 no"},
     CAUSE_AUTH_REFUSED,
     "AUTH XOAUTH2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciB0AQE=|",
     1,
     1,
     "there is no other"},
    {SASL_BIT(SASL_XOAUTH2),
     SASL_BIT(SASL_XOAUTH2),
     false,
     false,
     false,
     true,
     "t",
     NULL,
     {"535 no"},
     CAUSE_AUTH_REFUSED,
     "AUTH XOAUTH2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciB0AQE=|",
     1,
     1,
     "the command fails: the refusal stands"},
    {SASL_BIT(SASL_XOAUTH2),
     SASL_BIT(SASL_XOAUTH2),
     false,
     false,
     false,
     true,
     "t",
     "u",
     {"454 later"},
     CAUSE_AUTH_TEMPORARY,
     "AUTH XOAUTH2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciB0AQE=|",
     1,
     0,
     "not refused: no other is asked for"},
    {SASL_OAUTH,
     SASL_OAUTH,
     false,
     false,
     false,
     true,
     "t",
     "u",
     {"334 e30=", "454 later"},
     CAUSE_AUTH_TEMPORARY,
     "AUTH OAUTHBEARER bixhPWFsaWNlLAFhdXRoPUJlYXJlciB0AQE=|AQ==|",
     1,
     0,
     "454 behind a refusal: it was judged, no other mechanism"},
    {SASL_BIT(SASL_PLAIN),
     SASL_ALL,
     false,
     false,
     false,
     true,
     "geheim42",
     "u",
     {"535 no"},
     CAUSE_AUTH_REFUSED,
     PLAIN_LINE "|",
     1,
     0,
     "a password is what it is"},
    {SASL_OAUTH,
     SASL_ALL,
     false,
     false,
     false,
     true,
     "geheim42",
     NULL,
     {NULL},
     CAUSE_AUTH_MECHANISM,
     "",
     1,
     0,
     "a password and only OAuth"},
    {SASL_BIT(SASL_CRAM_MD5),
     SASL_ALL,
     false,
     false,
     false,
     true,
     "geheim42",
     NULL,
     {"334 PA==", "535 no"},
     CAUSE_AUTH_REFUSED,
     "AUTH CRAM-MD5|YWxpY2UgMjE1MzM1NjYzZDBkYmYwNjhhZmIwZmFkZDhhMzI1NDQ=|",
     1,
     0,
     "CRAM-MD5"},
};

static void test_logins(void)
{
    for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++) {
        struct session s;
        struct fault why = {0};

        begin(&s, logins[i].offered);
        fake.cert = logins[i].cert;
        fake.exporter = logins[i].exporter;
        fake.replies = logins[i].replies;
        secret = logins[i].secret;
        fresh_secret = logins[i].fresh;
        s.p.mechanisms = logins[i].allowed;
        s.p.auth_optional = logins[i].optional;
        if (logins[i].no_user)
            s.p.user = NULL;
        is_int(login_run(&s, &why), logins[i].want, logins[i].why);
        is_str(fake.log.data, logins[i].log, "... what went out");
        is_int(asked, logins[i].asked, "... the secret");
        is_int(asked_fresh, logins[i].asked_fresh, "... and a fresh one");
        is_int(s.logged_in, logins[i].want == CAUSE_NONE && fake.log.len > 0, "... logged in");
        ok(s.secret.len == 0 && !s.has_secret, "... nothing is kept");
        end(&s);
        fault_free(&why);
    }
}

/* Which binding the first message of SCRAM names, decoded. */
static void test_bindings(void)
{
    static const struct {
        bool exporter;
        unsigned offered, allowed;
        const char *want, *why;
    } rows[] = {
        {true, SASL_SCRAM, SASL_SCRAM, "AUTH SCRAM-SHA-256-PLUS cD10bHMtZXhwb3J0ZXIsLG49YWxpY2",
         "tls-exporter"},
        {false, SASL_SCRAM, SASL_SCRAM,
         "AUTH SCRAM-SHA-256-PLUS cD10bHMtc2VydmVyLWVuZC1wb2ludCwsbj", "the certificate's hash"},
        {true, SASL_BIT(SASL_SCRAM_SHA1), SASL_ALL, "AUTH SCRAM-SHA-1 eSwsbj1hbGljZSxy",
         "\"y\": it could"},
        {true, SASL_SCRAM, SASL_BIT(SASL_SCRAM_SHA1), "AUTH SCRAM-SHA-1 biwsbj1hbGljZSxy",
         "\"n\": it may not"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static const char *const none[] = {"454 no", NULL};
        struct session s;
        struct fault why = {0};

        begin(&s, rows[i].offered);
        fake.exporter = rows[i].exporter;
        fake.replies = none;
        s.p.mechanisms = rows[i].allowed;
        ok(login_run(&s, &why) != CAUSE_NONE, "%s", rows[i].why);
        ok(strncmp(fake.log.data, rows[i].want, strlen(rows[i].want)) == 0, "... %s",
           fake.log.data);
        end(&s);
        fault_free(&why);
    }
}

int main(void)
{
    test_prepare();
    test_external_flight();
    test_judge();
    test_logins();
    test_bindings();
    return done_testing();
}
