/*
 * secret.c: see secret.h. The secret is fetched when a server wants it and not before: a password
 * command may ask a person, and what was never loaded cannot leak.
 */
#include "config.h"

#include "conf/secret.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/proc.h"
#include "base/strv.h"
#include "base/xalloc.h"

#define COMMAND_MS 30000 /* a keyring that waits for a person behind a closed screen never ends */

struct secret_ref *secret_ref_new(void)
{
    struct secret_ref *r = xcalloc(1, sizeof(*r));

    buf_init_secret(&r->inline_password, LIMIT_SECRET);
    return r;
}

void secret_ref_free(struct secret_ref **r)
{
    if (*r == NULL)
        return;
    buf_free(&(*r)->inline_password);
    free(*r);
    *r = NULL;
}

bool secret_is_set(const struct account *a)
{
    return (a->secret != NULL && a->secret->has_inline) || a->password_command != NULL ||
           a->password_file != NULL;
}

/* Appends the first line of GOT to OUT. */
static enum cause take_line(const struct buf *got, const char *setting, struct buf *out,
                            struct fault *why)
{
    const char *lf = memchr(got->data, '\n', got->len);
    size_t n = lf != NULL ? (size_t)(lf - got->data) : got->len;

    if (n > 0 && got->data[n - 1] == '\r')
        n--;
    if (n == 0)
        return fault_set(why, CAUSE_SECRET, "%s: the first line is empty", setting);
    if (memchr(got->data, '\0', n) != NULL)
        return fault_set(why, CAUSE_SECRET, "%s: a NUL octet in the first line", setting);
    if (!buf_add(out, got->data, n))
        return fault_set(why, CAUSE_SECRET, "%s: a first line of more than %zu octets", setting,
                         out->ceiling);
    return CAUSE_NONE;
}

static enum cause from_command(const struct account *a, struct buf *out, struct fault *why)
{
    struct strv argv = {0};
    struct buf got;
    enum cause c;

    if (a->secret == NULL || !a->secret->command_ok) {
        fault_set(why, CAUSE_CONFIG,
                  "password_command is not run: others than its owner can write the file it is in");
        fault_hint(why, "make the file writable by its owner alone");
        return CAUSE_CONFIG;
    }
    c = proc_split(a->password_command, &argv, why);
    if (c == CAUSE_NONE) {
        buf_init_secret(&got, LIMIT_SECRET);
        c = proc_run(argv.v, deadline_in(COMMAND_MS), &got, why);
        if (c == CAUSE_NONE)
            c = take_line(&got, "password_command", out, why);
        else
            fault_note(why, "password_command");
        buf_free(&got);
    }
    strv_free(&argv);
    return c;
}

/* The path of password_file; *path is owned by the caller. */
static enum cause find_file(const char *name, char **path, struct fault *why)
{
    const char *folder;
    struct buf text;

    if (name[0] == '/') {
        *path = xstrdup(name);
        return CAUSE_NONE;
    }
    folder = secure_getenv("CREDENTIALS_DIRECTORY");
    if (folder == NULL || folder[0] != '/') {
        fault_set(why, CAUSE_SECRET,
                  "password_file %s: a name without a path is looked up in $CREDENTIALS_DIRECTORY, "
                  "which is not set",
                  name);
        fault_hint(why, "give an absolute path, or LoadCredential=%s:... in the systemd unit",
                   name);
        return CAUSE_SECRET;
    }
    buf_init(&text, strlen(folder) + strlen(name) + 1);
    buf_addf(&text, "%s/%s", folder, name);
    *path = buf_take(&text);
    return CAUSE_NONE;
}

/*
 * A missing or unsafe file is trouble of the account (its mail can wait for the file to be mended),
 * though base/file calls it a matter of configuration: the words and the advice are kept.
 */
static enum cause file_trouble(const struct fault *from, struct fault *why)
{
    fault_set(why, CAUSE_SECRET, "password_file: %s", from->text.data);
    why->err = from->err;
    if (from->hint.len > 0)
        fault_hint(why, "%s", from->hint.data);
    return CAUSE_SECRET;
}

static enum cause from_file(const struct account *a, struct buf *out, struct fault *why)
{
    uid_t euid = a->secret != NULL ? a->secret->euid : 0;
    struct fault local = {0};
    struct stat st;
    struct buf got;
    char *path;
    int fd;
    enum cause c = find_file(a->password_file, &path, why);

    if (c != CAUSE_NONE)
        return c;
    buf_init_secret(&got, LIMIT_SECRET);
    c = file_open_regular(path, &fd, &st, &local);
    if (c == CAUSE_NONE) {
        c = file_owner_safe(path, &st, euid, &local);
        if (c == CAUSE_NONE)
            c = file_read_fd(fd, path, &got, &local);
        close(fd);
    }
    if (c != CAUSE_NONE)
        c = file_trouble(&local, why);
    else {
        c = take_line(&got, "password_file", out, why);
        if (c != CAUSE_NONE)
            fault_place(why, "%s", path);
    }
    buf_free(&got);
    fault_free(&local);
    free(path);
    return c;
}

enum cause secret_get(const struct account *a, bool fresh, struct buf *out, struct fault *why)
{
    bool is_inline = a->secret != NULL && a->secret->has_inline;

    if (fresh && (is_inline || a->password_command == NULL))
        return CAUSE_NONE;
    proc_protect_memory();
    if (is_inline)
        return take_line(&a->secret->inline_password, "password", out, why);
    if (a->password_command != NULL)
        return from_command(a, out, why);
    if (a->password_file != NULL)
        return from_file(a, out, why);
    fault_set(why, CAUSE_SECRET, "no password for user %s", a->user != NULL ? a->user : "?");
    fault_hint(why, "set password_command, password_file or password");
    return CAUSE_SECRET;
}
