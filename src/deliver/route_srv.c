/*
 * route_srv.c: see route_srv.h. A record only moves a service within its domain: whatever it says,
 * the server proves that it speaks for the name that the user wrote.
 */
#include "config.h"

#include "deliver/route_srv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/idn.h"

#define PREFIX_LEN 4 /* "srv:" */

/* What to do about it: the other service, or none. */
static void advise(const struct account *a, struct fault *why)
{
    bool implicit = a->tls == TLS_IMPLICIT;

    if (why->cause == CAUSE_DNS_NONE)
        fault_hint(why, "name the server itself in 'host', or try tls = %s, which asks for %s._tcp",
                   implicit ? "starttls" : "implicit", implicit ? "_submission" : "_submissions");
}

enum cause route_srv(const struct account *a, const char *host, deadline_ms until,
                     struct resolve_targets *out, char **domain, struct fault *why)
{
    const char *service = a->tls == TLS_IMPLICIT ? "submissions" : "submission";
    enum cause cause;

    *out = (struct resolve_targets){0};
    *domain = NULL;
    cause = idn_to_ascii(host + PREFIX_LEN, domain, why);
    if (cause != CAUSE_NONE)
        return fault_set(why, CAUSE_CONFIG, "%s is not a valid domain", host + PREFIX_LEN);
    cause = resolve_srv(service, *domain, until, out, why);
    if (cause != CAUSE_NONE)
        advise(a, why);
    return cause;
}

const char *route_srv_name(const char *domain, const char *target)
{
    size_t n = strlen(domain), m = strlen(target);

    if (m < n || strcasecmp(target + m - n, domain) != 0)
        return domain;
    return m == n || target[m - n - 1] == '.' ? target : domain;
}
