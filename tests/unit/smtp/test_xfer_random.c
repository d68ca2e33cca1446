/*
 * test_xfer_random.c: a property test. Random servers, most of them bad, talk to session and xfer
 * through the real net/stream over a socket pair; after each conversation the server's own record
 * is held against the fates.
 *
 * Client and server share one thread: this file has its own proc_poll and its own clock. Whenever
 * the client waits, the server takes a step; when neither can go on, time jumps to the deadline.
 * So a conversation depends on its seed alone, and a failing one is run again by
 *
 *     test_xfer_random SEED 1
 *
 * which also prints it. POSTRIDER_SEED and POSTRIDER_CONVERSATIONS set the same from outside.
 */
#include "config.h"

#include "smtp/xfer.h"

#include <assert.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/xalloc.h"
#include "mail/envelope.h"
#include "mail/message.h"
#include "mail/wire.h"
#include "smtp/session.h"
#include "made_clock.h"
#include "random_server.h"
#include "tap.h"

#if defined(__SANITIZE_ADDRESS__)
#define CONVERSATIONS 12000
#else
#define CONVERSATIONS 120000
#endif

#define FIRST_NOW 1000000

static struct server *server;
static int signal_pending;

/* Octets from the heap that the client asked for since the server's last acceptance. */
static size_t asked;
static bool server_moves; /* ... what the server asks for is not counted */

/* What base/xalloc would be. */

static void *got(void *p, size_t n)
{
    assert(p != NULL);
    asked += server_moves ? 0 : n;
    return p;
}

void *xmalloc(size_t n)
{
    return got(malloc(n > 0 ? n : 1), n);
}

void *xcalloc(size_t n, size_t size)
{
    return got(calloc(n, size), n * size);
}

void *xrealloc(void *p, size_t n)
{
    return got(realloc(p, n), n);
}

char *xmemdup(const void *p, size_t n)
{
    char *copy = xmalloc(n + 1);

    memcpy(copy, p, n);
    copy[n] = '\0';
    return copy;
}

char *xstrdup(const char *s)
{
    return s != NULL ? xmemdup(s, strlen(s)) : NULL;
}

void xwipe(void *p, size_t n)
{
    if (n > 0)
        memset(p, 0, n);
}

void xfree_secret(char **s)
{
    free(*s);
    *s = NULL;
}

/* What base/proc and base/clock would be. */

static bool let_server_move(void)
{
    unsigned told = server->told;
    bool moved;

    server_moves = true;
    moved = server_step(server);
    server_moves = false;
    if (server->told != told)
        asked = 0;
    return moved;
}

/* Comes out of the blue, also while the client is not waiting. */
static void maybe_signal(bool held)
{
    if (signal_pending != 0 || !chance(server, server->signal))
        return;
    signal_pending = SIGTERM;
    server_moves = true;
    take_in(server);
    server_moves = false;
    if (!held)
        forbid_end(server, "the end mark after a signal");
    if (server->is_loud)
        fprintf(stderr, "SIGTERM\n");
}

int proc_signal(void)
{
    maybe_signal(false);
    return signal_pending;
}

int proc_poll(struct pollfd *fds, nfds_t n, deadline_ms until, bool hold_signals)
{
    server->is_held = hold_signals;
    for (;;) {
        bool moved;
        int ready;

        maybe_signal(hold_signals);
        if (signal_pending != 0 && !hold_signals)
            return -1;
        moved = let_server_move();
        ready = poll(fds, n, 0);
        if (ready != 0)
            return ready;
        if (!moved) {
            assert(until != DEADLINE_NEVER);
            now_ms = until > now_ms ? until : now_ms;
            return 0;
        }
    }
}

ssize_t proc_read(int fd, void *to, size_t n)
{
    return read(fd, to, n);
}

void proc_protect_memory(void)
{
}

/* The messages that are sent, and what they must be on the wire. */

struct sample {
    struct message *message;
    struct buf wire;   /* as DATA has it */
    struct buf octets; /* as BDAT has it */
};

static void make_sample(struct sample *s, const char *line, size_t lines)
{
    struct message_input in = {0};
    struct fault why = {0};
    struct wire wire;
    struct buf all;

    buf_init(&all, 1 << 24);
    buf_adds(&all, "From: alice@example.org\nSubject: a test\n\n");
    while (lines-- > 0)
        buf_adds(&all, line);
    in.fd = memfd_create("message", MFD_CLOEXEC);
    ok(write(in.fd, all.data, all.len) == (ssize_t)all.len && lseek(in.fd, 0, SEEK_SET) == 0 &&
           message_read(&s->message, &in, &why) == CAUSE_NONE,
       "a message of %zu octets", all.len);
    close(in.fd);
    buf_init(&s->wire, 1 << 25);
    wire_init(&wire, true);
    wire_feed(&wire, all.data, all.len, &s->wire);
    wire_end(&wire, &s->wire);
    buf_init(&s->octets, 1 << 25);
    wire_init(&wire, false);
    wire_feed(&wire, all.data, all.len, &s->octets);
    buf_free(&all);
}

/* One conversation. */

static void give_birth(struct server *v, int fd, uint32_t seed, bool is_loud)
{
    *v = (struct server){.fd = fd, .seed = seed, .is_loud = is_loud};
    buf_init(&v->in, 1 << 24);
    buf_init(&v->out, 1 << 20);
    buf_init(&v->text, 1 << 24);
    v->pipelining = chance(v, 500);
    v->lmtp = chance(v, 250);
    v->abort = chance(v, 250);
    v->splits = chance(v, 300);
    v->has_limit = chance(v, 100);
    v->chunking = chance(v, 600);
    v->works_on = chance(v, 700);
    v->is_lax = chance(v, 200);
    v->evil = chance(v, 400) ? 0 : draw(v, 200);
    v->refuse = chance(v, 300) ? 0 : draw(v, 600);
    v->signal = chance(v, 900) ? 0 : draw(v, 200);
}

static void check_fates(struct server *v, const struct envelope *e,
                        const struct xfer_result *result)
{
    bool any_doubt = false;
    /* No code tells the reply to a chunk from that to RCPT: one too many stands for it, also when
     * the server has not come to the chunk yet. */
    bool is_lost = v->is_shifted && v->chunking;

    if (result->again != (envelope_count(e, FATE_OPEN) > 0))
        blame(v, "again, and nobody left, or the other way round");

    for (unsigned i = 0; i < e->n; i++) {
        const struct rcpt *r = &e->rcpt[i];
        bool was_told = (v->told & 1u << i) != 0;

        if (r->fate == FATE_OPEN && !is_lost && ((v->has | v->in_doubt) & 1u << i) != 0)
            blame(v, "it has arrived, and would be sent again at once");
        if (r->fate != FATE_ACCEPTED && (v->has & 1u << i) != 0 &&
            r->why.cause != CAUSE_MAY_HAVE_ARRIVED && !v->is_shifted && !v->login_refused)
            blame(v, "it has arrived, and nobody says so");
        if (r->fate == FATE_OPEN)
            continue;
        if (r->fate == FATE_ACCEPTED && !was_told && !is_lost)
            blame(v, "ACCEPTED, and the server had not said so");
        if (r->fate != FATE_ACCEPTED && was_told && (v->must_have & 1u << i) != 0)
            blame(v, "the server had accepted it");
        if ((v->in_doubt & 1u << i) != 0 && r->why.cause != CAUSE_MAY_HAVE_ARRIVED &&
            !v->login_refused && !is_lost)
            blame(v, "it may have arrived, and nobody says so");
        any_doubt = any_doubt || r->why.cause == CAUSE_MAY_HAVE_ARRIVED;
        if (r->fate == FATE_NEVER && v->said_5 == 0 && !v->abort && !v->is_bad)
            blame(v, "NEVER without any 5yz");
        if (r->fate != FATE_ACCEPTED && (r->why.cause == CAUSE_NONE || r->why.stage == STAGE_NONE))
            blame(v, "a fate without a reason");
        if (!v->is_bad && !v->stumbles && !v->login_refused && !v->abort && signal_pending == 0 &&
            v->due[i] != FATE_OPEN && r->fate != v->due[i])
            blame(v, "not the fate that the server's replies make");
    }
    if (e->in_doubt != any_doubt)
        blame(v, "the envelope and its recipients differ about a doubt");
}

static void show(void *arg, const char *line)
{
    (void)arg;
    (void)line;
}

/* What a login that waits and the memory of a server would have been filled with. */
static void prepare(struct server *v, struct session *s)
{
    bool is_full = session_grade(s) == PIPELINING_FULL;

    s->p.known.offers = s->caps.offers;
    v->may_fly = is_full && v->chunking && !s->p.known.no_chunking;
    v->wants_login = chance(v, 500);
    if (!v->wants_login)
        return;
    buf_init_secret(&s->login, 100);
    buf_adds(&s->login, LOGIN);
    s->login_shown = 11;
    s->mech = SASL_PLAIN;
}

static bool converse(uint32_t seed, const struct sample *samples, size_t n_samples, bool is_loud)
{
    struct server v;
    struct envelope e;
    struct session *s = NULL;
    struct fault why = {0};
    struct transcript t;
    struct buf words;
    const struct sample *sample;
    size_t n;
    int fd[2];
    enum cause c;
    bool fine;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0)
        return false;
    now_ms = FIRST_NOW;
    signal_pending = 0;
    give_birth(&v, fd[1], seed, is_loud);
    server = &v;
    n = draw(&v, 300);
    sample = &samples[n < n_samples ? n : 0];
    v.expected = &sample->wire;
    v.octets = &sample->octets;
    struct session_params p = {
        .lmtp = v.lmtp,
        .ehlo_name = "me.example.org",
        .tls = SESSION_TLS_OFF,
        .reply_timeout_ms = 60000,
        .final_timeout_ms = 600000,
        .ready_by = deadline_in(30000),
        .until = deadline_in(900000),
        .pipelining = (enum session_pipelining)draw(&v, 4),
        .known.proven = true,
        .known.has_credential = true,
        .known.no_chunking = chance(&v, 100),
        .known.ceiling = PIPELINING_FULL,
        .max_recipients = 1 + draw(&v, RCPTS + 2),
    };
    struct xfer_params xp = {.partial_abort = v.abort};
    struct xfer_result result;

    buf_init(&words, 1024);
    envelope_init(&e);
    envelope_set_sender(&e, "alice@example.org");
    n = 1 + draw(&v, RCPTS);
    for (size_t i = 0; i < n; i++) {
        char addr[64];

        snprintf(addr, sizeof(addr), "rcpt%zu@example.org", i);
        envelope_add(&e, addr);
    }
    transcript_init(&t, chance(&v, 500) ? show : NULL, NULL);
    transcript_secret(&t, "word", 4);
    (void)say(&v, 220);
    c = session_open(&s, stream_new(fd[0], "server"), &p, chance(&v, 900) ? &t : NULL, &why);
    if (c == CAUSE_NONE) {
        prepare(&v, s);
        c = (xp.reply = &words, xfer_run(s, &e, sample->message, &xp, &result, &why));
        if (envelope_count(&e, FATE_ACCEPTED) == e.n && asked > 0 && !v.is_shifted &&
            !(v.may_fly && (v.stumbles || v.login_refused)))
            blame(&v, "memory was asked for when everybody had it");
        if (c != CAUSE_NONE && c != CAUSE_ACCEPTED_WITHOUT_LOGIN &&
            envelope_count(&e, FATE_ACCEPTED) == e.n)
            blame(&v, "a fault, and everybody has it");
        if (c != why.cause)
            blame(&v, "cause and fault differ");
        if ((envelope_count(&e, FATE_ACCEPTED) > 0) != (words.len > 0))
            blame(&v, "an acceptance has words");
        session_close(&s);
        while (server_step(&v))
            continue;
        check_fates(&v, &e, &result);
    }
    fine = v.broken_rule == NULL;
    if (!fine)
        printf("# seed %" PRIu32 ": %s\n", seed, v.broken_rule);
    for (size_t i = 0; is_loud && i < e.n; i++)
        fprintf(stderr, "%s: %d %s\n", e.rcpt[i].addr, e.rcpt[i].fate, e.rcpt[i].why.text.data);
    close_server(&v);
    buf_free(&v.in);
    buf_free(&v.out);
    buf_free(&v.text);
    buf_free(&words);
    transcript_free(&t);
    envelope_free(&e);
    fault_free(&why);
    return fine;
}

static uint32_t number(const char *text, uint32_t otherwise)
{
    return text != NULL ? (uint32_t)strtoul(text, NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    uint32_t seed = number(argc > 1 ? argv[1] : getenv("POSTRIDER_SEED"), 20260101);
    uint32_t count = number(argc > 2 ? argv[2] : getenv("POSTRIDER_CONVERSATIONS"), CONVERSATIONS);
    struct sample samples[4];
    uint32_t failed = 0;

    make_sample(&samples[0], "hello\n", 1);
    make_sample(&samples[1], ".\n..\n.x\n", 3);
    make_sample(&samples[2], "", 0);
    make_sample(&samples[3], "a line of the usual length, and then some more of it\n.\n", 20000);
    printf("# seed %" PRIu32 ", %" PRIu32 " conversations\n", seed, count);
    for (uint32_t i = 0; i < count && failed < 10; i++) {
        /* Any seed but 0 will do; neighbours must not be alike. */
        uint32_t own = count == 1 ? seed : ((seed * 40503u + i) * 2654435761u) | 1u;

        if (!converse(own, samples, 4, count == 1))
            failed++;
    }
    is_int(failed, 0, "no promise was broken");
    for (size_t i = 0; i < 4; i++) {
        message_close(&samples[i].message);
        buf_free(&samples[i].wire);
        buf_free(&samples[i].octets);
    }
    return done_testing();
}
