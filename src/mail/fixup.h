/*
 * fixup.h: the header policy, once: what is removed, added and rewritten (DESIGN section 6).
 */
#ifndef MAIL_FIXUP_H
#define MAIL_FIXUP_H

#include "base/fault.h"
#include "base/strv.h"
#include "mail/addr.h"
#include "mail/envelope.h"
#include "mail/message.h"

#include <stdbool.h>
#include <stdint.h>

enum fixup_rewrite { REWRITE_NO, REWRITE_BARE, REWRITE_ALWAYS };

/* All strings borrowed for the call. */
struct fixup_params {
    const char *from;       /* the account's address: fills a missing From. Never NULL or "" */
    const char *account;    /* what a rewritten From becomes; NULL: `from` */
    const struct strv *own; /* patterns (addr_matches) of addresses that are the account's */
    enum fixup_rewrite rewrite;
    /* Asked when they are needed only: the answers are in the system's databases. NAMES is given
     * to the first two; NULL counts as "". */
    const char *(*full_name)(
        void *names);                  /* of a generated From: -F, else the setting, else gecos */
    const char *(*login)(void *names); /* for REWRITE_BARE without a name */
    void *names;
    int (*zone_minutes)(int64_t at_s); /* for Date */
    const char *domain;      /* qualifies bare addresses in To, Cc, Reply-To, Sender; NULL: none */
    const struct strv *here; /* this host's names, for REWRITE_BARE */
    int64_t now_s;           /* for Date and Message-ID */
    uint64_t random[2];      /* for the Message-ID */
};

/*
 * fixup_recipients - what -t asks for: the mailboxes of To, Cc and Bcc, or of the latest
 * Resent- block when there is one, in order of appearance, appended to OUT with their text as
 * written. What fixup_apply takes for missing is missing here, too.
 * fails: CAUSE_BAD_ADDRESS naming the field and the offset.
 */
enum cause fixup_recipients(const struct message *m, struct addr_list *out,
                            struct fault *why) ATTR_CHECK;

/*
 * fixup_from - the mailbox that the header names as author: the first of From (of the latest
 * Resent-From when there is a Resent- block). *found false when there is no such field or it
 * cannot be parsed (then fixup_apply leaves it alone). FROM is owned by the caller.
 */
bool fixup_from(const struct message *m, struct addr *from);

/*
 * fixup_apply - Bcc, Resent-Bcc and Return-Path go, whatever their spelling; From, Date and
 * Message-ID (right side: the final From's domain) are added at the end of the header when
 * missing (the Resent- ones at its start, when a Resent- block is there), never doubled; these,
 * Reply-To and Sender go when they are blank, and count as missing;
 * rewrite_from; qualification for looks; raw 8-bit text becomes RFC 2047 words, and an 8-bit body
 * without MIME fields gets them (charset utf-8, or unknown-8bit), unless the message is
 * DKIM-signed.
 * fails: CAUSE_BAD_MESSAGE (header would pass LIMIT_HEADER).
 */
enum cause fixup_apply(struct message *m, const struct fixup_params *p,
                       struct fault *why) ATTR_CHECK;

#endif
