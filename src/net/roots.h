/*
 * roots.h: finds certificates in a PEM bundle by the names that a chain mentions, and decodes no
 * more of each than it takes to see its subject. No GnuTLS here, and no trust: what is found still
 * has to be imported and to verify.
 */
#ifndef NET_ROOTS_H
#define NET_ROOTS_H

#include <stdbool.h>
#include <stddef.h>

/* A distinguished name as DER, tag and length included. Borrowed from the certificate. */
struct roots_dn {
    const unsigned char *der;
    size_t n;
};

/*
 * roots_names - issuer and subject of the DER certificate CERT. False (and both empty) when it is
 * none. Names are compared octet by octet, as GnuTLS compares them.
 */
bool roots_names(const unsigned char *cert, size_t n, struct roots_dn *issuer,
                 struct roots_dn *subject);

/* roots_same - equal names. */
bool roots_same(const struct roots_dn *a, const struct roots_dn *b);

/* Called with one PEM block, from its BEGIN line to its END line; borrowed for the call. */
typedef void roots_found(void *context, const char *pem, size_t n);

/*
 * roots_scan - calls FOUND for each certificate in the N octets at PEM whose subject is one of the
 * WANTED names; with WANTED of NULL for each certificate. Blocks that cannot be read are passed
 * over. Returns how many certificates the bundle has, found or not.
 */
size_t roots_scan(const char *pem, size_t n, const struct roots_dn *wanted, size_t n_wanted,
                  roots_found *found, void *context);

#endif
