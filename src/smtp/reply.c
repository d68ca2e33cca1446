/*
 * reply.c: one reply of the server, whole and within limits (RFC 5321 4.2, RULES R1-R4).
 *
 * The parser keeps no state between calls: it looks at the start of the input again each time
 * more has arrived. A reply is short, and a parser without memory cannot depend on how the octets
 * were cut. Every decision is taken on a prefix that no later octet can change: a line is judged
 * only when its LF is there or when it is too long to have one within the limit.
 */
#include "config.h"

#include "smtp/reply.h"

#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/num.h"

void reply_init(struct reply *r)
{
    memset(r, 0, sizeof(*r));
    buf_init_secret(&r->text, LIMIT_REPLY); /* a server may echo one */
}

void reply_free(struct reply *r)
{
    buf_free(&r->text);
}

void reply_reserve(struct reply *r)
{
    (void)buf_prepare(&r->text, LIMIT_REPLY - r->text.len);
}

static void forget(struct reply *r)
{
    buf_reset(&r->text);
    r->code = 0;
    r->enh = (struct enhanced){0};
    r->lines = 0;
    r->cut = false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The code of a line, or 0: RFC 5321 4.2 has three digits, the first of them 2 to 5. */
static int line_code(const char *line, size_t n)
{
    if (n < 3 || line[0] < '2' || line[0] > '5' || !is_digit(line[1]) || !is_digit(line[2]))
        return 0;
    if (n > 3 && line[3] != ' ' && line[3] != '-')
        return 0;
    return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

/* Reads one number of an enhanced code and steps over it; -1 when there is none. */
static int enhanced_number(const char *text, size_t n, size_t *at)
{
    size_t start = *at;
    uint64_t number;

    while (*at < n && is_digit(text[*at]))
        (*at)++;
    if (*at - start > 3 || !num_parse(text + start, *at - start, 999, &number))
        return -1;
    return (int)number;
}

/*
 * RFC 2034 4: the code stands at the start of the text. One whose class contradicts the reply code
 * says nothing.
 */
static struct enhanced find_enhanced(const char *text, size_t n, int code)
{
    static const struct enhanced none = {0};
    struct enhanced e;
    size_t at = 1;

    if (n < 5 || text[0] - '0' != code / 100 || text[at++] != '.')
        return none;
    e.class = code / 100;
    e.subject = enhanced_number(text, n, &at);
    if (e.subject < 0 || at >= n || text[at++] != '.')
        return none;
    e.detail = enhanced_number(text, n, &at);
    if (e.detail < 0 || (at < n && text[at] != ' ' && text[at] != '\t'))
        return none;
    return e;
}

static void add_line(struct reply *r, const char *line, size_t n)
{
    const char *text = n > 4 ? line + 4 : line + n;
    size_t len = n > 4 ? n - 4 : 0;

    if (r->lines == 0)
        r->enh = find_enhanced(text, len, r->code);
    else
        buf_addc(&r->text, '\n');
    for (size_t at = 0; at < len;) {
        const char *nul = memchr(text + at, '\0', len - at);
        size_t run = nul != NULL ? (size_t)(nul - text) - at : len - at;

        buf_add(&r->text, text + at, run);
        if (nul != NULL)
            buf_addc(&r->text, '?');
        at += run + (nul != NULL ? 1 : 0);
    }
    r->lines++;
}

static enum reply_state bad(struct fault *why, const char *what)
{
    fault_set(why, CAUSE_PROTOCOL, "the server's reply %s", what);
    return REPLY_BAD;
}

/*
 * A limit is broken AT octets into the input. R2: the server that has said 250 to the end of the
 * message has the message, however long it goes on talking.
 */
static enum reply_state over_limit(struct reply *r, bool lenient_250, size_t at, size_t *used,
                                   struct fault *why, const char *what)
{
    if (!lenient_250 || r->code != 250)
        return bad(why, what);
    r->cut = true;
    *used = at;
    return REPLY_WHOLE;
}

/* Judges the code of a line whose length is known, or known to be too long. */
static bool take_code(struct reply *r, const char *line, size_t n, struct fault *why)
{
    int code = line_code(line, n);

    if (code == 0)
        bad(why, "is not an SMTP reply");
    else if (r->code != 0 && code != r->code)
        bad(why, "has lines with different codes");
    else
        r->code = code;
    return code != 0 && code == r->code;
}

enum reply_state reply_parse(const char *in, size_t n, bool lenient_250, struct reply *r,
                             size_t *used, struct fault *why)
{
    size_t seen = n < LIMIT_REPLY ? n : LIMIT_REPLY;
    size_t at = 0;

    forget(r);
    /* Invariant: octets before AT are whole lines of one code, all of them with '-'. */
    while (at < seen) {
        const char *line = in + at;
        size_t left = seen - at < LIMIT_REPLY_LINE ? seen - at : LIMIT_REPLY_LINE;
        const char *lf = memchr(line, '\n', left);
        size_t len;

        if (lf == NULL && left < LIMIT_REPLY_LINE)
            break;
        len = lf != NULL ? (size_t)(lf - line) : left;
        if (lf != NULL && len > 0 && line[len - 1] == '\r')
            len--;
        if (!take_code(r, line, len, why))
            return REPLY_BAD;
        if (lf == NULL)
            return over_limit(r, lenient_250, at + left, used, why, "has a line that is too long");
        add_line(r, line, len);
        at = (size_t)(lf - in) + 1;
        if (len < 4 || line[3] == ' ') {
            *used = at;
            return REPLY_WHOLE;
        }
        if (r->lines == LIMIT_REPLY_LINES)
            return over_limit(r, lenient_250, at, used, why, "has too many lines");
    }
    if (n >= LIMIT_REPLY)
        return over_limit(r, lenient_250, LIMIT_REPLY, used, why, "is too long");
    return REPLY_MORE;
}

/*
 * Secrets go before anything else may look at the words; then people may. Only a challenge must
 * reach its mechanism as it came: the login scrubs it when it is decoded.
 */
static void show(struct transcript *t, struct reply *r)
{
    struct buf copy;

    if (t == NULL)
        return;
    if (!t->challenges || r->code != 334) {
        transcript_scrub(t, &r->text);
        transcript_got(t, r->code, r->text.data, r->text.len);
        return;
    }
    buf_init_secret(&copy, LIMIT_REPLY);
    buf_add(&copy, r->text.data, r->text.len);
    transcript_scrub(t, &copy);
    transcript_got(t, r->code, copy.data, copy.len);
    buf_free(&copy);
}

/*
 * The first words of what is no reply: they tell a web server or a mailbox server on sight. More
 * than is shown is scrubbed, since a secret may go on in the next line.
 */
static void show_garbage(const struct transcript *t, const char *in, size_t n, struct fault *why)
{
    const char *lf;
    struct buf seen;
    size_t len;

    buf_init_secret(&seen, LIMIT_REPLY_LINE);
    buf_add(&seen, in, n < LIMIT_REPLY_LINE ? n : LIMIT_REPLY_LINE);
    transcript_scrub(t, &seen);
    lf = memchr(seen.data, '\n', seen.len);
    len = lf != NULL ? (size_t)(lf - seen.data) : seen.len;
    fault_remote(why, 0, (struct enhanced){0}, seen.data, len < 80 ? len : 80);
    buf_free(&seen);
}

enum cause reply_read(struct stream *s, struct transcript *t, bool lenient_250, deadline_ms until,
                      struct reply *r, struct fault *why)
{
    for (;;) {
        size_t n, used = 0;
        const char *in = stream_input(s, &n);
        enum cause c;

        switch (reply_parse(in, n, lenient_250, r, &used, why)) {
        case REPLY_WHOLE:
            stream_consume(s, used);
            show(t, r);
            return CAUSE_NONE;
        case REPLY_BAD:
            show_garbage(t, in, n, why);
            return CAUSE_PROTOCOL;
        case REPLY_MORE:
            break;
        }
        c = stream_fill(s, until, why);
        if (c != CAUSE_NONE)
            return c;
    }
}

void reply_words(const struct reply *r, enum stage stage, struct fault *why)
{
    why->stage = stage;
    fault_remote(why, r->code, r->enh, r->text.data, r->text.len);
}

enum cause reply_fault(const struct reply *r, enum cause c, enum stage stage, struct fault *why)
{
    fault_set(why, c, "%s at %s", reply_is(r, 5) ? "refused" : "put off", fault_stage_name(stage));
    reply_words(r, stage, why);
    return c;
}

bool reply_is(const struct reply *r, int class)
{
    return r->code / 100 == class;
}

bool reply_enhanced(const struct reply *r, int subject, int detail)
{
    return r->enh.class != 0 && r->enh.subject == subject && r->enh.detail == detail;
}

bool reply_says(const struct reply *r, const char *phrase)
{
    return strcasestr(r->text.data, phrase) != NULL;
}
