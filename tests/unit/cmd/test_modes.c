/* The tables of names, letters and verbs agree with each other and with what DESIGN asks. */
#include "config.h"

#include "cmd/cmd.h"

#include <string.h>

#include "tap.h"

static const struct {
    const char *name;
    const char *verb; /* the verb or the letter's help that the name must lead to */
    bool own;
} names[] = {
    {"sendmail", "send", false},
    {"send-mail", "send", false},
    {"mailq", NULL, false},
    {"newaliases", NULL, false},
    {"runq", NULL, false},
    {"hoststat", NULL, false},
    {"purgestat", NULL, false},
    {"postrider", NULL, true},
    {"lt-postrider", NULL, true},
    {"Sendmail", NULL, true},
    {"", NULL, true},
};

static const struct {
    const char *word;
    const char *want;
} near[] = {
    {"sned", "send"},
    {"sent", "send"},
    {"acounts", "accounts"},
    {"account", "accounts"},
    {"hlep", "help"},
    {"xyzzy", NULL},
    {"", NULL},
};

static void test_rows(void)
{
    size_t n, i, k;
    const struct mode_row *row = cmd_modes(&n);

    for (i = 0; i < n; i++) {
        ok(row[i].run != NULL && row[i].help != NULL, "row %zu runs and says what", i);
        ok(row[i].verb != NULL || row[i].letter != 0, "row %zu can be reached", i);
        ok(row[i].verb == NULL || row[i].arguments != NULL, "row %zu: a verb has a usage", i);
        ok((row[i].run == cmd_refused) == (row[i].hint != NULL),
           "row %zu: what is refused says what to do instead", i);
        for (k = 0; k < i; k++) {
            ok(row[i].letter == 0 || row[i].letter != row[k].letter, "rows %zu and %zu: letters", k,
               i);
            ok(row[i].verb == NULL || row[k].verb == NULL || strcmp(row[i].verb, row[k].verb) != 0,
               "rows %zu and %zu: verbs", k, i);
        }
        if (row[i].verb != NULL)
            ok(cmd_mode_by_verb(row[i].verb) == &row[i], "%s is found", row[i].verb);
        if (row[i].letter != 0)
            ok(cmd_mode_by_letter(row[i].letter) == &row[i], "row %zu is found by letter", i);
    }
    ok(cmd_mode_by_letter(0) == NULL, "no letter, no row");
    ok(cmd_mode_by_verb("nothing") == NULL, "an unknown verb, no row");
}

/* The letters that a daemon or an address test would need are refused, by hint. */
static void test_refused(void)
{
    static const char letters[] = "dDlhHteP";
    size_t i;

    for (i = 0; i < sizeof(letters) - 1; i++) {
        const struct mode_row *row = cmd_mode_by_letter(letters[i]);
        struct cmd cmd = {0};
        struct fault why = {0};

        cmd.opt.mode = letters[i];
        if (!ok(row != NULL && row->run == cmd_refused, "-b%c is refused", letters[i]))
            continue;
        is_int(row->run(&cmd, &why), CAUSE_USAGE, "... as a usage error");
        is_int(fault_exit_status(&why), 64, "... with 64");
        ok(fault_hint_text(&why) != NULL, "... and a hint");
        ok(!row->reads_message, "... without reading standard input");
        fault_free(&why);
    }
}

int main(void)
{
    size_t i;

    test_rows();
    test_refused();
    for (i = 0; i < ARRAY_LEN(names); i++) {
        char letter = cmd_letter_of_name(names[i].name);
        const struct mode_row *row = cmd_mode_by_letter(letter);

        ok((letter == 0) == names[i].own, "\"%s\": %s", names[i].name,
           names[i].own ? "ours" : "sendmail's");
        ok(letter == 0 || row != NULL, "\"%s\" has a row", names[i].name);
        ok(letter == 0 || row->reads_message == (names[i].verb != NULL),
           "\"%s\": reads standard input only to send", names[i].name);
    }
    for (i = 0; i < ARRAY_LEN(near); i++)
        is_str(cmd_nearest_verb(near[i].word), near[i].want, near[i].word);
    return done_testing();
}
