/* test_fault.c: the table of causes, and how texts are built, joined, cut and made printable. */
#include "config.h"

#include "base/fault.h"

#include <errno.h>
#include <sysexits.h>

#include "base/limits.h"
#include "tap.h"

/* True when NAME is lower-case words joined by single hyphens. */
static bool is_kebab(const char *name)
{
    char before = '-';

    for (; *name != '\0'; before = *name++)
        if ((*name < 'a' || *name > 'z') && (*name != '-' || before == '-'))
            return false;
    return before != '-';
}

static bool is_printable(const char *s)
{
    for (; *s != '\0'; s++)
        if (*s < ' ' || *s > '~' || *s == '\\')
            return false;
    return true;
}

static void test_rows(void)
{
    for (int i = 0; i < CAUSE_COUNT; i++) {
        const struct cause_row *row = fault_row((enum cause)i);
        bool temporary = row->exit_status == EX_TEMPFAIL;
        bool other = true;

        if (!ok(row->cause == (enum cause)i && row->name != NULL, "cause %d has its row", i))
            continue;
        for (int j = 0; j < i; j++)
            other = other && strcmp(row->name, fault_row((enum cause)j)->name) != 0;
        ok(is_kebab(row->name) && other, "%s: a name of its own", row->name);
        ok(row->exit_status == 0 || (row->exit_status >= EX__BASE && row->exit_status <= EX__MAX),
           "%s: a sysexits status", row->name);
        ok(row->text != NULL && is_printable(row->text) && strlen(row->text) < 90, "%s: a text",
           row->name);
        ok(row->hint == NULL || (is_printable(row->hint) && strlen(row->hint) < 90),
           "%s: a short hint, if any", row->name);
        ok(!temporary || row->keep == KEEP_RETRY || row->keep == KEEP_ACCOUNT,
           "%s: what is temporary can be kept", row->name);
        ok(!temporary || row->code.class == 4, "%s: a temporary code", row->name);
        ok(row->keep != KEEP_REFUSED || row->code.class == 5, "%s: a final code", row->name);
    }
    is_int(fault_row(CAUSE_COUNT)->cause, CAUSE_SOFTWARE, "what is no cause is a defect");
    is_int(fault_row((enum cause)1000)->cause, CAUSE_SOFTWARE, "however far off");
}

/* A hint that names what is not there sends people round in circles. */
static void test_hints(void)
{
    static const char *const absent[] = {"postrider setup", "queue run"};

    for (int i = 0; i < CAUSE_COUNT; i++) {
        const struct cause_row *row = fault_row((enum cause)i);

        for (size_t a = 0; a < ARRAY_LEN(absent) && row->hint != NULL; a++)
            ok(strstr(row->hint, absent[a]) == NULL, "%s: no word of %s", row->name, absent[a]);
    }
    is_str(fault_row(CAUSE_CONFIG)->hint, NULL, "every error of a file was shown already");
}

/* DESIGN sections 4 and 8, spelled a second time on purpose. */
static void test_verdicts(void)
{
    static const struct {
        enum cause cause;
        int status;
        enum keep keep;
    } want[] = {
        {CAUSE_NONE, 0, KEEP_NO},
        {CAUSE_USAGE, 64, KEEP_NO},
        {CAUSE_NO_RECIPIENTS, 64, KEEP_NO},
        {CAUSE_BAD_ADDRESS, 65, KEEP_REFUSED},
        {CAUSE_BAD_MESSAGE, 65, KEEP_REFUSED},
        {CAUSE_NEEDS_ARMOR, 65, KEEP_REFUSED},
        {CAUSE_INPUT, 66, KEEP_NO},
        {CAUSE_LOCAL_RCPT, 67, KEEP_REFUSED},
        {CAUSE_RCPT_REFUSED, 67, KEEP_REFUSED},
        {CAUSE_DNS_NONE, 68, KEEP_ACCOUNT},
        {CAUSE_SENDER_REFUSED, 69, KEEP_REFUSED},
        {CAUSE_SENDER_NOT_OWNED, 69, KEEP_REFUSED},
        {CAUSE_MESSAGE_REFUSED, 69, KEEP_REFUSED},
        {CAUSE_TOO_BIG, 69, KEEP_REFUSED},
        {CAUSE_SERVER_REFUSED, 69, KEEP_ACCOUNT},
        {CAUSE_SOFTWARE, 70, KEEP_RETRY},
        {CAUSE_OS, 71, KEEP_RETRY},
        {CAUSE_OS_FILE, 72, KEEP_RETRY},
        {CAUSE_CANT_CREATE, 73, KEEP_NO},
        {CAUSE_NO_QUEUE, 73, KEEP_NO},
        {CAUSE_LOCK_UNSUPPORTED, 73, KEEP_NO},
        {CAUSE_IO, 74, KEEP_RETRY},
        {CAUSE_DNS_TEMPORARY, 75, KEEP_RETRY},
        {CAUSE_CONNECT, 75, KEEP_RETRY},
        {CAUSE_TIMEOUT, 75, KEEP_RETRY},
        {CAUSE_CLOSED, 75, KEEP_RETRY},
        {CAUSE_INTERRUPTED, 75, KEEP_RETRY},
        {CAUSE_BUSY, 75, KEEP_ACCOUNT},
        {CAUSE_AUTH_TEMPORARY, 75, KEEP_ACCOUNT},
        {CAUSE_RCPT_LATER, 75, KEEP_RETRY},
        {CAUSE_TRANSACTION_LATER, 75, KEEP_RETRY},
        {CAUSE_QUOTA, 75, KEEP_RETRY},
        {CAUSE_MAY_HAVE_ARRIVED, 75, KEEP_RETRY},
        {CAUSE_DISK_FULL, 75, KEEP_RETRY},
        {CAUSE_NO_MEMORY, 75, KEEP_RETRY},
        {CAUSE_TLS, 76, KEEP_ACCOUNT},
        {CAUSE_TLS_UNTRUSTED, 76, KEEP_ACCOUNT},
        {CAUSE_TLS_NAME, 76, KEEP_ACCOUNT},
        {CAUSE_TLS_TIME, 76, KEEP_ACCOUNT},
        {CAUSE_TLS_REVOKED, 76, KEEP_ACCOUNT},
        {CAUSE_TLS_FILE, 78, KEEP_ACCOUNT},
        {CAUSE_TLS_MISSING, 76, KEEP_ACCOUNT},
        {CAUSE_PROTOCOL, 76, KEEP_ACCOUNT},
        {CAUSE_AUTH_REFUSED, 77, KEEP_ACCOUNT},
        {CAUSE_AUTH_MECHANISM, 77, KEEP_ACCOUNT},
        {CAUSE_AUTH_NEEDED, 77, KEEP_ACCOUNT},
        {CAUSE_ACCOUNT_PAUSED, 77, KEEP_ACCOUNT},
        {CAUSE_NOT_ALLOWED, 77, KEEP_NO},
        {CAUSE_CONFIG, 78, KEEP_NO},
        {CAUSE_NO_CONFIG, 78, KEEP_NO},
        {CAUSE_NO_ACCOUNT, 78, KEEP_NO},
        {CAUSE_SECRET, 78, KEEP_ACCOUNT},
        {CAUSE_ACCEPTED_WITHOUT_LOGIN, 0, KEEP_NO},
    };

    is_int((long long)ARRAY_LEN(want), CAUSE_COUNT, "every cause is in the second table");
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        const struct cause_row *row = fault_row(want[i].cause);

        is_int(row->exit_status, want[i].status, row->name);
        is_int(row->keep, want[i].keep, row->name);
    }
    for (int i = 0; i < STAGE_COUNT; i++)
        ok(fault_stage_name((enum stage)i) != NULL, "stage %d has a name", i);
    is_str(fault_stage_name(STAGE_FINAL), "the end of the message", "a stage for people");
    is_str(fault_stage_name((enum stage)99), fault_stage_name(STAGE_NONE), "no stage at all");
}

static void is_line(const struct fault *why, const char *want, const char *name)
{
    struct buf out;

    buf_init(&out, 2 * LIMIT_FAULT_TEXT);
    fault_line(why, &out);
    is_str(out.data, want, name);
    buf_free(&out);
}

static void test_texts(void)
{
    struct fault why = {0};

    is_int(fault_exit_status(&why), 0, "no fault is exit 0");
    fault_free(&why);
    is_int(fault_set(&why, CAUSE_CONFIG, "bad %s", "line"), CAUSE_CONFIG, "set returns the cause");
    is_line(&why, "bad line", "the text");
    is_int(why.code.class, 5, "the row's code");
    is_str(fault_hint_text(&why), NULL, "a row without a hint");
    fault_hint(&why, "do %d", 1);
    is_str(fault_hint_text(&why), "do 1", "a hint of its own");
    fault_place(&why, "%s:%d", "/etc/x.ini", 12);
    fault_note(&why, "account %s", "work");
    is_line(&why, "/etc/x.ini:12: account work: bad line", "place, note, text");
    why.offset = 7;
    why.stage = STAGE_AUTH;
    fault_set(&why, CAUSE_USAGE, "%s again", why.text.data);
    is_str(fault_hint_text(&why), fault_row(CAUSE_USAGE)->hint, "the row's hint");
    is_line(&why, "account work: bad line again", "old text may be an argument");
    ok(why.offset == 0 && why.stage == STAGE_NONE && why.hint.len == 0 && why.place.len == 0,
       "old content goes");
    is_int(fault_errno(&why, CAUSE_IO, ENOENT, "/tmp/x"), CAUSE_IO, "errno returns the cause");
    is_line(&why, "/tmp/x: No such file or directory", "with the system's words");
    is_int(why.err, ENOENT, "and keeps the number");
    fault_set(&why, CAUSE_IO, "a\nb \x1b[2J \\ %s", "\xff");
    is_line(&why, "a\\nb \\x1b[2J \\ \\xff", "printable, backslash alone");
    fault_note(&why, "n");
    fault_note(&why, "m");
    is_line(&why, "m: n: a\\nb \\x1b[2J \\ \\xff", "escaped once, not once for each note");
    fault_free(&why);
    fault_note(&why, "note on nothing");
    is_str(why.text.data, "note on nothing: ", "a note on an empty fault is harmless");
    fault_free(&why);
    fault_free(&why);
    is_line(&why, "no fault", "an empty fault has a line");
    why.cause = CAUSE_DISK_FULL;
    is_line(&why, fault_row(CAUSE_DISK_FULL)->text, "without a text the row's is used");
}

static void test_remote(void)
{
    static const struct enhanced none = {0}, refused = {5, 7, 8};
    struct fault why = {0};
    char words[LIMIT_FAULT_REMOTE * 2];

    fault_set(&why, CAUSE_AUTH_REFUSED, "login refused");
    fault_remote(&why, 535, refused, "5.7.8 Bad\r\n5.7.8 \x07no\n\n", 21);
    is_line(&why, "login refused: \"535 5.7.8 Bad 5.7.8 \\x07no\"", "several lines read as one");
    ok(why.smtp_code == 535 && why.code.class == 5 && why.code.detail == 8, "codes are kept");
    fault_remote(&why, 454, none, "later", 5);
    ok(why.smtp_code == 454 && why.code.detail == 8, "no enhanced code leaves the one before");
    is_line(&why, "login refused: \"454 later\"", "new words replace old ones");
    fault_remote(&why, 0, none, "x", 1);
    is_line(&why, "login refused: \"x\"", "words without a code");
    fault_set(&why, CAUSE_BUSY, "it said 'come back later' to us");
    fault_remote(&why, 421, none, "come back later", 15);
    is_line(&why, "it said 'come back later' to us", "words that the text has are not repeated");
    fault_remote(&why, 421, none, "back", 4);
    is_line(&why, "it said 'come back later' to us: \"421 back\"", "a word of the text is not all");
    fault_remote(&why, 421, none, "", 0);
    is_line(&why, "it said 'come back later' to us: \"421\"", "no words: the code alone");
    fault_remote(&why, 0, none, "", 0);
    is_line(&why, "it said 'come back later' to us", "neither words nor a code, no quotes");
    memset(words, 'a', sizeof(words));
    memcpy(words + LIMIT_FAULT_REMOTE - 1, "\xc3\xa4", 2);
    fault_remote(&why, 550, none, words, sizeof(words));
    is_int((long long)why.remote.len, LIMIT_FAULT_REMOTE - 1, "cut before a character in half");
    memset(words, '\n', sizeof(words));
    fault_remote(&why, 550, none, words, sizeof(words));
    is_int((long long)why.remote.len, 0, "empty lines are no words");
    fault_free(&why);
}

static void test_limits_and_copies(void)
{
    struct fault why = {0}, copy = {0};
    char longer[LIMIT_FAULT_TEXT + 100];
    struct buf out;

    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    memcpy(longer + LIMIT_FAULT_TEXT - 1, "\xe2\x82\xac", 3);
    fault_set(&why, CAUSE_IO, "%s", longer);
    is_int((long long)why.text.len, LIMIT_FAULT_TEXT - 1, "a long text is cut, not lost");
    memset(longer, 'x', sizeof(longer) - 1);
    memcpy(longer + LIMIT_FAULT_TEXT + 6, "\xe2\x82\xac", 3);
    fault_set(&why, CAUSE_IO, "%s", longer);
    ok(why.text.len == LIMIT_FAULT_TEXT && strchr(why.text.data, '\\') == NULL,
       "a character that printf cuts is never seen");
    fault_note(&why, "front");
    ok(why.text.len == LIMIT_FAULT_TEXT && strncmp(why.text.data, "front: xxx", 10) == 0,
       "a note pushes the end out");
    buf_init(&out, 10);
    fault_line(&why, &out);
    is_str(out.data, "front: xxx", "a line is cut at its reader's ceiling");
    buf_free(&out);

    fault_set(&why, CAUSE_CONNECT, "text");
    fault_hint(&why, "hint");
    fault_remote(&why, 421, (struct enhanced){4, 3, 2}, "words", 5);
    why.stage = STAGE_EHLO;
    why.offset = 9;
    fault_set(&copy, CAUSE_IO, "old");
    fault_copy(&copy, &why);
    fault_free(&why);
    ok(copy.cause == CAUSE_CONNECT && copy.stage == STAGE_EHLO && copy.offset == 9 &&
           copy.smtp_code == 421 && copy.code.subject == 3,
       "a copy has the numbers");
    is_line(&copy, "text: \"421 words\"", "and the texts");
    is_str(fault_hint_text(&copy), "hint", "and the hint");
    fault_copy(&copy, &copy);
    is_line(&copy, "text: \"421 words\"", "a fault may be copied onto itself");
    fault_copy(&copy, &why);
    ok(copy.cause == CAUSE_NONE && copy.text.len == 0, "a copy of no fault is none");
    fault_free(&copy);
}

int main(void)
{
    test_rows();
    test_hints();
    test_verdicts();
    test_texts();
    test_remote();
    test_limits_and_copies();
    return done_testing();
}
