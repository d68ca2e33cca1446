/*
 * ticket.h: what a later process needs to go on with a TLS session, as octets that can be kept: the
 * library's session data, and what makes them stale. No GnuTLS here: reading back what was kept is
 * a parser of its own, and the library sees no octet that has not passed it.
 */
#ifndef NET_TICKET_H
#define NET_TICKET_H

#include "base/buf.h"
#include "base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TICKET_MAX   ((size_t)LIMIT_TICKET) /* all of it: a chain of ten certificates is 20,000 */
#define TICKET_AGE_S 86400                  /* since the chain was verified in full */

struct ticket {
    int64_t made_at;  /* when the chain was verified in full */
    int64_t until;    /* when the first certificate or list that this rested on ends */
    bool client_cert; /* the server has seen our certificate */
    const char *pins; /* those that the server's key was compared with, N_PINS octets; borrowed */
    size_t n_pins;
    const void *data; /* the library's, N octets; borrowed */
    size_t n;
};

/* What a session rests on besides the server; NULL: not used, but for TRUST. */
struct ticket_basis {
    const char *trust; /* the file of authorities; NULL: the system keeps them elsewhere */
    const char *crl;
    const char *cert, *key; /* paths, or the names of objects in a token */
    const char *priority;
};

/*
 * ticket_identity - appends device, inode, mtime and size of the files of B, and the rest as it is.
 * False when one of them cannot be named so: such a session is not kept. To be called before the
 * files are read: a file that is replaced in between then makes the ticket stale, never the other
 * way round.
 */
bool ticket_identity(const struct ticket_basis *b, struct buf *out);

/*
 * ticket_pack - appends T for NAME (A-labels) and IDENTITY to OUT, a secret buffer. False: too big.
 */
bool ticket_pack(struct buf *out, const struct ticket *t, const char *name,
                 const struct buf *identity);

/*
 * ticket_unpack - reads back what ticket_pack made; T borrows from BLOB. False when it is damaged,
 * for another name or identity, older than TICKET_AGE_S, past its end, or from the future.
 */
bool ticket_unpack(struct ticket *t, const struct buf *blob, const char *name,
                   const struct buf *identity, int64_t now_s);

#endif
