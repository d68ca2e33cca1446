/* test_verdict.c: what refusals mean, with replies that real servers give. */
#include "config.h"

#include "smtp/verdict.h"

#include "tap.h"

enum at { MAIL, RCPT, TEXT, LMTP };

static const struct {
    enum at at;
    const char *reply;
    enum cause want;
    enum fate fate;
} rows[] = {
    {MAIL, "451 4.3.0 try later", CAUSE_TRANSACTION_LATER, FATE_LATER},
    {MAIL, "452 4.3.1 disk full", CAUSE_TRANSACTION_LATER, FATE_LATER},
    {MAIL, "421 4.7.28 rate limited", CAUSE_QUOTA, FATE_LATER},
    {MAIL, "450 5.7.28 a class that is not the code's", CAUSE_TRANSACTION_LATER, FATE_LATER},
    {MAIL, "550 5.2.3 too big for you", CAUSE_TOO_BIG, FATE_NEVER},
    {MAIL, "550 5.7.1 bad sender", CAUSE_SENDER_REFUSED, FATE_NEVER},
    {MAIL, "553 5.1.8 no such domain", CAUSE_SENDER_REFUSED, FATE_NEVER},
    {MAIL, "501 5.1.7 bad address syntax", CAUSE_SENDER_REFUSED, FATE_NEVER},
    {MAIL, "553 5.7.1 <a@example.org>: Sender address rejected: not owned by user b",
     CAUSE_SENDER_NOT_OWNED, FATE_NEVER},
    {MAIL, "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
     CAUSE_SENDER_NOT_OWNED, FATE_NEVER},
    {MAIL, "501 mail from address must be same as authorization user", CAUSE_SENDER_NOT_OWNED,
     FATE_NEVER},
    {MAIL, "553 Mail from must equal authorized user", CAUSE_SENDER_NOT_OWNED, FATE_NEVER},
    {MAIL, "552 5.3.4 message size exceeds fixed limit", CAUSE_TOO_BIG, FATE_NEVER},
    {MAIL, "554 5.3.4 too big", CAUSE_TOO_BIG, FATE_NEVER},
    {MAIL, "530 5.7.0 Authentication required", CAUSE_AUTH_NEEDED, FATE_LATER},
    {MAIL, "535 5.7.8 no", CAUSE_AUTH_NEEDED, FATE_LATER},
    {MAIL, "550 5.7.8 login first", CAUSE_AUTH_NEEDED, FATE_LATER},
    {MAIL, "550 5.4.5 Daily user sending limit exceeded", CAUSE_AUTH_NEEDED, FATE_LATER},
    {MAIL, "534 5.7.14 log in via your web browser", CAUSE_AUTH_NEEDED, FATE_LATER},
    {RCPT, "550 5.1.1 no such user", CAUSE_RCPT_REFUSED, FATE_NEVER},
    {RCPT, "554 5.7.1 Relay access denied", CAUSE_RCPT_REFUSED, FATE_NEVER},
    {RCPT, "552 5.2.2 mailbox full", CAUSE_RCPT_REFUSED, FATE_NEVER},
    {RCPT, "450 4.2.0 greylisted", CAUSE_RCPT_LATER, FATE_LATER},
    {RCPT, "452 4.2.2 over quota", CAUSE_QUOTA, FATE_LATER},
    {RCPT, "452 over quota", CAUSE_RCPT_LATER, FATE_LATER},
    {RCPT, "450 4.7.28 too much mail from you", CAUSE_QUOTA, FATE_LATER},
    {RCPT, "553 5.7.1 <a@example.org>: Sender address rejected: not owned by user b",
     CAUSE_SENDER_NOT_OWNED, FATE_NEVER},
    {RCPT, "550 5.1.8 <a@nowhere.example>: Sender address rejected: Domain not found",
     CAUSE_SENDER_REFUSED, FATE_NEVER},
    {RCPT, "550 5.7.133 not authorized to send to this list", CAUSE_RCPT_REFUSED, FATE_NEVER},
    {RCPT, "550 5.7.27 sender domain takes no mail", CAUSE_SENDER_REFUSED, FATE_NEVER},
    {RCPT, "552 5.3.4 too big for this one", CAUSE_TOO_BIG, FATE_NEVER},
    {RCPT, "530 5.7.0 Must issue a STARTTLS command first", CAUSE_AUTH_NEEDED, FATE_LATER},
    {TEXT, "554 5.7.1 spam", CAUSE_MESSAGE_REFUSED, FATE_NEVER},
    {TEXT, "550 5.7.60 not allowed to send as", CAUSE_SENDER_NOT_OWNED, FATE_NEVER},
    {TEXT, "554 5.2.252 SendAsDenied", CAUSE_SENDER_NOT_OWNED, FATE_NEVER},
    {TEXT, "554 5.7.1 you may not send as many links", CAUSE_MESSAGE_REFUSED, FATE_NEVER},
    {TEXT, "550 5.2.3 too big", CAUSE_TOO_BIG, FATE_NEVER},
    {TEXT, "452 4.7.28 slow down", CAUSE_QUOTA, FATE_LATER},
    {TEXT, "552 too big", CAUSE_TOO_BIG, FATE_NEVER},
    {TEXT, "552 5.2.2 mailbox full", CAUSE_MESSAGE_REFUSED, FATE_NEVER},
    {TEXT, "554 5.3.4 too big", CAUSE_TOO_BIG, FATE_NEVER},
    {TEXT, "451 4.7.1 later", CAUSE_TRANSACTION_LATER, FATE_LATER},
    {TEXT, "530 5.7.0 login", CAUSE_AUTH_NEEDED, FATE_LATER},
    {LMTP, "552 5.2.2 mailbox full", CAUSE_RCPT_REFUSED, FATE_NEVER},
    {LMTP, "550 5.1.1 no such user", CAUSE_RCPT_REFUSED, FATE_NEVER},
    {LMTP, "554 5.6.0 rejected", CAUSE_MESSAGE_REFUSED, FATE_NEVER},
    {LMTP, "452 4.2.2 mailbox full", CAUSE_QUOTA, FATE_LATER},
    {LMTP, "552 5.2.3 too long for this mailbox", CAUSE_RCPT_REFUSED, FATE_NEVER},
};

static const struct {
    const char *reply;
    bool want;
} too_many[] = {
    {"452 too many recipients", true},
    {"452 4.5.3 too many recipients", true},
    {"452 4.3.1 resources", true},
    {"452 4.2.2 over quota", false},
    {"552 too many recipients", true},
    {"552 5.5.3 too many recipients", true},
    {"552 5.2.2 mailbox full", false},
    {"552 5.3.4 too big", false},
    {"451 4.5.3 too many recipients", false},
    {"550 no", false},
};

static void parse(struct reply *r, const char *line)
{
    struct fault why = {0};
    struct buf in;
    size_t used;

    reply_init(r);
    buf_init(&in, 1000);
    buf_adds(&in, line);
    buf_adds(&in, "\r\n");
    if (reply_parse(in.data, in.len, false, r, &used, &why) != REPLY_WHOLE)
        ok(false, "a whole reply: %s", line);
    buf_free(&in);
    fault_free(&why);
}

static enum cause judge(enum at at, const struct reply *r)
{
    switch (at) {
    case MAIL:
        return verdict_mail(r);
    case RCPT:
        return verdict_rcpt(r);
    case TEXT:
        return verdict_text(r, false);
    case LMTP:
        return verdict_text(r, true);
    }
    return CAUSE_NONE;
}

static void test_fault(void)
{
    struct fault why = {0};
    struct reply r;

    parse(&r, "550 5.1.1 <bob@example.org> unknown");
    verdict_fault(&r, CAUSE_RCPT_REFUSED, STAGE_RCPT, &why, "RCPT TO:<%s> was refused", "bob");
    is_str(why.text.data, "RCPT TO:<bob> was refused", "our words");
    is_str(why.remote.data, "5.1.1 <bob@example.org> unknown", "their words");
    ok(why.stage == STAGE_RCPT && why.smtp_code == 550, "stage and code");
    verdict_fault(&r, CAUSE_MESSAGE_REFUSED, STAGE_FINAL, &why, NULL);
    is_str(why.text.data, fault_row(CAUSE_MESSAGE_REFUSED)->text, "else those of the table");
    reply_free(&r);
    parse(&r, "550 5.4.5 limit");
    verdict_fault(&r, CAUSE_AUTH_NEEDED, STAGE_MAIL, &why, NULL);
    ok(strcmp(fault_hint_text(&why), fault_row(CAUSE_AUTH_NEEDED)->hint) != 0,
       "a limit is not mended by a login: another hint");
    ok(verdict_is_account(CAUSE_AUTH_NEEDED) && !verdict_is_account(CAUSE_RCPT_REFUSED),
       "account trouble is told apart");
    reply_free(&r);
    fault_free(&why);
}

int main(void)
{
    struct reply r;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum cause got;

        parse(&r, rows[i].reply);
        got = judge(rows[i].at, &r);
        is_str(fault_row(got)->name, fault_row(rows[i].want)->name, rows[i].reply);
        is_int(verdict_fate(got), rows[i].fate, "... fate");
        reply_free(&r);
    }
    for (i = 0; i < sizeof(too_many) / sizeof(too_many[0]); i++) {
        parse(&r, too_many[i].reply);
        is_int(verdict_too_many(&r), too_many[i].want, too_many[i].reply);
        reply_free(&r);
    }
    test_fault();
    return done_testing();
}
