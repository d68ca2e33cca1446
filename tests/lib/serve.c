/*
 * serve.c: a small submission server: EHLO, STARTTLS, AUTH PLAIN and LOGIN, MAIL, RCPT, DATA, BDAT,
 * RSET, NOOP, QUIT. It pipelines, stores what it takes, and refuses what it is told to.
 */
#include "config.h"

#include "serve.h"

#include "peer.h"
#include "socks.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS     60000
#define RCPT_MAX    1000
#define MESSAGE_MAX ((size_t)256 * 1024 * 1024)

struct talk {
    const struct serve_params *p;
    struct peer peer;
    struct octets line; /* without its end */
    struct octets env;  /* of the transaction */
    struct octets text; /* of BDAT so far */
    size_t rcpts;
    bool mail, authed, over;
};

static void reply(struct talk *t, const char *line)
{
    struct octets out = {0};

    octets_printf(&out, "%s\r\n", line);
    if (!peer_send(&t->peer, out.p, out.n, peer_now_ms() + WAIT_MS))
        t->over = true;
    octets_free(&out);
}

static bool next_line(struct talk *t)
{
    if (!peer_line(&t->peer, &t->line, peer_now_ms() + WAIT_MS))
        return false;
    while (t->line.n > 0 && (t->line.p[t->line.n - 1] == '\n' || t->line.p[t->line.n - 1] == '\r'))
        t->line.p[--t->line.n] = '\0';
    return true;
}

static void forget(struct talk *t)
{
    t->env.n = t->text.n = 0;
    t->rcpts = 0;
    t->mail = false;
}

/* Whether the line begins with WORD and a blank or its end; *rest is what follows. */
static bool verb(const struct talk *t, const char *word, const char **rest)
{
    const char *line = octets_text(&t->line);
    size_t n = strlen(word);

    if (strncasecmp(line, word, n) != 0 || (line[n] != '\0' && line[n] != ' '))
        return false;
    *rest = line[n] ? line + n + 1 : line + n;
    return true;
}

static bool login_wanted(const struct talk *t)
{
    bool protect = t->p->tls == SERVE_CLEAR || t->peer.tls;

    return t->p->user && protect;
}

static void do_ehlo(struct talk *t)
{
    struct octets out = {0};

    octets_str(&out, "250-mail.example.org\r\n");
    if (t->p->pipelining)
        octets_str(&out, "250-PIPELINING\r\n");
    if (t->p->chunking)
        octets_str(&out, "250-CHUNKING\r\n");
    if (t->p->eightbitmime)
        octets_str(&out, "250-8BITMIME\r\n");
    if (t->p->size > 0)
        octets_printf(&out, "250-SIZE %zu\r\n", t->p->size);
    if (t->p->tls == SERVE_STARTTLS && !t->peer.tls)
        octets_str(&out, "250-STARTTLS\r\n");
    if (login_wanted(t) && !t->authed)
        octets_str(&out, "250-AUTH PLAIN LOGIN\r\n");
    octets_str(&out, "250 ENHANCEDSTATUSCODES");
    forget(t);
    reply(t, out.p);
    octets_free(&out);
}

static bool shake_hands(struct talk *t)
{
    const struct peer_server server = {.certs = t->p->certs, .name = t->p->cert};

    return peer_handshake(&t->peer, &server, peer_now_ms() + WAIT_MS);
}

static void do_starttls(struct talk *t)
{
    if (t->p->tls != SERVE_STARTTLS || t->peer.tls) {
        reply(t, "502 5.5.1 no TLS here");
        return;
    }
    if (t->peer.in.n > 0) {
        reply(t, "501 5.5.1 commands behind STARTTLS");
        t->over = true;
        return;
    }
    reply(t, "220 2.0.0 ready");
    t->over = !shake_hands(t);
    forget(t);
}

/* Whether the base64 of N octets at WANT is what the client said. */
static bool said(const char *got, const char *want, size_t n)
{
    struct octets b64 = {0};
    bool same;

    octets_b64(&b64, want, n);
    same = strcmp(got, octets_text(&b64)) == 0;
    octets_free(&b64);
    return same;
}

static bool login_plain(struct talk *t, const char *initial)
{
    struct octets want = {0};
    bool good;

    if (!*initial) {
        reply(t, "334 ");
        if (!next_line(t))
            return false;
        initial = octets_text(&t->line);
    }
    octets_char(&want, '\0');
    octets_str(&want, t->p->user);
    octets_char(&want, '\0');
    octets_str(&want, t->p->password);
    good = said(initial, want.p, want.n);
    octets_free(&want);
    return good;
}

static bool login_login(struct talk *t, const char *initial)
{
    bool good;

    if (!*initial) {
        reply(t, "334 VXNlcm5hbWU6");
        if (!next_line(t))
            return false;
        initial = octets_text(&t->line);
    }
    good = said(initial, t->p->user, strlen(t->p->user));
    reply(t, "334 UGFzc3dvcmQ6");
    return next_line(t) && said(octets_text(&t->line), t->p->password, strlen(t->p->password)) &&
           good;
}

static void do_auth(struct talk *t, const char *rest)
{
    const char *blank = strchr(rest, ' ');
    const char *initial = blank ? blank + 1 : "";
    size_t n = blank ? (size_t)(blank - rest) : strlen(rest);
    bool good;

    if (!login_wanted(t) || t->authed || t->mail) {
        reply(t, "503 5.5.1 no login now");
        return;
    }
    if (n == 5 && strncasecmp(rest, "PLAIN", 5) == 0)
        good = login_plain(t, initial);
    else if (n == 5 && strncasecmp(rest, "LOGIN", 5) == 0)
        good = login_login(t, initial);
    else {
        reply(t, "504 5.5.4 unknown mechanism");
        return;
    }
    t->authed = good;
    reply(t, good ? "235 2.7.0 welcome" : "535 5.7.8 wrong user name or password");
}

/* The address in "FROM:<...> ..." or "TO:<...> ...", into OUT; false when there is none. */
static bool path_of(const char *rest, const char *word, struct octets *out)
{
    const char *from, *to;

    if (strncasecmp(rest, word, strlen(word)) != 0)
        return false;
    from = rest + strlen(word);
    to = strchr(from, '>');
    if (*from != '<' || !to)
        return false;
    octets_add(out, from + 1, (size_t)(to - from) - 1);
    return true;
}

static bool ready_for_mail(struct talk *t)
{
    if (t->p->tls == SERVE_STARTTLS && !t->peer.tls)
        reply(t, "530 5.7.0 STARTTLS first");
    else if (t->p->user && !t->authed)
        reply(t, "530 5.7.0 login first");
    else
        return true;
    return false;
}

static bool too_big(const struct talk *t, const char *rest)
{
    const char *size = strcasestr(rest, " SIZE=");

    return size && t->p->size > 0 && strtoull(size + 6, NULL, 10) > t->p->size;
}

static void do_mail(struct talk *t, const char *rest)
{
    struct octets from = {0};

    if (!ready_for_mail(t))
        return;
    if (t->mail)
        reply(t, "503 5.5.1 sender already given");
    else if (!path_of(rest, "FROM:", &from))
        reply(t, "501 5.5.4 MAIL FROM:<address>");
    else if (too_big(t, rest))
        reply(t, "552 5.3.4 too big");
    else {
        forget(t);
        octets_printf(&t->env, "user %s\ntls %d\nfrom %s\n", t->authed ? t->p->user : "",
                      t->peer.tls != NULL, octets_text(&from));
        t->mail = true;
        reply(t, "250 2.1.0 ok");
    }
    octets_free(&from);
}

static bool any_fits(char *const *patterns, const char *address)
{
    for (; patterns && *patterns; patterns++) {
        if (fnmatch(*patterns, address, 0) == 0)
            return true;
    }
    return false;
}

static void do_rcpt(struct talk *t, const char *rest)
{
    struct octets to = {0};

    if (!t->mail)
        reply(t, "503 5.5.1 MAIL first");
    else if (!path_of(rest, "TO:", &to) || to.n == 0)
        reply(t, "501 5.5.4 RCPT TO:<address>");
    else if (any_fits(t->p->refuse, octets_text(&to)))
        reply(t, "550 5.1.1 no such mailbox");
    else if (any_fits(t->p->later, octets_text(&to)))
        reply(t, "450 4.2.0 come back later");
    else if (t->rcpts >= RCPT_MAX)
        reply(t, "452 4.5.3 too many recipients");
    else {
        octets_printf(&t->env, "rcpt %s\n", octets_text(&to));
        t->rcpts++;
        reply(t, "250 2.1.5 ok");
    }
    octets_free(&to);
}

/* Stores under the first free number; the envelope claims it, the text makes it visible. */
static bool store(const struct talk *t, const struct octets *text, unsigned *number)
{
    static unsigned from = 1; /* where this process found one last */
    struct octets env = {0}, eml = {0}, part = {0};
    bool good = false;
    int fd = -1;

    for (*number = from; fd < 0 && *number < 1000000; ++*number) {
        env.n = 0;
        octets_printf(&env, "%s/%u.env", t->p->store, *number);
        fd = open(env.p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd >= 0 || errno != EEXIST)
            break;
    }
    from = *number;
    if (fd >= 0) {
        octets_printf(&part, "%s/.%u.part", t->p->store, *number);
        octets_printf(&eml, "%s/%u.eml", t->p->store, *number);
        good = write(fd, octets_text(&t->env), t->env.n) == (ssize_t)t->env.n &&
               octets_save(text, part.p, 0600) && rename(part.p, eml.p) == 0;
        close(fd);
    }
    octets_free(&env);
    octets_free(&eml);
    octets_free(&part);
    return good;
}

static void take_message(struct talk *t, const struct octets *text)
{
    struct octets words = {0};
    unsigned number = 0;

    if (t->p->size > 0 && text->n > t->p->size)
        reply(t, "552 5.3.4 too big");
    else if (!t->p->store) {
        reply(t, "250 2.0.0 taken");
    } else if (!store(t, text, &number)) {
        reply(t, "451 4.3.0 cannot store");
    } else {
        octets_printf(&words, "250 2.0.0 stored as %u", number);
        reply(t, words.p);
    }
    octets_free(&words);
    forget(t);
}

static void do_data(struct talk *t)
{
    struct octets text = {0}, line = {0};
    bool end = false;

    if (!t->mail || t->rcpts == 0) {
        reply(t, t->mail ? "554 5.5.1 no valid recipients" : "503 5.5.1 MAIL first");
        return;
    }
    reply(t, "354 go on");
    while (!end && text.n < MESSAGE_MAX && peer_line(&t->peer, &line, peer_now_ms() + WAIT_MS)) {
        end = line.n == 3 && memcmp(line.p, ".\r\n", 3) == 0;
        if (!end)
            octets_add(&text, line.p + (line.p[0] == '.'), line.n - (line.p[0] == '.'));
    }
    if (end)
        take_message(t, &text);
    t->over = t->over || !end;
    octets_free(&text);
    octets_free(&line);
}

static void do_bdat(struct talk *t, const char *rest)
{
    char *end = NULL;
    size_t n = strtoul(rest, &end, 10);
    bool last = strcasecmp(end, " LAST") == 0;

    if (!t->p->chunking || end == rest || (*end && !last) || n > MESSAGE_MAX) {
        reply(t, "501 5.5.4 BDAT size [LAST]");
        t->over = true;
        return;
    }
    /* The octets are swallowed whatever the answer will be. */
    while (t->peer.in.n < n && peer_fill(&t->peer, peer_now_ms() + WAIT_MS))
        ;
    if (t->peer.in.n < n) {
        t->over = true;
        return;
    }
    if (t->mail && t->rcpts > 0)
        octets_add(&t->text, octets_text(&t->peer.in), n);
    octets_drop(&t->peer.in, n);
    if (!t->mail || t->rcpts == 0)
        reply(t, "503 5.5.1 no valid recipients");
    else if (last)
        take_message(t, &t->text);
    else
        reply(t, "250 2.0.0 go on");
}

static void command(struct talk *t)
{
    const char *rest;

    if (verb(t, "EHLO", &rest) || verb(t, "LHLO", &rest)) {
        do_ehlo(t);
    } else if (verb(t, "HELO", &rest)) {
        forget(t);
        reply(t, "250 mail.example.org");
    } else if (verb(t, "STARTTLS", &rest)) {
        do_starttls(t);
    } else if (verb(t, "AUTH", &rest)) {
        do_auth(t, rest);
    } else if (verb(t, "MAIL", &rest)) {
        do_mail(t, rest);
    } else if (verb(t, "RCPT", &rest)) {
        do_rcpt(t, rest);
    } else if (verb(t, "DATA", &rest)) {
        do_data(t);
    } else if (verb(t, "BDAT", &rest)) {
        do_bdat(t, rest);
    } else if (verb(t, "RSET", &rest)) {
        forget(t);
        reply(t, "250 2.0.0 ok");
    } else if (verb(t, "NOOP", &rest)) {
        reply(t, "250 2.0.0 ok");
    } else if (verb(t, "QUIT", &rest)) {
        reply(t, "221 2.0.0 bye");
        t->over = true;
    } else {
        reply(t, "500 5.5.1 unknown command");
    }
}

static void converse(const struct serve_params *p, int fd)
{
    struct talk t = {.p = p};

    peer_init(&t.peer, fd);
    if (p->socks)
        t.over = !socks_accept(&t.peer, p->socks_user, p->socks_password, peer_now_ms() + WAIT_MS);
    if (!t.over && p->tls == SERVE_IMPLICIT)
        t.over = !shake_hands(&t);
    if (!t.over)
        reply(&t, "220 mail.example.org ESMTP");
    while (!t.over && next_line(&t))
        command(&t);
    peer_close(&t.peer, PEER_POLITE);
    peer_free(&t.peer);
    octets_free(&t.line);
    octets_free(&t.env);
    octets_free(&t.text);
}

void serve_forever(const struct serve_params *p)
{
    struct pollfd pfd = {.fd = p->listen_fd, .events = POLLIN};

    peer_remember();
    /* Children are nobody's business. */
    (void)sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    for (;;) {
        int fd = accept(p->listen_fd, NULL, NULL);

        if (fd < 0) {
            (void)poll(&pfd, 1, -1);
            continue;
        }
        switch (fork()) {
        case -1:
            break;
        case 0:
            close(p->listen_fd);
            converse(p, fd);
            exit(0);
        default:
            break;
        }
        close(fd);
    }
}
