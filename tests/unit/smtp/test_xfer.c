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
    BROKEN = 2048,    /* the state at the end */
    STANDARD = 4096,  /* pipelining = standard; else auto */
    FULL = 8192,      /* on a proven server */
    LOGIN = 16384,    /* one waits to travel */
    NO_CHUNK = 32768, /* the server has stumbled over BDAT */
    REQUIRE = 65536,  /* require_tls */
    UNPROVEN = 131072,
    CEILING = 262144, /* the server has stumbled over groups */
    STRANGER = 524288 /* nothing has ever been accepted there */
};

struct row {
    const char *why;
    int flags;
    const char *offers; /* behind "250-mail.example.org", lines with codes */
    size_t rcpts;
    const char *script; /* behind EHLO */
    const char *fates;  /* A, L, N, O for each recipient, the return cause's name and, behind a
                           colon, what the result holds */
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
#define BOTH    "250-PIPELINING\n> 250 CHUNKING"
#define AUTH    "< AUTH PLAIN AGFsaWNlAHB3\n"
#define IN      "> 235 in\n"
#define BDAT    "< BDAT 51 LAST\n= 51\n"

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
     MAIL R0 R1 DATA OK "> 550 no\n> 550 no\n" GO, "NNO closed: again",
     "rcpt-refused rcpt-refused none", ""},
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
     "AL none", "quota", QUIT},
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
     MAIL OK R0 OK R1 OK DATA GO TEXT OK "> 421 bye\n", "AAO busy: again", "none", ""},
    {"accepted, then closed", 0, NOTHING, 1, MAIL OK R0 OK DATA GO TEXT OK "!\n", "A none", "", ""},
    {"out of turn before MAIL", BROKEN, PIPE, 1, "> 250 hello\n", "L protocol", "protocol", ""},
    /* LMTP */
    {"LMTP: a verdict for each", LMTP, PIPE, 3,
     MAIL R0 R1 R2 DATA OK OK "> 550 no\n" OK GO TEXT OK "> 452 4.2.2 full\n", "ANL none",
     "rcpt-refused quota", QUIT},
    {"LMTP: closed between verdicts", LMTP | BROKEN, PIPE, 2,
     MAIL R0 R1 DATA OK OK OK GO TEXT OK "!\n", "AL may-have-arrived", "may-have-arrived", ""},
    {"LMTP: 552 5.2.2 is the mailbox", LMTP, PIPE, 1,
     MAIL R0 DATA OK OK GO TEXT "> 552 5.2.2 quota\n", "N none", "rcpt-refused", QUIT},
    {"LMTP: 421 between verdicts", LMTP | BROKEN, PIPE, 2,
     MAIL R0 R1 DATA OK OK OK GO TEXT OK "> 421 bye\n", "AL busy", "busy", ""},
    /* chunks */
    {"BDAT in the place of DATA", 0, BOTH, 2, MAIL R0 R1 OK OK OK BDAT OK, "AA none", "", QUIT},
    {"DATA in standard", STANDARD, BOTH, 1, MAIL R0 DATA OK OK GO TEXT OK, "A none", "", QUIT},
    {"DATA where nothing was accepted before", STRANGER, BOTH, 1, MAIL R0 DATA OK OK GO TEXT OK,
     "A none", "", QUIT},
    {"... in full, too", FULL | STRANGER, BOTH, 1, MAIL R0 DATA OK OK GO TEXT OK, "A none", "",
     QUIT},
    {"a server that has stumbled over it", NO_CHUNK, BOTH, 1, MAIL R0 DATA OK OK GO TEXT OK,
     "A none", "", QUIT},
    {"no BDAT without groups", 0, "250 CHUNKING", 1, MAIL OK R0 OK DATA GO TEXT OK, "A none", "",
     QUIT},
    {"no BDAT in lock step", LOCKSTEP, BOTH, 1, MAIL OK R0 OK DATA GO TEXT OK, "A none", "", QUIT},
    {"no groups where they were stumbled over", CEILING, BOTH, 1, MAIL OK R0 OK DATA GO TEXT OK,
     "A none", "", QUIT},
    {"no BDAT when one transaction will not do", TWO, BOTH, 3,
     MAIL R0 R1 DATA OK OK OK GO TEXT OK MAIL R2 DATA OK OK GO TEXT OK, "AAA none", "", QUIT},
    {"nobody accepted: no chunk", 0, BOTH, 2, MAIL R0 R1 OK "> 550 no\n> 450 no\n", "NL none",
     "rcpt-refused rcpt-later", QUIT},
    {"abort: no chunk", ABORT, BOTH, 2, MAIL R0 R1 OK OK "> 450 no\n", "LL none",
     "rcpt-later rcpt-later", QUIT},
    {"the chunk goes to the others", 0, BOTH, 2, MAIL R0 R1 OK "> 550 no\n" OK BDAT OK, "NA none",
     "rcpt-refused", QUIT},
    {"452 behind an acceptance, and a chunk each", 0, BOTH, 2,
     MAIL R0 R1 OK OK "> 452 too many\n" BDAT OK MAIL R1 OK OK BDAT OK, "AA none", "", QUIT},
    {"a refused chunk ends the connection", BROKEN, BOTH, 1, MAIL R0 OK OK BDAT "> 550 spam\n",
     "N none", "message-refused", ""},
    {"552 to a chunk is a verdict", BROKEN, BOTH, 1, MAIL R0 OK OK BDAT "> 552 big\n", "N none",
     "too-big", ""},
    {"554 to a chunk is a verdict", BROKEN, BOTH, 1, MAIL R0 OK OK BDAT "> 554 no\n", "N none",
     "message-refused", ""},
    {"451 to a chunk is a verdict", BROKEN, BOTH, 1, MAIL R0 OK OK BDAT "> 451 no\n", "L none",
     "transaction-later", ""},
    {"... and those behind may go elsewhere", BROKEN, BOTH, 2,
     MAIL R0 R1 OK OK "> 452 too many\n" BDAT "> 550 spam\n", "NO closed: again",
     "message-refused none", ""},
    {"500 to BDAT", BROKEN, BOTH, 1, MAIL R0 OK OK BDAT "> 500 what\n", "O protocol: chunk again",
     "none", ""},
    {"501 to BDAT", BROKEN, BOTH, 1, MAIL R0 OK OK BDAT "> 501 what\n", "O protocol: chunk again",
     "none", ""},
    {"502 to BDAT", BROKEN, BOTH, 1, MAIL R0 OK OK BDAT "> 502 what\n", "O protocol: chunk again",
     "none", ""},
    {"503 to BDAT", BROKEN, BOTH, 1, MAIL R0 OK OK BDAT "> 503 what\n", "O protocol: chunk again",
     "none", ""},
    {"504 to BDAT", BROKEN, BOTH, 1, MAIL R0 OK OK BDAT "> 504 what\n", "O protocol: chunk again",
     "none", ""},
    {"521 to BDAT and the end", BROKEN, BOTH, 2,
     MAIL R0 R1 OK "> 550 no\n" OK BDAT "> 521 what\n!\n", "NO protocol: chunk again",
     "rcpt-refused none", ""},
    {"closed behind the chunk", BROKEN, BOTH, 1, MAIL R0 OK OK BDAT "!\n",
     "L may-have-arrived: chunk", "may-have-arrived", ""},
    {"421 to a chunk", BROKEN, BOTH, 1, MAIL R0 OK OK BDAT "> 421 bye\n", "L busy", "busy", ""},
    {"354 to a chunk", BROKEN, BOTH, 1, MAIL R0 OK OK BDAT GO, "L may-have-arrived",
     "may-have-arrived", ""},
    {"one reply too many before the chunk", BROKEN, BOTH, 1, MAIL R0 OK OK OK, "L protocol: group",
     "protocol", ""},
    {"two replies to a chunk: the worse", BROKEN, BOTH, 1, MAIL R0 OK OK BDAT OK "> 554 no\n",
     "N none: group", "message-refused", ""},
    {"two replies to a chunk, the worse first", BROKEN, BOTH, 1, MAIL R0 OK OK BDAT "> 451 no\n" OK,
     "L none: group", "transaction-later", ""},
    {"two good replies to a chunk", BROKEN, BOTH, 1, MAIL R0 OK OK BDAT OK OK, "A none: group", "",
     ""},
    {"a farewell behind the chunk", BROKEN, BOTH, 1, MAIL R0 OK OK BDAT OK "> 421 bye\n", "A none",
     "", ""},
    {"two replies to a dot: the first", BROKEN, PIPE, 1, MAIL R0 DATA OK OK GO TEXT OK "> 554 no\n",
     "A none: group", "", ""},
    {"LMTP: a chunk has a verdict for each", LMTP, BOTH, 3,
     MAIL R0 R1 R2 OK OK "> 550 no\n" OK BDAT OK OK, "ANA none", "rcpt-refused", QUIT},
    {"LMTP: refused for one", LMTP | BROKEN, BOTH, 2,
     MAIL R0 R1 OK OK OK BDAT OK "> 550 5.2.2 full\n", "AN none", "rcpt-refused", ""},
    {"LMTP: 503 for the first, and more", LMTP | BROKEN, BOTH, 2,
     MAIL R0 R1 OK OK OK BDAT "> 503 what\n" OK, "NA none", "message-refused", ""},
    {"LMTP: 503 for the command", LMTP | BROKEN, BOTH, 2,
     MAIL R0 R1 OK OK OK BDAT "> 503 what\n!\n", "OO protocol: chunk again", "none none", ""},
    {"LMTP: closed between the verdicts", LMTP | BROKEN, BOTH, 2, MAIL R0 R1 OK OK OK BDAT OK "!\n",
     "AL may-have-arrived: chunk", "may-have-arrived", ""},
    /* the login in the group */
    {"AUTH travels", LOGIN, BOTH, 2, AUTH MAIL R0 R1 IN OK OK OK BDAT OK, "AA none", "", QUIT},
    {"AUTH travels, and DATA", LOGIN, PIPE, 2, AUTH MAIL R0 R1 DATA IN OK OK OK GO TEXT OK,
     "AA none", "", QUIT},
    {"AUTH travels, abort: DATA does not", LOGIN | ABORT, PIPE, 2,
     AUTH MAIL R0 R1 IN OK OK OK DATA GO TEXT OK, "AA none", "", QUIT},
    {"AUTH travels, abort of one", LOGIN | ABORT, PIPE, 1, AUTH MAIL R0 DATA IN OK OK GO TEXT OK,
     "A none", "", QUIT},
    {"AUTH alone in standard", STANDARD | LOGIN, BOTH, 1, AUTH IN MAIL R0 DATA OK OK GO TEXT OK,
     "A none", "", QUIT},
    {"AUTH alone, the initial response ignored", STANDARD | LOGIN, BOTH, 1,
     AUTH "> 334 \n< AGFsaWNlAHB3\n" IN MAIL R0 DATA OK OK GO TEXT OK, "A none", "", QUIT},
    {"AUTH alone, refused", STANDARD | LOGIN, BOTH, 1, AUTH "> 535 no\n", "L auth-refused",
     "auth-refused", QUIT},
    {"AUTH alone for DSN, and EHLO again", LOGIN | DSN, BOTH, 2,
     AUTH IN "< EHLO me\n> 250-m\n> 250-PIPELINING\n> 250 DSN\n"
             "< MAIL FROM:<alice@example.org> RET=HDRS ENVID=id+3D1\n"
             "< RCPT TO:<r0@example.org> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;r0@example.org\n"
             "< RCPT TO:<r1@example.org> NOTIFY=NEVER\n" DATA OK OK OK GO TEXT OK,
     "AA none", "", QUIT},
    {"... which may be refused", LOGIN | DSN, BOTH, 2,
     AUTH IN "< EHLO me\n> 503 again?\n" MAIL R0 R1 OK OK OK BDAT OK, "AA none", "", QUIT},
    {"AUTH refused: nothing more is said", LOGIN | BROKEN, PIPE, 1,
     AUTH MAIL R0 DATA "> 535 no\n> 250 a\n> 250 b\n> 354 go\n", "L auth-refused", "auth-refused",
     ""},
    {"AUTH refused, then silence", LOGIN | BROKEN, BOTH, 1, AUTH MAIL R0 "> 535 no\n",
     "L auth-refused", "auth-refused", ""},
    {"AUTH put off", LOGIN | BROKEN, BOTH, 1, AUTH MAIL R0 "> 454 no\n", "L auth-temporary",
     "auth-temporary", ""},
    {"AUTH 334", LOGIN | BROKEN, BOTH, 1, AUTH MAIL R0 "> 334 \n", "O protocol: login again",
     "none", ""},
    {"AUTH 503", LOGIN | BROKEN, BOTH, 1, AUTH MAIL R0 "> 503 no\n", "O protocol: group again",
     "none", ""},
    {"AUTH 250", LOGIN | BROKEN, BOTH, 1, AUTH MAIL R0 "> 250 no\n", "O protocol: group again",
     "none", ""},
    {"AUTH 421", LOGIN | BROKEN, BOTH, 1, AUTH MAIL R0 "> 421 no\n", "O busy: group again", "none",
     ""},
    {"closed before AUTH's reply", LOGIN | BROKEN, BOTH, 1, AUTH MAIL R0 "!\n",
     "O closed: group again", "none", ""},
    /* stumbles over a group */
    {"503 to MAIL", BROKEN, PIPE, 2, MAIL R0 R1 DATA "> 503 what\n", "OO protocol: group again",
     "none none", ""},
    {"503 to MAIL in lock step is a verdict", 0, NOTHING, 1, MAIL "> 503 what\n", "N none",
     "sender-refused", QUIT},
    {"501 to MAIL is a verdict", 0, BOTH, 1, MAIL R0 "> 501 what\n> 503 what\n", "N none",
     "sender-refused", QUIT},
    {"500 to RCPT", BROKEN, BOTH, 2, MAIL R0 R1 OK OK "> 500 what\n", "OO protocol: group again",
     "none none", ""},
    {"503 to RCPT behind another's refusal is a verdict", 0, BOTH, 2,
     MAIL R0 R1 OK "> 550 no\n> 503 what\n", "NN none", "rcpt-refused rcpt-refused", QUIT},
    {"421 with a word on pipelining", BROKEN, BOTH, 2,
     MAIL R0 R1 OK "> 550 no\n> 421 improper PIPELINING\n", "NO busy: group again",
     "rcpt-refused none", ""},
    {"500 with a word on pipelining, and the end", BROKEN, PIPE, 1,
     MAIL R0 DATA OK "> 500 5.5.1 Invalid command: Pipelining not supported\n!\n",
     "O protocol: group again", "none", ""},
    {"554 with a word on synchronization", BROKEN, PIPE, 1,
     MAIL R0 DATA OK OK "> 554 SMTP synchronization error\n!\n", "O protocol: group again", "none",
     ""},
    {"... in lock step it is a verdict", 0, NOTHING, 1,
     MAIL OK R0 OK DATA "> 554 SMTP synchronization error\n", "N none", "message-refused", QUIT},
    {"... to the text", BROKEN, PIPE, 1,
     MAIL R0 DATA OK OK GO TEXT "> 554 SMTP synchronization error\n!\n", "O protocol: group again",
     "none", ""},
    {"354 to MAIL in a group", BROKEN, BOTH, 1, MAIL R0 "> 354 what\n", "O protocol: group again",
     "none", ""},
    {"221 to RCPT in a group", BROKEN, BOTH, 2, MAIL R0 R1 OK OK "> 221 what\n",
     "LL protocol: group", "protocol protocol", ""},
    {"closed before MAIL's reply", BROKEN, BOTH, 1, MAIL R0 "!\n", "O closed: group again", "none",
     ""},
    {"closed before RCPT's reply", BROKEN, BOTH, 1, MAIL R0 OK "!\n", "L closed", "closed", ""},
    {"closed before MAIL's reply in lock step", BROKEN, NOTHING, 1, MAIL "!\n", "L closed",
     "closed", ""},
    {"421 before MAIL's reply", BROKEN, BOTH, 1, MAIL R0 "> 421 bye\n", "O busy: group again",
     "none", ""},
    {"421 to the second MAIL", TWO | BROKEN, PIPE, 3,
     MAIL R0 R1 DATA OK OK OK GO TEXT OK MAIL R2 DATA "> 421 enough\n", "AAO busy: again", "none",
     ""},
    {"421 to the second MAIL in lock step", TWO | BROKEN, NOTHING, 3,
     MAIL OK R0 OK R1 OK DATA GO TEXT OK MAIL "> 421 enough\n", "AAO busy: again", "none", ""},
    {"closed before the second MAIL's reply", TWO | BROKEN, PIPE, 3,
     MAIL R0 R1 DATA OK OK OK GO TEXT "> 451 no\n< RSET\n" MAIL R2 DATA "!\n", "LLO closed: again",
     "transaction-later transaction-later none", ""},
    {"LIMITS MAILMAX", TWO, "250-LIMITS MAILMAX=1\n> 250 PIPELINING", 3,
     MAIL R0 R1 DATA OK OK OK GO TEXT OK, "AAO closed: again", "none", QUIT},
    /* everything in one write */
    {"one write", FULL | LOGIN, BOTH, 1, AUTH MAIL R0 BDAT IN OK OK OK, "A none", "", QUIT},
    {"one write without login", FULL, BOTH, 1, MAIL R0 BDAT OK OK OK, "A none", "", QUIT},
    {"LMTP in one write", FULL | LMTP, BOTH, 1, MAIL R0 BDAT OK OK OK, "A none", "", QUIT},
    {"not for two", FULL | LOGIN, BOTH, 2, AUTH MAIL R0 R1 IN OK OK OK BDAT OK, "AA none", "",
     QUIT},
    {"not on an unproven server", FULL | LOGIN | UNPROVEN, BOTH, 1, AUTH MAIL R0 IN OK OK BDAT OK,
     "A none", "", QUIT},
    {"not without CHUNKING", FULL | LOGIN, PIPE, 1, AUTH MAIL R0 DATA IN OK OK GO TEXT OK, "A none",
     "", QUIT},
    {"not where BDAT was stumbled over", FULL | LOGIN | NO_CHUNK, BOTH, 1,
     AUTH MAIL R0 DATA IN OK OK GO TEXT OK, "A none", "", QUIT},
    {"login refused, message refused", FULL | LOGIN | BROKEN, BOTH, 1,
     AUTH MAIL R0 BDAT "> 535 no\n> 530 a\n> 530 b\n> 530 c\n", "L auth-refused", "auth-refused",
     ""},
    {"login refused, and the end", FULL | LOGIN | BROKEN, BOTH, 1,
     AUTH MAIL R0 BDAT "> 535 no\n> 530 a\n!\n", "L auth-refused", "auth-refused", ""},
    {"login refused, message accepted", FULL | LOGIN | BROKEN, BOTH, 1,
     AUTH MAIL R0 BDAT "> 535 no\n" OK OK OK, "A accepted-without-login: without-login", "", ""},
    {"login refused, recipient refused, 250", FULL | LOGIN | BROKEN, BOTH, 1,
     AUTH MAIL R0 BDAT "> 535 no\n" OK "> 550 no\n" OK, "L auth-refused", "auth-refused", ""},
    {"MAIL refused", FULL | LOGIN | BROKEN, BOTH, 1,
     AUTH MAIL R0 BDAT IN "> 550 no\n> 503 a\n> 503 b\n", "N none", "sender-refused", ""},
    {"MAIL refused, and all the same accepted", FULL | LOGIN | BROKEN, BOTH, 1,
     AUTH MAIL R0 BDAT IN "> 550 no\n" OK OK, "A none: group", "", ""},
    {"MAIL 530", FULL | BROKEN, BOTH, 1, MAIL R0 BDAT "> 530 login\n> 530 a\n> 530 b\n",
     "L auth-needed", "auth-needed", ""},
    {"greylisted, and the echo of another class", FULL | LOGIN | BROKEN, BOTH, 1,
     AUTH MAIL R0 BDAT IN OK "> 450 later\n> 554 no valid recipients\n", "L none", "rcpt-later",
     ""},
    {"recipient refused, and the end", FULL | LOGIN | BROKEN, BOTH, 1,
     AUTH MAIL R0 BDAT IN OK "> 550 no\n!\n", "N none", "rcpt-refused", ""},
    {"message refused", FULL | LOGIN | BROKEN, BOTH, 1, AUTH MAIL R0 BDAT IN OK OK "> 550 spam\n",
     "N none", "message-refused", ""},
    {"503 to the chunk", FULL | LOGIN | BROKEN, BOTH, 1, AUTH MAIL R0 BDAT IN OK OK "> 503 what\n",
     "O protocol: chunk again", "none", ""},
    {"503 to MAIL, refused", FULL | LOGIN | BROKEN, BOTH, 1,
     AUTH MAIL R0 BDAT IN "> 503 a\n> 503 b\n> 503 c\n", "O protocol: group again", "none", ""},
    {"503 to MAIL, and the end", FULL | LOGIN | BROKEN, BOTH, 1,
     AUTH MAIL R0 BDAT IN "> 503 a\n> 503 b\n!\n", "L may-have-arrived: group", "may-have-arrived",
     ""},
    {"503 to RCPT, and the chunk accepted", FULL | LOGIN | BROKEN, BOTH, 1,
     AUTH MAIL R0 BDAT IN OK "> 503 a\n" OK, "L may-have-arrived: group", "may-have-arrived", ""},
    {"503 to MAIL, and all the same accepted", FULL | LOGIN | BROKEN, BOTH, 1,
     AUTH MAIL R0 BDAT IN "> 503 a\n" OK OK, "A none: group", "", ""},
    {"334 and refusals", FULL | LOGIN | BROKEN, BOTH, 1,
     AUTH MAIL R0 BDAT "> 334 \n> 501 a\n> 503 b\n> 503 c\n", "O protocol: login again", "none",
     ""},
    {"334 and the end", FULL | LOGIN | BROKEN, BOTH, 1, AUTH MAIL R0 BDAT "> 334 \n> 501 a\n!\n",
     "L may-have-arrived: login", "may-have-arrived", ""},
    {"250 to AUTH", FULL | LOGIN | BROKEN, BOTH, 1, AUTH MAIL R0 BDAT OK OK OK OK,
     "L may-have-arrived: group", "may-have-arrived", ""},
    {"235, and the end", FULL | LOGIN | BROKEN, BOTH, 1, AUTH MAIL R0 BDAT IN "!\n",
     "L may-have-arrived: group", "may-have-arrived", ""},
    {"all but the verdict", FULL | LOGIN | BROKEN, BOTH, 1, AUTH MAIL R0 BDAT IN OK OK "!\n",
     "L may-have-arrived: group", "may-have-arrived", ""},
    {"no reply at all", FULL | LOGIN | BROKEN, BOTH, 1, AUTH MAIL R0 BDAT "!\n",
     "L may-have-arrived: group", "may-have-arrived", ""},
    {"garbage", FULL | LOGIN | BROKEN, BOTH, 1, AUTH MAIL R0 BDAT IN "> hello\n",
     "L may-have-arrived", "may-have-arrived", ""},
    {"421 to AUTH", FULL | LOGIN | BROKEN, BOTH, 1, AUTH MAIL R0 BDAT "> 421 bye\n",
     "L busy: group", "busy", ""},
    {"421 to MAIL with a word", FULL | LOGIN | BROKEN, BOTH, 1,
     AUTH MAIL R0 BDAT IN "> 421 no pipelining\n", "O busy: group again", "none", ""},
    {"421 to the chunk", FULL | LOGIN | BROKEN, BOTH, 1, AUTH MAIL R0 BDAT IN OK OK "> 421 bye\n",
     "L busy", "busy", ""},
    {"two replies to the chunk", FULL | LOGIN | BROKEN, BOTH, 1,
     AUTH MAIL R0 BDAT IN OK OK OK "> 550 no\n", "N none: group", "message-refused", ""},
    /* REQUIRETLS */
    {"REQUIRETLS only over TLS", REQUIRE, "250 REQUIRETLS", 2, "", "NN none",
     "message-refused message-refused", QUIT},
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
        .reply_timeout_ms = 600000,
        .final_timeout_ms = (flags & NO_TIME) != 0 ? 0 : 600000,
        .ready_by = deadline_in(600000),
        .until = deadline_in(600000),
        .pipelining = (flags & LOCKSTEP) != 0   ? PIPELINING_OFF
                      : (flags & STANDARD) != 0 ? PIPELINING_STANDARD
                      : (flags & FULL) != 0     ? PIPELINING_FULL
                                                : PIPELINING_AUTO,
        .known.has_credential = (flags & STRANGER) == 0,
        .known.ceiling = (flags & CEILING) != 0 ? PIPELINING_OFF : PIPELINING_FULL,
        .known.no_chunking = (flags & NO_CHUNK) != 0,
        .known.proven = (flags & UNPROVEN) == 0,
        .require_tls = (flags & REQUIRE) != 0,
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

static void tell_result(const struct xfer_result *r, struct buf *out)
{
    static const char *const stumbles[] = {"", " login", " chunk", " group"};

    if (r->stumble == STUMBLE_NONE && !r->again && !r->without_login)
        return;
    buf_addf(out, ":%s%s%s", stumbles[r->stumble], r->again ? " again" : "",
             r->without_login ? " without-login" : "");
}

/* What a login that waits and the memory of a server would have been filled with. */
static void prepare(struct session *s, int flags)
{
    if ((flags & LOGIN) != 0) {
        buf_init_secret(&s->login, 100);
        buf_adds(&s->login, "AUTH PLAIN AGFsaWNlAHB3");
        s->login_shown = 11;
        s->mech = SASL_PLAIN;
    }
    s->p.known.offers = s->caps.offers;
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
        prepare(s, row->flags);
        c = (xp.reply = &words, xfer_run(s, &e, m, &xp, &result, &why));
        tell_fates(&e, c, &fates, &causes);
        tell_result(&result, &fates);
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

/* Lines of many lengths, with dots where they hurt, and what DATA and BDAT make of them. */
static void make_big(struct buf *text, struct buf *data, struct buf *chunk, size_t n)
{
    static const char line[] =
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    unsigned seed = 7;

    buf_init(text, 1 << 24);
    buf_init(data, 1 << 24);
    buf_init(chunk, 1 << 24);
    buf_adds(text, "Subject: big\n\n");
    buf_adds(data, "Subject: big\r\n\r\n");
    while (text->len < n) {
        seed = seed * 1103515245u + 12345u;
        if ((seed >> 16) % 3 == 0) {
            buf_adds(text, ".\n");
            buf_adds(data, "..\r\n");
            buf_adds(chunk, ".\r\n");
        } else {
            int len = (int)((seed >> 20) % 60);

            buf_addf(text, "%.*s\n", len, line);
            buf_addf(data, "%.*s\r\n", len, line);
            buf_addf(chunk, "%.*s\r\n", len, line);
        }
    }
    buf_splice(chunk, 0, 0, "Subject: big\r\n\r\n", 16);
    buf_adds(data, ".\r\n");
}

struct big {
    struct script server;
    struct envelope e;
    struct session *s;
    struct fault why;
    struct xfer_result result;
    enum cause cause;
};

/* One transfer of M by SCRIPT. The session is left open for the caller to look at. */
static void big_run(struct big *b, const struct message *m, const char *script)
{
    struct session_params p = params(0);
    struct xfer_params xp = {0};

    memset(b, 0, sizeof(*b));
    make_envelope(&b->e, 0, 1);
    is_int(session_open(&b->s, script_start(&b->server, script), &p, NULL, &b->why), CAUSE_NONE,
           "open");
    prepare(b->s, 0);
    b->cause = xfer_run(b->s, &b->e, m, &xp, &b->result, &b->why);
}

static void big_end(struct big *b, const struct buf *want)
{
    session_close(&b->s);
    script_join(&b->server);
    is_str(b->server.oops.data, "", "the script was followed");
    if (want != NULL)
        ok(b->server.got.len == want->len && memcmp(b->server.got.data, want->data, want->len) == 0,
           "%zu octets arrived as they should", want->len);
    script_free(&b->server);
    envelope_free(&b->e);
    fault_free(&b->why);
}

/* A body beyond all buffers, from a file, with a dot at every border there may be. */
static void test_big(void)
{
    static const char script[] = "> 220 hi\n< EHLO me\n> 250 hi\n" MAIL OK R0 OK DATA GO TEXT OK;
    struct message *m;
    struct buf text, data, chunk;
    struct big b;

    make_big(&text, &data, &chunk, 600000);
    m = make_message(text.data, text.len);
    ok(m->fd >= 0, "the body is in a file");
    big_run(&b, m, script);
    is_int(b.cause, CAUSE_NONE, "run, and nobody wants the words");
    big_end(&b, &data);

    /* The file is cut while it is sent: the end mark must not make a short message of it. */
    ok(ftruncate(m->fd, 300000) == 0, "half of the body is lost");
    big_run(&b, m, script);
    is_int(b.cause, CAUSE_IO, "the read fails");
    ok(b.s->stream == NULL, "closed at once");
    ok(b.e.rcpt[0].fate == FATE_LATER && b.e.rcpt[0].why.cause == CAUSE_IO,
       "kept, with the reason");
    session_close(&b.s);
    script_join(&b.server);
    ok(memmem(b.server.got.data, b.server.got.len, "\r\n.\r\n", 5) == NULL, "no end mark arrived");
    script_free(&b.server);
    envelope_free(&b.e);
    fault_free(&b.why);
    message_close(&m);
    buf_free(&text);
    buf_free(&data);
    buf_free(&chunk);
}

/* The same in chunks, each of which waits for the reply to the one before. */
static void test_chunks(void)
{
    static const char *const ends[] = {OK,    "> 552 big\n", "> 503 what\n",
                                       "!\n", "> 421 bye\n", "> 354 go\n"};
    static const struct {
        enum fate fate;
        enum cause cause;
        enum xfer_stumble stumble;
        bool again;
    } want[] = {
        {FATE_ACCEPTED, CAUSE_NONE, STUMBLE_NONE, false},
        {FATE_NEVER, CAUSE_NONE, STUMBLE_NONE, false},
        {FATE_OPEN, CAUSE_PROTOCOL, STUMBLE_CHUNK, true},
        {FATE_OPEN, CAUSE_CLOSED, STUMBLE_CHUNK, true},
        {FATE_LATER, CAUSE_BUSY, STUMBLE_NONE, false},
        {FATE_LATER, CAUSE_PROTOCOL, STUMBLE_NONE, false},
    };
    struct buf text, data, chunk, script;
    struct message *m;
    struct big b;

    make_big(&text, &data, &chunk, 2500000);
    m = make_message(text.data, text.len);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        buf_init(&script, 4096);
        buf_addf(&script,
                 "> 220 hi\n< EHLO me\n> 250-m\n> 250-PIPELINING\n> 250 CHUNKING\n" MAIL R0 OK OK
                 "< BDAT 983040\n= 983040\n%s",
                 ends[i]);
        if (i == 0)
            buf_addf(&script, "< BDAT 983040\n= 983040\n" OK "< BDAT %zu LAST\n= %zu\n" OK,
                     chunk.len - (size_t)2 * 983040, chunk.len - (size_t)2 * 983040);
        big_run(&b, m, script.data);
        ok(b.e.rcpt[0].fate == want[i].fate && b.cause == want[i].cause &&
               b.result.stumble == want[i].stumble && b.result.again == want[i].again,
           "chunks: fate %d, %s, stumble %d", b.e.rcpt[0].fate, fault_row(b.cause)->name,
           b.result.stumble);
        big_end(&b, i == 0 ? &chunk : NULL);
        buf_free(&script);
    }

    /* Just over one chunk, and a file that is cut. */
    message_close(&m);
    buf_cut(&text, 500000);
    buf_adds(&text, "\n");
    m = make_message(text.data, text.len);
    ok(ftruncate(m->fd, 300000) == 0, "half of the body is lost");
    buf_init(&script, 4096);
    buf_addf(&script,
             "> 220 hi\n< EHLO me\n> 250-m\n> 250-PIPELINING\n> 250 CHUNKING\n" MAIL R0 OK OK
             "< BDAT %llu LAST\n= %llu\n",
             (unsigned long long)message_wire_size(m), (unsigned long long)message_wire_size(m));
    big_run(&b, m, script.data);
    ok(b.cause == CAUSE_IO && !b.e.in_doubt && b.s->stream == NULL, "hung up inside the chunk");
    big_end(&b, NULL);
    message_close(&m);
    buf_free(&script);
    buf_free(&text);
    buf_free(&data);
    buf_free(&chunk);
}

/* One octet around the borders of blocks and chunks. */
static void test_borders(void)
{
    static const size_t sizes[] = {65535, 65536,  65537,  66047, 66048,
                                   66049, 983039, 983040, 983041};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct buf text, want, script;
        struct message *m;
        struct big b;

        buf_init(&text, 1 << 21);
        buf_init(&want, 1 << 21);
        buf_init(&script, 4096);
        buf_adds(&text, "A: b\n\n");
        buf_adds(&want, "A: b\r\n\r\n");
        while (want.len < sizes[i]) {
            int n = sizes[i] - want.len > 200 ? 98 : (int)(sizes[i] - want.len) / 2 - 2;

            if (sizes[i] - want.len < 6)
                n = (int)(sizes[i] - want.len) - 2;
            buf_addf(&text, "%0*d\n", n, 0);
            buf_addf(&want, "%0*d\r\n", n, 0);
        }
        m = make_message(text.data, text.len);
        buf_adds(&script, "> 220 hi\n< EHLO me\n> 250-m\n> 250-PIPELINING\n> 250 CHUNKING\n" MAIL R0
                          "> 250 ok\n> 250 ok\n");
        if (want.len > 983040)
            buf_addf(&script, "< BDAT 983040\n= 983040\n" OK);
        buf_addf(&script, "< BDAT %zu LAST\n= %zu\n" OK,
                 want.len > 983040 ? want.len - 983040 : want.len,
                 want.len > 983040 ? want.len - 983040 : want.len);
        big_run(&b, m, script.data);
        ok(b.cause == CAUSE_NONE && b.e.rcpt[0].fate == FATE_ACCEPTED, "%zu octets", want.len);
        big_end(&b, &want);
        message_close(&m);
        buf_free(&text);
        buf_free(&want);
        buf_free(&script);
    }
}

int main(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        run_row(&rows[i]);
    test_words();
    test_big();
    test_chunks();
    test_borders();
    return done_testing();
}
