/*
 * roots.c: the two or three certificates that matter out of a bundle of a hundred and fifty.
 *
 * Importing the whole bundle of a system is four fifths of the work of sending one short mail
 * (some 65 million instructions); this scan takes less than one million. The subject stands in the
 * first few hundred octets of a certificate (RFC 5280 4.1), so that base64 is decoded only as far
 * as the walk through the DER headers asks for, and a subject of another length than every wanted
 * one is never decoded at all.
 *
 * The bundle is the administrator's, yet a chain comes from whoever answered: every length is
 * checked against what is there before it is used.
 */
#include "config.h"

#include "net/roots.h"

#include <string.h>

#include "base/b64.h"

/* A subject that ends beyond is not found here, and left to the full load. */
#define PREFIX_SIZE 4096

#define DER_INTEGER  0x02
#define DER_SEQUENCE 0x30
#define DER_VERSION  0xa0 /* [0] EXPLICIT, RFC 5280 4.1 */

/* DER octets, of which more may still wait behind base64. */
struct view {
    const unsigned char *der;
    size_t n;
    unsigned char *room;  /* where decoding goes on, or NULL: that was all */
    const char *at, *end; /* base64 not decoded yet */
};

/* The next four characters of the alphabet as three octets; false at the end, padded or not. */
static bool decode_quad(struct view *v)
{
    unsigned long bits = 0;
    int have = 0;

    while (have < 4 && v->at < v->end) {
        unsigned char c = (unsigned char)*v->at++;
        int value = b64_value(c);

        if (value >= 0) {
            bits = bits << 6 | (unsigned long)value;
            have++;
        } else if (c != '\n' && c != '\r' && c != ' ' && c != '\t') {
            return false;
        }
    }
    if (have < 4 || v->n + 3 > PREFIX_SIZE)
        return false;
    v->room[v->n++] = (unsigned char)(bits >> 16);
    v->room[v->n++] = (unsigned char)(bits >> 8);
    v->room[v->n++] = (unsigned char)bits;
    return true;
}

/* Whether the first N octets are there; decodes what is missing. */
static bool need(struct view *v, size_t n)
{
    while (v->n < n) {
        if (v->room == NULL || !decode_quad(v))
            return false;
    }
    return true;
}

/*
 * Reads the header of the element at *AT, which must have the tag TAG; *AT moves to its contents
 * and *N gets their length. Lengths of more than three octets are no certificate's.
 */
static bool header(struct view *v, size_t *at, unsigned tag, size_t *n)
{
    size_t octets;

    if (!need(v, *at + 2) || v->der[*at] != tag)
        return false;
    *n = v->der[*at + 1];
    *at += 2;
    if (*n < 0x80)
        return true;
    octets = *n & 0x7f;
    if (octets == 0 || octets > 3 || !need(v, *at + octets))
        return false;
    for (*n = 0; octets > 0; octets--)
        *n = *n << 8 | v->der[(*at)++];
    return true;
}

static bool skip(struct view *v, size_t *at, unsigned tag)
{
    size_t n;

    if (!header(v, at, tag, &n))
        return false;
    *at += n;
    return true;
}

/*
 * Walks to the subject: TBSCertificate is version, serial, signature, issuer, validity, subject.
 * ISSUER and SUBJECT get where the names begin and how long they are, headers included; the octets
 * of the subject behind its header need not be decoded yet.
 */
static bool find_subject(struct view *v, size_t issuer[2], size_t subject[2])
{
    size_t at = 0, n, start;

    if (!header(v, &at, DER_SEQUENCE, &n)) /* Certificate */
        return false;
    if (!header(v, &at, DER_SEQUENCE, &n)) /* TBSCertificate */
        return false;
    if (need(v, at + 1) && v->der[at] == DER_VERSION && !skip(v, &at, DER_VERSION))
        return false;
    if (!skip(v, &at, DER_INTEGER) || !skip(v, &at, DER_SEQUENCE))
        return false;
    issuer[0] = at;
    if (!skip(v, &at, DER_SEQUENCE))
        return false;
    issuer[1] = at - issuer[0];
    if (!skip(v, &at, DER_SEQUENCE))
        return false;
    start = at;
    if (!header(v, &at, DER_SEQUENCE, &n))
        return false;
    subject[0] = start;
    subject[1] = at - start + n;
    return true;
}

bool roots_names(const unsigned char *cert, size_t n, struct roots_dn *issuer,
                 struct roots_dn *subject)
{
    struct view v = {.der = cert, .n = n};
    size_t i[2], s[2];

    *issuer = *subject = (struct roots_dn){0};
    if (!find_subject(&v, i, s) || !need(&v, s[0] + s[1]))
        return false;
    *issuer = (struct roots_dn){.der = cert + i[0], .n = i[1]};
    *subject = (struct roots_dn){.der = cert + s[0], .n = s[1]};
    return true;
}

bool roots_same(const struct roots_dn *a, const struct roots_dn *b)
{
    return a->n == b->n && a->n > 0 && memcmp(a->der, b->der, a->n) == 0;
}

/* Whether the certificate in the base64 from AT to END has one of the wanted subjects. */
static bool is_wanted(const char *at, const char *end, const struct roots_dn *wanted,
                      size_t n_wanted)
{
    unsigned char room[PREFIX_SIZE];
    struct view v = {.der = room, .room = room, .at = at, .end = end};
    size_t issuer[2], subject[2];

    if (!find_subject(&v, issuer, subject))
        return false;
    for (size_t i = 0; i < n_wanted; i++) {
        if (wanted[i].n == subject[1] && need(&v, subject[0] + subject[1]) &&
            memcmp(room + subject[0], wanted[i].der, wanted[i].n) == 0)
            return true;
    }
    return false;
}

#define BEGIN_MARK "-----BEGIN "
#define END_MARK   "-----END "
#define DASHES     "-----"

static const char *find(const char *at, const char *end, const char *mark)
{
    return memmem(at, (size_t)(end - at), mark, strlen(mark));
}

/* Whether the text at AT starts with S; moves AT behind it. */
static bool take(const char **at, const char *end, const char *s)
{
    size_t n = strlen(s);

    if ((size_t)(end - *at) < n || memcmp(*at, s, n) != 0)
        return false;
    *at += n;
    return true;
}

size_t roots_scan(const char *pem, size_t n, const struct roots_dn *wanted, size_t n_wanted,
                  roots_found *found, void *context)
{
    const char *end = pem + n, *begin = pem;
    size_t seen = 0;

    while ((begin = find(begin, end, BEGIN_MARK)) != NULL) {
        const char *body = begin + strlen(BEGIN_MARK), *close, *behind;
        bool is_cert =
            take(&body, end, "CERTIFICATE" DASHES) || take(&body, end, "X509 CERTIFICATE" DASHES);

        close = find(body, end, END_MARK);
        if (close == NULL)
            break;
        behind = find(close + strlen(END_MARK), end, DASHES);
        if (behind == NULL)
            break;
        behind += strlen(DASHES);
        if (is_cert) {
            seen++;
            if (wanted == NULL || is_wanted(body, close, wanted, n_wanted))
                found(context, begin, (size_t)(behind - begin));
        }
        begin = behind;
    }
    return seen;
}
