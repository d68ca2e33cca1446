/*
 * route_srv.h: host = srv:DOMAIN: which service of a domain is asked for, and what its servers'
 * certificates must be for.
 */
#ifndef DELIVER_ROUTE_SRV_H
#define DELIVER_ROUTE_SRV_H

#include "base/clock.h"
#include "base/fault.h"
#include "conf/account.h"
#include "net/resolve.h"

/*
 * route_srv - the submission servers that the DNS names for HOST ("srv:DOMAIN", any spelling),
 * with implicit TLS _submissions._tcp (RFC 8314 5.1), else _submission._tcp (RFC 6186 3.1).
 * *DOMAIN gets the domain in A-labels, owned by the caller, also after a failure (then maybe NULL).
 * fails: those of resolve_srv, with a hint that names the settings; CAUSE_CONFIG (no valid name).
 */
enum cause route_srv(const struct account *a, const char *host, deadline_ms until,
                     struct resolve_targets *out, char **domain, struct fault *why) ATTR_CHECK;

/*
 * route_srv_name - what the certificate of TARGET must be for: anybody on the way could have made
 * the DNS say so (RFC 6125 6.2.1), hence TARGET only when it equals or lies under DOMAIN, else
 * DOMAIN itself. Borrowed from either.
 */
const char *route_srv_name(const char *domain, const char *target);

#endif
