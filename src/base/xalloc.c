/*
 * xalloc.c: memory that is there or the program ends.
 *
 * A short-lived program gains nothing from unwinding when memory runs out: nothing has been
 * accepted, so leaving with EX_TEMPFAIL says the truth and hands the mail back to the caller. The
 * hook is the one thing that must happen first (the caller's pipe wants draining), and the place
 * where a delivery under way says otherwise.
 */
#include "config.h"

#include "base/xalloc.h"

#ifdef HAVE_MALLOPT
#include <malloc.h>
#endif
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* Grown by at a time. What is never touched takes no memory. */
#define HEAP_STEP (512 * 1024)

/* One of the tree's mutable globals: what to do at the end, and with what. */
static struct {
    void (*run)(void *arg);
    void *arg;
} failure_hook;

#ifdef HAVE_EXPLICIT_BZERO
static void wipe(void *p, size_t n)
{
    explicit_bzero(p, n);
}
#else
/* Volatile stores are the portable way to keep a compiler from dropping writes nobody reads. */
static void wipe(void *p, size_t n)
{
    volatile unsigned char *q = p;

    while (n-- > 0)
        *q++ = 0;
}
#endif

void xalloc_start(void)
{
#ifdef M_ARENA_MAX
    (void)mallopt(M_ARENA_MAX, 1);
#endif
#ifdef M_TOP_PAD
    (void)mallopt(M_TOP_PAD, HEAP_STEP);
#endif
}

static _Noreturn void out_of_memory(void)
{
    static const char line[] = "postrider: out of memory\n";
    void (*run)(void *) = failure_hook.run;

    failure_hook.run = NULL; /* a hook that runs out of memory itself must not come back here */
    if (run != NULL)
        run(failure_hook.arg);
    else if (write(STDERR_FILENO, line, sizeof(line) - 1) < 0)
        _exit(EX_TEMPFAIL);
    _exit(EX_TEMPFAIL);
}

void *xmalloc(size_t n)
{
    void *p = malloc(n > 0 ? n : 1);

    if (p == NULL)
        out_of_memory();
    return p;
}

void *xcalloc(size_t n, size_t size)
{
    void *p = n > 0 && size > 0 ? calloc(n, size) : calloc(1, 1);

    if (p == NULL)
        out_of_memory();
    return p;
}

void *xrealloc(void *p, size_t n)
{
    void *q = realloc(p, n > 0 ? n : 1); /* realloc to 0 would free P behind the caller's back */

    if (q == NULL)
        out_of_memory();
    return q;
}

char *xstrdup(const char *s)
{
    return s != NULL ? xmemdup(s, strlen(s)) : NULL;
}

char *xmemdup(const void *p, size_t n)
{
    char *copy;

    if (n == SIZE_MAX)
        out_of_memory();
    copy = xmalloc(n + 1);
    if (n > 0)
        memcpy(copy, p, n);
    copy[n] = '\0';
    return copy;
}

void xwipe(void *p, size_t n)
{
    if (p != NULL && n > 0)
        wipe(p, n);
}

void xfree_secret(char **s)
{
    if (*s != NULL)
        xwipe(*s, strlen(*s));
    free(*s);
    *s = NULL;
}

void xalloc_on_failure(void (*hook)(void *arg), void *arg)
{
    failure_hook.run = hook;
    failure_hook.arg = arg;
}
