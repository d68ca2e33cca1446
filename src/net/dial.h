/*
 * dial.h: a name and port, or a Unix path, to a connected stream before a deadline.
 */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "base/clock.h"
#include "base/fault.h"
#include "net/proxy.h"
#include "net/stream.h"

#include <stdint.h>

/* All strings borrowed for the call. */
struct dial_params {
    const char *host;                 /* name, literal, or an absolute path of a Unix socket */
    uint16_t port;                    /* 1..65535; unused with a path */
    const char *source_address;       /* literal to bind to, or NULL */
    const struct proxy_params *proxy; /* SOCKS5 on the way, or NULL; not for paths */
    int64_t connect_timeout_ms;       /* for all attempts together, resolution included */
};

/*
 * dial_host - connects, trying all addresses of the host staggered by 250 ms (RFC 8305 5; the
 * next at once when one fails) until one answers; TCP_NODELAY is set. With a proxy all that is done
 * to reach the proxy, which is then asked for the host: by name when it is to look it up, else for
 * one address after the other. The stream is called "host[ip]:port", or "host:port via proxy ...".
 * out:   owned by the caller (stream_close).
 * fails: those of resolve_host; CAUSE_CONFIG (a source_address, path or name that is none);
 *        CAUSE_CONNECT (every attempt failed: the text names host, port and
 *        the last error), CAUSE_TIMEOUT, CAUSE_INTERRUPTED; those of proxy_open. Stage DIAL.
 */
enum cause dial_host(const struct dial_params *p, deadline_ms until, struct stream **out,
                     struct fault *why) ATTR_CHECK;

#endif
