/*
 * envelope.h: the sender, the recipients and what becomes of each.
 */
#ifndef MAIL_ENVELOPE_H
#define MAIL_ENVELOPE_H

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>

/* Every recipient starts OPEN and ends as one of the others. */
enum fate { FATE_OPEN = 0, FATE_ACCEPTED, FATE_LATER, FATE_NEVER };

/* RFC 3461 NOTIFY; 0 = not asked. */
enum { NOTIFY_NEVER = 1, NOTIFY_SUCCESS = 2, NOTIFY_FAILURE = 4, NOTIFY_DELAY = 8 };

enum dsn_ret { RET_NONE = 0, RET_FULL, RET_HDRS };

struct rcpt {
    char *addr;      /* local-part@domain, as RCPT will say it */
    unsigned notify; /* NOTIFY_* */
    char *orcpt;     /* xtext after "rfc822;", or NULL */
    enum fate fate;
    struct fault why; /* for LATER and NEVER */
};

struct envelope {
    char *sender;      /* "" = the null sender; NULL = not yet chosen */
    bool sender_given; /* -f said so */
    struct rcpt *rcpt;
    size_t n;
    size_t cap;
    char *envid; /* RFC 3461 ENVID as xtext, or NULL */
    enum dsn_ret ret;
    bool body_8bit; /* -B8BITMIME was given */
    bool in_doubt;  /* an end of the message has left and its verdict is not known (yet): some of
                       * the OPEN may have it */
    size_t *slot;   /* envelope.c's hash of rcpt: index + 1, 0 = free; NULL below 64 */
    size_t nslot;
};

/* envelope_init - empty: no sender, no recipients. */
void envelope_init(struct envelope *e);

/* envelope_set_sender - SENDER is copied. */
void envelope_set_sender(struct envelope *e, const char *sender);

/*
 * envelope_add - adds ADDR (copied) unless the same mailbox (addr_same) is there; false when it
 * was there. The new one is rcpt[n - 1]: its NOTIFY and ORCPT are the caller's to set. Linear at
 * first, hashed from 64 recipients on, so that 100,000 recipients stay cheap. Recipients are never
 * reordered or taken out.
 */
bool envelope_add(struct envelope *e, const char *addr);

/* envelope_count - how many recipients have the fate F. */
size_t envelope_count(const struct envelope *e, enum fate f);

/* envelope_settle_open - gives every OPEN recipient the fate F and a copy of WHY. */
void envelope_settle_open(struct envelope *e, enum fate f, const struct fault *why);

/* envelope_needs_utf8 - the sender or a recipient has an octet over 127. */
bool envelope_needs_utf8(const struct envelope *e);

/* envelope_free - frees all and clears. */
void envelope_free(struct envelope *e);

#endif
