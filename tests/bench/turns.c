/*
 * turns.c: how many round trips a message costs, exactly: one row a situation. The limits are the
 * protocol's (a connection, a TLS handshake, the greeting, EHLO, ...); a row that needs one turn
 * more has lost what this program is for, and none of it depends on the machine.
 */
#include "config.h"

#include "octets.h"
#include "past.h"
#include "peer.h"
#include "ride.h"
#include "tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define DELAY_MS 3 /* of the check by the clock; small, for there are many rows */

struct row {
    const char *name;
    enum serve_tls tls;
    bool login;
    bool lock_step; /* the server does not offer PIPELINING */
    bool chunking;
    enum past past;
    const char *settings; /* further lines of the account */
    bool two;             /* recipients */
    bool long_text;       /* more than fits one write in `full` */
    unsigned want;        /* round trips to the final 250; and to the exit */
    bool by_clock;        /* also over a line that is slow */
};

/*
 * 1 connection, 1 greeting, 1 EHLO; TLS from the start 1, STARTTLS 3 (its answer, the handshake,
 * EHLO again); then what each row is about.
 */
static const struct row rows[] = {
    /* the first time: AUTH | MAIL, RCPT, DATA | text */
    {.name = "implicit TLS, login",
     .tls = SERVE_IMPLICIT,
     .login = true,
     .want = 7,
     .by_clock = true},
    {.name = "implicit TLS, login, CHUNKING",
     .tls = SERVE_IMPLICIT,
     .login = true,
     .chunking = true,
     .want = 7},
    {.name = "STARTTLS, login",
     .tls = SERVE_STARTTLS,
     .login = true,
     .chunking = true,
     .want = 9,
     .by_clock = true},
    {.name = "no TLS, no login", .tls = SERVE_CLEAR, .want = 5, .by_clock = true},
    {.name = "implicit TLS, no login", .tls = SERVE_IMPLICIT, .chunking = true, .want = 6},
    {.name = "full, but nothing is proven",
     .tls = SERVE_IMPLICIT,
     .login = true,
     .chunking = true,
     .settings = "pipelining = full\n",
     .want = 7},
    /* after a success: AUTH, MAIL, RCPT, DATA | text, or with BDAT */
    {.name = "implicit TLS, again",
     .tls = SERVE_IMPLICIT,
     .login = true,
     .past = PAST_SENT,
     .want = 6},
    {.name = "implicit TLS, CHUNKING, again",
     .tls = SERVE_IMPLICIT,
     .login = true,
     .chunking = true,
     .past = PAST_SENT,
     .want = 6},
    {.name = "implicit TLS, two recipients, again",
     .tls = SERVE_IMPLICIT,
     .login = true,
     .chunking = true,
     .past = PAST_SENT,
     .two = true,
     .want = 6},
    {.name = "STARTTLS, again",
     .tls = SERVE_STARTTLS,
     .login = true,
     .chunking = true,
     .past = PAST_SENT,
     .want = 8},
    {.name = "no TLS, no login, again",
     .tls = SERVE_CLEAR,
     .chunking = true,
     .past = PAST_SENT,
     .want = 5},
    {.name = "pipelining = standard, again",
     .tls = SERVE_IMPLICIT,
     .login = true,
     .chunking = true,
     .past = PAST_SENT,
     .settings = "pipelining = standard\n",
     .want = 7},
    {.name = "full, again, but not proven",
     .tls = SERVE_IMPLICIT,
     .login = true,
     .chunking = true,
     .past = PAST_SENT,
     .settings = "pipelining = full\n",
     .want = 6},
    /* full, on a proven server: all in one */
    {.name = "full: implicit TLS",
     .tls = SERVE_IMPLICIT,
     .login = true,
     .chunking = true,
     .past = PAST_PROVEN,
     .settings = "pipelining = full\n",
     .want = 5,
     .by_clock = true},
    {.name = "full: STARTTLS",
     .tls = SERVE_STARTTLS,
     .login = true,
     .chunking = true,
     .past = PAST_PROVEN,
     .settings = "pipelining = full\n",
     .want = 7},
    {.name = "full: no TLS, no login",
     .tls = SERVE_CLEAR,
     .chunking = true,
     .past = PAST_PROVEN,
     .settings = "pipelining = full\n",
     .want = 4},
    {.name = "full, two recipients",
     .tls = SERVE_IMPLICIT,
     .login = true,
     .chunking = true,
     .past = PAST_PROVEN,
     .two = true,
     .settings = "pipelining = full\n",
     .want = 6},
    {.name = "full, a long message",
     .tls = SERVE_IMPLICIT,
     .login = true,
     .chunking = true,
     .past = PAST_PROVEN,
     .long_text = true,
     .settings = "pipelining = full\n",
     .want = 6},
    {.name = "auto on a proven server",
     .tls = SERVE_IMPLICIT,
     .login = true,
     .chunking = true,
     .past = PAST_PROVEN,
     .want = 6},
    /* poorer offers, and less wanted: each command waits */
    {.name = "no PIPELINING",
     .tls = SERVE_IMPLICIT,
     .login = true,
     .lock_step = true,
     .chunking = true,
     .want = 9},
    {.name = "no PIPELINING, again, full",
     .tls = SERVE_IMPLICIT,
     .login = true,
     .lock_step = true,
     .chunking = true,
     .past = PAST_PROVEN,
     .settings = "pipelining = full\n",
     .want = 9},
    {.name = "no PIPELINING, no CHUNKING",
     .tls = SERVE_IMPLICIT,
     .login = true,
     .lock_step = true,
     .want = 9},
    {.name = "pipelining = off",
     .tls = SERVE_IMPLICIT,
     .login = true,
     .chunking = true,
     .settings = "pipelining = off\n",
     .want = 9},
    {.name = "full, no CHUNKING",
     .tls = SERVE_IMPLICIT,
     .login = true,
     .past = PAST_PROVEN,
     .settings = "pipelining = full\n",
     .want = 6},
    {.name = "auth = login",
     .tls = SERVE_IMPLICIT,
     .login = true,
     .chunking = true,
     .past = PAST_SENT,
     .settings = "auth = login\n",
     .want = 9},
};

static char *certs, *program;
static int inputs[2]; /* a short message and a longer one */

static void write_file(const struct ride *r, const char *name, const struct octets *text)
{
    struct octets path = {0};

    octets_printf(&path, "%s/%s", r->dir, name);
    if (!octets_save(text, path.p, 0600))
        die("cannot write %s", path.p);
    octets_free(&path);
}

static void write_config(const struct ride *r, const struct row *row)
{
    static const char *const modes[] = {
        [SERVE_CLEAR] = "off", [SERVE_STARTTLS] = "starttls", [SERVE_IMPLICIT] = "implicit"};
    struct octets text = {0};

    octets_printf(&text,
                  "[account main]\nhost = 127.0.0.1\nport = %u\ntls = %s\ntls_trust = %s/ca.pem\n"
                  "from = alice@example.org\nqueue = never\nehlo_name = client.example.org\n",
                  r->port, modes[row->tls], certs);
    if (row->login)
        octets_str(&text, "user = alice@example.org\npassword = secret\n");
    octets_str(&text, row->settings ? row->settings : "");
    octets_str(&text, "[log]\ntarget = none\n");
    write_file(r, "config", &text);
    /* Where a folder is wanted: nothing can be remembered. A home that is not there would be that
     * of the passwd entry. */
    write_file(r, "homeless/.local", &text);
    octets_free(&text);
}

static void show_output(const struct ride *r)
{
    struct octets path = {0}, text = {0};

    octets_printf(&path, "%s/said", r->dir);
    if (octets_file(&text, path.p))
        printf("# %s", octets_text(&text));
    octets_free(&path);
    octets_free(&text);
}

/* One message of the row; with HOME, where memory is, or without. */
static bool send_once(struct ride *r, const struct row *row, bool home, int delay_ms,
                      struct relay_count *count)
{
    struct octets config = {0}, env = {0};
    char *argv[] = {program,
                    (char[]){"send"},
                    (char[]){"-C"},
                    NULL,
                    (char[]){"-i"},
                    (char[]){"bob@example.org"},
                    (char[]){"c@x.org"},
                    NULL};
    char *envp[] = {NULL, (char[]){"PATH=/usr/bin:/bin"}, NULL};
    int input = row->long_text ? inputs[1] : inputs[0];
    bool good;

    octets_printf(&config, "%s/config", r->dir);
    octets_printf(&env, "HOME=%s/%s", r->dir, home ? "home" : "homeless");
    argv[3] = config.p;
    envp[0] = env.p;
    if (!row->two)
        argv[6] = NULL;
    good = lseek(input, 0, SEEK_SET) == 0 && ride_run(r, argv, envp, input, delay_ms, count);
    if (!good)
        show_output(r);
    octets_free(&config);
    octets_free(&env);
    return good;
}

/* What happened before the counted runs. */
static bool live_past(struct ride *r, const struct row *row)
{
    struct relay_count count;

    return row->past == PAST_NONE || (send_once(r, row, true, 0, &count) &&
                                      (row->past == PAST_SENT || past_prove(r, !row->login)));
}

/* Light is as slow as the relay: faster than its own count no client can be. */
static void check_by_clock(struct ride *r, const struct row *row)
{
    double round_trip_us = 2000.0 * DELAY_MS;
    struct relay_count count;

    /* The first time must stay the first: nothing is learned without a home. */
    if (!ok(send_once(r, row, row->past != PAST_NONE, DELAY_MS, &count),
            "%s: sent over a slow line", row->name))
        return;
    ok((double)count.accepted_us >= row->want * round_trip_us, "%s: a slow line shows them, too",
       row->name);
    printf("# by the clock: %.2f to accepted, %.2f to the exit\n",
           (double)count.accepted_us / round_trip_us, (double)count.took_us / round_trip_us);
    (void)fflush(stdout);
}

static void check_row(const struct row *row)
{
    struct serve_params serve = {.tls = row->tls,
                                 .certs = certs,
                                 .cert = "good",
                                 .user = row->login ? "alice@example.org" : NULL,
                                 .password = row->login ? "secret" : NULL,
                                 .pipelining = !row->lock_step,
                                 .chunking = row->chunking,
                                 .eightbitmime = true};
    struct relay_count count;
    struct ride r;

    ride_begin(&r, &serve);
    write_config(&r, row);
    if (ok(live_past(&r, row), "%s: it has its past", row->name)) {
        if (row->by_clock)
            check_by_clock(&r, row);
        if (ok(send_once(&r, row, true, 0, &count), "%s: sent", row->name)) {
            ok(count.accepted == row->want, "%s: %u round trips to accepted (%u)", row->name,
               row->want, count.accepted);
            ok(count.turns == row->want, "%s: none more to the exit (%u)", row->name, count.turns);
        }
    }
    ride_end(&r);
}

/* A client that waits for every reply, that to QUIT included; see check_instrument. */
static int be_client(unsigned port)
{
    static const char *const lines[] = {"EHLO x\r\n", "MAIL FROM:<a@x>\r\n", "RCPT TO:<b@x>\r\n",
                                        "DATA\r\n",   "\r\nx\r\n.\r\n",      "QUIT\r\n"};
    struct sockaddr_in sin = {.sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                              .sin_port = htons((uint16_t)port)};
    int64_t until = peer_now_ms() + 10000;
    struct octets reply = {0};
    struct peer p;
    bool good;

    peer_init(&p, socket(AF_INET, SOCK_STREAM, 0));
    good = connect(p.fd, (const struct sockaddr *)&sin, sizeof sin) == 0 || errno == EINPROGRESS;
    for (size_t i = 0; good && i <= sizeof lines / sizeof lines[0]; i++) {
        do
            good = peer_line(&p, &reply, until);
        while (good && (reply.n < 4 || reply.p[3] == '-'));
        if (good && i < sizeof lines / sizeof lines[0])
            good = peer_send(&p, lines[i], strlen(lines[i]), until);
    }
    octets_free(&reply);
    peer_free(&p);
    return good ? 0 : 1;
}

/* The instrument sees a turn more where there is one: that client needs it to the exit. */
static void check_instrument(char *self)
{
    struct serve_params serve = {.tls = SERVE_CLEAR, .pipelining = true};
    char port[16];
    char *argv[] = {self, (char[]){"--client"}, port, NULL};
    struct relay_count count;
    struct ride r;

    ride_begin(&r, &serve);
    snprintf(port, sizeof port, "%u", r.port);
    ok(ride_run(&r, argv, environ, inputs[0], 0, &count), "lock step by hand: sent");
    is_int(count.accepted, 7, "7 round trips to accepted");
    is_int(count.turns, 8, "one more to the exit, for it waits for the reply to QUIT");
    ride_end(&r);
}

/* A message as an unlinked file, so that each client reads it from the start. */
static int message_of(size_t text)
{
    struct octets out = {0};
    char name[] = "/tmp/turns-XXXXXX";
    int fd = mkstemp(name);

    octets_str(&out, "From: alice@example.org\nTo: bob@example.org\nSubject: round trips\n\n");
    while (out.n < text)
        octets_str(&out, "A line that is as good as any other.\n");
    if (fd < 0 || unlink(name) != 0 || write(fd, out.p, out.n) != (ssize_t)out.n)
        die("cannot make the message: %s", strerror(errno));
    octets_free(&out);
    return fd;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--client") == 0)
        return be_client((unsigned)strtoul(argv[2], NULL, 10));
    if (!relay_can_turn()) {
        printf("1..0 # SKIP /proc does not tell what a process waits for\n");
        return 0;
    }
    program = ride_program();
    certs = ride_certs();
    inputs[0] = message_of(0);
    inputs[1] = message_of(30000);
    check_instrument(argv[0]);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_row(&rows[i]);
    return done_testing();
}
