/* test_draft.c: how errors gather. */
#include "config.h"

#include "conf/draft.h"

#include "tap.h"

int main(void)
{
    struct strv errors = {0};
    struct fault why = {0}, hard = {0};
    struct draft_config d = {.errors = &errors, .why = &why};

    fault_set(&hard, CAUSE_IO, "b.ini: cannot be read");
    fault_hint(&hard, "look at it");
    draft_error(&d, "a.ini", 3, "%s: no good", "port");
    is_int(why.cause, CAUSE_CONFIG, "the first is the fault");
    is_str(why.text.data, "port: no good", "its text");
    is_str(why.place.data, "a.ini:3", "its place");
    draft_fault(&d, &hard);
    draft_error(&d, "c.ini", 0, "empty");
    is_str(why.text.data, "port: no good", "later ones leave it");
    is_int((long long)d.wrong, 3, "they are counted");
    is_str(errors.v[0], "a.ini:3: port: no good", "with a line");
    is_str(errors.v[1], "b.ini: cannot be read", "a fault");
    is_str(errors.v[2], "c.ini: empty", "of a whole file");
    strv_free(&errors);
    fault_free(&why);

    d.wrong = 0;
    draft_fault(&d, &hard);
    is_int(why.cause, CAUSE_IO, "a fault that is the first keeps its cause");
    is_str(why.hint.data, "look at it", "and its hint");
    strv_free(&errors);
    fault_free(&why);
    fault_free(&hard);
    return done_testing();
}
