/*
 * ticket.c: see ticket.h. The layout: a magic line with the version, a checksum of all behind it,
 * two times, flags, and four texts with their lengths in front, to the last octet; numbers with the
 * highest octet first. The checksum finds what a full disk or a crash left, which matters: GnuTLS
 * believes its session data, and one wrong octet there can end the process. Against whoever may
 * write the file nothing is needed: it is the user's own, as the configuration is.
 */
#include "config.h"

#include "net/ticket.h"

#include <string.h>
#include <sys/stat.h>

#include "net/token.h"

#define MAGIC      "postrider-tls 1\n"
#define MAGIC_SIZE (sizeof(MAGIC) - 1)
#define SUM_SIZE   8

#define FLAG_CLIENT_CERT 1

/* FNV-1a with 64 bits. */
static uint64_t sum_of(const char *bytes, size_t n)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < n; i++)
        sum = (sum ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return sum;
}

static void put_number(struct buf *out, uint64_t value, unsigned octets)
{
    unsigned char bytes[8];

    for (unsigned i = octets; i-- > 0; value >>= 8)
        bytes[i] = (unsigned char)value;
    buf_add(out, bytes, octets);
}

/* One file as its inode says it: what is another file, or was written since, reads otherwise. */
static bool add_file(struct buf *out, const char *what, const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return false;
    buf_addf(out, "%s %s\n", what, path);
    put_number(out, (uint64_t)st.st_dev, 8);
    put_number(out, (uint64_t)st.st_ino, 8);
    put_number(out, (uint64_t)st.st_mtim.tv_sec, 8);
    put_number(out, (uint64_t)st.st_mtim.tv_nsec, 8);
    put_number(out, (uint64_t)st.st_size, 8);
    return !out->over;
}

/* A token's object has no inode; its URI has to do, and its key never leaves the token. */
static bool add_object(struct buf *out, const char *what, const char *name)
{
    if (name == NULL)
        return true;
    if (name[0] == '/')
        return add_file(out, what, name);
    buf_addf(out, "%s ", what);
    token_show(out, name);
    return buf_addc(out, '\n');
}

bool ticket_identity(const struct ticket_basis *b, struct buf *out)
{
    if (b->trust == NULL || !add_file(out, "trust", b->trust))
        return false;
    if (b->crl != NULL && !add_file(out, "crl", b->crl))
        return false;
    if (b->priority != NULL)
        buf_addf(out, "priority %s\n", b->priority);
    return add_object(out, "cert", b->cert) && add_object(out, "key", b->key) && !out->over;
}

static void put_text(struct buf *out, const void *bytes, size_t n)
{
    put_number(out, n, 4);
    buf_add(out, bytes, n);
}

bool ticket_pack(struct buf *out, const struct ticket *t, const char *name,
                 const struct buf *identity)
{
    struct buf body;
    bool good;

    buf_init_secret(&body, TICKET_MAX - MAGIC_SIZE - SUM_SIZE);
    put_number(&body, (uint64_t)t->made_at, 8);
    put_number(&body, (uint64_t)t->until, 8);
    put_number(&body, t->client_cert ? FLAG_CLIENT_CERT : 0, 1);
    put_text(&body, name, strlen(name));
    put_text(&body, identity->data, identity->len);
    put_text(&body, t->pins, t->n_pins);
    put_text(&body, t->data, t->n);
    good = !body.over && out->ceiling - out->len >= MAGIC_SIZE + SUM_SIZE + body.len;
    if (good) {
        buf_adds(out, MAGIC);
        put_number(out, sum_of(body.data, body.len), SUM_SIZE);
        buf_add(out, body.data, body.len);
    }
    buf_free(&body);
    return good;
}

struct reader {
    const char *at;
    size_t left;
    bool bad; /* asked for more than there is */
};

static const char *get(struct reader *r, size_t n)
{
    const char *bytes = r->at;

    if (r->bad || n > r->left) {
        r->bad = true;
        return NULL;
    }
    r->at += n;
    r->left -= n;
    return bytes;
}

static uint64_t get_number(struct reader *r, unsigned octets)
{
    const char *bytes = get(r, octets);
    uint64_t value = 0;

    for (unsigned i = 0; bytes != NULL && i < octets; i++)
        value = value << 8 | (unsigned char)bytes[i];
    return value;
}

static const char *get_text(struct reader *r, size_t *n)
{
    *n = (size_t)get_number(r, 4);
    return get(r, *n);
}

/* Whether the next text is WANTED. */
static bool get_same(struct reader *r, const char *wanted, size_t n)
{
    size_t have;
    const char *text = get_text(r, &have);

    return text != NULL && have == n && memcmp(text, wanted, n) == 0;
}

bool ticket_unpack(struct ticket *t, const struct buf *blob, const char *name,
                   const struct buf *identity, int64_t now_s)
{
    struct reader r = {.at = blob->data, .left = blob->len};
    const char *magic = get(&r, MAGIC_SIZE);
    uint64_t sum = get_number(&r, SUM_SIZE);
    bool same;

    *t = (struct ticket){0};
    if (r.bad || blob->len > TICKET_MAX || memcmp(magic, MAGIC, MAGIC_SIZE) != 0 ||
        sum_of(r.at, r.left) != sum)
        return false;
    t->made_at = (int64_t)get_number(&r, 8);
    t->until = (int64_t)get_number(&r, 8);
    t->client_cert = (get_number(&r, 1) & FLAG_CLIENT_CERT) != 0;
    same = get_same(&r, name, strlen(name)) && get_same(&r, identity->data, identity->len);
    t->pins = get_text(&r, &t->n_pins);
    t->data = get_text(&r, &t->n);
    if (!same || r.bad || r.left > 0 || t->n == 0)
        return false;
    return t->made_at >= 0 && t->made_at <= now_s && now_s - t->made_at < TICKET_AGE_S &&
           now_s < t->until;
}
