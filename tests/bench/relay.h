/*
 * relay.h: a TCP relay on loopback between one client process and one server process that makes
 * round trips countable.
 *
 * By turns (delay_ms of 0): what one side says is held back until that side has nothing more to
 * say, that is until every thread of it and of its children sleeps and the kernel has handed over
 * all it wrote. Then all of it goes across at once. A round trip is a connection, or one answer
 * carried to a client that was waiting for it: how fast the machine is, and what else it does, does
 * not enter.
 *
 * By the clock: each chunk arrives delay_ms after it was sent, in both directions, and the
 * connection takes 2 x delay_ms to come about. The time that passes is then an upper bound of
 * 2 x delay_ms x round trips plus what the machine needs, and never less than that product.
 */
#ifndef TESTS_BENCH_RELAY_H
#define TESTS_BENCH_RELAY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct relay_params {
    int listen_fd; /* on 127.0.0.1, non-blocking: clients come here */
    unsigned port; /* its number */
    unsigned server_port;
    pid_t server; /* what listens there; its children belong to it */
    pid_t client; /* a child of the caller; when it has ended, so has the relay */
    int delay_ms; /* one way, or 0: by turns */
    /* Whether the server has taken the message by now; asked before each answer goes across. */
    bool (*accepted)(void *arg);
    void *arg;
    int64_t limit_ms; /* then the client is killed */
};

struct relay_count {
    unsigned connections;
    unsigned turns;        /* round trips until the client ended */
    unsigned accepted;     /* round trips when it was told that the message is accepted; 0: never */
    int64_t took_us;       /* from the call to the client's end */
    int64_t accepted_us;   /* from the call to that answer */
    uint64_t sent, gotten; /* octets from the client, to the client */
    int status;            /* of the client, as waitpid(2) gives it */
    bool killed;
};

/* relay_can_turn - whether this machine tells what relaying by turns has to know. */
bool relay_can_turn(void);

/* relay_run - relays until the client has ended, and reaps it. */
void relay_run(const struct relay_params *p, struct relay_count *count);

#endif
