/* ride.c: see ride.h. */
#include "config.h"

#include "ride.h"

#include "certs.h"
#include "octets.h"
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_MS 20000

static char *absolute(const char *env, const char *fallback)
{
    const char *path = getenv(env);
    char *found;

    path = path ? path : fallback;
    found = realpath(path, NULL);
    if (!found)
        die("%s: %s", path, strerror(errno));
    return found;
}

char *ride_program(void)
{
    return absolute("POSTRIDER", "./postrider");
}

char *ride_certs(void)
{
    const char *path = getenv("WIRE_CERTS");

    certs_ensure(path ? path : "certs");
    return absolute("WIRE_CERTS", "certs");
}

static void make_folder(const struct ride *r, const char *name)
{
    struct octets path = {0};

    octets_printf(&path, "%s/%s", r->dir, name);
    if (mkdir(path.p, 0700) != 0)
        die("%s: %s", path.p, strerror(errno));
    octets_free(&path);
}

/* The server leads a life of its own, and ends with us however we end. */
static pid_t start_server(const struct serve_params *p)
{
    pid_t pid;

    (void)fflush(stdout); /* or the child would say it again */
    pid = fork();
    if (pid < 0)
        die("fork: %s", strerror(errno));
    if (pid > 0)
        return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    serve_forever(p);
    _exit(0);
}

void ride_begin(struct ride *r, const struct serve_params *p)
{
    const char *tmp = getenv("TMPDIR");
    struct serve_params serve = *p;

    *r = (struct ride){.server = -1};
    snprintf(r->dir, sizeof r->dir, "%s/ride-XXXXXX", tmp && strlen(tmp) < 40 ? tmp : "/tmp");
    if (!mkdtemp(r->dir))
        die("%s: %s", r->dir, strerror(errno));
    make_folder(r, "home");
    make_folder(r, "homeless");
    make_folder(r, "store");
    snprintf(r->store, sizeof r->store, "%s/store", r->dir);
    serve.store = r->store;
    serve.listen_fd = peer_listen(NULL, &r->server_port);
    r->server = start_server(&serve);
    (void)close(serve.listen_fd);
    r->listen_fd = peer_listen(NULL, &r->port);
}

/* Whether the server has the message of this ride. */
static bool has_message(void *arg)
{
    const struct ride *r = arg;
    struct octets path = {0};
    bool has;

    octets_printf(&path, "%s/%u.eml", r->store, r->rides + 1);
    has = access(path.p, F_OK) == 0;
    octets_free(&path);
    return has;
}

__attribute__((noreturn)) static void become(const struct ride *r, char *const argv[],
                                             char *const envp[], int input_fd)
{
    struct octets path = {0};
    int out;

    octets_printf(&path, "%s/said", r->dir);
    out = open(path.p, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (out < 0 || dup2(input_fd, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
        _exit(99);
    if (out > 2)
        (void)close(out);
    (void)sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    execvpe(argv[0], argv, envp);
    (void)!write(2, "cannot execute the client\n", 26);
    _exit(99);
}

bool ride_run(struct ride *r, char *const argv[], char *const envp[], int input_fd, int delay_ms,
              struct relay_count *count)
{
    struct relay_params p = {.listen_fd = r->listen_fd,
                             .port = r->port,
                             .server_port = r->server_port,
                             .server = r->server,
                             .delay_ms = delay_ms,
                             .accepted = has_message,
                             .arg = r,
                             .limit_ms = LIMIT_MS};

    p.client = fork();
    if (p.client < 0)
        die("fork: %s", strerror(errno));
    if (p.client == 0)
        become(r, argv, envp, input_fd);
    relay_run(&p, count);
    if (!WIFEXITED(count->status) || WEXITSTATUS(count->status) != 0 || !has_message(r))
        return false;
    r->rides++;
    return true;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

void ride_end(struct ride *r)
{
    (void)kill(r->server, SIGKILL);
    (void)waitpid(r->server, NULL, 0);
    (void)close(r->listen_fd);
    (void)nftw(r->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
