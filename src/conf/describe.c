/* describe.c: see describe.h. */
#include "config.h"

#include "conf/describe.h"

#include <stdio.h>
#include <string.h>

void describe_server(const struct account *a, size_t i, char *out, size_t size)
{
    const char *host = a->host.v[i];

    if (host[0] == '/' || account_is_srv(host))
        snprintf(out, size, "%s", host);
    else if (strchr(host, ':') != NULL)
        snprintf(out, size, "[%s]:%u", host, (unsigned)a->port);
    else
        snprintf(out, size, "%s:%u", host, (unsigned)a->port);
}

const char *describe_tls(const struct account *a)
{
    switch (a->tls) {
    case TLS_IMPLICIT:
        return "implicit TLS";
    case TLS_STARTTLS:
    case TLS_DEFAULT:
        return "STARTTLS";
    case TLS_OFF:
        return "no TLS";
    }
    return "STARTTLS";
}

void describe_login(const struct account *a, char *out, size_t size)
{
    if (account_login(a) == ACCOUNT_LOGIN_NO)
        snprintf(out, size, "no login");
    else if (a->user != NULL)
        snprintf(out, size, "login %s", a->user);
    else
        snprintf(out, size, "login by certificate");
}
