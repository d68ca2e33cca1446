/*
 * srv.c: see srv.h. The message comes over UDP from whoever answers first, so nothing in it is
 * believed: each read is checked against the end, a compressed name may only point backwards
 * (hence no loop), and a target must look like a host name before it becomes one. A target that
 * begins with '/' would be dialled as a Unix socket, and "127.1" as an address.
 */
#include "config.h"

#include "net/srv.h"

#include <string.h>
#include <strings.h>

#define HEADER         12 /* RFC 1035 4.1.1 */
#define TYPE_CNAME     5
#define TYPE_SRV       33
#define CLASS_IN       1
#define ALIASES_MAX    8   /* in a row: more are a loop or a joke */
#define NAME_MAX_TEXT  253 /* 255 octets as labels: RFC 1035 2.3.4 */
#define LABEL_MAX      63
#define POINTERS_MAX   127 /* of one name: it has no more labels to point at */
#define RCODE_NXDOMAIN 3

/* The message and how far it was read. A read past its end makes `bad` true and gives zeros. */
struct reading {
    const unsigned char *at;
    size_t n;
    size_t pos;
    bool bad;
};

struct name {
    char text[SRV_NAME];
    bool odd; /* has octets that no host name has: `text` is not to be used */
};

/* One resource record: RFC 1035 4.1.3. */
struct record {
    struct name owner;
    unsigned type, class;
    size_t data, end; /* where its data begin and stop */
};

static unsigned take8(struct reading *r)
{
    if (r->pos >= r->n) {
        r->bad = true;
        return 0;
    }
    return r->at[r->pos++];
}

static unsigned take16(struct reading *r)
{
    unsigned high = take8(r);

    return high << 8 | take8(r);
}

static bool is_host_octet(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* One label of SIZE octets, behind *LEN octets of the name. */
static void take_label(struct reading *r, unsigned size, struct name *out, size_t *len)
{
    if (*len + (*len > 0) + size > NAME_MAX_TEXT) {
        r->bad = true;
        return;
    }
    if (*len > 0)
        out->text[(*len)++] = '.';
    for (; size > 0; size--) {
        unsigned char c = (unsigned char)take8(r);

        out->odd = out->odd || !is_host_octet(c);
        out->text[(*len)++] = (char)c;
    }
}

/*
 * A name, compressed or not (RFC 1035 4.1.4); the reading goes on behind it. Each pointer must lead
 * to a place before the one that the last led to, so that their number has an end; and to all of
 * a long answer it would be too high a number.
 */
static void take_name(struct reading *r, struct name *out)
{
    size_t len = 0, behind = 0, lowest = r->pos, pointers = 0;

    memset(out, 0, sizeof(*out));
    while (!r->bad) {
        unsigned size = take8(r);

        if (size == 0)
            break;
        if (size <= LABEL_MAX) {
            take_label(r, size, out, &len);
        } else if ((size & 0xc0) == 0xc0) {
            size_t to = (size_t)(size & 0x3f) << 8 | take8(r);

            if (behind == 0)
                behind = r->pos;
            r->bad = r->bad || to >= lowest || ++pointers > POINTERS_MAX;
            lowest = r->pos = to;
        } else {
            r->bad = true; /* 01 and 10 were never given a meaning that lasted */
        }
    }
    out->text[len] = '\0';
    if (behind != 0)
        r->pos = behind;
}

static bool is_name(const struct name *n, const char *text)
{
    return !n->odd && strcasecmp(n->text, text) == 0;
}

/* The next record; the reading goes on behind it. */
static void take_record(struct reading *r, struct record *out)
{
    size_t size;

    take_name(r, &out->owner);
    out->type = take16(r);
    out->class = take16(r);
    (void)take16(r); /* how long it may be kept: we ask anew each time */
    (void)take16(r);
    size = take16(r);
    out->data = r->pos;
    out->end = r->pos + size;
    if (out->end > r->n)
        r->bad = true;
    r->pos = r->bad ? r->n : out->end;
}

/* What a name in the data of REC says; it must end where the data end. */
static void name_in(const struct reading *r, const struct record *rec, size_t at, struct name *out,
                    bool *bad)
{
    struct reading inner = *r;

    inner.pos = at;
    take_name(&inner, out);
    *bad = *bad || inner.bad || inner.pos != rec->end;
}

/*
 * RFC 2782: the target is a domain name. No top-level domain begins with a digit, so that nothing
 * passes here that inet_aton(3) would take for an address.
 */
static bool is_host(const struct name *n)
{
    const char *last = strrchr(n->text, '.');

    last = last != NULL ? last + 1 : n->text;
    return !n->odd && n->text[0] != '\0' && !(*last >= '0' && *last <= '9') && *last != '-';
}

static void add(const struct reading *r, const struct record *rec, struct srv_set *out,
                size_t *roots, bool *bad)
{
    struct reading inner = *r;
    struct name target;
    uint16_t priority, weight, port;

    inner.pos = rec->data;
    priority = (uint16_t)take16(&inner);
    weight = (uint16_t)take16(&inner);
    port = (uint16_t)take16(&inner);
    name_in(r, rec, inner.pos, &target, bad);
    if (*bad)
        return;
    if (!target.odd && target.text[0] == '\0') {
        (*roots)++;
    } else if (port == 0 || !is_host(&target)) {
        out->useless++;
    } else if (out->n < SRV_MAX) {
        struct srv_record *to = &out->v[out->n++];

        memcpy(to->target, target.text, sizeof(to->target));
        to->priority = priority;
        to->weight = weight;
        to->port = port;
    }
}

/*
 * One look at all records for what OWNER has: its SRV records, or else the name that it is an alias
 * of, in *ALIAS (empty: none). False when the octets make no sense.
 */
static bool look(struct reading r, unsigned count, const char *owner, struct srv_set *out,
                 size_t *roots, struct name *alias)
{
    bool bad = false;

    memset(alias, 0, sizeof(*alias));
    for (unsigned i = 0; i < count && !bad; i++) {
        struct record rec;

        take_record(&r, &rec);
        if (r.bad)
            return false;
        if (rec.class != CLASS_IN || !is_name(&rec.owner, owner))
            continue;
        if (rec.type == TYPE_SRV)
            add(&r, &rec, out, roots, &bad);
        else if (rec.type == TYPE_CNAME)
            name_in(&r, &rec, rec.data, alias, &bad);
    }
    return !bad;
}

static enum srv_verdict judge(const struct srv_set *out, size_t roots)
{
    if (out->n > 0)
        return SRV_FOUND;
    if (out->useless > 0)
        return SRV_USELESS;
    return roots > 0 ? SRV_REFUSED : SRV_NONE;
}

enum srv_verdict srv_read(const unsigned char *answer, size_t n, const char *question,
                          struct srv_set *out)
{
    struct reading r = {.at = answer, .n = n};
    struct name asked, alias;
    unsigned flags, questions, answers, error;
    char owner[SRV_NAME] = "";
    size_t roots = 0;

    memset(out, 0, sizeof(*out));
    (void)take16(&r); /* the number of the question: the resolver has compared it */
    flags = take16(&r);
    questions = take16(&r);
    answers = take16(&r);
    r.pos = HEADER;
    error = flags & 0xf;
    /* It must be an answer (QR) to an ordinary question (opcode 0), and whole (not TC). */
    if (n < HEADER || (flags & 0xfa00) != 0x8000 || questions != 1)
        return SRV_BROKEN;
    if (error != 0)
        return error == RCODE_NXDOMAIN ? SRV_NONE : SRV_FAILED;
    take_name(&r, &asked);
    if (take16(&r) != TYPE_SRV || take16(&r) != CLASS_IN || r.bad || !is_name(&asked, question))
        return SRV_BROKEN;
    memcpy(owner, asked.text, sizeof(owner));
    for (int hops = 0; hops <= ALIASES_MAX && owner[0] != '\0'; hops++) {
        if (!look(r, answers, owner, out, &roots, &alias))
            return SRV_BROKEN;
        if (out->n + out->useless + roots > 0 || alias.odd)
            break;
        memcpy(owner, alias.text, sizeof(owner));
    }
    return judge(out, roots);
}

static void swap(struct srv_record *a, struct srv_record *b)
{
    struct srv_record kept = *a;

    *a = *b;
    *b = kept;
}

/* Sorts by priority, and records of weight 0 to the front of theirs, as the lot wants them. */
static void sort(struct srv_set *set)
{
    for (size_t i = 1; i < set->n; i++) {
        for (size_t k = i; k > 0; k--) {
            const struct srv_record *a = &set->v[k - 1], *b = &set->v[k];

            if (a->priority < b->priority ||
                (a->priority == b->priority && (a->weight == 0 || b->weight > 0)))
                break;
            swap(&set->v[k - 1], &set->v[k]);
        }
    }
}

/*
 * RFC 2782, "Weight": a number from 0 to the sum of the weights is drawn, and the first record at
 * which the running sum reaches it comes next. So one of weight 0 has a small chance, not none.
 */
static void draw_next(struct srv_record *v, size_t n, uint32_t (*draw)(uint32_t n))
{
    uint32_t sum = 0, drawn, running = 0;
    size_t i;

    for (i = 0; i < n; i++)
        sum += v[i].weight;
    drawn = draw(sum + 1);
    for (i = 0; i + 1 < n; i++) {
        running += v[i].weight;
        if (running >= drawn)
            break;
    }
    /* The others keep their order: those of weight 0 stay in front. */
    for (; i > 0; i--)
        swap(&v[i], &v[i - 1]);
}

void srv_order(struct srv_set *set, uint32_t (*draw)(uint32_t n))
{
    sort(set);
    for (size_t i = 0; i < set->n; i++) {
        size_t same = 1;

        while (i + same < set->n && set->v[i + same].priority == set->v[i].priority)
            same++;
        draw_next(&set->v[i], same, draw);
    }
}
