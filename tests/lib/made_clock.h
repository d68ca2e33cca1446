/*
 * made_clock.h: base/clock on a time that a test makes up, for one file of a program: it takes the
 * place of clock.c, and whoever waits moves now_ms.
 */
#ifndef TESTS_MADE_CLOCK_H
#define TESTS_MADE_CLOCK_H

#include <stdint.h>

#include "base/clock.h"

static int64_t now_ms;

int64_t clock_mono_ms(void)
{
    return now_ms;
}

int64_t clock_now_s(void)
{
    return now_ms / 1000;
}

int clock_zone_minutes(int64_t at_s)
{
    (void)at_s;
    return 0;
}

deadline_ms deadline_in(int64_t ms)
{
    return now_ms + (ms > 0 ? ms : 0);
}

deadline_ms deadline_earlier(deadline_ms a, deadline_ms b)
{
    return a < b ? a : b;
}

int deadline_left(deadline_ms at)
{
    return at <= now_ms ? 0 : at - now_ms > INT32_MAX ? INT32_MAX : (int)(at - now_ms);
}

#endif
