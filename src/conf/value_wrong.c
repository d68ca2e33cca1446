/*
 * value_wrong.c: what a word of a setting may look like beyond its type. The answers are for people
 * and never hold the word.
 */
#include "config.h"

#include "conf/value.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "net/pin.h"
#include "conf/ini.h"

#define LONGEST_DOMAIN 255 /* RFC 5321 4.5.3.1.2 */
#define LONGEST_LABEL  63  /* RFC 1035 2.3.4 */

const char *value_wrong_domain(const char *word)
{
    size_t n = strlen(word), label = 0, i;

    if (n > LONGEST_DOMAIN)
        return "a domain has at most 255 octets";
    for (i = 0; i <= n; i++) {
        unsigned char c = (unsigned char)word[i];

        if (c == '.' || c == '\0') {
            if (label == 0)
                return "a domain with an empty part: no dot at the ends, no two in a row";
            if (label > LONGEST_LABEL)
                return "a part of a domain has at most 63 octets";
            if (word[i - 1] == '-' || word[i - label] == '-')
                return "no part of a domain begins or ends with '-'";
            label = 0;
        } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '-' || c == '_' || c >= 0x80)
            label++;
        else
            return "not a domain name";
    }
    return NULL;
}

const char *value_wrong_ip(const char *word)
{
    unsigned char to[sizeof(struct in6_addr)];

    if (inet_pton(AF_INET, word, to) == 1 || inet_pton(AF_INET6, word, to) == 1)
        return NULL;
    return "not an IP address";
}

/* True when WORD is OPEN, an IPv6 (or, FOUR, IPv4) address, and ']'. */
static bool is_in_brackets(const char *word, const char *open, bool four)
{
    size_t n = strlen(word), skip = strlen(open);
    char inner[INET6_ADDRSTRLEN];
    unsigned char to[sizeof(struct in6_addr)];

    if (n < skip + 2 || n - skip >= sizeof(inner) || strncasecmp(word, open, skip) != 0 ||
        word[n - 1] != ']')
        return false;
    memcpy(inner, word + skip, n - skip - 1);
    inner[n - skip - 1] = '\0';
    return inet_pton(four ? AF_INET : AF_INET6, inner, to) == 1;
}

const char *value_wrong_name(const char *word)
{
    if (value_wrong_ip(word) == NULL || is_in_brackets(word, "[", false))
        return NULL;
    if (strchr(word, ':') != NULL)
        return "not a host name: the port is a setting of its own";
    return value_wrong_domain(word);
}

const char *value_wrong_host(const char *word)
{
    if (strncmp(word, "srv:", 4) == 0)
        return value_wrong_ip(word + 4) == NULL ? "srv: takes a domain, not an address"
                                                : value_wrong_domain(word + 4);
    if (word[0] == '/')
        return strlen(word) < 108 ? NULL : "a socket's path has at most 107 octets";
    if (strstr(word, "://") != NULL)
        return "a host name or a path, not a URL";
    return value_wrong_name(word);
}

const char *value_wrong_ehlo(const char *word)
{
    size_t i;

    /* It goes into EHLO as it is, before a server could say that it takes more (RFC 6531 3.7.1). */
    for (i = 0; word[i] != '\0'; i++) {
        if ((unsigned char)word[i] >= 0x80)
            return "EHLO takes ASCII alone: write the xn-- form of the name";
    }
    if (word[0] != '[')
        return value_wrong_domain(word);
    if (is_in_brackets(word, "[", true) || is_in_brackets(word, "[IPv6:", false))
        return NULL;
    return "an address literal is written [192.0.2.1] or [IPv6:2001:db8::1]";
}

const char *value_wrong_pattern(const char *word)
{
    const char *star = strchr(word, '*'), *at = strrchr(word, '@');

    if (ini_wide_at(word) != NULL)
        return ini_wide_at(word);
    if (star != NULL)
        return strchr(star + 1, '*') != NULL ? "a pattern has one * at most" : NULL;
    if (at == NULL)
        return "neither an address nor @domain nor a text with one *";
    return value_wrong_domain(at + 1);
}

const char *value_wrong_pin(const char *word)
{
    unsigned char pin[PIN_OCTETS];

    return pin_parse(word, pin) ? NULL
                                : "a pin is sha256: and 64 hex digits, or sha256// and base64";
}

const char *value_wrong_user(const char *word)
{
    const char *name = word[0] == '@' ? word + 1 : word;

    if (name[0] == '\0' || strpbrk(name, " \t@:/") != NULL)
        return "neither a user nor @group";
    return NULL;
}
