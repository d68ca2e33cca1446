/*
 * random_server.h: the bad server of test_xfer_random.c. It answers what it reads, well or badly as
 * its seed has it, and keeps a record of what it said: who was told that the message was accepted,
 * and which promise it saw the client break.
 */
#ifndef TESTS_UNIT_SMTP_RANDOM_SERVER_H
#define TESTS_UNIT_SMTP_RANDOM_SERVER_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "mail/envelope.h"

#define RCPTS 5
#define MARKS 64

/* What a server does instead of the reply that is due. */
enum evil {
    EVIL_421,        /* says 421 and closes */
    EVIL_GARBAGE,    /* no SMTP */
    EVIL_MIXED,      /* two codes in one reply */
    EVIL_CLASS,      /* a code that has no meaning there */
    EVIL_LONG,       /* a line beyond the limit */
    EVIL_CLOSE,      /* closes without a word */
    EVIL_CLOSE_HALF, /* closes inside the reply */
    EVIL_SILENT,     /* says nothing more, ever */
    EVIL_LAST,       /* says what is due and closes */
    EVIL_EXTRA,      /* a second reply behind the one that is due */
    EVIL_COUNT
};

enum server_state { WAITS_FOR_COMMAND, WAITS_FOR_TEXT, WAITS_FOR_CHUNK, WAITS_FOR_RESPONSE };

#define LOGIN "AUTH PLAIN AGFsaWNlAHB3"

/* Octets of the output up to END tell the recipients in WHO (bits) that they have the message. */
struct mark {
    size_t end;
    unsigned who;
};

struct server {
    int fd;
    const struct buf *expected; /* the text as it must come in by DATA */
    const struct buf *octets;   /* ... and by BDAT */
    bool is_held;               /* the client ignores signals while it waits */
    uint32_t seed;
    bool is_loud; /* print the conversation */
    enum server_state state;
    struct buf in, out, text;
    size_t out_at; /* octets of `out` that have been written */
    bool is_closed, is_silent, close_when_out;
    /* the temper of this one */
    unsigned evil, refuse, signal; /* in a thousand */
    bool pipelining, lmtp, abort, splits, has_limit;
    bool chunking, wants_login, is_lax; /* lax: takes mail without the login that it wants */
    bool may_fly;                       /* the client may send everything in one write */
    bool works_on;                      /* does what it was told, also when it has gone bad */
    bool is_mute;
    /* the transaction */
    bool logged_in, login_refused;
    size_t chunk_left;
    bool is_last_chunk, in_chunks;
    bool has_mail, any_refused;
    unsigned taken[RCPTS];
    size_t n_taken;
    enum {
        DUE_COMMAND,
        DUE_LOGIN,
        DUE_DATA,
        DUE_FINAL,
        DUE_NOT_LAST
    } due_now;        /* the kind of reply */
    bool no_end_mark; /* from here on the end mark must not come */
    const char *no_end_why;
    /* the record */
    unsigned must_have; /* ... and nothing the server did before is an excuse not to believe it */
    unsigned in_doubt;  /* recipients whose whole message came in and was not answered */
    bool said_421;
    unsigned has;    /* recipients that have the message, whatever was said of it */
    bool stumbles;   /* said that it does not take what it offers */
    unsigned told;   /* recipients that were told, in whole replies, that they have it */
    unsigned said_5; /* a 5yz was said at all */
    bool is_bad;     /* has broken the protocol, closed or fallen silent */
    bool must_hear_nothing;
    bool is_shifted; /* a reply too many inside a group: the client cannot tell whose is whose */
    enum fate due[RCPTS]; /* what a good server's replies make of each */
    struct mark mark[MARKS];
    size_t marks;
    size_t cut_at;           /* where in the output a reply breaks a limit, or 0 */
    const char *broken_rule; /* a promise of the client that it saw broken */
};

/* Small tools. */

static uint32_t draw(struct server *v, uint32_t below)
{
    v->seed ^= v->seed << 13;
    v->seed ^= v->seed >> 17;
    v->seed ^= v->seed << 5;
    return v->seed % below;
}

static bool chance(struct server *v, unsigned in_a_thousand)
{
    return draw(v, 1000) < in_a_thousand;
}

static void tell(const struct server *v, const char *who, const char *what, size_t n)
{
    if (v->is_loud)
        fprintf(stderr, "%s %.*s%s", who, (int)(n < 200 ? n : 200), what,
                n > 0 && n < 200 && what[n - 1] == '\n' ? "" : "...\n");
}

static void blame(struct server *v, const char *rule)
{
    if (v->broken_rule == NULL)
        v->broken_rule = rule;
}

/* What comes in. */

static void take_in(struct server *v)
{
    char octets[4096];
    ssize_t n;

    if (v->is_closed)
        return;
    while ((n = recv(v->fd, octets, sizeof(octets), MSG_DONTWAIT)) > 0) {
        if (v->must_hear_nothing)
            blame(v, "octets after the conversation was over");
        buf_add(&v->in, octets, (size_t)n);
    }
}

/* What goes out. */

static void count_marks(struct server *v)
{
    for (size_t i = 0; i < v->marks; i++) {
        if (v->mark[i].end <= v->out_at)
            v->told |= v->mark[i].who;
    }
}

static void close_server(struct server *v)
{
    if (!v->is_closed)
        close(v->fd);
    v->is_closed = true;
}

/* Writes what is due, in pieces if this server is of that kind. */
static bool put_out(struct server *v)
{
    size_t left = v->out.len - v->out_at;
    ssize_t n;

    if (v->is_closed)
        return false;
    if (left > 0) {
        if (v->splits && left > 1)
            left = 1 + draw(v, (uint32_t)left);
        n = send(v->fd, v->out.data + v->out_at, left, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) {
            tell(v, "S:", v->out.data + v->out_at, (size_t)n);
            v->out_at += (size_t)n;
        }
        count_marks(v);
        if (n > 0 && (v->out_at < v->out.len || !v->close_when_out))
            return true;
    }
    if (v->close_when_out && v->out_at == v->out.len) {
        close_server(v);
        return true;
    }
    return false;
}

/* A reply that is as it should be, in one of several shapes. */
static void add_reply(struct server *v, int code)
{
    static const char *const enhanced[] = {"", "", ".1.0 ", ".7.1 ", ".0.0 "};
    const char *eol = chance(v, 50) ? "\n" : "\r\n";
    const char *enh = enhanced[draw(v, 5)];
    char class[2] = {(char)('0' + code / 100), '\0'};

    if (*enh == '\0')
        class[0] = '\0';
    while (chance(v, 100))
        buf_addf(&v->out, "%d-%s%smore%s", code, class, enh, eol);
    for (int i = 0, n = chance(v, 1) ? 100 : 0; i < n; i++)
        buf_addf(&v->out, "%d-%s%s%600d%s", code, class, enh, i, eol);
    if (chance(v, 50))
        buf_addf(&v->out, "%d%s", code, eol);
    else
        buf_addf(&v->out, "%d %s%swords%s", code, class, enh, eol);
    if (code / 100 == 5)
        v->said_5++;
}

static void over(struct server *v)
{
    v->is_bad = true;
    v->must_hear_nothing = !v->is_shifted;
}

/* A code that has no meaning in the place of CODE. */
static int odd_code(struct server *v, int code)
{
    static const int neither[] = {300, 334, 355, 399};
    static const int no_yes[] = {220, 221, 235, 299};
    static const int no_go[] = {250, 220, 299, 334};
    static const int no_final[] = {220, 221, 235, 253, 299};

    if (v->due_now == DUE_LOGIN)
        return no_yes[draw(v, 4)] != 235 ? 250 : 399; /* 334 has a meaning */
    if (v->due_now == DUE_DATA)
        return no_go[draw(v, 4)];
    if (v->due_now == DUE_COMMAND && code == 250 && chance(v, 500))
        return no_yes[draw(v, 4)];
    if (v->due_now != DUE_COMMAND && chance(v, 500))
        return no_final[draw(v, 5)];
    return neither[draw(v, 4)];
}

/* Does something bad in the place of a reply of CODE; true when CODE was said all the same. */
static bool be_evil(struct server *v, int code)
{
    enum evil evil = (enum evil)draw(v, EVIL_COUNT);

    v->is_bad = true;
    take_in(v); /* what was sent before the evil was seen is no offence */
    v->is_mute = v->works_on && evil != EVIL_421 && evil != EVIL_LAST && evil != EVIL_EXTRA;
    switch (evil) {
    case EVIL_421:
        buf_adds(&v->out, "421 4.3.2 going down\r\n");
        v->close_when_out = chance(v, 500);
        v->said_421 = true;
        over(v);
        return false;
    case EVIL_GARBAGE:
        buf_adds(&v->out, chance(v, 500) ? "hello there\r\n" : "2505 x\r\n");
        over(v);
        return false;
    case EVIL_MIXED:
        buf_adds(&v->out, "250-x\r\n550 y\r\n");
        over(v);
        return false;
    case EVIL_CLASS:
        buf_addf(&v->out, "%d odd\r\n", odd_code(v, code));
        over(v);
        return false;
    case EVIL_LONG:
        v->cut_at = v->out.len + 2048;
        buf_addf(&v->out, "%d ", code);
        for (int i = 0; i < 2100; i++)
            buf_addc(&v->out, 'x');
        over(v);
        return code == 250 || code / 100 != 2; /* R2 is about 250 */
    case EVIL_CLOSE:
        v->close_when_out = true;
        over(v);
        return false;
    case EVIL_CLOSE_HALF:
        buf_addf(&v->out, "%d%s", code, chance(v, 500) ? " hal" : "-one\r\n");
        v->close_when_out = true;
        over(v);
        return false;
    case EVIL_SILENT:
        v->is_silent = true;
        over(v);
        return false;
    case EVIL_LAST:
        add_reply(v, code);
        v->close_when_out = true;
        return true;
    case EVIL_EXTRA:
        add_reply(v, code);
        if (v->due_now ==
            DUE_NOT_LAST) /* with LMTP it would be the next one's: no client can know */
            return true;
        add_reply(v, chance(v, 500) ? 250 : 550);
        v->is_shifted = true;
        v->splits = false; /* in one write: only so can a client know */
        return true;
    case EVIL_COUNT:
        break;
    }
    return false;
}

/* Says CODE, or does worse; true when CODE was said. */
static bool say(struct server *v, int code)
{
    if (v->is_silent || v->close_when_out || v->is_mute)
        return false;
    if (chance(v, v->evil))
        return be_evil(v, code);
    add_reply(v, code);
    return true;
}

/* The commands. */

static enum fate fate_of(int code)
{
    return code / 100 == 5 ? FATE_NEVER : FATE_LATER;
}

static void forbid_end(struct server *v, const char *why)
{
    v->no_end_mark = true;
    v->no_end_why = why;
}

static void start_over(struct server *v)
{
    v->has_mail = v->any_refused = v->no_end_mark = v->in_chunks = false;
    v->n_taken = 0;
}

/* AUTH, or what is taken for its answer. */
static void on_login(struct server *v, bool is_right)
{
    static const int refusals[] = {535, 535, 454, 504, 500, 503, 334, 250};
    int code = is_right ? 235 : 501;

    if (v->state == WAITS_FOR_COMMAND && chance(v, v->refuse / 3))
        code = refusals[draw(v, 8)];
    v->state = WAITS_FOR_COMMAND;
    if (code == 334)
        v->state = WAITS_FOR_RESPONSE;
    v->stumbles = v->stumbles || code == 334 || code / 10 == 50 || code == 250;
    v->login_refused = v->login_refused || code != 235;
    v->is_bad = v->is_bad || code == 250;
    v->due_now = DUE_LOGIN;
    if (say(v, code))
        v->logged_in = code == 235;
    v->due_now = DUE_COMMAND;
    for (size_t i = 0; code != 235 && i < RCPTS; i++)
        v->due[i] = FATE_LATER;
}

static void on_mail(struct server *v)
{
    static const int refusals[] = {450, 451, 452, 550, 553, 552, 501, 503};
    int code;

    if (v->wants_login && !v->logged_in && !v->is_lax) {
        (void)say(v, 530);
        return;
    }
    if (v->has_mail && !v->is_bad)
        blame(v, "MAIL inside a transaction");
    start_over(v);
    if (chance(v, v->refuse / 3)) {
        code = refusals[draw(v, 8)];
        v->stumbles = v->stumbles || code == 503;
        if (say(v, code)) {
            for (size_t i = 0; i < RCPTS; i++) {
                if (v->due[i] == FATE_OPEN)
                    v->due[i] = fate_of(code);
            }
        }
        return;
    }
    v->has_mail = say(v, 250) || v->is_mute;
}

static void on_rcpt(struct server *v, const char *line)
{
    static const int refusals[] = {450, 451, 550, 554, 551, 553, 500};
    static const int acceptances[] = {250, 250, 250, 251, 252};
    const char *digit = strstr(line, "rcpt");
    unsigned who = digit != NULL ? (unsigned)(digit[4] - '0') : 0;
    int code;

    assert(who < RCPTS);
    if (!v->has_mail) {
        (void)say(v, 503);
        return;
    }
    if (v->has_limit && v->n_taken > 0) {
        (void)say(v, 452); /* the rest in the next transaction */
        v->any_refused = true;
        if (v->abort)
            v->due[who] = FATE_LATER;
        return;
    }
    if (chance(v, v->refuse)) {
        code = refusals[draw(v, 7)];
        v->stumbles = v->stumbles || code == 500;
        (void)say(v, code);
        v->any_refused = true;
        v->due[who] = fate_of(code);
        return;
    }
    if (say(v, acceptances[draw(v, 5)]) || v->is_mute)
        v->taken[v->n_taken++] = who;
}

static void on_data(struct server *v)
{
    int code = chance(v, 500) ? 451 : 554;

    buf_reset(&v->text);
    if (!v->has_mail || v->n_taken == 0) {
        if (chance(v, 300)) { /* RFC 2920 3.1 lets it ask for a text that nobody gets */
            forbid_end(v, "the end mark, although no recipient was accepted");
            if (say(v, 354))
                v->state = WAITS_FOR_TEXT;
        } else {
            (void)say(v, 554);
        }
        return;
    }
    if (v->abort && v->any_refused && !v->is_shifted)
        blame(v, "DATA after a refusal, with partial = abort");
    if (chance(v, v->refuse / 3)) {
        (void)say(v, code);
        for (size_t i = 0; i < v->n_taken; i++)
            v->due[v->taken[i]] = fate_of(code);
        return;
    }
    if (say(v, 354))
        v->state = WAITS_FOR_TEXT;
    if (v->must_hear_nothing)
        forbid_end(v, "the end mark, although DATA was not answered by 354");
}

/* The reply to the end mark; it speaks for the recipients in WHO. */
static void on_end(struct server *v, unsigned who, bool is_last)
{
    static const int refusals[] = {450, 451, 550, 554, 552};
    static const int acceptances[] = {250, 250, 250, 251, 252};
    bool refused = chance(v, v->refuse);
    int code = refused ? refusals[draw(v, 5)] : acceptances[draw(v, 5)];
    bool was_good = !v->is_bad;
    bool by_chunk = v->in_chunks; /* of two replies to a chunk the worse one counts */
    bool said;

    v->due_now = is_last ? DUE_FINAL : DUE_NOT_LAST;
    said = say(v, code);
    v->due_now = DUE_COMMAND;
    for (unsigned i = 0; i < RCPTS; i++) {
        if ((who & 1u << i) != 0)
            v->due[i] = refused ? fate_of(code) : FATE_ACCEPTED;
    }
    if (!refused && !v->said_421)
        v->has |= who;
    if (!said && !v->said_421)
        v->in_doubt |= who;
    if (!said || refused || v->marks == MARKS)
        return;
    if (was_good && !(v->is_shifted && by_chunk))
        v->must_have |= who;
    /* R2: a 250 that goes on beyond the limit is one as soon as the limit is reached. */
    v->mark[v->marks].end = v->cut_at > 0 ? v->cut_at : v->out.len;
    v->mark[v->marks++].who = who;
}

static void on_text_end(struct server *v)
{
    unsigned all = 0;

    if (v->no_end_mark)
        blame(v, v->no_end_why);
    if (v->expected->len != v->text.len ||
        memcmp(v->expected->data, v->text.data, v->text.len) != 0)
        blame(v, "the text differs from the message");
    v->state = WAITS_FOR_COMMAND;
    if (!v->is_held)
        blame(v, "signals were not held while the end mark left");
    for (size_t i = 0; i < v->n_taken; i++) {
        all |= 1u << v->taken[i];
        if (v->lmtp)
            on_end(v, 1u << v->taken[i], i + 1 == v->n_taken);
    }
    if (!v->lmtp)
        on_end(v, all, true);
    start_over(v);
}

/* "BDAT N" or "BDAT N LAST". */
static void on_bdat(struct server *v, const char *line)
{
    char *end;
    unsigned long n = strtoul(line + 5, &end, 10);

    v->is_last_chunk = strcmp(end, " LAST\r\n") == 0;
    if ((!v->is_last_chunk && strcmp(end, "\r\n") != 0) || n == 0 || n > 1000000)
        blame(v, "a strange BDAT");
    if (!v->chunking || !v->pipelining)
        blame(v, "BDAT, and it was not offered");
    if (!v->is_bad && !v->may_fly && (!v->has_mail || v->n_taken == 0 || v->login_refused))
        blame(v, "a chunk for nobody");
    if (v->abort && v->any_refused && !v->is_shifted && !v->may_fly)
        blame(v, "a chunk after a refusal, with partial = abort");
    if (!v->in_chunks)
        buf_reset(&v->text);
    v->in_chunks = true;
    v->chunk_left = n;
    v->state = WAITS_FOR_CHUNK;
}

/* The whole message has come in chunks: the same as at an end mark. */
static void on_last_chunk(struct server *v)
{
    unsigned all = 0;

    if (v->no_end_mark)
        blame(v, v->no_end_why);
    if (v->octets->len != v->text.len || memcmp(v->octets->data, v->text.data, v->text.len) != 0)
        blame(v, "the chunks differ from the message");
    if (!v->is_held && !v->is_shifted)
        blame(v, "signals were not held while the last chunk left");
    for (size_t i = 0; i < v->n_taken; i++) {
        all |= 1u << v->taken[i];
        if (v->lmtp)
            on_end(v, 1u << v->taken[i], i + 1 == v->n_taken);
    }
    if (!v->lmtp)
        on_end(v, all, true);
    start_over(v);
}

/* A chunk has come. After a refusal not even QUIT may. */
static void on_chunk_end(struct server *v)
{
    static const int refusals[] = {503, 502, 500, 521, 451, 554, 552};
    unsigned refuse = v->may_fly || v->is_last_chunk ? v->refuse / 4 : v->refuse / 2;
    int code = refusals[draw(v, 7)];

    v->state = WAITS_FOR_COMMAND;
    if (v->has_mail && v->n_taken > 0 && !chance(v, refuse)) {
        if (v->is_last_chunk)
            on_last_chunk(v);
        else if (!say(v, 250) && !v->is_mute)
            forbid_end(v, "another chunk, although one was not answered");
        return;
    }
    if (!v->has_mail || v->n_taken == 0)
        code = 503;
    else if (v->lmtp && v->is_last_chunk && v->n_taken > 1)
        code = 500; /* any other would be for the first of them alone */
    v->stumbles = v->stumbles || code < 510 || code == 521;
    (void)say(v, code);
    for (size_t i = 0; v->has_mail && i < v->n_taken; i++)
        v->due[v->taken[i]] = fate_of(code);
    start_over(v);
    forbid_end(v, "another chunk, although one was refused");
    v->must_hear_nothing = !v->is_shifted && v->marks == 0;
}

/* Takes a chunk as far as it is there; true at its end. */
static bool on_chunk(struct server *v)
{
    size_t n = v->in.len < v->chunk_left ? v->in.len : v->chunk_left;

    buf_add(&v->text, v->in.data, n);
    buf_drop(&v->in, n);
    v->chunk_left -= n;
    return v->chunk_left == 0;
}

static void on_command(struct server *v, const char *line)
{
    if (v->state == WAITS_FOR_RESPONSE) {
        on_login(v, strcmp(line, &LOGIN[11]) == 0);
        return;
    }
    if (strncmp(line, "EHLO ", 5) == 0 || strncmp(line, "LHLO ", 5) == 0) {
        if (v->pipelining && !chance(v, v->evil))
            buf_addf(&v->out, "250-mail.example.org\r\n250-PIPELINING\r\n%s250 SIZE 9999999\r\n",
                     v->chunking ? "250-CHUNKING\r\n" : "");
        else
            (void)say(v, chance(v, v->refuse / 8) ? 451 : 250);
    } else if (strncmp(line, "MAIL FROM:<", 11) == 0) {
        on_mail(v);
    } else if (strncmp(line, "RCPT TO:<", 9) == 0) {
        on_rcpt(v, line);
    } else if (strcmp(line, "DATA\r\n") == 0) {
        v->due_now = DUE_DATA;
        on_data(v);
        v->due_now = DUE_COMMAND;
    } else if (strncmp(line, "BDAT ", 5) == 0) {
        on_bdat(v, line);
    } else if (strcmp(line, LOGIN "\r\n") == 0) {
        on_login(v, true);
    } else if (strcmp(line, "RSET\r\n") == 0) {
        if (say(v, 250))
            start_over(v);
    } else if (strcmp(line, "QUIT\r\n") == 0) {
        v->close_when_out = true;
    } else {
        blame(v, "an unknown command");
    }
}

/* Takes the text as far as it is there; true at its end. */
static bool on_text(struct server *v)
{
    size_t at = v->text.len > 4 ? v->text.len - 4 : 0;
    const char *end;

    buf_add(&v->text, v->in.data, v->in.len);
    buf_reset(&v->in);
    end = memmem(v->text.data + at, v->text.len - at, "\r\n.\r\n", 5);
    if (end == NULL)
        return false;
    at = (size_t)(end - v->text.data) + 5;
    buf_add(&v->in, v->text.data + at, v->text.len - at);
    buf_cut(&v->text, at);
    return true;
}

/* Speaks while the text comes in. */
static void speak_early(struct server *v)
{
    static const int codes[] = {451, 552, 554, 250, 421};
    int code = codes[draw(v, 5)];

    add_reply(v, code);
    v->is_bad = true;
    forbid_end(v, "the end mark after an early reply");
    over(v);
}

/* One step: true when something moved. */
static bool server_step(struct server *v)
{
    bool moved = put_out(v);

    if (v->is_closed || (moved && chance(v, 500)))
        return moved;
    take_in(v);
    while (v->in.len > 0 &&
           (v->is_mute || (!v->is_silent && !v->close_when_out && !v->must_hear_nothing))) {
        char line[4096];
        const char *lf;
        size_t n;

        if (v->state == WAITS_FOR_TEXT) {
            moved = true;
            if (on_text(v))
                on_text_end(v);
            else if (!v->no_end_mark && chance(v, v->evil))
                speak_early(v);
            continue;
        }
        if (v->state == WAITS_FOR_CHUNK) {
            moved = true;
            if (on_chunk(v))
                on_chunk_end(v);
            else if (!v->no_end_mark && !v->may_fly && chance(v, v->evil))
                speak_early(v);
            continue;
        }
        lf = memchr(v->in.data, '\n', v->in.len);
        if (lf == NULL)
            break;
        n = (size_t)(lf - v->in.data) + 1;
        if (n >= sizeof(line)) {
            blame(v, "a command without end");
            break;
        }
        memcpy(line, v->in.data, n);
        line[n] = '\0';
        buf_drop(&v->in, n);
        tell(v, "C:", line, n);
        on_command(v, line);
        moved = true;
        if (chance(v, 200))
            break;
    }
    return put_out(v) || moved;
}

#endif
