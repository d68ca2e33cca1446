/*
 * calls.c: the system calls of a message, and the memory: nobody makes them more by a third
 * unnoticed. Counted are those from the program's first to its last, not the loader's: what the
 * libraries of a system need differs. The bounds are a third above what was counted, which varies a
 * little (how the server's octets are cut into segments); a change that needs more raises them.
 */
#include "config.h"

#include "octets.h"
#include "ride.h"
#include "tap.h"
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIG_MIB 8

struct row {
    const char *name;
    enum serve_tls tls;
    bool login;
    bool again;        /* another process has sent before: there are memory and a ticket */
    size_t mib;        /* of text; 0: two lines */
    unsigned calls;    /* at most */
    unsigned per_mib;  /* and for each MiB */
    unsigned long_kib; /* of memory, beyond that of the row before; 0: not looked at */
};

static const struct row rows[] = {
    {.name = "implicit TLS and a login", .tls = SERVE_IMPLICIT, .login = true, .calls = 140},
    {.name = "implicit TLS and a login, again",
     .tls = SERVE_IMPLICIT,
     .login = true,
     .again = true,
     .calls = 122},
    {.name = "8 MiB over implicit TLS",
     .tls = SERVE_IMPLICIT,
     .login = true,
     .mib = BIG_MIB,
     .calls = 140,
     .per_mib = 135,
     .long_kib = 1024},
    {.name = "neither TLS nor login", .tls = SERVE_CLEAR, .calls = 110},
};

static char *certs, *program;

static int message_of(size_t mib)
{
    static const char head[] = "From: alice@example.org\nTo: bob@example.org\n"
                               "Date: Thu, 21 Nov 2024 12:52:00 +0000\nSubject: calls\n\nHello.\n";
    static const char line[] =
        "All work and no play makes Jack a dull boy; all work and no play makes him\n";
    struct octets text = {0};
    char name[] = "/tmp/calls-XXXXXX";
    int fd = mkstemp(name);

    octets_str(&text, head);
    while (text.n < mib * 1024 * 1024)
        octets_str(&text, line);
    if (fd < 0 || unlink(name) != 0 || write(fd, text.p, text.n) != (ssize_t)text.n ||
        lseek(fd, 0, SEEK_SET) != 0)
        die("cannot make the message: %s", strerror(errno));
    octets_free(&text);
    return fd;
}

static void write_config(const struct ride *r, const struct row *row)
{
    struct octets path = {0}, text = {0};

    octets_printf(&text,
                  "[account main]\nhost = 127.0.0.1\nport = %u\ntls = %s\ntls_trust = %s/ca.pem\n"
                  "from = alice@example.org\nqueue = never\n%s[log]\ntarget = none\n",
                  r->server_port, row->tls == SERVE_CLEAR ? "off" : "implicit", certs,
                  row->login ? "user = alice@example.org\npassword = secret\n" : "");
    octets_printf(&path, "%s/config", r->dir);
    if (!octets_save(&text, path.p, 0600))
        die("%s: %s", path.p, strerror(errno));
    octets_free(&path);
    octets_free(&text);
}

static void trace_send(const struct ride *r, size_t mib, struct trace_count *count)
{
    struct octets config = {0}, home = {0}, said = {0};
    char *argv[] = {program, (char[]){"send"}, (char[]){"-C"},
                    NULL,    (char[]){"-i"},   (char[]){"bob@example.org"},
                    NULL};
    char *envp[] = {NULL, (char[]){"PATH=/usr/bin:/bin"}, NULL};
    int input = message_of(mib);
    int output;

    octets_printf(&config, "%s/config", r->dir);
    octets_printf(&home, "HOME=%s/home", r->dir);
    octets_printf(&said, "%s/said", r->dir);
    argv[3] = config.p;
    envp[0] = home.p;
    output = open(said.p, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    trace_run(argv, envp, input, output, count);
    if (count->status != 0 && lseek(output, 0, SEEK_SET) == 0) {
        char words[512];
        ssize_t n = read(output, words, sizeof words);

        printf("# status %d: %.*s\n", count->status, n > 0 ? (int)n : 0, words);
    }
    (void)close(input);
    (void)close(output);
    octets_free(&config);
    octets_free(&home);
    octets_free(&said);
}

/* The calls that occur most, by number: what to look for with strace -c. */
static void show(const struct trace_count *count)
{
    printf("# calls: %u, the loader's included %u; of memory %ld KiB; most of all", count->own,
           count->all, count->peak_kib);
    for (unsigned least = count->own / 16 + 1, i = 0; i < TRACE_NUMBERS; i++) {
        if (count->own_by_number[i] >= least)
            printf(" nr%u:%u", i, count->own_by_number[i]);
    }
    printf("\n");
    (void)fflush(stdout);
}

static void check_row(const struct row *row, long *memory)
{
    struct serve_params serve = {.tls = row->tls,
                                 .certs = certs,
                                 .cert = "good",
                                 .user = row->login ? "alice@example.org" : NULL,
                                 .password = row->login ? "secret" : NULL,
                                 .size = 99000000,
                                 .pipelining = true,
                                 .chunking = true,
                                 .eightbitmime = true};
    unsigned most = row->calls + row->per_mib * (unsigned)row->mib;
    struct trace_count count;
    struct ride r;

    ride_begin(&r, &serve);
    write_config(&r, row);
    if (row->again)
        trace_send(&r, row->mib, &count);
    trace_send(&r, row->mib, &count);
    ok(count.status == 0, "%s: sent", row->name);
    show(&count);
    ok(count.own <= most, "%s: at most %u system calls of ours", row->name, most);
    is_int(count.children, 0, "no thread and no process for an address");
    if (row->long_kib > 0)
        ok(count.peak_kib <= *memory + (long)row->long_kib,
           "%s: at most %u KiB more memory than a small message", row->name, row->long_kib);
    *memory = count.peak_kib;
    ride_end(&r);
}

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

int main(void)
{
    long memory = 0;

    if (SANITIZED || !trace_can()) {
        printf("1..0 # SKIP a sanitizer makes calls of its own, or tracing is forbidden here\n");
        return 0;
    }
    program = ride_program();
    certs = ride_certs();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_row(&rows[i], &memory);
    return done_testing();
}
