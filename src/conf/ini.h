/*
 * ini.h: feeds libinih through our own reader, so that line numbers are true, values may be long
 * and quoted, and no secret or special character ever reaches the library (its buffer is 200
 * octets and it cuts at " ;"). The only room that includes <ini.h>.
 *
 * Syntax: [section] or [section NAME]; key = value; '#' or ';' begin a comment at the start of a
 * line or after a blank outside quotes; values may be quoted ("..." with \" and \\). No
 * continuation lines: an indented line is an error. A secret value with an unquoted " ;" or " #" is
 * an error that asks for quotes; so is an unquoted value with an end that nobody sees (ini_odd).
 * UTF-8 BOM and CRLF are accepted; NUL, bare CR and other control characters but TAB are not. Lines
 * of more than LIMIT_CONFIG_LINE octets (secrets: LIMIT_SECRET) are errors, never cut. Settings
 * before the first section are an error, told once; those behind a section line that is wrong are
 * checked and given to nobody. Full-width brackets and equals signs in the place of real ones are
 * named, and so are invisible characters around names.
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
 * handler through its own argument. (The library has a type ini_handler of its own.)
 */
typedef void ini_entry_fn(void *arg, const struct ini_entry *e);

/* Told of every wrong line. No message ever holds a value. */
typedef void ini_complain_fn(void *arg, unsigned long line, const char *message);

/*
 * ini_parse_text - TEXT (N octets of one file). is_secret tells which keys carry secrets (by name);
 * NULL: none does.
 * Every wrong line is reported through COMPLAIN and skipped; parsing goes on to the end.
 */
void ini_parse_text(const char *text, size_t n, bool (*is_secret)(const char *key),
                    ini_entry_fn *handler, ini_complain_fn *complain, void *arg);

/*
 * ini_odd - TEXT (N octets) begins (AT_END: ends) with a character that nobody sees or that an
 * input method or word processor puts in the place of a blank or quote: its name, such as "a
 * full-width space (U+3000)"; else NULL.
 */
const char *ini_odd(const char *text, size_t n, bool at_end);

/* ini_wide_at - what is wrong with an address that has '@' in its full-width form, else NULL. */
const char *ini_wide_at(const char *text);

#endif
