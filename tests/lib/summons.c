/* summons.c: see summons.h. The file appears under its name when it is whole. */
#include "config.h"

#include "summons.h"

#include "octets.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRIES  6000
#define NAP_MS 10
#define GONE   "gone"

/* Anything but a number says that there is nobody any more. */
static bool leave(const char *out, const char *text_of_it)
{
    struct octets path = {0}, part = {0}, text = {0};
    bool good;

    octets_printf(&path, "%s/pid", out);
    octets_printf(&part, "%s/pid.part", out);
    octets_str(&text, text_of_it);
    good = octets_save(&text, part.p, 0600) && rename(part.p, path.p) == 0;
    octets_free(&path);
    octets_free(&part);
    octets_free(&text);
    return good;
}

void summons_expect(const char *out)
{
    struct octets path = {0};

    octets_printf(&path, "%s/pid", out);
    (void)unlink(path.p);
    octets_free(&path);
}

bool summons_leave(const char *out, pid_t pid)
{
    char text[32];

    snprintf(text, sizeof text, "%ld", (long)pid);
    return leave(out, text);
}

bool summons_gone(const char *out)
{
    return leave(out, GONE);
}

static int number_of(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } signals[] = {{"TERM", SIGTERM}, {"INT", SIGINT}, {"HUP", SIGHUP}};
    size_t i;

    for (i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        if (strcmp(signals[i].name, name) == 0)
            return signals[i].number;
    }
    return 0;
}

const char *summons_send(const char *out, const char *name)
{
    struct octets path = {0}, text = {0};
    int number = number_of(name), tries;
    bool there = false, gone;
    pid_t pid;

    if (number == 0)
        return "signals are TERM, INT and HUP";
    octets_printf(&path, "%s/pid", out);
    for (tries = 0; !there && tries < TRIES; tries++) {
        there = octets_file(&text, path.p);
        if (!there)
            (void)poll(NULL, 0, NAP_MS);
    }
    gone = strcmp(octets_text(&text), GONE) == 0;
    pid = there ? (pid_t)strtol(octets_text(&text), NULL, 10) : 0;
    octets_free(&path);
    octets_free(&text);
    if (gone)
        return NULL; /* a client that has done its work has ended, and that is well */
    if (pid <= 1)
        return "nobody told who the client is";
    (void)kill(pid, number);
    return NULL;
}
