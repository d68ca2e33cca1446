/*
 * providers.h: presets and provider hints from providers.ini: data, not code.
 *
 *   [provider qq]
 *   domains = qq.com, foxmail.com     addresses that belong to it
 *   hosts = .qq.com                   server suffixes its hints apply to
 *   host = smtp.qq.com
 *   port = 465
 *   tls = implicit
 *   user = address                    address | local | given | the literal
 *   note = ...                        which secret it wants, for people
 *   hint.535 = ...
 *
 * Any other setting that -O could set may stand there too.
 */
#ifndef CONF_PROVIDERS_H
#define CONF_PROVIDERS_H

#include "base/fault.h"
#include "base/strv.h"
#include "conf/account.h"

struct providers;

/*
 * providers_load - reads FILE (normally PKGDATADIR "/providers.ini"). A missing file is an empty
 * list. fails: CAUSE_CONFIG (file:line).
 */
enum cause providers_load(struct providers **out, const char *file, struct fault *why) ATTR_CHECK;

/* providers_missing - the path of the file when it was not there, else NULL. Borrowed. */
const char *providers_missing(const struct providers *p);

/* providers_has - one is called NAME. */
bool providers_has(const struct providers *p, const char *name);

/* providers_close - frees and nulls. */
void providers_close(struct providers **p);

/*
 * providers_of_address - the name of the provider that the address SPEC belongs to (its domain is
 * in `domains`), or NULL. Borrowed.
 */
const char *providers_of_address(const struct providers *p, const char *spec);

/* providers_near_domain - the one of all `domains` that DOMAIN misspells, or NULL. Borrowed. */
const char *providers_near_domain(const struct providers *p, const char *domain);

/*
 * providers_apply - fills the settings of A that nobody wrote from the preset A->provider.
 * fails: CAUSE_CONFIG: no such provider (nearest name suggested); neither `user` nor `from` is set
 *        and the preset needs one (no error when one of the two, or `auth`, is in doubt).
 */
enum cause providers_apply(const struct providers *p, struct account *a,
                           struct fault *why) ATTR_CHECK;

/*
 * providers_hint - sets WHY's hint to what the provider of HOST (longest matching host suffix) says
 * about the reply in WHY. Keys, best first: hint.CODE.ENHANCED, hint.CODE.WORD (WORD occurs in the
 * server's words), hint.CODE. True when one fitted. Advice that the login gave itself stays: it
 * knows what it has sent, a token or a password.
 */
bool providers_hint(const struct providers *p, const char *host, struct fault *why);

#endif
