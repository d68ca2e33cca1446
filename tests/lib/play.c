/*
 * play.c: plays a script. Before each write nothing more may have come from the client than the
 * script expected: a client that does not wait for a reply is found out.
 */
#include "config.h"

#include "play_state.h"

#include "sasl_server.h"
#include "summons.h"

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

int64_t play_limit(const struct play *y)
{
    return peer_now_ms() + y->p->limit_ms;
}

/* A departure from the script. FMT's text may hold received octets: they are escaped before. */
void play_complain(struct play *y, const struct step *st, const char *fmt, ...)
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

void play_say(struct play *y, const char *mark, const char *bytes, size_t n)
{
    octets_str(&y->talk, mark);
    octets_show(&y->talk, bytes, n < 400 ? n : 400);
    if (n > 400)
        octets_printf(&y->talk, "... (%zu octets)", n);
    octets_char(&y->talk, '\n');
}

/* Complains with the octets that are there and should not be. */
void play_surplus(struct play *y, const struct step *st, const char *what)
{
    struct octets shown = {0};

    octets_show(&shown, y->peer.in.p, y->peer.in.n < 200 ? y->peer.in.n : 200);
    play_complain(y, st, "%s: %s", what, octets_text(&shown));
    octets_free(&shown);
}

void play_leave(struct play *y)
{
    peer_close(&y->peer, PEER_CUT);
    y->over = true;
}

void play_save(const struct play *y, const char *what, size_t number, const struct octets *o)
{
    struct octets path = {0};

    octets_printf(&path, "%s/%s", y->p->out, what);
    if (number > 0)
        octets_printf(&path, ".%zu", number);
    if (!octets_save(o, octets_text(&path), 0600))
        die("%s: %s", octets_text(&path), strerror(errno));
    octets_free(&path);
}

static void flush(struct play *y, const struct step *st)
{
    if (y->pending.n == 0)
        return;
    if (!y->early && peer_waiting(&y->peer, y->quiet_ms))
        play_surplus(y, st, "the client did not wait for the reply");
    y->early = false;
    play_say(y, "S: ", y->pending.p, y->pending.n);
    if (!peer_send(&y->peer, y->pending.p, y->pending.n, play_limit(y)))
        octets_printf(&y->talk, "* %s\n", octets_text(&y->peer.trouble));
    y->pending.n = 0;
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

    play_say(y, "S, dripping: ", octets_text(&st->text), st->text.n);
    for (i = 0; i < st->text.n + 2 && !peer_gone(&y->peer); i++) {
        const char *c = i < st->text.n ? st->text.p + i : i == st->text.n ? "\r" : "\n";

        if (!peer_send(&y->peer, c, 1, play_limit(y)))
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
           peer_send(&y->peer, block.p, block.n, play_limit(y)))
        sent += block.n;
    octets_printf(&y->talk, "S: <%zu octets>\n", sent);
    if (sent >= ENDLESS_MAX)
        play_complain(y, st, "the client took %zu octets", sent);
    octets_free(&block);
}

static void log_in(struct play *y, const struct step *st)
{
    struct octets wrong = {0};

    if (!sasl_server_run(&y->peer, octets_text(&st->text), play_limit(y), &y->talk, &wrong)) {
        play_complain(y, st, "%s", octets_text(&wrong));
        play_leave(y);
    }
    octets_free(&wrong);
}

static void plain(struct play *y, const struct step *st)
{
    play_say(y, "S, past TLS: ", octets_text(&st->text), st->text.n);
    (void)peer_send_clear(&y->peer, octets_text(&st->text), st->text.n, play_limit(y));
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

static void summon(struct play *y, const struct step *st)
{
    const char *wrong = summons_send(y->p->out, octets_text(&st->text));

    octets_printf(&y->talk, "* signal %s\n", octets_text(&st->text));
    if (wrong)
        play_complain(y, st, "%s", wrong);
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
    case DO_HEARD:
    case DO_EOF:
    case DO_BYE:
    case DO_TORN:
    case DO_SHORT:
    case DO_SEALED:
    case DO_ANY:
        play_heard(y, st);
        break;
    case DO_TLS:
    case DO_SNI:
    case DO_RESUMED:
    case DO_AFRESH:
    case DO_CLIENT:
        play_tls(y, st);
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
    case DO_DEAF:
        pause_ms(y, st->number);
        play_leave(y);
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
        play_expect_end(y, &s->step[i - 1], "");
    }
    play_save(y, "wire", y->connection, &y->peer.recorded);
    peer_free(&y->peer);
    y->pending.n = 0;
}

/* The next connection; -1 when none can come any more or the limit has passed. */
static int next_client(const struct play *y)
{
    struct pollfd pfd[2] = {{.fd = y->p->listen_fd, .events = POLLIN},
                            {.fd = y->p->control_fd, .events = POLLIN}};
    int64_t until = play_limit(y);
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
            play_complain(&y, &s->step[at < s->n ? at : s->n - 1], "no client came");
            break;
        }
        play_connection(&y, s, at, fd);
        while (at < s->n && s->step[at].verb != DO_CONNECTION)
            at++;
    }
    while (p->control_fd >= 0 && (fd = next_client(&y)) >= 0) {
        play_complain(&y, s->n > 0 ? &s->step[s->n - 1] : &nowhere, "a connection too many");
        close(fd);
    }
    play_save(&y, "talk", 0, &y.talk);
    play_save(&y, "report", 0, &y.report);
    octets_free(&y.talk);
    octets_free(&y.report);
    octets_free(&y.pending);
    octets_free(&y.chunks);
    return y.followed;
}
