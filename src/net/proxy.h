/*
 * proxy.h: a connection through a SOCKS5 proxy (RFC 1928, RFC 1929).
 */
#ifndef NET_PROXY_H
#define NET_PROXY_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"

#include <stdbool.h>
#include <stdint.h>

/* All borrowed. */
struct proxy_params {
    const char *host; /* name, literal, or an absolute path of a Unix socket */
    uint16_t port;
    const char *user;           /* NULL: no login */
    const struct buf *password; /* with a user: 1..255 octets */
    bool remote_names; /* the proxy looks the server's name up; we never ask our resolver */
};

/* proxy_name - appends what texts and logs call it: "proxy 127.0.0.1:1080". No login is in it. */
void proxy_name(const struct proxy_params *p, struct buf *out);

/*
 * proxy_open - on FD, a connected non-blocking socket to the proxy, asks for HOST (A-labels or
 * literal) and PORT. Reads not one octet beyond the proxy's answers.
 * fails: CAUSE_CONNECT (the proxy's reason in words), CAUSE_CONFIG (login refused or needed),
 *        CAUSE_PROTOCOL (not a SOCKS5 proxy), CAUSE_TIMEOUT, CAUSE_CLOSED, CAUSE_INTERRUPTED.
 *        Stage DIAL.
 */
enum cause proxy_open(int fd, const struct proxy_params *p, const char *host, uint16_t port,
                      deadline_ms until, struct fault *why) ATTR_CHECK;

#endif
