/* check.h: comparisons of what was found with what a case expects; differences become text. */
#ifndef TESTS_WIRE_CHECK_H
#define TESTS_WIRE_CHECK_H

#include "case.h"
#include "client.h"
#include "octets.h"

/* All of these append to REPORT one line or more for what differs, and nothing when all is well. */

/* check_client - status, time, standard output and error, secrets, input read. */
void check_client(const struct wcase *c, const struct client *cl, struct octets *report);

/* check_records - [wire N] and [text N] against the files in the folder OUT. */
void check_records(const struct wcase *c, const char *out, struct octets *report);

/* check_files - [see FILE] and [absent FILE] of run RUN against what is below DIR. */
void check_files(const struct wcase *c, const char *dir, unsigned run, struct octets *report);

#endif
