/*
 * cmd.h: what every mode and verb gets, and the tables that lead to them.
 *
 * A row of the name table says what the program is called as; a row of the mode table says what a
 * -b letter or a verb does. Each mode is one file ending in one `run` function.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "base/fault.h"
#include "base/strv.h"
#include "base/who.h"
#include "conf/load.h"
#include "conf/options.h"

#include <stdbool.h>
#include <stddef.h>

#ifndef PKGDATADIR
#error "the build gives PKGDATADIR, SYSCONFDIR, LOCALSTATEDIR and RUNSTATEDIR"
#endif
#define CMD_PROVIDERS_FILE PKGDATADIR "/providers.ini"
#define CMD_SYSTEM_FILE    SYSCONFDIR "/postrider.ini"
#define CMD_SYSTEM_DIR     SYSCONFDIR "/postrider.d"
#define CMD_SYSTEM_STATE   LOCALSTATEDIR "/lib/postrider"

struct cmd {
    const char *name;  /* as called, for texts: "sendmail", "postrider" */
    bool own;          /* called as postrider */
    bool stdin_closed; /* descriptor 0 was closed at the start */
    bool stdin_done;   /* read to its end already: nothing is left to drain */
    struct options opt;
    int nargs; /* words behind a verb, options included */
    char *const *args;
};

struct mode_row {
    const char *verb;   /* behind `postrider`; NULL: reached by its letter only */
    char letter;        /* -bX; 0: reached by its verb only */
    bool reads_message; /* standard input is drained before any exit */
    bool raw_args;      /* the mode reads its words itself */
    /* run - does it. Returns CAUSE_NONE (exit 0), or the fault that main reports. */
    enum cause (*run)(struct cmd *cmd, struct fault *why);
    const char *arguments; /* for the usage: "[OPTION...] ADDRESS..." */
    const char *help;      /* one sentence */
    const char *hint;      /* for a letter that is refused: what to do instead */
};

/* cmd_modes - every row; *n of them. */
const struct mode_row *cmd_modes(size_t *n);

/* cmd_mode_by_letter, cmd_mode_by_verb - the row, or NULL. */
const struct mode_row *cmd_mode_by_letter(char letter);
const struct mode_row *cmd_mode_by_verb(const char *verb);

/* cmd_nearest_verb - the verb most like WORD, or NULL when none is near. */
const char *cmd_nearest_verb(const char *word);

/*
 * cmd_letter_of_name - the mode that a program name stands for: 'm' for sendmail and send-mail,
 * 'p' for mailq, 'i' for newaliases, 'q' for runq, an unprintable one for hoststat and purgestat; 0
 * for postrider and any other name.
 */
char cmd_letter_of_name(const char *name);

/* cmd_config - loads the config for CMD; every error of its files is printed. Owned by the caller.
 */
enum cause cmd_config(const struct cmd *cmd, const struct who *w, struct config **out,
                      struct fault *why) ATTR_CHECK;

/*
 * cmd_drain - reads what is left of standard input, unless it is a terminal or closed: callers die
 * of SIGPIPE otherwise. Without -i a lone dot ends it.
 */
void cmd_drain(struct cmd *cmd);

/* The modes. */
enum cause cmd_send(struct cmd *cmd, struct fault *why) ATTR_CHECK;
enum cause cmd_accounts(struct cmd *cmd, struct fault *why) ATTR_CHECK;
enum cause cmd_mailq(struct cmd *cmd, struct fault *why) ATTR_CHECK;
enum cause cmd_nothing(struct cmd *cmd, struct fault *why) ATTR_CHECK;
enum cause cmd_refused(struct cmd *cmd, struct fault *why) ATTR_CHECK;
enum cause cmd_help(struct cmd *cmd, struct fault *why) ATTR_CHECK;

/* cmd_usage - the short usage on standard output or standard error. */
void cmd_usage(bool to_stderr);

/* cmd_explain - what `help VERB` and `VERB --help` print; the usage for a row without a verb. */
void cmd_explain(const struct mode_row *row);

/* cmd_version - "postrider VERSION" and what it is built with, on standard output. */
void cmd_version(void);

#endif
