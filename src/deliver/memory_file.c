/*
 * memory_file.c: see memory_file.h.
 *
 * Nothing here is worth an error message, a retry or a sync: what cannot be read was never known,
 * and what cannot be written costs a round trip next time. What must not happen is that somebody
 * else's file, or ours for another server, is taken for what we have learned; so every file says
 * for which key it is, and is looked at through its descriptor.
 */
#include "config.h"

#include "deliver/memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/attr.h"

#define HEAD_MAX 128 /* "postrider KIND 1 KEY" */

static const struct {
    const char *word;
    const char *suffix;
    bool is_once;
} kinds[] = {
    [MEMORY_FILE_NEWS] = {"memory", "", false},
    [MEMORY_FILE_TICKET] = {"ticket", ".ticket", true},
};

struct place {
    char head[HEAD_MAX]; /* the first line */
    char path[PATH_MAX];
    char aside[PATH_MAX]; /* of this process alone, where a file is moved */
};

static bool find_place(struct place *p, const char *dir, const char *key, enum memory_file kind,
                       bool is_moved)
{
    const char *suffix = kinds[kind].suffix;
    long pid = is_moved ? (long)getpid() : 0;
    int head, path, aside;

    head = snprintf(p->head, sizeof(p->head), "postrider %s 1 %s\n", kinds[kind].word, key);
    path = snprintf(p->path, sizeof(p->path), "%s/%s%s", dir, key, suffix);
    aside = snprintf(p->aside, sizeof(p->aside), "%s/%s%s.%ld", dir, key, suffix, pid);
    return head > 0 && (size_t)head < sizeof(p->head) && path > 0 &&
           (size_t)path < sizeof(p->path) && aside > 0 && (size_t)aside < sizeof(p->aside);
}

/*
 * As we make them, and no larger than a buffer of ROOM octets. One without any name is one that
 * another process of ours has replaced since it was opened.
 */
static bool is_ours(const struct stat *st, size_t room)
{
    return S_ISREG(st->st_mode) && st->st_uid == geteuid() && (st->st_mode & 077) == 0 &&
           st->st_nlink <= 1 && st->st_size > 0 && (uint64_t)st->st_size <= room;
}

/* Reads the whole file into ALL: one read(2), since it is small and nobody writes to it. */
static bool read_all(const char *path, struct buf *all)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    ssize_t got = -1;

    if (fd < 0)
        return false;
    if (fstat(fd, &st) == 0 && is_ours(&st, all->ceiling) && buf_reserve(all, (size_t)st.st_size)) {
        got = read(fd, all->data, (size_t)st.st_size);
        if (got == st.st_size)
            buf_grew(all, (size_t)got);
    }
    close(fd);
    return all->len > 0;
}

bool memory_file_read(const char *dir, const char *key, enum memory_file kind, struct buf *out)
{
    const char *from;
    struct place p;
    struct buf all;
    size_t head;
    bool good;

    if (!find_place(&p, dir, key, kind, kinds[kind].is_once))
        return false;
    from = p.path;
    if (kinds[kind].is_once) {
        if (rename(p.path, p.aside) != 0)
            return false;
        from = p.aside;
    }
    head = strlen(p.head);
    buf_init_secret(&all, out->ceiling - out->len + head);
    good = read_all(from, &all) && all.len > head && memcmp(all.data, p.head, head) == 0 &&
           buf_add(out, all.data + head, all.len - head);
    if (kinds[kind].is_once)
        (void)unlink(p.aside);
    buf_free(&all);
    return good;
}

/* The folder DIR and those it stands in. What goes wrong shows when the file is opened. */
static void make_folders(const char *dir)
{
    char path[PATH_MAX];
    size_t i, n = strlen(dir);

    if (n >= sizeof(path))
        return;
    memcpy(path, dir, n + 1);
    for (i = 1; i < n; i++) {
        if (path[i] != '/')
            continue;
        path[i] = '\0';
        (void)mkdir(path, 0700);
        path[i] = '/';
    }
    (void)mkdir(path, 0700);
}

/* A new file of our own. One of that name is what an earlier process left when it was killed. */
static int create(const char *dir, const char *path)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = open(path, flags, 0600);

    if (fd >= 0)
        return fd;
    if (errno == ENOENT)
        make_folders(dir);
    else if (errno != EEXIST || unlink(path) != 0)
        return -1;
    return open(path, flags, 0600);
}

bool memory_file_write(const char *dir, const char *key, enum memory_file kind, const void *bytes,
                       size_t n)
{
    struct place p;
    struct iovec v[2];
    bool good;
    int fd;

    if (!find_place(&p, dir, key, kind, true))
        return false;
    fd = create(dir, p.aside);
    if (fd < 0)
        return false;
    v[0] = (struct iovec){.iov_base = p.head, .iov_len = strlen(p.head)};
    v[1] = (struct iovec){.iov_base = (void *)(uintptr_t)bytes, .iov_len = n};
    good = writev(fd, v, (int)ARRAY_LEN(v)) == (ssize_t)(v[0].iov_len + n);
    if (close(fd) != 0)
        good = false;
    if (good)
        good = rename(p.aside, p.path) == 0;
    if (!good)
        (void)unlink(p.aside);
    return good;
}
