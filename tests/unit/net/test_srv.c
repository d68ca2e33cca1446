/*
 * test_srv.c: answers with SRV records: good ones, useless ones, and everything that a hostile name
 * server could send instead; and the order of RFC 2782.
 */
#include "config.h"

#include "net/srv.h"

#include "base/attr.h"
#include "dns_message.h"
#include "tap.h"

#define ASKED  "_submissions._tcp.example.org"
#define ANSWER 0x8180 /* QR, RD, RA */

static struct dns_message m;

static enum srv_verdict read_it(struct srv_set *set)
{
    /* In memory of exactly that size, so that ASan sees a step too far. */
    unsigned char *copy = malloc(m.n + (m.n == 0));
    enum srv_verdict v;

    if (copy == NULL)
        exit(1);
    memcpy(copy, m.at, m.n);
    v = srv_read(copy, m.n, ASKED, set);
    free(copy);
    return v;
}

static void want(enum srv_verdict verdict, const char *targets, const char *name)
{
    struct srv_set set;
    enum srv_verdict got = read_it(&set);
    char text[4096] = "";

    for (size_t i = 0; i < set.n; i++) {
        size_t at = strlen(text);

        snprintf(text + at, sizeof(text) - at, "%s%s:%u", i > 0 ? " " : "", set.v[i].target,
                 (unsigned)set.v[i].port);
    }
    is_int(got, verdict, name);
    if (verdict == SRV_FOUND)
        is_str(text, targets, "...its targets");
}

static void test_good(void)
{
    dns_start(&m, ANSWER, 1, ASKED);
    dns_srv(&m, "*12", 0, 1, 465, "mail.example.org");
    want(SRV_FOUND, "mail.example.org:465", "one record");

    dns_start(&m, ANSWER, 2, ASKED);
    dns_srv(&m, ASKED, 10, 0, 465, "a.example.org");
    dns_srv(&m, "_SubMissions._TCP.Example.ORG", 20, 0, 2465, "b.*30");
    want(SRV_FOUND, "a.example.org:465 b.example.org:2465", "two, in any case, one compressed");

    dns_start(&m, ANSWER, 3, ASKED);
    dns_cname(&m, "*12", "x.example.net");
    dns_srv(&m, "x.example.net", 0, 0, 465, "mail.example.net");
    dns_srv(&m, "y.example.net", 0, 0, 465, "stranger.example.net");
    want(SRV_FOUND, "mail.example.net:465", "behind an alias, and nothing beside it");

    dns_start(&m, ANSWER, 3, ASKED);
    dns_srv(&m, "b.example.net", 0, 0, 465, "mail.example.net");
    dns_cname(&m, "a.example.net", "b.example.net");
    dns_cname(&m, "*12", "a.example.net");
    want(SRV_FOUND, "mail.example.net:465", "behind two, back to front");

    dns_start(&m, ANSWER, 2, ASKED);
    dns_close(&m, dns_open(&m, "*12", DNS_A));
    dns_srv(&m, "*12", 0, 1, 465, "mail.example.org");
    want(SRV_FOUND, "mail.example.org:465", "records of other kinds are passed over");

    dns_start(&m, ANSWER, 1, ASKED);
    dns_srv(&m, "*12", 0, 1, 465, "mail");
    want(SRV_FOUND, "mail:465", "a name of one label");
}

static void test_none(void)
{
    dns_start(&m, ANSWER, 0, ASKED);
    want(SRV_NONE, NULL, "no record");
    dns_start(&m, ANSWER | 3, 0, ASKED);
    want(SRV_NONE, NULL, "no such name");
    dns_start(&m, ANSWER | 2, 0, ASKED);
    want(SRV_FAILED, NULL, "SERVFAIL");
    dns_start(&m, ANSWER | 5, 0, ASKED);
    want(SRV_FAILED, NULL, "REFUSED");
    dns_start(&m, ANSWER, 1, ASKED);
    dns_srv(&m, "other.example.org", 0, 1, 465, "mail.example.org");
    want(SRV_NONE, NULL, "a record of somebody else");
    dns_start(&m, ANSWER, 1, ASKED);
    dns_cname(&m, "*12", "x.example.net");
    want(SRV_NONE, NULL, "an alias of nothing");
    dns_start(&m, ANSWER, 2, ASKED);
    dns_cname(&m, "*12", "x.example.net");
    dns_cname(&m, "x.example.net", ASKED);
    want(SRV_NONE, NULL, "aliases in a circle");
    dns_start(&m, ANSWER, 1, ASKED);
    dns_srv(&m, "*12", 0, 0, 0, "");
    want(SRV_REFUSED, NULL, "the root as target: not offered");
    dns_start(&m, ANSWER, 2, ASKED);
    dns_srv(&m, "*12", 0, 0, 0, "");
    dns_srv(&m, "*12", 0, 0, 465, "mail.example.org");
    want(SRV_FOUND, "mail.example.org:465", "the root beside another target means nothing");
}

/* Targets that must not become a host: a path, an address, half an address, a control character. */
static void test_useless(void)
{
    static const char *const targets[] = {
        "/run/x",  "127.0.0.1", "127.1",    "0x7f000001",  "2130706433",        "mail.example.7",
        "a b.org", "a\n.org",   "a\\.org",  "-.example.-", "m\xc3\xbc.example", "::1",
        "a/b.org", "[::1]",     "a%lo.org", "a:25.org",    "\x01.org",
    };

    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        dns_start(&m, ANSWER, 1, ASKED);
        dns_srv(&m, "*12", 0, 1, 465, targets[i]);
        want(SRV_USELESS, NULL, "a target that is no host name");
    }
    dns_start(&m, ANSWER, 1, ASKED);
    dns_srv(&m, "*12", 0, 1, 0, "mail.example.org");
    want(SRV_USELESS, NULL, "port 0");
    dns_start(&m, ANSWER, 2, ASKED);
    dns_srv(&m, "*12", 0, 1, 465, "/run/x");
    dns_srv(&m, "*12", 0, 1, 465, "mail.example.org");
    want(SRV_FOUND, "mail.example.org:465", "one useless and one good");
    dns_start(&m, ANSWER, 1, ASKED);
    {
        size_t data = dns_open(&m, "*12", DNS_SRV);

        dns_16(&m, 0);
        dns_16(&m, 0);
        dns_16(&m, 465);
        dns_8(&m, 8);
        memcpy(m.at + m.n, "a.b\0c.de", 8); /* dots and a NUL inside of a label */
        m.n += 8;
        dns_name(&m, "org");
        dns_close(&m, data);
    }
    want(SRV_USELESS, NULL, "a label with dots and a NUL in it");
}

/* A good answer with its octet at AT changed to V; AT from the end when negative. */
static void change(long at, unsigned v)
{
    dns_start(&m, ANSWER, 1, ASKED);
    dns_srv(&m, "*12", 0, 1, 465, "mail.example.org");
    m.at[at < 0 ? m.n - (size_t)-at : (size_t)at] = (unsigned char)v;
}

static void test_broken(void)
{
    struct srv_set set;
    size_t whole;
    bool all = true;

    change(2, 0x01);
    want(SRV_BROKEN, NULL, "a question instead of an answer");
    change(2, 0x83);
    want(SRV_BROKEN, NULL, "cut (TC)");
    change(2, 0xa8);
    want(SRV_BROKEN, NULL, "another kind of query");
    change(5, 0);
    want(SRV_BROKEN, NULL, "no question");
    change(5, 2);
    want(SRV_BROKEN, NULL, "two questions");
    change(13, 'x');
    want(SRV_BROKEN, NULL, "another question");
    change(7, 2);
    want(SRV_BROKEN, NULL, "fewer records than are told");
    change(7, 0);
    want(SRV_NONE, NULL, "more records than are told");
    change(-1, 1);
    want(SRV_BROKEN, NULL, "a target that does not end");
    change(-18, 0x40);
    want(SRV_BROKEN, NULL, "a label of a kind that there is not");
    change(-18, 63);
    want(SRV_BROKEN, NULL, "a label that is too long");
    change(-25, 23);
    want(SRV_BROKEN, NULL, "data that end in the middle of the target");
    change(-25, 25);
    want(SRV_BROKEN, NULL, "data that end behind the message");
    change(-26, 0xff);
    want(SRV_BROKEN, NULL, "data far beyond the message");

    dns_start(&m, ANSWER, 1, ASKED);
    dns_srv(&m, "*12", 0, 1, 465, "mail.example.org");
    dns_name(&m, "x");
    m.at[7] = 2;
    want(SRV_BROKEN, NULL, "a second record of a few octets");

    change(7, 1);
    whole = m.n;
    for (m.n = 0; m.n < whole; m.n++)
        all = all && read_it(&set) == SRV_BROKEN;
    ok(all, "cut anywhere");
}

static void test_pointers(void)
{
    char self[16];

    dns_start(&m, ANSWER, 1, ASKED);
    snprintf(self, sizeof(self), "*%zu", m.n);
    dns_srv(&m, self, 0, 1, 465, "mail.example.org");
    want(SRV_BROKEN, NULL, "an owner that points at itself");
    dns_start(&m, ANSWER, 1, ASKED);
    dns_srv(&m, "*12", 0, 1, 465, "a.*16383");
    want(SRV_BROKEN, NULL, "a pointer behind the message");
    dns_start(&m, ANSWER, 1, ASKED);
    snprintf(self, sizeof(self), "a.*%zu", m.n + 12 + 6);
    dns_srv(&m, "*12", 0, 1, 465, self);
    want(SRV_BROKEN, NULL, "a target that points at its own beginning");
    dns_start(&m, ANSWER, 1, ASKED);
    snprintf(self, sizeof(self), "*%zu", m.n + 40);
    dns_srv(&m, self, 0, 1, 465, "mail.example.org");
    want(SRV_BROKEN, NULL, "a pointer forwards");
    dns_start(&m, ANSWER, 1, ASKED);
    dns_srv(&m, "*12", 0, 1, 465, "a");
    m.at[m.n - 1] = 0xc0;
    want(SRV_BROKEN, NULL, "half a pointer");
}

/* One answer with a row of N pointers, each to the one before, and a record that begins there. */
static void make_row(unsigned n)
{
    char last[16];
    size_t data;

    dns_start(&m, ANSWER, 2, ASKED);
    data = dns_open(&m, "*12", 16);
    dns_16(&m, 0xc000 | 12);
    for (unsigned i = 1; i < n; i++)
        dns_16(&m, 0xc000 | (unsigned)(m.n - 2));
    dns_close(&m, data);
    snprintf(last, sizeof(last), "*%zu", m.n - 2);
    dns_srv(&m, last, 0, 1, 465, "mail.example.org");
}

/* Thousands of records that each follow thousands of pointers would keep us busy for seconds. */
static void test_rows(void)
{
    make_row(100);
    want(SRV_FOUND, "mail.example.org:465", "a row of pointers");
    make_row(1000);
    want(SRV_BROKEN, NULL, "more pointers than a name has labels");
}

static void test_long(void)
{
    char label[64], name[400] = "";
    struct srv_set set;

    memset(label, 'a', 63);
    label[63] = '\0';
    for (int i = 0; i < 4; i++) {
        size_t at = strlen(name);

        snprintf(name + at, sizeof(name) - at, "%s%s", i > 0 ? "." : "", label);
    }
    dns_start(&m, ANSWER, 1, ASKED);
    dns_srv(&m, "*12", 0, 1, 465, name);
    want(SRV_BROKEN, NULL, "a name of more than 255 octets");
    name[253] = '\0';
    dns_start(&m, ANSWER, 1, ASKED);
    dns_srv(&m, "*12", 0, 1, 465, name);
    ok(read_it(&set) == SRV_FOUND && strcmp(set.v[0].target, name) == 0, "the longest name");

    dns_start(&m, ANSWER, 2000, ASKED);
    for (unsigned i = 0; i < 2000; i++)
        dns_srv(&m, "*12", 0, 1, i + 1, "m.*30");
    ok(read_it(&set) == SRV_FOUND && set.n == SRV_MAX, "2,000 records: the first of them are kept");
}

/* --- the order ------------------------------------------------------------------------------ */

static uint32_t next_draw;
static uint32_t asked_below[8];
static size_t draws;

static uint32_t draw_fixed(uint32_t n)
{
    if (draws < ARRAY_LEN(asked_below))
        asked_below[draws] = n;
    draws++;
    return next_draw < n ? next_draw : n - 1;
}

static uint32_t state = 1;

static uint32_t draw_any(uint32_t n)
{
    state = state * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(state >> 8) * n >> 24);
}

static void add(struct srv_set *set, const char *target, unsigned priority, unsigned weight)
{
    struct srv_record *r = &set->v[set->n++];

    snprintf(r->target, sizeof(r->target), "%s", target);
    r->priority = (uint16_t)priority;
    r->weight = (uint16_t)weight;
}

static void show(const struct srv_set *set, char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0; i < set->n; i++)
        strncat(out, set->v[i].target, size - strlen(out) - 1);
}

static void test_order(void)
{
    static const struct {
        uint32_t draw;
        const char *want, *why;
    } cases[] = {
        {0, "zabc", "0 draws the one of weight 0"},
        {1, "abzc", "1 to 10 draw a"},
        {10, "abzc", "...10, too"},
        {11, "bazc", "11 to 60 draw b"},
        {60, "bazc", "...60, too"},
    };
    char text[16];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct srv_set set = {.n = 0};

        add(&set, "c", 20, 5);
        add(&set, "a", 10, 10);
        add(&set, "b", 10, 50);
        add(&set, "z", 10, 0);
        next_draw = cases[i].draw;
        draws = 0;
        srv_order(&set, draw_fixed);
        show(&set, text, sizeof(text));
        is_str(text, cases[i].want, cases[i].why);
        is_int(asked_below[0], 61, "...of 0 to the sum of the weights");
    }
}

/* Over many draws each record comes first as often as its weight says. */
static void test_shares(void)
{
    size_t first[3] = {0};
    bool whole = true;

    for (int i = 0; i < 30000; i++) {
        struct srv_set set = {.n = 0};
        char text[8];

        add(&set, "a", 1, 100);
        add(&set, "b", 1, 200);
        add(&set, "c", 1, 300);
        srv_order(&set, draw_any);
        show(&set, text, sizeof(text));
        first[text[0] - 'a']++;
        whole = whole && strlen(text) == 3 && strchr(text, 'a') && strchr(text, 'b') &&
                strchr(text, 'c');
    }
    ok(whole, "none is lost and none is doubled");
    ok(first[0] > 4500 && first[0] < 5500, "a sixth: %zu", first[0]);
    ok(first[1] > 9300 && first[1] < 10700, "a third: %zu", first[1]);
    ok(first[2] > 14200 && first[2] < 15800, "a half: %zu", first[2]);
}

static void test_extremes(void)
{
    struct srv_set set = {.n = 0};

    for (unsigned i = 0; i < SRV_MAX; i++)
        add(&set, "x", 65535, 65535);
    next_draw = UINT32_MAX;
    draws = 0;
    srv_order(&set, draw_fixed);
    is_int(asked_below[0], 65535 * SRV_MAX + 1, "the highest weights");
    set.n = 0;
    srv_order(&set, draw_fixed);
    set.n = 1;
    srv_order(&set, draw_fixed);
    is_int((long long)set.n, 1, "one or none");
}

int main(void)
{
    test_good();
    test_none();
    test_useless();
    test_broken();
    test_pointers();
    test_rows();
    test_long();
    test_order();
    test_shares();
    test_extremes();
    return done_testing();
}
