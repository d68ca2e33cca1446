/* strv.h: a list of owned strings. Zero-initialised is empty and valid. */
#ifndef BASE_STRV_H
#define BASE_STRV_H

#include <stdbool.h>
#include <stddef.h>

struct strv {
    char **v; /* v[n] is NULL once something was added: usable as an argv */
    size_t n;
    size_t cap;
};

/* strv_add - appends a copy of S. */
void strv_add(struct strv *l, const char *s);

/* strv_add_n - appends a copy of N bytes at S. */
void strv_add_n(struct strv *l, const char *s, size_t n);

/* strv_take - appends S itself: moved. */
void strv_take(struct strv *l, char *s);

/* strv_has - true when a string equal to S is in the list. */
bool strv_has(const struct strv *l, const char *s);

/* strv_copy - replaces TO by copies of FROM's strings. */
void strv_copy(struct strv *to, const struct strv *from);

/* strv_free - frees the strings and the list, which is empty and valid again. */
void strv_free(struct strv *l);

#endif
