/* test_caps.c: EHLO keywords as servers write them. */
#include "config.h"

#include "smtp/caps.h"

#include <inttypes.h>

#include "base/limits.h"
#include "tap.h"

/* The bools in the order of the letters "8 A C D E P Q S U T". */
static void letters(const struct caps *c, char out[16])
{
    size_t n = 0;

    if (c->eightbitmime)
        out[n++] = '8';
    if (c->auth)
        out[n++] = 'A';
    if (c->chunking)
        out[n++] = 'C';
    if (c->dsn)
        out[n++] = 'D';
    if (c->enhanced)
        out[n++] = 'E';
    if (c->pipelining)
        out[n++] = 'P';
    if (c->requiretls)
        out[n++] = 'Q';
    if (c->size)
        out[n++] = 'S';
    if (c->smtputf8)
        out[n++] = 'U';
    if (c->starttls)
        out[n++] = 'T';
    out[n] = '\0';
}

#define PLAIN (1u << SASL_PLAIN)
#define LOGIN (1u << SASL_LOGIN)

static const struct {
    const char *lines; /* without codes */
    const char *flags;
    unsigned mechanisms;
    uint64_t size_max, rcpt_max, mail_max;
    const char *why;
} rows[] = {
    {"mail.example.org", "", 0, 0, 0, 0, "nothing offered"},
    {"PIPELINING SIZE AUTH", "", 0, 0, 0, 0, "the first line only greets"},
    {"h\nPIPELINING\n8BITMIME\nCHUNKING\nSMTPUTF8\nDSN\nENHANCEDSTATUSCODES\nREQUIRETLS\nSTARTTLS",
     "8CDEPQUT", 0, 0, 0, 0, "all flags"},
    {"h\npipelining\nStartTls\n8BitMime", "8PT", 0, 0, 0, 0, "any case"},
    {"h\n  PIPELINING  \n\tDSN\t", "DP", 0, 0, 0, 0, "odd spacing"},
    {"h\nPIPELININGX\nXPIPELINING\nPIPELININ", "", 0, 0, 0, 0, "whole words only"},
    {"h\nX-PIPELINING PIPELINING", "", 0, 0, 0, 0, "a keyword begins its line"},
    {"h\nSIZE 35882577", "S", 0, 35882577, 0, 0, "SIZE with a number"},
    {"h\nSIZE", "S", 0, 0, 0, 0, "SIZE without"},
    {"h\nSIZE 0", "S", 0, 0, 0, 0, "SIZE 0: no limit"},
    {"h\nSIZE   1000  ", "S", 0, 1000, 0, 0, "SIZE with blanks"},
    {"h\nSIZE 10MB", "S", 0, 0, 0, 0, "SIZE with no number"},
    {"h\nSIZE -1", "S", 0, 0, 0, 0, "SIZE below nothing"},
    {"h\nSIZE 99999999999999999999999", "S", 0, 0, 0, 0, "SIZE past 64 bits"},
    {"h\nAUTH PLAIN LOGIN", "A", PLAIN | LOGIN, 0, 0, 0, "AUTH"},
    {"h\nAUTH=LOGIN PLAIN", "A", PLAIN | LOGIN, 0, 0, 0, "AUTH= of old servers"},
    {"h\nAUTH=LOGIN", "A", LOGIN, 0, 0, 0, "AUTH= with one"},
    {"h\nauth=\n", "A", 0, 0, 0, 0, "AUTH= with none"},
    {"h\nAUTH= PLAIN", "A", PLAIN, 0, 0, 0, "AUTH= with a blank"},
    {"h\nAUTH plain  login ", "A", PLAIN | LOGIN, 0, 0, 0, "AUTH in small letters"},
    {"h\nAUTH", "A", 0, 0, 0, 0, "AUTH with none"},
    {"h\nAUTH PLAINX XPLAIN LOGIN-2 PLAI", "A", 0, 0, 0, 0, "R17: mechanisms match whole"},
    {"h\nAUTH LOGIN\nAUTH=LOGIN PLAIN", "A", PLAIN | LOGIN, 0, 0, 0, "two lines add up"},
    {"h\nAUTH GSSAPI NTLM", "A", 0, 0, 0, 0, "only unknown ones"},
    {"h\nAUTHX PLAIN", "", 0, 0, 0, 0, "not AUTH"},
    {"h\nLIMITS RCPTMAX=20 MAILMAX=5", "", 0, 0, 20, 5, "LIMITS"},
    {"h\nlimits mailmax=5 x=1 rcptmax=20", "", 0, 0, 20, 5, "LIMITS in any order"},
    {"h\nLIMITS RCPTMAX=x MAILMAX=", "", 0, 0, 0, 0, "LIMITS without numbers"},
    {"h\n\n\nDSN", "D", 0, 0, 0, 0, "empty lines"},
    {"h\nDSN\r", "D", 0, 0, 0, 0, "a stray CR"},
};

static void test_128_lines(void)
{
    struct fault why = {0};
    struct reply r;
    struct caps c;
    struct buf in;
    size_t used;

    buf_init(&in, LIMIT_REPLY);
    buf_adds(&in, "250-mail.example.org\r\n");
    for (int i = 0; i < LIMIT_REPLY_LINES - 2; i++)
        buf_addf(&in, "250-XWORD%d\r\n", i);
    buf_adds(&in, "250 PIPELINING\r\n");
    reply_init(&r);
    is_int(reply_parse(in.data, in.len, false, &r, &used, &why), REPLY_WHOLE, "128 lines parse");
    caps_parse(&c, &r);
    ok(c.esmtp && c.pipelining, "... and the last one counts");
    reply_free(&r);
    buf_free(&in);
    fault_free(&why);
}

static void test_words(void)
{
    struct reply r;
    struct buf out;

    reply_init(&r);
    buf_init(&out, 1000);
    buf_adds(&r.text, "h\nSIZE 100\nAUTH PLAIN NTLM\nauth=Login\n8BITMIME");
    caps_keywords(&r, &out);
    is_str(out.data, "SIZE AUTH auth=Login 8BITMIME", "keywords as the server wrote them");
    buf_reset(&out);
    caps_mechanisms(&r, &out);
    is_str(out.data, "PLAIN NTLM Login", "mechanisms, unknown ones too");
    buf_free(&out);
    reply_free(&r);
}

static uint64_t offers_of(const char *lines)
{
    struct reply r;
    struct caps c;

    reply_init(&r);
    buf_adds(&r.text, lines);
    caps_parse(&c, &r);
    reply_free(&r);
    return c.offers;
}

/* What tells changed from unchanged offers: the words, and nothing else. */
static void test_offers(void)
{
    static const char base[] = "mail.example.org\nPIPELINING\nSIZE 1000\nAUTH PLAIN LOGIN";
    static const struct {
        const char *lines, *why;
        bool same;
    } others[] = {
        {"mx7.example.org greets you\nPIPELINING\nSIZE 1000\nAUTH PLAIN LOGIN", "another greeting",
         true},
        {"h\nPIPELINING \nSIZE  1000\n AUTH PLAIN LOGIN\r", "other blanks", true},
        {"h\nPIPELINING\nSIZE 1001\nAUTH PLAIN LOGIN", "another number", false},
        {"h\nPIPELINING\nSIZE 1000\nAUTH PLAIN", "a mechanism less", false},
        {"h\nPIPELINING\nSIZE 1000\nAUTH PLAIN LOGIN\nCHUNKING", "a keyword more", false},
        {"h\nPIPELINING\nAUTH PLAIN LOGIN", "a keyword less", false},
        {"h\nPIPELINING SIZE 1000\nAUTH PLAIN LOGIN", "words of two lines in one", false},
        {"h\nPIPELINING\nSIZE1000\nAUTH PLAIN LOGIN", "words run together", false},
        {"h", "nothing", false},
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        ok((offers_of(others[i].lines) == offers_of(base)) == others[i].same, "offers: %s",
           others[i].why);
    /* FNV-1a: the basis, and of "a \n" by hand. */
    ok(offers_of("h") == UINT64_C(0xcbf29ce484222325), "nothing is the basis");
    ok(offers_of("h\na") ==
           (((UINT64_C(0xaf63dc4c8601ec8c) ^ ' ') * UINT64_C(0x100000001b3)) ^ '\n') *
               UINT64_C(0x100000001b3),
       "known vector of FNV-1a");
}

int main(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct reply r;
        struct caps c;
        char flags[16];

        memset(&c, 0xff, sizeof(c));
        reply_init(&r);
        buf_adds(&r.text, rows[i].lines);
        caps_parse(&c, &r);
        letters(&c, flags);
        is_str(flags, rows[i].flags, rows[i].why);
        ok(c.mechanisms == rows[i].mechanisms && c.size_max == rows[i].size_max &&
               c.rcpt_max == rows[i].rcpt_max && c.mail_max == rows[i].mail_max,
           "... numbers (%u %" PRIu64 " %" PRIu64 " %" PRIu64 ")", c.mechanisms, c.size_max,
           c.rcpt_max, c.mail_max);
        reply_free(&r);
    }
    test_128_lines();
    test_words();
    test_offers();
    return done_testing();
}
