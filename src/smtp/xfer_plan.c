/*
 * xfer_plan.c: what can be known before MAIL is said.
 *
 * A server's limits are tested here and not by trying: a message over its SIZE would travel in
 * full only to be refused, and an address it cannot express would be mangled.
 */
#include "config.h"

#include "smtp/xfer_plan.h"

#include <string.h>

#include "base/limits.h"
#include "net/stream.h"
#include "smtp/sasl.h"

#define ONE_WRITE_MAX 12000 /* with its commands still one TLS record: FLIGHTS section 5 */

/* An address as a command can hold it: anything else was refused long before, or is an attack. */
static bool is_sayable(const char *addr)
{
    size_t n = strlen(addr);

    if (n > LIMIT_ADDRESS)
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)addr[i];

        if (c < 0x20 || c == 0x7f)
            return false;
    }
    return true;
}

/* xtext (RFC 3461 4): printable ASCII without blanks. What is not is left out. */
static bool is_xtext(const char *s)
{
    if (s == NULL || *s == '\0' || strlen(s) > LIMIT_ADDRESS)
        return false;
    for (; *s != '\0'; s++) {
        if (*s < '!' || *s > '~')
            return false;
    }
    return true;
}

static bool has_8bit(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)s[i] > 127)
            return true;
    }
    return false;
}

static void never(struct rcpt *r, const char *fmt, const char *addr)
{
    r->fate = FATE_NEVER;
    if (addr != NULL)
        fault_set(&r->why, CAUSE_BAD_ADDRESS, "%s <%s>", fmt, addr);
    else
        fault_set(&r->why, CAUSE_BAD_ADDRESS, "%s", fmt);
    r->why.stage = STAGE_RCPT;
}

static void settle_all(struct envelope *e, struct fault *why, enum stage stage)
{
    why->stage = stage;
    envelope_settle_open(e, FATE_NEVER, why);
    fault_free(why);
}

/* RFC 6531 3.2: an address beyond ASCII goes only where SMTPUTF8 is offered. */
static void check_addresses(const struct session *s, struct envelope *e)
{
    const char *sender = e->sender;
    struct fault why = {0};

    if (!is_sayable(sender)) {
        fault_set(&why, CAUSE_BAD_ADDRESS, "the sender <%s> cannot be sent", sender);
        settle_all(e, &why, STAGE_MAIL);
    } else if (has_8bit(sender, strlen(sender)) && !s->caps.smtputf8) {
        fault_set(&why, CAUSE_BAD_ADDRESS,
                  "the server does not take addresses beyond ASCII (SMTPUTF8): <%s>", sender);
        settle_all(e, &why, STAGE_MAIL);
    }
    for (size_t i = 0; i < e->n; i++) {
        struct rcpt *r = &e->rcpt[i];

        if (r->fate != FATE_OPEN)
            continue;
        if (!is_sayable(r->addr))
            never(r, "this address cannot be sent:", r->addr);
        else if (has_8bit(r->addr, strlen(r->addr)) && !s->caps.smtputf8)
            never(r, "the server does not take addresses beyond ASCII (SMTPUTF8):", r->addr);
    }
}

/* The message against the server's offers. False when it cannot go there at all. */
static bool check_message(const struct session *s, struct envelope *e, const struct message *m)
{
    struct fault why = {0};
    uint64_t octets = message_wire_size(m);
    bool is_utf8 = s->caps.smtputf8 && envelope_needs_utf8(e); /* RFC 6531 3.1: 8BITMIME, too */

    if (s->caps.size && s->caps.size_max > 0 && octets > s->caps.size_max) {
        fault_set(&why, CAUSE_TOO_BIG,
                  "the message has %llu octets, and the server takes at most %llu",
                  (unsigned long long)octets, (unsigned long long)s->caps.size_max);
        settle_all(e, &why, STAGE_MAIL);
        return false;
    }
    if (message_transportable(m, s->caps.eightbitmime || is_utf8, &why) != CAUSE_NONE) {
        settle_all(e, &why, STAGE_MAIL);
        return false;
    }
    return true;
}

/*
 * RFC 8689 4.2.1: whoever asks that every server on the way uses TLS must not hand the message to
 * one that does not know of it.
 */
static bool check_require_tls(const struct session *s, struct envelope *e)
{
    struct fault why = {0};

    if (!s->p.require_tls || (s->caps.requiretls && stream_is_tls(s->stream)))
        return true;
    fault_set(&why, CAUSE_MESSAGE_REFUSED, "not sent: require_tls is set, and the server %s",
              stream_is_tls(s->stream) ? "does not offer REQUIRETLS" : "is not spoken to over TLS");
    fault_hint(&why, "take require_tls out of the account, or use a server that offers REQUIRETLS");
    why.code = (struct enhanced){5, 7, 30};
    settle_all(e, &why, STAGE_MAIL);
    return false;
}

/*
 * "One refusal and nobody gets it" holds within one transaction only, so max_recipients gives way
 * to it; a limit of the server's own does not.
 */
static void check_abort(const struct session *s, struct envelope *e, struct xfer_plan *plan)
{
    size_t open = envelope_count(e, FATE_OPEN);
    struct fault why = {0};

    if (open < e->n && envelope_count(e, FATE_NEVER) > 0) {
        fault_set(&why, CAUSE_RCPT_REFUSED, "not sent: another recipient was refused");
        settle_all(e, &why, STAGE_RCPT);
    } else if (s->caps.rcpt_max > 0 && open > s->caps.rcpt_max) {
        fault_set(&why, CAUSE_RCPT_REFUSED,
                  "the server takes %llu recipients at once, and partial = abort wants all %zu in "
                  "one transaction",
                  (unsigned long long)s->caps.rcpt_max, open);
        settle_all(e, &why, STAGE_RCPT);
    }
    plan->max = open > 0 ? open : 1;
}

/*
 * `auto` is more than `standard` only where this very login, of a kind that may travel with other
 * commands, or the lack of one, has worked under these very offers (DESIGN section 7).
 */
static bool is_known(const struct session *s)
{
    const struct session_known *known = &s->p.known;

    return known->has_credential && known->offers == s->caps.offers &&
           memcmp(known->credential, s->credential, sizeof(s->credential)) == 0 &&
           (s->mech == SASL_NONE || sasl_row(s->mech)->flight);
}

/*
 * How far the commands are grouped, and by which command the text goes. BDAT (RFC 3030) costs as
 * many round trips as DATA in a group, and some servers that offer it never answer (FLIGHTS section
 * 4): it is for those that are known, where it saves one. It is left alone, too, when one
 * transaction will not do: a refused chunk ends the connection, which the other recipients still
 * need.
 */
static void choose_flights(struct xfer_plan *plan, const struct session *s,
                           const struct envelope *e)
{
    const struct session_known *known = &s->p.known;
    enum session_pipelining grade = session_grade(s);
    size_t open = envelope_count(e, FATE_OPEN);

    plan->pipelined = grade != PIPELINING_OFF;
    plan->chunked = grade >= PIPELINING_AUTO && s->caps.chunking && !known->no_chunking &&
                    is_known(s) && open <= plan->max;
    plan->one_write = plan->chunked && grade == PIPELINING_FULL && known->proven && open == 1 &&
                      plan->octets <= ONE_WRITE_MAX;
}

void xfer_plan_make(struct xfer_plan *plan, const struct session *s, struct envelope *e,
                    const struct message *m, const struct xfer_params *p)
{
    const struct caps *caps = &s->caps;
    bool eight_bit = e->body_8bit || m->body.eight_bit || has_8bit(m->header.data, m->header.len);

    *plan = (struct xfer_plan){
        .octets = message_wire_size(m),
        .size = caps->size,
        .body_8bit = caps->eightbitmime && eight_bit,
        .utf8 = caps->smtputf8 && envelope_needs_utf8(e),
        .dsn = caps->dsn,
        .require_tls = s->p.require_tls,
        .max = s->p.max_recipients,
    };
    if (caps->rcpt_max > 0 && caps->rcpt_max < plan->max)
        plan->max = (size_t)caps->rcpt_max;
    if (plan->max > e->n)
        plan->max = e->n > 0 ? e->n : 1;
    if (check_require_tls(s, e) && check_message(s, e, m))
        check_addresses(s, e);
    if (p->partial_abort)
        check_abort(s, e, plan);
    choose_flights(plan, s, e);
}

bool xfer_plan_wants_dsn(const struct envelope *e)
{
    bool wants = false;

    for (size_t i = 0; i < e->n && !wants; i++)
        wants =
            e->rcpt[i].fate == FATE_OPEN && (e->rcpt[i].notify != 0 || e->rcpt[i].orcpt != NULL);
    return wants || e->ret != RET_NONE || e->envid != NULL;
}

static void add_mail(const struct xfer_plan *plan, const struct envelope *e, struct buf *out)
{
    buf_addf(out, "MAIL FROM:<%s>", e->sender);
    if (plan->size)
        buf_addf(out, " SIZE=%llu", (unsigned long long)plan->octets);
    if (plan->body_8bit)
        buf_adds(out, " BODY=8BITMIME");
    if (plan->utf8)
        buf_adds(out, " SMTPUTF8");
    if (plan->dsn && e->ret != RET_NONE)
        buf_addf(out, " RET=%s", e->ret == RET_FULL ? "FULL" : "HDRS");
    if (plan->dsn && is_xtext(e->envid))
        buf_addf(out, " ENVID=%s", e->envid);
    if (plan->require_tls)
        buf_adds(out, " REQUIRETLS");
}

/* RFC 3461 4.1: NEVER stands alone. */
static void add_notify(unsigned notify, struct buf *out)
{
    static const struct {
        unsigned bit;
        const char *word;
    } words[] = {
        {NOTIFY_SUCCESS, "SUCCESS"},
        {NOTIFY_FAILURE, "FAILURE"},
        {NOTIFY_DELAY, "DELAY"},
    };
    const char *sep = " NOTIFY=";

    if ((notify & NOTIFY_NEVER) != 0) {
        buf_adds(out, " NOTIFY=NEVER");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if ((notify & words[i].bit) == 0)
            continue;
        buf_addf(out, "%s%s", sep, words[i].word);
        sep = ",";
    }
}

static void add_rcpt(const struct xfer_plan *plan, const struct rcpt *r, struct buf *out)
{
    buf_addf(out, "RCPT TO:<%s>", r->addr);
    if (!plan->dsn)
        return;
    add_notify(r->notify, out);
    if (is_xtext(r->orcpt))
        buf_addf(out, " ORCPT=rfc822;%s", r->orcpt);
}

void xfer_plan_line(const struct xfer_plan *plan, const struct envelope *e, const struct step *step,
                    const struct buf *login, struct buf *out)
{
    switch (step->verb) {
    case VERB_AUTH:
        buf_add(out, login->data, login->len);
        break;
    case VERB_RSET:
        buf_adds(out, "RSET");
        break;
    case VERB_MAIL:
        add_mail(plan, e, out);
        break;
    case VERB_RCPT:
        add_rcpt(plan, step->rcpt, out);
        break;
    case VERB_DATA:
        buf_adds(out, "DATA");
        break;
    case VERB_BDAT:
        buf_addf(out, "BDAT %llu LAST", (unsigned long long)plan->octets);
        break;
    }
    buf_adds(out, "\r\n");
}
