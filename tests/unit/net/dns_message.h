/* dns_message.h: answers of name servers, good and bad ones, put together octet by octet. */
#ifndef TESTS_UNIT_NET_DNS_MESSAGE_H
#define TESTS_UNIT_NET_DNS_MESSAGE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { DNS_A = 1, DNS_CNAME = 5, DNS_SRV = 33 };

struct dns_message {
    unsigned char at[70000];
    size_t n;
};

static inline void dns_8(struct dns_message *m, unsigned v)
{
    m->at[m->n++] = (unsigned char)v;
}

static inline void dns_16(struct dns_message *m, unsigned v)
{
    dns_8(m, v >> 8 & 0xff);
    dns_8(m, v & 0xff);
}

/* dns_name - "a.b.c" as labels, "" as the root, "*12" as a pointer to octet 12, also at the end of
 * a name: "a.*12". */
static inline void dns_name(struct dns_message *m, const char *text)
{
    while (*text != '\0' && *text != '*') {
        size_t n = strcspn(text, ".");

        dns_8(m, (unsigned)n);
        memcpy(m->at + m->n, text, n);
        m->n += n;
        text += n + (text[n] == '.');
    }
    if (*text == '*') {
        unsigned to = 0;

        for (text++; *text != '\0'; text++)
            to = to * 10 + (unsigned)(*text - '0');
        dns_16(m, 0xc000 | to);
    } else {
        dns_8(m, 0);
    }
}

/* dns_start - the head of an answer with COUNT records to the question for SRV records of NAME. */
static inline void dns_start(struct dns_message *m, unsigned flags, unsigned count,
                             const char *name)
{
    m->n = 0;
    dns_16(m, 0x1234);
    dns_16(m, flags);
    dns_16(m, 1);
    dns_16(m, count);
    dns_16(m, 0);
    dns_16(m, 0);
    dns_name(m, name);
    dns_16(m, DNS_SRV);
    dns_16(m, 1);
}

/* dns_open, dns_close - a record but for its data; where its length stands goes between them. */
static inline size_t dns_open(struct dns_message *m, const char *owner, unsigned type)
{
    dns_name(m, owner);
    dns_16(m, type);
    dns_16(m, 1);
    dns_16(m, 0);
    dns_16(m, 300);
    dns_16(m, 0);
    return m->n;
}

static inline void dns_close(struct dns_message *m, size_t data)
{
    size_t n = m->n - data;

    m->at[data - 2] = (unsigned char)(n >> 8);
    m->at[data - 1] = (unsigned char)n;
}

static inline void dns_srv(struct dns_message *m, const char *owner, unsigned priority,
                           unsigned weight, unsigned port, const char *target)
{
    size_t data = dns_open(m, owner, DNS_SRV);

    dns_16(m, priority);
    dns_16(m, weight);
    dns_16(m, port);
    dns_name(m, target);
    dns_close(m, data);
}

static inline void dns_cname(struct dns_message *m, const char *owner, const char *target)
{
    size_t data = dns_open(m, owner, DNS_CNAME);

    dns_name(m, target);
    dns_close(m, data);
}

#endif
