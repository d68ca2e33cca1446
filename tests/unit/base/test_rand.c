/* test_rand.c: what can be said of random numbers without a chance of being wrong. */
#include "config.h"

#include "base/rand.h"

#include "tap.h"

int main(void)
{
    unsigned char a[64] = {0}, b[64] = {0}, big[5000];
    bool seen[5] = {false};
    bool within = true;
    size_t zeros = 0;

    rand_bytes(a, sizeof(a));
    rand_bytes(b, sizeof(b));
    ok(memcmp(a, b, sizeof(a)) != 0, "two draws of 512 bits differ");
    b[7] = 0x5a;
    rand_bytes(b + 7, 0);
    is_int(b[7], 0x5a, "nothing asked, nothing written");
    memset(big, 0, sizeof(big));
    rand_bytes(big, sizeof(big));
    for (size_t i = 0; i < sizeof(big); i++)
        zeros += big[i] == 0 ? 1 : 0;
    ok(zeros < 500, "more than one getrandom gives at once is filled to its end");
    is_int(rand_below(1), 0, "below 1 there is only 0");
    is_int(rand_below(0), 0, "below 0 there is nothing, and no division by it");
    for (int i = 0; i < 2000; i++) {
        uint32_t drawn = rand_below(5);

        within = within && drawn < 5;
        if (drawn < 5)
            seen[drawn] = true;
    }
    ok(within, "draws stay below their bound");
    ok(seen[0] && seen[1] && seen[2] && seen[3] && seen[4], "and reach all of it");
    within = true;
    for (int i = 0; i < 200; i++)
        within =
            within && rand_below(0x80000001U) < 0x80000001U && rand_below(UINT32_MAX) < UINT32_MAX;
    ok(within, "large bounds hold, too");
    return done_testing();
}
