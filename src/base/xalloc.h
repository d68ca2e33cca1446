/*
 * xalloc.h: memory that is there or the program ends.
 *
 * No caller checks for NULL: when memory runs out the hook runs (it says so on standard error and
 * drains standard input) and the process leaves with EX_TEMPFAIL, since nothing was accepted yet
 * and trying again can help. Where that is no longer so, during a delivery and behind it, another
 * hook must have been set that says what is true by then (queue/submit does).
 */
#ifndef BASE_XALLOC_H
#define BASE_XALLOC_H

#include <stddef.h>

/*
 * xalloc_start - fits the allocator to a small, short program, where it can be: no second heap for
 * the one helper thread, and the heap grows in few steps and does not shrink between two blocks.
 */
void xalloc_start(void);

/* xmalloc - N bytes, uninitialised; N of 0 gives a unique pointer. Owned by the caller. */
void *xmalloc(size_t n);

/* xcalloc - N zeroed elements of SIZE bytes; an overflowing product counts as out of memory. */
void *xcalloc(size_t n, size_t size);

/* xrealloc - P grown or shrunk to N bytes; P may be NULL. P is moved. */
void *xrealloc(void *p, size_t n);

/* xstrdup - an owned copy of S, which may be NULL (then NULL). */
char *xstrdup(const char *s);

/* xmemdup - an owned copy of N bytes at P with a NUL behind it. */
char *xmemdup(const void *p, size_t n);

/* xwipe - overwrites N bytes at P in a way no compiler removes; P may be NULL. */
void xwipe(void *p, size_t n);

/* xfree_secret - wipes and frees a NUL-terminated secret and nulls the pointer. */
void xfree_secret(char **s);

/*
 * xalloc_on_failure - HOOK is called once, with ARG, when memory has run out, before the process
 * ends; it may end it itself. It replaces the one before. ARG is borrowed until another is set.
 */
void xalloc_on_failure(void (*hook)(void *arg), void *arg);

#endif
