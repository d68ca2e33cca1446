/*
 * case.h: one case file of tests/wire: sections of test data, with parts included, places filled in
 * and escapes resolved. README says how they are written.
 */
#ifndef TESTS_WIRE_CASE_H
#define TESTS_WIRE_CASE_H

#include "octets.h"

#include <stdbool.h>
#include <stddef.h>

struct section {
    char *word;         /* "config", "stdin"... */
    char *args;         /* the rest of the section line, or "" */
    unsigned run;       /* of the program that it is about: how many [again] stand before it */
    struct octets body; /* raw lines, each with its LF; no empty lines at the end */
    unsigned long line; /* of the section line */
};

struct wcase {
    const char *path;
    struct section *section;
    size_t n;
    unsigned last_run; /* 0: the program runs once */
};

/* The places "@NAME@" that case_fill replaces. */
struct place {
    const char *name; /* with the @s */
    const char *value;
};

/* case_read - reads a case file; what is wrong with it ends the program. */
void case_read(struct wcase *c, const char *path);

/* case_fill - replaces every place in every section, heads included. Ends with a NULL name. */
void case_fill(struct wcase *c, const struct place *places);

/* case_find - the first section WORD from *from on; *from goes behind it. NULL: none. */
const struct section *case_find(const struct wcase *c, const char *word, size_t *from);

/* case_only - the only section WORD, or NULL; two of them end the program. */
const struct section *case_only(const struct wcase *c, const char *word);

/* case_of - the only section WORD of run RUN, or NULL; two of them end the program. */
const struct section *case_of(const struct wcase *c, const char *word, unsigned run);

/* case_latest - the only section WORD of the latest run up to RUN that has one, or NULL. */
const struct section *case_latest(const struct wcase *c, const char *word, unsigned run);

/* case_octets - the body with its escapes resolved. */
void case_octets(const struct wcase *c, const struct section *s, struct octets *out);

/*
 * case_line - the next line of the body from *at on, without LF; false at the end. The lines are
 * still escaped.
 */
bool case_line(const struct section *s, size_t *at, const char **line, size_t *n);

/* case_decode - one piece of a section, decoded; OPEN may be NULL. */
void case_decode(const struct wcase *c, const struct section *s, const char *text, size_t n,
                 struct octets *out, bool *open);

/* case_free. */
void case_free(struct wcase *c);

#endif
