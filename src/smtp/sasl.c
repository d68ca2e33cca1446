/*
 * sasl.c: the mechanism table, the choice, and the mechanisms that need no cryptography of their
 * own. SCRAM is in sasl_scram, bearer tokens are in sasl_token.
 */
#include "config.h"

#include "smtp/sasl.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "smtp/sasl_scram.h"
#include "smtp/sasl_token.h"

enum cause sasl_check_user(const struct sasl_input *in, struct fault *why)
{
    if (in->user == NULL || *in->user == '\0')
        return fault_set(why, CAUSE_CONFIG, "a login is wanted, but no user is set");
    for (const char *p = in->user; *p != '\0'; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return fault_set(why, CAUSE_CONFIG, "user holds a control character");
    }
    return CAUSE_NONE;
}

enum cause sasl_check_input(const struct sasl_input *in, struct fault *why)
{
    enum cause c = sasl_check_user(in, why);

    if (c != CAUSE_NONE)
        return c;
    if (in->secret == NULL || in->secret->len == 0)
        return fault_set(why, CAUSE_SECRET, "the password is empty");
    if (memchr(in->secret->data, '\0', in->secret->len) != NULL)
        return fault_set(why, CAUSE_SECRET, "the password holds a NUL");
    return CAUSE_NONE;
}

enum cause sasl_too_many(const struct sasl_exchange *ex, struct fault *why)
{
    return fault_set(why, CAUSE_AUTH_MECHANISM, "the server asks for more than AUTH %s has to say",
                     ex->row->name);
}

enum cause sasl_finish(const struct buf *out, struct fault *why)
{
    if (!out->over)
        return CAUSE_NONE;
    return fault_set(why, CAUSE_SECRET, "the user name and password are too long for a login");
}

void sasl_add_name(struct buf *out, const char *name)
{
    for (; *name != '\0'; name++) {
        if (*name == ',')
            buf_adds(out, "=2C");
        else if (*name == '=')
            buf_adds(out, "=3D");
        else
            buf_addc(out, *name);
    }
}

/*
 * RFC 4616: NUL user NUL password. No authorization identity: servers that compare it with the
 * user refuse what is not the very same spelling.
 */
static enum cause answer_plain(struct sasl_exchange *ex, const char *challenge, size_t n,
                               struct buf *out, struct fault *why)
{
    enum cause c = sasl_check_input(&ex->in, why);

    (void)challenge;
    (void)n;
    if (c != CAUSE_NONE)
        return c;
    if (ex->step > 0)
        return sasl_too_many(ex, why);
    ex->secret_from = 0;
    buf_addc(out, '\0');
    buf_adds(out, ex->in.user);
    buf_addc(out, '\0');
    buf_add(out, ex->in.secret->data, ex->in.secret->len);
    return sasl_finish(out, why);
}

/*
 * Never a standard: two prompts, first for the name, then for the password. Their texts differ
 * from server to server and say nothing that the order does not.
 */
static enum cause answer_login(struct sasl_exchange *ex, const char *challenge, size_t n,
                               struct buf *out, struct fault *why)
{
    enum cause c = sasl_check_input(&ex->in, why);

    (void)challenge;
    (void)n;
    if (c != CAUSE_NONE)
        return c;
    if (ex->step > 1)
        return sasl_too_many(ex, why);
    if (ex->step == 0)
        buf_adds(out, ex->in.user);
    else
        buf_add(out, ex->in.secret->data, ex->in.secret->len);
    ex->secret_from = ex->step == 0 ? out->len : 0;
    return sasl_finish(out, why);
}

/*
 * RFC 4422 appendix A: TLS has shown who we are; what is said is whom to act for. Nothing leaves
 * that to the server.
 */
static enum cause answer_external(struct sasl_exchange *ex, const char *challenge, size_t n,
                                  struct buf *out, struct fault *why)
{
    enum cause c = CAUSE_NONE;

    (void)challenge;
    (void)n;
    if (ex->step > 0)
        return sasl_too_many(ex, why);
    if (ex->in.user != NULL)
        c = sasl_check_user(&ex->in, why);
    if (c == CAUSE_NONE && ex->in.user != NULL)
        buf_adds(out, ex->in.user);
    ex->secret_from = out->len;
    return c == CAUSE_NONE ? sasl_finish(out, why) : c;
}

/*
 * RFC 2195: the name and, in lower-case hex, HMAC-MD5 of the challenge under the password. An empty
 * challenge would make an answer that serves for ever.
 */
static enum cause answer_cram(struct sasl_exchange *ex, const char *challenge, size_t n,
                              struct buf *out, struct fault *why)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char mac[SASL_DIGEST_MAX];
    enum cause c = sasl_check_input(&ex->in, why);

    if (c != CAUSE_NONE)
        return c;
    if (ex->step > 0)
        return sasl_too_many(ex, why);
    if (challenge == NULL || n == 0)
        return fault_set(why, CAUSE_PROTOCOL, "the challenge of AUTH %s is %s", ex->row->name,
                         challenge == NULL ? "not base64" : "empty");
    if (!sasl_crypto_hmac(ex->row->hash, ex->in.secret->data, ex->in.secret->len, challenge, n,
                          mac))
        return fault_set(why, CAUSE_OS, "there is no MD5 on this machine");
    buf_adds(out, ex->in.user);
    buf_addc(out, ' ');
    ex->secret_from = out->len;
    for (size_t i = 0; i < sasl_crypto_size(ex->row->hash); i++) {
        buf_addc(out, hex[mac[i] >> 4]);
        buf_addc(out, hex[mac[i] & 15]);
    }
    xwipe(mac, sizeof(mac));
    return sasl_finish(out, why);
}

#define ROW(mech_, name_) .mech = (mech_), .name = (name_)
#define SECRET            .needs_secret = true
#define CLEARTEXT         SECRET, .cleartext = true
#define FIRST             .first = true
#define SCRAM(h_)         SECRET, FIRST, .mutual = true, .hash = (h_), .answer = sasl_scram_answer
#define TOKEN             CLEARTEXT, FIRST, .token = true, .answer = sasl_token_answer

static const struct sasl_mech_row rows[] = {
    {ROW(SASL_EXTERNAL, "EXTERNAL"), FIRST, .flight = true, .answer = answer_external},
    {ROW(SASL_OAUTHBEARER, "OAUTHBEARER"), TOKEN},
    {ROW(SASL_XOAUTH2, "XOAUTH2"), TOKEN},
    {ROW(SASL_PLAIN, "PLAIN"), CLEARTEXT, FIRST, .flight = true, .answer = answer_plain},
    {ROW(SASL_LOGIN, "LOGIN"), CLEARTEXT, .answer = answer_login},
    {ROW(SASL_SCRAM_SHA256_PLUS, "SCRAM-SHA-256-PLUS"), SCRAM(SASL_HASH_SHA256), .binds = true},
    {ROW(SASL_SCRAM_SHA256, "SCRAM-SHA-256"), SCRAM(SASL_HASH_SHA256)},
    {ROW(SASL_SCRAM_SHA1_PLUS, "SCRAM-SHA-1-PLUS"), SCRAM(SASL_HASH_SHA1), .binds = true},
    {ROW(SASL_SCRAM_SHA1, "SCRAM-SHA-1"), SCRAM(SASL_HASH_SHA1)},
    {ROW(SASL_CRAM_MD5, "CRAM-MD5"), SECRET, .hash = SASL_HASH_MD5, .answer = answer_cram},
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

enum cause sasl_accepted(const struct sasl_exchange *ex, struct fault *why)
{
    if (ex->said.cause != CAUSE_NONE)
        return fault_set(why, CAUSE_PROTOCOL,
                         "the server accepts a login that it has just refused");
    if (!ex->row->mutual || ex->proven)
        return CAUSE_NONE;
    fault_set(why, CAUSE_PROTOCOL,
              "the server has not proved that it knows the password: it may be an impostor");
    fault_hint(why, "check 'host', and ask the people who run the server before you try another "
                    "mechanism");
    return CAUSE_PROTOCOL;
}

void sasl_end(struct sasl_exchange *ex)
{
    fault_free(&ex->said);
    buf_free(&ex->first);
    xwipe(ex->server_signature, sizeof(ex->server_signature));
}

static bool has_md5(void)
{
    unsigned char mac[SASL_DIGEST_MAX];

    return sasl_crypto_hmac(SASL_HASH_MD5, "k", 1, "t", 1, mac);
}

/* What may be chosen at all, by the rule about tokens and passwords. */
static unsigned fitting(const struct sasl_ground *g)
{
    unsigned both = g->offered & g->allowed;
    unsigned external = SASL_BIT(SASL_EXTERNAL);

    if ((g->allowed & SASL_OAUTH) == 0 || (g->allowed & ~(SASL_OAUTH | external)) == 0)
        return both;
    switch (g->secret) {
    case SASL_SECRET_UNKNOWN:
        break;
    case SASL_SECRET_PASSWORD:
        return both & ~SASL_OAUTH;
    case SASL_SECRET_TOKEN:
        return (both & SASL_OAUTH) != 0 ? both & (SASL_OAUTH | external) : both;
    }
    return both;
}

static bool can_do(const struct sasl_ground *g, const struct sasl_mech_row *row, bool in_clear)
{
    if (row->cleartext && !g->is_protected)
        return in_clear;
    if (row->mech == SASL_EXTERNAL)
        return g->client_cert || g->allowed == SASL_BIT(SASL_EXTERNAL);
    if (row->mech == SASL_CRAM_MD5)
        return has_md5();
    return !row->binds || g->can_bind;
}

enum sasl_mech sasl_choose(const struct sasl_ground *g)
{
    unsigned set = fitting(g) & ~g->tried;

    for (int in_clear = 0; in_clear <= (g->cleartext_ok ? 1 : 0); in_clear++) {
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            if ((set & SASL_BIT(rows[i].mech)) != 0 && can_do(g, &rows[i], in_clear != 0))
                return rows[i].mech;
        }
    }
    return SASL_NONE;
}
