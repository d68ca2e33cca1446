/*
 * aliases.c: see aliases.h. Expansion walks a list of names still to look up instead of calling
 * itself: a chain of ten thousand lines must cost memory, not stack.
 */
#include "config.h"

#include "conf/aliases.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"
#include "mail/addr.h"
#include "conf/ini.h"

#define EVERYBODY "default"

struct entry {
    char *name, *value;
    struct strv to; /* the addresses and names in VALUE */
};

struct aliases {
    struct entry *v;
    size_t n, cap;
};

struct aliases *aliases_new(void)
{
    return xcalloc(1, sizeof(struct aliases));
}

static const struct entry *find(const struct aliases *a, const char *name)
{
    size_t i;

    for (i = 0; i < a->n; i++) {
        if (strcasecmp(a->v[i].name, name) == 0)
            return &a->v[i];
    }
    return NULL;
}

/* What other mailers take for a file or a program; here it would become a strange mailbox. */
static bool is_special(const char *spec)
{
    return spec[0] != '\0' && strchr("/|:\\", spec[0]) != NULL;
}

static enum cause read_targets(const char *name, const char *value, struct strv *to,
                               struct fault *why)
{
    struct addr_list list = {0};
    enum cause c = CAUSE_NONE;
    size_t i;

    if (is_special(value + strspn(value, " \t\"")))
        c = fault_set(why, CAUSE_CONFIG, "%s: aliases name addresses, no files or programs", name);
    else if (ini_wide_at(value) != NULL)
        c = fault_set(why, CAUSE_CONFIG, "%s: %s", name, ini_wide_at(value));
    else if (addr_parse_list(value, strlen(value), &list, why) != CAUSE_NONE)
        c = fault_set(why, CAUSE_CONFIG, "%s: not a list of addresses", name);
    else if (list.n == 0)
        c = fault_set(why, CAUSE_CONFIG, "%s: the value is missing", name);
    for (i = 0; c == CAUSE_NONE && i < list.n; i++) {
        const char *spec = list.v[i].spec;

        if (is_special(spec))
            c = fault_set(why, CAUSE_CONFIG, "%s: aliases name addresses, no files or programs",
                          name);
        else if (addr_domain(spec) != NULL && addr_check_spec(spec, why) != CAUSE_NONE)
            c = fault_set(why, CAUSE_CONFIG, "%s: address number %zu is malformed", name, i + 1);
        else
            strv_add(to, spec);
    }
    addr_list_free(&list);
    return c;
}

enum cause aliases_add(struct aliases *a, const char *name, const char *value, struct fault *why)
{
    struct strv to = {0};
    enum cause c;

    if (find(a, name) != NULL)
        return fault_set(why, CAUSE_CONFIG, "%s: this alias is set already", name);
    c = read_targets(name, value, &to, why);
    if (c != CAUSE_NONE) {
        strv_free(&to);
        return c;
    }
    if (a->n == a->cap) {
        a->cap = a->cap > 0 ? a->cap * 2 : 16;
        a->v = xrealloc(a->v, a->cap * sizeof(*a->v));
    }
    a->v[a->n].name = xstrdup(name);
    a->v[a->n].value = xstrdup(value);
    a->v[a->n].to = to;
    a->n++;
    return CAUSE_NONE;
}

static bool has_name(const struct strv *l, const char *name)
{
    size_t i;

    for (i = 0; i < l->n; i++) {
        if (strcasecmp(l->v[i], name) == 0)
            return true;
    }
    return false;
}

static void add_once(struct strv *l, const char *s)
{
    if (!strv_has(l, s))
        strv_add(l, s);
}

/* One expansion under way. The first DONE of NAMES are looked up; none is in it twice. */
struct walk {
    const struct aliases *a;
    struct strv names, unknown;
    struct strv *out;
    size_t done;
};

static void follow(struct walk *w, const struct entry *e)
{
    size_t i;

    for (i = 0; i < e->to.n; i++) {
        if (addr_domain(e->to.v[i]) != NULL)
            add_once(w->out, e->to.v[i]);
        else if (!has_name(&w->names, e->to.v[i]))
            strv_add(&w->names, e->to.v[i]);
    }
}

/* Looks up what is left of the names; those without an entry gather in UNKNOWN. */
static void look_up(struct walk *w)
{
    for (; w->done < w->names.n; w->done++) {
        const struct entry *e = find(w->a, w->names.v[w->done]);

        if (e != NULL)
            follow(w, e);
        else
            strv_add(&w->unknown, w->names.v[w->done]);
    }
}

/*
 * `default` stands for all unknown names together. Those it leads to stay as they are; so do all
 * when it leads to nothing new, or the mail would vanish in a circle.
 */
static void follow_default(struct walk *w, const struct entry *everybody)
{
    size_t names = w->names.n, found = w->out->n;
    struct strv before = w->unknown;

    w->unknown = (struct strv){0};
    follow(w, everybody);
    if (w->names.n == names && w->out->n == found) {
        w->unknown = before;
        return;
    }
    look_up(w);
    strv_free(&before);
}

bool aliases_expand(const struct aliases *a, const char *local, struct strv *out)
{
    struct walk w = {.a = a, .out = out};
    const struct entry *everybody = a != NULL ? find(a, EVERYBODY) : NULL;
    size_t before = out->n, i;

    if (a == NULL || (everybody == NULL && find(a, local) == NULL))
        return false;
    strv_add(&w.names, local);
    look_up(&w);
    if (w.unknown.n > 0 && everybody != NULL)
        follow_default(&w, everybody);
    for (i = 0; i < w.unknown.n; i++)
        add_once(out, w.unknown.v[i]);
    /* A circle of names alone: the name stays as it is. */
    if (out->n == before)
        strv_add(out, local);
    strv_free(&w.names);
    strv_free(&w.unknown);
    return true;
}

size_t aliases_count(const struct aliases *a)
{
    return a != NULL ? a->n : 0;
}

void aliases_entry(const struct aliases *a, size_t i, const char **name, const char **value)
{
    *name = a->v[i].name;
    *value = a->v[i].value;
}

void aliases_close(struct aliases **a)
{
    size_t i;

    if (*a == NULL)
        return;
    for (i = 0; i < (*a)->n; i++) {
        free((*a)->v[i].name);
        free((*a)->v[i].value);
        strv_free(&(*a)->v[i].to);
    }
    free((*a)->v);
    free(*a);
    *a = NULL;
}
