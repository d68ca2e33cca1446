/*
 * test_play.c: the scripted server finds out the clients that it is there to find out. Each client
 * here is a child that writes pieces with pauses between them, whatever the server says.
 */
#include "config.h"

#include "certs.h"
#include "octets.h"
#include "peer.h"
#include "play.h"
#include "script.h"
#include "tap.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENT_MS 10000 /* for a reply that is sure to come */

/* A client that writes PIECES (NULL at the end), each after a reply or WAIT_MS, and reads on. */
static pid_t start_client(unsigned port, const char *const *pieces, int wait_ms)
{
    struct sockaddr_in sin = {.sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char block[4096];
    pid_t pid = fork();
    int fd;

    if (pid != 0)
        return pid;
    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (const struct sockaddr *)&sin, sizeof sin) != 0)
        _exit(1);
    for (bool greeted = wait_ms <= 0; *pieces; pieces++, greeted = true) {
        struct pollfd pfd = {.fd = fd, .events = POLLIN};

        /* A short wait is one between two pieces: the greeting of a busy machine takes longer. */
        if (poll(&pfd, 1, greeted ? wait_ms : PATIENT_MS) > 0 && read(fd, block, sizeof block) <= 0)
            break;
        if (send(fd, *pieces, strlen(*pieces), MSG_NOSIGNAL) < 0)
            break;
    }
    (void)shutdown(fd, SHUT_WR);
    while (read(fd, block, sizeof block) > 0)
        ;
    _exit(0);
}

/* Plays SCRIPT to that client; OUT gets the report. */
static bool play(const char *folder, const char *text, const char *const *pieces, int wait_ms,
                 struct octets *out)
{
    struct play_params p = {.name = "script", .certs = folder, .out = folder, .limit_ms = 10000};
    struct script script;
    struct octets path = {0};
    unsigned port = 0;
    bool followed;
    int gone[2];
    pid_t pid;

    /* The reading end tells the server when the client has ended. */
    if (pipe(gone) != 0)
        die("pipe failed");
    p.control_fd = gone[0];
    p.listen_fd = peer_listen(NULL, &port);
    script_parse(&script, "script", text, strlen(text), 1);
    pid = start_client(port, pieces, wait_ms);
    close(gone[1]);
    followed = play_script(&script, &p);
    close(p.listen_fd);
    close(gone[0]);
    (void)waitpid(pid, NULL, 0);
    octets_printf(&path, "%s/report", folder);
    (void)octets_file(out, path.p);
    octets_free(&path);
    script_free(&script);
    return followed;
}

static void scripts(const char *folder)
{
    static const struct {
        const char *script;
        const char *pieces[6];
        int wait_ms;
        const char *complaint; /* NULL: followed */
        const char *why;
    } cases[] = {
        {"S: 220 a\nC: EHLO b\nS: 250 c\nC: QUIT\n",
         {"EHLO b\r\n", "QUIT\r\n"},
         PATIENT_MS,
         NULL,
         "a good client"},
        {"S: 220 a\nC: EHLO b\nS: 250 c\nC: QUIT\n",
         {"EHLO b\r\nQUIT\r\n"},
         PATIENT_MS,
         "did not wait for the reply",
         "two commands at once"},
        {"quiet 5000\nS: 220 a\nC: EHLO b\nS: 250 c\n",
         {"EHLO b\r\n"},
         0,
         "did not wait for the reply",
         "speaking before the greeting"},
        {"S: 220 a\nC: EHLO b\nS: 250 c\nC: QUIT\n",
         {"EHLO b\n", "QUIT\r\n"},
         PATIENT_MS,
         "expected",
         "a bare LF"},
        {"S: 220 a\nC: EHLO b\n",
         {"EHLO bb\r\n"},
         PATIENT_MS,
         "expected \"EHLO b\"",
         "another line"},
        {"S: 220 a\nC: EHLO b\n",
         {"QUIT"},
         PATIENT_MS,
         "expected \"EHLO b\"",
         "a line without an end"},
        {"S: 220 a\nC: A\nC: B\n", {"A\r\nB\r\n"}, PATIENT_MS, NULL, "a flight"},
        {"S: 220 a\nC: A\nC: B\n",
         {"A\r\n", "B\r\n"},
         20,
         "write of its own",
         "a flight in two writes"},
        {"S: 220 a\nloosely\nC: A\nC: B\n",
         {"A\r\n", "B\r\n"},
         20,
         NULL,
         "two writes where that is allowed"},
        {"S: 220 a\nC: A\n", {"A\r\nB\r\n"}, PATIENT_MS, "more came", "a line too many"},
        {"S: 220 a\nbye\n", {"QUIT\r\n"}, PATIENT_MS, NULL, "a QUIT that may come"},
        {"S: 220 a\nbye\n", {""}, PATIENT_MS, NULL, "and may not come"},
        {"S: 220 a\nbye\n", {"NOOP\r\n"}, PATIENT_MS, "more came", "but nothing else"},
        {"S: 220 a\nC~ A[0-9]+\n", {"A12\r\n"}, PATIENT_MS, NULL, "a pattern"},
        {"S: 220 a\nC~ A[0-9]+\n",
         {"A12 \r\n"},
         PATIENT_MS,
         "expected",
         "a pattern fits whole lines"},
        {"S: 220 a\nC~ .*\n", {"A\rB\r\n"}, PATIENT_MS, "expected", "no pattern fits a bare CR"},
        {"S: 220 a\ntext\nS: 250 b\n", {"a\r\n..\r\n.\r\n"}, PATIENT_MS, NULL, "message text"},
        {"S: 220 a\ntext\nS: 250 b\n",
         {"a\r\n.\n"},
         PATIENT_MS,
         "has no end",
         "text that does not end"},
        {"S: 220 a\ntake 4\nS: 250 b\n", {"abc"}, PATIENT_MS, "3 of 4 octets", "too few octets"},
        {"S: 220 a\nC: A\nconnection\nS: 220 b\n",
         {"A\r\n"},
         PATIENT_MS,
         "no client came",
         "a connection that does not come"},
        {"S: 220 a\nC: A\nconnection\nmaybe\nS: 220 b\n",
         {"A\r\n"},
         PATIENT_MS,
         NULL,
         "one that need not come"},
        {"S: 220 a\ntorn\n", {"a\r\n.b\r\n."}, PATIENT_MS, NULL, "text broken off"},
        {"S: 220 a\ntorn\n", {"a\r\n.\r\n"}, PATIENT_MS, "end mark", "and its end mark"},
        {"S: 220 a\ntake 3\ntorn\n", {"a\r\n.\r\n"}, PATIENT_MS, "end mark", "cut off the text"},
        {"heard\nearly\nS: 220 a\nsealed\n", {"\x16\x03\x01"}, 0, NULL, "a piece of a record"},
        {"S: 220 a\nsealed\n", {"QUIT\r\n"}, PATIENT_MS, "no TLS record", "and a command"},
        {"S: 220 a\nshort 4\n", {"abc"}, PATIENT_MS, NULL, "fewer octets than announced"},
        {"S: 220 a\nshort 4\n", {"abcd"}, PATIENT_MS, "4 octets came", "and as many"},
        {"S: 220 a\nshut\nC: A\n", {"A\r\n"}, PATIENT_MS, NULL, "shut, and listening"},
        {"tls good\nC: A\n", {"A\r\n"}, PATIENT_MS, "handshake", "no TLS where it must be"},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct octets report = {0};
        int wait_ms = cases[i].wait_ms;
        bool followed = play(folder, cases[i].script, cases[i].pieces, wait_ms, &report);

        /* On a busy machine a short pause is none: who was not found out gets a longer one. */
        while (followed && cases[i].complaint && wait_ms > 0 && wait_ms < PATIENT_MS) {
            wait_ms *= 5;
            followed = play(folder, cases[i].script, cases[i].pieces, wait_ms, &report);
        }

        ok(followed == (cases[i].complaint == NULL), "%s: %s", cases[i].why,
           cases[i].complaint ? "found out" : "followed");
        if (report.n > 0)
            report.p[--report.n] = '\0';
        ok(cases[i].complaint ? strstr(octets_text(&report), cases[i].complaint) != NULL
                              : report.n == 0,
           "%s: says so (%.60s)", cases[i].why, octets_text(&report));
        octets_free(&report);
    }
}

static void records(const char *folder)
{
    static const char *const pieces[] = {"A\r\n", "x\r\n.\r\n", NULL};
    struct octets report = {0}, path = {0}, got = {0};

    ok(play(folder, "S: 220 a\nC: A\nS: 354 b\ntext\n", pieces, PATIENT_MS, &report), "followed");
    octets_printf(&path, "%s/wire.1", folder);
    ok(octets_file(&got, path.p), "the octets are recorded");
    is_mem(got.p, got.n, "A\r\nx\r\n.\r\n", 9, "all of them");
    got.n = path.n = 0;
    octets_printf(&path, "%s/text.1", folder);
    ok(octets_file(&got, path.p), "the text is recorded");
    is_mem(got.p, got.n, "x\r\n.\r\n", 6, "with its end");
    octets_free(&report);
    octets_free(&path);
    octets_free(&got);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    struct octets folder = {0};

    octets_printf(&folder, "%s/play.XXXXXX", tmp && *tmp == '/' ? tmp : "/tmp");
    if (!mkdtemp(folder.p))
        die("mkdtemp failed");
    certs_make(folder.p);
    scripts(folder.p);
    records(folder.p);
    certs_remove(folder.p);
    ok(access(folder.p, F_OK) != 0, "the folder is gone");
    octets_free(&folder);
    return done_testing();
}
