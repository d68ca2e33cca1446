/*
 * addr.h: one mailbox or an address list.
 *
 * RFC 5322 3.4 with the obsolete forms of 4.4 read and dropped, RFC 6531/6532 (UTF-8), comments
 * nested up to LIMIT_COMMENT_DEPTH without recursion, group syntax. An address never holds CR, LF,
 * NUL or any other control octet.
 */
#ifndef MAIL_ADDR_H
#define MAIL_ADDR_H

#include "base/buf.h"
#include "base/fault.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>

struct addr {
    char *name; /* display name, unquoted and decoded from quoted pairs; "" when there was none */
    char *spec; /* local-part or local-part@domain, comments and folding removed; quoting of the
                   local part kept when it is needed */
    size_t at;  /* offset of the '@' before the domain, or strlen(spec) when there is no domain */
};

struct addr_list {
    struct addr *v;
    size_t n;
    size_t cap;
};

/*
 * addr_parse_list - appends every mailbox of an address list (header body or argument, N octets,
 * folded or not) to OUT. Empty list members ("a,,b") are skipped; an unqualified local part is an
 * address without domain; a group's name is dropped.
 * fails: CAUSE_BAD_ADDRESS (why->offset = first wrong octet); OUT keeps what it had before.
 */
enum cause addr_parse_list(const char *text, size_t n, struct addr_list *out,
                           struct fault *why) ATTR_CHECK;

/*
 * addr_parse_path - an envelope sender as -f, MAIL and RCPT give it: "a@b", "<a@b>",
 * "Name <a@b>", or the null sender "<>" and "" (then spec is ""). One address exactly.
 */
enum cause addr_parse_path(const char *text, size_t n, struct addr *out,
                           struct fault *why) ATTR_CHECK;

/*
 * addr_check_spec - that SPEC may stand between < and > in MAIL or RCPT: grammar of RFC 5321 4.1.2
 * and 6531, domain or address literal present, at most LIMIT_ADDRESS octets, no control octet.
 */
enum cause addr_check_spec(const char *spec, struct fault *why) ATTR_CHECK;

/* addr_domain - the domain of SPEC, or NULL. Borrowed from SPEC. */
const char *addr_domain(const char *spec);

/* addr_is_ascii - true when no octet is over 127: SMTPUTF8 is not needed. */
bool addr_is_ascii(const char *spec);

/* addr_same - the same mailbox: local part octet for octet, domain without regard to ASCII case. */
bool addr_same(const char *a, const char *b);

/*
 * addr_matches - SPEC against a pattern of the settings `from` and `match`: a whole address (also
 * matched by "local+tag@domain"), "@domain", or a text with one '*'. Without regard to ASCII case.
 */
bool addr_matches(const char *pattern, const char *spec);

/*
 * addr_format - appends "Name <spec>" (or spec alone when NAME is empty) for a header field: the
 * name as atoms, quoted string or RFC 2047 words, as its octets need; folded (LF, blank) where the
 * line, whose start is taken from OUT, would pass MIME_LINE_MAX.
 */
void addr_format(struct buf *out, const char *name, const char *spec);

/* addr_free, addr_list_free - free the strings and clear. */
void addr_free(struct addr *a);
void addr_list_free(struct addr_list *l);

#endif
