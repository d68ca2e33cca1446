/*
 * addr.c: what an address is worth once it is read: comparing, checking, writing.
 *
 * Specs come in the normal form of mailbox.c, so that comparing is comparing octets. The check
 * for MAIL and RCPT is on its own and strict: what the header reader takes is wider than what
 * RFC 5321 lets stand in a command, and the spool is read back through this check too.
 */
#include "config.h"

#include "mail/addr.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/xalloc.h"
#include "mail/lex.h"
#include "mail/mailbox.h"
#include "mail/mime.h"

/* RFC 5321 4.5.3.1.2, RFC 1035 2.3.4 */
enum { DOMAIN_MAX = 255, LABEL_MAX = 63 };

static bool ascii_same(const char *a, const char *b, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        unsigned char x = (unsigned char)a[i], y = (unsigned char)b[i];

        if (x >= 'A' && x <= 'Z')
            x = (unsigned char)(x + 32);
        if (y >= 'A' && y <= 'Z')
            y = (unsigned char)(y + 32);
        if (x != y)
            return false;
    }
    return true;
}

enum cause addr_parse_list(const char *text, size_t n, struct addr_list *out, struct fault *why)
{
    return mailbox_parse(text, n, false, out, why);
}

/* "" and "<>", with blanks around the brackets and nothing else. */
static bool is_null_path(const char *text, size_t n)
{
    if (n == 0)
        return true;
    while (n > 0 && text[0] == ' ') {
        text++;
        n--;
    }
    while (n > 0 && text[n - 1] == ' ')
        n--;
    return n == 2 && memcmp(text, "<>", 2) == 0;
}

enum cause addr_parse_path(const char *text, size_t n, struct addr *out, struct fault *why)
{
    struct addr_list one = {0};
    enum cause cause;

    *out = (struct addr){0};
    if (is_null_path(text, n)) {
        *out = (struct addr){.name = xstrdup(""), .spec = xstrdup("")};
        return CAUSE_NONE;
    }
    cause = mailbox_parse(text, n, true, &one, why);
    if (cause == CAUSE_NONE && one.n == 0) {
        cause = fault_set(why, CAUSE_BAD_ADDRESS, "address expected");
    } else if (cause == CAUSE_NONE) {
        *out = one.v[0];
        one.n = 0;
    }
    addr_list_free(&one);
    return cause;
}

const char *addr_domain(const char *spec)
{
    const char *s = spec;

    if (*s == '"') {
        for (s++; *s != '"' && *s != '\0'; s++)
            if (*s == '\\' && s[1] != '\0')
                s++;
    }
    s = strchr(s, '@');
    return s != NULL ? s + 1 : NULL;
}

/* Where the local part of SPEC ends, which is at the '@' if all is well; 0 when it is malformed. */
static size_t local_end(const char *spec)
{
    size_t at = 0;

    if (spec[0] != '"') {
        while (lex_is_atext((unsigned char)spec[at]) || spec[at] == '.')
            at++;
        return mailbox_is_dot_string(spec, at) ? at : 0;
    }
    for (at = 1; spec[at] != '"'; at++) {
        if (spec[at] == '\\')
            at++;
        if ((unsigned char)spec[at] < 0x20 || spec[at] == 0x7f)
            return 0;
    }
    return at + 1;
}

/* RFC 5321 4.1.3: [192.0.2.1], [IPv6:2001:db8::1], [tag:text]. */
static bool is_literal(const char *domain, size_t n)
{
    char text[128];
    struct in6_addr six;
    struct in_addr four;
    char *colon, *c;

    if (n < 3 || n - 2 >= sizeof(text) || domain[n - 1] != ']')
        return false;
    memcpy(text, domain + 1, n - 2);
    text[n - 2] = '\0';
    for (c = text; *c != '\0'; c++)
        if (*c <= 0x20 || *c >= 0x7f || strchr("[]\\", *c) != NULL)
            return false;
    colon = strchr(text, ':');
    if (colon == NULL)
        return inet_pton(AF_INET, text, &four) == 1;
    if (colon - text == 4 && ascii_same(text, "IPv6", 4))
        return inet_pton(AF_INET6, colon + 1, &six) == 1;
    return colon > text && colon[1] != '\0';
}

/* Letters, digits, hyphens, UTF-8, and the underscore that hosts in use have. */
static bool is_label_octet(unsigned char c)
{
    return lex_is_atext(c) && strchr("!#$%&'*+/=?^`{|}~", c) == NULL;
}

/* Labels between dots, no hyphen at either end. AT: the first octet that is wrong. */
static bool is_domain(const char *domain, size_t *at)
{
    size_t i, label = 0;

    for (i = 0;; i++) {
        unsigned char c = (unsigned char)domain[i];

        if (c == '.' || c == '\0') {
            *at = label;
            if (i == label || i - label > LABEL_MAX || domain[i - 1] == '-')
                return false;
            label = i + 1;
        } else if (!is_label_octet(c) || (c == '-' && i == label)) {
            *at = i;
            return false;
        }
        if (c == '\0')
            return true;
    }
}

/* The first octet that no address may hold: malformed UTF-8, a C1 control. */
static size_t text_end(const char *spec, size_t n)
{
    size_t at = 0;

    while (at < n) {
        size_t length = mime_utf8_length(spec + at, n - at);

        if (length == 0 || (spec[at] == '\xc2' && (unsigned char)spec[at + 1] < 0xa0))
            break;
        at += length;
    }
    return at;
}

static enum cause refuse(const char *spec, size_t at, const char *what, struct fault *why)
{
    fault_set(why, CAUSE_BAD_ADDRESS, "address <%s>: %s", spec, what);
    why->offset = at;
    return CAUSE_BAD_ADDRESS;
}

enum cause addr_check_spec(const char *spec, struct fault *why)
{
    size_t n = strlen(spec), at = text_end(spec, n), start;

    if (n > LIMIT_ADDRESS)
        return refuse(spec, LIMIT_ADDRESS, "too long", why);
    if (at < n)
        return refuse(spec, at, "not UTF-8", why);
    at = local_end(spec);
    if (at == n && n > 0)
        return refuse(spec, at, "no domain", why);
    if (at == 0 || spec[at] != '@')
        return refuse(spec, at, "malformed local part", why);
    start = at + 1;
    if (spec[start] == '[') {
        if (!is_literal(spec + start, n - start))
            return refuse(spec, start, "malformed address literal", why);
        return CAUSE_NONE;
    }
    if (!is_domain(spec + start, &at))
        return refuse(spec, start + at, "malformed domain", why);
    if (n - start > DOMAIN_MAX)
        return refuse(spec, start + DOMAIN_MAX, "domain too long", why);
    return CAUSE_NONE;
}

bool addr_is_ascii(const char *spec)
{
    for (; *spec != '\0'; spec++)
        if ((unsigned char)*spec > 127)
            return false;
    return true;
}

bool addr_same(const char *a, const char *b)
{
    const char *da = addr_domain(a), *db = addr_domain(b);
    size_t na = strlen(a), local;

    if (na != strlen(b) || (da == NULL) != (db == NULL))
        return false;
    if (da == NULL || db == NULL)
        return strcmp(a, b) == 0;
    local = (size_t)(da - a);
    return local == (size_t)(db - b) && memcmp(a, b, local) == 0 && ascii_same(da, db, na - local);
}

bool addr_matches(const char *pattern, const char *spec)
{
    size_t np = strlen(pattern), ns = strlen(spec), head;
    const char *star = strchr(pattern, '*'), *domain = addr_domain(spec), *plus;

    if (star != NULL) {
        head = (size_t)(star - pattern);
        return ns + 1 >= np && ascii_same(pattern, spec, head) &&
               ascii_same(star + 1, spec + ns - (np - head - 1), np - head - 1);
    }
    if (domain == NULL)
        return np == ns && ascii_same(pattern, spec, ns);
    if (pattern[0] == '@')
        return strlen(domain) == np - 1 && ascii_same(pattern + 1, domain, np - 1);
    if (np == ns && ascii_same(pattern, spec, ns))
        return true;
    plus = memchr(spec, '+', (size_t)(domain - 1 - spec));
    if (plus == NULL || plus == spec || spec[0] == '"')
        return false;
    head = (size_t)(plus - spec);
    return np == head + 1 + strlen(domain) && ascii_same(pattern, spec, head) &&
           ascii_same(pattern + head, domain - 1, np - head);
}

static bool is_atom(const char *word, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (!lex_is_atext((unsigned char)word[i]))
            return false;
    return n > 0;
}

/* Atoms with one blank between each two: RFC 5322 3.2.5 phrase without quotes. */
static bool is_atoms(const char *name)
{
    for (;;) {
        size_t n = strcspn(name, " ");

        if (!is_atom(name, n))
            return false;
        if (name[n] == '\0')
            return true;
        name += n + 1;
    }
}

static bool has_encoded_word(const char *name)
{
    size_t n;

    for (; *name != '\0'; name += n) {
        name += strspn(name, " \t");
        n = strcspn(name, " \t");
        if (mime_is_encoded_word(name, n))
            return true;
    }
    return false;
}

/* Encoded words of the original are decoded only outside of quotes: quote the others one by one. */
static void format_words(struct buf *out, const char *name)
{
    bool first = true;

    for (name += strspn(name, " \t"); *name != '\0'; name += strspn(name, " \t")) {
        size_t n = strcspn(name, " \t");

        if (!first)
            buf_addc(out, ' ');
        if (is_atom(name, n))
            buf_add(out, name, n);
        else
            mailbox_quote(out, name, n);
        first = false;
        name += n;
    }
}

/* Octets on the last line of OUT. */
static size_t column_of(const struct buf *out)
{
    const char *line = out->len > 0 ? memrchr(out->data, '\n', out->len) : NULL;

    return line == NULL ? out->len : (size_t)(out->data + out->len - line) - 1;
}

void addr_format(struct buf *out, const char *name, const char *spec)
{
    if (name == NULL || *name == '\0') {
        buf_adds(out, spec);
        return;
    }
    if (!mime_is_plain(name, strlen(name)))
        mime_encode_words(out, name, strlen(name), MIME_PHRASE, column_of(out));
    else if (is_atoms(name))
        buf_adds(out, name);
    else if (has_encoded_word(name))
        format_words(out, name);
    else
        mailbox_quote(out, name, strlen(name));
    buf_adds(out, column_of(out) + strlen(spec) + 3 > MIME_LINE_MAX ? "\n <" : " <");
    buf_adds(out, spec);
    buf_addc(out, '>');
}

void addr_free(struct addr *a)
{
    free(a->name);
    free(a->spec);
    *a = (struct addr){0};
}

void addr_list_free(struct addr_list *l)
{
    size_t i;

    for (i = 0; i < l->n; i++)
        addr_free(&l->v[i]);
    free(l->v);
    *l = (struct addr_list){0};
}
