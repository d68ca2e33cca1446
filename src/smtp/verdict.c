/*
 * verdict.c: what a refusal means, and to whom.
 *
 * Reply codes alone do not tell: 550 at MAIL may be about the address, the account's rights or its
 * daily limit. Enhanced codes (RFC 3463) come first where servers are known to use them well, then
 * reply codes, then words.
 */
#include "config.h"

#include "smtp/verdict.h"

#include <stdarg.h>

#include "base/attr.h"
#include "base/limits.h"

/* RFC 4954 6: codes that speak of the login wherever they come. */
static bool wants_login(const struct reply *r)
{
    return r->code == 530 || r->code == 534 || r->code == 535 || r->code == 538;
}

/* How servers say that a login may not use an address as sender. */
static bool speaks_of_owning(const struct reply *r)
{
    static const char *const phrases[] = {
        "not owned",
        "send as",
        "sendas",
        "same as auth",
        "authorized user",
        "must equal",
        "authenticated user",
        "permissions to send",
        "not authorized to send",
        "not allowed to send",
        "not permitted to send",
    };

    for (size_t i = 0; i < ARRAY_LEN(phrases); i++) {
        if (reply_says(r, phrases[i]))
            return true;
    }
    return reply_enhanced(r, 7, 60) || reply_enhanced(r, 2, 252); /* Exchange */
}

/* A limit that is reached for now: of a mailbox (RFC 3463 3.3), or of what may be sent at once. */
static bool is_quota(const struct reply *r)
{
    return reply_is(r, 4) && (reply_enhanced(r, 2, 2) || reply_enhanced(r, 7, 28));
}

/* The message is too long, for the system or (RFC 3463 3.3) for a mailbox. */
static bool is_too_big(const struct reply *r)
{
    return reply_enhanced(r, 3, 4) || reply_enhanced(r, 2, 3);
}

/* RFC 3463 3.2, RFC 7505: about the sender's address, whatever command it answers. */
static bool is_about_sender(const struct reply *r)
{
    return reply_enhanced(r, 1, 7) || reply_enhanced(r, 1, 8) || reply_enhanced(r, 7, 27);
}

static enum cause sender_cause(const struct reply *r)
{
    return speaks_of_owning(r) ? CAUSE_SENDER_NOT_OWNED : CAUSE_SENDER_REFUSED;
}

enum cause verdict_mail(const struct reply *r)
{
    if (reply_is(r, 4))
        return is_quota(r) ? CAUSE_QUOTA : CAUSE_TRANSACTION_LATER;
    if (wants_login(r) || reply_enhanced(r, 7, 8) || reply_enhanced(r, 7, 9) ||
        reply_enhanced(r, 7, 14) || reply_enhanced(r, 4, 5))
        return CAUSE_AUTH_NEEDED;
    return r->code == 552 || is_too_big(r) ? CAUSE_TOO_BIG : sender_cause(r);
}

enum cause verdict_rcpt(const struct reply *r)
{
    if (reply_is(r, 4))
        return is_quota(r) ? CAUSE_QUOTA : CAUSE_RCPT_LATER;
    if (wants_login(r))
        return CAUSE_AUTH_NEEDED;
    /*
     * Postfix says here what it thinks of the sender (smtpd_delay_reject). Other words about who
     * may send are about the recipient: a list, a relay.
     */
    if (is_about_sender(r) || reply_says(r, "sender address rejected"))
        return sender_cause(r);
    return reply_enhanced(r, 3, 4) ? CAUSE_TOO_BIG : CAUSE_RCPT_REFUSED;
}

enum cause verdict_text(const struct reply *r, bool lmtp)
{
    bool is_mailbox = r->enh.class != 0 && (r->enh.subject == 1 || r->enh.subject == 2);

    if (reply_is(r, 4))
        return is_quota(r) ? CAUSE_QUOTA : CAUSE_TRANSACTION_LATER;
    if (wants_login(r))
        return CAUSE_AUTH_NEEDED;
    if (reply_enhanced(r, 7, 60) || reply_enhanced(r, 2, 252))
        return CAUSE_SENDER_NOT_OWNED;
    /* A reply of LMTP speaks for one mailbox: its quota is no judgement of the message. */
    if (lmtp && is_mailbox)
        return CAUSE_RCPT_REFUSED;
    if ((r->code == 552 && !is_mailbox) || is_too_big(r))
        return CAUSE_TOO_BIG;
    return CAUSE_MESSAGE_REFUSED;
}

bool verdict_is_account(enum cause c)
{
    return fault_row(c)->keep == KEEP_ACCOUNT;
}

enum fate verdict_fate(enum cause c)
{
    return fault_row(c)->keep == KEEP_REFUSED ? FATE_NEVER : FATE_LATER;
}

bool verdict_too_many(const struct reply *r)
{
    if (r->code != 452 && r->code != 552)
        return false;
    return r->enh.class == 0 || reply_enhanced(r, 5, 3) || (r->code == 452 && r->enh.subject != 2);
}

enum cause verdict_fault(const struct reply *r, enum cause c, enum stage stage, struct fault *why,
                         const char *fmt, ...)
{
    bool is_stopped = c == CAUSE_AUTH_NEEDED && r->code != 530 && r->code != 538;
    struct buf text;
    va_list ap;

    buf_init(&text, LIMIT_FAULT_TEXT);
    if (is_stopped) {
        /* Logged in and refused all the same: the row's advice to log in would mislead. */
        buf_adds(&text, "the server takes no mail from this account now");
    } else if (fmt != NULL) {
        va_start(ap, fmt);
        buf_addv(&text, fmt, ap);
        va_end(ap);
    } else {
        buf_adds(&text, fault_row(c)->text);
    }
    fault_set(why, c, "%s", text.data);
    if (is_stopped)
        fault_hint(why, "the server's words say whether a sending limit is reached or a person "
                        "has to log in at the provider's web page");
    reply_words(r, stage, why);
    buf_free(&text);
    return c;
}
