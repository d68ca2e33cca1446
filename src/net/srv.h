/*
 * srv.h: the answer to a question for SRV records (RFC 2782): read, then put in order.
 */
#ifndef NET_SRV_H
#define NET_SRV_H

#include "base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SRV_MAX  64  /* records kept: an answer is not allowed to keep us busy for long */
#define SRV_NAME 256 /* octets of a name as text: RFC 1035 2.3.4 */

struct srv_record {
    char target[SRV_NAME]; /* a host name, without the dot at the end */
    uint16_t priority, weight, port;
};

struct srv_set {
    struct srv_record v[SRV_MAX];
    size_t n;
    size_t useless; /* records left out: the target is no host name, or the port is 0 */
};

enum srv_verdict {
    SRV_FOUND,   /* at least one record that can be used */
    SRV_NONE,    /* no such name, or no such record */
    SRV_REFUSED, /* the one target is ".": decidedly not offered (RFC 2782) */
    SRV_USELESS, /* there are records, and none can be used */
    SRV_FAILED,  /* the name server has trouble */
    SRV_BROKEN   /* the octets are no answer to the question */
};

/*
 * srv_read - the records that N octets at ANSWER, a DNS message (RFC 1035 4.1), have for QUESTION
 * (A-labels, no dot at the end), behind aliases (CNAME) too. Every octet is taken for hostile.
 */
enum srv_verdict srv_read(const unsigned char *answer, size_t n, const char *question,
                          struct srv_set *out) ATTR_CHECK;

/*
 * srv_order - puts SET into the order in which the targets are to be tried: by priority, and among
 * equals by lot, where a weight is the size of the chance. DRAW gives an even number from 0..N-1.
 */
void srv_order(struct srv_set *set, uint32_t (*draw)(uint32_t n));

#endif
