/* num.h: numbers, durations and sizes as settings and protocols spell them. No locale. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* num_parse - N bytes, ASCII digits and nothing else, at most MAX; if not: false, OUT untouched. */
bool num_parse(const char *s, size_t n, uint64_t max, uint64_t *out);

/* num_parse_int - a NUL-terminated decimal number within MIN..MAX, with an optional '-'. */
bool num_parse_int(const char *s, int64_t min, int64_t max, int64_t *out);

/*
 * num_parse_duration - "90", "90s", "5m", "4h", "5d", "1w" or a sum like "1h30m", in seconds; a
 * number alone counts as seconds. At most INT32_MAX.
 */
bool num_parse_duration(const char *s, int64_t *seconds);

/* num_parse_size - "1000", "64K", "10M", "2G" (powers of 1024), in octets. */
bool num_parse_size(const char *s, uint64_t *octets);

/* num_format_duration - one number and the largest unit that divides: "90s", "2m", "36h", "5d".
 * num_parse_duration reads it back. Negative counts as 0. OUT of 32. */
void num_format_duration(int64_t seconds, char out[32]);

#endif
