/* test_xfer.c: envelopes against scripted servers: what is said, in which groups, and the fates. */
#include "config.h"

#include "smtp/xfer.h"

#include <sys/mman.h>

#include "talk_script.h"
#include "tap.h"

enum {
    LMTP = 1,
    ABORT = 2,    /* partial = abort */
    LOCKSTEP = 4, /* pipelining = off */
    TWO = 8,      /* max_recipients = 2 */
    BODY_8BIT = 16,
    DSN = 32,
    NULL_SENDER = 64,
    NO_TIME = 128, /* for the reply to the end of the message */
    UTF8_SENDER = 256,
    BAD_RCPT = 512, /* the second address holds a line end */
    UTF8_RCPT = 1024,
    BROKEN = 2048, /* the state at the end */
};

struct row {
    const char *why;
    int flags;
    const char *offers; /* behind "250-mail.example.org", lines with codes */
    size_t rcpts;
    const char *script; /* behind EHLO */
    const char *fates;  /* A, L, N for each recipient, then the return cause's name */
    const char *causes; /* of the recipients not accepted, with blanks between */
    const char *tail;
};

#define NOTHING "250 HELP"
#define PIPE    "250 PIPELINING"
#define QUIT    "QUIT\r\n"
#define MAIL    "< MAIL FROM:<alice@example.org>\n"
#define R0      "< RCPT TO:<r0@example.org>\n"
#define R1      "< RCPT TO:<r1@example.org>\n"
#define R2      "< RCPT TO:<r2@example.org>\n"
#define DATA    "< DATA\n"
#define OK      "> 250 ok\n"
#define GO      "> 354 go\n"
#define TEXT    ".\n"

static const struct row rows[] = {
    /* how commands are grouped */
    {"lock step", 0, NOTHING, 1, MAIL OK R0 OK DATA GO TEXT OK, "A none", "", QUIT},
    {"one group, one text", 0, PIPE, 2, MAIL R0 R1 DATA OK OK OK GO TEXT OK, "AA none", "", QUIT},
    {"pipelining = off", LOCKSTEP, PIPE, 2, MAIL OK R0 OK R1 OK DATA GO TEXT OK, "AA none", "",
     QUIT},
    {"251 and 252 accept", 0, PIPE, 2, MAIL R0 R1 DATA OK "> 251 fwd\n> 252 may be\n" GO TEXT OK,
     "AA none", "", QUIT},
    {"the null sender", NULL_SENDER, NOTHING, 1, "< MAIL FROM:<>\n" OK R0 OK DATA GO TEXT OK,
     "A none", "", QUIT},
    {"two at a time, no RSET between", TWO, PIPE, 3,
     MAIL R0 R1 DATA OK OK OK GO TEXT OK MAIL R2 DATA OK OK GO TEXT OK, "AAA none", "", QUIT},
    {"RSET behind a refusal, in the group", TWO, PIPE, 3,
     MAIL R0 R1 DATA OK OK OK GO TEXT "> 550 no\n< RSET\n" MAIL R2 DATA OK OK OK GO TEXT OK,
     "NNA none", "message-refused message-refused", QUIT},
    {"RSET refused", TWO | BROKEN, NOTHING, 3,
     MAIL OK R0 "> 550 no\n" R1 "> 550 no\n< RSET\n> 500 what\n", "NNL protocol",
     "rcpt-refused rcpt-refused protocol", ""},
    {"LIMITS RCPTMAX", 0, "250-LIMITS RCPTMAX=1\n> 250 PIPELINING", 2,
     MAIL R0 DATA OK OK GO TEXT OK MAIL R1 DATA OK OK GO TEXT OK, "AA none", "", QUIT},
    /* parameters */
    {"SIZE", 0, "250 SIZE 99", 1,
     "< MAIL FROM:<alice@example.org> SIZE=51\n" OK R0 OK DATA GO TEXT OK, "A none", "", QUIT},
    {"SIZE without a number", 0, "250 SIZE", 1,
     "< MAIL FROM:<alice@example.org> SIZE=51\n" OK R0 OK DATA GO TEXT OK, "A none", "", QUIT},
    {"just the SIZE", 0, "250 SIZE 51", 1,
     "< MAIL FROM:<alice@example.org> SIZE=51\n" OK R0 OK DATA GO TEXT OK, "A none", "", QUIT},
    {"R20: over the SIZE, nothing is said", 0, "250 SIZE 50", 2, "", "NN none", "too-big too-big",
     QUIT},
    {"8BITMIME where it is needed", BODY_8BIT, "250 8BITMIME", 1,
     "< MAIL FROM:<alice@example.org> BODY=8BITMIME\n" OK R0 OK DATA GO TEXT OK, "A none", "",
     QUIT},
    {"8BITMIME where it is not", 0, "250 8BITMIME", 1, MAIL OK R0 OK DATA GO TEXT OK, "A none", "",
     QUIT},
    {"8-bit text and no 8BITMIME", BODY_8BIT, NOTHING, 1, "", "N none", "needs-armor", QUIT},
    {"SMTPUTF8 for the recipient", UTF8_RCPT, "250 SMTPUTF8", 2,
     "< MAIL FROM:<alice@example.org> SMTPUTF8\n" OK R0 OK
     "< RCPT TO:<\xc3\xa4@example.org>\n" OK DATA GO TEXT OK,
     "AA none", "", QUIT},
    {"R21: one that needs SMTPUTF8 and cannot", UTF8_RCPT, NOTHING, 2,
     MAIL OK R0 OK DATA GO TEXT OK, "AN none", "bad-address", QUIT},
    {"... and partial = abort", UTF8_RCPT | ABORT, NOTHING, 2, "", "NN none",
     "rcpt-refused bad-address", QUIT},
    {"a sender that needs SMTPUTF8 and cannot", UTF8_SENDER, NOTHING, 2, "", "NN none",
     "bad-address bad-address", QUIT},
    {"a line end in an address", BAD_RCPT, NOTHING, 2, MAIL OK R0 OK DATA GO TEXT OK, "AN none",
     "bad-address", QUIT},
    {"DSN offered", DSN, "250 DSN", 2,
     "< MAIL FROM:<alice@example.org> RET=HDRS ENVID=id+3D1\n" OK
     "< RCPT TO:<r0@example.org> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;r0@example.org\n" OK
     "< RCPT TO:<r1@example.org> NOTIFY=NEVER\n" OK DATA GO TEXT OK,
     "AA none", "", QUIT},
    {"DSN not offered", DSN, NOTHING, 2, MAIL OK R0 OK R1 OK DATA GO TEXT OK, "AA none", "", QUIT},
    /* the sender refused */
    {"MAIL 550, the rest are echoes", 0, PIPE, 2,
     MAIL R0 R1 DATA "> 550 5.1.8 no\n> 503 a\n> 503 b\n> 503 c\n", "NN none",
     "sender-refused sender-refused", QUIT},
    {"MAIL 550 in lock step", 0, NOTHING, 2, MAIL "> 550 5.1.8 no\n", "NN none",
     "sender-refused sender-refused", QUIT},
    {"MAIL 553, not owned", 0, NOTHING, 1, MAIL "> 553 5.7.1 not owned by user\n", "N none",
     "sender-not-owned", QUIT},
    {"MAIL 552", 0, NOTHING, 1, MAIL "> 552 5.3.4 too big\n", "N none", "too-big", QUIT},
    {"MAIL 451", 0, NOTHING, 2, MAIL "> 451 later\n", "LL none",
     "transaction-later transaction-later", QUIT},
    {"MAIL 530 is the account's", 0, PIPE, 2,
     MAIL R0 R1 DATA "> 530 5.7.0 login\n> 530 a\n> 530 b\n> 503 c\n", "LL auth-needed",
     "auth-needed auth-needed", QUIT},
    {"MAIL 550 5.4.5 too", 0, NOTHING, 1, MAIL "> 550 5.4.5 limit\n", "L auth-needed",
     "auth-needed", QUIT},
    {"MAIL 530, then silence and the end", BROKEN, PIPE, 1, MAIL R0 DATA "> 530 login\n!\n",
     "L auth-needed", "auth-needed", ""},
    {"MAIL 550, then the end", BROKEN, PIPE, 1, MAIL R0 DATA "> 550 no\n!\n", "N none",
     "sender-refused", ""},
    {"MAIL 250 is for everyone, 251 is not", BROKEN, NOTHING, 1, MAIL "> 251 ok\n", "L protocol",
     "protocol", ""},
    /* recipients refused */
    {"one of two, in a group", 0, PIPE, 2, MAIL R0 R1 DATA OK "> 550 5.1.1 no\n" OK GO TEXT OK,
     "NA none", "rcpt-refused", QUIT},
    {"one of two, in lock step", 0, NOTHING, 2, MAIL OK R0 OK R1 "> 450 later\n" DATA GO TEXT OK,
     "AL none", "rcpt-later", QUIT},
    {"all, in lock step: no DATA", 0, NOTHING, 2, MAIL OK R0 "> 550 no\n" R1 "> 450 later\n",
     "NL none", "rcpt-refused rcpt-later", QUIT},
    {"all, and DATA's echo of another class", 0, PIPE, 2,
     MAIL R0 R1 DATA OK "> 450 later\n> 450 later\n> 554 no valid recipients\n", "LL none",
     "rcpt-later rcpt-later", QUIT},
    {"all, and 354: hang up without the end mark", BROKEN, PIPE, 2,
     MAIL R0 R1 DATA OK "> 550 no\n> 550 no\n" GO, "NN none", "rcpt-refused rcpt-refused", ""},
    {"... and those whose turn never came", TWO | BROKEN, PIPE, 3,
     MAIL R0 R1 DATA OK "> 550 no\n> 550 no\n" GO, "NNL closed", "rcpt-refused rcpt-refused closed",
     ""},
    {"RCPT 530 is the account's", 0, NOTHING, 2, MAIL OK R0 OK R1 "> 530 5.7.0 login\n",
     "LL auth-needed", "auth-needed auth-needed", QUIT},
    {"RCPT 530 in a group, and 354", BROKEN, PIPE, 2, MAIL R0 R1 DATA OK OK "> 530 login\n" GO,
     "LL auth-needed", "auth-needed auth-needed", ""},
    {"RCPT 354", BROKEN, NOTHING, 2, MAIL OK R0 "> 354 what\n", "LL protocol", "protocol protocol",
     ""},
    {"RCPT 253", BROKEN, NOTHING, 1, MAIL OK R0 "> 253 what\n", "L protocol", "protocol", ""},
    {"RCPT 421", BROKEN, NOTHING, 2, MAIL OK R0 "> 550 no\n" R1 "> 421 bye\n", "NL busy",
     "rcpt-refused busy", ""},
    {"452 behind an acceptance, in lock step", 0, NOTHING, 3,
     MAIL OK R0 OK R1 "> 452 4.5.3 too many\n" DATA GO TEXT OK MAIL OK R1 OK DATA GO TEXT OK MAIL OK
         R2 OK DATA GO TEXT OK,
     "AAA none", "", QUIT},
    {"452 behind an acceptance, in a group", 0, PIPE, 3,
     MAIL R0 R1 R2 DATA OK OK OK "> 452 too many\n" GO TEXT OK MAIL R2 DATA OK OK GO TEXT OK,
     "AAA none", "", QUIT},
    {"552 means the same, without a code", 0, PIPE, 2,
     MAIL R0 R1 DATA OK OK "> 552 too many\n" GO TEXT OK MAIL R1 DATA OK OK GO TEXT OK, "AA none",
     "", QUIT},
    {"452 to the first is its own", 0, PIPE, 2, MAIL R0 R1 DATA OK "> 452 full\n" OK GO TEXT OK,
     "LA none", "rcpt-later", QUIT},
    {"452 4.2.2 is its own", 0, PIPE, 2, MAIL R0 R1 DATA OK OK "> 452 4.2.2 quota\n" GO TEXT OK,
     "AL none", "rcpt-later", QUIT},
    /* partial = abort */
    {"abort: DATA waits for all", ABORT, PIPE, 2, MAIL R0 R1 OK OK OK DATA GO TEXT OK, "AA none",
     "", QUIT},
    {"abort: one refused", ABORT, PIPE, 2, MAIL R0 R1 OK "> 550 no\n" OK, "NN none",
     "rcpt-refused rcpt-refused", QUIT},
    {"abort: one put off", ABORT, NOTHING, 2, MAIL OK R0 OK R1 "> 450 later\n", "LL none",
     "rcpt-later rcpt-later", QUIT},
    {"abort: put off and refused", ABORT, PIPE, 3, MAIL R0 R1 R2 OK OK "> 450 later\n> 550 no\n",
     "NNN none", "rcpt-refused rcpt-refused rcpt-refused", QUIT},
    {"abort: more than max_recipients, in one", ABORT | TWO, PIPE, 3,
     MAIL R0 R1 R2 OK OK OK OK DATA GO TEXT OK, "AAA none", "", QUIT},
    {"abort: more than RCPTMAX cannot be", ABORT, "250 LIMITS RCPTMAX=2", 3, "", "NNN none",
     "rcpt-refused rcpt-refused rcpt-refused", QUIT},
    /* DATA and the text */
    {"DATA 451", 0, NOTHING, 1, MAIL OK R0 OK DATA "> 451 later\n", "L none", "transaction-later",
     QUIT},
    {"DATA 554", 0, PIPE, 2, MAIL R0 R1 DATA OK OK "> 550 no\n> 554 no\n", "NN none",
     "message-refused rcpt-refused", QUIT},
    {"DATA 250", BROKEN, NOTHING, 1, MAIL OK R0 OK DATA OK, "L protocol", "protocol", ""},
    {"R6: refused while the text comes", BROKEN, NOTHING, 1, MAIL OK R0 OK DATA GO "> 552 big\n",
     "N none", "too-big", ""},
    {"R6: put off while the text comes", BROKEN, NOTHING, 1, MAIL OK R0 OK DATA GO "> 451 no\n",
     "L none", "transaction-later", ""},
    {"R6: accepted while the text comes", BROKEN, NOTHING, 1, MAIL OK R0 OK DATA GO OK,
     "L protocol", "protocol", ""},
    {"421 while the text comes", BROKEN, NOTHING, 1, MAIL OK R0 OK DATA GO "> 421 bye\n", "L busy",
     "busy", ""},
    /* the verdict */
    {"final 550", 0, NOTHING, 1, MAIL OK R0 OK DATA GO TEXT "> 550 5.7.1 spam\n", "N none",
     "message-refused", QUIT},
    {"final 451", 0, NOTHING, 1, MAIL OK R0 OK DATA GO TEXT "> 451 later\n", "L none",
     "transaction-later", QUIT},
    {"final 552", 0, NOTHING, 1, MAIL OK R0 OK DATA GO TEXT "> 552 big\n", "N none", "too-big",
     QUIT},
    {"final 421", BROKEN, NOTHING, 1, MAIL OK R0 OK DATA GO TEXT "> 421 bye\n", "L busy", "busy",
     ""},
    {"final 251", 0, NOTHING, 1, MAIL OK R0 OK DATA GO TEXT "> 251 forwarded\n", "A none", "",
     QUIT},
    {"final 252", 0, NOTHING, 1, MAIL OK R0 OK DATA GO TEXT "> 252 taken\n", "A none", "", QUIT},
    {"final 221", BROKEN, NOTHING, 1, MAIL OK R0 OK DATA GO TEXT "> 221 bye\n",
     "L may-have-arrived", "may-have-arrived", ""},
    {"final 249", BROKEN, NOTHING, 1, MAIL OK R0 OK DATA GO TEXT "> 249 what\n",
     "L may-have-arrived", "may-have-arrived", ""},
    {"final 253", BROKEN, NOTHING, 2, MAIL OK R0 OK R1 OK DATA GO TEXT "> 253 what\n",
     "LL may-have-arrived", "may-have-arrived may-have-arrived", ""},
    {"LMTP: 235 for the second", LMTP | BROKEN, NOTHING, 3,
     MAIL OK R0 OK R1 OK R2 OK DATA GO TEXT "> 250 ok\n> 235 what\n> 250 ok\n",
     "ALL may-have-arrived", "may-have-arrived may-have-arrived", ""},
    {"final 354", BROKEN, NOTHING, 1, MAIL OK R0 OK DATA GO TEXT GO, "L may-have-arrived",
     "may-have-arrived", ""},
    {"closed before the verdict", BROKEN | TWO, NOTHING, 3,
     MAIL OK R0 OK R1 "> 550 no\n" DATA GO TEXT "!\n", "LNL may-have-arrived",
     "may-have-arrived rcpt-refused closed", ""},
    {"R4: closed inside the verdict", BROKEN, NOTHING, 1, MAIL OK R0 OK DATA GO TEXT "~ 250 o\n!\n",
     "L may-have-arrived", "may-have-arrived", ""},
    {"garbage for a verdict", BROKEN, NOTHING, 1, MAIL OK R0 OK DATA GO TEXT "> hello\n",
     "L may-have-arrived", "may-have-arrived", ""},
    {"no verdict in time", BROKEN | NO_TIME, NOTHING, 1, MAIL OK R0 OK DATA GO TEXT,
     "L may-have-arrived", "may-have-arrived", ""},
    {"accepted, and something behind it", BROKEN, NOTHING, 1,
     MAIL OK R0 OK DATA GO TEXT OK "> 550 no\n", "A none", "", ""},
    {"accepted, then 421 before the next", BROKEN | TWO, NOTHING, 3,
     MAIL OK R0 OK R1 OK DATA GO TEXT OK "> 421 bye\n", "AAL busy", "busy", ""},
    {"accepted, then closed", 0, NOTHING, 1, MAIL OK R0 OK DATA GO TEXT OK "!\n", "A none", "", ""},
    {"out of turn before MAIL", BROKEN, PIPE, 1, "> 250 hello\n", "L protocol", "protocol", ""},
    /* LMTP */
    {"LMTP: a verdict for each", LMTP, PIPE, 3,
     MAIL R0 R1 R2 DATA OK OK "> 550 no\n" OK GO TEXT OK "> 452 4.2.2 full\n", "ANL none",
     "rcpt-refused transaction-later", QUIT},
    {"LMTP: closed between verdicts", LMTP | BROKEN, PIPE, 2,
     MAIL R0 R1 DATA OK OK OK GO TEXT OK "!\n", "AL may-have-arrived", "may-have-arrived", ""},
    {"LMTP: 552 5.2.2 is the mailbox", LMTP, PIPE, 1,
     MAIL R0 DATA OK OK GO TEXT "> 552 5.2.2 quota\n", "N none", "rcpt-refused", QUIT},
    {"LMTP: 421 between verdicts", LMTP | BROKEN, PIPE, 2,
     MAIL R0 R1 DATA OK OK OK GO TEXT OK "> 421 bye\n", "AL busy", "busy", ""},
};

static struct message *make_message(const char *text, size_t n)
{
    struct message_input in = {.fd = memfd_create("message", MFD_CLOEXEC)};
    struct message *m = NULL;
    struct fault why = {0};

    if (write(in.fd, text, n) != (ssize_t)n || lseek(in.fd, 0, SEEK_SET) != 0 ||
        message_read(&m, &in, &why) != CAUSE_NONE)
        ok(false, "a message: %s", why.text.data);
    close(in.fd);
    fault_free(&why);
    return m;
}

static struct session_params params(int flags)
{
    return (struct session_params){
        .lmtp = (flags & LMTP) != 0,
        .ehlo_name = "me",
        .tls = SESSION_TLS_OFF,
        .reply_timeout_ms = 20000,
        .final_timeout_ms = (flags & NO_TIME) != 0 ? 0 : 20000,
        .ready_by = deadline_in(20000),
        .until = deadline_in(20000),
        .pipelining = (flags & LOCKSTEP) != 0 ? PIPELINING_OFF : PIPELINING_STANDARD,
        .max_recipients = (flags & TWO) != 0 ? 2 : 100,
    };
}

static void make_envelope(struct envelope *e, int flags, size_t n)
{
    static const char *const names[] = {"r0@example.org", "r1@example.org", "r2@example.org"};

    envelope_init(e);
    envelope_set_sender(e, (flags & NULL_SENDER) != 0   ? ""
                           : (flags & UTF8_SENDER) != 0 ? "\xc3\xa4@example.org"
                                                        : "alice@example.org");
    for (size_t i = 0; i < n; i++) {
        const char *name = names[i];

        if (i == 1 && (flags & BAD_RCPT) != 0)
            name = "r1\r\nDATA@example.org";
        if (i == 1 && (flags & UTF8_RCPT) != 0)
            name = "\xc3\xa4@example.org";
        envelope_add(e, name);
    }
    if ((flags & DSN) == 0)
        return;
    e->ret = RET_HDRS;
    e->envid = strdup("id+3D1");
    e->rcpt[0].notify = NOTIFY_SUCCESS | NOTIFY_FAILURE | NOTIFY_DELAY;
    e->rcpt[0].orcpt = strdup("r0@example.org");
    e->rcpt[1].notify = NOTIFY_NEVER;
}

/* The fates as letters and the causes as names, for comparison with the row. */
static void tell_fates(const struct envelope *e, enum cause c, struct buf *fates,
                       struct buf *causes)
{
    static const char letters[] = "OALN";

    for (size_t i = 0; i < e->n; i++) {
        buf_addc(fates, letters[e->rcpt[i].fate]);
        if (e->rcpt[i].fate != FATE_ACCEPTED)
            buf_addf(causes, "%s%s", causes->len > 0 ? " " : "",
                     fault_row(e->rcpt[i].why.cause)->name);
    }
    buf_addf(fates, " %s", fault_row(c)->name);
}

static void run_row(const struct row *row)
{
    static const char text_7[] = "From: alice@example.org\nSubject: a test\n\nhello\n";
    static const char text_8[] = "Subject: a test\n\nh\xc3\xa4llo\n";
    struct session_params p = params(row->flags);
    struct xfer_params xp = {.partial_abort = (row->flags & ABORT) != 0};
    struct xfer_result result;
    struct message *m = (row->flags & BODY_8BIT) != 0 ? make_message(text_8, sizeof(text_8) - 1)
                                                      : make_message(text_7, sizeof(text_7) - 1);
    struct session *s = NULL;
    struct fault why = {0};
    struct script server;
    struct envelope e;
    struct buf script, fates, causes, words;
    enum cause c;

    buf_init(&script, 1 << 16);
    buf_init(&fates, 100);
    buf_init(&causes, 1000);
    buf_init(&words, 1000);
    make_envelope(&e, row->flags, row->rcpts);
    buf_addf(&script, "> 220 hi\n< %s me\n> 250-mail.example.org\n> %s\n%s%s",
             (row->flags & LMTP) != 0 ? "LHLO" : "EHLO", row->offers,
             row->script[0] == '>' ? "" : "|\n", row->script);
    c = session_open(&s, script_start(&server, script.data), &p, NULL, &why);
    if (ok(c == CAUSE_NONE, "%s", row->why)) {
        c = (xp.reply = &words, xfer_run(s, &e, m, &xp, &result, &why));
        tell_fates(&e, c, &fates, &causes);
        is_str(fates.data, row->fates, "... fates");
        is_str(causes.data, row->causes, "... causes");
        ok((s->state == SESSION_BROKEN) == ((row->flags & BROKEN) != 0), "... state %d", s->state);
        ok(c == why.cause, "... cause and fault agree");
        ok((words.len > 0) == (strchr(row->fates, 'A') != NULL), "... words: %s", words.data);
    }
    session_close(&s);
    script_join(&server);
    is_str(server.oops.data, "", "... the script was followed");
    if (strstr(row->script, "!\n") == NULL)
        is_str(server.tail.data, row->tail, "... and its end");
    script_free(&server);
    envelope_free(&e);
    message_close(&m);
    fault_free(&why);
    buf_free(&script);
    buf_free(&fates);
    buf_free(&causes);
    buf_free(&words);
}

/* The octets of the text, and the words of faults and acceptances. */
static void test_words(void)
{
    static const char script[] =
        "> 220 hi\n< EHLO me\n> 250-m\n> 250 PIPELINING\n" MAIL R0 R1 R2 DATA
        "> 250 ok\n> 550-5.1.1 no such\n> 550 5.1.1 user\n> 250 ok\n> 450 4.2.0 later\n" GO TEXT
        "> 250-2.0.0 queued\n> 250 2.0.0 as 4711\x07\n";
    static const char text[] = "Subject: x\n\n.\n..dots\nlast";
    struct session_params p = params(0);
    struct xfer_params xp = {0};
    struct xfer_result result;
    struct message *m = make_message(text, sizeof(text) - 1);
    struct session *s = NULL;
    struct fault why = {0};
    struct script server;
    struct envelope e;
    struct buf words;

    buf_init(&words, 1000);
    make_envelope(&e, 0, 3);
    is_int(session_open(&s, script_start(&server, script), &p, NULL, &why), CAUSE_NONE, "open");
    is_int((xp.reply = &words, xfer_run(s, &e, m, &xp, &result, &why)), CAUSE_NONE, "run");
    session_close(&s);
    script_join(&server);
    is_str(server.oops.data, "", "the script was followed");
    is_str(server.got.data, "Subject: x\r\n\r\n..\r\n...dots\r\nlast\r\n.\r\n", "the text");
    is_str(words.data, "250 2.0.0 queued 2.0.0 as 4711\\x07", "the words of the acceptance");
    is_str(e.rcpt[0].why.text.data, "RCPT TO:<r0@example.org> was refused", "our words");
    is_str(e.rcpt[0].why.remote.data, "5.1.1 no such 5.1.1 user", "their words");
    ok(e.rcpt[0].why.stage == STAGE_RCPT && e.rcpt[0].why.smtp_code == 550 &&
           e.rcpt[0].why.code.detail == 1,
       "stage, code, enhanced code");
    is_str(e.rcpt[2].why.text.data, "RCPT TO:<r2@example.org> was put off", "put off");
    is_int(e.rcpt[1].fate, FATE_ACCEPTED, "the one between has it");
    script_free(&server);
    envelope_free(&e);
    message_close(&m);
    fault_free(&why);
    buf_free(&words);
}

/* A body beyond all buffers, from a file, with a dot at every border there may be. */
static void test_big(void)
{
    static const char script[] = "> 220 hi\n< EHLO me\n> 250 hi\n" MAIL OK R0 OK DATA GO TEXT OK;
    struct session_params p = params(0);
    struct xfer_params xp = {0};
    struct xfer_result result;
    struct session *s = NULL;
    struct message *m;
    struct fault why = {0};
    struct script server;
    struct envelope e;
    struct buf text, want;
    unsigned seed = 7;

    buf_init(&text, 1 << 24);
    buf_init(&want, 1 << 24);
    buf_adds(&text, "Subject: big\n\n");
    buf_adds(&want, "Subject: big\r\n\r\n");
    while (text.len < 600000) {
        seed = seed * 1103515245u + 12345u;
        if ((seed >> 16) % 3 == 0) {
            buf_adds(&text, ".\n");
            buf_adds(&want, "..\r\n");
        } else {
            buf_addf(&text, "%.*s\n", (int)((seed >> 20) % 60),
                     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
            buf_addf(&want, "%.*s\r\n", (int)((seed >> 20) % 60),
                     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
        }
    }
    buf_adds(&want, ".\r\n");
    m = make_message(text.data, text.len);
    ok(m->fd >= 0, "the body is in a file");
    make_envelope(&e, 0, 1);
    is_int(session_open(&s, script_start(&server, script), &p, NULL, &why), CAUSE_NONE, "open");
    is_int(xfer_run(s, &e, m, &xp, &result, &why), CAUSE_NONE, "run, and nobody wants the words");
    session_close(&s);
    script_join(&server);
    is_str(server.oops.data, "", "the script was followed");
    ok(server.got.len == want.len && memcmp(server.got.data, want.data, want.len) == 0,
       "%zu octets arrived as they should", want.len);
    script_free(&server);

    /* The file is cut while it is sent: the end mark must not make a short message of it. */
    envelope_free(&e);
    make_envelope(&e, 0, 1);
    ok(ftruncate(m->fd, 300000) == 0, "half of the body is lost");
    is_int(session_open(&s, script_start(&server, script), &p, NULL, &why), CAUSE_NONE, "open");
    is_int(xfer_run(s, &e, m, &xp, &result, &why), CAUSE_IO, "the read fails");
    ok(s->stream == NULL, "closed at once");
    session_close(&s);
    script_join(&server);
    ok(e.rcpt[0].fate == FATE_LATER && e.rcpt[0].why.cause == CAUSE_IO, "kept, with the reason");
    ok(memmem(server.got.data, server.got.len, "\r\n.\r\n", 5) == NULL, "no end mark arrived");
    script_free(&server);
    envelope_free(&e);
    message_close(&m);
    fault_free(&why);
    buf_free(&text);
    buf_free(&want);
}

int main(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        run_row(&rows[i]);
    test_words();
    test_big();
    return done_testing();
}
