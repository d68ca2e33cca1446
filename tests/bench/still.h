/*
 * still.h: whether a process has said all it will say before it hears something: it sleeps, with
 * all its threads and children, and the kernel has handed over what it wrote.
 */
#ifndef TESTS_BENCH_STILL_H
#define TESTS_BENCH_STILL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What all threads of a process and of its children have done so far. */
struct still {
    bool asleep; /* all of them */
    uint64_t done;
};

/* still_look - looks at PID and its children. */
struct still still_look(pid_t pid);

/* still_since - they slept at BEFORE, sleep now, and none has run in between: a little while. */
bool still_since(pid_t pid, const struct still *before);

/*
 * still_socket - the TCP socket of 127.0.0.1 with these ports has no octets that the other end did
 * not get, or is gone; REMOTE_PORT of 0: the listening one has no connection that nobody accepted.
 * False also when the kernel does not tell.
 */
bool still_socket(unsigned local_port, unsigned remote_port);

#endif
