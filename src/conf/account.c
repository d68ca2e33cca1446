/*
 * account.c: see account.h. Everything here walks the settings table, so that a new setting needs
 * no line in this file unless it has to agree with another one.
 */
#include "config.h"

#include "conf/account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "mail/addr.h"
#include "net/token.h"
#include "conf/load.h"
#include "conf/near.h"
#include "conf/proxy_url.h"
#include "conf/secret.h"
#include "conf/settings.h"

#define LMTP_FORBIDDEN_PORT 25 /* RFC 2033 5 */

struct account *account_new(const char *id)
{
    struct account *a = xcalloc(1, sizeof(*a));

    a->id = xstrdup(id);
    a->secret = secret_ref_new();
    settings_set_defaults(SCOPE_ACCOUNT, a);
    return a;
}

void account_close(struct account **a)
{
    size_t n, i;
    const struct setting *rows = settings_table(&n);

    if (*a == NULL)
        return;
    for (i = 0; i < n; i++) {
        if (rows[i].scope == SCOPE_ACCOUNT)
            settings_clear(&rows[i], *a);
    }
    secret_ref_free(&(*a)->secret);
    free((*a)->id);
    free(*a);
    *a = NULL;
}

bool account_is_set(const struct account *a, const char *key)
{
    const struct setting *s = settings_find(SCOPE_ACCOUNT, key);

    return s != NULL && settings_marked(a->set, s);
}

bool account_in_doubt(const struct account *a, const char *key)
{
    const struct setting *s = settings_find(SCOPE_ACCOUNT, key);

    return s != NULL && settings_marked(a->doubt, s);
}

/* The rows that say where the secret is. */
static bool is_secret_source(const struct setting *s)
{
    return s->type == SET_SECRET || s->type == SET_COMMAND || s->type == SET_CREDENTIAL;
}

void account_inherit(struct account *to, const struct account *from)
{
    size_t n, i;
    const struct setting *rows = settings_table(&n);
    bool own_secret = false;

    for (i = 0; i < n; i++) {
        if (is_secret_source(&rows[i]) && settings_marked(to->set, &rows[i]))
            own_secret = true;
    }
    for (i = 0; i < ARRAY_LEN(to->doubt); i++)
        to->doubt[i] |= from->doubt[i] & ~to->set[i];
    for (i = 0; i < n; i++) {
        const struct setting *s = &rows[i];

        if (s->scope != SCOPE_ACCOUNT || settings_marked(to->set, s) ||
            !settings_marked(from->set, s) || (own_secret && is_secret_source(s)))
            continue;
        if (s->type != SET_SECRET)
            settings_copy(s, to, from);
        else if (from->secret->has_inline) {
            buf_reset(&to->secret->inline_password);
            buf_add(&to->secret->inline_password, from->secret->inline_password.data,
                    from->secret->inline_password.len);
            to->secret->has_inline = true;
        }
        settings_mark(to->set, s);
    }
    /* A command is as trustworthy as the file that it was written in. */
    if (!own_secret)
        to->secret->command_ok = from->secret->command_ok;
}

static bool only_external(const struct account *a)
{
    return a->auth.n == 1 && strcmp(a->auth.v[0], "external") == 0;
}

enum account_login account_login(const struct account *a)
{
    if (strv_has(&a->auth, "off"))
        return ACCOUNT_LOGIN_NO;
    if (a->user != NULL || only_external(a))
        return ACCOUNT_LOGIN_YES;
    return a->tls_cert != NULL ? ACCOUNT_LOGIN_OPTIONAL : ACCOUNT_LOGIN_NO;
}

/* Whether the login cannot do without a password or token. */
static bool needs_secret(const struct account *a)
{
    bool external = strv_has(&a->auth, "auto") || strv_has(&a->auth, "external");

    if (account_login(a) != ACCOUNT_LOGIN_YES || only_external(a))
        return false;
    return !external || a->tls_cert == NULL;
}

static size_t count_paths(const struct account *a)
{
    size_t n = 0, i;

    for (i = 0; i < a->host.n; i++)
        n += a->host.v[i][0] == '/';
    return n;
}

bool account_is_srv(const char *host)
{
    return strncmp(host, "srv:", 4) == 0;
}

static size_t count_srv(const struct account *a)
{
    size_t n = 0, i;

    for (i = 0; i < a->host.n; i++)
        n += account_is_srv(a->host.v[i]);
    return n;
}

bool account_has_port(const struct account *a)
{
    return a->host.n == 0 || count_srv(a) < a->host.n;
}

/* [2001:db8::1] is how people write it, 2001:db8::1 is what the resolver takes. */
static void strip_brackets(char *host)
{
    size_t n = strlen(host);

    if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
        memmove(host, host + 1, n - 2);
        host[n - 2] = '\0';
    }
}

/* A rule between the settings KEYS (ends with NULL) is broken, if all of them are as meant. */
static void broken(const struct account *a, struct strv *errors, const char *const keys[],
                   const char *text)
{
    for (; *keys != NULL; keys++) {
        if (account_in_doubt(a, *keys))
            return;
    }
    strv_add(errors, text);
}

/* What a word of `auth` needs besides the server. */
enum need { NEED_NOTHING, NEED_TLS, NEED_SECRECY };

static enum need need_of(const char *word)
{
    static const char *const cleartext[] = {"plain", "login", "xoauth2", "oauthbearer"};
    size_t n = strlen(word);

    for (size_t i = 0; i < ARRAY_LEN(cleartext); i++) {
        if (strcmp(word, cleartext[i]) == 0)
            return NEED_SECRECY;
    }
    return n > 5 && strcmp(word + n - 5, "-plus") == 0 ? NEED_TLS : NEED_NOTHING;
}

/* Without TLS a mechanism must be left that can do without. What "auto" finds is seen at login. */
static void finish_clear(const struct account *a, struct strv *errors)
{
    static const char *const keys[] = {"host", "tls", "allow_cleartext_auth", "auth", "user", NULL};
    enum need least = NEED_SECRECY;

    for (size_t i = 0; i < a->auth.n; i++) {
        enum need need = need_of(a->auth.v[i]);

        if (need == NEED_SECRECY && a->allow_cleartext_auth)
            need = NEED_NOTHING;
        least = need < least ? need : least;
    }
    if (least == NEED_SECRECY)
        broken(a, errors, keys,
               "tls = off would send the password where everybody can read it: use TLS, or auth = "
               "scram; or set allow_cleartext_auth = yes as well, or auth = off");
    if (least == NEED_TLS)
        broken(a, errors, keys, "auth: -plus binds a login to TLS, and tls is off");
}

static void finish_tls(struct account *a, struct strv *errors)
{
    static const char *const socket[] = {"host", "tls", "tls_name", NULL};
    size_t paths = count_paths(a);

    if (a->tls == TLS_DEFAULT && paths > 0 && paths < a->host.n) {
        broken(a, errors, socket, "host: names and socket paths in one list need tls to be set");
        a->tls = TLS_STARTTLS;
        return;
    }
    if (a->tls == TLS_DEFAULT && paths > 0)
        a->tls = TLS_OFF;
    else if (a->tls == TLS_DEFAULT)
        a->tls = a->port == 465 || a->port == 994 || a->port == 2465 ? TLS_IMPLICIT : TLS_STARTTLS;
    if (a->tls != TLS_OFF && paths > 0 && a->tls_name == NULL)
        broken(a, errors, socket,
               "tls on a socket path needs tls_name: the name in the certificate");
    if (a->tls == TLS_OFF && account_login(a) != ACCOUNT_LOGIN_NO)
        finish_clear(a, errors);
}

/* RFC 8689 4.2.1: the demand is made over TLS or not at all. */
static void finish_require(const struct account *a, struct strv *errors)
{
    static const char *const keys[] = {"host", "tls", "require_tls", NULL};

    if (a->require_tls && a->tls == TLS_OFF)
        broken(a, errors, keys,
               "require_tls = yes asks later servers for TLS, and tls is off for the first one");
}

static void finish_client(const struct account *a, struct strv *errors)
{
    static const char *const keys[] = {"tls_cert", "tls_key", NULL};

    if (a->tls_key != NULL && a->tls_cert == NULL)
        broken(a, errors, keys, "tls_key is set and no tls_cert: a key alone says nothing");
    if (a->tls_cert != NULL && token_is_uri(a->tls_cert) && a->tls_key == NULL)
        broken(a, errors, keys, "a tls_cert in a token needs tls_key, the URI of its key");
}

static void finish_login(const struct account *a, struct strv *errors)
{
    int sources = (a->secret != NULL && a->secret->has_inline) + (a->password_command != NULL) +
                  (a->password_file != NULL);
    static const char *const secrets[] = {"password", "password_command", "password_file", NULL};
    static const char *const login[] = {"user", "from", "provider", "auth", NULL};
    static const char *const auth[] = {"auth", NULL};
    static const char *const external[] = {"auth", "tls", "tls_cert", NULL};
    size_t i;

    if (sources > 1)
        broken(a, errors, secrets,
               "only one of password, password_command and password_file can be set");
    if (sources > 0 && a->user == NULL && !strv_has(&a->auth, "off"))
        broken(a, errors, login, "a password is set and no user: set user, or auth = off");
    if (only_external(a) && a->tls != TLS_OFF && a->tls_cert == NULL)
        broken(a, errors, external,
               "auth = external needs tls_cert: the certificate to log in with");
    for (i = 0; a->auth.n > 1 && i < a->auth.n; i++) {
        if (strcmp(a->auth.v[i], "auto") == 0 || strcmp(a->auth.v[i], "off") == 0)
            broken(a, errors, auth, "auth: auto and off stand alone, or name the mechanisms");
    }
}

/* What the ways to a server have against each other. */
static void finish_ways(const struct account *a, struct strv *errors)
{
    static const char *const port[] = {"host", "port", NULL};
    static const char *const lmtp[] = {"host", "protocol", NULL};
    static const char *const clear[] = {"host", "tls", NULL};
    static const char *const proxy[] = {"host", "proxy", NULL};
    size_t srv = count_srv(a);

    if (!account_has_port(a) && account_is_set(a, "port"))
        broken(a, errors, port,
               "port has no meaning with host = srv:..., whose records name the ports: remove it, "
               "or name the server itself in host");
    if (srv > 0 && a->protocol == PROTOCOL_LMTP)
        broken(a, errors, lmtp,
               "host = srv:... is for protocol = smtp: there are no such records "
               "for lmtp");
    if (srv > 0 && a->tls == TLS_OFF)
        broken(a, errors, clear,
               "host = srv:... needs TLS: only a certificate shows that a server is one of the "
               "domain's");
    if (a->proxy != NULL && count_paths(a) > 0)
        broken(a, errors, proxy,
               "a host that is a socket path is not reached through a proxy: set proxy = off, or "
               "take the path away");
    if (a->proxy != NULL && a->proxy->remote_names && srv > 0)
        broken(a, errors, proxy,
               "host = srv:... needs a look-up of our own, and with socks5h:// the proxy makes all "
               "of them: name the server in host, or write socks5://");
}

void account_finish(struct account *a, struct strv *errors)
{
    static const char *const lmtp[] = {"protocol", "port", "host", NULL};
    static const char *const port[] = {"protocol", "port", NULL};
    bool tcp = count_paths(a) < a->host.n;
    size_t i;

    for (i = 0; i < a->host.n; i++)
        strip_brackets(a->host.v[i]);
    if (a->protocol == PROTOCOL_LMTP && a->port == LMTP_FORBIDDEN_PORT)
        broken(a, errors, port, "protocol = lmtp is never spoken on port 25 (RFC 2033)");
    if (a->protocol == PROTOCOL_LMTP && tcp && !account_is_set(a, "port"))
        broken(a, errors, lmtp,
               "protocol = lmtp needs port to be set, or the path of a socket as host");
    finish_ways(a, errors);
    finish_tls(a, errors);
    finish_require(a, errors);
    finish_client(a, errors);
    finish_login(a, errors);
}

const char *account_address(const struct account *a)
{
    struct fault ignored = {0};
    const char *address = a->from;

    if (address == NULL && a->user != NULL && addr_domain(a->user) != NULL &&
        addr_check_spec(a->user, &ignored) == CAUSE_NONE)
        address = a->user;
    fault_free(&ignored);
    return address;
}

bool account_owns(const struct account *a, const char *spec)
{
    const char *own = account_address(a);
    size_t i;

    if (spec == NULL || spec[0] == '\0')
        return false;
    if (own != NULL && addr_matches(own, spec))
        return true;
    for (i = 0; i < a->match.n; i++) {
        if (addr_matches(a->match.v[i], spec))
            return true;
    }
    return false;
}

/* `allow` is a fence of the system's administrator; root can walk around it anyway. */
static bool is_allowed(const struct account *a, struct who *w)
{
    size_t i;

    if (a->allow.n == 0 || w->uid == 0)
        return true;
    for (i = 0; i < a->allow.n; i++) {
        const char *word = a->allow.v[i];
        uint64_t uid;

        if (word[0] == '@') {
            if (who_in_group(w, word + 1))
                return true;
        } else if (num_parse(word, strlen(word), UINT32_MAX, &uid)) {
            if (uid == (uint64_t)w->uid)
                return true;
        } else if (strcmp(word, who_login(w)) == 0)
            return true;
    }
    return false;
}

static enum cause no_such(const struct config *c, const char *name, struct fault *why)
{
    const char *nearest = NULL;
    unsigned best = NEAR_NONE;
    struct buf names;
    size_t i;

    buf_init(&names, LIMIT_FAULT_TEXT);
    for (i = 0; i < c->n; i++) {
        buf_addf(&names, "%s%s", i > 0 ? ", " : "", c->account[i]->id);
        if (near_is_better(name, c->account[i]->id, &best))
            nearest = c->account[i]->id;
    }
    fault_set(why, CAUSE_NO_ACCOUNT, "no account \"%s\"; there are: %s", name, names.data);
    if (nearest != NULL)
        fault_hint(why, "did you mean %s?", nearest);
    buf_free(&names);
    return CAUSE_NO_ACCOUNT;
}

static enum cause no_proxy_password(const struct account *a, struct fault *why)
{
    fault_set(why, CAUSE_CONFIG, "account \"%s\" has a proxy with a user and no password", a->id);
    fault_hint(why, "set proxy = socks5h://USER:PASSWORD@HOST:PORT");
    if (a->file != NULL)
        fault_place(why, "%s:%lu", a->file, a->line);
    return CAUSE_CONFIG;
}

static const struct account *by_name(const struct config *c, const char *name)
{
    size_t i;

    for (i = 0; name != NULL && i < c->n; i++) {
        if (strcmp(c->account[i]->id, name) == 0)
            return c->account[i];
    }
    return NULL;
}

static const struct account *by_address(const struct config *c, const char *spec)
{
    size_t i;

    for (i = 0; i < c->n; i++) {
        if (account_owns(c->account[i], spec))
            return c->account[i];
    }
    return NULL;
}

enum cause account_choose(const struct config *c, struct who *w, const char *name,
                          const char *sender, const char *from, const struct account **out,
                          struct fault *why)
{
    bool null = sender == NULL || sender[0] == '\0' || strcmp(sender, "<>") == 0;
    const struct account *a = by_name(c, name);

    if (name != NULL && a == NULL)
        return no_such(c, name, why);
    if (a == NULL)
        a = by_address(c, null ? from : sender);
    if (a == NULL)
        a = by_name(c, c->default_account);
    if (a == NULL && c->n > 0)
        a = c->account[0];
    if (a == NULL)
        return fault_set(why, CAUSE_NO_ACCOUNT, "the configuration has no account");
    if (c->origin == CONFIG_SYSTEM && !is_allowed(a, w)) {
        fault_set(why, CAUSE_NOT_ALLOWED, "account \"%s\" is not for user %s", a->id, who_login(w));
        if (a->file != NULL)
            fault_place(why, "%s:%lu", a->file, a->line);
        return CAUSE_NOT_ALLOWED;
    }
    if (needs_secret(a) && !secret_is_set(a)) {
        fault_set(why, CAUSE_CONFIG, "account \"%s\" has a user and no password", a->id);
        fault_hint(why, "set password_command, password_file or password; or auth = off");
        if (a->file != NULL)
            fault_place(why, "%s:%lu", a->file, a->line);
        return CAUSE_CONFIG;
    }
    if (a->proxy != NULL && a->proxy->user != NULL && a->proxy->password.len == 0)
        return no_proxy_password(a, why);
    *out = a;
    return CAUSE_NONE;
}
