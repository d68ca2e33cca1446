/*
 * sasl_token.c: bearer tokens: OAUTHBEARER (RFC 7628) and XOAUTH2, which came before it and differs
 * in the frame alone. A server that refuses says why in a challenge, waits for any answer, and only
 * then sends its 535.
 */
#include "config.h"

#include "smtp/sasl_token.h"

#include <string.h>

#include "base/attr.h"
#include "base/limits.h"

#define CTRL_A     "\001"
#define STATUS_MAX 40 /* of what the server calls the trouble */

static bool is_token_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~+/", c) != NULL);
}

/* RFC 6750 2.1: b64token, which ends in any number of "=". */
static bool is_b64token(const struct buf *secret)
{
    size_t n = secret->len;

    while (n > 0 && secret->data[n - 1] == '=')
        n--;
    if (n == 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!is_token_char(secret->data[i]))
            return false;
    }
    return true;
}

bool sasl_is_token(const struct buf *secret)
{
    return secret->len >= SASL_TOKEN_MIN && is_b64token(secret);
}

static enum cause first_response(struct sasl_exchange *ex, struct buf *out, struct fault *why)
{
    if (!is_b64token(ex->in.secret)) {
        fault_set(why, CAUSE_SECRET, "the secret of %s is no token: it holds other characters",
                  ex->in.user);
        fault_hint(why, "AUTH %s wants an access token: let password_command print one",
                   ex->row->name);
        return CAUSE_SECRET;
    }
    if (ex->row->mech == SASL_OAUTHBEARER) {
        buf_adds(out, "n,a=");
        sasl_add_name(out, ex->in.user);
        buf_adds(out, "," CTRL_A);
        /* RFC 7628 3.1: bearer tokens can do without, but it is what every client says. */
        if (ex->in.host != NULL)
            buf_addf(out, "host=%s" CTRL_A "port=%u" CTRL_A, ex->in.host, ex->in.port);
    } else {
        buf_adds(out, "user=");
        buf_adds(out, ex->in.user);
        buf_adds(out, CTRL_A);
    }
    buf_adds(out, "auth=Bearer ");
    buf_add(out, ex->in.secret->data, ex->in.secret->len);
    buf_adds(out, CTRL_A CTRL_A);
    ex->secret_from = out->len; /* the token itself is known as a secret */
    return sasl_finish(out, why);
}

struct json {
    const char *at, *end;
};

static void skip_space(struct json *j)
{
    while (j->at < j->end && strchr(" \t\r\n", *j->at) != NULL && *j->at != '\0')
        j->at++;
}

/* From an opening quote to behind the closing one; *s, *n is what stands between, not unescaped. */
static bool take_string(struct json *j, const char **s, size_t *n)
{
    const char *p = j->at + 1;

    while (p < j->end && *p != '"')
        p += *p == '\\' && p + 1 < j->end ? 2 : 1;
    if (p >= j->end)
        return false;
    *s = j->at + 1;
    *n = (size_t)(p - *s);
    j->at = p + 1;
    return true;
}

/* A value: a string, or a number or word. False for an object or a list. */
static bool take_value(struct json *j, const char **s, size_t *n)
{
    skip_space(j);
    if (j->at < j->end && *j->at == '"')
        return take_string(j, s, n);
    *s = j->at;
    while (j->at < j->end && (is_token_char(*j->at)))
        j->at++;
    *n = (size_t)(j->at - *s);
    return *n > 0;
}

/*
 * The value of "status" in the server's JSON (RFC 7628 3.2.2), whatever else is in it. It is shown
 * to people and decides nothing, so that strings are told from the rest, and no more.
 */
static bool find_status(const char *text, size_t n, const char **s, size_t *len)
{
    struct json j = {text, text + n};

    while (j.at < j.end) {
        const char *key;
        size_t key_n;

        if (*j.at != '"') {
            j.at++;
            continue;
        }
        if (!take_string(&j, &key, &key_n))
            return false;
        skip_space(&j);
        if (j.at == j.end || *j.at != ':')
            continue;
        j.at++;
        if (key_n == 6 && memcmp(key, "status", 6) == 0)
            return take_value(&j, s, len);
        skip_space(&j);
        if (j.at < j.end && *j.at == '"' && !take_string(&j, &key, &key_n))
            return false;
    }
    return false;
}

static void note_refusal(struct sasl_exchange *ex, const char *challenge, size_t n)
{
    const char *status = "";
    size_t len = 0;

    if (challenge != NULL && find_status(challenge, n, &status, &len) && len > 0)
        fault_set(&ex->said, CAUSE_AUTH_REFUSED, "the server refused the token of %s (status %.*s)",
                  ex->in.user, len < STATUS_MAX ? (int)len : STATUS_MAX, status);
    else
        fault_set(&ex->said, CAUSE_AUTH_REFUSED, "the server refused the token of %s", ex->in.user);
}

enum cause sasl_token_answer(struct sasl_exchange *ex, const char *challenge, size_t n,
                             struct buf *out, struct fault *why)
{
    enum cause c = sasl_check_input(&ex->in, why);

    ex->secret_from = out->len;
    if (c != CAUSE_NONE)
        return c;
    if (ex->step == 0)
        return first_response(ex, out, why);
    if (ex->step > 1)
        return sasl_too_many(ex, why);
    note_refusal(ex, challenge, n);
    if (ex->row->mech == SASL_OAUTHBEARER)
        buf_adds(out, CTRL_A);
    ex->secret_from = out->len;
    return CAUSE_NONE;
}
