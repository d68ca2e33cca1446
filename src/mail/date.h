/* date.h: the date-time of RFC 5322 3.3. */
#ifndef MAIL_DATE_H
#define MAIL_DATE_H

#include <stdint.h>

enum { DATE_SIZE = 32 }; /* "Thu, 01 Jan 1970 00:00:00 +0000" and its NUL */

/* A moment of a calendar. */
struct date {
    int year;    /* 1900..9999 */
    int month;   /* 1..12 */
    int day;     /* 1..31 */
    int weekday; /* 0 = Sunday */
    int hour, minute, second;
};

/*
 * date_split - the calendar of a place ZONE_MINUTES east of UTC at the time AT_S. Times outside
 * the years that RFC 5322 can write (1900 to 9999) come out as the nearest that it can.
 */
struct date date_split(int64_t at_s, int zone_minutes);

/* date_format - "Thu, 21 Nov 2024 13:52:00 +0100". A zone beyond 99:59 counts as UTC. */
void date_format(int64_t at_s, int zone_minutes, char out[DATE_SIZE]);

#endif
