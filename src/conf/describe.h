/* describe.h: an account in words, for lists, dry runs and errors. */
#ifndef CONF_DESCRIBE_H
#define CONF_DESCRIBE_H

#include "conf/account.h"

#include <stddef.h>

/*
 * describe_server - "host:port" of host number I ("[::1]:465" of an IPv6 address), or the Unix
 * path, or srv:DOMAIN, whose ports the DNS has; and the proxy. OUT of SIZE octets.
 */
void describe_server(const struct account *a, size_t i, char *out, size_t size);

/* describe_tls - "implicit TLS", "STARTTLS", "no TLS". */
const char *describe_tls(const struct account *a);

/* describe_login - "login NAME", or "no login". OUT of SIZE octets. */
void describe_login(const struct account *a, char *out, size_t size);

#endif
