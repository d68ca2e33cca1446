/*
 * modes.c: the tables of names, letters and verbs, and the small modes that need no file of their
 * own.
 */
#include "config.h"

#include "cmd/cmd.h"

#include <stdio.h>
#include <string.h>

#include "conf/near.h"

/* The names hoststat and purgestat answer nothing; the letters -bh and -bH are refused. */
#define HOST_STATUS '\1'

static const struct {
    const char *name;
    char letter;
} names[] = {
    {"sendmail", 'm'},          {"send-mail", 'm'}, {"mailq", 'p'},
    {"newaliases", 'i'},        {"runq", 'q'},      {"hoststat", HOST_STATUS},
    {"purgestat", HOST_STATUS},
};

static const struct mode_row modes[] = {
    {"send", 'm', true, false, cmd_send, "[OPTION...] ADDRESS...",
     "Send the message on standard input.", NULL},
    {"accounts", 0, false, true, cmd_accounts, "[-C FILE] [--dump]",
     "List the accounts, or print the effective configuration.", NULL},
    {"help", 0, false, true, cmd_help, "[VERB]", "Explain a verb.", NULL},
    {NULL, 'p', false, false, cmd_mailq, NULL, "List the queue.", NULL},
    {NULL, 'i', false, false, cmd_nothing, NULL, "Aliases need no rebuilding.", NULL},
    {NULL, 'q', false, false, cmd_nothing, NULL, "Nothing is kept yet, so nothing is due.", NULL},
    {NULL, HOST_STATUS, false, false, cmd_nothing, NULL, "No host status is kept.", NULL},
    {NULL, 's', true, false, cmd_refused, NULL, "SMTP on standard input.",
     "-bs is not built yet; give the message itself on standard input"},
    {NULL, 'v', true, false, cmd_refused, NULL, "Verify addresses.",
     "-bv is not built yet; `postrider send --dry-run` shows what would be sent"},
    {NULL, 'd', false, false, cmd_refused, NULL, "Daemon.",
     "postrider receives no mail from the network; for a retry of kept mail use -q"},
    {NULL, 'D', false, false, cmd_refused, NULL, "Daemon in the foreground.",
     "postrider receives no mail from the network; for a retry of kept mail use -q"},
    {NULL, 'l', false, false, cmd_refused, NULL, "Daemon.",
     "postrider receives no mail from the network"},
    {NULL, 'h', false, false, cmd_refused, NULL, "Host status.", "postrider keeps no host status"},
    {NULL, 'H', false, false, cmd_refused, NULL, "Host status.", "postrider keeps no host status"},
    {NULL, 't', false, false, cmd_refused, NULL, "Address test.",
     "use `postrider send --dry-run` to see envelope and message"},
    {NULL, 'e', false, false, cmd_refused, NULL, "Expansion test.",
     "postrider expands nothing; `postrider accounts --dump` shows the configuration"},
    {NULL, 'P', false, false, cmd_refused, NULL, "Print options.",
     "use `postrider accounts --dump`"},
};

const struct mode_row *cmd_modes(size_t *n)
{
    *n = ARRAY_LEN(modes);
    return modes;
}

const struct mode_row *cmd_mode_by_letter(char letter)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(modes); i++) {
        if (letter != 0 && modes[i].letter == letter)
            return &modes[i];
    }
    return NULL;
}

const struct mode_row *cmd_mode_by_verb(const char *verb)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(modes); i++) {
        if (modes[i].verb != NULL && strcmp(modes[i].verb, verb) == 0)
            return &modes[i];
    }
    return NULL;
}

char cmd_letter_of_name(const char *name)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i].name, name) == 0)
            return names[i].letter;
    }
    return 0;
}

const char *cmd_nearest_verb(const char *word)
{
    const char *best = NULL;
    unsigned distance = NEAR_NONE;
    size_t i;

    for (i = 0; i < ARRAY_LEN(modes); i++) {
        if (modes[i].verb != NULL && near_is_better(word, modes[i].verb, &distance))
            best = modes[i].verb;
    }
    return best;
}

enum cause cmd_mailq(struct cmd *cmd, struct fault *why)
{
    (void)cmd;
    (void)why;
    puts("Mail queue is empty");
    return CAUSE_NONE;
}

/* Scripts of packages and cron call these names and only look at the status. */
enum cause cmd_nothing(struct cmd *cmd, struct fault *why)
{
    (void)cmd;
    (void)why;
    return CAUSE_NONE;
}

enum cause cmd_refused(struct cmd *cmd, struct fault *why)
{
    const struct mode_row *row = cmd_mode_by_letter(cmd->opt.mode);

    fault_set(why, CAUSE_USAGE, "-b%c is refused", cmd->opt.mode);
    if (row != NULL)
        fault_hint(why, "%s", row->hint);
    return CAUSE_USAGE;
}
