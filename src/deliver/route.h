/*
 * route.h: an account turned into plain parameters for net/ and smtp/. Nothing below this floor
 * sees an account.
 */
#ifndef DELIVER_ROUTE_H
#define DELIVER_ROUTE_H

#include "base/clock.h"
#include "base/who.h"
#include "conf/account.h"
#include "net/dial.h"
#include "smtp/session.h"

#include <stddef.h>
#include <stdint.h>

#define ROUTE_KEY 65 /* octets of a security key as text: SHA-256 in hex, and NUL */

/* One server to try. */
struct route_target {
    char *host; /* name, literal or path; owned */
    uint16_t port;
    char *tls_name; /* what the certificate must be for; owned */
};

/* The account's servers in order. Everything but the targets borrows from the account and WHO. */
struct route {
    const struct account *account;
    struct route_target *v;
    size_t n;
    struct proxy_params proxy; /* when the account has one */
};

/*
 * route_find - the route of A. "srv:DOMAIN" is looked up: _submissions._tcp with implicit TLS, else
 * _submission._tcp (RFC 6186, RFC 8314 5.1). The answer came without proof, so the certificate must
 * be for the target only when that equals or lies under DOMAIN, else for DOMAIN itself, unless
 * tls_name says.
 * R must be freed (route_free), also after a failure.
 * fails: those of resolve_srv, when no other host of the list is left either; CAUSE_CONFIG.
 */
enum cause route_find(struct route *r, const struct account *a, deadline_ms until,
                      struct fault *why) ATTR_CHECK;

/* route_free - frees and clears. */
void route_free(struct route *r);

/* route_dial - the parameters to reach server number I (below r->n). */
void route_dial(const struct route *r, size_t i, struct dial_params *p);

/* route_name - "host:port" of server number I, or its path, and the proxy. OUT of SIZE octets. */
void route_name(const struct route *r, size_t i, char *out, size_t size);

/* Octets a second that even a slow line carries: what a big message may take beyond `deadline`. */
#define ROUTE_SLOWEST 8192

/*
 * route_session - the parameters of a session with server number I for a message of OCTETS: the
 * whole session may take the account's `deadline` and, beyond it, the time that the size takes at
 * ROUTE_SLOWEST octets a second. The secret callback is conf/secret's; what memory knows is the
 * caller's to add.
 */
void route_session(const struct route *r, size_t i, const struct who *w, uint64_t octets,
                   struct session_params *p);

/*
 * route_key - the security key of server number I: SHA-256 over the canonical text of host, port or
 * path, protocol, proxy, source address, TLS mode and name, trust, pins, client certificate,
 * priority, auth and user. False when there is no SHA-256.
 */
bool route_key(const struct route *r, size_t i, char key[ROUTE_KEY]);

#endif
