/*
 * peer.c: one accepted connection. The socket is non-blocking and every wait is a poll with a
 * deadline, so that a client that hangs cannot hang the test.
 */
#include "config.h"

#include "peer.h"

#include "certs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define READ_SIZE 65536

int64_t peer_now_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int listen_unix(const char *path)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (fd < 0 || strlen(path) >= sizeof sun.sun_path)
        die("socket %s: too long, or %s", path, strerror(errno));
    memcpy(sun.sun_path, path, strlen(path) + 1);
    if (bind(fd, (const struct sockaddr *)&sun, sizeof sun) != 0 || listen(fd, 16) != 0)
        die("listen on %s: %s", path, strerror(errno));
    return fd;
}

int peer_listen(const char *path, unsigned *port)
{
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof sin;
    int fd;

    if (path)
        fd = listen_unix(path);
    else {
        fd = socket(AF_INET, SOCK_STREAM, 0);
        if (fd < 0 || bind(fd, (const struct sockaddr *)&sin, sizeof sin) != 0 ||
            listen(fd, 16) != 0 || getsockname(fd, (struct sockaddr *)&sin, &len) != 0)
            die("listen: %s", strerror(errno));
        *port = ntohs(sin.sin_port);
    }
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
        die("listen: %s", strerror(errno));
    return fd;
}

void peer_narrow(int listen_fd)
{
    int segment = 1000, room = 4096;

    /* The sender's buffer grows with the segment that its peer announces: 64 KiB on loopback. */
    if (setsockopt(listen_fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment) != 0 ||
        setsockopt(listen_fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room) != 0)
        die("listen: %s", strerror(errno));
}

void peer_init(struct peer *p, int fd)
{
    int on = 1;

    *p = (struct peer){.fd = fd};
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    /* Not on a Unix socket: then it fails and does not matter. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void trouble(struct peer *p, const char *what, const char *why)
{
    p->trouble.n = 0;
    octets_printf(&p->trouble, "%s: %s", what, why);
}

/* Waits for EVENTS; false when the deadline came first. */
static bool wait_for(const struct peer *p, short events, int64_t until_ms)
{
    struct pollfd pfd = {.fd = p->fd, .events = events};

    for (;;) {
        int64_t left = until_ms - peer_now_ms();
        int rc = poll(&pfd, 1, left < 0 ? 0 : left > 60000 ? 60000 : (int)left);

        if (rc > 0)
            return true;
        if (rc == 0 && peer_now_ms() >= until_ms)
            return false;
        if (rc < 0 && errno != EINTR)
            return false;
    }
}

static const char *priority_of(enum peer_tls version)
{
    switch (version) {
    case PEER_TLS_ANY:
        return "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
    case PEER_TLS_13:
        return "NORMAL:-VERS-ALL:+VERS-TLS1.3";
    case PEER_TLS_12:
        return "NORMAL:-VERS-ALL:+VERS-TLS1.2";
    case PEER_TLS_11:
        return "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0:+SIGN-ALL:+MAC-ALL:%COMPAT";
    }
    return "NORMAL";
}

static void must(int rc, const char *what)
{
    if (rc < 0)
        die("server's TLS: %s: %s", what, gnutls_strerror(rc));
}

/* One for the process, as a server has it: a ticket of one connection is good in the next. */
static gnutls_datum_t ticket_key;

void peer_remember(void)
{
    if (!ticket_key.data)
        must(gnutls_session_ticket_key_generate(&ticket_key), "ticket key");
}

static void add_staple(const struct peer *p, const struct peer_server *s)
{
    struct octets path = {0};

    octets_printf(&path, "%s/%s.staple", s->certs, s->staple);
    /* Sent whatever it says: that is what is tested. */
    gnutls_certificate_set_flags(p->creds, GNUTLS_CERTIFICATE_SKIP_OCSP_RESPONSE_CHECK);
    must(gnutls_certificate_set_ocsp_status_request_file2(p->creds, octets_text(&path), 0,
                                                          GNUTLS_X509_FMT_DER),
         octets_text(&path));
    octets_free(&path);
}

static void begin_tls(struct peer *p, const struct peer_server *s)
{
    struct octets crt = {0}, key = {0};

    octets_printf(&crt, "%s/%s.pem", s->certs, s->name);
    octets_printf(&key, "%s/%s.key", s->certs, s->name);
    must(gnutls_certificate_allocate_credentials(&p->creds), "credentials");
    must(gnutls_certificate_set_x509_key_file(p->creds, octets_text(&crt), octets_text(&key),
                                              GNUTLS_X509_FMT_PEM),
         octets_text(&crt));
    if (s->staple)
        add_staple(p, s);
    must(gnutls_init(&p->tls, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL), "session");
    must(gnutls_priority_set_direct(p->tls, priority_of(s->version), NULL), "priority");
    must(gnutls_credentials_set(p->tls, GNUTLS_CRD_CERTIFICATE, p->creds), "credentials");
    /* Tickets as real servers send them: they arrive between replies and are no replies. */
    if (s->forgetful && ticket_key.data) {
        gnutls_free(ticket_key.data);
        ticket_key.data = NULL;
    }
    peer_remember();
    if (!s->no_tickets)
        must(gnutls_session_ticket_enable_server(p->tls, &ticket_key), "tickets");
    if (s->asks != PEER_ASKS_NOT)
        gnutls_certificate_server_set_request(
            p->tls, s->asks == PEER_DEMANDS ? GNUTLS_CERT_REQUIRE : GNUTLS_CERT_REQUEST);
    gnutls_transport_set_int(p->tls, p->fd);
    gnutls_handshake_set_timeout(p->tls, GNUTLS_INDEFINITE_TIMEOUT);
    octets_free(&crt);
    octets_free(&key);
}

void peer_client(const struct peer *p, const char *certs, char *out, size_t size)
{
    unsigned n = 0;
    const gnutls_datum_t *shown = p->tls ? gnutls_certificate_get_peers(p->tls, &n) : NULL;
    const char *const *names = certs_names();
    struct octets path = {0}, pem = {0};
    gnutls_datum_t der = {NULL, 0};
    bool found = false;

    snprintf(out, size, "%s", shown && n > 0 ? "?" : "-");
    for (; shown && n > 0 && !found && *names; names++) {
        path.n = pem.n = 0;
        octets_printf(&path, "%s/%s.pem", certs, *names);
        if (!octets_file(&pem, octets_text(&path)))
            continue;
        der.data = NULL;
        must(gnutls_pem_base64_decode2(
                 "CERTIFICATE",
                 &(gnutls_datum_t){.data = (unsigned char *)pem.p, .size = (unsigned)pem.n}, &der),
             octets_text(&path));
        found = der.size == shown->size && memcmp(der.data, shown->data, der.size) == 0;
        if (found)
            snprintf(out, size, "%s", *names);
        gnutls_free(der.data);
    }
    octets_free(&path);
    octets_free(&pem);
}

bool peer_handshake(struct peer *p, const struct peer_server *server, int64_t until_ms)
{
    int rc;

    begin_tls(p, server);
    for (;;) {
        rc = gnutls_handshake(p->tls);
        if (rc == GNUTLS_E_SUCCESS)
            return true;
        if (rc == GNUTLS_E_AGAIN || rc == GNUTLS_E_INTERRUPTED) {
            bool writing = gnutls_record_get_direction(p->tls) == 1;

            if (wait_for(p, writing ? POLLOUT : POLLIN, until_ms))
                continue;
            trouble(p, "handshake", "time-out");
            return false;
        }
        if (gnutls_error_is_fatal(rc))
            break;
    }
    if (rc == GNUTLS_E_FATAL_ALERT_RECEIVED)
        trouble(p, "handshake: alert", gnutls_alert_get_name(gnutls_alert_get(p->tls)));
    else
        trouble(p, "handshake", gnutls_strerror(rc));
    if (rc != GNUTLS_E_FATAL_ALERT_RECEIVED)
        (void)gnutls_alert_send_appropriate(p->tls, rc);
    p->ended = p->failed = true;
    return false;
}

/* One read without waiting: 1 octets came, 0 would block, -1 ended. */
static int read_some(struct peer *p)
{
    char block[READ_SIZE];
    ssize_t got;

    if (p->ended)
        return -1;
    if (p->tls) {
        got = gnutls_record_recv(p->tls, block, sizeof block);
        if (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED ||
            (got < 0 && !gnutls_error_is_fatal((int)got)))
            return 0;
        if (got < 0) {
            p->truncated = got == GNUTLS_E_PREMATURE_TERMINATION;
            trouble(p, "receive",
                    got == GNUTLS_E_FATAL_ALERT_RECEIVED
                        ? gnutls_alert_get_name(gnutls_alert_get(p->tls))
                        : gnutls_strerror((int)got));
            p->failed = !p->truncated;
        }
    } else {
        got = read(p->fd, block, sizeof block);
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
            return 0;
        if (got < 0) {
            trouble(p, "receive", strerror(errno));
            p->failed = true;
        }
    }
    if (got <= 0) {
        p->ended = true;
        return -1;
    }
    octets_add(&p->in, block, (size_t)got);
    octets_add(&p->recorded, block, (size_t)got);
    p->fills++;
    return 1;
}

bool peer_fill(struct peer *p, int64_t until_ms)
{
    for (;;) {
        int rc = read_some(p);

        if (rc != 0)
            return rc > 0;
        if (!wait_for(p, POLLIN, until_ms)) {
            trouble(p, "receive", "time-out");
            return false;
        }
    }
}

bool peer_line(struct peer *p, struct octets *line, int64_t until_ms)
{
    size_t seen = 0;

    line->n = 0;
    for (;;) {
        const char *lf = p->in.n > seen ? memchr(p->in.p + seen, '\n', p->in.n - seen) : NULL;

        if (lf) {
            octets_add(line, p->in.p, (size_t)(lf - p->in.p) + 1);
            octets_drop(&p->in, line->n);
            return true;
        }
        seen = p->in.n;
        if (!peer_fill(p, until_ms))
            return false;
    }
}

bool peer_waiting(struct peer *p, int64_t ms)
{
    int64_t until = peer_now_ms() + ms;

    while (p->in.n == 0) {
        if (read_some(p) < 0)
            return false;
        if (p->in.n == 0 && !wait_for(p, POLLIN, until))
            return false;
    }
    return true;
}

bool peer_send_clear(struct peer *p, const char *bytes, size_t n, int64_t until_ms)
{
    while (n > 0) {
        ssize_t put = send(p->fd, bytes, n, MSG_NOSIGNAL);

        if (put >= 0) {
            bytes += put;
            n -= (size_t)put;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!wait_for(p, POLLOUT, until_ms)) {
                trouble(p, "send", "time-out");
                return false;
            }
        } else if (errno != EINTR) {
            trouble(p, "send", strerror(errno));
            return false;
        }
    }
    return true;
}

bool peer_send(struct peer *p, const char *bytes, size_t n, int64_t until_ms)
{
    if (!p->tls)
        return peer_send_clear(p, bytes, n, until_ms);
    while (n > 0) {
        ssize_t put = gnutls_record_send(p->tls, bytes, n);

        if (put >= 0) {
            bytes += put;
            n -= (size_t)put;
        } else if (put == GNUTLS_E_AGAIN || put == GNUTLS_E_INTERRUPTED) {
            if (!wait_for(p, POLLOUT, until_ms)) {
                trouble(p, "send", "time-out");
                return false;
            }
        } else {
            trouble(p, "send", gnutls_strerror((int)put));
            return false;
        }
    }
    return true;
}

bool peer_gone(const struct peer *p)
{
    struct pollfd pfd = {.fd = p->fd, .events = POLLRDHUP};

    return p->ended ||
           (poll(&pfd, 1, 0) > 0 && (pfd.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0);
}

void peer_alert(struct peer *p, gnutls_alert_description_t what)
{
    if (p->tls)
        (void)gnutls_alert_send(p->tls, GNUTLS_AL_FATAL, what);
}

void peer_rekey(struct peer *p)
{
    if (!p->tls)
        return;
    if (gnutls_protocol_get_version(p->tls) == GNUTLS_TLS1_3)
        (void)gnutls_session_key_update(p->tls, GNUTLS_KU_PEER);
    else
        (void)gnutls_rehandshake(p->tls);
}

void peer_shut(struct peer *p, bool polite)
{
    if (polite && p->tls)
        (void)gnutls_bye(p->tls, GNUTLS_SHUT_WR);
    else
        (void)shutdown(p->fd, SHUT_WR);
}

void peer_close(struct peer *p, enum peer_end how)
{
    struct linger hard = {.l_onoff = 1, .l_linger = 0};

    if (p->fd < 0)
        return;
    if (how == PEER_POLITE && p->tls)
        (void)gnutls_bye(p->tls, GNUTLS_SHUT_WR);
    if (how == PEER_RESET)
        (void)setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(p->fd);
    p->fd = -1;
    p->ended = true;
}

void peer_free(struct peer *p)
{
    peer_close(p, PEER_CUT);
    if (p->tls)
        gnutls_deinit(p->tls);
    if (p->creds)
        gnutls_certificate_free_credentials(p->creds);
    octets_free(&p->in);
    octets_free(&p->recorded);
    octets_free(&p->trouble);
}
