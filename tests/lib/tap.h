/*
 * tap.h: the Test Anything Protocol in one header, for unit tests. A test prints one line per
 * check and a plan at the end; its exit status is 0 only if every check held.
 */
#ifndef TESTS_LIB_TAP_H
#define TESTS_LIB_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tap_count_;
static int tap_failed_;

/* ok - one check; FMT names it. Returns HOLDS. */
__attribute__((format(printf, 2, 3))) static inline bool ok(bool holds, const char *fmt, ...)
{
    va_list ap;

    tap_count_++;
    if (!holds)
        tap_failed_++;
    printf("%sok %d - ", holds ? "" : "not ", tap_count_);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
    fflush(stdout);
    return holds;
}

/* is_int - equal numbers, both shown when not. */
static inline bool is_int(long long got, long long want, const char *name)
{
    if (!ok(got == want, "%s", name)) {
        printf("#   got  %lld\n#   want %lld\n", got, want);
        return false;
    }
    return true;
}

/* is_str - equal strings (NULL equals only NULL), both shown when not. */
static inline bool is_str(const char *got, const char *want, const char *name)
{
    bool same = got != NULL && want != NULL ? strcmp(got, want) == 0 : got == want;

    if (!ok(same, "%s", name)) {
        printf("#   got  \"%s\"\n#   want \"%s\"\n", got ? got : "(null)", want ? want : "(null)");
        return false;
    }
    return true;
}

/* is_mem - equal octets. */
static inline bool is_mem(const void *got, size_t ng, const void *want, size_t nw, const char *name)
{
    bool same = ng == nw && (ng == 0 || memcmp(got, want, ng) == 0);

    if (!ok(same, "%s", name)) {
        printf("#   got  %zu octets: %.*s\n", ng, (int)ng, (const char *)got);
        printf("#   want %zu octets: %.*s\n", nw, (int)nw, (const char *)want);
        return false;
    }
    return true;
}

/* done_testing - the plan; `return done_testing();` ends main. */
static inline int done_testing(void)
{
    printf("1..%d\n", tap_count_);
    return tap_failed_ == 0 ? 0 : 1;
}

#endif
