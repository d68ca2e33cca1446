/* test_settings.c: the table itself: order, defaults, what may be overridden, bits, suggestions. */
#include "config.h"

#include "conf/settings.h"

#include "base/attr.h"
#include "conf/account.h"
#include "conf/load.h"
#include "conf/value.h"
#include "tap.h"

static const char *base_name(enum setting_scope scope)
{
    static const char *const names[] = {"account", "defaults", "queue", "log"};

    return names[scope];
}

/* Memory for a struct of any scope. */
union any {
    struct account account;
    struct config config;
    struct queue_settings queue;
    struct log_settings log;
};

static void test_rows(void)
{
    size_t n, i, k;
    const struct setting *rows = settings_table(&n);

    for (i = 0; i < n; i++) {
        const struct setting *s = &rows[i];
        const char *key = s->key;
        size_t help = s->help != NULL ? strlen(s->help) : 0;
        bool unique = true, sorted = i == 0 || rows[i - 1].scope <= s->scope;

        for (k = 0; k < i; k++)
            unique = unique && (rows[k].scope != s->scope || strcmp(rows[k].key, key) != 0);
        ok(unique && sorted, "%s/%s: there once, by scope", base_name(s->scope), key);
        ok(strspn(key, "abcdefghijklmnopqrstuvwxyz_") == strlen(key), "%s: lower case", key);
        ok(help > 10 && help < 80 && s->help[help - 1] == '.', "%s: one short sentence", key);
        ok(s->type != SET_ENUM || s->words != NULL, "%s: an enum has words", key);
        ok((s->type != SET_INT && s->type != SET_DURATION) || s->min < s->max, "%s: bounds", key);
        ok(!s->may_override || s->scope == SCOPE_ACCOUNT, "%s: -O sets accounts only", key);
        ok(!s->may_override ||
               (s->type != SET_SECRET && s->type != SET_COMMAND && s->type != SET_PATH &&
                s->type != SET_CREDENTIAL && s->type != SET_PROXY && s->type != SET_TOKEN),
           "%s: -O sets no secret, command or path", key);
        ok(settings_find(s->scope, key) == s, "%s: found", key);
        is_str(settings_nearest(s->scope, key), key, "the nearest to a key is itself");
    }
    ok(!settings_find(SCOPE_ACCOUNT, "allow")->may_override, "nobody lets himself in by -O");
    ok(settings_find(SCOPE_ACCOUNT, "dir") == NULL, "a key belongs to its scope");
    ok(settings_find(SCOPE_ACCOUNT, "Host") == NULL, "keys are lower case");
    ok(settings_is_secret("password") && settings_is_secret("proxy") && !settings_is_secret("user"),
       "the secrets are known");
    ok(!settings_find(SCOPE_ACCOUNT, "proxy")->may_override, "-O sets no proxy: it may be a path");
}

/* Every default reads, and is written as it is read. */
static void test_defaults(void)
{
    size_t n, i;
    const struct setting *rows = settings_table(&n);

    for (i = 0; i < n; i++) {
        const struct setting *s = &rows[i];
        struct fault why = {0};
        union any u;
        struct buf out;

        memset(&u, 0, sizeof(u));
        buf_init(&out, 1000);
        if (s->fallback != NULL) {
            char name[128];

            snprintf(name, sizeof(name), "%s: the default", s->key);
            ok(settings_assign(s, &u, s->fallback, &why) == CAUSE_NONE, "%s reads", name);
            ok(settings_format(s, &u, &out), "%s has a text", name);
            /* 60s is as good as 1m */
            buf_reset(&out);
            settings_format(s, &u, &out);
            ok(strcmp(out.data, s->fallback) == 0 || s->type == SET_DURATION, "%s: %s is %s", name,
               s->fallback, out.data);
        } else if (s->type != SET_SECRET)
            ok(!settings_format(s, &u, &out), "%s: nothing to write when not set", s->key);
        if (s->type != SET_SECRET)
            settings_clear(s, &u);
        buf_free(&out);
        fault_free(&why);
    }
}

static void test_set_defaults(void)
{
    struct account *a = account_new("x");
    struct queue_settings q = {0};
    struct log_settings l = {0};

    settings_set_defaults(SCOPE_QUEUE, &q);
    settings_set_defaults(SCOPE_LOG, &l);
    is_int(a->port, 465, "port");
    is_int(a->timeout, 60, "timeout");
    is_int(a->connect_timeout, 15, "connect_timeout");
    is_int(a->patience, 30, "patience");
    is_int(a->deadline, 900, "deadline");
    is_int(a->max_recipients, 100, "max_recipients");
    is_int(a->protocol, PROTOCOL_SMTP, "protocol");
    is_int(a->tls, TLS_DEFAULT, "tls is decided later");
    is_int(a->queue, QUEUE_FALLBACK, "queue");
    is_int(a->rewrite_from, ACCOUNT_REWRITE_BARE, "rewrite_from");
    is_int(a->partial, PARTIAL_DELIVER, "partial");
    is_int(a->pipelining, PIPE_AUTO, "pipelining");
    is_str(a->auth.v[0], "auto", "auth");
    is_str(a->tls_trust, NULL, "tls_trust = system is NULL");
    ok(!a->allow_cleartext_auth && !a->require_tls, "nothing is risked");
    is_int(q.lifetime, 5 * 86400, "lifetime");
    is_int(q.retry_min, 60, "retry_min");
    is_int(q.retry_max, 4 * 3600, "retry_max");
    is_int(q.warn_after, 0, "warn_after");
    is_int(q.max_messages, 10000, "max_messages");
    ok(q.runner_auto && q.dir == NULL, "runner and dir");
    is_str(l.target, "syslog", "target");
    ok(a->set[0] == 0 && a->set[1] == 0, "a default is not marked as set");
    free(l.target);
    account_close(&a);
}

static void test_marks(void)
{
    size_t n, i, k;
    const struct setting *rows = settings_table(&n);

    for (i = 0; i < n; i++) {
        uint64_t set[2] = {0, 0};
        size_t marked = 0;

        settings_mark(set, &rows[i]);
        for (k = 0; k < n; k++)
            marked += settings_marked(set, &rows[k]);
        ok(marked == 1 && settings_marked(set, &rows[i]), "%s has a bit of its own", rows[i].key);
    }
}

static void test_nearest(void)
{
    static const struct {
        enum setting_scope scope;
        const char *word, *want;
    } cases[] = {
        {SCOPE_ACCOUNT, "hots", "host"},
        {SCOPE_ACCOUNT, "Port", "port"},
        {SCOPE_ACCOUNT, "TLS", "tls"},
        {SCOPE_ACCOUNT, "username", NULL},
        {SCOPE_ACCOUNT, "passwort", "password"},
        {SCOPE_ACCOUNT, "tls_certificate", NULL},
        {SCOPE_ACCOUNT, "maxrecipients", "max_recipients"},
        {SCOPE_QUEUE, "life_time", "lifetime"},
        {SCOPE_QUEUE, "hots", NULL},
        {SCOPE_LOG, "tagret", "target"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++)
        is_str(settings_nearest(cases[i].scope, cases[i].word), cases[i].want, cases[i].word);
}

/* What is refused before the type is looked at. */
static void test_refused(void)
{
    static const struct {
        const char *key, *value, *text;
    } cases[] = {
        {"user", "", "user: the value is missing"},
        {"user", "a\nb", "user: a control character in the value"},
        {"full_name", "a\x7f", "full_name: a control character in the value"},
        {"tls_pin", "sha256:00",
         "tls_pin: a pin is sha256: and 64 hex digits, or sha256// and base64"},
        {"tls_cert", "c.pem", "tls_cert: neither an absolute path nor a pkcs11: URI"},
        {"tls_key", "pkcs12:x?pin-value=1", "tls_key: neither an absolute path nor a pkcs11: URI"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        const struct setting *s = settings_find(SCOPE_ACCOUNT, cases[i].key);
        struct account *a = account_new("x");
        struct fault why = {0};

        is_int(settings_assign(s, a, cases[i].value, &why), CAUSE_CONFIG, cases[i].text);
        is_str(why.text.data, cases[i].text, "its text");
        fault_free(&why);
        account_close(&a);
    }
}

static void test_harmless(void)
{
    static const char *const cases[][2] = {
        {"require_tls", "yes"}, {"null_sender", "yes"}, {"patience", "1m"},
        {"queue", "always"},    {"queue", "never"},     {"pipelining", "full"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        const struct setting *s = settings_find(SCOPE_ACCOUNT, cases[i][0]);
        struct account *a = account_new("x");
        struct fault why = {0};

        ok(settings_assign(s, a, cases[i][1], &why) == CAUSE_NONE, "%s = %s is taken", cases[i][0],
           cases[i][1]);
        fault_free(&why);
        account_close(&a);
    }
}

int main(void)
{
    test_rows();
    test_defaults();
    test_set_defaults();
    test_marks();
    test_nearest();
    test_refused();
    test_harmless();
    return done_testing();
}
