/* sending.h: an account at a mailhost, numbered messages, and one send after another. */
#ifndef TESTS_UNIT_DELIVER_SENDING_H
#define TESTS_UNIT_DELIVER_SENDING_H

#include "deliver/deliver.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conf/secret.h"
#include "mailhost.h"
#include "tap.h"

#define SENDING_BODY 2048

/* Filled by sending_init, freed by sending_free. */
struct sending {
    struct account account;
    struct who who;
    struct delivery delivery;
    char id[8], user[8], name[32];
};

/* sending_init - an account at PORT of this host, in the clear, that logs in. */
static inline void sending_init(struct sending *s, unsigned port)
{
    memset(s, 0, sizeof(*s));
    snprintf(s->id, sizeof(s->id), "test");
    snprintf(s->user, sizeof(s->user), "alice");
    snprintf(s->name, sizeof(s->name), "client.example.org");
    s->account.id = s->id;
    s->account.user = s->user;
    s->account.ehlo_name = s->name;
    s->account.secret = secret_ref_new();
    s->account.secret->has_inline = true;
    buf_adds(&s->account.secret->inline_password, "secret");
    s->account.port = (int64_t)port;
    s->account.tls = TLS_OFF;
    s->account.allow_cleartext_auth = true;
    s->account.timeout = 10;
    s->account.connect_timeout = 10;
    s->account.patience = 10;
    s->account.deadline = 60;
    s->account.max_recipients = 100;
    strv_add(&s->account.host, "127.0.0.1");
    strv_add(&s->account.auth, "auto");
    s->delivery.account = &s->account;
    s->delivery.who = &s->who;
    s->delivery.providers_file = "/nonexistent";
}

static inline void sending_free(struct sending *s)
{
    secret_ref_free(&s->account.secret);
    strv_free(&s->account.host);
    strv_free(&s->account.auth);
}

/* sending_message - number N, with a body of 2 KB. */
static inline struct message *sending_message(int n)
{
    struct message_input in = {.fd = memfd_create("message", MFD_CLOEXEC)};
    struct message *m = NULL;
    struct fault why = {0};
    char text[SENDING_BODY + 256];
    int at = snprintf(text, sizeof(text), "X-Number: %d\nSubject: test\n\n", n);

    for (int i = 0; i < SENDING_BODY; i++)
        text[at++] = "abcdefghijklmnopqrstuvwxyz\n"[i % 27];
    if (write(in.fd, text, (size_t)at) != at || lseek(in.fd, 0, SEEK_SET) != 0 ||
        message_read(&m, &in, &why) != CAUSE_NONE)
        abort();
    close(in.fd);
    return m;
}

/* sending_run - message N to the recipients in TO, with blanks between; their fates go into FATES
 * as letters. Returns what deliver_message does. */
static inline enum cause sending_run(struct sending *s, int n, const char *to, char *fates)
{
    struct message *m = sending_message(n);
    struct delivery_report report;
    struct envelope e;
    struct fault why = {0};
    char list[256], *word, *save = NULL;
    enum cause c;
    size_t i;

    snprintf(list, sizeof(list), "%s", to);
    envelope_init(&e);
    envelope_set_sender(&e, "alice@example.org");
    for (word = strtok_r(list, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save))
        envelope_add(&e, word);
    delivery_report_init(&report);
    c = deliver_message(&s->delivery, &e, m, &report, &why);
    for (i = 0; i < e.n; i++)
        fates[i] = "OALN"[e.rcpt[i].fate];
    fates[i] = '\0';
    if (c != CAUSE_NONE)
        printf("# %s\n", why.text.data);
    delivery_report_free(&report);
    envelope_free(&e);
    message_close(&m);
    fault_free(&why);
    return c;
}

#endif
