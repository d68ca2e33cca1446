/*
 * ride.h: one client program, fed a message, sends it through the relay to our own little server
 * (tests/lib/serve); its round trips are counted.
 */
#ifndef TESTS_BENCH_RIDE_H
#define TESTS_BENCH_RIDE_H

#include "relay.h"
#include "serve.h"

#include <stdbool.h>
#include <sys/types.h>

struct ride {
    char dir[64];         /* a folder of its own: home/, store/, said */
    char store[80];       /* where the server keeps what it took */
    unsigned port;        /* where the client finds the relay */
    unsigned server_port; /* what is behind it */
    pid_t server;
    int listen_fd;
    unsigned rides; /* how many messages the server should have had before this */
};

/*
 * ride_program, ride_certs - the program under test ($POSTRIDER, else ./postrider) and the folder
 * of certificates ($WIRE_CERTS, else ./certs), which is made when it is not there; absolute.
 */
char *ride_program(void);
char *ride_certs(void);

/* ride_begin - makes the folder, starts the server that P describes, and listens for the relay.
 * Failures end the program. */
void ride_begin(struct ride *r, const struct serve_params *p);

/*
 * ride_run - runs ARGV (searched in PATH) with ENVP, standard input from INPUT_FD, its outputs to
 * the file "said" in r->dir. True when it ended with status 0 and the server has one message more.
 */
bool ride_run(struct ride *r, char *const argv[], char *const envp[], int input_fd, int delay_ms,
              struct relay_count *count);

/* ride_end - stops the server; removes the folder. */
void ride_end(struct ride *r);

#endif
