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
#include <sys/types.h>

/*
 * proc_start - the first lines of main: effective and saved ids that differ from the real ones are
 * dropped for good (status 71 where they cannot be), closed descriptors 0-2 are opened on
 * /dev/null, SIGPIPE and SIGXFSZ ignored, SIGCHLD default, all signals unblocked, SIGTERM, SIGINT
 * and SIGHUP (those not ignored by the parent) recorded. Returns true when descriptor 0 was closed:
 * then standard input is no empty message.
 */
bool proc_start(void);

/*
 * While they are recorded these signals are blocked except inside proc_poll: a plain read(2) of a
 * pipe or terminal cannot be stopped by them. Whoever may wait there uses proc_read.
 */

/* proc_signal - the first of SIGTERM, SIGINT, SIGHUP that arrived, or 0. */
int proc_signal(void);

/*
 * proc_poll - ppoll(2) until the deadline, restarted after harmless signals.
 * Returns the count of ready descriptors, 0 at the deadline, -1 when a recorded signal arrived
 * (proc_signal tells which) unless HOLD_SIGNALS, then signals only stay recorded.
 */
int proc_poll(struct pollfd *fds, nfds_t n, deadline_ms until, bool hold_signals);

/*
 * proc_read - read(2) from a pipe, terminal or file that a recorded signal ends: -1 and EINTR then
 * (and only then; proc_signal tells which). No time limit.
 */
ssize_t proc_read(int fd, void *to, size_t n);

/*
 * proc_run - runs ARGV (ARGV[0] looked up in PATH) without a shell: standard input /dev/null, no
 * descriptor of ours, own process group, the environment as it is; collects its standard output in
 * OUT (its ceiling is the limit; more is CAUSE_SECRET) and waits. Of its standard error the last
 * line is in the fault when it fails; nothing of it is shown when it does not.
 * Past UNTIL the group is killed. Works with SIGCHLD ignored by the parent.
 * The end of the helper itself counts; what it left running in the background is not waited for.
 * fails: CAUSE_SECRET: cannot start, non-zero status (named), killed, time-out, too much output;
 * CAUSE_INTERRUPTED: a recorded signal. OUT then holds what came so far.
 */
enum cause proc_run(char *const argv[], deadline_ms until, struct buf *out,
                    struct fault *why) ATTR_CHECK;

/*
 * proc_split - splits a command line into words as a shell would: blanks, 'single', "double"
 * quotes and backslash; no expansion of any kind. ARGV's old words go on success only.
 * fails: CAUSE_CONFIG (open quote, backslash at the end, no word; a word that only a shell
 * understands: beginning with | < > & ; 2> ~/ or being $NAME, or with $( or ` in it, unquoted).
 */
struct strv;
enum cause proc_split(const char *line, struct strv *argv, struct fault *why) ATTR_CHECK;

/* proc_protect_memory - no core file, no ptrace by others, from now on: a secret is loaded. */
void proc_protect_memory(void);

#endif
