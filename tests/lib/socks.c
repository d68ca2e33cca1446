/* socks.c: see socks.h. */
#include "config.h"

#include "socks.h"

#include <string.h>

/* Waits until N octets are there. */
static const unsigned char *need(struct peer *p, size_t n, int64_t until_ms)
{
    while (p->in.n < n && peer_fill(p, until_ms))
        ;
    return p->in.n < n ? NULL : (const unsigned char *)p->in.p;
}

static bool say(struct peer *p, const char *bytes, size_t n, int64_t until_ms)
{
    return peer_send(p, bytes, n, until_ms);
}

static bool log_in(struct peer *p, const char *user, const char *password, int64_t until_ms)
{
    struct octets want = {0};
    bool good;

    octets_char(&want, 1);
    octets_char(&want, (char)strlen(user));
    octets_str(&want, user);
    octets_char(&want, (char)strlen(password));
    octets_str(&want, password);
    good = need(p, want.n, until_ms) && memcmp(p->in.p, want.p, want.n) == 0;
    if (good)
        octets_drop(&p->in, want.n);
    octets_free(&want);
    return say(p, good ? "\1\0" : "\1\1", 2, until_ms) && good;
}

/* The methods offered; the one that is wanted must be among them. */
static bool choose(struct peer *p, bool login, int64_t until_ms)
{
    const unsigned char *in = need(p, 2, until_ms);
    size_t n = in ? in[1] : 0;
    bool good;

    in = n > 0 ? need(p, 2 + n, until_ms) : NULL;
    if (!in || in[0] != 5)
        return false;
    good = memchr(in + 2, login ? 2 : 0, n) != NULL;
    octets_drop(&p->in, 2 + n);
    return say(p, !good ? "\5\377" : login ? "\5\2" : "\5\0", 2, until_ms) && good;
}

static bool connect_anywhere(struct peer *p, int64_t until_ms)
{
    const unsigned char *in = need(p, 5, until_ms);
    size_t n;

    if (!in || in[0] != 5 || in[1] != 1)
        return false;
    n = 4 + (in[3] == 1 ? 4u : in[3] == 4 ? 16u : 1u + in[4]) + 2;
    if (!need(p, n, until_ms))
        return false;
    octets_drop(&p->in, n);
    return say(p, "\5\0\0\1\177\0\0\1\0\31", 10, until_ms);
}

bool socks_accept(struct peer *p, const char *user, const char *password, int64_t until_ms)
{
    return choose(p, user != NULL, until_ms) && (!user || log_in(p, user, password, until_ms)) &&
           connect_anywhere(p, until_ms);
}
