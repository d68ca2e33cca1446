/* What a set of fates means for the caller: promise 1, row by row. */
#include "config.h"

#include "queue/submit.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"

/*
 * One recipient a letter: A accepted, N refused with another, R refused, M message refused, S
 * sender refused, L for now, C connection, P password, D may have arrived.
 */
static const struct {
    const char *fates;
    enum cause cause;
    int status;
    const char *text; /* part of it */
} rows[] = {
    {"A", CAUSE_NONE, 0, ""},
    {"AAA", CAUSE_NONE, 0, ""},
    {"R", CAUSE_RCPT_REFUSED, 67, "r0"},
    {"RR", CAUSE_RCPT_REFUSED, 67, "none of 2 recipients"},
    {"NR", CAUSE_RCPT_REFUSED, 67, "none of 2 recipients: refused r1"},
    {"M", CAUSE_MESSAGE_REFUSED, 69, "message"},
    {"MM", CAUSE_MESSAGE_REFUSED, 69, "message"},
    {"S", CAUSE_SENDER_REFUSED, 69, "sender"},
    {"L", CAUSE_RCPT_LATER, 75, "later"},
    {"RL", CAUSE_RCPT_LATER, 75, "later"},
    {"LR", CAUSE_RCPT_LATER, 75, "later"},
    {"C", CAUSE_CONNECT, 75, "connect"},
    {"CC", CAUSE_CONNECT, 75, "connect"},
    {"P", CAUSE_AUTH_REFUSED, 77, "login"},
    {"D", CAUSE_MAY_HAVE_ARRIVED, 75, "may have"},
    {"AR", CAUSE_RCPT_REFUSED, 67, "sent to r0@example.org but not to r1@example.org: refused r1"},
    {"RA", CAUSE_RCPT_REFUSED, 67, "sent to r1@example.org but not to r0@example.org: refused r0"},
    {"ARA", CAUSE_RCPT_REFUSED, 67, "sent to r0@example.org, r2@example.org but not to"},
    {"AL", CAUSE_RCPT_REFUSED, 67, "but not to r1@example.org: later"},
    {"ARL", CAUSE_RCPT_REFUSED, 67, "but not to r1@example.org, r2@example.org: later"},
};

static void settle(struct rcpt *r, size_t i, char how)
{
    static const struct enhanced none = {0, 0, 0};

    r->fate = strchr("RNMS", how) != NULL ? FATE_NEVER : FATE_LATER;
    switch (how) {
    case 'A':
        r->fate = FATE_ACCEPTED;
        return;
    case 'R':
        fault_set(&r->why, CAUSE_RCPT_REFUSED, "refused r%zu", i);
        fault_remote(&r->why, 550, none, "no such user", 12);
        return;
    case 'N':
        fault_set(&r->why, CAUSE_RCPT_REFUSED, "another was refused");
        return;
    case 'M':
        fault_set(&r->why, CAUSE_MESSAGE_REFUSED, "message refused");
        return;
    case 'S':
        fault_set(&r->why, CAUSE_SENDER_REFUSED, "sender refused");
        return;
    case 'L':
        fault_set(&r->why, CAUSE_RCPT_LATER, "later");
        return;
    case 'C':
        fault_set(&r->why, CAUSE_CONNECT, "cannot connect");
        return;
    case 'P':
        fault_set(&r->why, CAUSE_AUTH_REFUSED, "the login was refused");
        return;
    default:
        fault_set(&r->why, CAUSE_MAY_HAVE_ARRIVED, "it may have arrived");
    }
}

static void test_row(size_t row)
{
    struct fault why = {0};
    struct envelope e;
    size_t i;

    envelope_init(&e);
    for (i = 0; rows[row].fates[i] != '\0'; i++) {
        char addr[32];

        snprintf(addr, sizeof(addr), "r%zu@example.org", i);
        envelope_add(&e, addr);
        settle(&e.rcpt[i], i, rows[row].fates[i]);
    }
    is_int(submit_verdict(&e, &why), rows[row].cause, rows[row].fates);
    is_int(fault_exit_status(&why), rows[row].status, "... status");
    if (rows[row].cause != CAUSE_NONE)
        ok(strstr(why.text.data, rows[row].text) != NULL, "... text: %s", why.text.data);
    envelope_free(&e);
    fault_free(&why);
}

/* A thousand recipients: the text stays one bounded line and says that it was cut. */
static void test_many(void)
{
    struct fault why = {0};
    struct envelope e;
    size_t i;

    envelope_init(&e);
    for (i = 0; i < 1000; i++) {
        char addr[64];

        snprintf(addr, sizeof(addr), "a-rather-long-local-part-%zu@example.org", i);
        envelope_add(&e, addr);
        settle(&e.rcpt[i], i, i % 2 == 0 ? 'A' : 'R');
    }
    is_int(submit_verdict(&e, &why), CAUSE_RCPT_REFUSED, "a thousand recipients");
    ok(why.text.len < 4096, "... a bounded text");
    ok(strstr(why.text.data, "...") != NULL, "... that says it was cut");
    is_str(fault_hint_text(&why), "send it again only to those who did not get it",
           "... and a hint");
    envelope_free(&e);
    fault_free(&why);
}

int main(void)
{
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        test_row(i);
    test_many();
    return done_testing();
}
