/*
 * sasl.c: the mechanism table and the choice (RFC 4422). A row answers challenges and knows
 * nothing of SMTP; base64 and the AUTH command are the login's. Cryptography is elsewhere.
 */
#include "config.h"

#include "smtp/sasl.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"

/* What every password mechanism asks for: a name, a password, and no NUL in either. */
static enum cause check_input(const struct sasl_input *in, struct fault *why)
{
    if (in->user == NULL || *in->user == '\0')
        return fault_set(why, CAUSE_CONFIG, "a login is wanted, but no user is set");
    if (in->secret == NULL || in->secret->len == 0)
        return fault_set(why, CAUSE_SECRET, "the password is empty");
    if (memchr(in->secret->data, '\0', in->secret->len) != NULL)
        return fault_set(why, CAUSE_SECRET, "the password holds a NUL");
    return CAUSE_NONE;
}

static enum cause too_many(const char *name, struct fault *why)
{
    return fault_set(why, CAUSE_AUTH_MECHANISM, "the server asks more than %s can answer", name);
}

static enum cause too_long(struct fault *why)
{
    return fault_set(why, CAUSE_SECRET, "the user name and password are too long for a login");
}

/*
 * RFC 4616: NUL user NUL password. No authorization identity: servers that compare it with the
 * user refuse what is not the very same spelling.
 */
static enum cause answer_plain(const struct sasl_input *in, int step, const char *challenge,
                               size_t n, struct buf *out, struct fault *why)
{
    enum cause c = check_input(in, why);

    (void)challenge;
    (void)n;
    if (c != CAUSE_NONE)
        return c;
    if (step > 0)
        return too_many("PLAIN", why);
    buf_addc(out, '\0');
    buf_adds(out, in->user);
    buf_addc(out, '\0');
    buf_add(out, in->secret->data, in->secret->len);
    return out->over ? too_long(why) : CAUSE_NONE;
}

/*
 * Never a standard: two prompts, first for the name, then for the password. Their texts differ
 * from server to server and say nothing that the order does not.
 */
static enum cause answer_login(const struct sasl_input *in, int step, const char *challenge,
                               size_t n, struct buf *out, struct fault *why)
{
    enum cause c = check_input(in, why);

    (void)challenge;
    (void)n;
    if (c != CAUSE_NONE)
        return c;
    if (step > 1)
        return too_many("LOGIN", why);
    if (step == 0)
        buf_adds(out, in->user);
    else
        buf_add(out, in->secret->data, in->secret->len);
    return out->over ? too_long(why) : CAUSE_NONE;
}

static const struct sasl_mech_row rows[] = {
    [SASL_PLAIN] = {SASL_PLAIN, "PLAIN", true, true, true, answer_plain},
    [SASL_LOGIN] = {SASL_LOGIN, "LOGIN", true, true, false, answer_login},
};

static_assert(ARRAY_LEN(rows) == SASL_MECH_COUNT, "one row for each mechanism");

const struct sasl_mech_row *sasl_row(enum sasl_mech m)
{
    return (unsigned)m < SASL_MECH_COUNT ? &rows[m] : NULL;
}

enum sasl_mech sasl_find(const char *name, size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strlen(rows[i].name) == n && strncasecmp(rows[i].name, name, n) == 0)
            return rows[i].mech;
    }
    return SASL_NONE;
}

enum sasl_mech sasl_choose(unsigned offered, unsigned allowed, unsigned tried, bool is_protected,
                           bool cleartext_ok)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        unsigned bit = 1u << rows[i].mech;

        if ((offered & allowed & ~tried & bit) == 0)
            continue;
        if (!rows[i].cleartext || is_protected || cleartext_ok)
            return rows[i].mech;
    }
    return SASL_NONE;
}
