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

struct row {
    const char *in;
    const char *want;
    const char *why;
};

static void check_rows(const struct transcript *t, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct buf b;

        buf_init(&b, 1000);
        buf_adds(&b, rows[i].in);
        is_int(transcript_scrub(t, &b), strcmp(rows[i].in, rows[i].want) != 0, rows[i].why);
        is_str(b.data, rows[i].want, "... text");
        buf_free(&b);
    }
}

#define CHECK(t, rows) check_rows((t), (rows), sizeof(rows) / sizeof((rows)[0]))

/*
 * Secrets: hunter22, aaaa, abcdef, defghi, "two words", one of 40 octets, and the response of PLAIN
 * for alice.
 */
static const struct row anywhere[] = {
    {"", "", "nothing"},
    {"5.7.8 no", "5.7.8 no", "nothing secret"},
    {"bad hunter22", "bad ***", "at the end"},
    {"hunter22 is bad", "*** is bad", "at the start"},
    {"hunter22hunter22", "******", "twice"},
    {"hunter2", "hunter2", "not all of it"},
    {"HUNTER22", "***", "in other letters"},
    {"aHVudGVyMjI= bad", "*** bad", "in base64"},
    {"aHVudGVyMjI bad", "*** bad", "in base64, padding cut off"},
    {"AHVUDGVYMJI", "***", "in base64 that somebody made small or large"},
    {"AGFsaWNlAGh1bnRlcjIy", "***", "the response of PLAIN"},
    {"Ym9iAGh1bnRlcjIyIQ==", "Ym9iAG***IQ==", "in base64, one octet behind a border"},
    {"Ym9iYgBodW50ZXIyMiE=", "Ym9iYgB***iE=", "in base64, two octets behind a border"},
    {"Ym8AaHVudGVyMjIhIQ==", "Ym8A***hIQ==", "in base64, at a border"},
    {"xabcdefghix", "x***x", "two that overlap leave nothing between them"},
    {"aaaaaaa", "***", "one that overlaps itself"},
    {"abcdef\ndefghi", "***\n***", "two in two lines"},
    {"***hunter22", "******", "behind stars"},
    {"bad hunt\ner22 bad", "bad *** bad", "over a line end"},
    {"bad hunt\r\ner22 bad", "bad *** bad", "over CR LF"},
    {"bad hunt \t\r\n  er22 bad", "bad *** bad", "over a folded line"},
    {"h\nu\nn\nt\ne\nr\n2\n2", "***", "an octet a line"},
    {"hunt\n\n\ner22", "***", "over empty lines"},
    {"535-bad hunt\r\n535 er22 bad", "535-bad *** bad", "over a reply code"},
    {"5.7.8 hunt\n5.7.8 er22", "5.7.8 ***", "over an enhanced code"},
    {"535-5.7.8 hunt\n535 5.7.8 er22", "535-5.7.8 ***", "over both"},
    {"hunter\n22 is bad", "*** is bad", "what looks like no code is none"},
    {"hunt\n53 er22", "hunt\n53 er22", "two digits are no code"},
    {"hunt\n5.7 er22", "hunt\n5.7 er22", "two numbers are no enhanced code"},
    {"aHVudG\r\n Vy\r\n MjI=", "***", "base64 in lines"},
    {"hunt er22", "hunt er22", "a blank alone is no line end"},
    {"hunt", "hunt", "half of it at the end"},
    {"hunt\n", "hunt\n", "... and a line end"},
    {"hunt\r", "hunt\r", "... and half a line end"},
    {"hunt\n535", "hunt\n535", "... and half a code"},
    {"\nhunter22\n", "\n***\n", "the line ends around it stay"},
    {"two words", "***", "one with a blank"},
    {"two\r\nwords", "***", "... where the line ends"},
    {"two\r\n words", "***", "... and goes on with it"},
    {"two\n250-words", "***", "... with a code"},
    {"0123456789012345678901234567890123456789", "***", "a long one"},
    {"x01234567890123456789012345678901x", "x***x", "32 octets of it"},
    {"x0123456789012345678901234567890x", "x0123456789012345678901234567890x", "31 are not told"},
    {"abc", "abc", "three octets are no secret"},
    {"YWJj", "***", "but their base64 is"},
    {"535 hunter hunter2 unter22", "535 hunter hunter2 unter22", "pieces outside of AUTH"},
};

/* Secrets: hunter22, short77, no, x. */
static const struct row in_login[] = {
    {"bad hunter22", "bad ***", "all of it"},
    {"bad hunter", "bad ***", "the first six"},
    {"bad NTER22!", "bad ***!", "the last six"},
    {"bad unter2", "bad ***", "six in the middle"},
    {"bad hunte nter2", "bad hunte nter2", "five"},
    {"bad hun\r\n535 5.7.8 ter bad", "bad *** bad", "six over a line end"},
    {"xhunterhunter2", "x******", "pieces side by side"},
    {"VudGVy", "***", "six of the base64"},
    {"short77", "***", "a shorter secret whole"},
    {"short7", "short7", "... not in pieces"},
    {"no such user", "* such user", "a word that is a secret"},
    {"such No", "such *", "... in other letters, at the end"},
    {"(no)", "(*)", "... between signs"},
    {"not nono know n o", "not nono know n o", "... no part of a word"},
    {"x ax xa x", "* ax xa *", "one letter"},
    {"no\xc3\xa9", "no\xc3\xa9", "... nor before letters beyond ASCII"},
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
    transcript_secret(&t, "two words", 9);
    transcript_secret(&t, "0123456789012345678901234567890123456789", 40);
    transcript_secret(&t, "\0alice\0hunter22", 15);
    transcript_secret(&t, "abc", 3);
    transcript_secret(&t, "", 0);
    CHECK(&t, anywhere);
    buf_init(&b, 1000);
    buf_adds(&b, "hunter22");
    ok(!transcript_scrub(NULL, &b), "no transcript, no scrubbing");
    buf_free(&b);
    transcript_free(&t);
    is_int((long long)t.secrets.n, 0, "freed");
    transcript_init(&t, NULL, NULL);
    transcript_secret(&t, "hunter22", 8);
    transcript_secret(&t, "short77", 7);
    transcript_secret(&t, "no", 2);
    transcript_secret(&t, "x", 1);
    transcript_in_login(&t, true);
    CHECK(&t, in_login);
    transcript_in_login(&t, false);
    buf_init(&b, 1000);
    buf_adds(&b, "hunter is no x");
    ok(!transcript_scrub(&t, &b), "neither pieces nor words behind the login");
    buf_free(&b);
    transcript_free(&t);
}

/* A session that waits for its login may be passed on with it. */
static void test_move(void)
{
    struct transcript from, to;

    transcript_init(&from, NULL, NULL);
    transcript_secret(&from, "hunter22", 8);
    transcript_secret(&from, "short77", 7);
    transcript_secret(&from, "no", 2);
    transcript_secret(&from, "x", 1);
    transcript_in_login(&from, true);
    for (int hops = 0; hops < 2; hops++) { /* to one without secrets, and to one that has one */
        transcript_init(&to, NULL, NULL);
        if (hops == 1)
            transcript_secret(&to, "hunter22", 8);
        transcript_move_secrets(&from, &to);
        is_int((long long)from.secrets.n, 0, "nothing stays behind");
        CHECK(&to, in_login);
        transcript_free(&from);
        from = to;
    }
    transcript_free(&from);
}

/* The most that a server can make of it: the longest reply, full of what nearly is a secret. */
static void test_bounds(void)
{
    static const char *const fills[] = {"a", " ", "\n", "a\n", "aaaaaaab", "\n250-5.7.8 a"};
    struct transcript t;
    struct buf secret, b;

    buf_init(&secret, 12288);
    while (secret.len < 1000)
        buf_addc(&secret, 'a');
    buf_addc(&secret, 'b');
    transcript_init(&t, NULL, NULL);
    transcript_secret(&t, secret.data, secret.len);
    transcript_in_login(&t, true);
    for (size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
        buf_init(&b, 65536);
        while (buf_adds(&b, fills[i]))
            continue;
        ok(transcript_scrub(&t, &b) == (strchr(fills[i], 'a') != NULL), "64 KiB of fill %zu", i);
        ok(strstr(b.data, "aaaaaa") == NULL, "... and nothing is left");
        buf_free(&b);
    }
    buf_free(&secret);
    transcript_free(&t);
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
    transcript_got(&t, 250, "a\nb\x1b[2J", 7);
    is_str(lines.data, "< 250-a|< 250 b\\x1b[2J|", "what was read, printable, line by line");
    buf_reset(&lines);
    transcript_note(&t, "%s %d", "TLS1.3\n", 7);
    is_str(lines.data, "* TLS1.3\\n 7|", "a note is one line");
    buf_reset(&lines);
    t.show = NULL;
    transcript_sent(&t, "a", 1, false, 0);
    transcript_text(&t, 1);
    transcript_got(&t, 250, "a", 1);
    transcript_note(&t, "a");
    transcript_sent(NULL, "a", 1, false, 0);
    transcript_text(NULL, 1);
    transcript_got(NULL, 250, "a", 1);
    transcript_note(NULL, "a");
    transcript_secret(NULL, "abcdef", 6);
    is_str(lines.data, "", "nothing is shown to nobody");
    transcript_free(&t);
    buf_free(&lines);
}

int main(void)
{
    test_scrub();
    test_move();
    test_bounds();
    test_show();
    return done_testing();
}
