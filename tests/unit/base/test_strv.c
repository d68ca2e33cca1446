/* test_strv.c: lists of owned strings. */
#include "config.h"

#include "base/strv.h"

#include "base/xalloc.h"
#include "tap.h"

int main(void)
{
    struct strv l = {0}, copy = {0};
    char name[16];
    bool terminated = true;

    ok(!strv_has(&l, "a"), "an empty list has nothing");
    strv_free(&l);
    strv_add(&l, "one");
    strv_add_n(&l, "two and more", 3);
    strv_take(&l, xstrdup("three"));
    is_int((long long)l.n, 3, "three ways of adding");
    is_str(l.v[0], "one", "a copy");
    is_str(l.v[1], "two", "a copy of a part");
    is_str(l.v[2], "three", "the string itself");
    ok(l.v[3] == NULL, "NULL at the end");
    ok(strv_has(&l, "two") && !strv_has(&l, "tw") && !strv_has(&l, ""), "whole strings are found");
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "%d", i);
        strv_add(&l, name);
        terminated = terminated && l.v[l.n] == NULL && l.n < l.cap;
    }
    ok(terminated, "it stays an argv while it grows");
    is_str(l.v[1002], "999", "the last of many");
    strv_copy(&copy, &l);
    ok(copy.n == 1003 && copy.v[5] != l.v[5] && strv_has(&copy, "998"), "a copy owns its strings");
    strv_copy(&copy, &copy);
    ok(copy.n == 1003 && strv_has(&copy, "one"), "a list may be copied onto itself");
    strv_free(&l);
    ok(l.n == 0 && l.v == NULL, "a freed list is empty");
    strv_copy(&copy, &l);
    ok(copy.n == 0, "a copy of an empty list replaces what was there");
    strv_add(&l, "again");
    is_str(l.v[0], "again", "and may be used again");
    strv_free(&l);
    strv_free(&copy);
    return done_testing();
}
