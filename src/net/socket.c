/*
 * socket.c: see socket.h. Nothing here blocks but socket_wait, and that has a deadline.
 */
#include "config.h"

#include "net/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/xalloc.h"

#define DRAIN_SIZE  4096
#define DRAIN_READS 4 /* what socket_close swallows so that the kernel sends no reset */

void socket_init(struct socket *s, int fd, const char *peer)
{
    *s = (struct socket){.fd = fd, .peer = xstrdup(peer), .quick_ack = true};
}

void socket_local_literal(const struct socket *s, char *out, size_t size)
{
    struct sockaddr_storage sa = {0};
    socklen_t len = sizeof(sa);
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&sa;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&sa;
    char ip[INET6_ADDRSTRLEN] = "127.0.0.1";
    const char *tag = "";

    if (getsockname(s->fd, (struct sockaddr *)&sa, &len) != 0)
        sa.ss_family = AF_UNSPEC;
    if (sa.ss_family == AF_INET) {
        (void)inet_ntop(AF_INET, &v4->sin_addr, ip, sizeof(ip));
    } else if (sa.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
        (void)inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], ip, sizeof(ip));
    } else if (sa.ss_family == AF_INET6) {
        (void)inet_ntop(AF_INET6, &v6->sin6_addr, ip, sizeof(ip));
        tag = "IPv6:"; /* RFC 5321 4.1.3 */
    }
    snprintf(out, size, "[%s%s]", tag, ip);
}

enum cause socket_broke(const struct socket *s, int err, struct fault *why)
{
    if (err == 0)
        return fault_set(why, CAUSE_CLOSED, "%s closed the connection", s->peer);
    return fault_errno(why, CAUSE_CLOSED, err, "the connection to %s broke", s->peer);
}

enum cause socket_late(const struct socket *s, struct fault *why)
{
    return fault_set(why, CAUSE_TIMEOUT, "%s did not answer in time", s->peer);
}

/*
 * The kernel holds an ACK back for what we might write, 40 ms at most. Where we wait for more
 * instead, a server whose own Nagle holds the next piece back for that ACK would wait with us. One
 * call sends it at once; in front of a write it would be wasted. (The kernel forgets it again.)
 */
static void acknowledge(struct socket *s)
{
#ifdef TCP_QUICKACK
    int yes = 1;

    if (s->quick_ack && s->unanswered &&
        setsockopt(s->fd, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof(yes)) != 0)
        s->quick_ack = false; /* a Unix socket */
#endif
    s->unanswered = false;
}

enum cause socket_wait(struct socket *s, short events, deadline_ms until, short *ready,
                       struct fault *why)
{
    struct pollfd p = {.fd = s->fd, .events = events};
    int n;

    if ((events & POLLIN) != 0)
        acknowledge(s);
    n = proc_poll(&p, 1, until, s->hold_signals);
    *ready = 0;
    if (n < 0)
        return fault_set(why, CAUSE_INTERRUPTED, "stopped by a signal while talking to %s",
                         s->peer);
    if (n > 0)
        *ready = (p.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0 ? events : p.revents;
    return CAUSE_NONE;
}

enum cause socket_read(struct socket *s, void *room, size_t size, size_t *got, bool *ended,
                       struct fault *why)
{
    ssize_t n;

    *got = 0;
    *ended = false;
    s->looked = false;
    do
        n = recv(s->fd, room, size, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? CAUSE_NONE : socket_broke(s, errno, why);
    *ended = n == 0;
    *got = (size_t)n;
    s->octets_in += *got;
    s->unanswered = true;
    return CAUSE_NONE;
}

enum cause socket_write(struct socket *s, const void *bytes, size_t n, size_t *sent,
                        struct fault *why)
{
    ssize_t ret;

    *sent = 0;
    s->looked = false;
    do
        ret = send(s->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (ret < 0 && errno == EINTR);
    if (ret < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? CAUSE_NONE : socket_broke(s, errno, why);
    *sent = (size_t)ret;
    s->octets_out += *sent;
    s->unanswered = false; /* every segment carries an ACK */
    return CAUSE_NONE;
}

/* close(2) with unread input makes the kernel send a reset, which can overtake what we sent. */
static void drain(const struct socket *s)
{
    char room[DRAIN_SIZE];

    for (int i = 0; i < DRAIN_READS; i++) {
        ssize_t n = recv(s->fd, room, sizeof(room), MSG_DONTWAIT);

        if (n <= 0)
            break;
        xwipe(room, (size_t)n);
    }
}

void socket_close(struct socket *s, bool hard)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};

    if (hard)
        (void)setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    else
        drain(s);
    (void)close(s->fd);
    free(s->peer);
}
