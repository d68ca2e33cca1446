/*
 * still.c: reads /proc, where the kernel tells everybody about every process and socket. Whether a
 * process has run since is told by its counts of context switches, so that one look between two
 * naps cannot be mistaken for a long sleep.
 */
#include "config.h"

#include "still.h"

#include "octets.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NAP_NS    500000
#define LOOPBACK  0x0100007F /* 127.0.0.1 as /proc/net/tcp writes it on a little-endian machine */
#define ST_LISTEN 0x0A

/* What all threads of a process and of its children have done so far, in one number. */
struct look {
    bool asleep;
    uint64_t done;
};

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

static void look_at_thread(const char *status, uint64_t id, struct look *l)
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

static void look_at(pid_t pid, struct look *l)
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

bool still_process(pid_t pid)
{
    struct look before = {.asleep = true}, after = {.asleep = true};

    look_at(pid, &before);
    if (!before.asleep)
        return false;
    (void)nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    look_at(pid, &after);
    return after.asleep && after.done == before.done;
}

bool still_sockets(unsigned local_port, unsigned remote_port)
{
    struct octets text = {0};
    bool still = read_proc(&text, "/proc/net/tcp");
    char *save = NULL;

    /* "sl: local:port remote:port state tx_queue:rx_queue ...", all in hexadecimal */
    for (const char *line = still ? strtok_r(text.p, "\n", &save) : NULL; line && still;
         line = strtok_r(NULL, "\n", &save)) {
        unsigned from, from_port, to, to_port, state, unsent, waiting;

        if (sscanf(line, " %*u: %x:%x %x:%x %x %x:%x", &from, &from_port, &to, &to_port, &state,
                   &unsent, &waiting) != 7)
            continue;
        if (from != LOOPBACK || from_port != local_port)
            continue;
        if (state == ST_LISTEN)
            still = waiting == 0;
        else if (remote_port == 0 || to_port == remote_port)
            still = unsent == 0;
    }
    octets_free(&text);
    return still;
}
