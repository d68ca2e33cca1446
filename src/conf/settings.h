/*
 * settings.h: THE table: one row per setting, the only place where a setting is spelled. Defaults,
 * parsing, bounds, suggestions, `accounts --dump`, and the tests of manual and sample read it.
 */
#ifndef CONF_SETTINGS_H
#define CONF_SETTINGS_H

#include "base/buf.h"
#include "base/fault.h"
#include "base/strv.h"
#include "conf/account.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting_type {
    SET_BOOL,
    SET_INT,
    SET_DURATION, /* seconds */
    SET_STRING,
    SET_PATH,       /* absolute (the loader expands ~/), or one of `words` */
    SET_CREDENTIAL, /* absolute, or a plain name in $CREDENTIALS_DIRECTORY */
    SET_TOKEN,      /* absolute, or a pkcs11: URI, in which a PIN is a secret */
    SET_ADDRESS,    /* local@domain */
    SET_DOMAIN,
    SET_COMMAND, /* words without a shell; only from a file writable by its owner alone */
    SET_ENUM,
    SET_LIST,  /* comma-separated words */
    SET_PROXY, /* conf/proxy_url: may hold a password, which is not written back */
    SET_SECRET /* the value goes to conf/secret, never here */
};

enum setting_scope { SCOPE_ACCOUNT, SCOPE_DEFAULTS_ONLY, SCOPE_QUEUE, SCOPE_LOG };

struct setting_enum {
    const char *word;
    int value;
};

struct setting {
    const char *key;
    enum setting_type type;
    enum setting_scope scope;
    size_t offset;        /* in struct account, config, queue_settings, log_settings */
    const char *fallback; /* default as text, NULL: not set */
    int64_t min, max;     /* SET_INT, SET_DURATION */
    /*
     * Ends with a NULL word. SET_ENUM and SET_BOOL: word and value. SET_LIST: the only words there
     * are, value 0 = known and not built. SET_DURATION: words for numbers. SET_PATH: words taken
     * instead of a path; value 0 = stored as NULL.
     */
    const struct setting_enum *words;
    const char *(*wrong)(const char *word); /* more to check: what is wrong, or NULL when right */
    bool may_override;                      /* -O may set it behind a verb */
    bool built;                             /* false: its work comes with a later room */
    const char *help;                       /* one sentence */
};

struct queue_settings {
    char *dir;
    int64_t lifetime, retry_min, retry_max, warn_after, max_messages;
    bool runner_auto;
};

struct log_settings {
    char *target; /* "syslog", "stderr", "none" or an absolute path */
};

/* settings_table - the rows, sorted by scope and then as the manual has them. */
const struct setting *settings_table(size_t *n);

/* settings_find - the row of KEY in SCOPE; NULL when unknown. */
const struct setting *settings_find(enum setting_scope scope, const char *key);

/* settings_nearest - the key of SCOPE most like the misspelt KEY, or NULL when none is near. */
const char *settings_nearest(enum setting_scope scope, const char *key);

/*
 * settings_assign - parses VALUE by the row's type into the struct at BASE, freeing an old value.
 * Not for SET_SECRET. fails: CAUSE_CONFIG with a text like "port: not a number from 1 to 65535".
 */
enum cause settings_assign(const struct setting *s, void *base, const char *value,
                           struct fault *why) ATTR_CHECK;

/* settings_set_defaults - gives every member of SCOPE at BASE its default. */
void settings_set_defaults(enum setting_scope scope, void *base);

/* settings_copy - makes the member in TO a copy of the one in FROM. Not for SET_SECRET. */
void settings_copy(const struct setting *s, void *to, const void *from);

/* settings_clear - frees the member in BASE: not set. */
void settings_clear(const struct setting *s, void *base);

/* settings_mark, settings_marked - the row's bit in a set as struct account has one. */
void settings_mark(uint64_t set[2], const struct setting *s);
bool settings_marked(const uint64_t set[2], const struct setting *s);

/* settings_is_secret - true for the keys whose value is or holds a secret: for ini_parse_text. */
bool settings_is_secret(const char *key);

/* settings_has_pin - the value in BASE of a SET_TOKEN row holds a PIN, which is not shown. */
bool settings_has_pin(const struct setting *s, const void *base);

/* settings_format - appends the value in BASE as a file would spell it (quoted if it must be);
 * false when it is not set. */
bool settings_format(const struct setting *s, const void *base, struct buf *out);

#endif
