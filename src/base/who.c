/*
 * who.c: the one place that asks who runs us and what this host is called.
 *
 * All of it can be wrong, missing or somebody's attempt (HOME of another user kept by sudo, a uid
 * without passwd entry in a container, a hostname with a newline): each piece is tested where it
 * is read, and what fails its test is simply unknown. Host names never come from DNS: a mail
 * program must start without a network.
 */
#include "config.h"

#include "base/who.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/xalloc.h"

#define HOST_MAX 255
#define BLANKS   " \t\r\n\v\f"

/* A folder that EUID owns. */
static bool is_own_folder(const char *path, uid_t euid)
{
    struct stat st;

    return path[0] == '/' && stat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == euid;
}

/* The same for the nearest parent of PATH that exists (or PATH itself). */
static bool is_under_own_folder(const char *path, uid_t euid)
{
    char *at = xstrdup(path);
    struct stat st;
    bool own;

    if (at[0] != '/') {
        free(at);
        return false;
    }
    /* lstat: a dangling link exists, and is no folder of ours. */
    while (at[1] != '\0' && lstat(at, &st) != 0) {
        char *slash = strrchr(at, '/');

        slash[slash == at ? 1 : 0] = '\0';
    }
    own = is_own_folder(at, euid);
    free(at);
    return own;
}

/* The passwd entry, once. */
static void ask_entry(struct who_source *from)
{
    if (from->ask != NULL)
        from->ask(from);
    from->ask = NULL;
}

static const char *ask_env(const struct who_source *from, const char *name)
{
    const char *value = from->secure || from->env == NULL ? NULL : from->env(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

static char *find_home(struct who_source *from)
{
    const char *env = ask_env(from, "HOME");

    if (env != NULL && is_own_folder(env, from->euid))
        return xstrdup(env);
    ask_entry(from);
    if (from->home != NULL && is_own_folder(from->home, from->euid))
        return xstrdup(from->home);
    return NULL;
}

/* One of the XDG base folders: the variable's, else BELOW home. */
static char *find_folder(const struct who_source *from, const char *home, const char *name,
                         const char *below)
{
    const char *env = ask_env(from, name);
    struct buf path;

    if (env != NULL && is_under_own_folder(env, from->euid))
        return xstrdup(env);
    if (home == NULL)
        return NULL;
    buf_init(&path, strlen(home) + strlen(below) + 1);
    buf_addf(&path, "%s/%s", home, below);
    return buf_take(&path);
}

static bool has_control(const char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s < ' ' || *s == 0x7F)
            return true;
    return false;
}

/* The full name: up to the first comma, '&' standing for the login with a capital (passwd(5)). */
static char *full_name(const char *gecos, const char *login)
{
    struct buf name;
    size_t n = strcspn(gecos, ",");
    char first = login[0];

    if (first >= 'a' && first <= 'z')
        first = (char)(first - 'a' + 'A');
    buf_init(&name, LIMIT_TEXT_LINE);
    for (size_t i = 0; i < n; i++) {
        if (gecos[i] != '&')
            buf_addc(&name, gecos[i]);
        else if (first != '\0')
            buf_addf(&name, "%c%s", first, login + 1);
    }
    if (has_control(name.data)) /* it would end in a header field */
        buf_reset(&name);
    return buf_take(&name);
}

/* Letters, digits, '-', '_' and single dots inside: what may stand in EHLO and an address. */
static bool is_host_name(const char *s)
{
    char before = '.';

    if (strlen(s) > HOST_MAX)
        return false;
    for (; *s != '\0'; before = *s++) {
        bool plain = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
                     (*s >= '0' && *s <= '9') || *s == '-' || *s == '_';

        if (!plain && (*s != '.' || before == '.'))
            return false;
    }
    return before != '.';
}

/* A name that tells this host from others. */
static bool is_full_name(const char *s)
{
    return is_host_name(s) && strchr(s, '.') != NULL && strncasecmp(s, "localhost.", 10) != 0;
}

/* The text of a small file, or NULL. Anyone may own it: only words that pass a test are used. */
static char *read_text(const char *path)
{
    struct fault why = {0};
    struct stat st;
    struct buf text;
    int fd;
    bool good;

    if (file_open_regular(path, &fd, &st, &why) != CAUSE_NONE) {
        fault_free(&why);
        return NULL;
    }
    buf_init(&text, LIMIT_CONFIG_FILE);
    good = file_read_fd(fd, path, &text, &why) == CAUSE_NONE;
    close(fd);
    fault_free(&why);
    if (!good) {
        buf_free(&text);
        return NULL;
    }
    return buf_take(&text);
}

/* The first word of the first line that has one; '#' begins a comment. */
static char *read_mailname(const char *path)
{
    char *text = read_text(path);
    char *found = NULL, *save = NULL;

    if (text == NULL)
        return NULL;
    for (char *line = strtok_r(text, "\n", &save); line != NULL && found == NULL;
         line = strtok_r(NULL, "\n", &save)) {
        line[strcspn(line, "#")] = '\0';
        line += strspn(line, BLANKS);
        line[strcspn(line, BLANKS)] = '\0';
        if (line[0] != '\0')
            found = xstrdup(line);
    }
    free(text);
    if (found != NULL && !is_host_name(found)) {
        free(found);
        found = NULL;
    }
    return found;
}

/* True when the alias is NODE with a domain behind it. */
static bool is_node_in_domain(const char *alias, const char *node)
{
    size_t n = strlen(node);

    return strncasecmp(alias, node, n) == 0 && alias[n] == '.';
}

/*
 * The full name in one line of hosts(5), "ADDRESS CANONICAL ALIAS...", if the line lists NODE: the
 * canonical name if it is a full one, else an alias that is NODE in a domain. LINE is cut up.
 */
static const char *name_in_line(char *line, const char *node)
{
    const char *canonical = NULL, *alias = NULL;
    char *save = NULL;
    bool listed = false;

    line[strcspn(line, "#")] = '\0';
    if (strtok_r(line, BLANKS, &save) == NULL) /* the address */
        return NULL;
    for (const char *word = strtok_r(NULL, BLANKS, &save); word != NULL;
         word = strtok_r(NULL, BLANKS, &save)) {
        listed = listed || strcasecmp(word, node) == 0;
        if (canonical == NULL)
            canonical = word;
        else if (alias == NULL && is_full_name(word) && is_node_in_domain(word, node))
            alias = word;
    }
    if (!listed)
        return NULL;
    return is_full_name(canonical) ? canonical : alias;
}

static char *find_in_hosts(const char *path, const char *node)
{
    char *text = node[0] != '\0' ? read_text(path) : NULL;
    char *found = NULL, *save = NULL;

    if (text == NULL)
        return NULL;
    for (char *line = strtok_r(text, "\n", &save); line != NULL && found == NULL;
         line = strtok_r(NULL, "\n", &save))
        found = xstrdup(name_in_line(line, node));
    free(text);
    return found;
}

static void add_own(struct who *w, const char *name)
{
    if (name != NULL && name[0] != '\0' && !strv_has(&w->own, name))
        strv_add(&w->own, name);
}

static void find_names(struct who *w, const struct who_source *from)
{
    w->node = xstrdup(from->node);
    w->mailname = read_mailname(from->mailname);
    w->host = is_full_name(w->node) ? xstrdup(w->node) : find_in_hosts(from->hosts, w->node);
    add_own(w, w->node);
    add_own(w, w->host);
    add_own(w, "localhost");
    add_own(w, "localhost.localdomain");
    if (w->host == NULL && w->mailname != NULL && is_full_name(w->mailname))
        w->host = xstrdup(w->mailname);
}

static void set_names(struct who *w, const struct who_source *from)
{
    struct buf login;

    buf_init(&login, 64);
    buf_addf(&login, "uid%lu", (unsigned long)from->uid);
    w->login = from->login != NULL ? xstrdup(from->login) : xstrdup(login.data);
    buf_free(&login);
    w->gecos = full_name(from->gecos != NULL ? from->gecos : "", w->login);
}

void who_fill(struct who *w, const struct who_source *source)
{
    struct who_source from = *source;

    *w = (struct who){.uid = from.uid, .euid = from.euid, .gid = from.gid, .secure = from.secure};
    w->home = find_home(&from);
    w->config_home = find_folder(&from, w->home, "XDG_CONFIG_HOME", ".config");
    w->state_home = find_folder(&from, w->home, "XDG_STATE_HOME", ".local/state");
    if (from.ask == NULL)
        set_names(w, &from);
    find_names(w, &from);
}

/* What it points to lasts until the next question. */
static void ask_passwd(struct who_source *from)
{
    const struct passwd *entry = getpwuid(from->uid);

    if (entry == NULL)
        return;
    from->login = entry->pw_name;
    from->gecos = entry->pw_gecos;
    from->home = entry->pw_dir;
}

const char *who_login(struct who *w)
{
    struct who_source from = {.uid = w->uid};

    if (w->login == NULL) {
        ask_passwd(&from);
        set_names(w, &from);
    }
    return w->login;
}

const char *who_gecos(struct who *w)
{
    (void)who_login(w);
    return w->gecos != NULL ? w->gecos : "";
}

static const char *process_env(const char *name)
{
    return getenv(name);
}

void who_am_i(struct who *w)
{
    char node[HOST_MAX + 2] = "";
    struct who_source source = {.uid = getuid(),
                                .euid = geteuid(),
                                .gid = getgid(),
                                .secure = getauxval(AT_SECURE) != 0,
                                .hosts = "/etc/hosts",
                                .mailname = "/etc/mailname",
                                .env = process_env,
                                .ask = ask_passwd};

    if (gethostname(node, sizeof(node) - 1) != 0) /* a name cut short may lack its NUL */
        node[0] = '\0';
    source.node = node;
    who_fill(w, &source);
}

bool who_is_here(const struct who *w, const char *domain)
{
    size_t n = strlen(domain);

    if (n > 0 && domain[n - 1] == '.')
        n--;
    for (size_t i = 0; i < w->own.n; i++)
        if (strlen(w->own.v[i]) == n && strncasecmp(w->own.v[i], domain, n) == 0)
            return true;
    return false;
}

bool who_in_group(const struct who *w, const char *name)
{
    const struct group *group = getgrnam(name);
    gid_t *list;
    gid_t wanted;
    int n;
    bool found;

    if (group == NULL)
        return false;
    wanted = group->gr_gid;
    if (w->gid == wanted)
        return true;
    n = getgroups(0, NULL);
    if (n <= 0)
        return false;
    list = xcalloc((size_t)n, sizeof(*list));
    n = getgroups(n, list);
    found = false;
    for (int i = 0; i < n && !found; i++)
        found = list[i] == wanted;
    free(list);
    return found;
}

/* A folder of EUID, or one that root is free to make. */
static bool is_own_or_to_make(const char *path, uid_t euid)
{
    struct stat st;

    return is_own_folder(path, euid) || (euid == 0 && lstat(path, &st) != 0 && errno == ENOENT);
}

char *who_state_dir(const struct who *w, const char *system)
{
    struct buf path;

    if (system != NULL && is_own_or_to_make(system, w->euid))
        return xstrdup(system);
    if (w->state_home == NULL)
        return NULL;
    buf_init(&path, strlen(w->state_home) + sizeof("/postrider"));
    buf_addf(&path, "%s/postrider", w->state_home);
    return buf_take(&path);
}

void who_free(struct who *w)
{
    free(w->login);
    free(w->gecos);
    free(w->home);
    free(w->config_home);
    free(w->state_home);
    free(w->host);
    free(w->mailname);
    free(w->node);
    strv_free(&w->own);
    *w = (struct who){0};
}
