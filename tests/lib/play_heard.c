/*
 * play_heard.c: what must come from the client, and what must not. Lines that are expected in a row
 * must come in one read: a client that could have sent them in one flight did.
 */
#include "config.h"

#include "play_state.h"

#include "remains.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

/* Why no line came, for the complaint. */
static const char *silence(const struct play *y)
{
    if (y->peer.trouble.n > 0)
        return octets_text(&y->peer.trouble);
    return y->peer.ended ? "the client closed" : "nothing came";
}

static void expect_line(struct play *y, const struct step *st)
{
    bool there = y->peer.in.n > 0 && memchr(y->peer.in.p, '\n', y->peer.in.n);
    struct octets line = {0}, shown = {0};

    if (!peer_line(&y->peer, &line, play_limit(y))) {
        play_complain(y, st, "expected \"%s\", but %s", octets_text(&st->text), silence(y));
        play_leave(y);
    } else {
        play_say(y, "C: ", line.p, line.n);
        if (y->in_block && !there && !y->loosely)
            play_complain(y, st, "this line came in a write of its own");
        if (!script_matches(st, &line)) {
            octets_show(&shown, line.p, line.n < 600 ? line.n : 600);
            play_complain(y, st, "expected \"%s\", got \"%s\"", octets_text(&st->text),
                          octets_text(&shown));
            play_leave(y);
        }
    }
    octets_free(&line);
    octets_free(&shown);
}

static void receive_text(struct play *y, const struct step *st)
{
    struct octets all = {0}, line = {0};
    bool end = false;

    while (!end && peer_line(&y->peer, &line, play_limit(y))) {
        octets_add(&all, line.p, line.n);
        end = line.n == 3 && memcmp(line.p, ".\r\n", 3) == 0;
    }
    octets_printf(&y->talk, "C: <%zu octets of text>\n", all.n);
    play_save(y, "text", ++y->texts, &all);
    if (!end) {
        play_complain(y, st, "the message text has no end: %s", silence(y));
        play_leave(y);
    }
    octets_free(&all);
    octets_free(&line);
}

static void take(struct play *y, const struct step *st)
{
    size_t want = (size_t)st->number;

    while (y->peer.in.n < want && peer_fill(&y->peer, play_limit(y)))
        ;
    octets_printf(&y->talk, "C: <%zu octets>\n", y->peer.in.n < want ? y->peer.in.n : want);
    if (y->peer.in.n < want) {
        play_complain(y, st, "%zu of %zu octets came: %s", y->peer.in.n, want, silence(y));
        play_leave(y);
        return;
    }
    octets_drop(&y->peer.in, want);
}

/* Octets of the chunk that a BDAT line announces; 0: it is none. */
static size_t chunk_size(const struct octets *line, bool *last)
{
    const char *at = octets_text(line);
    char *end = NULL;
    unsigned long n = strncmp(at, "BDAT ", 5) == 0 ? strtoul(at + 5, &end, 10) : 0;

    *last = n > 0 && strcmp(end, " LAST\r\n") == 0;
    return *last || (n > 0 && strcmp(end, "\r\n") == 0) ? n : 0;
}

/* BDAT and its octets. They belong to the commands that were expected before, if any. */
static void receive_chunk(struct play *y, const struct step *st)
{
    bool there = y->peer.in.n > 0 && memchr(y->peer.in.p, '\n', y->peer.in.n);
    struct octets line = {0};
    bool last = false, came = peer_line(&y->peer, &line, play_limit(y));
    size_t want = came ? chunk_size(&line, &last) : 0;

    if (want == 0) {
        play_complain(y, st, "expected a chunk, but %s", came ? octets_text(&line) : silence(y));
        play_leave(y);
    } else {
        play_say(y, "C: ", line.p, line.n);
        if (y->in_block && !there && !y->loosely)
            play_complain(y, st, "this chunk came in a write of its own");
        while (y->peer.in.n < want && peer_fill(&y->peer, play_limit(y)))
            ;
        octets_add(&y->chunks, y->peer.in.p, y->peer.in.n < want ? y->peer.in.n : want);
        take(y, &(struct step){.line = st->line, .number = (long)want});
    }
    if (last) {
        play_save(y, "text", ++y->texts, &y->chunks);
        y->chunks.n = 0;
    }
    octets_free(&line);
}

void play_expect_end(struct play *y, const struct step *st, const char *allowed)
{
    struct octets *in = &y->peer.in;
    size_t n = strlen(allowed);

    while (peer_fill(&y->peer, play_limit(y)))
        ;
    if (in->n >= n && n > 0 && memcmp(in->p, allowed, n) == 0) {
        play_say(y, "C: ", in->p, n);
        octets_drop(in, n);
    }
    if (in->n > 0)
        play_surplus(y, st, "more came than the script has");
    if (!y->peer.ended)
        play_complain(y, st, "the client does not close");
    octets_printf(&y->talk, "* end: %s\n",
                  y->peer.trouble.n > 0 ? octets_text(&y->peer.trouble) : "closed");
    play_leave(y);
}

/* Fewer octets than were announced: what they belong to cannot have been taken. */
static void expect_few(struct play *y, const struct step *st)
{
    size_t most = (size_t)st->number;

    while (peer_fill(&y->peer, play_limit(y)))
        ;
    octets_printf(&y->talk, "C: <%zu octets>\n", y->peer.in.n);
    if (y->peer.in.n >= most)
        play_complain(y, st, "%zu octets came", y->peer.in.n);
    y->peer.in.n = 0;
    play_expect_end(y, st, "");
}

/* The client may send more of one kind, which WRONG judges, and closes. */
static void expect_remains(struct play *y, const struct step *st,
                           const char *(*wrong)(const struct octets *))
{
    const char *text;

    while (peer_fill(&y->peer, play_limit(y)))
        ;
    octets_printf(&y->talk, "C: <%zu octets>\n", y->peer.in.n);
    text = wrong(&y->peer.in);
    if (text)
        play_surplus(y, st, text);
    y->peer.in.n = 0;
    play_expect_end(y, st, "");
}

static void hear_on(struct play *y, const struct step *st)
{
    if (st->verb == DO_EOF)
        play_expect_end(y, st, "");
    else if (st->verb == DO_BYE)
        play_expect_end(y, st, "QUIT\r\n");
    else if (st->verb == DO_TORN)
        expect_remains(y, st, remains_torn);
    else if (st->verb == DO_SEALED)
        expect_remains(y, st, remains_sealed);
    else if (st->verb == DO_SHORT)
        expect_few(y, st);
    else
        expect_line(y, st);
}

void play_heard(struct play *y, const struct step *st)
{
    if (st->verb == DO_TEXT) {
        receive_text(y, st);
    } else if (st->verb == DO_CHUNK) {
        receive_chunk(y, st);
    } else if (st->verb == DO_TAKE) {
        take(y, st);
    } else if (st->verb == DO_HEARD) {
        while (y->peer.in.n == 0 && peer_fill(&y->peer, play_limit(y)))
            ;
    } else if (st->verb == DO_ANY) {
        while (peer_fill(&y->peer, play_limit(y)))
            ;
        play_leave(y);
    } else {
        hear_on(y, st);
    }
}
