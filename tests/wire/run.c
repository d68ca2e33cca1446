/*
 * run.c: the program wire-run: runs case files, each in a process of its own, and speaks TAP: one
 * point a case, with what differed and the conversation behind it when it failed.
 */
#include "config.h"

#include "certs.h"
#include "octets.h"
#include "room.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOBS_MAX 64

/* A case that runs in a child, its output in a file without a name. */
struct job {
    pid_t pid;
    FILE *text;
    int status;
    bool done;
};

static void start_job(struct job *j, const struct room_settings *set, const char *path)
{
    j->text = tmpfile();
    if (!j->text)
        die("temporary file: %s", strerror(errno));
    (void)fflush(stdout);
    j->pid = fork();
    if (j->pid < 0)
        die("fork: %s", strerror(errno));
    if (j->pid == 0) {
        bool good;

        if (dup2(fileno(j->text), 1) < 0)
            die("dup2: %s", strerror(errno));
        good = room_run(set, path);
        (void)fflush(stdout);
        _exit(good ? 0 : 1);
    }
}

/* "ok N - TITLE" and the report; TITLE is the first line of what the job printed. */
static bool print_job(struct job *j, size_t number, const char *path)
{
    bool good = WIFEXITED(j->status) && WEXITSTATUS(j->status) == 0;
    char *line = NULL;
    size_t cap = 0;

    rewind(j->text);
    printf("%sok %zu - ", good ? "" : "not ", number);
    if (getline(&line, &cap, j->text) < 0)
        printf("%s: could not be run\n", path);
    else
        fputs(line, stdout);
    while (getline(&line, &cap, j->text) >= 0)
        fputs(line, stdout);
    (void)fflush(stdout);
    free(line);
    (void)fclose(j->text);
    return good;
}

static size_t reap(struct job *jobs, size_t n)
{
    int status = 0;
    pid_t pid = wait(&status);
    size_t i;

    if (pid < 0 && errno != EINTR)
        die("wait: %s", strerror(errno));
    /* Process ids come round within one run: a job that is done has given its own back. */
    for (i = 0; i < n && pid > 0; i++) {
        if (!jobs[i].done && jobs[i].pid == pid) {
            jobs[i].status = status;
            jobs[i].done = true;
            return 1;
        }
    }
    return 0;
}

static bool run_all(const struct room_settings *set, char **paths, size_t n)
{
    struct job *jobs = calloc(n, sizeof *jobs);
    size_t started = 0, printed = 0, running = 0;
    bool good = true;

    if (!jobs)
        die("out of memory");
    while (printed < n) {
        if (started < n && running < (size_t)set->jobs) {
            start_job(&jobs[started], set, paths[started]);
            started++;
            running++;
            continue;
        }
        if (jobs[printed].done) {
            good = print_job(&jobs[printed], printed + 1, paths[printed]) && good;
            printed++;
            continue;
        }
        running -= reap(jobs, started);
    }
    free(jobs);
    printf("1..%zu\n", n);
    return good;
}

static char *absolute(const char *path)
{
    char *p = realpath(path, NULL);

    if (!p)
        die("%s: %s", path, strerror(errno));
    return p;
}

__attribute__((noreturn)) static void usage(void)
{
    fputs("usage: wire-run [-j JOBS] [-c CERTS] [-k] [-v] CASE...\n"
          "  $POSTRIDER is the program under test [./postrider]; -k keeps the folders, -v shows\n"
          "  the conversations\n",
          stderr);
    exit(64);
}

int main(int argc, char **argv)
{
    const char *program = getenv("POSTRIDER"), *certs = getenv("WIRE_CERTS");
    struct room_settings set = {.jobs = 1};
    bool good;
    int opt;

    while ((opt = getopt(argc, argv, "j:c:kv")) != -1) {
        if (opt == 'j')
            set.jobs = strtol(optarg, NULL, 10);
        else if (opt == 'c')
            certs = optarg;
        else if (opt == 'k')
            set.keep = true;
        else if (opt == 'v')
            set.verbose = true;
        else
            usage();
    }
    if (optind >= argc || set.jobs < 1 || set.jobs > JOBS_MAX)
        usage();
    (void)sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    certs = certs && *certs ? certs : "certs";
    certs_ensure(certs);
    set.certs = absolute(certs);
    set.program = absolute(program && *program ? program : "./postrider");
    good = run_all(&set, argv + optind, (size_t)(argc - optind));
    free(set.certs);
    free(set.program);
    return good ? 0 : 1;
}
