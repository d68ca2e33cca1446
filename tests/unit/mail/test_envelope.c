/* test_envelope.c: each recipient once, each with its own fate, also when they are very many. */
#include "config.h"

#include "mail/envelope.h"

#include <time.h>

#include "base/xalloc.h"
#include "tap.h"

enum { MANY = 100000 };

static void test_each_once(void)
{
    struct envelope e;

    envelope_init(&e);
    ok(envelope_add(&e, "alice@example.org"), "the first is new");
    ok(!envelope_add(&e, "alice@example.org"), "the same is not");
    ok(!envelope_add(&e, "alice@EXAMPLE.org"), "nor in another case of the domain");
    ok(envelope_add(&e, "Alice@example.org"), "a local part has its case");
    ok(envelope_add(&e, "root"), "no domain");
    ok(!envelope_add(&e, "root"), "no domain twice");
    ok(envelope_add(&e, "ROOT"), "no domain in another case is a local part");
    is_int((long long)e.n, 4, "four recipients");
    is_str(e.rcpt[3].addr, "ROOT", "in order");
    is_int(e.rcpt[0].fate, FATE_OPEN, "whose fate is open");
    is_int((long long)e.rcpt[0].notify, 0, "who asked for no reports");
    envelope_free(&e);
    ok(e.rcpt == NULL && e.n == 0, "freed is empty");
    ok(envelope_add(&e, "x"), "and usable");
    envelope_free(&e);
}

/* Both sides of the border between searching and hashing, and of each growth of the table. */
static void test_borders(void)
{
    struct envelope e;
    int i, j, wrong = 0;
    char addr[64];

    envelope_init(&e);
    for (i = 0; i < 600; i++) {
        snprintf(addr, sizeof(addr), "user%d@Example.ORG", i);
        wrong += !envelope_add(&e, addr);
        for (j = 0; j <= i; j++) {
            snprintf(addr, sizeof(addr), "user%d@%s", j, j % 2 ? "example.org" : "EXAMPLE.ORG");
            wrong += envelope_add(&e, addr);
        }
    }
    is_int(wrong, 0, "each is found again after every addition");
    is_int((long long)e.n, 600, "600 recipients");
    envelope_free(&e);
}

static void test_many(void)
{
    clock_t start = clock();
    struct envelope e;
    char addr[64];
    int i, added = 0;

    envelope_init(&e);
    for (i = 0; i < 2 * MANY; i++) {
        snprintf(addr, sizeof(addr), "user%d@example.org", i % MANY);
        added += envelope_add(&e, addr);
    }
    is_int(added, MANY, "100,000 recipients, each given twice");
    is_int((long long)envelope_count(&e, FATE_OPEN), MANY, "all open");
    /* searched, it would be 10^10 comparisons: minutes */
    ok(clock() - start < 20 * CLOCKS_PER_SEC, "in no more than the time of hashing them");
    is_str(e.rcpt[MANY - 1].addr, "user99999@example.org", "in order");
    envelope_free(&e);
}

static void test_fates(void)
{
    struct fault why = {0};
    struct envelope e;

    envelope_init(&e);
    envelope_add(&e, "a@example.org");
    envelope_add(&e, "b@example.org");
    envelope_add(&e, "c@example.org");
    e.rcpt[1].fate = FATE_ACCEPTED;
    fault_set(&why, CAUSE_RCPT_LATER, "come back");
    envelope_settle_open(&e, FATE_LATER, &why);
    fault_free(&why);
    is_int((long long)envelope_count(&e, FATE_OPEN), 0, "none is open");
    is_int((long long)envelope_count(&e, FATE_LATER), 2, "the open ones are settled");
    is_int((long long)envelope_count(&e, FATE_ACCEPTED), 1, "the accepted one stays");
    is_int(e.rcpt[1].why.cause, CAUSE_NONE, "without a fault");
    is_int(e.rcpt[2].why.cause, CAUSE_RCPT_LATER, "the others have a copy of why");
    is_str(e.rcpt[2].why.text.data, "come back", "with its text");
    envelope_settle_open(&e, FATE_NEVER, NULL);
    is_int((long long)envelope_count(&e, FATE_NEVER), 0, "settled twice changes nothing");
    e.rcpt[0].orcpt = xstrdup("a@example.org");
    e.envid = xstrdup("QQ1");
    envelope_free(&e);
}

static void test_sender(void)
{
    struct envelope e;

    envelope_init(&e);
    ok(e.sender == NULL && !envelope_needs_utf8(&e), "no sender at first");
    envelope_set_sender(&e, "a@example.org");
    envelope_set_sender(&e, e.sender);
    is_str(e.sender, "a@example.org", "may be set to itself");
    ok(!envelope_needs_utf8(&e), "ASCII needs no SMTPUTF8");
    envelope_add(&e, "b@example.org");
    ok(!envelope_needs_utf8(&e), "nor does an ASCII recipient");
    envelope_add(&e, "\xc3\xa4@example.org");
    ok(envelope_needs_utf8(&e), "another recipient does");
    envelope_free(&e);
    envelope_set_sender(&e, "a@\xc3\xb6.example");
    ok(envelope_needs_utf8(&e), "a sender does");
    envelope_set_sender(&e, "");
    ok(!envelope_needs_utf8(&e), "the null sender does not");
    envelope_free(&e);
}

int main(void)
{
    test_each_once();
    test_borders();
    test_many();
    test_fates();
    test_sender();
    return done_testing();
}
