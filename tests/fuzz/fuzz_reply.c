/*
 * fuzz_reply.c: any octets as replies of a server. The first octet says how they are cut and
 * whether a long 250 is forgiven. What is made of them does not depend on the cuts; the limits
 * hold; what EHLO offers is read from whatever was understood.
 */
#include "config.h"

#include <string.h>

#include "base/limits.h"
#include "fuzz.h"
#include "smtp/caps.h"
#include "smtp/reply.h"

struct parsed {
    struct reply r;
    struct fault why;
    enum reply_state state;
    size_t used;
};

static void parse(struct parsed *p, const char *in, size_t n, bool lenient)
{
    memset(p, 0, sizeof(*p));
    reply_init(&p->r);
    p->state = reply_parse(in, n, lenient, &p->r, &p->used, &p->why);
}

static void forget(struct parsed *p)
{
    reply_free(&p->r);
    fault_free(&p->why);
}

/* The first decision about a growing prefix. Long inputs grow in longer steps, for speed. */
static void parse_growing(struct parsed *p, const char *in, size_t n, bool lenient, size_t step)
{
    size_t have = 0;

    step += n / 32;
    parse(p, in, 0, lenient);
    while (p->state == REPLY_MORE && have < n) {
        forget(p);
        have = n - have > step ? have + step : n;
        parse(p, in, have, lenient);
    }
}

static void compare(const struct parsed *a, const struct parsed *b)
{
    promise(a->state == b->state, "the same decision, however cut");
    if (a->state == REPLY_WHOLE) {
        promise(a->used == b->used && a->r.code == b->r.code && a->r.lines == b->r.lines &&
                    a->r.cut == b->r.cut,
                "the same reply");
        promise(memcmp(&a->r.enh, &b->r.enh, sizeof(a->r.enh)) == 0, "the same enhanced code");
        promise(a->r.text.len == b->r.text.len &&
                    memcmp(a->r.text.data, b->r.text.data, a->r.text.len) == 0,
                "the same text");
    }
    if (a->state == REPLY_BAD)
        promise(strcmp(a->why.text.data, b->why.text.data) == 0, "the same reason");
}

static void check(const struct parsed *p, size_t n, bool lenient)
{
    const struct reply *r = &p->r;
    struct caps caps;

    if (p->state == REPLY_MORE)
        promise(n < LIMIT_REPLY, "a decision is taken within the limit");
    if (p->state == REPLY_BAD)
        promise(p->why.cause == CAUSE_PROTOCOL, "BAD has a fault");
    if (p->state != REPLY_WHOLE)
        return;
    promise(p->used > 0 && p->used <= n && p->used <= LIMIT_REPLY, "octets used");
    promise(r->code >= 200 && r->code <= 599, "a code");
    promise(r->lines <= LIMIT_REPLY_LINES && r->text.len <= LIMIT_REPLY && !r->text.over, "limits");
    promise(memchr(r->text.data, '\0', r->text.len) == NULL, "no NUL");
    promise(r->enh.class == 0 || r->enh.class == r->code / 100, "a class that fits");
    promise(!r->cut || (lenient && r->code == 250), "only a 250 is forgiven");
    caps_parse(&caps, r);
    promise(caps.esmtp && (caps.auth || caps.mechanisms == 0), "offers");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool lenient;
    size_t step;
    const char *in;

    if (size == 0)
        return 0;
    lenient = (data[0] & 1) != 0;
    step = (size_t)(data[0] >> 1) + 1;
    in = (const char *)data + 1;
    size--;
    /* Reply after reply, as a session would consume them. */
    for (;;) {
        struct parsed whole, cut;
        enum reply_state state;
        size_t used;

        parse(&whole, in, size, lenient);
        parse_growing(&cut, in, size, lenient, step);
        compare(&whole, &cut);
        check(&whole, size, lenient);
        state = whole.state;
        used = whole.used;
        forget(&whole);
        forget(&cut);
        if (state != REPLY_WHOLE)
            return 0;
        in += used;
        size -= used;
    }
}
