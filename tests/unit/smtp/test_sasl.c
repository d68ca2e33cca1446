/* test_sasl.c: the mechanism table, the choice, and what PLAIN and LOGIN say. */
#include "config.h"

#include "smtp/sasl.h"

#include "base/limits.h"
#include "tap.h"

#define PLAIN (1u << SASL_PLAIN)
#define LOGIN (1u << SASL_LOGIN)
#define BOTH  (PLAIN | LOGIN)

static const struct {
    unsigned offered, allowed, tried;
    bool is_protected, cleartext_ok;
    enum sasl_mech want;
    const char *why;
} choices[] = {
    {BOTH, BOTH, 0, true, false, SASL_PLAIN, "PLAIN before LOGIN"},
    {BOTH, LOGIN, 0, true, false, SASL_LOGIN, "only what is allowed"},
    {LOGIN, BOTH, 0, true, false, SASL_LOGIN, "only what is offered"},
    {BOTH, BOTH, PLAIN, true, false, SASL_LOGIN, "not what was tried"},
    {BOTH, BOTH, BOTH, true, false, SASL_NONE, "all tried"},
    {BOTH, BOTH, 0, false, false, SASL_NONE, "R17: no password in the clear"},
    {BOTH, BOTH, 0, false, true, SASL_PLAIN, "unless the user wrote so"},
    {BOTH, 0, 0, true, true, SASL_NONE, "nothing allowed"},
    {0, BOTH, 0, true, true, SASL_NONE, "nothing offered"},
    {LOGIN, PLAIN, 0, true, true, SASL_NONE, "nothing in common"},
};

static const struct {
    const char *name;
    enum sasl_mech want;
} names[] = {
    {"PLAIN", SASL_PLAIN}, {"plain", SASL_PLAIN}, {"Login", SASL_LOGIN}, {"PLAI", SASL_NONE},
    {"PLAINX", SASL_NONE}, {"", SASL_NONE},       {" PLAIN", SASL_NONE}, {"LOGIN-2", SASL_NONE},
};

static void test_answers(void)
{
    const struct sasl_mech_row *plain = sasl_row(SASL_PLAIN), *login = sasl_row(SASL_LOGIN);
    struct fault why = {0};
    struct buf secret, out, nul;
    struct sasl_input in = {.user = "alice", .secret = &secret};

    buf_init_secret(&secret, 100);
    buf_init(&nul, 100);
    buf_init_secret(&out, 100);
    buf_adds(&secret, "p\xc3\xa4ss");
    is_int(plain->answer(&in, 0, NULL, 0, &out, &why), CAUSE_NONE, "PLAIN");
    is_mem(out.data, out.len, "\0alice\0p\xc3\xa4ss", 12, "... NUL user NUL password");
    is_int(plain->answer(&in, 1, "", 0, &out, &why), CAUSE_AUTH_MECHANISM,
           "PLAIN has nothing more to say");
    buf_reset(&out);
    is_int(login->answer(&in, 0, "Username:", 9, &out, &why), CAUSE_NONE, "LOGIN, the user");
    is_str(out.data, "alice", "... is said first");
    buf_reset(&out);
    is_int(login->answer(&in, 1, NULL, 0, &out, &why), CAUSE_NONE, "LOGIN, the password");
    is_str(out.data, "p\xc3\xa4ss", "... whatever the prompt was");
    is_int(login->answer(&in, 2, "", 0, &out, &why), CAUSE_AUTH_MECHANISM, "a third prompt");

    in.user = NULL;
    is_int(plain->answer(&in, 0, NULL, 0, &out, &why), CAUSE_CONFIG, "no user");
    in.user = "";
    is_int(login->answer(&in, 0, NULL, 0, &out, &why), CAUSE_CONFIG, "an empty user");
    in.user = "alice";
    in.secret = NULL;
    is_int(plain->answer(&in, 0, NULL, 0, &out, &why), CAUSE_SECRET, "no password");
    in.secret = &nul;
    is_int(plain->answer(&in, 0, NULL, 0, &out, &why), CAUSE_SECRET, "an empty password");
    buf_add(&nul, "a\0b", 3);
    is_int(plain->answer(&in, 0, NULL, 0, &out, &why), CAUSE_SECRET, "RFC 4616: a NUL in it");
    is_int(login->answer(&in, 1, NULL, 0, &out, &why), CAUSE_SECRET, "... nor with LOGIN");
    in.secret = &secret;
    buf_free(&out);
    buf_init_secret(&out, 6);
    is_int(plain->answer(&in, 0, NULL, 0, &out, &why), CAUSE_SECRET, "too long for the line");
    buf_free(&out);
    buf_free(&nul);
    buf_free(&secret);
    fault_free(&why);
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
    for (i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
        is_int(sasl_choose(choices[i].offered, choices[i].allowed, choices[i].tried,
                           choices[i].is_protected, choices[i].cleartext_ok),
               choices[i].want, choices[i].why);
    test_answers();
    return done_testing();
}
