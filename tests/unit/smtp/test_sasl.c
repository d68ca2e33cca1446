/*
 * test_sasl.c: the mechanism table, the choice, and what each mechanism says: the vectors of the
 * RFCs, and challenges that no honest server sends.
 */
#include "config.h"

#include "smtp/sasl.h"

#include "base/limits.h"
#include "tap.h"

#define B(name_) SASL_BIT(SASL_##name_)
#define OFTEN    (B(PLAIN) | B(LOGIN))

#define PROTECTED 1u
#define IN_CLEAR  2u /* ... is fine */
#define CERT      4u
#define BINDING   8u
#define TOKEN     16u
#define PASSWORD  32u

static const struct {
    unsigned offered, allowed, tried, flags;
    enum sasl_mech want;
    const char *why;
} choices[] = {
    {OFTEN, OFTEN, 0, PROTECTED, SASL_PLAIN, "PLAIN before LOGIN"},
    {OFTEN, B(LOGIN), 0, PROTECTED, SASL_LOGIN, "only what is allowed"},
    {B(LOGIN), OFTEN, 0, PROTECTED, SASL_LOGIN, "only what is offered"},
    {OFTEN, OFTEN, B(PLAIN), PROTECTED, SASL_LOGIN, "not what was tried"},
    {OFTEN, OFTEN, OFTEN, PROTECTED, SASL_NONE, "all tried"},
    {OFTEN, 0, 0, PROTECTED | IN_CLEAR, SASL_NONE, "nothing allowed"},
    {0, OFTEN, 0, PROTECTED | IN_CLEAR, SASL_NONE, "nothing offered"},
    {B(LOGIN), B(PLAIN), 0, PROTECTED | IN_CLEAR, SASL_NONE, "nothing in common"},
    /* without TLS */
    {OFTEN, OFTEN, 0, 0, SASL_NONE, "R17: no password in the clear"},
    {OFTEN, OFTEN, 0, IN_CLEAR, SASL_PLAIN, "unless the user wrote so"},
    {SASL_ALL, SASL_ALL, 0, PASSWORD, SASL_SCRAM_SHA256, "without TLS SCRAM"},
    {B(CRAM_MD5) | OFTEN, SASL_ALL, 0, PASSWORD, SASL_CRAM_MD5, "... or CRAM-MD5"},
    {SASL_ALL, SASL_ALL, 0, IN_CLEAR | PASSWORD, SASL_SCRAM_SHA256,
     "and first of all, even where the clear is fine"},
    {B(CRAM_MD5) | OFTEN, SASL_ALL, B(CRAM_MD5), IN_CLEAR | PASSWORD, SASL_PLAIN, "... then PLAIN"},
    {SASL_OAUTH, SASL_ALL, 0, TOKEN, SASL_NONE, "no token in the clear"},
    /* channel binding */
    {SASL_SCRAM, SASL_SCRAM, 0, PROTECTED | BINDING, SASL_SCRAM_SHA256_PLUS, "bound if possible"},
    {SASL_SCRAM, SASL_SCRAM, 0, PROTECTED, SASL_SCRAM_SHA256, "not bound where it cannot be"},
    {B(SCRAM_SHA1_PLUS) | B(SCRAM_SHA1), SASL_SCRAM, 0, PROTECTED | BINDING, SASL_SCRAM_SHA1_PLUS,
     "SHA-1 has it, too"},
    {B(SCRAM_SHA256_PLUS), SASL_SCRAM, 0, PROTECTED, SASL_NONE, "bound or not at all"},
    {B(SCRAM_SHA256) | B(SCRAM_SHA1_PLUS), SASL_SCRAM, 0, PROTECTED | BINDING, SASL_SCRAM_SHA256,
     "the better hash before the binding"},
    /* EXTERNAL */
    {SASL_ALL, SASL_ALL, 0, PROTECTED | CERT, SASL_EXTERNAL, "a certificate was shown"},
    {SASL_ALL, SASL_ALL, 0, PROTECTED | PASSWORD, SASL_PLAIN, "none was shown"},
    {SASL_ALL, B(EXTERNAL), 0, PROTECTED, SASL_EXTERNAL, "nothing else is allowed"},
    {SASL_ALL, B(EXTERNAL), 0, 0, SASL_EXTERNAL, "... as behind a Unix socket"},
    {SASL_ALL, B(EXTERNAL) | B(PLAIN), 0, PROTECTED, SASL_PLAIN, "one of several"},
    /* tokens */
    {SASL_ALL, SASL_ALL, 0, PROTECTED, SASL_OAUTHBEARER, "the secret is not known yet"},
    {SASL_ALL, SASL_ALL, 0, PROTECTED | TOKEN, SASL_OAUTHBEARER, "a token"},
    {B(XOAUTH2) | OFTEN, SASL_ALL, 0, PROTECTED | TOKEN, SASL_XOAUTH2, "... the older way"},
    {B(XOAUTH2) | OFTEN, SASL_ALL, B(XOAUTH2), PROTECTED | TOKEN, SASL_NONE,
     "a token never goes to PLAIN where OAuth is offered"},
    {OFTEN, SASL_ALL, 0, PROTECTED | TOKEN, SASL_PLAIN, "where it is not, it is a password"},
    {B(XOAUTH2) | B(LOGIN), SASL_ALL, 0, PROTECTED | PASSWORD, SASL_LOGIN, "a password"},
    {B(XOAUTH2), SASL_ALL, 0, PROTECTED | PASSWORD, SASL_NONE, "a password never goes to OAuth"},
    {B(XOAUTH2) | OFTEN, B(XOAUTH2) | B(LOGIN), 0, PROTECTED | PASSWORD, SASL_LOGIN,
     "... nor where both are named"},
    {B(XOAUTH2) | OFTEN, B(XOAUTH2), 0, PROTECTED | PASSWORD, SASL_XOAUTH2, "named alone, it does"},
    {B(XOAUTH2) | OFTEN, B(XOAUTH2) | B(EXTERNAL), 0, PROTECTED | PASSWORD, SASL_XOAUTH2,
     "... EXTERNAL takes no secret"},
    {SASL_ALL, SASL_ALL, 0, PROTECTED | TOKEN | CERT, SASL_EXTERNAL,
     "a certificate before a token"},
    {B(XOAUTH2) | OFTEN, OFTEN, 0, PROTECTED | TOKEN, SASL_PLAIN, "a list says what a token is"},
};

static const struct {
    const char *name;
    enum sasl_mech want;
} names[] = {
    {"PLAIN", SASL_PLAIN},
    {"plain", SASL_PLAIN},
    {"Login", SASL_LOGIN},
    {"PLAI", SASL_NONE},
    {"PLAINX", SASL_NONE},
    {"", SASL_NONE},
    {" PLAIN", SASL_NONE},
    {"LOGIN-2", SASL_NONE},
    {"scram-sha-256", SASL_SCRAM_SHA256},
    {"SCRAM-SHA-256-PLUS", SASL_SCRAM_SHA256_PLUS},
    {"SCRAM-SHA-512", SASL_NONE},
    {"ANONYMOUS", SASL_NONE},
};

static void test_choice(void)
{
    for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
        unsigned f = choices[i].flags;
        struct sasl_ground g = {.offered = choices[i].offered,
                                .allowed = choices[i].allowed,
                                .tried = choices[i].tried,
                                .is_protected = (f & PROTECTED) != 0,
                                .cleartext_ok = (f & IN_CLEAR) != 0,
                                .client_cert = (f & CERT) != 0,
                                .can_bind = (f & BINDING) != 0,
                                .secret = (f & TOKEN) != 0      ? SASL_SECRET_TOKEN
                                          : (f & PASSWORD) != 0 ? SASL_SECRET_PASSWORD
                                                                : SASL_SECRET_UNKNOWN};

        is_int(sasl_choose(&g), choices[i].want, choices[i].why);
    }
}

#define A10  "AbCdEf-._~"
#define A100 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10

static const struct {
    const char *secret;
    bool want;
    const char *why;
} looks[] = {
    {A100, true, "a hundred characters of a token"},
    {A10, false, "too short"},
    {A100 "==", true, "padding at the end"},
    {"=" A100, false, "... and nowhere else"},
    {A100 " x", false, "words"},
    {A100 "\xc3\xa4", false, "no ASCII"},
    {A100 ":", false, "a colon"},
    {"", false, "nothing"},
};

static void test_looks(void)
{
    struct buf secret;

    buf_init_secret(&secret, 1000);
    for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
        buf_reset(&secret);
        buf_adds(&secret, looks[i].secret);
        is_int(sasl_is_token(&secret), looks[i].want, looks[i].why);
    }
    buf_reset(&secret);
    for (int i = 0; i < 120; i++)
        buf_addc(&secret, '=');
    ok(!sasl_is_token(&secret), "nothing but padding");
    buf_reset(&secret);
    buf_adds(&secret, A100);
    buf_add(&secret, "\0", 1);
    ok(!sasl_is_token(&secret), "a NUL");
    buf_free(&secret);
}

/*
 * A conversation: what is answered to each challenge. "-" before a challenge: it was no base64.
 * NULL ends; `cause` is that of the last answer, and `said` what was noted.
 */
struct talk {
    enum sasl_mech mech;
    const char *user, *secret, *nonce;
    enum sasl_gs2 gs2;
    struct {
        const char *challenge; /* NULL in the first: there is none yet */
        const char *answer;    /* NULL: it fails */
    } step[4];
    enum cause cause, said;
    bool other_binding, accepted;
    const char *why;
};

#define RFC5802   SASL_SCRAM_SHA1, "user", "pencil", "fyko+d2lbbFgONRv9qkxdawL", SASL_GS2_NONE
#define RFC5802_1 NULL, "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"
#define NONCE1    "fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j"
#define RFC5802_2 "r=" NONCE1 ",s=QSXCR+Q6sek8bf92,i=4096", RFC5802_3
#define RFC5802_3 "c=biws,r=" NONCE1 ",p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
#define SERVER(rest_)                                                                              \
    {RFC5802_1},                                                                                   \
    {                                                                                              \
        rest_, NULL                                                                                \
    }
#define PROVED(rest_)                                                                              \
    {RFC5802_1}, {RFC5802_2},                                                                      \
    {                                                                                              \
        rest_, NULL                                                                                \
    }
#define ERROR(value_)                                                                              \
    {RFC5802_1}, {RFC5802_2},                                                                      \
    {                                                                                              \
        "e=" value_, ""                                                                            \
    }
#define S256               SASL_SCRAM_SHA256, "user", "pencil", OURS2, SASL_GS2_NONE
#define OURS2              "rOprNGfwEbeRWgbNEkqO"
#define NONCE2             "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define BAD(why_)          CAUSE_PROTOCOL, CAUSE_NONE, false, false, why_
#define FINE(why_)         CAUSE_NONE, CAUSE_NONE, false, true, why_
#define SAID(cause_, why_) CAUSE_NONE, cause_, false, false, why_
#define OVER(why_)         CAUSE_AUTH_MECHANISM, CAUSE_NONE, false, true, why_
#define PASS(mech_)        SASL_##mech_, "alice", "p\xc3\xa4ss", NULL, SASL_GS2_NONE

static const struct talk talks[] = {
    {PASS(LOGIN), {{"Username:", "alice"}, {"Password:", "p\xc3\xa4ss"}}, FINE("LOGIN")},
    {PASS(LOGIN), {{"-", "alice"}, {"-", "p\xc3\xa4ss"}}, FINE("LOGIN, whatever the prompts")},
    {PASS(LOGIN), {{"", "alice"}, {"", "p\xc3\xa4ss"}, {"", NULL}}, OVER("a third prompt")},
    {PASS(EXTERNAL), {{NULL, "alice"}}, FINE("EXTERNAL for a user")},
    {SASL_EXTERNAL, NULL, NULL, NULL, SASL_GS2_NONE, {{NULL, ""}}, FINE("EXTERNAL for whom else")},
    {PASS(EXTERNAL), {{NULL, "alice"}, {"", NULL}}, OVER("EXTERNAL says no more")},
    {SASL_CRAM_MD5,
     "tim",
     "tanstaaftanstaaf",
     NULL,
     SASL_GS2_NONE,
     {{"<1896.697170952@postoffice.reston.mci.net>", "tim b913a602c7eda7a495b4e6e7334d3890"}},
     FINE("RFC 2195 2")},
    {PASS(CRAM_MD5),
     {{"", NULL}},
     CAUSE_PROTOCOL,
     CAUSE_NONE,
     false,
     true,
     "CRAM-MD5: an empty challenge"},
    {PASS(CRAM_MD5), {{"-", NULL}}, CAUSE_PROTOCOL, CAUSE_NONE, false, true, "CRAM-MD5: no base64"},
    {SASL_CRAM_MD5,
     "tim",
     "tanstaaftanstaaf",
     NULL,
     SASL_GS2_NONE,
     {{"<1896.697170952@postoffice.reston.mci.net>", "tim b913a602c7eda7a495b4e6e7334d3890"},
      {"<1896.697170952@postoffice.reston.mci.net>", NULL}},
     OVER("CRAM-MD5: a second challenge")},
    /* tokens */
    {SASL_XOAUTH2,
     "a@b.c",
     "ya29.x-_=",
     NULL,
     SASL_GS2_NONE,
     {{NULL, "user=a@b.c\001auth=Bearer ya29.x-_=\001\001"}},
     FINE("XOAUTH2")},
    {SASL_OAUTHBEARER,
     "a@b.c",
     "ya29.x",
     NULL,
     SASL_GS2_NONE,
     {{NULL, "n,a=a@b.c,\001auth=Bearer ya29.x\001\001"}},
     FINE("RFC 7628 3.1")},
    {SASL_OAUTHBEARER,
     "a,b=c",
     "t",
     NULL,
     SASL_GS2_NONE,
     {{NULL, "n,a=a=2Cb=3Dc,\001auth=Bearer t\001\001"}},
     FINE("... with an awkward name")},
    {SASL_XOAUTH2,
     "a",
     "t",
     NULL,
     SASL_GS2_NONE,
     {{NULL, "user=a\001auth=Bearer t\001\001"}, {"{\"status\":\"401\"}", ""}},
     SAID(CAUSE_AUTH_REFUSED, "XOAUTH2 is refused")},
    {SASL_OAUTHBEARER,
     "a",
     "t",
     NULL,
     SASL_GS2_NONE,
     {{NULL, "n,a=a,\001auth=Bearer t\001\001"}, {"{\"status\":\"invalid_token\"}", "\001"}},
     SAID(CAUSE_AUTH_REFUSED, "RFC 7628 3.2.3: refused")},
    {SASL_OAUTHBEARER,
     "a",
     "t",
     NULL,
     SASL_GS2_NONE,
     {{NULL, "n,a=a,\001auth=Bearer t\001\001"}, {"-", "\001"}, {"-", NULL}},
     CAUSE_AUTH_MECHANISM,
     CAUSE_AUTH_REFUSED,
     false,
     false,
     "... twice"},
    {SASL_XOAUTH2,
     "a",
     "two words",
     NULL,
     SASL_GS2_NONE,
     {{NULL, NULL}},
     CAUSE_SECRET,
     CAUSE_NONE,
     false,
     true,
     "a password for a token"},
    {SASL_XOAUTH2,
     "a",
     "t\001auth=x",
     NULL,
     SASL_GS2_NONE,
     {{NULL, NULL}},
     CAUSE_SECRET,
     CAUSE_NONE,
     false,
     true,
     "a token that is more than one"},
    {SASL_XOAUTH2,
     "a\001b",
     "t",
     NULL,
     SASL_GS2_NONE,
     {{NULL, NULL}},
     CAUSE_CONFIG,
     CAUSE_NONE,
     false,
     true,
     "a user that is more than one"},
    /* SCRAM */
    {RFC5802,
     {{RFC5802_1}, {RFC5802_2}, {"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", ""}},
     FINE("RFC 5802 5")},
    {S256,
     {{NULL, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"},
      {"r=" NONCE2 ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
       "c=biws,r=" NONCE2 ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="},
      {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", ""}},
     FINE("RFC 7677 3")},
    {RFC5802,
     {{RFC5802_1}, {RFC5802_2}},
     CAUSE_NONE,
     CAUSE_NONE,
     false,
     false,
     "a 235 without the server's proof"},
    {RFC5802,
     {{RFC5802_1}, {RFC5802_2}, {"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=,x=y", ""}},
     FINE("extensions behind the proof")},
    {RFC5802, {PROVED("v=rmF9pqV8S7suAoZWja4dJRkFsKA=")}, BAD("another signature")},
    {RFC5802, {PROVED("v=rmF9pqV8S7suAoZWja4dJRk=")}, BAD("a short signature")},
    {RFC5802, {PROVED("v=")}, BAD("no signature")},
    {RFC5802, {PROVED("v=!")}, BAD("a signature that is no base64")},
    {RFC5802, {PROVED("")}, BAD("an empty last message")},
    {RFC5802, {PROVED("-")}, BAD("a last message that is no base64")},
    {RFC5802, {PROVED("x=1,v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")}, BAD("a proof that is not first")},
    {RFC5802,
     {{RFC5802_1}, {RFC5802_2}, {"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", ""}, {"v=x", NULL}},
     OVER("it goes on")},
    {RFC5802, {SERVER("")}, BAD("an empty first message")},
    {RFC5802, {SERVER("-")}, BAD("a first message that is no base64")},
    {RFC5802, {SERVER("r=" NONCE1)}, BAD("no salt")},
    {RFC5802, {SERVER("r=" NONCE1 ",s=QSXCR+Q6sek8bf92")}, BAD("no rounds")},
    {RFC5802, {SERVER("s=QSXCR+Q6sek8bf92,r=" NONCE1 ",i=4096")}, BAD("another order")},
    {RFC5802, {SERVER("m=x,r=" NONCE1 ",s=QSXCR+Q6sek8bf92,i=4096")}, BAD("RFC 5802 5.1: m=")},
    {RFC5802,
     {SERVER("r=fyko+d2lbbFgONRv9qkxdawL,s=QSXCR+Q6sek8bf92,i=4096")},
     BAD("no nonce of the server's")},
    {RFC5802,
     {SERVER("r=gyko+d2lbbFgONRv9qkxdawL3rf,s=QSXCR+Q6sek8bf92,i=4096")},
     BAD("not our nonce")},
    {RFC5802, {SERVER("r=fyko,s=QSXCR+Q6sek8bf92,i=4096")}, BAD("a piece of our nonce")},
    {RFC5802, {SERVER("r=" NONCE1 " \t,s=QSXCR+Q6sek8bf92,i=4096")}, BAD("blanks in a nonce")},
    {RFC5802, {SERVER("r=" NONCE1 ",s=,i=4096")}, BAD("an empty salt")},
    {RFC5802, {SERVER("r=" NONCE1 ",s=*,i=4096")}, BAD("a salt that is no base64")},
    {RFC5802, {SERVER("r=" NONCE1 ",s=QSXCR+Q6sek8bf92,i=")}, BAD("an empty number")},
    {RFC5802, {SERVER("r=" NONCE1 ",s=QSXCR+Q6sek8bf92,i=-1")}, BAD("a negative number")},
    {RFC5802, {SERVER("r=" NONCE1 ",s=QSXCR+Q6sek8bf92,i=4096x")}, BAD("no number")},
    {RFC5802, {SERVER("r=" NONCE1 ",s=QSXCR+Q6sek8bf92,i=4095")}, BAD("too few rounds")},
    {RFC5802, {SERVER("r=" NONCE1 ",s=QSXCR+Q6sek8bf92,i=1000001")}, BAD("too many rounds")},
    {RFC5802, {SERVER("r=" NONCE1 ",s=QSXCR+Q6sek8bf92,i=4294967296")}, BAD("2^32 is not 0")},
    {RFC5802,
     {SERVER("r=" NONCE1 ",s=QSXCR+Q6sek8bf92,i=99999999999999999999")},
     BAD("beyond any number")},
    {RFC5802, {ERROR("invalid-proof")}, SAID(CAUSE_AUTH_REFUSED, "e=invalid-proof")},
    {RFC5802, {ERROR("unknown-user")}, SAID(CAUSE_AUTH_REFUSED, "e=unknown-user")},
    {RFC5802, {ERROR("something-else")}, SAID(CAUSE_AUTH_REFUSED, "e= what nobody knows")},
    {RFC5802, {ERROR("")}, SAID(CAUSE_AUTH_REFUSED, "e= nothing")},
    {RFC5802, {ERROR("no-resources")}, SAID(CAUSE_AUTH_TEMPORARY, "e=no-resources")},
    {RFC5802, {ERROR("channel-bindings-dont-match")}, SAID(CAUSE_TLS, "e= another connection")},
    {RFC5802, {ERROR("server-does-support-channel-binding")}, SAID(CAUSE_TLS, "e= a downgrade")},
    {RFC5802,
     {ERROR("unsupported-channel-binding-type")},
     SAID(CAUSE_AUTH_MECHANISM, "e= about the binding, after the proof")},
    {RFC5802,
     {{RFC5802_1}, {"e=unsupported-channel-binding-type", ""}},
     CAUSE_NONE,
     CAUSE_AUTH_MECHANISM,
     true,
     false,
     "... and before it"},
    {RFC5802,
     {{RFC5802_1}, {"e=invalid-proof", ""}, {"v=x", NULL}},
     CAUSE_AUTH_MECHANISM,
     CAUSE_AUTH_REFUSED,
     false,
     false,
     "it goes on behind e="},
    {SASL_SCRAM_SHA1,
     "a,b=c",
     "x",
     "n",
     SASL_GS2_NONE,
     {{NULL, "n,,n=a=2Cb=3Dc,r=n"}},
     CAUSE_NONE,
     CAUSE_NONE,
     false,
     false,
     "RFC 5802 5.1: awkward names"},
    {SASL_SCRAM_SHA1,
     "a\xcc\x88",
     "x",
     "n",
     SASL_GS2_MISSING,
     {{NULL, "y,,n=\xc3\xa4,r=n"}},
     CAUSE_NONE,
     CAUSE_NONE,
     false,
     false,
     "one spelling for a name; \"y\""},
    {SASL_SCRAM_SHA1,
     "a\xff",
     "x",
     "n",
     SASL_GS2_NONE,
     {{NULL, NULL}},
     CAUSE_CONFIG,
     CAUSE_NONE,
     false,
     false,
     "a name that is not UTF-8"},
    {SASL_SCRAM_SHA1,
     "user",
     "pen\ncil",
     "fyko+d2lbbFgONRv9qkxdawL",
     SASL_GS2_NONE,
     {SERVER("r=" NONCE1 ",s=QSXCR+Q6sek8bf92,i=4096")},
     CAUSE_SECRET,
     CAUSE_NONE,
     false,
     false,
     "a password with a line end"},
    {SASL_SCRAM_SHA1_PLUS,
     "user",
     "x",
     "n",
     SASL_GS2_BOUND,
     {{NULL, "p=tls-exporter,,n=user,r=n"}},
     CAUSE_NONE,
     CAUSE_NONE,
     false,
     false,
     "-PLUS"},
};

static void test_talk(const struct talk *t)
{
    struct buf secret, binding, out;
    struct sasl_exchange ex = {.row = sasl_row(t->mech)};
    struct fault why = {0};
    enum cause c = CAUSE_NONE;

    buf_init_secret(&secret, 1000);
    buf_init(&binding, 1000);
    buf_init_secret(&out, LIMIT_AUTH_LINE);
    if (t->secret != NULL)
        buf_adds(&secret, t->secret);
    buf_adds(&binding, "octets");
    ex.in = (struct sasl_input){.user = t->user,
                                .secret = &secret,
                                .gs2 = t->gs2,
                                .binding_name = "tls-exporter",
                                .binding = &binding,
                                .nonce = t->nonce};
    for (size_t i = 0;
         i < 4 && (t->step[i].challenge != NULL || t->step[i].answer != NULL || i == 0); i++) {
        const char *challenge = t->step[i].challenge;
        const char *want = t->step[i].answer;
        size_t n = challenge != NULL ? strlen(challenge) : 0;

        if (n == 1 && *challenge == '-')
            challenge = NULL;
        buf_reset(&out);
        c = ex.row->answer(&ex, challenge, n, &out, &why);
        if (want != NULL && c == CAUSE_NONE)
            is_mem(out.data, out.len, want, strlen(want), t->why);
        else
            ok((want == NULL) == (c != CAUSE_NONE), "%s: %s", t->why, c != 0 ? why.text.data : "");
        ok(ex.secret_from <= out.len || c != CAUSE_NONE, "... and gives away what it says");
        ex.step++;
        if (c != CAUSE_NONE)
            break;
    }
    is_int(c, t->cause, t->why);
    is_int(ex.said.cause, t->said, "... what was said");
    is_int(ex.other_binding, t->other_binding, "... of the binding");
    is_int(sasl_accepted(&ex, &why) == CAUSE_NONE, t->accepted, "... whether 235 is believed");
    sasl_end(&ex);
    buf_free(&secret);
    buf_free(&binding);
    buf_free(&out);
    fault_free(&why);
}

static enum cause once(enum sasl_mech m, const struct sasl_input *in, int step, struct buf *out)
{
    struct sasl_exchange ex = {.row = sasl_row(m), .in = *in, .step = step};
    struct fault why = {0};
    enum cause c;

    buf_reset(out);
    c = ex.row->answer(&ex, step > 0 ? "" : NULL, 0, out, &why);
    sasl_end(&ex);
    fault_free(&why);
    return c;
}

static void test_plain(void)
{
    struct buf secret, out, nul;
    struct sasl_input in = {.user = "alice", .secret = &secret};

    buf_init_secret(&secret, 100);
    buf_init(&nul, 100);
    buf_init_secret(&out, 100);
    buf_adds(&secret, "p\xc3\xa4ss");
    is_int(once(SASL_PLAIN, &in, 0, &out), CAUSE_NONE, "PLAIN");
    is_mem(out.data, out.len, "\0alice\0p\xc3\xa4ss", 12, "... NUL user NUL password");
    is_int(once(SASL_PLAIN, &in, 1, &out), CAUSE_AUTH_MECHANISM, "PLAIN has nothing more to say");
    for (unsigned m = 0; m < SASL_MECH_COUNT; m++) {
        const struct sasl_mech_row *row = sasl_row((enum sasl_mech)m);

        if (!row->needs_secret)
            continue;
        in.user = NULL;
        is_int(once(row->mech, &in, 0, &out), CAUSE_CONFIG, "no user");
        in.user = "";
        is_int(once(row->mech, &in, 0, &out), CAUSE_CONFIG, "an empty user");
        in.user = "a\nb";
        is_int(once(row->mech, &in, 0, &out), CAUSE_CONFIG, "a line end in the user");
        in.user = "alice";
        in.secret = NULL;
        is_int(once(row->mech, &in, 0, &out), CAUSE_SECRET, "no password");
        in.secret = &nul;
        buf_reset(&nul);
        is_int(once(row->mech, &in, 0, &out), CAUSE_SECRET, "an empty password");
        buf_add(&nul, "a\0b", 3);
        is_int(once(row->mech, &in, 0, &out), CAUSE_SECRET, "RFC 4616: a NUL in it");
        in.secret = &secret;
    }
    buf_free(&out);
    buf_init_secret(&out, 6);
    is_int(once(SASL_PLAIN, &in, 0, &out), CAUSE_SECRET, "too long for the line");
    buf_free(&out);
    buf_free(&nul);
    buf_free(&secret);
}

/* The words that a refused token gets. */
static const struct {
    const char *json, *want;
} refusals[] = {
    {"{\"status\":\"401\",\"schemes\":\"bearer\"}", "(status 401)"},
    {"{ \"schemes\" : \"bearer\", \"status\" : 400 }", "(status 400)"},
    {"{\"scope\":\"status\",\"status\":\"invalid_token\"}", "(status invalid_token)"},
    {"{\"a\":\"\\\"status\\\":\\\"9\\\"\",\"status\":\"1\"}", "(status 1)"},
    {"{\"status\":\"\\u001b[31m\nred\"}", "(status \\u001b[31m\\nred)"},
    {"{\"status\":{}}", "of a"},
    {"{\"status\":", "of a"},
    {"{\"status\":\"", "of a"},
    {"{\"status", "of a"},
    {"{\"x\":\"", "of a"},
    {"", "of a"},
    {"\"status\":\"" A100 "\"", "(status AbCdEf-._~AbCdEf-._~AbCdEf-._~AbCdEf-._~)"},
};

static void test_refusals(void)
{
    struct buf secret, out;

    buf_init_secret(&secret, 100);
    buf_init_secret(&out, 100);
    buf_adds(&secret, "t");
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct sasl_exchange ex = {
            .row = sasl_row(SASL_XOAUTH2), .in = {.user = "a", .secret = &secret}, .step = 1};
        struct fault why = {0};
        const char *json = refusals[i].json, *text;
        size_t n = strlen(refusals[i].want);

        is_int(ex.row->answer(&ex, json, strlen(json), &out, &why), CAUSE_NONE, "refused");
        text = ex.said.text.data;
        ok(strlen(text) >= n && strcmp(text + strlen(text) - n, refusals[i].want) == 0, "%s: %s",
           json, text);
        sasl_end(&ex);
        fault_free(&why);
    }
    buf_free(&secret);
    buf_free(&out);
}

/* RFC 7628 4.1 */
static void test_host(void)
{
    static const char want[] = "n,a=user@example.com,\001host=server.example.com\001port=587\001"
                               "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\001\001";
    struct buf secret, out;
    struct sasl_input in = {
        .user = "user@example.com", .secret = &secret, .host = "server.example.com", .port = 587};

    buf_init_secret(&secret, 100);
    buf_init_secret(&out, 1000);
    buf_adds(&secret, "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
    is_int(once(SASL_OAUTHBEARER, &in, 0, &out), CAUSE_NONE, "OAUTHBEARER names the server");
    is_mem(out.data, out.len, want, sizeof(want) - 1, "... as in RFC 7628 4.1");
    buf_free(&secret);
    buf_free(&out);
}

/* Two logins never use one nonce, and the gs2 header with the binding is what is proved. */
static void test_fresh(void)
{
    struct buf secret, binding, one, two;
    struct sasl_input in = {.user = "u",
                            .secret = &secret,
                            .gs2 = SASL_GS2_BOUND,
                            .binding_name = "tls-exporter",
                            .binding = &binding};
    struct sasl_exchange ex = {.row = sasl_row(SASL_SCRAM_SHA256_PLUS), .in = in};
    struct fault why = {0};
    const char *challenge = "r=nX,s=QSXCR+Q6sek8bf92,i=4096";

    buf_init_secret(&secret, 100);
    buf_init(&binding, 100);
    buf_init_secret(&one, 1000);
    buf_init_secret(&two, 1000);
    buf_adds(&secret, "x");
    buf_adds(&binding, "0123");
    (void)once(SASL_SCRAM_SHA256, &in, 0, &one);
    (void)once(SASL_SCRAM_SHA256, &in, 0, &two);
    ok(one.len == two.len && memcmp(one.data, two.data, one.len) != 0, "a nonce is used once");
    ok(one.len > 24 && memchr(one.data + one.len - 24, ',', 24) == NULL, "... of 24 characters");
    ex.in.nonce = "n";
    buf_reset(&one);
    is_int(ex.row->answer(&ex, NULL, 0, &one, &why), CAUSE_NONE, "-PLUS begins");
    buf_reset(&one); /* as where the line of AUTH had no room for it */
    is_int(ex.row->answer(&ex, NULL, 0, &one, &why), CAUSE_NONE, "... and begins again");
    ex.step = 1;
    buf_reset(&one);
    is_int(ex.row->answer(&ex, challenge, strlen(challenge), &one, &why), CAUSE_NONE,
           "... goes on");
    buf_addc(&one, '\0');
    ok(strncmp(one.data, "c=cD10bHMtZXhwb3J0ZXIsLDAxMjM=,r=nX,p=", 38) == 0,
       "... and proves the header and the octets: %s", one.data);
    is_int((long long)ex.secret_from, 38, "... the proof is what gives away");
    sasl_end(&ex);
    fault_free(&why);
    buf_free(&secret);
    buf_free(&binding);
    buf_free(&one);
    buf_free(&two);
}

int main(void)
{
    size_t i;

    for (i = 0; i < SASL_MECH_COUNT; i++) {
        const struct sasl_mech_row *row = sasl_row((enum sasl_mech)i);

        ok(row != NULL && row->mech == (enum sasl_mech)i && row->answer != NULL, "row %zu", i);
        is_int(sasl_find(row->name, strlen(row->name)), (long long)i, row->name);
    }
    ok(sasl_row(SASL_NONE) == NULL, "no row for none");
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        is_int(sasl_find(names[i].name, strlen(names[i].name)), names[i].want, names[i].name);
    is_int(sasl_find("PLAIN LOGIN", 5), SASL_PLAIN, "the length counts, not a NUL");
    test_choice();
    test_looks();
    for (i = 0; i < sizeof(talks) / sizeof(talks[0]); i++)
        test_talk(&talks[i]);
    test_plain();
    test_refusals();
    test_fresh();
    test_host();
    return done_testing();
}
