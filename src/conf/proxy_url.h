/*
 * proxy_url.h: the value of `proxy`, taken apart and put together again. It may hold a password.
 */
#ifndef CONF_PROXY_URL_H
#define CONF_PROXY_URL_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct proxy_url {
    char *host; /* name, literal without brackets, or an absolute path of a Unix socket */
    uint16_t port;
    bool remote_names;   /* socks5h: the proxy looks the servers' names up */
    char *user;          /* NULL: no login */
    struct buf password; /* a secret buffer; empty: not set (a dump has none) */
};

/*
 * proxy_url_read - HOST:PORT, /PATH, or socks5://, socks5h:// with [USER:PASSWORD@] and one of
 * these; user and password may be percent-encoded (RFC 3986 2.1). *OUT is owned by the caller
 * (proxy_url_free). Returns NULL, or what is wrong in a few words, which never show the value; *OUT
 * is NULL then.
 */
const char *proxy_url_read(const char *text, struct proxy_url **out) ATTR_CHECK;

/* proxy_url_free - wipes, frees, nulls. */
void proxy_url_free(struct proxy_url **p);

/* proxy_url_copy - a copy of P, or NULL of NULL; owned by the caller. */
struct proxy_url *proxy_url_copy(const struct proxy_url *p);

/* proxy_url_write - appends what proxy_url_read reads back, but for the password. */
void proxy_url_write(const struct proxy_url *p, struct buf *out);

#endif
