/*
 * ini.h: feeds libinih through our own reader, so that line numbers are true, values may be long
 * and quoted, and no secret or special character ever reaches the library (its buffer is 200
 * octets and it cuts at " ;"). The only room that includes <ini.h>.
 *
 * Syntax: [section] or [section NAME]; key = value; '#' or ';' begin a comment at the start of a
 * line or after a blank outside quotes; values may be quoted ("..." with \" and \\). No
 * continuation lines: an indented line is an error. A secret value with an unquoted " ;" or " #" is
 * an error that asks for quotes. UTF-8 BOM and CRLF are accepted; NUL and bare CR are not.
 */
#ifndef CONF_INI_H
#define CONF_INI_H

#include "base/buf.h"
#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>

struct ini_entry {
    const char *section; /* "defaults", "account", "queue"...: first word */
    const char *name;    /* the rest of the section line, or "" */
    const char *key;     /* NULL: the section line itself */
    const char *value;   /* decoded; borrowed and wiped after the call */
    size_t value_len;
    unsigned long line;
};

/*
 * Called for each section line and each entry. Returns nothing: problems are recorded by the
 * handler through its own argument.
 */
typedef void ini_handler(void *arg, const struct ini_entry *e);

/* Collects every error of a file: "file:line: message", one a line. */
typedef void ini_complain(void *arg, unsigned long line, const char *message);

/*
 * ini_parse_text - TEXT (N octets of one file). is_secret tells which keys carry secrets (by name).
 * Every wrong line is reported through COMPLAIN and skipped; parsing goes on to the end.
 */
void ini_parse_text(const char *text, size_t n, bool (*is_secret)(const char *key),
                    ini_handler *handler, ini_complain *complain, void *arg);

#endif
