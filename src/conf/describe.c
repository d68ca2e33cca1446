/* describe.c: see describe.h. */
#include "config.h"

#include "conf/describe.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "conf/proxy_url.h"
#include "net/proxy.h"

void describe_server(const struct account *a, size_t i, char *out, size_t size)
{
    const char *host = a->host.v[i];
    struct buf text;

    buf_init(&text, LIMIT_RELAY_NAME);
    if (host[0] == '/' || account_is_srv(host))
        buf_adds(&text, host);
    else
        buf_addf(&text, strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host, (unsigned)a->port);
    if (a->proxy != NULL && host[0] != '/') {
        buf_adds(&text, " via ");
        proxy_name(&(struct proxy_params){.host = a->proxy->host, .port = a->proxy->port}, &text);
    }
    snprintf(out, size, "%s", text.data);
    buf_free(&text);
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
