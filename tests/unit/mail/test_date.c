/* test_date.c: RFC 5322 dates against known days and against a second way of counting. */
#include "config.h"

#include "mail/date.h"

#include <stdint.h>

#include "base/attr.h"
#include "tap.h"

static void test_format(void)
{
    static const struct {
        int64_t at_s;
        int zone;
        const char *want;
    } rows[] = {
        {0, 0, "Thu, 01 Jan 1970 00:00:00 +0000"},
        {951782400, 0, "Tue, 29 Feb 2000 00:00:00 +0000"},
        {951868799, 0, "Tue, 29 Feb 2000 23:59:59 +0000"},
        {951868800, 0, "Wed, 01 Mar 2000 00:00:00 +0000"},
        {4107542400, 0, "Mon, 01 Mar 2100 00:00:00 +0000"}, /* 2100 is no leap year */
        {4107542399, 0, "Sun, 28 Feb 2100 23:59:59 +0000"},
        {1732193520, 60, "Thu, 21 Nov 2024 13:52:00 +0100"},
        {1735689599, 0, "Tue, 31 Dec 2024 23:59:59 +0000"},
        {1735689599, 1, "Wed, 01 Jan 2025 00:00:59 +0001"},
        {1735689600, -570, "Tue, 31 Dec 2024 14:30:00 -0930"},
        {1735689600, 845, "Wed, 01 Jan 2025 14:05:00 +1405"},
        {2147483648, 0, "Tue, 19 Jan 2038 03:14:08 +0000"},
        {-1, 0, "Wed, 31 Dec 1969 23:59:59 +0000"},
        {INT64_MIN, 0, "Mon, 01 Jan 1900 00:00:00 +0000"},
        {INT64_MIN, -720, "Mon, 01 Jan 1900 00:00:00 -1200"},
        {INT64_MAX, 0, "Fri, 31 Dec 9999 23:59:59 +0000"},
        {INT64_MAX, 5999, "Fri, 31 Dec 9999 23:59:59 +9959"},
        {0, 6000, "Thu, 01 Jan 1970 00:00:00 +0000"},
        {0, INT32_MIN, "Thu, 01 Jan 1970 00:00:00 +0000"},
    };
    char out[DATE_SIZE];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        date_format(rows[i].at_s, rows[i].zone, out);
        is_str(out, rows[i].want, "date");
    }
}

/* Day by day over 800 years, counted by hand. */
static void test_calendar(void)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t at_s = -2208988800LL;
    int wrong = 0, weekday = 1;

    for (int year = 1900; year < 2700; year++) {
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

        for (int month = 1; month <= 12; month++) {
            int length = lengths[month - 1] + (month == 2 && leap);

            for (int day = 1; day <= length; day++) {
                struct date d = date_split(at_s + 43200, 0);

                wrong += d.year != year || d.month != month || d.day != day ||
                         d.weekday != weekday || d.hour != 12;
                at_s += 86400;
                weekday = (weekday + 1) % 7;
            }
        }
    }
    is_int(wrong, 0, "every day of eight centuries");
}

int main(void)
{
    test_format();
    test_calendar();
    return done_testing();
}
