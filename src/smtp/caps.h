/* caps.h: EHLO keywords to a capability struct. Mixed case, odd spacing, unknown words are fine. */
#ifndef SMTP_CAPS_H
#define SMTP_CAPS_H

#include "smtp/reply.h"
#include "smtp/sasl.h"

#include <stdbool.h>
#include <stdint.h>

struct caps {
    bool esmtp; /* EHLO or LHLO was accepted: not HELO */
    bool starttls, pipelining, chunking, eightbitmime, smtputf8, dsn, enhanced, requiretls;
    bool size;           /* SIZE was offered */
    uint64_t size_max;   /* its number; 0 = no number or no limit */
    bool auth;           /* AUTH was offered */
    unsigned mechanisms; /* bits 1 << enum sasl_mech of those offered that we know */
    uint64_t rcpt_max;   /* LIMITS RCPTMAX (RFC 9422), 0 = none */
    uint64_t mail_max;   /* LIMITS MAILMAX, 0 = none */
    uint64_t offers;     /* a hash of the keyword lines (FNV-1a, any order kept): tells changed from
                            unchanged offers, and has no other use. Of the last EHLO before the
                            login, also when it was asked again behind it */
};

/* caps_parse - fills C from the reply to EHLO or LHLO ("AUTH=LOGIN" of old servers counts). */
void caps_parse(struct caps *c, const struct reply *ehlo);

/*
 * caps_keywords, caps_mechanisms - append the keywords, or the words behind AUTH, as the server
 * wrote them, with blanks between: for texts that say what was offered.
 */
void caps_keywords(const struct reply *ehlo, struct buf *out);
void caps_mechanisms(const struct reply *ehlo, struct buf *out);

#endif
