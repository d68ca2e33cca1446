/*
 * fuzz_session.c: a whole conversation: the client's session and transfer over a socket pair with a
 * server whose octets, closes and pauses are the input (puppet.h). What must hold whatever it does:
 *
 *   a recipient is ACCEPTED only when a 250 came after the end of the whole message;
 *   nobody is left without a verdict, and nobody has one without a reason;
 *   the secret never leaves in the clear, and nothing that is shown holds it;
 *   the message comes whole before its end mark, and only after a 354;
 *   there is an end, and QUIT is not waited for.
 *
 * The first line of the input is the client's settings, a letter each: i, s TLS from the start, by
 * STARTTLS [none]; a login; t with a token; c even in the clear; l LMTP; b partial = abort; m one
 * recipient a transaction; o one recipient alone; 0 to 3 pipelining [1]; k the login is known to
 * the server, and what EHLO offers; p it is proven, too; v a transcript; L a long message.
 */
#include "config.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/b64.h"
#include "base/rand.h"
#include "fuzz.h"
#include "mail/envelope.h"
#include "mail/message.h"
#include "mail/wire.h"
#include "net/stream.h"
#include "puppet.h"
#include "smtp/sasl_crypto.h"
#include "smtp/session.h"
#include "smtp/xfer.h"

#define RCPTS    3
#define USER     "alice"
#define PASSWORD "tr0ub4dor&3"
#define TWENTY   "token.0123456789-abc"
#define TOKEN    TWENTY TWENTY TWENTY TWENTY TWENTY TWENTY

/* One conversation. */
struct talk {
    struct puppet server;
    const char *secret;
    bool has_secret; /* was fetched: from now on nothing shows it */
    struct buf shown;
    struct session_params p;
    struct xfer_params xp;
    bool has_transcript;
    int rcpts;
};

static bool wants(const uint8_t *data, size_t n, char letter)
{
    const uint8_t *lf = memchr(data, '\n', n);

    return memchr(data, letter, lf != NULL ? (size_t)(lf - data) : n) != NULL;
}

/* Neither the secret nor the response of PLAIN is in TEXT, as it is or in base64. */
static void check_shown(const struct talk *t, const char *text, size_t n, const char *where)
{
    struct buf form[2];

    buf_init(&form[0], 1000);
    buf_init(&form[1], 1000);
    buf_adds(&form[0], t->secret);
    buf_add(&form[1], "\0" USER "\0", sizeof(USER) + 1);
    buf_adds(&form[1], t->secret);
    for (size_t i = 0; i < 2; i++) {
        struct buf b64;

        buf_init(&b64, 2000);
        b64_encode(&b64, form[i].data, form[i].len);
        promise(memmem(text, n, form[i].data, form[i].len) == NULL, where);
        promise(memmem(text, n, b64.data, b64.len) == NULL, where);
        buf_free(&b64);
        buf_free(&form[i]);
    }
}

static void show(void *arg, const char *line)
{
    struct talk *t = arg;

    if (t->has_secret) {
        buf_adds(&t->shown, line);
        buf_addc(&t->shown, '\n');
    }
}

static enum cause give_secret(void *arg, bool fresh, struct buf *out, struct fault *why)
{
    struct talk *t = arg;

    (void)fresh;
    (void)why;
    t->has_secret = true;
    buf_adds(out, t->secret);
    return CAUSE_NONE;
}

/* What base/rand would be: always the same, so that an input can hold the answers to a nonce. */

void rand_bytes(void *out, size_t n)
{
    memset(out, 0x5a, n);
}

uint32_t rand_below(uint32_t n)
{
    return n / 2;
}

static void settings(struct talk *t, const uint8_t *data, size_t n)
{
    t->p = (struct session_params){
        .lmtp = wants(data, n, 'l'),
        .ehlo_name = "me.example.org",
        .tls = wants(data, n, 'i')   ? SESSION_TLS_IMPLICIT
               : wants(data, n, 's') ? SESSION_TLS_STARTTLS
                                     : SESSION_TLS_OFF,
        .tls_params = {.name = "mail.example.org"},
        .auth = wants(data, n, 'a'),
        .mechanisms = SASL_ALL,
        .allow_cleartext_auth = wants(data, n, 'c'),
        .user = USER,
        .secret = give_secret,
        .secret_arg = t,
        .reply_timeout_ms = 60000,
        .final_timeout_ms = 600000,
        .ready_by = deadline_in(30000),
        .until = deadline_in(900000),
        .pipelining = wants(data, n, '0')   ? PIPELINING_OFF
                      : wants(data, n, '2') ? PIPELINING_AUTO
                      : wants(data, n, '3') ? PIPELINING_FULL
                                            : PIPELINING_STANDARD,
        .known = {.ceiling = PIPELINING_FULL},
        .max_recipients = wants(data, n, 'm') ? 1 : 100,
    };
    t->rcpts = wants(data, n, 'o') ? 1 : RCPTS;
    t->xp.partial_abort = wants(data, n, 'b');
    t->has_transcript = wants(data, n, 'v');
}

/* A message, and what it is on the wire. */
struct sample {
    struct message *message;
    struct buf wire;
};

static void make_sample(struct sample *s, size_t lines)
{
    struct message_input in = {.fd = memfd_create("message", MFD_CLOEXEC)};
    struct fault why = {0};
    struct wire wire;
    struct buf all;

    buf_init(&all, (size_t)1 << 22);
    buf_adds(&all, "From: alice@example.org\nSubject: a test\n\n.\n");
    while (lines-- > 0)
        buf_adds(&all, "a line of the usual length, and then some more of it\n..\n");
    promise(write(in.fd, all.data, all.len) == (ssize_t)all.len && lseek(in.fd, 0, SEEK_SET) == 0 &&
                message_read(&s->message, &in, &why) == CAUSE_NONE,
            "a message");
    close(in.fd);
    buf_init(&s->wire, (size_t)1 << 23);
    wire_init(&wire, true);
    wire_feed(&wire, all.data, all.len, &s->wire);
    wire_end(&wire, &s->wire);
    buf_free(&all);
}

/* Made once. */
static const struct sample *sample(bool is_long)
{
    static struct sample made[2];

    if (made[is_long].message == NULL)
        make_sample(&made[is_long], is_long ? 1250 : 1);
    return &made[is_long];
}

static void check_fault(const struct talk *t, const struct fault *why)
{
    if (!t->has_secret)
        return;
    check_shown(t, why->text.data != NULL ? why->text.data : "", why->text.len,
                "a secret in a text");
    check_shown(t, why->remote.data != NULL ? why->remote.data : "", why->remote.len,
                "a secret in a server's words");
}

static void check_fates(const struct talk *t, const struct envelope *e,
                        const struct xfer_result *result)
{
    unsigned who = 0;

    for (unsigned i = 0; i < e->n; i++) {
        const struct rcpt *r = &e->rcpt[i];

        promise(r->fate != FATE_OPEN || result->again, "a recipient without a verdict");
        promise(r->fate != FATE_ACCEPTED || puppet_accepted(&t->server, 1u << i) > 0,
                "ACCEPTED, and the server had not said so");
        who |= r->fate == FATE_ACCEPTED ? 1u << i : 0;
        promise(r->fate == FATE_ACCEPTED || r->fate == FATE_OPEN || r->why.cause != CAUSE_NONE,
                "a verdict without a reason");
        check_fault(t, &r->why);
    }
    /* With LMTP each has an acceptance of its own (they are of one transaction but for m). */
    if (t->p.lmtp && t->p.max_recipients > 1)
        promise(puppet_accepted(&t->server, who) >= (unsigned)__builtin_popcount(who),
                "ACCEPTED more often than the server said so");
}

static void send_mail(struct talk *t, int fd, const struct message *m)
{
    struct xfer_result result = {0};
    struct session *s = NULL;
    struct fault why = {0};
    struct transcript shown;
    struct envelope e;
    int64_t before;
    enum cause c;

    envelope_init(&e);
    envelope_set_sender(&e, "alice@example.org");
    for (int i = 0; i < t->rcpts; i++) {
        char addr[] = "rcpt0@example.org";

        addr[4] = (char)('0' + i);
        envelope_add(&e, addr);
    }
    transcript_init(&shown, t->has_transcript ? show : NULL, t);
    c = session_open(&s, stream_new(fd, "server"), &t->p, &shown, &why);
    promise((c == CAUSE_NONE) == (s != NULL), "a session or a reason");
    if (c == CAUSE_NONE) {
        c = xfer_run(s, &e, m, &t->xp, &result, &why);
        promise(c == why.cause, "the cause is that of the fault");
        before = clock_mono_ms();
        session_close(&s);
        promise(clock_mono_ms() == before || t->server.is_deaf, "QUIT is not waited for");
        puppet_finish(&t->server);
        check_fates(t, &e, &result);
    } else {
        puppet_finish(&t->server);
    }
    check_fault(t, &why);
    transcript_free(&shown);
    envelope_free(&e);
    fault_free(&why);
}

/* What an earlier session would have taught: a look at the server's offers, without a login. */
static void learn(struct talk *t, const uint8_t *data, size_t n)
{
    static const char login[] = "PLAIN\0" USER "\0" PASSWORD;
    struct session_known *known = &t->p.known;
    struct session_params p = t->p;
    struct puppet earlier;
    struct fault why = {0};
    struct session *s = NULL;
    int fd[2];

    promise(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0, "a pair of sockets");
    puppet_start(&earlier, fd[1], data, n);
    p.auth = false;
    known->has_credential =
        session_open(&s, stream_new(fd[0], "server"), &p, NULL, &why) == CAUSE_NONE &&
        sasl_crypto_hmac(SASL_HASH_SHA256, known->salt, SESSION_SALT, login, sizeof(login) - 1,
                         known->credential);
    known->offers = s != NULL ? s->caps.offers : 0;
    session_close(&s);
    puppet_finish(&earlier);
    puppet_free(&earlier);
    fault_free(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *lf = memchr(data, '\n', size);
    size_t head = lf != NULL ? (size_t)(lf - data) + 1 : size;
    const struct sample *m = sample(wants(data, size, 'L'));
    struct talk t = {.secret = wants(data, size, 't') ? TOKEN : PASSWORD};
    int fd[2], little = 8192; /* so that the text is on its way when the first of it is heard */

    promise(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0 &&
                setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &little, sizeof(little)) == 0,
            "a pair of sockets");
    buf_init(&t.shown, (size_t)1 << 22);
    settings(&t, data, size);
    if (wants(data, size, 'k'))
        learn(&t, data + head, size - head);
    t.p.known.proven = wants(data, size, 'p');
    puppet_start(&t.server, fd[1], data + head, size - head);
    t.server.text = &m->wire;
    t.server.wants_login = t.p.auth && !t.p.known.proven;
    send_mail(&t, fd[0], m->message);
    promise(t.server.broken == NULL, t.server.broken);
    if (t.shown.len > 0)
        check_shown(&t, t.shown.data, t.shown.len, "a secret in the transcript");
    if (t.server.raw.len > 0 && !t.p.allow_cleartext_auth)
        check_shown(&t, t.server.raw.data, t.server.raw.len, "a secret in the clear");
    buf_free(&t.shown);
    puppet_free(&t.server);
    return 0;
}
