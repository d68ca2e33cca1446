/*
 * shim.c: a shared object for LD_PRELOAD that counts the calls a program makes of the C library and
 * lets the n-th of a kind fail. What and when stands on a board that it shares with sweep.c.
 *
 * It takes itself out of the environment, so that helpers run without it, and closes the descriptor
 * of the board, so that the program's own descriptors have the numbers they always have. Only calls
 * through the linker's table are seen: what the C library does inside (getaddrinfo's sockets) is
 * not, but for its allocations.
 */
#include "board.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

static struct board *board;
static uintptr_t program_from, program_to;
static bool has_begun; /* its constructor has run */
static bool is_quiet;  /* the shim's own calls do not count */

/* --- the board -------------------------------------------------------------------------------- */

/* The first object is the program. */
static int measure_program(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    (void)arg;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uintptr_t from = info->dlpi_addr + p->p_vaddr;

        if (p->p_type != PT_LOAD)
            continue;
        if (program_to == 0)
            program_from = from;
        program_to = from + p->p_memsz;
    }
    return 1;
}

/*
 * At the first call of all, which is made long before any constructor runs; or, where that was too
 * early for an environment (sanitizers), in the constructor.
 */
static void find_board(void)
{
    const char *fd = environ != NULL ? getenv(BOARD_VARIABLE) : NULL;
    void *map;

    if (fd == NULL)
        return;
    map = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED, atoi(fd), 0);
    if (map == MAP_FAILED)
        _exit(99);
    dl_iterate_phdr(measure_program, NULL);
    board = map;
}

/* Whether there is one. In a helper's environment it is not looked for again and again. */
static bool has_board(void)
{
    if (board == NULL && !has_begun)
        find_board();
    return board != NULL;
}

static void note_place(const void *address, char *text, size_t size)
{
    Dl_info info;

    if (dladdr(address, &info) != 0 && info.dli_fname != NULL)
        snprintf(text, size, "%s+0x%lx", info.dli_fname,
                 (unsigned long)((uintptr_t)address - (uintptr_t)info.dli_fbase));
}

/* The NSS of glibc 2.36 is such a library, too. */
static bool is_look_up(const void *address)
{
    Dl_info info;

    return dladdr(address, &info) != 0 && info.dli_sname != NULL &&
           strcmp(info.dli_sname, "getaddrinfo") == 0;
}

/*
 * A crash. Libraries that do not check their allocations are known (libtasn1, GMP); the program is
 * not to be one of them. The C library counts as part of whoever called it: memcpy(NULL) is the
 * caller's mistake.
 */
static void on_crash(int sig)
{
    void *frame[64];
    int n = backtrace(frame, 64);
    bool found = false;

    for (int i = 2; i < n && !found; i++) { /* behind this one and the one of the signal */
        uintptr_t at = (uintptr_t)frame[i];
        bool in_program = at >= program_from && at < program_to;

        note_place(frame[i], board->crash, sizeof(board->crash));
        found = in_program || is_look_up(frame[i]) ||
                (board->crash[0] != '\0' && strstr(board->crash, "libc.so") == NULL);
        board->crash_in_library = found && !in_program;
    }
    (void)signal(sig, SIG_DFL);
    (void)raise(sig);
}

static void watch_crashes(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT};
    struct sigaction act = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND | SA_NODEFER};
    void *frame[2];

    is_quiet = true; /* the first call loads a library */
    (void)backtrace(frame, 2);
    is_quiet = false;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        (void)sigaction(signals[i], &act, NULL);
}

__attribute__((constructor)) static void begin(void)
{
    const char *fd = getenv(BOARD_VARIABLE);

    if (has_board())
        watch_crashes();
    has_begun = true;
    if (fd != NULL)
        (void)syscall(SYS_close, atoi(fd));
    unsetenv("LD_PRELOAD");
    unsetenv(BOARD_VARIABLE);
}

/* Counts a call. What is to happen to it, 0 for nothing. */
static int strike(enum kind kind, int fd, const void *caller)
{
    unsigned n;

    if (!has_board() || is_quiet)
        return 0;
    n = __atomic_add_fetch(&board->seen[kind], 1, __ATOMIC_RELAXED);
    if (kind != (enum kind)board->kind || board->nth == 0 || n < board->nth ||
        (n > board->nth && !board->and_on))
        return 0;
    if (!board->struck) {
        board->struck = 1;
        note_place(caller, board->place, sizeof(board->place));
    }
    if (fd == STDERR_FILENO)
        board->mute = 1;
    if (board->how == HOW_KILL_BEFORE)
        (void)kill(getpid(), board->sig);
    return board->how;
}

/* The same for calls that return -1 and set errno. True: *RESULT is what the call returns. */
static bool struck(enum kind kind, int fd, const void *caller, int *how, long *result)
{
    *how = strike(kind, fd, caller);
    if (*how <= 0 && *how != HOW_END)
        return false;
    *result = *how == HOW_END ? 0 : -1;
    if (*how > 0)
        errno = *how;
    return true;
}

static void after(int how)
{
    int err = errno;

    if (how == HOW_KILL_AFTER)
        (void)kill(getpid(), board->sig);
    errno = err;
}

#define HERE __builtin_return_address(0)
/* The real one, looked up once; two threads that do it at the same time find the same. */
#define REAL(name) ((__typeof__(&name))find(&real_##name, #name))
#define SLOT(name) static void *real_##name

static void *find(void **slot, const char *name)
{
    if (*slot == NULL)
        *slot = dlsym(RTLD_NEXT, name);
    if (*slot == NULL)
        _exit(98);
    return *slot;
}

/* A call that returns RET, -1 for an error, and of which there is no half. */
#define WHOLE(ret, name, kind, fd, params, args)                                                   \
    SLOT(name);                                                                                    \
    ret name params                                                                                \
    {                                                                                              \
        ret value;                                                                                 \
        long result;                                                                               \
        int how;                                                                                   \
                                                                                                   \
        if (struck(kind, fd, HERE, &how, &result))                                                 \
            return (ret)result;                                                                    \
        value = REAL(name) args;                                                                   \
        after(how);                                                                                \
        return value;                                                                              \
    }

/* A call that moves N octets; HOW_SHORT leaves one of them. */
#define SOME(name, kind, params, args)                                                             \
    SLOT(name);                                                                                    \
    ssize_t name params                                                                            \
    {                                                                                              \
        ssize_t value;                                                                             \
        long result;                                                                               \
        int how;                                                                                   \
                                                                                                   \
        if (struck(kind, fd, HERE, &how, &result))                                                 \
            return (ssize_t)result;                                                                \
        if (how == HOW_SHORT && n > 1)                                                             \
            n = 1;                                                                                 \
        value = REAL(name) args;                                                                   \
        after(how);                                                                                \
        return value;                                                                              \
    }

/* --- memory ----------------------------------------------------------------------------------- */

/* dlsym(3) may ask for memory before it has found malloc: that comes from here and stays. */
static char pool[16384] __attribute__((aligned(64)));
static size_t pool_used;
static bool is_looking;

static void *from_pool(size_t n)
{
    char *p = pool + pool_used;

    pool_used += (n + 63) / 64 * 64;
    return pool_used <= sizeof(pool) ? p : NULL;
}

static bool in_pool(const void *p)
{
    return (const char *)p >= pool && (const char *)p < pool + sizeof(pool);
}

static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static int (*real_posix_memalign)(void **, size_t, size_t);
static void *(*real_aligned_alloc)(size_t, size_t);
static void (*real_free)(void *);

/* False while the real functions are being looked up. */
static bool memory_ready(void)
{
    if (real_free != NULL)
        return true;
    if (is_looking)
        return false;
    is_looking = true;
    *(void **)&real_malloc = dlsym(RTLD_NEXT, "malloc");
    *(void **)&real_calloc = dlsym(RTLD_NEXT, "calloc");
    *(void **)&real_realloc = dlsym(RTLD_NEXT, "realloc");
    *(void **)&real_posix_memalign = dlsym(RTLD_NEXT, "posix_memalign");
    *(void **)&real_aligned_alloc = dlsym(RTLD_NEXT, "aligned_alloc");
    *(void **)&real_free = dlsym(RTLD_NEXT, "free");
    is_looking = false;
    return true;
}

static bool no_memory(const void *caller)
{
    uintptr_t at = (uintptr_t)caller;
    enum kind kind = KIND_LIB_ALLOC;

    if (!has_board())
        return false;
    if (at >= program_from && at < program_to)
        kind = KIND_OWN_ALLOC;
    if (strike(kind, -1, caller) <= 0 && strike(KIND_ALLOC, -1, caller) <= 0)
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t n)
{
    if (!memory_ready())
        return from_pool(n);
    return no_memory(HERE) ? NULL : real_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    if (!memory_ready())
        return from_pool(n * size);
    return no_memory(HERE) ? NULL : real_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    char *q;

    if (!memory_ready())
        return NULL;
    if (no_memory(HERE))
        return NULL;
    if (!in_pool(p))
        return real_realloc(p, n);
    q = real_malloc(n);
    for (size_t i = 0; q != NULL && i < n && in_pool((char *)p + i); i++)
        q[i] = ((char *)p)[i];
    return q;
}

int posix_memalign(void **out, size_t align, size_t n)
{
    if (!memory_ready() || no_memory(HERE))
        return ENOMEM;
    return real_posix_memalign(out, align, n);
}

void *aligned_alloc(size_t align, size_t n)
{
    if (!memory_ready() || no_memory(HERE))
        return NULL;
    return real_aligned_alloc(align, n);
}

void free(void *p)
{
    if (p != NULL && !in_pool(p) && memory_ready())
        real_free(p);
}

/* --- files ------------------------------------------------------------------------------------ */

SOME(read, KIND_READ, (int fd, void *p, size_t n), (fd, p, n))
SOME(pread, KIND_BODY, (int fd, void *p, size_t n, off_t at), (fd, p, n, at))
SOME(pread64, KIND_BODY, (int fd, void *p, size_t n, off64_t at), (fd, p, n, at))
SOME(write, KIND_WRITE, (int fd, const void *p, size_t n), (fd, p, n))

SLOT(writev);
ssize_t writev(int fd, const struct iovec *v, int n)
{
    struct iovec one = {.iov_base = n > 0 ? v[0].iov_base : NULL, .iov_len = 1};
    long result;
    int how;

    if (struck(KIND_WRITE, fd, HERE, &how, &result))
        return (ssize_t)result;
    if (how == HOW_SHORT && n > 0 && v[0].iov_len > 0)
        return REAL(writev)(fd, &one, 1);
    return REAL(writev)(fd, v, n);
}

/* The mode, where there is one: an argument that is not there is read as rubbish and passed on. */
#define MODE_OF(mode, flags)                                                                       \
    do {                                                                                           \
        va_list ap;                                                                                \
                                                                                                   \
        va_start(ap, flags);                                                                       \
        mode = ((flags) & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(ap, mode_t) : 0;                    \
        va_end(ap);                                                                                \
    } while (0)

#define OPENS(name)                                                                                \
    SLOT(name);                                                                                    \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        mode_t mode;                                                                               \
        long result;                                                                               \
        int how;                                                                                   \
                                                                                                   \
        MODE_OF(mode, flags);                                                                      \
        if (struck(KIND_OPEN, -1, HERE, &how, &result))                                            \
            return -1;                                                                             \
        return REAL(name)(path, flags, mode);                                                      \
    }

#define OPENS_AT(name)                                                                             \
    SLOT(name);                                                                                    \
    int name(int folder, const char *path, int flags, ...)                                         \
    {                                                                                              \
        mode_t mode;                                                                               \
        long result;                                                                               \
        int how;                                                                                   \
                                                                                                   \
        MODE_OF(mode, flags);                                                                      \
        if (struck(KIND_OPEN, -1, HERE, &how, &result))                                            \
            return -1;                                                                             \
        return REAL(name)(folder, path, flags, mode);                                              \
    }

OPENS(open)
OPENS(open64)
OPENS_AT(openat)
OPENS_AT(openat64)
WHOLE(int, mkostemp, KIND_OPEN, -1, (char *path, int flags), (path, flags))
WHOLE(int, mkostemp64, KIND_OPEN, -1, (char *path, int flags), (path, flags))

SLOT(fopen);
FILE *fopen(const char *path, const char *mode)
{
    long result;
    int how;

    return struck(KIND_OPEN, -1, HERE, &how, &result) ? NULL : REAL(fopen)(path, mode);
}

WHOLE(int, stat, KIND_STAT, -1, (const char *path, struct stat *st), (path, st))
WHOLE(int, lstat, KIND_STAT, -1, (const char *path, struct stat *st), (path, st))
WHOLE(int, fstat, KIND_STAT, fd, (int fd, struct stat *st), (fd, st))

WHOLE(int, rename, KIND_NAME, -1, (const char *from, const char *to), (from, to))
WHOLE(int, unlink, KIND_NAME, -1, (const char *path), (path))
WHOLE(int, mkdir, KIND_NAME, -1, (const char *path, mode_t mode), (path, mode))

/* Linux has closed the descriptor whatever close(2) returns. */
SLOT(close);
int close(int fd)
{
    int value = REAL(close)(fd);
    long result;
    int how;

    return struck(KIND_CLOSE, fd, HERE, &how, &result) ? (int)result : value;
}

/* --- the network ------------------------------------------------------------------------------ */

WHOLE(int, socket, KIND_SOCKET, -1, (int domain, int type, int proto), (domain, type, proto))
WHOLE(int, bind, KIND_SOCKET, fd, (int fd, const struct sockaddr *sa, socklen_t n), (fd, sa, n))
WHOLE(int, connect, KIND_SOCKET, fd, (int fd, const struct sockaddr *sa, socklen_t n), (fd, sa, n))
WHOLE(int, setsockopt, KIND_OPTION, fd, (int fd, int level, int name, const void *p, socklen_t n),
      (fd, level, name, p, n))
WHOLE(int, getsockopt, KIND_OPTION, fd, (int fd, int level, int name, void *p, socklen_t *n),
      (fd, level, name, p, n))
WHOLE(int, getsockname, KIND_OPTION, fd, (int fd, struct sockaddr *sa, socklen_t *n), (fd, sa, n))

SLOT(fcntl);
int fcntl(int fd, int command, ...)
{
    va_list ap;
    void *arg;
    long result;
    int how;

    va_start(ap, command);
    arg = va_arg(ap, void *);
    va_end(ap);
    if (struck(KIND_OPTION, fd, HERE, &how, &result))
        return (int)result;
    return REAL(fcntl)(fd, command, arg);
}

SOME(send, KIND_SEND, (int fd, const void *p, size_t n, int flags), (fd, p, n, flags))
SOME(sendto, KIND_SEND,
     (int fd, const void *p, size_t n, int flags, const struct sockaddr *sa, socklen_t len),
     (fd, p, n, flags, sa, len))
SOME(recv, KIND_RECV, (int fd, void *p, size_t n, int flags), (fd, p, n, flags))
SOME(recvfrom, KIND_RECV,
     (int fd, void *p, size_t n, int flags, struct sockaddr *sa, socklen_t *len),
     (fd, p, n, flags, sa, len))
WHOLE(ssize_t, sendmsg, KIND_SEND, fd, (int fd, const struct msghdr *m, int flags), (fd, m, flags))
WHOLE(ssize_t, recvmsg, KIND_RECV, fd, (int fd, struct msghdr *m, int flags), (fd, m, flags))
WHOLE(int, poll, KIND_POLL, -1, (struct pollfd * p, nfds_t n, int ms), (p, n, ms))
WHOLE(int, ppoll, KIND_POLL, -1,
      (struct pollfd * p, nfds_t n, const struct timespec *t, const sigset_t *mask),
      (p, n, t, mask))

SLOT(getaddrinfo);
int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                struct addrinfo **out)
{
    int how = strike(KIND_RESOLVE, -1, HERE);

    if (how == ENOMEM)
        return EAI_MEMORY;
    if (how == EAGAIN)
        return EAI_AGAIN;
    if (how > 0) {
        errno = how;
        return EAI_SYSTEM;
    }
    return REAL(getaddrinfo)(host, port, hints, out);
}

/* --- the rest --------------------------------------------------------------------------------- */

SLOT(getrandom);
ssize_t getrandom(void *p, size_t n, unsigned flags)
{
    long result;
    int how;

    if (struck(KIND_RANDOM, -1, HERE, &how, &result))
        return (ssize_t)result;
    return REAL(getrandom)(p, how == HOW_SHORT && n > 1 ? 1 : n, flags);
}

WHOLE(int, getentropy, KIND_RANDOM, -1, (void *p, size_t n), (p, n))
WHOLE(int, pipe, KIND_SPAWN, -1, (int ends[2]), (ends))
WHOLE(int, pipe2, KIND_SPAWN, -1, (int ends[2], int flags), (ends, flags))
WHOLE(pid_t, fork, KIND_SPAWN, -1, (void), ())
WHOLE(pid_t, waitpid, KIND_SPAWN, -1, (pid_t pid, int *status, int flags), (pid, status, flags))

/* Those that return the error number. */
SLOT(posix_spawn);
int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *files,
                const posix_spawnattr_t *attr, char *const argv[], char *const env[])
{
    int how = strike(KIND_SPAWN, -1, HERE);

    return how > 0 ? how : REAL(posix_spawn)(pid, path, files, attr, argv, env);
}

SLOT(posix_spawnp);
int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *files,
                 const posix_spawnattr_t *attr, char *const argv[], char *const env[])
{
    int how = strike(KIND_SPAWN, -1, HERE);

    return how > 0 ? how : REAL(posix_spawnp)(pid, file, files, attr, argv, env);
}

SLOT(pthread_create);
int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
    int how = strike(KIND_SPAWN, -1, HERE);

    return how > 0 ? how : REAL(pthread_create)(thread, attr, run, arg);
}

/* The log of the machine is none of the sweep's business. */
void syslog(int priority, const char *format, ...)
{
    (void)priority;
    (void)format;
}

/*
 * What calls become under _FORTIFY_SOURCE. The check of the size is not what is tested here.
 */
#define CHECKED(ret, name, params, call)                                                           \
    ret name params;                                                                               \
    ret name params                                                                                \
    {                                                                                              \
        (void)room;                                                                                \
        return call;                                                                               \
    }

CHECKED(ssize_t, __read_chk, (int fd, void *p, size_t n, size_t room), read(fd, p, n))
CHECKED(ssize_t, __pread_chk, (int fd, void *p, size_t n, off_t at, size_t room),
        pread(fd, p, n, at))
CHECKED(ssize_t, __pread64_chk, (int fd, void *p, size_t n, off64_t at, size_t room),
        pread64(fd, p, n, at))
CHECKED(ssize_t, __recv_chk, (int fd, void *p, size_t n, size_t room, int flags),
        recv(fd, p, n, flags))
CHECKED(int, __poll_chk, (struct pollfd * p, nfds_t n, int ms, size_t room), poll(p, n, ms))
CHECKED(int, __ppoll_chk,
        (struct pollfd * p, nfds_t n, const struct timespec *t, const sigset_t *mask, size_t room),
        ppoll(p, n, t, mask))
CHECKED(int, __open_2, (const char *path, int room), open(path, room))
CHECKED(int, __open64_2, (const char *path, int room), open64(path, room))

void __syslog_chk(int priority, int flag, const char *format, ...);
void __syslog_chk(int priority, int flag, const char *format, ...)
{
    (void)priority;
    (void)flag;
    (void)format;
}
