/* test_xfer_stumble.c: which replies and losses are no verdict: FLIGHTS section 5, row by row. */
#include "config.h"

#include "smtp/xfer_stumble.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "tap.h"

enum { GROUPED = 1, WELL = 2, TAKEN = 4, FIRST = 8 };

static struct xfer_moment moment(enum verb verb, int flags)
{
    return (struct xfer_moment){.verb = verb,
                                .is_grouped = (flags & GROUPED) != 0,
                                .all_well = (flags & WELL) != 0,
                                .is_taken = (flags & TAKEN) != 0,
                                .is_first = (flags & FIRST) != 0};
}

static const struct reply_row {
    const char *why;
    enum verb verb;
    int flags;
    const char *reply;
    enum xfer_stumble want, want_odd;
} replies[] = {
    {"334 to a login that travels", VERB_AUTH, GROUPED | WELL, "334 ", STUMBLE_NONE, STUMBLE_LOGIN},
    {"503 to AUTH", VERB_AUTH, GROUPED | WELL, "503 no", STUMBLE_GROUP, STUMBLE_GROUP},
    {"500 to AUTH", VERB_AUTH, GROUPED | WELL, "500 no", STUMBLE_GROUP, STUMBLE_GROUP},
    {"504 to AUTH is a verdict", VERB_AUTH, GROUPED | WELL, "504 no", STUMBLE_NONE, STUMBLE_GROUP},
    {"535 to AUTH is a verdict", VERB_AUTH, GROUPED | WELL, "535 no", STUMBLE_NONE, STUMBLE_GROUP},
    {"454 to AUTH is a verdict", VERB_AUTH, GROUPED | WELL, "454 no", STUMBLE_NONE, STUMBLE_GROUP},
    {"502 to MAIL", VERB_MAIL, GROUPED | WELL, "502 no", STUMBLE_GROUP, STUMBLE_GROUP},
    {"503 to MAIL behind a refusal", VERB_MAIL, GROUPED, "503 no", STUMBLE_NONE, STUMBLE_GROUP},
    {"503 to MAIL alone", VERB_MAIL, WELL, "503 no", STUMBLE_NONE, STUMBLE_NONE},
    {"501 to MAIL is a verdict", VERB_MAIL, GROUPED | WELL, "501 no", STUMBLE_NONE, STUMBLE_GROUP},
    {"552 to MAIL is a verdict", VERB_MAIL, GROUPED | WELL, "552 no", STUMBLE_NONE, STUMBLE_GROUP},
    {"500 to RCPT", VERB_RCPT, GROUPED | WELL, "500 no", STUMBLE_GROUP, STUMBLE_GROUP},
    {"550 to RCPT is a verdict", VERB_RCPT, GROUPED | WELL, "550 no", STUMBLE_NONE, STUMBLE_GROUP},
    {"503 to DATA is a verdict", VERB_DATA, GROUPED | WELL, "503 no", STUMBLE_NONE, STUMBLE_GROUP},
    {"a word in any case", VERB_DATA, GROUPED, "503 Improper use of SMTP command PIPELINING",
     STUMBLE_GROUP, STUMBLE_GROUP},
    {"421 with the word", VERB_RCPT, GROUPED, "421 pipelining", STUMBLE_GROUP, STUMBLE_GROUP},
    {"421 without", VERB_RCPT, GROUPED | WELL, "421 bye", STUMBLE_NONE, STUMBLE_GROUP},
    {"554 with the other word", VERB_MAIL, GROUPED | WELL, "554 SMTP synchronization error",
     STUMBLE_GROUP, STUMBLE_GROUP},
    {"... and behind a refusal", VERB_RCPT, GROUPED,
     "554 5.5.0 Error: SMTP protocol synchronization", STUMBLE_GROUP, STUMBLE_GROUP},
    {"the word under another code", VERB_RCPT, GROUPED | WELL, "550 no pipelining", STUMBLE_NONE,
     STUMBLE_GROUP},
    {"the word where nothing was grouped", VERB_MAIL, WELL, "503 pipelining", STUMBLE_NONE,
     STUMBLE_NONE},
    {"500 to BDAT", VERB_BDAT, TAKEN, "500 no", STUMBLE_CHUNK, STUMBLE_NONE},
    {"501 to BDAT", VERB_BDAT, TAKEN, "501 no", STUMBLE_CHUNK, STUMBLE_NONE},
    {"502 to BDAT", VERB_BDAT, TAKEN, "502 no", STUMBLE_CHUNK, STUMBLE_NONE},
    {"503 to BDAT", VERB_BDAT, TAKEN, "503 no", STUMBLE_CHUNK, STUMBLE_NONE},
    {"504 to BDAT", VERB_BDAT, TAKEN, "504 no", STUMBLE_CHUNK, STUMBLE_NONE},
    {"521 to BDAT", VERB_BDAT, TAKEN, "521 no", STUMBLE_CHUNK, STUMBLE_NONE},
    {"505 to BDAT is a verdict", VERB_BDAT, TAKEN, "505 no", STUMBLE_NONE, STUMBLE_NONE},
    {"550 to BDAT is a verdict", VERB_BDAT, TAKEN, "550 no", STUMBLE_NONE, STUMBLE_NONE},
    {"552 to BDAT is a verdict", VERB_BDAT, TAKEN, "552 no", STUMBLE_NONE, STUMBLE_NONE},
    {"554 to BDAT is a verdict", VERB_BDAT, TAKEN, "554 no", STUMBLE_NONE, STUMBLE_NONE},
    {"503 to BDAT for nobody is an echo", VERB_BDAT, GROUPED, "503 no", STUMBLE_NONE,
     STUMBLE_GROUP},
    {"503 to BDAT over pipelining is the larger", VERB_BDAT, GROUPED | TAKEN, "503 pipelining",
     STUMBLE_GROUP, STUMBLE_GROUP},
};

static const struct lost_row {
    const char *why;
    enum verb verb;
    int flags;
    enum cause cause;
    enum xfer_stumble want;
} losses[] = {
    {"closed at AUTH", VERB_AUTH, GROUPED | FIRST, CAUSE_CLOSED, STUMBLE_GROUP},
    {"silent at AUTH", VERB_AUTH, GROUPED | FIRST, CAUSE_TIMEOUT, STUMBLE_GROUP},
    {"421 at AUTH", VERB_AUTH, GROUPED | FIRST, CAUSE_BUSY, STUMBLE_GROUP},
    {"closed at MAIL", VERB_MAIL, GROUPED | FIRST, CAUSE_CLOSED, STUMBLE_GROUP},
    {"421 at MAIL", VERB_MAIL, GROUPED | FIRST, CAUSE_BUSY, STUMBLE_GROUP},
    {"closed at MAIL alone", VERB_MAIL, FIRST, CAUSE_CLOSED, STUMBLE_NONE},
    {"closed at the second MAIL", VERB_MAIL, GROUPED, CAUSE_CLOSED, STUMBLE_NONE},
    {"421 at the second MAIL", VERB_MAIL, GROUPED, CAUSE_BUSY, STUMBLE_NONE},
    {"421 at RSET", VERB_RSET, GROUPED, CAUSE_BUSY, STUMBLE_NONE},
    {"garbage at MAIL", VERB_MAIL, GROUPED | FIRST, CAUSE_PROTOCOL, STUMBLE_NONE},
    {"a signal", VERB_MAIL, GROUPED | FIRST, CAUSE_INTERRUPTED, STUMBLE_NONE},
    {"broken TLS", VERB_MAIL, GROUPED | FIRST, CAUSE_TLS, STUMBLE_NONE},
    {"closed at RCPT", VERB_RCPT, GROUPED | FIRST, CAUSE_CLOSED, STUMBLE_NONE},
    {"silent at RCPT", VERB_RCPT, GROUPED | FIRST, CAUSE_TIMEOUT, STUMBLE_GROUP},
    {"silent at RCPT alone", VERB_RCPT, FIRST, CAUSE_TIMEOUT, STUMBLE_NONE},
    {"silent at DATA", VERB_DATA, GROUPED, CAUSE_TIMEOUT, STUMBLE_GROUP},
    {"421 at DATA", VERB_DATA, GROUPED, CAUSE_BUSY, STUMBLE_NONE},
    {"closed behind everything in one write", VERB_BDAT, GROUPED, CAUSE_CLOSED, STUMBLE_GROUP},
    {"silent behind everything in one write", VERB_BDAT, GROUPED, CAUSE_TIMEOUT, STUMBLE_GROUP},
    {"closed behind a chunk", VERB_BDAT, 0, CAUSE_CLOSED, STUMBLE_CHUNK},
    {"silent behind a chunk", VERB_BDAT, 0, CAUSE_TIMEOUT, STUMBLE_CHUNK},
    {"421 to a chunk", VERB_BDAT, 0, CAUSE_BUSY, STUMBLE_NONE},
};

static void make_reply(struct reply *r, const char *text)
{
    struct fault why = {0};
    char line[200];
    size_t used;

    snprintf(line, sizeof(line), "%s\r\n", text);
    reply_init(r);
    if (reply_parse(line, strlen(line), false, r, &used, &why) != REPLY_WHOLE)
        ok(false, "no reply: %s", text);
}

int main(void)
{
    for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
        const struct xfer_moment at = moment(replies[i].verb, replies[i].flags);
        struct reply r;

        make_reply(&r, replies[i].reply);
        is_int(xfer_stumble_reply(&at, &r), replies[i].want, replies[i].why);
        is_int(xfer_stumble_odd(&at, &r), replies[i].want_odd, "... as an odd one");
        reply_free(&r);
    }
    for (size_t i = 0; i < ARRAY_LEN(losses); i++) {
        const struct xfer_moment at = moment(losses[i].verb, losses[i].flags);

        is_int(xfer_stumble_lost(&at, losses[i].cause), losses[i].want, losses[i].why);
    }
    for (int s = STUMBLE_LOGIN; s <= STUMBLE_GROUP; s++) {
        struct fault why = {0};
        struct reply r;

        make_reply(&r, s == STUMBLE_GROUP ? "421 no pipelining" : "503 no");
        is_int(xfer_stumble_fault((enum xfer_stumble)s, STAGE_MAIL, &r, &why),
               s == STUMBLE_GROUP ? CAUSE_BUSY : CAUSE_PROTOCOL, "never for good");
        ok(why.smtp_code == r.code && strstr(fault_hint_text(&why), "pipelining = ") != NULL,
           "the server's words, and the setting: %s", fault_hint_text(&why));
        fault_free(&why);
        reply_free(&r);
    }
    return done_testing();
}
