/*
 * pool.h: open sessions by security key, so that one message after another goes through one login.
 */
#ifndef DELIVER_POOL_H
#define DELIVER_POOL_H

#include "base/fault.h"
#include "smtp/session.h"

#include <stddef.h>

struct pool;

/* pool_new - owned by the caller (pool_close). */
struct pool *pool_new(void);

/*
 * pool_take - the open session kept under KEY (64 hex digits), moved to the caller; NULL when there
 * is none that can carry another message: one that the server has ended, that has used up LIMITS
 * MAILMAX, or that has been idle for longer than servers wait, is closed here.
 */
struct session *pool_take(struct pool *p, const char *key);

/* pool_put - keeps S (moved) for the next message; one that is not in order is closed instead. */
void pool_put(struct pool *p, const char *key, struct session **s);

/* pool_close - closes every session with QUIT, frees and nulls. */
void pool_close(struct pool **p);

#endif
