/*
 * staple.h: OCSP responses of tests/lib/ocsp.h for the certificates of pki.h.
 */
#ifndef TESTS_UNIT_NET_STAPLE_H
#define TESTS_UNIT_NET_STAPLE_H

#include "ocsp.h"
#include "pki.h"

/* staple_make - "good" or "revoked", made AGE_DAYS ago and good for seven days; gnutls_free it. */
static inline gnutls_datum_t staple_make(const struct pki_cert *cert, const struct pki_cert *issuer,
                                         bool revoked, int age_days)
{
    struct octets made = {0};
    gnutls_datum_t result;

    ocsp_make(&made, cert->crt, issuer->crt, issuer->key, revoked, age_days);
    result.data = gnutls_malloc(made.n);
    result.size = (unsigned)made.n;
    memcpy(result.data, made.p, made.n);
    octets_free(&made);
    return result;
}

#endif
