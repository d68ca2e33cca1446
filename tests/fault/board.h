/*
 * board.h: what the sweep tells the shim, and what the shim tells the sweep. It lies in memory that
 * both have mapped, so that it survives whatever happens to the program between them.
 */
#ifndef TESTS_FAULT_BOARD_H
#define TESTS_FAULT_BOARD_H

/* Which calls are counted together. */
enum kind {
    KIND_OWN_ALLOC, /* memory that the program asks for itself */
    KIND_LIB_ALLOC, /* memory that a library asks for */
    KIND_ALLOC,     /* either */
    KIND_READ,      /* read: a file, a pipe, standard input */
    KIND_BODY,      /* pread: the body of a big message */
    KIND_WRITE,     /* write, writev */
    KIND_OPEN,      /* open, openat, mkostemp, fopen */
    KIND_STAT,      /* stat, fstat, lstat */
    KIND_CLOSE,
    KIND_NAME,    /* rename, unlink, mkdir */
    KIND_SOCKET,  /* socket, bind, connect */
    KIND_OPTION,  /* setsockopt, getsockopt, getsockname, fcntl */
    KIND_SEND,    /* send, sendto, sendmsg */
    KIND_RECV,    /* recv, recvfrom, recvmsg */
    KIND_POLL,    /* poll, ppoll */
    KIND_RANDOM,  /* getrandom, getentropy */
    KIND_RESOLVE, /* getaddrinfo */
    KIND_SPAWN,   /* pipe, pipe2, fork, posix_spawn, posix_spawnp, waitpid, pthread_create */
    KIND_COUNT
};

/* What happens to the call. Above 0: it fails with this error number (getaddrinfo: EAI_AGAIN). */
enum how {
    HOW_SHORT = -1,       /* one octet of what was asked for */
    HOW_END = -2,         /* 0: the end of the file, a closed connection, an empty write */
    HOW_KILL_BEFORE = -3, /* the signal SIG, then the call */
    HOW_KILL_AFTER = -4,  /* the call, then the signal SIG */
};

struct board {
    /* The order. */
    int kind;
    unsigned nth; /* from 1; 0: only count */
    int and_on;   /* the calls behind it, too */
    int how;
    int sig;
    /* The report. */
    unsigned seen[KIND_COUNT];
    int struck;
    int mute;        /* one of the calls struck was to standard error */
    char place[160]; /* who made the first */
    /* Where the program died of SIGSEGV, SIGBUS or SIGABRT; beside that, whether in a library. */
    char crash[160];
    int crash_in_library;
};

#define BOARD_VARIABLE "FAULT_BOARD" /* the number of the descriptor to map */

#endif
