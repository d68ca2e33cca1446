/* script.c: reads scripts: a table of words, one row a statement. */
#include "config.h"

#include "script.h"

#include "peer.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

enum form { FORM_NONE, FORM_TEXT, FORM_RAW, FORM_NUMBER, FORM_NUMBER_TEXT, FORM_TLS };

static const struct word {
    const char *word;
    enum verb verb;
    enum form form;
} words[] = {
    {"connection", DO_CONNECTION, FORM_NONE},
    {"maybe", DO_MAYBE, FORM_NONE},
    {"S:", DO_SEND, FORM_TEXT},
    {"raw", DO_RAW, FORM_TEXT},
    {"early", DO_EARLY, FORM_NONE},
    {"quiet", DO_QUIET, FORM_NUMBER},
    {"loosely", DO_LOOSELY, FORM_NONE},
    {"C:", DO_LINE, FORM_TEXT},
    {"C~", DO_MATCH, FORM_RAW},
    {"C*", DO_ANY_LINE, FORM_NONE},
    {"sasl", DO_SASL, FORM_RAW},
    {"text", DO_TEXT, FORM_NONE},
    {"chunk", DO_CHUNK, FORM_NONE},
    {"take", DO_TAKE, FORM_NUMBER},
    {"wait", DO_WAIT, FORM_NUMBER},
    {"drip", DO_DRIP, FORM_NUMBER_TEXT},
    {"endless", DO_ENDLESS, FORM_TEXT},
    {"tls", DO_TLS, FORM_TLS},
    {"sni", DO_SNI, FORM_TEXT},
    {"resumed", DO_RESUMED, FORM_NONE},
    {"afresh", DO_AFRESH, FORM_NONE},
    {"client", DO_CLIENT, FORM_TEXT},
    {"plain", DO_PLAIN, FORM_TEXT},
    {"alert", DO_ALERT, FORM_NONE},
    {"rekey", DO_REKEY, FORM_NONE},
    {"drop", DO_DROP, FORM_NONE},
    {"reset", DO_RESET, FORM_NONE},
    {"notify", DO_NOTIFY, FORM_NONE},
    {"shut", DO_SHUT, FORM_NONE},
    {"adieu", DO_ADIEU, FORM_NONE},
    {"signal", DO_SIGNAL, FORM_TEXT},
    {"heard", DO_HEARD, FORM_NONE},
    {"deaf", DO_DEAF, FORM_NUMBER},
    {"eof", DO_EOF, FORM_NONE},
    {"bye", DO_BYE, FORM_NONE},
    {"torn", DO_TORN, FORM_NONE},
    {"short", DO_SHORT, FORM_NUMBER},
    {"sealed", DO_SEALED, FORM_NONE},
    {"any", DO_ANY, FORM_NONE},
};

static const struct word *find_word(const char *s, size_t n)
{
    size_t i;

    for (i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i].word) == n && memcmp(words[i].word, s, n) == 0)
            return &words[i];
    }
    return NULL;
}

/* Moves a decimal number and the blank behind it out of the text. */
static const char *take_number(struct step *st, const char **s, size_t *n)
{
    size_t i = 0;
    long v = 0;

    while (i < *n && (*s)[i] >= '0' && (*s)[i] <= '9' && v < 1000000000)
        v = v * 10 + ((*s)[i++] - '0');
    if (i == 0)
        return "a number is missing";
    if (i < *n && (*s)[i] == ' ')
        i++;
    st->number = v;
    *s += i;
    *n -= i;
    return NULL;
}

/* One of the words behind the certificate; false when it is none. */
static bool take_tls_word(struct step *st, const char *s, size_t n)
{
    static const struct {
        const char *word;
        enum peer_tls version;
        enum peer_asks asks;
        bool fails, refuses, no_tickets, forgetful;
    } known[] = {
        {.word = "1.1", .version = PEER_TLS_11},   {.word = "1.2", .version = PEER_TLS_12},
        {.word = "1.3", .version = PEER_TLS_13},   {.word = "asks", .asks = PEER_ASKS},
        {.word = "demands", .asks = PEER_DEMANDS}, {.word = "fails", .fails = true},
        {.word = "refuses", .refuses = true},      {.word = "no-tickets", .no_tickets = true},
        {.word = "forgetful", .forgetful = true},
    };
    size_t i;

    if (n > 7 && memcmp(s, "staple=", 7) == 0) {
        octets_add(&st->more, s + 7, n - 7);
        return true;
    }
    for (i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strlen(known[i].word) != n || memcmp(known[i].word, s, n) != 0)
            continue;
        if (known[i].version != PEER_TLS_ANY)
            st->server.version = known[i].version;
        if (known[i].asks != PEER_ASKS_NOT)
            st->server.asks = known[i].asks;
        st->fails |= known[i].fails;
        st->refuses |= known[i].refuses;
        st->server.no_tickets |= known[i].no_tickets;
        st->server.forgetful |= known[i].forgetful;
        return true;
    }
    return false;
}

/* "CERTIFICATE WORD...". */
static const char *parse_tls(struct step *st, const char *s, size_t n)
{
    size_t i = 0, from;

    while (i < n) {
        while (i < n && s[i] == ' ')
            i++;
        for (from = i; i < n && s[i] != ' ';)
            i++;
        if (i > from && st->text.n == 0)
            octets_add(&st->text, s + from, i - from);
        else if (i > from && !take_tls_word(st, s + from, i - from))
            return "tls takes CERTIFICATE, 1.1, 1.2, 1.3, fails, refuses, asks, demands, "
                   "no-tickets, "
                   "forgetful and staple=NAME";
    }
    return st->text.n > 0 ? NULL : "tls without the name of a certificate";
}

static const char *parse_step(struct step *st, const char *s, size_t n)
{
    const char *blank = memchr(s, ' ', n);
    size_t len = blank ? (size_t)(blank - s) : n;
    const struct word *w = find_word(s, len);
    const char *wrong;

    if (!w)
        return "unknown statement";
    st->verb = w->verb;
    s += len;
    n -= len;
    if (n > 0)
        s++, n--;
    switch (w->form) {
    case FORM_NONE:
        return n == 0 ? NULL : "the statement takes no argument";
    case FORM_TEXT:
        return octets_decode(&st->text, s, n, NULL);
    case FORM_RAW:
        /* A regular expression has its own backslashes; the words of a login have escapes each. */
        octets_add(&st->text, s, n);
        return NULL;
    case FORM_NUMBER:
        wrong = take_number(st, &s, &n);
        return wrong ? wrong : n == 0 ? NULL : "something behind the number";
    case FORM_NUMBER_TEXT:
        wrong = take_number(st, &s, &n);
        return wrong ? wrong : octets_decode(&st->text, s, n, NULL);
    case FORM_TLS:
        return parse_tls(st, s, n);
    }
    return "unknown form";
}

static struct step *grow(struct script *s)
{
    struct step *more = realloc(s->step, (s->n + 1) * sizeof *more);

    if (!more)
        die("out of memory");
    s->step = more;
    more += s->n++;
    *more = (struct step){0};
    return more;
}

void script_parse(struct script *s, const char *name, const char *text, size_t n,
                  unsigned long line)
{
    const char *end = text + n;

    *s = (struct script){0};
    for (; text < end; line++) {
        const char *lf = memchr(text, '\n', (size_t)(end - text));
        const char *stop = lf ? lf : end;
        const char *wrong;
        struct step *st;

        while (text < stop && *text == ' ')
            text++;
        if (text < stop && *text != '#') {
            st = grow(s);
            st->line = line;
            wrong = parse_step(st, text, (size_t)(stop - text));
            if (wrong)
                die("%s:%lu: %s: %.*s", name, line, wrong, (int)(stop - text), text);
            /* The first statement opens the first connection whatever it is. */
            if (st->verb == DO_CONNECTION || s->n == 1)
                s->connections++;
        }
        text = lf ? lf + 1 : end;
    }
}

bool script_matches(const struct step *st, struct octets *line)
{
    size_t n = line->n;
    regmatch_t all;
    regex_t re;
    bool good;

    if (n < 2 || memcmp(line->p + n - 2, "\r\n", 2) != 0)
        return false;
    n -= 2;
    if (memchr(line->p, '\0', n) || memchr(line->p, '\r', n))
        return false;
    if (st->verb == DO_ANY_LINE)
        return true;
    if (st->verb == DO_LINE)
        return n == st->text.n && memcmp(line->p, octets_text(&st->text), n) == 0;
    if (regcomp(&re, octets_text(&st->text), REG_EXTENDED) != 0)
        die("line %lu: not a regular expression: %s", st->line, octets_text(&st->text));
    line->p[n] = '\0';
    good = regexec(&re, line->p, 1, &all, 0) == 0 && all.rm_so == 0 && all.rm_eo == (regoff_t)n;
    line->p[n] = '\r';
    regfree(&re);
    return good;
}

void script_free(struct script *s)
{
    size_t i;

    for (i = 0; i < s->n; i++) {
        octets_free(&s->step[i].text);
        octets_free(&s->step[i].more);
    }
    free(s->step);
    *s = (struct script){0};
}
