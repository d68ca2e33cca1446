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

/* One thing that is wrong. */
struct draft_wrong {
    char *text;         /* owned */
    struct fault *why;  /* owned; NULL: TEXT is the whole of it */
    const char *file;   /* one of the config's, or NULL: told after all of them */
    unsigned long line; /* 0: of the whole file, told at its end */
    size_t nth;         /* as it was found */
};

/* An account as its section has it; [defaults] is one too. */
struct draft {
    struct account *a;
    bool unsure;                 /* a wrong line may have meant any setting that is not set */
    const char *provider_file;   /* where `provider` stands, maybe in another section */
    unsigned long provider_line; /* 0: it was not written in a file */
    bool provider_own;           /* in the account's own section */
    unsigned long like_line;     /* where `like` stands; 0: not set here */
    enum draft_state state;      /* merging: OPEN while what it is like is looked at */
};

struct draft_config {
    struct config *c;
    const struct who *w;
    struct draft_wrong *error;
    size_t wrong; /* errors so far */
    struct draft defaults;
    struct draft *v; /* in the order of c->account */
    size_t n;
    const char *default_file; /* where `default` stands */
    unsigned long default_line;
    const char *pause_file; /* where the last of retry_min and retry_max stands */
    unsigned long pause_line;
    uint64_t seen[2];  /* rows of [queue], [log] and `default` that were there */
    uint64_t doubt[2]; /* those that a wrong line may have meant */
    bool lost;         /* a section line was wrong: it may have been any account's */
};

/* draft_error - one error (CAUSE_CONFIG). LINE 0: of the whole file; FILE NULL: of no file. */
void draft_error(struct draft_config *d, const char *file, unsigned long line, const char *fmt, ...)
    ATTR_PRINTF(4, 5);

/* draft_fault - an error that is a fault already: it keeps its cause and hint, and comes last. */
void draft_fault(struct draft_config *d, const struct fault *why);

/*
 * draft_tell - appends every error to ERRORS (may be NULL) as "file:line: message", in the order of
 * the files and their lines, none twice; the first becomes the fault. Forgets them. Returns
 * CAUSE_NONE when there was none.
 */
enum cause draft_tell(struct draft_config *d, struct strv *errors, struct fault *why) ATTR_CHECK;

#endif
