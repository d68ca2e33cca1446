/* past.h: what earlier processes have found out about a server and left on disk. */
#ifndef TESTS_BENCH_PAST_H
#define TESTS_BENCH_PAST_H

#include "ride.h"

#include <stdbool.h>

enum past {
    PAST_NONE,  /* nothing */
    PAST_SENT,  /* a message was accepted */
    PAST_PROVEN /* and the server swallows refused chunks */
};

/*
 * past_prove - adds the proof to what the first message has left below home/ of the ride, as a
 * queue run would. ASK: no login tells the server's offers there, so that they are asked for.
 */
bool past_prove(const struct ride *r, bool ask);

#endif
