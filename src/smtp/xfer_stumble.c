/*
 * xfer_stumble.c: the fallback table of FLIGHTS section 5, as far as it looks at replies.
 *
 * A server may offer PIPELINING and CHUNKING and yet not take them: something in front of it speaks
 * for it, or an old defect is in the way. What it then says looks like a refusal of the login, the
 * sender or the message, and is none. The codes that tell are those of RFC 5321 4.2.4 and 4.3.2 for
 * a command that is unknown, out of place or not built: never those about an address or a message.
 */
#include "config.h"

#include "smtp/xfer_stumble.h"

/* How servers complain about a client that did not wait, in their words. */
static bool speaks_of_groups(const struct reply *r)
{
    if (r->code != 421 && r->code != 500 && r->code != 503 && r->code != 554)
        return false;
    return reply_says(r, "pipelin") || reply_says(r, "synchroni");
}

/* "Unknown", "not built", "out of place", of a command that all servers know. */
static bool is_lost_count(const struct reply *r)
{
    return r->code == 500 || r->code == 502 || r->code == 503;
}

static bool refuses_chunk(const struct reply *r)
{
    return (r->code >= 500 && r->code <= 504) || r->code == 521;
}

enum xfer_stumble xfer_stumble_reply(const struct xfer_moment *at, const struct reply *r)
{
    if (at->is_grouped && speaks_of_groups(r))
        return STUMBLE_GROUP;
    switch (at->verb) {
    case VERB_AUTH:
    case VERB_MAIL:
    case VERB_RCPT:
        return at->is_grouped && at->all_well && is_lost_count(r) ? STUMBLE_GROUP : STUMBLE_NONE;
    case VERB_BDAT:
        return at->is_taken && refuses_chunk(r) ? STUMBLE_CHUNK : STUMBLE_NONE;
    case VERB_RSET:
    case VERB_DATA:
        return STUMBLE_NONE;
    }
    return STUMBLE_NONE;
}

enum xfer_stumble xfer_stumble_odd(const struct xfer_moment *at, const struct reply *r)
{
    if (at->verb == VERB_AUTH && r->code == 334)
        return STUMBLE_LOGIN;
    return at->is_grouped ? STUMBLE_GROUP : STUMBLE_NONE;
}

enum xfer_stumble xfer_stumble_lost(const struct xfer_moment *at, enum cause c)
{
    if (c != CAUSE_CLOSED && c != CAUSE_TIMEOUT && c != CAUSE_BUSY)
        return STUMBLE_NONE;
    switch (at->verb) {
    case VERB_AUTH:
    case VERB_RSET:
    case VERB_MAIL:
        /* Who took groups before and goes now has had enough of us, not of them. */
        return at->is_grouped && at->is_first ? STUMBLE_GROUP : STUMBLE_NONE;
    case VERB_RCPT:
    case VERB_DATA:
        return at->is_grouped && c == CAUSE_TIMEOUT ? STUMBLE_GROUP : STUMBLE_NONE;
    case VERB_BDAT:
        if (c == CAUSE_BUSY)
            return STUMBLE_NONE;
        return at->is_grouped ? STUMBLE_GROUP : STUMBLE_CHUNK;
    }
    return STUMBLE_NONE;
}

enum cause xfer_stumble_fault(enum xfer_stumble s, enum stage stage, const struct reply *r,
                              struct fault *why)
{
    static const struct {
        const char *text, *setting;
    } rows[] = {
        [STUMBLE_NONE] = {"a reply that makes no sense", "off"},
        [STUMBLE_LOGIN] = {"the server does not take AUTH together with MAIL", "standard"},
        [STUMBLE_CHUNK] = {"the server offers CHUNKING and does not take BDAT", "off"},
        [STUMBLE_GROUP] = {"the server does not take several commands at once", "off"},
    };

    fault_set(why, r->code == 421 ? CAUSE_BUSY : CAUSE_PROTOCOL, "%s", rows[s].text);
    fault_hint(why, "try again; if it stays so, set pipelining = %s", rows[s].setting);
    reply_words(r, stage, why);
    return why->cause;
}
