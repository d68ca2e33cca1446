/*
 * value.c: values by type: read, checked, written back, copied, freed. No message shows the value:
 * whoever names a stranger's file with -C learns keys and line numbers from the errors, not more.
 */
#include "config.h"

#include "conf/value.h"

#include <arpa/inet.h>
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
#include "net/pin.h"
#include "conf/ini.h"
#include "conf/near.h"
#include "conf/proxy_url.h"

#define LONGEST_DOMAIN 255 /* RFC 5321 4.5.3.1.2 */
#define LONGEST_LABEL  63  /* RFC 1035 2.3.4 */

static_assert(sizeof(enum account_tls) == sizeof(int), "enums are read and written as int");

const char *value_wrong_domain(const char *word)
{
    size_t n = strlen(word), label = 0, i;

    if (n > LONGEST_DOMAIN)
        return "a domain has at most 255 octets";
    for (i = 0; i <= n; i++) {
        unsigned char c = (unsigned char)word[i];

        if (c == '.' || c == '\0') {
            if (label == 0)
                return "a domain with an empty part: no dot at the ends, no two in a row";
            if (label > LONGEST_LABEL)
                return "a part of a domain has at most 63 octets";
            if (word[i - 1] == '-' || word[i - label] == '-')
                return "no part of a domain begins or ends with '-'";
            label = 0;
        } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '-' || c == '_' || c >= 0x80)
            label++;
        else
            return "not a domain name";
    }
    return NULL;
}

const char *value_wrong_ip(const char *word)
{
    unsigned char to[sizeof(struct in6_addr)];

    if (inet_pton(AF_INET, word, to) == 1 || inet_pton(AF_INET6, word, to) == 1)
        return NULL;
    return "not an IP address";
}

/* True when WORD is OPEN, an IPv6 (or, FOUR, IPv4) address, and ']'. */
static bool is_in_brackets(const char *word, const char *open, bool four)
{
    size_t n = strlen(word), skip = strlen(open);
    char inner[INET6_ADDRSTRLEN];
    unsigned char to[sizeof(struct in6_addr)];

    if (n < skip + 2 || n - skip >= sizeof(inner) || strncasecmp(word, open, skip) != 0 ||
        word[n - 1] != ']')
        return false;
    memcpy(inner, word + skip, n - skip - 1);
    inner[n - skip - 1] = '\0';
    return inet_pton(four ? AF_INET : AF_INET6, inner, to) == 1;
}

const char *value_wrong_name(const char *word)
{
    if (value_wrong_ip(word) == NULL || is_in_brackets(word, "[", false))
        return NULL;
    if (strchr(word, ':') != NULL)
        return "not a host name: the port is a setting of its own";
    return value_wrong_domain(word);
}

const char *value_wrong_host(const char *word)
{
    if (strncmp(word, "srv:", 4) == 0)
        return value_wrong_ip(word + 4) == NULL ? "srv: takes a domain, not an address"
                                                : value_wrong_domain(word + 4);
    if (word[0] == '/')
        return strlen(word) < 108 ? NULL : "a socket's path has at most 107 octets";
    if (strstr(word, "://") != NULL)
        return "a host name or a path, not a URL";
    return value_wrong_name(word);
}

const char *value_wrong_ehlo(const char *word)
{
    size_t i;

    /* It goes into EHLO as it is, before a server could say that it takes more (RFC 6531 3.7.1). */
    for (i = 0; word[i] != '\0'; i++) {
        if ((unsigned char)word[i] >= 0x80)
            return "EHLO takes ASCII alone: write the xn-- form of the name";
    }
    if (word[0] != '[')
        return value_wrong_domain(word);
    if (is_in_brackets(word, "[", true) || is_in_brackets(word, "[IPv6:", false))
        return NULL;
    return "an address literal is written [192.0.2.1] or [IPv6:2001:db8::1]";
}

const char *value_wrong_pattern(const char *word)
{
    const char *star = strchr(word, '*'), *at = strrchr(word, '@');

    if (ini_wide_at(word) != NULL)
        return ini_wide_at(word);
    if (star != NULL)
        return strchr(star + 1, '*') != NULL ? "a pattern has one * at most" : NULL;
    if (at == NULL)
        return "neither an address nor @domain nor a text with one *";
    return value_wrong_domain(at + 1);
}

const char *value_wrong_pin(const char *word)
{
    unsigned char pin[PIN_OCTETS];

    return pin_parse(word, pin) ? NULL
                                : "a pin is sha256: and 64 hex digits, or sha256// and base64";
}

const char *value_wrong_user(const char *word)
{
    const char *name = word[0] == '@' ? word + 1 : word;

    if (name[0] == '\0' || strpbrk(name, " \t@:/") != NULL)
        return "neither a user nor @group";
    return NULL;
}

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
    case SET_SECRET:
        return false;
    }
    return false;
}
