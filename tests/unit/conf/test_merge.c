/* test_merge.c: who wins: -O, the account, like, [defaults], the provider, the table. */
#include "config.h"

#include "conf/merge.h"

#include "base/attr.h"
#include "conf/secret.h"
#include "conf/settings.h"
#include "loading.h"

static const char presets[] =
    "[provider big]\ndomains = big.example\nhosts = .big.example\n"
    "host = smtp.big.example\nport = 587\nmax_recipients = 7\n[provider empty]\n"
    "[provider given]\nhost = h.example\nuser = given\n";

/* The value of KEY in account number I. */
static void expect(const struct loading *l, size_t i, const char *key, const char *want,
                   const char *why)
{
    struct buf out;

    buf_init(&out, 10000);
    if (l->c == NULL || i >= l->c->n)
        ok(false, "%s: %s", why, l->all);
    else {
        const char *got = settings_format(settings_find(SCOPE_ACCOUNT, key), l->c->account[i], &out)
                              ? out.data
                              : NULL;

        is_str(got, want, why);
    }
    buf_free(&out);
}

static void test_precedence(struct scratch *s, const char *providers)
{
    static const char text[] = "[account a]\nlike = b\nuser = u\nport = 1\n"
                               "[account b]\nlike = c\nuser = v\nport = 2\ntimeout = 2\n"
                               "provider = big\npassword = x\n"
                               "[account c]\nport = 3\ntimeout = 3\ndeadline = 3\nuser = w\n"
                               "[defaults]\nport = 4\ntimeout = 4\ndeadline = 4\npatience = 4\n"
                               "max_recipients = 4\nprovider = big\n";
    struct loading l;

    loading_text(&l, s, text, NULL, providers);
    is_str(l.all, "", "no error");
    expect(&l, 0, "port", "1", "the account's own");
    expect(&l, 0, "timeout", "2s", "of the one it is like");
    expect(&l, 0, "deadline", "3s", "of the one that is like");
    expect(&l, 0, "patience", "4s", "of [defaults]");
    expect(&l, 0, "host", "smtp.big.example", "of the provider");
    expect(&l, 0, "max_recipients", "4", "[defaults] before the provider");
    expect(&l, 0, "connect_timeout", "15s", "of the table");
    expect(&l, 0, "user", "u", "its own user");
    ok(l.c != NULL && l.c->account[0]->secret->has_inline, "the password comes along");
    expect(&l, 1, "port", "2", "the second by itself");
    expect(&l, 2, "port", "3", "the third by itself");
    expect(&l, 2, "patience", "4s", "with [defaults]");
    loading_free(&l);
}

static void test_like_wrong(struct scratch *s)
{
    static const struct {
        const char *text, *all, *why;
    } cases[] = {
        {"[account a]\nlike = a\n", "F:2: like: leads back to this account\n", "itself"},
        {"[account a]\nlike = b\n[account b]\nport = 1\nlike = a\n",
         "F:5: like: leads back to this account\n", "a circle of two"},
        {"[account work]\nhost = h\n[account a]\nlike = wrok\n",
         "F:4: like: no account has that name (did you mean work?)\n", "a near miss"},
        {"[account work]\nhost = h\n[account a]\nlike = Zzz\n",
         "F:4: like: no account has that name\n", "no account"},
        {"[defaults]\ndefault = wrok\n[account work]\nhost = h\n",
         "F:2: default: no account has that name (did you mean work?)\n", "default"},
        {"[account a]\nlike = b\n[account b]\nport = x\n",
         "F:1: account a: host is missing: name the server, or a provider (the list of providers, "
         "/nonexistent, is not there: is postrider installed?)\n"
         "F:3: account b: host is missing: name the server, or a provider (the list of providers, "
         "/nonexistent, is not there: is postrider installed?)\n"
         "F:4: port: not a number from 1 to 65535\n",
         "a wrong line hides nothing else"},
        {"[defaults]\nhost = a b\n[account a]\n",
         "F:2: host: a blank inside a word: words are separated by commas\n",
         "what [defaults] means to say is not missing"},
        {"[account a]\nhost = h\ntls = off\nauth = plain\nuser = u\npassword = x\n"
         "[account b]\nport = 1\n",
         "F:1: account a: tls = off would send the password where everybody can read it: use TLS, "
         "or auth = scram; or set allow_cleartext_auth = yes as well, or auth = off\n"
         "F:7: account b: host is missing: name the server, or a provider (the list of providers, "
         "/nonexistent, is not there: is postrider installed?)\n",
         "rules are told at the section's line"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        struct loading l;

        loading_text(&l, s, cases[i].text, NULL, "/nonexistent");
        is_int(l.cause, CAUSE_CONFIG, cases[i].why);
        is_str(l.all, cases[i].all, "its errors");
        loading_free(&l);
    }
}

static void test_chain(struct scratch *s)
{
    static char text[20000];
    size_t at = 0;
    struct loading l;
    int i;

    for (i = 0; i < 300; i++)
        at +=
            (size_t)snprintf(text + at, sizeof(text) - at, "[account a%d]\nlike = a%d\n", i, i + 1);
    snprintf(text + at, sizeof(text) - at, "[account a300]\nhost = h.example\nport = 300\n");
    loading_text(&l, s, text, NULL, "/nonexistent");
    is_str(l.all, "", "a chain of 300");
    expect(&l, 0, "port", "300", "its first has what the last says");
    loading_free(&l);
}

static void test_secret_sources(struct scratch *s)
{
    struct loading l;

    loading_text(&l, s,
                 "[defaults]\npassword = general\nuser = u\nhost = h\n"
                 "[account a]\npassword_file = /x\n[account b]\nport = 1\n",
                 NULL, "/nonexistent");
    is_str(l.all, "", "a source of one's own is no second one");
    ok(l.c != NULL && !l.c->account[0]->secret->has_inline, "the general one is not taken");
    ok(l.c != NULL && buf_equals(&l.c->account[1]->secret->inline_password, "general"),
       "whoever has none takes it");
    loading_free(&l);
}

static void test_provider(struct scratch *s, const char *providers)
{
    struct loading l;

    loading_text(&l, s, "[account a]\nuser = x@big.example\npassword = p\n", NULL, providers);
    is_str(l.all, "", "three lines are enough");
    expect(&l, 0, "host", "smtp.big.example", "the address says which provider it is");
    expect(&l, 0, "port", "587", "its port");
    expect(&l, 0, "tls", "starttls", "TLS follows from it");
    expect(&l, 0, "provider", "big", "and it is known by name");
    loading_free(&l);

    loading_text(&l, s, "[account a]\nuser = x@big.example\nhost = h.example\npassword = p\n", NULL,
                 providers);
    expect(&l, 0, "host", "h.example", "with a host no provider is looked for");
    expect(&l, 0, "provider", NULL, "nor named");
    loading_free(&l);

    loading_text(&l, s, "[account a]\nfrom = x@big.example\npassword = p\n", NULL, providers);
    expect(&l, 0, "user", "x@big.example", "from does as well, and forms the user");
    loading_free(&l);

    loading_text(&l, s, "[account a]\nprovider = bigg\nuser = u\npassword = p\n", NULL, providers);
    is_str(l.all, "F:2: provider: none has that name (did you mean big?)\n", "a slip");
    loading_free(&l);

    loading_text(&l, s, "[account a]\nprovider = big\n[account b]\nprovider = big\n", NULL,
                 scratch_write(s, "broken.ini", "[provider\n", 0644));
    is_int((long long)l.errors.n, 2, "a broken file of providers");
    ok(strstr(l.all, "broken.ini:1: a section without its closing ]") != NULL, "is told");
    loading_free(&l);
}

/* One run tells every error, and none that only follows from another one. */
static void test_all_at_once(struct scratch *s, const char *providers)
{
    static const struct {
        const char *text, *all, *why;
    } cases[] = {
        {"[account a]\nprovider = bgi\nprot = 5\n",
         "F:2: provider: none has that name (did you mean big?)\n"
         "F:3: unknown setting prot (did you mean port?)\n",
         "a provider beside a wrong line"},
        {"[account a]\nport = x\nuser = u\n",
         "F:1: account a: host is missing: name the server, or a provider\n"
         "F:2: port: not a number from 1 to 65535\n",
         "a host that no line means to give"},
        {"[account a]\nhots = h\n", "F:2: unknown setting hots (did you mean host?)\n",
         "a misspelt host is not missing"},
        {"[account a]\nhost = \"h\n", "F:2: host: the closing quote is missing\n",
         "nor is one in a broken line"},
        {"[account a]\nprovder = big\nuser = x@unknown.example\n",
         "F:2: unknown setting provder (did you mean provider?)\n", "nor with a provider to come"},
        {"[account a]\nuesr = x@big.example\npassword = p\n",
         "F:2: unknown setting uesr (did you mean user?)\n",
         "an address to come names host and user"},
        {"[account a]\nprovider = given\nuesr = u\npassword = p\n",
         "F:3: unknown setting uesr (did you mean user?)\n", "nor does the provider miss it"},
        {"[account a]\nprovider = big\nform = x@big.example\npassword = p\n",
         "F:3: unknown setting form (did you mean from?)\n", "which from could form"},
        {"[account a]\nzzz = h\nport = 25\nprotocol = lmtp\n",
         "F:1: account a: protocol = lmtp is never spoken on port 25 (RFC 2033)\n"
         "F:2: unknown setting zzz\n",
         "what is set is checked, what is not set may be the unknown one"},
        {"[account a]\nhost = h\ntls = off\nuser = u\nauth = plain\nallow_cleartext_auth = x\n",
         "F:6: allow_cleartext_auth: neither yes nor no\n", "a rule with a wrong line in it"},
        {"[account a]\nhost = h\ntimeout = x\nauth = off, plain\n",
         "F:1: account a: auth: auto and off stand alone, or name the mechanisms\n"
         "F:3: timeout: not a time from 1s to 1d, such as 90s, 15m, 4h, 5d\n",
         "a rule with none"},
        {"[account a]\nprovider = bgi\nport = 25\nprotocol = lmtp\n",
         "F:1: account a: protocol = lmtp is never spoken on port 25 (RFC 2033)\n"
         "F:2: provider: none has that name (did you mean big?)\n",
         "a wrong provider hides no rule"},
        {"[account a]\nlike = b\n[account b]\nhost = a b\nuser = u\n",
         "F:4: host: a blank inside a word: words are separated by commas\n",
         "the wrong line of the one it is like"},
        {"[account a]\nlkie = b\n[account b]\nhost = h\n",
         "F:2: unknown setting lkie (did you mean like?)\n", "like may bring everything"},
        {"[account a]\nuser = u\n[account a]\nhost = h\n", NULL,
         "what a second section would bring"},
        {"[defaults]\ndefault = b\n[account a]\nhost = h\n[acount b]\nhost = h\n",
         "F:5: unknown section [acount] (did you mean [account NAME]?)\n",
         "an account whose section is misspelt is there"},
        {"[queue]\nretry_min = 8h\nretry_max = x\n[account a]\nhost = h\n",
         "F:3: retry_max: not a time from 1s to 1w, such as 90s, 15m, 4h, 5d\n",
         "no comparing with a wrong value"},
        {"[defaults]\nprovider = bgi\n[account a]\nuser = u\n[account b]\nuser = u\n",
         "F:2: provider: none has that name (did you mean big?)\n", "one line is told once"},
        {"[account a]\nlike = b\n[account b]\nuser = u\nprovider = bgi\n",
         "F:5: provider: none has that name (did you mean big?)\n", "where it was written"},
        {"[defaults]\nprovider = given\n[account a]\nport = 1\n",
         "F:3: account a: provider given needs user to be set\n", "the account misses the user"},
        {"[account a]\nport = 1\nprovider = given\n", "F:3: provider given needs user to be set\n",
         "the line that asks for it"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        struct loading l;

        loading_text(&l, s, cases[i].text, NULL, providers);
        is_int(l.cause, CAUSE_CONFIG, cases[i].why);
        if (cases[i].all != NULL)
            is_str(l.all, cases[i].all, "its errors");
        else
            is_int((long long)l.errors.n, 1, "one error");
        loading_free(&l);
    }
}

/* No host, and no provider that has one: what the reason is, and what to do. */
static void test_no_host(struct scratch *s, const char *providers)
{
    static const struct {
        const char *text, *all;
        bool list; /* of providers is there */
        const char *why;
    } cases[] = {
        {"user = x@unknown.example\n",
         "F:1: account a: no provider for unknown.example is known: name host\n", true,
         "a domain that is nobody's"},
        {"user = x@bgi.example\n",
         "F:1: account a: no provider for bgi.example is known: name host; did you mean "
         "big.example?\n",
         true, "a near miss"},
        {"user = u\nfrom = x@Bigg.Example\n",
         "F:1: account a: no provider for Bigg.Example is known: name host; did you mean "
         "big.example?\n",
         true, "of from, in any case"},
        {"user = u\n", "F:1: account a: host is missing: name the server, or a provider\n", true,
         "no domain"},
        {"user = x@\n", "F:1: account a: host is missing: name the server, or a provider\n", true,
         "an empty one"},
        {"user = x@unknown.example\nprotocol = lmtp\nport = 25\n",
         "F:1: account a: no provider for unknown.example is known: name host\n"
         "F:1: account a: protocol = lmtp is never spoken on port 25 (RFC 2033)\n",
         true, "other rules are told as well"},
        {"provider = empty\nuser = u\n",
         "F:1: account a: host is missing: name the server, or a provider\n", true,
         "a provider without a host"},
        {"user = x@big.example\n",
         "F:1: account a: host is missing: name the server, or a provider (the list of providers, "
         "/nonexistent, is not there: is postrider installed?)\n",
         false, "no list at all"},
        {"user = u\n",
         "F:1: account a: host is missing: name the server, or a provider (the list of providers, "
         "/nonexistent, is not there: is postrider installed?)\n",
         false, "nor for whoever has no domain"},
        {"provider = big\nuser = u\n",
         "F:2: provider: the list of providers, /nonexistent, is not there: is postrider "
         "installed?\n",
         false, "nor for a provider by name"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        struct loading l;
        char text[400];

        snprintf(text, sizeof(text), "[account a]\n%spassword = p\n", cases[i].text);
        loading_text(&l, s, text, NULL, cases[i].list ? providers : "/nonexistent");
        is_str(l.all, cases[i].all, cases[i].why);
        loading_free(&l);
    }
}

static void test_overrides(struct scratch *s)
{
    static const struct {
        const char *word, *text;
        const char *why;
    } cases[] = {
        {"port=x", "-O port=x: port: not a number from 1 to 65535", "a wrong value"},
        {"port", "-O port: write KEY=VALUE", "no value"},
        {"=x", "-O =x: write KEY=VALUE", "no key"},
        {"prot=1", "-O prot=1: unknown setting (did you mean port?)", "a slip"},
        {"DeliveryMode=b", "-O DeliveryMode=b: unknown setting", "sendmail's own"},
        {"port=", "-O port=: port: the value is missing", "an empty value"},
        {"password=SESAME", "-O password=...: only a configuration file can set this",
         "a secret, which is not shown"},
        {"password_command=x", "-O password_command=...: only a configuration file can set this",
         "a command"},
        {"password_file=/x", "-O password_file=...: only a configuration file can set this",
         "a file"},
        {"tls_trust=/x", "-O tls_trust=...: only a configuration file can set this", "a path"},
        {"allow=x", "-O allow=...: only a configuration file can set this", "who may"},
        {"like=x", "-O like=...: only a configuration file can set this", "like"},
        {"dir=/x", "-O dir=/x: unknown setting", "the queue folder"},
        {"target=/x", "-O target=/x: unknown setting", "the log"},
        {"default=x", "-O default=x: unknown setting", "the default account"},
        {"host=/run/x", "-O host=/run/x: only a configuration file can set a path", "a socket"},
        {"host=h, /run/x", "-O host=h, /run/x: only a configuration file can set a path",
         "a socket behind a name"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        struct strv set = {0};
        struct loading l;

        strv_add(&set, cases[i].word);
        loading_text(&l, s, "[account a]\nhost = h\n", &set, "/nonexistent");
        is_int(l.cause, CAUSE_USAGE, cases[i].why);
        is_str(l.why.text.data, cases[i].text, "its text");
        ok(l.c == NULL, "no config");
        loading_free(&l);
        strv_free(&set);
    }
}

static void test_override(struct scratch *s)
{
    struct strv set = {0};
    struct loading l;

    loading_text(&l, s, "[account a]\nhost = h\n[account b]\nport = 2\nhost = h\n", NULL,
                 "/nonexistent");
    expect(&l, 0, "queue", "fallback", "without -O the queue stays");
    loading_free(&l);

    strv_add(&set, "port=26");
    strv_add(&set, "port=27");
    strv_add(&set, "full_name=A = B");
    loading_text(&l, s, "[account a]\nhost = h\n[account b]\nport = 2\nhost = h\n", &set,
                 "/nonexistent");
    is_str(l.all, "", "no error");
    expect(&l, 0, "port", "27", "the last one counts");
    expect(&l, 1, "port", "27", "over what is written, for every account");
    expect(&l, 0, "tls", "starttls", "and the rest follows from it");
    expect(&l, 0, "full_name", "A = B", "a value with =");
    expect(&l, 0, "queue", "never", "what was said once is not there for a later try");
    ok(l.c != NULL && account_is_set(l.c->account[0], "port"), "it counts as set");
    loading_free(&l);

    strv_add(&set, "queue=always");
    loading_text(&l, s, "[account a]\nhost = h\n", &set, "/nonexistent");
    expect(&l, 0, "queue", "always", "unless -O says what is to be");
    loading_free(&l);
    strv_free(&set);

    strv_add(&set, "tls=off");
    loading_text(&l, s, "[account a]\nhost = h\nuser = u\npassword = p\nauth = plain\n", &set,
                 "/nonexistent");
    is_int(l.cause, CAUSE_CONFIG, "the rules hold for -O too");
    loading_free(&l);
    strv_free(&set);
}

int main(void)
{
    struct scratch s;
    char providers[512];

    scratch_open(&s);
    snprintf(providers, sizeof(providers), "%s", scratch_write(&s, "providers.ini", presets, 0644));
    test_precedence(&s, providers);
    test_like_wrong(&s);
    test_chain(&s);
    test_secret_sources(&s);
    test_provider(&s, providers);
    test_all_at_once(&s, providers);
    test_no_host(&s, providers);
    test_overrides(&s);
    test_override(&s);
    scratch_close(&s);
    return done_testing();
}
