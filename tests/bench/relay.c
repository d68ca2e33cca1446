/* relay.c: see relay.h. One thread, one loop for each way of relaying. */
#include "config.h"

#include "relay.h"

#include "octets.h"
#include "still.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS  8
#define READ_SIZE    65536
#define GOODBYE_US   1000000 /* what the server has to notice that its client has left */
#define PAUSE_NS     200000
#define MICROSECONDS INT64_C(1000000)

/* What was said, and when it arrives on the other side. */
struct chunk {
    struct chunk *next;
    int64_t due_us;
    struct octets data;
    bool is_end;   /* the end of the stream, behind the data */
    bool accepted; /* the server had the message when it said this */
};

/* What one side of a connection says. */
struct voice {
    int fd; /* where it is heard; -1: closed */
    bool ended;
    struct chunk *first, **last;
};

struct link {
    struct voice client, server;
};

struct relay {
    const struct relay_params *p;
    struct relay_count *count;
    struct link links[CONNECTIONS];
    unsigned n;
    int64_t began_us;
    int pid_fd;
    bool gone; /* the client */
};

static int64_t now_us(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * MICROSECONDS + ts.tv_nsec / 1000;
}

static void pause_briefly(void)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
}

static void set_option(int fd, int option)
{
    int on = 1;

    (void)setsockopt(fd, IPPROTO_TCP, option, &on, sizeof on);
}

static int connect_server(unsigned port)
{
    struct sockaddr_in sin = {.sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                              .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (const struct sockaddr *)&sin, sizeof sin) != 0)
        die("relay: connect to port %u: %s", port, strerror(errno));
    set_option(fd, TCP_NODELAY);
    return fd;
}

/* Takes a client in. The connection that it believes to have took a round trip. */
static void take_in(struct relay *r)
{
    int fd = accept(r->p->listen_fd, NULL, NULL);
    struct link *l = &r->links[r->n];

    if (fd < 0)
        return;
    if (r->n == CONNECTIONS)
        die("relay: more than %d connections", CONNECTIONS);
    set_option(fd, TCP_NODELAY);
    l->client = (struct voice){.fd = fd, .last = &l->client.first};
    l->server = (struct voice){.fd = connect_server(r->p->server_port), .last = &l->server.first};
    r->n++;
    r->count->connections++;
    r->count->turns++;
}

/* Reads what is there now; it arrives LATER_US from now. */
static void hear(struct relay *r, struct voice *v, int64_t later_us)
{
    bool from_server = false;
    char block[READ_SIZE];
    struct chunk *c;
    ssize_t n;

    if (v->fd < 0 || v->ended)
        return;
    n = recv(v->fd, block, sizeof block, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    /* An acknowledgement that waits would look like octets on their way. */
    set_option(v->fd, TCP_QUICKACK);
    for (unsigned i = 0; i < r->n; i++)
        from_server = from_server || v == &r->links[i].server;
    c = calloc(1, sizeof *c);
    if (!c)
        die("out of memory");
    c->due_us = now_us() + later_us;
    c->is_end = v->ended = n <= 0;
    if (n > 0)
        octets_add(&c->data, block, (size_t)n);
    if (from_server) {
        c->accepted = r->p->accepted && r->p->accepted(r->p->arg);
        r->count->gotten += c->data.n;
    } else {
        r->count->sent += c->data.n;
    }
    *v->last = c;
    v->last = &c->next;
}

static void write_out(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t put = send(fd, p, n, MSG_NOSIGNAL);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return; /* it has closed, and wants to hear no more */
        p += put;
        n -= (size_t)put;
    }
}

/* Carries what is due from V to the socket TO; true when anything was. */
static bool carry(struct relay *r, struct voice *v, int to)
{
    int64_t now = now_us();
    bool any = false;

    while (v->first && v->first->due_us <= now) {
        struct chunk *c = v->first;

        if (c->accepted && r->count->accepted == 0) {
            r->count->accepted = r->count->turns;
            r->count->accepted_us = now - r->began_us;
        }
        write_out(to, c->data.p, c->data.n);
        if (c->is_end)
            (void)shutdown(to, SHUT_WR);
        v->first = c->next;
        if (!v->first)
            v->last = &v->first;
        octets_free(&c->data);
        free(c);
        any = true;
    }
    return any;
}

/* Reaps the client when it has ended, and ends it when it takes too long. */
static void look_after(struct relay *r)
{
    if (r->gone)
        return;
    if (!r->count->killed && now_us() - r->began_us > r->p->limit_ms * 1000) {
        r->count->killed = true;
        (void)kill(r->p->client, SIGKILL);
    }
    if (waitpid(r->p->client, &r->count->status, WNOHANG) == r->p->client) {
        r->gone = true;
        r->count->took_us = now_us() - r->began_us;
    }
}

static bool sent_all(int fd)
{
    int left = 0;

    return ioctl(fd, SIOCOUTQ, &left) != 0 || left == 0;
}

/*
 * Whether a side waits. Its sockets are asked in between: what they hand over before wakes a
 * sleeper, and the second look sees that.
 */
static bool still_client(const struct relay *r)
{
    struct still before = still_look(r->p->client);
    bool still = before.asleep;

    for (unsigned i = 0; still && i < r->n; i++) {
        struct sockaddr_in sin = {0};
        socklen_t len = sizeof sin;
        int fd = r->links[i].client.fd;

        if (getpeername(fd, (struct sockaddr *)&sin, &len) == 0)
            still = sent_all(fd) && still_socket(ntohs(sin.sin_port), r->p->port);
    }
    return still && still_socket(r->p->port, 0) && still_since(r->p->client, &before);
}

static bool still_server(const struct relay *r)
{
    struct still before = still_look(r->p->server);
    bool still = before.asleep;

    for (unsigned i = 0; still && i < r->n; i++) {
        struct sockaddr_in sin = {0};
        socklen_t len = sizeof sin;
        int fd = r->links[i].server.fd;

        if (getsockname(fd, (struct sockaddr *)&sin, &len) == 0)
            still = sent_all(fd) && still_socket(r->p->server_port, ntohs(sin.sin_port));
    }
    return still && still_socket(r->p->server_port, 0) && still_since(r->p->server, &before);
}

static size_t held(const struct relay *r)
{
    return (size_t)(r->count->sent + r->count->gotten) + r->n;
}

/* Listens to the clients until they wait for an answer or the process has ended. */
static void hear_client(struct relay *r)
{
    for (;;) {
        size_t before = held(r);
        bool still;

        look_after(r);
        still = r->gone || still_client(r);
        take_in(r);
        for (unsigned i = 0; i < r->n; i++)
            hear(r, &r->links[i].client, 0);
        if (still && held(r) == before)
            return;
        if (!still)
            pause_briefly();
    }
}

static void hear_server(struct relay *r)
{
    int64_t until = now_us() + r->p->limit_ms * 1000;

    for (;;) {
        size_t before = held(r);
        bool still = still_server(r);

        for (unsigned i = 0; i < r->n; i++)
            hear(r, &r->links[i].server, 0);
        if ((still && held(r) == before) || now_us() > until)
            return;
        if (!still)
            pause_briefly();
    }
}

static bool carry_to_servers(struct relay *r)
{
    bool any = false;

    for (unsigned i = 0; i < r->n; i++)
        any = carry(r, &r->links[i].client, r->links[i].server.fd) || any;
    return any;
}

static void relay_by_turns(struct relay *r)
{
    for (;;) {
        bool asked, answered = false;

        hear_client(r);
        asked = carry_to_servers(r);
        if (r->gone)
            return;
        hear_server(r);
        /* Who has hung up waits for nothing there: it sleeps for reasons of its own. */
        for (unsigned i = 0; i < r->n; i++)
            answered = answered || (r->links[i].server.first && !r->links[i].client.ended);
        if (answered)
            r->count->turns++;
        for (unsigned i = 0; i < r->n; i++)
            (void)carry(r, &r->links[i].server, r->links[i].client.fd);
        if (!asked && !answered)
            pause_briefly();
    }
}

/* Waits for a socket, the client's end, or the time when something is due. */
static void wait_for_clock(const struct relay *r)
{
    struct pollfd fds[2 + 2 * CONNECTIONS];
    int64_t until = now_us() + MICROSECONDS / 10, left;
    struct timespec ts;
    nfds_t n = 0;

    fds[n++] = (struct pollfd){.fd = r->p->listen_fd, .events = POLLIN};
    fds[n++] = (struct pollfd){.fd = r->pid_fd, .events = POLLIN};
    for (unsigned i = 0; i < r->n; i++) {
        const struct voice *both[2] = {&r->links[i].client, &r->links[i].server};

        for (int k = 0; k < 2; k++) {
            fds[n++] = (struct pollfd){.fd = both[k]->ended ? -1 : both[k]->fd, .events = POLLIN};
            if (both[k]->first && both[k]->first->due_us < until)
                until = both[k]->first->due_us;
        }
    }
    left = until - now_us();
    if (left < 0)
        left = 0;
    ts = (struct timespec){.tv_sec = left / MICROSECONDS, .tv_nsec = left % MICROSECONDS * 1000};
    (void)ppoll(fds, n, &ts, NULL);
}

static void relay_by_clock(struct relay *r)
{
    int64_t delay = (int64_t)r->p->delay_ms * 1000;
    int64_t connected_us[CONNECTIONS]; /* when the client may first say something */

    for (;;) {
        unsigned known = r->n;

        wait_for_clock(r);
        take_in(r);
        if (r->n > known)
            connected_us[known] = now_us() + 2 * delay;
        for (unsigned i = 0; i < r->n; i++) {
            int64_t wait = connected_us[i] - now_us();

            if (wait < 0)
                wait = 0;
            hear(r, &r->links[i].client, wait + delay);
            /* A server that speaks first does so when the connection has come to its end. */
            hear(r, &r->links[i].server, (wait > 0 ? wait + delay : 0) + delay);
            (void)carry_to_servers(r);
            (void)carry(r, &r->links[i].server, r->links[i].client.fd);
        }
        look_after(r);
        if (r->gone)
            return;
    }
}

/* The server hears the client's last words, and is given the time to close. */
static void say_goodbye(struct relay *r)
{
    int64_t until = now_us() + GOODBYE_US;

    for (unsigned i = 0; i < r->n; i++) {
        struct link *l = &r->links[i];
        struct pollfd pfd = {.fd = l->server.fd, .events = POLLIN};

        while (!l->client.ended)
            hear(r, &l->client, 0);
        for (struct chunk *c = l->client.first; c; c = c->next)
            c->due_us = 0;
        (void)carry(r, &l->client, l->server.fd);
        while (!l->server.ended && now_us() < until && poll(&pfd, 1, 100) >= 0)
            hear(r, &l->server, 0);
        for (struct chunk *c = l->server.first, *next; c; c = next) {
            next = c->next;
            octets_free(&c->data);
            free(c);
        }
        (void)close(l->client.fd);
        (void)close(l->server.fd);
    }
}

bool relay_can_turn(void)
{
    struct octets path = {0}, text = {0};
    bool can;

    octets_printf(&path, "/proc/self/task/%ld/children", (long)getpid());
    can = octets_file(&text, path.p) && still_socket(1, 0);
    octets_free(&path);
    octets_free(&text);
    return can;
}

void relay_run(const struct relay_params *p, struct relay_count *count)
{
    struct relay r = {.p = p, .count = count, .began_us = now_us(), .pid_fd = -1};

    *count = (struct relay_count){0};
#ifdef SYS_pidfd_open
    r.pid_fd = (int)syscall(SYS_pidfd_open, p->client, 0);
#endif
    if (p->delay_ms == 0)
        relay_by_turns(&r);
    else
        relay_by_clock(&r);
    say_goodbye(&r);
    if (r.pid_fd >= 0)
        (void)close(r.pid_fd);
}
