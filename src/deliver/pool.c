/*
 * pool.c: see pool.h. A list: a process talks to a handful of servers.
 *
 * A kept session is worth a login (four round trips and a password shown), and nothing when it
 * turns out dead in the middle of a message: so whatever is odd about one is a reason to close it.
 */
#include "config.h"

#include "deliver/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"

#define OPEN_MAX_SESSIONS 8     /* servers limit connections of one client, often to 10 */
#define IDLE_MS           60000 /* RFC 5321 4.5.3.2.7 has 5 minutes; servers under stress do not */

struct entry {
    struct entry *next;
    char *key;
    struct session *session; /* NULL: none is kept */
    int64_t put_at_ms;
    struct memory *memory; /* NULL: not asked for yet */
};

struct pool {
    struct entry *first;
};

struct pool *pool_new(void)
{
    return xcalloc(1, sizeof(struct pool));
}

static struct entry *find(struct pool *p, const char *key)
{
    struct entry *e = p->first;

    while (e != NULL && strcmp(e->key, key) != 0)
        e = e->next;
    return e;
}

static struct entry *find_or_add(struct pool *p, const char *key)
{
    struct entry *e = find(p, key);

    if (e == NULL) {
        e = xcalloc(1, sizeof(*e));
        e->key = xstrdup(key);
        e->next = p->first;
        p->first = e;
    }
    return e;
}

/* The server has neither spoken nor left: one look, no waiting. */
static bool is_silent(struct session *s)
{
    struct fault why = {0};
    bool silent = stream_fill(s->stream, deadline_in(0), &why) == CAUSE_TIMEOUT;

    fault_free(&why);
    return silent;
}

struct session *pool_take(struct pool *p, const char *key)
{
    struct entry *e = find(p, key);
    struct session *s;

    if (e == NULL || e->session == NULL)
        return NULL;
    s = e->session;
    e->session = NULL;
    if (clock_mono_ms() - e->put_at_ms > IDLE_MS || session_full(s) || !is_silent(s))
        session_close(&s);
    return s;
}

struct session *pool_take_to_prove(struct pool *p, const char *key, int64_t now_s)
{
    const struct entry *e = find(p, key);
    const struct session *s = e != NULL ? e->session : NULL;

    /* READY, and not DIRTY: the last transaction ended well. */
    if (s == NULL || s->state != SESSION_READY || s->transactions == 0 || !s->caps.chunking ||
        !s->caps.pipelining || e->memory == NULL ||
        !memory_wants_proof(e->memory, now_s, s->caps.offers))
        return NULL;
    return pool_take(p, key);
}

/* Makes room for one more. */
static void close_oldest(struct pool *p)
{
    struct entry *oldest = NULL;
    size_t n = 0;

    for (struct entry *e = p->first; e != NULL; e = e->next) {
        if (e->session == NULL)
            continue;
        n++;
        if (oldest == NULL || e->put_at_ms < oldest->put_at_ms)
            oldest = e;
    }
    if (n >= OPEN_MAX_SESSIONS)
        session_close(&oldest->session);
}

void pool_put(struct pool *p, const char *key, struct session **s)
{
    bool in_order = (*s)->state == SESSION_READY || (*s)->state == SESSION_DIRTY;
    struct entry *e;

    if (!in_order || (*s)->stream == NULL || session_full(*s)) {
        session_close(s);
        return;
    }
    e = find_or_add(p, key);
    session_close(&e->session);
    close_oldest(p);
    session_speak_into(*s, NULL);
    (*s)->p.tls_params = (struct tls_params){0}; /* they were the delivery's */
    e->session = *s;
    e->put_at_ms = clock_mono_ms();
    *s = NULL;
}

struct memory *pool_memory(struct pool *p, const char *key, const char *dir)
{
    struct entry *e = find_or_add(p, key);

    if (e->memory == NULL) {
        e->memory = xcalloc(1, sizeof(*e->memory));
        memory_load(e->memory, dir, key);
    }
    return e->memory;
}

void pool_close(struct pool **p)
{
    while (*p != NULL && (*p)->first != NULL) {
        struct entry *e = (*p)->first;

        (*p)->first = e->next;
        session_close(&e->session);
        free(e->memory);
        free(e->key);
        free(e);
    }
    free(*p);
    *p = NULL;
}
