/*
 * token.h: pkcs11: URIs (RFC 7512) as text: what in them is a secret. Their meaning is GnuTLS' and
 * p11-kit's business.
 */
#ifndef NET_TOKEN_H
#define NET_TOKEN_H

#include "base/buf.h"

#include <stdbool.h>

/* token_is_uri - TEXT names an object in a token, not a file. */
bool token_is_uri(const char *text);

/* token_has_pin - TEXT is such a URI and holds the PIN itself. */
bool token_has_pin(const char *text);

/*
 * token_show - appends TEXT, a URI without its PIN: for people, and for whatever is kept. What is
 * no URI is appended as it is.
 */
void token_show(struct buf *out, const char *text);

#endif
