/*
 * link.h: a session with one of the account's servers, kept from an earlier message or new, with
 * what is known of that server; and what it has taught. Private to the room.
 */
#ifndef DELIVER_LINK_H
#define DELIVER_LINK_H

#include "base/clock.h"
#include "base/fault.h"
#include "base/who.h"
#include "deliver/memory.h"
#include "deliver/route.h"
#include "smtp/session.h"
#include "smtp/transcript.h"
#include "smtp/xfer.h"

#include <stdbool.h>
#include <stdint.h>

struct pool;

/* All borrowed until link_close. */
struct link_params {
    const struct route *route;
    const struct who *who;
    struct transcript *transcript;
    uint64_t octets; /* of the message, for the deadline */
    /* As in struct delivery: */
    const char *memory_dir;
    bool memory_fixed;
    struct pool *pool;
};

struct link {
    struct link_params p;
    struct session *session; /* NULL: none; link_close is its owner */
    deadline_ms until;       /* of all sessions of this message together */
    size_t host;             /* number of the server tried last */
    bool is_kept;            /* the session had carried a message before */
    char key[ROUTE_KEY];     /* of that server; "": there is none */
    struct memory own;       /* of server number `own_of` */
    size_t own_of;           /* SIZE_MAX: of none */
    struct memory *memory;   /* of that server: own, or the pool's */
    bool has_news;           /* it is worth writing */
    struct buf ticket;       /* of the session\'s TLS, for the next process */
};

/* link_init - for one message. Ended with link_close. */
void link_init(struct link *l, const struct link_params *p);

/*
 * link_open - a session for the message: one that the pool has kept for any of the servers, else
 * the first server, in order, that gives one. What session_open says about the login is learned.
 * fails: as dial_host and session_open, the last server's; l->host is that server.
 */
enum cause link_open(struct link *l, struct fault *why) ATTR_CHECK;

/*
 * link_learn - what a transfer has taught: it ended with WHY (no fault: in order) and RESULT, and
 * the server has ACCEPTED it for somebody or not.
 */
void link_learn(struct link *l, const struct xfer_result *result, bool accepted,
                const struct fault *why);

/*
 * link_close - the session goes to the pool or is closed; news and a TLS ticket are written. It
 * may be opened again.
 */
void link_close(struct link *l);

#endif
