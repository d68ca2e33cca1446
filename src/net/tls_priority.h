/* tls_priority.h: priority strings. Only net/tls uses it. */
#ifndef NET_TLS_PRIORITY_H
#define NET_TLS_PRIORITY_H

#include "base/fault.h"

#include <gnutls/gnutls.h>

/*
 * tls_priority_set - gives SESSION the user's priority string, or with NULL sound defaults.
 * fails: CAUSE_CONFIG: the text shows where the string is wrong; CAUSE_TLS: ours is refused.
 */
enum cause tls_priority_set(gnutls_session_t session, const char *priority,
                            struct fault *why) ATTR_CHECK;

#endif
