/*
 * proc.c: helpers run without a shell, signals, and the one poll(2) of the program.
 *
 * SIGTERM, SIGINT and SIGHUP are blocked except inside ppoll(2): a signal that came between a look
 * at the flag and the wait would otherwise be slept through, threads inherit the block and so never
 * swallow one, and no other system call of the program is cut short by them.
 */
#include "config.h"

#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/xalloc.h"

#define ERRORS_KEPT   4096  /* of what a helper says, the last octets */
#define ERRORS_TURN   65536 /* read at a time: a flood must not keep us from the clock */
#define WATCHED_MOST  8     /* descriptors in one wait that the signals' joins */
#define EXIT_LOOK_MS  20    /* how often a kernel without pidfds is asked for the child */
#define OLD_FDS_LIMIT 65536 /* highest descriptor marked one by one on old kernels */

static const int recorded_signals[] = {SIGTERM, SIGINT, SIGHUP};

/* One of the tree's mutable globals: a handler has no other place to write to. */
static struct {
    volatile sig_atomic_t first; /* of those that came; 0 */
    int fd;                      /* signalfd(2) of the blocked ones; 0 or -1: none */
    bool memory_protected;
} process;

static void record(int sig)
{
    if (process.first == 0)
        process.first = sig;
}

static void set_action(int sig, void (*handler)(int))
{
    struct sigaction act = {.sa_handler = handler};

    sigemptyset(&act.sa_mask);
    sigaction(sig, &act, NULL); /* fails only for numbers that are no signals */
}

/* Records SIG from now on; not one that is ignored (nohup, a background job of a plain shell). */
static bool record_signal(int sig)
{
    struct sigaction act = {.sa_handler = record}, old = {.sa_handler = SIG_DFL};

    sigemptyset(&act.sa_mask);
    sigaction(sig, &act, &old);
    if (old.sa_handler != SIG_IGN)
        return true;
    set_action(sig, SIG_IGN);
    return false;
}

/* Puts something harmless on descriptors 0-2 that the caller closed; true when 0 was. */
static bool fill_standard_descriptors(void)
{
    struct pollfd fds[] = {{.fd = 0}, {.fd = 1}, {.fd = 2}};
    bool input_closed = false;
    bool known = poll(fds, ARRAY_LEN(fds), 0) >= 0; /* one call tells of all three */

    for (int fd = 0; fd <= 2; fd++) {
        int got;

        if (known ? (fds[fd].revents & POLLNVAL) == 0 : fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
            continue;
        input_closed = input_closed || fd == 0;
        got = open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
        if (got < 0) /* a bare chroot: a folder holds the place, too */
            got = open("/", O_RDONLY | O_DIRECTORY);
        if (got != fd) /* else the mail's socket could become standard output */
            _exit(EX_OSERR);
    }
    return input_closed;
}

/*
 * Installed set-id, it would read and run what the real user asks for with another's rights. The
 * real ids count, groups first, while it is allowed; supplementary groups are the real user's.
 */
static void drop_ids(void)
{
    uid_t uid, euid, suid;
    gid_t gid, egid, sgid;
    bool back = false;

    if (getresuid(&uid, &euid, &suid) != 0 || getresgid(&gid, &egid, &sgid) != 0)
        _exit(EX_OSERR);
    if (uid == euid && uid == suid && gid == egid && gid == sgid)
        return;
    if (setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
        _exit(EX_OSERR);
    if (uid != 0) /* to root all ids are open by right */
        back = (euid != uid && seteuid(euid) == 0) || (suid != uid && seteuid(suid) == 0) ||
               (egid != gid && setegid(egid) == 0) || (sgid != gid && setegid(sgid) == 0);
    if (back)
        _exit(EX_OSERR);
}

bool proc_start(void)
{
    bool input_closed;
    sigset_t blocked;

    drop_ids();
    set_action(SIGPIPE, SIG_IGN);
    set_action(SIGXFSZ, SIG_IGN);
    set_action(SIGCHLD, SIG_DFL); /* ignored, it would make waitpid(2) forget the status */
    sigemptyset(&blocked);
    for (size_t i = 0; i < ARRAY_LEN(recorded_signals); i++) {
        if (record_signal(recorded_signals[i]))
            sigaddset(&blocked, recorded_signals[i]);
    }
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    input_closed = fill_standard_descriptors(); /* before any other is opened */
    process.fd = signalfd(process.fd > 0 ? process.fd : -1, &blocked, SFD_CLOEXEC | SFD_NONBLOCK);
    return input_closed;
}

int proc_signal(void)
{
    static const struct timespec at_once = {0};
    sigset_t set;
    int sig;

    if (process.first != 0)
        return process.first;
    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_LEN(recorded_signals); i++)
        sigaddset(&set, recorded_signals[i]);
    sig = sigtimedwait(&set, NULL, &at_once);
    if (sig > 0)
        record(sig);
    return process.first;
}

/*
 * One ppoll(2), -1 and EINTR for a recorded signal that is not held. ppoll delivers no pending
 * signal while a descriptor is ready, and in a session one nearly always is. So the signals have a
 * descriptor among the others; only where that cannot be they are asked for first, at the cost of
 * a system call.
 */
static int poll_once(struct pollfd *fds, nfds_t n, const struct timespec *wait, bool hold_signals)
{
    struct pollfd all[WATCHED_MOST + 1];
    bool watch = !hold_signals && process.fd > 0 && n <= WATCHED_MOST;
    sigset_t open_mask;
    int ready;

    sigemptyset(&open_mask);
    errno = EINTR;
    if (!hold_signals && (watch ? process.first : proc_signal()) != 0)
        return -1;
    if (!watch)
        return ppoll(fds, n, wait, &open_mask);
    for (nfds_t i = 0; i < n; i++)
        all[i] = fds[i];
    all[n] = (struct pollfd){.fd = process.fd, .events = POLLIN};
    ready = ppoll(all, n + 1, wait, &open_mask);
    for (nfds_t i = 0; i < n; i++)
        fds[i].revents = all[i].revents;
    if (ready <= 0 || all[n].revents == 0)
        return ready;
    if (proc_signal() == 0)
        process.fd = -1; /* somebody closed it: from now on without */
    errno = EINTR;
    return process.first != 0 ? -1 : ready - 1;
}

int proc_poll(struct pollfd *fds, nfds_t n, deadline_ms until, bool hold_signals)
{
    for (;;) {
        int left = deadline_left(until);
        struct timespec wait = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000L};
        int ready = poll_once(fds, n, until == DEADLINE_NEVER ? NULL : &wait, hold_signals);

        if (ready > 0)
            return ready;
        /* Out of memory or of descriptors: counts as a wait without result, never as a loop. */
        if (ready < 0 && errno != EINTR)
            return 0;
        if (ready < 0 && !hold_signals && process.first != 0)
            return -1;
        if (ready == 0 && deadline_left(until) == 0)
            return 0;
    }
}

ssize_t proc_read(int fd, void *to, size_t n)
{
    struct pollfd in = {.fd = fd, .events = POLLIN};

    for (;;) {
        ssize_t got;

        /* poll(2) passes over a negative number and would wait for nothing: read(2) says EBADF. */
        if (fd >= 0 && proc_poll(&in, 1, DEADLINE_NEVER, false) < 0) {
            errno = EINTR;
            return -1;
        }
        got = read(fd, to, n);
        /* A terminal or pipe shared with others can be empty again by now. */
        if (got >= 0 || (errno != EINTR && errno != EAGAIN))
            return got;
    }
}

/* A running helper. */
struct child {
    const char *name;
    pid_t pid;
    int out_fd; /* reading end of its standard output, -1 at its end */
    int err_fd; /* the same of its standard error */
    int pid_fd; /* readable when it has ended; -1 on kernels before 5.3 */
    int status; /* of waitpid */
    struct buf errors;
};

/* Every descriptor above 2 closes at the exec: also those that our own caller left open. */
static void mark_descriptors(void)
{
    long most = sysconf(_SC_OPEN_MAX);

    /* Kernels before 5.11 take them one by one. (/proc/self/fd is closed to us once
     * proc_protect_memory has run.) */
    if (syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */) == 0)
        return;
    if (most < 0 || most > OLD_FDS_LIMIT)
        most = OLD_FDS_LIMIT;
    for (int fd = 3; fd < most; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* Starts ARGV with standard output on OUT_FD and error on ERR_FD. Returns 0 or an errno. */
static int spawn(char *const argv[], int out_fd, int err_fd, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, all;
    int err;

    sigemptyset(&none);
    sigfillset(&all); /* ours are handlers or SIG_IGN, and SIG_IGN would outlive the exec */
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                        POSIX_SPAWN_SETSIGDEF);
    err = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (err == 0)
        err = posix_spawn_file_actions_adddup2(&files, out_fd, STDOUT_FILENO);
    if (err == 0)
        err = posix_spawn_file_actions_adddup2(&files, err_fd, STDERR_FILENO);
    mark_descriptors();
    if (err == 0)
        err = posix_spawnp(pid, argv[0], &files, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    return err;
}

static void close_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* A pipe whose reading end, ours, does not block; helpers may expect a blocking one. */
static bool open_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return true;
}

static enum cause start_child(struct child *c, char *const argv[], struct fault *why)
{
    int out[2] = {-1, -1}, errors[2] = {-1, -1};
    int err = open_pipe(out) && open_pipe(errors) ? 0 : errno;

    set_action(SIGCHLD, SIG_DFL);
    if (err == 0)
        err = spawn(argv, out[1], errors[1], &c->pid);
    close_open(out[1]);
    close_open(errors[1]);
    c->out_fd = out[0];
    c->err_fd = errors[0];
    if (err != 0) {
        fault_errno(why, CAUSE_SECRET, err, "cannot start %s", c->name);
        if (err == ENOENT || err == EACCES) /* EACCES: a folder in PATH may be closed to us */
            fault_hint(why, "it must be in PATH, or an absolute path; there is no shell here");
        return CAUSE_SECRET;
    }
    c->pid_fd = (int)syscall(SYS_pidfd_open, c->pid, 0U);
    return CAUSE_NONE;
}

/* Reads what is there now; closes at the end of the output. */
static enum cause read_output(struct child *c, struct buf *out, struct fault *why)
{
    enum { STEP = 1024 };

    while (c->out_fd >= 0) {
        size_t room = out->ceiling - out->len;
        char beyond; /* one octet over the ceiling is enough to know */
        ssize_t got;

        room = room < STEP ? room : STEP;
        buf_reserve(out, room);
        got = read(c->out_fd, room > 0 ? out->data + out->len : &beyond, room > 0 ? room : 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return CAUSE_NONE;
        if (got < 0)
            return fault_errno(why, CAUSE_SECRET, errno, "reading from %s", c->name);
        if (got > 0 && room == 0)
            return fault_set(why, CAUSE_SECRET, "%s wrote more than %zu octets", c->name,
                             out->ceiling);
        if (got > 0) {
            buf_grew(out, (size_t)got);
            continue;
        }
        close(c->out_fd);
        c->out_fd = -1;
    }
    return CAUSE_NONE;
}

/*
 * Reads what it says on standard error; the last octets are kept. It is not ours: it would break
 * the silence of a success, and whoever waits for the end of our standard error would wait for a
 * child that the helper left behind.
 */
static void read_errors(struct child *c)
{
    char block[ERRORS_KEPT];
    size_t total = 0;

    while (c->err_fd >= 0 && total < ERRORS_TURN) {
        ssize_t got = read(c->err_fd, block, sizeof(block));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            break;
        if (got <= 0) {
            close(c->err_fd);
            c->err_fd = -1;
            break;
        }
        total += (size_t)got;
        if (c->errors.len + (size_t)got > c->errors.ceiling)
            buf_drop(&c->errors, c->errors.len + (size_t)got - c->errors.ceiling);
        buf_add(&c->errors, block, (size_t)got);
    }
    xwipe(block, sizeof(block));
}

/* A failure of the helper: FMT and the last line that it said. */
ATTR_PRINTF(3, 4)
static enum cause helper_failed(const struct child *c, struct fault *why, const char *fmt, ...)
{
    const char *at = c->errors.data;
    size_t n = c->errors.len, start;
    struct buf text, words;
    va_list ap;

    while (n > 0 && (unsigned char)at[n - 1] <= ' ')
        n--;
    for (start = n; start > 0 && at[start - 1] != '\n' && at[start - 1] != '\r'; start--)
        ;
    while (start < n && (unsigned char)at[start] <= ' ')
        start++;
    buf_init(&text, LIMIT_FAULT_TEXT);
    buf_init(&words, LIMIT_FAULT_REMOTE);
    va_start(ap, fmt);
    buf_addv(&text, fmt, ap);
    va_end(ap);
    buf_add_shown(&words, at + start, n - start);
    fault_set(why, CAUSE_SECRET, words.len > 0 ? "%s %s: \"%s\"" : "%s %s%s", c->name, text.data,
              words.data);
    buf_free(&words);
    buf_free(&text);
    return CAUSE_SECRET;
}

/*
 * Collects output until the helper itself has ended. Its end counts, not that of its output: an
 * agent that it left behind may hold the pipe open for days.
 */
static enum cause follow(struct child *c, deadline_ms until, struct buf *out, struct fault *why)
{
    for (;;) {
        struct pollfd fds[] = {{.fd = c->out_fd, .events = POLLIN},
                               {.fd = c->err_fd, .events = POLLIN},
                               {.fd = c->pid_fd, .events = POLLIN}};
        deadline_ms look = c->pid_fd >= 0 ? until : deadline_in(EXIT_LOOK_MS);
        pid_t ended = waitpid(c->pid, &c->status, WNOHANG);
        enum cause cause = read_output(c, out, why);

        read_errors(c);
        if (ended != 0)
            c->pid = 0;
        if (cause != CAUSE_NONE)
            return cause;
        if (ended < 0)
            return fault_errno(why, CAUSE_SECRET, errno, "the exit status of %s is lost", c->name);
        if (ended > 0)
            return CAUSE_NONE;
        if (proc_poll(fds, ARRAY_LEN(fds), deadline_earlier(until, look), false) < 0)
            return fault_set(why, CAUSE_INTERRUPTED, "stopped while %s was running", c->name);
        if (deadline_left(until) == 0)
            return helper_failed(c, why, "did not end in time");
    }
}

/* The whole group goes: a helper's helper may be the one that hangs. */
static void end_child(struct child *c)
{
    if (c->pid > 0) {
        kill(-c->pid, SIGKILL);
        while (waitpid(c->pid, &c->status, 0) < 0 && errno == EINTR)
            ;
    }
    close_open(c->out_fd);
    close_open(c->err_fd);
    close_open(c->pid_fd);
}

static enum cause judge(const struct child *c, struct fault *why)
{
    if (WIFSIGNALED(c->status))
        return helper_failed(c, why, "was killed by signal %d", WTERMSIG(c->status));
    if (WEXITSTATUS(c->status) != 0)
        return helper_failed(c, why, "ended with status %d", WEXITSTATUS(c->status));
    return CAUSE_NONE;
}

enum cause proc_run(char *const argv[], deadline_ms until, struct buf *out, struct fault *why)
{
    /* Only the program is ever named: its arguments may hold what nobody should see. */
    struct child c = {.name = argv[0], .out_fd = -1, .err_fd = -1, .pid_fd = -1};
    enum cause cause;

    buf_init_secret(&c.errors, ERRORS_KEPT);
    cause = start_child(&c, argv, why);
    if (cause == CAUSE_NONE)
        cause = follow(&c, until, out, why);
    end_child(&c);
    if (cause == CAUSE_NONE)
        cause = judge(&c, why);
    buf_free(&c.errors);
    return cause;
}

void proc_protect_memory(void)
{
    static const struct rlimit none = {0, 0};

    if (process.memory_protected)
        return;
    process.memory_protected = true;
    /* Best effort: where the kernel refuses, the mail is still worth sending. */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    setrlimit(RLIMIT_CORE, &none);
}
