/*
 * still.h: whether a process has said all it will say before it hears something: it sleeps, with
 * all its threads and children, and the kernel has handed over what it wrote.
 */
#ifndef TESTS_BENCH_STILL_H
#define TESTS_BENCH_STILL_H

#include <stdbool.h>
#include <sys/types.h>

/* still_process - every thread of PID and of its children sleeps, and none has run for a while. */
bool still_process(pid_t pid);

/*
 * still_sockets - no TCP socket of 127.0.0.1 with this local port (or this remote port; 0: any)
 * has octets that the other end did not get, and no listening one a connection nobody accepted.
 */
bool still_sockets(unsigned local_port, unsigned remote_port);

#endif
