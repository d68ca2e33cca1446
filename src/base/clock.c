/*
 * clock.c: wall time for people, monotonic time for deadlines.
 *
 * Deadlines are points, not lengths: a function that waits in three places hands the same point to
 * all three, and a server that drips one octet a minute cannot stretch it.
 */
#include "config.h"

#include "base/clock.h"

#include <limits.h>
#include <time.h>

/* The clocks used here cannot fail on Linux; should one, 0 is the harmless answer. */
static struct timespec read_clock(clockid_t id)
{
    struct timespec t = {0};

    if (clock_gettime(id, &t) != 0)
        t.tv_sec = 0;
    return t;
}

int64_t clock_mono_ms(void)
{
    struct timespec t = read_clock(CLOCK_MONOTONIC);

    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_now_s(void)
{
    return (int64_t)read_clock(CLOCK_REALTIME).tv_sec;
}

int clock_zone_minutes(int64_t at_s)
{
    time_t at = (time_t)at_s;
    struct tm local;

    if (at != at_s || localtime_r(&at, &local) == NULL)
        return 0;
    /* TZ is anybody's text: an offset that no date field could spell counts as UTC. */
    if (local.tm_gmtoff <= -24L * 3600 || local.tm_gmtoff >= 24L * 3600)
        return 0;
    return (int)(local.tm_gmtoff / 60);
}

deadline_ms deadline_in(int64_t ms)
{
    int64_t now = clock_mono_ms();

    if (ms <= 0)
        return now;
    return ms < DEADLINE_NEVER - now ? now + ms : DEADLINE_NEVER;
}

deadline_ms deadline_earlier(deadline_ms a, deadline_ms b)
{
    return a < b ? a : b;
}

int deadline_left(deadline_ms at)
{
    int64_t now;

    if (at == DEADLINE_NEVER)
        return INT_MAX;
    now = clock_mono_ms();
    if (at <= now)
        return 0;
    return at - now < INT_MAX ? (int)(at - now) : INT_MAX;
}
