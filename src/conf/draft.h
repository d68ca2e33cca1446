/*
 * draft.h: a config while it is being made: what conf/load reads line by line and conf/merge makes
 * whole. Nobody else includes it.
 */
#ifndef CONF_DRAFT_H
#define CONF_DRAFT_H

#include "base/fault.h"
#include "base/strv.h"
#include "base/who.h"
#include "conf/account.h"
#include "conf/load.h"

#include <stdbool.h>
#include <stddef.h>

enum draft_state { DRAFT_FRESH, DRAFT_OPEN, DRAFT_DONE };

/* An account as its section has it; [defaults] is one too. */
struct draft {
    struct account *a;
    bool wrong;              /* a line of it was wrong: no more errors about what is missing */
    unsigned long like_line; /* where `like` stands; 0: not set here */
    enum draft_state state;  /* merging: OPEN while what it is like is looked at */
};

struct draft_config {
    struct config *c;
    const struct who *w;
    struct strv *errors; /* every error, "file:line: message" */
    struct fault *why;   /* the first */
    size_t wrong;        /* errors so far */
    struct draft defaults;
    struct draft *v; /* in the order of c->account */
    size_t n;
    const char *default_file; /* where `default` stands */
    unsigned long default_line;
    uint64_t seen[2]; /* rows of [queue], [log] and `default` that were there */
};

/* draft_error - one error (CAUSE_CONFIG). LINE 0: of the whole file; FILE NULL: of no file. */
void draft_error(struct draft_config *d, const char *file, unsigned long line, const char *fmt, ...)
    ATTR_PRINTF(4, 5);

/* draft_fault - an error that is a fault already: as the first one it keeps its cause and hint. */
void draft_fault(struct draft_config *d, const struct fault *why);

#endif
