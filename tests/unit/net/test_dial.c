/*
 * test_dial.c: connecting to live, dead, full and silent addresses. The names of the tests are
 * resolved by a getaddrinfo(3) of our own, to lists of loopback addresses.
 */
#include "config.h"

#include "net/dial.h"

#include "tap.h"

#include "base/proc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define AMPLE_MS 120000
#define SHORT_MS 80

/* What each name stands for. */
static const struct {
    const char *name;
    const char *ip[6];
} hosts[] = {
    {"one.example.org", {"127.0.0.1"}},
    {"dead.example.org", {"127.0.0.2"}},
    {"dead-first.example.org",
     {"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.1"}},
    {"all-dead.example.org", {"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6"}},
    {"both.example.org", {"::1", "127.0.0.1"}},
    {"only-six.example.org", {"::1"}},
    {"full-first.example.org", {"127.0.0.8", "127.0.0.1"}},
    {"full.example.org", {"127.0.0.8"}},
    {"taking-turns.example.org", {"127.0.0.2", "127.0.0.3", "127.0.0.4", "::1", "127.0.0.1"}},
};

static void add_one(const char *ip, const char *service, struct addrinfo ***tail)
{
    struct addrinfo *ai = calloc(1, sizeof(*ai) + sizeof(struct sockaddr_in6));
    struct sockaddr_in *v4 = (struct sockaddr_in *)(ai + 1);
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(ai + 1);

    ai->ai_socktype = SOCK_STREAM;
    ai->ai_addr = (struct sockaddr *)(ai + 1);
    if (inet_pton(AF_INET, ip, &v4->sin_addr) == 1) {
        ai->ai_family = v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)strtoul(service, NULL, 10));
        ai->ai_addrlen = sizeof(*v4);
    } else if (inet_pton(AF_INET6, ip, &v6->sin6_addr) == 1) {
        ai->ai_family = v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)strtoul(service, NULL, 10));
        ai->ai_addrlen = sizeof(*v6);
    }
    **tail = ai;
    *tail = &ai->ai_next;
}

static atomic_int asked; /* questions to the resolver */

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    struct addrinfo **tail = out;

    (void)hints;
    atomic_fetch_add(&asked, 1);
    *out = NULL;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        if (strcmp(name, hosts[i].name) != 0)
            continue;
        for (size_t k = 0; k < 6 && hosts[i].ip[k] != NULL; k++)
            add_one(hosts[i].ip[k], service, &tail);
        return 0;
    }
    return EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *list)
{
    while (list != NULL) {
        struct addrinfo *next = list->ai_next;

        free(list);
        list = next;
    }
}

/* A listener on IP; a *PORT of 0 is chosen and told. -1: no such family here. */
static int listen_at(const char *ip, uint16_t *port, int backlog)
{
    struct sockaddr_storage sa = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&sa;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&sa;
    socklen_t len = sizeof(*v4);
    int yes = 1, fd;

    if (inet_pton(AF_INET, ip, &v4->sin_addr) == 1) {
        sa.ss_family = AF_INET;
        v4->sin_port = htons(*port);
    } else {
        (void)inet_pton(AF_INET6, ip, &v6->sin6_addr);
        sa.ss_family = AF_INET6;
        v6->sin6_port = htons(*port);
        len = sizeof(*v6);
    }
    fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(fd, (struct sockaddr *)&sa, len) != 0 || listen(fd, backlog) != 0 ||
        getsockname(fd, (struct sockaddr *)&sa, &len) != 0) {
        close(fd);
        return -1;
    }
    *port = ntohs(sa.ss_family == AF_INET ? v4->sin_port : v6->sin6_port);
    return fd;
}

struct result {
    enum cause cause;
    struct stream *s;
    struct fault why;
    int64_t took_ms;
};

static struct result dial(const char *host, uint16_t port, const char *source, int64_t ms)
{
    struct dial_params p = {
        .host = host, .port = port, .source_address = source, .connect_timeout_ms = ms};
    struct result r = {0};
    int64_t before = clock_mono_ms();

    r.cause = dial_host(&p, deadline_in(AMPLE_MS), &r.s, &r.why);
    r.took_ms = clock_mono_ms() - before;
    return r;
}

/*
 * The same, again until it took less than MOST_MS, five times at most: a busy machine is slow now
 * and then, and code that waits is slow every time.
 */
static struct result dial_quickly(const char *host, uint16_t port, int64_t most_ms)
{
    struct result r = dial(host, port, NULL, AMPLE_MS);

    for (int i = 1; i < 5 && r.took_ms >= most_ms; i++) {
        stream_close(&r.s, STREAM_CLEAN);
        fault_free(&r.why);
        r = dial(host, port, NULL, AMPLE_MS);
    }
    return r;
}

/* Dials and wants the peer to be named PEER (a port is appended unless it is a path). */
static void check_peer(const char *host, uint16_t port, const char *source, const char *peer,
                       const char *name)
{
    struct result r = dial(host, port, source, AMPLE_MS);
    char want[256];

    snprintf(want, sizeof(want), host[0] == '/' ? "%s" : "%s:%u", peer, (unsigned)port);
    ok(r.cause == CAUSE_NONE, "%s: %s", name,
       r.cause == CAUSE_NONE ? "connected" : r.why.text.data);
    if (r.cause == CAUSE_NONE)
        is_str(stream_peer(r.s), want, "...the peer");
    ok(r.why.cause == CAUSE_NONE && r.why.stage == STAGE_NONE, "...no fault is left");
    stream_close(&r.s, STREAM_CLEAN);
    fault_free(&r.why);
}

static void check_fault(struct result r, enum cause want, const char *text, const char *name)
{
    ok(r.cause == want, "%s: %s", name, fault_row(r.cause)->name);
    ok(r.s == NULL, "...no stream");
    if (r.cause != CAUSE_NONE)
        ok(strstr(r.why.text.data, text) != NULL, "...says: %s", r.why.text.data);
    stream_close(&r.s, STREAM_CLEAN);
    fault_free(&r.why);
}

static void test_tcp(uint16_t port, int listener)
{
    struct result r = dial("one.example.org", port, NULL, AMPLE_MS);
    struct sockaddr_in sa;
    socklen_t len = sizeof(sa);
    char literal[64], got[8] = "";
    size_t sent;
    int fd;

    ok(r.cause == CAUSE_NONE, "a live host");
    fd = accept(listener, (struct sockaddr *)&sa, &len);
    stream_local_literal(r.s, literal, sizeof(literal));
    is_str(literal, "[127.0.0.1]", "our end");
    ok(stream_write(r.s, "NOOP\r\n", 6, false, deadline_in(AMPLE_MS), &sent, &r.why) == CAUSE_NONE,
       "it carries octets");
    ok(read(fd, got, 6) == 6, "...to the server");
    is_str(got, "NOOP\r\n", "...as they are");
    close(fd);
    stream_close(&r.s, STREAM_CLEAN);

    check_peer("127.0.0.1", port, NULL, "127.0.0.1[127.0.0.1]", "a literal");
    check_peer("[127.0.0.1]", port, NULL, "127.0.0.1[127.0.0.1]", "a literal in brackets");
    check_peer("one.example.org", port, "127.0.0.77", "one.example.org[127.0.0.1]",
               "from another address of ours");
    for (int i = 0; i < 3; i++) {
        len = sizeof(sa);
        close(accept(listener, (struct sockaddr *)&sa, &len));
    }
    is_str(inet_ntoa(sa.sin_addr), "127.0.0.77", "...which the server sees");
    check_peer("dead-first.example.org", port, NULL, "dead-first.example.org[127.0.0.1]",
               "five dead addresses before the live one");
    close(accept(listener, NULL, NULL));
}

static void test_refused(uint16_t port)
{
    struct result r = dial_quickly("dead-first.example.org", port, 1000);

    ok(r.cause == CAUSE_NONE && r.took_ms < 1000, "a refused attempt starts the next at once");
    stream_close(&r.s, STREAM_CLEAN);

    r = dial("dead.example.org", port, NULL, AMPLE_MS);
    is_int(r.why.stage, STAGE_DIAL, "the stage");
    is_int(r.why.err, ECONNREFUSED, "the error number");
    check_fault(r, CAUSE_CONNECT, "cannot connect to dead.example.org[127.0.0.2]:", "a dead host");
    r = dial_quickly("all-dead.example.org", port, 1000);
    ok(r.took_ms < 1000, "five dead addresses cost no time");
    check_fault(r, CAUSE_CONNECT, "Connection refused (5 of 5 addresses tried)", "all are dead");
    r = dial("unknown.example.org", port, NULL, AMPLE_MS);
    is_int(r.why.stage, STAGE_RESOLVE, "the stage of a name that is none");
    check_fault(r, CAUSE_DNS_NONE, "unknown.example.org", "no such name");
}

/* A listener whose queue is full lets an attempt hang, as a firewall does. */
static void test_silent(uint16_t port)
{
    int full = listen_at("127.0.0.8", &port, 0), stuffing[8];
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct result r;

    (void)inet_pton(AF_INET, "127.0.0.8", &sa.sin_addr);
    for (int i = 0; i < 8; i++) {
        stuffing[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(stuffing[i], (struct sockaddr *)&sa, sizeof(sa));
    }
    r = dial_quickly("full-first.example.org", port, 3000);
    ok(r.cause == CAUSE_NONE && r.took_ms >= 240 && r.took_ms < 3000,
       "a silent address holds the next back for a quarter of a second (%lld ms)",
       (long long)r.took_ms);
    if (r.cause == CAUSE_NONE)
        ok(strstr(stream_peer(r.s), "[127.0.0.1]") != NULL, "...which wins");
    stream_close(&r.s, STREAM_CLEAN);
    /* The name must have been found within the time that the silence then takes up. */
    for (int64_t ms = SHORT_MS; ms < AMPLE_MS; ms *= 4) {
        fault_free(&r.why);
        r = dial("full.example.org", port, NULL, ms);
        ok(r.took_ms >= ms - 1, "the time-out is kept");
        if (r.why.stage == STAGE_DIAL)
            break;
    }
    is_int(r.why.stage, STAGE_DIAL, "...the stage");
    check_fault(r, CAUSE_TIMEOUT, "full.example.org[127.0.0.8]:", "a silent host");
    for (int i = 0; i < 8; i++)
        close(stuffing[i]);
    close(full);
}

static void test_families(uint16_t port)
{
    uint16_t same = port;
    int six = listen_at("::1", &same, 5);
    struct result r;

    if (six < 0) {
        ok(true, "no IPv6 here # SKIP");
        check_peer("both.example.org", port, NULL, "both.example.org[127.0.0.1]",
                   "an address of a family that this machine lacks");
        return;
    }
    check_peer("both.example.org", port, NULL, "both.example.org[::1]",
               "the first of two families");
    check_peer("[::1]", port, NULL, "::1[::1]", "an IPv6 literal");
    check_peer("both.example.org", port, "127.0.0.1", "both.example.org[127.0.0.1]",
               "a source address chooses the family");
    check_fault(dial("only-six.example.org", port, "127.0.0.1", AMPLE_MS), CAUSE_CONNECT,
                "no address of that family", "a source address of the wrong family");
    check_peer("taking-turns.example.org", port, NULL, "taking-turns.example.org[::1]",
               "the families take turns");
    close(six);
    r = dial("both.example.org", port, NULL, AMPLE_MS);
    ok(r.cause == CAUSE_NONE && strstr(stream_peer(r.s), "[127.0.0.1]") != NULL,
       "the second family when the first is refused");
    stream_close(&r.s, STREAM_CLEAN);
}

static void test_wrong_params(uint16_t port)
{
    char path[200];

    check_fault(dial("one.example.org", port, "mail.example.org", AMPLE_MS), CAUSE_CONFIG,
                "is no IP address", "a source address that is a name");
    check_fault(dial("one.example.org", port, "192.0.2.200", AMPLE_MS), CAUSE_CONNECT,
                "Cannot assign", "a source address of somebody else");
    check_fault(dial("b\xc3\xbc\xff.example.org", port, NULL, AMPLE_MS), CAUSE_CONFIG,
                "not a valid host name", "a name that is no UTF-8");
    memset(path, 'x', sizeof(path));
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    check_fault(dial(path, 0, NULL, AMPLE_MS), CAUSE_CONFIG, "too long", "a path too long");
    check_fault(dial("/nonexistent/socket", 0, NULL, AMPLE_MS), CAUSE_CONNECT,
                "/nonexistent/socket: No such file", "no such socket");
}

static void test_unix(void)
{
    const char *tmp = getenv("TMPDIR");
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    char dir[100], text[64];
    struct result r;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), stuffing[4];

    snprintf(dir, sizeof(dir), "%s/postrider-dial.XXXXXX",
             tmp != NULL && strlen(tmp) < 60 ? tmp : "/tmp");
    if (mkdtemp(dir) == NULL) {
        ok(false, "a folder for the socket");
        return;
    }
    snprintf(sa.sun_path, sizeof(sa.sun_path), "%.90s/s", dir);
    ok(bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0, "bound");
    check_fault(dial(sa.sun_path, 0, NULL, AMPLE_MS), CAUSE_CONNECT, "Connection refused",
                "a socket that nobody listens at");
    ok(listen(fd, 0) == 0, "listening");
    check_peer(sa.sun_path, 0, NULL, sa.sun_path, "a Unix socket");
    close(accept(fd, NULL, NULL));
    r = dial(sa.sun_path, 0, NULL, AMPLE_MS);
    stream_local_literal(r.s, text, sizeof(text));
    is_str(text, "[127.0.0.1]", "our end of it");
    stream_close(&r.s, STREAM_CLEAN);
    for (int i = 0; i < 4; i++) {
        stuffing[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(stuffing[i], (struct sockaddr *)&sa, sizeof(sa));
    }
    r = dial(sa.sun_path, 0, NULL, SHORT_MS);
    ok(r.took_ms >= SHORT_MS - 1, "a full queue is waited for");
    check_fault(r, CAUSE_TIMEOUT, "busy", "...until the time-out");
    for (int i = 0; i < 4; i++)
        close(stuffing[i]);
    close(fd);
    unlink(sa.sun_path);
    rmdir(dir);
}

/* Signals are recorded once for the whole process, hence the child. */
static void test_signal(uint16_t port)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        (void)proc_start();
        (void)raise(SIGTERM);
        _exit((int)dial("127.0.0.1", port, NULL, AMPLE_MS).cause);
    }
    (void)waitpid(child, &status, 0);
    is_int(WEXITSTATUS(status), CAUSE_INTERRUPTED, "a signal ends the attempt");
}

/*
 * A proxy in a child: each connection gets the next of ANSWERS (octets behind the method; NULL:
 * silence), and what it was asked for is a line of LOG, in hexadecimal.
 */
static _Noreturn void play_proxy(int listener, const char *const answers[], int log)
{
    for (int i = 0;; i++) {
        unsigned char in[300];
        int fd = accept(listener, NULL, NULL);
        ssize_t n;

        if (fd < 0 || read(fd, in, 3) != 3 || write(fd, "\5\0", 2) != 2)
            _exit(1);
        n = read(fd, in, sizeof(in));
        for (ssize_t k = 0; k < n; k++)
            dprintf(log, "%02x", in[k]);
        dprintf(log, "\n");
        if (answers[i] == NULL)
            continue; /* the descriptor stays open */
        if (write(fd, answers[i], 10) != 10)
            _exit(1);
        close(fd);
    }
}

#define OPEN    "\5\0\0\1\0\0\0\0\0\0"
#define REFUSED "\5\5\0\1\0\0\0\0\0\0"

static const struct {
    const char *host;
    bool remote;
    const char *answers[8];
    int64_t ms;
    enum cause want;
    const char *said;  /* the peer, but for the ports, or a part of the fault */
    const char *heard; /* by the proxy */
    int asked;
    const char *why;
} proxied[] = {
    {"nowhere.example.org",
     true,
     {OPEN},
     AMPLE_MS,
     CAUSE_NONE,
     "nowhere.example.org:465 via proxy ",
     "05010003136e6f77686572652e6578616d706c652e6f726701d1\n",
     0,
     "a name for the proxy to look up: our resolver does not know it"},
    {"b\xc3\xbc"
     "cher.example",
     true,
     {OPEN},
     AMPLE_MS,
     CAUSE_NONE,
     "b\xc3\xbc"
     "cher.example:465 via proxy ",
     "0501000315786e2d2d62636865722d6b76612e6578616d706c6501d1\n",
     0,
     "a name in UTF-8"},
    {"2001:db8::1",
     true,
     {OPEN},
     AMPLE_MS,
     CAUSE_NONE,
     "[2001:db8::1]:465 via proxy ",
     "0501000420010db800000000000000000000000101d1\n",
     0,
     "a literal"},
    {"127.0.0.1",
     false,
     {OPEN},
     AMPLE_MS,
     CAUSE_NONE,
     "127.0.0.1:465 via proxy ",
     "050100017f00000101d1\n",
     0,
     "a literal needs no look-up here either"},
    {"dead-first.example.org",
     false,
     {REFUSED, REFUSED, OPEN},
     AMPLE_MS,
     CAUSE_NONE,
     "dead-first.example.org[127.0.0.4]:465 via proxy ",
     "050100017f00000201d1\n050100017f00000301d1\n050100017f00000401d1\n",
     1,
     "one address after the other"},
    {"taking-turns.example.org",
     false,
     {REFUSED, OPEN},
     AMPLE_MS,
     CAUSE_NONE,
     "taking-turns.example.org[::1]:465 via proxy ",
     "050100017f00000201d1\n050100040000000000000000000000000000000101d1\n",
     1,
     "the families take turns"},
    {"both.example.org",
     false,
     {NULL, OPEN},
     300,
     CAUSE_NONE,
     "both.example.org[127.0.0.1]:465",
     "050100040000000000000000000000000000000101d1\n050100017f00000101d1\n",
     1,
     "a silent address does not use up the time of the others"},
    {"all-dead.example.org",
     false,
     {REFUSED, REFUSED, REFUSED, REFUSED, REFUSED},
     AMPLE_MS,
     CAUSE_CONNECT,
     "all-dead.example.org: proxy 127.0.0.1:",
     NULL,
     1,
     "all are dead"},
    {"unknown.example.org",
     false,
     {OPEN},
     AMPLE_MS,
     CAUSE_DNS_NONE,
     "unknown.example.org",
     "",
     2,
     "no such name"},
    {"one.example.org",
     true,
     {NULL},
     SHORT_MS,
     CAUSE_TIMEOUT,
     "did not answer in time",
     NULL,
     0,
     "a silent proxy"},
};

static void test_proxied(size_t i)
{
    struct proxy_params proxy = {.host = "127.0.0.1", .remote_names = proxied[i].remote};
    struct dial_params p = {
        .host = proxied[i].host, .port = 465, .proxy = &proxy, .connect_timeout_ms = proxied[i].ms};
    uint16_t port = 0;
    int listener = listen_at("127.0.0.1", &port, 20), log[2];
    struct fault why = {0};
    struct stream *s = NULL;
    char heard[1000] = "";
    enum cause cause;
    pid_t child;

    if (listener < 0 || pipe(log) != 0)
        exit(1);
    proxy.port = port;
    child = fork();
    if (child == 0)
        play_proxy(listener, proxied[i].answers, log[1]);
    atomic_store(&asked, 0);
    cause = dial_host(&p, deadline_in(AMPLE_MS), &s, &why);
    is_int(cause, proxied[i].want, proxied[i].why);
    ok(strstr(s != NULL ? stream_peer(s) : why.text.data, proxied[i].said) != NULL, "...says: %s",
       s != NULL ? stream_peer(s) : why.text.data);
    ok((s != NULL) == (proxied[i].want == CAUSE_NONE), "...a stream or a fault");
    is_int(asked, proxied[i].asked, "...questions to our resolver");
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    close(log[1]);
    (void)!read(log[0], heard, sizeof(heard) - 1);
    if (proxied[i].heard != NULL)
        is_str(heard, proxied[i].heard, "...what the proxy was asked for");
    close(log[0]);
    close(listener);
    stream_close(&s, STREAM_CLEAN);
    fault_free(&why);
}

/* The proxy itself cannot be reached: its trouble, not the server's. */
static void test_no_proxy(void)
{
    static const struct {
        const char *host;
        enum cause want;
        const char *text;
    } t[] = {{"127.0.0.2", CAUSE_CONNECT, "proxy: cannot connect to 127.0.0.2[127.0.0.2]:9"},
             {"unknown.example.org", CAUSE_DNS_NONE, "proxy: cannot find the host unknown"},
             {"/nonexistent/socks", CAUSE_CONNECT, "proxy: cannot connect to /nonexistent/socks"}};

    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct proxy_params proxy = {.host = t[i].host, .port = 9, .remote_names = true};
        struct dial_params p = {.host = "one.example.org",
                                .port = 465,
                                .proxy = &proxy,
                                .connect_timeout_ms = AMPLE_MS};
        struct result r = {0};

        r.cause = dial_host(&p, deadline_in(AMPLE_MS), &r.s, &r.why);
        ok(strstr(r.why.hint.data, "'proxy'") != NULL, "a hint: %s", r.why.hint.data);
        check_fault(r, t[i].want, t[i].text, "no proxy there");
    }
}

/* No descriptor is left behind by a race that was won, lost or given up. */
static int open_descriptors(void)
{
    int n = 0;

    for (int fd = 0; fd < 200; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

int main(void)
{
    uint16_t port = 0;
    int listener = listen_at("127.0.0.1", &port, 20), before;

    if (listener < 0)
        return 1;
    before = open_descriptors();
    test_tcp(port, listener);
    test_refused(port);
    test_silent(port);
    test_families(port);
    test_wrong_params(port);
    test_unix();
    for (size_t i = 0; i < sizeof(proxied) / sizeof(proxied[0]); i++)
        test_proxied(i);
    test_no_proxy();
    /* A thread that has answered may still be closing its end. */
    for (int i = 0; i < 200 && open_descriptors() != before; i++)
        (void)poll(NULL, 0, 5);
    is_int(open_descriptors(), before, "no descriptor is left open");
    test_signal(port);
    close(listener);
    return done_testing();
}
