/* remains.c: see remains.h. */
#include "config.h"

#include "remains.h"

#include <string.h>

#define RECORD_HEAD 5
#define RECORD_MAX  (16384 + 256) /* RFC 8446 5.2 */

const char *remains_torn(const struct octets *o)
{
    static const char *const marks[] = {"\r\n.\r\n", "\n.\r\n", "\n.\n", "\r.\r"};
    size_t i;

    for (i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (memmem(octets_text(o), o->n, marks[i], strlen(marks[i])))
            return "the end mark came all the same";
    }
    if (o->n >= 3 && memcmp(o->p, ".\r\n", 3) == 0)
        return "what came begins with an end mark";
    return NULL;
}

const char *remains_sealed(const struct octets *o)
{
    const unsigned char *p = (const unsigned char *)octets_text(o);
    size_t n = o->n;

    while (n > 0) {
        size_t len = n >= RECORD_HEAD ? ((size_t)p[3] << 8) + p[4] : 0;

        /* change_cipher_spec, alert, handshake; application data would be too early. */
        if (*p != 0x14 && *p != 0x15 && *p != 0x16)
            return "octets that are no TLS record";
        if ((n > 1 && p[1] != 3) || len > RECORD_MAX)
            return "a TLS record that is none";
        if (n < RECORD_HEAD || n - RECORD_HEAD < len)
            return NULL;
        p += RECORD_HEAD + len;
        n -= RECORD_HEAD + len;
    }
    return NULL;
}
