/*
 * fake_tls.c: net/tls.h without cryptography, linked in place of net/tls, so that a fuzzer can be
 * the other side of TLS. A record is a type (as in TLS), a length of two octets, and data; data of
 * type 23 has every octet changed, so that a secret that left the other way is seen.
 */
#include "config.h"

#include "net/tls.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/xalloc.h"
#include "puppet.h"

#define IN_SIZE 40000

struct tls {
    struct tls_info info;
    char in[IN_SIZE];
    size_t in_n;
    bool ended;
    struct buf out;
    size_t out_at;
};

enum cause tls_new(struct tls **out, const struct tls_params *p, struct fault *why)
{
    struct tls *t = xcalloc(1, sizeof(*t));

    (void)p;
    (void)why;
    memcpy(t->info.version, "none", 5);
    memcpy(t->info.cipher, "none", 5);
    buf_init(&t->out, (size_t)1 << 20);
    puppet_record(&t->out, PUPPET_HANDSHAKE, "hello", 5);
    *out = t;
    return CAUSE_NONE;
}

void *tls_in_room(struct tls *t, size_t *n)
{
    *n = IN_SIZE - t->in_n;
    return t->in + t->in_n;
}

void tls_in_added(struct tls *t, size_t n)
{
    t->ended = t->ended || n == 0;
    t->in_n += n;
}

const void *tls_out(const struct tls *t, size_t *n)
{
    *n = t->out.len - t->out_at;
    return t->out.data + t->out_at;
}

void tls_out_sent(struct tls *t, size_t n)
{
    t->out_at += n;
    if (t->out_at == t->out.len) {
        buf_reset(&t->out);
        t->out_at = 0;
    }
}

/* The length of the data of the first record, if it is whole; *TYPE is known from its start. */
static bool whole_record(const struct tls *t, int *type, size_t *n)
{
    if (t->in_n < PUPPET_HEAD)
        return false;
    *type = (unsigned char)t->in[0];
    *n = (size_t)(unsigned char)t->in[1] << 8 | (unsigned char)t->in[2];
    return t->in_n - PUPPET_HEAD >= *n;
}

static void drop_record(struct tls *t, size_t n)
{
    memmove(t->in, t->in + PUPPET_HEAD + n, t->in_n - PUPPET_HEAD - n);
    t->in_n -= PUPPET_HEAD + n;
}

/* Whatever is no record, or an alert. */
static enum cause wrong(const struct tls *t, int type, struct fault *why)
{
    if (type == PUPPET_ALERT && t->in[PUPPET_HEAD] == 0)
        return fault_set(why, CAUSE_CLOSED, "the server closed the connection");
    return fault_set(why, CAUSE_TLS, "the TLS session failed");
}

enum cause tls_handshake(struct tls *t, bool *done, struct fault *why)
{
    int type = PUPPET_HANDSHAKE;
    size_t n = 0;
    bool is_whole = whole_record(t, &type, &n);

    *done = false;
    if (type != PUPPET_HANDSHAKE || n > IN_SIZE - PUPPET_HEAD)
        return wrong(t, is_whole ? type : 0, why);
    if (!is_whole)
        return t->ended ? fault_set(why, CAUSE_CLOSED, "the server closed the connection")
                        : CAUSE_NONE;
    drop_record(t, n);
    *done = true;
    return CAUSE_NONE;
}

bool tls_plain_peer(const struct tls *t)
{
    (void)t;
    return false;
}

enum cause tls_verify(struct tls *t, struct fault *why)
{
    (void)t;
    (void)why;
    return CAUSE_NONE;
}

enum cause tls_read(struct tls *t, void *out, size_t cap, size_t *got, struct fault *why)
{
    int type = PUPPET_DATA;
    size_t n = 0;
    char *to = out;

    *got = 0;
    while (*got == 0 && whole_record(t, &type, &n)) {
        if (type != PUPPET_DATA || n > LIMIT_TLS_RECORD)
            return wrong(t, type, why);
        if (n > cap)
            return fault_set(why, CAUSE_SOFTWARE, "less room than a record");
        for (size_t i = 0; i < n; i++)
            to[i] = (char)(t->in[PUPPET_HEAD + i] ^ PUPPET_CIPHER);
        *got = n;
        drop_record(t, n);
    }
    if (*got > 0 || !t->ended)
        return *got == 0 && n > LIMIT_TLS_RECORD ? wrong(t, 0, why) : CAUSE_NONE;
    return fault_set(why, CAUSE_CLOSED, "the server closed the connection");
}

enum cause tls_write(struct tls *t, const void *bytes, size_t n, size_t *got, struct fault *why)
{
    (void)why;
    *got = 0;
    while (*got < n && t->out.len - t->out_at < 4 * LIMIT_TLS_RECORD) {
        size_t left = n - *got < LIMIT_TLS_RECORD ? n - *got : LIMIT_TLS_RECORD;

        puppet_record(&t->out, PUPPET_DATA, (const char *)bytes + *got, left);
        *got += left;
    }
    return CAUSE_NONE;
}

const struct tls_info *tls_get_info(const struct tls *t)
{
    return &t->info;
}

bool tls_get_binding(struct tls *t, enum tls_binding kind, struct buf *out)
{
    (void)t;
    return kind == TLS_BINDING_EXPORTER && buf_add(out, "binding", 7);
}

bool tls_ticket(struct tls *t, struct buf *out)
{
    (void)t;
    (void)out;
    return false;
}

void tls_end(struct tls *t)
{
    puppet_record(&t->out, PUPPET_ALERT, "\0", 1);
}

void tls_free(struct tls **t)
{
    if (*t != NULL) {
        buf_free(&(*t)->out);
        free(*t);
    }
    *t = NULL;
}
