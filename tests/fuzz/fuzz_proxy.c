/*
 * fuzz_proxy.c: any octets as the answers of a SOCKS5 proxy. The first octet says whether there is
 * a login. A second reading of the RFCs, below, says when the way is open and which octets are the
 * server's: the two must agree on every input.
 */
#include "config.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "fuzz.h"
#include "net/proxy.h"

#define INPUT_MAX 4000 /* what a pair of sockets holds */

/* How many octets the answers take when they are good, or -1. */
static long reference(const uint8_t *in, size_t n, bool login)
{
    size_t at = 2, address;

    if (n < 2 || in[0] != 5 || (in[1] != 0 && (in[1] != 2 || !login)))
        return -1;
    if (in[1] == 2) {
        if (n < 4 || (in[2] != 1 && in[2] != 5) || in[3] != 0)
            return -1;
        at = 4;
    }
    if (n < at + 5 || in[at] != 5 || in[at + 1] != 0)
        return -1;
    if (in[at + 3] == 1)
        address = 4;
    else if (in[at + 3] == 4)
        address = 16;
    else if (in[at + 3] == 3)
        address = 1u + in[at + 4];
    else
        return -1;
    at += 4 + address + 2;
    return at <= n ? (long)at : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf password;
    struct proxy_params p = {.host = "127.0.0.1", .port = 1080, .password = &password};
    struct fault why = {0};
    char rest[INPUT_MAX + 1];
    enum cause c;
    ssize_t left;
    long want;
    int fd[2];

    if (size == 0 || size > INPUT_MAX)
        return 0;
    p.user = (data[0] & 1) != 0 ? "alice" : NULL;
    data++;
    size--;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd) != 0)
        abort();
    promise(size == 0 || write(fd[1], data, size) == (ssize_t)size, "the octets fit");
    (void)shutdown(fd[1], SHUT_WR);
    buf_init_secret(&password, 255);
    buf_adds(&password, "open sesame");
    c = proxy_open(fd[0], &p, "mail.example.org", 465, deadline_in(10000), &why);
    want = reference(data, size, p.user != NULL);
    promise((c == CAUSE_NONE) == (want >= 0), "the same verdict");
    left = read(fd[0], rest, sizeof(rest));
    if (c == CAUSE_NONE)
        promise((left > 0 ? left : 0) == (long)size - want, "the server's octets are left");
    else
        promise(why.text.len > 0 && why.stage == STAGE_DIAL, "a reason");
    promise(c == CAUSE_NONE || strstr(why.text.data, "sesame") == NULL, "no secret is told");
    buf_free(&password);
    fault_free(&why);
    close(fd[0]);
    close(fd[1]);
    return 0;
}
