/*
 * mailhost.h: a submission server in a thread that counts: connections, logins, each message by the
 * number in its header; and that ends connections in the ways servers do. In the clear.
 */
#ifndef TESTS_UNIT_DELIVER_MAILHOST_H
#define TESTS_UNIT_DELIVER_MAILHOST_H

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"

#define MAILHOST_MESSAGES    2048
#define MAILHOST_CONNECTIONS 64

struct mailhost {
    /* what it does */
    int quota;    /* messages a connection; then 421 to MAIL and the end; 0: any number */
    int announce; /* LIMITS MAILMAX=; 0: not said */
    int vanish;   /* closes without a word behind the acceptance of so many; 0: never */
    int hang_up;  /* closes when MAIL comes behind so many; 0: never */
    int farewell; /* says 421 behind the acceptance of so many, unasked, and closes; 0: never */
    bool trips;   /* 503 to MAIL when DATA has come with it */
    bool stuck;   /* 503 to MAIL, whatever comes */
    bool obeys;   /* a refused chunk is not swallowed, but run as commands */
    bool mute;    /* the proof is not answered: the connection is closed */
    bool no_bdat; /* 502 to BDAT behind recipients, although it may be offered */
    const char *login_reply;
    const char *more_offers; /* lines "250-...\r\n" */
    /* what it has seen */
    atomic_int connections, logins, resets, quits, behind, beyond, proofs, closed;
    atomic_int seen[MAILHOST_MESSAGES]; /* how often each message was accepted */
    /* its own */
    int listen_fd;
    unsigned port;
    pthread_t thread;
};

/* A connection. */
struct mailhost_talk {
    struct mailhost *h;
    int fd;
    char in[65536];
    size_t n;
    int accepted; /* messages */
    int number;   /* of the message that is being read */
    int rcpts;    /* accepted in this transaction */
    bool over;
};

static inline void mailhost_say(struct mailhost_talk *t, const char *line)
{
    char out[1024];
    int n = snprintf(out, sizeof(out), "%s\r\n", line);

    if (send(t->fd, out, (size_t)n, MSG_NOSIGNAL) != n)
        t->over = true;
}

/* Takes one line with its LF out of the input; false at the end. */
static inline bool mailhost_line(struct mailhost_talk *t, char *line, size_t cap)
{
    char *lf;
    size_t len;

    while ((lf = memchr(t->in, '\n', t->n)) == NULL) {
        ssize_t got = t->n < sizeof(t->in) ? recv(t->fd, t->in + t->n, sizeof(t->in) - t->n, 0) : 0;

        if (got <= 0)
            return false;
        t->n += (size_t)got;
    }
    len = (size_t)(lf - t->in) + 1;
    if (len >= cap)
        return false;
    memcpy(line, t->in, len);
    line[len] = '\0';
    t->n -= len;
    memmove(t->in, lf + 1, t->n);
    return true;
}

/* Message NUMBER is accepted. */
static inline void mailhost_take(struct mailhost_talk *t, int number)
{
    if (number >= 0 && number < MAILHOST_MESSAGES)
        t->h->seen[number]++;
    t->accepted++;
    t->rcpts = 0;
    mailhost_say(t, "250 2.0.0 taken");
    if (t->accepted == t->h->farewell)
        mailhost_say(t, "421 4.4.2 idle for too long");
    t->over = t->over || t->accepted == t->h->vanish || t->accepted == t->h->farewell;
}

/* The text, and its verdict. Whatever had come behind the end mark by then is counted. */
static inline void mailhost_text(struct mailhost_talk *t)
{
    struct pollfd more = {.fd = t->fd, .events = POLLIN};
    char line[4096];

    t->number = -1;
    while (mailhost_line(t, line, sizeof(line)) && strcmp(line, ".\r\n") != 0) {
        if (strncmp(line, "X-Number: ", 10) == 0)
            t->number = atoi(line + 10);
    }
    if (t->n > 0 || poll(&more, 1, 0) > 0)
        t->h->behind++;
    mailhost_take(t, t->number);
}

/* BDAT n LAST; one that is refused is the proof. */
static inline void mailhost_chunk(struct mailhost_talk *t, const char *line)
{
    size_t n = strtoul(line + 5, NULL, 10);
    const char *number;

    if (t->rcpts == 0) {
        t->h->proofs++;
        t->over = t->h->mute;
        if (!t->h->mute)
            mailhost_say(t, "503 5.5.1 no valid recipients");
        if (t->h->obeys)
            return;
    }
    if (t->rcpts > 0 && t->h->no_bdat) {
        mailhost_say(t, "502 5.5.1 not built");
        t->over = true;
        return;
    }
    while (t->n < n) {
        ssize_t got = n < sizeof(t->in) ? recv(t->fd, t->in + t->n, sizeof(t->in) - t->n, 0) : 0;

        if (got <= 0) {
            t->over = true;
            return;
        }
        t->n += (size_t)got;
    }
    number = memmem(t->in, n, "X-Number: ", 10);
    if (t->rcpts > 0)
        mailhost_take(t, number != NULL ? atoi(number + 10) : -1);
    t->n -= n;
    memmove(t->in, t->in + n, t->n);
}

static inline void mailhost_mail(struct mailhost_talk *t)
{
    if (t->h->announce > 0 && t->accepted >= t->h->announce)
        t->h->beyond++;
    if (t->h->hang_up > 0 && t->accepted >= t->h->hang_up) {
        t->over = true;
    } else if (t->h->stuck || (t->h->trips && memmem(t->in, t->n, "DATA", 4) != NULL)) {
        mailhost_say(t, "503 5.5.1 one at a time");
        t->rcpts = 0;
    } else if (t->h->quota > 0 && t->accepted >= t->h->quota) {
        mailhost_say(t, "421 4.7.0 too many messages in this connection");
        t->over = true;
    } else {
        t->rcpts = 0;
        mailhost_say(t, "250 2.1.0 ok");
    }
}

static inline void mailhost_ehlo(struct mailhost_talk *t)
{
    char out[512], limits[64] = "";

    if (t->h->announce > 0)
        snprintf(limits, sizeof(limits), "250-LIMITS MAILMAX=%d\r\n", t->h->announce);
    snprintf(out, sizeof(out), "250-mail.example.org\r\n%s%s250-PIPELINING\r\n250 AUTH PLAIN",
             limits, t->h->more_offers != NULL ? t->h->more_offers : "");
    mailhost_say(t, out);
}

static inline void mailhost_command(struct mailhost_talk *t, const char *line)
{
    if (strncmp(line, "EHLO", 4) == 0) {
        mailhost_ehlo(t);
    } else if (strncmp(line, "AUTH", 4) == 0) {
        t->h->logins++;
        mailhost_say(t, t->h->login_reply != NULL ? t->h->login_reply : "235 2.7.0 welcome");
    } else if (strncmp(line, "MAIL", 4) == 0) {
        mailhost_mail(t);
    } else if (strncmp(line, "RCPT", 4) == 0) {
        t->rcpts += strstr(line, "nobody") == NULL;
        mailhost_say(t, strstr(line, "nobody") != NULL ? "550 5.1.1 unknown" : "250 2.1.5 ok");
    } else if (strncmp(line, "DATA", 4) == 0 && t->rcpts == 0) {
        mailhost_say(t, "554 5.5.1 no valid recipients");
    } else if (strncmp(line, "DATA", 4) == 0) {
        mailhost_say(t, "354 go on");
        mailhost_text(t);
    } else if (strncmp(line, "BDAT", 4) == 0) {
        mailhost_chunk(t, line);
    } else if (strncmp(line, "NOOP", 4) == 0) {
        mailhost_say(t, "250 2.0.0 ok");
    } else if (strncmp(line, "RSET", 4) == 0) {
        t->h->resets++;
        mailhost_say(t, "250 2.0.0 ok");
    } else if (strncmp(line, "QUIT", 4) == 0) {
        t->h->quits++;
        mailhost_say(t, "221 2.0.0 bye");
        t->over = true;
    } else {
        mailhost_say(t, "500 5.5.1 what?");
    }
}

static inline void *mailhost_converse(void *arg)
{
    struct mailhost_talk *t = arg;
    char line[4096];

    mailhost_say(t, "220 mail.example.org ESMTP");
    while (!t->over && mailhost_line(t, line, sizeof(line)))
        mailhost_command(t, line);
    close(t->fd);
    t->h->closed++;
    free(t);
    return NULL;
}

/* Clients keep several connections open: each has a thread. */
static inline void *mailhost_run(void *arg)
{
    struct mailhost *h = arg;
    pthread_t threads[MAILHOST_CONNECTIONS];
    size_t n = 0;
    int fd;

    while (n < MAILHOST_CONNECTIONS && (fd = accept(h->listen_fd, NULL, NULL)) >= 0) {
        struct mailhost_talk *t = calloc(1, sizeof(*t));

        h->connections++;
        if (t == NULL)
            abort();
        t->h = h;
        t->fd = fd;
        if (pthread_create(&threads[n++], NULL, mailhost_converse, t) != 0)
            abort();
    }
    while (n > 0)
        (void)pthread_join(threads[--n], NULL);
    return NULL;
}

/* mailhost_start - listens on 127.0.0.1; the doings are set before, the rest is cleared. */
static inline void mailhost_start(struct mailhost *h)
{
    h->listen_fd = peer_listen(NULL, &h->port);
    if (fcntl(h->listen_fd, F_SETFL, 0) != 0 || /* accept(2) waits */
        pthread_create(&h->thread, NULL, mailhost_run, h) != 0)
        abort();
}

/* mailhost_stop - when the client has gone. */
static inline void mailhost_stop(struct mailhost *h)
{
    (void)shutdown(h->listen_fd, SHUT_RDWR);
    (void)pthread_join(h->thread, NULL);
    close(h->listen_fd);
}

#endif
