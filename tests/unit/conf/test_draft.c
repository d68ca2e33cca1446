/* test_draft.c: how errors gather, and the order they are handed out in. */
#include "config.h"

#include "conf/draft.h"

#include "tap.h"

static char a_ini[] = "a.ini", b_ini[] = "b.ini";

static void test_order(void)
{
    static const char *const want[] = {"a.ini:2: second", "a.ini:3: no good",  "a.ini:3: later",
                                       "a.ini: whole",    "b.ini:1: of b.ini", "a message alone",
                                       "c.ini: unread"};
    struct strv errors = {0};
    struct fault why = {0}, hard = {0};
    struct config c = {0};
    struct draft_config d = {.c = &c};
    size_t i;

    strv_add(&c.files, a_ini);
    strv_add(&c.files, b_ini);
    fault_set(&hard, CAUSE_IO, "c.ini: unread");
    draft_error(&d, c.files.v[1], 1, "of b.ini");
    draft_error(&d, NULL, 0, "a message alone");
    draft_error(&d, c.files.v[0], 0, "whole");
    draft_error(&d, c.files.v[0], 3, "no %s", "good");
    draft_fault(&d, &hard);
    draft_error(&d, c.files.v[0], 3, "later");
    draft_error(&d, c.files.v[0], 2, "second");
    is_int((long long)d.wrong, 7, "they are counted");
    is_int(draft_tell(&d, &errors, &why), CAUSE_CONFIG, "and told");
    is_int((long long)errors.n, 7, "all of them");
    for (i = 0; i < errors.n && i < 7; i++)
        is_str(errors.v[i], want[i], "in the order of the files and lines, then of finding");
    is_str(why.text.data, "second", "the first is the fault");
    is_str(why.place.data, "a.ini:2", "with its place");
    strv_free(&errors);
    strv_free(&c.files);
    fault_free(&why);
    fault_free(&hard);
}

static void test_fault(void)
{
    struct fault why = {0}, hard = {0};
    struct config c = {0};
    struct draft_config d = {.c = &c};

    is_int(draft_tell(&d, NULL, &why), CAUSE_NONE, "no error, no cause");
    fault_set(&hard, CAUSE_IO, "b.ini: cannot be read");
    fault_hint(&hard, "look at it");
    draft_fault(&d, &hard);
    draft_fault(&d, &hard);
    is_int(draft_tell(&d, NULL, &why), CAUSE_IO, "a fault that is the first keeps its cause");
    is_str(why.hint.data, "look at it", "and its hint; nobody has to want the list");
    fault_free(&why);
    fault_free(&hard);
}

int main(void)
{
    test_order();
    test_fault();
    return done_testing();
}
