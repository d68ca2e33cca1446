/* serve.h: a whole, friendly submission server for journeys and demonstrations. */
#ifndef TESTS_LIB_SERVE_H
#define TESTS_LIB_SERVE_H

#include <stdbool.h>
#include <stddef.h>

enum serve_tls { SERVE_CLEAR, SERVE_STARTTLS, SERVE_IMPLICIT };

struct serve_params {
    int listen_fd;
    enum serve_tls tls;
    const char *certs, *cert;    /* folder and name */
    const char *user, *password; /* NULL: no login is offered or wanted */
    bool socks; /* SOCKS5 is spoken first, as if this were a proxy in front of the server */
    const char *socks_user, *socks_password; /* NULL: no login */
    const char *store;                       /* folder for messages: N.eml and N.env */
    char *const *refuse, *const *later;      /* recipient patterns (fnmatch), NULL at the end */
    size_t size;                             /* SIZE offered; 0: none */
    bool pipelining, chunking, eightbitmime;
};

/*
 * serve_forever - serves connections, each in a child of its own, until a signal ends it. Message N
 * is stored as N.eml (dots un-stuffed, CRLF kept) and N.env (lines "user U", "from A", "rcpt A",
 * "tls 0|1"), each under its name only when whole; N counts from 1.
 */
void serve_forever(const struct serve_params *p);

#endif
