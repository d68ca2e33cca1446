/*
 * num.c: numbers, durations and sizes as settings and protocols spell them.
 *
 * strtol and its kin take blanks, signs, other bases and the locale's digits, and report overflow
 * through errno: every caller would have to undo that. Here digits are digits.
 */
#include "config.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

struct unit {
    char letter;
    int64_t size;
};

/* Largest first: num_format_duration takes the first that divides, sums must go downwards. */
static const struct unit time_units[] = {
    {'w', 7LL * 86400}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1},
};

#define TIME_UNITS (sizeof(time_units) / sizeof(time_units[0]))

bool num_parse(const char *s, size_t n, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;

    if (n == 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        uint64_t digit = (uint64_t)(unsigned char)s[i] - '0';

        if (digit > 9 || digit > max || value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

bool num_parse_int(const char *s, int64_t min, int64_t max, int64_t *out)
{
    bool negative = s[0] == '-';
    const char *digits = s + (negative ? 1 : 0);
    uint64_t size;
    int64_t value;

    /* One more than INT64_MAX is the size of INT64_MIN. */
    if (!num_parse(digits, strlen(digits), (uint64_t)INT64_MAX + (negative ? 1 : 0), &size))
        return false;
    if (negative)
        value = size > 0 ? -(int64_t)(size - 1) - 1 : 0;
    else
        value = (int64_t)size;
    if (value < min || value > max)
        return false;
    *out = value;
    return true;
}

bool num_parse_duration(const char *s, int64_t *seconds)
{
    uint64_t sum = 0, count;
    size_t unit = 0;

    if (num_parse(s, strlen(s), INT32_MAX, &sum)) {
        *seconds = (int64_t)sum;
        return true;
    }
    if (*s == '\0')
        return false;
    while (*s != '\0') {
        size_t digits = strspn(s, "0123456789");

        if (!num_parse(s, digits, INT32_MAX, &count))
            return false;
        /* A unit may come once, and only after larger ones: "5m5h" is a slip of the pen. */
        while (unit < TIME_UNITS && time_units[unit].letter != s[digits])
            unit++;
        if (unit == TIME_UNITS)
            return false;
        sum += count * (uint64_t)time_units[unit].size; /* < 2^31 * 2^20: five of them fit */
        if (sum > INT32_MAX)
            return false;
        unit++;
        s += digits + 1;
    }
    *seconds = (int64_t)sum;
    return true;
}

bool num_parse_size(const char *s, uint64_t *octets)
{
    size_t digits = strspn(s, "0123456789");
    unsigned shift = 0;
    uint64_t count;

    switch (s[digits]) {
    case '\0':
        break;
    case 'K':
    case 'k':
        shift = 10;
        break;
    case 'M':
    case 'm':
        shift = 20;
        break;
    case 'G':
    case 'g':
        shift = 30;
        break;
    default:
        return false;
    }
    if (shift > 0 && s[digits + 1] != '\0')
        return false;
    if (!num_parse(s, digits, UINT64_MAX >> shift, &count))
        return false;
    *octets = count << shift;
    return true;
}

void num_format_duration(int64_t seconds, char out[32])
{
    size_t unit = TIME_UNITS - 1;

    if (seconds > 0) {
        unit = 0;
        while (seconds % time_units[unit].size != 0)
            unit++;
    } else {
        seconds = 0;
    }
    snprintf(out, 32, "%lld%c", (long long)(seconds / time_units[unit].size),
             time_units[unit].letter);
}
