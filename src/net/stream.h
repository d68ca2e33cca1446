/*
 * stream.h: one byte stream, plain or TLS, with deadlines and counted bytes; the only owner of a
 * socket. The socket is non-blocking; every wait is proc_poll with a deadline, inside TLS too.
 *
 * There is one input buffer, here. Readers look at it (stream_input), take from its front
 * (stream_consume) and ask for more (stream_fill).
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "base/clock.h"
#include "base/fault.h"
#include "net/tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream;

/*
 * stream_new - takes the connected socket FD (moved). PEER names it in texts: "host[ip]:port".
 * Owned by the caller.
 */
struct stream *stream_new(int fd, const char *peer);

/* stream_peer - the name given to stream_new. Borrowed. */
const char *stream_peer(const struct stream *s);

/* stream_local_literal - the address literal of our end ("[127.0.0.1]", "[IPv6:::1]") for EHLO. OUT
 * of at least 64 octets; "[127.0.0.1]" for a Unix socket. */
void stream_local_literal(const struct stream *s, char *out, size_t size);

/* stream_input - what has arrived and was not consumed. Borrowed until the next call on S. */
const char *stream_input(const struct stream *s, size_t *n);

/* stream_consume - drops the first N octets of the input. */
void stream_consume(struct stream *s, size_t n);

/*
 * stream_fill - waits until at least one more octet has arrived. What has arrived before is
 * acknowledged first (TCP_QUICKACK): the server may be waiting for that. Input beyond
 * LIMIT_STREAM_INPUT unconsumed is CAUSE_PROTOCOL.
 * fails: CAUSE_CLOSED (end of file, with or without close_notify, and reset), CAUSE_TLS (text names
 *        the alert), CAUSE_TIMEOUT, CAUSE_INTERRUPTED. The stage is left to the caller.
 */
enum cause stream_fill(struct stream *s, deadline_ms until, struct fault *why) ATTR_CHECK;

/*
 * stream_reserve - room for all the input that may ever wait, so that reading what comes allocates
 * nothing here (GnuTLS keeps its own house).
 */
void stream_reserve(struct stream *s);

/*
 * stream_input_waiting - R5: whether application octets wait: in our buffer, in the TLS layer, or
 * on the socket. Never blocks; reads what is there into the buffer. End of file counts as nothing.
 */
bool stream_input_waiting(struct stream *s);

/*
 * stream_write - writes N octets, in TLS as full records. While the socket is full it keeps reading
 * (so that two full buffers cannot lock each other). With STOP_ON_INPUT it stops at the first
 * application octet that arrives; *sent tells how many octets were handed over.
 * until: absolute; besides, 60 s (idle_ms of stream_set_idle) without progress end it.
 * fails: as stream_fill. On a reset, what the peer had said before is in the input (R6: read it).
 */
enum cause stream_write(struct stream *s, const void *bytes, size_t n, bool stop_on_input,
                        deadline_ms until, size_t *sent, struct fault *why) ATTR_CHECK;

/* stream_set_idle - how long a write may go without progress; 60 s until called. */
void stream_set_idle(struct stream *s, int64_t idle_ms);

/*
 * stream_start_tls - hand-shakes as a client and verifies the peer (net/trust) before any
 * application octet. The input must be empty (R10): octets from before are CAUSE_PROTOCOL.
 * fails: CAUSE_TLS, CAUSE_TLS_*, CAUSE_CONFIG (priority), CAUSE_TIMEOUT, CAUSE_CLOSED. After a
 *        failure the stream is dead: only stream_close is left.
 */
enum cause stream_start_tls(struct stream *s, const struct tls_params *p, deadline_ms until,
                            struct fault *why) ATTR_CHECK;

/* stream_is_tls - a verified TLS session protects the stream. */
bool stream_is_tls(const struct stream *s);

/* stream_tls - what was negotiated, or NULL. Borrowed. */
const struct tls_info *stream_tls(const struct stream *s);

/*
 * stream_binding, stream_ticket - tls_get_binding and tls_ticket of the session; false without TLS.
 * The ticket is best fetched late: under TLS 1.3 it comes behind the first reply.
 */
bool stream_binding(struct stream *s, enum tls_binding kind, struct buf *out);
bool stream_ticket(struct stream *s, struct buf *out);

/* stream_hold_signals - from now on a recorded signal no longer ends waits: the end of the message
 * is out and its verdict is wanted. */
void stream_hold_signals(struct stream *s, bool hold);

/* stream_octets - counted on the socket, both ways. */
void stream_octets(const struct stream *s, uint64_t *in, uint64_t *out);

/* HARD is for an end of data that must not arrive. */
enum stream_end { STREAM_CLEAN, STREAM_HARD };

/*
 * stream_close - closes and nulls. CLEAN: what was written is sent, close_notify goes out if it
 * can without waiting. HARD: reset (SO_LINGER 0), nothing more leaves.
 */
void stream_close(struct stream **s, enum stream_end how);

#endif
