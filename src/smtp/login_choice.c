/*
 * login_choice.c: what a login is to be made of: the secret, the channel binding, the mechanism;
 * and the words for there being none.
 */
#include "config.h"

#include "smtp/login_choice.h"

#include <string.h>

#include "base/limits.h"

enum cause login_trouble(enum cause c, struct fault *why)
{
    if (c != CAUSE_NONE)
        why->stage = STAGE_AUTH;
    return c;
}

/* The names of the mechanisms in a set of bits. */
static void add_names(struct buf *out, unsigned set)
{
    size_t start = out->len;

    for (unsigned m = 0; m < SASL_MECH_COUNT; m++) {
        if ((set & 1u << m) != 0)
            buf_addf(out, "%s%s", out->len > start ? " " : "", sasl_row((enum sasl_mech)m)->name);
    }
}

struct obstacle {
    const char *before, *after; /* what is said around the names of the mechanisms */
    const char *hint;
};

/* Why nothing of COMMON, which both sides have, can be done here. */
static struct obstacle find_obstacle(const struct session *s, unsigned common)
{
    unsigned not_external = common & ~SASL_BIT(SASL_EXTERNAL);

    if (!stream_is_tls(s->stream) && (not_external & ~SASL_SCRAM) != 0)
        return (struct obstacle){
            "without TLS ", " would show the password to anyone on the way",
            "set tls = starttls or implicit (or allow_cleartext_auth = yes, if nobody can listen)"};
    if (not_external == 0)
        return (struct obstacle){"", " wants a client certificate, and none was shown",
                                 "set tls_cert and tls_key"};
    if ((not_external & ~SASL_OAUTH) == 0)
        return (struct obstacle){
            "", " wants an access token, and the password does not look like one",
            "let password_command print a token; for a short one name the mechanism in auth"};
    if ((common & SASL_SCRAM) != 0)
        return (struct obstacle){"", " cannot be bound to this connection",
                                 "set tls = starttls or implicit, or add scram-sha-256 to auth"};
    return (struct obstacle){"", " cannot be done on this machine (MD5 in FIPS mode)", NULL};
}

enum cause login_impossible(const struct session *s, struct fault *why)
{
    unsigned common = s->caps.mechanisms & s->p.mechanisms;
    struct buf offered, names;

    buf_init(&offered, LIMIT_REPLY);
    buf_init(&names, LIMIT_FAULT_TEXT);
    caps_mechanisms(&s->reply, &offered);
    add_names(&names, common != 0 ? common : s->p.mechanisms);
    if (!s->caps.auth) {
        fault_set(why, CAUSE_AUTH_MECHANISM, "the server offers no login (no AUTH after EHLO)");
        fault_hint(why, "%s",
                   stream_is_tls(s->stream)
                       ? "set auth = off if it wants none; submission is on port 465 or 587"
                       : "set tls = starttls or implicit: many servers offer AUTH only over TLS");
    } else if (common != 0) {
        struct obstacle o = find_obstacle(s, common);

        fault_set(why, CAUSE_AUTH_MECHANISM, "the server offers AUTH %s, but %s%s%s", offered.data,
                  o.before, names.data, o.after);
        if (o.hint != NULL)
            fault_hint(why, "%s", o.hint);
    } else {
        fault_set(why, CAUSE_AUTH_MECHANISM, "the server offers AUTH %s; allowed here: %s",
                  offered.len > 0 ? offered.data : "without a mechanism",
                  names.len > 0 ? names.data : "none");
    }
    buf_free(&offered);
    buf_free(&names);
    return login_trouble(CAUSE_AUTH_MECHANISM, why);
}

/* Asks for the secret and has it scrubbed from all that is read from here on. */
static enum cause ask_secret(struct session *s, bool fresh, struct buf *out, struct fault *why)
{
    enum cause c;

    if (s->p.secret == NULL)
        return fault_set(why, CAUSE_CONFIG, "a login is wanted, but there is no password");
    c = s->p.secret(s->p.secret_arg, fresh, out, why);
    if (c == CAUSE_NONE)
        transcript_secret(s->transcript, out->data, out->len);
    return login_trouble(c, why);
}

/* The secret, asked for once in a session. */
static enum cause fetch_secret(struct login *l, struct fault *why)
{
    struct session *s = l->s;
    enum cause c = CAUSE_NONE;

    if (!s->has_secret) {
        buf_init_secret(&s->secret, LIMIT_SECRET);
        c = ask_secret(s, false, &s->secret, why);
        s->has_secret = c == CAUSE_NONE;
    }
    l->ex.in.secret = &s->secret;
    return c;
}

/*
 * Channel binding: tls-exporter where TLS has it (RFC 9266 2), else, and where the server does not
 * know that, the hash of its certificate, which every TLS has (RFC 5929 4).
 */
static bool find_binding(struct login *l)
{
    struct session *s = l->s;

    buf_reset(&l->binding);
    l->ex.in.binding = &l->binding;
    l->ex.in.binding_name = "tls-exporter";
    if (!l->end_point && stream_binding(s->stream, TLS_BINDING_EXPORTER, &l->binding))
        return true;
    l->end_point = true;
    l->ex.in.binding_name = "tls-server-end-point";
    return stream_binding(s->stream, TLS_BINDING_END_POINT, &l->binding);
}

/* RFC 5802 6: who can bind says so, also where the offer of -PLUS did not arrive. */
static enum sasl_gs2 gs2(const struct session *s, enum sasl_mech m, bool can_bind)
{
    switch (m) {
    case SASL_SCRAM_SHA256_PLUS:
    case SASL_SCRAM_SHA1_PLUS:
        return SASL_GS2_BOUND;
    case SASL_SCRAM_SHA256:
        can_bind = can_bind && (s->p.mechanisms & SASL_BIT(SASL_SCRAM_SHA256_PLUS)) != 0;
        return can_bind ? SASL_GS2_MISSING : SASL_GS2_NONE;
    case SASL_SCRAM_SHA1:
        can_bind = can_bind && (s->p.mechanisms & SASL_BIT(SASL_SCRAM_SHA1_PLUS)) != 0;
        return can_bind ? SASL_GS2_MISSING : SASL_GS2_NONE;
    case SASL_EXTERNAL:
    case SASL_OAUTHBEARER:
    case SASL_XOAUTH2:
    case SASL_PLAIN:
    case SASL_LOGIN:
    case SASL_CRAM_MD5:
    case SASL_NONE:
        break;
    }
    return SASL_GS2_NONE;
}

enum cause login_choose(struct login *l, struct fault *why)
{
    const struct session *s = l->s;
    const struct tls_info *tls = stream_tls(s->stream);
    struct sasl_ground g = {
        .offered = s->caps.mechanisms,
        .allowed = s->p.mechanisms,
        .tried = l->tried,
        .is_protected = stream_is_tls(s->stream),
        .cleartext_ok = s->p.allow_cleartext_auth,
        .client_cert = tls != NULL && tls->client_cert,
    };
    enum sasl_mech m;
    enum cause c = CAUSE_NONE;

    if (s->p.auth_optional)
        g.allowed &= g.client_cert ? SASL_BIT(SASL_EXTERNAL) : 0;
    if ((g.offered & g.allowed & SASL_SCRAM) != 0)
        g.can_bind = find_binding(l);
    m = sasl_choose(&g);
    if (m != SASL_NONE && sasl_row(m)->needs_secret) {
        c = fetch_secret(l, why);
        if (c != CAUSE_NONE)
            return c;
        g.secret = sasl_is_token(&s->secret) ? SASL_SECRET_TOKEN : SASL_SECRET_PASSWORD;
        m = sasl_choose(&g);
    }
    l->ex.row = sasl_row(m);
    l->ex.in.gs2 = gs2(s, m, g.can_bind);
    return CAUSE_NONE;
}

bool login_renew(struct login *l)
{
    struct session *s = l->s;
    struct fault ignored = {0};
    struct buf fresh;
    bool is_new;

    if (!l->ex.row->token || l->renewed || s->state == SESSION_BROKEN)
        return false;
    l->renewed = true;
    buf_init_secret(&fresh, LIMIT_SECRET);
    is_new = ask_secret(s, true, &fresh, &ignored) == CAUSE_NONE && fresh.len > 0 &&
             (fresh.len != s->secret.len || memcmp(fresh.data, s->secret.data, fresh.len) != 0);
    if (is_new) {
        buf_reset(&s->secret);
        buf_add(&s->secret, fresh.data, fresh.len);
    }
    buf_free(&fresh);
    fault_free(&ignored);
    return is_new;
}
