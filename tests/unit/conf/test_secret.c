/* test_secret.c: the three places of a secret, and every way that they fail. */
#include "config.h"

#include "conf/secret.h"

#include "base/attr.h"
#include "base/limits.h"
#include "base/xalloc.h"
#include "conf/account.h"
#include "conf/settings.h"
#include "scratch.h"
#include "tap.h"

static struct account *make(void)
{
    struct account *a = account_new("x");

    a->secret->euid = geteuid();
    a->secret->command_ok = true;
    return a;
}

static void set(struct account *a, const char *key, const char *value)
{
    struct fault why = {0};

    if (settings_assign(settings_find(SCOPE_ACCOUNT, key), a, value, &why) != CAUSE_NONE)
        ok(false, "%s", why.text.data);
    fault_free(&why);
}

/* True when getting A's secret ends with CAUSE and a text that holds TEXT (the secret: is it). */
static void expect(const struct account *a, enum cause cause, const char *text, const char *name)
{
    struct fault why = {0};
    struct buf out;
    enum cause c;

    buf_init_secret(&out, LIMIT_SECRET);
    c = secret_get(a, false, &out, &why);
    is_int(c, cause, name);
    if (c == CAUSE_NONE)
        is_str(out.data, text, "the secret");
    else if (!ok(strstr(why.text.data, text) != NULL, "%s: its text", name))
        printf("#   got  %s\n", why.text.data);
    buf_free(&out);
    fault_free(&why);
}

static void test_inline(void)
{
    struct account *a = make();

    ok(!secret_is_set(a), "nothing is set");
    expect(a, CAUSE_SECRET, "no password", "nothing to get");
    buf_adds(&a->secret->inline_password, "pa ;ss #w\\ord\" ");
    a->secret->has_inline = true;
    ok(secret_is_set(a), "a password is set");
    expect(a, CAUSE_NONE, "pa ;ss #w\\ord\" ", "as it is, blanks included");
    set(a, "password_command", "false");
    expect(a, CAUSE_NONE, "pa ;ss #w\\ord\" ", "it goes before a command");
    account_close(&a);
}

static void test_command(void)
{
    static const struct {
        const char *command, *text;
        enum cause cause;
        const char *why;
    } cases[] = {
        {"echo secret", "secret", CAUSE_NONE, "the first line"},
        {"printf 'a b \\n second\\n'", "a b ", CAUSE_NONE, "only the first, blanks kept"},
        {"printf 'crlf\\r\\n'", "crlf", CAUSE_NONE, "CRLF"},
        {"printf nolf", "nolf", CAUSE_NONE, "no line end"},
        {"echo '$HOME *'", "$HOME *", CAUSE_NONE, "no shell"},
        {"printf '\\n secret'", "the first line is empty", CAUSE_SECRET, "an empty line"},
        {"true", "the first line is empty", CAUSE_SECRET, "nothing"},
        {"printf 'a\\000b'", "a NUL octet", CAUSE_SECRET, "NUL"},
        {"false", "password_command: ", CAUSE_SECRET, "status 1"},
        {"/nonexistent/command", "password_command: ", CAUSE_SECRET, "no such command"},
        {"head -c 70000 /dev/zero", "password_command: ", CAUSE_SECRET, "too much"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        struct account *a = make();

        set(a, "password_command", cases[i].command);
        ok(secret_is_set(a), "a command is set");
        expect(a, cases[i].cause, cases[i].text, cases[i].why);
        account_close(&a);
    }
}

static void test_unsafe_command(void)
{
    struct account *a = make();

    set(a, "password_command", "echo secret");
    a->secret->command_ok = false;
    expect(a, CAUSE_CONFIG, "is not run", "a command that others could have written");
    account_close(&a);
}

static void test_file(struct scratch *s)
{
    static const struct {
        const char *content;
        size_t n;
        mode_t mode;
        enum cause cause;
        const char *text, *why;
    } cases[] = {
        {"secret\n", 7, 0600, CAUSE_NONE, "secret", "a file of mode 600"},
        {"secret", 6, 0644, CAUSE_NONE, "secret", "secret mounts are world-readable"},
        {"one\ntwo\n", 8, 0400, CAUSE_NONE, "one", "the first line"},
        {"crlf\r\n", 6, 0600, CAUSE_NONE, "crlf", "CRLF"},
        {" blanks \n", 9, 0600, CAUSE_NONE, " blanks ", "blanks are part of it"},
        {"", 0, 0600, CAUSE_SECRET, "the first line is empty", "empty"},
        {"\nx", 2, 0600, CAUSE_SECRET, "the first line is empty", "an empty first line"},
        {"a\0b\n", 4, 0600, CAUSE_SECRET, "a NUL octet", "NUL"},
        {"x\0", 2, 0600, CAUSE_SECRET, "a NUL octet", "NUL at the end"},
        {"secret\n", 7, 0620, CAUSE_SECRET, "lets others write", "the group may write"},
        {"secret\n", 7, 0602, CAUSE_SECRET, "lets others write", "all may write"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        struct account *a = make();

        set(a, "password_file",
            scratch_write_n(s, "secret", cases[i].content, cases[i].n, cases[i].mode));
        expect(a, cases[i].cause, cases[i].text, cases[i].why);
        account_close(&a);
    }
}

static void test_file_kind(struct scratch *s)
{
    struct account *a = make();
    char *link = xstrdup(scratch_path(s, "link"));

    set(a, "password_file", scratch_path(s, "missing"));
    expect(a, CAUSE_SECRET, "No such file", "a missing file");
    set(a, "password_file", s->dir);
    expect(a, CAUSE_SECRET, "not a regular file", "a folder");
    if (mkfifo(scratch_path(s, "fifo"), 0600) == 0) {
        set(a, "password_file", scratch_path(s, "fifo"));
        expect(a, CAUSE_SECRET, "not a regular file", "a FIFO, without hanging");
    }
    if (symlink(scratch_write(s, "target", "linked\n", 0600), link) == 0) {
        set(a, "password_file", link);
        expect(a, CAUSE_NONE, "linked", "symbolic links are followed");
    }
    free(link);
    account_close(&a);
}

static void test_owner(struct scratch *s)
{
    static const struct {
        uid_t owner, euid;
        bool good;
        const char *why;
    } cases[] = {
        {0, 1000, true, "root's file for a user"},
        {1000, 1000, true, "the user's own"},
        {1001, 1000, false, "somebody else's"},
        {1000, 0, false, "a user's for root"},
    };
    size_t i;

    for (i = 0; geteuid() == 0 && i < ARRAY_LEN(cases); i++) {
        struct account *a = make();
        const char *path = scratch_write(s, "owned", "secret\n", 0600);

        a->secret->euid = cases[i].euid;
        set(a, "password_file", path);
        if (chown(path, cases[i].owner, 0) == 0)
            expect(a, cases[i].good ? CAUSE_NONE : CAUSE_SECRET,
                   cases[i].good ? "secret" : "owned by uid", cases[i].why);
        account_close(&a);
    }
}

static void test_credentials(struct scratch *s)
{
    struct account *a = make();

    set(a, "password_file", "smtp.password");
    unsetenv("CREDENTIALS_DIRECTORY");
    expect(a, CAUSE_SECRET, "$CREDENTIALS_DIRECTORY, which is not set", "no folder");
    setenv("CREDENTIALS_DIRECTORY", "relative", 1);
    expect(a, CAUSE_SECRET, "$CREDENTIALS_DIRECTORY, which is not set", "no absolute one");
    setenv("CREDENTIALS_DIRECTORY", s->dir, 1);
    expect(a, CAUSE_SECRET, "No such file", "a folder without the file");
    scratch_write(s, "smtp.password", "credential\n", 0400);
    expect(a, CAUSE_NONE, "credential", "the file in the folder");
    unsetenv("CREDENTIALS_DIRECTORY");
    account_close(&a);
}

static void test_size(struct scratch *s)
{
    static char text[LIMIT_SECRET + 1];
    struct account *a = make();
    struct fault why = {0};
    struct buf out;

    memset(text, 's', sizeof(text));
    set(a, "password_file", scratch_write_n(s, "long", text, 5000, 0600));
    buf_init_secret(&out, LIMIT_SECRET);
    ok(secret_get(a, false, &out, &why) == CAUSE_NONE && out.len == 5000,
       "a secret of 5,000 octets");
    buf_reset(&out);
    set(a, "password_file", scratch_write_n(s, "long", text, LIMIT_SECRET, 0600));
    ok(secret_get(a, false, &out, &why) == CAUSE_NONE && out.len == LIMIT_SECRET, "the longest");
    buf_reset(&out);
    set(a, "password_file", scratch_write_n(s, "long", text, LIMIT_SECRET + 1, 0600));
    is_int(secret_get(a, false, &out, &why), CAUSE_SECRET, "one more is refused");
    is_int((long long)out.len, 0, "not cut");
    buf_free(&out);
    buf_init_secret(&out, 10);
    set(a, "password_file", scratch_write_n(s, "long", text, 11, 0600));
    is_int(secret_get(a, false, &out, &why), CAUSE_SECRET, "more than the caller can take");
    buf_free(&out);
    fault_free(&why);
    account_close(&a);
}

/* A token was refused: whether there is another way to get one. */
static void test_fresh(struct scratch *s)
{
    struct account *a = make();
    struct fault why = {0};
    struct buf out;

    buf_init_secret(&out, 100);
    set(a, "password_file", scratch_write_n(s, "token", "x", 1, 0600));
    is_int(secret_get(a, true, &out, &why), CAUSE_NONE, "a file");
    is_str(out.data, "", "... has said all it has to say");
    account_close(&a);
    a = make();
    buf_adds(&a->secret->inline_password, "x");
    a->secret->has_inline = true;
    is_int(secret_get(a, true, &out, &why), CAUSE_NONE, "a password");
    is_str(out.data, "", "... is what it is");
    account_close(&a);
    a = make();
    a->secret->command_ok = true;
    set(a, "password_command", "echo new");
    is_int(secret_get(a, true, &out, &why), CAUSE_NONE, "a command");
    is_str(out.data, "new", "... is run again");
    buf_free(&out);
    fault_free(&why);
    account_close(&a);
}

int main(void)
{
    struct scratch s;

    scratch_open(&s);
    test_inline();
    test_command();
    test_unsafe_command();
    test_file(&s);
    test_file_kind(&s);
    test_owner(&s);
    test_credentials(&s);
    test_size(&s);
    test_fresh(&s);
    scratch_close(&s);
    return done_testing();
}
