/* test_who.c: identity from made-up sources: files, environments, uids. */
#include "config.h"

#include "base/who.h"

#include <grp.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "tap.h"

static char folder[PATH_MAX];

static const char *in_folder(const char *name)
{
    static char paths[128][PATH_MAX + 64];
    static unsigned next;
    char *path = paths[next++ % ARRAY_LEN(paths)];

    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static void make_file(const char *name, const char *text)
{
    int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    size_t n = strlen(text);

    if (fd < 0 || write(fd, text, n) != (ssize_t)n)
        ok(false, "the test can write %s", name);
    close(fd);
}

static const char *env_home, *env_config, *env_state;

static const char *fake_env(const char *name)
{
    if (strcmp(name, "HOME") == 0)
        return env_home;
    if (strcmp(name, "XDG_CONFIG_HOME") == 0)
        return env_config;
    return strcmp(name, "XDG_STATE_HOME") == 0 ? env_state : NULL;
}

/* A source with nothing in it but ourselves. */
static struct who_source bare(void)
{
    return (struct who_source){.uid = getuid(),
                               .euid = geteuid(),
                               .gid = getgid(),
                               .node = "node",
                               .hosts = "/nonexistent",
                               .mailname = "/nonexistent",
                               .env = fake_env};
}

static void test_login(void)
{
    static const struct {
        const char *login, *gecos, *want, *why;
    } cases[] = {
        {"alice", "Alice Example", "Alice Example", "a name"},
        {"alice", "Alice Example,Room 1,,", "Alice Example", "up to the comma"},
        {"alice", "& Example", "Alice Example", "& is the login"},
        {"alice", "&&", "AliceAlice", "each of them"},
        {"9x", "&", "9x", "a login without a letter"},
        {"alice", ",x", "", "an empty name"},
        {"alice", "A\nBcc: x", "", "a line end is no name"},
        {"alice", "\xc3\x84nne", "\xc3\x84nne", "UTF-8"},
        {"alice", NULL, "", "no field"},
    };
    struct who w;
    struct who_source from = bare();
    char want[32];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        from.login = cases[i].login;
        from.gecos = cases[i].gecos;
        who_fill(&w, &from);
        is_str(w.gecos, cases[i].want, cases[i].why);
        is_str(w.login, cases[i].login, "the login");
        who_free(&w);
    }
    from.login = NULL;
    from.gecos = "ignored &";
    who_fill(&w, &from);
    snprintf(want, sizeof(want), "uid%lu", (unsigned long)getuid());
    is_str(w.login, want, "no passwd entry");
    who_free(&w);
}

static unsigned asked;

static void passwd_says(struct who_source *from)
{
    asked++;
    from->login = "alice";
    from->gecos = "Alice Example";
    from->home = in_folder("passwd");
}

/* The database may be far away: it is asked only for what is needed. */
static void test_asking(void)
{
    struct who_source from = bare();
    struct who w;

    from.ask = passwd_says;
    env_home = in_folder("home");
    who_fill(&w, &from);
    ok(asked == 0 && w.login == NULL, "with $HOME the passwd entry is not looked up");
    is_str(w.home, in_folder("home"), "it is the home");
    who_free(&w);
    env_home = NULL;
    who_fill(&w, &from);
    is_int(asked, 1, "without, it is looked up once");
    is_str(w.home, in_folder("passwd"), "for the home");
    is_str(w.login, "alice", "and what comes with it is kept");
    is_str(who_gecos(&w), "Alice Example", "all of it");
    is_int(asked, 1, "and not asked for again");
    who_free(&w);
}

static void test_home(void)
{
    const uid_t other = geteuid() + 1;
    struct who w;
    struct who_source from = bare();

    env_home = in_folder("home");
    from.home = in_folder("passwd");
    who_fill(&w, &from);
    is_str(w.home, in_folder("home"), "$HOME if it is ours");
    is_str(w.config_home, in_folder("home/.config"), "the config folder below it");
    is_str(w.state_home, in_folder("home/.local/state"), "and the state folder");
    who_free(&w);

    env_config = in_folder("home/not/yet/there");
    env_state = in_folder("passwd");
    who_fill(&w, &from);
    is_str(w.config_home, in_folder("home/not/yet/there"), "a folder still to be made in ours");
    is_str(w.state_home, in_folder("passwd"), "a folder that is ours");
    who_free(&w);
    env_config = "relative";
    env_state = in_folder("file/below");
    who_fill(&w, &from);
    is_str(w.config_home, in_folder("home/.config"), "a relative one counts as none");
    is_str(w.state_home, in_folder("home/.local/state"), "so does one below a file");
    who_free(&w);
    env_config = in_folder("dangling/x");
    env_state = "";
    who_fill(&w, &from);
    is_str(w.config_home, in_folder("home/.config"), "and one below a dangling link");
    is_str(w.state_home, in_folder("home/.local/state"), "and an empty one");
    who_free(&w);

    env_config = in_folder("home");
    from.euid = other;
    who_fill(&w, &from);
    ok(w.home == NULL && w.config_home == NULL && w.state_home == NULL,
       "nothing of somebody else's is ours");
    who_free(&w);
    from.euid = geteuid();
    from.secure = true;
    who_fill(&w, &from);
    is_str(w.home, in_folder("passwd"), "AT_SECURE: the environment is not asked");
    is_str(w.config_home, in_folder("passwd/.config"), "for none of the three");
    who_free(&w);
    from.secure = false;
    env_config = env_state = NULL;
    env_home = "relative/home";
    who_fill(&w, &from);
    is_str(w.home, in_folder("passwd"), "a relative $HOME gives way to passwd");
    who_free(&w);
    env_home = in_folder("file");
    from.home = in_folder("none");
    who_fill(&w, &from);
    ok(w.home == NULL && w.config_home == NULL, "a file is no home, and what is not there neither");
    who_free(&w);
    env_home = NULL;
    from.home = NULL;
    from.env = NULL;
    who_fill(&w, &from);
    ok(w.home == NULL && w.state_home == NULL, "no home at all");
    who_free(&w);
}

static void test_names(void)
{
    static const struct {
        const char *node, *hosts, *mailname;
        const char *host, *mail, *why; /* wanted */
    } cases[] = {
        {"a.example.org", "1.2.3.4 b.example.org a.example.org\n", "m.example.org\n",
         "a.example.org", "m.example.org", "a full node name"},
        {"a", "127.0.0.1 localhost\n127.0.1.1\ta.example.org\ta\n", "", "a.example.org", NULL,
         "the canonical name in the hosts file"},
        {"a", "127.0.1.1 a a.example.org\n", NULL, "a.example.org", NULL, "an alias in a domain"},
        {"a", "127.0.1.1 a www.example.org\n", NULL, NULL, NULL, "an alias of another name"},
        {"A", "127.0.1.1 a.Example.org a # b\n", NULL, "a.Example.org", NULL, "any case"},
        {"b", "127.0.1.1 a.example.org a # b\n", NULL, NULL, NULL, "a comment lists nothing"},
        {"a", "127.0.0.1 localhost.localdomain localhost a\n", NULL, NULL, NULL, "localhost"},
        {"a", "127.0.0.1 localhost a\n::1 a.example.net a", NULL, "a.example.net", NULL,
         "the next line, without an end"},
        {"a", "a a.example.org\n", NULL, NULL, NULL, "the address is no name"},
        {"a", "1.2.3.4 a..example a\n1.2.3.4 -\xff.example a\n", NULL, NULL, NULL, "bad names"},
        {"a", "\n\n#x\n1.2.3.4\n", "m.example.org", "m.example.org", "m.example.org", "mailname"},
        {"a", NULL, "# comment\n\n  m.example.org more\nn.example.org\n", "m.example.org",
         "m.example.org", "the first word in it"},
        {"a", NULL, "short\n", NULL, "short", "a mailname without a dot"},
        {"a", NULL, "m@example.org\n", NULL, NULL, "a mailname that is none"},
        {"a", NULL, "m.example.org.\n", NULL, NULL, "one with the root's dot"},
        {"localhost.localdomain", NULL, NULL, NULL, NULL, "a node name that says nothing"},
        {"", "1.2.3.4 x.example.org x\n", NULL, NULL, NULL, "no node name"},
        {"a\nb.example", NULL, NULL, NULL, NULL, "a node name with a line end"},
    };
    struct who w;
    struct who_source from = bare();

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        from.node = cases[i].node;
        unlink(in_folder("hosts"));
        unlink(in_folder("mailname"));
        if (cases[i].hosts != NULL)
            make_file("hosts", cases[i].hosts);
        if (cases[i].mailname != NULL)
            make_file("mailname", cases[i].mailname);
        from.hosts = in_folder("hosts");
        from.mailname = in_folder("mailname");
        who_fill(&w, &from);
        is_str(w.host, cases[i].host, cases[i].why);
        is_str(w.mailname, cases[i].mail, cases[i].why);
        is_str(w.node, cases[i].node, "the node name as it is");
        who_free(&w);
    }
}

static void test_here(void)
{
    static const struct {
        const char *domain;
        bool here;
    } cases[] = {
        {"node", true},
        {"NODE.", true},
        {"node.example.org", true},
        {"Node.Example.ORG.", true},
        {"localhost", true},
        {"localhost.localdomain", true},
        {"nod", false},
        {"node..", false},
        {"example.org", false},
        {"", false},
        {".", false},
        {"m.example.org", false},
    };
    struct who w;
    struct who_source from = bare();

    make_file("hosts", "127.0.1.1 node.example.org node\n");
    make_file("mailname", "m.example.org\n");
    from.hosts = in_folder("hosts");
    from.mailname = in_folder("mailname");
    who_fill(&w, &from);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        is_int(who_is_here(&w, cases[i].domain), cases[i].here, cases[i].domain);
    is_int((long long)w.own.n, 4, "four names of its own");
    who_free(&w);
    unlink(in_folder("hosts"));
    who_fill(&w, &from);
    is_str(w.host, "m.example.org", "a host's name from mailname alone");
    ok(!who_is_here(&w, "m.example.org"), "is the domain of its mail, not the host");
    who_free(&w);
}

static void test_process(void)
{
    const struct group *own = getgrgid(getgid());
    const struct passwd *entry = getpwuid(getuid());
    struct who w;

    who_am_i(&w);
    ok(w.uid == getuid() && w.euid == geteuid() && w.gid == getgid(), "the process's ids");
    ok(w.node != NULL && who_gecos(&w) != NULL, "what is never NULL");
    ok(entry == NULL || strcmp(who_login(&w), entry->pw_name) == 0, "the login of the real uid");
    ok(who_is_here(&w, "localhost"), "localhost is here");
    ok(own == NULL || who_in_group(&w, own->gr_name), "we are in our own group");
    ok(!who_in_group(&w, "no-such-group"), "and not in one that does not exist");
    ok(!who_in_group(&w, ""), "nor in one without a name");
    who_free(&w);
    ok(w.login == NULL && w.own.n == 0, "freed and cleared");
    who_free(&w);
}

static void test_state(void)
{
    struct who_source from = bare();
    struct who w;
    char *dir;

    from.home = in_folder("home");
    env_home = env_config = env_state = NULL;
    who_fill(&w, &from);
    dir = who_state_dir(&w, NULL);
    is_str(dir, in_folder("home/.local/state/postrider"),
           "what is learned is kept in the state home");
    free(dir);
    dir = who_state_dir(&w, in_folder("passwd"));
    is_str(dir, in_folder("passwd"), "... for an account of the system in our own system folder");
    free(dir);
    dir = who_state_dir(&w, in_folder("file"));
    is_str(dir, in_folder("home/.local/state/postrider"), "... which a file is not");
    free(dir);
    w.euid = 0;
    dir = who_state_dir(&w, in_folder("missing"));
    is_str(dir, in_folder("missing"), "... nor one that is missing, but for root, who makes it");
    free(dir);
    w.euid = 12345;
    dir = who_state_dir(&w, in_folder("missing"));
    is_str(dir, in_folder("home/.local/state/postrider"), "... and nobody else does");
    free(dir);
    dir = who_state_dir(&w, in_folder("passwd"));
    is_str(dir, in_folder("home/.local/state/postrider"), "... nor one of somebody else");
    free(dir);
    free(w.state_home);
    w.state_home = NULL;
    ok(who_state_dir(&w, in_folder("passwd")) == NULL, "without a home it is kept nowhere");
    who_free(&w);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(folder, sizeof(folder), "%s/who.XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(folder) == NULL || mkdir(in_folder("home"), 0700) != 0 ||
        mkdir(in_folder("passwd"), 0700) != 0 || symlink("nowhere", in_folder("dangling")) != 0)
        return 1;
    make_file("file", "");
    test_login();
    test_asking();
    test_home();
    test_names();
    test_here();
    test_process();
    test_state();
    rmdir(in_folder("home"));
    rmdir(in_folder("passwd"));
    unlink(in_folder("dangling"));
    unlink(in_folder("file"));
    unlink(in_folder("hosts"));
    unlink(in_folder("mailname"));
    ok(rmdir(folder) == 0, "nothing else is left behind");
    return done_testing();
}
