/* check.c: compares, exactly where a case is exact and by pattern where it is not. */
#include "config.h"

#include "check.h"

#include <glob.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

static void differ(struct octets *report, const char *what, const char *got, size_t ng,
                   const char *want, size_t nw)
{
    octets_printf(report, "%s\n", what);
    octets_str(report, "  got  ");
    octets_show(report, got, ng < 600 ? ng : 600);
    octets_str(report, ng > 600 ? "...\n  want " : "\n  want ");
    octets_show(report, want, nw < 600 ? nw : 600);
    octets_str(report, nw > 600 ? "...\n" : "\n");
}

/* Whether PATTERN describes all (WHOLE) or a part of the N octets, which hold no NUL. */
static bool fits(const struct wcase *c, const char *pattern, const char *s, size_t n, bool whole)
{
    struct octets text = {0};
    regmatch_t all;
    regex_t re;
    bool good;

    if (regcomp(&re, pattern, REG_EXTENDED | REG_NEWLINE) != 0)
        die("%s: not a regular expression: %s", c->path, pattern);
    octets_add(&text, s, n);
    good = !memchr(text.p, '\0', n) && regexec(&re, text.p, 1, &all, 0) == 0 &&
           (!whole || (all.rm_so == 0 && all.rm_eo == (regoff_t)n));
    regfree(&re);
    octets_free(&text);
    return good;
}

/* The length of the first line of N octets, its LF included. */
static size_t line_length(const char *s, size_t n)
{
    const char *lf = n > 0 ? memchr(s, '\n', n) : NULL;

    return lf ? (size_t)(lf - s) + 1 : n;
}

/* What was received and not compared yet. */
struct rest {
    const char *at;
    size_t n;
};

/*
 * How many octets of REST one line of an exact section covers; 0: none, it does not fit. END is
 * what a line ends with unless it is open. Decoded, a line may hold further line ends.
 */
static size_t line_fits(const struct wcase *c, const struct section *s, const char *want, size_t nw,
                        const struct rest *rest, const char *end)
{
    struct octets text = {0};
    size_t ne = strlen(end), len = line_length(rest->at, rest->n);
    bool open = false, good = false;

    if (nw > 0 && *want == '~') {
        octets_add(&text, want + 1, nw - 1);
        if (len >= ne && memcmp(rest->at + len - ne, end, ne) == 0 &&
            !memchr(rest->at, '\r', len - ne))
            good = fits(c, text.p, rest->at, len - ne, true);
    } else {
        case_decode(c, s, want, nw, &text, &open);
        if (!open)
            octets_str(&text, end);
        len = text.n;
        good = len <= rest->n && len > 0 && memcmp(text.p, rest->at, len) == 0;
    }
    octets_free(&text);
    return good ? len : 0;
}

/* A section of exact lines against received octets. "..." passes over lines up to the next. */
static void check_exact(const struct wcase *c, const struct section *s, const struct octets *got,
                        const char *end, struct octets *report)
{
    struct rest rest = {octets_text(got), got->n};
    struct octets what = {0};
    const char *want;
    size_t from = 0, nw, len;
    bool skip = false;

    octets_printf(&what, "[%s%s%s] differs:", s->word, *s->args ? " " : "", s->args);
    while (case_line(s, &from, &want, &nw)) {
        if (nw == 3 && memcmp(want, "...", 3) == 0) {
            skip = true;
            continue;
        }
        len = line_fits(c, s, want, nw, &rest, end);
        while (skip && len == 0 && rest.n > 0) {
            len = line_length(rest.at, rest.n);
            rest = (struct rest){rest.at + len, rest.n - len};
            len = line_fits(c, s, want, nw, &rest, end);
        }
        skip = false;
        if (len == 0) {
            differ(report, what.p, rest.at, line_length(rest.at, rest.n), want, nw);
            octets_free(&what);
            return;
        }
        rest = (struct rest){rest.at + len, rest.n - len};
    }
    if (rest.n > 0 && !skip)
        differ(report, what.p, rest.at, rest.n, "(the end)", 9);
    octets_free(&what);
}

/* One pattern line: "text" occurs, "=text" is a whole line, "~expression" fits some line. */
static bool pattern_fits(const struct wcase *c, const struct section *s, const char *want, size_t n,
                         const struct octets *got)
{
    struct octets text = {0}, line = {0};
    char kind = n > 0 ? *want : '\0';
    bool good;

    if (kind == '~')
        octets_add(&text, want + 1, n - 1);
    else
        case_decode(c, s, want + (kind == '='), n - (kind == '='), &text, NULL);
    if (kind == '~') {
        good = fits(c, octets_text(&text), octets_text(got), got->n, false);
    } else if (kind == '=') {
        struct octets between = {0};

        octets_char(&between, '\n');
        octets_add(&between, octets_text(&text), text.n);
        octets_char(&between, '\n');
        octets_free(&text);
        text = between;
        octets_char(&line, '\n');
        octets_add(&line, octets_text(got), got->n);
        good = memmem(line.p, line.n, text.p, text.n) != NULL;
    } else {
        good = memmem(octets_text(got), got->n, octets_text(&text), text.n) != NULL;
    }
    octets_free(&text);
    octets_free(&line);
    return good;
}

/* Every line of the section is a pattern; "!" in front: that it must not fit. */
static void check_patterns(const struct wcase *c, const struct section *s, const struct octets *got,
                           struct octets *report)
{
    const char *want;
    size_t at = 0, n;

    while (case_line(s, &at, &want, &n)) {
        bool against = n > 0 && *want == '!';

        if (pattern_fits(c, s, want + against, n - against, got) == against)
            octets_printf(report, "[%s%s%s] %s: %.*s\n", s->word, *s->args ? " " : "", s->args,
                          against ? "should lack" : "lacks", (int)(n - against), want + against);
    }
}

/* What holds for every run: whole printable lines, and not many of them. */
static void check_manners(const struct octets *err, bool many, struct octets *report)
{
    size_t i, lines = 0;

    for (i = 0; i < err->n; i++) {
        unsigned char ch = (unsigned char)err->p[i];

        if (ch == '\n')
            lines++;
        else if ((ch < ' ' && ch != '\t') || ch == 0x7f)
            octets_printf(report, "standard error holds the octet %02X\n", ch);
    }
    if (err->n > 0 && err->p[err->n - 1] != '\n')
        octets_str(report, "standard error ends within a line\n");
    if (lines > 2 && !many)
        octets_printf(report, "standard error has %zu lines\n", lines);
}

static void check_secret_in(const struct wcase *c, const char *where, const struct octets *o,
                            struct octets *report)
{
    const struct section *s;
    size_t from = 0, at, n;
    const char *line;

    while ((s = case_find(c, "secret", &from)) != NULL) {
        for (at = 0; case_line(s, &at, &line, &n);) {
            struct octets raw = {0}, b64 = {0};

            case_decode(c, s, line, n, &raw, NULL);
            octets_b64(&b64, raw.p, raw.n);
            if (memmem(octets_text(o), o->n, raw.p, raw.n) ||
                memmem(octets_text(o), o->n, octets_text(&b64), b64.n))
                octets_printf(report, "%s tells a secret\n", where);
            octets_free(&raw);
            octets_free(&b64);
        }
    }
}

static void check_status(const struct wcase *c, const struct client *cl, struct octets *report)
{
    const struct section *s = case_of(c, "status", cl->run);
    long want = s ? strtol(octets_text(&s->body), NULL, 10) : 0;

    if (cl->killed)
        octets_printf(report, "did not end by itself within %lld ms\n", (long long)cl->limit_ms);
    else if (cl->status >= 1000)
        octets_printf(report, "was killed by signal %d\n", cl->status - 1000);
    else if (cl->status != want)
        octets_printf(report, "exit status %d, not %ld\n", cl->status, want);
}

/* [time]: "MOST" or "LEAST MOST", in seconds. */
static void check_time(const struct wcase *c, const struct client *cl, struct octets *report)
{
    const struct section *s = case_of(c, "time", cl->run);
    double least = 0, most = 0, took = (double)cl->took_ms / 1000;
    char *end = NULL;

    if (!s)
        return;
    most = strtod(octets_text(&s->body), &end);
    if (*end == ' ') {
        least = most;
        most = strtod(end, NULL);
    }
    if (took < least || took > most)
        octets_printf(report, "took %.3f s, not %.3f to %.3f\n", took, least, most);
}

void check_client(const struct wcase *c, const struct client *cl, struct octets *report)
{
    const struct section *out = case_of(c, "stdout", cl->run);
    const struct section *err = case_of(c, "stderr", cl->run);
    const struct section *in = case_latest(c, "stdin", cl->run);

    check_status(c, cl, report);
    check_time(c, cl, report);
    if (!out && cl->out.n > 0)
        differ(report, "standard output is not empty:", cl->out.p, cl->out.n, "", 0);
    if (out && strcmp(out->args, "patterns") == 0)
        check_patterns(c, out, &cl->out, report);
    else if (out)
        check_exact(c, out, &cl->out, "\n", report);
    if (!err && cl->status == 0 && cl->err.n > 0)
        differ(report, "standard error is not empty:", cl->err.p, cl->err.n, "", 0);
    if (cl->status != 0 && cl->err.n == 0)
        octets_str(report, "failed without a word on standard error\n");
    if (err)
        check_patterns(c, err, &cl->err, report);
    check_manners(&cl->err, err && strcmp(err->args, "many") == 0, report);
    check_secret_in(c, "standard output", &cl->out, report);
    check_secret_in(c, "standard error", &cl->err, report);
    if (cl->unread > 0 && !(in && strcmp(in->args, "unread") == 0))
        octets_printf(report, "%zu octets of standard input were not read\n", cl->unread);
}

void check_records(const struct wcase *c, const char *out, struct octets *report)
{
    static const char *const words[] = {"wire", "text"};
    const struct section *s;
    size_t i, from;

    for (i = 0; i < 2; i++) {
        for (from = 0; (s = case_find(c, words[i], &from)) != NULL;) {
            struct octets path = {0}, got = {0};

            octets_printf(&path, "%s/%s.%s", out, s->word, *s->args ? s->args : "1");
            if (octets_file(&got, path.p))
                check_exact(c, s, &got, "\r\n", report);
            else
                octets_printf(report, "[%s %s]: there is none\n", s->word, s->args);
            octets_free(&path);
            octets_free(&got);
        }
    }
}

/* [see FILE] and [absent FILE]; FILE is a pattern of glob(3), below DIR. */
static void check_file(const struct wcase *c, const struct section *s, const char *dir,
                       struct octets *report)
{
    bool wanted = strcmp(s->word, "see") == 0;
    struct octets path = {0}, got = {0};
    glob_t found = {0};
    bool any;

    octets_printf(&path, "%s/%s", dir, s->args);
    any = glob(path.p, 0, NULL, &found) == 0;
    if (any != wanted)
        octets_printf(report, "[%s %s]: there is %s\n", s->word, s->args, any ? "one" : "none");
    else if (any && (found.gl_pathc > 1 || !octets_file(&got, found.gl_pathv[0])))
        octets_printf(report, "[see %s]: not one file to read\n", s->args);
    if (wanted && any)
        check_patterns(c, s, &got, report);
    check_secret_in(c, s->args, &got, report);
    globfree(&found);
    octets_free(&path);
    octets_free(&got);
}

void check_files(const struct wcase *c, const char *dir, unsigned run, struct octets *report)
{
    size_t i;

    for (i = 0; i < c->n; i++) {
        const struct section *s = &c->section[i];

        if (s->run == run && (strcmp(s->word, "see") == 0 || strcmp(s->word, "absent") == 0))
            check_file(c, s, dir, report);
    }
}
