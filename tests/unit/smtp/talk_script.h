/*
 * talk_script.h: a server that follows a script, in a thread behind one end of a socket pair.
 *
 * A script is lines:
 *   > TEXT   sends TEXT and CRLF; neighbouring lines go in one write
 *   ~ TEXT   sends TEXT alone
 *   < TEXT   wants TEXT and CRLF, nothing else
 *   .        reads on to the end mark of a message
 *   = N      reads N octets of a chunk
 *   |        ends a write
 *   !        closes
 * At its end it reads until the client is gone and keeps that as the tail.
 */
#ifndef TESTS_UNIT_SMTP_TALK_SCRIPT_H
#define TESTS_UNIT_SMTP_TALK_SCRIPT_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "net/stream.h"

struct script {
    const char *text;
    int fd;
    pthread_t thread;
    struct buf got;  /* what was read where "." stood */
    struct buf tail; /* what came behind the script */
    struct buf oops; /* the first line that was not as wanted, or empty */
    size_t passed;   /* lines of the script that were gone through */
};

static bool script_read(struct script *s, char *c)
{
    ssize_t n;

    do
        n = read(s->fd, c, 1);
    while (n < 0 && errno == EINTR);
    return n == 1;
}

static void script_want(struct script *s, const char *line, size_t n)
{
    char got[16384];
    size_t have = 0;

    while (have < sizeof(got) - 1 && (have == 0 || got[have - 1] != '\n') &&
           script_read(s, &got[have]))
        have++;
    if ((have != n + 2 || memcmp(got, line, n) != 0 || memcmp(got + n, "\r\n", 2) != 0) &&
        s->oops.len == 0) {
        buf_addf(&s->oops, "wanted \"%.*s\", got \"", (int)n, line);
        buf_add_printable(&s->oops, got, have);
        buf_adds(&s->oops, "\"");
    }
}

static void script_text(struct script *s)
{
    char c;

    buf_reset(&s->got);
    while ((s->got.len < 5 || memcmp(s->got.data + s->got.len - 5, "\r\n.\r\n", 5) != 0) &&
           script_read(s, &c))
        buf_addc(&s->got, c);
}

static void script_chunk(struct script *s, const char *number)
{
    char c;

    for (long n = strtol(number, NULL, 10); n > 0 && script_read(s, &c); n--)
        buf_addc(&s->got, c);
}

static void script_flush(struct script *s, struct buf *out)
{
    if (out->len > 0 && send(s->fd, out->data, out->len, MSG_NOSIGNAL) < 0 && s->oops.len == 0)
        buf_adds(&s->oops, "the client is gone");
    buf_reset(out);
}

static void *script_run(void *arg)
{
    struct script *s = arg;
    const char *at = s->text;
    struct buf out;
    char c;

    buf_init(&out, 1 << 20);
    while (*at != '\0' && s->oops.len == 0) {
        const char *end = strchr(at, '\n');
        size_t n = end != NULL ? (size_t)(end - at) : strlen(at);
        const char *text = n > 2 ? at + 2 : "";
        size_t text_n = n > 2 ? n - 2 : 0;

        if (*at == '>' || *at == '~') {
            buf_add(&out, text, text_n);
            buf_adds(&out, *at == '>' ? "\r\n" : "");
        } else {
            script_flush(s, &out);
        }
        if (*at == '<')
            script_want(s, text, text_n);
        if (*at == '.')
            script_text(s);
        if (*at == '=')
            script_chunk(s, text);
        if (*at == '!')
            shutdown(s->fd, SHUT_RDWR);
        s->passed++;
        at += n + (end != NULL ? 1 : 0);
    }
    script_flush(s, &out);
    while (s->oops.len == 0 && script_read(s, &c))
        buf_addc(&s->tail, c);
    buf_free(&out);
    close(s->fd);
    return NULL;
}

/* Starts the server; the stream is the client's. */
static struct stream *script_start(struct script *s, const char *text)
{
    int fd[2];

    *s = (struct script){.text = text};
    buf_init(&s->got, 1 << 24);
    buf_init(&s->tail, 1 << 20);
    buf_init(&s->oops, 1 << 16);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0)
        return NULL;
    s->fd = fd[1];
    if (pthread_create(&s->thread, NULL, script_run, s) != 0)
        return NULL;
    return stream_new(fd[0], "mail.example.org:587");
}

/* Waits for the server's end; the client must have closed. */
static void script_join(struct script *s)
{
    (void)pthread_join(s->thread, NULL);
}

static void script_free(struct script *s)
{
    buf_free(&s->got);
    buf_free(&s->tail);
    buf_free(&s->oops);
}

#endif
