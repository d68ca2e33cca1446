/*
 * value.c: values by type: read, checked, written back, copied, freed. No message shows the value:
 * whoever names a stranger's file with -C learns keys and line numbers from the errors, not more.
 */
#include "config.h"

#include "conf/value.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/num.h"
#include "base/proc.h"
#include "base/xalloc.h"
#include "mail/addr.h"
#include "net/token.h"
#include "conf/ini.h"
#include "conf/near.h"
#include "conf/proxy_url.h"

static_assert(sizeof(enum account_tls) == sizeof(int), "enums are read and written as int");

/* The text KEY: WHAT as the fault. */
static enum cause refuse(const struct setting *s, struct fault *why, const char *what)
{
    return fault_set(why, CAUSE_CONFIG, "%s: %s", s->key, what);
}

static const struct setting_enum *find_word(const struct setting_enum *words, const char *value)
{
    for (; words != NULL && words->word != NULL; words++) {
        if (strcasecmp(words->word, value) == 0)
            return words;
    }
    return NULL;
}

static const char *word_of(const struct setting_enum *words, int64_t value)
{
    for (; words != NULL && words->word != NULL; words++) {
        if (words->value == value)
            return words->word;
    }
    return NULL;
}

/* "KEY: not one of a, b, c (did you mean b?)". */
static enum cause refuse_word(const struct setting *s, const char *value, struct fault *why)
{
    const struct setting_enum *w;
    const char *nearest = NULL;
    unsigned best = NEAR_NONE;
    struct buf text;

    buf_init(&text, LIMIT_FAULT_TEXT);
    for (w = s->words; w->word != NULL; w++) {
        buf_addf(&text, "%s%s", text.len > 0 ? ", " : "", w->word);
        if (near_is_better(value, w->word, &best))
            nearest = w->word;
    }
    fault_set(why, CAUSE_CONFIG, "%s: not one of %s", s->key, text.data);
    if (nearest != NULL)
        fault_set(why, CAUSE_CONFIG, "%s: not one of %s (did you mean %s?)", s->key, text.data,
                  nearest);
    buf_free(&text);
    return CAUSE_CONFIG;
}

static enum cause assign_bool(const struct setting *s, bool *to, const char *value,
                              struct fault *why)
{
    static const struct setting_enum usual[] = {{"yes", true},  {"no", false},  {"on", true},
                                                {"off", false}, {"true", true}, {"false", false},
                                                {NULL, 0}};
    const struct setting_enum *w = find_word(s->words != NULL ? s->words : usual, value);

    if (w == NULL && s->words != NULL)
        return refuse_word(s, value, why);
    if (w == NULL)
        return refuse(s, why, "neither yes nor no");
    *to = w->value != 0;
    return CAUSE_NONE;
}

static enum cause assign_number(const struct setting *s, int64_t *to, const char *value,
                                struct fault *why)
{
    const struct setting_enum *w = find_word(s->words, value);
    char min[32], max[32];
    int64_t n = 0;
    bool good;

    if (w != NULL) {
        *to = w->value;
        return CAUSE_NONE;
    }
    if (s->type == SET_INT) {
        if (!num_parse_int(value, s->min, s->max, to))
            return fault_set(why, CAUSE_CONFIG, "%s: not a number from %lld to %lld", s->key,
                             (long long)s->min, (long long)s->max);
        return CAUSE_NONE;
    }
    good = num_parse_duration(value, &n);
    if (!good || n < s->min || n > s->max) {
        num_format_duration(s->min, min);
        num_format_duration(s->max, max);
        return fault_set(why, CAUSE_CONFIG,
                         "%s: not a time from %s to %s, such as 90s, 15m, 4h, 5d", s->key, min,
                         max);
    }
    *to = n;
    return CAUSE_NONE;
}

static enum cause assign_enum(const struct setting *s, void *to, const char *value,
                              struct fault *why)
{
    const struct setting_enum *w = find_word(s->words, value);

    if (w == NULL)
        return refuse_word(s, value, why);
    memcpy(to, &w->value, sizeof(w->value));
    return CAUSE_NONE;
}

/* One word of a list, N octets at TEXT. */
static enum cause add_word(const struct setting *s, struct strv *list, const char *text, size_t n,
                           struct fault *why)
{
    char *word = xmemdup(text, n);
    const struct setting_enum *w = find_word(s->words, word);
    const char *what = s->wrong != NULL ? s->wrong(word) : NULL;
    const char *first = ini_odd(word, n, false), *last = ini_odd(word, n, true);
    enum cause c = CAUSE_NONE;

    if (n == 0)
        c = refuse(s, why, "an empty word in the list");
    else if (strpbrk(word, " \t") != NULL)
        c = refuse(s, why, "a blank inside a word: words are separated by commas");
    else if (first != NULL || last != NULL)
        c = fault_set(why, CAUSE_CONFIG, "%s: a word %s with %s", s->key,
                      first != NULL ? "begins" : "ends", first != NULL ? first : last);
    else if (s->words != NULL && w == NULL)
        c = refuse_word(s, word, why);
    else if (w != NULL && w->value == 0)
        c = fault_set(why, CAUSE_CONFIG, "%s: %s is not built yet", s->key, w->word);
    else if (what != NULL)
        c = refuse(s, why, what);
    else
        strv_add(list, w != NULL ? w->word : word);
    free(word);
    return c;
}

static enum cause assign_list(const struct setting *s, struct strv *to, const char *value,
                              struct fault *why)
{
    struct strv list = {0};
    enum cause c = CAUSE_NONE;
    const char *at = value;

    for (;;) {
        size_t n = strcspn(at, ","), lead = strspn(at, " \t"), len;

        if (lead > n)
            lead = n;
        len = n - lead;
        while (len > 0 && (at[lead + len - 1] == ' ' || at[lead + len - 1] == '\t'))
            len--;
        c = add_word(s, &list, at + lead, len, why);
        if (c != CAUSE_NONE || at[n] == '\0')
            break;
        at += n + 1;
    }
    if (c == CAUSE_NONE) {
        strv_free(to);
        *to = list;
    } else
        strv_free(&list);
    return c;
}

/* An address alone. *spec gets an owned copy in its clean form. */
static enum cause check_address(const struct setting *s, const char *value, char **spec,
                                struct fault *why)
{
    struct addr a = {0};
    enum cause c;

    if (ini_wide_at(value) != NULL)
        return refuse(s, why, ini_wide_at(value));
    c = addr_parse_path(value, strlen(value), &a, why);
    if (c == CAUSE_NONE && a.spec[0] != '\0' && a.name[0] == '\0' &&
        addr_check_spec(a.spec, why) == CAUSE_NONE) {
        *spec = xstrdup(a.spec);
    } else if (c == CAUSE_NONE && a.name[0] != '\0') {
        c = refuse(s, why, "the address alone: the name has a setting of its own, full_name");
    } else {
        c = refuse(s, why, "not an address: write local@domain");
    }
    addr_free(&a);
    return c;
}

/* What is wrong with a text by its type, or NULL. */
static const char *wrong_text(const struct setting *s, const char *value)
{
    if (s->wrong != NULL)
        return s->wrong(value);
    if (s->type == SET_DOMAIN)
        return value_wrong_domain(value);
    if (s->type == SET_PATH && value[0] != '/')
        return s->words != NULL ? "neither an absolute path nor one of the words known here"
                                : "not an absolute path";
    if (s->type == SET_CREDENTIAL && value[0] != '/' &&
        (strchr(value, '/') != NULL || strcmp(value, ".") == 0 || strcmp(value, "..") == 0))
        return "neither an absolute path nor a plain name in $CREDENTIALS_DIRECTORY";
    if (s->type == SET_TOKEN && value[0] != '/' && !token_is_uri(value))
        return "neither an absolute path nor a pkcs11: URI";
    return NULL;
}

static enum cause assign_text(const struct setting *s, char **to, const char *value,
                              struct fault *why)
{
    const struct setting_enum *w = find_word(s->words, value);
    const char *what = w == NULL ? wrong_text(s, value) : NULL;
    struct strv argv = {0};
    char *text = NULL;
    enum cause c;

    if (what != NULL)
        return refuse(s, why, what);
    if (s->type == SET_COMMAND) {
        c = proc_split(value, &argv, why);
        strv_free(&argv);
        if (c != CAUSE_NONE) {
            fault_note(why, "%s", s->key);
            return c;
        }
    }
    if (s->type == SET_ADDRESS) {
        c = check_address(s, value, &text, why);
        if (c != CAUSE_NONE)
            return c;
    } else if (w == NULL || w->value != 0)
        text = xstrdup(w != NULL ? w->word : value);
    free(*to);
    *to = text;
    return CAUSE_NONE;
}

static enum cause assign_proxy(const struct setting *s, struct proxy_url **to, const char *value,
                               struct fault *why)
{
    struct proxy_url *fresh = NULL;
    const char *wrong = NULL;

    if (find_word(s->words, value) == NULL)
        wrong = proxy_url_read(value, &fresh);
    if (wrong != NULL)
        return refuse(s, why, wrong);
    proxy_url_free(to);
    *to = fresh;
    return CAUSE_NONE;
}

enum cause value_assign(const struct setting *s, void *to, const char *value, struct fault *why)
{
    switch (s->type) {
    case SET_BOOL:
        return assign_bool(s, to, value, why);
    case SET_INT:
    case SET_DURATION:
        return assign_number(s, to, value, why);
    case SET_ENUM:
        return assign_enum(s, to, value, why);
    case SET_LIST:
        return assign_list(s, to, value, why);
    case SET_PROXY:
        return assign_proxy(s, to, value, why);
    case SET_STRING:
    case SET_PATH:
    case SET_CREDENTIAL:
    case SET_TOKEN:
    case SET_ADDRESS:
    case SET_DOMAIN:
    case SET_COMMAND:
        return assign_text(s, to, value, why);
    case SET_SECRET:
        break;
    }
    return fault_set(why, CAUSE_SOFTWARE, "%s: a secret that is treated like a setting", s->key);
}

void value_clear(const struct setting *s, void *to)
{
    switch (s->type) {
    case SET_BOOL:
    case SET_INT:
    case SET_DURATION:
    case SET_ENUM:
    case SET_SECRET:
        return;
    case SET_LIST:
        strv_free(to);
        return;
    case SET_PROXY:
        proxy_url_free(to);
        return;
    case SET_TOKEN:
        xfree_secret(to);
        return;
    case SET_STRING:
    case SET_PATH:
    case SET_CREDENTIAL:
    case SET_ADDRESS:
    case SET_DOMAIN:
    case SET_COMMAND:
        free(*(char **)to);
        *(char **)to = NULL;
        return;
    }
}

void value_copy(const struct setting *s, void *to, const void *from)
{
    switch (s->type) {
    case SET_BOOL:
        memcpy(to, from, sizeof(bool));
        return;
    case SET_INT:
    case SET_DURATION:
        memcpy(to, from, sizeof(int64_t));
        return;
    case SET_ENUM:
        memcpy(to, from, sizeof(int));
        return;
    case SET_LIST:
        strv_copy(to, from);
        return;
    case SET_PROXY:
        value_clear(s, to);
        *(struct proxy_url **)to = proxy_url_copy(*(struct proxy_url *const *)from);
        return;
    case SET_STRING:
    case SET_PATH:
    case SET_CREDENTIAL:
    case SET_TOKEN:
    case SET_ADDRESS:
    case SET_DOMAIN:
    case SET_COMMAND:
        value_clear(s, to);
        *(char **)to = xstrdup(*(char *const *)from);
        return;
    case SET_SECRET:
        return;
    }
}

void value_quote(const char *value, struct buf *out)
{
    size_t n = strlen(value), i;
    bool quotes = n == 0 || value[0] == '"' || value[0] == ' ' || value[0] == '\t' ||
                  value[0] == '#' || value[0] == ';' || value[n - 1] == ' ' ||
                  value[n - 1] == '\t' || ini_odd(value, n, false) != NULL ||
                  ini_odd(value, n, true) != NULL;

    for (i = 1; i < n; i++) {
        if ((value[i] == '#' || value[i] == ';') && (value[i - 1] == ' ' || value[i - 1] == '\t'))
            quotes = true;
    }
    if (!quotes) {
        buf_add(out, value, n);
        return;
    }
    buf_addc(out, '"');
    for (i = 0; i < n; i++) {
        if (value[i] == '"' || value[i] == '\\')
            buf_addc(out, '\\');
        buf_addc(out, value[i]);
    }
    buf_addc(out, '"');
}

static bool format_number(const struct setting *s, int64_t n, struct buf *out)
{
    const char *word = word_of(s->words, n);
    char text[32];

    if (word != NULL) {
        buf_adds(out, word);
    } else if (s->type == SET_DURATION) {
        num_format_duration(n, text);
        buf_adds(out, text);
    } else
        buf_addf(out, "%lld", (long long)n);
    return true;
}

static bool format_list(const struct strv *list, struct buf *out)
{
    struct buf text;
    size_t i;

    buf_init(&text, LIMIT_CONFIG_FILE);
    for (i = 0; i < list->n; i++)
        buf_addf(&text, "%s%s", i > 0 ? ", " : "", list->v[i]);
    value_quote(text.data, out);
    buf_free(&text);
    return list->n > 0;
}

static bool format_word(const char *word, struct buf *out)
{
    return word != NULL && buf_adds(out, word);
}

static bool format_proxy(const struct setting *s, const struct proxy_url *p, struct buf *out)
{
    if (p == NULL)
        return format_word(word_of(s->words, 0), out);
    proxy_url_write(p, out);
    return true;
}

/* Without its PIN, as everything is shown without its secrets. */
static bool format_token(const char *text, struct buf *out)
{
    struct buf shown;

    if (text == NULL)
        return false;
    buf_init(&shown, strlen(text));
    token_show(&shown, text);
    value_quote(shown.data, out);
    buf_free(&shown);
    return true;
}

bool value_format(const struct setting *s, const void *from, struct buf *out)
{
    const char *text;
    int value;

    switch (s->type) {
    case SET_BOOL:
        if (s->words != NULL)
            return format_word(word_of(s->words, *(const bool *)from), out);
        return buf_adds(out, *(const bool *)from ? "yes" : "no");
    case SET_INT:
    case SET_DURATION:
        return format_number(s, *(const int64_t *)from, out);
    case SET_ENUM:
        memcpy(&value, from, sizeof(value));
        return format_word(word_of(s->words, value), out);
    case SET_LIST:
        return ((const struct strv *)from)->n > 0 && format_list(from, out);
    case SET_PROXY:
        return format_proxy(s, *(struct proxy_url *const *)from, out);
    case SET_STRING:
    case SET_PATH:
    case SET_CREDENTIAL:
    case SET_ADDRESS:
    case SET_DOMAIN:
    case SET_COMMAND:
        text = *(char *const *)from;
        if (text == NULL)
            return s->type == SET_PATH && format_word(word_of(s->words, 0), out);
        value_quote(text, out);
        return true;
    case SET_TOKEN:
        return format_token(*(char *const *)from, out);
    case SET_SECRET:
        return false;
    }
    return false;
}
