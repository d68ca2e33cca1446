/*
 * test_pool.c: one message after another through one login: nothing is lost, nothing is sent twice,
 * whatever the server does between two messages, and memory stays flat.
 */
#include "config.h"

#include "deliver/pool.h"

#include <malloc.h>

#include "base/attr.h"
#include "sending.h"
#include "tap.h"

struct figures {
    int connections, logins, resets, quits;
};

static const struct {
    const char *why;
    struct mailhost host;
    int messages;
    const char *to;    /* of each */
    const char *fates; /* of each */
    struct figures want;
} rows[] = {
    {.why = "one message", .messages = 1, .want = {1, 1, 0, 1}},
    {.why = "a thousand messages, one login", .messages = 1000, .want = {1, 1, 0, 1}},
    {.why = "421 to MAIL after each 7", .host = {.quota = 7}, .messages = 50, .want = {8, 8, 0, 1}},
    {.why = "421 to every second MAIL", .host = {.quota = 1}, .messages = 9, .want = {9, 9, 0, 1}},
    {.why = "LIMITS MAILMAX=10 is never passed",
     .host = {.announce = 10, .quota = 10},
     .messages = 95,
     .want = {10, 10, 0, 10}},
    {.why = "MAILMAX=1: each has its own connection",
     .host = {.announce = 1, .quota = 1},
     .messages = 5,
     .want = {5, 5, 0, 5}},
    {.why = "closed between two messages without a word",
     .host = {.vanish = 3},
     .messages = 20,
     .want = {7, 7, 0, 1}},
    {.why = "closed when MAIL comes", .host = {.hang_up = 4}, .messages = 20, .want = {5, 5, 0, 1}},
    {.why = "421 between two messages",
     .host = {.farewell = 5},
     .messages = 20,
     .want = {4, 4, 0, 0}},
    {.why = "one of two refused: no RSET behind an accepted message",
     .messages = 10,
     .to = "bob@example.net nobody@example.net",
     .fates = "AN",
     .want = {1, 1, 0, 1}},
    {.why = "all refused: RSET before the next",
     .messages = 10,
     .to = "nobody@example.net",
     .fates = "N",
     .want = {1, 1, 9, 1}},
};

static size_t in_use(void)
{
    struct mallinfo2 m = mallinfo2();

    return m.uordblks + m.hblkhd;
}

static void test_row(size_t row)
{
    static struct mailhost h;
    const char *to = rows[row].to != NULL ? rows[row].to : "bob@example.net";
    const char *fates = rows[row].fates != NULL ? rows[row].fates : "A";
    struct sending s;
    char got[64];
    size_t early = 0, late = 0;
    int i, wrong = 0, lost = 0, doubled = 0;

    memset(&h, 0, sizeof(h));
    h = rows[row].host;
    mailhost_start(&h);
    sending_init(&s, h.port);
    s.delivery.pool = pool_new();
    for (i = 0; i < rows[row].messages; i++) {
        if (sending_run(&s, i, to, got) != CAUSE_NONE || strcmp(got, fates) != 0)
            wrong++;
        if (i == 100)
            early = in_use();
        late = in_use();
    }
    pool_close(&s.delivery.pool);
    ok(s.delivery.pool == NULL, "%s", rows[row].why);
    mailhost_stop(&h);
    is_int(wrong, 0, "... every message has the fates it should");
    for (i = 0; i < rows[row].messages && strchr(fates, 'A') != NULL; i++) {
        lost += h.seen[i] == 0 ? 1 : 0;
        doubled += h.seen[i] > 1 ? 1 : 0;
    }
    is_int(lost, 0, "... none is lost");
    is_int(doubled, 0, "... none came twice");
    is_int(h.connections, rows[row].want.connections, "... connections");
    is_int(h.logins, rows[row].want.logins, "... logins");
    is_int(h.resets, rows[row].want.resets, "... RSETs");
    is_int(h.quits, rows[row].want.quits, "... QUITs");
    is_int(h.behind, 0, "... nothing behind an end of data");
    is_int(h.beyond, 0, "... nothing beyond MAILMAX");
    if (early > 0)
        ok(late <= early + 4096, "... memory stays flat: %zu octets, then %zu", early, late);
    sending_free(&s);
}

/* Without a pool each message has its own session, as ever. */
static void test_no_pool(void)
{
    static struct mailhost h;
    struct sending s;
    char got[64];

    mailhost_start(&h);
    sending_init(&s, h.port);
    for (int i = 0; i < 3; i++)
        is_int(sending_run(&s, i, "bob@example.net", got), CAUSE_NONE, "sent without a pool");
    mailhost_stop(&h);
    is_int(h.connections, 3, "... a connection each");
    sending_free(&s);
}

/* Two accounts at one server, and one at another. */
static void test_keys(void)
{
    static struct mailhost a, b;
    struct sending alice, bob, other;
    char got[64];

    mailhost_start(&a);
    mailhost_start(&b);
    sending_init(&alice, a.port);
    sending_init(&bob, a.port);
    sending_init(&other, b.port);
    snprintf(bob.user, sizeof(bob.user), "bob");
    alice.delivery.pool = bob.delivery.pool = other.delivery.pool = pool_new();
    for (int i = 0; i < 4; i++) {
        (void)sending_run(&alice, 3 * i, "x@example.net", got);
        (void)sending_run(&bob, 3 * i + 1, "x@example.net", got);
        (void)sending_run(&other, 3 * i + 2, "x@example.net", got);
    }
    pool_close(&alice.delivery.pool);
    mailhost_stop(&a);
    mailhost_stop(&b);
    is_int(a.logins, 2, "two accounts at one server have a session each");
    is_int(b.logins, 1, "... and another server one of its own");
    is_int(a.seen[9] + a.seen[10] + b.seen[11], 3, "... with their own messages");
    sending_free(&alice);
    sending_free(&bob);
    sending_free(&other);
}

/* Two accounts that log in alike share a session, but each has its own wishes about a message. */
static void test_wishes(void)
{
    static struct mailhost h;
    struct sending plain, strict;
    char got[64];

    mailhost_start(&h);
    sending_init(&plain, h.port);
    sending_init(&strict, h.port);
    strict.account.require_tls = true;
    plain.delivery.pool = strict.delivery.pool = pool_new();
    (void)sending_run(&plain, 0, "x@example.net", got);
    is_str(got, "A", "a message without wishes");
    (void)sending_run(&strict, 1, "x@example.net", got);
    is_str(got, "N", "require_tls counts in a session that was opened without");
    (void)sending_run(&plain, 2, "x@example.net", got);
    is_str(got, "A", "... and no longer for the next");
    pool_close(&plain.delivery.pool);
    mailhost_stop(&h);
    is_int(h.seen[1], 0, "... nothing was sent");
    is_int(h.logins, 1, "one login for all of them");
    sending_free(&plain);
    sending_free(&strict);
}

int main(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        test_row(i);
    test_no_pool();
    test_keys();
    test_wishes();
    return done_testing();
}
