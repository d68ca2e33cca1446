/*
 * main.c: program name and -b letter, or verb, to a row of the mode table; its run() to a fault;
 * the fault to the exit status. Nothing else.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/xalloc.h"
#include "cmd/cmd.h"

/* The last words when memory has run out: no allocation, and the caller's pipe is emptied. */
static void out_of_memory(void *arg)
{
    static const char words[] = "postrider: out of memory, nothing was sent; try again later\n";
    char sink[4096];

    (void)arg;
    if (write(STDERR_FILENO, words, sizeof(words) - 1) < 0)
        _exit(EX_TEMPFAIL);
    while (read(STDIN_FILENO, sink, sizeof(sink)) > 0)
        continue;
}

/* The first word decides: an option or an address makes it the sendmail command line. */
static enum cause find_verb(struct cmd *cmd, const char *word, const struct mode_row **row,
                            struct fault *why)
{
    const char *near;

    *row = NULL;
    if (word[0] == '-' || strchr(word, '@') != NULL)
        return CAUSE_NONE;
    *row = cmd_mode_by_verb(word);
    if (*row != NULL)
        return CAUSE_NONE;
    near = cmd_nearest_verb(word);
    cmd->opt.mode = '?';
    fault_set(why, CAUSE_USAGE, "no such verb: %s", word);
    fault_hint(why, "%s%s%s", near != NULL ? "did you mean `postrider " : "",
               near != NULL ? near : "`postrider help` lists the verbs",
               near != NULL ? "`?" : "; an address has an @");
    return CAUSE_USAGE;
}

/* Reads the command line and finds the row that it asks for. */
static enum cause choose(struct cmd *cmd, int argc, char *const argv[], const struct mode_row **row,
                         struct fault *why)
{
    char letter = cmd_letter_of_name(cmd->name);
    enum cause c;

    *row = NULL;
    cmd->own = letter == 0;
    if (cmd->own && argc > 1) {
        c = find_verb(cmd, argv[1], row, why);
        if (c != CAUSE_NONE)
            return c;
    }
    cmd->args = argv + (*row != NULL ? 2 : 1);
    cmd->nargs = argc - (*row != NULL ? 2 : 1);
    if (*row != NULL && (*row)->raw_args)
        return CAUSE_NONE;
    c = options_parse(&cmd->opt, cmd->nargs, cmd->args, cmd->own, *row != NULL, why);
    if (c != CAUSE_NONE || *row != NULL)
        return c;
    if (letter != 0 && letter != 'm' && cmd->opt.mode == 'm')
        cmd->opt.mode = letter;
    *row = cmd_mode_by_letter(cmd->opt.mode);
    if (*row == NULL)
        return fault_set(why, CAUSE_USAGE, "there is no mode -b%c", cmd->opt.mode);
    return CAUSE_NONE;
}

/* mailq and its like never read standard input; a message may wait behind everything else. */
static bool may_have_message(const struct cmd *cmd, const struct mode_row *row)
{
    char letter = cmd_letter_of_name(cmd->name);

    if (cmd->opt.help || cmd->opt.version)
        return false;
    if (row != NULL)
        return row->reads_message;
    if (letter != 0 && letter != 'm')
        return false;
    row = cmd_mode_by_letter(cmd->opt.mode);
    return row == NULL || row->reads_message;
}

static enum cause run(struct cmd *cmd, int argc, char *const argv[], struct fault *why)
{
    const struct mode_row *row = NULL;
    enum cause c = choose(cmd, argc, argv, &row, why);

    if (c == CAUSE_NONE && cmd->opt.help)
        cmd_explain(row);
    else if (c == CAUSE_NONE && cmd->opt.version)
        cmd_version();
    else if (c == CAUSE_NONE)
        c = row->run(cmd, why);
    if (c == CAUSE_NONE && (fflush(stdout) != 0 || ferror(stdout)))
        c = fault_errno(why, CAUSE_IO, errno, "cannot write standard output");
    if (c != CAUSE_NONE) {
        log_fault(why);
        if (may_have_message(cmd, row))
            cmd_drain(cmd);
    }
    return c;
}

int main(int argc, char *argv[])
{
    struct fault why = {0};
    struct cmd cmd = {0};
    const char *slash;
    int status;

    umask(077);
    xalloc_start();
    cmd.stdin_closed = proc_start();
    xalloc_on_failure(out_of_memory, NULL);
    if (argc < 1)
        return EX_USAGE;
    slash = strrchr(argv[0], '/');
    cmd.name = slash != NULL ? slash + 1 : argv[0];
    log_start(cmd.name);
    if (argc == 1 && cmd_letter_of_name(cmd.name) == 0) {
        cmd_usage(true);
        cmd_drain(&cmd);
        return EX_USAGE;
    }
    run(&cmd, argc, argv, &why);
    status = fault_exit_status(&why);
    fault_free(&why);
    options_free(&cmd.opt);
    return status;
}
