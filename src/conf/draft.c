/*
 * draft.c: see draft.h. Errors wait until all are there: those of merging come after those of
 * reading, and a person goes through the file from its top.
 */
#include "config.h"

#include "conf/draft.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/xalloc.h"

/* One more error; TEXT is taken over. */
static struct draft_wrong *add(struct draft_config *d, const char *file, unsigned long line,
                               struct buf *text)
{
    struct draft_wrong *e;

    d->error = xrealloc(d->error, (d->wrong + 1) * sizeof(*d->error));
    e = &d->error[d->wrong];
    *e = (struct draft_wrong){buf_take(text), NULL, file, line, d->wrong};
    d->wrong++;
    return e;
}

void draft_error(struct draft_config *d, const char *file, unsigned long line, const char *fmt, ...)
{
    struct buf message;
    va_list ap;

    buf_init(&message, LIMIT_FAULT_TEXT);
    va_start(ap, fmt);
    buf_addv(&message, fmt, ap);
    va_end(ap);
    add(d, file, line, &message);
}

void draft_fault(struct draft_config *d, const struct fault *why)
{
    struct draft_wrong *e;
    struct buf line;

    buf_init(&line, LIMIT_FAULT_TEXT);
    fault_line(why, &line);
    e = add(d, NULL, 0, &line);
    e->why = xcalloc(1, sizeof(*e->why));
    fault_copy(e->why, why);
}

/* The number of E's file among those read; no file comes behind them. */
static size_t file_number(const struct strv *files, const struct draft_wrong *e)
{
    size_t i;

    for (i = 0; i < files->n && files->v[i] != e->file; i++)
        continue;
    return i;
}

static int compare(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int by_place(const void *left, const void *right, void *files)
{
    const struct draft_wrong *a = left, *b = right;
    int c = compare(file_number(files, a), file_number(files, b));

    /* Line 0, the whole file, is the last one: 0 - 1 is the highest number. */
    if (c == 0)
        c = compare(a->line - 1, b->line - 1);
    return c != 0 ? c : compare(a->nth, b->nth);
}

/* What is wrong in [defaults] is found again with every account. */
static bool is_same(const struct draft_wrong *a, const struct draft_wrong *b)
{
    return a->file == b->file && a->line == b->line && strcmp(a->text, b->text) == 0;
}

static void make_fault(const struct draft_wrong *e, const char *place, struct fault *why)
{
    if (e->why != NULL) {
        fault_copy(why, e->why);
        return;
    }
    fault_set(why, CAUSE_CONFIG, "%s", e->text);
    fault_place(why, "%s", place);
}

enum cause draft_tell(struct draft_config *d, struct strv *errors, struct fault *why)
{
    enum cause c = CAUSE_NONE;
    size_t i;

    if (d->wrong > 0)
        qsort_r(d->error, d->wrong, sizeof(*d->error), by_place, &d->c->files);
    for (i = 0; i < d->wrong; i++) {
        struct draft_wrong *e = &d->error[i];
        struct buf line;

        buf_init(&line, 2 * LIMIT_FAULT_TEXT);
        if (e->file != NULL)
            buf_adds(&line, e->file);
        if (e->file != NULL && e->line > 0)
            buf_addf(&line, ":%lu", e->line);
        if (i == 0) {
            make_fault(e, line.data, why);
            c = why->cause;
        }
        buf_addf(&line, "%s%s", line.len > 0 ? ": " : "", e->text);
        if (errors != NULL && (i == 0 || !is_same(e, e - 1)))
            strv_add(errors, line.data);
        buf_free(&line);
    }
    for (i = 0; i < d->wrong; i++) {
        struct draft_wrong *e = &d->error[i];

        free(e->text);
        if (e->why != NULL)
            fault_free(e->why);
        free(e->why);
    }
    free(d->error);
    d->error = NULL;
    d->wrong = 0;
    return c;
}
