/*
 * wire.h: stored form to DATA form: CRLF line ends, leading dots doubled (RFC 5321 4.5.2).
 * State is carried over the borders of any piece. Works in blocks (memchr), never octet by octet.
 */
#ifndef MAIL_WIRE_H
#define MAIL_WIRE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct wire {
    bool in_line; /* the last octet given was not a LF */
    bool stuff;   /* dots are doubled: DATA, not BDAT */
};

/* wire_init - at the start of a line. */
void wire_init(struct wire *w, bool stuff);

/*
 * wire_feed - appends the wire form of as much of IN as fits into OUT below its ceiling, never
 * splitting a CRLF or a stuffed dot; returns the octets of IN taken (0: OUT is full).
 */
size_t wire_feed(struct wire *w, const char *in, size_t n, struct buf *out);

/* wire_end - appends the CRLF that an unfinished last line lacks and, when stuffing, ".CRLF". OUT
 * must have room for 5 octets. */
void wire_end(struct wire *w, struct buf *out);

#endif
