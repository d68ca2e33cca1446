/*
 * dial.c: a connected socket before a deadline, whatever mixture of live, dead and silent
 * addresses a host has.
 *
 * All addresses take part in one race (RFC 8305): the families take turns, a new attempt starts
 * every 250 ms or as soon as one has failed, and the first that connects wins. An address that
 * swallows packets then costs a quarter of a second, not the whole time-out.
 *
 * With a proxy the race is for the proxy's addresses. It looks the server's name up itself, or is
 * given the server's addresses one after the other.
 */
#include "config.h"

#include "net/dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/idn.h"
#include "base/limits.h"
#include "base/proc.h"
#include "base/xalloc.h"
#include "net/resolve.h"

#define STAGGER_MS    250 /* RFC 8305 5, "Connection Attempt Delay" */
#define UNIX_RETRY_MS 20  /* a Unix socket with a full backlog says EAGAIN and cannot be polled */

/* What is connected to: a server, or a proxy. */
struct goal {
    const char *host;
    uint16_t port;
    const char *source_address;
};

struct race {
    const struct goal *goal;
    const struct resolve_addr *source; /* to bind to, or NULL */
    struct resolve_list list;          /* in the order of the attempts */
    size_t next;                       /* the first that was not tried yet */
    deadline_ms next_at;               /* when that is to begin */
    struct pollfd *open;               /* attempts under way... */
    size_t *which;                     /* ...and the index of each one's address */
    size_t n_open;
    size_t failed;
    int err;      /* why, of the failure most worth telling, */
    size_t worst; /* and its address */
};

/* Every fault of this file but those of the resolver happened while dialling. */
static enum cause at_dial(enum cause cause, struct fault *why)
{
    if (cause != CAUSE_NONE)
        why->stage = STAGE_DIAL;
    return cause;
}

static void show_ip(const struct resolve_addr *a, char ip[NI_MAXHOST])
{
    if (getnameinfo((const struct sockaddr *)&a->sa, a->len, ip, NI_MAXHOST, NULL, 0,
                    NI_NUMERICHOST) != 0)
        snprintf(ip, NI_MAXHOST, "?");
}

/* "host[ip]:port", as error texts and logs name a server; appended. */
static void name_peer(const struct goal *g, const struct resolve_addr *a, struct buf *out)
{
    char ip[NI_MAXHOST];

    show_ip(a, ip);
    /* A literal in brackets would show twice as many of them. */
    buf_addf(out, "%s[%s]:%u", g->host[0] == '[' ? ip : g->host, ip, (unsigned)g->port);
}

/* RFC 8305 4: the families take turns, each in its own order, the resolver's favourite first. */
static void interleave(struct resolve_list *list)
{
    struct resolve_addr *v = xcalloc(list->n, sizeof(*v));
    sa_family_t turn = list->v[0].sa.ss_family;
    size_t at[2] = {0, 0}; /* next to look at: of the favourite family, of the others */

    for (size_t n = 0; n < list->n; n++) {
        for (int tries = 0; tries < 2; tries++) {
            size_t side = (n + (size_t)tries) % 2;

            while (at[side] < list->n && (list->v[at[side]].sa.ss_family == turn) != (side == 0))
                at[side]++;
            if (at[side] < list->n) {
                v[n] = list->v[at[side]++];
                break;
            }
        }
    }
    free(list->v);
    list->v = v;
}

/* An address family that this machine lacks says less about the server than any other failure. */
static bool is_ours(int err)
{
    return err == ENETUNREACH || err == EAFNOSUPPORT || err == EADDRNOTAVAIL;
}

/* Keeps what is worth telling; the next attempt begins at once (RFC 8305 5). */
static void note_failure(struct race *r, size_t i, int err)
{
    if (r->failed == 0 || !is_ours(err) || is_ours(r->err)) {
        r->err = err;
        r->worst = i;
    }
    r->failed++;
    r->next_at = clock_mono_ms();
}

/* Begins the next attempt. Returns a descriptor that is connected already, or -1. */
static int start(struct race *r)
{
    size_t i = r->next++;
    const struct resolve_addr *to = &r->list.v[i];
    int fd = socket(to->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int yes = 1;

    r->next_at = deadline_in(STAGGER_MS);
    if (fd < 0) {
        note_failure(r, i, errno);
        return -1;
    }
    /* Nagle would hold each flight back for the answer to the one before (40 ms and more). */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    if (r->source == NULL ||
        bind(fd, (const struct sockaddr *)&r->source->sa, r->source->len) == 0) {
        if (connect(fd, (const struct sockaddr *)&to->sa, to->len) == 0) {
            r->worst = i;
            return fd;
        }
        if (errno == EINPROGRESS || errno == EINTR) {
            r->open[r->n_open] = (struct pollfd){.fd = fd, .events = POLLOUT};
            r->which[r->n_open++] = i;
            return -1;
        }
    }
    note_failure(r, i, errno);
    (void)close(fd);
    return -1;
}

/* Looks at the attempts that poll reported. Returns the descriptor of one that succeeded, or -1. */
static int sift(struct race *r)
{
    for (size_t k = 0; k < r->n_open;) {
        size_t i = r->which[k];
        int fd = r->open[k].fd;
        int err = 0;
        socklen_t len = sizeof(err);

        if (r->open[k].revents == 0) {
            k++;
            continue;
        }
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0)
            err = errno;
        r->n_open--;
        r->open[k] = r->open[r->n_open];
        r->which[k] = r->which[r->n_open];
        if (err == 0) {
            r->worst = i;
            return fd;
        }
        note_failure(r, i, err);
        (void)close(fd);
    }
    return -1;
}

/* What is said when nothing connected. */
static enum cause lost(const struct race *r, bool timed_out, struct fault *why)
{
    struct buf peer;
    char count[48] = "";
    enum cause cause;

    buf_init(&peer, LIMIT_FAULT_TEXT);
    name_peer(r->goal, &r->list.v[timed_out && r->n_open > 0 ? r->which[0] : r->worst], &peer);
    if (r->list.n > 1)
        snprintf(count, sizeof(count), " (%zu of %zu addresses tried)", r->next, r->list.n);
    if (timed_out)
        cause = fault_set(why, CAUSE_TIMEOUT, "cannot connect to %s: no answer in time%s",
                          peer.data, count);
    else
        cause = fault_set(why, CAUSE_CONNECT, "cannot connect to %s: %s%s", peer.data,
                          strerror(r->err), count);
    why->err = timed_out ? 0 : r->err;
    if (r->source != NULL && why->err == EADDRNOTAVAIL)
        fault_hint(why, "source_address must be an address of this machine");
    buf_free(&peer);
    return cause;
}

/* Runs the race; *FD gets the winner, whose address is then in r->worst. */
static enum cause run(struct race *r, deadline_ms until, int *fd, struct fault *why)
{
    *fd = -1;
    while (*fd < 0) {
        deadline_ms wake = until;
        int n;

        if (r->next < r->list.n && (r->n_open == 0 || deadline_left(r->next_at) == 0)) {
            *fd = start(r);
            continue;
        }
        if (r->n_open == 0)
            return lost(r, false, why);
        if (r->next < r->list.n)
            wake = deadline_earlier(until, r->next_at);
        n = proc_poll(r->open, (nfds_t)r->n_open, wake, false);
        if (n < 0)
            return fault_set(why, CAUSE_INTERRUPTED, "stopped by a signal while connecting to %s",
                             r->goal->host);
        if (n > 0)
            *fd = sift(r);
        else if (deadline_left(until) == 0)
            return lost(r, true, why);
    }
    return CAUSE_NONE;
}

/* Drops what the source address cannot reach. */
static enum cause keep_family(struct race *r, struct fault *why)
{
    size_t kept = 0;

    for (size_t i = 0; i < r->list.n; i++) {
        if (r->list.v[i].sa.ss_family == r->source->sa.ss_family)
            r->list.v[kept++] = r->list.v[i];
    }
    r->list.n = kept;
    if (kept > 0)
        return CAUSE_NONE;
    fault_set(why, CAUSE_CONNECT, "cannot connect to %s from %s: it has no address of that family",
              r->goal->host, r->goal->source_address);
    fault_hint(why, "source_address must be of a kind that the host has, IPv4 or IPv6");
    return CAUSE_CONNECT;
}

/* The race over all addresses; whoever has not won is closed. PEER gets the winner's name. */
static enum cause hold_race(struct race *r, deadline_ms until, int *fd, struct buf *peer,
                            struct fault *why)
{
    enum cause cause = r->source != NULL ? keep_family(r, why) : CAUSE_NONE;

    if (cause != CAUSE_NONE)
        return cause;
    interleave(&r->list);
    r->open = xcalloc(r->list.n, sizeof(*r->open));
    r->which = xcalloc(r->list.n, sizeof(*r->which));
    cause = run(r, until, fd, why);
    if (cause == CAUSE_NONE)
        name_peer(r->goal, &r->list.v[r->worst], peer);
    for (size_t k = 0; k < r->n_open; k++)
        (void)close(r->open[k].fd);
    free(r->open);
    free(r->which);
    return cause;
}

/* The resolver is asked for A-labels, whatever its own settings make of UTF-8. */
static enum cause to_ascii(const char *host, char **name, struct fault *why)
{
    if (idn_to_ascii(host, name, why) == CAUSE_NONE)
        return CAUSE_NONE;
    return fault_set(why, CAUSE_CONFIG, "%s is not a valid host name", host);
}

static enum cause look_up(const struct goal *g, deadline_ms until, struct resolve_list *out,
                          struct fault *why)
{
    char *name = NULL;
    enum cause cause = to_ascii(g->host, &name, why);

    if (cause == CAUSE_NONE)
        cause = resolve_host(name, g->port, until, out, why);
    free(name);
    return cause;
}

/* *FD, a connected socket, is the caller's; its name is appended to PEER. */
static enum cause connect_tcp(const struct goal *g, deadline_ms until, int *fd, struct buf *peer,
                              struct fault *why)
{
    struct race r = {.goal = g};
    struct resolve_list source = {0};
    enum cause cause;

    if (g->source_address != NULL) {
        if (!resolve_is_literal(g->source_address))
            return at_dial(fault_set(why, CAUSE_CONFIG, "source_address %s is no IP address",
                                     g->source_address),
                           why);
        cause = resolve_host(g->source_address, 0, until, &source, why);
        if (cause != CAUSE_NONE)
            return cause;
        r.source = &source.v[0];
    }
    cause = look_up(g, until, &r.list, why);
    if (cause == CAUSE_NONE)
        cause = at_dial(hold_race(&r, until, fd, peer, why), why);
    resolve_free(&r.list);
    resolve_free(&source);
    return cause;
}

/*
 * A path is one address and connects at once or not at all; but a server that is slow to accept
 * lets connect(2) fail with EAGAIN, and no poll(2) tells when that would change.
 */
static enum cause connect_path(const char *path, deadline_ms until, int *out, struct fault *why)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    enum cause cause = CAUSE_NONE;
    int fd;

    if (strlen(path) >= sizeof(sa.sun_path))
        return fault_set(why, CAUSE_CONFIG, "%s is too long for the path of a socket", path);
    memcpy(sa.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fault_errno(why, CAUSE_CONNECT, errno, "cannot connect to %s", path);
    while (cause == CAUSE_NONE && connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) != 0) {
        if (errno != EAGAIN && errno != EINTR)
            cause = fault_errno(why, CAUSE_CONNECT, errno, "cannot connect to %s", path);
        else if (deadline_left(until) == 0)
            cause = fault_set(why, CAUSE_TIMEOUT, "cannot connect to %s: it is busy", path);
        else if (proc_poll(NULL, 0, deadline_earlier(until, deadline_in(UNIX_RETRY_MS)), false) < 0)
            cause = fault_set(why, CAUSE_INTERRUPTED, "stopped by a signal while connecting to %s",
                              path);
    }
    if (cause == CAUSE_NONE)
        *out = fd;
    else
        (void)close(fd);
    return cause;
}

/* Connects to the proxy itself. */
static enum cause reach_proxy(const struct dial_params *p, deadline_ms until, int *fd,
                              struct fault *why)
{
    struct goal g = {p->proxy->host, p->proxy->port, p->source_address};
    struct buf peer;
    enum cause cause;

    buf_init(&peer, LIMIT_RELAY_NAME);
    if (g.host[0] == '/')
        cause = at_dial(connect_path(g.host, until, fd, why), why);
    else
        cause = connect_tcp(&g, until, fd, &peer, why);
    buf_free(&peer);
    if (cause == CAUSE_NONE || cause == CAUSE_INTERRUPTED)
        return cause;
    fault_note(why, "proxy");
    if (why->hint.len == 0 && cause != CAUSE_CONFIG)
        fault_hint(why, "check 'proxy' of the account, and whether the proxy runs");
    return cause;
}

/* Asks on FD (moved) for NAME; what comes of it is called PEER. */
static enum cause ask_proxy(const struct dial_params *p, int fd, const char *name, const char *peer,
                            deadline_ms until, struct stream **out, struct fault *why)
{
    struct buf called;
    enum cause cause = proxy_open(fd, p->proxy, name, p->port, until, why);

    if (cause != CAUSE_NONE) {
        (void)close(fd);
        return cause;
    }
    buf_init(&called, LIMIT_RELAY_NAME);
    buf_addf(&called, "%s via ", peer);
    proxy_name(p->proxy, &called);
    *out = stream_new(fd, called.data);
    buf_free(&called);
    return CAUSE_NONE;
}

/* The proxy looks the name up: our resolver never hears it. A literal needs no look-up at all. */
static enum cause dial_by_name(const struct dial_params *p, deadline_ms until, struct stream **out,
                               struct fault *why)
{
    char *name = NULL;
    struct buf peer;
    int fd = -1;
    enum cause cause = at_dial(to_ascii(p->host, &name, why), why);

    buf_init(&peer, LIMIT_RELAY_NAME);
    if (strchr(p->host, ':') != NULL && p->host[0] != '[')
        buf_addf(&peer, "[%s]:%u", p->host, (unsigned)p->port);
    else
        buf_addf(&peer, "%s:%u", p->host, (unsigned)p->port);
    if (cause == CAUSE_NONE)
        cause = reach_proxy(p, until, &fd, why);
    if (cause == CAUSE_NONE)
        cause = ask_proxy(p, fd, name, peer.data, until, out, why);
    buf_free(&peer);
    free(name);
    return cause;
}

/* Whether another address of the server may do better than the one that ended with CAUSE. */
static bool is_address_bad(enum cause cause)
{
    return cause == CAUSE_CONNECT || cause == CAUSE_CLOSED || cause == CAUSE_TIMEOUT;
}

/*
 * We look the name up, and the proxy is asked for one address after the other: the time that is
 * left is shared out evenly, so that a silent one does not use it up.
 */
static enum cause dial_by_address(const struct dial_params *p, deadline_ms until,
                                  struct stream **out, struct fault *why)
{
    struct goal g = {.host = p->host, .port = p->port};
    struct resolve_list list = {0};
    enum cause cause = look_up(&g, until, &list, why);

    if (cause == CAUSE_NONE)
        interleave(&list);
    for (size_t i = 0; i < list.n; i++) {
        char ip[NI_MAXHOST];
        struct buf peer;
        int fd = -1;

        cause = reach_proxy(p, until, &fd, why);
        if (cause != CAUSE_NONE)
            break;
        show_ip(&list.v[i], ip);
        buf_init(&peer, LIMIT_RELAY_NAME);
        name_peer(&g, &list.v[i], &peer);
        cause = ask_proxy(p, fd, ip, peer.data,
                          deadline_in(deadline_left(until) / (int64_t)(list.n - i)), out, why);
        buf_free(&peer);
        if (!is_address_bad(cause))
            break;
        fault_note(why, "%s", p->host);
    }
    resolve_free(&list);
    return cause;
}

static enum cause dial_direct(const struct dial_params *p, deadline_ms until, struct stream **out,
                              struct fault *why)
{
    struct goal g = {p->host, p->port, p->source_address};
    struct buf peer;
    int fd = -1;
    enum cause cause;

    buf_init(&peer, LIMIT_FAULT_TEXT);
    cause = connect_tcp(&g, until, &fd, &peer, why);
    if (cause == CAUSE_NONE)
        *out = stream_new(fd, peer.data);
    buf_free(&peer);
    return cause;
}

static enum cause dial_unix(const struct dial_params *p, deadline_ms until, struct stream **out,
                            struct fault *why)
{
    int fd = -1;
    enum cause cause = at_dial(connect_path(p->host, until, &fd, why), why);

    if (cause == CAUSE_NONE)
        *out = stream_new(fd, p->host);
    return cause;
}

enum cause dial_host(const struct dial_params *p, deadline_ms until, struct stream **out,
                     struct fault *why)
{
    *out = NULL;
    until = deadline_earlier(until, deadline_in(p->connect_timeout_ms));
    if (p->host[0] == '/')
        return dial_unix(p, until, out, why);
    if (p->proxy == NULL)
        return dial_direct(p, until, out, why);
    if (p->proxy->remote_names || resolve_is_literal(p->host))
        return dial_by_name(p, until, out, why);
    return dial_by_address(p, until, out, why);
}
