/*
 * log.h: the one door for diagnostics. Finished lines go out; nothing secret comes in.
 *
 * Standard error gets at most two lines for a fault: "NAME: what happened" and "NAME: hint: what
 * to do". Trouble with the log never changes a result. Only this file asks isatty(3).
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/fault.h"

#include <stdbool.h>

enum log_target { LOG_TO_SYSLOG, LOG_TO_STDERR, LOG_TO_NONE, LOG_TO_FILE };

/* log_start - NAME (borrowed for the process) goes in front of each line on standard error. */
void log_start(const char *name);

/*
 * log_target_set - where log_line writes. PATH: for LOG_TO_FILE, opened O_APPEND at each line; for
 * LOG_TO_SYSLOG the daemon's socket, NULL is /dev/log.
 * Until called: LOG_TO_SYSLOG.
 */
void log_target_set(enum log_target target, const char *path);

/* log_is_terminal - isatty for descriptor 0, 1 or 2, asked once each. */
bool log_is_terminal(int fd);

/* log_error - one line on standard error, made printable: "NAME: ...". */
void log_error(const char *fmt, ...) ATTR_PRINTF(1, 2);

/* log_fault - the fault on standard error: its line and, when there is one, its hint. */
void log_fault(const struct fault *why);

/*
 * log_line - one line to the log target with the syslog priority PRIO (LOG_INFO...), facility
 * LOG_MAIL, ident "postrider/PART". Never fails, never waits: a line that the syslog daemon cannot
 * take at once is dropped.
 */
void log_line(int prio, const char *part, const char *fmt, ...) ATTR_PRINTF(3, 4);

#endif
