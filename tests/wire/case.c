/* case.c: reads case files. */
#include "config.h"

#include "case.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Ini sections have other names, so that configurations can stand in a case as they are. */
static const char *const words[] = {
    "why",    "config", "args", "stdin", "env", "server", "wire",    "text",  "stdout", "stderr",
    "status", "time",   "file", "link",  "see", "secret", "command", "again", "absent"};

static bool is_word(const char *s, size_t n)
{
    size_t i;

    for (i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i]) == n && memcmp(words[i], s, n) == 0)
            return true;
    }
    return false;
}

static char *copy(const char *s, size_t n)
{
    char *p = strndup(s, n);

    if (!p)
        die("out of memory");
    return p;
}

/* "[word args]": begins a section. */
static bool begin_section(struct wcase *c, const char *line, size_t n, unsigned long number)
{
    struct section *more;
    size_t end = 1;

    if (n < 3 || line[0] != '[' || line[n - 1] != ']')
        return false;
    while (end < n - 1 && line[end] != ' ')
        end++;
    if (!is_word(line + 1, end - 1))
        return false;
    more = realloc(c->section, (c->n + 1) * sizeof *more);
    if (!more)
        die("out of memory");
    c->section = more;
    more += c->n++;
    *more = (struct section){.line = number, .word = copy(line + 1, end - 1)};
    if (strcmp(more->word, "again") == 0)
        c->last_run++;
    more->run = c->last_run;
    if (end < n - 1)
        end++;
    more->args = copy(line + end, n - 1 - end);
    return true;
}

static void read_lines(struct wcase *c, const char *path, const char *dir, unsigned depth);

/* "%use NAME": the lines of parts/NAME stand here. */
static void use_part(struct wcase *c, const char *name, size_t n, const char *dir, unsigned depth)
{
    struct octets path = {0};

    if (depth > 4)
        die("%s: parts within parts within parts", c->path);
    octets_printf(&path, "%s/parts/%.*s", dir, (int)n, name);
    read_lines(c, path.p, dir, depth + 1);
    octets_free(&path);
}

static void read_lines(struct wcase *c, const char *path, const char *dir, unsigned depth)
{
    struct octets text = {0};
    unsigned long number = 1;
    const char *at, *end;

    if (!octets_file(&text, path))
        die("%s: %s", path, strerror(errno));
    end = text.p + text.n;
    for (at = text.p; at < end; number++) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((lf ? lf : end) - at);
        struct section *last;

        if (n > 5 && memcmp(at, "%use ", 5) == 0) {
            use_part(c, at + 5, n - 5, dir, depth);
        } else if (!begin_section(c, at, n, number)) {
            last = c->n > 0 ? &c->section[c->n - 1] : NULL;
            if (last) {
                octets_add(&last->body, at, n);
                octets_char(&last->body, '\n');
            } else if (n > 0 && *at != '#') {
                die("%s:%lu: text before the first section", path, number);
            }
        }
        at = lf ? lf + 1 : end;
    }
    octets_free(&text);
}

void case_read(struct wcase *c, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dir = slash ? copy(path, (size_t)(slash - path)) : copy(".", 1);
    size_t i;

    *c = (struct wcase){.path = path};
    read_lines(c, path, dir, 0);
    free(dir);
    /* Empty lines before the next section are for the reader. */
    for (i = 0; i < c->n; i++) {
        struct octets *b = &c->section[i].body;

        while (b->n > 0 && b->p[b->n - 1] == '\n' && (b->n == 1 || b->p[b->n - 2] == '\n'))
            b->p[--b->n] = '\0';
    }
}

static bool fill(const char *s, size_t n, const struct place *places, struct octets *out)
{
    bool any = false;
    size_t i = 0;

    while (i < n) {
        const struct place *p;

        for (p = places; p->name; p++) {
            if (n - i >= strlen(p->name) && memcmp(s + i, p->name, strlen(p->name)) == 0)
                break;
        }
        if (p->name) {
            octets_str(out, p->value);
            i += strlen(p->name);
            any = true;
        } else {
            octets_char(out, s[i++]);
        }
    }
    return any;
}

void case_fill(struct wcase *c, const struct place *places)
{
    size_t i;

    for (i = 0; i < c->n; i++) {
        struct section *s = &c->section[i];
        struct octets out = {0}, args = {0};

        (void)fill(octets_text(&s->body), s->body.n, places, &out);
        octets_free(&s->body);
        s->body = out;
        if (fill(s->args, strlen(s->args), places, &args)) {
            free(s->args);
            s->args = copy(args.p, args.n);
        }
        octets_free(&args);
    }
}

const struct section *case_find(const struct wcase *c, const char *word, size_t *from)
{
    while (*from < c->n) {
        const struct section *s = &c->section[(*from)++];

        if (strcmp(s->word, word) == 0)
            return s;
    }
    return NULL;
}

const struct section *case_only(const struct wcase *c, const char *word)
{
    size_t from = 0;
    const struct section *s = case_find(c, word, &from);

    if (s && case_find(c, word, &from))
        die("%s: two sections [%s]", c->path, word);
    return s;
}

const struct section *case_of(const struct wcase *c, const char *word, unsigned run)
{
    const struct section *s, *found = NULL;
    size_t from = 0;

    while ((s = case_find(c, word, &from)) != NULL) {
        if (s->run != run)
            continue;
        if (found)
            die("%s: two sections [%s] for one run", c->path, word);
        found = s;
    }
    return found;
}

const struct section *case_latest(const struct wcase *c, const char *word, unsigned run)
{
    const struct section *s = case_of(c, word, run);

    while (!s && run > 0)
        s = case_of(c, word, --run);
    return s;
}

bool case_line(const struct section *s, size_t *at, const char **line, size_t *n)
{
    const char *lf;

    if (*at >= s->body.n)
        return false;
    *line = s->body.p + *at;
    lf = memchr(*line, '\n', s->body.n - *at);
    *n = lf ? (size_t)(lf - *line) : s->body.n - *at;
    *at += *n + (lf ? 1 : 0);
    return true;
}

void case_decode(const struct wcase *c, const struct section *s, const char *text, size_t n,
                 struct octets *out, bool *open)
{
    const char *wrong = octets_decode(out, text, n, open);

    if (wrong)
        die("%s: [%s %s]: %s: %.*s", c->path, s->word, s->args, wrong, (int)n, text);
}

void case_octets(const struct wcase *c, const struct section *s, struct octets *out)
{
    const char *line;
    size_t at = 0, n;

    octets_add(out, "", 0);
    while (case_line(s, &at, &line, &n)) {
        bool open = false;

        case_decode(c, s, line, n, out, &open);
        if (!open)
            octets_char(out, '\n');
    }
}

void case_free(struct wcase *c)
{
    size_t i;

    for (i = 0; i < c->n; i++) {
        free(c->section[i].word);
        free(c->section[i].args);
        octets_free(&c->section[i].body);
    }
    free(c->section);
    *c = (struct wcase){0};
}
