/* test_load.c: which files, their checks, and every kind of wrong line. */
#include "config.h"

#include "conf/load.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/attr.h"
#include "conf/aliases.h"
#include "conf/secret.h"
#include "loading.h"

#define GOOD "[account a]\nhost = h.example\n"

/* Runs first: what is forbidden stays so. No octet is read here, so it was done before any. */
static void test_memory(struct scratch *s)
{
    struct config_options o = {.file = scratch_path(s, "missing.ini")};
    struct rlimit core = {1, 1};
    struct config *c = NULL;
    struct fault why = {0};
    struct who w;

    scratch_who(s, &w);
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    is_int(config_load(&c, &w, &o, NULL, &why), CAUSE_CONFIG, "a file that is not there");
    is_int(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0, "no core file before a password can be read");
    ok(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0, "nor by the limit");
    fault_free(&why);
}

static void test_values(struct scratch *s)
{
    struct loading l;

    loading_text(&l, s,
                 "[defaults]\ndefault = b\ntimeout = 5s\n"
                 "[account a]\nhost = h.example\nuser = alice@example.org\n"
                 "password = \"p ;w#\\\"\\\\\" # comment\n"
                 "[account b]\nhost = /run/x\nfull_name = Alice Example\n"
                 "[queue]\nlifetime = 2d\ndir = ~/spool\n"
                 "[log]\ntarget = ~/log\n"
                 "[aliases]\nroot = alice@example.org\n",
                 NULL, "/nonexistent");
    is_str(l.all, "", "no error");
    if (ok(l.cause == CAUSE_NONE && l.c != NULL, "a whole file is read")) {
        char spool[512];

        is_int((long long)l.c->n, 2, "two accounts");
        is_str(l.c->account[0]->id, "a", "in their order");
        is_str(l.c->default_account, "b", "the default one");
        is_int(l.c->account[1]->timeout, 5, "[defaults] counts for all");
        is_str(l.c->account[0]->secret->inline_password.data, "p ;w#\"\\", "the password");
        ok(l.c->account[0]->secret->command_ok, "commands may be run");
        is_int((long long)l.c->account[0]->secret->euid, (long long)geteuid(), "for this user");
        is_str(l.c->account[1]->full_name, "Alice Example", "a text with a blank");
        is_int(l.c->account[0]->tls, TLS_IMPLICIT, "TLS is decided");
        is_int(l.c->account[1]->tls, TLS_OFF, "for each account");
        is_int(l.c->queue.lifetime, 2 * 86400, "[queue]");
        snprintf(spool, sizeof(spool), "%s/spool", s->dir);
        is_str(l.c->queue.dir, spool, "~/ is the home");
        ok(strstr(l.c->log.target, "/log") != NULL, "[log]");
        is_int((long long)aliases_count(l.c->aliases), 1, "[aliases]");
        is_int(l.c->origin, CONFIG_OPTION, "it was named");
        is_int((long long)l.c->files.n, 1, "one file");
        ok(l.c->account[0]->file == l.c->files.v[0] && l.c->account[0]->line == 4, "its place");
        ok(account_is_set(l.c->account[0], "user") && !account_is_set(l.c->account[0], "port"),
           "what was written is marked");
        ok(l.c->owner_only, "writable by the owner alone");
        is_int(l.why.cause, CAUSE_NONE, "no fault is left behind");
    }
    loading_free(&l);
}

static void test_wrong_lines(struct scratch *s)
{
    static const struct {
        const char *text, *all, *why;
    } cases[] = {
        {GOOD "hots = x\n", "F:3: unknown setting hots (did you mean host?)\n", "a near miss"},
        {GOOD "Host = x\n", "F:3: unknown setting Host (did you mean host?)\n", "a capital"},
        {GOOD "zzz = x\n", "F:3: unknown setting zzz\n", "nothing like it"},
        {GOOD "lifetime = 5d\n", "F:3: lifetime belongs into section [queue]\n",
         "another section's"},
        {GOOD "default = a\n", "F:3: default belongs into section [defaults]\n", "of [defaults]"},
        {GOOD "[queue]\nport = 25\n", "F:4: port belongs into section [account NAME]\n",
         "an account's"},
        {GOOD "[defaults]\ndefualt = a\n", "F:4: unknown setting defualt (did you mean default?)\n",
         "a near miss in [defaults]"},
        {GOOD "host = i.example\n", "F:3: host is set already\n", "a setting twice"},
        {GOOD "user = u\npassword = x\npassword = y\n", "F:5: password is set already\n",
         "a password twice"},
        {GOOD "[log]\ntarget = none\n[log]\ntarget = none\n", "F:6: target is set already\n",
         "over two sections"},
        {GOOD "[defaults]\ndefault = a\ndefault = a\n", "F:5: default is set already\n",
         "a default twice"},
        {GOOD "[account a]\nport = x\n", "F:3: account a is there already, at F:1\n",
         "an account twice"},
        {GOOD "[acount b]\nport = x\n",
         "F:3: unknown section [acount] (did you mean [account NAME]?)\n", "a section's near miss"},
        {GOOD "[Queue]\n", "F:3: unknown section [Queue] (did you mean [queue]?)\n",
         "a section's capital"},
        {GOOD "[gmail]\n", "F:3: unknown section [gmail]; an account begins with [account NAME]\n",
         "an unknown section"},
        {GOOD "[account]\n", "F:3: an account needs a name of one word: [account NAME]\n",
         "no name"},
        {GOOD "[account a b]\n", "F:3: an account needs a name of one word: [account NAME]\n",
         "two names"},
        {GOOD "[queue x]\n", "F:3: section [queue] has no name behind it\n", "a name too many"},
        {GOOD "port =\n", "F:3: port: the value is missing\n", "an empty value"},
        {GOOD "password =\n", "F:3: password: the value is missing\n", "an empty password"},
        {GOOD "port = x\n", "F:3: port: not a number from 1 to 65535\n", "no number"},
        {GOOD "require_tls = perhaps\n", "F:3: require_tls: neither yes nor no\n", "no answer"},
        {GOOD "[aliases]\nroot = |x\n", "F:4: root: aliases name addresses, no files or programs\n",
         "an alias"},
        {GOOD "[aliases]\nroot = a@b.example\nROOT = a@b.example\n",
         "F:5: ROOT: this alias is set already\n", "an alias twice"},
        {GOOD "[defaults]\nlike = a\n", "F:4: like has no meaning in [defaults]\n",
         "like in [defaults]"},
        {"port = 25\n" GOOD, "F:1: a setting before the first [section]\n", "before a section"},
        {GOOD "  port = 25\n",
         "F:3: the line begins with a blank: there are no continuation lines\n", "indented"},
        {GOOD "password = a ;b\n",
         "F:3: password: a blank and ; begin a comment: put the value in double quotes\n",
         "a password that needs quotes"},
        {"# nothing\n", "F: no account: a section [account NAME] is needed\n", "no account"},
        {"", "F: no account: a section [account NAME] is needed\n", "an empty file"},
        {"[queue]\nretry_min = 2h\nretry_max = 1h\n" GOOD,
         "F:3: [queue] has a shortest pause that is longer than the longest one\n",
         "the wrong way round"},
        {"[queue]\nretry_min = 5h\nlifetime = 2d\n" GOOD,
         "F:2: [queue] has a shortest pause that is longer than the longest one\n",
         "longer than the table's"},
        {"[account a]\nport = x\ntsl = off\n[account b]\nport = 25\n[queue]\nlifetime = 0\n",
         "F:1: account a: host is missing: name the server, or a provider (the list of providers, "
         "/nonexistent, is not there: is postrider installed?)\n"
         "F:2: port: not a number from 1 to 65535\n"
         "F:3: unknown setting tsl (did you mean tls?)\n"
         "F:4: account b: host is missing: name the server, or a provider (the list of providers, "
         "/nonexistent, is not there: is postrider installed?)\n"
         "F:7: lifetime: not a time from 1m to 365d, such as 90s, 15m, 4h, 5d\n",
         "all at once, what is missing too"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        struct loading l;
        char want[4096];
        const char *at;

        loading_text(&l, s, cases[i].text, NULL, "/nonexistent");
        is_int(l.cause, CAUSE_CONFIG, cases[i].why);
        ok(l.c == NULL, "no config");
        snprintf(want, sizeof(want), "%s", cases[i].all);
        at = strstr(want, "at F:");
        if (at != NULL) /* the only message that has the path inside */
            snprintf(want, sizeof(want), "F:3: account a is there already, at %s:1\n",
                     scratch_path(s, "config.ini"));
        is_str(l.all, want, "its errors");
        loading_free(&l);
    }
}

static void test_first(struct scratch *s)
{
    struct loading l;
    char place[512];

    loading_text(&l, s, GOOD "hots = x\nprot = y\n", NULL, "/nonexistent");
    is_str(l.why.text.data, "unknown setting hots (did you mean host?)",
           "the fault has the first alone: the caller prints them all");
    snprintf(place, sizeof(place), "%s:3", scratch_path(s, "config.ini"));
    is_str(l.why.place.data, place, "and its place");
    is_int(fault_exit_status(&l.why), 78, "the status of wrong configurations");
    loading_free(&l);
}

static void test_long(struct scratch *s)
{
    static char text[20000], name[5001];
    struct loading l;

    memset(name, 'x', sizeof(name) - 1);
    snprintf(text, sizeof(text), GOOD "user = u\nfull_name = %s\npassword = %s\n", name, name);
    loading_text(&l, s, text, NULL, "/nonexistent");
    if (ok(l.cause == CAUSE_NONE, "values of 5,000 octets")) {
        is_str(l.c->account[0]->full_name, name, "a text");
        is_str(l.c->account[0]->secret->inline_password.data, name, "and a password");
    }
    loading_free(&l);
}

/* No message may show a value: the file could be a stranger's, or the line a password's. */
static void test_no_values(struct scratch *s)
{
    struct loading l;

    loading_text(&l, s,
                 GOOD "password = SESAME # x\nport = SESAME\ntls = SESAME\nfrom = SESAME\n"
                      "timeout = SESAME\nauth = SESAME\nSESAME\nmatch = SESAME\nallow = SE:SAME\n"
                      "password_command = 'SESAME\npassword_file = SE/SAME\ntls_trust = SESAME\n"
                      "proxy = socks5://u:SESAME@\n"
                      "[aliases]\nroot = <SESAME\n",
                 NULL, "/nonexistent");
    is_int((long long)l.errors.n, 14, "every line is wrong");
    ok(strstr(l.all, "SESAME") == NULL && strstr(l.all, "SAME") == NULL, "no value is shown");
    loading_free(&l);
}

/* A PIN in a URI is a password: F:LINE tells where. */
static void test_pin(struct scratch *s)
{
    static const char *const pins[] = {
        GOOD "tls_cert = /c.pem\ntls_key = pkcs11:object=x?pin-value=1234\n",
        GOOD "tls_cert = /c.pem\ntls_key = pkcs11:object=x?pin-source=/run/pin\n",
    };

    for (size_t i = 0; i < ARRAY_LEN(pins); i++) {
        const char *path = scratch_write(s, "pin.ini", pins[i], 0644);
        struct config_options o = {.file = path};
        struct strv errors = {0};
        struct config *c = NULL;
        struct fault why = {0};
        struct who w;

        scratch_who(s, &w);
        is_int(config_load(&c, &w, &o, &errors, &why), i == 0 ? CAUSE_CONFIG : CAUSE_NONE,
               i == 0 ? "a PIN in a file that others can read" : "the name of a file with one");
        if (i == 0)
            ok(errors.n == 1 && strstr(errors.v[0], "a password in a file of mode 0644") != NULL &&
                   strstr(errors.v[0], "1234") == NULL,
               "is told, and not shown: %s", errors.n > 0 ? errors.v[0] : "");
        config_close(&c);
        strv_free(&errors);
        fault_free(&why);
    }
}

static void test_modes(struct scratch *s)
{
    static const char *const texts[] = {GOOD, GOOD "user = u\npassword = p\n",
                                        GOOD "proxy = socks5://u:p@127.0.0.1:1080\n"};
    static const struct {
        mode_t mode;
        uid_t owner; /* 1: whoever runs the test */
        size_t secret;
        bool good;
        const char *text, *why;
    } cases[] = {
        {0600, 1, 1, true, NULL, "600 with a password"},
        {0400, 1, 1, true, NULL, "400"},
        {0644, 1, 0, true, NULL, "644 without one"},
        {0644, 1, 1, false, "a password in a file of mode 0644, which others can read", "644"},
        {0604, 1, 1, false, "a password in a file of mode 0604, which others can read", "604"},
        {0660, 1, 0, false, "mode 0660", "the group may write"},
        {0602, 1, 0, false, "mode 0602", "all may write"},
        {0666, 1, 1, false, "mode 0666", "all may do all"},
        {0640, 0, 1, true, NULL, "root's file for a group"},
        {0644, 0, 1, false, "mode 0644", "root's file for all"},
        {0640, 1000, 1, false, "owned by uid 1000", "somebody else's"},
        {0600, 1000, 0, false, "owned by uid 1000", "even a private one"},
        {0600, 1, 2, true, NULL, "600 with a password for a proxy"},
        {0644, 1, 2, false, "a password in a file of mode 0644, which others can read", "proxy"},
    };
    bool root = geteuid() == 0;
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        const char *path = scratch_write(s, "modes.ini", texts[cases[i].secret], cases[i].mode);
        struct config_options o = {.file = path};
        struct strv errors = {0};
        struct config *c = NULL;
        struct fault why = {0};
        struct who w;
        enum cause got;

        if (cases[i].owner != 1 && (!root || chown(path, cases[i].owner, 0) != 0))
            continue;
        scratch_who(s, &w);
        got = config_load(&c, &w, &o, &errors, &why);
        ok((got == CAUSE_NONE) == cases[i].good && (c != NULL) == cases[i].good, "%s",
           cases[i].why);
        if (!cases[i].good) {
            is_int(got, CAUSE_CONFIG, "its cause");
            is_int((long long)errors.n, 1, "one error");
            ok(errors.n == 1 && strstr(errors.v[0], path) != NULL &&
                   strstr(errors.v[0], cases[i].text) != NULL,
               "its text: %s", errors.n > 0 ? errors.v[0] : "");
        }
        config_close(&c);
        strv_free(&errors);
        fault_free(&why);
    }
}

/* A user's own file of mode 0640 is refused, root's is not: the same file, two readers. */
static void test_group_readable(struct scratch *s)
{
    const char *path = scratch_write(s, "group.ini", GOOD "user = u\npassword = p\n", 0640);
    struct config_options o = {.file = path};
    struct config *c = NULL;
    struct fault why = {0};
    struct who w;

    scratch_who(s, &w);
    if (geteuid() == 0) {
        w.euid = 1000;
        if (chown(path, 1000, 0) != 0)
            return;
    }
    is_int(config_load(&c, &w, &o, NULL, &why), CAUSE_CONFIG, "a user's file, readable by a group");
    ok(strstr(why.text.data, "chmod 600") != NULL, "how to mend it");
    config_close(&c);
    fault_free(&why);
}

static void test_kinds(struct scratch *s)
{
    struct config_options o = {.file = s->dir};
    static char big[1024 * 1024 + 2];
    struct config *c = NULL;
    struct fault why = {0};
    struct who w;

    scratch_who(s, &w);
    is_int(config_load(&c, &w, &o, NULL, &why), CAUSE_CONFIG, "a folder");
    o.file = scratch_path(s, "missing.ini");
    is_int(config_load(&c, &w, &o, NULL, &why), CAUSE_CONFIG, "-C with a missing file");
    ok(strstr(why.text.data, "missing.ini") != NULL, "which is named");
    o.file = scratch_path(s, "fifo.ini");
    if (mkfifo(o.file, 0600) == 0)
        is_int(config_load(&c, &w, &o, NULL, &why), CAUSE_CONFIG, "a FIFO, without hanging");
    memset(big, '\n', sizeof(big));
    o.file = scratch_write_n(s, "big.ini", big, sizeof(big), 0600);
    is_int(config_load(&c, &w, &o, NULL, &why), CAUSE_CONFIG, "more than 1 MiB");
    o.file = scratch_path(s, "link.ini");
    if (symlink(scratch_write(s, "target.ini", GOOD, 0600), o.file) == 0)
        is_int(config_load(&c, &w, &o, NULL, &why), CAUSE_NONE, "a symbolic link is followed");
    config_close(&c);
    fault_free(&why);
}

/* The search: the user's file, the system's file and folder. */
static enum cause search(struct scratch *s, const char *user_home, struct config **c,
                         struct fault *why)
{
    char file[512], dir[512], home[512];
    struct config_options o = {.system_file = file, .system_dir = dir};
    struct who w;

    snprintf(file, sizeof(file), "%s/postrider.ini", s->dir);
    snprintf(dir, sizeof(dir), "%s/postrider.d", s->dir);
    snprintf(home, sizeof(home), "%s/%s", s->dir, user_home != NULL ? user_home : "");
    scratch_who(s, &w);
    w.config_home = user_home != NULL ? home : NULL;
    config_close(c);
    fault_free(why);
    return config_load(c, &w, &o, NULL, why);
}

static void test_search(struct scratch *s)
{
    struct config *c = NULL;
    struct fault why = {0};

    mkdir(scratch_path(s, "home"), 0700);
    is_int(search(s, "home", &c, &why), CAUSE_NO_CONFIG, "nothing anywhere");
    ok(strstr(why.text.data, "home/postrider.ini, ") != NULL &&
           strstr(why.text.data, "/postrider.d") != NULL,
       "the files that were looked for: %s", why.text.data);
    ok(strstr(why.hint.data, "[account mine]") != NULL, "how to set up");
    is_int(search(s, NULL, &c, &why), CAUSE_NO_CONFIG, "nor without a home");
    ok(strstr(why.hint.data, "/postrider.ini, mode 600") != NULL, "the system's file then");

    scratch_write(s, "postrider.ini", "[account system]\nhost = h.example\n", 0644);
    is_int(search(s, "home", &c, &why), CAUSE_NONE, "the system's file");
    is_int(c->origin, CONFIG_SYSTEM, "is the system's");
    is_int(why.cause, CAUSE_NONE, "without a fault left from the search");

    mkdir(scratch_path(s, "postrider.d"), 0700);
    scratch_write(s, "postrider.d/20.ini", "[account b]\nhost = h.example\n", 0644);
    scratch_write(s, "postrider.d/10.ini", "[account c]\nlike = b\n", 0644);
    scratch_write(s, "postrider.d/9.ini", "[account d]\nlike = system\n", 0644);
    scratch_write(s, "postrider.d/x.conf", "nonsense\n", 0644);
    scratch_write(s, "postrider.d/.x.ini", "nonsense\n", 0644);
    scratch_write(s, "postrider.d/.ini", "nonsense\n", 0644);
    is_int(search(s, "home", &c, &why), CAUSE_NONE, "and the files of its folder");
    if (ok(c != NULL && c->n == 4 && c->files.n == 4, "those that end with .ini")) {
        is_str(c->account[0]->id, "system", "after the file itself");
        is_str(c->account[1]->id, "c", "sorted by octets: 10");
        is_str(c->account[2]->id, "b", "20");
        is_str(c->account[3]->id, "d", "9");
        is_str(c->account[1]->host.v[0], "h.example", "like looks ahead into later files");
    }

    scratch_write(s, "postrider.d/30.ini", "[account system]\n", 0644);
    is_int(search(s, "home", &c, &why), CAUSE_CONFIG, "an account twice over two files");
    ok(strstr(why.place.data, "30.ini:1") != NULL, "told at the later one");
    scratch_write(s, "postrider.d/30.ini", GOOD, 0666);
    is_int(search(s, "home", &c, &why), CAUSE_CONFIG, "an unsafe file in the folder");
    unlink(scratch_path(s, "postrider.d/30.ini"));
    chmod(scratch_path(s, "postrider.d"), 0777);
    is_int(search(s, "home", &c, &why), CAUSE_CONFIG, "an unsafe folder");
    chmod(scratch_path(s, "postrider.d"), 0755);

    scratch_write(s, "home/postrider.ini", "[account own]\nhost = h.example\n", 0600);
    is_int(search(s, "home", &c, &why), CAUSE_NONE, "the user's file goes before");
    ok(c != NULL && c->n == 1 && c->origin == CONFIG_USER, "and is alone");
    scratch_write(s, "home/postrider.ini", "[account own\n", 0600);
    is_int(search(s, "home", &c, &why), CAUSE_CONFIG, "a wrong user's file is not passed over");
    scratch_write(s, "home/postrider.ini", "[account own]\nhost = h.example\n", 0666);
    is_int(search(s, "home", &c, &why), CAUSE_CONFIG, "nor an unsafe one");
    is_int(search(s, "nowhere", &c, &why), CAUSE_NONE, "a missing folder is");

    unlink(scratch_path(s, "postrider.ini"));
    is_int(search(s, NULL, &c, &why), CAUSE_CONFIG,
           "the folder alone: like leads to a missing account");
    unlink(scratch_path(s, "postrider.d/9.ini"));
    is_int(search(s, NULL, &c, &why), CAUSE_NONE, "the folder alone is a configuration");
    config_close(&c);
    fault_free(&why);
}

static void test_home(struct scratch *s)
{
    const char *path = scratch_write(s, "home.ini", GOOD "user = u\npassword_file = ~/pw\n", 0600);
    struct config_options o = {.file = path};
    struct config *c = NULL;
    struct fault why = {0};
    char want[512];
    struct who w;

    scratch_who(s, &w);
    snprintf(want, sizeof(want), "%s/pw", s->dir);
    if (ok(config_load(&c, &w, &o, NULL, &why) == CAUSE_NONE, "~/ in password_file"))
        is_str(c->account[0]->password_file, want, "is the home");
    config_close(&c);
    w.home = NULL;
    is_int(config_load(&c, &w, &o, NULL, &why), CAUSE_CONFIG, "without a home");
    is_str(why.text.data, "password_file: ~/ with no home folder that is the user's own",
           "is told");
    fault_free(&why);
}

int main(void)
{
    struct scratch s;

    scratch_open(&s);
    test_memory(&s);
    test_values(&s);
    test_wrong_lines(&s);
    test_first(&s);
    test_long(&s);
    test_no_values(&s);
    test_modes(&s);
    test_pin(&s);
    test_group_readable(&s);
    test_kinds(&s);
    test_search(&s);
    test_home(&s);
    scratch_close(&s);
    return done_testing();
}
