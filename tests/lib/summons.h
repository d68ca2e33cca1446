/*
 * summons.h: a signal from a scripted server to its client: whoever runs the client leaves its
 * process id in the folder that the record goes to.
 */
#ifndef TESTS_LIB_SUMMONS_H
#define TESTS_LIB_SUMMONS_H

#include <stdbool.h>
#include <sys/types.h>

/* summons_expect - a client is about to begin: who wants it waits for summons_leave. */
void summons_expect(const char *out);

/* summons_leave - tells in the folder OUT that the client is PID. False: it cannot be written. */
bool summons_leave(const char *out, pid_t pid);

/* summons_gone - the client has ended, and its process id will soon be another's. */
bool summons_gone(const char *out);

/*
 * summons_send - sends the signal NAME ("TERM", "INT", "HUP") to that client, for which it waits a
 * little. NULL, also when it has gone, or what is wrong.
 */
const char *summons_send(const char *out, const char *name);

#endif
