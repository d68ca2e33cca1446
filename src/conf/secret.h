/* secret.h: where an account's secret is, and getting it: password, command or file. */
#ifndef CONF_SECRET_H
#define CONF_SECRET_H

#include "base/buf.h"
#include "base/fault.h"
#include "conf/account.h"

#include <stdbool.h>
#include <sys/types.h>

/* The inline password of a config; wiped when freed. */
struct secret_ref {
    struct buf inline_password;
    bool has_inline;
    bool command_ok; /* the file it came from is writable by its owner alone */
    uid_t euid;      /* who may own a password_file besides root; 0 until the loader says */
};

/* secret_ref_new - an empty one. Owned by the account. */
struct secret_ref *secret_ref_new(void);

/* secret_ref_free - wipes, frees, nulls. */
void secret_ref_free(struct secret_ref **r);

/* secret_is_set - some source is configured. */
bool secret_is_set(const struct account *a);

/*
 * secret_get - appends the secret of A to OUT (a secret buffer): the first line, without its end.
 * Order: password, password_command, password_file (relative names: $CREDENTIALS_DIRECTORY).
 * FRESH: the one given before, a token, was refused. Only a command can make another: it is run
 * once more, and where there is none OUT stays as it is.
 * From the first octet on proc_protect_memory is in force.
 * fails: CAUSE_SECRET (command or file, with the reason and what to do), CAUSE_CONFIG (unsafe
 *        command source).
 */
enum cause secret_get(const struct account *a, bool fresh, struct buf *out,
                      struct fault *why) ATTR_CHECK;

#endif
