/*
 * summons.h: a signal from a scripted server to its client: whoever runs the client leaves its
 * process id in the folder that the record goes to.
 */
#ifndef TESTS_LIB_SUMMONS_H
#define TESTS_LIB_SUMMONS_H

#include <stdbool.h>
#include <sys/types.h>

/* summons_leave - tells in the folder OUT that the client is PID. False: it cannot be written. */
bool summons_leave(const char *out, pid_t pid);

/*
 * summons_send - sends the signal NAME ("TERM", "INT", "HUP") to that client, for which it waits a
 * little. NULL, or what is wrong.
 */
const char *summons_send(const char *out, const char *name);

#endif
