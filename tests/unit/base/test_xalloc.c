/* test_xalloc.c: copies, wiping, and what happens when memory runs out. */
#include "config.h"

#include "base/xalloc.h"

#include <stdint.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "tap.h"

static volatile size_t too_much = SIZE_MAX / 2; /* volatile: the compiler must not know */

static void say_so(void *arg)
{
    if (write(STDOUT_FILENO, "# hook ran\n", 11) == 11 && too_much != 0)
        _exit(*(int *)arg);
}

static void fail_again(void *arg)
{
    (void)arg;
    free(xmalloc(too_much));
}

static void fail_by_malloc(void)
{
    free(xmalloc(too_much));
}

static void fail_by_product(void)
{
    free(xcalloc(too_much, 4)); /* the product wraps to a small number */
}

static void fail_by_realloc(void)
{
    free(xrealloc(xmalloc(8), too_much));
}

static void fail_by_copy(void)
{
    free(xmemdup("", SIZE_MAX));
}

/* The exit status of a child that runs ACT with HOOK set. */
static int status_of(void (*act)(void), void (*hook)(void *))
{
    int status = -1, wanted = 42;
    pid_t pid = fork();

    if (pid == 0) {
        close(STDERR_FILENO); /* sanitizers print a report about such sizes */
        if (hook != NULL)
            xalloc_on_failure(hook, &wanted);
        act();
        _exit(0);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(void)
{
    xalloc_start(); /* with it everything is as without */
    static const struct {
        void (*act)(void);
        const char *why;
    } cases[] = {
        {fail_by_malloc, "malloc"},
        {fail_by_product, "an overflowing product"},
        {fail_by_realloc, "realloc"},
        {fail_by_copy, "a copy with no room for its NUL"},
    };
    char secret[] = "secret";
    char *s = xstrdup("abc");
    unsigned *zeros;

    is_str(s, "abc", "xstrdup copies");
    xfree_secret(&s);
    ok(s == NULL, "xfree_secret nulls the pointer");
    xfree_secret(&s);
    ok(s == NULL, "and takes NULL");
    ok(xstrdup(NULL) == NULL, "xstrdup of NULL is NULL");
    s = xmemdup("a\0b", 3);
    is_mem(s, 4, "a\0b\0", 4, "xmemdup keeps NULs and adds one");
    s = xrealloc(s, 0);
    ok(s != NULL, "xrealloc to 0 is still memory");
    free(s);
    s = xmemdup(NULL, 0);
    is_str(s, "", "a copy of nothing is an empty string");
    free(s);
    s = xmalloc(0);
    ok(s != NULL, "xmalloc of 0 is memory");
    free(s);
    zeros = xcalloc(2, sizeof(*zeros));
    ok(zeros[0] == 0 && zeros[1] == 0, "xcalloc gives zeros");
    free(zeros);
    zeros = xcalloc(0, 8);
    ok(zeros != NULL, "xcalloc of nothing is memory");
    free(zeros);
    xwipe(secret, 6);
    is_mem(secret, sizeof(secret), "\0\0\0\0\0\0", 7, "xwipe overwrites");
    xwipe(NULL, 5);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        is_int(status_of(cases[i].act, NULL), EX_TEMPFAIL, cases[i].why);
    is_int(status_of(fail_by_malloc, say_so), 42, "the hook runs first, with its argument");
    is_int(status_of(fail_by_malloc, fail_again), EX_TEMPFAIL, "a hook that fails ends as well");
    return done_testing();
}

/* The sanitizers would end the process themselves; the test is about our answer. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}
