/*
 * fuzz.h: what the targets share. A target is one function that libFuzzer or replay.c calls with
 * any octets; a broken promise ends in abort(3).
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* promise - WHAT must hold for every input. */
#define promise(holds, what)                                                                       \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, what);                      \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
