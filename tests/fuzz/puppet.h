/*
 * puppet.h: a server whose every octet, close and pause is decided by the input of a fuzzer, and
 * which keeps a record of what it said and heard. It lives in the thread of its client: base/proc
 * and base/clock are replaced, so that it moves when the client waits, and time jumps when neither
 * can go on.
 *
 * The input is lines. The first one is the caller's; of the others the first character says:
 *
 *   <TEXT    says TEXT and CRLF           =TEXT   says TEXT alone; "\HH" is any octet
 *   +N TEXT  says TEXT and CRLF N times   >       goes on when it has heard something new
 *   T        its half of a handshake      A, N    a fatal alert, a close_notify
 *   PTEXT    TEXT past TLS                H       half a record
 *   C, S     closes; says no more         D       reads nothing any more
 *   Z        ten seconds pass             !       a signal comes
 */
#ifndef TESTS_FUZZ_PUPPET_H
#define TESTS_FUZZ_PUPPET_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PUPPET_HANDSHAKE 22
#define PUPPET_ALERT     21
#define PUPPET_DATA      23
#define PUPPET_HEAD      3
#define PUPPET_CIPHER    0x5a
#define PUPPET_MARKS     64

/* One end of data that came in. */
struct puppet_mark {
    size_t said;  /* what the puppet had said by then */
    unsigned who; /* the recipients of the transaction, as bits */
    bool whole;   /* the text was what it had to be */
};

struct puppet {
    int fd;
    const char *at, *end; /* of the input */
    struct buf raw;       /* all octets of the client, as they came */
    struct buf heard;     /* those of the application */
    struct buf said;      /* its own, of the application */
    size_t raw_at;        /* octets of raw that were looked at */
    size_t heard_at;      /* ...of heard */
    size_t heard_then;    /* when it last waited */
    bool is_sealed;       /* the client speaks in records */
    bool has_shaken;      /* so does the puppet */
    bool is_closed, is_deaf;
    bool wants_login;       /* no octet of the message may come before its 235 */
    const struct buf *text; /* the message as it must come in by DATA, with its end mark */
    unsigned who;
    bool data_asked, in_text;
    size_t text_at, skip; /* octets of a chunk still to come */
    bool skip_last;
    struct puppet_mark mark[PUPPET_MARKS];
    size_t marks;
    const char *broken; /* a promise of the client that it saw broken */
};

/* puppet_start - the puppet at the end FD of a socket pair. It is the one that time waits for. */
void puppet_start(struct puppet *p, int fd, const uint8_t *input, size_t n);

/* puppet_finish - hears what the client said at last, and closes. */
void puppet_finish(struct puppet *p);

void puppet_free(struct puppet *p);

/*
 * puppet_accepted - how many acceptances it said after the end of a whole message to all the
 * recipients WHO (bits); 0: they cannot have been accepted.
 */
unsigned puppet_accepted(const struct puppet *p, unsigned who);

/* puppet_record - appends one record; data is changed on the way. */
void puppet_record(struct buf *out, int type, const char *bytes, size_t n);

#endif
