/* play.h: a script played to the clients that connect. */
#ifndef TESTS_LIB_PLAY_H
#define TESTS_LIB_PLAY_H

#include "script.h"

#include <stdbool.h>
#include <stdint.h>

struct play_params {
    int listen_fd;
    int control_fd;    /* its end of file says that no client will come any more; -1: none */
    const char *name;  /* of the script, for complaints */
    const char *certs; /* folder of certificates */
    const char *out;   /* folder for the record */
    int64_t limit_ms;  /* for each expectation */
};

/*
 * play_script - serves the connections of the script one after the other. Into the folder OUT go
 *   wire.N    the application octets received on connection N, exactly
 *   text.N    the N-th message text, as it came, with its end
 *   talk      the conversation for people
 *   report    one line for every departure from the script; empty when there was none
 * True when the script was followed.
 */
bool play_script(const struct script *s, const struct play_params *p);

#endif
