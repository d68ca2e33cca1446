/*
 * members.h: where the members of an address list stand in a field's text.
 *
 * addr_parse_list says what the mailboxes are; this says where, so that one of them can be changed
 * and all other octets of the field stay as they were written.
 */
#ifndef MAIL_MEMBERS_H
#define MAIL_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#define MEMBERS_NOWHERE ((size_t)-1)

struct member {
    size_t start;     /* first octet, comments included, blanks around it not */
    size_t end;       /* behind its last octet */
    size_t local_end; /* behind the local part of an address without domain, else NOWHERE */
};

struct member_scan {
    const char *text; /* borrowed */
    size_t len;
    size_t at;
};

/* members_init - TEXT (N octets, folded or not) is borrowed until the scan is done. */
void members_init(struct member_scan *s, const char *text, size_t n);

/*
 * members_next - the next member that is not empty; a group's name is no part of its first one.
 * False at the end, and at what addr_parse_list refuses (an open quote, comment or bracket).
 */
bool members_next(struct member_scan *s, struct member *m);

#endif
