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
    gnutls_datum_t ticket_key;
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

/* peer_init - takes the connected socket. */
void peer_init(struct peer *p, int fd);

enum peer_tls { PEER_TLS_ANY, PEER_TLS_13, PEER_TLS_12, PEER_TLS_11 };

/*
 * peer_handshake - the server's side, with the certificate NAME of the folder CERTS. False: it did
 * not come about (p->trouble says why).
 */
bool peer_handshake(struct peer *p, const char *certs, const char *name, enum peer_tls version,
                    int64_t until_ms);

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

/* How to end. PEER_CUT leaves TLS without close_notify. */
enum peer_end { PEER_POLITE, PEER_CUT, PEER_RESET };
void peer_close(struct peer *p, enum peer_end how);

/* peer_free - closes what is open and frees. */
void peer_free(struct peer *p);

#endif
