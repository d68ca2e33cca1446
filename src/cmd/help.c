/*
 * help.c: usage, help and version. The texts come from the tables, so that they cannot drift.
 */
#include "config.h"

#include "cmd/cmd.h"

#include <stdio.h>

static void print_verbs(FILE *out)
{
    const struct mode_row *row;
    size_t n, i;

    row = cmd_modes(&n);
    for (i = 0; i < n; i++) {
        if (row[i].verb != NULL)
            fprintf(out, "  postrider %-9s %-24s %s\n", row[i].verb, row[i].arguments, row[i].help);
    }
}

void cmd_usage(bool to_stderr)
{
    FILE *out = to_stderr ? stderr : stdout;

    fputs("Usage: postrider VERB [ARGUMENT...]\n"
          "       postrider [OPTION...] ADDRESS...   (the sendmail command line)\n\n"
          "Verbs:\n",
          out);
    print_verbs(out);
    fputs("\nTry `postrider help send` for the options, man postrider for all of it.\n", out);
}

void cmd_version(void)
{
    printf("postrider %s\n", PACKAGE_VERSION);
    printf("Configuration: %s, then %s/*.ini; or ~/.config/postrider.ini\n", CMD_SYSTEM_FILE,
           CMD_SYSTEM_DIR);
}

static const char *argument_word(enum option_arg arg)
{
    switch (arg) {
    case ARG_NONE:
        return "";
    case ARG_WANTED:
        return " ARG";
    case ARG_GLUED:
        return "[ARG]";
    case ARG_SUB:
        return "X";
    }
    return "";
}

static void print_options(void)
{
    const struct option_row *row;
    size_t n, i;

    row = options_table(&n);
    puts("\nOptions:");
    for (i = 0; i < n; i++) {
        bool is_long = row[i].spelling[0] == '-';
        char label[64];

        if (row[i].act == ACT_IGNORE || row[i].act == ACT_BAD)
            continue;
        snprintf(label, sizeof(label), "%s%s%s", is_long ? "" : "-", row[i].spelling,
                 argument_word(row[i].arg));
        printf("  %-20s %s\n", label, row[i].help);
    }
    puts("\nLetters that other programs take are accepted and have no effect; sendmail(8) lists "
         "them.");
}

void cmd_explain(const struct mode_row *row)
{
    if (row->verb == NULL) {
        cmd_usage(false);
        return;
    }
    printf("Usage: postrider %s %s\n%s\n", row->verb, row->arguments, row->help);
    if (row->run == cmd_send)
        print_options();
}

enum cause cmd_help(struct cmd *cmd, struct fault *why)
{
    const struct mode_row *row;

    if (cmd->nargs == 0) {
        cmd_usage(false);
        return CAUSE_NONE;
    }
    row = cmd_mode_by_verb(cmd->args[0]);
    if (row == NULL) {
        const char *near = cmd_nearest_verb(cmd->args[0]);

        fault_set(why, CAUSE_USAGE, "no such verb: %s", cmd->args[0]);
        fault_hint(why, "%s%s", near != NULL ? "did you mean: postrider help " : "postrider help",
                   near != NULL ? near : "");
        return CAUSE_USAGE;
    }
    cmd_explain(row);
    return CAUSE_NONE;
}
