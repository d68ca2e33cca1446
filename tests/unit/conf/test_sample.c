/*
 * test_sample.c: etc/postrider.ini against the table: every setting is there, commented out, with
 * its default; and every line of it is right when its comment sign is taken away.
 */
#include "config.h"

#include "base/attr.h"
#include "base/file.h"
#include "base/limits.h"
#include "conf/settings.h"
#include "loading.h"

/* A line "#..." without a blank is one of the file's, "# ..." is for people. */
static bool is_setting(const char *line)
{
    return line[0] == '#' && line[1] != ' ' && line[1] != '\n' && line[1] != '\0';
}

static void read_sample(struct buf *text)
{
    struct fault why = {0};
    struct stat st;
    int fd = -1;

    buf_init(text, LIMIT_CONFIG_FILE);
    if (ok(file_open_regular(SRCDIR "/etc/postrider.ini", &fd, &st, &why) == CAUSE_NONE &&
               file_read_fd(fd, "postrider.ini", text, &why) == CAUSE_NONE,
           "the sample can be read"))
        close(fd);
    fault_free(&why);
}

/* The value behind "#KEY = " in the section LABEL ("[account", ...), or NULL. */
static bool find_value(const char *text, const char *label, const char *key, char out[256])
{
    const char *line = text;
    bool within = false;
    size_t n = strlen(key);

    while (line != NULL && *line != '\0') {
        const char *next = strchr(line, '\n');

        if (line[0] == '#' && line[1] == '[')
            within = strncmp(line + 1, label, strlen(label)) == 0;
        if (within && line[0] == '#' && strncmp(line + 1, key, n) == 0 &&
            strncmp(line + 1 + n, " = ", 3) == 0) {
            line += n + 4;
            snprintf(out, 256, "%.*s", (int)strcspn(line, "\n"), line);
            return true;
        }
        line = next != NULL ? next + 1 : NULL;
    }
    return false;
}

static void test_keys(const char *text)
{
    static const char *const labels[] = {"[account work", "[defaults]", "[queue]", "[log]"};
    size_t n, i;
    const struct setting *rows = settings_table(&n);

    for (i = 0; i < n; i++) {
        char value[256] = "";

        ok(find_value(text, labels[rows[i].scope], rows[i].key, value), "%s is in %s", rows[i].key,
           labels[rows[i].scope]);
        if (rows[i].fallback != NULL)
            is_str(value, rows[i].fallback, "with its default");
    }
}

/* The minimum: the first block of settings. Sets *n to its length in lines. */
static void take_minimum(const char *text, struct buf *out, size_t *lines)
{
    const char *line = text;

    *lines = 0;
    while (line != NULL && !is_setting(line)) {
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    while (line != NULL && is_setting(line)) {
        size_t n = strcspn(line, "\n");

        buf_add(out, line + 1, n - 1);
        buf_addc(out, '\n');
        line += n + (line[n] == '\n');
        ++*lines;
    }
}

static void test_minimum(struct scratch *s, const char *text)
{
    struct loading l;
    struct buf minimum;
    size_t lines;

    buf_init(&minimum, 10000);
    take_minimum(text, &minimum, &lines);
    is_int((long long)lines, 3, "three lines");
    loading_text(&l, s, minimum.data, NULL, SRCDIR "/etc/providers.ini");
    is_str(l.all, "", "are a configuration");
    ok(l.c != NULL && l.c->n == 1 && l.c->account[0]->host.n == 1 &&
           account_address(l.c->account[0]) != NULL,
       "with a server and an address");
    buf_free(&minimum);
    loading_free(&l);
}

/* Adds a line to the minimum, in its section: "[account mine]" comes last, so it is open. */
static void test_line(struct scratch *s, const char *minimum, const char *section, const char *line)
{
    const char *key = line;
    size_t n = strcspn(key, " ");
    bool of_account = strncmp(section, "[account", 8) == 0;
    const struct setting *row;
    struct loading l;
    struct buf text;
    char name[64];

    snprintf(name, sizeof(name), "%.*s", (int)n, key);
    row = of_account ? settings_find(SCOPE_ACCOUNT, name) : NULL;
    buf_init(&text, 20000);
    buf_adds(&text, minimum);
    if (row != NULL && (strcmp(name, "user") == 0 || row->type == SET_COMMAND ||
                        row->type == SET_SECRET || row->type == SET_CREDENTIAL))
        buf_reset(&text); /* would be there twice: on its own */
    if (!of_account || text.len == 0)
        buf_addf(&text, "%s\n", section);
    if (text.len > 0 && of_account && strstr(text.data, "user") == NULL)
        buf_addf(&text, "host = h.example\n%s", strcmp(name, "user") == 0 ? "" : "user = u\n");
    if (strcmp(name, "tls_key") == 0)
        buf_adds(&text, "tls_cert = /c.pem\n");
    buf_addf(&text, "%s\n", line);
    loading_text(&l, s, text.data, NULL, SRCDIR "/etc/providers.ini");
    if (strcmp(name, "like") == 0)
        ok(strstr(l.all, "like: leads back") != NULL, "like is seen");
    else
        is_str(l.all, "", line);
    buf_free(&text);
    loading_free(&l);
}

static void test_lines(struct scratch *s, const char *text)
{
    char section[64] = "", line[512];
    const char *at = text;
    struct buf minimum;
    size_t lines;

    buf_init(&minimum, 10000);
    take_minimum(text, &minimum, &lines);
    while (at != NULL && *at != '\0') {
        size_t n = strcspn(at, "\n");

        snprintf(line, sizeof(line), "%.*s", n > 0 ? (int)n - 1 : 0, n > 0 ? at + 1 : at);
        if (is_setting(at) && line[0] == '[')
            snprintf(section, sizeof(section), "%.63s", line);
        else if (is_setting(at) && strcmp(section, "[account mine]") != 0)
            test_line(s, minimum.data, section, line);
        at += n + (at[n] == '\n');
    }
    buf_free(&minimum);
}

int main(void)
{
    struct scratch s;
    struct buf text;

    scratch_open(&s);
    read_sample(&text);
    test_keys(text.data);
    test_minimum(&s, text.data);
    test_lines(&s, text.data);
    buf_free(&text);
    scratch_close(&s);
    return done_testing();
}
