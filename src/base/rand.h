/* rand.h: randomness from the kernel. */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

/* rand_bytes - N unpredictable bytes; ends the process when the kernel has none (never seen). */
void rand_bytes(void *out, size_t n);

/* rand_below - an even draw from 0..N-1; N > 0. For jitter. */
uint32_t rand_below(uint32_t n);

#endif
