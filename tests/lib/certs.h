/*
 * certs.h: a throwaway authority and the matrix of good and bad server certificates, made with the
 * GnuTLS X.509 API into one folder in well under a second.
 *
 * NAME.pem holds the certificate (and what a server sends with it), NAME.key its key. ca.pem is the
 * root that clients are told to trust; other-ca.pem is one they are not;
 * both-ca.pem has the two, the wrong one first.
 *
 *   good              DNS:localhost, IP:127.0.0.1
 *   wrong-name        DNS:elsewhere.example.org
 *   expired           ended yesterday
 *   not-yet-valid     begins in a year
 *   untrusted         like good, from the other root
 *   forged-issuer     like good, from a root that only bears the name of the trusted one
 *   self-signed       like good, its own issuer
 *   wrong-purpose     like good, for clients only
 *   weak-key          like good, RSA with 1024 bits
 *   ip-only           IP:127.0.0.1 and no name
 *   ip-as-name        a DNS name that reads 127.0.0.1
 *   name-only         DNS:localhost and no address
 *   via-intermediate  like good, from an intermediate that is sent along
 *   no-intermediate   the same, and the intermediate is not sent
 *   via-leaf          like good, issued by an ordinary certificate without the right to issue
 *   revoked           like good, and in the list of ca.crl
 *   must-staple       like good, and to be shown with a stapled OCSP response only
 *   client            a client's: no name, for clients, from the intermediate, which comes along
 *   wildcard          DNS:*.example.org
 *
 * Lists of the trusted root: ca.crl, which has `revoked` in it, and old.crl, which is out of date.
 * OCSP responses: good.staple, good-revoked.staple and good-old.staple about `good`,
 * must-staple.staple. The pin of the key of `good`: good.pin.
 */
#ifndef TESTS_LIB_CERTS_H
#define TESTS_LIB_CERTS_H

#include <stdbool.h>
#include <stddef.h>

/* certs_names - the names of the matrix, NULL at the end. */
const char *const *certs_names(void);

/* certs_make - makes everything in the folder DIR, which must exist. Failures end the program. */
void certs_make(const char *dir);

/* certs_remove - removes the folder and the files in it. */
void certs_remove(const char *dir);

/*
 * certs_ensure - DIR holds a matrix younger than a day afterwards. Safe when several programs ask
 * at once: each makes its own beside it and the first rename wins.
 */
void certs_ensure(const char *dir);

#endif
