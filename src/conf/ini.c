/*
 * ini.c: see ini.h.
 *
 * The library keeps 200 octets of a line and parses what it cut off as further lines, ends values
 * at " ;", takes indented lines for values, and knows nothing of quotes: a generated password or a
 * long comment would silently become another configuration. So it never sees one. Our reader takes
 * the lines apart itself and gives the library, for the line numbered N, only "key=N" or a section
 * line of harmless characters; the library keeps track of the sections and calls back, and what it
 * calls back with is looked up again here. A line that is wrong, a comment or empty goes in as an
 * empty line. Every build of the library, whatever its options, agrees on that much.
 */
#include "config.h"

#include "conf/ini.h"

#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/limits.h"
#include "base/xalloc.h"

#define LONGEST_KEY 64 /* a local part: RFC 5321 4.5.3.1.1; aliases are keys */
#define NO_SECTION  "a setting before the first [section]"

/* Full-width forms that input methods for Chinese, Japanese and Korean type for [ ] = and @. */
#define WIDE_OPEN   "\xEF\xBC\xBB"
#define WIDE_CLOSE  "\xEF\xBC\xBD"
#define WIDE_EQUALS "\xEF\xBC\x9D"
#define WIDE_AT     "\xEF\xBC\xA0"

struct feed {
    const char *text; /* what is left */
    size_t n;
    unsigned long line; /* number of the line last taken */
    bool (*is_secret)(const char *key);
    ini_entry_fn *handler;
    ini_complain_fn *complain;
    void *arg;
    bool in_section; /* some section line was right */
    bool skip;       /* the last section line was wrong: its settings belong to nobody */
    bool told;       /* that there is no section yet */
    char key[LONGEST_KEY + 1];
    struct buf value; /* of the line last taken; secret */
};

ATTR_PRINTF(2, 3) static void wrong(struct feed *f, const char *fmt, ...)
{
    char message[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    f->complain(f->arg, f->line, message);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_comment(char c)
{
    return c == '#' || c == ';';
}

static bool begins_with(const char *s, const char *end, const char *what)
{
    size_t n = strlen(what);

    return (size_t)(end - s) >= n && memcmp(s, what, n) == 0;
}

const char *ini_odd(const char *text, size_t n, bool at_end)
{
    static const struct {
        const char *octets, *name;
    } odd[] = {{"\xE3\x80\x80", "a full-width space (U+3000)"},
               {"\xC2\xA0", "a no-break space (U+00A0)"},
               {"\xE2\x80\x8B", "a zero-width space (U+200B)"},
               {"\xE2\x80\x8C", "a zero-width non-joiner (U+200C)"},
               {"\xE2\x80\x8D", "a zero-width joiner (U+200D)"},
               {"\xEF\xBB\xBF", "a byte order mark (U+FEFF)"},
               {"\xE2\x80\x9C", "a curly quote (U+201C)"},
               {"\xE2\x80\x9D", "a curly quote (U+201D)"},
               {"\xE2\x80\x98", "a curly quote (U+2018)"},
               {"\xE2\x80\x99", "a curly quote (U+2019)"}};
    size_t i;

    for (i = 0; i < ARRAY_LEN(odd); i++) {
        size_t len = strlen(odd[i].octets);

        if (len <= n && memcmp(at_end ? text + n - len : text, odd[i].octets, len) == 0)
            return odd[i].name;
    }
    return NULL;
}

const char *ini_wide_at(const char *text)
{
    return strstr(text, WIDE_AT) != NULL ? "a full-width @ (U+FF20): write @" : NULL;
}

static const char *skip_blanks(const char *s, const char *end)
{
    while (s < end && is_blank(*s))
        s++;
    return s;
}

/* True when only blanks, or blanks and then a comment, are left. BEHIND: S follows other text. */
static bool is_rest_idle(const char *s, const char *end, bool behind)
{
    const char *p = skip_blanks(s, end);

    return p == end || (is_comment(*p) && (p > s || !behind));
}

/* Cuts the next line off the text: without its end. False at the end of the text. */
static bool take_line(struct feed *f, const char **line, const char **end)
{
    const char *lf;
    size_t len;

    if (f->n == 0)
        return false;
    lf = memchr(f->text, '\n', f->n);
    len = lf != NULL ? (size_t)(lf - f->text) : f->n;
    *line = f->text;
    *end = f->text + len;
    f->text += lf != NULL ? len + 1 : len;
    f->n -= lf != NULL ? len + 1 : len;
    f->line++;
    if (*end > *line && (*end)[-1] == '\r')
        (*end)--;
    if (f->line == 1 && *end - *line >= 3 && memcmp(*line, "\xEF\xBB\xBF", 3) == 0)
        *line += 3;
    return true;
}

/* Octets that no line may hold. */
static bool is_clean(struct feed *f, const char *s, const char *end)
{
    for (; s < end; s++) {
        unsigned char c = (unsigned char)*s;

        if (c == '\0') {
            wrong(f, "a NUL octet in the line");
            return false;
        }
        if (c == '\r') {
            wrong(f, "a carriage return inside the line: lines end with LF or CRLF");
            return false;
        }
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            wrong(f, "a control character (0x%02x) in the line", c);
            return false;
        }
    }
    return true;
}

/* [word] or [word NAME]. Writes the section in its one normal form to NAME of SIZE. */
static bool read_section(struct feed *f, const char *s, const char *end, char *name, size_t size)
{
    const char *close = memchr(s, ']', (size_t)(end - s));
    const char *from, *to;
    size_t n = 0;

    if (close == NULL && memmem(s, (size_t)(end - s), WIDE_CLOSE, strlen(WIDE_CLOSE)) != NULL) {
        wrong(f, "a section with a full-width bracket (U+FF3D): write ]");
        return false;
    }
    if (close == NULL) {
        wrong(f, "a section without its closing ]");
        return false;
    }
    if (!is_rest_idle(close + 1, end, true)) {
        wrong(f, "text behind the closing ] of a section");
        return false;
    }
    from = skip_blanks(s + 1, close);
    for (to = close; to > from && is_blank(to[-1]); to--)
        continue;
    if (to == from) {
        wrong(f, "a section without a name");
        return false;
    }
    while (from < to) {
        const char *odd = ini_odd(from, (size_t)(to - from), false);

        if (odd != NULL) {
            wrong(f, "a section name with %s: remove it", odd);
            return false;
        }
        if (strchr("[\"#;=", *from) != NULL) {
            wrong(f, "a section name with one of [ \" # ; =");
            return false;
        }
        if (n + 1 >= size) {
            wrong(f, "a section name of more than %zu octets", size - 1);
            return false;
        }
        name[n++] = is_blank(*from) ? ' ' : *from;
        from = is_blank(*from) ? skip_blanks(from, to) : from + 1;
    }
    name[n] = '\0';
    return true;
}

/* The part in front of '='. Sets *value to what is behind. */
static bool read_key(struct feed *f, const char *s, const char *end, const char **value)
{
    const char *equals = memchr(s, '=', (size_t)(end - s));
    const char *wide = memmem(s, (size_t)(end - s), WIDE_EQUALS, strlen(WIDE_EQUALS));
    const char *to = equals, *odd;
    size_t n, i;

    /* Before all else: what is behind it can be a password, and this "name" would be shown. */
    if (wide != NULL && (equals == NULL || wide < equals)) {
        wrong(f, "this is a full-width equals sign (U+FF1D): write =");
        return false;
    }
    if (equals == NULL) {
        wrong(f, "neither a [section] nor key = value");
        return false;
    }
    while (to > s && is_blank(to[-1]))
        to--;
    n = (size_t)(to - s);
    odd = ini_odd(s, n, true);
    if (odd != NULL) {
        wrong(f, "%s in front of =: remove it", odd);
        return false;
    }
    if (n == 0 || n > LONGEST_KEY) {
        wrong(f, n == 0 ? "no name in front of =" : "a name of more than 64 octets in front of =");
        return false;
    }
    for (i = 0; i < n; i++) {
        if (is_blank(s[i]) || strchr("[]\":;#", s[i]) != NULL) {
            wrong(f, "a name with a blank or one of [ ] \" : ; # in front of =");
            return false;
        }
    }
    memcpy(f->key, s, n);
    f->key[n] = '\0';
    *value = equals + 1;
    return true;
}

/* "..." : S is behind the opening quote. */
static bool read_quoted(struct feed *f, const char *s, const char *end)
{
    for (; s < end && *s != '"'; s++) {
        if (*s == '\\') {
            s++;
            if (s == end || (*s != '"' && *s != '\\')) {
                wrong(f, "%s: in quotes a backslash is written \\\\ and a quote \\\"", f->key);
                return false;
            }
        }
        buf_addc(&f->value, *s);
    }
    if (s == end) {
        wrong(f, "%s: the closing quote is missing", f->key);
        return false;
    }
    if (!is_rest_idle(s + 1, end, true)) {
        wrong(f, "%s: text behind the closing quote: quote the whole value, with \\\" for a quote",
              f->key);
        return false;
    }
    return true;
}

/* A password copied from a web page brings such company along, and the server only says no. */
static bool is_end_odd(struct feed *f, const char *value, size_t n)
{
    const char *first = ini_odd(value, n, false);
    const char *odd = first != NULL ? first : ini_odd(value, n, true);

    if (odd != NULL)
        wrong(f,
              "%s: the value %s with %s: remove it, or put the value in straight double quotes if "
              "it is meant",
              f->key, first != NULL ? "begins" : "ends", odd);
    return odd != NULL;
}

static bool read_value(struct feed *f, const char *s, const char *end, bool secret)
{
    const char *from = skip_blanks(s, end), *to;

    buf_reset(&f->value);
    if (from < end && *from == '"')
        return read_quoted(f, from + 1, end);
    for (to = from; to < end; to++) {
        if (is_comment(*to) && to > s && is_blank(to[-1]))
            break;
    }
    /* Whoever copies a password here knows nothing of comments: a guess would cut it. */
    if (to < end && secret) {
        wrong(f, "%s: a blank and %c begin a comment: put the value in double quotes", f->key, *to);
        return false;
    }
    while (to > from && is_blank(to[-1]))
        to--;
    if (is_end_odd(f, from, (size_t)(to - from)))
        return false;
    buf_add(&f->value, from, (size_t)(to - from));
    return true;
}

/* A section line, for the handler and in its normal form for the library. */
static void take_section(struct feed *f, const char *s, const char *end, char *out, size_t size)
{
    char name[LIMIT_CONFIG_NAME + 1];
    struct ini_entry e = {.line = f->line};
    char *blank;

    f->skip = !read_section(f, s, end, name, sizeof(name));
    if (f->skip)
        return;
    f->in_section = true;
    snprintf(out, size, "[%s]\n", name);
    blank = strchr(name, ' ');
    if (blank != NULL)
        *blank = '\0';
    e.section = name;
    e.name = blank != NULL ? blank + 1 : "";
    f->handler(f->arg, &e);
}

/* key = value: the value waits in f->value until the library has called back. */
static void take_setting(struct feed *f, const char *s, const char *end, char *out, size_t size)
{
    const char *value;
    bool secret;

    if (!read_key(f, s, end, &value))
        return;
    secret = f->is_secret != NULL && f->is_secret(f->key);
    if (end - s > (secret ? LIMIT_SECRET : LIMIT_CONFIG_LINE)) {
        wrong(f, "%s: a line of more than %d octets", f->key,
              secret ? LIMIT_SECRET : LIMIT_CONFIG_LINE);
        return;
    }
    if (!read_value(f, value, end, secret))
        return;
    if (f->skip)
        return;
    if (f->in_section)
        snprintf(out, size, "%s=%lu\n", f->key, f->line);
    else if (!f->told) {
        wrong(f, NO_SECTION);
        f->told = true;
    }
}

/*
 * A line that begins with what no line begins with. When it is a section line nevertheless, what
 * follows belongs to nobody: it would be taken for the section before.
 */
static bool is_start_wrong(struct feed *f, const char *s, const char *end)
{
    const char *odd = ini_odd(s, (size_t)(end - s), false);

    if (is_blank(*s))
        wrong(f, "the line begins with a blank: there are no continuation lines");
    else if (odd != NULL)
        wrong(f, "the line begins with %s: remove it", odd);
    else if (begins_with(s, end, WIDE_OPEN))
        wrong(f, "this is a full-width bracket (U+FF3B): write [");
    else
        return false;
    while (s < end && (is_blank(*s) || (unsigned char)*s >= 0x80) &&
           !begins_with(s, end, WIDE_OPEN))
        s++;
    if (s < end && (*s == '[' || begins_with(s, end, WIDE_OPEN)))
        f->skip = true;
    return true;
}

/* ini_reader of the library: the place of fgets. */
static char *next_line(char *out, int size, void *stream)
{
    struct feed *f = stream;
    const char *s, *end;

    if (size < LONGEST_KEY + 32 || !take_line(f, &s, &end))
        return NULL;
    snprintf(out, (size_t)size, "\n");
    if (!is_clean(f, s, end))
        return out;
    if (is_rest_idle(s, end, false)) {
        if (end - s > LIMIT_CONFIG_LINE)
            wrong(f, "a line of more than %d octets", LIMIT_CONFIG_LINE);
    } else if (is_start_wrong(f, s, end))
        return out;
    else if (*s == '[')
        take_section(f, s, end, out, (size_t)size);
    else
        take_setting(f, s, end, out, (size_t)size);
    return out;
}

/* ini_handler of the library. Builds that call it for section lines too give no name. */
static int called_back(void *user, const char *section, const char *name, const char *value)
{
    struct feed *f = user;
    char word[LIMIT_CONFIG_NAME + 1];
    struct ini_entry e = {.line = f->line, .value = f->value.data, .value_len = f->value.len};
    char *blank;

    if (name == NULL)
        return 1;
    if (value == NULL || strcmp(name, f->key) != 0 || strtoul(value, NULL, 10) != f->line) {
        wrong(f, "the ini library gave back another line than it got");
        return 1;
    }
    snprintf(word, sizeof(word), "%s", section);
    blank = strchr(word, ' ');
    if (blank != NULL)
        *blank = '\0';
    e.section = word;
    e.name = blank != NULL ? blank + 1 : "";
    e.key = f->key;
    f->handler(f->arg, &e);
    buf_reset(&f->value);
    return 1;
}

void ini_parse_text(const char *text, size_t n, bool (*is_secret)(const char *key),
                    ini_entry_fn *handler, ini_complain_fn *complain, void *arg)
{
    struct feed f = {.text = text,
                     .n = n,
                     .is_secret = is_secret,
                     .handler = handler,
                     .complain = complain,
                     .arg = arg};

    buf_init_secret(&f.value, LIMIT_SECRET);
    if (ini_parse_stream(next_line, &f, called_back, &f) != 0 || f.n > 0)
        wrong(&f, "the ini library could not read on");
    buf_free(&f.value);
}
