/*
 * test_stream.c: a stream, plain and TLS, against peers that are slow, greedy, silent, early or
 * gone. Deadlines here are some tens of milliseconds; nothing waits for longer.
 */
#include "config.h"

#include "net/stream.h"

#include "netpeer.h"
#include "tap.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/proc.h"

#include <signal.h>
#include <sys/wait.h>

#define SHORT_MS 60
#define AMPLE_MS 120000

static struct pki_cert root, leaf;
static char *root_file;
static const struct tls_params params = {.name = "mail.example.org"};

static struct stream *open_stream(struct netpeer *p, void (*play)(struct netpeer *), bool tcp,
                                  bool small)
{
    p->cert = &leaf;
    return stream_new(peer_start(p, play, tcp, small), "mail.example.org[127.0.0.1]:25");
}

static void end(struct stream **s, struct netpeer *p)
{
    stream_close(s, STREAM_CLEAN);
    ok(*s == NULL, "closed");
    peer_join(p);
}

static bool start_tls(struct stream *s, struct fault *why)
{
    struct tls_params p = params;

    p.trust_file = root_file;
    return stream_start_tls(s, &p, deadline_in(AMPLE_MS), why) == CAUSE_NONE;
}

/* Opens a stream under TLS; a failure shows as a failed check. */
static struct stream *open_tls(struct netpeer *p, void (*play)(struct netpeer *), bool small)
{
    struct fault why = {0};
    struct stream *s = open_stream(p, play, !small, small);
    bool up = start_tls(s, &why);

    ok(up, "TLS is up: %s", up ? stream_tls(s)->version : why.text.data);
    fault_free(&why);
    return s;
}

/* Fills until the input is WANT, or a fault. */
static enum cause read_until(struct stream *s, const char *want, struct fault *why)
{
    enum cause cause = CAUSE_NONE;
    size_t n;

    while (cause == CAUSE_NONE && (stream_input(s, &n), n < strlen(want)))
        cause = stream_fill(s, deadline_in(AMPLE_MS), why);
    return cause;
}

static void expect_input(struct stream *s, const char *want, const char *name)
{
    struct fault why = {0};
    enum cause cause = read_until(s, want, &why);
    size_t n;
    const char *in = stream_input(s, &n);

    is_mem(in, n, want, strlen(want), name);
    if (cause != CAUSE_NONE)
        printf("#   %s\n", why.text.data);
    stream_consume(s, n);
    fault_free(&why);
}

static void expect_fault(enum cause got, const struct fault *why, enum cause want, const char *text,
                         const char *name)
{
    ok(got == want && (text == NULL || strstr(why->text.data, text) != NULL), "%s: %s: %s", name,
       fault_row(got)->name, got == CAUSE_NONE ? "" : why->text.data);
}

/* Fills once and wants a fault. */
static void expect_end(struct stream *s, int64_t ms, enum cause want, const char *text,
                       const char *name)
{
    struct fault why = {0};
    int64_t before = clock_mono_ms(), took;
    enum cause cause = stream_fill(s, deadline_in(ms), &why);

    took = clock_mono_ms() - before;
    expect_fault(cause, &why, want, text, name);
    if (want == CAUSE_TIMEOUT)
        ok(took >= ms - 1 && took < ms + 3000, "...after %lld ms", (long long)took);
    fault_free(&why);
}

static void write_all(struct stream *s, const char *text)
{
    struct fault why = {0};
    size_t sent;
    enum cause cause =
        stream_write(s, text, strlen(text), false, deadline_in(AMPLE_MS), &sent, &why);

    ok(cause == CAUSE_NONE && sent == strlen(text), "wrote %zu octets", sent);
    fault_free(&why);
}

/* --- reading --- */

static void play_greeting(struct netpeer *p)
{
    (void)peer_says(p, "220 mail.example.org\r\n");
    (void)recv(p->fd, p->text, sizeof(p->text) - 1, 0);
    (void)peer_says(p, "250-one\r\n250 two\r\n");
}

static void test_plain(bool tcp)
{
    struct netpeer p = {0};
    struct stream *s = open_stream(&p, play_greeting, tcp, false);
    uint64_t in, out;
    size_t n;

    is_str(stream_peer(s), "mail.example.org[127.0.0.1]:25", "the peer's name");
    ok(!stream_is_tls(s) && stream_tls(s) == NULL, "no TLS");
    expect_input(s, "220 mail.example.org\r\n", "a greeting");
    write_all(s, "EHLO example.org\r\n");
    ok(read_until(s, "250-one\r\n250 two\r\n", &(struct fault){0}) == CAUSE_NONE, "a reply");
    stream_consume(s, 9);
    is_mem(stream_input(s, &n), 9, "250 two\r\n", 9, "consumed from the front");
    expect_end(s, AMPLE_MS, CAUSE_CLOSED, "closed the connection", "then the end");
    is_mem(stream_input(s, &n), n, "250 two\r\n", 9, "...and the rest of the input is still there");
    stream_octets(s, &in, &out);
    ok(in == 40 && out == 18, "octets counted: %llu in, %llu out", (unsigned long long)in,
       (unsigned long long)out);
    end(&s, &p);
    is_str(p.text, "EHLO example.org\r\n", "the peer got it");
}

static void play_silence(struct netpeer *p)
{
    peer_wait_close(p);
}

static void test_silence(void)
{
    struct netpeer p = {0};
    struct stream *s = open_stream(&p, play_silence, true, false);

    ok(!stream_input_waiting(s), "nothing waits");
    expect_end(s, SHORT_MS, CAUSE_TIMEOUT, "did not answer in time", "a silent server");
    expect_end(s, 0, CAUSE_TIMEOUT, NULL, "a deadline that has passed");
    end(&s, &p);
}

static void play_flood(struct netpeer *p)
{
    char junk[1000];

    memset(junk, 'x', sizeof(junk));
    while (peer_say(p, junk, sizeof(junk)))
        ;
}

static void test_flood(void)
{
    struct netpeer p = {0};
    struct fault why = {0};
    struct stream *s = open_stream(&p, play_flood, true, false);
    enum cause cause = CAUSE_NONE;
    size_t n;

    while (cause == CAUSE_NONE)
        cause = stream_fill(s, deadline_in(AMPLE_MS), &why);
    expect_fault(cause, &why, CAUSE_PROTOCOL, "without end", "a server that never stops");
    (void)stream_input(s, &n);
    is_int((long long)n, LIMIT_STREAM_INPUT, "...up to the limit");
    ok(stream_input_waiting(s), "...which waits");
    fault_free(&why);
    end(&s, &p);
}

static void play_early(struct netpeer *p)
{
    (void)peer_says(p, "250 early\r\n");
    (void)shutdown(p->fd, SHUT_WR);
    peer_wait_close(p);
}

static void test_waiting(void)
{
    struct netpeer p = {0};
    struct stream *s = open_stream(&p, play_early, true, false);
    struct fault why = {0};
    size_t sent, n;

    expect_input(s, "250 early\r\n", "a reply");
    while (!stream_input_waiting(s) &&
           stream_write(s, "x", 1, false, deadline_in(AMPLE_MS), &sent, &why) == CAUSE_NONE)
        ;
    expect_fault(why.cause, &why, CAUSE_CLOSED, "closed", "the end is no input, and is remembered");
    (void)stream_input(s, &n);
    is_int((long long)n, 0, "...nothing more to read");
    expect_end(s, AMPLE_MS, CAUSE_CLOSED, "closed", "...and told again");
    fault_free(&why);
    end(&s, &p);
}

/* --- writing --- */

#define BIG ((size_t)3 * 1000 * 1000)

static void play_talk_first(struct netpeer *p)
{
    static char words[60000];

    memset(words, 'w', sizeof(words));
    if (p->priority != NULL && !peer_tls(p))
        return;
    if (peer_say(p, words, sizeof(words)))
        peer_hear_all(p);
}

/* Both ends write more than the sockets hold, and the peer does not read before it has written. */
static void test_duplex(const char *priority)
{
    struct netpeer p = {.priority = priority};
    struct fault why = {0};
    struct stream *s = priority != NULL ? open_tls(&p, play_talk_first, true)
                                        : open_stream(&p, play_talk_first, false, true);
    char *big = calloc(1, BIG);
    enum cause cause;
    size_t sent, n;

    cause = stream_write(s, big, BIG, false, deadline_in(AMPLE_MS), &sent, &why);
    ok(cause == CAUSE_NONE && sent == BIG, "%zu octets out while the peer talks: %s", sent,
       fault_row(cause)->name);
    (void)stream_input(s, &n);
    is_int((long long)n, 60000, "...and what it said is there");
    free(big);
    fault_free(&why);
    end(&s, &p);
    is_int((long long)p.got, (long long)BIG, "...and it got all");
    is_int(p.result, 0, "...with a proper end");
}

static void test_idle(void)
{
    struct netpeer p = {0};
    struct fault why = {0};
    struct stream *s = open_stream(&p, play_silence, false, true);
    char *big = calloc(1, BIG);
    int64_t before = clock_mono_ms();
    enum cause cause;
    size_t sent;

    stream_set_idle(s, SHORT_MS);
    cause = stream_write(s, big, BIG, false, DEADLINE_NEVER, &sent, &why);
    expect_fault(cause, &why, CAUSE_TIMEOUT, "takes no more", "no progress");
    ok(sent > 0 && sent < BIG && clock_mono_ms() - before >= SHORT_MS - 1, "...after %zu octets",
       sent);
    stream_set_idle(s, AMPLE_MS);
    cause = stream_write(s, big, BIG, false, deadline_in(SHORT_MS), &sent, &why);
    expect_fault(cause, &why, CAUSE_TIMEOUT, NULL, "the deadline before the idle limit");
    cause = stream_write(s, big, BIG, true, deadline_in(SHORT_MS), &sent, &why);
    expect_fault(cause, &why, CAUSE_TIMEOUT, NULL, "...and when it looks for input");
    free(big);
    fault_free(&why);
    stream_close(&s, STREAM_HARD);
    peer_join(&p);
}

static void play_refuse(struct netpeer *p)
{
    char room[20000];
    ssize_t r;

    if (p->priority != NULL && !peer_tls(p))
        return;
    while (p->got < 200000 && (r = peer_hear(p, room, sizeof(room))) > 0)
        p->got += (size_t)r;
    if (p->tls != NULL && gnutls_protocol_get_version(p->tls) == GNUTLS_TLS1_3)
        pki_must(gnutls_session_ticket_send(p->tls, 2, 0), "ticket"); /* no reason to stop */
    while (p->got < 400000 && (r = peer_hear(p, room, sizeof(room))) > 0)
        p->got += (size_t)r;
    (void)peer_says(p, "552 too big\r\n");
    peer_hear_all(p);
}

static void test_stop_on_input(const char *priority)
{
    struct netpeer p = {.priority = priority};
    struct fault why = {0};
    struct stream *s = priority != NULL ? open_tls(&p, play_refuse, true)
                                        : open_stream(&p, play_refuse, false, true);
    size_t sent, n, huge = 20 * BIG;
    char *big = calloc(1, huge);
    enum cause cause = stream_write(s, big, huge, true, deadline_in(AMPLE_MS), &sent, &why);

    ok(cause == CAUSE_NONE && sent >= 400000 && sent < huge, "stopped after %zu octets", sent);
    (void)stream_input(s, &n);
    is_int((long long)n, 13, "...because of the reply");
    cause = stream_write(s, big, huge, true, deadline_in(AMPLE_MS), &sent, &why);
    ok(cause == CAUSE_NONE && sent == 0, "input that waits stops a write before it starts");
    cause = stream_write(s, "QUIT\r\n", 6, false, deadline_in(AMPLE_MS), &sent, &why);
    ok(cause == CAUSE_NONE && sent == 6, "...and the stream can still be written to");
    expect_input(s, "552 too big\r\n", "...the reply");
    free(big);
    fault_free(&why);
    end(&s, &p);
    is_int(p.result, 0, "...with a proper end");
}

static void play_hang_up(struct netpeer *p)
{
    char room[100];

    if (p->priority != NULL && !peer_tls(p))
        return;
    (void)peer_hear(p, room, sizeof(room));
    (void)peer_says(p, "421 4.3.2 shutting down\r\n");
    /* close(2) with unread input: a reset follows the words */
}

/* R6: a write error, and the words that came before it. */
static void test_reset(const char *priority)
{
    struct netpeer p = {.priority = priority};
    struct fault why = {0};
    struct stream *s = priority != NULL ? open_tls(&p, play_hang_up, false)
                                        : open_stream(&p, play_hang_up, true, false);
    char *big = calloc(1, BIG);
    enum cause cause = CAUSE_NONE;
    size_t sent;

    for (int i = 0; cause == CAUSE_NONE && i < 100; i++)
        cause = stream_write(s, big, BIG, false, deadline_in(AMPLE_MS), &sent, &why);
    expect_fault(cause, &why, CAUSE_CLOSED, "mail.example.org[127.0.0.1]:25",
                 "a server that hangs up in the middle");
    expect_input(s, "421 4.3.2 shutting down\r\n", "...and its last words");
    free(big);
    fault_free(&why);
    end(&s, &p);
}

/* --- TLS --- */

static void play_tls_echo(struct netpeer *p)
{
    ssize_t n;

    if (!peer_tls(p))
        return;
    while ((n = peer_hear(p, p->text, sizeof(p->text))) > 0)
        (void)peer_say(p, p->text, (size_t)n);
    p->result = (int)n;
}

static void test_tls(const char *priority, const char *version)
{
    struct netpeer p = {.priority = priority};
    struct fault why = {0};
    struct tls_params tls = params;
    struct stream *s = open_tls(&p, play_tls_echo, false);
    uint64_t in, out;

    ok(stream_is_tls(s) && stream_tls(s) != NULL, "TLS");
    is_str(stream_tls(s)->version, version, "...of that version");
    ok(!stream_input_waiting(s), "no input after the handshake");
    write_all(s, "NOOP\r\n");
    expect_input(s, "NOOP\r\n", "the echo");
    ok(!stream_input_waiting(s), "no input again");
    stream_octets(s, &in, &out);
    ok(in > 600 && out > 300, "octets of the wire: %llu in, %llu out", (unsigned long long)in,
       (unsigned long long)out);
    is_int(stream_start_tls(s, &tls, deadline_in(AMPLE_MS), &why), CAUSE_SOFTWARE,
           "TLS within TLS is a mistake");
    fault_free(&why);
    write_all(s, "QUIT\r\n");
    end(&s, &p);
    is_int(p.result, 0, "the server saw a close_notify");
}

static void play_tls_any(struct netpeer *p)
{
    if (peer_tls(p))
        peer_hear_all(p);
}

/* A stream that failed to be secured says the same to everybody and does nothing else. */
static void test_not_trusted(void)
{
    struct netpeer p = {0};
    struct fault why = {0};
    struct stream *s = open_stream(&p, play_tls_any, true, false);
    struct tls_params tls = params;
    enum cause cause;
    size_t sent;

    tls.trust_file = root_file;
    tls.name = "other.example.org";
    cause = stream_start_tls(s, &tls, deadline_in(AMPLE_MS), &why);
    expect_fault(cause, &why, CAUSE_TLS_NAME, "[127.0.0.1]:25: the certificate is for", "not it");
    is_int(why.stage, STAGE_TLS, "...the stage");
    ok(!stream_is_tls(s) && stream_tls(s) == NULL, "...is not TLS");
    cause = stream_write(s, "AUTH PLAIN x\r\n", 14, false, deadline_in(AMPLE_MS), &sent, &why);
    ok(cause == CAUSE_TLS_NAME && sent == 0, "...nothing can be written");
    expect_end(s, AMPLE_MS, CAUSE_TLS_NAME, NULL, "...nor read");
    fault_free(&why);
    end(&s, &p);
    is_int((long long)p.got, 0, "...the server got no octet");
    is_int(p.result, GNUTLS_E_FATAL_ALERT_RECEIVED, "...but an alert");
}

static void play_injected(struct netpeer *p)
{
    (void)peer_says(p, "220 go ahead\r\n250-injected\r\n");
    peer_wait_close(p);
}

static void play_plain(struct netpeer *p)
{
    (void)peer_says(p, "220 mail.example.org ESMTP\r\n");
    (void)recv(p->fd, p->text, sizeof(p->text), 0);
    (void)peer_says(p, "500 what?\r\n");
}

static void test_clear_text(void)
{
    struct netpeer p = {0}, q = {0}, r = {0};
    struct fault why = {0};
    struct stream *s = open_stream(&p, play_injected, true, false);

    (void)read_until(s, "220 go ahead\r\n250-injected\r\n", &why);
    stream_consume(s, 14);
    ok(!start_tls(s, &why), "octets behind the answer to STARTTLS");
    expect_fault(why.cause, &why, CAUSE_PROTOCOL, "14 octets in the clear", "...are refused");
    end(&s, &p);

    s = open_stream(&q, play_plain, true, false);
    ok(!start_tls(s, &why), "a plain server where TLS should start at once");
    expect_fault(why.cause, &why, CAUSE_TLS, "25 speaks plain SMTP on this port", "...is told so");
    ok(strstr(fault_hint_text(&why), "tls = starttls") != NULL, "...and what to do");
    end(&s, &q);

    s = open_stream(&r, play_plain, true, false);
    expect_input(s, "220 mail.example.org ESMTP\r\n", "a greeting");
    ok(!start_tls(s, &why), "a plain server behind STARTTLS");
    expect_fault(why.cause, &why, CAUSE_TLS, "plain SMTP where TLS should begin", "...is told so");
    fault_free(&why);
    end(&s, &r);
}

static void play_gone(struct netpeer *p)
{
    (void)recv(p->fd, p->text, sizeof(p->text), 0);
}

static void play_drip(struct netpeer *p)
{
    static const unsigned char record[] = {0x16, 3, 3, 0x3f, 0xff, 2, 0, 0x3f};
    struct pollfd f = {.fd = p->fd, .events = POLLRDHUP};

    if (p->priority != NULL && !peer_tls(p))
        return;
    /* One octet of an endless record every two milliseconds, for as long as somebody listens. */
    for (size_t i = 0; i < 5000 && poll(&f, 1, 2) == 0; i++) {
        unsigned char c = i < sizeof(record) ? record[i] : 0;

        if (p->priority != NULL && i == 0)
            c = 0x17; /* application data */
        if (send(p->fd, &c, 1, MSG_NOSIGNAL) != 1)
            break;
    }
}

static void expect_no_handshake(void (*play)(struct netpeer *), int64_t ms, enum cause want,
                                const char *text, const char *name)
{
    struct netpeer p = {0};
    struct fault why = {0};
    struct stream *s = open_stream(&p, play, true, false);
    struct tls_params tls = params;
    int64_t before = clock_mono_ms(), took;
    enum cause cause = stream_start_tls(s, &tls, deadline_in(ms), &why);

    took = clock_mono_ms() - before;
    expect_fault(cause, &why, want, text, name);
    ok(took < ms + 3000, "...within %lld ms", (long long)took);
    fault_free(&why);
    end(&s, &p);
}

static void play_tickets(struct netpeer *p)
{
    if (!peer_tls(p))
        return;
    while (gnutls_session_ticket_send(p->tls, 1, 0) >= 0)
        ;
}

/* However busy the line is: without an octet of SMTP the deadline counts. */
static void test_busy_lines(void)
{
    struct netpeer p = {.priority = "NORMAL"}, q = {.priority = "NORMAL"};
    struct stream *s = open_tls(&p, play_drip, false);

    expect_end(s, SHORT_MS, CAUSE_TIMEOUT, NULL, "a record that comes octet by octet");
    end(&s, &p);
    s = open_tls(&q, play_tickets, false);
    ok(!stream_input_waiting(s), "tickets without end are no input");
    expect_end(s, SHORT_MS, CAUSE_TIMEOUT, NULL, "tickets without end");
    stream_close(&s, STREAM_HARD);
    peer_join(&q);
}

static void play_truncate(struct netpeer *p)
{
    if (!peer_tls(p))
        return;
    (void)peer_says(p, "250 ok\r\n");
    (void)shutdown(p->fd, SHUT_WR); /* no close_notify */
    peer_wait_close(p);
}

static void test_truncated(void)
{
    struct netpeer p = {0};
    struct stream *s = open_tls(&p, play_truncate, false);

    expect_input(s, "250 ok\r\n", "a reply");
    expect_end(s, AMPLE_MS, CAUSE_CLOSED, "25: the server closed", "an end without close_notify");
    expect_end(s, AMPLE_MS, CAUSE_CLOSED, NULL, "...and again");
    end(&s, &p);
}

/* --- the rest --- */

static void play_count(struct netpeer *p)
{
    peer_hear_all(p);
}

static void play_chatter(struct netpeer *p)
{
    (void)peer_says(p, "221 something that nobody reads\r\n");
    peer_hear_all(p);
}

static void test_close(void)
{
    struct netpeer p = {0}, q = {0};
    struct stream *s = open_stream(&p, play_chatter, true, false), *none = NULL;
    struct fault why = {0};
    size_t sent;

    stream_close(&none, STREAM_CLEAN);
    ok(stream_fill(s, deadline_in(AMPLE_MS), &why) == CAUSE_NONE, "input that nobody consumes");
    write_all(s, "QUIT\r\n");
    end(&s, &p);
    ok(p.got == 6 && p.result == 0, "a clean end: %zu octets, %d", p.got, p.result);

    s = open_stream(&q, play_count, true, false);
    ok(stream_write(s, "DATA", 4, false, deadline_in(AMPLE_MS), &sent, &why) == CAUSE_NONE, "DATA");
    stream_close(&s, STREAM_HARD);
    peer_join(&q);
    is_int(q.result, -ECONNRESET, "a hard end is a reset");
    fault_free(&why);
}

/* Signals are recorded once for the whole process, hence the child. */
static int signalled(bool hold)
{
    struct fault why = {0};
    enum cause cause;
    struct stream *s;
    int pair[2];

    (void)proc_start();
    peer_tcp_pair(pair);
    s = stream_new(pair[0], "peer");
    stream_hold_signals(s, hold);
    (void)raise(SIGTERM);
    cause = stream_fill(s, deadline_in(SHORT_MS), &why);
    fault_free(&why);
    stream_close(&s, STREAM_CLEAN);
    close(pair[1]);
    return (int)cause;
}

static void test_signals(void)
{
    for (int hold = 0; hold < 2; hold++) {
        pid_t child = fork();
        int status = 0;

        if (child == 0)
            _exit(signalled(hold != 0));
        (void)waitpid(child, &status, 0);
        is_int(WEXITSTATUS(status), hold != 0 ? CAUSE_TIMEOUT : CAUSE_INTERRUPTED,
               hold != 0 ? "held signals end no wait" : "a signal ends a wait");
    }
}

static void expect_literal(int family, const char *want)
{
    struct sockaddr_storage sa = {.ss_family = (sa_family_t)family};
    socklen_t len = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    int fd = socket(family, SOCK_STREAM, 0);
    struct stream *s;
    char text[64];

    if (family == AF_INET)
        ((struct sockaddr_in *)&sa)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else if (family == AF_INET6)
        ((struct sockaddr_in6 *)&sa)->sin6_addr = in6addr_loopback;
    if (family != AF_UNIX && (fd < 0 || bind(fd, (struct sockaddr *)&sa, len) != 0)) {
        ok(true, "no such family here # SKIP");
        return;
    }
    s = stream_new(fd, "x");
    stream_local_literal(s, text, sizeof(text));
    is_str(text, want, "our address literal");
    stream_close(&s, STREAM_CLEAN);
}

int main(void)
{
    static const char tls13[] = "NORMAL", tls12[] = "NORMAL:-VERS-ALL:+VERS-TLS1.2";
    char *pem;

    root = pki_make(&(struct pki_wish){.cn = "Test Root", .authority = true}, NULL);
    leaf = pki_make(&(struct pki_wish){.cn = "mail", .dns = {"mail.example.org"}}, &root);
    pem = pki_pem(&root);
    root_file = pki_file(pem);
    free(pem);
    test_plain(true);
    test_plain(false);
    test_silence();
    test_flood();
    test_waiting();
    test_duplex(NULL);
    test_duplex(tls13);
    test_duplex(tls12);
    test_idle();
    test_stop_on_input(NULL);
    test_stop_on_input(tls13);
    test_stop_on_input(tls12);
    test_reset(NULL);
    test_reset(tls13);
    test_tls(tls13, "TLS1.3");
    test_tls(tls12, "TLS1.2");
    test_not_trusted();
    test_clear_text();
    expect_no_handshake(play_silence, SHORT_MS, CAUSE_TIMEOUT, "in time", "a silent server");
    expect_no_handshake(play_drip, SHORT_MS, CAUSE_TIMEOUT, "in time", "a dripping server");
    expect_no_handshake(play_gone, AMPLE_MS, CAUSE_CLOSED, "[127.0.0.1]:25",
                        "a server that goes away");
    test_busy_lines();
    test_truncated();
    test_close();
    test_signals();
    expect_literal(AF_INET, "[127.0.0.1]");
    expect_literal(AF_INET6, "[IPv6:::1]");
    expect_literal(AF_UNIX, "[127.0.0.1]");
    pki_unfile(root_file);
    pki_free(&root);
    pki_free(&leaf);
    return done_testing();
}
