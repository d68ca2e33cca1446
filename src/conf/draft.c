/* draft.c: see draft.h. */
#include "config.h"

#include "conf/draft.h"

#include <stdarg.h>

#include "base/limits.h"

void draft_error(struct draft_config *d, const char *file, unsigned long line, const char *fmt, ...)
{
    struct buf message, place;
    va_list ap;

    buf_init(&message, LIMIT_FAULT_TEXT);
    va_start(ap, fmt);
    buf_addv(&message, fmt, ap);
    va_end(ap);
    buf_init(&place, LIMIT_FAULT_TEXT);
    if (file != NULL)
        buf_adds(&place, file);
    if (line > 0)
        buf_addf(&place, ":%lu", line);
    if (d->wrong++ == 0) {
        fault_set(d->why, CAUSE_CONFIG, "%s", message.data);
        fault_place(d->why, "%s", place.data);
    }
    buf_addf(&place, "%s%s", place.len > 0 ? ": " : "", message.data);
    strv_add(d->errors, place.data);
    buf_free(&message);
    buf_free(&place);
}

void draft_fault(struct draft_config *d, const struct fault *why)
{
    struct buf line;

    buf_init(&line, LIMIT_FAULT_TEXT);
    fault_line(why, &line);
    if (d->wrong++ == 0)
        fault_copy(d->why, why);
    strv_add(d->errors, line.data);
    buf_free(&line);
}
