/*
 * log.c: the one door for diagnostics.
 *
 * Lines go out in one system call each, without stdio: several senders share a terminal or a log
 * file, a line must not be torn, and nothing may stay in a buffer when the process ends. Every
 * error is dropped: a full disk under the log must not turn an accepted mail into a failed one.
 * That is why syslog(3) is not used: it waits for a daemon that does not read, for ever, after the
 * mail was accepted, and who kills us then sends it again.
 */
#include "config.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/xalloc.h"

/* One of the tree's mutable globals: what main said once about where lines go. */
static struct {
    const char *name;
    enum log_target target;
    char *path;
    int syslog_fd;            /* 0 not opened yet, -1 not to be had */
    signed char terminals[3]; /* 0 not asked yet, 1 yes, -1 no */
} state;

void log_start(const char *name)
{
    state.name = name;
}

void log_target_set(enum log_target target, const char *path)
{
    free(state.path);
    state.path = xstrdup(path);
    state.target = target;
}

bool log_is_terminal(int fd)
{
    if (fd < 0 || fd > 2)
        return false;
    if (state.terminals[fd] == 0)
        state.terminals[fd] = isatty(fd) != 0 ? 1 : -1;
    return state.terminals[fd] > 0;
}

/* LINE and its end in one write; a short one is not finished, since others may be between. */
static void put(int fd, const struct buf *line)
{
    char newline[] = {'\n'};
    struct iovec whole[] = {{.iov_base = line->data, .iov_len = line->len},
                            {.iov_base = newline, .iov_len = 1}};
    ssize_t done;

    do {
        done = writev(fd, whole, (int)ARRAY_LEN(whole));
    } while (done < 0 && errno == EINTR);
}

/* Adds printf output as one printable line. */
ATTR_PRINTF(2, 0) static void add_line(struct buf *out, const char *fmt, va_list ap)
{
    char raw[LIMIT_LOG_LINE + 8];
    int n = vsnprintf(raw, sizeof(raw), fmt, ap);

    if (n > 0)
        buf_add_shown(out, raw, strlen(raw));
}

static void add_name(struct buf *out)
{
    const char *name = state.name != NULL ? state.name : "postrider";

    buf_add_shown(out, name, strlen(name));
    buf_add_shown(out, ": ", 2);
}

void log_error(const char *fmt, ...)
{
    struct buf line;
    va_list ap;

    buf_init(&line, LIMIT_LOG_LINE);
    add_name(&line);
    va_start(ap, fmt);
    add_line(&line, fmt, ap);
    va_end(ap);
    put(STDERR_FILENO, &line);
    buf_free(&line);
}

void log_fault(const struct fault *why)
{
    const char *hint = fault_hint_text(why);
    struct buf line;

    if (why->cause == CAUSE_NONE)
        return;
    buf_init(&line, LIMIT_LOG_LINE);
    fault_line(why, &line);
    log_error("%s", line.data);
    buf_free(&line);
    if (hint != NULL)
        log_error("hint: %s", hint);
}

/* "2026-01-02T03:04:05+0100 ", the local time as people compare it with other logs. */
static void add_date(struct buf *out)
{
    time_t now = (time_t)clock_now_s();
    struct tm local;
    char text[40];

    if (localtime_r(&now, &local) != NULL &&
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z ", &local) > 0)
        buf_adds(out, text);
}

/* "postrider/PART[PID]: TEXT" */
static void add_entry(struct buf *out, const char *part, const struct buf *text)
{
    buf_addf(out, "postrider/%.37s[%ld]: ", part, (long)getpid());
    buf_add(out, text->data, text->len);
}

/*
 * One datagram in the form of RFC 3164 section 4.1, whose months are English in any locale. It is
 * not connected: so it finds a daemon that was started anew.
 */
static void put_in_syslog(int prio, const char *part, const struct buf *text)
{
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const char *path = state.path != NULL ? state.path : "/dev/log";
    struct sockaddr_un daemon = {.sun_family = AF_UNIX};
    time_t now = (time_t)clock_now_s();
    struct buf line;
    struct tm local;

    if (state.syslog_fd == 0)
        state.syslog_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (state.syslog_fd < 0 || strlen(path) >= sizeof(daemon.sun_path) ||
        localtime_r(&now, &local) == NULL || local.tm_mon < 0 || local.tm_mon > 11)
        return;
    memcpy(daemon.sun_path, path, strlen(path));
    buf_init(&line, LIMIT_LOG_LINE + 128);
    buf_addf(&line, "<%d>%s %2d %02d:%02d:%02d ", LOG_MAIL | LOG_PRI(prio), months[local.tm_mon],
             local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec);
    add_entry(&line, part, text);
    (void)sendto(state.syslog_fd, line.data, line.len, MSG_NOSIGNAL, (struct sockaddr *)&daemon,
                 sizeof(daemon));
    buf_free(&line);
}

static void put_in_file(const char *part, const struct buf *text)
{
    struct buf line;
    int fd = -1;

    /* Opened at each line: rotation needs no signal. O_NONBLOCK: a FIFO nobody reads must not
     * hold a mail back. O_NOFOLLOW: no link may choose the file. */
    if (state.path != NULL)
        fd = open(state.path,
                  O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
                  0600);
    if (fd < 0)
        return;
    buf_init(&line, LIMIT_LOG_LINE + 128);
    add_date(&line);
    add_entry(&line, part, text);
    put(fd, &line);
    close(fd);
    buf_free(&line);
}

static void put_on_stderr(const char *part, const struct buf *text)
{
    struct buf line;

    buf_init(&line, LIMIT_LOG_LINE + 128);
    add_entry(&line, part, text);
    put(STDERR_FILENO, &line);
    buf_free(&line);
}

void log_line(int prio, const char *part, const char *fmt, ...)
{
    struct buf text;
    va_list ap;

    if (state.target == LOG_TO_NONE)
        return;
    buf_init(&text, LIMIT_LOG_LINE);
    va_start(ap, fmt);
    add_line(&text, fmt, ap);
    va_end(ap);
    switch (state.target) {
    case LOG_TO_SYSLOG:
        put_in_syslog(prio, part, &text);
        break;
    case LOG_TO_STDERR:
        put_on_stderr(part, &text);
        break;
    case LOG_TO_FILE:
        put_in_file(part, &text);
        break;
    case LOG_TO_NONE:
        break;
    }
    buf_free(&text);
}
