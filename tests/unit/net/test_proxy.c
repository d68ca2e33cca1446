/*
 * test_proxy.c: SOCKS5 over a pair of sockets. What the proxy will say waits there before the first
 * question, so nothing here needs a second process, and what is not read is there to be found.
 */
#include "config.h"

#include "net/proxy.h"

#include "base/attr.h"
#include "base/proc.h"
#include "tap.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define AMPLE_MS 120000
#define SHORT_MS 60

#define OCTETS(s) (s), sizeof(s) - 1
#define TEN       "0123456789"
#define NAME250                                                                                    \
    TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN    \
        TEN TEN

static char password[256] = "s3cret";

static const struct {
    const char *why;
    const char *host, *user;
    const char *says; /* the proxy, and behind its answers the server */
    size_t says_n;
    const char *hears;
    size_t hears_n;
    size_t left; /* octets that are the server's */
    enum cause cause;
    const char *text;
} rows[] = {
    {"no login, an IPv4 answer", "mail.example.org", NULL, OCTETS("\5\0\5\0\0\1\0\0\0\0\0\0"),
     OCTETS("\5\1\0\5\1\0\3\20mail.example.org\1\321"), 0, CAUSE_NONE, NULL},
    {"an IPv4 address is asked for as one", "192.0.2.7", NULL,
     OCTETS("\5\0\5\0\0\1\177\0\0\1\20\20"), OCTETS("\5\1\0\5\1\0\1\300\0\2\7\1\321"), 0,
     CAUSE_NONE, NULL},
    {"and an IPv6 address", "2001:db8::1", NULL,
     OCTETS("\5\0\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\20\20"),
     OCTETS("\5\1\0\5\1\0\4\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1\1\321"), 0, CAUSE_NONE, NULL},
    {"in brackets, too", "[::1]", NULL, OCTETS("\5\0\5\0\0\1\0\0\0\0\0\0"),
     OCTETS("\5\1\0\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\1\321"), 0, CAUSE_NONE, NULL},
    {"an answer with a name", "h.example", NULL, OCTETS("\5\0\5\0\0\3\5proxy\1\2"),
     OCTETS("\5\1\0\5\1\0\3\11h.example\1\321"), 0, CAUSE_NONE, NULL},
    {"an answer with an empty name", "h.example", NULL, OCTETS("\5\0\5\0\0\3\0\1\2"),
     OCTETS("\5\1\0\5\1\0\3\11h.example\1\321"), 0, CAUSE_NONE, NULL},
    {"what follows is the server's", "h.example", NULL,
     OCTETS("\5\0\5\0\0\1\0\0\0\0\0\000220 h.example\r\n"),
     OCTETS("\5\1\0\5\1\0\3\11h.example\1\321"), 15, CAUSE_NONE, NULL},
    {"behind a name, too", "h.example", NULL, OCTETS("\5\0\5\0\0\3\5proxy\1\002220\r\n"),
     OCTETS("\5\1\0\5\1\0\3\11h.example\1\321"), 5, CAUSE_NONE, NULL},
    {"a login", "h.example", "user", OCTETS("\5\2\1\0\5\0\0\1\0\0\0\0\0\0"),
     OCTETS("\5\2\0\2\1\4user\6s3cret\5\1\0\3\11h.example\1\321"), 0, CAUSE_NONE, NULL},
    {"a login that is not wanted", "h.example", "user", OCTETS("\5\0\5\0\0\1\0\0\0\0\0\0"),
     OCTETS("\5\2\0\2\5\1\0\3\11h.example\1\321"), 0, CAUSE_NONE, NULL},
    {"a login answered with the version of the rest", "h.example", "user",
     OCTETS("\5\2\5\0\5\0\0\1\0\0\0\0\0\0"),
     OCTETS("\5\2\0\2\1\4user\6s3cret\5\1\0\3\11h.example\1\321"), 0, CAUSE_NONE, NULL},
    {"a login that is refused", "h.example", "user", OCTETS("\5\2\1\1"),
     OCTETS("\5\2\0\2\1\4user\6s3cret"), 0, CAUSE_CONFIG, "refuses the login"},
    {"a login that is missing", "h.example", NULL, OCTETS("\5\377"), OCTETS("\5\1\0"), 0,
     CAUSE_CONFIG, "wants a login"},
    {"a login of another kind", "h.example", "user", OCTETS("\5\377"), OCTETS("\5\2\0\2"), 0,
     CAUSE_CONFIG, "takes no login by password"},
    {"a login that was not offered", "h.example", NULL, OCTETS("\5\2"), OCTETS("\5\1\0"), 0,
     CAUSE_PROTOCOL, "SOCKS5"},
    {"GSSAPI that was not offered", "h.example", "user", OCTETS("\5\1"), OCTETS("\5\2\0\2"), 0,
     CAUSE_PROTOCOL, "SOCKS5"},
    {"a web proxy", "h.example", NULL, OCTETS("HTTP/1.1 400 Bad Request\r\n\r\n"), OCTETS("\5\1\0"),
     26, CAUSE_PROTOCOL, "SOCKS5"},
    {"a mail server", "h.example", NULL, OCTETS("220 h.example\r\n"), OCTETS("\5\1\0"), 13,
     CAUSE_PROTOCOL, "SOCKS5"},
    {"SOCKS4", "h.example", NULL, OCTETS("\0\133\0\0\0\0\0\0"), OCTETS("\5\1\0"), 6, CAUSE_PROTOCOL,
     "SOCKS5"},
    {"another version in the verdict", "h.example", NULL, OCTETS("\5\0\4\0\0\1\0\0\0\0\0\0"),
     OCTETS("\5\1\0\5\1\0\3\11h.example\1\321"), 8, CAUSE_PROTOCOL, "SOCKS5"},
    {"another version in the login", "h.example", "user", OCTETS("\5\2\2\0"),
     OCTETS("\5\2\0\2\1\4user\6s3cret"), 0, CAUSE_PROTOCOL, "SOCKS5"},
    {"an address of an unknown kind", "h.example", NULL, OCTETS("\5\0\5\0\0\2\0\0\0\0\0\0"),
     OCTETS("\5\1\0\5\1\0\3\11h.example\1\321"), 6, CAUSE_PROTOCOL, "SOCKS5"},
    {"it cannot", "h.example", NULL, OCTETS("\5\0\5\1\0\1\0\0\0\0\0\0"),
     OCTETS("\5\1\0\5\1\0\3\11h.example\1\321"), 8, CAUSE_CONNECT,
     "proxy 127.0.0.1:1080 does not connect to h.example, port 465: it cannot reach the server"},
    {"it may not", "h.example", NULL, OCTETS("\5\0\5\2"),
     OCTETS("\5\1\0\5\1\0\3\11h.example\1\321"), 0, CAUSE_CONNECT, "rules"},
    {"no way to the network", "h.example", NULL, OCTETS("\5\0\5\3"),
     OCTETS("\5\1\0\5\1\0\3\11h.example\1\321"), 0, CAUSE_CONNECT, "network unreachable"},
    {"no way to the host", "h.example", NULL, OCTETS("\5\0\5\4"),
     OCTETS("\5\1\0\5\1\0\3\11h.example\1\321"), 0, CAUSE_CONNECT, "host unreachable"},
    {"nobody there", "h.example", NULL, OCTETS("\5\0\5\5"),
     OCTETS("\5\1\0\5\1\0\3\11h.example\1\321"), 0, CAUSE_CONNECT, "connection refused"},
    {"too far", "h.example", NULL, OCTETS("\5\0\5\6"), OCTETS("\5\1\0\5\1\0\3\11h.example\1\321"),
     0, CAUSE_CONNECT, "TTL"},
    {"not its trade", "h.example", NULL, OCTETS("\5\0\5\7"),
     OCTETS("\5\1\0\5\1\0\3\11h.example\1\321"), 0, CAUSE_CONNECT, "does not make connections"},
    {"a kind of address it does not know", "h.example", NULL, OCTETS("\5\0\5\10"),
     OCTETS("\5\1\0\5\1\0\3\11h.example\1\321"), 0, CAUSE_CONNECT, "kind of address"},
    {"a code without a name", "h.example", NULL, OCTETS("\5\0\5\11"),
     OCTETS("\5\1\0\5\1\0\3\11h.example\1\321"), 0, CAUSE_CONNECT, "(its code 0x09)"},
    {"one of Tor's", "h.example", NULL, OCTETS("\5\0\5\364"),
     OCTETS("\5\1\0\5\1\0\3\11h.example\1\321"), 0, CAUSE_CONNECT, "(its code 0xf4)"},
    {"a name that is too long", NAME250 "123456", NULL, OCTETS("\5\0"), OCTETS("\5\1\0"), 0,
     CAUSE_CONFIG, "cannot be asked for"},
    {"an address with a zone of ours", "fe80::1%lo", NULL, OCTETS("\5\0"), OCTETS("\5\1\0"), 0,
     CAUSE_CONFIG, "cannot be asked for"},
};

static void make_pair(int fd[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd) != 0)
        exit(1);
}

static enum cause open_proxy(int fd, const char *host, const char *user, int64_t ms,
                             struct fault *why)
{
    struct buf secret;
    struct proxy_params p = {.host = "127.0.0.1", .port = 1080, .user = user, .password = &secret};
    enum cause c;

    buf_init_secret(&secret, 300);
    buf_adds(&secret, password);
    c = proxy_open(fd, &p, host, 465, deadline_in(ms), why);
    buf_free(&secret);
    return c;
}

static void test_row(size_t i)
{
    struct fault why = {0};
    char heard[1024], left[1024];
    ssize_t n;
    enum cause c;
    int fd[2];

    make_pair(fd);
    ok(write(fd[1], rows[i].says, rows[i].says_n) == (ssize_t)rows[i].says_n, "%s", rows[i].why);
    c = open_proxy(fd[0], rows[i].host, rows[i].user, AMPLE_MS, &why);
    is_int(c, rows[i].cause, "...its end");
    n = read(fd[1], heard, sizeof(heard));
    is_mem(heard, n > 0 ? (size_t)n : 0, rows[i].hears, rows[i].hears_n, "...what the proxy hears");
    n = read(fd[0], left, sizeof(left));
    is_int(n > 0 ? n : 0, (long long)rows[i].left, "...what is left for whoever comes next");
    ok(c == CAUSE_NONE || (why.stage == STAGE_DIAL && strstr(why.text.data, rows[i].text) != NULL),
       "...says: %s", c == CAUSE_NONE ? "nothing" : why.text.data);
    ok(c == CAUSE_NONE || strstr(why.text.data, password) == NULL, "...without the password");
    fault_free(&why);
    close(fd[0]);
    close(fd[1]);
}

/* Every answer, cut at every place: closed there, and silent there. */
static void test_cut(bool silent)
{
    static const char answers[] = "\5\2\1\0\5\0\0\3\5proxy\1\2";
    size_t good = 0;

    for (size_t cut = 0; cut < sizeof(answers) - 1; cut++) {
        struct fault why = {0};
        int64_t before = clock_mono_ms();
        enum cause c;
        int fd[2];

        make_pair(fd);
        if (write(fd[1], answers, cut) != (ssize_t)cut)
            exit(1);
        if (!silent)
            (void)shutdown(fd[1], SHUT_WR);
        c = open_proxy(fd[0], "h.example", "user", silent ? 5 : AMPLE_MS, &why);
        good += c == (silent ? CAUSE_TIMEOUT : CAUSE_CLOSED) && why.stage == STAGE_DIAL &&
                why.hint.len > 0 && clock_mono_ms() - before < 5000;
        fault_free(&why);
        close(fd[0]);
        close(fd[1]);
    }
    is_int((long long)good, sizeof(answers) - 1,
           silent ? "silence at any octet" : "an end at any octet");
}

/* An octet at a time is no reason to wait longer than the deadline. */
static void test_drip(void)
{
    struct fault why = {0};
    int64_t before = clock_mono_ms();
    pid_t child;
    int fd[2];

    make_pair(fd);
    child = fork();
    if (child == 0) {
        static const char head[] = "\5\0\5\0\0\3\377";

        close(fd[0]);
        if (write(fd[1], head, sizeof(head) - 1) < 0)
            _exit(1);
        for (int i = 0; i < 4000 && send(fd[1], "x", 1, MSG_NOSIGNAL) == 1; i++)
            (void)poll(NULL, 0, 5);
        _exit(0);
    }
    close(fd[1]);
    is_int(open_proxy(fd[0], "h.example", NULL, SHORT_MS, &why), CAUSE_TIMEOUT, "a drip");
    ok(clock_mono_ms() - before >= SHORT_MS - 1 && clock_mono_ms() - before < 15000,
       "...ends with the deadline");
    close(fd[0]);
    (void)waitpid(child, NULL, 0);
    fault_free(&why);
}

static void test_lengths(void)
{
    struct fault why = {0};
    char user[300];
    int fd[2];

    memset(user, 'u', sizeof(user));
    user[256] = '\0';
    make_pair(fd);
    if (write(fd[1], "\5\2", 2) != 2)
        exit(1);
    is_int(open_proxy(fd[0], "h.example", user, AMPLE_MS, &why), CAUSE_CONFIG,
           "a user of 256 octets does not fit into the protocol");
    close(fd[0]);
    close(fd[1]);
    fault_free(&why);
}

/* Signals are recorded once for the whole process, hence the child. */
static void test_signal(void)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        struct fault why = {0};
        int fd[2];

        make_pair(fd);
        (void)proc_start();
        (void)raise(SIGTERM);
        _exit((int)open_proxy(fd[0], "h.example", NULL, AMPLE_MS, &why));
    }
    (void)waitpid(child, &status, 0);
    is_int(WEXITSTATUS(status), CAUSE_INTERRUPTED, "a signal ends the talk");
}

static void test_names(void)
{
    static const struct {
        const char *host, *want;
    } t[] = {{"127.0.0.1", "proxy 127.0.0.1:1080"},
             {"h.example", "proxy h.example:1080"},
             {"::1", "proxy [::1]:1080"},
             {"/run/tor/socks", "proxy /run/tor/socks"}};

    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        struct proxy_params p = {.host = t[i].host, .port = 1080, .user = "user"};
        struct buf out;

        buf_init(&out, 100);
        proxy_name(&p, &out);
        is_str(out.data, t[i].want, "its name");
        buf_free(&out);
    }
}

int main(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        test_row(i);
    test_cut(false);
    test_cut(true);
    test_drip();
    test_lengths();
    test_signal();
    test_names();
    return done_testing();
}
