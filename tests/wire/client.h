/* client.h: runs the program under test once, fed and watched. */
#ifndef TESTS_WIRE_CLIENT_H
#define TESTS_WIRE_CLIENT_H

#include "octets.h"

#include <stdbool.h>
#include <stdint.h>

enum input { INPUT_PIPE, INPUT_CLOSED, INPUT_NULL, INPUT_DIRECTORY, INPUT_FILE };

struct client {
    /* asked for */
    char *const *argv, *const *envp;
    const char *dir; /* working folder */
    enum input input;
    struct octets given; /* standard input */
    int64_t limit_ms;    /* then it is killed */
    const char *out_dir; /* where its process id is left (summons.h), or NULL */
    unsigned run;        /* which run of the case this is, for those who compare */
    /* found */
    struct octets out, err;
    int status;    /* exit status, or 1000 + signal */
    bool killed;   /* by the watchdog */
    size_t unread; /* octets of a pipe that it did not read */
    int64_t took_ms;
};

/* client_run - runs it to its end. */
void client_run(struct client *c);

#endif
