/* test_proc_split.c: command lines in words, and what only a shell would understand. */
#include "config.h"

#include "base/proc.h"

#include "base/strv.h"
#include "tap.h"

static struct fault why;

static void test_split(void)
{
    static const struct {
        const char *in, *want, *why; /* want: words joined by '|'; NULL: refused */
    } cases[] = {
        {"pass show mail", "pass|show|mail", "words"},
        {"  a \t b\n", "a|b", "blanks of all kinds"},
        {"'a b' \"c d\"", "a b|c d", "quotes"},
        {"a'b'\"c\"d", "abcd", "quotes inside a word"},
        {"'' \"\" x", "||x", "empty words"},
        {"a\\ b \\' \\\\", "a b|'|\\", "backslash"},
        {"'a\\b' \"a\\b\" \"a\\\"b\\\\\\$\"", "a\\b|a\\b|a\"b\\$", "backslash within quotes"},
        {"~ * a;b $ $1 a$b #e 2", "~|*|a;b|$|$1|a$b|#e|2", "nothing is expanded"},
        {"b\xc3\xbc"
         "cher",
         "b\xc3\xbc"
         "cher",
         "UTF-8"},
        {"", NULL, "nothing"},
        {" \t\n", NULL, "blanks only"},
        {"a 'b", NULL, "an open quote"},
        {"a \"b", NULL, "another one"},
        {"a \"b\\\"", NULL, "closed only in appearance"},
        {"a \"b\\", NULL, "a backslash at the end, in quotes"},
        {"a\\", NULL, "a backslash at the end"},
        {"'", NULL, "a quote alone"},
    };
    struct strv argv = {0};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf joined;
        bool good;

        strv_free(&argv);
        strv_add(&argv, "old");
        good = proc_split(cases[i].in, &argv, &why) == CAUSE_NONE;
        buf_init(&joined, 1000);
        for (size_t w = 0; w < argv.n; w++) {
            if (w > 0)
                buf_addc(&joined, '|');
            buf_adds(&joined, argv.v[w]);
        }
        ok(good == (cases[i].want != NULL), "split: %s", cases[i].why);
        is_str(joined.data, cases[i].want != NULL ? cases[i].want : "old", cases[i].why);
        buf_free(&joined);
    }
    strv_free(&argv);
}

/* What a user would expect a shell to do, and nobody does. */
static void test_shell(void)
{
    static const struct {
        const char *in, *want; /* NULL: a word like others */
    } cases[] = {
        {"pass mail | head -1", "|"},
        {"pass mail |head -1", "|"},
        {"a || b", "|"},
        {"pass mail > /dev/null", ">"},
        {"pass mail 2>/dev/null", "2>"},
        {"pass mail 2>&1", "2>"},
        {"cat <secret", "<"},
        {"a && b", "&"},
        {"agent &", "&"},
        {"a ; b", ";"},
        {"echo $(cat x)", "$("},
        {"echo hunter2$(cat x)", "$("},
        {"echo `cat x`", "`"},
        {"echo a`b`", "`"},
        {"~/bin/password", "~/"},
        {"cat ~/secret", "~/"},
        {"echo $PASSWORD", "$PASSWORD"},
        {"echo ${PASSWORD}", "${PASSWORD}"},
        {"$HOME/bin/password", "$HOME"},
        {"a ''|b", NULL},
        {"curl http://h.example/?a=b&c=d;e", NULL},
        {"awk '{ print $1 }' \"|\" '>' '`x`' \"$(x)\" '~/x' '$HOME'", NULL},
        {"find . ( -name x ) \\; \\| \\> \\$(x) \\`x \\$HOME \\~/x", NULL},
        {"sh -c 'pass mail | head -1'", NULL},
        {"a ~user a~/b ${ ${} $HOME.x ${x}y $x-y", NULL},
    };
    struct strv argv = {0};
    char want[80];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        enum cause cause = proc_split(cases[i].in, &argv, &why);

        if (!is_int(cause, cases[i].want != NULL ? CAUSE_CONFIG : CAUSE_NONE, cases[i].in) ||
            cause == CAUSE_NONE)
            continue;
        snprintf(want, sizeof(want), "there is no shell here: %s", cases[i].want);
        is_str(why.text.data, want, "says what, and nothing of what stands around it");
        is_str(fault_hint_text(&why), "for a shell write sh -c '...'", "and how to have one");
    }
    strv_free(&argv);
}

int main(void)
{
    test_split();
    test_shell();
    fault_free(&why);
    return done_testing();
}
