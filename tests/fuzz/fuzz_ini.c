/*
 * fuzz_ini.c: any octets as a configuration file: no line is seen twice, nothing comes through that
 * the reader refuses, and every setting that is taken can be written and read again.
 */
#include "config.h"

#include <string.h>

#include "base/limits.h"
#include "conf/account.h"
#include "conf/aliases.h"
#include "conf/ini.h"
#include "conf/settings.h"
#include "conf/value.h"
#include "fuzz.h"

struct seen {
    struct account *account;
    struct queue_settings queue;
    struct log_settings log;
    struct aliases *aliases;
    unsigned long line;
    size_t complaints;
};

/* Writes what S holds at BASE and reads that again: the same text comes out. */
static void read_back(const struct setting *s, void *base)
{
    struct buf one, two;
    struct fault why = {0};

    buf_init(&one, LIMIT_CONFIG_FILE);
    buf_init(&two, LIMIT_CONFIG_FILE);
    if (settings_format(s, base, &one) && one.data[0] != '"') {
        promise(settings_assign(s, base, one.data, &why) == CAUSE_NONE, "what is written reads");
        settings_format(s, base, &two);
        promise(strcmp(one.data, two.data) == 0, "to the same");
    }
    buf_free(&one);
    buf_free(&two);
    fault_free(&why);
}

static void try_scope(enum setting_scope scope, void *base, const struct ini_entry *e)
{
    const struct setting *s = settings_find(scope, e->key);
    struct fault why = {0};

    if (s == NULL) {
        const char *near = settings_nearest(scope, e->key);

        promise(near == NULL || strcmp(near, e->key) != 0, "nothing is suggested for itself");
    } else if (s->type != SET_SECRET && settings_assign(s, base, e->value, &why) == CAUSE_NONE)
        read_back(s, base);
    fault_free(&why);
}

static void take(void *arg, const struct ini_entry *e)
{
    struct seen *seen = arg;
    struct fault why = {0};
    struct strv to = {0};

    promise(e->line > seen->line, "lines go forward");
    seen->line = e->line;
    promise(strlen(e->section) + strlen(e->name) < LIMIT_CONFIG_NAME + 1, "sections are short");
    if (e->key == NULL)
        return;
    promise(e->value[e->value_len] == '\0' && strlen(e->value) == e->value_len, "no NUL inside");
    promise(strpbrk(e->value, "\r\n") == NULL && e->key[0] != '\0', "one line");
    try_scope(SCOPE_ACCOUNT, seen->account, e);
    try_scope(SCOPE_QUEUE, &seen->queue, e);
    try_scope(SCOPE_LOG, &seen->log, e);
    if (aliases_add(seen->aliases, e->key, e->value, &why) == CAUSE_NONE)
        promise(aliases_expand(seen->aliases, e->key, &to) && to.n > 0, "an alias leads somewhere");
    strv_free(&to);
    fault_free(&why);
}

static void complain(void *arg, unsigned long line, const char *message)
{
    struct seen *seen = arg;

    promise(line >= seen->line, "complaints go forward");
    seen->line = line;
    promise(message[0] != '\0' && strchr(message, '\n') == NULL, "a complaint is one line");
    promise(strncmp(message, "the ini library", 15) != 0, "the library does as it is told");
    seen->complaints++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen seen = {.account = account_new("x"), .aliases = aliases_new()};
    struct strv broken = {0};

    ini_parse_text((const char *)data, size, settings_is_secret, take, complain, &seen);
    account_finish(seen.account, &broken);
    promise(seen.account->tls != TLS_DEFAULT, "TLS is decided");
    strv_free(&broken);
    settings_clear(settings_find(SCOPE_QUEUE, "dir"), &seen.queue);
    settings_clear(settings_find(SCOPE_LOG, "target"), &seen.log);
    aliases_close(&seen.aliases);
    account_close(&seen.account);
    return 0;
}
