/*
 * clock.h: wall time for people, monotonic time for deadlines.
 *
 * A deadline is a point on CLOCK_MONOTONIC in milliseconds; functions that wait take one and
 * never loop without looking at it.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

typedef int64_t deadline_ms; /* on CLOCK_MONOTONIC */

#define DEADLINE_NEVER INT64_MAX

/* clock_mono_ms - milliseconds on CLOCK_MONOTONIC. */
int64_t clock_mono_ms(void);

/* clock_now_s - Unix seconds. */
int64_t clock_now_s(void);

/* clock_zone_minutes - the local zone's offset east of UTC at the time AT_S, in minutes. */
int clock_zone_minutes(int64_t at_s);

/* deadline_in - the point MS milliseconds from now; negative counts as 0. */
deadline_ms deadline_in(int64_t ms);

/* deadline_earlier - the earlier of the two. */
deadline_ms deadline_earlier(deadline_ms a, deadline_ms b);

/* deadline_left - milliseconds left, 0 when passed, at most INT_MAX: fit for poll(2). */
int deadline_left(deadline_ms at);

#endif
