/*
 * value.h: the values of settings by type, for conf/settings: TO and FROM point at the member that
 * the row S describes. No message ever holds a value.
 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "base/buf.h"
#include "base/fault.h"
#include "conf/settings.h"

#include <stdbool.h>

/* value_assign - reads VALUE, freeing the old one. fails: CAUSE_CONFIG: "KEY: what is wrong". */
enum cause value_assign(const struct setting *s, void *to, const char *value,
                        struct fault *why) ATTR_CHECK;

/* value_clear - frees what the member owns: not set. */
void value_clear(const struct setting *s, void *to);

/* value_copy - makes the member at TO a copy of the one at FROM. */
void value_copy(const struct setting *s, void *to, const void *from);

/* value_format - appends what a file would say; false when there is no value. */
bool value_format(const struct setting *s, const void *from, struct buf *out);

/* value_quote - appends TEXT as a file spells it, in quotes only when it needs them. */
void value_quote(const char *text, struct buf *out);

/*
 * What a word may look like beyond its type: each says in a few words what is wrong with it, or
 * NULL when it is right.
 */

/* value_wrong_domain - a domain name: labels of letters, digits, '-', '_' or UTF-8. */
const char *value_wrong_domain(const char *word);

/* value_wrong_name - a domain name or an IP address (in brackets or not). */
const char *value_wrong_name(const char *word);

/* value_wrong_host - the same, or the absolute path of a Unix socket, or srv:DOMAIN. */
const char *value_wrong_host(const char *word);

/* value_wrong_ehlo - an ASCII domain name or an address literal as RFC 5321 4.1.3 has it. */
const char *value_wrong_ehlo(const char *word);

/* value_wrong_ip - an IPv4 or IPv6 address. */
const char *value_wrong_ip(const char *word);

/* value_wrong_pattern - a whole address, "@domain", or a text with one '*'. */
const char *value_wrong_pattern(const char *word);

/* value_wrong_pin - the SHA-256 of a public key in a notation that net/pin reads. */
const char *value_wrong_pin(const char *word);

/* value_wrong_user - a user's name or number, or '@' and the name of a group. */
const char *value_wrong_user(const char *word);

#endif
