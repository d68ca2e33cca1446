/*
 * tls.h: the GnuTLS session under a stream. Only net/stream calls these functions; parameters and
 * info travel further. No GnuTLS type appears here.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/clock.h"
#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>

/* All strings borrowed until the handshake is done. */
struct tls_params {
    const char *name;       /* what the certificate must be for: DNS name (U-label allowed) or IP */
    const char *trust_file; /* PEM roots, or NULL: the system's */
    const char *priority;   /* GnuTLS priority string, or NULL: TLS 1.2 and 1.3, sound defaults */
    /* later: pins, crl, client certificate, resumption */
};

struct tls_info {
    char version[16];     /* "TLS1.3" */
    char cipher[64];      /* "AES-256-GCM" and friends */
    char group[32];       /* key exchange group */
};

struct tls;

/*
 * tls_new - a client session over FD (borrowed, non-blocking). SNI unless the name is a literal.
 * fails: CAUSE_CONFIG (priority string: the text shows the position), CAUSE_TLS.
 */
enum cause tls_new(struct tls **out, int fd, const struct tls_params *p, struct fault *why)
    ATTR_CHECK;

/*
 * tls_handshake - runs the handshake as far as it goes without waiting. *want gets POLLIN or
 * POLLOUT when it must be called again, 0 when it is done and the peer is verified.
 * fails: CAUSE_TLS (alert named; a plain-text server recognised: "speaks plain SMTP, set
 *        tls = starttls"), CAUSE_CLOSED, and those of trust_verify.
 */
enum cause tls_handshake(struct tls *t, short *want, struct fault *why) ATTR_CHECK;

/*
 * tls_read, tls_write - *got octets moved, or *want set when they would block; tls_read with both 0
 * is the end (close_notify). fails: CAUSE_TLS, CAUSE_CLOSED. After a blocked tls_write the same
 * octets must be given again.
 */
enum cause tls_read(struct tls *t, void *out, size_t cap, size_t *got, short *want,
                    struct fault *why) ATTR_CHECK;
enum cause tls_write(struct tls *t, const void *bytes, size_t n, size_t *got, short *want,
                     struct fault *why) ATTR_CHECK;

/* tls_pending - decrypted octets that wait inside. */
size_t tls_pending(const struct tls *t);

/* tls_get_info - what was negotiated. Borrowed. */
const struct tls_info *tls_get_info(const struct tls *t);

/* tls_close - sends close_notify if POLITE and it does not block; frees and nulls. */
void tls_close(struct tls **t, bool polite);

#endif
