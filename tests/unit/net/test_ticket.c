/*
 * test_ticket.c: what was kept reads back, nothing else does, and what makes it stale.
 */
#include "config.h"

#include "net/ticket.h"

#include "pki.h"
#include "tap.h"

#include <fcntl.h>
#include <sys/stat.h>

#define NOW 1800000000

static struct buf identity;

static void packed(struct buf *out, int64_t made_at, int64_t until)
{
    struct ticket t = {.made_at = made_at,
                       .until = until,
                       .client_cert = true,
                       .pins = "a\nb\n",
                       .n_pins = 4,
                       .data = "\0session\n",
                       .n = 9};

    buf_init_secret(out, TICKET_MAX);
    ok(ticket_pack(out, &t, "mail.example.org", &identity), "packed");
}

static void test_back(void)
{
    struct ticket t;
    struct buf blob;

    packed(&blob, NOW, NOW + 5);
    ok(ticket_unpack(&t, &blob, "mail.example.org", &identity, NOW), "read back");
    is_mem(t.data, t.n, "\0session\n", 9, "...the session data");
    is_mem(t.pins, t.n_pins, "a\nb\n", 4, "...the pins");
    is_int(t.made_at, NOW, "...when it was made");
    is_int(t.until, NOW + 5, "...until when it counts");
    ok(t.client_cert, "...that our certificate was seen");
    ok(!ticket_unpack(&t, &blob, "mail.example.com", &identity, NOW), "for another name: no");
    ok(!ticket_unpack(&t, &blob, "mail.example.or", &identity, NOW), "for a shorter name: no");
    buf_addc(&identity, '!');
    ok(!ticket_unpack(&t, &blob, "mail.example.org", &identity, NOW), "for other files: no");
    buf_cut(&identity, identity.len - 1);
    buf_free(&blob);
}

static void test_times(void)
{
    static const struct {
        int64_t made_at, until, now;
        bool good;
        const char *why;
    } t[] = {
        {NOW, NOW + 9, NOW, true, "just made"},
        {NOW, NOW + 9, NOW + 8, true, "the last second of the chain"},
        {NOW, NOW + 9, NOW + 9, false, "the chain has ended"},
        {NOW, INT64_MAX, NOW + 86399, true, "a day but one second old"},
        {NOW, INT64_MAX, NOW + 86400, false, "a day old"},
        {NOW, INT64_MAX, NOW - 1, false, "made in the future: the clock was set"},
        {-1, INT64_MAX, NOW, false, "made before time began"},
        {INT64_MIN, INT64_MAX, NOW, false, "...long before"},
        {NOW, INT64_MIN, NOW, false, "never any good"},
        {INT64_MAX, INT64_MAX, NOW, false, "made at the end of time"},
    };

    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct ticket k;
        struct buf blob;

        packed(&blob, t[i].made_at, t[i].until);
        ok(ticket_unpack(&k, &blob, "mail.example.org", &identity, t[i].now) == t[i].good, "%s: %s",
           t[i].why, t[i].good ? "yes" : "no");
        buf_free(&blob);
    }
}

/* FNV-1a as the file has it, so that damage behind the checksum gets past it. */
static void sign_again(struct buf *blob)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 24; i < blob->len; i++)
        sum = (sum ^ (unsigned char)blob->data[i]) * UINT64_C(0x100000001b3);
    for (int i = 0; i < 8; i++)
        blob->data[16 + i] = (char)(sum >> (56 - 8 * i));
}

static void test_damage(void)
{
    struct ticket t;
    struct buf blob, cut;
    size_t good = 0, whole;

    packed(&blob, NOW, NOW + 5);
    whole = blob.len;
    for (size_t n = 0; n < whole; n++) {
        buf_init(&cut, TICKET_MAX);
        buf_add(&cut, blob.data, n);
        good += ticket_unpack(&t, &cut, "mail.example.org", &identity, NOW);
        if (n >= 24) {
            sign_again(&cut);
            good += ticket_unpack(&t, &cut, "mail.example.org", &identity, NOW);
        }
        buf_free(&cut);
    }
    is_int((long long)good, 0, "cut short anywhere, with a right checksum or a wrong one: no");
    for (size_t i = 0; i < whole; i++) {
        blob.data[i] ^= 0x10;
        good += ticket_unpack(&t, &blob, "mail.example.org", &identity, NOW);
        blob.data[i] ^= 0x10;
    }
    is_int((long long)good, 0, "one octet changed: no");
    /* The lengths stand at 41, and behind the texts. */
    for (size_t i = 24 + 17; i < whole; i++) {
        char before = blob.data[i];

        blob.data[i] = '\xff';
        sign_again(&blob);
        if (ticket_unpack(&t, &blob, "mail.example.org", &identity, NOW))
            good += t.n > whole || (const char *)t.data + t.n != blob.data + whole ||
                    t.n_pins > whole || t.pins + t.n_pins > (const char *)t.data;
        blob.data[i] = before;
    }
    is_int((long long)good, 0, "a length that lies, with a right checksum: nothing outside");
    sign_again(&blob);
    ok(ticket_unpack(&t, &blob, "mail.example.org", &identity, NOW), "whole again: yes");
    buf_addc(&blob, 'x');
    sign_again(&blob);
    ok(!ticket_unpack(&t, &blob, "mail.example.org", &identity, NOW), "something behind it: no");
    buf_free(&blob);
}

static void test_too_big(void)
{
    size_t n = TICKET_MAX;
    struct ticket t = {.made_at = NOW, .until = NOW + 5, .pins = "", .data = calloc(1, n), .n = n};
    struct buf out;

    buf_init_secret(&out, TICKET_MAX);
    ok(!ticket_pack(&out, &t, "mail.example.org", &identity), "more than a ticket may have: no");
    is_int((long long)out.len, 0, "...and nothing of it");
    t.n = 200;
    buf_free(&out);
    buf_init_secret(&out, 200);
    ok(!ticket_pack(&out, &t, "mail.example.org", &identity), "more than there is room for: no");
    buf_free(&out);
    free((void *)(uintptr_t)t.data);
}

static bool same(const struct ticket_basis *b, const struct buf *before)
{
    struct buf now;
    bool is;

    buf_init(&now, 4096);
    is = ticket_identity(b, &now) && now.len == before->len &&
         memcmp(now.data, before->data, now.len) == 0;
    buf_free(&now);
    return is;
}

static void test_identity(void)
{
    char *trust = pki_file("trust"), *crl = pki_file("crl"), *cert = pki_file("cert"), *other;
    struct ticket_basis p = {.trust = trust, .crl = crl, .cert = cert, .key = "pkcs11:token=x"};
    struct ticket_basis q = p;
    struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1, .tv_nsec = 1}};
    struct buf before;

    buf_init(&before, 4096);
    ok(ticket_identity(&p, &before), "files that are there have an identity");
    ok(same(&p, &before), "...which stays");
    other = pki_file("trust");
    ok(rename(other, trust) == 0 && !same(&p, &before), "a trust file replaced: another");
    free(other);
    buf_reset(&before);
    ok(ticket_identity(&p, &before) && utimensat(AT_FDCWD, crl, times, 0) == 0 &&
           !same(&p, &before),
       "a list of revoked certificates touched: another");
    buf_reset(&before);
    ok(ticket_identity(&p, &before), "again");
    times[1].tv_nsec = 2;
    ok(utimensat(AT_FDCWD, crl, times, 0) == 0 && !same(&p, &before),
       "...by a nanosecond: another");
    buf_reset(&before);
    ok(ticket_identity(&p, &before) && truncate(cert, 2) == 0 && !same(&p, &before),
       "a client certificate cut: another");
    buf_reset(&before);
    ok(ticket_identity(&p, &before), "again");
    q.key = "pkcs11:token=y";
    ok(!same(&q, &before), "another key: another");
    q = p;
    q.priority = "NORMAL";
    ok(!same(&q, &before), "another priority string: another");
    q = p;
    q.crl = NULL;
    ok(!same(&q, &before), "no list of revoked certificates: another");
    q = p;
    q.trust = cert;
    ok(!same(&q, &before), "another trust file: another");
    q.trust = NULL;
    ok(!same(&q, &before), "no trust file: none");
    q.trust = "/nonexistent";
    ok(!same(&q, &before), "a trust file that is not there: none");
    buf_free(&before);
    pki_unfile(trust);
    pki_unfile(crl);
    pki_unfile(cert);
}

int main(void)
{
    buf_init(&identity, 4096);
    buf_adds(&identity, "trust /etc/roots.pem 1 2 3.4 5\n");
    test_back();
    test_times();
    test_damage();
    test_too_big();
    test_identity();
    buf_free(&identity);
    return done_testing();
}
