/*
 * sweep.c: runs one program again and again, each time with another call of its failing, and holds
 * what it says against what the server has. See README for what is asserted.
 *
 *   sweep --name TEXT --shim FILE --store FOLDER --server PID --message FILE --secret TEXT
 *         [--spread N] [--partial] [--show] [--memory FOLDER --before FOLDER]
 *         PROGRAM ARGV0 ARGUMENT...
 *
 * It prints one line per group of faults, "ok TEXT" or "not ok TEXT", with "# ..." lines below it,
 * and at the end "total N": sweep.sh makes TAP of that. The current folder gets files.
 */
#include "rows.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define WATCHDOG_S 20 /* longer than any time-out of the scenarios may last */
#define SLOW_S     1.0
#define SERVER_MS  20000
#define SHOWN_MAX  12 /* failures of one group that are told in full */
#define LIB_LAST   60 /* allocations at the end of a run, each of which fails */

struct text {
    char *p;
    size_t n;
};

/* The scenario, and what its good run gave. */
struct sweep {
    const char *name, *shim, *store, *message, *secret;
    const char *memory, *before; /* before each run, MEMORY holds what BEFORE does */
    long server;
    bool partial; /* one of the recipients is refused: the good run ends with 67 */
    bool show;    /* tell every run */
    long spread;  /* how many of the allocations before LIB_LAST fail */
    char **command;
    struct board *board;
    int board_fd;
    unsigned calls[KIND_COUNT];
    struct text eml, env;
};

/* One run. */
struct outcome {
    int status; /* of waitpid */
    size_t copies;
    struct text eml, env; /* of the last copy */
    struct text out, err;
    bool drained; /* standard input was read to its end */
    double took_s;
};

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    fputs("sweep: ", stderr);
    vfprintf(stderr, format, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(1);
}

/* --- files ------------------------------------------------------------------------------------ */

static struct text read_file(int folder, const char *path)
{
    struct text t = {0};
    struct stat st;
    int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) != 0)
        die("%s: %s", path, strerror(errno));
    t.p = calloc((size_t)st.st_size + 1, 1);
    if (t.p == NULL)
        die("out of memory");
    while (t.n < (size_t)st.st_size) {
        ssize_t got = read(fd, t.p + t.n, (size_t)st.st_size - t.n);

        if (got <= 0)
            break;
        t.n += (size_t)got;
    }
    close(fd);
    return t;
}

/* Takes out the fields that no two runs have in common. */
static void drop_own_fields(struct text *t)
{
    char *to = t->p;
    bool in_header = true;

    for (char *at = t->p, *next; at < t->p + t->n; at = next) {
        char *lf = memchr(at, '\n', (size_t)(t->p + t->n - at));

        next = lf != NULL ? lf + 1 : t->p + t->n;
        in_header = in_header && *at != '\r' && *at != '\n';
        if (in_header &&
            (strncasecmp(at, "Date:", 5) == 0 || strncasecmp(at, "Message-ID:", 11) == 0))
            continue;
        memmove(to, at, (size_t)(next - at));
        to += next - at;
    }
    t->n = (size_t)(to - t->p);
    t->p[t->n] = '\0';
}

static bool same(const struct text *a, const struct text *b)
{
    return a->n == b->n && memcmp(a->p, b->p, a->n) == 0;
}

static void forget(struct text *t)
{
    free(t->p);
    *t = (struct text){0};
}

static bool ends_with(const char *name, const char *tail)
{
    size_t n = strlen(name), m = strlen(tail);

    return n > m && strcmp(name + n - m, tail) == 0;
}

/* What the server has taken since the last time; the store is empty afterwards. */
static void collect(const struct sweep *w, struct outcome *o)
{
    DIR *dir = opendir(w->store);
    const struct dirent *entry;

    if (dir == NULL)
        die("%s: %s", w->store, strerror(errno));
    while ((entry = readdir(dir)) != NULL) {
        struct text *to = ends_with(entry->d_name, ".eml")   ? &o->eml
                          : ends_with(entry->d_name, ".env") ? &o->env
                                                             : NULL;

        if (entry->d_name[0] == '.')
            continue;
        if (to != NULL) {
            forget(to);
            *to = read_file(dirfd(dir), entry->d_name);
            o->copies += to == &o->eml;
        }
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    closedir(dir);
    if (o->eml.p != NULL)
        drop_own_fields(&o->eml);
}

/* --- one run ---------------------------------------------------------------------------------- */

/*
 * Each connection of the server is a child of its own: when there is none, it has made up its mind
 * about all that it was sent.
 */
static void await_server(const struct sweep *w)
{
    char path[80], some[16];

    snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", w->server, w->server);
    for (int ms = 0; ms < SERVER_MS; ms++) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd >= 0 ? read(fd, some, sizeof(some)) : -1;

        if (n < 0)
            die("%s: %s", path, strerror(errno));
        close(fd);
        if (n == 0)
            return;
        usleep(ms == 0 ? 100 : 500);
    }
    die("the server does not let go of a connection");
}

static void become(const struct sweep *w, int in_fd)
{
    int out_fd = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int err_fd = open("err", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    struct rlimit none = {0, 0};
    char number[16];

    snprintf(number, sizeof(number), "%d", w->board_fd);
    if (out_fd < 0 || err_fd < 0 || dup2(in_fd, 0) < 0 || dup2(out_fd, 1) < 0 ||
        dup2(err_fd, 2) < 0 || setenv("LD_PRELOAD", w->shim, 1) != 0 ||
        setenv(BOARD_VARIABLE, number, 1) != 0)
        _exit(97);
    close(in_fd);
    close(out_fd);
    close(err_fd);
    setrlimit(RLIMIT_CORE, &none);
    alarm(WATCHDOG_S);
    execv(w->command[0], w->command + 1);
    _exit(96);
}

static double now_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Empties a flat folder; true if it is there. */
static bool empty_folder(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir != NULL)
        closedir(dir);
    return dir != NULL;
}

/* Every run knows the same, or, where BEFORE is empty, nothing: then the folder is missing, too. */
static void restore_memory(const struct sweep *w)
{
    DIR *from;
    const struct dirent *entry;
    size_t n = 0;

    if (w->memory == NULL)
        return;
    if (!empty_folder(w->memory) && mkdir(w->memory, 0700) != 0)
        die("%s: %s", w->memory, strerror(errno));
    from = opendir(w->before);
    if (from == NULL)
        die("%s: %s", w->before, strerror(errno));
    while ((entry = readdir(from)) != NULL) {
        char path[512];
        struct text t;
        int fd;

        if (entry->d_name[0] == '.')
            continue;
        t = read_file(dirfd(from), entry->d_name);
        snprintf(path, sizeof(path), "%s/%s", w->memory, entry->d_name);
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 || write(fd, t.p, t.n) != (ssize_t)t.n)
            die("%s: %s", path, strerror(errno));
        close(fd);
        forget(&t);
        n++;
    }
    closedir(from);
    if (n == 0)
        (void)rmdir(w->memory);
}

/* Runs the program with the order on the board. */
static void run(const struct sweep *w, struct outcome *o)
{
    int in_fd = open(w->message, O_RDONLY | O_CLOEXEC);
    struct stat st;
    pid_t pid;

    *o = (struct outcome){0};
    restore_memory(w);
    memset(w->board->seen, 0, sizeof(w->board->seen));
    w->board->struck = 0;
    w->board->mute = 0;
    w->board->place[0] = '\0';
    if (in_fd < 0 || fstat(in_fd, &st) != 0)
        die("%s: %s", w->message, strerror(errno));
    o->took_s = now_s();
    pid = fork();
    if (pid == 0)
        become(w, in_fd);
    if (pid < 0 || waitpid(pid, &o->status, 0) != pid)
        die("fork: %s", strerror(errno));
    /* The offset belongs to the open file, which the program had from us. */
    o->took_s = now_s() - o->took_s;
    o->drained = lseek(in_fd, 0, SEEK_CUR) == st.st_size;
    close(in_fd);
    await_server(w);
    collect(w, o);
    o->out = read_file(AT_FDCWD, "out");
    o->err = read_file(AT_FDCWD, "err");
}

static void outcome_free(struct outcome *o)
{
    forget(&o->eml);
    forget(&o->env);
    forget(&o->out);
    forget(&o->err);
}

/* --- the verdict ------------------------------------------------------------------------------ */

static size_t lines_in(const struct text *t)
{
    size_t n = 0;

    for (size_t i = 0; i < t->n; i++)
        n += t->p[i] == '\n';
    return n + (t->n > 0 && t->p[t->n - 1] != '\n');
}

/* What is wrong with what the server has; NULL: nothing. */
static const char *judge_store(const struct sweep *w, const struct outcome *o)
{
    if (o->copies > 1)
        return "the message was stored twice";
    if (o->copies == 1 && !same(&o->eml, &w->eml))
        return "another message was stored";
    if (o->copies == 1 && !same(&o->env, &w->env))
        return "another envelope was stored";
    return NULL;
}

/* What is wrong with the exit status, given what the server has. */
static const char *judge_status(const struct sweep *w, const struct outcome *o)
{
    int status = WEXITSTATUS(o->status);
    bool told = !w->board->mute; /* what could not be said is not missed */
    bool says_doubt = strstr(o->err.p, "may have arrived") != NULL;
    bool says_sent = strstr(o->err.p, "sent to ") != NULL;

    if (status == 0 && w->partial)
        return "status 0 although a recipient was refused";
    if (status == 0)
        return o->copies == 1 ? NULL : "status 0 and nothing was stored";
    if (status < EX__BASE || status > EX__MAX)
        return "no status of sysexits.h";
    if (o->copies == 0)
        return says_sent ? "says that it was sent, and nothing was stored" : NULL;
    if (w->partial && status == EX_NOUSER)
        return says_sent || !told ? NULL : "stored for some, and the text does not say so";
    if (status == EX_TEMPFAIL && w->board->sig != 0)
        return "a signal did not wait for the verdict";
    if (status == EX_TEMPFAIL)
        return says_doubt || !told ? NULL : "75 and stored, without a word of doubt";
    return "stored, and the status says otherwise";
}

/* Lines of our own: GnuTLS says by itself what keeps it from starting. */
static size_t own_lines(const struct text *t)
{
    return lines_in(t) - (strncmp(t->p, "Error in GnuTLS initialization", 30) == 0);
}

/*
 * A library that has no memory and does not look may crash before anything was sent: not ours. Nor
 * is AddressSanitizer, which gives up when it cannot learn where a thread's stack is.
 */
static bool is_library_crash(const struct sweep *w, const struct outcome *o)
{
    bool is_memory = w->board->kind == KIND_LIB_ALLOC || w->board->kind == KIND_ALLOC;

    bool is_crash = (WIFSIGNALED(o->status) && w->board->crash_in_library) ||
                    strncmp(o->err.p, "AddressSanitizer: CHECK failed", 30) == 0;

    return is_memory && is_crash && w->board->struck;
}

static const char *judge(const struct sweep *w, const struct outcome *o)
{
    const char *why = judge_store(w, o);
    int sig = w->board->struck ? w->board->sig : 0;

    if (why != NULL)
        return why;
    if (strstr(o->err.p, w->secret) != NULL)
        return "the secret is on standard error";
    if (o->out.n > 0)
        return "something is on standard output";
    if (is_library_crash(w, o))
        return o->copies == 0 ? NULL : "stored, and a library crashed";
    if (WIFSIGNALED(o->status))
        return sig == SIGKILL && WTERMSIG(o->status) == SIGKILL ? NULL : "killed by a signal";
    if (own_lines(&o->err) > 2)
        return "more than two lines on standard error";
    why = judge_status(w, o);
    /* Who sends a signal wants an end, not a wait for whoever writes into the pipe. */
    if (why == NULL && !o->drained && sig == 0)
        return "standard input was not read to its end";
    return why;
}

/* --- the sweep -------------------------------------------------------------------------------- */

static const char *how_text(const struct board *b, char *room, size_t size)
{
    const char *on = b->and_on ? " and on" : "";

    if (b->how > 0)
        snprintf(room, size, "%s%s", strerrorname_np(b->how), on);
    else if (b->how == HOW_SHORT)
        snprintf(room, size, "short%s", on);
    else if (b->how == HOW_END)
        snprintf(room, size, "returns 0");
    else
        snprintf(room, size, "SIG%s %s", sigabbrev_np(b->sig),
                 b->how == HOW_KILL_BEFORE ? "before" : "after");
    return room;
}

static void tell(const struct sweep *w, const struct outcome *o, const char *why)
{
    char how[64];
    char *line, *rest = o->err.p;

    printf("# %s: call %u %s in %s: ", why, w->board->nth, how_text(w->board, how, sizeof(how)),
           w->board->place);
    if (WIFSIGNALED(o->status))
        printf("signal %d in %s", WTERMSIG(o->status), w->board->crash);
    else
        printf("status %d", WEXITSTATUS(o->status));
    printf(", %zu stored\n", o->copies);
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (*line != '\0')
            printf("#   | %.300s\n", line);
    }
}

/* How far the next call to fail lies behind number N. */
static unsigned stride(const struct sweep *w, enum kind kind, unsigned n)
{
    unsigned all = w->calls[kind], last = all > LIB_LAST ? all - LIB_LAST : 0;

    if ((kind != KIND_LIB_ALLOC && kind != KIND_ALLOC) || n >= last || last <= w->spread)
        return 1;
    return last / (unsigned)w->spread;
}

struct tally {
    unsigned tried, failed, crashes;
};

/* Lets each call of a row fail in turn. */
static void sweep_row(const struct sweep *w, const struct fault_row *row, struct tally *t)
{
    unsigned n = 1;
    bool goes_on = true;

    while (goes_on) {
        struct outcome o;
        const char *why;

        *w->board = (struct board){.kind = (int)row->kind,
                                   .nth = n,
                                   .and_on = row->and_on,
                                   .how = row->how,
                                   .sig = row->sig};
        run(w, &o);
        goes_on = w->board->struck;
        t->tried += goes_on;
        t->crashes += is_library_crash(w, &o);
        why = judge(w, &o);
        if (why != NULL && t->failed++ < SHOWN_MAX)
            tell(w, &o, why);
        else if (w->show || o.took_s > SLOW_S)
            tell(w, &o, w->show ? "fine" : "slow");
        outcome_free(&o);
        n += stride(w, row->kind, n);
    }
}

/* The good run: what all others are held against. */
static bool sweep_begin(struct sweep *w)
{
    int want = w->partial ? EX_NOUSER : EX_OK;
    struct outcome o;
    bool good;

    *w->board = (struct board){0};
    run(w, &o);
    good = WIFEXITED(o.status) && WEXITSTATUS(o.status) == want && o.copies == 1 &&
           w->board->seen[KIND_SEND] > 0 && (w->partial || o.err.n == 0);
    printf("%s %s: without a fault, status %d and one message stored\n", good ? "ok" : "not ok",
           w->name, want);
    if (!good)
        tell(w, &o, "the good run");
    memcpy(w->calls, w->board->seen, sizeof(w->calls));
    w->eml = o.eml;
    w->env = o.env;
    o.eml = o.env = (struct text){0};
    outcome_free(&o);
    return good;
}

static unsigned sweep_all(const struct sweep *w)
{
    size_t n = sizeof(rows) / sizeof(rows[0]);
    unsigned total = 0;

    for (size_t i = 0; i < n;) {
        const char *group = rows[i].group;
        unsigned calls = w->calls[rows[i].kind];
        struct tally t = {0};

        for (; i < n && strcmp(rows[i].group, group) == 0; i++)
            sweep_row(w, &rows[i], &t);
        if (t.failed > SHOWN_MAX)
            printf("# ... and %u more\n", t.failed - SHOWN_MAX);
        if (t.crashes > 0)
            printf("# %u times a library crashed for want of memory, before anything was sent\n",
                   t.crashes);
        if (t.tried > 0)
            printf("%s %s: %s: %u injections into %u calls\n", t.failed == 0 ? "ok" : "not ok",
                   w->name, group, t.tried, calls);
        fflush(stdout);
        total += t.tried;
    }
    return total;
}

static void options(struct sweep *w, char **argv)
{
    for (argv++; *argv != NULL && strncmp(*argv, "--", 2) == 0; argv++) {
        const struct {
            const char *word;
            const char **to;
            long *number;
        } words[] = {{"--name", &w->name, NULL},     {"--shim", &w->shim, NULL},
                     {"--store", &w->store, NULL},   {"--message", &w->message, NULL},
                     {"--secret", &w->secret, NULL}, {"--server", NULL, &w->server},
                     {"--memory", &w->memory, NULL}, {"--before", &w->before, NULL},
                     {"--spread", NULL, &w->spread}};
        size_t i = 0, n = sizeof(words) / sizeof(words[0]);

        if (strcmp(*argv, "--partial") == 0 || strcmp(*argv, "--show") == 0) {
            *(argv[0][2] == 'p' ? &w->partial : &w->show) = true;
            continue;
        }
        while (i < n && strcmp(*argv, words[i].word) != 0)
            i++;
        if (i == n || argv[1] == NULL)
            die("%s: unknown, or without its value", *argv);
        if (words[i].to != NULL)
            *words[i].to = argv[1];
        else
            *words[i].number = strtol(argv[1], NULL, 10);
        argv++;
    }
    w->command = argv;
    if (!w->name || !w->shim || !w->store || !w->message || !w->secret || w->server <= 0 ||
        w->spread <= 0 || (w->memory == NULL) != (w->before == NULL) || argv[0] == NULL ||
        argv[1] == NULL)
        die("an option or the command is missing");
}

int main(int argc, char **argv)
{
    struct sweep w = {.spread = 110};

    (void)argc;
    options(&w, argv);
    w.board_fd = memfd_create("board", 0);
    if (w.board_fd < 0 || ftruncate(w.board_fd, sizeof(*w.board)) != 0)
        die("memfd_create: %s", strerror(errno));
    w.board = mmap(NULL, sizeof(*w.board), PROT_READ | PROT_WRITE, MAP_SHARED, w.board_fd, 0);
    if (w.board == MAP_FAILED)
        die("mmap: %s", strerror(errno));
    printf("total %u\n", sweep_begin(&w) ? sweep_all(&w) : 0);
    return 0;
}
