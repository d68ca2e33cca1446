/*
 * room.c: one case: a folder of its own, the files it asks for, a server that plays its script, one
 * run of the program under test or several, and what differed from what it expects.
 */
#include "config.h"

#include "room.h"

#include "case.h"
#include "check.h"
#include "client.h"
#include "octets.h"
#include "peer.h"
#include "play.h"
#include "script.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WATCHDOG_MS 60000
#define LIST_MAX    256

/* One case: its folder, its server, its report. */
struct room {
    const struct room_settings *set;
    struct wcase c;
    struct octets base, dir, out, sock;
    char port[16], closed[16];
    int listen_fd, control_fd;
    pid_t server;
    struct script script;
    struct octets report; /* what is wrong */
    struct octets notes;  /* what helps to see why */
};

static void make_folder(const char *path)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        die("%s: %s", path, strerror(errno));
}

static void add_path(struct octets *o, const char *base, const char *name)
{
    octets_printf(o, "%s/%s", base, name);
}

/* A port at which nobody listens, and nobody else can either while the case runs. */
static void hold_port(char *text, size_t size)
{
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof sin;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (const struct sockaddr *)&sin, sizeof sin) != 0 ||
        getsockname(fd, (struct sockaddr *)&sin, &len) != 0)
        die("bind: %s", strerror(errno));
    snprintf(text, size, "%u", (unsigned)ntohs(sin.sin_port));
}

static void open_room(struct room *r)
{
    const char *tmp = getenv("TMPDIR");
    const struct section *s;
    unsigned port = 0;

    octets_printf(&r->base, "%s/wire.XXXXXX", tmp && *tmp == '/' ? tmp : "/tmp");
    if (!mkdtemp(r->base.p))
        die("%s: %s", r->base.p, strerror(errno));
    add_path(&r->dir, r->base.p, "run");
    add_path(&r->out, r->base.p, "out");
    add_path(&r->sock, r->dir.p, "sock");
    make_folder(r->dir.p);
    make_folder(r->out.p);
    s = case_only(&r->c, "server");
    r->listen_fd = peer_listen(s && strcmp(s->args, "unix") == 0 ? r->sock.p : NULL, &port);
    if (s && strcmp(s->args, "narrow") == 0)
        peer_narrow(r->listen_fd);
    snprintf(r->port, sizeof r->port, "%u", port);
    hold_port(r->closed, sizeof r->closed);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

static void close_room(struct room *r)
{
    close(r->listen_fd);
    if (r->set->keep)
        printf("# kept: %s\n", r->base.p);
    else
        (void)nftw(r->base.p, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    script_free(&r->script);
    case_free(&r->c);
    octets_free(&r->base);
    octets_free(&r->dir);
    octets_free(&r->out);
    octets_free(&r->sock);
    octets_free(&r->report);
    octets_free(&r->notes);
}

static void fill_places(struct room *r)
{
    struct octets path = {0}, pin = {0};

    add_path(&path, r->set->certs, "good.pin");
    if (!octets_file(&pin, path.p))
        die("%s: %s", path.p, strerror(errno));
    case_fill(&r->c, (const struct place[]){
                         {"@PORT@", r->port},
                         {"@CLOSED@", r->closed},
                         {"@DIR@", r->dir.p},
                         {"@CERTS@", r->set->certs},
                         {"@PIN@", octets_text(&pin)},
                         {"@SOCKET@", r->sock.p},
                         {"@POSTRIDER@", r->set->program},
                         {NULL, NULL},
                     });
    octets_free(&path);
    octets_free(&pin);
}

/* Makes the folders that NAME stands in, below the room's. */
static void make_parents(const struct room *r, const char *name)
{
    struct octets path = {0};
    const char *slash = name;

    while ((slash = strchr(slash, '/')) != NULL) {
        path.n = 0;
        octets_printf(&path, "%s/%.*s", r->dir.p, (int)(slash - name), name);
        make_folder(path.p);
        slash++;
    }
    octets_free(&path);
}

/* Every account of every case says so, so that no case changes its meaning. */
static void check_queue_never(const struct room *r, const struct octets *text)
{
    if (strstr(octets_text(text), "[account") && !strstr(octets_text(text), "queue = never"))
        die("%s: a configuration without \"queue = never\"", r->c.path);
}

static void write_file(const struct room *r, const struct section *s, const char *name,
                       const char *mode)
{
    struct octets path = {0}, text = {0};

    case_octets(&r->c, s, &text);
    check_queue_never(r, &text);
    make_parents(r, name);
    add_path(&path, r->dir.p, name);
    (void)unlink(path.p); /* what an earlier run had there, link or not */
    if (!octets_save(&text, path.p, (unsigned)strtoul(*mode ? mode : "0600", NULL, 8)))
        die("%s: %s: %s", r->c.path, path.p, strerror(errno));
    octets_free(&path);
    octets_free(&text);
}

/* [config MODE], [file NAME MODE], [link NAME TARGET] of run RUN. */
static void write_files(const struct room *r, unsigned run)
{
    const struct section *s;
    struct octets path = {0};
    size_t from = 0;

    if ((s = case_of(&r->c, "config", run)) != NULL)
        write_file(r, s, "config", s->args);
    for (from = 0; (s = case_find(&r->c, "file", &from)) != NULL;) {
        char *name = strdup(s->args), *mode = name ? strchr(name, ' ') : NULL;

        if (!name)
            die("out of memory");
        if (mode)
            *mode++ = '\0';
        if (s->run == run)
            write_file(r, s, name, mode ? mode : "");
        free(name);
    }
    for (from = 0; (s = case_find(&r->c, "link", &from)) != NULL;) {
        const char *blank = strchr(s->args, ' ');

        if (!blank)
            die("%s: [link NAME TARGET]", r->c.path);
        if (s->run != run)
            continue;
        path.n = 0;
        octets_printf(&path, "%s/%.*s", r->dir.p, (int)(blank - s->args), s->args);
        make_parents(r, s->args);
        (void)unlink(path.p);
        if (symlink(blank + 1, path.p) != 0)
            die("%s: %s: %s", r->c.path, path.p, strerror(errno));
    }
    path.n = 0;
    add_path(&path, r->dir.p, "home");
    make_folder(path.p);
    octets_free(&path);
}

static void start_server(struct room *r)
{
    const struct section *s = case_only(&r->c, "server");
    struct octets name = {0};
    int control[2];

    octets_printf(&name, "[server]");
    script_parse(&r->script, name.p, s ? octets_text(&s->body) : "", s ? s->body.n : 0, 1);
    if (pipe(control) != 0 || fcntl(control[1], F_SETFD, FD_CLOEXEC) != 0)
        die("pipe: %s", strerror(errno));
    (void)fflush(stdout);
    r->server = fork();
    if (r->server < 0)
        die("fork: %s", strerror(errno));
    if (r->server == 0) {
        struct play_params p = {.listen_fd = r->listen_fd,
                                .control_fd = control[0],
                                .name = name.p,
                                .certs = r->set->certs,
                                .out = r->out.p,
                                .limit_ms = WATCHDOG_MS * (1 + (int64_t)r->c.last_run)};

        close(control[1]);
        _exit(play_script(&r->script, &p) ? 0 : 1);
    }
    close(control[0]);
    r->control_fd = control[1];
    octets_free(&name);
}

static void stop_server(struct room *r)
{
    int64_t until = peer_now_ms() + WATCHDOG_MS;
    int status = 0;

    /* From here on the server takes what has connected and ends. */
    close(r->control_fd);
    while (waitpid(r->server, &status, WNOHANG) == 0) {
        if (peer_now_ms() > until) {
            (void)kill(r->server, SIGKILL);
            until += 5000;
        }
        usleep(500);
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
        octets_str(&r->report, "the server did not end in order\n");
}

/* A list of strings as execve(2) wants it. */
struct words {
    char *at[LIST_MAX + 1];
    size_t n;
};

static void add_word(struct words *w, const char *text, size_t n)
{
    if (w->n == LIST_MAX)
        die("more than %d words", LIST_MAX);
    /* What stands behind a NUL cannot be given to a program. */
    w->at[w->n] = strndup(text, n);
    if (!w->at[w->n++])
        die("out of memory");
    w->at[w->n] = NULL;
}

static void add_section(struct words *w, const struct wcase *c, const struct section *s)
{
    const char *line;
    size_t at = 0, n;

    while (s && case_line(s, &at, &line, &n)) {
        struct octets word = {0};

        case_decode(c, s, line, n, &word, NULL);
        add_word(w, word.p, word.n);
        octets_free(&word);
    }
}

static void free_words(struct words *w)
{
    while (w->n > 0)
        free(w->at[--w->n]);
}

static bool has_args(const struct wcase *c, unsigned run)
{
    const struct section *s;
    size_t from = 0;

    while ((s = case_find(c, "args", &from)) != NULL && s->run != run)
        ;
    return s != NULL;
}

/* The words of run RUN; without [command] or [args] of its own it has those of the run before. */
static void make_argv(const struct room *r, unsigned run, struct words *w)
{
    const struct section *command = case_latest(&r->c, "command", run), *args;
    struct octets config = {0};
    size_t from = 0;

    if (command) {
        add_section(w, &r->c, command);
    } else {
        add_path(&config, r->dir.p, "config");
        add_word(w, r->set->program, strlen(r->set->program));
        add_word(w, "send", 4);
        add_word(w, "-C", 2);
        add_word(w, config.p, config.n);
        octets_free(&config);
    }
    while (!has_args(&r->c, run) && run > 0)
        run--;
    while ((args = case_find(&r->c, "args", &from)) != NULL) {
        if (args->run == run)
            add_section(w, &r->c, args);
    }
    if (w->n == 0)
        die("%s: an empty [command]", r->c.path);
}

/* A small environment, and what sanitizers and private libraries need. */
static void make_envp(const struct room *r, unsigned run, struct words *w)
{
    static const char *const passed[] = {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS",
                                         "LLVM_PROFILE_FILE", "LD_LIBRARY_PATH"};
    const struct section *s = case_latest(&r->c, "env", run);
    struct octets o = {0};
    size_t i;

    for (i = 0; i < sizeof passed / sizeof passed[0]; i++) {
        const char *value = getenv(passed[i]);

        o.n = 0;
        if (value) {
            octets_printf(&o, "%s=%s", passed[i], value);
            add_word(w, o.p, o.n);
        }
    }
    if (!s || strcmp(s->args, "empty") != 0) {
        static const char *const fixed[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC0"};

        for (i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
            add_word(w, fixed[i], strlen(fixed[i]));
        o.n = 0;
        octets_printf(&o, "HOME=%s/home", r->dir.p);
        add_word(w, o.p, o.n);
        o.n = 0;
        octets_printf(&o, "TMPDIR=%s", r->dir.p);
        add_word(w, o.p, o.n);
    }
    /* Later ones win: getenv(3) takes the first, so they go in front. */
    if (s) {
        struct words first = {.n = 0};

        add_section(&first, &r->c, s);
        for (i = 0; i < w->n; i++)
            add_word(&first, w->at[i], strlen(w->at[i]));
        free_words(w);
        *w = first;
    }
    octets_free(&o);
}

static enum input input_of(const struct wcase *c, const struct section *s)
{
    static const struct {
        const char *word;
        enum input input;
    } words[] = {{"", INPUT_PIPE},     {"unread", INPUT_PIPE},         {"closed", INPUT_CLOSED},
                 {"null", INPUT_NULL}, {"directory", INPUT_DIRECTORY}, {"file", INPUT_FILE}};
    size_t i;

    for (i = 0; s && i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i].word, s->args) == 0)
            return words[i].input;
    }
    if (s)
        die("%s: [stdin %s]", c->path, s->args);
    return INPUT_PIPE;
}

static void run_client(struct room *r, unsigned run)
{
    const struct section *in = case_latest(&r->c, "stdin", run);
    struct words argv = {.n = 0}, envp = {.n = 0};
    struct client cl = {.dir = r->dir.p,
                        .input = input_of(&r->c, in),
                        .limit_ms = WATCHDOG_MS,
                        .out_dir = r->out.p,
                        .run = run};
    struct octets found = {0};

    if (in)
        case_octets(&r->c, in, &cl.given);
    make_argv(r, run, &argv);
    make_envp(r, run, &envp);
    cl.argv = argv.at;
    cl.envp = envp.at;
    client_run(&cl);
    check_client(&r->c, &cl, &found);
    check_files(&r->c, r->dir.p, run, &found);
    if (found.n > 0 && r->c.last_run > 0)
        octets_printf(&r->report, "in run %u:\n", run + 1);
    octets_add(&r->report, octets_text(&found), found.n);
    octets_printf(&r->notes, "standard output: %zu octets\n%s", cl.out.n, octets_text(&cl.out));
    octets_printf(&r->notes, "standard error: %zu octets, exit status %d, %lld ms\n%s", cl.err.n,
                  cl.status, (long long)cl.took_ms, octets_text(&cl.err));
    free_words(&argv);
    free_words(&envp);
    octets_free(&found);
    octets_free(&cl.given);
    octets_free(&cl.out);
    octets_free(&cl.err);
}

static void print_report(const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");

        printf("#   %.*s\n", (int)n, text);
        text += n + (text[n] ? 1 : 0);
    }
}

/* Adds what the server has to complain about, and notes the conversation. */
static void add_server_report(struct room *r)
{
    struct octets path = {0}, text = {0};

    add_path(&path, r->out.p, "report");
    if (octets_file(&text, path.p))
        octets_add(&r->report, octets_text(&text), text.n);
    else
        octets_str(&r->report, "the server left no report\n");
    path.n = text.n = 0;
    add_path(&path, r->out.p, "talk");
    if (octets_file(&text, path.p))
        octets_printf(&r->notes, "the conversation:\n%s", octets_text(&text));
    octets_free(&path);
    octets_free(&text);
}

bool room_run(const struct room_settings *set, const char *path)
{
    struct room r = {.set = set};
    const struct section *why;
    const char *base = strrchr(path, '/');
    unsigned run;
    bool good;

    case_read(&r.c, path);
    open_room(&r);
    fill_places(&r);
    write_files(&r, 0);
    why = case_only(&r.c, "why");
    printf("%s: %.*s\n", base ? base + 1 : path,
           why ? (int)strcspn(octets_text(&why->body), "\n") : 0,
           why ? octets_text(&why->body) : "");
    start_server(&r);
    run_client(&r, 0);
    for (run = 1; run <= r.c.last_run; run++) {
        write_files(&r, run);
        run_client(&r, run);
    }
    stop_server(&r);
    check_records(&r.c, r.out.p, &r.report);
    add_server_report(&r);
    good = r.report.n == 0;
    print_report(octets_text(&r.report));
    if (!good || set->verbose)
        print_report(octets_text(&r.notes));
    close_room(&r);
    return good;
}
