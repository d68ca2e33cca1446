/*
 * replay.c: runs a fuzz target over its corpus as a plain test. Each file of tests/fuzz/corpus/X
 * goes through the target fuzz_X as it is, cut at every place, and with a thousand octets changed
 * by a generator that starts alike each time: what a fuzzer found once is found in every check, and
 * with sanitizers a slip beside a known input shows, too. Under a fuzzer (--enable-fuzzers) there
 * is nothing here.
 */
#include "config.h"

#include "tap.h"

#include <dirent.h>
#include <stdint.h>

#ifndef FUZZERS

#define INPUT_MAX   (256 * 1024)
#define CUTS_MAX    2000
#define CHANGES_MAX 1000

/* LLVMFuzzerTestOneInput - the target: reads N octets and must come back, whatever they are. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static uint32_t step(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* In memory of exactly N octets, so that ASan sees the first one behind them. */
static void one(const uint8_t *bytes, size_t n)
{
    uint8_t *copy = malloc(n + (n == 0));

    if (copy == NULL)
        abort();
    if (n != 0)
        memcpy(copy, bytes, n);
    (void)LLVMFuzzerTestOneInput(copy, n);
    free(copy);
}

static void replay(uint8_t *bytes, size_t n)
{
    size_t cut_by = n / CUTS_MAX + 1;
    uint32_t state = 0x9e3779b9;

    one(bytes, n);
    for (size_t cut = 0; cut < n; cut += cut_by)
        one(bytes, cut);
    for (int i = 0; n != 0 && i < CHANGES_MAX; i++) {
        size_t at = step(&state) % n;
        uint8_t was = bytes[at];

        /* Half of the changes are octets that mean something to a parser. */
        bytes[at] = i % 2 != 0 ? (uint8_t)step(&state)
                               : (uint8_t) "\0\r\n \t\"\\<>@,;:=()[].-"[step(&state) % 21];
        one(bytes, n);
        if (i % 4 != 0)
            bytes[at] = was;
    }
}

static bool replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(INPUT_MAX);
    size_t n;

    if (file == NULL || bytes == NULL) {
        free(bytes);
        if (file != NULL)
            (void)fclose(file);
        return false;
    }
    n = fread(bytes, 1, INPUT_MAX, file);
    (void)fclose(file);
    replay(bytes, n);
    free(bytes);
    return true;
}

static int no_dots(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    const char *target = strstr(argc > 0 ? argv[0] : "", "fuzz_");
    struct dirent **entries = NULL;
    char folder[4096];
    char path[8192];
    int n;

    for (const char *later; target != NULL && (later = strstr(target + 1, "fuzz_")) != NULL;)
        target = later;
    if (target == NULL)
        return 64;
    (void)snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s", SRCDIR, target + 5);
    n = scandir(folder, &entries, no_dots, alphasort);
    ok(n > 0, "there is a corpus: %s", target + 5);
    for (int i = 0; i < n; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        ok(replay_file(path), "%s", entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return done_testing();
}

#endif
