/*
 * ocsp.h: an OCSP response (RFC 6960 4.2.1) about one certificate, signed by its issuer with ECDSA
 * P-256. GnuTLS can read such responses and not make them.
 */
#ifndef TESTS_LIB_OCSP_H
#define TESTS_LIB_OCSP_H

#include "octets.h"

#include <gnutls/x509.h>
#include <stdbool.h>

/* ocsp_make - appends "good" or "revoked" as DER, made AGE_DAYS ago and good for seven days. */
void ocsp_make(struct octets *made, gnutls_x509_crt_t cert, gnutls_x509_crt_t issuer,
               gnutls_x509_privkey_t issuer_key, bool revoked, int age_days);

#endif
