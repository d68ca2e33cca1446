/*
 * proc.h: helpers run without a shell, signals, and the one poll(2) of the program.
 */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"

#include <poll.h>
#include <stdbool.h>

/*
 * proc_start - the first lines of main: closed descriptors 0-2 are opened on /dev/null, SIGPIPE
 * and SIGXFSZ ignored, SIGCHLD default, all signals unblocked, SIGTERM, SIGINT and SIGHUP (those
 * not ignored by the parent) recorded. Returns true when descriptor 0 was closed: then standard
 * input is no empty message.
 */
bool proc_start(void);

/* proc_signal - the first of SIGTERM, SIGINT, SIGHUP that arrived, or 0. */
int proc_signal(void);

/*
 * proc_poll - ppoll(2) until the deadline, restarted after harmless signals.
 * Returns the count of ready descriptors, 0 at the deadline, -1 when a recorded signal arrived
 * (proc_signal tells which) unless HOLD_SIGNALS, then signals only stay recorded.
 */
int proc_poll(struct pollfd *fds, nfds_t n, deadline_ms until, bool hold_signals);

/*
 * proc_run - runs ARGV (ARGV[0] looked up in PATH) without a shell: standard input /dev/null,
 * standard error ours, no other descriptor, own process group, the environment as it is; collects
 * its standard output in OUT (its ceiling is the limit; more is CAUSE_SECRET) and waits.
 * Past UNTIL the group is killed. Works with SIGCHLD ignored by the parent.
 * fails: CAUSE_SECRET: cannot start, non-zero status (named), killed, time-out, too much output.
 */
enum cause proc_run(char *const argv[], deadline_ms until, struct buf *out, struct fault *why)
    ATTR_CHECK;

/*
 * proc_split - splits a command line into words as a shell would: blanks, 'single', "double"
 * quotes and backslash; no expansion of any kind ($, ~, * stay). fails: CAUSE_CONFIG
 * (open quote, no word).
 */
struct strv;
enum cause proc_split(const char *line, struct strv *argv, struct fault *why) ATTR_CHECK;

/* proc_protect_memory - no core file, no ptrace by others, from now on: a secret is loaded. */
void proc_protect_memory(void);

#endif
