/* scratch.h: a temporary folder, files of any mode in it, and a made-up user, for conf tests. */
#ifndef TESTS_UNIT_CONF_SCRATCH_H
#define TESTS_UNIT_CONF_SCRATCH_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/who.h"

struct scratch {
    char dir[256];
    char path[8][512]; /* a ring, so that several paths can be used at once */
    size_t next;
};

static inline void scratch_open(struct scratch *s)
{
    const char *tmp = getenv("TMPDIR");

    memset(s, 0, sizeof(*s));
    snprintf(s->dir, sizeof(s->dir), "%s/conf-test-XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp");
    if (mkdtemp(s->dir) == NULL) {
        perror(s->dir);
        exit(1);
    }
}

/* scratch_path - NAME in the folder. */
static inline const char *scratch_path(struct scratch *s, const char *name)
{
    char *path = s->path[s->next++ % 8];

    size_t n = strlen(s->dir);

    memcpy(path, s->dir, n);
    path[n] = '/';
    memcpy(path + n + 1, name, strnlen(name, 200));
    path[n + 1 + strnlen(name, 200)] = 0;
    return path;
}

/* scratch_write - a file of N octets and exactly MODE. */
static inline const char *scratch_write_n(struct scratch *s, const char *name, const void *text,
                                          size_t n, mode_t mode)
{
    const char *path = scratch_path(s, name);
    int fd;

    unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, text, n) != (ssize_t)n || fchmod(fd, mode) != 0) {
        perror(path);
        exit(1);
    }
    close(fd);
    return path;
}

static inline const char *scratch_write(struct scratch *s, const char *name, const char *text,
                                        mode_t mode)
{
    return scratch_write_n(s, name, text, strlen(text), mode);
}

static inline int scratch_remove_one(const char *path, const struct stat *st, int type,
                                     struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline void scratch_close(struct scratch *s)
{
    nftw(s->dir, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* scratch_who - whoever runs the test, under another name, with the folder as home. */
static inline void scratch_who(struct scratch *s, struct who *w)
{
    static char login[] = "alice", gecos[] = "", node[] = "node";

    memset(w, 0, sizeof(*w));
    w->uid = 4242;
    w->euid = geteuid();
    w->gid = getegid();
    w->login = login;
    w->gecos = gecos;
    w->node = node;
    w->home = s->dir;
}

#endif
