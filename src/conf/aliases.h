/*
 * aliases.h: where mail for bare names goes: [aliases] of the config. (The file /etc/aliases comes
 * with a later room.)
 */
#ifndef CONF_ALIASES_H
#define CONF_ALIASES_H

#include "base/fault.h"
#include "base/strv.h"

struct aliases;

/* aliases_new - empty. */
struct aliases *aliases_new(void);

/* aliases_add - NAME = VALUE (an address list; bare names are looked up again); `default` is the
 * name for all that have no entry. fails: CAUSE_CONFIG (not an address list). */
enum cause aliases_add(struct aliases *a, const char *name, const char *value,
                       struct fault *why) ATTR_CHECK;

/*
 * aliases_expand - appends to OUT the addresses that LOCAL stands for, recursion included (loops
 * end at a name already seen). *found false when there is no entry and no default. Names that
 * remain bare are given as they are.
 */
bool aliases_expand(const struct aliases *a, const char *local, struct strv *out);

/* aliases_count, aliases_entry - for the dump. */
size_t aliases_count(const struct aliases *a);
void aliases_entry(const struct aliases *a, size_t i, const char **name, const char **value);

/* aliases_close - frees and nulls. */
void aliases_close(struct aliases **a);

#endif
