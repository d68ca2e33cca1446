/* tls_binding.h: channel bindings. Only net/tls uses it. */
#ifndef NET_TLS_BINDING_H
#define NET_TLS_BINDING_H

#include "base/buf.h"
#include "net/tls.h"

#include <gnutls/gnutls.h>
#include <stdbool.h>

/* tls_binding_add - tls_get_binding of tls.h. */
bool tls_binding_add(gnutls_session_t session, enum tls_binding kind, struct buf *out);

#endif
