/*
 * test_xfer_silence.c: how long a server may say nothing, at every place of a flight, and what
 * comes of it. Time is this file's: it jumps to the next reply, or to the deadline that is first.
 */
#include "config.h"

#include "smtp/xfer.h"

#include <assert.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/proc.h"
#include "mail/envelope.h"
#include "mail/message.h"
#include "smtp/session.h"
#include "made_clock.h"
#include "tap.h"

#define FIRST_NOW 1000000
#define NEVER     (-1) /* ends a server's replies */

/* So many ms behind the one before, this is said. */
struct saying {
    int64_t ms;
    const char *text;
};

static const struct saying *next;
static int64_t next_at;
static int server_fd;

/* What base/proc and base/clock would be. */

int proc_signal(void)
{
    return 0;
}

static void swallow(void)
{
    char octets[4096];

    while (recv(server_fd, octets, sizeof(octets), MSG_DONTWAIT) > 0)
        continue;
}

int proc_poll(struct pollfd *fds, nfds_t n, deadline_ms until, bool hold_signals)
{
    int ready = poll(fds, n, 0);

    (void)hold_signals;
    swallow();
    if (ready != 0)
        return ready;
    if (next->ms == NEVER || next_at > until) {
        now_ms = until;
        return 0;
    }
    now_ms = next_at > now_ms ? next_at : now_ms;
    assert(send(server_fd, next->text, strlen(next->text), 0) > 0);
    next++;
    next_at = now_ms + next->ms;
    return poll(fds, n, 0);
}

ssize_t proc_read(int fd, void *to, size_t n)
{
    return read(fd, to, n);
}

void proc_protect_memory(void)
{
}

/* The rows. */

enum { LMTP = 1, LOCKSTEP = 2, LOGIN = 4, FULL = 8, TWO = 16, CHUNKS = 32, HURRY = 64 };

static const struct row {
    const char *why;
    int flags;
    struct saying said[12]; /* behind EHLO */
    const char *fates;      /* as in test_xfer.c */
    int64_t took_ms;
} rows[] = {
    {"a group whose replies drip in",
     0,
     {{59000, "250 a\r\n"},
      {9900, "250 b\r\n"},
      {9900, "354 c\r\n"},
      {599000, "250 d\r\n"},
      {NEVER, ""}},
     "A none",
     677800},
    {"the first reply of a group has the usual time",
     0,
     {{NEVER, ""}},
     "O timeout: group again",
     60000},
    {"the next ones have 10 s",
     0,
     {{1000, "250 a\r\n"}, {NEVER, ""}},
     "O timeout: group again",
     11000},
    {"the last one, too",
     0,
     {{0, "250 a\r\n250 b\r\n"}, {10001, "354 c\r\n"}, {NEVER, ""}},
     "O timeout: group again",
     10000},
    {"lock step has the usual time",
     LOCKSTEP,
     {{59000, "250 a\r\n"},
      {59000, "250 b\r\n"},
      {59000, "354 c\r\n"},
      {0, "250 d\r\n"},
      {NEVER, ""}},
     "A none",
     177000},
    {"silence in lock step", LOCKSTEP, {{0, "250 a\r\n"}, {NEVER, ""}}, "L timeout", 60000},
    {"the session's end is no stumble", HURRY, {{0, "250 a\r\n"}, {NEVER, ""}}, "L timeout", 5000},
    {"AUTH in a group has 30 s",
     LOGIN,
     {{29000, "235 a\r\n250 b\r\n250 c\r\n354 d\r\n"}, {0, "250 e\r\n"}, {NEVER, ""}},
     "A none",
     29000},
    {"and no more", LOGIN, {{30001, "235 a\r\n"}, {NEVER, ""}}, "O timeout: group again", 30000},
    {"MAIL behind it has 10",
     LOGIN,
     {{0, "235 a\r\n"}, {NEVER, ""}},
     "O timeout: group again",
     10000},
    {"a refused login waits for nothing",
     LOGIN,
     {{0, "535 a\r\n"}, {NEVER, ""}},
     "L auth-refused",
     0},
    {"a chunk of its own has the time of a verdict",
     CHUNKS,
     {{0, "250 a\r\n250 b\r\n"}, {599000, "250 c\r\n"}, {NEVER, ""}},
     "A none",
     599000},
    {"and no more",
     CHUNKS,
     {{0, "250 a\r\n250 b\r\n"}, {600001, "250 c\r\n"}, {NEVER, ""}},
     "L may-have-arrived: chunk",
     600000},
    {"one write: nobody is hurried while the message may be taken",
     FULL | LOGIN,
     {{59000, "235 a\r\n"},
      {59000, "250 b\r\n"},
      {59000, "250 c\r\n"},
      {599000, "250 d\r\n"},
      {NEVER, ""}},
     "A none",
     776000},
    {"one write: silence behind 235",
     FULL | LOGIN,
     {{0, "235 a\r\n"}, {NEVER, ""}},
     "L may-have-arrived: group",
     60000},
    {"one write: silence behind the recipient",
     FULL | LOGIN,
     {{0, "235 a\r\n250 b\r\n250 c\r\n"}, {NEVER, ""}},
     "L may-have-arrived: group",
     600000},
    {"one write: a refused login, then silence",
     FULL | LOGIN,
     {{0, "535 a\r\n530 b\r\n"}, {NEVER, ""}},
     "L auth-refused",
     2000},
    {"one write: a refused login, and the message taken in time",
     FULL | LOGIN,
     {{0, "535 a\r\n"}, {1000, "250 b\r\n250 c\r\n"}, {900, "250 d\r\n"}, {NEVER, ""}},
     "A accepted-without-login: without-login",
     1900},
    {"one write: a refused login, and the message taken too late",
     FULL | LOGIN,
     {{0, "535 a\r\n"}, {1000, "250 b\r\n250 c\r\n"}, {1001, "250 d\r\n"}, {NEVER, ""}},
     "L auth-refused",
     2000},
    {"one write: a refused recipient, then silence",
     FULL,
     {{0, "250 a\r\n450 b\r\n"}, {NEVER, ""}},
     "L none",
     2000},
    {"one write: 503 to MAIL, then silence",
     FULL,
     {{0, "503 a\r\n"}, {NEVER, ""}},
     "L may-have-arrived: group",
     2000},
    {"LMTP: 503 to the chunk, then silence",
     LMTP | TWO | CHUNKS,
     {{0, "250 a\r\n250 b\r\n250 c\r\n"}, {0, "503 d\r\n"}, {NEVER, ""}},
     "OO protocol: chunk again",
     2000},
    {"LMTP: 503 for the first, and another for the second",
     LMTP | TWO | CHUNKS,
     {{0, "250 a\r\n250 b\r\n250 c\r\n"}, {0, "503 d\r\n"}, {1900, "250 e\r\n"}, {NEVER, ""}},
     "NA none",
     1900},
};

static struct message *make_message(void)
{
    static const char text[] = "Subject: a test\n\nhello\n";
    struct message_input in = {.fd = memfd_create("message", MFD_CLOEXEC)};
    struct message *m = NULL;
    struct fault why = {0};

    if (write(in.fd, text, sizeof(text) - 1) < 0 || lseek(in.fd, 0, SEEK_SET) != 0 ||
        message_read(&m, &in, &why) != CAUSE_NONE)
        ok(false, "a message: %s", why.text.data);
    close(in.fd);
    fault_free(&why);
    return m;
}

static struct session_params params(int flags)
{
    return (struct session_params){
        .lmtp = (flags & LMTP) != 0,
        .ehlo_name = "me.example.org",
        .tls = SESSION_TLS_OFF,
        .reply_timeout_ms = 60000,
        .final_timeout_ms = 600000,
        .ready_by = deadline_in(30000),
        .until = deadline_in((flags & HURRY) != 0 ? 5000 : 9000000),
        .pipelining = (flags & LOCKSTEP) != 0 ? PIPELINING_OFF
                      : (flags & FULL) != 0   ? PIPELINING_FULL
                                              : PIPELINING_AUTO,
        .known = {.ceiling = PIPELINING_FULL, .has_credential = true, .proven = true},
        .max_recipients = 100,
    };
}

static void tell(const struct envelope *e, enum cause c, const struct xfer_result *r,
                 struct buf *out)
{
    static const char *const stumbles[] = {"", " login", " chunk", " group"};

    for (size_t i = 0; i < e->n; i++)
        buf_addc(out, "OALN"[e->rcpt[i].fate]);
    buf_addf(out, " %s", fault_row(c)->name);
    if (r->stumble != STUMBLE_NONE || r->again || r->without_login)
        buf_addf(out, ":%s%s%s", stumbles[r->stumble], r->again ? " again" : "",
                 r->without_login ? " without-login" : "");
}

static void run_row(const struct row *row, const struct message *m)
{
    bool chunks = (row->flags & (CHUNKS | FULL)) != 0;
    const struct saying hello[] = {
        {0, "220 hi\r\n"},
        {0, chunks ? "250-mail\r\n250-PIPELINING\r\n250 CHUNKING\r\n"
                   : "250-mail\r\n250 PIPELINING\r\n"},
        {NEVER, ""},
    };
    struct xfer_params xp = {0};
    struct xfer_result result;
    struct session_params p;
    struct session *s = NULL;
    struct fault why = {0};
    struct envelope e;
    struct buf told;
    enum cause c;
    int fd[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0)
        return;
    server_fd = fd[1];
    now_ms = next_at = FIRST_NOW;
    next = hello;
    buf_init(&told, 100);
    envelope_init(&e);
    envelope_set_sender(&e, "alice@example.org");
    envelope_add(&e, "bob@example.com");
    if ((row->flags & TWO) != 0)
        envelope_add(&e, "carol@example.net");
    p = params(row->flags);
    if (ok(session_open(&s, stream_new(fd[0], "server"), &p, NULL, &why) == CAUSE_NONE, "%s",
           row->why)) {
        s->p.known.offers = s->caps.offers;
        if ((row->flags & LOGIN) != 0) {
            buf_init_secret(&s->login, 100);
            buf_adds(&s->login, "AUTH PLAIN AGFsaWNlAHB3");
            s->login_shown = 11;
            s->mech = SASL_PLAIN;
        }
        next = row->said;
        next_at = now_ms + next->ms;
        c = xfer_run(s, &e, m, &xp, &result, &why);
        tell(&e, c, &result, &told);
        is_str(told.data, row->fates, "... what came of it");
        is_int((long long)(now_ms - FIRST_NOW), row->took_ms, "... after so many ms");
    }
    session_close(&s);
    close(fd[1]);
    envelope_free(&e);
    fault_free(&why);
    buf_free(&told);
}

int main(void)
{
    struct message *m = make_message();

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        run_row(&rows[i], m);
    message_close(&m);
    return done_testing();
}
