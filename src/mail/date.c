/*
 * date.c: a date for a header, from Unix seconds and a zone.
 *
 * strftime speaks the user's language and gmtime needs the zone files: neither belongs into a
 * header. The calendar is computed from the day number: years are counted from March, so that the
 * leap day is the last of its year, and 400 years (an era) always have 146,097 days.
 */
#include "config.h"

#include "mail/date.h"

#include <stdio.h>

#define DAY_S        86400
#define ERA_DAYS     146097          /* days of 400 Gregorian years */
#define EPOCH_DAYS   719468          /* from 0000-03-01 to 1970-01-01 */
#define FIRST_S      (-2208988800LL) /* 1900-01-01T00:00:00Z */
#define LAST_S       253402300799LL  /* 9999-12-31T23:59:59Z */
#define ZONE_MINUTES (99 * 60 + 59)  /* what four digits can say */

static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct date date_split(int64_t at_s, int zone_minutes)
{
    struct date d;
    int64_t local = at_s < FIRST_S ? FIRST_S : at_s > LAST_S ? LAST_S : at_s;
    int day, era, of_era, year, of_year, second;

    if (zone_minutes >= -ZONE_MINUTES && zone_minutes <= ZONE_MINUTES)
        local += (int64_t)zone_minutes * 60;
    if (local < FIRST_S || local > LAST_S)
        local = local < FIRST_S ? FIRST_S : LAST_S;

    /* All values below are positive: 1900 lies far behind the year 0. */
    local += (int64_t)EPOCH_DAYS * DAY_S;
    day = (int)(local / DAY_S);
    second = (int)(local % DAY_S);
    d.weekday = (day + 3) % 7; /* 0000-03-01 was a Wednesday */
    era = day / ERA_DAYS;
    of_era = day % ERA_DAYS;
    year = (of_era - of_era / 1460 + of_era / 36524 - of_era / (ERA_DAYS - 1)) / 365;
    of_year = of_era - (365 * year + year / 4 - year / 100);
    d.month = (5 * of_year + 2) / 153; /* 0 = March; five months have 153 days */
    d.day = of_year - (153 * d.month + 2) / 5 + 1;
    d.month += d.month < 10 ? 3 : -9;
    d.year = year + era * 400 + (d.month <= 2);
    d.hour = second / 3600;
    d.minute = second / 60 % 60;
    d.second = second % 60;
    return d;
}

void date_format(int64_t at_s, int zone_minutes, char out[DATE_SIZE])
{
    int zone = zone_minutes < -ZONE_MINUTES || zone_minutes > ZONE_MINUTES ? 0 : zone_minutes;
    int east = zone < 0 ? -zone : zone;
    struct date d = date_split(at_s, zone);

    (void)snprintf(out, DATE_SIZE, "%s, %02d %s %04d %02d:%02d:%02d %c%02d%02d", days[d.weekday],
                   d.day, months[d.month - 1], d.year, d.hour, d.minute, d.second,
                   zone < 0 ? '-' : '+', east / 60, east % 60);
}
