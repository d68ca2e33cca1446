/* file.h: whole-file reads with checks made on the open descriptor, and whole writes. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"
#include "base/fault.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/*
 * file_open_regular - opens PATH for reading (O_CLOEXEC, O_NONBLOCK so that a FIFO cannot hang
 * us, symbolic links followed) and checks on the descriptor that it is a regular file.
 * fd:    the descriptor, owned by the caller.  st: its fstat(2).
 * fails: CAUSE_CONFIG with the path in the text and err set (ENOENT: not there).
 */
enum cause file_open_regular(const char *path, int *fd, struct stat *st,
                             struct fault *why) ATTR_CHECK;

/*
 * file_owner_safe - the common rule for configuration and secrets: owned by root or EUID and not
 * writable by group or others. fails: CAUSE_CONFIG naming path, mode or owner, and the command
 * that mends it.
 */
enum cause file_owner_safe(const char *path, const struct stat *st, uid_t euid,
                           struct fault *why) ATTR_CHECK;

/* file_is_private - only its owner can read it, or, when that is root, a group that root chose. */
bool file_is_private(const struct stat *st);

/*
 * file_read_fd - appends everything up to end of file to OUT (its ceiling is the limit). EINTR and
 * short reads are handled. fails: CAUSE_IO; CAUSE_CONFIG when the ceiling is passed.
 */
enum cause file_read_fd(int fd, const char *name, struct buf *out, struct fault *why) ATTR_CHECK;

/* file_write_all - writes N bytes, EINTR and short writes handled. fails: CAUSE_IO, CAUSE_DISK_FULL
 * (ENOSPC, EDQUOT, EFBIG). */
enum cause file_write_all(int fd, const void *bytes, size_t n, const char *name,
                          struct fault *why) ATTR_CHECK;

/*
 * file_temporary - an unnamed file of mode 0600 in DIR (NULL: $TMPDIR if absolute and we are not
 * privileged by AT_SECURE, else /tmp): O_TMPFILE, else mkostemp and unlink. fails: CAUSE_DISK_FULL,
 * CAUSE_IO.
 */
enum cause file_temporary(const char *dir, int *fd, struct fault *why) ATTR_CHECK;

#endif
