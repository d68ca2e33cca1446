/*
 * trust_chain.h: the certificates that a server showed, and what people are told when they are not
 * good. Only net/trust uses it.
 */
#ifndef NET_TRUST_CHAIN_H
#define NET_TRUST_CHAIN_H

#include "base/fault.h"

#include <gnutls/x509.h>
#include <stdint.h>

/* What the server showed, as DER: its own certificate first. */
struct trust_chain {
    const gnutls_datum_t *cert; /* borrowed from the session */
    unsigned n;
};

/* trust_chain_import - certificate I; NULL when there is none or it cannot be read. */
gnutls_x509_crt_t trust_chain_import(const struct trust_chain *chain, unsigned i);

/* trust_chain_add_issuer - appends who issued certificate I, as people read it. */
void trust_chain_add_issuer(struct buf *out, const struct trust_chain *chain, unsigned i);

/* trust_chain_add_date - appends the day, in UTC. */
void trust_chain_add_date(struct buf *out, int64_t at_s);

/* trust_chain_revoked - the fault for certificate I, revoked at SINCE; 0: nobody knows when. */
enum cause trust_chain_revoked(const struct trust_chain *chain, unsigned i, int64_t since,
                               struct fault *why);

/*
 * trust_chain_explain - the fault for a status of GnuTLS that is neither 0 nor REVOKED: the worst
 * trouble first.
 * NAME is what the certificate should have been for.
 */
enum cause trust_chain_explain(const struct trust_chain *chain, unsigned status, const char *name,
                               struct fault *why);

#endif
