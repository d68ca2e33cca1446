/*
 * memory.c: see memory.h. The rules of what is worth knowing for how long, and the text that holds
 * it; the files are memory_file's.
 *
 * News of the future are no news: a clock that was wrong when they were written, or is now, must
 * not make them last for ever. A clock that is put back by up to a day is everyday life.
 */
#include "config.h"

#include "deliver/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/rand.h"
#include "deliver/memory_file.h"

#define DAY_S    INT64_C(86400)
#define TIME_MAX INT64_C(253402300799) /* the end of the year 9999 */

static const char *const stumbles[] = {
    [STUMBLE_NONE] = "none",
    [STUMBLE_LOGIN] = "login",
    [STUMBLE_CHUNK] = "chunk",
    [STUMBLE_GROUP] = "group",
};

/* Whether something of the time AT_S still counts after LIFE_S. */
static bool is_fresh(int64_t at_s, int64_t now_s, int64_t life_s)
{
    return at_s > 0 && at_s <= now_s + DAY_S && now_s - at_s < life_s;
}

/* Reading: words separated by one blank, lines in any order between the first and "end". */

struct text {
    const char *at, *end;
};

/* The next word of a line, without what ends it; false where the line or the text ends. */
static bool next_word(struct text *t, const char **word, size_t *n)
{
    const char *from = t->at;

    while (t->at < t->end && *t->at != ' ' && *t->at != '\n')
        t->at++;
    *word = from;
    *n = (size_t)(t->at - from);
    if (t->at < t->end && *t->at == ' ')
        t->at++;
    return *n > 0;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(struct text *t, unsigned char *out, size_t want)
{
    const char *word;
    size_t n, i;

    if (!next_word(t, &word, &n) || n != want * 2)
        return false;
    for (i = 0; i < n; i++) {
        int d = digit(word[i]);

        if (d < 0)
            return false;
        out[i / 2] = (unsigned char)(i % 2 == 0 ? d * 16 : out[i / 2] + d);
    }
    return true;
}

static bool read_time(struct text *t, int64_t *at_s)
{
    const char *word;
    uint64_t v;
    size_t n;

    if (!next_word(t, &word, &n) || !num_parse(word, n, TIME_MAX, &v))
        return false;
    *at_s = (int64_t)v;
    return true;
}

/* One of the N words of a table. */
static bool read_choice(struct text *t, const char *const *words, size_t n_words, unsigned *out)
{
    const char *word;
    size_t n;

    if (!next_word(t, &word, &n))
        return false;
    for (*out = 0; *out < n_words; ++*out) {
        if (strlen(words[*out]) == n && memcmp(words[*out], word, n) == 0)
            return true;
    }
    return false;
}

static bool read_salt(struct text *t, struct memory *m)
{
    return read_hex(t, m->salt, sizeof(m->salt));
}

static bool read_success(struct text *t, struct memory *m)
{
    return read_time(t, &m->success_at);
}

static bool read_login(struct text *t, struct memory *m)
{
    return read_time(t, &m->login_at) && read_hex(t, m->credential, sizeof(m->credential));
}

static bool read_offers(struct text *t, struct memory *m)
{
    unsigned char octets[sizeof(m->offers)];
    size_t i;

    if (!read_hex(t, octets, sizeof(octets)))
        return false;
    for (m->offers = 0, i = 0; i < sizeof(octets); i++)
        m->offers = m->offers << 8 | octets[i];
    return true;
}

static bool read_proof(struct text *t, struct memory *m)
{
    static const char *const words[] = {"no", "yes"};
    unsigned which;

    if (!read_time(t, &m->proof_at) || !read_choice(t, words, ARRAY_LEN(words), &which))
        return false;
    m->proven = which == 1;
    return true;
}

static bool read_stumble(struct text *t, struct memory *m)
{
    unsigned which;

    if (!read_time(t, &m->stumbled_at) || !read_choice(t, stumbles, ARRAY_LEN(stumbles), &which))
        return false;
    m->stumble = (enum xfer_stumble)which;
    return true;
}

static const struct {
    const char *word;
    bool (*read)(struct text *t, struct memory *m);
} lines[] = {
    {"salt", read_salt},     {"success", read_success}, {"login", read_login},
    {"offers", read_offers}, {"proof", read_proof},     {"stumble", read_stumble},
};

static bool read_line(struct text *t, struct memory *m, bool *ended)
{
    const char *word;
    size_t n, i;

    if (!next_word(t, &word, &n))
        return false;
    *ended = n == 3 && memcmp(word, "end", 3) == 0;
    for (i = 0; !*ended && i < ARRAY_LEN(lines); i++) {
        if (strlen(lines[i].word) != n || memcmp(lines[i].word, word, n) != 0)
            continue;
        if (!lines[i].read(t, m))
            return false;
        break;
    }
    if (i == ARRAY_LEN(lines) || t->at == t->end || *t->at != '\n')
        return false;
    t->at++;
    return true;
}

/* All or nothing: half of what was known is no knowledge. */
static bool read_news(struct memory *m, const char *text, size_t n)
{
    struct text t = {text, text + n};
    bool ended = false;

    while (!ended) {
        if (!read_line(&t, m, &ended))
            return false;
    }
    return t.at == t.end;
}

void memory_load(struct memory *m, const char *dir, const char *key)
{
    struct buf text;
    bool good;

    memset(m, 0, sizeof(*m));
    buf_init(&text, LIMIT_MEMORY);
    good = dir != NULL && memory_file_read(dir, key, MEMORY_FILE_NEWS, &text) &&
           read_news(m, text.data, text.len);
    buf_free(&text);
    if (!good) {
        memset(m, 0, sizeof(*m));
        rand_bytes(m->salt, sizeof(m->salt));
    }
}

/* Writing. */

static void add_hex(struct buf *out, const unsigned char *octets, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_addf(out, "%02x", octets[i]);
}

bool memory_keep(const struct memory *m, const char *dir, const char *key)
{
    struct buf text;
    bool good;

    if (dir == NULL)
        return false;
    buf_init(&text, LIMIT_MEMORY);
    buf_adds(&text, "salt ");
    add_hex(&text, m->salt, sizeof(m->salt));
    if (m->success_at > 0)
        buf_addf(&text, "\nsuccess %" PRId64, m->success_at);
    if (m->login_at > 0) {
        buf_addf(&text, "\nlogin %" PRId64 " ", m->login_at);
        add_hex(&text, m->credential, sizeof(m->credential));
    }
    buf_addf(&text, "\noffers %016" PRIx64, m->offers);
    if (m->proof_at > 0)
        buf_addf(&text, "\nproof %" PRId64 " %s", m->proof_at, m->proven ? "yes" : "no");
    if (m->stumbled_at > 0)
        buf_addf(&text, "\nstumble %" PRId64 " %s", m->stumbled_at, stumbles[m->stumble]);
    buf_adds(&text, "\nend\n");
    good = !text.over && memory_file_write(dir, key, MEMORY_FILE_NEWS, text.data, text.len);
    buf_free(&text);
    return good;
}

/* Each stumble costs what the smaller ones cost, too. */
void memory_known(const struct memory *m, int64_t now_s, struct session_known *out)
{
    enum xfer_stumble stumble =
        is_fresh(m->stumbled_at, now_s, MEMORY_BAD_S) ? m->stumble : STUMBLE_NONE;

    memset(out, 0, sizeof(*out));
    memcpy(out->salt, m->salt, sizeof(out->salt));
    out->ceiling = PIPELINING_FULL;
    if (is_fresh(m->login_at, now_s, MEMORY_GOOD_S)) {
        out->has_credential = true;
        memcpy(out->credential, m->credential, sizeof(out->credential));
    }
    out->proven = m->proven && is_fresh(m->proof_at, now_s, MEMORY_PROOF_S);
    out->offers = m->offers;
    if (stumble != STUMBLE_NONE)
        out->ceiling = PIPELINING_STANDARD;
    if (stumble == STUMBLE_GROUP)
        out->ceiling = PIPELINING_OFF;
    out->no_chunking = stumble >= STUMBLE_CHUNK;
}

/* Learning. */

/* Whether the time AT_S of something that happens again and again is worth renewing. */
static bool is_older_than_a_day(int64_t at_s, int64_t now_s)
{
    return at_s <= now_s - DAY_S || at_s > now_s + DAY_S;
}

static void forget_login(struct memory *m)
{
    m->login_at = 0;
    memset(m->credential, 0, sizeof(m->credential));
}

static void forget_proof(struct memory *m)
{
    m->proven = false;
    m->proof_at = 0;
}

bool memory_learn_login(struct memory *m, int64_t now_s, bool worked,
                        const unsigned char *credential, uint64_t offers)
{
    if (now_s <= 0)
        return false;
    if (!worked) {
        bool known = m->login_at > 0;

        forget_login(m);
        return known;
    }
    if (m->login_at > 0 && m->offers == offers &&
        memcmp(m->credential, credential, sizeof(m->credential)) == 0 &&
        !is_older_than_a_day(m->login_at, now_s))
        return false;
    if (m->offers != offers)
        forget_proof(m); /* another server, or another version of it */
    m->login_at = now_s;
    m->offers = offers;
    memcpy(m->credential, credential, sizeof(m->credential));
    return true;
}

bool memory_learn_stumble(struct memory *m, int64_t now_s, enum xfer_stumble s)
{
    bool lasts = is_fresh(m->stumbled_at, now_s, MEMORY_BAD_S);

    if (now_s <= 0 || s == STUMBLE_NONE)
        return false;
    if (lasts && m->stumble >= s && !m->proven && !is_older_than_a_day(m->stumbled_at, now_s))
        return false;
    if (!lasts || s > m->stumble)
        m->stumble = s;
    m->stumbled_at = now_s;
    m->proven = false; /* proof_at stays: it is not asked again for that */
    return true;
}

bool memory_learn_success(struct memory *m, int64_t now_s)
{
    if (now_s <= 0 || !is_older_than_a_day(m->success_at, now_s))
        return false;
    m->success_at = now_s;
    return true;
}

bool memory_learn_proof(struct memory *m, int64_t now_s, bool proven, uint64_t offers)
{
    if (now_s <= 0)
        return false;
    if (m->offers != offers)
        forget_login(m);
    m->proof_at = now_s;
    m->proven = proven;
    m->offers = offers;
    return true;
}

bool memory_wants_proof(const struct memory *m, int64_t now_s, uint64_t offers)
{
    if (is_fresh(m->stumbled_at, now_s, MEMORY_BAD_S) && m->stumble >= STUMBLE_CHUNK)
        return false;
    return m->offers != offers || !is_fresh(m->proof_at, now_s, MEMORY_PROOF_S);
}

bool memory_take_ticket(const char *dir, const char *key, struct buf *out)
{
    return dir != NULL && memory_file_read(dir, key, MEMORY_FILE_TICKET, out);
}

bool memory_keep_ticket(const char *dir, const char *key, const struct buf *ticket)
{
    return dir != NULL && ticket->len > 0 && ticket->len <= LIMIT_TICKET &&
           memory_file_write(dir, key, MEMORY_FILE_TICKET, ticket->data, ticket->len);
}
