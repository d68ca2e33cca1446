/*
 * message.c: a message in stored form: from a descriptor, and to whoever wants its octets.
 *
 * The rules of what becomes what are in reader.c; here are the descriptor's ways to be slow,
 * interrupted or non-blocking. The body is always handed out in pieces, wherever it lies, so that
 * no user of a message can come to depend on having it in memory.
 */
#include "config.h"

#include "mail/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/proc.h"
#include "base/xalloc.h"
#include "mail/header.h"
#include "mail/reader.h"
#include "mail/stray.h"

#define READ_BLOCK  (64 * 1024)
#define DRAIN_BLOCK (16 * 1024)
#define STRAY_BLOCK (64 * 1024) /* what of a body is searched for fields that got into it */

static enum cause read_all(struct reader *r, int fd, struct fault *why)
{
    char *block = xmalloc(READ_BLOCK);
    enum cause cause = CAUSE_NONE;

    while (cause == CAUSE_NONE && !r->ended) {
        ssize_t n = proc_read(fd, block, READ_BLOCK);

        if (n == 0)
            break;
        if (n > 0)
            cause = reader_take(r, block, (size_t)n, why);
        else if (errno == EINTR)
            cause =
                fault_set(why, CAUSE_INTERRUPTED,
                          "stopped by signal %d before the message was complete", proc_signal());
        else
            cause = fault_errno(why, CAUSE_INPUT, errno, "cannot read the message");
    }
    free(block);
    return cause == CAUSE_NONE ? reader_end(r, why) : cause;
}

struct message *message_new(void)
{
    struct message *m = xcalloc(1, sizeof(*m));

    buf_init(&m->header, LIMIT_HEADER);
    buf_init(&m->text, LIMIT_BODY_MEMORY);
    m->fd = -1;
    m->body.utf8 = true;
    return m;
}

/*
 * The body of M began with a line that is no field, line TORN_AT of the input. What was to be
 * hidden may stand in it.
 */
static enum cause check_stray(const struct message *m, uint64_t torn_at, struct fault *why)
{
    struct message_cursor c = {0};
    char *scratch = xmalloc(STRAY_BLOCK);
    unsigned long long torn = torn_at, at;
    const char *piece;
    size_t n;
    enum cause cause = message_body_next(m, &c, scratch, STRAY_BLOCK, &piece, &n, why);

    at = cause == CAUSE_NONE ? stray_bcc(piece, n) : 0;
    free(scratch);
    if (at == 0)
        return cause;
    at += torn - 1;
    if (at == torn)
        fault_set(why, CAUSE_BAD_MESSAGE,
                  "line %llu looks like a Bcc field and is no header field: it would be shown", at);
    else
        fault_set(why, CAUSE_BAD_MESSAGE,
                  "line %llu looks like a Bcc field and stands behind a line that is no header "
                  "field",
                  at);
    fault_hint(why, "the header ends at line %llu: mend it, or put an empty line before the text",
               torn);
    return CAUSE_BAD_MESSAGE;
}

enum cause message_read(struct message **out, const struct message_input *in, struct fault *why)
{
    struct message *m = message_new();
    struct reader r;
    enum cause cause;

    reader_init(&r, m, in);
    cause = read_all(&r, in->fd, why);
    if (in->ended != NULL)
        *in->ended = cause == CAUSE_NONE;
    if (cause == CAUSE_NONE && r.torn_at > 0)
        cause = check_stray(m, r.torn_at, why);
    reader_free(&r);
    if (cause != CAUSE_NONE)
        message_close(&m);
    *out = m;
    return cause;
}

void message_drain(int fd)
{
    char block[DRAIN_BLOCK]; /* no allocation: also called when memory has run out */

    while (proc_read(fd, block, sizeof(block)) > 0)
        ;
}

/* --- what was read -------------------------------------------------------------------------- */

enum cause message_body_next(const struct message *m, struct message_cursor *c, char *scratch,
                             size_t cap, const char **piece, size_t *n, struct fault *why)
{
    uint64_t left = m->body.octets - c->at;
    size_t want = left < cap ? (size_t)left : cap;
    ssize_t got;

    *piece = scratch;
    *n = 0;
    if (want == 0)
        return CAUSE_NONE;
    if (m->fd < 0) {
        *piece = m->text.data + c->at;
        *n = want;
        c->at += want;
        return CAUSE_NONE;
    }
    do {
        got = pread(m->fd, scratch, want, (off_t)c->at);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return fault_errno(why, CAUSE_IO, errno, "cannot read the message's temporary file");
    if (got == 0)
        return fault_set(why, CAUSE_IO, "the message's temporary file has become shorter");
    *n = (size_t)got;
    c->at += (uint64_t)got;
    return CAUSE_NONE;
}

uint64_t message_wire_size(const struct message *m)
{
    const char *p = m->header.data, *end = p + m->header.len;
    uint64_t size = m->header.len + 2 + m->body.octets + m->body.lines;

    while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        size++;
        p++;
    }
    return size;
}

bool message_has_8bit(const char *p, size_t n)
{
    uint64_t word, any = 0;
    size_t i = 0;

    for (; n - i >= sizeof(word); i += sizeof(word)) {
        memcpy(&word, p + i, sizeof(word));
        any |= word;
    }
    for (; i < n; i++)
        any |= (unsigned char)p[i];
    return (any & 0x8080808080808080U) != 0;
}

/* What a line of text has that cannot travel, and where it was found. */
struct blemish {
    uint64_t line; /* from 1 */
    uint64_t octets;
    bool nul;
    bool long_line;
    bool eight_bit;
};

/*
 * Looks for the first line that cannot travel in N octets of text, which may continue a line of
 * which B->octets are known. True when one was found and its length is known.
 */
static bool find_blemish(struct blemish *b, const char *p, size_t n, bool eight_bit_ok)
{
    const char *end = p + n;

    while (p < end) {
        const char *lf = memchr(p, '\n', (size_t)(end - p));
        size_t run = (size_t)((lf != NULL ? lf : end) - p);

        b->nul = b->nul || memchr(p, '\0', run) != NULL;
        b->eight_bit = b->eight_bit || (!eight_bit_ok && message_has_8bit(p, run));
        b->octets += run;
        if (lf == NULL)
            return false;
        b->long_line = b->octets > LIMIT_TEXT_LINE;
        if (b->nul || b->long_line || b->eight_bit)
            return true;
        b->octets = 0;
        b->line++;
        p = lf + 1;
    }
    return false;
}

static enum cause tell_blemish(const struct blemish *b, const char *part, struct fault *why)
{
    unsigned long long line = b->line;

    if (b->nul)
        return fault_set(why, CAUSE_NEEDS_ARMOR, "line %llu of the %s has a NUL octet", line, part);
    if (b->long_line)
        return fault_set(why, CAUSE_NEEDS_ARMOR,
                         "line %llu of the %s has %llu octets; mail can carry %d", line, part,
                         (unsigned long long)b->octets, LIMIT_TEXT_LINE);
    return fault_set(why, CAUSE_NEEDS_ARMOR,
                     "line %llu of the %s has 8-bit text, which the server does not take", line,
                     part);
}

/* The facts say that something is wrong with the body: the second reading says where. */
static enum cause blame_body(const struct message *m, bool eight_bit_ok, struct fault *why)
{
    struct blemish b = {.line = 1};
    struct message_cursor c = {0};
    const char *piece;
    char scratch[4096];
    size_t n;
    enum cause cause;

    do {
        cause = message_body_next(m, &c, scratch, sizeof(scratch), &piece, &n, why);
        if (cause != CAUSE_NONE)
            return cause;
        if (find_blemish(&b, piece, n, eight_bit_ok))
            return tell_blemish(&b, "body", why);
    } while (n > 0);
    return fault_set(why, CAUSE_SOFTWARE, "the body and what is known of it differ");
}

/* RFC 5322 has ASCII alone; more of it is what 8BITMIME servers let pass. */
static enum cause blame_field(const struct message *m, struct fault *why)
{
    struct header_scan s;
    struct header_field f;

    header_scan_init(&s, m->header.data, m->header.len);
    while (header_next(&s, &f)) {
        if (message_has_8bit(m->header.data + f.start, f.end - f.start))
            break;
    }
    fault_set(why, CAUSE_NEEDS_ARMOR,
              "the %.*s field has 8-bit text, which the server does not take", (int)f.name_len,
              f.name);
    fault_hint(why, "%s", "write its text in ASCII, or encode it, and send it again");
    return CAUSE_NEEDS_ARMOR;
}

enum cause message_transportable(const struct message *m, bool eight_bit_ok, struct fault *why)
{
    struct blemish b = {.line = 1};

    if (find_blemish(&b, m->header.data, m->header.len, true)) {
        tell_blemish(&b, "header", why);
        fault_hint(why, "%s",
                   b.nul ? "take it out and send it again" : "break the line and send it again");
        return CAUSE_NEEDS_ARMOR;
    }
    if (!eight_bit_ok && message_has_8bit(m->header.data, m->header.len))
        return blame_field(m, why);
    if (m->body.nul || m->body.longest_line > LIMIT_TEXT_LINE ||
        (m->body.eight_bit && !eight_bit_ok))
        return blame_body(m, eight_bit_ok, why);
    return CAUSE_NONE;
}

void message_close(struct message **m)
{
    if (*m == NULL)
        return;
    buf_free(&(*m)->header);
    buf_free(&(*m)->text);
    if ((*m)->fd >= 0)
        close((*m)->fd);
    free(*m);
    *m = NULL;
}
