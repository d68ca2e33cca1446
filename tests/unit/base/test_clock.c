/* test_clock.c: deadlines at their borders, the zone's offset. */
#include "config.h"

#include "base/clock.h"

#include <limits.h>
#include <stdlib.h>
#include <time.h>

#include "base/attr.h"
#include "tap.h"

static void test_zone(void)
{
    static const struct {
        const char *zone;
        int64_t at;
        int want;
        const char *why;
    } cases[] = {
        {"UTC0", 0, 0, "UTC"},
        {"XXX-5:30", 1700000000, 330, "half an hour east"},
        {"XXX8", 1700000000, -480, "west"},
        {"CET-1CEST,M3.5.0,M10.5.0/3", 1704067200, 60, "winter"},
        {"CET-1CEST,M3.5.0,M10.5.0/3", 1719792000, 120, "summer"},
        {"XXX-24", 1700000000, 0, "an offset no date can spell"},
        {"XXX-23:59", 1700000000, 1439, "the last that one can"},
        {"UTC0", INT64_MAX, 0, "a year that no calendar has"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        setenv("TZ", cases[i].zone, 1);
        tzset();
        is_int(clock_zone_minutes(cases[i].at), cases[i].want, cases[i].why);
    }
}

int main(void)
{
    int64_t now = clock_mono_ms();
    int left;

    ok(now > 0 && clock_mono_ms() >= now, "the monotonic clock does not go back");
    ok(clock_now_s() > 1500000000, "the wall clock shows this century");
    is_int(deadline_left(now - 1), 0, "a passed deadline leaves nothing");
    is_int(deadline_left(INT64_MIN), 0, "however long ago");
    is_int(deadline_left(DEADLINE_NEVER), INT_MAX, "never is as far as poll can see");
    is_int(deadline_left(DEADLINE_NEVER - 1), INT_MAX, "and so is what comes next to it");
    left = deadline_left(deadline_in(100000));
    ok(left > 90000 && left <= 100000, "100 s are about 100 s");
    ok(deadline_in(-5) <= clock_mono_ms(), "a negative length is none");
    ok(deadline_in(INT64_MIN) <= clock_mono_ms(), "even the most negative");
    ok(deadline_in(INT64_MAX) == DEADLINE_NEVER, "a length beyond the clock is never");
    ok(deadline_in(INT64_MAX - 1) == DEADLINE_NEVER, "and so is one next to it");
    is_int(deadline_earlier(3, 4), 3, "the earlier first");
    is_int(deadline_earlier(DEADLINE_NEVER, 4), 4, "anything before never");
    test_zone();
    return done_testing();
}
