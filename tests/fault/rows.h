/*
 * rows.h: the table of faults. Rows of one group stand together: they make one line of TAP.
 */
#ifndef TESTS_FAULT_ROWS_H
#define TESTS_FAULT_ROWS_H

#include "board.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>

/* What fails, how, and under which heading it is counted. */
struct fault_row {
    const char *group;
    enum kind kind;
    int how;
    int sig;
    bool and_on;
};

static const struct fault_row rows[] = {
    {"memory of its own", KIND_OWN_ALLOC, ENOMEM, 0, false},
    {"memory of its own", KIND_OWN_ALLOC, ENOMEM, 0, true},
    {"memory of libraries", KIND_LIB_ALLOC, ENOMEM, 0, false},
    {"all memory from here on", KIND_ALLOC, ENOMEM, 0, true},
    {"read", KIND_READ, EIO, 0, false},
    {"read", KIND_READ, EINTR, 0, false},
    {"read", KIND_READ, EAGAIN, 0, false},
    {"read", KIND_READ, HOW_SHORT, 0, false},
    {"pread of the body", KIND_BODY, EIO, 0, false},
    {"pread of the body", KIND_BODY, EINTR, 0, false},
    {"pread of the body", KIND_BODY, HOW_SHORT, 0, false},
    {"pread of the body", KIND_BODY, HOW_END, 0, false},
    {"write", KIND_WRITE, ENOSPC, 0, false},
    {"write", KIND_WRITE, ENOSPC, 0, true},
    {"write", KIND_WRITE, EIO, 0, false},
    {"write", KIND_WRITE, EINTR, 0, false},
    {"write", KIND_WRITE, HOW_SHORT, 0, false},
    {"write", KIND_WRITE, HOW_END, 0, false},
    {"open", KIND_OPEN, EMFILE, 0, false},
    {"open", KIND_OPEN, EMFILE, 0, true},
    {"open", KIND_OPEN, EACCES, 0, false},
    {"open", KIND_OPEN, ENOENT, 0, false},
    {"open", KIND_OPEN, EOPNOTSUPP, 0, false},
    {"stat", KIND_STAT, EIO, 0, false},
    {"stat", KIND_STAT, ENOENT, 0, false},
    {"close", KIND_CLOSE, EIO, 0, false},
    {"close", KIND_CLOSE, EINTR, 0, false},
    {"names of files", KIND_NAME, EACCES, 0, false},
    {"names of files", KIND_NAME, EROFS, 0, true},
    {"names of files", KIND_NAME, ENOENT, 0, false},
    {"connect and socket", KIND_SOCKET, ECONNREFUSED, 0, false},
    {"connect and socket", KIND_SOCKET, ECONNREFUSED, 0, true},
    {"connect and socket", KIND_SOCKET, EMFILE, 0, false},
    {"connect and socket", KIND_SOCKET, EMFILE, 0, true},
    {"connect and socket", KIND_SOCKET, ENETUNREACH, 0, false},
    {"connect and socket", KIND_SOCKET, ETIMEDOUT, 0, false},
    {"connect and socket", KIND_SOCKET, EINTR, 0, false},
    {"socket options", KIND_OPTION, EINVAL, 0, false},
    {"socket options", KIND_OPTION, ENOBUFS, 0, false},
    {"send", KIND_SEND, ECONNRESET, 0, false},
    {"send", KIND_SEND, EPIPE, 0, false},
    {"send", KIND_SEND, ENOBUFS, 0, false},
    {"send", KIND_SEND, EAGAIN, 0, false},
    {"send", KIND_SEND, EINTR, 0, false},
    {"send", KIND_SEND, HOW_SHORT, 0, false},
    {"recv", KIND_RECV, ECONNRESET, 0, false},
    {"recv", KIND_RECV, ETIMEDOUT, 0, false},
    {"recv", KIND_RECV, EAGAIN, 0, false},
    {"recv", KIND_RECV, EINTR, 0, false},
    {"recv", KIND_RECV, HOW_SHORT, 0, false},
    {"recv", KIND_RECV, HOW_END, 0, false},
    {"poll", KIND_POLL, EINTR, 0, false},
    {"poll", KIND_POLL, ENOMEM, 0, false},
    {"poll", KIND_POLL, HOW_END, 0, false},
    {"random numbers", KIND_RANDOM, EINTR, 0, false},
    {"random numbers", KIND_RANDOM, ENOSYS, 0, false},
    {"random numbers", KIND_RANDOM, ENOSYS, 0, true},
    {"random numbers", KIND_RANDOM, HOW_SHORT, 0, false},
    {"name resolution", KIND_RESOLVE, EAGAIN, 0, false},
    {"name resolution", KIND_RESOLVE, ENOMEM, 0, false},
    {"name resolution", KIND_RESOLVE, EMFILE, 0, false},
    {"helpers and threads", KIND_SPAWN, EMFILE, 0, false},
    {"helpers and threads", KIND_SPAWN, EAGAIN, 0, false},
    {"helpers and threads", KIND_SPAWN, ECHILD, 0, false},
    {"kill -KILL at a send", KIND_SEND, HOW_KILL_BEFORE, SIGKILL, false},
    {"kill -KILL at a send", KIND_SEND, HOW_KILL_AFTER, SIGKILL, false},
    {"kill -TERM at a send or a wait", KIND_SEND, HOW_KILL_BEFORE, SIGTERM, false},
    {"kill -TERM at a send or a wait", KIND_SEND, HOW_KILL_AFTER, SIGTERM, false},
    {"kill -TERM at a send or a wait", KIND_POLL, HOW_KILL_BEFORE, SIGTERM, false},
    {"kill -INT at a send or a wait", KIND_SEND, HOW_KILL_BEFORE, SIGINT, false},
    {"kill -INT at a send or a wait", KIND_SEND, HOW_KILL_AFTER, SIGINT, false},
    {"kill -INT at a send or a wait", KIND_POLL, HOW_KILL_BEFORE, SIGINT, false},
};

#endif
