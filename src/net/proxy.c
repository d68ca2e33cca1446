/*
 * proxy.c: see proxy.h. Three questions and three answers, in lock step, since the second depends
 * on what the proxy says to the first. Whatever follows the last answer is the server's first word
 * (under implicit TLS, of the handshake): so each answer is read to its last octet and not one
 * further, however little is known of its length before.
 */
#include "config.h"

#include "net/proxy.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "base/proc.h"
#include "net/resolve.h"

#define VERSION       5    /* RFC 1928 3 */
#define LOGIN_VERSION 1    /* RFC 1929 2 */
#define NO_LOGIN      0x00 /* methods: RFC 1928 3 */
#define PASSWORD      0x02
#define NO_METHOD     0xff
#define CONNECT       1 /* RFC 1928 4 */
#define IP4           1 /* kinds of address */
#define NAME          3
#define IP6           4
#define FIELD_MAX     255 /* what one octet of length can say */

struct talk {
    int fd;
    const struct proxy_params *p;
    const char *name; /* of the proxy, for texts */
    deadline_ms until;
};

static enum cause too_late(const struct talk *t, struct fault *why)
{
    fault_set(why, CAUSE_TIMEOUT, "%s did not answer in time", t->name);
    fault_hint(why, "check 'proxy', or raise connect_timeout");
    return CAUSE_TIMEOUT;
}

static enum cause wait_for(const struct talk *t, short events, struct fault *why)
{
    struct pollfd p = {.fd = t->fd, .events = events};
    int n = proc_poll(&p, 1, t->until, false);

    if (n < 0)
        return fault_set(why, CAUSE_INTERRUPTED, "stopped by a signal while talking to %s",
                         t->name);
    return n > 0 ? CAUSE_NONE : too_late(t, why);
}

static enum cause broke(const struct talk *t, int err, struct fault *why)
{
    if (err != 0)
        return fault_errno(why, CAUSE_CLOSED, err, "the connection to %s broke", t->name);
    /* What ssh -D does when it cannot reach the server. */
    fault_set(why, CAUSE_CLOSED, "%s closed the connection without an answer", t->name);
    fault_hint(why, "the proxy cannot reach the server, or does not let you: check 'host', 'port' "
                    "and the proxy's own log");
    return CAUSE_CLOSED;
}

static enum cause put(const struct talk *t, const struct buf *out, struct fault *why)
{
    size_t sent = 0;

    while (sent < out->len) {
        ssize_t n = send(t->fd, out->data + sent, out->len - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        enum cause c = CAUSE_NONE;

        if (n >= 0)
            sent += (size_t)n;
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            c = wait_for(t, POLLOUT, why);
        else if (errno != EINTR)
            c = broke(t, errno, why);
        if (c != CAUSE_NONE)
            return c;
    }
    return CAUSE_NONE;
}

/* Reads exactly N octets. The deadline is for all of them: a drip does not renew it. */
static enum cause get(const struct talk *t, unsigned char *to, size_t n, struct fault *why)
{
    while (n > 0) {
        enum cause c = wait_for(t, POLLIN, why);
        ssize_t got;

        if (c != CAUSE_NONE)
            return c;
        got = recv(t->fd, to, n, MSG_DONTWAIT);
        if (got == 0)
            return broke(t, 0, why);
        if (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            return broke(t, errno, why);
        if (got > 0) {
            to += got;
            n -= (size_t)got;
        }
        if (n > 0 && deadline_left(t->until) == 0)
            return too_late(t, why);
    }
    return CAUSE_NONE;
}

static enum cause no_socks(const struct talk *t, struct fault *why)
{
    fault_set(why, CAUSE_PROTOCOL, "%s does not answer as a SOCKS5 proxy", t->name);
    fault_hint(why, "check the port in 'proxy'; proxies of other kinds (HTTP, SOCKS4) are not "
                    "supported");
    return CAUSE_PROTOCOL;
}

static enum cause login_refused(const struct talk *t, const char *text, struct fault *why)
{
    fault_set(why, CAUSE_CONFIG, "%s %s", t->name, text);
    fault_hint(why, "set proxy = socks5h://USER:PASSWORD@HOST:PORT");
    return CAUSE_CONFIG;
}

/* RFC 1929: the password in the clear, as this protocol has it. */
static enum cause login(const struct talk *t, struct fault *why)
{
    const struct buf *password = t->p->password;
    size_t user_len = strlen(t->p->user);
    unsigned char answer[2];
    struct buf out;
    enum cause c;

    if (user_len < 1 || user_len > FIELD_MAX || password == NULL || password->len < 1 ||
        password->len > FIELD_MAX)
        return login_refused(t, "takes a name and a password of 1 to 255 octets each", why);
    buf_init_secret(&out, 3 + FIELD_MAX + FIELD_MAX);
    buf_addc(&out, LOGIN_VERSION);
    buf_addc(&out, (char)user_len);
    buf_add(&out, t->p->user, user_len);
    buf_addc(&out, (char)password->len);
    buf_add(&out, password->data, password->len);
    c = put(t, &out, why);
    buf_free(&out);
    if (c == CAUSE_NONE)
        c = get(t, answer, sizeof(answer), why);
    if (c != CAUSE_NONE)
        return c;
    /* Some proxies answer with their own version instead of the login's. */
    if (answer[0] != LOGIN_VERSION && answer[0] != VERSION)
        return no_socks(t, why);
    if (answer[1] != 0)
        return login_refused(t, "refuses the login", why);
    return CAUSE_NONE;
}

/* How we may log in, and whatever the proxy chooses of that. */
static enum cause introduce(const struct talk *t, struct fault *why)
{
    bool may_login = t->p->user != NULL;
    unsigned char answer[2];
    struct buf out;
    enum cause c;

    buf_init(&out, 4);
    buf_addc(&out, VERSION);
    buf_addc(&out, may_login ? 2 : 1);
    buf_addc(&out, NO_LOGIN);
    if (may_login)
        buf_addc(&out, PASSWORD);
    c = put(t, &out, why);
    buf_free(&out);
    if (c == CAUSE_NONE)
        c = get(t, answer, sizeof(answer), why);
    if (c != CAUSE_NONE)
        return c;
    if (answer[0] != VERSION)
        return no_socks(t, why);
    if (answer[1] == NO_LOGIN)
        return CAUSE_NONE;
    if (answer[1] == PASSWORD && may_login)
        return login(t, why);
    if (answer[1] != NO_METHOD)
        return no_socks(t, why); /* a method that was not offered */
    return login_refused(t, may_login ? "takes no login by password" : "wants a login", why);
}

/* The server as the proxy is told it: by address, or by name for it to look up. */
static bool add_address(struct buf *out, const char *host)
{
    struct resolve_addr addr;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&addr.sa;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&addr.sa;
    size_t n = strlen(host);

    if (resolve_literal(host, &addr)) {
        /* A zone (RFC 4007) is an interface of this machine: it means nothing over there. */
        if (strchr(host, '%') != NULL)
            return false;
        if (addr.sa.ss_family == AF_INET)
            return buf_addc(out, IP4) && buf_add(out, &v4->sin_addr, sizeof(v4->sin_addr));
        return buf_addc(out, IP6) && buf_add(out, &v6->sin6_addr, sizeof(v6->sin6_addr));
    }
    return n > 0 && n <= FIELD_MAX && buf_addc(out, NAME) && buf_addc(out, (char)n) &&
           buf_add(out, host, n);
}

/* RFC 1928 6, and what Tor has added. */
static const char *reason(unsigned code)
{
    static const char *const words[] = {
        [1] = "it cannot reach the server",   [2] = "its rules do not allow it",
        [3] = "network unreachable",          [4] = "host unreachable",
        [5] = "connection refused",           [6] = "the way is too long (TTL expired)",
        [7] = "it does not make connections", [8] = "it does not know this kind of address"};

    if (code >= 1 && code < ARRAY_LEN(words))
        return words[code];
    return NULL;
}

static enum cause refused(const struct talk *t, const char *host, uint16_t port, unsigned code,
                          struct fault *why)
{
    const char *words = reason(code);

    if (words != NULL)
        fault_set(why, CAUSE_CONNECT, "%s does not connect to %s, port %u: %s", t->name, host,
                  (unsigned)port, words);
    else
        fault_set(why, CAUSE_CONNECT, "%s does not connect to %s, port %u (its code 0x%02x)",
                  t->name, host, (unsigned)port, code);
    if (code == 2)
        fault_hint(why, "ask who runs the proxy, or change 'proxy' or 'port'");
    return CAUSE_CONNECT;
}

/* The address that the proxy connects from, and its port: of no use, but to be read. */
static enum cause skip_address(const struct talk *t, unsigned kind, struct fault *why)
{
    unsigned char rest[FIELD_MAX + 2], size = 0;
    enum cause c = CAUSE_NONE;

    if (kind == NAME)
        c = get(t, &size, 1, why);
    else if (kind == IP4 || kind == IP6)
        size = kind == IP4 ? 4 : 16;
    else
        c = no_socks(t, why);
    return c == CAUSE_NONE ? get(t, rest, (size_t)size + 2, why) : c;
}

static enum cause read_verdict(const struct talk *t, const char *host, uint16_t port,
                               struct fault *why)
{
    unsigned char head[2], kind[2];
    enum cause c = get(t, head, sizeof(head), why);

    if (c != CAUSE_NONE)
        return c;
    if (head[0] != VERSION)
        return no_socks(t, why);
    /* Nothing is wanted behind a refusal, and some proxies close without the rest of it. */
    if (head[1] != 0)
        return refused(t, host, port, head[1], why);
    c = get(t, kind, sizeof(kind), why);
    return c == CAUSE_NONE ? skip_address(t, kind[1], why) : c;
}

static enum cause ask(const struct talk *t, const char *host, uint16_t port, struct fault *why)
{
    struct buf out;
    enum cause c = CAUSE_NONE;

    buf_init(&out, 4 + 1 + FIELD_MAX + 2);
    buf_addc(&out, VERSION);
    buf_addc(&out, CONNECT);
    buf_addc(&out, 0);
    if (!add_address(&out, host))
        c = fault_set(why, CAUSE_CONFIG, "%s cannot be asked for from a proxy", host);
    buf_addc(&out, (char)(port >> 8));
    buf_addc(&out, (char)(port & 0xff));
    if (c == CAUSE_NONE)
        c = put(t, &out, why);
    buf_free(&out);
    return c == CAUSE_NONE ? read_verdict(t, host, port, why) : c;
}

void proxy_name(const struct proxy_params *p, struct buf *out)
{
    if (p->host[0] == '/')
        buf_addf(out, "proxy %s", p->host);
    else if (strchr(p->host, ':') != NULL && p->host[0] != '[')
        buf_addf(out, "proxy [%s]:%u", p->host, (unsigned)p->port);
    else
        buf_addf(out, "proxy %s:%u", p->host, (unsigned)p->port);
}

enum cause proxy_open(int fd, const struct proxy_params *p, const char *host, uint16_t port,
                      deadline_ms until, struct fault *why)
{
    struct talk t = {.fd = fd, .p = p, .until = until};
    struct buf name;
    enum cause c;

    buf_init(&name, LIMIT_RELAY_NAME);
    proxy_name(p, &name);
    t.name = name.data;
    c = introduce(&t, why);
    if (c == CAUSE_NONE)
        c = ask(&t, host, port, why);
    if (c != CAUSE_NONE)
        why->stage = STAGE_DIAL;
    buf_free(&name);
    return c;
}
