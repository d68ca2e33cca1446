/*
 * socket.h: the bare non-blocking socket under a stream: one system call a function, octets
 * counted, errors turned into faults that name the peer. Only net/stream uses it.
 */
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include "base/clock.h"
#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct socket {
    int fd;
    char *peer;        /* "host[ip]:port", owned */
    bool quick_ack;    /* the socket knows TCP_QUICKACK */
    bool unanswered;   /* octets came since we last wrote: their ACK may be on hold */
    bool looked;       /* nothing was there a moment ago: socket_read and socket_write clear it */
    bool hold_signals; /* a recorded signal does not end waits */
    uint64_t octets_in, octets_out;
};

/* socket_init - takes the connected socket FD (moved); PEER is copied. */
void socket_init(struct socket *s, int fd, const char *peer);

/* socket_local_literal - stream_local_literal of stream.h. */
void socket_local_literal(const struct socket *s, char *out, size_t size);

/*
 * socket_wait - acknowledges what has come, then waits for EVENTS of poll(2). *READY gets those
 * that came, an error or hang-up as all of them; 0 = the time is over. fails: CAUSE_INTERRUPTED.
 */
enum cause socket_wait(struct socket *s, short events, deadline_ms until, short *ready,
                       struct fault *why) ATTR_CHECK;

/*
 * socket_read - one recv(2). *GOT of 0 = nothing there; *ENDED = end of file.
 * fails: CAUSE_CLOSED.
 */
enum cause socket_read(struct socket *s, void *room, size_t size, size_t *got, bool *ended,
                       struct fault *why) ATTR_CHECK;

/* socket_write - one send(2). *SENT of 0 = no room now. fails: CAUSE_CLOSED. */
enum cause socket_write(struct socket *s, const void *bytes, size_t n, size_t *sent,
                        struct fault *why) ATTR_CHECK;

/* socket_broke - the fault of an end of the connection: an ordinary one, or the errno ERR. */
enum cause socket_broke(const struct socket *s, int err, struct fault *why);

/* socket_late - the fault of a peer that did not answer in time. */
enum cause socket_late(const struct socket *s, struct fault *why);

/* socket_close - closes and frees. HARD: reset, nothing more leaves. */
void socket_close(struct socket *s, bool hard);

#endif
