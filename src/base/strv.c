/*
 * strv.c: a list of owned strings.
 *
 * It is kept NULL-terminated all the time, since half of its lists end as the argv of a helper.
 */
#include "config.h"

#include "base/strv.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define FIRST_CAP 8

void strv_add(struct strv *l, const char *s)
{
    strv_take(l, xstrdup(s));
}

void strv_add_n(struct strv *l, const char *s, size_t n)
{
    strv_take(l, xmemdup(s, n));
}

void strv_take(struct strv *l, char *s)
{
    if (l->cap < 2 || l->n >= l->cap - 1) { /* one slot stays for the NULL at the end */
        size_t cap = l->cap == 0 ? FIRST_CAP : l->cap * 2;
        char **v = xcalloc(cap, sizeof(*v)); /* calloc: it checks the product */

        if (l->n > 0)
            memcpy(v, l->v, l->n * sizeof(*v));
        free(l->v);
        l->v = v;
        l->cap = cap;
    }
    l->v[l->n++] = s;
    l->v[l->n] = NULL;
}

bool strv_has(const struct strv *l, const char *s)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->v[i], s) == 0)
            return true;
    return false;
}

void strv_copy(struct strv *to, const struct strv *from)
{
    struct strv fresh = {0};

    for (size_t i = 0; i < from->n; i++)
        strv_add(&fresh, from->v[i]);
    strv_free(to); /* last, so that a copy of a list onto itself is harmless */
    *to = fresh;
}

void strv_free(struct strv *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->v[i]);
    free(l->v);
    *l = (struct strv){0};
}
