/*
 * merge.c: see merge.h. Merging waits until every file is read, so that neither the order of the
 * sections nor that of the files matters.
 */
#include "config.h"

#include "conf/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/limits.h"
#include "base/xalloc.h"
#include "mail/addr.h"
#include "conf/near.h"
#include "conf/providers.h"
#include "conf/secret.h"
#include "conf/settings.h"
#include "conf/value.h"

/* Reads one KEY=VALUE into A. */
static enum cause override(struct account *a, const char *word, struct fault *why)
{
    const char *equals = strchr(word, '=');
    const struct setting *s;
    const char *nearest;
    char *key;
    enum cause c;

    if (equals == NULL || equals == word)
        return fault_set(why, CAUSE_USAGE, "-O %s: write KEY=VALUE", word);
    key = xmemdup(word, (size_t)(equals - word));
    s = settings_find(SCOPE_ACCOUNT, key);
    nearest = s == NULL ? settings_nearest(SCOPE_ACCOUNT, key) : NULL;
    if (s == NULL && nearest != NULL)
        c = fault_set(why, CAUSE_USAGE, "-O %s: unknown setting (did you mean %s?)", word, nearest);
    else if (s == NULL)
        c = fault_set(why, CAUSE_USAGE, "-O %s: unknown setting", word);
    else if (!s->may_override)
        c = fault_set(why, CAUSE_USAGE, "-O %s=...: only a configuration file can set this", key);
    else if (settings_assign(s, a, equals + 1, why) != CAUSE_NONE) {
        char *text = xstrdup(why->text.data);

        c = fault_set(why, CAUSE_USAGE, "-O %s: %s", word, text);
        xfree_secret(&text);
    } else {
        settings_mark(a->set, s);
        c = CAUSE_NONE;
    }
    xfree_secret(&key);
    return c;
}

enum cause merge_check_overrides(const struct strv *set, struct fault *why)
{
    struct account *scratch = account_new("scratch");
    enum cause c = CAUSE_NONE;
    size_t i;

    for (i = 0; set != NULL && c == CAUSE_NONE && i < set->n; i++) {
        c = override(scratch, set->v[i], why);
        /* `host` can be the path of a socket, and -O names no path. */
        if (c == CAUSE_NONE && scratch->host.n > 0 && strchr(set->v[i], '/') != NULL &&
            strncmp(set->v[i], "host=", 5) == 0)
            c = fault_set(why, CAUSE_USAGE, "-O %s: only a configuration file can set a path",
                          set->v[i]);
    }
    account_close(&scratch);
    return c;
}

/* START ("KEY=") begins one of SET. */
static bool is_overridden(const struct strv *set, const char *start)
{
    size_t i;

    for (i = 0; set != NULL && i < set->n; i++) {
        if (strncmp(set->v[i], start, strlen(start)) == 0)
            return true;
    }
    return false;
}

static void apply_overrides(struct account *a, const struct strv *set)
{
    struct fault checked = {0};
    size_t i;

    if (set == NULL || set->n == 0)
        return;
    for (i = 0; i < set->n; i++) {
        if (override(a, set->v[i], &checked) != CAUSE_NONE)
            break; /* merge_check_overrides has refused it */
    }
    fault_free(&checked);
    /* Settings that were given once are not there when a kept mail is tried again. */
    if (!is_overridden(set, "queue="))
        a->queue = QUEUE_NEVER;
}

static struct draft *find(struct draft_config *d, const char *name)
{
    size_t i;

    for (i = 0; i < d->n; i++) {
        if (strcmp(d->v[i].a->id, name) == 0)
            return &d->v[i];
    }
    return NULL;
}

static const char *nearest_account(struct draft_config *d, const char *name)
{
    const char *nearest = NULL;
    unsigned best = NEAR_NONE;
    size_t i;

    for (i = 0; i < d->n; i++) {
        if (near_is_better(name, d->v[i].a->id, &best))
            nearest = d->v[i].a->id;
    }
    return nearest;
}

/* "like: no account has that name (did you mean work?)". */
static void unknown_account(struct draft_config *d, const char *file, unsigned long line,
                            const char *key, const char *name)
{
    const char *nearest = nearest_account(d, name);

    if (nearest != NULL)
        draft_error(d, file, line, "%s: no account has that name (did you mean %s?)", key, nearest);
    else
        draft_error(d, file, line, "%s: no account has that name", key);
}

/* What is not set in TO, from FROM. */
static void inherit(struct draft *to, const struct draft *from)
{
    if (!account_is_set(to->a, "provider")) {
        to->provider_file = from->provider_file;
        to->provider_line = from->provider_line;
        to->provider_own = false;
    }
    to->unsure = to->unsure || from->unsure;
    account_inherit(to->a, from->a);
}

/* Whatever is not set in A may have been meant to be. */
static void doubt_the_rest(struct account *a)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(a->doubt); i++)
        a->doubt[i] |= ~a->set[i];
}

/*
 * Values that A takes from the account it is like, which is merged first. The chain is walked
 * twice instead of with recursion: down to the first account that is like no other or done, then
 * back up. Invariant: every account between START and the one looked at is OPEN.
 */
static void merge_like(struct draft_config *d, struct draft *start)
{
    struct draft **chain = xcalloc(d->n + 1, sizeof(struct draft *));
    struct draft *at = start;
    size_t n = 0;

    while (at != NULL && at->state == DRAFT_FRESH) {
        struct draft *next = NULL;

        at->state = DRAFT_OPEN;
        chain[n++] = at;
        if (at->a->like != NULL) {
            next = find(d, at->a->like);
            if (next == NULL && !d->lost)
                unknown_account(d, at->a->file, at->like_line, "like", at->a->like);
            else if (next != NULL && next->state == DRAFT_OPEN)
                draft_error(d, at->a->file, at->like_line, "like: leads back to this account");
            at->unsure = at->unsure || next == NULL || next->state == DRAFT_OPEN;
        }
        at = next != NULL && next->state == DRAFT_OPEN ? NULL : next;
    }
    while (n > 0) {
        struct draft *to = chain[--n];

        if (at != NULL)
            inherit(to, at);
        to->state = DRAFT_DONE;
        at = to;
    }
    free(chain);
}

/* TEXT about what the provider makes of V; HERE: the line that names it is to blame. */
static void provider_error(struct draft_config *d, const struct draft *v, bool here,
                           const char *text)
{
    const struct account *a = v->a;

    if (here && v->provider_line > 0)
        draft_error(d, v->provider_file, v->provider_line, "%s", text);
    else if (v->provider_line > 0)
        draft_error(d, a->file, a->line, "account %s: %s", a->id, text);
    else
        draft_error(d, a->file, a->line, "%s", text);
}

/* The file of presets, read when the first account needs it. */
static const struct providers *presets(struct draft_config *d, struct providers **p,
                                       const char *file, const struct draft *from)
{
    struct fault why = {0};

    if (*p == NULL && providers_load(p, file, &why) != CAUSE_NONE) {
        struct buf line;

        buf_init(&line, LIMIT_FAULT_TEXT);
        fault_line(&why, &line);
        provider_error(d, from, true, line.data);
        buf_free(&line);
    }
    fault_free(&why);
    return *p;
}

/*
 * Fills in what the provider knows. Without `provider` and `host` the address says which provider
 * it is, so that a user and a password are a whole account.
 */
static bool merge_provider(struct draft_config *d, const struct draft *v, struct providers **p,
                           const char *file)
{
    struct account *a = v->a;
    const char *name = NULL;
    struct fault why = {0};
    enum cause c;

    if (a->provider == NULL && a->host.n > 0)
        return true;
    if (presets(d, p, file, v) == NULL)
        return false;
    if (a->provider == NULL && a->user != NULL)
        name = providers_of_address(*p, a->user);
    if (a->provider == NULL && name == NULL && a->from != NULL)
        name = providers_of_address(*p, a->from);
    if (a->provider == NULL && name == NULL)
        return true; /* the missing host is told by finish */
    if (name != NULL)
        a->provider = xstrdup(name);
    c = providers_apply(*p, a, &why);
    if (c != CAUSE_NONE)
        provider_error(d, v, v->provider_own || !providers_has(*p, a->provider), why.text.data);
    fault_free(&why);
    return c == CAUSE_NONE;
}

/* The domain of an address among the settings that could say which provider it is, or NULL. */
static const char *own_domain(const struct account *a)
{
    const char *const specs[] = {a->user, a->from};
    size_t i;

    for (i = 0; i < ARRAY_LEN(specs); i++) {
        const char *domain = specs[i] != NULL ? addr_domain(specs[i]) : NULL;

        if (domain != NULL && value_wrong_domain(domain) == NULL)
            return domain;
    }
    return NULL;
}

/* P is there: without a host it was read. */
static void tell_no_host(struct draft_config *d, const struct account *a, const struct providers *p)
{
    const char *missing = providers_missing(p), *domain = own_domain(a), *near;

    if (missing != NULL)
        draft_error(d, a->file, a->line,
                    "account %s: host is missing: name the server, or a provider (the list of "
                    "providers, %s, is not there: is postrider installed?)",
                    a->id, missing);
    else if (domain == NULL || a->provider != NULL)
        draft_error(d, a->file, a->line,
                    "account %s: host is missing: name the server, or a provider", a->id);
    else {
        near = providers_near_domain(p, domain);
        draft_error(d, a->file, a->line, "account %s: no provider for %s is known: name host%s%s%s",
                    a->id, domain, near != NULL ? "; did you mean " : "", near != NULL ? near : "",
                    near != NULL ? "?" : "");
    }
}

static bool may_have_host(const struct account *a)
{
    return account_in_doubt(a, "host") || account_in_doubt(a, "provider") ||
           (a->provider == NULL && (account_in_doubt(a, "user") || account_in_doubt(a, "from")));
}

static void finish(struct draft_config *d, struct account *a, const struct providers *p)
{
    struct strv broken = {0};
    size_t i;

    if (a->host.n == 0 && !may_have_host(a))
        tell_no_host(d, a, p);
    account_finish(a, &broken);
    for (i = 0; i < broken.n; i++)
        draft_error(d, a->file, a->line, "account %s: %s", a->id, broken.v[i]);
    strv_free(&broken);
}

void merge_accounts(struct draft_config *d, const char *providers_file, const struct strv *set)
{
    struct providers *p = NULL;
    size_t i;

    for (i = 0; i < d->n; i++)
        merge_like(d, &d->v[i]);
    for (i = 0; i < d->n; i++) {
        struct draft *v = &d->v[i];

        inherit(v, &d->defaults);
        apply_overrides(v->a, set);
        if (is_overridden(set, "provider="))
            v->provider_line = 0;
        if (v->unsure || account_in_doubt(v->a, "like"))
            doubt_the_rest(v->a);
        if (!merge_provider(d, v, &p, providers_file))
            doubt_the_rest(v->a);
        finish(d, v->a, p);
    }
    if (!d->lost && d->c->default_account != NULL && find(d, d->c->default_account) == NULL)
        unknown_account(d, d->default_file, d->default_line, "default", d->c->default_account);
    providers_close(&p);
}
