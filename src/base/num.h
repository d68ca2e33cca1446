/* num.h: numbers, durations and sizes as settings and protocols spell them. No locale. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* num_parse - N bytes of ASCII digits, nothing else, at most MAX; false and OUT untouched if not. */
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

/* num_format_duration - the shortest spelling that num_parse_duration reads back; OUT of 32. */
void num_format_duration(int64_t seconds, char out[32]);

#endif
