/*
 * options.c: the sendmail command line.
 *
 * getopt cannot say "-q30m, or -q alone" nor "-oX, where X may have an argument", and every peer
 * that uses it has special cases before, inside and after its loop. Here each letter is a row that
 * says how it takes its argument and what it does; what has no effect is a row as well, because a
 * letter that eats the wrong number of words turns a file name into a recipient.
 *
 * Web applications pass text of strangers to this command line. So -C and -O count only when the
 * caller says that it is trusted, and -X, -D, -oQ... never: their argument is not even kept.
 * How many words a letter takes is what sendmail 8.17 and Postfix 3.7 do; Exim agrees but for -N.
 */
#include "config.h"

#include "conf/options.h"

#include <string.h>

#include "conf/near.h"

static const struct option_row rows[] = {
    {"A", ARG_WANTED, ACT_IGNORE, false, "Which configuration (-Ac, -Am); there is one."},
    {"B", ARG_WANTED, ACT_BODY, false, "Type of the body: 7BIT or 8BITMIME."},
    {"C", ARG_WANTED, ACT_CONFIG, false, "Configuration file; only behind a verb."},
    {"D", ARG_WANTED, ACT_IGNORE, false, "Debug file; never written."},
    {"E", ARG_GLUED, ACT_IGNORE, false, "Internal to other programs; no effect."},
    {"F", ARG_WANTED, ACT_FULL_NAME, false, "Full name for a From that is missing."},
    {"G", ARG_NONE, ACT_IGNORE, false, "Relayed mail; no effect."},
    {"I", ARG_NONE, ACT_ALIASES, false, "Rebuild the aliases, as -bi."},
    {"L", ARG_WANTED, ACT_IGNORE, false, "Tag for the log; no effect."},
    {"M", ARG_WANTED, ACT_IGNORE, false, "Macro; no effect."},
    {"N", ARG_WANTED, ACT_NOTIFY, false, "Reports wanted: never, or success,failure,delay."},
    {"O", ARG_WANTED, ACT_SET, false, "KEY=VALUE over the configuration; only behind a verb."},
    {"Q", ARG_GLUED, ACT_BAD, false, "there is no quarantine; `mailq` lists what is kept"},
    {"R", ARG_WANTED, ACT_RET, false, "What a report holds: full or hdrs."},
    {"T", ARG_GLUED, ACT_IGNORE, false, "Time-out; no effect."},
    {"U", ARG_NONE, ACT_IGNORE, false, "First submission; no effect."},
    {"V", ARG_WANTED, ACT_ENVID, false, "Envelope identifier for reports."},
    {"X", ARG_WANTED, ACT_IGNORE, false, "Traffic log; never written."},
    {"a", ARG_WANTED, ACT_ACCOUNT, true, "Account to use."},
    {"b", ARG_SUB, ACT_MODE, false,
     "Mode: -bm send (the default), -bp list the queue, -bi aliases."},
    {"c", ARG_NONE, ACT_IGNORE, false, "Expensive connections; no effect."},
    {"d", ARG_GLUED, ACT_IGNORE, false, "Debugging; no effect."},
    {"e", ARG_WANTED, ACT_ERRORS, false, "Where errors go, as -oe."},
    {"f", ARG_WANTED, ACT_SENDER, false, "Envelope sender; <> for none."},
    {"h", ARG_WANTED, ACT_IGNORE, false, "Hop count; no effect."},
    {"i", ARG_NONE, ACT_NO_DOT, false, "A line with a lone dot does not end the message."},
    {"m", ARG_NONE, ACT_IGNORE, false, "Send to oneself, too; always so."},
    {"n", ARG_NONE, ACT_IGNORE, false, "No aliases; no effect."},
    {"o", ARG_SUB, ACT_O, false, "-oi as -i; -oem -oep -oeq errors; -odb -odi -odq delivery."},
    {"p", ARG_WANTED, ACT_IGNORE, false, "Protocol the mail came by; no effect."},
    {"q", ARG_GLUED, ACT_QUEUE_RUN, false, "Send what is kept; nothing is, yet."},
    {"r", ARG_WANTED, ACT_SENDER, false, "As -f."},
    {"s", ARG_NONE, ACT_IGNORE, false, "Keep From_ lines; no effect."},
    {"t", ARG_NONE, ACT_READ_RCPT, false, "Recipients from To, Cc and Bcc, too."},
    {"v", ARG_NONE, ACT_VERBOSE, false, "Show the conversation with the server."},
    {"x", ARG_NONE, ACT_IGNORE, false, "No effect."},
    {"--account", ARG_WANTED, ACT_ACCOUNT, true, "As -a."},
    {"--dry-run", ARG_NONE, ACT_DRY_RUN, true, "Show envelope and message; send nothing."},
    {"--from", ARG_WANTED, ACT_SENDER, false, "As -f."},
    {"--help", ARG_NONE, ACT_HELP, false, "Explain the options."},
    {"--read-envelope-from", ARG_NONE, ACT_IGNORE, false, "Always so without -f."},
    {"--read-recipients", ARG_NONE, ACT_READ_RCPT, false, "As -t."},
    {"--version", ARG_NONE, ACT_VERSION, false, "Print the version."},
};

/* The words, and how far they are read. */
struct reader {
    struct options *o;
    struct fault *why;
    char *const *argv;
    size_t argc;
    size_t at;
    bool mode_given; /* by -b; -q yields to it */
};

const struct option_row *options_table(size_t *n)
{
    *n = ARRAY_LEN(rows);
    return rows;
}

static bool is_long(const struct option_row *row)
{
    return row->spelling[0] == '-';
}

/* The row of a letter (N 1) or of a long option with its dashes. */
static const struct option_row *find(const char *spelling, size_t n)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(rows); i++)
        if (strlen(rows[i].spelling) == n && memcmp(rows[i].spelling, spelling, n) == 0)
            return &rows[i];
    return NULL;
}

static const char *dashes(const struct option_row *row)
{
    return is_long(row) ? "" : "-";
}

static const struct option_row *nearest_long(const struct options *o, const char *word, size_t n)
{
    const struct option_row *best = NULL;
    unsigned distance = NEAR_NONE;
    char name[64];
    size_t i;

    if (n >= sizeof(name))
        return NULL;
    memcpy(name, word, n);
    name[n] = '\0';
    for (i = 0; i < ARRAY_LEN(rows); i++)
        if (is_long(&rows[i]) && (!rows[i].own || o->own) &&
            near_is_better(name + 2, rows[i].spelling + 2, &distance))
            best = &rows[i];
    return best;
}

/* SPELLING is no option here: "--what", or one letter out of WORD. */
static enum cause unknown(struct reader *r, const char *spelling, size_t n, const char *word)
{
    const struct option_row *row = find(spelling, n), *near = NULL;
    char other = (char)(spelling[0] ^ 0x20);

    if (n > 1) {
        fault_set(r->why, CAUSE_USAGE, "unknown option %.*s", (int)n, spelling);
        near = nearest_long(r->o, spelling, n);
    } else {
        fault_set(r->why, CAUSE_USAGE, "unknown option -%c in \"%s\"", spelling[0], word);
        near = find(&other, 1);
        if (near != NULL && (near->act == ACT_BAD || (near->own && !r->o->own)))
            near = NULL;
    }
    if (row != NULL && row->own)
        fault_hint(r->why, "%s%s is an option of postrider under its own name", dashes(row),
                   row->spelling);
    else if (near != NULL)
        fault_hint(r->why, "did you mean %s%s?", dashes(near), near->spelling);
    if (!r->mode_given)
        r->o->mode = '?';
    return CAUSE_USAGE;
}

/* -oeX and -eX; a letter that nobody knows changes nothing. */
static void set_errors(struct options *o, char letter)
{
    switch (letter) {
    case 'm':
        o->errors = ERRORS_MAIL;
        break;
    case 'e':
        o->errors = ERRORS_BERKNET;
        break;
    case 'q':
        o->errors = ERRORS_QUIET;
        break;
    case 'p':
    case 'w': /* write(1) to the terminal: as near as a program without one comes */
        o->errors = ERRORS_PRINT;
        break;
    default:
        break;
    }
}

static void set_delivery(struct options *o, char letter)
{
    switch (letter) {
    case 'b':
        o->delivery = DELIVERY_BACKGROUND;
        break;
    case 'q':
    case 'd':
        o->delivery = DELIVERY_QUEUE;
        break;
    case 'i':
    case 'f':
        o->delivery = DELIVERY_INTERACTIVE;
        break;
    default:
        break;
    }
}

/* The four of the -o letters that are about this message; the others set what is not ours. */
static void set_o(struct options *o, const char *arg)
{
    switch (arg[0]) {
    case 'i':
        o->no_dot = true;
        break;
    case 'v':
        o->verbose = true;
        break;
    case 'e':
        set_errors(o, arg[1]);
        break;
    case 'd':
        set_delivery(o, arg[1]);
        break;
    default:
        break;
    }
}

static enum cause set_mode(struct reader *r, const char *arg)
{
    r->mode_given = true;
    if (arg[0] != 'm' || r->o->mode != 'q') /* "-q -bm" is "-q" */
        r->o->mode = arg[0];
    if (arg[0] != '\0' && arg[1] == '\0')
        return CAUSE_NONE;
    r->o->mode = '?';
    fault_set(r->why, CAUSE_USAGE, "option -b takes one letter, not \"%s\"", arg);
    fault_hint(r->why, "options that follow need a \"-\" of their own");
    return CAUSE_USAGE;
}

static enum cause add_setting(struct reader *r, const char *arg)
{
    const char *equals = strchr(arg, '=');

    if (!r->o->trusted)
        return CAUSE_NONE;
    if (equals == NULL || equals == arg)
        return fault_set(r->why, CAUSE_USAGE, "option -O takes KEY=VALUE, not \"%s\"", arg);
    strv_add(&r->o->set, arg);
    return CAUSE_NONE;
}

static enum cause refuse(struct reader *r, const struct option_row *row)
{
    if (!r->mode_given)
        r->o->mode = '?';
    fault_set(r->why, CAUSE_USAGE, "option -%s is not for this program", row->spelling);
    fault_hint(r->why, "%s", row->help);
    return CAUSE_USAGE;
}

/* What the row does. ARG is "" where there is none. */
static enum cause apply(struct reader *r, const struct option_row *row, const char *arg)
{
    struct options *o = r->o;

    switch (row->act) {
    case ACT_IGNORE:
        break;
    case ACT_SENDER:
        o->sender = arg;
        break;
    case ACT_FULL_NAME:
        o->full_name = arg;
        break;
    case ACT_READ_RCPT:
        o->read_rcpt = true;
        break;
    case ACT_NO_DOT:
        o->no_dot = true;
        break;
    case ACT_MODE:
        return set_mode(r, arg);
    case ACT_QUEUE_RUN:
        if (!r->mode_given || o->mode == 'm') /* "-bd -q1h" asks for a daemon */
            o->mode = 'q';
        o->queue_arg = arg[0] != '\0' ? arg : NULL;
        break;
    case ACT_VERBOSE:
        o->verbose = true;
        break;
    case ACT_O:
        set_o(o, arg);
        break;
    case ACT_ERRORS:
        set_errors(o, arg[0]);
        break;
    case ACT_ALIASES:
        return set_mode(r, "i");
    case ACT_SET:
        return add_setting(r, arg);
    case ACT_CONFIG:
        if (o->trusted)
            o->config_file = arg;
        break;
    case ACT_BODY:
        o->body = arg;
        break;
    case ACT_NOTIFY:
        o->notify = arg;
        break;
    case ACT_RET:
        o->ret = arg;
        break;
    case ACT_ENVID:
        o->envid = arg;
        break;
    case ACT_ACCOUNT:
        o->account = arg;
        break;
    case ACT_DRY_RUN:
        o->dry_run = true;
        break;
    case ACT_HELP:
        o->help = true;
        break;
    case ACT_VERSION:
        o->version = true;
        break;
    case ACT_BAD:
        return refuse(r, row);
    }
    return CAUSE_NONE;
}

/* The word behind the one at hand, as argument of ROW. */
static enum cause next_word(struct reader *r, const struct option_row *row, const char **arg)
{
    if (r->at + 1 < r->argc) {
        *arg = r->argv[++r->at];
        return CAUSE_NONE;
    }
    if (row->act == ACT_MODE)
        r->o->mode = '?';
    return fault_set(r->why, CAUSE_USAGE, "option %s%s needs an argument", dashes(row),
                     row->spelling);
}

/* "--name" or "--name=value". */
static enum cause read_long(struct reader *r, const char *word)
{
    size_t n = strcspn(word, "=");
    const struct option_row *row = find(word, n);
    bool given = word[n] == '=';
    const char *arg = given ? word + n + 1 : "";
    enum cause cause = CAUSE_NONE;

    if (row == NULL || (row->own && !r->o->own))
        return unknown(r, word, n, word);
    if (row->arg == ARG_NONE && given)
        return fault_set(r->why, CAUSE_USAGE, "option %s takes no argument", row->spelling);
    if (row->arg == ARG_WANTED && !given)
        cause = next_word(r, row, &arg);
    return cause != CAUSE_NONE ? cause : apply(r, row, arg);
}

/* "-ti", "-fADDR", "-tif" ADDR: letters up to the first that takes the rest. */
static enum cause read_letters(struct reader *r, const char *word)
{
    const char *at = word + 1;
    enum cause cause = CAUSE_NONE;

    while (*at != '\0' && cause == CAUSE_NONE) {
        const struct option_row *row = find(at, 1);
        const char *rest = at + 1, *arg = "";

        if (row == NULL || (row->own && !r->o->own))
            return unknown(r, at, 1, word);
        at = rest;
        if (row->arg != ARG_NONE) {
            at = rest + strlen(rest);
            if (*rest != '\0')
                arg = rest;
            else if (row->arg != ARG_GLUED)
                cause = next_word(r, row, &arg);
        }
        if (cause == CAUSE_NONE)
            cause = apply(r, row, arg);
    }
    return cause;
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

static enum cause read_words(struct reader *r)
{
    struct options *o = r->o;
    enum cause cause = CAUSE_NONE;
    bool ended = false;
    size_t i;

    for (; r->at < r->argc && is_option(r->argv[r->at]) && !ended; r->at++) {
        const char *word = r->argv[r->at];

        ended = strcmp(word, "--") == 0;
        if (!ended)
            cause = word[1] == '-' ? read_long(r, word) : read_letters(r, word);
        if (cause != CAUSE_NONE)
            return cause;
    }
    o->rcpt = r->argv + r->at;
    o->nrcpt = r->argc - r->at;
    for (i = 0; i < o->nrcpt && !ended && o->late == NULL; i++)
        if (is_option(o->rcpt[i]))
            o->late = o->rcpt[i];
    return CAUSE_NONE;
}

/* A line break here would end up in a command to the server, in a header or in the log. */
static enum cause check_words(const struct reader *r)
{
    size_t i;
    const char *c;

    for (i = 0; i < r->argc; i++)
        for (c = r->argv[i]; *c != '\0'; c++)
            if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
                return fault_set(r->why, CAUSE_USAGE, "control character in argument %zu: \"%s\"",
                                 i + 1, r->argv[i]);
    return CAUSE_NONE;
}

enum cause options_parse(struct options *o, int argc, char *const argv[], bool own, bool trusted,
                         struct fault *why)
{
    struct reader r = {.o = o, .why = why, .argv = argv, .argc = argc > 0 ? (size_t)argc : 0};
    struct fault second = {0};
    enum cause bad = check_words(&r), cause;

    *o = (struct options){.own = own, .trusted = trusted, .mode = 'm'};
    /* the mode is told all the same: whether standard input is drained depends on it */
    if (bad != CAUSE_NONE)
        r.why = &second;
    cause = read_words(&r);
    fault_free(&second);
    return bad != CAUSE_NONE ? bad : cause;
}

void options_free(struct options *o)
{
    strv_free(&o->set);
    *o = (struct options){0};
}
