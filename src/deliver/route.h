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

/* The account's hosts in order. Everything borrows from the account and from WHO. */
struct route {
    const struct account *account;
    size_t hosts;
};

/* route_init - the route of A. */
void route_init(struct route *r, const struct account *a);

/* route_dial - the parameters to reach host number I (below r->hosts). */
void route_dial(const struct route *r, size_t i, struct dial_params *p);

/* Octets a second that even a slow line carries: what a big message may take beyond `deadline`. */
#define ROUTE_SLOWEST 8192

/*
 * route_session - the parameters of a session with host number I for a message of OCTETS: the
 * whole session may take the account's `deadline` and, beyond it, the time that the size takes at
 * ROUTE_SLOWEST octets a second. The secret callback is conf/secret's.
 */
void route_session(const struct route *r, size_t i, const struct who *w, uint64_t octets,
                   struct session_params *p);

#endif
