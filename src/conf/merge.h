/*
 * merge.h: accounts made whole: own values, then those of `like`, of [defaults], of the provider;
 * then the rules between settings.
 */
#ifndef CONF_MERGE_H
#define CONF_MERGE_H

#include "conf/draft.h"

/*
 * merge_check_overrides - that each -O KEY=VALUE names a setting that -O may set and has a value
 * that it can have. fails: CAUSE_USAGE ("-O port=x: ..."); the text shows VALUE, the caller's own.
 */
enum cause merge_check_overrides(const struct strv *set, struct fault *why) ATTR_CHECK;

/*
 * merge_accounts - merges and finishes every draft. SET (checked before, or NULL) goes over every
 * account; then `queue` is never unless SET has it. Errors go to D.
 */
void merge_accounts(struct draft_config *d, const char *providers_file, const struct strv *set);

#endif
