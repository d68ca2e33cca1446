/* test_reply.c: the grammar of replies, their limits, and that no cut of the octets matters. */
#include "config.h"

#include "smtp/reply.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "tap.h"

struct row {
    const char *in;
    enum reply_state state;
    size_t used;
    int code;
    const char *text;
    const char *enh; /* "x.y.z" or "" */
    const char *why; /* what the row shows */
};

static const struct row rows[] = {
    {"250 ok\r\n", REPLY_WHOLE, 8, 250, "ok", "", "one line"},
    {"250 ok\n", REPLY_WHOLE, 7, 250, "ok", "", "a bare LF is tolerated"},
    {"250\r\n", REPLY_WHOLE, 5, 250, "", "", "no text, no blank"},
    {"250 \r\n", REPLY_WHOLE, 6, 250, "", "", "a blank and no text"},
    {"250-\r\n250 b\r\n", REPLY_WHOLE, 13, 250, "\nb", "", "an empty first line"},
    {"250-a\r\n250-b\r\n250 c\r\n", REPLY_WHOLE, 21, 250, "a\nb\nc", "", "three lines"},
    {"250-a\r\n250\r\n", REPLY_WHOLE, 12, 250, "a\n", "", "a bare code ends it"},
    {"250 a\r\n250 b\r\n", REPLY_WHOLE, 7, 250, "a", "", "the second reply stays"},
    {"250 2.1.0 ok\r\n", REPLY_WHOLE, 14, 250, "2.1.0 ok", "2.1.0", "enhanced code"},
    {"550 5.1.1\r\n", REPLY_WHOLE, 11, 550, "5.1.1", "5.1.1", "enhanced code alone"},
    {"550 5.7.999 no\r\n", REPLY_WHOLE, 16, 550, "5.7.999 no", "5.7.999", "three digits"},
    {"550 5.7.1000 no\r\n", REPLY_WHOLE, 17, 550, "5.7.1000 no", "", "four digits are no code"},
    {"550 4.1.1 no\r\n", REPLY_WHOLE, 14, 550, "4.1.1 no", "", "a class that does not fit"},
    {"354 3.0.0 go\r\n", REPLY_WHOLE, 14, 354, "3.0.0 go", "3.0.0", "an odd class that fits"},
    {"550 5.1.1x no\r\n", REPLY_WHOLE, 15, 550, "5.1.1x no", "", "a word that begins like one"},
    {"550 5.1 no\r\n", REPLY_WHOLE, 12, 550, "5.1 no", "", "two numbers only"},
    {"550 5..1 no\r\n", REPLY_WHOLE, 13, 550, "5..1 no", "", "an empty number"},
    {"550 5.1. no\r\n", REPLY_WHOLE, 13, 550, "5.1. no", "", "an empty last number"},
    {"550-no\r\n550 5.1.1 x\r\n", REPLY_WHOLE, 21, 550, "no\n5.1.1 x", "", "first line only"},
    {"550 a\rb\r\n", REPLY_WHOLE, 9, 550, "a\rb", "", "a lone CR inside is text"},
    {"550 a\r\r\n", REPLY_WHOLE, 8, 550, "a\r", "", "only one CR belongs to the end"},
    {"", REPLY_MORE, 0, 0, NULL, "", "nothing"},
    {"2", REPLY_MORE, 0, 0, NULL, "", "one digit"},
    {"250 ok", REPLY_MORE, 0, 0, NULL, "", "R4: no line end, no reply"},
    {"250 ok\r", REPLY_MORE, 0, 0, NULL, "", "R4: CR is not the end yet"},
    {"250-ok\r\n", REPLY_MORE, 0, 0, NULL, "", "more lines announced"},
    {"250-ok\r\n250 o", REPLY_MORE, 0, 0, NULL, "", "the last line unfinished"},
    {"\r\n", REPLY_BAD, 0, 0, NULL, "", "an empty line"},
    {"25\r\n", REPLY_BAD, 0, 0, NULL, "", "two digits"},
    {"2x0 ok\r\n", REPLY_BAD, 0, 0, NULL, "", "a letter in the code"},
    {"250ok\r\n", REPLY_BAD, 0, 0, NULL, "", "no separator"},
    {"250\tok\r\n", REPLY_BAD, 0, 0, NULL, "", "a tab is no separator"},
    {"2500 ok\r\n", REPLY_BAD, 0, 0, NULL, "", "four digits"},
    {"150 ok\r\n", REPLY_BAD, 0, 0, NULL, "", "class 1"},
    {"600 ok\r\n", REPLY_BAD, 0, 0, NULL, "", "class 6"},
    {" 250 ok\r\n", REPLY_BAD, 0, 0, NULL, "", "a blank in front"},
    {"+OK ready\r\n", REPLY_BAD, 0, 0, NULL, "", "a POP3 server"},
    {"250-a\r\n550 b\r\n", REPLY_BAD, 0, 0, NULL, "", "mixed codes"},
    {"250-a\r\n251 b\r\n", REPLY_BAD, 0, 0, NULL, "", "mixed codes of one class"},
    {"250-a\r\n\r\n250 b\r\n", REPLY_BAD, 0, 0, NULL, "", "an empty line between"},
    {"250-a\r\nb\r\n250 c\r\n", REPLY_BAD, 0, 0, NULL, "", "a line without code"},
    {"HTTP/1.1 400 Bad Request\r\n", REPLY_BAD, 0, 0, NULL, "", "a web server"},
};

static void check_row(const struct row *row)
{
    struct fault why = {0};
    struct reply r;
    size_t used = 0;
    char enh[32] = "";
    enum reply_state state;

    reply_init(&r);
    state = reply_parse(row->in, strlen(row->in), false, &r, &used, &why);
    is_int(state, row->state, row->why);
    if (row->state == REPLY_WHOLE && state == REPLY_WHOLE) {
        is_int((long long)used, (long long)row->used, "... octets used");
        is_int(r.code, row->code, "... code");
        is_str(r.text.data, row->text, "... text");
        if (r.enh.class != 0)
            snprintf(enh, sizeof(enh), "%d.%d.%d", r.enh.class, r.enh.subject, r.enh.detail);
        is_str(enh, row->enh, "... enhanced code");
    }
    if (row->state == REPLY_BAD)
        is_int(why.cause, CAUSE_PROTOCOL, "... cause");
    reply_free(&r);
    fault_free(&why);
}

/* Octets in growing prefixes: the first decision must be the decision about all of them. */
static bool same_however_cut(const char *in, size_t n, bool lenient, size_t step)
{
    struct fault why = {0}, why_cut = {0};
    struct reply r, cut;
    size_t used = 0, used_cut = 0, have = 0;
    enum reply_state state, state_cut = REPLY_MORE;
    bool same;

    reply_init(&r);
    reply_init(&cut);
    state = reply_parse(in, n, lenient, &r, &used, &why);
    while (state_cut == REPLY_MORE && have < n) {
        have = have + step < n ? have + step : n;
        state_cut = reply_parse(in, have, lenient, &cut, &used_cut, &why_cut);
    }
    if (n == 0)
        state_cut = reply_parse(in, 0, lenient, &cut, &used_cut, &why_cut);
    same = state == state_cut;
    if (same && state == REPLY_WHOLE)
        same = used == used_cut && r.code == cut.code && r.lines == cut.lines && r.cut == cut.cut &&
               r.enh.detail == cut.enh.detail && buf_equals(&r.text, cut.text.data);
    if (same && state == REPLY_BAD)
        same = buf_equals(&why.text, why_cut.text.data);
    reply_free(&r);
    reply_free(&cut);
    fault_free(&why);
    fault_free(&why_cut);
    return same;
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void test_cuts(void)
{
    static const char alphabet[] = "2222555500--  \r\n\r\nab.1";
    uint32_t seed = 42;
    bool same = true;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t step = 1; step <= strlen(rows[i].in); step++)
            same = same && same_however_cut(rows[i].in, strlen(rows[i].in), false, step);
    }
    ok(same, "every row, cut at every distance, gives the same");
    same = true;
    for (i = 0; i < 20000; i++) {
        char in[64];
        size_t n = next_random(&seed) % sizeof(in);

        for (size_t k = 0; k < n; k++)
            in[k] = alphabet[next_random(&seed) % (sizeof(alphabet) - 1)];
        if (n > 7 && next_random(&seed) % 2 == 0)
            memcpy(in, "250-x\r\n", 7);
        same = same && same_however_cut(in, n, i % 2 == 0, 1 + next_random(&seed) % 7);
    }
    ok(same, "20000 random inputs, cut at random, give the same");
}

static enum reply_state parse(const struct buf *in, bool lenient, struct reply *r, size_t *used)
{
    struct fault why = {0};
    enum reply_state state = reply_parse(in->data, in->len, lenient, r, used, &why);

    fault_free(&why);
    return state;
}

static void fill(struct buf *b, const char *s, size_t times)
{
    while (times-- > 0)
        buf_adds(b, s);
}

static void test_limits(void)
{
    struct buf in;
    struct reply r;
    size_t used;

    buf_init(&in, 1 << 20);
    reply_init(&r);

    buf_adds(&in, "250 ");
    fill(&in, "x", LIMIT_REPLY_LINE - 6);
    buf_adds(&in, "\r\n");
    is_int(parse(&in, false, &r, &used), REPLY_WHOLE, "a line of just the limit");
    is_int((long long)r.text.len, LIMIT_REPLY_LINE - 6, "... is not cut");

    buf_splice(&in, 4, 0, "x", 1);
    is_int(parse(&in, false, &r, &used), REPLY_BAD, "one octet more is refused");
    is_int(parse(&in, true, &r, &used), REPLY_WHOLE, "R2: but a final 250 is a 250");
    ok(r.cut && r.code == 250, "... that tells it was cut");
    ok(same_however_cut(in.data, in.len, true, 1), "... however it comes in");
    buf_splice(&in, 0, 3, "550", 3);
    is_int(parse(&in, true, &r, &used), REPLY_BAD, "no leniency for 550");
    buf_splice(&in, 0, 3, "251", 3);
    is_int(parse(&in, true, &r, &used), REPLY_BAD, "nor for 251");
    buf_splice(&in, 0, 4, "2500", 4);
    is_int(parse(&in, true, &r, &used), REPLY_BAD, "nor for what only begins like 250");

    buf_reset(&in);
    fill(&in, "250-x\r\n", LIMIT_REPLY_LINES - 1);
    buf_adds(&in, "250 x\r\n");
    is_int(parse(&in, false, &r, &used), REPLY_WHOLE, "as many lines as allowed");
    is_int((long long)r.lines, LIMIT_REPLY_LINES, "... are all there");
    buf_reset(&in);
    fill(&in, "250-x\r\n", LIMIT_REPLY_LINES);
    is_int(parse(&in, false, &r, &used), REPLY_BAD, "one line more is refused");
    is_int(parse(&in, true, &r, &used), REPLY_WHOLE, "R2: lines, leniently");
    ok(r.cut, "... and told");

    buf_reset(&in);
    for (int i = 0; i < 40; i++) {
        buf_adds(&in, "250-");
        fill(&in, "y", 2000);
        buf_adds(&in, "\r\n");
    }
    is_int(parse(&in, false, &r, &used), REPLY_BAD, "over 64 KiB is refused");
    is_int(parse(&in, true, &r, &used), REPLY_WHOLE, "R2: octets, leniently");
    is_int((long long)used, LIMIT_REPLY, "... up to the limit");
    ok(same_however_cut(in.data, in.len, true, 999), "... however it comes in");
    buf_splice(&in, 4 * 2006, 3, "550", 3);
    is_int(parse(&in, true, &r, &used), REPLY_BAD, "mixed codes are no matter of limits");

    buf_reset(&in);
    buf_add(&in, "250 a\0b\0\r\n", 10);
    is_int(parse(&in, false, &r, &used), REPLY_WHOLE, "NUL");
    is_str(r.text.data, "a?b?", "... becomes a question mark");
    reply_free(&r);
    buf_free(&in);
}

static void collect(void *arg, const char *line)
{
    struct buf *lines = arg;

    buf_adds(lines, line);
    buf_addc(lines, '|');
}

static void test_read(void)
{
    static const char said[] =
        "250-one\r\n250 the word is geheim!\r\n550 5.1.1 no\r\nHTTP/1.1 no\r\n";
    struct transcript t;
    struct fault why = {0};
    struct reply r;
    struct buf lines;
    struct stream *s;
    int fd[2];

    if (!ok(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0, "a pair of sockets"))
        return;
    s = stream_new(fd[0], "mail.example.org");
    buf_init(&lines, 10000);
    transcript_init(&t, collect, &lines);
    transcript_secret(&t, "geheim!", 7);
    reply_init(&r);
    ok(write(fd[1], said, sizeof(said) - 1) == (ssize_t)sizeof(said) - 1, "the server speaks");
    is_int(reply_read(s, &t, false, deadline_in(60000), &r, &why), CAUSE_NONE, "first reply");
    is_str(r.text.data, "one\nthe word is ***", "... scrubbed");
    is_int(reply_read(s, NULL, false, deadline_in(60000), &r, &why), CAUSE_NONE, "no transcript");
    is_int(r.code, 550, "... second reply");
    is_int(reply_fault(&r, CAUSE_RCPT_REFUSED, STAGE_RCPT, &why), CAUSE_RCPT_REFUSED, "a fault");
    is_int(why.smtp_code, 550, "... has the code");
    is_int(why.code.detail, 1, "... and the enhanced code");
    is_str(why.remote.data, "5.1.1 no", "... and the words");
    ok(reply_says(&r, "NO") && !reply_says(&r, "yes"), "words are found in any case");
    ok(reply_enhanced(&r, 1, 1) && !reply_enhanced(&r, 1, 0), "enhanced codes are compared");
    is_int(reply_read(s, &t, false, deadline_in(60000), &r, &why), CAUSE_PROTOCOL, "garbage");
    is_str(why.remote.data, "HTTP/1.1 no", "... is shown");
    is_str(lines.data, "< 250-one|< 250 the word is ***|", "the transcript has it with codes");
    stream_consume(s, sizeof("HTTP/1.1 no\r\n") - 1);
    is_int(reply_read(s, &t, false, deadline_in(0), &r, &why), CAUSE_TIMEOUT, "silence");
    ok(write(fd[1], "250 half", 8) == 8, "half a reply");
    close(fd[1]);
    is_int(reply_read(s, &t, true, deadline_in(60000), &r, &why), CAUSE_CLOSED,
           "R4: the end of file makes no reply of it");
    stream_close(&s, STREAM_CLEAN);
    reply_free(&r);
    fault_free(&why);
    transcript_free(&t);
    buf_free(&lines);
}

/* Where the server echoes a secret, and who may see it. */
static void test_echo(void)
{
    static const char said[] = "334 Z2VoZWlt\r\n535-gehei\r\n535 m! GEHEIM\r\n"
                               "535-no gehei\r\n534 m!\r\n";
    struct transcript t;
    struct fault why = {0};
    struct reply r;
    struct buf lines;
    struct stream *s;
    int fd[2];

    if (!ok(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0, "a pair of sockets"))
        return;
    s = stream_new(fd[0], "mail.example.org");
    buf_init(&lines, 10000);
    transcript_init(&t, collect, &lines);
    transcript_secret(&t, "geheim!8", 8);
    transcript_in_login(&t, true);
    transcript_challenges(&t, true);
    reply_init(&r);
    ok(write(fd[1], said, sizeof(said) - 1) == (ssize_t)sizeof(said) - 1, "the server speaks");
    is_int(reply_read(s, &t, false, deadline_in(60000), &r, &why), CAUSE_NONE, "a challenge");
    is_str(r.text.data, "Z2VoZWlt", "... reaches its mechanism as it came");
    is_str(lines.data, "< 334 ***|", "... and nobody else");
    is_int(reply_read(s, &t, false, deadline_in(60000), &r, &why), CAUSE_NONE, "two lines");
    is_str(r.text.data, "*** ***", "... scrubbed as one text");
    ok(memmem(r.text.data, 16, "HEIM", 4) == NULL, "... and nothing of it left behind its end");
    is_int(reply_read(s, &t, false, deadline_in(60000), &r, &why), CAUSE_PROTOCOL, "garbage");
    is_str(why.remote.data, "535-no ***", "... scrubbed over the line that is shown");
    close(fd[1]);
    stream_close(&s, STREAM_CLEAN);
    reply_free(&r);
    fault_free(&why);
    transcript_free(&t);
    buf_free(&lines);
}

int main(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_row(&rows[i]);
    test_cuts();
    test_limits();
    test_read();
    test_echo();
    return done_testing();
}
