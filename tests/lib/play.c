/*
 * play.c: plays a script. Two things are checked everywhere without being asked for: before each
 * write that nothing more has come from the client than the script expected (so that a client that
 * does not wait for a reply is found out), and that lines expected in a row came in one read (so
 * that a client that could have sent them in one flight did).
 */
#include "config.h"

#include "play.h"

#include "peer.h"
#include "remains.h"
#include "summons.h"
#include "sasl_server.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Long enough for a second write of a client that does not wait, short enough for many cases. */
#define QUIET_MS 2
/* More than the sockets between could hold: who took that much has read it. */
#define ENDLESS_MAX ((size_t)48 * 1024 * 1024)

struct play {
    const struct play_params *p;
    struct peer peer;
    struct octets pending; /* to be sent in one write */
    struct octets talk, report;
    struct octets chunks; /* of the message that is coming */
    size_t connection;    /* counted from 1 */
    size_t texts;
    long quiet_ms;
    bool early, loosely;
    bool in_block; /* the statement before was an expected line */
    bool over;     /* this connection has ended or has left the script */
    bool followed;
};

static int64_t limit(const struct play *y)
{
    return peer_now_ms() + y->p->limit_ms;
}

/* A departure from the script. FMT's text may hold received octets: they are escaped before. */
__attribute__((format(printf, 3, 4))) static void complain(struct play *y, const struct step *st,
                                                           const char *fmt, ...)
{
    va_list ap;
    char *text = NULL;

    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        die("out of memory");
    va_end(ap);
    octets_printf(&y->report, "%s:%lu: connection %zu: %s\n", y->p->name, st->line, y->connection,
                  text);
    octets_printf(&y->talk, "! %s\n", text);
    free(text);
    y->followed = false;
}

static void say(struct play *y, const char *mark, const char *bytes, size_t n)
{
    octets_str(&y->talk, mark);
    octets_show(&y->talk, bytes, n < 400 ? n : 400);
    if (n > 400)
        octets_printf(&y->talk, "... (%zu octets)", n);
    octets_char(&y->talk, '\n');
}

/* Complains with the octets that are there and should not be. */
static void complain_surplus(struct play *y, const struct step *st, const char *what)
{
    struct octets shown = {0};

    octets_show(&shown, y->peer.in.p, y->peer.in.n < 200 ? y->peer.in.n : 200);
    complain(y, st, "%s: %s", what, octets_text(&shown));
    octets_free(&shown);
}

static void flush(struct play *y, const struct step *st)
{
    if (y->pending.n == 0)
        return;
    if (!y->early && peer_waiting(&y->peer, y->quiet_ms))
        complain_surplus(y, st, "the client did not wait for the reply");
    y->early = false;
    say(y, "S: ", y->pending.p, y->pending.n);
    if (!peer_send(&y->peer, y->pending.p, y->pending.n, limit(y)))
        octets_printf(&y->talk, "* %s\n", octets_text(&y->peer.trouble));
    y->pending.n = 0;
}

static void leave(struct play *y)
{
    peer_close(&y->peer, PEER_CUT);
    y->over = true;
}

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

    if (!peer_line(&y->peer, &line, limit(y))) {
        complain(y, st, "expected \"%s\", but %s", octets_text(&st->text), silence(y));
        leave(y);
    } else {
        say(y, "C: ", line.p, line.n);
        if (y->in_block && !there && !y->loosely)
            complain(y, st, "this line came in a write of its own");
        if (!script_matches(st, &line)) {
            octets_show(&shown, line.p, line.n < 600 ? line.n : 600);
            complain(y, st, "expected \"%s\", got \"%s\"", octets_text(&st->text),
                     octets_text(&shown));
            leave(y);
        }
    }
    octets_free(&line);
    octets_free(&shown);
}

static void save(const struct play *y, const char *what, size_t number, const struct octets *o)
{
    struct octets path = {0};

    octets_printf(&path, "%s/%s", y->p->out, what);
    if (number > 0)
        octets_printf(&path, ".%zu", number);
    if (!octets_save(o, octets_text(&path), 0600))
        die("%s: %s", octets_text(&path), strerror(errno));
    octets_free(&path);
}

static void receive_text(struct play *y, const struct step *st)
{
    struct octets all = {0}, line = {0};
    bool end = false;

    while (!end && peer_line(&y->peer, &line, limit(y))) {
        octets_add(&all, line.p, line.n);
        end = line.n == 3 && memcmp(line.p, ".\r\n", 3) == 0;
    }
    octets_printf(&y->talk, "C: <%zu octets of text>\n", all.n);
    save(y, "text", ++y->texts, &all);
    if (!end) {
        complain(y, st, "the message text has no end: %s", silence(y));
        leave(y);
    }
    octets_free(&all);
    octets_free(&line);
}

static void take(struct play *y, const struct step *st)
{
    size_t want = (size_t)st->number;

    while (y->peer.in.n < want && peer_fill(&y->peer, limit(y)))
        ;
    octets_printf(&y->talk, "C: <%zu octets>\n", y->peer.in.n < want ? y->peer.in.n : want);
    if (y->peer.in.n < want) {
        complain(y, st, "%zu of %zu octets came: %s", y->peer.in.n, want, silence(y));
        leave(y);
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
    bool last = false, came = peer_line(&y->peer, &line, limit(y));
    size_t want = came ? chunk_size(&line, &last) : 0;

    if (want == 0) {
        complain(y, st, "expected a chunk, but %s", came ? octets_text(&line) : silence(y));
        leave(y);
    } else {
        say(y, "C: ", line.p, line.n);
        if (y->in_block && !there && !y->loosely)
            complain(y, st, "this chunk came in a write of its own");
        while (y->peer.in.n < want && peer_fill(&y->peer, limit(y)))
            ;
        octets_add(&y->chunks, y->peer.in.p, y->peer.in.n < want ? y->peer.in.n : want);
        take(y, &(struct step){.line = st->line, .number = (long)want});
    }
    if (last) {
        save(y, "text", ++y->texts, &y->chunks);
        y->chunks.n = 0;
    }
    octets_free(&line);
}

/* Sleeps, but not longer than the client stays. */
static void pause_ms(const struct play *y, long ms)
{
    int64_t until = peer_now_ms() + ms;

    while (peer_now_ms() < until && !peer_gone(&y->peer)) {
        int64_t left = until - peer_now_ms();

        (void)poll(NULL, 0, left > 10 ? 10 : left < 0 ? 0 : (int)left);
    }
}

static void drip(struct play *y, const struct step *st)
{
    size_t i;

    say(y, "S, dripping: ", octets_text(&st->text), st->text.n);
    for (i = 0; i < st->text.n + 2 && !peer_gone(&y->peer); i++) {
        const char *c = i < st->text.n ? st->text.p + i : i == st->text.n ? "\r" : "\n";

        if (!peer_send(&y->peer, c, 1, limit(y)))
            break;
        pause_ms(y, st->number);
    }
}

static void endless(struct play *y, const struct step *st)
{
    struct octets block = {0};
    size_t sent = 0;

    while (block.n < 16000) {
        octets_add(&block, octets_text(&st->text), st->text.n);
        octets_str(&block, "\r\n");
    }
    while (sent < ENDLESS_MAX && !peer_gone(&y->peer) &&
           peer_send(&y->peer, block.p, block.n, limit(y)))
        sent += block.n;
    octets_printf(&y->talk, "S: <%zu octets>\n", sent);
    if (sent >= ENDLESS_MAX)
        complain(y, st, "the client took %zu octets", sent);
    octets_free(&block);
}

/* The client must not send application data any more; ALLOWED may be one line that it may. */
static void expect_end(struct play *y, const struct step *st, const char *allowed)
{
    struct octets *in = &y->peer.in;
    size_t n = strlen(allowed);

    while (peer_fill(&y->peer, limit(y)))
        ;
    if (in->n >= n && n > 0 && memcmp(in->p, allowed, n) == 0) {
        say(y, "C: ", in->p, n);
        octets_drop(in, n);
    }
    if (in->n > 0)
        complain_surplus(y, st, "more came than the script has");
    if (!y->peer.ended)
        complain(y, st, "the client does not close");
    octets_printf(&y->talk, "* end: %s\n",
                  y->peer.trouble.n > 0 ? octets_text(&y->peer.trouble) : "closed");
    leave(y);
}

/* The client may send more of one kind, which WRONG judges, and closes. */
static void expect_remains(struct play *y, const struct step *st,
                           const char *(*wrong)(const struct octets *))
{
    const char *text;

    while (peer_fill(&y->peer, limit(y)))
        ;
    octets_printf(&y->talk, "C: <%zu octets>\n", y->peer.in.n);
    text = wrong(&y->peer.in);
    if (text)
        complain_surplus(y, st, text);
    y->peer.in.n = 0;
    expect_end(y, st, "");
}

/*
 * After a handshake that the client broke off only an alert may come on the bare socket; after one
 * that the server broke off, also what the client had said meanwhile.
 */
static void expect_alert_only(struct play *y, const struct step *st)
{
    struct octets rest = {0};
    char block[4096];
    int64_t until = limit(y);
    ssize_t got;

    for (;;) {
        got = read(y->peer.fd, block, sizeof block);
        if (got > 0)
            octets_add(&rest, block, (size_t)got);
        else if (got == 0 || (errno != EAGAIN && errno != EINTR) || peer_now_ms() > until)
            break;
        else
            (void)poll(&(struct pollfd){.fd = y->peer.fd, .events = POLLIN}, 1, 10);
    }
    if (!st->refuses && rest.n > 0 && (rest.p[0] != 0x15 || rest.n > 64))
        complain(y, st, "%zu octets came after the failed handshake", rest.n);
    octets_free(&rest);
}

static void hand_shake(struct play *y, const struct step *st)
{
    struct peer_server server = st->server;
    bool good;

    server.certs = y->p->certs;
    server.name = octets_text(&st->text);
    server.staple = st->more.n > 0 ? octets_text(&st->more) : NULL;
    good = peer_handshake(&y->peer, &server, limit(y));
    if (good)
        octets_printf(&y->talk, "* TLS with certificate %s%s\n", octets_text(&st->text),
                      gnutls_session_is_resumed(y->peer.tls) ? ", from a ticket" : "");
    else
        octets_printf(&y->talk, "* %s\n", octets_text(&y->peer.trouble));
    if (st->refuses && good) {
        complain(y, st, "the server had nothing to refuse");
        leave(y);
    } else if (!st->fails && !st->refuses && !good) {
        complain(y, st, "%s", octets_text(&y->peer.trouble));
        leave(y);
    } else if (st->fails && good) {
        /* TLS 1.3 is up on this side before the client has looked at the certificate. */
        expect_end(y, st, "");
    } else if (st->fails || st->refuses) {
        expect_alert_only(y, st);
        leave(y);
    }
}

static void check_sni(struct play *y, const struct step *st)
{
    char name[256] = "";
    size_t size = sizeof name - 1;
    unsigned type = 0;
    bool given = y->peer.tls &&
                 gnutls_server_name_get(y->peer.tls, name, &size, &type, 0) == GNUTLS_E_SUCCESS;
    const char *want = octets_text(&st->text);

    if (strcmp(want, "-") == 0 ? given : !given || strcmp(name, want) != 0)
        complain(y, st, "the client asks for the server \"%s\", not \"%s\"", given ? name : "-",
                 want);
}

static void check_resumed(struct play *y, const struct step *st)
{
    bool resumed = y->peer.tls && gnutls_session_is_resumed(y->peer.tls) != 0;

    if (resumed != (st->verb == DO_RESUMED))
        complain(y, st, "the session %s", resumed ? "goes on from a ticket" : "begins afresh");
}

static void check_client(struct play *y, const struct step *st)
{
    char name[64];

    peer_client(&y->peer, y->p->certs, name, sizeof name);
    if (strcmp(name, octets_text(&st->text)) != 0)
        complain(y, st, "the client shows the certificate %s, not %s", name,
                 octets_text(&st->text));
}

static void log_in(struct play *y, const struct step *st)
{
    struct octets wrong = {0};

    if (!sasl_server_run(&y->peer, octets_text(&st->text), limit(y), &y->talk, &wrong)) {
        complain(y, st, "%s", octets_text(&wrong));
        leave(y);
    }
    octets_free(&wrong);
}

static void plain(struct play *y, const struct step *st)
{
    say(y, "S, past TLS: ", octets_text(&st->text), st->text.n);
    (void)peer_send_clear(&y->peer, octets_text(&st->text), st->text.n, limit(y));
}

/* Reads what has come, so that close(2) sends FIN and not RST. */
static void finish(struct play *y, enum peer_end how)
{
    static const char *const names[] = {
        [PEER_POLITE] = "closed with close_notify", [PEER_CUT] = "closed", [PEER_RESET] = "reset"};

    if (how != PEER_RESET)
        (void)peer_waiting(&y->peer, 0);
    octets_printf(&y->talk, "* %s by the server\n", names[how]);
    peer_close(&y->peer, how);
    y->over = true;
}

static void receive(struct play *y, const struct step *st)
{
    if (st->verb == DO_TEXT)
        receive_text(y, st);
    else if (st->verb == DO_CHUNK)
        receive_chunk(y, st);
    else if (st->verb == DO_TAKE)
        take(y, st);
    else
        expect_line(y, st);
}

static void summon(struct play *y, const struct step *st)
{
    const char *wrong = summons_send(y->p->out, octets_text(&st->text));

    octets_printf(&y->talk, "* signal %s\n", octets_text(&st->text));
    if (wrong)
        complain(y, st, "%s", wrong);
}

static void play_step(struct play *y, const struct step *st)
{
    switch (st->verb) {
    case DO_SEND:
        octets_add(&y->pending, octets_text(&st->text), st->text.n);
        octets_str(&y->pending, "\r\n");
        break;
    case DO_RAW:
        octets_add(&y->pending, octets_text(&st->text), st->text.n);
        break;
    case DO_EARLY:
        y->early = true;
        break;
    case DO_QUIET:
        y->quiet_ms = st->number;
        break;
    case DO_LOOSELY:
        y->loosely = true;
        break;
    case DO_LINE:
    case DO_MATCH:
    case DO_ANY_LINE:
    case DO_TEXT:
    case DO_CHUNK:
    case DO_TAKE:
        receive(y, st);
        break;
    case DO_SASL:
        log_in(y, st);
        break;
    case DO_WAIT:
        pause_ms(y, st->number);
        break;
    case DO_DRIP:
        drip(y, st);
        break;
    case DO_ENDLESS:
        endless(y, st);
        break;
    case DO_TLS:
        hand_shake(y, st);
        break;
    case DO_SNI:
        check_sni(y, st);
        break;
    case DO_RESUMED:
    case DO_AFRESH:
        check_resumed(y, st);
        break;
    case DO_CLIENT:
        check_client(y, st);
        break;
    case DO_PLAIN:
        plain(y, st);
        break;
    case DO_ALERT:
        peer_alert(&y->peer, GNUTLS_A_INTERNAL_ERROR);
        break;
    case DO_REKEY:
        peer_rekey(&y->peer);
        break;
    case DO_DROP:
        finish(y, PEER_CUT);
        break;
    case DO_RESET:
        finish(y, PEER_RESET);
        break;
    case DO_NOTIFY:
        finish(y, PEER_POLITE);
        break;
    case DO_SHUT:
        peer_shut(&y->peer, false);
        break;
    case DO_ADIEU:
        peer_shut(&y->peer, true);
        break;
    case DO_SIGNAL:
        summon(y, st);
        break;
    case DO_HEARD:
        while (y->peer.in.n == 0 && peer_fill(&y->peer, limit(y)))
            ;
        break;
    case DO_DEAF:
        pause_ms(y, st->number);
        leave(y);
        break;
    case DO_EOF:
        expect_end(y, st, "");
        break;
    case DO_BYE:
        expect_end(y, st, "QUIT\r\n");
        break;
    case DO_TORN:
        expect_remains(y, st, remains_torn);
        break;
    case DO_SEALED:
        expect_remains(y, st, remains_sealed);
        break;
    case DO_ANY:
        while (peer_fill(&y->peer, limit(y)))
            ;
        leave(y);
        break;
    case DO_CONNECTION:
    case DO_MAYBE:
        break;
    }
}

static bool is_line(enum verb v)
{
    return v == DO_LINE || v == DO_MATCH || v == DO_ANY_LINE;
}

static bool is_write(enum verb v)
{
    return v == DO_SEND || v == DO_RAW;
}

/* Plays the statements FROM.. up to the next connection. */
static void play_connection(struct play *y, const struct script *s, size_t from, int fd)
{
    size_t i;

    peer_init(&y->peer, fd);
    octets_printf(&y->talk, "* connection %zu\n", y->connection);
    y->quiet_ms = QUIET_MS;
    y->over = y->early = y->loosely = y->in_block = false;
    for (i = from; i < s->n && s->step[i].verb != DO_CONNECTION && !y->over; i++) {
        if (!is_write(s->step[i].verb))
            flush(y, &s->step[i]);
        play_step(y, &s->step[i]);
        if (is_line(s->step[i].verb))
            y->in_block = true;
        else if (s->step[i].verb != DO_LOOSELY)
            y->in_block = y->loosely = false;
    }
    if (!y->over && i > from) {
        flush(y, &s->step[i - 1]);
        expect_end(y, &s->step[i - 1], "");
    }
    save(y, "wire", y->connection, &y->peer.recorded);
    peer_free(&y->peer);
    y->pending.n = 0;
}

/* The next connection; -1 when none can come any more or the limit has passed. */
static int next_client(const struct play *y)
{
    struct pollfd pfd[2] = {{.fd = y->p->listen_fd, .events = POLLIN},
                            {.fd = y->p->control_fd, .events = POLLIN}};
    int64_t until = limit(y);
    bool last = false;

    for (;;) {
        int fd = accept(y->p->listen_fd, NULL, NULL);
        int64_t left = until - peer_now_ms();

        if (fd >= 0 || last || left <= 0)
            return fd;
        pfd[1].revents = 0;
        if (poll(pfd, y->p->control_fd >= 0 ? 2 : 1, left > 60000 ? 60000 : (int)left) < 0 &&
            errno != EINTR)
            return -1;
        /* The client has ended: whatever it connected waits already. */
        last = pfd[1].revents != 0;
    }
}

bool play_script(const struct script *s, const struct play_params *p)
{
    static const struct step nowhere;
    struct play y = {.p = p, .followed = true};
    size_t at = 0;
    int fd;

    for (y.connection = 1; y.connection <= s->connections; y.connection++) {
        if (s->step[at].verb == DO_CONNECTION)
            at++;
        fd = next_client(&y);
        if (fd < 0 && at < s->n && s->step[at].verb == DO_MAYBE)
            break;
        if (fd < 0) {
            complain(&y, &s->step[at < s->n ? at : s->n - 1], "no client came");
            break;
        }
        play_connection(&y, s, at, fd);
        while (at < s->n && s->step[at].verb != DO_CONNECTION)
            at++;
    }
    while (p->control_fd >= 0 && (fd = next_client(&y)) >= 0) {
        complain(&y, s->n > 0 ? &s->step[s->n - 1] : &nowhere, "a connection too many");
        close(fd);
    }
    save(&y, "talk", 0, &y.talk);
    save(&y, "report", 0, &y.report);
    octets_free(&y.talk);
    octets_free(&y.report);
    octets_free(&y.pending);
    octets_free(&y.chunks);
    return y.followed;
}
