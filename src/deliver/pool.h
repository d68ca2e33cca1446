/*
 * pool.h: open sessions by security key, so that one message after another goes through one login;
 * and what is known of each server, which is read once a process.
 */
#ifndef DELIVER_POOL_H
#define DELIVER_POOL_H

#include "base/fault.h"
#include "deliver/memory.h"
#include "smtp/session.h"

#include <stddef.h>

struct pool;

/* pool_new - owned by the caller (pool_close). Accounts and names that deliveries through it were
 * given must outlive it. */
struct pool *pool_new(void);

/*
 * pool_take - the open session kept under KEY (64 hex digits), moved to the caller; NULL when there
 * is none that can carry another message: one that the server has ended, that has used up LIMITS
 * MAILMAX, or that has been idle for longer than servers wait, is closed here. It speaks into its
 * own transcript (session_speak_into) and has the deadlines of its last message.
 */
struct session *pool_take(struct pool *p, const char *key);

/*
 * pool_take_to_prove - the same, but only a session that session_prove can be asked of: logged in,
 * its last message accepted, with CHUNKING, and memory_wants_proof at time NOW_S.
 */
struct session *pool_take_to_prove(struct pool *p, const char *key, int64_t now_s);

/* pool_put - keeps S (moved) for the next message; one that is not in order is closed instead. When
 * too many are open, the one that has waited longest is closed. */
void pool_put(struct pool *p, const char *key, struct session **s);

/*
 * pool_memory - what is known under KEY: read from DIR (NULL: nowhere) the first time, then kept
 * for as long as the pool lives: after a stumble nothing is tried again in this process, also where
 * there is no folder. Borrowed; valid until the pool is closed.
 */
struct memory *pool_memory(struct pool *p, const char *key, const char *dir);

/* pool_close - closes every session with QUIT, frees and nulls. */
void pool_close(struct pool **p);

#endif
