/*
 * near.c: see near.h. The distance counts single slips of the hand: a letter left out, added,
 * replaced, or two neighbours exchanged ("hots"), each for two points; a letter in the wrong case
 * for one, so that "Port" is nearer to "port" than "Sort" is.
 */
#include "config.h"

#include "conf/near.h"

#include <string.h>
#include <strings.h>

#define LONGEST 64 /* no key is longer; what is, resembles none */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned replacing(char a, char b)
{
    if (a == b)
        return 0;
    return lower(a) == lower(b) ? 1 : 2;
}

/* Optimal string alignment; invariant: row[1] is complete for the first i - 1 letters of A. */
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
    unsigned row[3][LONGEST + 1];
    size_t i, j;

    for (j = 0; j <= nb; j++) {
        row[0][j] = 0;
        row[1][j] = (unsigned)j * 2;
    }
    for (i = 1; i <= na; i++) {
        row[2][0] = (unsigned)i * 2;
        for (j = 1; j <= nb; j++) {
            unsigned d = least(row[1][j], row[2][j - 1]) + 2;

            d = least(d, row[1][j - 1] + replacing(a[i - 1], b[j - 1]));
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                d = least(d, row[0][j - 2] + 2);
            row[2][j] = d;
        }
        memcpy(row[0], row[1], sizeof(row[0]));
        memcpy(row[1], row[2], sizeof(row[1]));
    }
    return row[1][nb];
}

bool near_is_better(const char *word, const char *candidate, unsigned *best)
{
    size_t n = strlen(word), m = strlen(candidate);
    /* One slip in three letters, at most three: "to" resembles everything otherwise. */
    unsigned slips = m < 4 ? 1 : m < 7 ? 2 : 3;
    unsigned d;

    if (n == 0 || n > LONGEST || m > LONGEST)
        return false;
    d = distance(word, n, candidate, m);
    /* All letters in the wrong case are one slip of the Caps Lock key. */
    if (n == m && strcasecmp(word, candidate) == 0)
        d = least(d, 1);
    if (d > slips * 2 || d >= *best || d >= 2 * m)
        return false;
    *best = d;
    return true;
}
