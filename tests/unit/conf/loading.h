/* loading.h: loads a config from a text, for the tests of load, merge and dump. */
#ifndef TESTS_UNIT_CONF_LOADING_H
#define TESTS_UNIT_CONF_LOADING_H

#include "conf/load.h"
#include "scratch.h"
#include "tap.h"

/* One load: the config or what was wrong. Paths of the scratch folder are shown as "F". */
struct loading {
    struct config *c;
    enum cause cause;
    struct fault why;
    struct strv errors;
    char all[20000]; /* every error, one a line */
};

static inline void loading_texts(struct loading *l, const char *path)
{
    size_t i, n = strlen(path);

    l->all[0] = '\0';
    for (i = 0; i < l->errors.n; i++) {
        const char *e = l->errors.v[i];
        bool own = strncmp(e, path, n) == 0;
        size_t at = strlen(l->all);

        snprintf(l->all + at, sizeof(l->all) - at, "%s%s\n", own ? "F" : "", own ? e + n : e);
    }
}

/* loading_text - TEXT as a file given with -C, with the overrides SET and presets of PROVIDERS. */
static inline void loading_text(struct loading *l, struct scratch *s, const char *text,
                                const struct strv *set, const char *providers)
{
    const char *path = scratch_write(s, "config.ini", text, 0600);
    struct config_options o = {.file = path, .set = set};
    struct who w;

    memset(l, 0, sizeof(*l));
    scratch_who(s, &w);
    l->cause = config_load_presets(&l->c, &w, &o, providers, &l->errors, &l->why);
    loading_texts(l, path);
}

static inline void loading_free(struct loading *l)
{
    config_close(&l->c);
    fault_free(&l->why);
    strv_free(&l->errors);
}

#endif
