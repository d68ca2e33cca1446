/* msgid.h: making a Message-ID, RFC 5322 3.6.4. */
#ifndef MAIL_MSGID_H
#define MAIL_MSGID_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * msgid_domain_fits - DOMAIN may be the right side: an ASCII dot-atom or a literal in brackets, at
 * most 255 octets. NULL does not.
 */
bool msgid_domain_fits(const char *domain);

/* msgid_domain_of - the domain of the address SPEC (NULL: none) as it may be the right side, in
 * ASCII. NULL when it has none. Owned by the caller. */
char *msgid_domain_of(const char *spec);

/*
 * msgid_add - appends "<TIME.RANDOM@DOMAIN>": the second in UTC, for people who read logs, and all
 * 128 random bits, which alone make it unique. DOMAIN must fit. False past the ceiling.
 */
bool msgid_add(struct buf *out, int64_t now_s, const uint64_t random[2], const char *domain);

#endif
