/*
 * load.c: see load.h. Files are found and checked on their open descriptors, read whole into wiped
 * memory and taken in line by line; every error is gathered, since a person who mends a file wants
 * to do it once.
 */
#include "config.h"

#include "conf/load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/proc.h"
#include "base/xalloc.h"
#include "net/token.h"
#include "conf/aliases.h"
#include "conf/draft.h"
#include "conf/ini.h"
#include "conf/merge.h"
#include "conf/near.h"
#include "conf/secret.h"
#include "conf/settings.h"

enum section { IN_NOTHING, IN_DEFAULTS, IN_ACCOUNT, IN_QUEUE, IN_LOG, IN_ALIASES };

static const struct {
    const char *word;
    enum section section;
} sections[] = {{"defaults", IN_DEFAULTS},
                {"account", IN_ACCOUNT},
                {"queue", IN_QUEUE},
                {"log", IN_LOG},
                {"aliases", IN_ALIASES}};

/* One file on its way in. */
struct reading {
    struct draft_config *d;
    const char *file;
    enum section in;   /* IN_NOTHING: the section is unknown, its settings belong to nobody */
    struct draft *now; /* IN_ACCOUNT, IN_DEFAULTS */
    const struct setting *row; /* what the line in hand sets or seems to mean; NULL: not known */
    unsigned long password_line;
};

/* An error of the line in hand; what it may have meant to set is in doubt from here on. */
ATTR_PRINTF(3, 4)
static void wrong(struct reading *r, unsigned long line, const char *fmt, ...)
{
    char message[LIMIT_FAULT_TEXT];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    if (r->row != NULL)
        settings_mark(r->now != NULL ? r->now->a->doubt : r->d->doubt, r->row);
    else if (r->now != NULL)
        r->now->unsure = true;
    draft_error(r->d, r->file, line, "%s", message);
}

static void complain(void *arg, unsigned long line, const char *message)
{
    wrong(arg, line, "%s", message);
}

static void unknown_section(struct reading *r, const struct ini_entry *e)
{
    const char *nearest = NULL;
    unsigned best = NEAR_NONE;
    size_t i;

    for (i = 0; i < ARRAY_LEN(sections); i++) {
        if (near_is_better(e->section, sections[i].word, &best))
            nearest = sections[i].word;
    }
    if (nearest != NULL)
        wrong(r, e->line, "unknown section [%s] (did you mean [%s%s]?)", e->section, nearest,
              strcmp(nearest, "account") == 0 ? " NAME" : "");
    else
        wrong(r, e->line, "unknown section [%s]; an account begins with [account NAME]",
              e->section);
}

static void begin_account(struct reading *r, const struct ini_entry *e)
{
    struct draft_config *d = r->d;
    struct account *a;
    size_t i;

    if (e->name[0] == '\0' || strchr(e->name, ' ') != NULL) {
        wrong(r, e->line, "an account needs a name of one word: [account NAME]");
        return;
    }
    for (i = 0; i < d->n; i++) {
        a = d->v[i].a;
        if (strcmp(a->id, e->name) == 0) {
            d->v[i].unsure = true; /* the rest of it may be here */
            wrong(r, e->line, "account %s is there already, at %s:%lu", a->id, a->file, a->line);
            return;
        }
    }
    a = account_new(e->name);
    a->file = r->file;
    a->line = e->line;
    a->secret->euid = d->w->euid;
    a->secret->command_ok = d->c->owner_only;
    d->v = xrealloc(d->v, (d->n + 1) * sizeof(*d->v));
    memset(&d->v[d->n], 0, sizeof(*d->v));
    d->v[d->n].a = a;
    r->now = &d->v[d->n++];
    r->in = IN_ACCOUNT;
}

static void begin(struct reading *r, const struct ini_entry *e)
{
    size_t i;

    r->in = IN_NOTHING;
    r->now = NULL;
    for (i = 0; i < ARRAY_LEN(sections); i++) {
        if (strcmp(sections[i].word, e->section) == 0)
            break;
    }
    if (i == ARRAY_LEN(sections))
        unknown_section(r, e);
    else if (sections[i].section == IN_ACCOUNT)
        begin_account(r, e);
    else if (e->name[0] != '\0')
        wrong(r, e->line, "section [%s] has no name behind it", e->section);
    else
        r->in = sections[i].section;
    if (r->in == IN_DEFAULTS)
        r->now = &r->d->defaults;
    r->d->lost = r->d->lost || r->in == IN_NOTHING;
}

/* settings_assign, with ~/ made a path for the settings that hold one. */
static enum cause assign(struct reading *r, const struct setting *s, void *base, const char *value,
                         struct fault *why)
{
    const char *home = r->d->w->home;
    struct buf path;
    enum cause c;

    if ((s->type != SET_PATH && s->type != SET_CREDENTIAL && s->type != SET_TOKEN) ||
        strncmp(value, "~/", 2) != 0)
        return settings_assign(s, base, value, why);
    if (home == NULL)
        return fault_set(why, CAUSE_CONFIG, "%s: ~/ with no home folder that is the user's own",
                         s->key);
    buf_init(&path, strlen(home) + strlen(value));
    buf_addf(&path, "%s%s", home, value + 1);
    c = settings_assign(s, base, path.data, why);
    buf_free(&path);
    return c;
}

static void take_password(struct reading *r, const struct ini_entry *e)
{
    struct secret_ref *secret = r->now->a->secret;

    if (e->value_len == 0) {
        wrong(r, e->line, "%s: the value is missing", e->key);
        return;
    }
    buf_reset(&secret->inline_password);
    secret->has_inline = buf_add(&secret->inline_password, e->value, e->value_len);
    r->password_line = e->line;
}

static void unknown_key(struct reading *r, const struct ini_entry *e, enum setting_scope scope)
{
    static const enum setting_scope all[] = {SCOPE_ACCOUNT, SCOPE_DEFAULTS_ONLY, SCOPE_QUEUE,
                                             SCOPE_LOG};
    static const char *const home[] = {"[account NAME]", "[defaults]", "[queue]", "[log]"};
    const char *nearest = settings_nearest(scope, e->key);
    size_t i;

    for (i = 0; i < ARRAY_LEN(all); i++) {
        r->row = settings_find(all[i], e->key);
        if (r->row != NULL) {
            wrong(r, e->line, "%s belongs into section %s", e->key, home[i]);
            return;
        }
    }
    if (nearest == NULL && r->in == IN_DEFAULTS) {
        scope = SCOPE_DEFAULTS_ONLY;
        nearest = settings_nearest(scope, e->key);
    }
    r->row = nearest != NULL ? settings_find(scope, nearest) : NULL;
    if (nearest != NULL)
        wrong(r, e->line, "unknown setting %s (did you mean %s?)", e->key, nearest);
    else
        wrong(r, e->line, "unknown setting %s", e->key);
}

/* A row found: SEEN is where its being there is marked. */
static void take_row(struct reading *r, const struct setting *s, void *base, uint64_t seen[2],
                     const struct ini_entry *e)
{
    struct fault why = {0};

    r->row = s;
    if (settings_marked(seen, s)) {
        wrong(r, e->line, "%s is set already", e->key);
        return;
    }
    settings_mark(seen, s);
    /* Even a wrong one may hold a password. */
    if ((s->type == SET_PROXY && strchr(e->value, '@') != NULL) ||
        (s->type == SET_TOKEN && token_has_pin(e->value)))
        r->password_line = e->line;
    if (s->type == SET_SECRET)
        take_password(r, e);
    else if (assign(r, s, base, e->value, &why) != CAUSE_NONE)
        wrong(r, e->line, "%s", why.text.data);
    fault_free(&why);
}

static void take_account(struct reading *r, const struct ini_entry *e)
{
    struct draft_config *d = r->d;
    const struct setting *s = settings_find(SCOPE_ACCOUNT, e->key);

    if (s == NULL && r->in == IN_DEFAULTS)
        s = settings_find(SCOPE_DEFAULTS_ONLY, e->key);
    if (s == NULL) {
        unknown_key(r, e, SCOPE_ACCOUNT);
    } else if (s->scope == SCOPE_DEFAULTS_ONLY) {
        d->default_file = r->file;
        d->default_line = e->line;
        take_row(r, s, d->c, d->seen, e);
    } else if (s->offset == offsetof(struct account, like) && s->type == SET_STRING &&
               r->in == IN_DEFAULTS) {
        r->row = s;
        wrong(r, e->line, "%s has no meaning in [defaults]", e->key);
    } else {
        if (s->offset == offsetof(struct account, like) && s->type == SET_STRING)
            r->now->like_line = e->line;
        if (s->offset == offsetof(struct account, provider) && s->type == SET_STRING &&
            r->now->provider_line == 0) {
            r->now->provider_file = r->file;
            r->now->provider_line = e->line;
            r->now->provider_own = true;
        }
        take_row(r, s, r->now->a, r->now->a->set, e);
    }
}

static void take_scope(struct reading *r, enum setting_scope scope, void *base,
                       const struct ini_entry *e)
{
    const struct setting *s = settings_find(scope, e->key);

    if (s == NULL) {
        unknown_key(r, e, scope);
        return;
    }
    if (scope == SCOPE_QUEUE && (s->offset == offsetof(struct queue_settings, retry_min) ||
                                 s->offset == offsetof(struct queue_settings, retry_max))) {
        r->d->pause_file = r->file;
        r->d->pause_line = e->line;
    }
    take_row(r, s, base, r->d->seen, e);
}

static void take_alias(struct reading *r, const struct ini_entry *e)
{
    struct config *c = r->d->c;
    struct fault why = {0};

    if (c->aliases == NULL)
        c->aliases = aliases_new();
    if (aliases_add(c->aliases, e->key, e->value, &why) != CAUSE_NONE)
        wrong(r, e->line, "%s", why.text.data);
    fault_free(&why);
}

static void take_entry(struct reading *r, const struct ini_entry *e)
{
    switch (r->in) {
    case IN_NOTHING:
        return;
    case IN_DEFAULTS:
    case IN_ACCOUNT:
        take_account(r, e);
        return;
    case IN_QUEUE:
        take_scope(r, SCOPE_QUEUE, &r->d->c->queue, e);
        return;
    case IN_LOG:
        take_scope(r, SCOPE_LOG, &r->d->c->log, e);
        return;
    case IN_ALIASES:
        take_alias(r, e);
        return;
    }
}

static void take(void *arg, const struct ini_entry *e)
{
    struct reading *r = arg;

    if (e->key == NULL)
        begin(r, e);
    else
        take_entry(r, e);
    r->row = NULL;
}

/* Whoever can read a file with a password in it has the password; root may name a group. */
static void check_readers(struct reading *r, const struct stat *st)
{
    if (r->password_line != 0 && !file_is_private(st))
        draft_error(r->d, r->file, r->password_line,
                    "a password in a file of mode %04o, which others can read: chmod %s %s",
                    (unsigned)st->st_mode & 07777U, st->st_uid == 0 ? "o-rwx" : "600", r->file);
}

/* Reads one file. *missing: it is not there, which is no error when it is OPTIONAL. */
static enum cause read_file(struct draft_config *d, const char *path, bool optional, bool *missing)
{
    struct reading r = {.d = d, .in = IN_NOTHING};
    struct fault why = {0};
    struct stat st;
    struct buf text;
    int fd;
    enum cause c = file_open_regular(path, &fd, &st, &why);

    *missing = c != CAUSE_NONE && (why.err == ENOENT || why.err == ENOTDIR);
    if (c == CAUSE_NONE) {
        buf_init_secret(&text, LIMIT_CONFIG_FILE);
        c = file_owner_safe(path, &st, d->w->euid, &why);
        if (c == CAUSE_NONE)
            c = file_read_fd(fd, path, &text, &why);
        close(fd);
        if (c == CAUSE_NONE) {
            strv_add(&d->c->files, path);
            r.file = d->c->files.v[d->c->files.n - 1];
            ini_parse_text(text.data, text.len, settings_is_secret, take, complain, &r);
            check_readers(&r, &st);
        }
        buf_free(&text);
    }
    if (c != CAUSE_NONE && !(*missing && optional))
        draft_fault(d, &why);
    fault_free(&why);
    return *missing && optional ? CAUSE_NONE : c;
}

static int by_octets(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names DIR/x.ini that do not begin with a dot, sorted. */
static enum cause list_folder(struct draft_config *d, const char *dir, struct strv *names)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
    struct fault why = {0};
    struct stat st;
    struct dirent *e;
    enum cause c;
    DIR *folder;

    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return CAUSE_NONE;
    folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (folder == NULL || fstat(fd, &st) != 0) {
        c = fault_errno(&why, CAUSE_CONFIG, errno, "%s", dir);
        draft_fault(d, &why);
        fault_free(&why);
        if (folder != NULL)
            closedir(folder);
        else if (fd >= 0)
            close(fd);
        return c;
    }
    c = file_owner_safe(dir, &st, d->w->euid, &why);
    if (c != CAUSE_NONE)
        draft_fault(d, &why);
    fault_free(&why);
    while (c == CAUSE_NONE && (e = readdir(folder)) != NULL) {
        size_t n = strlen(e->d_name);

        if (e->d_name[0] != '.' && n > 4 && strcmp(e->d_name + n - 4, ".ini") == 0) {
            struct buf path;

            buf_init(&path, strlen(dir) + n + 1);
            buf_addf(&path, "%s/%s", dir, e->d_name);
            strv_take(names, buf_take(&path));
        }
    }
    closedir(folder);
    if (names->n > 1)
        qsort(names->v, names->n, sizeof(*names->v), by_octets);
    return c;
}

static enum cause read_system(struct draft_config *d, const struct config_options *o)
{
    struct strv names = {0};
    bool missing = true;
    enum cause c = CAUSE_NONE;
    size_t i;

    if (o->system_file != NULL)
        c = read_file(d, o->system_file, true, &missing);
    if (c == CAUSE_NONE && o->system_dir != NULL)
        c = list_folder(d, o->system_dir, &names);
    for (i = 0; c == CAUSE_NONE && i < names.n; i++)
        c = read_file(d, names.v[i], false, &missing);
    strv_free(&names);
    return c;
}

static enum cause nothing_found(const char *user_file, const struct config_options *o,
                                struct fault *why)
{
    fault_set(why, CAUSE_NO_CONFIG, "no configuration: looked for %s%s%s%s%s",
              user_file != NULL ? user_file : "", user_file != NULL ? ", " : "",
              o->system_file != NULL ? o->system_file : "the system's file",
              o->system_dir != NULL ? " and " : "", o->system_dir != NULL ? o->system_dir : "");
    fault_hint(why,
               "write three lines into %s, mode 600: [account mine] / user = you@your.domain / "
               "password = ... (and host = ... for a provider that is not known)",
               user_file != NULL ? user_file : o->system_file);
    return CAUSE_NO_CONFIG;
}

/* The first place that has a configuration. */
static enum cause search(struct draft_config *d, const struct config_options *o, struct fault *why)
{
    char *user_file = NULL;
    struct buf path;
    bool missing = true;
    enum cause c = CAUSE_NONE;

    if (o->file != NULL) {
        d->c->origin = CONFIG_OPTION;
        return read_file(d, o->file, false, &missing);
    }
    if (d->w->config_home != NULL) {
        buf_init(&path, strlen(d->w->config_home) + 32);
        buf_addf(&path, "%s/postrider.ini", d->w->config_home);
        user_file = buf_take(&path);
        d->c->origin = CONFIG_USER;
        c = read_file(d, user_file, true, &missing);
    }
    if (c == CAUSE_NONE && missing) {
        d->c->origin = CONFIG_SYSTEM;
        c = read_system(d, o);
        if (c == CAUSE_NONE && d->c->files.n == 0)
            c = nothing_found(user_file, o, why);
    }
    free(user_file);
    return c;
}

/* What no single line is to blame for. */
static void check_whole(struct draft_config *d)
{
    const struct config *c = d->c;

    if (d->n == 0 && d->wrong == 0)
        draft_error(d, c->files.v[0], 0, "no account: a section [account NAME] is needed");
    if (!settings_marked(d->doubt, settings_find(SCOPE_QUEUE, "retry_min")) &&
        !settings_marked(d->doubt, settings_find(SCOPE_QUEUE, "retry_max")) &&
        c->queue.retry_min > c->queue.retry_max)
        draft_error(d, d->pause_file, d->pause_line,
                    "[queue] has a shortest pause that is longer than the longest one");
}

/* Moves the drafts' accounts to the config. */
static void settle(struct draft_config *d)
{
    size_t i;

    d->c->account = xcalloc(d->n + 1, sizeof(struct account *));
    for (i = 0; i < d->n; i++)
        d->c->account[i] = d->v[i].a;
    d->c->n = d->n;
    free(d->v);
    account_close(&d->defaults.a);
}

enum cause config_load_presets(struct config **out, const struct who *w,
                               const struct config_options *o, const char *providers_file,
                               struct strv *errors, struct fault *why)
{
    struct draft_config d = {.w = w};
    enum cause c = merge_check_overrides(o->set, why), told;

    *out = NULL;
    if (c != CAUSE_NONE)
        return c;
    proc_protect_memory();
    d.c = xcalloc(1, sizeof(*d.c));
    d.c->owner_only = true; /* read_file takes no other */
    settings_set_defaults(SCOPE_QUEUE, &d.c->queue);
    settings_set_defaults(SCOPE_LOG, &d.c->log);
    d.defaults.a = account_new("defaults");
    d.defaults.a->secret->command_ok = true;
    c = search(&d, o, why);
    if (c == CAUSE_NONE) {
        merge_accounts(&d, providers_file, o->set);
        check_whole(&d);
    }
    told = draft_tell(&d, errors, why);
    if (told != CAUSE_NONE)
        c = told;
    settle(&d);
    if (c != CAUSE_NONE)
        config_close(&d.c);
    *out = d.c;
    return c;
}

enum cause config_load(struct config **out, const struct who *w, const struct config_options *o,
                       struct strv *errors, struct fault *why)
{
    return config_load_presets(out, w, o, PKGDATADIR "/providers.ini", errors, why);
}

void config_close(struct config **c)
{
    size_t n, i;
    const struct setting *rows = settings_table(&n);

    if (*c == NULL)
        return;
    for (i = 0; i < (*c)->n; i++)
        account_close(&(*c)->account[i]);
    for (i = 0; i < n; i++) {
        if (rows[i].scope == SCOPE_QUEUE)
            settings_clear(&rows[i], &(*c)->queue);
        if (rows[i].scope == SCOPE_LOG)
            settings_clear(&rows[i], &(*c)->log);
    }
    free((*c)->account);
    free((*c)->default_account);
    aliases_close(&(*c)->aliases);
    strv_free(&(*c)->files);
    free(*c);
    *c = NULL;
}
