/*
 * crl.h: lists of revoked certificates from a file. Only net/trust uses it.
 */
#ifndef NET_CRL_H
#define NET_CRL_H

#include "base/fault.h"
#include "net/trust_chain.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdint.h>

struct crl_file {
    const char *path; /* borrowed */
    gnutls_x509_crl_t *v;
    unsigned n;
};

/*
 * crl_load - reads the lists in PATH (PEM, several, or one as DER); with PATH of NULL none.
 * fails: CAUSE_TLS_FILE: not there, not readable, no list in it, or one that cannot be read.
 */
enum cause crl_load(struct crl_file *f, const char *path, struct fault *why) ATTR_CHECK;

/* crl_give - adds copies of the lists to the trust list of CREDS. Returns a GnuTLS error or 0. */
int crl_give(const struct crl_file *f, gnutls_certificate_credentials_t creds);

/*
 * crl_check - after CHAIN was verified with CREDS: every authority in it that has a list in F must
 * have one there that it has signed and that is in force; one that has none is not asked. *UNTIL is
 * lowered to the end of the first such list.
 * fails: CAUSE_TLS_UNTRUSTED: which authority's list, and since when it is out of date.
 */
enum cause crl_check(const struct crl_file *f, const struct trust_chain *chain,
                     gnutls_certificate_credentials_t creds, int64_t *until,
                     struct fault *why) ATTR_CHECK;

/* crl_since - when certificate I of CHAIN was revoked, as a list in F says; 0: none does. */
int64_t crl_since(const struct crl_file *f, const struct trust_chain *chain, unsigned i);

/* crl_free - frees and clears. */
void crl_free(struct crl_file *f);

#endif
