/*
 * route.c: see route.h. The one place that maps the words of a config to the structs of the
 * protocol rooms, so that neither side has to know the other.
 */
#include "config.h"

#include "deliver/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/limits.h"
#include "base/xalloc.h"
#include "conf/proxy_url.h"
#include "conf/secret.h"
#include "deliver/route_srv.h"
#include "smtp/sasl.h"
#include "smtp/sasl_crypto.h"

/* One more server, whose certificate must be for NAME unless the user says otherwise. */
static void add_target(struct route *r, const char *host, uint16_t port, const char *name)
{
    const char *wanted = r->account->tls_name != NULL ? r->account->tls_name : name;

    r->v = xrealloc(r->v, (r->n + 1) * sizeof(*r->v));
    r->v[r->n++] = (struct route_target){xstrdup(host), port, xstrdup(wanted)};
}

static enum cause add_srv(struct route *r, const char *host, deadline_ms until, struct fault *why)
{
    struct resolve_targets found;
    char *domain;
    enum cause cause = route_srv(r->account, host, until, &found, &domain, why);

    for (size_t i = 0; i < found.n; i++) {
        const struct resolve_target *t = &found.v[i];

        add_target(r, t->host, t->port, route_srv_name(domain, t->host));
    }
    resolve_targets_free(&found);
    free(domain);
    return cause;
}

static void use_proxy(struct route *r, const struct proxy_url *p)
{
    r->proxy.host = p->host;
    r->proxy.port = p->port;
    r->proxy.user = p->user;
    r->proxy.password = &p->password;
    r->proxy.remote_names = p->remote_names;
}

/* No other host of the list makes up for it. */
static bool is_final(enum cause cause)
{
    return cause == CAUSE_INTERRUPTED || cause == CAUSE_CONFIG;
}

enum cause route_find(struct route *r, const struct account *a, deadline_ms until,
                      struct fault *why)
{
    enum cause cause = CAUSE_NONE;

    memset(r, 0, sizeof(*r));
    r->account = a;
    if (a->proxy != NULL)
        use_proxy(r, a->proxy);
    if (a->host.n == 0)
        return fault_set(why, CAUSE_CONFIG, "account %s has no host", a->id);
    for (size_t i = 0; i < a->host.n && !is_final(cause); i++) {
        if (account_is_srv(a->host.v[i]))
            cause = add_srv(r, a->host.v[i], until, why);
        else
            add_target(r, a->host.v[i], (uint16_t)a->port, a->host.v[i]);
    }
    /* A domain that cannot be looked up is one host of the list that cannot be reached. */
    if (is_final(cause) || r->n == 0)
        return cause;
    fault_free(why);
    return CAUSE_NONE;
}

void route_free(struct route *r)
{
    for (size_t i = 0; i < r->n; i++) {
        free(r->v[i].host);
        free(r->v[i].tls_name);
    }
    free(r->v);
    memset(r, 0, sizeof(*r));
}

void route_dial(const struct route *r, size_t i, struct dial_params *p)
{
    const struct account *a = r->account;

    memset(p, 0, sizeof(*p));
    p->host = r->v[i].host;
    p->port = r->v[i].port;
    p->source_address = a->source_address;
    p->proxy = a->proxy != NULL ? &r->proxy : NULL;
    p->connect_timeout_ms = a->connect_timeout * 1000;
}

void route_name(const struct route *r, size_t i, char *out, size_t size)
{
    const struct route_target *t = &r->v[i];
    struct buf name;

    buf_init(&name, LIMIT_RELAY_NAME);
    if (t->host[0] == '/')
        buf_adds(&name, t->host);
    else
        buf_addf(&name, strchr(t->host, ':') != NULL ? "[%s]:%u" : "%s:%u", t->host,
                 (unsigned)t->port);
    if (r->proxy.host != NULL && t->host[0] != '/') {
        buf_adds(&name, " via ");
        proxy_name(&r->proxy, &name);
    }
    snprintf(out, size, "%s", name.data);
    buf_free(&name);
}

/* The mechanisms that the words of `auth` allow: "auto" is every one that we have. */
static unsigned allowed_mechanisms(const struct strv *words)
{
    unsigned bits = 0;
    size_t i;

    for (i = 0; i < words->n; i++) {
        enum sasl_mech m = sasl_find(words->v[i], strlen(words->v[i]));

        if (strcmp(words->v[i], "auto") == 0)
            return SASL_ALL;
        if (strcmp(words->v[i], "scram") == 0)
            bits |= SASL_SCRAM;
        if (m != SASL_NONE)
            bits |= 1u << m;
    }
    return bits;
}

static enum session_tls tls_mode(enum account_tls tls)
{
    switch (tls) {
    case TLS_IMPLICIT:
        return SESSION_TLS_IMPLICIT;
    case TLS_STARTTLS:
    case TLS_DEFAULT: /* loading has settled it; if not, never less than TLS */
        return SESSION_TLS_STARTTLS;
    case TLS_OFF:
        return SESSION_TLS_OFF;
    }
    return SESSION_TLS_STARTTLS;
}

static enum session_pipelining pipelining(enum account_pipelining word)
{
    switch (word) {
    case PIPE_AUTO:
        return PIPELINING_AUTO;
    case PIPE_FULL:
        return PIPELINING_FULL;
    case PIPE_STANDARD:
        return PIPELINING_STANDARD;
    case PIPE_OFF:
        return PIPELINING_OFF;
    }
    return PIPELINING_OFF;
}

static enum cause fetch_secret(void *arg, bool fresh, struct buf *out, struct fault *why)
{
    const struct account *a = arg;

    return secret_get(a, fresh, out, why);
}

void route_session(const struct route *r, size_t i, const struct who *w, uint64_t octets,
                   struct session_params *p)
{
    const struct account *a = r->account;
    int64_t size_ms = (int64_t)(octets / ROUTE_SLOWEST) * 1000;

    memset(p, 0, sizeof(*p));
    p->lmtp = a->protocol == PROTOCOL_LMTP;
    p->ehlo_name = a->ehlo_name != NULL ? a->ehlo_name : w->host;
    /* Behind a proxy our end of the socket is not what the server sees, and nobody's business. */
    if (p->ehlo_name == NULL && a->proxy != NULL)
        p->ehlo_name = "[127.0.0.1]";
    p->tls = tls_mode(a->tls);
    p->tls_params.name = r->v[i].tls_name;
    p->tls_params.trust_file = a->tls_trust;
    p->tls_params.priority = a->tls_priority;
    p->tls_params.pins = &a->tls_pin;
    p->tls_params.crl_file = a->tls_crl;
    p->tls_params.cert_file = a->tls_cert;
    p->tls_params.key_file = a->tls_key;
    p->tls_params.euid = w->euid;
    p->auth = account_login(a) != ACCOUNT_LOGIN_NO;
    p->auth_optional = account_login(a) == ACCOUNT_LOGIN_OPTIONAL;
    p->mechanisms = allowed_mechanisms(&a->auth);
    p->allow_cleartext_auth = a->tls == TLS_OFF && a->allow_cleartext_auth;
    p->user = a->user;
    p->host = r->v[i].host[0] != '/' ? r->v[i].host : NULL;
    p->port = r->v[i].port;
    p->secret = fetch_secret;
    p->secret_arg = (void *)(uintptr_t)a; /* read-only behind the callback */
    p->reply_timeout_ms = a->timeout * 1000;
    p->final_timeout_ms = a->timeout >= 60 ? INT64_C(600000) : a->timeout * 10000;
    p->until = deadline_in(a->deadline * 1000 + size_ms);
    p->ready_by = p->until; /* `patience` matters once a mail can be kept instead */
    p->pipelining = pipelining(a->pipelining);
    p->require_tls = a->require_tls;
    p->known.ceiling = PIPELINING_FULL;
    p->max_recipients = (unsigned)a->max_recipients;
}

/*
 * The security key. Every member is written with its length, so that no value can pose as another;
 * what has no order (pins, mechanisms) is sorted, and what has no case is folded.
 */

static void add_member(struct buf *out, const char *name, const char *value, bool fold)
{
    size_t at;

    if (value == NULL) {
        buf_addf(out, "%s -\n", name);
        return;
    }
    buf_addf(out, "%s %zu:", name, strlen(value));
    at = out->len;
    buf_adds(out, value);
    for (; fold && at < out->len; at++) {
        if (out->data[at] >= 'A' && out->data[at] <= 'Z')
            out->data[at] = (char)(out->data[at] - 'A' + 'a');
    }
    buf_addc(out, '\n');
}

static int compare_words(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    int order = strcasecmp(x, y);

    return order != 0 ? order : strcmp(x, y);
}

static void add_set(struct buf *out, const char *name, const struct strv *words, bool fold)
{
    const char **sorted = xcalloc(words->n + 1, sizeof(*sorted));
    size_t i;

    for (i = 0; i < words->n; i++)
        sorted[i] = words->v[i];
    qsort(sorted, words->n, sizeof(*sorted), compare_words);
    for (i = 0; i < words->n; i++)
        add_member(out, name, sorted[i], fold);
    free(sorted);
}

/* The way there, too: who hides behind a proxy must not be seen in a session opened without. */
static void add_way(struct buf *out, const struct account *a)
{
    struct buf proxy;

    buf_init(&proxy, LIMIT_CONFIG_LINE);
    if (a->proxy != NULL)
        proxy_url_write(a->proxy, &proxy);
    add_member(out, "protocol", a->protocol == PROTOCOL_LMTP ? "lmtp" : "smtp", false);
    add_member(out, "proxy", a->proxy != NULL ? proxy.data : NULL, false);
    add_member(out, "source_address", a->source_address, true);
    buf_free(&proxy);
}

bool route_key(const struct route *r, size_t i, char key[ROUTE_KEY])
{
    static const char *const modes[] = {[SESSION_TLS_IMPLICIT] = "implicit",
                                        [SESSION_TLS_STARTTLS] = "starttls",
                                        [SESSION_TLS_OFF] = "off"};
    const struct account *a = r->account;
    unsigned char digest[SASL_SHA256_OCTETS];
    struct buf text;
    bool good;

    buf_init(&text, LIMIT_CONFIG_FILE); /* all of it comes from there */
    add_member(&text, "host", r->v[i].host, r->v[i].host[0] != '/');
    buf_addf(&text, "port %u\n", r->v[i].port);
    add_way(&text, a);
    add_member(&text, "tls", modes[tls_mode(a->tls)], false);
    add_member(&text, "tls_name", r->v[i].tls_name, true);
    add_member(&text, "tls_trust", a->tls_trust, false);
    add_member(&text, "tls_crl", a->tls_crl, false);
    add_set(&text, "tls_pin", &a->tls_pin, false);
    add_member(&text, "tls_cert", a->tls_cert, false);
    add_member(&text, "tls_key", a->tls_key, false);
    add_member(&text, "tls_priority", a->tls_priority, false);
    add_set(&text, "auth", &a->auth, true);
    add_member(&text, "user", a->user, false);
    good = !text.over && sasl_crypto_hash(SASL_HASH_SHA256, text.data, text.len, digest);
    buf_free(&text);
    for (size_t k = 0; good && k < sizeof(digest); k++)
        snprintf(key + 2 * k, 3, "%02x", digest[k]);
    return good;
}
