/*
 * fuzz_ticket.c: any octets as a kept TLS session. The first octet says whether the checksum is
 * made right, so that what stands behind it is reached. What is accepted lies within what was
 * given, and is packed to the same octets again.
 */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "net/ticket.h"

#define HEAD 24 /* the magic line and the checksum */

#define NOW 1800000000

static void make_right(char *blob, size_t n)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);

    for (size_t i = HEAD; i < n; i++)
        sum = (sum ^ (unsigned char)blob[i]) * UINT64_C(0x100000001b3);
    memcpy(blob, "postrider-tls 1\n", 16);
    for (size_t i = 0; i < 8; i++)
        blob[16 + i] = (char)(sum >> (56 - 8 * i));
}

static bool within(const struct buf *blob, const char *at, size_t n)
{
    return at >= blob->data && n <= blob->len && at + n <= blob->data + blob->len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf blob, identity, again;
    struct ticket t;

    if (size == 0 || size - 1 > TICKET_MAX)
        return 0;
    buf_init_secret(&blob, TICKET_MAX);
    buf_init_secret(&again, TICKET_MAX);
    buf_init(&identity, 100);
    buf_adds(&identity, "trust");
    buf_add(&blob, data + 1, size - 1);
    if ((data[0] & 1) != 0 && blob.len >= HEAD)
        make_right(blob.data, blob.len);
    if (ticket_unpack(&t, &blob, "mail.example.org", &identity, NOW)) {
        promise(t.made_at <= NOW && NOW - t.made_at < TICKET_AGE_S && NOW < t.until, "in its time");
        promise(t.n > 0 && within(&blob, t.data, t.n), "the session data are inside");
        promise(within(&blob, t.pins, t.n_pins), "the pins are inside");
        promise(ticket_pack(&again, &t, "mail.example.org", &identity), "can be packed again");
        promise(again.len == blob.len, "to as many octets");
    }
    buf_free(&blob);
    buf_free(&again);
    buf_free(&identity);
    return 0;
}
