/*
 * resolve.c: names to addresses, services to names, and never later than the deadline.
 *
 * getaddrinfo(3) is the only look-up that honours the whole of a system's configuration (hosts
 * file, mDNS, VPN name servers), res_nquery(3) the one that has its name servers; neither can be
 * given a deadline. So they run in a thread of their own, which shares one counted structure with
 * us and nothing else: whoever leaves last frees it. At the deadline, or at a signal, we just
 * leave. The thread hands over through a pipe, because the wait has to be the same proc_poll that
 * sees signals.
 */
#include "config.h"

#include "net/resolve.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <resolv.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/num.h"
#include "base/proc.h"
#include "base/rand.h"
#include "base/xalloc.h"
#include "net/srv.h"

/* RFC 1035 2.3.4: 255 octets on the wire, which is 253 as text, and a dot at the end. */
#define NAME_SIZE 255

/* More addresses than anybody has; an answer is not allowed to keep us busy for long. */
#define ADDRESSES_MAX 64

/* As h_errno, where not every system has names for them. */
#define QUERY_ANSWERED 0
#define QUERY_FAILED   (-1) /* here: errno says why */

/* What TCP can carry: RFC 1035 4.2.2. */
#define ANSWER_SIZE 65535

/* glibc's resolver wants some 70 KiB, NSS modules that speak to a daemon somewhat more. */
#define THREAD_STACK_BYTES ((size_t)256 * 1024)

struct lookup {
    atomic_int users;              /* 2: we and the thread */
    atomic_bool done;              /* what ask() has written may be read */
    int pipe_fd[2];                /* the thread closes [1] when it is done, who leaves last [0] */
    void (*ask)(struct lookup *l); /* runs in the thread */
    int result;                    /* of getaddrinfo, or h_errno of res_nquery */
    int err;                       /* errno */
    struct addrinfo *found;        /* getaddrinfo's */
    unsigned char *answer;         /* res_nquery's: ANSWER_SIZE octets, or NULL */
    size_t answer_len;
    char service[8];
    char name[NAME_SIZE];
};

static void leave(struct lookup *l)
{
    if (atomic_fetch_sub(&l->users, 1) > 1)
        return;
    if (l->found != NULL)
        freeaddrinfo(l->found);
    if (l->pipe_fd[0] >= 0)
        (void)close(l->pipe_fd[0]);
    free(l->answer);
    free(l);
}

static bool ends_with(const char *name, const char *tail)
{
    size_t n = strlen(name), m = strlen(tail);

    return n >= m && strcasecmp(name + n - m, tail) == 0;
}

/*
 * AI_ADDRCONFIG spares an AAAA query on a machine without IPv6. It judges by the addresses other
 * than loopback, though, and so would hide 127.0.0.1 on a machine that has only IPv6 besides, and
 * an alias of ::1 on one that has only IPv4: hence never for localhost (RFC 6761 6.3), and a second
 * look without it where the first finds nothing.
 */
static int look_up(const char *name, const char *service, struct addrinfo **found)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    int result;

    if (strcasecmp(name, "localhost") == 0 || ends_with(name, ".localhost"))
        return getaddrinfo(name, service, &hints, found);
    hints.ai_flags |= AI_ADDRCONFIG;
    result = getaddrinfo(name, service, &hints, found);
    if (result == EAI_NONAME || result == EAI_NODATA || result == EAI_ADDRFAMILY) {
        hints.ai_flags &= ~AI_ADDRCONFIG;
        result = getaddrinfo(name, service, &hints, found);
    }
    return result;
}

static void ask_addresses(struct lookup *l)
{
    l->result = look_up(l->name, l->service, &l->found);
    l->err = errno;
    if (l->result != 0)
        l->found = NULL;
}

/* Without res_nquery (musl) res_query is safe in a thread. Returns octets, or -1 and h_errno. */
#ifdef HAVE_RES_NQUERY
static int query(const char *name, unsigned char *answer, int size, int *trouble)
{
    struct __res_state state = {0};
    int n = -1;

    *trouble = QUERY_FAILED;
    if (res_ninit(&state) != 0) /* and nothing to close: it would be descriptor 0 */
        return n;
    n = res_nquery(&state, name, ns_c_in, ns_t_srv, answer, size);
    *trouble = state.res_h_errno;
    res_nclose(&state);
    return n;
}
#else
static int query(const char *name, unsigned char *answer, int size, int *trouble)
{
    int n = res_query(name, ns_c_in, ns_t_srv, answer, size);

    *trouble = h_errno;
    return n;
}
#endif

static void ask_services(struct lookup *l)
{
    int n = query(l->name, l->answer, ANSWER_SIZE, &l->result);

    l->err = errno;
    l->answer_len = n > 0 ? (size_t)n : 0;
    /* An answer longer than there is room is told with its whole length. */
    if (l->answer_len > ANSWER_SIZE)
        l->answer_len = ANSWER_SIZE;
    if (n > 0)
        l->result = QUERY_ANSWERED;
}

static void *look_up_thread(void *arg)
{
    struct lookup *l = arg;

    l->ask(l);
    atomic_store(&l->done, true);
    (void)close(l->pipe_fd[1]); /* the end of the pipe wakes the wait, and nothing can stop it */
    leave(l);
    return NULL;
}

/*
 * Starts the thread with all signals blocked: they are for the thread that polls. But not those
 * that a mistake in the resolver would raise: blocked, they are undefined (pthread_sigmask(3p)).
 */
static int start_thread(struct lookup *l)
{
    static const int of_the_thread[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, old;
    int err;

    err = pthread_attr_init(&attr);
    if (err != 0)
        return err;
    (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    (void)pthread_attr_setstacksize(&attr, THREAD_STACK_BYTES);
    (void)sigfillset(&all);
    for (size_t i = 0; i < ARRAY_LEN(of_the_thread); i++)
        (void)sigdelset(&all, of_the_thread[i]);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    err = pthread_create(&thread, &attr, look_up_thread, l);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    (void)pthread_attr_destroy(&attr);
    return err;
}

/* The shared structure, of which there is one user so far. To be left with leave(). */
static struct lookup *new_lookup(const char *name, void (*ask)(struct lookup *l))
{
    struct lookup *l = xcalloc(1, sizeof(*l));

    snprintf(l->name, sizeof(l->name), "%s", name);
    l->ask = ask;
    l->pipe_fd[0] = l->pipe_fd[1] = -1;
    atomic_init(&l->users, 1);
    atomic_init(&l->done, false);
    return l;
}

static enum cause begin(struct lookup *l, struct fault *why)
{
    int err;

    if (pipe2(l->pipe_fd, O_CLOEXEC) != 0)
        return fault_errno(why, CAUSE_DNS_TEMPORARY, errno, "cannot look up %s", l->name);
    atomic_store(&l->users, 2);
    err = start_thread(l);
    if (err == 0)
        return CAUSE_NONE;
    (void)close(l->pipe_fd[1]);
    atomic_store(&l->users, 1);
    return fault_errno(why, CAUSE_DNS_TEMPORARY, err, "cannot look up %s", l->name);
}

static enum cause await(struct lookup *l, deadline_ms until, struct fault *why)
{
    struct pollfd p = {.fd = l->pipe_fd[0], .events = POLLIN};
    int n = proc_poll(&p, 1, until, false);

    if (n < 0)
        return fault_set(why, CAUSE_INTERRUPTED, "stopped by a signal while looking up %s",
                         l->name);
    if (n == 0 || !atomic_load(&l->done)) {
        fault_set(why, CAUSE_TIMEOUT, "no answer in time to the question where %s is", l->name);
        fault_hint(why, "%s, or raise connect_timeout", fault_row(CAUSE_DNS_TEMPORARY)->hint);
        return CAUSE_TIMEOUT;
    }
    return CAUSE_NONE;
}

static enum cause run(struct lookup *l, deadline_ms until, struct fault *why)
{
    enum cause cause = begin(l, why);

    return cause == CAUSE_NONE ? await(l, until, why) : cause;
}

static bool same_addr(const struct resolve_addr *a, const struct addrinfo *ai)
{
    return a->len == ai->ai_addrlen && memcmp(&a->sa, ai->ai_addr, a->len) == 0;
}

/* Adds each address once: a hosts file often names one twice. */
static void add_addr(struct resolve_list *list, const struct addrinfo *ai)
{
    struct resolve_addr *to;

    if ((ai->ai_family != AF_INET && ai->ai_family != AF_INET6) || ai->ai_addrlen > sizeof(to->sa))
        return;
    for (size_t i = 0; i < list->n; i++) {
        if (same_addr(&list->v[i], ai))
            return;
    }
    list->v = xrealloc(list->v, (list->n + 1) * sizeof(*list->v));
    to = &list->v[list->n++];
    memset(to, 0, sizeof(*to));
    memcpy(&to->sa, ai->ai_addr, ai->ai_addrlen);
    to->len = ai->ai_addrlen;
}

static enum cause collect(const struct lookup *l, struct resolve_list *out, struct fault *why)
{
    switch (l->result) {
    case 0:
        break;
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
        return fault_set(why, CAUSE_DNS_NONE, "cannot find the host %s: %s", l->name,
                         gai_strerror(l->result));
    case EAI_SYSTEM:
        return fault_errno(why, CAUSE_DNS_TEMPORARY, l->err, "cannot look up %s", l->name);
    default:
        return fault_set(why, CAUSE_DNS_TEMPORARY, "cannot look up %s: %s", l->name,
                         gai_strerror(l->result));
    }
    for (const struct addrinfo *ai = l->found; ai != NULL && out->n < ADDRESSES_MAX;
         ai = ai->ai_next)
        add_addr(out, ai);
    if (out->n == 0)
        return fault_set(why, CAUSE_DNS_NONE, "the host %s has no internet address", l->name);
    return CAUSE_NONE;
}

/* The text of a literal without its brackets, in OUT; false when it is too long to be one. */
static bool strip_brackets(const char *name, char *out, size_t size)
{
    size_t n = strlen(name);

    if (n >= 2 && name[0] == '[' && name[n - 1] == ']') {
        name++;
        n -= 2;
    }
    if (n >= size)
        return false;
    memcpy(out, name, n);
    out[n] = '\0';
    return true;
}

#define LITERAL_SIZE (INET6_ADDRSTRLEN + 1 + IF_NAMESIZE)

/*
 * Reads a literal; *ZONE gets what stands behind the '%' of RFC 4007 11, or NULL. TEXT, which was
 * stripped of its brackets, is cut there.
 */
static bool read_literal(char *text, struct resolve_addr *out, char **zone)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&out->sa;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->sa;

    memset(out, 0, sizeof(*out));
    *zone = NULL;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        out->len = sizeof(*v4);
        return true;
    }
    *zone = strchr(text, '%');
    if (*zone != NULL)
        *(*zone)++ = '\0';
    if ((*zone != NULL && **zone == '\0') || inet_pton(AF_INET6, text, &v6->sin6_addr) != 1)
        return false;
    v6->sin6_family = AF_INET6;
    out->len = sizeof(*v6);
    return true;
}

bool resolve_literal(const char *name, struct resolve_addr *out)
{
    char text[LITERAL_SIZE];
    char *zone;

    return strip_brackets(name, text, sizeof(text)) && read_literal(text, out, &zone);
}

bool resolve_is_literal(const char *name)
{
    struct resolve_addr addr;

    return resolve_literal(name, &addr);
}

/* A literal needs neither thread nor resolver, only its port and the number of its zone. */
static enum cause from_literal(const char *name, uint16_t port, struct resolve_list *out,
                               struct fault *why)
{
    char text[LITERAL_SIZE];
    struct resolve_addr *addr = xcalloc(1, sizeof(*addr));
    uint64_t index = 0;
    char *zone = NULL;

    *out = (struct resolve_list){.v = addr, .n = 1};
    if (!strip_brackets(name, text, sizeof(text)) || !read_literal(text, addr, &zone)) {
        resolve_free(out);
        return fault_set(why, CAUSE_SOFTWARE, "%s is no address", name);
    }
    if (addr->sa.ss_family == AF_INET) {
        ((struct sockaddr_in *)&addr->sa)->sin_port = htons(port);
        return CAUSE_NONE;
    }
    ((struct sockaddr_in6 *)&addr->sa)->sin6_port = htons(port);
    if (zone != NULL && !num_parse(zone, strlen(zone), UINT32_MAX, &index)) {
        index = if_nametoindex(zone);
        if (index == 0) {
            resolve_free(out);
            return fault_set(why, CAUSE_DNS_NONE, "%s: this machine has no such network interface",
                             name);
        }
    }
    ((struct sockaddr_in6 *)&addr->sa)->sin6_scope_id = (uint32_t)index;
    return CAUSE_NONE;
}

static enum cause from_name(const char *name, uint16_t port, deadline_ms until,
                            struct resolve_list *out, struct fault *why)
{
    size_t n = strlen(name);
    struct lookup *l;
    enum cause cause;

    if (n == 0 || n >= NAME_SIZE)
        return fault_set(why, CAUSE_DNS_NONE, "\"%.*s%s\" is not a host name", 80, name,
                         n > 80 ? "..." : "");
    l = new_lookup(name, ask_addresses);
    snprintf(l->service, sizeof(l->service), "%u", (unsigned)port);
    cause = run(l, until, why);
    if (cause == CAUSE_NONE)
        cause = collect(l, out, why);
    leave(l);
    return cause;
}

enum cause resolve_host(const char *name, uint16_t port, deadline_ms until,
                        struct resolve_list *out, struct fault *why)
{
    enum cause cause;

    *out = (struct resolve_list){0};
    if (resolve_is_literal(name))
        cause = from_literal(name, port, out, why);
    else
        cause = from_name(name, port, until, out, why);
    if (cause != CAUSE_NONE)
        why->stage = STAGE_RESOLVE;
    return cause;
}

void resolve_free(struct resolve_list *l)
{
    free(l->v);
    *l = (struct resolve_list){0};
}

static enum cause not_offered(const struct lookup *l, const char *what, struct fault *why)
{
    return fault_set(why, CAUSE_DNS_NONE, "%s: %s", l->name, what);
}

static enum cause no_answer(const struct lookup *l, const char *what, struct fault *why)
{
    return fault_set(why, CAUSE_DNS_TEMPORARY, "cannot look up %s: %s", l->name, what);
}

/* What came instead of records, by h_errno. */
static enum cause trouble(const struct lookup *l, struct fault *why)
{
    switch (l->result) {
    case HOST_NOT_FOUND:
    case NO_DATA:
        return not_offered(l, "there is no such service", why);
    case QUERY_FAILED:
        return fault_errno(why, CAUSE_DNS_TEMPORARY, l->err, "cannot look up %s", l->name);
    default:
        return no_answer(l, "the name server gave no answer", why);
    }
}

/* Copies SET, in its order. */
static void give_targets(const struct srv_set *set, struct resolve_targets *out)
{
    out->v = xcalloc(set->n, sizeof(*out->v));
    for (out->n = 0; out->n < set->n; out->n++) {
        out->v[out->n].host = xstrdup(set->v[out->n].target);
        out->v[out->n].port = set->v[out->n].port;
    }
}

static enum cause collect_targets(const struct lookup *l, struct resolve_targets *out,
                                  struct fault *why)
{
    struct srv_set set;

    if (l->result != QUERY_ANSWERED)
        return trouble(l, why);
    switch (srv_read(l->answer, l->answer_len, l->name, &set)) {
    case SRV_FOUND:
        srv_order(&set, rand_below);
        give_targets(&set, out);
        return CAUSE_NONE;
    case SRV_NONE:
        return not_offered(l, "there is no such service", why);
    case SRV_REFUSED:
        return not_offered(l, "the domain says that it does not offer this", why);
    case SRV_USELESS:
        return not_offered(l, "none of its records names a host", why);
    case SRV_FAILED:
        return no_answer(l, "the name server has trouble", why);
    case SRV_BROKEN:
        return no_answer(l, "the name server's answer makes no sense", why);
    }
    return no_answer(l, "the name server's answer makes no sense", why);
}

enum cause resolve_srv(const char *service, const char *domain, deadline_ms until,
                       struct resolve_targets *out, struct fault *why)
{
    char name[NAME_SIZE];
    int n = snprintf(name, sizeof(name), "_%s._tcp.%s", service, domain);
    struct lookup *l;
    enum cause cause;

    *out = (struct resolve_targets){0};
    if (n < 0 || (size_t)n >= sizeof(name)) {
        fault_set(why, CAUSE_DNS_NONE, "the domain is too long for a look-up of its %s service",
                  service);
        why->stage = STAGE_RESOLVE;
        return CAUSE_DNS_NONE;
    }
    l = new_lookup(name, ask_services);
    l->answer = xcalloc(1, ANSWER_SIZE);
    cause = run(l, until, why);
    if (cause == CAUSE_NONE)
        cause = collect_targets(l, out, why);
    leave(l);
    if (cause != CAUSE_NONE)
        why->stage = STAGE_RESOLVE;
    return cause;
}

void resolve_targets_free(struct resolve_targets *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->v[i].host);
    free(t->v);
    *t = (struct resolve_targets){0};
}
