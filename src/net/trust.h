/*
 * trust.h: is the peer's certificate good? Roots are loaded lazily: the bundle is scanned for those
 * that the chain names, and only when that fails the whole of it is loaded and tried once more, so
 * that laziness never narrows trust; it can never widen it, since all come from the same bundle.
 */
#ifndef NET_TRUST_H
#define NET_TRUST_H

#include "base/fault.h"
#include "net/tls.h"

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * trust_verify - verifies the chain of a session after its handshake: signatures, validity, name
 * (or IP literal), key purpose serverAuth, lists of revoked certificates, stapled OCSP, and the
 * pins; how weak is too weak is the profile of the session's priority string.
 * creds: the session's credentials; they get the trust list.
 * p:     the name as A-labels or literal.
 * until: gets the end of the first list of revoked certificates to run out.
 * fails: CAUSE_TLS_NAME (text: which names it has, which was wanted; hint tls_name),
 *        CAUSE_TLS_TIME (since or until when), CAUSE_TLS_UNTRUSTED (issuer; hint tls_trust; weak
 *        and misused certificates too; another key than the pins say), CAUSE_TLS_REVOKED
 *        (which certificate, since when), CAUSE_TLS_FILE (trust file unreadable or without a
 *        certificate, CRL file unreadable or without a list).
 */
enum cause trust_verify(gnutls_session_t session, gnutls_certificate_credentials_t creds,
                        const struct tls_params *p, int64_t *until, struct fault *why) ATTR_CHECK;

/*
 * trust_again - for a session resumed from a ticket under other pins: name, key purpose and pins,
 * on the chain that was verified when the ticket was given. Whether that still counts is
 * net/ticket's to say.
 */
enum cause trust_again(gnutls_session_t session, const struct tls_params *p,
                       struct fault *why) ATTR_CHECK;

/*
 * trust_lasts - after trust_verify: *UNTIL is lowered to the end of the first certificate to expire
 * among those that the verdict rests on. False when the verdict is for this connection alone (RFC
 * 7633: a certificate that demands a stapled OCSP response).
 */
bool trust_lasts(gnutls_session_t session, gnutls_certificate_credentials_t creds, int64_t *until);

/* trust_bundle - the file that has the authorities of P; NULL: the system keeps them elsewhere. */
const char *trust_bundle(const struct tls_params *p);

#endif
