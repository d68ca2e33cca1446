/* trace.c: see trace.h. The kernel stops the child at each call and tells which it is. */
#include "config.h"

#include "trace.h"

#include "octets.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* ptrace(2), PTRACE_GET_SYSCALL_INFO; the C libraries disagree about the name of the struct. */
#define GET_CALL    0x420e
#define CALL_BEGINS 1

struct call_info {
    uint8_t op, pad[3];
    uint32_t arch;
    uint64_t ip, sp, nr, args[6];
};

#define OPTIONS                                                                                    \
    (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |       \
     PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL)

__attribute__((noreturn)) static void become(char *const argv[], char *const envp[], int input_fd,
                                             int output_fd)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 || dup2(input_fd, 0) < 0 ||
        dup2(output_fd, 1) < 0 || dup2(output_fd, 2) < 0)
        _exit(99);
    (void)raise(SIGSTOP);
    execve(argv[0], argv, envp);
    _exit(99);
}

/* A call begins, or ends: only the beginning counts. */
static void note_call(pid_t pid, struct trace_count *count)
{
    struct call_info info;
    void *size = (void *)(uintptr_t)sizeof info;
    uint64_t nr;

    if (ptrace(GET_CALL, pid, size, &info) <= 0 || info.op != CALL_BEGINS)
        return;
    count->all++;
    nr = info.nr;
    if (count->own == 0 && nr != SYS_umask)
        return;
    count->own++;
    count->own_by_number[nr < TRACE_NUMBERS ? nr : TRACE_NUMBERS - 1]++;
}

/* While it dies its memory is still there to be measured. */
static void note_peak(pid_t pid, struct trace_count *count)
{
    struct octets path = {0}, text = {0};
    const char *at;

    octets_printf(&path, "/proc/%ld/status", (long)pid);
    if (octets_file(&text, path.p) && (at = strstr(text.p, "\nVmHWM:")) != NULL)
        count->peak_kib = strtol(at + 7, NULL, 10);
    octets_free(&path);
    octets_free(&text);
}

/* What a stop means; returns the signal to go on with. */
static int note_stop(pid_t pid, int status, struct trace_count *count)
{
    int sig = WSTOPSIG(status);

    if (sig == (SIGTRAP | 0x80)) {
        note_call(pid, count);
        return 0;
    }
    switch (status >> 16) {
    case 0:
        return sig == SIGSTOP ? 0 : sig;
    case PTRACE_EVENT_CLONE:
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
        count->children++;
        return 0;
    case PTRACE_EVENT_EXIT:
        note_peak(pid, count);
        return 0;
    default:
        return 0;
    }
}

void trace_run(char *const argv[], char *const envp[], int input_fd, int output_fd,
               struct trace_count *count)
{
    pid_t child = fork(), pid;
    int status;

    *count = (struct trace_count){0};
    if (child < 0)
        die("fork: %s", strerror(errno));
    if (child == 0)
        become(argv, envp, input_fd, output_fd);
    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status) ||
        ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)(uintptr_t)OPTIONS) != 0 ||
        ptrace(PTRACE_SYSCALL, child, NULL, NULL) != 0)
        die("trace: %s", strerror(errno));
    while ((pid = waitpid(-1, &status, __WALL)) > 0) {
        if (pid == child && !WIFSTOPPED(status)) {
            count->status = status;
            return;
        }
        if (WIFSTOPPED(status))
            (void)ptrace(PTRACE_SYSCALL, pid, NULL,
                         (void *)(intptr_t)note_stop(pid, status, count));
    }
    die("trace: the child is lost: %s", strerror(errno));
}

bool trace_can(void)
{
    char *argv[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, (char[]){"umask 022"}, NULL};
    char *envp[] = {NULL};
    struct trace_count count;
    pid_t pid = fork();
    int status = 0;

    /* Tried in a child first: where it is forbidden trace_run would end the program. */
    if (pid == 0) {
        trace_run(argv, envp, 0, 2, &count);
        _exit(count.own > 0 ? 0 : 1);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}
