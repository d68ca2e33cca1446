/*
 * resolve.h: the only caller of the resolver. Look-ups run in a helper thread that is abandoned
 * at the deadline; address literals need none.
 */
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

#include "base/clock.h"
#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct resolve_addr {
    struct sockaddr_storage sa;
    socklen_t len;
};

struct resolve_list {
    struct resolve_addr *v;
    size_t n;
};

/*
 * resolve_host - the addresses of NAME (A-labels, or an IPv4/IPv6 literal, brackets allowed) for
 * stream sockets at PORT, in the order of RFC 6724 (getaddrinfo).
 * out:   owned by the caller (resolve_free).
 * fails: CAUSE_DNS_NONE (no such name, no address), CAUSE_DNS_TEMPORARY (no answer, SERVFAIL),
 *        CAUSE_TIMEOUT, CAUSE_INTERRUPTED. Stage RESOLVE.
 */
enum cause resolve_host(const char *name, uint16_t port, deadline_ms until,
                        struct resolve_list *out, struct fault *why) ATTR_CHECK;

/* One target of RFC 2782, in the order in which it is to be tried. */
struct resolve_target {
    char *host; /* without the dot at the end */
    uint16_t port;
};

struct resolve_targets {
    struct resolve_target *v;
    size_t n;
};

/*
 * resolve_srv - the targets of _SERVICE._tcp.DOMAIN (A-labels), priorities in order, weights drawn
 * as RFC 2782 says. Same thread and deadline as resolve_host.
 * out:   owned by the caller (resolve_targets_free).
 * fails: CAUSE_DNS_NONE (no such name, no record, or the single target "." = not offered),
 *        CAUSE_DNS_TEMPORARY, CAUSE_TIMEOUT, CAUSE_INTERRUPTED. Stage RESOLVE.
 */
enum cause resolve_srv(const char *service, const char *domain, deadline_ms until,
                       struct resolve_targets *out, struct fault *why) ATTR_CHECK;

/* resolve_targets_free - frees and clears. */
void resolve_targets_free(struct resolve_targets *t);

/* resolve_is_literal - NAME is an IPv4 or IPv6 address, with or without brackets. */
bool resolve_is_literal(const char *name);

/*
 * resolve_literal - the address of an IPv4 or IPv6 literal, with or without brackets, without port
 * and zone. False (and OUT undefined) when NAME is none.
 */
bool resolve_literal(const char *name, struct resolve_addr *out);

/* resolve_free - frees and clears. */
void resolve_free(struct resolve_list *l);

#endif
