/*
 * still.c: asks the kernel, which tells everybody about every process (/proc) and socket (netlink;
 * /proc/net/tcp would take milliseconds). Whether a process has run since is told by its counts of
 * context switches, so that one look between two naps cannot be mistaken for a long sleep.
 */
#include "config.h"

#include "still.h"

#include "octets.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NAP_NS 500000

static bool read_proc(struct octets *out, const char *path)
{
    out->n = 0;
    return octets_file(out, path);
}

/* The number behind "\nKEY:" of a status file. */
static uint64_t number_of(const char *status, const char *key)
{
    const char *at = strstr(status, key);

    return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static void look_at_thread(const char *status, uint64_t id, struct still *l)
{
    const char *state = strstr(status, "\nState:\t");
    uint64_t switches = number_of(status, "\nvoluntary_ctxt_switches:\t") +
                        number_of(status, "\nnonvoluntary_ctxt_switches:\t");

    /* Gone, or dead and not reaped: it says nothing any more. */
    if (!state || state[8] == 'Z' || state[8] == 'X')
        return;
    if (state[8] != 'S')
        l->asleep = false;
    l->done = l->done * 1000003 + id * 7919 + switches;
}

static void look_at(pid_t pid, struct still *l)
{
    struct octets path = {0}, text = {0};
    const struct dirent *entry;
    DIR *threads;

    octets_printf(&path, "/proc/%ld/task", (long)pid);
    threads = opendir(path.p);
    while (threads && (entry = readdir(threads)) != NULL) {
        const char *name = entry->d_name;

        if (name[0] == '.')
            continue;
        path.n = 0;
        octets_printf(&path, "/proc/%ld/task/%s/status", (long)pid, name);
        if (read_proc(&text, path.p))
            look_at_thread(octets_text(&text), strtoull(name, NULL, 10), l);
        path.n = 0;
        octets_printf(&path, "/proc/%ld/task/%s/children", (long)pid, name);
        if (read_proc(&text, path.p)) {
            char *at = text.p;

            for (long child; text.n > 0 && (child = strtol(at, &at, 10)) > 0;)
                look_at((pid_t)child, l);
        }
    }
    if (threads)
        closedir(threads);
    octets_free(&path);
    octets_free(&text);
}

struct still still_look(pid_t pid)
{
    struct still now = {.asleep = true};

    look_at(pid, &now);
    return now;
}

bool still_since(pid_t pid, const struct still *before)
{
    struct still now;

    (void)nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    now = still_look(pid);
    return before->asleep && now.asleep && now.done == before->done;
}

/* The kernel's own words about one socket; false when they are not to be had. */
static bool ask_socket(unsigned local_port, unsigned remote_port, struct inet_diag_msg *told)
{
    struct {
        struct nlmsghdr head;
        struct inet_diag_req_v2 body;
    } ask = {.head = {.nlmsg_len = sizeof ask,
                      .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                      .nlmsg_flags = NLM_F_REQUEST},
             .body = {.sdiag_family = AF_INET,
                      .sdiag_protocol = IPPROTO_TCP,
                      .idiag_states = ~0U,
                      .id = {.idiag_sport = htons((uint16_t)local_port),
                             .idiag_dport = htons((uint16_t)remote_port),
                             .idiag_src = {htonl(INADDR_LOOPBACK)},
                             .idiag_dst = {remote_port ? htonl(INADDR_LOOPBACK) : 0},
                             .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}}};
    union {
        struct nlmsghdr head;
        char room[4096];
    } reply;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    ssize_t n = -1;

    if (fd >= 0 && send(fd, &ask, sizeof ask, 0) == (ssize_t)sizeof ask)
        n = recv(fd, &reply, sizeof reply, 0);
    if (fd >= 0)
        (void)close(fd);
    if (n < (ssize_t)sizeof reply.head)
        return false;
    memset(told, 0, sizeof *told);
    if (reply.head.nlmsg_type == SOCK_DIAG_BY_FAMILY && n >= (ssize_t)NLMSG_LENGTH(sizeof *told))
        memcpy(told, NLMSG_DATA(&reply.head), sizeof *told);
    else if (reply.head.nlmsg_type == NLMSG_ERROR)
        return ((const struct nlmsgerr *)NLMSG_DATA(&reply.head))->error == -ENOENT;
    return true;
}

bool still_socket(unsigned local_port, unsigned remote_port)
{
    struct inet_diag_msg told;

    if (!ask_socket(local_port, remote_port, &told))
        return false;
    /* For a connection that is gone the kernel tells of the listening socket. */
    if (remote_port > 0)
        return told.id.idiag_dport != htons((uint16_t)remote_port) || told.idiag_wqueue == 0;
    return told.idiag_rqueue == 0;
}
