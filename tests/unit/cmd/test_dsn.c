/* -N, -R, -V and -B: what is taken, what is refused, what lands in the envelope. */
#include "config.h"

#include "cmd/dsn.h"

#include <string.h>

#include "tap.h"

static const struct {
    const char *notify;
    unsigned want; /* 0: refused */
} notify[] = {
    {"never", NOTIFY_NEVER},
    {"NEVER", NOTIFY_NEVER},
    {"failure", NOTIFY_FAILURE},
    {"failure,delay", NOTIFY_FAILURE | NOTIFY_DELAY},
    {"success,delay,failure", NOTIFY_SUCCESS | NOTIFY_DELAY | NOTIFY_FAILURE},
    {"never,failure", 0},
    {"", 0},
    {"sometimes", 0},
    {"fail", 0},
    {"failures", 0},
    {",failure", 0},
    {"failure delay", 0},
};

static const struct {
    const char *envid;
    const char *want; /* NULL: refused */
} envid[] = {
    {"QQ314159", "QQ314159"},
    {"a+b=c", "a+2Bb+3Dc"},
    {"with blank", "with+20blank"},
    {"\303\244", "+C3+A4"},
    {"", NULL},
    {"123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"
     "4"
     "5678901",
     NULL},
};

static const struct {
    const char *value;
    enum cause cause;
    int want;
} ret[] =
    {
        {"full", CAUSE_NONE, RET_FULL}, {"HDRS", CAUSE_NONE, RET_HDRS}, {"hdr", CAUSE_USAGE, 0},
        {"headers", CAUSE_USAGE, 0},    {"", CAUSE_USAGE, 0},
},
  body[] = {
      {"8BITMIME", CAUSE_NONE, 1},   {"8bitmime", CAUSE_NONE, 1}, {"7BIT", CAUSE_NONE, 0},
      {"BINARYMIME", CAUSE_NONE, 1}, {"9BIT", CAUSE_USAGE, 0},    {"", CAUSE_USAGE, 0},
};

/* Checks one set of options; the envelope has two recipients. */
static enum cause check(const struct options *o, struct envelope *e, struct fault *why)
{
    enum cause c;

    envelope_init(e);
    envelope_add(e, "a@example.org");
    envelope_add(e, "b@example.org");
    c = dsn_check(o, e, why);
    dsn_spread(o, e);
    return c;
}

static void test_notify(size_t i)
{
    struct options o = {.notify = notify[i].notify};
    struct fault why = {0};
    struct envelope e;

    is_int(check(&o, &e, &why), notify[i].want != 0 ? CAUSE_NONE : CAUSE_USAGE, notify[i].notify);
    if (notify[i].want != 0) {
        is_int(e.rcpt[0].notify, notify[i].want, "... for the first");
        is_int(e.rcpt[1].notify, notify[i].want, "... for the second");
    } else {
        ok(strstr(why.text.data, "-N") != NULL, "... the option is named");
    }
    envelope_free(&e);
    fault_free(&why);
}

static void test_envid(size_t i)
{
    struct options o = {.envid = envid[i].envid};
    struct fault why = {0};
    struct envelope e;

    is_int(check(&o, &e, &why), envid[i].want != NULL ? CAUSE_NONE : CAUSE_USAGE, envid[i].envid);
    if (envid[i].want != NULL)
        is_str(e.envid, envid[i].want, "... as xtext");
    envelope_free(&e);
    fault_free(&why);
}

int main(void)
{
    struct options none = {0};
    struct fault why = {0};
    struct envelope e;
    size_t i;

    is_int(check(&none, &e, &why), CAUSE_NONE, "nothing asked");
    is_int(e.rcpt[0].notify, 0, "... nothing set");
    ok(e.envid == NULL && e.ret == RET_NONE && !e.body_8bit, "... at all");
    envelope_free(&e);
    for (i = 0; i < ARRAY_LEN(notify); i++)
        test_notify(i);
    for (i = 0; i < ARRAY_LEN(envid); i++)
        test_envid(i);
    for (i = 0; i < ARRAY_LEN(ret); i++) {
        struct options o = {.ret = ret[i].value};

        is_int(check(&o, &e, &why), ret[i].cause, ret[i].value);
        is_int(e.ret, ret[i].want, "... in the envelope");
        envelope_free(&e);
    }
    for (i = 0; i < ARRAY_LEN(body); i++) {
        struct options o = {.body = body[i].value};

        is_int(check(&o, &e, &why), body[i].cause, body[i].value);
        is_int(e.body_8bit, body[i].want, "... in the envelope");
        envelope_free(&e);
    }
    fault_free(&why);
    return done_testing();
}
