/*
 * options.h: THE other table: one row per sendmail letter. No getopt: it cannot express -q.
 */
#ifndef CONF_OPTIONS_H
#define CONF_OPTIONS_H

#include "base/fault.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>

enum option_arg {
    ARG_NONE,   /* -i */
    ARG_WANTED, /* -f ADDR or -fADDR */
    ARG_GLUED,  /* -q, -q30m: only what is glued on */
    ARG_SUB,    /* -oX..., -bX: sub-letter, mostly glued on ("-o i" and "-b s" are read, too) */
};

/* What a row does. IGNORE rows are parsed with their argument and have no effect. */
enum option_act {
    ACT_IGNORE,
    ACT_SENDER,    /* -f, -r */
    ACT_FULL_NAME, /* -F */
    ACT_READ_RCPT, /* -t */
    ACT_NO_DOT,    /* -i */
    ACT_MODE,      /* -b */
    ACT_QUEUE_RUN, /* -q */
    ACT_VERBOSE,   /* -v */
    ACT_O,         /* -o */
    ACT_ERRORS,    /* -e: as -oe */
    ACT_ALIASES,   /* -I: as -bi */
    ACT_SET,       /* -O */
    ACT_CONFIG,    /* -C */
    ACT_BODY,      /* -B */
    ACT_NOTIFY,    /* -N */
    ACT_RET,       /* -R */
    ACT_ENVID,     /* -V */
    ACT_ACCOUNT,   /* -a (under the name postrider only) */
    ACT_DRY_RUN,   /* --dry-run (under the name postrider only) */
    ACT_HELP,
    ACT_VERSION,
    ACT_BAD /* 64 with the row's help as the hint */
};

struct option_row {
    const char *spelling; /* "f" for letters, "--dry-run" for long ones */
    enum option_arg arg;
    enum option_act act;
    bool own;         /* only under the name postrider */
    const char *help; /* one sentence */
};

enum option_error_mode { ERRORS_PRINT, ERRORS_MAIL, ERRORS_QUIET, ERRORS_BERKNET };
enum option_delivery {
    DELIVERY_DEFAULT,
    DELIVERY_BACKGROUND,
    DELIVERY_QUEUE,
    DELIVERY_INTERACTIVE
};

/* All strings borrowed from argv. */
struct options {
    bool own;              /* run as postrider (or behind a verb) */
    bool trusted;          /* behind a verb: -C and -O count */
    char mode;             /* 'm' unless -b or -q said otherwise; 'q' for -q */
    const char *queue_arg; /* what was glued to -q, or NULL */
    const char *sender;    /* -f; NULL: not given; "" or "<>": null */
    const char *full_name;
    bool read_rcpt, no_dot, verbose, dry_run, help, version;
    const char *account;
    const char *config_file; /* only when trusted */
    struct strv set;         /* -O KEY=VALUE; only when trusted */
    const char *body, *notify, *ret, *envid;
    enum option_error_mode errors;
    enum option_delivery delivery;
    char *const *rcpt; /* the remaining words */
    size_t nrcpt;
    const char *late; /* the first of them that looks like an option, unless behind "--" */
};

/* options_table - every row. */
const struct option_row *options_table(size_t *n);

/*
 * options_parse - reads ARGV[0..ARGC) (without the program name and verb; ends at NULL). Options
 * end at "--" or at the first word that is none; letters may be combined ("-ti"), arguments glued
 * or apart, later ones win. Any word with CR, LF (or other control octets but TAB) is refused.
 * Unknown -oX and -O are ignored.
 * fails: CAUSE_USAGE naming the option, with a suggestion. Even then O->mode tells what was asked
 *        for as far as it was understood ('?' when it could not be told).
 */
enum cause options_parse(struct options *o, int argc, char *const argv[], bool own, bool trusted,
                         struct fault *why) ATTR_CHECK;

/* options_free. */
void options_free(struct options *o);

#endif
