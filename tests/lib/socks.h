/*
 * socks.h: the proxy's side of SOCKS5 (RFC 1928, RFC 1929) for servers that stand behind one which
 * leads nowhere else.
 */
#ifndef TESTS_LIB_SOCKS_H
#define TESTS_LIB_SOCKS_H

#include "peer.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * socks_accept - goes along with whatever the client asks for, once it has logged in as USER (NULL:
 * no login). What follows on P is for the server. False: the client said something else.
 */
bool socks_accept(struct peer *p, const char *user, const char *password, int64_t until_ms);

#endif
