/* test_fixup.c: the header policy, field by field. */
#include "config.h"

#include "mail/fixup.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "mail/header.h"
#include "tap.h"

#define DATE   "Date: Thu, 21 Nov 2024 13:52:00 +0100\n"
#define RDATE  "Resent-Date: Thu, 21 Nov 2024 13:52:00 +0100\n"
#define ID(d)  "Message-ID: <20241121125200.baaaaaaaaaaaacaaaaaaaaaaaa@" d ">\n"
#define RID(d) "Resent-Message-ID: <20241121125200.caaaaaaaaaaaabaaaaaaaaaaaa@" d ">\n"

/* What most rows need to be complete, so that nothing is added. */
#define FULL "From: a@example.org\nDate: x\nMessage-ID: <y>\n"

static char *here_names[] = {(char[]){"localhost"}, (char[]){"laptop"},
                             (char[]){"host.example.net"}};
static char *own_patterns[] = {(char[]){"me@example.org"}, (char[]){"@mine.example.org"}};
static const struct strv here = {here_names, 3, 3}, own = {own_patterns, 2, 2};

static char name[] = "M. E.";

static const char *name_is(void *names)
{
    return names;
}

static const char *login_is(void *names)
{
    (void)names;
    return "me";
}

static int zone_is(int64_t at_s)
{
    (void)at_s;
    return 60;
}

static struct fixup_params params(void)
{
    return (struct fixup_params){.from = "me@example.org",
                                 .own = &own,
                                 .rewrite = REWRITE_BARE,
                                 .full_name = name_is,
                                 .login = login_is,
                                 .names = name,
                                 .zone_minutes = zone_is,
                                 .here = &here,
                                 .now_s = 1732193520,
                                 .random = {1, 2}};
}

static struct message *with_header(const char *text)
{
    struct message *m = message_new();

    buf_adds(&m->header, text);
    return m;
}

static void expect(const char *in, const struct fixup_params *p, const char *want, const char *why)
{
    struct message *m = with_header(in);
    struct fault fault = {0};

    is_int(fixup_apply(m, p, &fault), CAUSE_NONE, why);
    is_str(m->header.data, want, why);
    /* What is mended needs no mending. */
    is_int(fixup_apply(m, p, &fault), CAUSE_NONE, why);
    is_str(m->header.data, want, "and is stable");
    fault_free(&fault);
    message_close(&m);
}

struct row {
    const char *in, *want, *why;
};

static void test_removed(void)
{
    static const struct row rows[] = {
        {"Bcc: x@y\n" FULL, FULL, "Bcc"},
        {"bcc : x@y\n" FULL "BCC\t:\n a,\n b\nbCc:\n", FULL, "in any spelling, folded, repeated"},
        {"Return-Path: <x@y>\n" FULL "return-path:<>\n", FULL, "Return-Path"},
        {FULL "X-Bcc: z\nBccx: z\n", FULL "X-Bcc: z\nBccx: z\n", "but only these"},
        {"Resent-Bcc: x@y\nResent-From: m@n\nResent-Date: d\nResent-Message-ID: i\n" FULL,
         "Resent-From: m@n\nResent-Date: d\nResent-Message-ID: i\n" FULL, "Resent-Bcc"},
    };
    struct fixup_params p = params();

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect(rows[i].in, &p, rows[i].want, rows[i].why);
}

/* Fields of blanks alone: a variable of a script was not set. */
static void test_blank(void)
{
    static const struct row rows[] = {
        {"From:\nDate: \t \nmessage-id :\n \n",
         "From: \"M. E.\" <me@example.org>\n" DATE ID("example.org"), "the three of a message"},
        {"From: \nFrom: a@b.example\nDate: x\n", "From: a@b.example\nDate: x\n" ID("b.example"),
         "another From is there"},
        {"Reply-To:\nSender: \n" FULL, FULL, "Reply-To and Sender"},
        {"To:\nCc: \nSubject:\nX:\n" FULL, "To:\nCc: \nSubject:\nX:\n" FULL, "others stay"},
        {"Resent-From:\nResent-Date:\nResent-Message-ID: \nResent-Sender:\n"
         "Resent-To: x@y\n" FULL,
         "Resent-From: \"M. E.\" <me@example.org>\n" RDATE RID(
             "example.org") "Resent-To: x@y\n" FULL,
         "of a Resent- block"},
        {"Resent-From:\nResent-To: x@y\nResent-From: b@c.example\n" FULL,
         RDATE RID("c.example") "Resent-To: x@y\nResent-From: b@c.example\n" FULL,
         "a blank one does not split a block"},
        {"Resent-From: \nResent-Reply-To:\n" FULL, FULL, "nor makes one"},
        {"DKIM-Signature: x\nReply-To:\nFrom:\nDate:\nMessage-ID:\n",
         "DKIM-Signature: x\nReply-To:\nFrom:\nDate:\nMessage-ID:\n", "signed: as it is"},
        {"From: ()\nDate: x\nMessage-ID: y\n", "From: ()\nDate: x\nMessage-ID: y\n",
         "a comment is no blank"},
    };
    struct fixup_params p = params();

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect(rows[i].in, &p, rows[i].want, rows[i].why);
    p.rewrite = REWRITE_ALWAYS;
    expect("Reply-To: \nFrom: a@o.example\nDate: x\nMessage-ID: y\n", &p,
           "From: a <me@example.org>\nReply-To: a@o.example\nDate: x\nMessage-ID: y\n",
           "a blank Reply-To does not lose the author");
}

static void test_untouched(void)
{
    static const char *const rows[] = {
        FULL "To:  \"A, B\"  <a@b> ,\n\t c@d (x)  \nSubject :  odd   \n folded \n \n",
        FULL "Cc: undisclosed-recipients:;\nX: \x01\x7f\n",
        FULL "From: second@example.org\nDate: again\n",
        FULL "Subject: =?UTF-8?q?=C3=A4?=\n",
        "from: a@example.org\nDATE: x\nmessage-id: <y>\n",
        "From: not an address\nDate: (no)\nMessage-ID: <>\n",
        FULL "Content-Type: text/plain; name=\"\xc3\xa4\"\n",
        FULL "To: \xc3\xa4\xc3\xb6@example.org, root\n",
        FULL "To: \xc3\xa4 \xc3\xb6 <not parsable\n",
        FULL "DKIM-Signature: v=1\nSubject: \xc3\xa4\nTo: \xc3\xa4 <a@b>\n",
    };
    struct fixup_params p = params();

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect(rows[i], &p, rows[i], "not an octet changes");
}

static void test_added(void)
{
    static const struct row rows[] = {
        {"", "From: \"M. E.\" <me@example.org>\n" DATE ID("example.org"), "all three"},
        {"To: x@y\n", "To: x@y\nFrom: \"M. E.\" <me@example.org>\n" DATE ID("example.org"),
         "behind what is there"},
        {"From: A <a@b.example>\n", "From: A <a@b.example>\n" DATE ID("b.example"),
         "the domain of From"},
        {"From: a@b.example, c@d\nDate: x\n", "From: a@b.example, c@d\nDate: x\n" ID("b.example"),
         "of its first mailbox"},
        {"From: a@b\xc3\xbc"
         "cher.example\nDate: x\n",
         "From: a@b\xc3\xbc"
         "cher.example\nDate: x\n" ID("xn--bcher-kva.example"),
         "in ASCII"},
        {"From: a@[192.0.2.1]\nDate: x\n", "From: a@[192.0.2.1]\nDate: x\n" ID("[192.0.2.1]"),
         "a literal"},
        {"From: root\nDate: x\n", "From: root <me@example.org>\nDate: x\n" ID("example.org"),
         "of the final From"},
        {"From: <\nDate: x\n", "From: <\nDate: x\n" ID("example.org"), "From cannot be read"},
        {"From: a@b\nMessage-ID: i\n", "From: a@b\nMessage-ID: i\n" DATE, "only Date"},
    };
    struct fixup_params p = params();

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect(rows[i].in, &p, rows[i].want, rows[i].why);
}

static void test_full_name(void)
{
    static const struct row rows[] = {
        {"", "From: me@example.org\n", "no name"},
        {NULL, "From: me@example.org\n", "not even an empty one"},
        {"CronDaemon", "From: CronDaemon <me@example.org>\n", "-F"},
        {"A\r\nBcc: x@y", "From: \"A  Bcc: x@y\" <me@example.org>\n", "line ends become blanks"},
        {" \x01\x7f ", "From: me@example.org\n", "controls alone are no name"},
        {"say \"hi\"", "From: \"say \\\"hi\\\"\" <me@example.org>\n", "quotes"},
        {"J\xc3\xbcrgen", "From: =?UTF-8?Q?J=C3=BCrgen?= <me@example.org>\n", "RFC 2047"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixup_params p = params();
        char want[200];

        p.names = (void *)(uintptr_t)rows[i].in;
        (void)snprintf(want, sizeof(want), "Date: x\nMessage-ID: y\n%s", rows[i].want);
        expect("Date: x\nMessage-ID: y\n", &p, want, rows[i].why);
    }
}

static void test_resent(void)
{
    static const struct row rows[] = {
        {"Resent-To: x@y\n" FULL,
         "Resent-From: \"M. E.\" <me@example.org>\n" RDATE RID(
             "example.org") "Resent-To: x@y\n" FULL,
         "the block is completed at its start"},
        {"Resent-From: b@c.example\nResent-To: x@y\n" FULL,
         RDATE RID("c.example") "Resent-From: b@c.example\nResent-To: x@y\n" FULL,
         "by its own author's domain"},
        {"Resent-To: x@y\nSubject: s\n",
         "Resent-From: \"M. E.\" <me@example.org>\n" RDATE RID(
             "example.org") "Resent-To: x@y\nSubject: s\nFrom: \"M. E.\" <me@example.org>\n" DATE
             ID("example.org"),
         "and the message too, with another Message-ID"},
        {"Received: r\nResent-To: x@y\n" FULL,
         "Received: r\nResent-From: \"M. E.\" <me@example.org>\n" RDATE RID(
             "example.org") "Resent-To: x@y\n" FULL,
         "not torn apart by a trace field"},
        {"Resent-To: x@y\nResent-To: o@p\nResent-From: o@q\nResent-Date: d\n"
         "Resent-Message-ID: m\n" FULL,
         "Resent-From: \"M. E.\" <me@example.org>\n" RDATE RID(
             "example.org") "Resent-To: x@y\nResent-To: o@p\nResent-From: o@q\nResent-Date: d\n"
                            "Resent-Message-ID: m\n" FULL,
         "an older block is not ours"},
        {"Resent-From: root\nResent-Date: d\nResent-Message-ID: m\nResent-From: root\n"
         "From: root\nDate: x\nMessage-ID: y\n",
         "Resent-From: root <me@example.org>\nResent-Date: d\nResent-Message-ID: m\n"
         "Resent-From: root\nFrom: root <me@example.org>\nDate: x\nMessage-ID: y\n",
         "rewritten in the latest block alone"},
    };
    struct fixup_params p = params();

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect(rows[i].in, &p, rows[i].want, rows[i].why);
}

static void test_rewrite(void)
{
    static const struct {
        const char *in, *no, *bare, *always; /* NULL: as IN */
    } rows[] = {
        {"From: root\n", NULL, "From: root <me@example.org>\n", "From: root <me@example.org>\n"},
        {"From: root (Cron Daemon)\n", NULL, "From: Cron Daemon <me@example.org>\n",
         "From: Cron Daemon <me@example.org>\n"},
        {"from :\t\"(Cron Daemon)\" <root>\n", NULL, "From: \"(Cron Daemon)\" <me@example.org>\n",
         "From: \"(Cron Daemon)\" <me@example.org>\n"},
        {"From: root@LocalHost\n", NULL, "From: root <me@example.org>\n",
         "From: root <me@example.org>\n"},
        {"From: R <root@host.example.net>\n", NULL, "From: R <me@example.org>\n",
         "From: R <me@example.org>\n"},
        {"From: \"a \\\"b\"@laptop\n", NULL, "From: \"a \\\"b\" <me@example.org>\n",
         "From: \"a \\\"b\" <me@example.org>\n"},
        {"From: r\xc3\xb6\n", NULL, "From: =?UTF-8?B?csO2?= <me@example.org>\n",
         "From: =?UTF-8?B?csO2?= <me@example.org>\n"},
        {"From: me@EXAMPLE.org (odd)\n", NULL, NULL, NULL},
        {"From: any@mine.example.org\n", NULL, NULL, NULL},
        {"From: A B <a@other.example>\n", NULL, NULL,
         "From: A B <me@example.org>\nReply-To: A B <a@other.example>\n"},
        {"From: a@other.example\n", NULL, NULL,
         "From: a <me@example.org>\nReply-To: a@other.example\n"},
        {"From: \xc3\xa4 <a@o.example>,\n b@o.example\n",
         "From: =?UTF-8?B?w6Q=?= <a@o.example>,\n"
         " b@o.example\n",
         "From: =?UTF-8?B?w6Q=?= <a@o.example>,\n b@o.example\n",
         "From: =?UTF-8?B?w6Q=?= <me@example.org>\n"
         "Reply-To: =?UTF-8?B?w6Q=?= <a@o.example>,\n b@o.example\n"},
        {"Reply-To: r@o.example\nFrom: a@o.example\n", NULL, NULL,
         "Reply-To: r@o.example\nFrom: a <me@example.org>\n"},
        {"From: root, a@o.example\n", NULL, "From: root <me@example.org>,\n a@o.example\n",
         "From: root <me@example.org>\nReply-To: root, a@o.example\n"},
        {"From: me@example.org, a@o.example\n", NULL, NULL, NULL},
        {"From: g: ;\n", NULL, NULL, NULL},
        {"From: a b c\n", NULL, NULL, NULL},
        {"DKIM-Signature: x\nFrom: root\n", NULL,
         "DKIM-Signature: x\nFrom: root <me@example.org>\n",
         "DKIM-Signature: x\nFrom: root <me@example.org>\n"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *want[] = {rows[i].no, rows[i].bare, rows[i].always};

        for (int how = REWRITE_NO; how <= REWRITE_ALWAYS; how++) {
            static const char rest[] = "Date: x\nMessage-ID: y\n";
            struct fixup_params p = params();
            char in[300], out[300], why[40];

            p.rewrite = (enum fixup_rewrite)how;
            (void)snprintf(in, sizeof(in), "%s%s", rest, rows[i].in);
            (void)snprintf(out, sizeof(out), "%s%s", rest, want[how] ? want[how] : rows[i].in);
            (void)snprintf(why, sizeof(why), "rewrite %d, row %zu", how, i);
            expect(in, &p, out, why);
        }
    }
}

static void test_star(void)
{
    char *star[] = {(char[]){"*"}};
    const struct strv all = {star, 1, 1};
    struct fixup_params p = params();

    p.own = &all;
    p.rewrite = REWRITE_ALWAYS;
    expect("Date: x\nMessage-ID: y\nFrom: a@other.example\n", &p,
           "Date: x\nMessage-ID: y\nFrom: a@other.example\n", "match = * owns the world");
    expect("Date: x\nMessage-ID: y\nFrom: root@localhost\n", &p,
           "Date: x\nMessage-ID: y\nFrom: root <me@example.org>\n", "but not this host");
    p.own = p.here = NULL;
    expect("Date: x\nMessage-ID: y\nFrom: me@example.org\n", &p,
           "Date: x\nMessage-ID: y\nFrom: me@example.org\n", "no lists at all");
}

/* -f names a missing author; what is rewritten becomes the account's all the same. */
static void test_account(void)
{
    struct fixup_params p = params();

    p.from = "sender@other.example";
    p.account = "me@example.org";
    expect("Date: x\nMessage-ID: y\nFrom: root\n", &p,
           "Date: x\nMessage-ID: y\nFrom: root <me@example.org>\n", "a local author");
    expect("Date: x\nMessage-ID: y\n", &p,
           "Date: x\nMessage-ID: y\nFrom: \"M. E.\" <sender@other.example>\n", "a missing one");
}

static void test_qualified(void)
{
    static const struct row rows[] = {
        {"To: root\n", "To: root@d.example\n", "a bare one"},
        {"cc :\troot ,\n a@b, (x) \"c d\" (y)\n",
         "cc :\troot@d.example ,\n a@b, (x) \"c d\"@d.example (y)\n", "nothing else changes"},
        {"Reply-To: R <root>\nSender: <s>\n",
         "Reply-To: R <root@d.example>\nSender: <s@d.example>\n", "in brackets"},
        {"To: g: a, b@c;, d\n", "To: g: a@d.example, b@c;, d@d.example\n", "in a group"},
        {"To: J\xc3\xbcrgen <j>, a\n", "To: =?UTF-8?Q?J=C3=BCrgen?= <j@d.example>, a@d.example\n",
         "with a name to encode"},
        {"To: j (J\xc3\xbcrgen)\n", "To: =?UTF-8?Q?J=C3=BCrgen?= <j@d.example>\n",
         "with a comment to encode"},
        {"To: a b\n", "To: a b\n", "what does not parse stays"},
        {"To: root, <a@b\n", "To: root, <a@b\n", "all of it"},
        {"Errors-To: root\nX-To: root\n", "Errors-To: root\nX-To: root\n", "other fields stay"},
    };
    struct fixup_params p = params();
    char in[300], want[300];

    p.domain = "d.example";
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        (void)snprintf(in, sizeof(in), FULL "%s", rows[i].in);
        (void)snprintf(want, sizeof(want), FULL "%s", rows[i].want);
        expect(in, &p, want, rows[i].why);
    }
    expect(FULL "DKIM-Signature: x\nTo: root\n", &p, FULL "DKIM-Signature: x\nTo: root\n",
           "a signed message is not changed for looks");
    p.rewrite = REWRITE_ALWAYS;
    expect("Date: x\nMessage-ID: y\nFrom: root, a@o.example\n", &p,
           "Date: x\nMessage-ID: y\nFrom: root <me@example.org>\n"
           "Reply-To: root@d.example, a@o.example\n",
           "a Reply-To made from From");
    p.rewrite = REWRITE_BARE;
    p.domain = "D.Example";
    expect(FULL "To: root\n", &p, FULL "To: root@D.Example\n", "the domain as it was set");
}

static void test_8bit(void)
{
    static const struct row rows[] = {
        {"Subject: \xc3\xa4\n", "Subject: =?UTF-8?B?w6Q=?=\n", "Subject"},
        {"subject :plain \xc3\xa4\n", "subject :plain =?UTF-8?B?w6Q=?=\n", "name as written"},
        {"X-Any: \xe4\n", "X-Any: =?unknown-8bit?Q?=E4?=\n", "not UTF-8"},
        {"To: A <a@b>, \xc3\x84 \xc3\x96 <c@d> , <e@f>\n",
         "To: A <a@b>, =?UTF-8?B?w4Qgw5Y=?= <c@d> , <e@f>\n", "only the name that needs it"},
        {"To: \"\xc3\xa4, x\" <a@b>\n", "To: =?UTF-8?B?w6QsIHg=?= <a@b>\n", "quoted"},
        {"To: \xc3\xa4 <\xc3\xb6@b>\n", "To: =?UTF-8?B?w6Q=?= <\xc3\xb6@b>\n", "the address stays"},
        {"To: \xc3\xb6@b\n", "To: \xc3\xb6@b\n", "an address alone stays"},
        {"Disposition-Notification-To: \xc3\xa4 <a@b>\n",
         "Disposition-Notification-To: =?UTF-8?B?w6Q=?= <a@b>\n", "any address field"},
    };
    struct fixup_params p = params();
    char in[300], want[300];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        (void)snprintf(in, sizeof(in), FULL "%s", rows[i].in);
        (void)snprintf(want, sizeof(want), FULL "%s", rows[i].want);
        expect(in, &p, want, rows[i].why);
    }
}

/* A body beyond ASCII that says nothing of itself. */
static void test_mime_fields(void)
{
#define VERSION "MIME-Version: 1.0\n"
#define PLAIN   "Content-Type: text/plain; charset=utf-8\n"
#define UNKNOWN "Content-Type: text/plain; charset=unknown-8bit\n"
#define EIGHT   "Content-Transfer-Encoding: 8bit\n"
    static const struct {
        const char *in, *utf8, *other, *why; /* UTF8 and OTHER: what is added */
    } rows[] = {
        {"", VERSION PLAIN EIGHT, VERSION UNKNOWN EIGHT, "no MIME field: all three"},
        {"Content-Language: zh\n", VERSION PLAIN EIGHT, VERSION UNKNOWN EIGHT, "no one of them"},
        {"Mime-version: 1.0\n", PLAIN EIGHT, UNKNOWN EIGHT, "a version: the two others"},
        {VERSION "Content-Type: text/html\n", EIGHT, EIGHT, "a text: its encoding"},
        {VERSION "Content-Type: TEXT/html\n" EIGHT, "", "", "MIME: left alone"},
        {VERSION "Content-Type: multipart/mixed; boundary=x\n", "", "", "parts: left alone"},
        {VERSION "Content-Type: textual/x\n", "", "", "no text"},
        {VERSION "Content-Type: text\n", "", "", "half a type: left alone"},
        {VERSION "Content-Transfer-Encoding: base64\n", "", "", "an encoding: left alone"},
        {"Content-Type: image/png\n", VERSION, VERSION, "no text: its version"},
        {"content-type :\n text/html; charset=gbk\n", VERSION EIGHT, VERSION EIGHT,
         "a text: its version and encoding"},
        {"Content-Type:text/plain\nContent-Transfer-Encoding:\n", VERSION, VERSION,
         "an encoding that says nothing"},
        {"Content-Type: text/x\n" EIGHT, VERSION, VERSION, "a type and an encoding"},
        {"Content-Type: text\n", "", "", "a type from before MIME"},
        {"Content-Type:\n", "", "", "a type that says nothing"},
        {EIGHT, "", "", "an encoding alone"},
        {"DKIM-Signature: x\n", "", "", "signed: nothing"},
        {"DKIM-Signature: x\n" VERSION, "", "", "signed, with a version: nothing"},
        {"DKIM-Signature: x\nContent-Type: text/html\n", "", "", "signed, with a type: nothing"},
    };
    struct fixup_params p = params();
    char in[300], want[300];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (int how = 0; how < 3; how++) {
            const char *const added[] = {"", rows[i].other, rows[i].utf8};
            struct message *m;
            struct fault why = {0};

            (void)snprintf(in, sizeof(in), FULL "%s", rows[i].in);
            (void)snprintf(want, sizeof(want), "%s%s", in, added[how]);
            m = with_header(in);
            m->body.eight_bit = how > 0;
            m->body.utf8 = how != 1;
            for (int turn = 0; turn < 2; turn++) {
                is_int(fixup_apply(m, &p, &why), CAUSE_NONE, rows[i].why);
                is_str(m->header.data, want, rows[i].why);
            }
            message_close(&m);
        }
    }
}

static void test_limits(void)
{
    struct fixup_params p = params();
    struct message *m = with_header("To: a@b\nX: ");
    struct fault why = {0};
    struct header_field f;
    size_t before;

    while (m->header.len < LIMIT_HEADER - 1)
        buf_addc(&m->header, m->header.len % 50 == 0 ? ' ' : 'x');
    buf_addc(&m->header, '\n');
    before = m->header.len;
    is_int(fixup_apply(m, &p, &why), CAUSE_BAD_MESSAGE, "no room for what is missing");
    is_int((long long)m->header.len, (long long)before, "the message stays as it was");
    buf_cut(&m->header, LIMIT_HEADER / 2);
    buf_addc(&m->header, '\n');
    is_int(fixup_apply(m, &p, &why), CAUSE_NONE, "half of it is well");
    ok(header_find(m->header.data, m->header.len, "X", &f) &&
           memchr(f.body, '\n', f.body_len) != NULL,
       "the endless line is folded");
    fault_free(&why);
    message_close(&m);
}

static void test_from(void)
{
    static const struct {
        const char *in, *name, *spec;
    } rows[] = {
        {"From: A <a@b>, c@d\nFrom: e@f\n", "A", "a@b"},
        {"To: x\n", NULL, NULL},
        {"From:\n", NULL, NULL},
        {"From: \nFrom: a@b\n", "", "a@b"},
        {"Resent-From:\nFrom: a@b\n", "", "a@b"},
        {"From: a b\n", NULL, NULL},
        {"From: g:;\n", NULL, NULL},
        {"From: root\n", "", "root"},
        {"Resent-From: r@s\nFrom: a@b\n", "", "r@s"},
        {"Resent-To: r@s\nFrom: a@b\n", NULL, NULL},
        {"Resent-To: r@s\nReceived: x\nResent-From: o@p\nFrom: a@b\n", NULL, NULL},
        {"Resent-To: r@s\nResent-To: o@p\nResent-From: o@p\nFrom: a@b\n", NULL, NULL},
        {"Received: x\nSubject: y\nResent-To: r@s\nX: y\nResent-From: o@p\n", "", "o@p"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct message *m = with_header(rows[i].in);
        struct addr from;

        ok(fixup_from(m, &from) == (rows[i].spec != NULL), "%zu: found or not", i);
        is_str(from.name, rows[i].name, "name");
        is_str(from.spec, rows[i].spec, "spec");
        addr_free(&from);
        message_close(&m);
    }
}

static void test_recipients(void)
{
    static const struct {
        const char *in, *want;
    } rows[] = {
        {"", ""},
        {"To: a@b\nCc: c@d\nBcc: e@f\n", "a@b c@d e@f "},
        {"bcc : a@b,\n c@d\nX: y\nTO: e@f\nto:g@h\n", "a@b c@d e@f g@h "},
        {"To: g: a@b, root; , \"x y\"@z\n", "a@b root \"x y\"@z "},
        {"To: undisclosed-recipients:;\nFrom: x@y\nReply-To: x@y\n", ""},
        {"To: (a@b) <c@d>, \"e@f\" <g@h>\n", "c@d g@h "},
        {"Resent-To: r@s\nTo: a@b\nBcc: c@d\nResent-Bcc: t@u\n", "r@s t@u "},
        {"Resent-From: m@n\nResent-To: r@s\nResent-From: o@p\nResent-To: q@p\nTo: a@b\n", "r@s "},
        {"Resent-To: r@s\nReceived: x\nResent-Cc: q@p\nTo: a@b\n", "r@s "},
        {"Received: x\nResent-To: r@s\nTo: a@b\n", "r@s "},
        {"Resent-From: m@n\nTo: a@b\n", ""},
        {"Resent-From: \nTo: a@b\n", "a@b "},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct message *m = with_header(rows[i].in);
        struct addr_list list = {0};
        struct fault why = {0};
        struct buf got;

        buf_init(&got, 1000);
        is_int(fixup_recipients(m, &list, &why), CAUSE_NONE, "parsed");
        for (size_t j = 0; j < list.n; j++)
            buf_addf(&got, "%s ", list.v[j].spec);
        is_str(got.data, rows[i].want, "these");
        buf_free(&got);
        addr_list_free(&list);
        fault_free(&why);
        message_close(&m);
    }
}

static void test_bad_recipients(void)
{
    struct message *m = with_header("To: a@b\ncc: c d@e, x@y\n");
    struct addr_list list = {0};
    struct fault why = {0};

    is_int(fixup_recipients(m, &list, &why), CAUSE_BAD_ADDRESS, "two words");
    ok(strstr(why.text.data, "the Cc field: ") == why.text.data, "the field is named: %s",
       why.text.data);
    addr_list_free(&list);
    fault_free(&why);
    message_close(&m);
}

int main(void)
{
    test_removed();
    test_blank();
    test_untouched();
    test_added();
    test_full_name();
    test_resent();
    test_rewrite();
    test_star();
    test_account();
    test_qualified();
    test_8bit();
    test_mime_fields();
    test_limits();
    test_from();
    test_recipients();
    test_bad_recipients();
    return done_testing();
}
