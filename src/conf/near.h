/* near.h: "did you mean": how alike two words are. */
#ifndef CONF_NEAR_H
#define CONF_NEAR_H

#include <stdbool.h>

/*
 * near_is_better - CANDIDATE is like enough to the misspelt WORD to be suggested, and more than the
 * last that was: *best, which begins as NEAR_NONE, gets its distance. Case counts for little.
 */
bool near_is_better(const char *word, const char *candidate, unsigned *best);

#define NEAR_NONE 1000u

#endif
