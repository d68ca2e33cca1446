/*
 * tls.h: the GnuTLS session under a stream. Only net/stream calls these functions; parameters and
 * info travel further. No GnuTLS type appears here.
 *
 * It is a pure transformation: octets of the application on one side, octets of the wire on the
 * other, and no socket. So the stream alone reads, writes and waits, reads ahead as it likes and
 * sends several records with one system call.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/clock.h"
#include "base/fault.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* All strings borrowed until the handshake is done. */
struct tls_params {
    const char *name;       /* what the certificate must be for: DNS name (U-label allowed) or IP */
    const char *trust_file; /* PEM roots, or NULL: the system's */
    const char *priority;   /* GnuTLS priority string, or NULL: TLS 1.2 and 1.3, sound defaults */
    const struct strv *pins;  /* public keys, one of which the server must have; net/pin reads them.
                                NULL or empty: any that the trust vouches for */
    const char *crl_file;     /* PEM lists of revoked certificates, or NULL */
    const char *cert_file;    /* our certificate and its chain, PEM, or NULL; pkcs11: as well */
    const char *key_file;     /* its key: a PEM file or a pkcs11: URI; NULL: in cert_file */
    uid_t euid;               /* who may own these files besides root */
    const struct buf *ticket; /* what tls_ticket gave in an earlier process, or NULL */
};

struct tls_info {
    char version[16]; /* "TLS1.3" */
    char cipher[64];  /* "AES-256-GCM" and friends */
    char group[32];   /* key exchange group */
    bool resumed;     /* from a ticket: no chain was sent, the stored one was looked at again */
    bool client_cert; /* the server asked for our certificate and got it */
};

/* RFC 5929 4 and RFC 9266: what binds a login to this very session. */
enum tls_binding { TLS_BINDING_EXPORTER, TLS_BINDING_END_POINT };

struct tls;

/*
 * tls_new - a client session. SNI unless the name is a literal. OUT is owned by the caller.
 * fails: CAUSE_CONFIG (priority string: the text shows the position; a name that is none),
 *        CAUSE_TLS_FILE (client certificate or key), CAUSE_TLS.
 */
enum cause tls_new(struct tls **out, const struct tls_params *p, struct fault *why) ATTR_CHECK;

/* tls_in_room - where octets from the socket go, at most *N; never 0 after tls_read. */
void *tls_in_room(struct tls *t, size_t *n);

/* tls_in_added - N octets were put there; 0 = the end of file. */
void tls_in_added(struct tls *t, size_t n);

/* tls_out - what waits to be sent, *N octets. Borrowed until the next call. */
const void *tls_out(const struct tls *t, size_t *n);

/* tls_out_sent - the first N octets of that left. */
void tls_out_sent(struct tls *t, size_t n);

/*
 * tls_handshake - goes on as far as the input allows; *DONE when the handshake is complete (and
 * the peer not yet verified).
 * fails: CAUSE_TLS (alert named; an alert to the peer may wait in tls_out), CAUSE_CLOSED,
 *        CAUSE_TLS_FILE (client certificate or key: with a ticket they are read when they are asked
 *        for).
 */
enum cause tls_handshake(struct tls *t, bool *done, struct fault *why) ATTR_CHECK;

/* tls_plain_peer - the first octets of the peer were an SMTP reply in plain text, not TLS. */
bool tls_plain_peer(const struct tls *t);

/* tls_verify - is it the right peer? Failures are those of trust_verify. */
enum cause tls_verify(struct tls *t, struct fault *why) ATTR_CHECK;

/*
 * tls_read - decrypts up to CAP octets; *GOT of 0 = more input is needed.
 * fails: CAUSE_CLOSED (close_notify, end of file), CAUSE_TLS (alert named).
 */
enum cause tls_read(struct tls *t, void *out, size_t cap, size_t *got,
                    struct fault *why) ATTR_CHECK;

/*
 * tls_write - encrypts up to N octets into full records; *GOT were taken, fewer than N when enough
 * waits to be sent. fails: CAUSE_TLS.
 */
enum cause tls_write(struct tls *t, const void *bytes, size_t n, size_t *got,
                     struct fault *why) ATTR_CHECK;

/* tls_get_info - what was negotiated. Borrowed. */
const struct tls_info *tls_get_info(const struct tls *t);

/*
 * tls_get_binding - appends the octets of KIND; false when this session has none (the exporter
 * needs TLS 1.3, or 1.2 with extended master secret; the end point a certificate).
 */
bool tls_get_binding(struct tls *t, enum tls_binding kind, struct buf *out);

/*
 * tls_ticket - appends what a later process needs to go on with this session instead of a full
 * handshake; false when the server gave nothing, or when the session must not be resumed (RFC 7633
 * must-staple chains). OUT is a secret buffer: it holds keys. It also holds what makes it stale:
 * when it was made (24 h), the chain's notAfter, and device, inode, mtime and size of the trust,
 * CRL and client files; tls_new looks at all that and starts afresh when something differs.
 */
bool tls_ticket(struct tls *t, struct buf *out);

/* tls_end - puts a close_notify behind what waits to be sent. */
void tls_end(struct tls *t);

/* tls_free - frees and nulls. */
void tls_free(struct tls **t);

#endif
