/*
 * load.h: which files, their checks, and the config they make together.
 */
#ifndef CONF_LOAD_H
#define CONF_LOAD_H

#include "base/fault.h"
#include "base/strv.h"
#include "base/who.h"
#include "conf/account.h"
#include "conf/settings.h"

#include <stdbool.h>
#include <stddef.h>

enum config_origin { CONFIG_OPTION, CONFIG_USER, CONFIG_SYSTEM };

struct config {
    struct account **account; /* in the order of the files */
    size_t n;
    char *default_account; /* `default` of [defaults], or NULL */
    struct queue_settings queue;
    struct log_settings log;
    struct aliases *aliases; /* [aliases]; conf/aliases; may be NULL */
    enum config_origin origin;
    struct strv files; /* those read, in order */
    bool owner_only;   /* writable by its owner alone: commands may be run */
};

/* What the command line may say behind a verb. All borrowed. */
struct config_options {
    const char *file;        /* -C, or NULL: the search of DESIGN section 2 */
    const struct strv *set;  /* -O KEY=VALUE, or NULL */
    const char *system_file; /* normally SYSCONFDIR "/postrider.ini"; tests give another */
    const char *system_dir;  /* "/etc/postrider.d" */
};

/*
 * config_load - finds, checks and reads. out: owned by the caller (config_close). A file may hold a
 * password: proc_protect_memory is in force before its first octet is read, and stays so.
 * fails: CAUSE_NO_CONFIG (files tried, how to set up); CAUSE_CONFIG: *every* error of the files as
 *        "file:line: message" in ERRORS (may be NULL), in the order of the files and their lines;
 *        why has the first;
 *        CAUSE_USAGE: an -O that names no setting, or one it may not set.
 */
enum cause config_load(struct config **out, const struct who *w, const struct config_options *o,
                       struct strv *errors, struct fault *why) ATTR_CHECK;

/* config_load_presets - the same with the presets of another file. */
enum cause config_load_presets(struct config **out, const struct who *w,
                               const struct config_options *o, const char *providers_file,
                               struct strv *errors, struct fault *why) ATTR_CHECK;

/*
 * config_dump - appends a file that reads back to the same config: every value, merged. Of an
 * inline password only a comment says that there is one, so it has to be put back before mail is
 * sent.
 */
void config_dump(const struct config *c, struct buf *out);

/* config_close - frees (wipes secrets) and nulls. */
void config_close(struct config **c);

#endif
