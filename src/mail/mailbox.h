/*
 * mailbox.h: the reader behind addr_parse_list and addr_parse_path.
 */
#ifndef MAIL_MAILBOX_H
#define MAIL_MAILBOX_H

#include "base/buf.h"
#include "base/fault.h"
#include "mail/addr.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * mailbox_parse - appends the mailboxes of TEXT to OUT in normal form (see struct addr). SINGLE: at
 * most one, and no group. fails: CAUSE_BAD_ADDRESS with why->offset; OUT keeps what it had.
 */
enum cause mailbox_parse(const char *text, size_t n, bool single, struct addr_list *out,
                         struct fault *why) ATTR_CHECK;

/* mailbox_is_dot_string - RFC 5321 4.1.2 Dot-string (UTF-8 too): needs no quotes. Empty is none. */
bool mailbox_is_dot_string(const char *s, size_t n);

/* mailbox_quote - appends N octets as a quoted string. */
void mailbox_quote(struct buf *out, const char *text, size_t n);

#endif
