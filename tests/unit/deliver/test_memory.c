/*
 * test_memory.c: what is remembered for how long, and that nothing but our own whole file is ever
 * believed.
 */
#include "config.h"

#include "deliver/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/limits.h"
#include "tap.h"

#define KEY   "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define OTHER "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define DAY   INT64_C(86400)
#define NOW   INT64_C(1763700000)

static char folder[PATH_MAX];
static const unsigned char mine[SESSION_CREDENTIAL] = {1, 2, 3, 0xff};
static const unsigned char others[SESSION_CREDENTIAL] = {9};

static const char *path_of(const char *name)
{
    static char path[PATH_MAX + 128];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static bool put(const char *name, const char *text, size_t n, mode_t mode)
{
    int fd;
    bool good;

    (void)unlink(path_of(name));
    fd = open(path_of(name), O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        return false;
    good = write(fd, text, n) == (ssize_t)n && fchmod(fd, mode) == 0;
    close(fd);
    return good;
}

static size_t get(const char *name, char *text, size_t cap)
{
    int fd = open(path_of(name), O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, cap);

    if (fd >= 0)
        close(fd);
    return n < 0 ? 0 : (size_t)n;
}

/* Everything there is to know. */
static struct memory full(void)
{
    struct memory m = {.success_at = NOW,
                       .salt = {7, 8, 9},
                       .login_at = NOW - 5,
                       .offers = UINT64_C(0xfedcba9876543210),
                       .proof_at = NOW - 6,
                       .proven = true,
                       .stumbled_at = NOW - 7,
                       .stumble = STUMBLE_CHUNK};

    memcpy(m.credential, mine, sizeof(mine));
    return m;
}

/* Nothing but a salt. */
static bool is_empty(const struct memory *m)
{
    struct memory none = {0};
    struct memory rest = *m;
    bool salted = memcmp(m->salt, none.salt, sizeof(none.salt)) != 0;

    memset(rest.salt, 0, sizeof(rest.salt));
    return salted && rest.success_at == 0 && rest.login_at == 0 && rest.offers == 0 &&
           rest.proof_at == 0 && !rest.proven && rest.stumbled_at == 0 &&
           rest.stumble == STUMBLE_NONE &&
           memcmp(rest.credential, none.credential, sizeof(none.credential)) == 0;
}

static bool same(const struct memory *a, const struct memory *b)
{
    return a->success_at == b->success_at && a->login_at == b->login_at && a->offers == b->offers &&
           a->proof_at == b->proof_at && a->proven == b->proven &&
           a->stumbled_at == b->stumbled_at && a->stumble == b->stumble &&
           memcmp(a->salt, b->salt, sizeof(a->salt)) == 0 &&
           memcmp(a->credential, b->credential, sizeof(a->credential)) == 0;
}

static void test_there_and_back(void)
{
    struct memory m = full(), back, again;
    struct stat st;

    memory_load(&back, folder, KEY);
    ok(is_empty(&back), "nothing is known at first, but a salt");
    memory_load(&again, folder, KEY);
    ok(!same(&back, &again), "... which is drawn anew");
    memory_load(&back, NULL, KEY);
    ok(is_empty(&back), "nor without a folder");
    ok(!memory_keep(&m, NULL, KEY), "... which keeps nothing");

    ok(memory_keep(&m, folder, KEY), "it is kept");
    memory_load(&back, folder, KEY);
    ok(same(&m, &back), "and read back");
    ok(stat(path_of(KEY), &st) == 0 && (st.st_mode & 07777) == 0600, "in a file of mode 0600");
    memory_load(&back, folder, OTHER);
    ok(is_empty(&back), "another key knows nothing of it");
    m = (struct memory){.salt = {1}};
    ok(memory_keep(&m, folder, KEY), "next to nothing is kept, too");
    memory_load(&back, folder, KEY);
    ok(same(&m, &back), "... and replaces what was there");
}

static void test_folders(void)
{
    struct memory m = full(), back;
    char deep[PATH_MAX + 64];
    struct stat st;

    snprintf(deep, sizeof(deep), "%s/a/b/memory", folder);
    memory_load(&back, deep, KEY);
    ok(is_empty(&back) && access(path_of("a"), F_OK) != 0, "reading makes no folder");
    ok(memory_keep(&m, deep, KEY), "writing makes all that is missing");
    ok(stat(deep, &st) == 0 && (st.st_mode & 07777) == 0700, "... for ourselves alone");
    memory_load(&back, deep, KEY);
    ok(same(&m, &back), "... and it is found there");
    (void)unlink(path_of("a/b/memory/" KEY));
    (void)rmdir(path_of("a/b/memory"));
    (void)rmdir(path_of("a/b"));
    (void)rmdir(path_of("a"));
    ok(put("file", "x", 1, 0600), "a file where the folder should be");
    ok(!memory_keep(&m, path_of("file"), KEY), "... keeps nothing");
    memory_load(&back, path_of("file"), KEY);
    ok(is_empty(&back), "... and knows nothing");
    (void)unlink(path_of("file"));
}

#define HEAD "postrider memory 1 " KEY "\n"
#define SALT "salt 000102030405060708090a0b0c0d0e0f\n"

static const struct {
    const char *text;
    const char *why;
} damaged[] = {
    {"", "an empty file"},
    {HEAD, "the first line alone"},
    {HEAD SALT, "no end"},
    {HEAD SALT "end", "a cut end"},
    {HEAD SALT "end\n\n", "something behind the end"},
    {HEAD SALT "end x\n", "... in its line"},
    {"postrider memory 1 " OTHER "\n" SALT "end\n", "the file of another key"},
    {"postrider memory 2 " KEY "\n" SALT "end\n", "a later version"},
    {"postrider ticket 1 " KEY "\n" SALT "end\n", "another kind of file"},
    {"\n" HEAD SALT "end\n", "an empty line in front"},
    {HEAD "\n" SALT "end\n", "an empty line"},
    {HEAD SALT "color blue\nend\n", "an unknown word"},
    {HEAD SALT "success\nend\n", "no time"},
    {HEAD SALT "success -1\nend\n", "a time before all times"},
    {HEAD SALT "success 99999999999999999999\nend\n", "a time beyond all times"},
    {HEAD SALT "success 12x\nend\n", "a time that is none"},
    {HEAD SALT "success 1 2\nend\n", "two times"},
    {HEAD SALT "login 5 00\nend\n", "a short credential"},
    {HEAD SALT "login 5\nend\n", "no credential"},
    {HEAD "salt 000102030405060708090A0B0C0D0E0F\nend\n",
     "hexadecimal digits that we do not write"},
    {HEAD "salt 00010203040506070809\nend\n", "a short salt"},
    {HEAD SALT "offers 12345\nend\n", "a short hash"},
    {HEAD SALT "proof 5 maybe\nend\n", "neither yes nor no"},
    {HEAD SALT "proof 5\nend\n", "no answer"},
    {HEAD SALT "stumble 5 stone\nend\n", "a stumble over something unknown"},
};

static void test_damage(void)
{
    struct memory m = full(), back;
    char text[LIMIT_MEMORY * 2];
    size_t i, n;

    for (i = 0; i < ARRAY_LEN(damaged); i++) {
        put(KEY, damaged[i].text, strlen(damaged[i].text), 0600);
        memory_load(&back, folder, KEY);
        ok(is_empty(&back), "%s is as if absent", damaged[i].why);
    }
    ok(put(KEY, HEAD SALT "end\n", strlen(HEAD SALT "end\n"), 0600), "the least that counts");
    memory_load(&back, folder, KEY);
    ok(back.salt[15] == 15 && back.login_at == 0, "... counts");

    memory_keep(&m, folder, KEY);
    n = get(KEY, text, sizeof(text));
    for (i = 0; i < n; i++) {
        put(KEY, text, i, 0600);
        memory_load(&back, folder, KEY);
        if (!is_empty(&back))
            break;
    }
    is_int((long long)i, (long long)n, "cut anywhere, it is as if absent");
    for (i = 0; i < n; i++) {
        char was = text[i];

        text[i] = '\0';
        put(KEY, text, n, 0600);
        text[i] = was;
        memory_load(&back, folder, KEY);
        if (!is_empty(&back))
            break;
    }
    is_int((long long)i, (long long)n, "... and with a NUL anywhere");
    memset(text, ' ', sizeof(text));
    put(KEY, text, sizeof(text), 0600);
    memory_load(&back, folder, KEY);
    ok(is_empty(&back), "... and when it is too long");
}

/* The rules for the file itself, each broken once. */
static void test_trust(void)
{
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0660, 0666};
    const char good[] = HEAD SALT "success 5\nend\n";
    struct memory back, m = full();
    char target[PATH_MAX + 128];
    size_t i;

    for (i = 0; i < ARRAY_LEN(modes); i++) {
        put(KEY, good, strlen(good), modes[i]);
        memory_load(&back, folder, KEY);
        ok(is_empty(&back), "mode %04o is as if absent", (unsigned)modes[i]);
    }
    put(KEY, good, strlen(good), 0400);
    memory_load(&back, folder, KEY);
    is_int(back.success_at, 5, "mode 0400 will do");

    put("real", good, strlen(good), 0600);
    snprintf(target, sizeof(target), "%s", path_of("real"));
    (void)unlink(path_of(KEY));
    ok(link(target, path_of(KEY)) == 0, "a file with a second name");
    memory_load(&back, folder, KEY);
    ok(is_empty(&back), "... is as if absent");
    (void)unlink(path_of(KEY));
    ok(symlink(target, path_of(KEY)) == 0, "a symbolic link");
    memory_load(&back, folder, KEY);
    ok(is_empty(&back), "... is not followed");
    ok(memory_keep(&m, folder, KEY), "... and is replaced, not written through");
    memory_load(&back, folder, KEY);
    ok(same(&m, &back), "... by a file");
    is_int((long long)get("real", target, sizeof(target)), (long long)strlen(good),
           "... what it pointed to is as it was");
    (void)unlink(path_of("real"));

    (void)unlink(path_of(KEY));
    ok(mkfifo(path_of(KEY), 0600) == 0, "a pipe");
    memory_load(&back, folder, KEY);
    ok(is_empty(&back), "... hangs nobody");
    (void)unlink(path_of(KEY));
    ok(mkdir(path_of(KEY), 0700) == 0, "a folder of that name");
    memory_load(&back, folder, KEY);
    ok(is_empty(&back) && !memory_keep(&m, folder, KEY), "... is left alone");
    (void)rmdir(path_of(KEY));
    if (geteuid() == 0) {
        put(KEY, good, strlen(good), 0600);
        ok(chown(path_of(KEY), 12345, 12345) == 0, "a file of somebody else");
        memory_load(&back, folder, KEY);
        ok(is_empty(&back), "... is as if absent");
    }
}

/* What happens to be there from a process that was killed. */
static void test_leftover(void)
{
    struct memory m = full(), back;
    char name[128];

    snprintf(name, sizeof(name), "%s.%ld", KEY, (long)getpid());
    put(name, "half", 4, 0600);
    ok(memory_keep(&m, folder, KEY), "a half-written file of a killed process is no obstacle");
    memory_load(&back, folder, KEY);
    ok(same(&m, &back), "... and is not taken for ours");
    ok(access(path_of(name), F_OK) != 0, "... and goes");
}

/* {what is known, seconds later, what is told}. */
static const struct {
    const char *why;
    int64_t login, proof, stumbled; /* seconds ago; INT64_MIN: never */
    enum xfer_stumble stumble;
    bool credential, proven, no_chunking;
    enum session_pipelining ceiling;
} expiries[] = {
#define NEVER INT64_MIN
#define FULL  PIPELINING_FULL
    {"nothing", NEVER, NEVER, NEVER, STUMBLE_NONE, false, false, false, FULL},
    {"a login just now", 0, NEVER, NEVER, STUMBLE_NONE, true, false, false, FULL},
    {"29 days ago", 29 * DAY, NEVER, NEVER, STUMBLE_NONE, true, false, false, FULL},
    {"30 days ago", 30 * DAY, NEVER, NEVER, STUMBLE_NONE, false, false, false, FULL},
    {"in an hour", -3600, NEVER, NEVER, STUMBLE_NONE, true, false, false, FULL},
    {"in two days", -2 * DAY, NEVER, NEVER, STUMBLE_NONE, false, false, false, FULL},
    {"in a century", -36500 * DAY, NEVER, NEVER, STUMBLE_NONE, false, false, false, FULL},
    {"a proof", NEVER, 29 * DAY, NEVER, STUMBLE_NONE, false, true, false, FULL},
    {"an old proof", NEVER, 30 * DAY, NEVER, STUMBLE_NONE, false, false, false, FULL},
    {"a proof of the future", NEVER, -2 * DAY, NEVER, STUMBLE_NONE, false, false, false, FULL},
    {"a login in the way", 0, 0, 6 * DAY, STUMBLE_LOGIN, true, true, false, PIPELINING_STANDARD},
    {"a chunk in the way", 0, 0, 6 * DAY, STUMBLE_CHUNK, true, true, true, PIPELINING_STANDARD},
    {"a group in the way", 0, 0, 6 * DAY, STUMBLE_GROUP, true, true, true, PIPELINING_OFF},
    {"... a week ago", 0, 0, 7 * DAY, STUMBLE_GROUP, true, true, false, FULL},
    {"... in two days", 0, 0, -2 * DAY, STUMBLE_GROUP, true, true, false, FULL},
};

static int64_t ago(int64_t seconds)
{
    return seconds == NEVER ? 0 : NOW - seconds;
}

static void test_expiry(void)
{
    for (size_t i = 0; i < ARRAY_LEN(expiries); i++) {
        struct memory m = full();
        struct session_known k;

        m.login_at = ago(expiries[i].login);
        m.proof_at = ago(expiries[i].proof);
        m.proven = m.proof_at != 0;
        m.stumbled_at = ago(expiries[i].stumbled);
        m.stumble = expiries[i].stumble;
        memory_known(&m, NOW, &k);
        ok(k.has_credential == expiries[i].credential &&
               (!k.has_credential || memcmp(k.credential, mine, sizeof(mine)) == 0),
           "%s: the credential", expiries[i].why);
        ok(k.proven == expiries[i].proven, "... the proof");
        ok(k.no_chunking == expiries[i].no_chunking, "... chunks");
        is_int(k.ceiling, expiries[i].ceiling, "... the ceiling");
        ok(memcmp(k.salt, m.salt, sizeof(k.salt)) == 0 && k.offers == m.offers,
           "... salt and offers are always there");
    }
}

static void test_login(void)
{
    struct memory m = {.salt = {1}};

    ok(memory_learn_login(&m, NOW, true, mine, 5), "a first login is news");
    ok(m.login_at == NOW && m.offers == 5 && memcmp(m.credential, mine, sizeof(mine)) == 0,
       "... and learned");
    ok(!memory_learn_login(&m, NOW + DAY - 1, true, mine, 5), "the same a day later is none");
    ok(memory_learn_login(&m, NOW + DAY, true, mine, 5), "... but then it is, once a day");
    is_int(m.login_at, NOW + DAY, "... with its time");
    ok(memory_learn_login(&m, NOW, true, others, 5), "another credential is news");
    ok(memory_learn_proof(&m, NOW, true, 5), "a proof");
    ok(memory_learn_login(&m, NOW, true, others, 6), "other offers are news");
    ok(!m.proven && m.proof_at == 0, "... and what was proven of the old ones is not of these");
    ok(memory_learn_login(&m, NOW, false, NULL, 0), "a refusal is news");
    ok(m.login_at == 0 && m.credential[0] == 0, "... and ends the login");
    ok(!memory_learn_login(&m, NOW, false, NULL, 0), "the next refusal is none");
    m.login_at = NOW + 400 * DAY;
    m.offers = 5;
    memcpy(m.credential, mine, sizeof(mine));
    ok(memory_learn_login(&m, NOW, true, mine, 5) && m.login_at == NOW,
       "a login of the future is put right");
    ok(!memory_learn_login(&m, 0, true, others, 9) && !memory_learn_success(&m, -5) &&
           !memory_learn_stumble(&m, 0, STUMBLE_GROUP) && !memory_learn_proof(&m, 0, true, 5),
       "a clock before 1970 teaches nothing");
}

static void test_stumble(void)
{
    struct memory m = {.salt = {1}, .proven = true, .proof_at = NOW - 5};

    ok(!memory_learn_stumble(&m, NOW, STUMBLE_NONE) && m.stumbled_at == 0, "no stumble is no news");
    ok(memory_learn_stumble(&m, NOW, STUMBLE_CHUNK), "a stumble is");
    ok(!m.proven && m.proof_at == NOW - 5, "... and the proof is worth no more, nor asked again");
    ok(!memory_learn_stumble(&m, NOW + 60, STUMBLE_LOGIN), "a smaller one within a day is not");
    is_int(m.stumble, STUMBLE_CHUNK, "... and does not make it smaller");
    ok(memory_learn_stumble(&m, NOW + 60, STUMBLE_GROUP), "a larger one is");
    is_int(m.stumble, STUMBLE_GROUP, "... and counts");
    ok(memory_learn_stumble(&m, NOW + 3 * DAY, STUMBLE_LOGIN), "one of another day renews it");
    is_int(m.stumble, STUMBLE_GROUP, "... as the worst in force");
    ok(memory_learn_stumble(&m, NOW + 20 * DAY, STUMBLE_LOGIN), "after a week without");
    is_int(m.stumble, STUMBLE_LOGIN, "... it begins anew");
}

static void test_success_and_proof(void)
{
    struct memory m = {.salt = {1}};

    ok(memory_learn_success(&m, NOW), "a first success is news");
    ok(!memory_learn_success(&m, NOW + 3600), "one more on that day is not");
    ok(memory_learn_success(&m, NOW + DAY), "... on the next it is");
    is_int(m.success_at, NOW + DAY, "... with its time");
    memory_learn_login(&m, NOW, true, mine, 5);
    ok(memory_learn_proof(&m, NOW, false, 5) && !m.proven && m.proof_at == NOW, "a failed proof");
    ok(m.login_at == NOW, "... leaves the login");
    ok(memory_learn_proof(&m, NOW, true, 6) && m.proven && m.offers == 6, "one of other offers");
    is_int(m.login_at, 0, "... ends it");
}

static const struct {
    const char *why;
    int64_t proof, stumbled; /* seconds ago */
    enum xfer_stumble stumble;
    uint64_t offers;
    bool want;
} proofs[] = {
    {"never asked", NEVER, NEVER, STUMBLE_NONE, 5, true},
    {"asked today", 0, NEVER, STUMBLE_NONE, 5, false},
    {"asked 29 days ago", 29 * DAY, NEVER, STUMBLE_NONE, 5, false},
    {"asked 30 days ago", 30 * DAY, NEVER, STUMBLE_NONE, 5, true},
    {"asked in the future", -20 * DAY, NEVER, STUMBLE_NONE, 5, true},
    {"asked today, of other offers", 0, NEVER, STUMBLE_NONE, 6, true},
    {"stumbled over a chunk this week", NEVER, DAY, STUMBLE_CHUNK, 5, false},
    {"stumbled over a group this week", NEVER, DAY, STUMBLE_GROUP, 5, false},
    {"stumbled over a login this week", NEVER, DAY, STUMBLE_LOGIN, 5, true},
    {"stumbled long ago", NEVER, 8 * DAY, STUMBLE_GROUP, 5, true},
};

static void test_wants_proof(void)
{
    for (size_t i = 0; i < ARRAY_LEN(proofs); i++) {
        struct memory m = {.offers = 5,
                           .proof_at = ago(proofs[i].proof),
                           .stumbled_at = ago(proofs[i].stumbled),
                           .stumble = proofs[i].stumble};

        ok(memory_wants_proof(&m, NOW, proofs[i].offers) == proofs[i].want, "%s: %s", proofs[i].why,
           proofs[i].want ? "it is asked" : "it is not asked");
    }
}

static void test_ticket(void)
{
    static const char readable[] = "postrider ticket 1 " KEY "\nx";
    char name[PATH_MAX + 128];
    struct buf ticket, out;
    struct stat st;

    buf_init_secret(&ticket, LIMIT_TICKET * 2);
    buf_init_secret(&out, LIMIT_TICKET);
    ok(!memory_take_ticket(folder, KEY, &out), "no ticket at first");
    ok(!memory_keep_ticket(folder, KEY, &ticket), "an empty one is none");
    buf_add(&ticket, "abc\0\n\377", 6);
    ok(!memory_keep_ticket(NULL, KEY, &ticket) && !memory_take_ticket(NULL, KEY, &out),
       "none without a folder");
    ok(memory_keep_ticket(folder, KEY, &ticket), "it is kept");
    ok(stat(path_of(KEY ".ticket"), &st) == 0 && (st.st_mode & 07777) == 0600, "... as 0600");
    ok(!memory_take_ticket(folder, OTHER, &out), "it is not of another key");
    buf_adds(&out, "so far ");
    ok(memory_take_ticket(folder, KEY, &out), "it is taken");
    is_mem(out.data, out.len, "so far abc\0\n\377", 13,
           "... octet by octet, behind what was there");
    ok(!memory_take_ticket(folder, KEY, &out), "... once");
    buf_add(&ticket, ticket.data, 3);
    ok(memory_keep_ticket(folder, KEY, &ticket) && memory_keep_ticket(folder, KEY, &ticket),
       "a later one replaces it");
    snprintf(name, sizeof(name), "%s", path_of(OTHER ".ticket"));
    ok(rename(path_of(KEY ".ticket"), name) == 0, "under the name of another");
    ok(!memory_take_ticket(folder, OTHER, &out), "... it is not taken");
    ok(access(path_of(OTHER ".ticket"), F_OK) != 0, "... and is gone");
    while (ticket.len <= LIMIT_TICKET)
        buf_addc(&ticket, 'x');
    ok(!memory_keep_ticket(folder, KEY, &ticket), "one that is too long is not kept");
    put(KEY ".ticket", readable, strlen(readable), 0644);
    buf_reset(&out);
    ok(!memory_take_ticket(folder, KEY, &out) && out.len == 0,
       "one that others may read is not taken");
    ok(symlink("/etc/passwd", path_of(KEY ".ticket")) == 0 &&
           !memory_take_ticket(folder, KEY, &out) && access("/etc/passwd", F_OK) == 0,
       "nor is what a link points to");
    buf_free(&ticket);
    buf_free(&out);
}

/* Many processes at one file: each finds a whole one, and a ticket goes to one of them. */
static void test_two_processes(void)
{
    struct memory m = full(), back;
    struct buf ticket, out;
    int status, taken = 0, bad = 0;
    pid_t pids[4];

    memory_keep(&m, folder, KEY);
    buf_init_secret(&ticket, LIMIT_TICKET);
    buf_init_secret(&out, LIMIT_TICKET);
    buf_adds(&ticket, "one");
    memory_keep_ticket(folder, KEY, &ticket);
    (void)fflush(stdout);
    for (size_t i = 0; i < ARRAY_LEN(pids); i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            int found = memory_take_ticket(folder, KEY, &out) ? 1 : 0;

            for (int k = 0; k < 200; k++) {
                m.success_at = NOW + k * (int64_t)(i + 1);
                if (!memory_keep(&m, folder, KEY))
                    _exit(2);
                memory_load(&back, folder, KEY);
                if (back.login_at != m.login_at)
                    _exit(3);
            }
            _exit(found);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(pids); i++) {
        if (waitpid(pids[i], &status, 0) != pids[i] || !WIFEXITED(status))
            bad++;
        else if (WEXITSTATUS(status) > 1)
            bad++;
        else
            taken += WEXITSTATUS(status);
    }
    is_int(bad, 0, "four processes that write and read find whole files only");
    is_int(taken, 1, "... and one of them the ticket");
    buf_free(&ticket);
    buf_free(&out);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(folder, sizeof(folder), "%s/memory.XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(folder) == NULL)
        return 1;
    test_there_and_back();
    test_folders();
    test_damage();
    test_trust();
    test_leftover();
    test_expiry();
    test_login();
    test_stumble();
    test_success_and_proof();
    test_wants_proof();
    test_ticket();
    test_two_processes();
    (void)unlink(path_of(KEY));
    ok(rmdir(folder) == 0, "nothing else is left behind");
    return done_testing();
}
