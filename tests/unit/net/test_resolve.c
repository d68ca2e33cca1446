/*
 * test_resolve.c: names to addresses. No name server is asked: getaddrinfo(3) is replaced here by
 * one that knows a few names, each with its own trouble, and hands literals to the real one.
 */
#include "config.h"

#include "net/resolve.h"

#include "tap.h"

#include "base/proc.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#define AMPLE_MS 120000

typedef int resolver(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static int gate[2]; /* a look-up of "slow" ends when this pipe is closed */
static atomic_int asked, asked_with_config, finished;
static atomic_bool signals_blocked;

static int real(const char *ip, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    struct addrinfo numeric = *hints;
    union {
        void *object;
        resolver *function;
    } next = {.object = dlsym(RTLD_NEXT, "getaddrinfo")};

    numeric.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    return next.function(ip, service, &numeric, out);
}

/* A list of N addresses, some of them twice. */
static int make_list(const char *service, const struct addrinfo *hints, struct addrinfo **out,
                     unsigned n)
{
    struct addrinfo **tail = out;

    for (unsigned i = 0; i < n; i++) {
        char ip[32];

        snprintf(ip, sizeof(ip), "127.0.%u.%u", i / 2 / 200, 1 + i / 2 % 200);
        if (real(ip, service, hints, tail) != 0)
            return EAI_MEMORY;
        tail = &(*tail)->ai_next;
    }
    return 0;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    sigset_t now;
    char c;

    atomic_fetch_add(&asked, 1);
    if ((hints->ai_flags & AI_ADDRCONFIG) != 0)
        atomic_fetch_add(&asked_with_config, 1);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &now);
    atomic_store(&signals_blocked, sigismember(&now, SIGTERM) == 1 &&
                                       sigismember(&now, SIGUSR1) == 1 &&
                                       sigismember(&now, SIGSEGV) == 0);
    if (strcmp(name, "slow.example.org") == 0) {
        while (read(gate[0], &c, 1) < 0 && errno == EINTR)
            ;
        atomic_fetch_add(&finished, 1);
        return real("127.0.0.9", service, hints, out);
    }
    if (strcmp(name, "none.example.org") == 0)
        return EAI_NONAME;
    if (strcmp(name, "nodata.example.org") == 0)
        return EAI_NODATA;
    if (strcmp(name, "again.example.org") == 0)
        return EAI_AGAIN;
    if (strcmp(name, "fail.example.org") == 0)
        return EAI_FAIL;
    if (strcmp(name, "memory.example.org") == 0)
        return EAI_MEMORY;
    if (strcmp(name, "system.example.org") == 0) {
        errno = EMFILE;
        return EAI_SYSTEM;
    }
    if (strcmp(name, "other-family.example.org") == 0)
        return (hints->ai_flags & AI_ADDRCONFIG) != 0 ? EAI_ADDRFAMILY
                                                      : real("127.0.0.7", service, hints, out);
    if (strcmp(name, "many.example.org") == 0)
        return make_list(service, hints, out, 400);
    if (strcmp(name, "twice.example.org") == 0)
        return make_list(service, hints, out, 2);
    return real("127.0.0.1", service, hints, out);
}

static void show(const struct resolve_addr *a, char *out, size_t size)
{
    char ip[64], port[8];

    if (getnameinfo((const struct sockaddr *)&a->sa, a->len, ip, sizeof(ip), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        snprintf(out, size, "?");
    else
        snprintf(out, size, "%s port %s", ip, port);
}

static void test_literals(void)
{
    static const struct {
        const char *name, *want; /* NULL: no literal */
    } t[] = {
        {"127.0.0.1", "127.0.0.1 port 465"},
        {"[127.0.0.1]", "127.0.0.1 port 465"},
        {"::1", "::1 port 465"},
        {"[::1]", "::1 port 465"},
        {"[2001:db8::25]", "2001:db8::25 port 465"},
        {"::ffff:127.0.0.1", "::ffff:127.0.0.1 port 465"},
        {"fe80::1%1", "fe80::1%lo port 465"},
        {"[fe80::1%lo]", "fe80::1%lo port 465"},
        {"127.1", NULL},
        {"127.0.0.1.", NULL},
        {"127.0.0.01", NULL},
        {"127.0.0.1%lo", NULL},
        {"fe80::1%", NULL},
        {"%lo", NULL},
        {"[::1", NULL},
        {"::1]", NULL},
        {"[]", NULL},
        {"", NULL},
        {"localhost", NULL},
        {"fe80::1%a-zone-id-that-is-much-longer-than-any-interface-has-a-right-to-be", NULL},
    };

    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct resolve_list l = {0};
        struct fault why = {0};
        char text[128] = "";
        bool literal = resolve_is_literal(t[i].name);

        ok(literal == (t[i].want != NULL), "\"%s\" is %s literal", t[i].name,
           t[i].want != NULL ? "a" : "no");
        if (!literal)
            continue;
        is_int(resolve_host(t[i].name, 465, 0, &l, &why), CAUSE_NONE,
               "...resolved, even past the deadline");
        is_int((long long)l.n, 1, "...one address");
        show(&l.v[0], text, sizeof(text));
        is_str(text, t[i].want, "...the right one");
        resolve_free(&l);
        fault_free(&why);
    }
    is_int(asked, 0, "the resolver was not asked");
}

static void test_zones(void)
{
    struct resolve_list l;
    struct fault why = {0};
    struct resolve_addr a;

    is_int(resolve_host("fe80::1%no-such-if", 25, deadline_in(AMPLE_MS), &l, &why), CAUSE_DNS_NONE,
           "a zone that this machine lacks");
    is_int(why.stage, STAGE_RESOLVE, "...the stage");
    ok(l.n == 0 && l.v == NULL, "...no addresses");
    ok(resolve_literal("fe80::1%no-such-if", &a) && a.sa.ss_family == AF_INET6,
       "...is an address nevertheless");
    fault_free(&why);
}

static void test_answers(void)
{
    static const struct {
        const char *name;
        enum cause want;
        int n;
        const char *text, *why;
    } t[] = {
        {"localhost", CAUSE_NONE, 1, NULL, "localhost"},
        {"mail.localhost", CAUSE_NONE, 1, NULL, "a name under localhost"},
        {"mail.example.org", CAUSE_NONE, 1, NULL, "a name"},
        {"twice.example.org", CAUSE_NONE, 1, NULL, "an address that is there twice"},
        {"many.example.org", CAUSE_NONE, 64, NULL, "more addresses than anybody needs"},
        {"other-family.example.org", CAUSE_NONE, 1, NULL, "an address of the other family"},
        {"none.example.org", CAUSE_DNS_NONE, 0, "none.example.org", "no such name"},
        {"nodata.example.org", CAUSE_DNS_NONE, 0, "nodata.example.org", "no address"},
        {"again.example.org", CAUSE_DNS_TEMPORARY, 0, "again.example.org", "no answer"},
        {"fail.example.org", CAUSE_DNS_TEMPORARY, 0, NULL, "SERVFAIL"},
        {"memory.example.org", CAUSE_DNS_TEMPORARY, 0, NULL, "out of memory"},
        {"system.example.org", CAUSE_DNS_TEMPORARY, 0, "Too many open files", "out of files"},
        {"", CAUSE_DNS_NONE, 0, "not a host name", "no name"},
    };

    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct resolve_list l;
        struct fault why = {0};
        enum cause cause = resolve_host(t[i].name, 587, deadline_in(AMPLE_MS), &l, &why);

        ok(cause == t[i].want, "%s: %s", t[i].why, fault_row(cause)->name);
        is_int((long long)l.n, t[i].n, "...addresses");
        ok(t[i].text == NULL || strstr(why.text.data, t[i].text) != NULL, "...says: %s",
           cause == CAUSE_NONE ? "" : why.text.data);
        ok(cause == CAUSE_NONE || why.stage == STAGE_RESOLVE, "...stage");
        resolve_free(&l);
        ok(l.n == 0 && l.v == NULL, "...freed");
        fault_free(&why);
    }
    ok(atomic_load(&signals_blocked), "all signals are blocked while it is asked");
}

static void test_addrconfig(void)
{
    struct resolve_list l;
    struct fault why = {0};

    atomic_store(&asked, 0);
    atomic_store(&asked_with_config, 0);
    ok(resolve_host("LOCALHOST", 25, deadline_in(AMPLE_MS), &l, &why) == CAUSE_NONE, "localhost");
    resolve_free(&l);
    ok(asked == 1 && asked_with_config == 0, "...is asked for in all families");
    ok(resolve_host("mail.example.org", 25, deadline_in(AMPLE_MS), &l, &why) == CAUSE_NONE, "mail");
    resolve_free(&l);
    ok(asked == 2 && asked_with_config == 1, "...only in those that this machine has");
    ok(resolve_host("none.example.org", 25, deadline_in(AMPLE_MS), &l, &why) == CAUSE_DNS_NONE,
       "what is not there");
    ok(asked == 4 && asked_with_config == 2, "...is asked for once more without that");
    fault_free(&why);
}

static void test_long_names(void)
{
    char name[400];
    struct resolve_list l;
    struct fault why = {0};

    memset(name, 'a', sizeof(name));
    name[300] = '\0';
    atomic_store(&asked, 0);
    is_int(resolve_host(name, 25, deadline_in(AMPLE_MS), &l, &why), CAUSE_DNS_NONE,
           "a name too long for DNS");
    is_int(asked, 0, "...is not asked for");
    name[254] = '\0';
    is_int(resolve_host(name, 25, deadline_in(AMPLE_MS), &l, &why), CAUSE_NONE, "the longest");
    resolve_free(&l);
    fault_free(&why);
}

/* The thread outlives the call, and frees what is left when it ends. */
static void test_abandoned(void)
{
    struct resolve_list l;
    struct fault why = {0};
    int64_t before = clock_mono_ms();
    struct pollfd nothing = {.fd = -1};

    is_int(resolve_host("slow.example.org", 25, deadline_in(50), &l, &why), CAUSE_TIMEOUT,
           "a resolver that hangs is left at the deadline");
    ok(clock_mono_ms() - before >= 49 && clock_mono_ms() - before < 5000, "...in time");
    ok(strstr(why.text.data, "slow.example.org") != NULL, "...says: %s", why.text.data);
    ok(l.n == 0 && l.v == NULL, "...no addresses");
    is_int(resolve_host("slow.example.org", 25, 0, &l, &why), CAUSE_TIMEOUT, "no time at all");
    is_int(resolve_host("mail.example.org", 25, deadline_in(AMPLE_MS), &l, &why), CAUSE_NONE,
           "another look-up meanwhile");
    resolve_free(&l);
    fault_free(&why);
    close(gate[1]);
    for (int i = 0; i < 1000 && atomic_load(&finished) < 2; i++)
        (void)poll(&nothing, 1, 5);
    is_int(finished, 2, "the threads end by themselves");
}

/* Signals are recorded once for the whole process, hence the child. */
static void test_signal(void)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        struct resolve_list l;
        struct fault why = {0};

        (void)proc_start();
        (void)raise(SIGTERM);
        _exit((int)resolve_host("slow.example.org", 25, deadline_in(AMPLE_MS), &l, &why));
    }
    (void)waitpid(child, &status, 0);
    is_int(WEXITSTATUS(status), CAUSE_INTERRUPTED, "a signal ends the wait");
}

int main(void)
{
    if (pipe(gate) != 0)
        return 1;
    test_literals();
    test_zones();
    test_answers();
    test_addrconfig();
    test_long_names();
    test_signal();
    test_abandoned();
    return done_testing();
}
