/*
 * providers.c: see providers.h. What a provider wants changes faster than programs are released, so
 * both presets and advice are lines of a data file that anybody can read and mend.
 */
#include "config.h"

#include "conf/providers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/xalloc.h"
#include "mail/addr.h"
#include "conf/ini.h"
#include "conf/near.h"
#include "conf/settings.h"

/* KEY without "hint." and its text; or a setting and its value. */
struct pair {
    char *key, *text;
};

struct pairs {
    struct pair *v;
    size_t n;
};

struct preset {
    char *name;
    struct strv domains, hosts;
    struct pairs settings, hints;
    char *user; /* address, local, given or a literal; NULL: address */
};

struct providers {
    struct preset *v;
    size_t n;
    char *missing; /* the path, when there is no file */
};

struct reader {
    struct providers *p;
    struct preset *now; /* NULL: the section was wrong */
    const char *file;
    struct fault *why;
    enum cause cause;
};

static void complain(void *arg, unsigned long line, const char *message)
{
    struct reader *r = arg;

    if (r->cause != CAUSE_NONE)
        return; /* the first is enough: people do not write this file */
    r->cause = fault_set(r->why, CAUSE_CONFIG, "%s", message);
    fault_place(r->why, "%s:%lu", r->file, line);
}

static const struct preset *find(const struct providers *p, const char *name)
{
    size_t i;

    for (i = 0; i < p->n; i++) {
        if (strcasecmp(p->v[i].name, name) == 0)
            return &p->v[i];
    }
    return NULL;
}

static void begin(struct reader *r, const struct ini_entry *e)
{
    struct providers *p = r->p;

    r->now = NULL;
    if (strcmp(e->section, "provider") != 0 || e->name[0] == '\0')
        complain(r, e->line, "a section that is not [provider NAME]");
    else if (find(p, e->name) != NULL)
        complain(r, e->line, "this provider has a section already");
    else {
        p->v = xrealloc(p->v, (p->n + 1) * sizeof(*p->v));
        r->now = &p->v[p->n++];
        memset(r->now, 0, sizeof(*r->now));
        r->now->name = xstrdup(e->name);
    }
}

/* Adds a pair; false when KEY is there already. */
static bool add_pair(struct pairs *to, const char *key, const char *text)
{
    size_t i;

    for (i = 0; i < to->n; i++) {
        if (strcmp(to->v[i].key, key) == 0)
            return false;
    }
    to->v = xrealloc(to->v, (to->n + 1) * sizeof(*to->v));
    to->v[to->n].key = xstrdup(key);
    to->v[to->n].text = xstrdup(text);
    to->n++;
    return true;
}

static void split_list(const char *value, struct strv *to)
{
    while (*value != '\0') {
        size_t n = strcspn(value, ", \t");

        if (n > 0)
            strv_add_n(to, value, n);
        value += n + (value[n] != '\0');
    }
}

/* A setting of the account: what -O may set, which is no secret, command or path. */
static void add_setting(struct reader *r, const struct ini_entry *e)
{
    const struct setting *s = settings_find(SCOPE_ACCOUNT, e->key);
    struct account *scratch;
    struct fault why = {0};

    if (s == NULL || !s->may_override) {
        complain(r, e->line, "a setting that no provider can have");
        return;
    }
    scratch = account_new("scratch");
    if (settings_assign(s, scratch, e->value, &why) != CAUSE_NONE)
        complain(r, e->line, why.text.data);
    else if (!add_pair(&r->now->settings, e->key, e->value))
        complain(r, e->line, "this setting is there twice");
    account_close(&scratch);
    fault_free(&why);
}

static void take(void *arg, const struct ini_entry *e)
{
    struct reader *r = arg;

    if (e->key == NULL) {
        begin(r, e);
        return;
    }
    if (r->now == NULL)
        return;
    if (strcmp(e->key, "domains") == 0)
        split_list(e->value, &r->now->domains);
    else if (strcmp(e->key, "hosts") == 0)
        split_list(e->value, &r->now->hosts);
    else if (strcmp(e->key, "user") == 0 && r->now->user == NULL && e->value_len > 0)
        r->now->user = xstrdup(e->value);
    else if (strncmp(e->key, "hint.", 5) == 0) {
        if (!add_pair(&r->now->hints, e->key + 5, e->value))
            complain(r, e->line, "this hint is there twice");
    } else if (strcmp(e->key, "note") != 0) /* for people who read the file, and for `setup` */
        add_setting(r, e);
}

enum cause providers_load(struct providers **out, const char *file, struct fault *why)
{
    struct reader r = {.file = file, .why = why, .cause = CAUSE_NONE};
    struct stat st;
    struct buf text;
    int fd;

    r.p = xcalloc(1, sizeof(*r.p));
    r.cause = file_open_regular(file, &fd, &st, why);
    if (r.cause != CAUSE_NONE && (why->err == ENOENT || why->err == ENOTDIR)) {
        fault_free(why);
        r.p->missing = xstrdup(file);
        *out = r.p;
        return CAUSE_NONE;
    }
    if (r.cause == CAUSE_NONE) {
        buf_init(&text, LIMIT_CONFIG_FILE);
        r.cause = file_read_fd(fd, file, &text, why);
        close(fd);
        if (r.cause == CAUSE_NONE)
            ini_parse_text(text.data, text.len, NULL, take, complain, &r);
        buf_free(&text);
    }
    if (r.cause != CAUSE_NONE)
        providers_close(&r.p);
    *out = r.p;
    return r.cause;
}

static void free_pairs(struct pairs *p)
{
    size_t i;

    for (i = 0; i < p->n; i++) {
        free(p->v[i].key);
        free(p->v[i].text);
    }
    free(p->v);
}

void providers_close(struct providers **p)
{
    size_t i;

    if (*p == NULL)
        return;
    for (i = 0; i < (*p)->n; i++) {
        struct preset *e = &(*p)->v[i];

        free(e->name);
        free(e->user);
        strv_free(&e->domains);
        strv_free(&e->hosts);
        free_pairs(&e->settings);
        free_pairs(&e->hints);
    }
    free((*p)->v);
    free((*p)->missing);
    free(*p);
    *p = NULL;
}

const char *providers_missing(const struct providers *p)
{
    return p->missing;
}

const char *providers_of_address(const struct providers *p, const char *spec)
{
    const char *domain = addr_domain(spec);
    size_t i, k;

    for (i = 0; domain != NULL && i < p->n; i++) {
        for (k = 0; k < p->v[i].domains.n; k++) {
            if (strcasecmp(p->v[i].domains.v[k], domain) == 0)
                return p->v[i].name;
        }
    }
    return NULL;
}

const char *providers_near_domain(const struct providers *p, const char *domain)
{
    const char *nearest = NULL;
    unsigned best = NEAR_NONE;
    char *lower = xstrdup(domain), *c;
    size_t i, k;

    for (c = lower; *c != '\0'; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    for (i = 0; i < p->n; i++) {
        for (k = 0; k < p->v[i].domains.n; k++) {
            const char *candidate = p->v[i].domains.v[k];
            /* All of .com is near to all of .com: one slip (2 points), two in longer names. */
            unsigned most = strcspn(candidate, ".") < 6 ? 3 : 5, this = most < best ? most : best;

            if (near_is_better(lower, candidate, &this)) {
                nearest = candidate;
                best = this;
            }
        }
    }
    free(lower);
    return nearest;
}

static enum cause no_such(const struct providers *p, const char *name, struct fault *why)
{
    const char *nearest = NULL;
    unsigned best = NEAR_NONE;
    size_t i;

    for (i = 0; i < p->n; i++) {
        if (near_is_better(name, p->v[i].name, &best))
            nearest = p->v[i].name;
    }
    if (nearest != NULL)
        return fault_set(why, CAUSE_CONFIG, "provider: none has that name (did you mean %s?)",
                         nearest);
    if (p->missing != NULL)
        return fault_set(
            why, CAUSE_CONFIG,
            "provider: the list of providers, %s, is not there: is postrider installed?",
            p->missing);
    return fault_set(why, CAUSE_CONFIG, "provider: none has that name; set host instead");
}

/* The user name as the provider forms it. */
static enum cause apply_user(const struct preset *e, struct account *a, struct fault *why)
{
    const struct setting *row = settings_find(SCOPE_ACCOUNT, "user");
    bool whole = e->user == NULL || strcmp(e->user, "address") == 0;
    const char *domain;
    char *local;
    enum cause c;

    if (a->user != NULL || strv_has(&a->auth, "off") || strv_has(&a->auth, "external"))
        return CAUSE_NONE;
    if (account_in_doubt(a, "user") || account_in_doubt(a, "from") || account_in_doubt(a, "auth"))
        return CAUSE_NONE;
    if (!whole && strcmp(e->user, "given") == 0)
        return fault_set(why, CAUSE_CONFIG, "provider %s needs user to be set", e->name);
    if (!whole && strcmp(e->user, "local") != 0)
        return settings_assign(row, a, e->user, why);
    domain = a->from != NULL ? addr_domain(a->from) : NULL;
    if (domain == NULL)
        return fault_set(why, CAUSE_CONFIG, "provider %s needs user, or from to form it", e->name);
    if (whole)
        return settings_assign(row, a, a->from, why);
    local = xmemdup(a->from, (size_t)(domain - a->from) - 1);
    c = settings_assign(row, a, local, why);
    free(local);
    return c;
}

bool providers_has(const struct providers *p, const char *name)
{
    return find(p, name) != NULL;
}

enum cause providers_apply(const struct providers *p, struct account *a, struct fault *why)
{
    const struct preset *e = find(p, a->provider);
    size_t i;

    if (e == NULL)
        return no_such(p, a->provider, why);
    for (i = 0; i < e->settings.n; i++) {
        const struct setting *s = settings_find(SCOPE_ACCOUNT, e->settings.v[i].key);
        enum cause c;

        if (settings_marked(a->set, s))
            continue;
        /* The mode belongs to the preset's port: with another one it follows that. */
        if (strcmp(s->key, "tls") == 0 && account_is_set(a, "port"))
            continue;
        c = settings_assign(s, a, e->settings.v[i].text, why);
        if (c != CAUSE_NONE)
            return c;
    }
    return apply_user(e, a, why);
}

/* Length of the longest of E's suffixes that HOST (N octets) ends with; 0: none. */
static size_t suffix_of(const struct preset *e, const char *host, size_t n)
{
    size_t longest = 0, i;

    for (i = 0; i < e->hosts.n; i++) {
        const char *suffix = e->hosts.v[i];
        size_t m = strlen(suffix);

        /* ".qq.com" is whatever lies under qq.com, without a dot it is the host itself. */
        if (m > longest && m <= n && (suffix[0] == '.' || m == n) &&
            strncasecmp(host + n - m, suffix, m) == 0)
            longest = m;
    }
    return longest;
}

/* How well the hint KEY ("535", "535.5.7.8", "550.From") fits the reply: 0 not at all. */
static int rank(const char *key, const struct fault *why)
{
    char code[16], enhanced[40];
    size_t n;

    snprintf(code, sizeof(code), "%d", why->smtp_code);
    n = strlen(code);
    if (strncmp(key, code, n) != 0)
        return 0;
    if (key[n] == '\0')
        return 1;
    if (key[n] != '.')
        return 0;
    snprintf(enhanced, sizeof(enhanced), "%d.%d.%d", why->code.class, why->code.subject,
             why->code.detail);
    if (strcmp(key + n + 1, enhanced) == 0)
        return 3;
    return why->remote.len > 0 && strcasestr(why->remote.data, key + n + 1) != NULL ? 2 : 0;
}

bool providers_hint(const struct providers *p, const char *host, struct fault *why)
{
    size_t n = strlen(host), longest = 0, i, k;
    const char *text = NULL;

    if (why->stage == STAGE_AUTH && why->hint.len > 0)
        return false;
    if (n > 0 && host[n - 1] == '.')
        n--;
    for (i = 0; i < p->n; i++) {
        const struct preset *e = &p->v[i];
        size_t m = suffix_of(e, host, n);
        int best = 0;

        if (m <= longest)
            continue;
        for (k = 0; k < e->hints.n; k++) {
            int r = rank(e->hints.v[k].key, why);

            if (r > best) {
                best = r;
                text = e->hints.v[k].text;
                longest = m;
            }
        }
    }
    if (text != NULL)
        fault_hint(why, "%s", text);
    return text != NULL;
}
