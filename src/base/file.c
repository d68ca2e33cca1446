/*
 * file.c: whole-file reads with checks made on the open descriptor, and whole writes.
 *
 * A check by path and an open by path are two looks at a thing that can change in between; every
 * check here is an fstat(2) of what will be read.
 */
#include "config.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/xalloc.h"

#define READ_STEP                                                                                  \
    ((size_t)16 * 1024) /* nearly every file is shorter: two reads, the end included */

enum cause file_open_regular(const char *path, int *fd, struct stat *st, struct fault *why)
{
    int err = 0;
    int opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (opened < 0)
        return fault_errno(why, CAUSE_CONFIG, errno, "%s", path);
    if (fstat(opened, st) != 0)
        err = errno;
    else if (S_ISREG(st->st_mode)) {
        *fd = opened;
        return CAUSE_NONE;
    }
    close(opened);
    if (err != 0)
        return fault_errno(why, CAUSE_CONFIG, err, "%s", path);
    return fault_set(why, CAUSE_CONFIG, "%s: not a regular file", path);
}

enum cause file_owner_safe(const char *path, const struct stat *st, uid_t euid, struct fault *why)
{
    unsigned mode = st->st_mode & 07777U;
    unsigned long owner = (unsigned long)st->st_uid;

    if (st->st_uid != 0 && st->st_uid != euid) {
        fault_set(why, CAUSE_CONFIG,
                  "%s: owned by uid %lu (mode %04o), which could change it behind your back", path,
                  owner, mode);
        fault_hint(why, "chown %lu %s", (unsigned long)euid, path);
        return CAUSE_CONFIG;
    }
    if ((mode & (S_IWGRP | S_IWOTH)) != 0) {
        fault_set(why, CAUSE_CONFIG, "%s: mode %04o (owner uid %lu) lets others write to it", path,
                  mode, owner);
        /* Not "chmod 600": a system file may have readers by right (root:www-data 0640). */
        fault_hint(why, "chmod go-w %s", path);
        return CAUSE_CONFIG;
    }
    return CAUSE_NONE;
}

bool file_is_private(const struct stat *st)
{
    unsigned open = S_IROTH | (st->st_uid == 0 ? 0U : S_IRGRP);

    return ((unsigned)st->st_mode & open) == 0;
}

/* read(2) past signals. */
static ssize_t read_some(int fd, void *to, size_t n)
{
    ssize_t got;

    do {
        got = read(fd, to, n);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* What is left to read of a regular file, at least one step. */
static size_t rest_of(int fd)
{
    off_t at = lseek(fd, 0, SEEK_CUR); /* -1: a pipe */
    struct stat st;

    if (at < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size - at < (off_t)READ_STEP)
        return READ_STEP;
    return (size_t)(st.st_size - at);
}

/*
 * What is known to be left, and one for the end, behind a read of GOT octets; 0 = unknown. A short
 * read ends most files; only behind a full one it pays to ask for the size.
 */
static size_t rest_behind(int fd, size_t rest, ssize_t got)
{
    if (got == (ssize_t)READ_STEP && rest == 0)
        return rest_of(fd) + 1;
    return got > 0 && (size_t)got < rest ? rest - (size_t)got : 0;
}

enum cause file_read_fd(int fd, const char *name, struct buf *out, struct fault *why)
{
    size_t rest = 0; /* as far as known, and one for the end */
    char beyond;
    ssize_t got = 1;

    while (got > 0) {
        size_t room = out->ceiling - out->len;

        if (room == 0) { /* full: only the end of the file may follow */
            got = read_some(fd, &beyond, 1);
            if (got > 0) {
                xwipe(&beyond, 1);
                return fault_set(why, CAUSE_CONFIG, "%s: more than %zu octets", name, out->ceiling);
            }
        } else {
            size_t spare = out->cap > out->len + 1 ? out->cap - out->len - 1 : 0;
            size_t step = rest > 0 ? rest : spare > READ_STEP / 2 ? spare : READ_STEP;

            room = room < step ? room : step;
            buf_reserve(out, room); /* cannot be refused: it is under the ceiling */
            got = read_some(fd, out->data + out->len, room);
            if (got > 0)
                buf_grew(out, (size_t)got);
            rest = rest_behind(fd, rest, got);
        }
    }
    return got < 0 ? fault_errno(why, CAUSE_IO, errno, "%s", name) : CAUSE_NONE;
}

/* A full disk passes by itself and the other errors do not: they are different causes. */
static enum cause write_cause(int err)
{
    return err == ENOSPC || err == EDQUOT || err == EFBIG ? CAUSE_DISK_FULL : CAUSE_IO;
}

enum cause file_write_all(int fd, const void *bytes, size_t n, const char *name, struct fault *why)
{
    const char *at = bytes;

    while (n > 0) {
        ssize_t done = write(fd, at, n);

        if (done > 0) {
            at += done;
            n -= (size_t)done;
        } else if (done == 0) {
            return fault_set(why, CAUSE_IO, "%s: nothing could be written", name);
        } else if (errno != EINTR) {
            return fault_errno(why, write_cause(errno), errno, "%s", name);
        }
    }
    return CAUSE_NONE;
}

/* $TMPDIR, if it may be believed, else NULL. */
static const char *environment_folder(void)
{
    const char *dir = getauxval(AT_SECURE) == 0 ? getenv("TMPDIR") : NULL;

    return dir != NULL && dir[0] == '/' ? dir : NULL;
}

/* An unnamed file in DIR, or -1 with errno. */
static int open_unnamed(const char *dir)
{
    struct buf name;
    char *path;
    int fd, err;

    /* O_EXCL: nobody can give the file a name afterwards (open(2)). */
    fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return fd;
    buf_init(&name, strlen(dir) + 32);
    buf_addf(&name, "%s/postrider.XXXXXX", dir);
    path = buf_take(&name);
    fd = mkostemp(path, O_CLOEXEC);
    err = errno;
    if (fd >= 0 && unlink(path) != 0) {
        err = errno;
        close(fd);
        fd = -1;
    }
    free(path);
    errno = err;
    return fd;
}

enum cause file_temporary(const char *dir, int *fd, struct fault *why)
{
    const char *hoped = dir != NULL ? dir : environment_folder();
    const char *tried = hoped != NULL ? hoped : "/tmp";
    int opened = open_unnamed(tried);

    /* A session's $TMPDIR can be gone before its cron jobs are; /tmp stays. */
    if (opened < 0 && dir == NULL && hoped != NULL) {
        tried = "/tmp";
        opened = open_unnamed(tried);
    }
    if (opened < 0)
        return fault_errno(why, write_cause(errno), errno, "no temporary file in %s", tried);
    *fd = opened;
    return CAUSE_NONE;
}
