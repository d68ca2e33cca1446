/*
 * accounts.c: `postrider accounts`: a line for each account, or with --dump the whole effective
 * configuration as a file that reads back to itself.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "conf/describe.h"
#include "cmd/cmd.h"

static void list_accounts(const struct config *c)
{
    size_t i;

    for (i = 0; i < c->n; i++) {
        const struct account *a = c->account[i];
        const char *from = account_address(a);
        char server[LIMIT_RELAY_NAME] = "", login[LIMIT_ADDRESS];
        bool first = c->default_account != NULL ? strcmp(c->default_account, a->id) == 0 : i == 0;

        if (a->host.n > 0)
            describe_server(a, 0, server, sizeof(server));
        describe_login(a, login, sizeof(login));
        printf("%s%s: %s, %s, from %s, %s\n", a->id, first ? " (default)" : "", server,
               describe_tls(a), from != NULL ? from : "unknown", login);
    }
}

static void dump(const struct config *c)
{
    struct buf out;

    buf_init(&out, LIMIT_CONFIG_FILE * 4);
    config_dump(c, &out);
    (void)fwrite(out.data, 1, out.len, stdout);
    buf_free(&out);
}

enum cause cmd_accounts(struct cmd *cmd, struct fault *why)
{
    struct config *config = NULL;
    bool want_dump = false;
    struct who who;
    enum cause c;
    int skip = 0;

    while (skip < cmd->nargs && strcmp(cmd->args[skip], "--dump") == 0) {
        want_dump = true;
        skip++;
    }
    c = options_parse(&cmd->opt, cmd->nargs - skip, cmd->args + skip, true, true, why);
    if (c == CAUSE_NONE && cmd->opt.nrcpt == 1 && strcmp(cmd->opt.rcpt[0], "--dump") == 0)
        want_dump = true;
    else if (c == CAUSE_NONE && cmd->opt.nrcpt > 0)
        c = fault_set(why, CAUSE_USAGE, "accounts takes no argument: %s", cmd->opt.rcpt[0]);
    if (c != CAUSE_NONE)
        return c;
    if (cmd->opt.help) {
        cmd_explain(cmd_mode_by_verb("accounts"));
        return CAUSE_NONE;
    }
    who_am_i(&who);
    c = cmd_config(cmd, &who, &config, why);
    if (c == CAUSE_NONE && want_dump)
        dump(config);
    else if (c == CAUSE_NONE)
        list_accounts(config);
    config_close(&config);
    who_free(&who);
    return c;
}
