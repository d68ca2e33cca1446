/*
 * test_deliver.c: what a delivery learns, where it keeps that, and what it does twice: against a
 * server that counts.
 */
#include "config.h"

#include "deliver/deliver.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/stat.h>

#include "base/attr.h"
#include "base/clock.h"
#include "deliver/memory.h"
#include "deliver/pool.h"
#include "deliver/route.h"
#include "sending.h"
#include "tap.h"

#define BOB "bob@example.net"

static char folder[PATH_MAX];

/* A server and an account at it that remembers in FOLDER. */
static void begin(struct mailhost *h, struct sending *s)
{
    mailhost_start(h);
    sending_init(s, h->port);
    s->delivery.memory_dir = folder;
}

static void key_of(const struct sending *s, char key[ROUTE_KEY])
{
    struct fault why = {0};
    struct route r;

    if (route_find(&r, &s->account, deadline_in(1000), &why) != CAUSE_NONE ||
        !route_key(&r, 0, key))
        abort();
    route_free(&r);
}

static struct memory known_of(const struct sending *s)
{
    char key[ROUTE_KEY];
    struct memory m;

    key_of(s, key);
    memory_load(&m, folder, key);
    return m;
}

static void path_of(const struct sending *s, char *path, size_t size)
{
    char key[ROUTE_KEY];

    key_of(s, key);
    snprintf(path, size, "%s/%s", folder, key);
}

static void end(struct mailhost *h, struct sending *s)
{
    char path[PATH_MAX + 128];

    pool_close(&s->delivery.pool);
    mailhost_stop(h);
    path_of(s, path, sizeof(path));
    (void)unlink(path);
    sending_free(s);
}

static bool is_zero(const unsigned char *octets, size_t n)
{
    size_t i = 0;

    while (i < n && octets[i] == 0)
        i++;
    return i == n;
}

static void test_learns(void)
{
    struct mailhost h = {.port = 0};
    char path[PATH_MAX + 128], fates[8];
    struct stat first, second;
    int64_t now = clock_now_s();
    struct sending s;
    struct memory m;

    begin(&h, &s);
    is_int(sending_run(&s, 1, BOB, fates), CAUSE_NONE, "a first message");
    m = known_of(&s);
    ok(m.success_at >= now && m.login_at >= now, "... leaves a success and a login");
    ok(!is_zero(m.credential, sizeof(m.credential)) && m.offers != 0, "... by which it is known");
    ok(m.proof_at == 0 && m.stumbled_at == 0, "... and nothing else");
    path_of(&s, path, sizeof(path));
    ok(stat(path, &first) == 0, "... in a file");
    (void)sending_run(&s, 2, BOB, fates);
    ok(stat(path, &second) == 0 && first.st_ino == second.st_ino,
       "a second one on the same day writes nothing");
    buf_adds(&s.account.secret->inline_password, "2");
    (void)sending_run(&s, 3, BOB, fates);
    ok(memcmp(known_of(&s).credential, m.credential, sizeof(m.credential)) != 0,
       "another password is another credential");
    h.login_reply = "535 5.7.8 wrong";
    is_int(sending_run(&s, 4, BOB, fates), CAUSE_AUTH_REFUSED, "a refused login");
    ok(known_of(&s).login_at == 0 && known_of(&s).success_at >= now, "... ends the login alone");
    end(&h, &s);
}

static void test_not_every_failure(void)
{
    struct mailhost h = {.port = 0};
    char fates[8];
    struct sending s;

    begin(&h, &s);
    (void)sending_run(&s, 1, BOB, fates);
    is_int(sending_run(&s, 2, "nobody@example.net", fates), CAUSE_NONE, "a refused recipient");
    ok(known_of(&s).login_at > 0, "... says nothing against the login");
    h.stuck = true;
    (void)sending_run(&s, 3, BOB, fates);
    ok(known_of(&s).login_at > 0, "nor does a refused sender");
    end(&h, &s);
}

static void test_no_login(void)
{
    struct mailhost h = {.port = 0};
    char fates[8];
    struct sending s;
    struct memory m;

    begin(&h, &s);
    s.account.user = NULL;
    (void)sending_run(&s, 1, "nobody@example.net", fates);
    is_int(known_of(&s).login_at, 0, "without a login, a refused message teaches nothing");
    (void)sending_run(&s, 2, BOB, fates);
    m = known_of(&s);
    ok(m.login_at > 0 && is_zero(m.credential, sizeof(m.credential)),
       "... an accepted one that none is needed");
    is_int(h.logins, 0, "... and there was none");
    end(&h, &s);
}

static void test_no_place(void)
{
    struct mailhost h = {.port = 0};
    char fates[8], path[PATH_MAX + 128];
    struct sending s;

    begin(&h, &s);
    s.delivery.memory_fixed = true;
    is_int(sending_run(&s, 1, BOB, fates), CAUSE_NONE, "with a fixed memory it is sent");
    path_of(&s, path, sizeof(path));
    ok(access(path, F_OK) != 0, "... and nothing is written");
    s.delivery.memory_fixed = false;
    s.delivery.memory_dir = "/dev/null";
    is_int(sending_run(&s, 2, BOB, fates), CAUSE_NONE, "without a folder it is sent");
    s.delivery.memory_dir = NULL;
    is_int(sending_run(&s, 3, BOB, fates), CAUSE_NONE, "... and without the thought of one");
    end(&h, &s);
}

/* A server that cannot take groups although it offers them. */
static void test_stumble(void)
{
    struct mailhost h = {.trips = true};
    char fates[8];
    struct sending s;

    begin(&h, &s);
    is_int(sending_run(&s, 1, BOB, fates), CAUSE_NONE, "a server stumbles over a group");
    is_str(fates, "A", "... and the message is sent all the same");
    is_int(h.connections, 2, "... over a second connection");
    is_int(known_of(&s).stumble, STUMBLE_GROUP, "... which is remembered");
    is_int(sending_run(&s, 2, BOB, fates), CAUSE_NONE, "the next message");
    is_int(h.connections, 3, "... goes there at once, one command at a time");
    s.delivery.memory_dir = NULL;
    is_int(sending_run(&s, 3, BOB, fates), CAUSE_NONE, "without memory");
    is_int(h.connections, 5, "... it stumbles again");
    s.delivery.pool = pool_new();
    h.quota = 1;
    for (int i = 4; i < 7; i++)
        (void)sending_run(&s, i, BOB, fates);
    is_int(h.connections, 9, "... but once only while the pool lives");
    for (int i = 1; i < 7; i++)
        is_int(h.seen[i], 1, "... each message once");
    s.delivery.memory_dir = folder;
    end(&h, &s);
}

/* One immediate retry at most. */
static void test_stuck(void)
{
    struct mailhost h = {.stuck = true};
    char fates[8];
    struct sending s;

    begin(&h, &s);
    (void)sending_run(&s, 1, BOB " carol@example.net", fates);
    ok(strchr(fates, 'O') == NULL && strchr(fates, 'A') == NULL, "a server that takes nothing: %s",
       fates);
    is_int(h.connections, 2, "... is tried twice, and no more");
    end(&h, &s);
}

/* Two different stumbles, one behind the other: still one retry. */
static void test_two_stumbles(void)
{
    struct mailhost h = {.more_offers = "250-CHUNKING\r\n"};
    char fates[8];
    struct sending s;

    begin(&h, &s);
    s.account.user = NULL;
    is_int(sending_run(&s, 1, BOB, fates), CAUSE_NONE, "a server becomes known");
    h.no_bdat = h.trips = true;
    (void)sending_run(&s, 2, BOB, fates);
    ok(strcmp(fates, "A") != 0 && strcmp(fates, "O") != 0, "it stumbles over BDAT, then a group");
    is_int(h.connections, 3, "... and is tried twice, and no more");
    is_int(known_of(&s).stumble, STUMBLE_GROUP, "... both are remembered");
    is_int(sending_run(&s, 2, BOB, fates), CAUSE_NONE, "the next message avoids both");
    is_int(h.connections, 4, "... at once");
    is_int(h.seen[2], 1, "... and arrives");
    end(&h, &s);
}

/* Until the server has closed every connection that it had. */
static void await_end(struct mailhost *h)
{
    int64_t until = clock_mono_ms() + 10000;

    while (h->closed < h->connections && clock_mono_ms() < until)
        (void)sched_yield();
    ok(h->closed == h->connections, "... and the server leaves");
}

/*
 * A whole message in one write, to a session that the server has left: nobody could tell whether it
 * has arrived. So the session is looked at before.
 */
static void test_dead_session(void)
{
    struct mailhost h = {.more_offers = "250-CHUNKING\r\n"};
    struct fault why = {0};
    size_t asked;
    char fates[8];
    struct sending s;

    begin(&h, &s);
    s.account.pipelining = PIPE_FULL;
    s.delivery.pool = pool_new();
    (void)sending_run(&s, 0, BOB, fates);
    is_int(deliver_prove(&s.delivery, &asked, &why), CAUSE_NONE, "a server is proven");
    ok(known_of(&s).proven, "... indeed");
    h.vanish = 2;
    for (int i = 1; i <= 6; i++) {
        is_int(sending_run(&s, i, BOB, fates), CAUSE_NONE, "a message in one write");
        is_str(fates, "A", "... is accepted");
        if (i % 2 == 0)
            await_end(&h);
    }
    for (int i = 1; i <= 6; i++)
        is_int(h.seen[i], 1, "... once");
    is_int(h.connections, 4, "... over a new connection after every second");
    end(&h, &s);
}

/* A dead first host costs nothing while a session with the second is kept. */
static void test_kept_host(void)
{
    struct mailhost h = {.port = 0};
    int64_t began, took;
    char fates[8];
    struct sending s;

    begin(&h, &s);
    s.delivery.memory_dir = NULL;
    strv_free(&s.account.host);
    strv_add(&s.account.host, "127.0.0.3"); /* nobody listens */
    strv_add(&s.account.host, "127.0.0.1");
    s.delivery.pool = pool_new();
    began = clock_mono_ms();
    for (int i = 0; i < 5; i++)
        is_int(sending_run(&s, i, BOB, fates), CAUSE_NONE, "sent over the second host");
    took = clock_mono_ms() - began;
    is_int(h.connections, 1, "... on one connection");
    ok(took < 10000, "... without waiting for the first (%lld ms)", (long long)took);
    s.delivery.memory_dir = folder;
    end(&h, &s);
}

/* {the server, whether the account wants it, what is learned}. */
static const struct {
    const char *why;
    struct mailhost host;
    enum account_pipelining pipelining;
    const char *to;
    int asked;
    bool proven;
} proofs[] = {
    {"it swallows a refused chunk", {.more_offers = "250-CHUNKING\r\n"}, PIPE_FULL, BOB, 1, true},
    {"it obeys one", {.more_offers = "250-CHUNKING\r\n", .obeys = true}, PIPE_FULL, BOB, 1, false},
    {"it leaves", {.more_offers = "250-CHUNKING\r\n", .mute = true}, PIPE_FULL, BOB, 1, false},
    {"no CHUNKING", {.more_offers = NULL}, PIPE_FULL, BOB, 0, false},
    {"pipelining = auto", {.more_offers = "250-CHUNKING\r\n"}, PIPE_AUTO, BOB, 0, false},
    {"nothing was accepted",
     {.more_offers = "250-CHUNKING\r\n"},
     PIPE_FULL,
     "nobody@example.net",
     0,
     false},
};

static void test_proof(size_t row)
{
    struct mailhost h = proofs[row].host;
    struct fault why = {0};
    size_t asked = 9;
    char fates[8];
    struct sending s;

    begin(&h, &s);
    s.account.pipelining = proofs[row].pipelining;
    s.delivery.pool = pool_new();
    (void)sending_run(&s, 1, proofs[row].to, fates);
    is_int(deliver_prove(&s.delivery, &asked, &why), CAUSE_NONE, proofs[row].why);
    is_int((long long)asked, proofs[row].asked, "... asked or not");
    is_int(h.proofs, proofs[row].asked, "... as the server says");
    ok(known_of(&s).proven == proofs[row].proven, "... proven or not");
    ok((known_of(&s).proof_at > 0) == (proofs[row].asked > 0), "... remembered");
    (void)sending_run(&s, 2, proofs[row].to, fates);
    is_int(deliver_prove(&s.delivery, &asked, &why), CAUSE_NONE, "... a second time");
    is_int((long long)asked, 0, "... is not asked");
    end(&h, &s);
    fault_free(&why);
}

static void test_proof_without_pool(void)
{
    struct mailhost h = {.more_offers = "250-CHUNKING\r\n"};
    struct fault why = {0};
    size_t asked = 9;
    struct sending s;

    begin(&h, &s);
    s.account.pipelining = PIPE_FULL;
    is_int(deliver_prove(&s.delivery, &asked, &why), CAUSE_NONE, "no pool, no proof");
    is_int((long long)asked, 0, "... nobody is asked");
    is_int(h.connections, 0, "... nor called");
    end(&h, &s);
}

/* The log has the words of one acceptance, however many sessions it took. */
static void test_words(void)
{
    static struct mailhost h = {.announce = 1, .quota = 1};
    struct message *m = sending_message(0);
    struct delivery_report report;
    struct fault why = {0};
    struct envelope e;
    struct sending s;

    mailhost_start(&h);
    sending_init(&s, h.port);
    s.account.max_recipients = 1;
    envelope_init(&e);
    envelope_set_sender(&e, "alice@example.org");
    envelope_add(&e, BOB);
    envelope_add(&e, "carol@example.net");
    envelope_add(&e, "nobody@example.net");
    delivery_report_init(&report);
    is_int(deliver_message(&s.delivery, &e, m, &report, &why), CAUSE_NONE, "three recipients");
    mailhost_stop(&h);
    is_int(h.connections, 3, "... in three sessions");
    is_int((long long)envelope_count(&e, FATE_ACCEPTED), 2, "... two of them accepted");
    is_str(report.reply.data, "250 2.0.0 taken", "... the words of the last acceptance");
    delivery_report_free(&report);
    envelope_free(&e);
    message_close(&m);
    sending_free(&s);
}

/* Who has it from an earlier attempt says nothing about the server of this one. */
static void test_had_before(void)
{
    struct mailhost h = {.port = 0};
    struct message *m = sending_message(0);
    struct delivery_report report;
    struct fault why = {0};
    struct envelope e;
    struct sending s;

    begin(&h, &s);
    s.account.user = NULL;
    envelope_init(&e);
    envelope_set_sender(&e, "alice@example.org");
    envelope_add(&e, BOB);
    envelope_add(&e, "nobody@example.net");
    e.rcpt[0].fate = FATE_ACCEPTED;
    delivery_report_init(&report);
    is_int(deliver_message(&s.delivery, &e, m, &report, &why), CAUSE_NONE, "a refused recipient");
    is_int(known_of(&s).success_at, 0, "... is no success");
    is_int(known_of(&s).login_at, 0, "... and nothing was accepted without a login");
    delivery_report_free(&report);
    envelope_free(&e);
    message_close(&m);
    end(&h, &s);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(folder, sizeof(folder), "%s/deliver.XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(folder) == NULL)
        return 1;
    test_learns();
    test_not_every_failure();
    test_no_login();
    test_no_place();
    test_stumble();
    test_stuck();
    test_two_stumbles();
    test_dead_session();
    test_kept_host();
    test_words();
    test_had_before();
    for (size_t i = 0; i < ARRAY_LEN(proofs); i++)
        test_proof(i);
    test_proof_without_pool();
    ok(rmdir(folder) == 0, "nothing else is left behind");
    return done_testing();
}
