/*
 * dryrun.c: --dry-run: what would be sent, to whom and through what, without touching the network.
 */
#include "config.h"

#include <stdio.h>

#include "base/limits.h"
#include "conf/describe.h"
#include "cmd/job.h"
#include "mail/wire.h"

/* A comment-like head: one fact a line, so that scripts can read it too. */
static void print_envelope(const struct job *j)
{
    const struct account *a = j->account;
    char server[LIMIT_RELAY_NAME], login[LIMIT_ADDRESS];
    size_t i;

    describe_login(a, login, sizeof(login));
    printf("account: %s (%s)\n", a->id, a->file != NULL ? a->file : "");
    for (i = 0; i < a->host.n; i++) {
        describe_server(a, i, server, sizeof(server));
        printf("server: %s, %s, %s\n", server, describe_tls(a), login);
    }
    printf("sender: <%s>\n", j->envelope.sender);
    for (i = 0; i < j->envelope.n; i++)
        printf("recipient: <%s>\n", j->envelope.rcpt[i].addr);
    putchar('\n');
}

static void print_piece(struct wire *w, const char *piece, size_t n, struct buf *out)
{
    while (n > 0) {
        size_t taken = wire_feed(w, piece, n, out);

        (void)fwrite(out->data, 1, out->len, stdout);
        buf_reset(out);
        piece += taken;
        n -= taken;
    }
}

/* The octets as they would travel, but for the doubled dots, which belong to the transport. */
static enum cause print_message(const struct message *m, struct fault *why)
{
    struct message_cursor at = {0};
    char scratch[LIMIT_TLS_RECORD];
    enum cause c = CAUSE_NONE;
    struct buf out;
    struct wire w;
    size_t n = 1;

    buf_init(&out, 2 * LIMIT_TLS_RECORD);
    wire_init(&w, false);
    print_piece(&w, m->header.data, m->header.len, &out);
    print_piece(&w, "\n", 1, &out);
    while (c == CAUSE_NONE && n > 0) {
        const char *piece = NULL;

        c = message_body_next(m, &at, scratch, sizeof(scratch), &piece, &n, why);
        if (c == CAUSE_NONE)
            print_piece(&w, piece, n, &out);
    }
    buf_free(&out);
    return c;
}

enum cause job_dry_run(struct job *j, struct fault *why)
{
    enum cause c = message_transportable(j->message, true, why);

    if (c != CAUSE_NONE)
        return c;
    print_envelope(j);
    return print_message(j->message, why);
}
