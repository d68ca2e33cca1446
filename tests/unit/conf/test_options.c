/*
 * test_options.c: the sendmail command line. Every row of the table is given in every spelling,
 * to a caller that is trusted and to one that is not; then the command lines that real programs
 * were seen to give, and what strangers put into the ones of web applications.
 */
#include "config.h"

#include "conf/options.h"

#include "base/buf.h"
#include "tap.h"

enum { WORDS = 24 };

enum kind { TRUSTED, OWN, SENDMAIL };

static void add_word(struct buf *b, const char *name, const char *value)
{
    if (value != NULL)
        buf_addf(b, " %s=%s", name, value);
}

static void add_flag(struct buf *b, const char *name, bool set)
{
    if (set)
        buf_addf(b, " %s", name);
}

/* All that an argv came to, as a text; what has its default is left out. */
static void show(const struct options *o, struct buf *b)
{
    static const char *const errors[] = {"print", "mail", "quiet", "berknet"};
    static const char *const delivery[] = {"default", "background", "queue", "interactive"};
    size_t i;

    buf_addf(b, "%c", o->mode);
    add_word(b, "q", o->queue_arg);
    add_word(b, "f", o->sender);
    add_word(b, "F", o->full_name);
    add_flag(b, "t", o->read_rcpt);
    add_flag(b, "i", o->no_dot);
    add_flag(b, "v", o->verbose);
    add_flag(b, "dry", o->dry_run);
    add_flag(b, "help", o->help);
    add_flag(b, "version", o->version);
    add_word(b, "a", o->account);
    add_word(b, "C", o->config_file);
    for (i = 0; i < o->set.n; i++)
        add_word(b, "O", o->set.v[i]);
    add_word(b, "B", o->body);
    add_word(b, "N", o->notify);
    add_word(b, "R", o->ret);
    add_word(b, "V", o->envid);
    if (o->errors != ERRORS_PRINT)
        add_word(b, "errors", errors[o->errors]);
    if (o->delivery != DELIVERY_DEFAULT)
        add_word(b, "delivery", delivery[o->delivery]);
    for (i = 0; i < o->nrcpt; i++)
        buf_addf(b, " [%s]", o->rcpt[i]);
    add_word(b, "late", o->late);
}

/* One argv: what it came to, or "64 MODE: text (hint)". */
static void parse(enum kind kind, char *argv[], int argc, struct buf *got)
{
    struct fault why = {0};
    struct options o;
    enum cause cause = options_parse(&o, argc, argv, kind != SENDMAIL, kind == TRUSTED, &why);
    const char *hint = fault_hint_text(&why);

    buf_reset(got);
    if (cause == CAUSE_NONE)
        show(&o, got);
    else
        buf_addf(got, "%d %c: %s (%s)", fault_exit_status(&why), o.mode, why.text.data,
                 hint != NULL ? hint : "");
    options_free(&o);
    fault_free(&why);
}

/* The same from one line: words between blanks, '' is an empty one, | a word with a blank. */
static void parse_line(enum kind kind, const char *line, struct buf *got)
{
    char copy[400], *argv[WORDS + 1] = {NULL}, *c;
    int argc = 0;

    snprintf(copy, sizeof(copy), "%s", line);
    for (c = copy; *c != '\0';) {
        size_t n = strcspn(c, " ");
        bool more = c[n] != '\0';

        c[n] = '\0';
        if (argc < WORDS)
            argv[argc++] = strcmp(c, "''") == 0 ? c + 2 : c;
        for (; *c != '\0'; c++)
            if (*c == '|')
                *c = ' ';
        c += more;
    }
    argv[argc] = NULL;
    parse(kind, argv, argc, got);
}

static void check(enum kind kind, const char *line, const char *want, const char *why)
{
    char title[500];
    struct buf got;

    buf_init(&got, 4000);
    parse_line(kind, line, &got);
    snprintf(title, sizeof(title), "%s%s: %s", kind == TRUSTED ? "send " : "", line, why);
    is_str(got.data, want, title);
    buf_free(&got);
}

/* What each row does with the argument VALUE, for the trusted and for sendmail; NULL: refused. */
static const struct effect {
    const char *spelling;
    const char *value; /* NULL: takes none */
    const char *trusted;
    const char *sendmail;
} effects[] = {
    {"A", "m", "", ""},
    {"B", "8BITMIME", " B=8BITMIME", " B=8BITMIME"},
    {"C", "/etc/x", " C=/etc/x", ""},
    {"D", "/tmp/x", "", ""},
    {"E", NULL, "", ""},
    {"F", "Full|Name", " F=Full Name", " F=Full Name"},
    {"G", NULL, "", ""},
    {"I", NULL, "i", "i"},
    {"L", "tag", "", ""},
    {"M", "{x}y", "", ""},
    {"N", "never", " N=never", " N=never"},
    {"O", "k=v", " O=k=v", ""},
    {"Q", NULL, NULL, NULL},
    {"R", "hdrs", " R=hdrs", " R=hdrs"},
    {"T", NULL, "", ""},
    {"U", NULL, "", ""},
    {"V", "id", " V=id", " V=id"},
    {"X", "/tmp/x", "", ""},
    {"a", "work", " a=work", NULL},
    {"b", "s", "s", "s"},
    {"c", NULL, "", ""},
    {"d", NULL, "", ""},
    {"e", "m", " errors=mail", " errors=mail"},
    {"f", "a@example.org", " f=a@example.org", " f=a@example.org"},
    {"h", "3", "", ""},
    {"i", NULL, " i", " i"},
    {"m", NULL, "", ""},
    {"n", NULL, "", ""},
    {"o", "i", " i", " i"},
    {"p", "ESMTP", "", ""},
    {"q", NULL, "q", "q"},
    {"r", "a@example.org", " f=a@example.org", " f=a@example.org"},
    {"s", NULL, "", ""},
    {"t", NULL, " t", " t"},
    {"v", NULL, " v", " v"},
    {"x", NULL, "", ""},
    {"--account", "work", " a=work", NULL},
    {"--dry-run", NULL, " dry", NULL},
    {"--from", "a@example.org", " f=a@example.org", " f=a@example.org"},
    {"--help", NULL, " help", " help"},
    {"--read-envelope-from", NULL, "", ""},
    {"--read-recipients", NULL, " t", " t"},
    {"--version", NULL, " version", " version"},
};

static void check_refused(enum kind kind, const char *line)
{
    struct buf got;

    buf_init(&got, 4000);
    parse_line(kind, line, &got);
    ok(strncmp(got.data, "64 ?: ", 6) == 0, "%s is refused: %s", line, got.data);
    buf_free(&got);
}

/* "-xiLETTERVALUE" is what "-i -LETTERVALUE" is. */
static void check_combined(const struct effect *e, enum kind kind)
{
    const char *value = e->value != NULL ? e->value : "";
    struct buf got, want;
    char line[300];

    buf_init(&got, 4000);
    buf_init(&want, 4000);
    snprintf(line, sizeof(line), "-i -%s%s to", e->spelling, value);
    parse_line(kind, line, &want);
    snprintf(line, sizeof(line), "-xi%s%s to", e->spelling, value);
    parse_line(kind, line, &got);
    is_str(got.data, want.data, "behind other letters");
    buf_free(&got);
    buf_free(&want);
}

static void check_spellings(const struct effect *e, enum kind kind, const char *effect)
{
    bool is_long = e->spelling[0] == '-';
    const char *mode = effect != NULL && strchr(" ", effect[0]) != NULL ? "m" : "";
    const char *dash = is_long ? "" : "-", *value = e->value != NULL ? e->value : "";
    const char *glue = is_long && e->value != NULL ? "=" : "";
    char line[300], want[400], *c;

    snprintf(line, sizeof(line), "%s%s%s%s to", dash, e->spelling, glue, value);
    if (effect == NULL) {
        check_refused(kind, line);
        return;
    }
    snprintf(want, sizeof(want), "%s%s [to]", mode, effect);
    check(kind, line, want, "glued, or alone");
    snprintf(line, sizeof(line), "%s%s%s%s -- to", dash, e->spelling, e->value ? " " : "", value);
    check(kind, line, want, "apart");
    snprintf(line, sizeof(line), "-- %s%s%s%s", dash, e->spelling, glue, value);
    snprintf(want, sizeof(want), "m [%s]", line + 3);
    for (c = want; *c != '\0'; c++)
        if (*c == '|')
            *c = ' ';
    check(kind, line, want, "behind -- it is a recipient");
    if (!is_long)
        check_combined(e, kind);
    if (e->value == NULL)
        return;
    snprintf(line, sizeof(line), "-t %s%s", dash, e->spelling);
    snprintf(want, sizeof(want), "64 %c: option %s%s needs an argument (see 'postrider help')",
             e->spelling[0] == 'b' ? '?' : 'm', dash, e->spelling);
    check(kind, line, want, "its argument is missing");
}

static void test_every_row(void)
{
    size_t n, i, j;
    const struct option_row *rows = options_table(&n);

    is_int((long long)n, (long long)ARRAY_LEN(effects), "every row is tested");
    for (i = 0; i < n; i++) {
        for (j = 0; j < ARRAY_LEN(effects); j++)
            if (strcmp(rows[i].spelling, effects[j].spelling) == 0)
                break;
        if (!ok(j < ARRAY_LEN(effects), "row %s", rows[i].spelling))
            continue;
        ok((effects[j].value != NULL) == (rows[i].arg == ARG_WANTED || rows[i].arg == ARG_SUB),
           "its argument");
        ok(rows[i].help[0] != '\0' && strlen(rows[i].help) < 70, "its help");
        check_spellings(&effects[j], TRUSTED, effects[j].trusted);
        check_spellings(&effects[j], SENDMAIL, effects[j].sendmail);
    }
}

static void test_last_wins(void)
{
    check(TRUSTED, "-f a -fb -F x -Fy -R full -Rhdrs -N never -Ndelay", "m f=b F=y N=delay R=hdrs",
          "the later value");
    check(TRUSTED, "-V a -V b -B a -B b -a x --account=y", "m a=y B=b V=b", "the later value");
    check(TRUSTED, "-C x -Cy -O a=1 -Ob=2 -O a=3", "m C=y O=a=1 O=b=2 O=a=3",
          "-O adds up, in order");
    check(SENDMAIL, "-r a -f b", "m f=b", "-r is -f");
    check(SENDMAIL, "-oem -oeq -ep -eq", "m errors=quiet", "errors");
    check(SENDMAIL, "-oem -oep", "m", "errors, back to the default");
    check(SENDMAIL, "-odq -odb", "m delivery=background", "delivery");
    check(SENDMAIL, "-bs -bp", "p", "modes");
    check(SENDMAIL, "-bp -bs", "s", "modes");
    check(SENDMAIL, "-t -t -i -i -v -v x", "m t i v [x]", "flags twice");
}

static void test_letters(void)
{
    check(SENDMAIL, "-ti", "m t i", "combined");
    check(SENDMAIL, "-it", "m t i", "combined the other way");
    check(SENDMAIL, "-tif a@example.org b", "m f=a@example.org t i [b]", "with an argument apart");
    check(SENDMAIL, "-tifa@example.org b", "m f=a@example.org t i [b]", "with an argument glued");
    check(SENDMAIL, "-tq30m", "q q=30m t", "with an optional one");
    check(SENDMAIL, "-q x", "q [x]", "which is never apart");
    check(SENDMAIL, "-d x", "m [x]", "nor that of -d");
    check(SENDMAIL, "-d0.1 -d9-99.1 x", "m [x]", "-d with levels");
    check(SENDMAIL, "-qI123", "q q=I123", "-q with a choice");
    check(SENDMAIL, "-T4d -E1-2 x", "m [x]", "-T and -E with text");
    check(SENDMAIL, "-f -t", "m f=-t", "an argument may look like an option");
    check(SENDMAIL, "-f ''", "m f=", "an empty argument is one");
    check(SENDMAIL, "-f <> x", "m f=<> [x]", "the null sender");
    check(SENDMAIL, "-bm -q", "q", "-q with -bm");
    check(SENDMAIL, "-q -bm", "q", "-bm with -q");
    check(SENDMAIL, "-bd -q1h", "d q=1h", "a daemon that also runs the queue");
    check(SENDMAIL, "-q1h -bd", "d q=1h", "in either order");
    check(SENDMAIL, "-bs -i", "s i", "-bs");
    check(SENDMAIL, "-b s", "s", "-b apart");
    check(SENDMAIL, "-bZ", "Z", "a mode that the mode table will refuse");
    check(SENDMAIL, "-bsi",
          "64 ?: option -b takes one letter, not \"si\" (options that follow need "
          "a \"-\" of their own)",
          "two modes");
    check(SENDMAIL, "-b ''",
          "64 ?: option -b takes one letter, not \"\" (options that follow need "
          "a \"-\" of their own)",
          "no mode");
    check(SENDMAIL, "", "m", "nothing at all");
    check(SENDMAIL, "--", "m", "nothing behind --");
    check(SENDMAIL, "-- --", "m [--]", "the second -- is a word");
    check(SENDMAIL, "-i -", "m i [-]", "a dash alone is a word");
    check(SENDMAIL, "''", "m []", "an empty word ends the options");
    check(SENDMAIL, "-t FROM -i", "m t [FROM] [-i] late=-i", "options end at a recipient");
    check(SENDMAIL, "a -f b", "m [a] [-f] [b] late=-f", "and it is told");
    check(SENDMAIL, "-- a -f", "m [a] [-f]", "but not behind --");
    check(SENDMAIL, "a --", "m [a] [--] late=--", "-- behind a recipient");
}

static void test_o(void)
{
    check(SENDMAIL, "-oi", "m i", "-oi is -i");
    check(SENDMAIL, "-o i x", "m i [x]", "apart");
    check(SENDMAIL, "-oitrue", "m i", "with a value");
    check(SENDMAIL, "-oem", "m errors=mail", "mail");
    check(SENDMAIL, "-oee", "m errors=berknet", "berknet");
    check(SENDMAIL, "-oeq", "m errors=quiet", "quiet");
    check(SENDMAIL, "-oeq -oew", "m", "write is print");
    check(SENDMAIL, "-oeq -oep", "m", "print");
    check(SENDMAIL, "-oeq -oez -oe -e ''", "m errors=quiet", "an unknown one changes nothing");
    check(SENDMAIL, "-em -e q", "m errors=quiet", "-e");
    check(SENDMAIL, "-odb", "m delivery=background", "background");
    check(SENDMAIL, "-odi", "m delivery=interactive", "interactive");
    check(SENDMAIL, "-odf", "m delivery=interactive", "foreground");
    check(SENDMAIL, "-odq", "m delivery=queue", "queue");
    check(SENDMAIL, "-odd", "m delivery=queue", "deferred");
    check(SENDMAIL, "-odq -odz -od", "m delivery=queue", "an unknown one changes nothing");
    check(SENDMAIL, "-ov", "m v", "verbose");
    check(SENDMAIL, "-om -ot -o7 -o8 -or0s -oA/etc/aliases -oQ/var/x -o ''", "m", "the others");
}

static void test_refused(void)
{
    check(SENDMAIL, "-y", "64 ?: unknown option -y in \"-y\" (see 'postrider help')", "unknown");
    check(SENDMAIL, "-tW x", "64 ?: unknown option -W in \"-tW\" (see 'postrider help')",
          "unknown behind others");
    check(SENDMAIL, "-S", "64 ?: unknown option -S in \"-S\" (did you mean -s?)",
          "in another case");
    check(SENDMAIL, "-1", "64 ?: unknown option -1 in \"-1\" (see 'postrider help')", "a digit");
    check(SENDMAIL, "-bp -y", "64 p: unknown option -y in \"-y\" (see 'postrider help')",
          "the mode is known all the same");
    check(SENDMAIL, "-Qx",
          "64 ?: option -Q is not for this program (there is no quarantine; `mailq` "
          "lists what is kept)",
          "quarantine");
    check(SENDMAIL, "-awork",
          "64 ?: unknown option -a in \"-awork\" (-a is an option of postrider "
          "under its own name)",
          "an account under the name sendmail");
    check(SENDMAIL, "--dry-run",
          "64 ?: unknown option --dry-run (--dry-run is an option of "
          "postrider under its own name)",
          "a dry run");
    check(SENDMAIL, "--dry", "64 ?: unknown option --dry (see 'postrider help')",
          "no hint at what would be refused");
    check(OWN, "--dryrun", "64 ?: unknown option --dryrun (did you mean --dry-run?)", "near");
    check(OWN, "--read-recipent=1",
          "64 ?: unknown option --read-recipent (did you mean "
          "--read-recipients?)",
          "near, with a value");
    check(OWN, "--zzz", "64 ?: unknown option --zzz (see 'postrider help')", "far");
    check(OWN, "--host=x", "64 ?: unknown option --host (see 'postrider help')",
          "msmtp has it; the configuration has hosts here");
    check(OWN, "--=x", "64 ?: unknown option -- (see 'postrider help')", "no name");
    check(SENDMAIL, "-bp --help=x", "64 p: option --help takes no argument (see 'postrider help')",
          "a value too many");
    check(OWN, "-a work -v x", "m v a=work [x]", "postrider -a");
    check(OWN, "--account work --from=a --dry-run", "m f=a dry a=work", "long ones, apart");
    check(OWN, "--from=", "m f=", "an empty value");
    check(TRUSTED, "-O queue",
          "64 m: option -O takes KEY=VALUE, not \"queue\" (see 'postrider help')", "-O");
    check(TRUSTED, "-O =x", "64 m: option -O takes KEY=VALUE, not \"=x\" (see 'postrider help')",
          "-O without key");
    check(TRUSTED, "-Oqueue= x", "m O=queue= [x]", "-O with an empty value");
}

/* What was recorded when real programs called sendmail. */
static void test_callers(void)
{
    static const struct {
        const char *line, *want, *who;
    } rows[] = {
        {"-f me@example.org -i to@example.org", "m f=me@example.org i [to@example.org]", "git"},
        {"-v -i to@example.org", "m i v [to@example.org]", "git with smtpServerOption"},
        {"-FCronDaemon -i -B8BITMIME -oem a,b", "m F=CronDaemon i B=8BITMIME errors=mail [a,b]",
         "cron of Debian"},
        {"-FCronDaemon -odi -oem -or0s to", "m F=CronDaemon errors=mail delivery=interactive [to]",
         "vixie cron"},
        {"-FCronDaemon -odi -oem -oi -t", "m F=CronDaemon t i errors=mail delivery=interactive",
         "cron of FreeBSD"},
        {"-FCronDaemon -i -odi -oem -oi -t -f root",
         "m f=root F=CronDaemon t i errors=mail delivery=interactive", "cronie"},
        {"-ti", "m t i", "crond of busybox, mblaze"},
        {"-FCronDaemon -i -odi -oem -t", "m F=CronDaemon t i errors=mail delivery=interactive",
         "bcron"},
        {"-i -B8BITMIME to", "m i B=8BITMIME [to]", "systemd-cron"},
        {"-i -B 8BITMIME to", "m i B=8BITMIME [to]", "systemd-cron"},
        {"-FAnacron -odi to", "m F=Anacron delivery=interactive [to]", "anacron"},
        {"-i root", "m i [root]", "at"},
        {"-i -t -f me@example.org", "m f=me@example.org t i", "bsd-mailx"},
        {"-oi -f me@example.org -t", "m f=me@example.org t i", "mailutils"},
        {"-i -F Full|Name -f me@example.org -v -- to", "m f=me@example.org F=Full Name i v [to]",
         "s-nail"},
        {"-oem -oi -f me@example.org -N failure,delay -R hdrs -- a b",
         "m f=me@example.org i N=failure,delay R=hdrs errors=mail [a] [b]", "mutt"},
        {"-oem -oi -t", "m t i errors=mail", "alpine"},
        {"-oi -oem -odb -t", "m t i errors=mail delivery=background", "emacs"},
        {"-t -i -v", "m t i v", "nmh"},
        {"-bs -odb -oem -om", "s errors=mail delivery=background", "nmh"},
        {"-t -i -fme@example.org", "m f=me@example.org t i", "PHP"},
        {"-t -i -f me@example.org -F Full|Name -oi", "m f=me@example.org F=Full Name t i", "PHP"},
        {"-oi -fme@example.org -t", "m f=me@example.org t i", "PHPMailer"},
        {"-bs", "s", "Symfony"},
        {"-oi -fme@example.org -- a b", "m f=me@example.org i [a] [b]", "Symfony"},
        {"-t -oi -oem -fme@example.org", "m f=me@example.org t i errors=mail", "MIME::Lite"},
        {"-t -f me@example.org", "m f=me@example.org t", "Mail::Mailer"},
        {"-i -t a b", "m t i [a] [b]", "Ruby"},
        {"-t FROM", "m t [FROM]", "BackupPC"},
        {"-i -f me@example.org a b", "m f=me@example.org i [a] [b]", "nodemailer"},
        {"-t", "m t", "sudo"},
        {"root", "m [root]", "rkhunter"},
        {"-f sender to", "m f=sender [to]", "fail2ban"},
        {"-odi to", "m delivery=interactive [to]", "arpwatch"},
        {"-oi -oem to", "m i errors=mail [to]", "INN"},
        {"-oi -f '' to", "m f= i [to]", "maildrop"},
        {"-i -f <> -- to", "m f=<> i [to]", "dovecot"},
        {"-f me -- to", "m f=me [to]", "vacation"},
        {"-f me -it", "m f=me t i", "caff"},
        {"-oi -t -f <> -ODeliveryMode=b -OErrorMode=m", "m f=<> t i", "Request Tracker"},
        {"-oi -odi -oem -N success,delay,failure -V00000ID -f '' -- a b",
         "m f= i N=success,delay,failure V=00000ID errors=mail delivery=interactive [a] [b]",
         "Sympa"},
        {"-F root to", "m F=root [to]", "fwlogwatch"},
        {"-bp -Ac", "p", "mailq -Ac"},
        {"-Ac -qf", "q q=f", "periodic"},
        {"-G -i -L tag -h 3 -X /tmp/x -x -r me to", "m f=me i [to]", "content filters"},
        {"-oi -t --read-envelope-from", "m t i", "emacs set up for msmtp"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(rows); i++)
        check(SENDMAIL, rows[i].line, rows[i].want, rows[i].who);
}

/* The additional-parameters argument of mail() and its like. */
static void test_strangers(void)
{
    static const enum kind kinds[] = {OWN, SENDMAIL};
    size_t i;

    for (i = 0; i < ARRAY_LEN(kinds); i++) {
        check(kinds[i], "-X/file -C/file -OQueueDirectory=/x -oQ/x -D/file x", "m [x]",
              "nothing glued has an effect");
        check(kinds[i], "-X /file -C /file -O QueueDirectory=/x -o Q/x -D /file x", "m [x]",
              "nothing apart has one, nor becomes a recipient");
        check(kinds[i], "-O host=evil.example.org -O password_command=id -Oqueue=never x", "m [x]",
              "no setting is set");
        check(kinds[i], "-fa@example.org -X/var/www/shell.php", "m f=a@example.org",
              "no log is written");
        check(kinds[i], "-O x", "m", "-O is not even looked at");
    }
    check(TRUSTED, "-X/file -D/file -oQ/x x", "m [x]", "nor do these, for anybody");
}

static void test_controls(void)
{
    static const char *const bad[] = {"a\rb", "a\nb", "\x01", "a\x1b[m", "\x7f", "a\n"};
    char option[] = "-bp", rcpt[] = "to", tab[] = "a\tb", f[] = "-f";
    struct buf got;
    size_t i;

    buf_init(&got, 4000);
    for (i = 0; i < ARRAY_LEN(bad); i++) {
        char word[16], *first[] = {word, option, NULL}, *second[] = {option, rcpt, word, NULL};

        snprintf(word, sizeof(word), "-f%s", bad[i]);
        parse(SENDMAIL, first, 2, &got);
        ok(strncmp(got.data, "64 p: control character in argument 1: ", 39) == 0 &&
               strchr(got.data, '\n') == NULL,
           "an option: %s", got.data);
        snprintf(word, sizeof(word), "%s", bad[i]);
        parse(TRUSTED, second, 3, &got);
        ok(strncmp(got.data, "64 p: control character in argument 3: ", 39) == 0, "a recipient: %s",
           got.data);
    }
    parse(SENDMAIL, (char *[]){f, tab, NULL}, 2, &got);
    is_str(got.data, "m f=a\tb", "TAB is allowed");
    parse(SENDMAIL, (char *[]){f, tab, NULL}, 0, &got);
    is_str(got.data, "m", "argc counts, not the NULL");
    buf_free(&got);
}

int main(void)
{
    test_every_row();
    test_last_wins();
    test_letters();
    test_o();
    test_refused();
    test_callers();
    test_strangers();
    test_controls();
    return done_testing();
}
