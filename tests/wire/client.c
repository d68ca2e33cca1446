/*
 * client.c: runs the program under test. This side keeps the reading end of the input pipe open as
 * well, so that a program that ends early cannot break the feeding, and what it left unread can be
 * counted: callers die when their sendmail does not read all they write.
 */
#include "config.h"

#include "client.h"

#include "peer.h"
#include "summons.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

struct pipes {
    int in[2], out[2], err[2]; /* [0] reads; -1: not open */
};

static void make_pipe(int ends[2])
{
    if (pipe(ends) != 0 || fcntl(ends[0], F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(ends[1], F_SETFD, FD_CLOEXEC) != 0)
        die("pipe: %s", strerror(errno));
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* The descriptor that becomes standard input; -1: none. */
static int open_input(const struct client *c, struct pipes *p)
{
    struct octets path = {0};
    int fd = -1;

    switch (c->input) {
    case INPUT_PIPE:
        make_pipe(p->in);
        if (fcntl(p->in[1], F_SETFL, O_NONBLOCK) != 0)
            die("pipe: %s", strerror(errno));
        return p->in[0];
    case INPUT_CLOSED:
        return -1;
    case INPUT_NULL:
        fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        break;
    case INPUT_DIRECTORY:
        fd = open(c->dir, O_RDONLY | O_CLOEXEC);
        break;
    case INPUT_FILE:
        octets_printf(&path, "%s/input", c->dir);
        if (octets_save(&c->given, path.p, 0600))
            fd = open(path.p, O_RDONLY | O_CLOEXEC);
        octets_free(&path);
        break;
    }
    if (fd < 0)
        die("standard input: %s", strerror(errno));
    return fd;
}

__attribute__((noreturn)) static void become(const struct client *c, int in, const struct pipes *p)
{
    static const int reset[] = {SIGPIPE, SIGCHLD, SIGINT, SIGTERM, SIGHUP};
    size_t i;

    for (i = 0; i < sizeof reset / sizeof reset[0]; i++)
        (void)sigaction(reset[i], &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    (void)setpgid(0, 0);
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0});
    if (chdir(c->dir) != 0 || dup2(p->out[1], 1) < 0 || dup2(p->err[1], 2) < 0)
        _exit(99);
    if (in >= 0) {
        if (dup2(in, 0) < 0)
            _exit(99);
    } else {
        close(0);
    }
    execve(c->argv[0], c->argv, c->envp);
    (void)!write(2, "cannot execute the program under test\n", 38);
    _exit(99);
}

/* Moves what can be moved; false when all pipes are done with. */
static bool move(struct client *c, struct pipes *p, size_t *fed)
{
    struct octets *to[2] = {&c->out, &c->err};
    int *from[2] = {&p->out[0], &p->err[0]};
    char block[16384];
    ssize_t n;
    size_t i;

    for (i = 0; i < 2; i++) {
        if (*from[i] < 0)
            continue;
        n = read(*from[i], block, sizeof block);
        if (n > 0)
            octets_add(to[i], block, (size_t)n);
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
            close_end(from[i]);
    }
    if (p->in[1] >= 0) {
        n = write(p->in[1], octets_text(&c->given) + *fed, c->given.n - *fed);
        if (n > 0)
            *fed += (size_t)n;
        if (*fed == c->given.n)
            close_end(&p->in[1]);
    }
    return p->out[0] >= 0 || p->err[0] >= 0;
}

static void wait_a_little(const struct pipes *p, int64_t ms)
{
    struct pollfd pfd[3] = {{.fd = p->out[0], .events = POLLIN},
                            {.fd = p->err[0], .events = POLLIN},
                            {.fd = p->in[1], .events = POLLOUT}};

    (void)poll(pfd, 3, ms < 0 ? 0 : ms > 1000 ? 1000 : (int)ms);
}

/* Feeds and listens until both outputs are closed or the time is up. */
static void attend(struct client *c, struct pipes *p, int64_t until, pid_t pid)
{
    size_t fed = 0;
    int left = 0;

    while (move(c, p, &fed)) {
        if (peer_now_ms() >= until) {
            c->killed = true;
            (void)kill(-pid, SIGKILL);
            (void)kill(pid, SIGKILL);
            until += 1000;
            if (peer_now_ms() >= until)
                break;
        }
        wait_a_little(p, until - peer_now_ms());
    }
    if (p->in[0] >= 0) {
        if (ioctl(p->in[0], FIONREAD, &left) == 0)
            c->unread = (size_t)left;
        c->unread += c->given.n - fed;
    }
}

static void collect(struct client *c, pid_t pid, int64_t until)
{
    siginfo_t info = {.si_pid = 0};
    int status = 0;

    /* It stays a zombie, whose number nobody else can have, until nobody can mean it any more. */
    while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0) {
        if (peer_now_ms() >= until && !c->killed) {
            c->killed = true;
            (void)kill(-pid, SIGKILL);
            (void)kill(pid, SIGKILL);
        }
        (void)poll(NULL, 0, 1);
    }
    if (c->out_dir)
        (void)summons_gone(c->out_dir);
    (void)waitpid(pid, &status, 0);
    c->status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

void client_run(struct client *c)
{
    struct pipes p = {{-1, -1}, {-1, -1}, {-1, -1}};
    int64_t began, until;
    int in = open_input(c, &p);
    pid_t pid;

    make_pipe(p.out);
    make_pipe(p.err);
    if (fcntl(p.out[0], F_SETFL, O_NONBLOCK) != 0 || fcntl(p.err[0], F_SETFL, O_NONBLOCK) != 0)
        die("pipe: %s", strerror(errno));
    if (c->out_dir)
        summons_expect(c->out_dir);
    began = peer_now_ms();
    until = began + c->limit_ms;
    pid = fork();
    if (pid < 0)
        die("fork: %s", strerror(errno));
    if (pid == 0)
        become(c, in, &p);
    if (c->out_dir && !summons_leave(c->out_dir, pid))
        die("%s: %s", c->out_dir, strerror(errno));
    close_end(&p.out[1]);
    close_end(&p.err[1]);
    if (in >= 0 && in != p.in[0])
        close(in);
    attend(c, &p, until, pid);
    collect(c, pid, until);
    c->took_ms = peer_now_ms() - began;
    close_end(&p.in[0]);
    close_end(&p.in[1]);
    close_end(&p.out[0]);
    close_end(&p.err[0]);
}
