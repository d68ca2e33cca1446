/* trace.h: the system calls of one run of a program, counted by tracing it. */
#ifndef TESTS_BENCH_TRACE_H
#define TESTS_BENCH_TRACE_H

#include <stdbool.h>

#define TRACE_NUMBERS 512 /* of system calls; the few above count as the last */

struct trace_count {
    unsigned all;
    unsigned own; /* from umask(2) on, the program's first: neither loader nor libraries' start */
    unsigned own_by_number[TRACE_NUMBERS];
    unsigned children; /* threads and processes it made */
    long peak_kib;     /* of resident memory; 0: not told */
    int status;        /* as waitpid(2) gives it */
};

/* trace_can - whether this machine lets us trace a child and names its calls. */
bool trace_can(void);

/*
 * trace_run - runs ARGV (with a path) with ENVP, standard input from INPUT_FD, both outputs into
 * OUTPUT_FD, to its end.
 */
void trace_run(char *const argv[], char *const envp[], int input_fd, int output_fd,
               struct trace_count *count);

#endif
