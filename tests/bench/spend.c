/*
 * spend.c: what a command spends: runs it N times with the message on standard input, one run after
 * the other, and prints the medians of wall time and processor time in ms, and the largest
 * resident memory in KiB. Says little on a busy machine; compare within one run.
 */
#include "config.h"

#include "octets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS_MOST 1000

static double now_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1000 + (double)ts.tv_nsec / 1e6;
}

static double ms_of(struct timeval t)
{
    return (double)t.tv_sec * 1000 + (double)t.tv_usec / 1000;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* One run; returns its wall time. */
static double run_once(char **argv, struct rusage *used)
{
    double began = now_ms();
    pid_t pid;
    int status;

    if (lseek(0, 0, SEEK_SET) != 0)
        die("spend: the message must be a file");
    pid = fork();
    if (pid < 0)
        die("fork: %s", strerror(errno));
    if (pid == 0) {
        (void)dup2(2, 1); /* swaks talks; what we print is not its business */
        execvp(argv[0], argv);
        _exit(99);
    }
    if (wait4(pid, &status, 0, used) != pid || status != 0)
        die("spend: %s ended with status %d", argv[0], status);
    return now_ms() - began;
}

int main(int argc, char **argv)
{
    static double wall[RUNS_MOST], cpu[RUNS_MOST];
    long runs = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
    long peak = 0;

    if (runs < 1 || runs > RUNS_MOST)
        die("usage: spend RUNS COMMAND... <MESSAGE");
    for (long i = 0; i < runs; i++) {
        struct rusage used;

        wall[i] = run_once(argv + 2, &used);
        cpu[i] = ms_of(used.ru_utime) + ms_of(used.ru_stime);
        peak = used.ru_maxrss > peak ? used.ru_maxrss : peak;
    }
    qsort(wall, (size_t)runs, sizeof wall[0], by_size);
    qsort(cpu, (size_t)runs, sizeof cpu[0], by_size);
    printf("%.2f %.2f %ld\n", wall[runs / 2], cpu[runs / 2], peak);
    return 0;
}
