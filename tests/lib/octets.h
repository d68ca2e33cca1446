/*
 * octets.h: growable octet strings and the escapes that test data is written with. Part of the
 * test instruments: shares nothing with src/, so that a mistake there cannot hide itself here.
 */
#ifndef TESTS_LIB_OCTETS_H
#define TESTS_LIB_OCTETS_H

#include <stdbool.h>
#include <stddef.h>

/* Always followed by a NUL that N does not count, once anything was added. */
struct octets {
    char *p;
    size_t n, cap;
};

/* die - prints the message and ends the program with 99, which TAP harnesses call a hard error. */
__attribute__((format(printf, 1, 2), noreturn)) void die(const char *fmt, ...);

/* octets_add, octets_str, octets_char, octets_printf - append. Out of memory ends the program. */
void octets_add(struct octets *o, const void *bytes, size_t n);
void octets_str(struct octets *o, const char *s);
void octets_char(struct octets *o, char c);
__attribute__((format(printf, 2, 3))) void octets_printf(struct octets *o, const char *fmt, ...);

/* octets_drop - removes the first N. */
void octets_drop(struct octets *o, size_t n);

/* octets_free - frees and clears. */
void octets_free(struct octets *o);

/* octets_text - the content as a string, "" when nothing was ever added. */
const char *octets_text(const struct octets *o);

/* octets_show - appends N octets as printable ASCII: the rest in the escapes of octets_decode. */
void octets_show(struct octets *out, const char *bytes, size_t n);

/* octets_b64 - appends the base64 form. */
void octets_b64(struct octets *out, const char *bytes, size_t n);

/*
 * octets_decode - appends N octets of test data to OUT with these escapes resolved:
 *   \r \n \t \0 \s (space) \\ \~ \[ \! \= \# \% \@   the octet
 *   \xHH                                             any octet
 *   \*COUNT{DATA}                                    DATA repeated
 *   \b64{DATA}                                       DATA in base64
 * A final \c sets *open (when OPEN is given): the line has no end. Returns NULL, or what is wrong.
 */
const char *octets_decode(struct octets *out, const char *s, size_t n, bool *open);

/* octets_file - reads a whole file; false when it cannot be opened or read (errno). */
bool octets_file(struct octets *out, const char *path);

/* octets_save - writes a whole file with MODE; false with errno. */
bool octets_save(const struct octets *o, const char *path, unsigned mode);

#endif
