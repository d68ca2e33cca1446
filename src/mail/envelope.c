/*
 * envelope.c: sender, recipients, fates.
 *
 * "Each once" is decided here. Most mails have one recipient, and a list server's may have a
 * hundred thousand: short lists are searched, long ones go through an open-addressed hash that
 * holds indices only, so that growing the array of recipients never disturbs it.
 */
#include "config.h"

#include "mail/envelope.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "mail/addr.h"

enum { HASHED_FROM = 64, FIRST_SLOTS = 256 };

void envelope_init(struct envelope *e)
{
    *e = (struct envelope){0};
}

void envelope_set_sender(struct envelope *e, const char *sender)
{
    char *copy = xstrdup(sender);

    free(e->sender);
    e->sender = copy;
}

/* FNV-1a with a final mix; a domain counts without case, as addr_same has it. */
static size_t hash_of(const char *addr)
{
    const char *domain = addr_domain(addr), *s;
    uint64_t h = 0xcbf29ce484222325u;

    for (s = addr; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;

        if (domain != NULL && s >= domain && c >= 'A' && c <= 'Z')
            c = (unsigned char)(c + 32);
        h = (h ^ c) * 0x100000001b3u;
    }
    h ^= h >> 32;
    return (size_t)(h * 0x9e3779b97f4a7c15u >> 16);
}

/* The slot that holds ADDR, or the free one where it belongs. NSLOT is a power of two. */
static size_t slot_of(const struct envelope *e, const char *addr)
{
    size_t mask = e->nslot - 1, at = hash_of(addr) & mask;

    while (e->slot[at] != 0 && !addr_same(e->rcpt[e->slot[at] - 1].addr, addr))
        at = (at + 1) & mask;
    return at;
}

/* At most half of the slots are in use: probes stay short. */
static void rehash(struct envelope *e)
{
    size_t i;

    e->nslot = e->nslot > 0 ? e->nslot * 2 : FIRST_SLOTS;
    free(e->slot);
    e->slot = xcalloc(e->nslot, sizeof(*e->slot));
    for (i = 0; i < e->n; i++)
        e->slot[slot_of(e, e->rcpt[i].addr)] = i + 1;
}

static bool is_there(const struct envelope *e, const char *addr)
{
    size_t i;

    if (e->slot != NULL)
        return e->slot[slot_of(e, addr)] != 0;
    for (i = 0; i < e->n; i++)
        if (addr_same(e->rcpt[i].addr, addr))
            return true;
    return false;
}

bool envelope_add(struct envelope *e, const char *addr)
{
    if (is_there(e, addr))
        return false;
    if (e->n == e->cap) {
        e->cap = e->cap > 0 ? e->cap * 2 : 4;
        e->rcpt = xrealloc(e->rcpt, e->cap * sizeof(*e->rcpt));
    }
    e->rcpt[e->n++] = (struct rcpt){.addr = xstrdup(addr)};
    if (e->n >= HASHED_FROM && e->n * 2 > e->nslot)
        rehash(e);
    else if (e->slot != NULL)
        e->slot[slot_of(e, addr)] = e->n;
    return true;
}

size_t envelope_count(const struct envelope *e, enum fate f)
{
    size_t count = 0, i;

    for (i = 0; i < e->n; i++)
        if (e->rcpt[i].fate == f)
            count++;
    return count;
}

void envelope_settle_open(struct envelope *e, enum fate f, const struct fault *why)
{
    size_t i;

    for (i = 0; i < e->n; i++) {
        if (e->rcpt[i].fate != FATE_OPEN)
            continue;
        e->rcpt[i].fate = f;
        if (why != NULL)
            fault_copy(&e->rcpt[i].why, why);
    }
}

bool envelope_needs_utf8(const struct envelope *e)
{
    size_t i;

    if (e->sender != NULL && !addr_is_ascii(e->sender))
        return true;
    for (i = 0; i < e->n; i++)
        if (!addr_is_ascii(e->rcpt[i].addr))
            return true;
    return false;
}

void envelope_free(struct envelope *e)
{
    size_t i;

    for (i = 0; i < e->n; i++) {
        free(e->rcpt[i].addr);
        free(e->rcpt[i].orcpt);
        fault_free(&e->rcpt[i].why);
    }
    free(e->rcpt);
    free(e->slot);
    free(e->sender);
    free(e->envid);
    envelope_init(e);
}
