/*
 * rand.c: randomness from the kernel, without a seed or a state of our own: a forked runner can
 * never repeat the numbers of its parent.
 */
#include "config.h"

#include "base/rand.h"

#include <errno.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

void rand_bytes(void *out, size_t n)
{
    static const char line[] = "postrider: the kernel gives no random numbers\n";
    unsigned char *at = out;

    while (n > 0) {
        ssize_t got = getrandom(at, n, 0);

        if (got > 0) {
            at += got;
            n -= (size_t)got;
        } else if (got == 0 || errno != EINTR) {
            /* A guessable Message-ID or SASL nonce is worse than no mail. */
            if (write(STDERR_FILENO, line, sizeof(line) - 1) < 0)
                _exit(EX_OSERR);
            _exit(EX_OSERR);
        }
    }
}

uint32_t rand_below(uint32_t n)
{
    /* The 2^32 % n lowest numbers would make small results likelier: they are drawn again. */
    uint32_t least = n > 1 ? (uint32_t)(-n) % n : 0;
    uint32_t drawn;

    if (n <= 1)
        return 0;
    do {
        rand_bytes(&drawn, sizeof(drawn));
    } while (drawn < least);
    return drawn % n;
}
