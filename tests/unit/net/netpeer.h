/*
 * netpeer.h: the other end of a socket, played by a thread: a function that gets a blocking
 * descriptor and, if it wants, a GnuTLS server session on it.
 */
#ifndef TESTS_UNIT_NET_NETPEER_H
#define TESTS_UNIT_NET_NETPEER_H

#include "pki.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

struct netpeer {
    int fd;
    pthread_t thread;
    void (*play)(struct netpeer *);
    const struct pki_cert *cert; /* for peer_tls */
    const char *priority;
    gnutls_session_t tls;
    gnutls_certificate_credentials_t creds;
    gnutls_datum_t ticket_key;
    size_t got; /* octets that the script has counted */
    int result; /* what it wants to tell */
    char text[256];
};

/* A connected pair of TCP sockets on the loopback. */
static inline void peer_tcp_pair(int pair[2])
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(sa);
    int yes = 1, l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (l < 0 || bind(l, (struct sockaddr *)&sa, sizeof(sa)) != 0 || listen(l, 1) != 0 ||
        getsockname(l, (struct sockaddr *)&sa, &len) != 0)
        pki_must(-1, "listen");
    pair[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(pair[0], (struct sockaddr *)&sa, sizeof(sa)) != 0)
        pki_must(-1, "connect");
    pair[1] = accept(l, NULL, NULL);
    for (int i = 0; i < 2; i++) /* what Nagle holds back is lost when a socket is reset */
        (void)setsockopt(pair[i], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    close(l);
}

static inline void *peer_thread(void *arg)
{
    struct netpeer *p = arg;

    p->play(p);
    if (p->tls != NULL) {
        gnutls_deinit(p->tls);
        gnutls_certificate_free_credentials(p->creds);
        gnutls_free(p->ticket_key.data);
    }
    if (p->fd >= 0)
        close(p->fd);
    return NULL;
}

/* peer_start - runs PLAY at the other end; returns our end. SMALL: tiny socket buffers. */
static inline int peer_start(struct netpeer *p, void (*play)(struct netpeer *), bool tcp,
                             bool small)
{
    int pair[2], size = 4096;

    if (tcp)
        peer_tcp_pair(pair);
    else if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        pki_must(-1, "socketpair");
    for (int i = 0; small && i < 2; i++) {
        (void)setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
        (void)setsockopt(pair[i], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    }
    p->fd = pair[1];
    p->play = play;
    if (pthread_create(&p->thread, NULL, peer_thread, p) != 0)
        pki_must(-1, "thread");
    return pair[0];
}

static inline void peer_join(struct netpeer *p)
{
    (void)pthread_join(p->thread, NULL);
}

/* peer_tls - hand-shakes as a server; false when it fails. */
static inline bool peer_tls(struct netpeer *p)
{
    gnutls_x509_crt_t crt = p->cert->crt;
    int ret;

    pki_must(gnutls_init(&p->tls, GNUTLS_SERVER | GNUTLS_NO_SIGNAL), "init");
    pki_must(gnutls_certificate_allocate_credentials(&p->creds), "credentials");
    pki_must(gnutls_certificate_set_x509_key(p->creds, &crt, 1, p->cert->key), "certificate");
    pki_must(gnutls_priority_set_direct(p->tls, p->priority != NULL ? p->priority : "NORMAL", NULL),
             "priority");
    pki_must(gnutls_credentials_set(p->tls, GNUTLS_CRD_CERTIFICATE, p->creds), "credentials");
    pki_must(gnutls_session_ticket_key_generate(&p->ticket_key), "ticket key");
    pki_must(gnutls_session_ticket_enable_server(p->tls, &p->ticket_key), "tickets");
    gnutls_transport_set_int(p->tls, p->fd);
    do
        ret = gnutls_handshake(p->tls);
    while (ret < 0 && !gnutls_error_is_fatal(ret));
    p->result = ret;
    return ret >= 0;
}

/* peer_say, peer_hear - through TLS if there is any; peer_hear returns 0 at the end. */
static inline bool peer_say(struct netpeer *p, const void *bytes, size_t n)
{
    const char *at = bytes;

    while (n > 0) {
        ssize_t r =
            p->tls != NULL ? gnutls_record_send(p->tls, at, n) : send(p->fd, at, n, MSG_NOSIGNAL);

        if (r < 0 && p->tls != NULL && !gnutls_error_is_fatal((int)r))
            continue;
        if (r <= 0)
            return false;
        at += r;
        n -= (size_t)r;
    }
    return true;
}

static inline bool peer_says(struct netpeer *p, const char *text)
{
    return peer_say(p, text, strlen(text));
}

static inline ssize_t peer_hear(struct netpeer *p, void *to, size_t n)
{
    ssize_t r;

    do
        r = p->tls != NULL ? gnutls_record_recv(p->tls, to, n) : recv(p->fd, to, n, 0);
    while (r < 0 && p->tls != NULL && !gnutls_error_is_fatal((int)r));
    return r;
}

/* peer_hear_all - counts what comes until the end; p->result is 0 for a proper end. */
static inline void peer_hear_all(struct netpeer *p)
{
    char room[20000];
    ssize_t r;

    while ((r = peer_hear(p, room, sizeof(room))) > 0)
        p->got += (size_t)r;
    p->result = r == 0 ? 0 : p->tls != NULL ? (int)r : -errno;
}

/* peer_wait_close - waits until the other end is gone, reading nothing. */
static inline void peer_wait_close(struct netpeer *p)
{
    struct pollfd f = {.fd = p->fd, .events = POLLRDHUP};

    (void)poll(&f, 1, 10000);
}

#endif
