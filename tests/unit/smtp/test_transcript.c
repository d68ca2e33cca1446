/* test_transcript.c: what people may see, and what nobody may. */
#include "config.h"

#include "smtp/transcript.h"

#include "tap.h"

static void collect(void *arg, const char *line)
{
    struct buf *lines = arg;

    buf_adds(lines, line);
    buf_addc(lines, '|');
}

/* Secrets: hunter22, aaaa, abcdef, defghi, and the response of PLAIN for alice. */
static const struct {
    const char *in;
    const char *want;
    const char *why;
} rows[] = {
    {"", "", "nothing"},
    {"5.7.8 no", "5.7.8 no", "nothing secret"},
    {"bad hunter22", "bad ***", "at the end"},
    {"hunter22 is bad", "*** is bad", "at the start"},
    {"hunter22hunter22", "******", "twice"},
    {"hunter2", "hunter2", "not all of it"},
    {"HUNTER22", "HUNTER22", "exact octets only"},
    {"aHVudGVyMjI= bad", "*** bad", "in base64"},
    {"aHVudGVyMjI bad", "*** bad", "in base64, padding cut off"},
    {"AGFsaWNlAGh1bnRlcjIy", "***", "the response of PLAIN"},
    {"xabcdefghix", "x***x", "two that overlap leave nothing between them"},
    {"aaaaaaa", "***", "one that overlaps itself"},
    {"abcdef\ndefghi", "***\n***", "in two lines"},
    {"***hunter22", "******", "behind stars"},
};

static void test_scrub(void)
{
    struct transcript t;
    struct buf b;

    transcript_init(&t, NULL, NULL);
    transcript_secret(&t, "hunter22", 8);
    transcript_secret(&t, "aaaa", 4);
    transcript_secret(&t, "abcdef", 6);
    transcript_secret(&t, "defghi", 6);
    transcript_secret(&t, "\0alice\0hunter22", 15);
    transcript_secret(&t, "abc", 3);
    transcript_secret(&t, "", 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        buf_init(&b, 1000);
        buf_adds(&b, rows[i].in);
        is_int(transcript_scrub(&t, &b), strcmp(rows[i].in, rows[i].want) != 0, rows[i].why);
        is_str(b.data, rows[i].want, "... text");
        buf_free(&b);
    }
    buf_init(&b, 1000);
    buf_adds(&b, "abc");
    ok(!transcript_scrub(&t, &b), "three octets are no secret");
    ok(!transcript_scrub(NULL, &b), "no transcript, no scrubbing");
    buf_free(&b);
    transcript_free(&t);
    is_int((long long)t.secrets.n, 0, "freed");
}

static void test_show(void)
{
    struct transcript t;
    struct buf lines;

    buf_init(&lines, 20000);
    transcript_init(&t, collect, &lines);
    transcript_sent(&t, "EHLO host\r\n", 11, false, 0);
    is_str(lines.data, "> EHLO host|", "a command");
    buf_reset(&lines);
    transcript_sent(&t, "AUTH PLAIN AGFs\r\n", 17, true, 11);
    is_str(lines.data, "> AUTH PLAIN ***|", "masked");
    buf_reset(&lines);
    transcript_sent(&t, "c2VjcmV0", 8, true, 0);
    is_str(lines.data, "> ***|", "masked altogether");
    buf_reset(&lines);
    transcript_sent(&t, "x", 1, true, 100);
    is_str(lines.data, "> x***|", "no more is shown than there is");
    buf_reset(&lines);
    transcript_text(&t, 4294967296ull);
    is_str(lines.data, "> <4294967296 octets>|", "the text");
    buf_reset(&lines);
    transcript_got(&t, "250-a\r\n250 b\x1b[2J\r\n", 18);
    is_str(lines.data, "< 250-a|< 250 b\\x1b[2J|", "what was read, printable, line by line");
    buf_reset(&lines);
    transcript_note(&t, "%s %d", "TLS1.3\n", 7);
    is_str(lines.data, "* TLS1.3\\n 7|", "a note is one line");
    buf_reset(&lines);
    t.show = NULL;
    transcript_sent(&t, "a", 1, false, 0);
    transcript_text(&t, 1);
    transcript_got(&t, "a", 1);
    transcript_note(&t, "a");
    transcript_sent(NULL, "a", 1, false, 0);
    transcript_text(NULL, 1);
    transcript_got(NULL, "a", 1);
    transcript_note(NULL, "a");
    transcript_secret(NULL, "abcdef", 6);
    is_str(lines.data, "", "nothing is shown to nobody");
    transcript_free(&t);
    buf_free(&lines);
}

int main(void)
{
    test_scrub();
    test_show();
    return done_testing();
}
