/*
 * proxy_url.c: see proxy_url.h. The octets of the password go from the line of the file into one
 * secret buffer and nowhere else; in front of the last '@' nothing is ever shown.
 */
#include "config.h"

#include "conf/proxy_url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "conf/value.h"

#define FIELD_MAX 255 /* RFC 1929 2: one octet of length */
#define PATH_SIZE 108 /* sun_path */

static const struct {
    const char *start;
    bool remote_names;
} schemes[] = {{"socks5h://", true}, {"socks5://", false}};

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Appends N octets at TEXT, decoded. */
static const char *decode(const char *text, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        int high, low;

        if (text[i] != '%') {
            buf_addc(out, text[i]);
            continue;
        }
        high = i + 2 < n ? hex(text[i + 1]) : -1;
        low = i + 2 < n ? hex(text[i + 2]) : -1;
        if (high < 0 || low < 0)
            return "in user and password a % is written %25";
        if (high == 0 && low == 0)
            return "a NUL octet (%00) in user or password";
        buf_addc(out, (char)(high << 4 | low));
        i += 2;
    }
    return out->over ? "user and password have at most 255 octets each" : NULL;
}

/* USER or USER:PASSWORD, N octets. */
static const char *read_login(const char *text, size_t n, struct proxy_url *p)
{
    const char *colon = memchr(text, ':', n);
    size_t user_len = colon != NULL ? (size_t)(colon - text) : n;
    struct buf user;
    const char *wrong;

    buf_init(&user, FIELD_MAX);
    wrong = decode(text, user_len, &user);
    if (wrong == NULL && user.len == 0)
        wrong = "a login without a user: write USER:PASSWORD@";
    if (wrong == NULL)
        p->user = buf_take(&user);
    buf_free(&user);
    if (wrong == NULL && colon != NULL)
        wrong = decode(colon + 1, n - user_len - 1, &p->password);
    if (wrong == NULL && colon != NULL && p->password.len == 0)
        wrong = "a login with an empty password";
    return wrong;
}

static const char *read_path(const char *text, struct proxy_url *p)
{
    if (strlen(text) >= PATH_SIZE)
        return "a socket's path has at most 107 octets";
    p->host = xstrdup(text);
    return NULL;
}

/* HOST:PORT, with [IPv6] in brackets, and one '/' of a URL behind it. */
static const char *read_place(const char *text, struct proxy_url *p)
{
    bool brackets = text[0] == '[';
    size_t n = strlen(text), host_len, skip = brackets ? 1 : 0;
    const char *colon = strrchr(text, ':'), *wrong;
    uint64_t port;

    if (n > 0 && text[n - 1] == '/')
        n--;
    if (colon == NULL || strchr(colon, ']') != NULL)
        return "the port is missing: write HOST:PORT, such as 127.0.0.1:1080";
    if (!num_parse(colon + 1, n - (size_t)(colon + 1 - text), 65535, &port) || port == 0)
        return "the port is not a number from 1 to 65535";
    host_len = (size_t)(colon - text);
    if (brackets != (host_len > 0 && text[host_len - 1] == ']') ||
        (!brackets && memchr(text, ':', host_len) != NULL))
        return "an IPv6 address stands in brackets: [::1]:1080";
    p->port = (uint16_t)port;
    p->host = xmemdup(text + skip, host_len - 2 * skip);
    wrong = brackets ? value_wrong_ip(p->host) : value_wrong_name(p->host);
    return host_len == 0 ? "the host of the proxy is missing" : wrong;
}

static const char *read_all(const char *text, struct proxy_url *p)
{
    const char *at, *wrong = NULL;
    bool url = false;
    size_t i;

    p->remote_names = true;
    for (i = 0; i < ARRAY_LEN(schemes) && !url; i++) {
        url = strncasecmp(text, schemes[i].start, strlen(schemes[i].start)) == 0;
        if (url) {
            p->remote_names = schemes[i].remote_names;
            text += strlen(schemes[i].start);
        }
    }
    if (!url && strstr(text, "://") != NULL)
        return "only SOCKS5 proxies: socks5h://HOST:PORT or socks5://HOST:PORT";
    at = strrchr(text, '@');
    if (at != NULL && !url)
        return "a login is written socks5h://USER:PASSWORD@HOST:PORT";
    if (at != NULL) {
        wrong = read_login(text, (size_t)(at - text), p);
        text = at + 1;
    }
    if (wrong != NULL)
        return wrong;
    return text[0] == '/' ? read_path(text, p) : read_place(text, p);
}

const char *proxy_url_read(const char *text, struct proxy_url **out)
{
    struct proxy_url *p = xcalloc(1, sizeof(*p));
    const char *wrong;

    buf_init_secret(&p->password, FIELD_MAX);
    wrong = read_all(text, p);
    if (wrong != NULL)
        proxy_url_free(&p);
    *out = p;
    return wrong;
}

void proxy_url_free(struct proxy_url **p)
{
    if (*p == NULL)
        return;
    buf_free(&(*p)->password);
    free((*p)->user);
    free((*p)->host);
    free(*p);
    *p = NULL;
}

struct proxy_url *proxy_url_copy(const struct proxy_url *p)
{
    struct proxy_url *to;

    if (p == NULL)
        return NULL;
    to = xcalloc(1, sizeof(*to));
    to->host = xstrdup(p->host);
    to->port = p->port;
    to->remote_names = p->remote_names;
    to->user = xstrdup(p->user);
    buf_init_secret(&to->password, FIELD_MAX);
    buf_add(&to->password, p->password.data, p->password.len);
    return to;
}

/* RFC 3986 2.3: what never needs encoding. */
static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void proxy_url_write(const struct proxy_url *p, struct buf *out)
{
    buf_adds(out, p->remote_names ? "socks5h://" : "socks5://");
    for (const char *c = p->user; c != NULL && *c != '\0'; c++) {
        if (is_unreserved(*c))
            buf_addc(out, *c);
        else
            buf_addf(out, "%%%02X", (unsigned char)*c);
    }
    if (p->user != NULL)
        buf_addc(out, '@');
    if (p->host[0] == '/')
        buf_adds(out, p->host);
    else
        buf_addf(out, strchr(p->host, ':') != NULL ? "[%s]:%u" : "%s:%u", p->host,
                 (unsigned)p->port);
}
