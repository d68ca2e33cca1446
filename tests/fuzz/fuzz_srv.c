/*
 * fuzz_srv.c: any octets as the answer of a name server. Whatever is made of them is a list of host
 * names that can be dialled and of nothing else, and putting it in order loses none of them.
 */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "net/resolve.h"
#include "net/srv.h"

#define QUESTION "_submissions._tcp.example.org"

static uint32_t drawn;

static uint32_t draw(uint32_t n)
{
    promise(n > 0, "a draw from something");
    drawn = drawn * 1664525u + 1013904223u;
    return drawn % n;
}

static void check_target(const struct srv_record *r)
{
    size_t n = strlen(r->target);

    promise(n > 0 && n <= 253, "a length");
    promise(
        strspn(r->target, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == n,
        "octets of a host name");
    promise(r->target[0] != '/' && r->target[0] != '.' && r->target[n - 1] != '.', "no path");
    promise(!resolve_is_literal(r->target), "no address");
    promise(r->port > 0, "a port");
}

/* What does not depend on the order: a sum over the records. */
static uint64_t sum(const struct srv_set *set)
{
    uint64_t total = 0;

    for (size_t i = 0; i < set->n; i++) {
        uint64_t hash = set->v[i].priority * 65537u + set->v[i].weight * 257u + set->v[i].port;

        for (const char *c = set->v[i].target; *c != '\0'; c++)
            hash = hash * 31 + (unsigned char)*c;
        total += hash;
    }
    return total;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct srv_set set;
    enum srv_verdict v = srv_read(data, size, QUESTION, &set);
    size_t n = set.n;
    uint64_t before;

    promise(v != SRV_FOUND || n > 0, "found is something");
    promise(n <= SRV_MAX, "not more than there is room for");
    if (v != SRV_FOUND)
        return 0;
    for (size_t i = 0; i < n; i++)
        check_target(&set.v[i]);
    before = sum(&set);
    drawn = size > 0 ? data[size - 1] : 0;
    srv_order(&set, draw);
    promise(set.n == n && sum(&set) == before, "the same records");
    for (size_t i = 1; i < n; i++)
        promise(set.v[i - 1].priority <= set.v[i].priority, "priorities in order");
    return 0;
}
