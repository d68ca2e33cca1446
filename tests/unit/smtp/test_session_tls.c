/*
 * test_session_tls.c: what happens around the start of TLS. The stream is a fake of this file: it
 * says what a table has, and TLS is a flag. So the order of things can be seen: what is said, and
 * what is asked for, before the flag is up.
 */
#include "config.h"

#include "smtp/session.h"

#include <string.h>

#include "tap.h"

/* One row of a dialogue: the client must write WANT ("TLS" = start the hand-shake), then SAYS. */
struct line {
    const char *want;
    const char *says;
};

struct stream {
    const struct line *at;
    struct buf in;
    struct buf log; /* what was written and done, with '|' between */
    bool is_tls;
    enum cause tls_fails;
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

static void advance(struct stream *s, const char *what)
{
    buf_adds(&s->log, what);
    buf_addc(&s->log, '|');
    if (s->at->want != NULL && strcmp(s->at->want, what) == 0) {
        buf_adds(&s->in, s->at->says);
        s->at++;
    }
}

enum cause stream_write(struct stream *s, const void *bytes, size_t n, bool stop_on_input,
                        deadline_ms until, size_t *sent, struct fault *why)
{
    char line[1000];

    (void)stop_on_input;
    (void)until;
    (void)why;
    snprintf(line, sizeof(line), "%.*s", (int)(n - 2), (const char *)bytes);
    advance(s, line);
    *sent = n;
    return CAUSE_NONE;
}

enum cause stream_start_tls(struct stream *s, const struct tls_params *p, deadline_ms until,
                            struct fault *why)
{
    (void)until;
    is_str(p->name, "mail.example.org", "... TLS is started for the name");
    if (s->tls_fails != CAUSE_NONE) {
        advance(s, "TLS fails");
        return fault_set(why, s->tls_fails, "no trust");
    }
    s->is_tls = true;
    advance(s, "TLS");
    return CAUSE_NONE;
}

bool stream_is_tls(const struct stream *s)
{
    return s->is_tls;
}

const struct tls_info *stream_tls(const struct stream *s)
{
    static const struct tls_info info = {.version = "TLS1.3", .cipher = "AES-256-GCM"};

    return s->is_tls ? &info : NULL;
}

bool stream_binding(struct stream *s, enum tls_binding kind, struct buf *out)
{
    (void)s;
    (void)kind;
    (void)out;
    return false;
}

void stream_set_idle(struct stream *s, int64_t idle_ms)
{
    (void)s;
    is_int(idle_ms, 1000, "... a write without progress has the time of a reply");
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
    buf_adds(&(*s)->log, how == STREAM_HARD ? "reset" : "close");
    *s = NULL;
}

#define GREETING "220 hi\r\n"
#define PLAIN    "AUTH PLAIN AGFsaWNlAGdlaGVpbTQy"

static const struct {
    const char *why;
    enum session_tls tls;
    enum cause tls_fails;
    const char *greeting; /* there before anything is done; with implicit TLS behind "TLS" */
    struct line lines[8];
    enum cause want;
    const char *log;
    int fetched;
} rows[] = {
    {"implicit TLS, then the greeting",
     SESSION_TLS_IMPLICIT,
     CAUSE_NONE,
     "",
     {{"TLS", GREETING}, {"EHLO me", "250-m\r\n250 AUTH PLAIN\r\n"}, {PLAIN, "235 ok\r\n"}},
     CAUSE_NONE,
     "TLS|EHLO me|" PLAIN "|QUIT|close",
     1},
    {"STARTTLS, EHLO again, login",
     SESSION_TLS_STARTTLS,
     CAUSE_NONE,
     GREETING,
     {{"EHLO me", "250-m\r\n250 STARTTLS\r\n"},
      {"STARTTLS", "220 go\r\n"},
      {"TLS", ""},
      {"EHLO me", "250-m\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n"},
      {PLAIN, "235 ok\r\n"}},
     CAUSE_NONE,
     "EHLO me|STARTTLS|TLS|EHLO me|" PLAIN "|QUIT|close",
     1},
    {"what was offered in the clear counts no more",
     SESSION_TLS_STARTTLS,
     CAUSE_NONE,
     GREETING,
     {{"EHLO me", "250-m\r\n250-AUTH PLAIN\r\n250-PIPELINING\r\n250 STARTTLS\r\n"},
      {"STARTTLS", "220 go\r\n"},
      {"TLS", ""},
      {"EHLO me", "250 m\r\n"}},
     CAUSE_AUTH_MECHANISM,
     "EHLO me|STARTTLS|TLS|EHLO me|QUIT|close",
     0},
    {"EHLO refused under TLS",
     SESSION_TLS_STARTTLS,
     CAUSE_NONE,
     GREETING,
     {{"EHLO me", "250-m\r\n250 STARTTLS\r\n"},
      {"STARTTLS", "220 go\r\n"},
      {"TLS", ""},
      {"EHLO me", "550 no\r\n"}},
     CAUSE_SERVER_REFUSED,
     "EHLO me|STARTTLS|TLS|EHLO me|QUIT|close",
     0},
    {"R10: injected octets, and TLS is not even started",
     SESSION_TLS_STARTTLS,
     CAUSE_NONE,
     GREETING,
     {{"EHLO me", "250-m\r\n250 STARTTLS\r\n"}, {"STARTTLS", "220 go\r\n235 ok\r\n"}},
     CAUSE_PROTOCOL,
     "EHLO me|STARTTLS|close",
     0},
    {"R12: a certificate that is not trusted: no word more, no password",
     SESSION_TLS_STARTTLS,
     CAUSE_TLS_UNTRUSTED,
     GREETING,
     {{"EHLO me", "250-m\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n"}, {"STARTTLS", "220 go\r\n"}},
     CAUSE_TLS_UNTRUSTED,
     "EHLO me|STARTTLS|TLS fails|close",
     0},
    {"the same, implicit",
     SESSION_TLS_IMPLICIT,
     CAUSE_TLS_NAME,
     "",
     {{NULL, NULL}},
     CAUSE_TLS_NAME,
     "TLS fails|close",
     0},
    {"octets before the hand-shake are no greeting under TLS",
     SESSION_TLS_IMPLICIT,
     CAUSE_NONE,
     "",
     {{"TLS", "554 no\r\n"}},
     CAUSE_SERVER_REFUSED,
     "TLS|close",
     0},
};

static enum cause fetch(void *arg, bool fresh, struct buf *out, struct fault *why)
{
    int *fetched = arg;

    (void)fresh;
    (void)why;
    (*fetched)++;
    ok(fake.is_tls, "... the secret is fetched under TLS");
    buf_adds(out, "geheim42");
    return CAUSE_NONE;
}

static void show(void *arg, const char *line)
{
    buf_adds(arg, line);
    buf_addc(arg, '|');
}

static void run_row(size_t i)
{
    int fetched = 0;
    struct session_params p = {
        .ehlo_name = "me",
        .tls = rows[i].tls,
        .tls_params = {.name = "mail.example.org"},
        .auth = true,
        .mechanisms = 1u << SASL_PLAIN | 1u << SASL_LOGIN,
        .user = "alice",
        .secret = fetch,
        .secret_arg = &fetched,
        .reply_timeout_ms = 1000,
        .ready_by = DEADLINE_NEVER,
        .until = DEADLINE_NEVER,
        .max_recipients = 1,
    };
    struct session *s = NULL;
    struct fault why = {0};
    struct transcript t;
    struct buf shown;
    enum cause c;

    buf_init(&shown, 10000);
    transcript_init(&t, show, &shown);
    fake = (struct stream){.at = rows[i].lines, .tls_fails = rows[i].tls_fails};
    buf_init(&fake.in, 10000);
    buf_init(&fake.log, 10000);
    buf_adds(&fake.in, rows[i].greeting);
    c = session_open(&s, &fake, &p, &t, &why);
    is_str(fault_row(c)->name, fault_row(rows[i].want)->name, rows[i].why);
    if (s != NULL)
        ok(s->mech == SASL_PLAIN && s->caps.pipelining == (rows[i].tls == SESSION_TLS_STARTTLS),
           "... mechanism and offers of the last EHLO");
    session_close(&s);
    is_str(fake.log.data, rows[i].log, "... in this order");
    is_int(fetched, rows[i].fetched, "... secrets fetched");
    ok(strstr(shown.data, "AGFsaWNl") == NULL && strstr(shown.data, "geheim") == NULL,
       "... a transcript without secrets");
    if (rows[i].want == CAUSE_NONE)
        ok(strstr(shown.data, "* TLS1.3 AES-256-GCM|") != NULL &&
               strstr(shown.data, "> AUTH PLAIN ***|< 235 ok|") != NULL,
           "... and what people want to see: %s", shown.data);
    buf_free(&fake.in);
    buf_free(&fake.log);
    buf_free(&shown);
    transcript_free(&t);
    fault_free(&why);
}

int main(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        run_row(i);
    return done_testing();
}
