/*
 * peer.h: the server's end of one connection, in the clear or under TLS, for scripted servers: it
 * can behave as badly as a script asks. Everything that arrives as application data is recorded.
 */
#ifndef TESTS_LIB_PEER_H
#define TESTS_LIB_PEER_H

#include "octets.h"

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdint.h>

struct peer {
    int fd;
    gnutls_session_t tls; /* NULL: in the clear */
    gnutls_certificate_credentials_t creds;
    struct octets in;       /* arrived and not yet taken */
    struct octets recorded; /* all application octets, in order of arrival */
    unsigned long fills;    /* successful reads */
    bool ended;             /* end of file, close_notify or reset was seen */
    bool failed;            /* ended by an error rather than an end of file */
    bool truncated;         /* TLS ended without close_notify */
    struct octets trouble;  /* what the last failing call says */
};

/* peer_now_ms - the monotonic clock. */
int64_t peer_now_ms(void);

/* peer_listen - a listening socket on 127.0.0.1, port chosen by the kernel and put into *port; or,
 * when PATH is not NULL, on that Unix path. Failures end the program. */
int peer_listen(const char *path, unsigned *port);

/*
 * peer_narrow - from now on the sockets between hold little (some 64 KiB in all, and not the
 * megabytes of loopback), so that a client that has much to send is in the middle of it when the
 * first of it is read. For a TCP socket that listens.
 */
void peer_narrow(int listen_fd);

/* peer_init - takes the connected socket. */
void peer_init(struct peer *p, int fd);

enum peer_tls { PEER_TLS_ANY, PEER_TLS_13, PEER_TLS_12, PEER_TLS_11 };

/* Whether the client is asked for a certificate, and must have one. */
enum peer_asks { PEER_ASKS_NOT, PEER_ASKS, PEER_DEMANDS };

/* A server as the client meets it. All zero but for the first two: good tickets, any version. */
struct peer_server {
    const char *certs; /* folder */
    const char *name;  /* of the certificate there */
    enum peer_tls version;
    enum peer_asks asks;
    const char *staple; /* of a stapled OCSP response there, or NULL */
    bool no_tickets;
    bool forgetful; /* tickets of earlier connections are not known any more */
};

/*
 * peer_handshake - the server's side. False: it did not come about (p->trouble says why). Tickets
 * are good in all connections of one process, and of its children once it has called
 * peer_remember.
 */
bool peer_handshake(struct peer *p, const struct peer_server *server, int64_t until_ms);

/* peer_remember - makes the key of the tickets now. */
void peer_remember(void);

/*
 * peer_client - the name of the certificate in the folder CERTS that the client has shown, "-" when
 * it has shown none, "?" for a stranger. Into OUT, which has SIZE octets.
 */
void peer_client(const struct peer *p, const char *certs, char *out, size_t size);

/* peer_fill - waits for input until the deadline; false on time-out or when the peer has ended. */
bool peer_fill(struct peer *p, int64_t until_ms);

/* peer_line - moves one line with its LF into LINE; false: none came. */
bool peer_line(struct peer *p, struct octets *line, int64_t until_ms);

/* peer_waiting - whether input is there or comes within MS. The end of the stream is no input. */
bool peer_waiting(struct peer *p, int64_t ms);

/* peer_send - writes all, waiting as long as it takes up to the deadline; false when it cannot. */
bool peer_send(struct peer *p, const char *bytes, size_t n, int64_t until_ms);

/* peer_send_clear - the same on the bare socket, whatever TLS there is. */
bool peer_send_clear(struct peer *p, const char *bytes, size_t n, int64_t until_ms);

/* peer_gone - whether the other side has closed or reset, found without reading. */
bool peer_gone(const struct peer *p);

/* peer_alert - sends a TLS alert: fatal "internal_error" and the like. */
void peer_alert(struct peer *p, gnutls_alert_description_t what);

/* peer_rekey - asks for new keys: a key update of TLS 1.3, a HelloRequest of TLS 1.2. */
void peer_rekey(struct peer *p);

/*
 * peer_shut - says that nothing more will come, and stays to listen: by close_notify (POLITE), or
 * by the end of the TCP stream alone.
 */
void peer_shut(struct peer *p, bool polite);

/* How to end. PEER_CUT leaves TLS without close_notify. */
enum peer_end { PEER_POLITE, PEER_CUT, PEER_RESET };
void peer_close(struct peer *p, enum peer_end how);

/* peer_free - closes what is open and frees. */
void peer_free(struct peer *p);

#endif
