/*
 * test_proc.c: helpers, signals and waiting. Time limits are either 0 or far away: nothing here
 * depends on how fast the machine is.
 */
#include "config.h"

#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/securebits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/strv.h"
#include "base/who.h"
#include "tap.h"

#define FAR 60000

static struct fault why;
static int asked;

/* Runs a command line; its output in OUT (initialised here). */
static enum cause run(const char *line, size_t ceiling, int64_t ms, struct buf *out)
{
    struct strv argv = {0};
    enum cause cause = proc_split(line, &argv, &why);

    buf_init_secret(out, ceiling);
    if (cause == CAUSE_NONE)
        cause = proc_run(argv.v, deadline_in(ms), out, &why);
    strv_free(&argv);
    return cause;
}

static void test_run(void)
{
    static const struct {
        const char *line;
        enum cause cause;
        const char *want, *why; /* the output, or words of the fault */
    } cases[] = {
        {"echo secret", CAUSE_NONE, "secret\n", "the output"},
        {"sh -c 'printf \"a\\0b\"'", CAUSE_NONE, "a", "a NUL in it"},
        {"true", CAUSE_NONE, "", "none"},
        {"cat", CAUSE_NONE, "", "standard input is empty"},
        {"sh -c 'echo x; exit 3'", CAUSE_SECRET, "sh ended with status 3", "a status"},
        {"false hunter2", CAUSE_SECRET, "false ended with status 1", "arguments stay unsaid"},
        {"sh -c 'kill -9 $$'", CAUSE_SECRET, "sh was killed by signal 9", "a signal"},
        {"./not/there", CAUSE_SECRET, "cannot start ./not/there: No such file", "no such program"},
        {"no-such-program", CAUSE_SECRET, "cannot start no-such-program: No such file", "in PATH"},
        {"/", CAUSE_SECRET, "cannot start /: ", "no program at all"},
        {"sh -c 'exec 1>&-; exit 4'", CAUSE_SECRET, "status 4", "output closed early"},
        {"sh -c 'kill -TERM $$; kill -PIPE $$; echo on'", CAUSE_SECRET, "killed by signal 15",
         "signals are not blocked"},
        {"sh -c 'kill -PIPE $$; echo on'", CAUSE_SECRET, "killed by signal 13",
         "our ignored signals are not the helper's"},
    };
    struct buf out;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        is_int(run(cases[i].line, 1000, FAR, &out), cases[i].cause, cases[i].line);
        if (cases[i].cause == CAUSE_NONE)
            is_str(out.data, cases[i].want, cases[i].why);
        else
            ok(strstr(why.text.data, cases[i].want) != NULL, "%s: %s", cases[i].why, why.text.data);
        buf_free(&out);
    }
    ok(strstr(why.text.data, "hunter2") == NULL, "no argument is ever named");
    is_int(run("no-such-program", 10, FAR, &out), CAUSE_SECRET, "no such program");
    is_str(fault_hint_text(&why), "it must be in PATH, or an absolute path; there is no shell here",
           "has a hint");
    is_int(why.err, ENOENT, "and an errno");
    buf_free(&out);
    /* The one left behind outlives the deadline: waiting for it would be a failure. */
    is_int(run("sh -c 'echo pw; sleep 20 2>/dev/null &'", 10, 15000, &out), CAUSE_NONE,
           "a child left behind is not waited for");
    is_str(out.data, "pw\n", "its output is complete");
    buf_free(&out);
}

/* Nothing of it is ours: neither what it says nor, by a child left behind, how long it is open. */
static void test_helper_errors(void)
{
    static const struct {
        const char *line, *want, *why; /* the whole fault, NULL: none */
    } cases[] = {
        {"sh -c 'echo no key >&2; exit 2'", "sh ended with status 2: \"no key\"", "its words"},
        {"sh -c 'echo a >&2; echo b >&2; exit 2'", "sh ended with status 2: \"b\"",
         "the last line"},
        {"sh -c 'printf \"a\\n b \\r\\n\\n \\n\" >&2; exit 2'", "sh ended with status 2: \"b\"",
         "the last one with words"},
        {"sh -c 'printf \"a\\033[2J\\000b\" >&2; exit 2'",
         "sh ended with status 2: \"a\\x1b[2J\\x00b\"", "made printable"},
        {"sh -c 'printf \"\\n\\n\" >&2; exit 2'", "sh ended with status 2", "no words"},
        {"sh -c 'echo on its way >&2; kill -9 $$'", "sh was killed by signal 9: \"on its way\"",
         "words before a signal"},
        {"sh -c 'echo pw; exit 2'", "sh ended with status 2", "never its standard output"},
        {"sh -c 'echo warning >&2; echo pw'", NULL, "nothing of a success"},
        {"sh -c 'i=0; while [ $i -lt 20000 ]; do echo $i-abcdefgh; i=$((i+1)); done >&2; exit 2'",
         "sh ended with status 2: \"19999-abcdefgh\"", "the last line of many"},
        {"sh -c 'head -c 300000 /dev/zero | tr \"\\0\" x >&2'", NULL, "more than any pipe holds"},
    };
    struct stat st;
    struct buf out;
    char path[] = "/tmp/proc.XXXXXX";
    int own = dup(STDERR_FILENO), file = mkostemp(path, O_CLOEXEC);

    unlink(path);
    dup2(file, STDERR_FILENO);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        enum cause cause = run(cases[i].line, 1000, FAR, &out);

        is_int(cause, cases[i].want != NULL ? CAUSE_SECRET : CAUSE_NONE, cases[i].why);
        if (cause != CAUSE_NONE)
            is_str(why.text.data, cases[i].want, cases[i].line);
        buf_free(&out);
    }
    is_int(run("sh -c 'head -c 5000 /dev/zero | tr \"\\0\" x >&2; exit 2'", 10, FAR, &out),
           CAUSE_SECRET, "a line without end");
    ok(why.text.len > 1000 && why.text.len < 1200, "is cut: %zu octets", why.text.len);
    buf_free(&out);
    is_int(run("sh -c 'while :; do echo x; done >&2'", 10, 100, &out), CAUSE_SECRET,
           "a flood of words ends at the deadline");
    buf_free(&out);
    is_int(run("sh -c 'sleep 20 & echo pw'", 10, 15000, &out), CAUSE_NONE,
           "a child left behind with everything open is not waited for");
    buf_free(&out);
    ok(fstat(STDERR_FILENO, &st) == 0 && st.st_size == 0, "our standard error got nothing");
    dup2(own, STDERR_FILENO);
    close(own);
    close(file);
}

static void test_limits(void)
{
    struct buf out;

    is_int(run("echo 1234567", 8, FAR, &out), CAUSE_NONE, "output up to the ceiling");
    is_str(out.data, "1234567\n", "all of it");
    buf_free(&out);
    is_int(run("echo 12345678", 8, FAR, &out), CAUSE_SECRET, "one octet more");
    is_str(why.text.data, "echo wrote more than 8 octets", "is too much");
    buf_free(&out);
    is_int(run("yes", 5000, FAR, &out), CAUSE_SECRET, "endless output ends");
    buf_free(&out);
    is_int(run("sh -c 'sleep 50; true'", 100, 0, &out), CAUSE_SECRET, "a deadline that is over");
    is_str(why.text.data, "sh did not end in time", "says so");
    buf_free(&out);
    is_int(run("sh -c 'trap \"\" TERM INT HUP; sleep 50; true'", 100, 30, &out), CAUSE_SECRET,
           "a helper that ignores signals ends as well");
    buf_free(&out);
}

static void test_descriptors(void)
{
    int leak = open("/dev/null", O_RDONLY); /* not close-on-exec, as a caller may leave it */
    int high = fcntl(leak, F_DUPFD, 200);
    struct buf out;

    run("sh -c 'for i in 0 1 2 3 4 5 6 7 8 9 200 201; do test -e /proc/$$/fd/$i && echo $i; done; "
        "true'",
        100, FAR, &out);
    ok(leak > 2 && high >= 200, "two descriptors are left open");
    is_str(out.data, "0\n1\n2\n", "a helper has three");
    buf_free(&out);
    close(leak);
    close(high);
    run("sh -c 'cut -d\" \" -f5 /proc/$$/stat'", 100, FAR, &out);
    ok(atol(out.data) > 0 && atol(out.data) != getpgrp(), "and a process group of its own");
    buf_free(&out);
    signal(SIGCHLD, SIG_IGN);
    is_int(run("sh -c 'exit 5'", 100, FAR, &out), CAUSE_SECRET, "with SIGCHLD ignored");
    is_str(why.text.data, "sh ended with status 5", "the status is known, too");
    buf_free(&out);
}

static void test_poll(void)
{
    struct pollfd p = {.events = POLLIN};
    int ends[2];
    char c;

    if (pipe(ends) != 0)
        return;
    p.fd = ends[0];
    is_int(proc_poll(&p, 1, deadline_in(0), false), 0, "nothing is ready at the deadline");
    is_int(proc_poll(NULL, 0, clock_mono_ms() - 5, false), 0, "a passed deadline ends at once");
    is_int(write(ends[1], "x", 1), 1, "an octet");
    is_int(proc_poll(&p, 1, DEADLINE_NEVER, false), 1, "makes it ready");
    is_int(proc_poll(&p, 1, clock_mono_ms() - 5, false), 1, "even past the deadline");
    ok(proc_read(ends[0], &c, 1) == 1 && c == 'x', "proc_read reads it");
    close(ends[1]);
    is_int(proc_read(ends[0], &c, 1), 0, "and the end");
    close(ends[0]);
    ok(proc_read(-1, &c, 1) == -1 && errno == EBADF, "and a wrong descriptor");
}

/* The exit status of a child that runs ACT. */
static int status_of(int (*act)(void))
{
    int status = -1;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0)
        _exit(act());
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static int signal_between(void)
{
    struct pollfd p = {.events = POLLIN, .fd = open("/dev/zero", O_RDONLY)};
    struct buf out;

    raise(SIGHUP); /* in no wait: it must not get lost */
    if (proc_poll(NULL, 0, DEADLINE_NEVER, false) != -1 || proc_signal() != SIGHUP)
        return 1;
    raise(SIGTERM);
    if (proc_signal() != SIGHUP) /* the first counts */
        return 2;
    if (proc_poll(NULL, 0, deadline_in(1), true) != 0)
        return 3;
    if (proc_poll(&p, 1, DEADLINE_NEVER, true) != 1)
        return 4;
    if (proc_poll(&p, 1, DEADLINE_NEVER, false) != -1)
        return 5;
    if (run("sh -c 'sleep 50; true'", 10, FAR, &out) != CAUSE_INTERRUPTED)
        return 6;
    buf_free(&out);
    return proc_read(p.fd, &p, 1) == -1 && errno == EINTR ? 0 : 7;
}

static int signal_while_ready(void)
{
    struct pollfd p = {.events = POLLIN, .fd = open("/dev/zero", O_RDONLY)};

    raise(SIGINT); /* ppoll(2) delivers none while something is ready */
    return proc_poll(&p, 1, DEADLINE_NEVER, false) == -1 && proc_signal() == SIGINT ? 0 : 1;
}

/* In place of the library's: counts how often the kernel is asked for a pending signal. */
int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
    asked++;
    return (int)syscall(SYS_rt_sigtimedwait, set, info, timeout, (size_t)_NSIG / 8);
}

static int signal_unasked(void)
{
    struct pollfd p = {.events = POLLIN, .fd = open("/dev/zero", O_RDONLY)};
    char c;

    asked = 0;
    if (proc_poll(&p, 1, DEADLINE_NEVER, false) != 1 || proc_read(p.fd, &c, 1) != 1 ||
        proc_poll(NULL, 0, deadline_in(1), false) != 0)
        return 1;
    if (asked != 0)
        return 2;
    raise(SIGHUP);
    return proc_poll(&p, 1, DEADLINE_NEVER, false) == -1 && asked == 1 ? 0 : 3;
}

static int signal_among_many(void)
{
    struct pollfd many[40];
    int zero = open("/dev/zero", O_RDONLY);

    for (size_t i = 0; i < ARRAY_LEN(many); i++)
        many[i] = (struct pollfd){.events = POLLIN, .fd = zero};
    if (proc_poll(many, 3, DEADLINE_NEVER, false) != 3 || many[2].revents != POLLIN)
        return 1;
    if (proc_poll(many, ARRAY_LEN(many), DEADLINE_NEVER, false) != ARRAY_LEN(many))
        return 2;
    raise(SIGTERM);
    if (proc_poll(many, 3, DEADLINE_NEVER, true) != 3 ||
        proc_poll(NULL, 0, deadline_in(0), true) != 0)
        return 3;
    raise(SIGHUP);
    if (proc_poll(many, ARRAY_LEN(many), DEADLINE_NEVER, false) != -1 || proc_signal() != SIGTERM)
        return 4;
    return 0;
}

static int signal_among_few(void)
{
    struct pollfd two[2] = {{.events = POLLIN}, {.events = POLLOUT}};

    two[0].fd = open("/dev/zero", O_RDONLY);
    two[1].fd = open("/dev/null", O_WRONLY);
    if (proc_poll(two, 2, DEADLINE_NEVER, false) != 2)
        return 1;
    raise(SIGHUP);
    if (proc_poll(two, 2, DEADLINE_NEVER, false) != -1 || proc_signal() != SIGHUP)
        return 2;
    return proc_poll(NULL, 0, DEADLINE_NEVER, false) == -1 ? 0 : 3;
}

/* Without a descriptor to spare for it, signals are noticed all the same. */
static int signal_without_descriptor(void)
{
    struct pollfd p = {.events = POLLIN, .fd = open("/dev/zero", O_RDONLY)};

    for (int fd = 3; fd < 100; fd++)
        if (fd != p.fd)
            close(fd);
    if (proc_poll(&p, 1, DEADLINE_NEVER, false) != 1)
        return 1;
    raise(SIGINT);
    return proc_poll(&p, 1, DEADLINE_NEVER, false) == -1 && proc_signal() == SIGINT ? 0 : 2;
}

static int signal_while_waiting(void)
{
    pid_t parent = getpid(), pid = fork();

    if (pid == 0) {
        kill(parent, SIGTERM);
        _exit(0);
    }
    if (proc_poll(NULL, 0, DEADLINE_NEVER, false) != -1)
        return 1;
    waitpid(pid, NULL, 0);
    return proc_signal() == SIGTERM ? 0 : 2;
}

static int signal_held(void)
{
    raise(SIGTERM);
    if (proc_poll(NULL, 0, deadline_in(1), true) != 0)
        return 1;
    return proc_signal() == SIGTERM ? 0 : 2;
}

static int ignored_stays_ignored(void)
{
    signal(SIGHUP, SIG_IGN);
    signal(SIGINT, SIG_DFL);
    proc_start();
    raise(SIGHUP);
    if (proc_poll(NULL, 0, deadline_in(0), false) != 0 || proc_signal() != 0)
        return 1;
    raise(SIGPIPE);
    raise(SIGXFSZ);
    raise(SIGINT);
    return proc_signal() == SIGINT ? 0 : 2;
}

static int all_unblocked(void)
{
    sigset_t set;

    sigfillset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
    proc_start();
    sigprocmask(SIG_SETMASK, NULL, &set);
    return sigismember(&set, SIGALRM) == 0 && sigismember(&set, SIGCHLD) == 0 &&
                   sigismember(&set, SIGTERM) == 1
               ? 0
               : 1;
}

/*
 * Makes proc_start drop ids: real UID and GID below effective and saved ones of root, or with
 * TURNED the other way round. As an ordinary user nothing can be set up, and nothing is tested.
 */
static int drop(uid_t uid, gid_t gid, bool turned)
{
    uid_t other = turned ? uid : 0, r, e, s;
    gid_t other_gid = turned ? gid : 0, rg, eg, sg;
    struct who w;

    if (turned)
        uid = gid = 0;
    if (setresgid(gid, other_gid, other_gid) != 0 || setresuid(uid, other, other) != 0)
        return 0;
    proc_start();
    if (getresuid(&r, &e, &s) != 0 || r != uid || e != uid || s != uid)
        return 1;
    if (getresgid(&rg, &eg, &sg) != 0 || rg != gid || eg != gid || sg != gid)
        return 2;
    if (uid != 0 && (seteuid(0) == 0 || (gid != 0 && setegid(0) == 0)))
        return 3;
    who_am_i(&w);
    if (w.uid != uid || w.euid != uid || w.gid != gid)
        return 4;
    who_free(&w);
    return 0;
}

static int drop_user(void)
{
    return drop(65534, 65534, false);
}

static int drop_user_alone(void)
{
    return drop(65534, 0, false);
}

static int drop_group_alone(void)
{
    return drop(0, 65534, false);
}

static int drop_to_root(void)
{
    return drop(65534, 65534, true);
}

static int drop_saved(void)
{
    uid_t r, e, s;

    if (setresuid(65534, 65534, 0) != 0)
        return 0;
    proc_start();
    return getresuid(&r, &e, &s) == 0 && s == 65534 && setuid(0) != 0 ? 0 : 1;
}

/* A privilege to set ids that outlives them: not to be had for good, so nothing runs. */
static int drop_refused(void)
{
    if (setresuid(65534, 0, 0) != 0 ||
        prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) != 0)
        return EX_OSERR;
    proc_start();
    return 0;
}

static int closed_input(void)
{
    char c;

    close(0);
    close(2);
    if (!proc_start())
        return 1;
    if (fcntl(2, F_GETFL) < 0 || read(0, &c, 1) != 0 || write(2, "x", 1) != 1)
        return 2;
    if ((fcntl(0, F_GETFD) & FD_CLOEXEC) != 0)
        return 3;
    return proc_start() ? 4 : 0;
}

static int open_input(void)
{
    close(1);
    return !proc_start() && fcntl(1, F_GETFD) >= 0 ? 0 : 1;
}

static int protect(void)
{
    struct rlimit core;
    struct buf out;

    proc_protect_memory();
    if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
        return 1;
    if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 || core.rlim_max != 0)
        return 2;
    if (run("echo again", 100, FAR, &out) != CAUSE_NONE || !buf_equals(&out, "again\n"))
        return 3;
    buf_free(&out);
    return 0;
}

int main(void)
{
    static const struct {
        int (*act)(void);
        const char *why;
    } children[] = {
        {signal_between, "a signal between two waits ends the next, and is kept"},
        {signal_while_ready, "a signal is seen though descriptors are always ready"},
        {signal_unasked, "a wait is one system call, the look at signals included"},
        {signal_among_few, "a signal is seen in a wait for two"},
        {signal_among_many, "a signal is seen in a wait for many, once it is not held"},
        {signal_without_descriptor, "a signal is seen when its descriptor is gone"},
        {signal_while_waiting, "a signal ends a wait"},
        {signal_held, "a held signal is recorded only"},
        {ignored_stays_ignored, "what the parent ignores stays ignored"},
        {all_unblocked, "blocked signals are unblocked, all but the recorded"},
        {closed_input, "closed descriptors are filled, and a closed input is told"},
        {open_input, "an open input is not"},
        {drop_user, "effective ids go for good"},
        {drop_user_alone, "the user's, too"},
        {drop_group_alone, "and the group's"},
        {drop_to_root, "the real ones are left, whoever they are"},
        {drop_saved, "a saved id goes as well"},
        {protect, "memory is protected and helpers still run"},
    };

    /* Whoever runs the tests may ignore these, and they would stay so. */
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    setenv("PATH", "/usr/bin:/bin", 1);
    proc_start();
    test_run();
    test_helper_errors();
    test_limits();
    test_descriptors();
    test_poll();
    for (size_t i = 0; i < ARRAY_LEN(children); i++)
        is_int(status_of(children[i].act), 0, children[i].why);
    is_int(status_of(drop_refused), EX_OSERR, "ids that could come back end the program");
    fault_free(&why);
    return done_testing();
}
