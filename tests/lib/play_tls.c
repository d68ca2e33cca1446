/* play_tls.c: hand-shakes, and what is looked at behind them. */
#include "config.h"

#include "play_state.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/*
 * After a handshake that the client broke off only an alert may come on the bare socket; after one
 * that the server broke off, also what the client had said meanwhile.
 */
static void expect_alert_only(struct play *y, const struct step *st)
{
    struct octets rest = {0};
    char block[4096];
    int64_t until = play_limit(y);
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
        play_complain(y, st, "%zu octets came after the failed handshake", rest.n);
    octets_free(&rest);
}

static void hand_shake(struct play *y, const struct step *st)
{
    struct peer_server server = st->server;
    bool good;

    server.certs = y->p->certs;
    server.name = octets_text(&st->text);
    server.staple = st->more.n > 0 ? octets_text(&st->more) : NULL;
    good = peer_handshake(&y->peer, &server, play_limit(y));
    if (good)
        octets_printf(&y->talk, "* TLS with certificate %s%s\n", octets_text(&st->text),
                      gnutls_session_is_resumed(y->peer.tls) ? ", from a ticket" : "");
    else
        octets_printf(&y->talk, "* %s\n", octets_text(&y->peer.trouble));
    if (st->refuses && good) {
        play_complain(y, st, "the server had nothing to refuse");
        play_leave(y);
    } else if (!st->fails && !st->refuses && !good) {
        play_complain(y, st, "%s", octets_text(&y->peer.trouble));
        play_leave(y);
    } else if (st->fails && good) {
        /* TLS 1.3 is up on this side before the client has looked at the certificate. */
        play_expect_end(y, st, "");
    } else if (st->fails || st->refuses) {
        expect_alert_only(y, st);
        play_leave(y);
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
        play_complain(y, st, "the client asks for the server \"%s\", not \"%s\"",
                      given ? name : "-", want);
}

static void check_resumed(struct play *y, const struct step *st)
{
    bool resumed = y->peer.tls && gnutls_session_is_resumed(y->peer.tls) != 0;

    if (resumed != (st->verb == DO_RESUMED))
        play_complain(y, st, "the session %s", resumed ? "goes on from a ticket" : "begins afresh");
}

static void check_client(struct play *y, const struct step *st)
{
    char name[64];

    peer_client(&y->peer, y->p->certs, name, sizeof name);
    if (strcmp(name, octets_text(&st->text)) != 0)
        play_complain(y, st, "the client shows the certificate %s, not %s", name,
                      octets_text(&st->text));
}

void play_tls(struct play *y, const struct step *st)
{
    if (st->verb == DO_TLS)
        hand_shake(y, st);
    else if (st->verb == DO_SNI)
        check_sni(y, st);
    else if (st->verb == DO_CLIENT)
        check_client(y, st);
    else
        check_resumed(y, st);
}
