/*
 * send.c: the mode that carries a message: -bm, `postrider send`, and the sendmail command line
 * without a -b letter.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"
#include "queue/submit.h"
#include "cmd/cmd.h"
#include "cmd/job.h"

/* Where [log] target points. */
static void direct_log(const struct config *c)
{
    const char *target = c->log.target;

    if (target == NULL || strcmp(target, "syslog") == 0)
        log_target_set(LOG_TO_SYSLOG, NULL);
    else if (strcmp(target, "stderr") == 0)
        log_target_set(LOG_TO_STDERR, NULL);
    else if (strcmp(target, "none") == 0)
        log_target_set(LOG_TO_NONE, NULL);
    else
        log_target_set(LOG_TO_FILE, target);
}

enum cause cmd_config(const struct cmd *cmd, const struct who *w, struct config **out,
                      struct fault *why)
{
    struct config_options o = {cmd->opt.config_file, &cmd->opt.set, CMD_SYSTEM_FILE,
                               CMD_SYSTEM_DIR};
    struct strv errors = {0};
    enum cause c = config_load(out, w, &o, &errors, why);
    size_t i;

    /* Every error, in the order of the file; main prints the fault, which becomes the last one. */
    for (i = 0; i + 1 < errors.n; i++)
        log_error("%s", errors.v[i]);
    if (errors.n > 1)
        fault_set(why, c, "%s", errors.v[errors.n - 1]);
    /* Nobody reads the standard error of a daemon's sendmail: the log must know too. */
    if (c != CAUSE_NONE && !cmd->own)
        log_line(LOG_CRIT, "sendmail", "cannot be used as configured: %s", why->text.data);
    strv_free(&errors);
    return c;
}

void cmd_drain(struct cmd *cmd)
{
    struct message_input in = {.fd = STDIN_FILENO, .dot_ends = !cmd->opt.no_dot};
    struct fault ignored = {0};
    struct message *m = NULL;

    if (cmd->stdin_closed || cmd->stdin_done || log_is_terminal(STDIN_FILENO))
        return;
    cmd->stdin_done = true;
    /* Without -i a lone dot is the end, and the caller may keep the pipe open behind it. */
    if (in.dot_ends && message_read(&m, &in, &ignored) == CAUSE_NONE) {
        message_close(&m);
        return;
    }
    fault_free(&ignored);
    message_drain(STDIN_FILENO);
}

static enum cause read_message(struct cmd *cmd, struct job *j, struct fault *why)
{
    struct message_input in = {
        .fd = STDIN_FILENO, .dot_ends = !cmd->opt.no_dot, .ended = &cmd->stdin_done};

    if (cmd->stdin_closed) {
        fault_set(why, CAUSE_INPUT, "standard input is closed");
        fault_hint(why, "%s", "the message comes on standard input; an empty one is </dev/null");
        return CAUSE_INPUT;
    }
    if (cmd->own && log_is_terminal(STDIN_FILENO))
        log_error("type the message and end with ^D");
    return message_read(&j->message, &in, why);
}

static void show_line(void *arg, const char *line)
{
    (void)arg;
    fprintf(stderr, "%s\n", line);
}

static enum cause submit(struct cmd *cmd, struct job *j, struct fault *why)
{
    bool is_system = j->config->origin == CONFIG_SYSTEM;
    char *state = who_state_dir(&j->who, is_system ? CMD_SYSTEM_STATE : NULL);
    struct submission s = {.account = j->account,
                           .who = &j->who,
                           .providers_file = CMD_PROVIDERS_FILE,
                           .state_dir = state,
                           .is_changed = cmd->opt.set.n > 0,
                           .show = cmd->opt.verbose ? show_line : NULL};
    enum cause c = submit_mail(&s, &j->envelope, j->message, why);

    free(state);
    return c;
}

enum cause cmd_send(struct cmd *cmd, struct fault *why)
{
    struct job j;
    enum cause c;

    job_init(&j, &cmd->opt);
    c = job_arguments(&j, why);
    if (c == CAUSE_NONE)
        c = cmd_config(cmd, &j.who, &j.config, why);
    if (c == CAUSE_NONE) {
        direct_log(j.config);
        c = read_message(cmd, &j, why);
    }
    if (c == CAUSE_NONE)
        c = job_address(&j, why);
    if (c == CAUSE_NONE)
        c = job_fixup(&j, why);
    if (c == CAUSE_NONE)
        c = cmd->opt.dry_run ? job_dry_run(&j, why) : submit(cmd, &j, why);
    job_free(&j);
    return c;
}
