/*
 * wire.c: stored form to DATA form.
 *
 * Room is reserved once per call and filled a line at a time: memchr finds the line, memcpy moves
 * it, and only line borders are looked at octet by octet. The dot is decided at a line's first
 * octet and never looked for again, so no border of a piece can hide one.
 */
#include "config.h"

#include "mail/wire.h"

#include <string.h>

void wire_init(struct wire *w, bool stuff)
{
    *w = (struct wire){.stuff = stuff};
}

size_t wire_feed(struct wire *w, const char *in, size_t n, struct buf *out)
{
    size_t room = out->ceiling - out->len;
    size_t at = 0, used = 0;
    char *to;

    /* No octet of input makes more than two: a dot, or a LF. */
    if (room / 2 > n)
        room = n * 2;
    if (n == 0 || room == 0 || !buf_reserve(out, room))
        return 0;
    to = out->data + out->len;

    /* Invariant: at octets of IN have become used octets at TO; in_line says where we stand. */
    while (at < n) {
        const char *lf;
        size_t run;

        if (w->stuff && !w->in_line && in[at] == '.') {
            if (room - used < 2)
                break;
            to[used++] = '.';
        }
        lf = memchr(in + at, '\n', n - at);
        run = lf != NULL ? (size_t)(lf - in) - at : n - at;
        if (run > room - used)
            run = room - used;
        memcpy(to + used, in + at, run);
        at += run;
        used += run;
        w->in_line = w->in_line || run > 0;
        if (at == n)
            break;
        if (in[at] != '\n' || room - used < 2)
            break; /* full */
        to[used++] = '\r';
        to[used++] = '\n';
        at++;
        w->in_line = false;
    }
    buf_grew(out, used);
    return at;
}

void wire_end(struct wire *w, struct buf *out)
{
    if (w->in_line)
        (void)buf_add(out, "\r\n", 2);
    if (w->stuff)
        (void)buf_add(out, ".\r\n", 3);
    w->in_line = false;
}
