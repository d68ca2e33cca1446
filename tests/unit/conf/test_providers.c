/* test_providers.c: presets and hints, from private files and from the one that is installed. */
#include "config.h"

#include "conf/providers.h"

#include "base/attr.h"
#include "conf/secret.h"
#include "conf/settings.h"
#include "scratch.h"
#include "tap.h"

static const char sample[] = "[provider big]\n"
                             "domains = big.example, big2.example\n"
                             "hosts = .big.example, smtp.big.example\n"
                             "host = smtp.big.example\n"
                             "port = 587\n"
                             "tls = starttls\n"
                             "note = an app password # not shown\n"
                             "hint.535 = general\n"
                             "hint.535.5.7.8 = enhanced\n"
                             "hint.535.web = \"word # one\"\n"
                             "hint.550.From = from\n"
                             "[provider local]\n"
                             "hosts = mail.local.example\n"
                             "host = mail.local.example\n"
                             "user = local\n"
                             "[provider literal]\n"
                             "hosts = .x.big.example\n"
                             "host = literal.example\n"
                             "user = apikey\n"
                             "hint.535 = literal\n"
                             "[provider given]\n"
                             "hosts = given.example\n"
                             "host = given.example\n"
                             "user = given\n"
                             "max_recipients = 10\n";

static struct providers *load(struct scratch *s, const char *text)
{
    struct providers *p = NULL;
    struct fault why = {0};

    if (providers_load(&p, scratch_write(s, "providers.ini", text, 0644), &why) != CAUSE_NONE)
        ok(false, "%s: %s", why.place.data, why.text.data);
    fault_free(&why);
    return p;
}

static void set(struct account *a, const char *key, const char *value)
{
    const struct setting *s = settings_find(SCOPE_ACCOUNT, key);
    struct fault why = {0};

    if (settings_assign(s, a, value, &why) != CAUSE_NONE)
        ok(false, "%s", why.text.data);
    settings_mark(a->set, s);
    fault_free(&why);
}

static void test_apply(struct scratch *s)
{
    static const struct {
        const char *provider, *keys[3][2];
        const char *host, *user, *wrong;
        int port;
        enum account_tls tls;
        const char *why;
    } cases[] = {
        {"big",
         {{"from", "a@big.example"}},
         "smtp.big.example",
         "a@big.example",
         NULL,
         587,
         TLS_STARTTLS,
         "everything from the preset"},
        {"BIG",
         {{"from", "a@big.example"}},
         "smtp.big.example",
         "a@big.example",
         NULL,
         587,
         TLS_STARTTLS,
         "its name in any case"},
        {"big",
         {{"user", "u"}, {"host", "h.example"}},
         "h.example",
         "u",
         NULL,
         587,
         TLS_STARTTLS,
         "what is written stays"},
        {"big",
         {{"user", "u"}, {"port", "465"}},
         "smtp.big.example",
         "u",
         NULL,
         465,
         TLS_DEFAULT,
         "with another port the preset's TLS mode does not count"},
        {"big",
         {{"user", "u"}, {"tls", "off"}},
         "smtp.big.example",
         "u",
         NULL,
         587,
         TLS_OFF,
         "a TLS mode that is written does"},
        {"big",
         {{"auth", "off"}},
         "smtp.big.example",
         NULL,
         NULL,
         587,
         TLS_STARTTLS,
         "no login, no user"},
        {"big",
         {{NULL, NULL}},
         NULL,
         NULL,
         "provider big needs user, or from to form it",
         0,
         TLS_DEFAULT,
         "neither user nor from"},
        {"local",
         {{"from", "a.b@local.example"}},
         "mail.local.example",
         "a.b",
         NULL,
         465,
         TLS_DEFAULT,
         "the local part"},
        {"literal",
         {{"from", "a@b.example"}},
         "literal.example",
         "apikey",
         NULL,
         465,
         TLS_DEFAULT,
         "a literal user"},
        {"given",
         {{"from", "a@b.example"}},
         NULL,
         NULL,
         "provider given needs user to be set",
         0,
         TLS_DEFAULT,
         "a user that cannot be formed"},
        {"given", {{"user", "u"}}, "given.example", "u", NULL, 465, TLS_DEFAULT, "and is given"},
        {"bgi",
         {{"user", "u"}},
         NULL,
         NULL,
         "provider: none has that name (did you mean big?)",
         0,
         TLS_DEFAULT,
         "a slip"},
        {"nothing-like-it",
         {{"user", "u"}},
         NULL,
         NULL,
         "provider: none has that name; set host instead",
         0,
         TLS_DEFAULT,
         "no such provider"},
    };
    struct providers *p = load(s, sample);
    size_t i, k;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        struct account *a = account_new("x");
        struct fault why = {0};
        enum cause c;

        set(a, "provider", cases[i].provider);
        for (k = 0; k < 3 && cases[i].keys[k][0] != NULL; k++)
            set(a, cases[i].keys[k][0], cases[i].keys[k][1]);
        c = providers_apply(p, a, &why);
        ok((c == CAUSE_NONE) == (cases[i].wrong == NULL), "%s", cases[i].why);
        if (cases[i].wrong != NULL) {
            is_str(why.text.data, cases[i].wrong, "its text");
        } else {
            is_str(a->host.v[0], cases[i].host, "host");
            is_str(a->user, cases[i].user, "user");
            is_int(a->port, cases[i].port, "port");
            is_int(a->tls, cases[i].tls, "tls");
        }
        fault_free(&why);
        account_close(&a);
    }
    providers_close(&p);
}

static void test_of_address(struct scratch *s)
{
    struct providers *p = load(s, sample);

    is_str(providers_of_address(p, "a@big.example"), "big", "its first domain");
    is_str(providers_of_address(p, "a@BIG2.example"), "big", "another, any case");
    is_str(providers_of_address(p, "a@sub.big.example"), NULL, "not what lies under it");
    is_str(providers_of_address(p, "big.example"), NULL, "no address");
    providers_close(&p);
}

static void test_hint(struct scratch *s)
{
    static const struct {
        const char *host;
        int code;
        struct enhanced enhanced;
        const char *words, *want, *why;
    } cases[] = {
        {"smtp.big.example", 535, {5, 7, 8}, "no", "enhanced", "the enhanced code"},
        {"smtp.big.example", 535, {5, 7, 8}, "on the WEB", "enhanced", "goes before a word"},
        {"smtp.big.example", 535, {5, 7, 9}, "on the WEB", "word # one", "a word in any case"},
        {"smtp.big.example", 535, {5, 7, 9}, "no", "general", "the code"},
        {"SMTP.Big.Example.", 535, {5, 7, 9}, "no", "general", "the host in any case, with a dot"},
        {"other.big.example", 535, {5, 7, 9}, "no", "general", "a suffix"},
        {"big.example", 535, {5, 7, 9}, "no", NULL, "a suffix is not the domain itself"},
        {"notbig.example", 535, {5, 7, 9}, "no", NULL, "nor another domain"},
        {"smtp.x.big.example", 535, {5, 7, 8}, "no", "literal", "the longest suffix wins"},
        {"smtp.x.big.example",
         550,
         {5, 0, 0},
         "From",
         "from",
         "unless that provider has nothing to say"},
        {"smtp.big.example", 550, {5, 0, 0}, "bad \"from\" header", "from", "a word in quotes"},
        {"smtp.big.example", 550, {5, 0, 0}, "no", NULL, "a word that is not there"},
        {"smtp.big.example", 53, {5, 0, 0}, "no", NULL, "half a code"},
        {"smtp.big.example", 554, {5, 0, 0}, "no", NULL, "another code"},
        {"", 535, {5, 0, 0}, "no", NULL, "no host"},
    };
    struct providers *p = load(s, sample);
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        struct fault why = {0};
        bool fitted;

        fault_set(&why, CAUSE_AUTH_REFUSED, "refused");
        fault_remote(&why, cases[i].code, cases[i].enhanced, cases[i].words,
                     strlen(cases[i].words));
        fitted = providers_hint(p, cases[i].host, &why);
        ok(fitted == (cases[i].want != NULL), "%s", cases[i].why);
        is_str(why.hint.len > 0 ? why.hint.data : NULL, cases[i].want, "its hint");
        why.stage = STAGE_AUTH;
        fault_hint(&why, "the token is too old");
        ok(!providers_hint(p, cases[i].host, &why), "... but the login's own advice stays");
        is_str(why.hint.data, "the token is too old", "... as it is");
        fault_free(&why);
    }
    providers_close(&p);
}

static void test_wrong(struct scratch *s)
{
    static const struct {
        const char *text, *line, *wrong;
    } cases[] = {
        {"[provider a]\n[provider A]\n", ":2", "this provider has a section already"},
        {"[account a]\n", ":1", "a section that is not [provider NAME]"},
        {"[provider]\n", ":1", "a section that is not [provider NAME]"},
        {"[provider a]\nhosst = x\n", ":2", "a setting that no provider can have"},
        {"[provider a]\npassword = x\n", ":2", "a setting that no provider can have"},
        {"[provider a]\npassword_command = x\n", ":2", "a setting that no provider can have"},
        {"[provider a]\ntls_trust = /x\n", ":2", "a setting that no provider can have"},
        {"[provider a]\nport = x\n", ":2", "port: not a number from 1 to 65535"},
        {"[provider a]\nport = 1\nport = 2\n", ":3", "this setting is there twice"},
        {"[provider a]\nhint.535 = 1\nhint.535 = 2\n", ":3", "this hint is there twice"},
        {"[provider a]\nhost x\nport = y\n", ":2", "neither a [section] nor key = value"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        const char *path = scratch_write(s, "wrong.ini", cases[i].text, 0644);
        struct providers *p = NULL;
        struct fault why = {0};

        is_int(providers_load(&p, path, &why), CAUSE_CONFIG, cases[i].wrong);
        is_str(why.text.data, cases[i].wrong, "its text");
        ok(strcmp(why.place.data + strlen(path), cases[i].line) == 0, "line %s", why.place.data);
        ok(p == NULL, "nothing is given");
        fault_free(&why);
    }
}

static void test_missing(struct scratch *s)
{
    struct providers *p = NULL;
    struct account *a = account_new("x");
    struct fault why = {0};

    ok(providers_load(&p, scratch_path(s, "none.ini"), &why) == CAUSE_NONE && p != NULL,
       "a missing file is an empty list");
    ok(why.cause == CAUSE_NONE, "and no fault");
    set(a, "provider", "big");
    is_int(providers_apply(p, a, &why), CAUSE_CONFIG, "which has no provider");
    ok(strncmp(why.text.data, "provider: the list of providers, /", 34) == 0 &&
           strstr(why.text.data, "none.ini, is not there: is postrider installed?") != NULL,
       "and that is told: %s", why.text.data);
    is_str(providers_missing(p), scratch_path(s, "none.ini"), "the path is known");
    ok(providers_near_domain(p, "gmail.com") == NULL, "nothing is near");
    providers_close(&p);
    p = load(s, "# none\n");
    ok(p != NULL && providers_missing(p) == NULL, "an empty list is there");
    is_int(providers_apply(p, a, &why), CAUSE_CONFIG, "and has no provider either");
    is_str(why.text.data, "provider: none has that name; set host instead", "its text");
    providers_close(&p);
    is_int(providers_load(&p, s->dir, &why), CAUSE_CONFIG, "a folder is an error");
    providers_close(&p);
    fault_free(&why);
    account_close(&a);
}

/* The advice that the installed file must give, by what servers say. */
static void test_installed(void)
{
    static const struct {
        const char *host;
        int code;
        struct enhanced enhanced;
        const char *words, *want;
    } cases[] = {
        {"smtp.qq.com", 535, {0, 0, 0}, "Error: authentication failed", "authorization code"},
        {"smtp.exmail.qq.com", 535, {0, 0, 0}, "Error", "client password"},
        {"smtp.163.com", 535, {0, 0, 0}, "Error: authentication failed", "authorization code"},
        {"smtp.126.com", 535, {0, 0, 0}, "Error: authentication failed", "authorization code"},
        {"smtp.yeah.net", 535, {0, 0, 0}, "Error: authentication failed", "authorization code"},
        {"smtp.gmail.com", 535, {5, 7, 8}, "Username and Password not accepted", "app password"},
        {"smtp.gmail.com",
         534,
         {5, 7, 9},
         "Application-specific password required",
         "app password"},
        {"smtp.qq.com",
         550,
         {0, 0, 0},
         "The \"From\" header is missing or invalid",
         "rewrite_from"},
        {"smtp.qq.com",
         501,
         {0, 0, 0},
         "Mail from address must be same as authorization user",
         "set from to it"},
        {"smtp.163.com", 553, {0, 0, 0}, "Mail from must equal authorized user", "set from to it"},
        {"smtp.163.com", 550, {0, 0, 0}, "User has no permission", "switch it on"},
        {"smtp-mail.outlook.com", 535, {5, 7, 3}, "Authentication unsuccessful", "OAuth"},
        {"smtp.office365.com", 535, {5, 7, 139}, "Authentication unsuccessful", "SMTP AUTH"},
    };
    static const char *const slips[][2] = {{"gmial.com", "gmail.com"},
                                           {"gamil.com", "gmail.com"},
                                           {"GMAIL.con", "gmail.com"},
                                           {"outlok.com", "outlook.com"},
                                           {"hotmial.com", "hotmail.com"},
                                           {"yaho.com", "yahoo.com"},
                                           {"abc.com", NULL},
                                           {"example.com", NULL},
                                           {"", NULL}};
    static const char *const domains[] = {"gmail.com",   "qq.com",     "163.com",    "126.com",
                                          "outlook.com", "icloud.com", "yahoo.com",  "gmx.de",
                                          "web.de",      "mail.ru",    "foxmail.com"};
    struct providers *p = NULL;
    struct fault why = {0};
    char address[64];
    size_t i;

    is_int(providers_load(&p, SRCDIR "/etc/providers.ini", &why), CAUSE_NONE, "the file is right");
    if (p == NULL)
        printf("# %s: %s\n", why.place.data, why.text.data);
    for (i = 0; p != NULL && i < ARRAY_LEN(cases); i++) {
        fault_set(&why, CAUSE_AUTH_REFUSED, "refused");
        fault_remote(&why, cases[i].code, cases[i].enhanced, cases[i].words,
                     strlen(cases[i].words));
        ok(providers_hint(p, cases[i].host, &why) && strstr(why.hint.data, cases[i].want) != NULL,
           "%s %d %s: %s", cases[i].host, cases[i].code, cases[i].words, why.hint.data);
    }
    for (i = 0; p != NULL && i < ARRAY_LEN(domains); i++) {
        struct account *a = account_new("x");

        snprintf(address, sizeof(address), "alice@%s", domains[i]);
        ok(providers_of_address(p, address) != NULL, "%s belongs to a provider", domains[i]);
        set(a, "from", address);
        set(a, "provider", providers_of_address(p, address));
        ok(providers_apply(p, a, &why) == CAUSE_NONE && a->host.n == 1, "which has a server");
        account_close(&a);
    }
    fault_free(&why);
    for (i = 0; p != NULL && i < ARRAY_LEN(slips); i++)
        is_str(providers_near_domain(p, slips[i][0]), slips[i][1], slips[i][0]);
    providers_close(&p);
}

int main(void)
{
    struct scratch s;

    scratch_open(&s);
    test_apply(&s);
    test_of_address(&s);
    test_hint(&s);
    test_wrong(&s);
    test_missing(&s);
    test_installed();
    scratch_close(&s);
    return done_testing();
}
