/* The manual pages know every setting, cause, option and verb of the tables. */
#include "config.h"

#include "cmd/cmd.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "conf/settings.h"
#include "tap.h"

/* A page of the source tree as text. */
static char *page(const char *name)
{
    struct fault why = {0};
    struct stat st;
    struct buf text;
    char path[4096];
    int fd = -1;

    snprintf(path, sizeof(path), "%s/man/%s", SRCDIR, name);
    buf_init(&text, 1024 * 1024);
    if (file_open_regular(path, &fd, &st, &why) != CAUSE_NONE ||
        file_read_fd(fd, path, &text, &why) != CAUSE_NONE) {
        printf("Bail out! %s\n", why.text.data);
        exit(99);
    }
    close(fd);
    return buf_take(&text);
}

static bool is_word(char c)
{
    return c == '_' || c == '.' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* KEY stands as a word of its own on a line that begins with ".It Cm". */
static bool has_item(const char *text, const char *key)
{
    const char *line = text;
    size_t len = strlen(key);

    for (; line != NULL; line = strchr(line, '\n')) {
        const char *end, *at;

        line += *line == '\n';
        end = strchr(line, '\n');
        if (strncmp(line, ".It Cm ", 7) != 0)
            continue;
        for (at = line; (at = strstr(at, key)) != NULL && at < end; at++) {
            if (!is_word(at[-1]) && !is_word(at[len]))
                return true;
        }
    }
    return false;
}

static void test_settings(void)
{
    char *text = page("postrider.ini.5");
    size_t n, i;
    const struct setting *row = settings_table(&n);

    for (i = 0; i < n; i++)
        ok(has_item(text, row[i].key), "postrider.ini(5) has %s", row[i].key);
    free(text);
}

static void test_causes(void)
{
    char *text = page("postrider.1");
    int i;

    for (i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
        const struct cause_row *row = fault_row((enum cause)i);
        char line[512];

        snprintf(line, sizeof(line), "\n.It %s Ta %d Ta %s\n", row->name, row->exit_status,
                 row->text);
        ok(strstr(text, line) != NULL, "postrider(1) has %s with status %d and its text", row->name,
           row->exit_status);
    }
    free(text);
}

static void test_verbs(void)
{
    char *text = page("postrider.1");
    size_t n, i;
    const struct mode_row *row = cmd_modes(&n);

    for (i = 0; i < n; i++) {
        if (row[i].verb != NULL)
            ok(has_item(text, row[i].verb), "postrider(1) has the verb %s", row[i].verb);
    }
    free(text);
}

/* A letter stands behind ".Fl" or in its list of letters; a long option as "Fl -name". */
static bool has_option(const char *text, const char *spelling)
{
    const char *line;
    char want[64];

    snprintf(want, sizeof(want), "Fl %s", spelling + (spelling[0] == '-' ? 1 : 0));
    for (line = text; (line = strstr(line, want)) != NULL; line++) {
        char after = line[strlen(want)];

        if (after == ' ' || after == '\n')
            return true;
    }
    snprintf(want, sizeof(want), ", %s ", spelling);
    return strstr(text, want) != NULL;
}

static void test_options(void)
{
    char *own = page("postrider.1"), *theirs = page("sendmail.8");
    size_t n, i;
    const struct option_row *row = options_table(&n);

    for (i = 0; i < n; i++)
        ok(has_option(row[i].own || row[i].spelling[0] == '-' ? own : theirs, row[i].spelling) ||
               has_option(theirs, row[i].spelling),
           "a manual has the option %s", row[i].spelling);
    free(own);
    free(theirs);
}

int main(void)
{
    test_settings();
    test_causes();
    test_verbs();
    test_options();
    return done_testing();
}
