/* test_account.c: choosing, owning, inheriting, and the rules between settings. */
#include "config.h"

#include "conf/account.h"

#include <grp.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "conf/load.h"
#include "conf/secret.h"
#include "conf/settings.h"
#include "scratch.h"
#include "tap.h"

/* An account from "key=value" lines separated by '\n'; `password` goes to the secret. */
static struct account *make(const char *id, const char *lines)
{
    struct account *a = account_new(id);
    struct fault why = {0};

    while (*lines != '\0') {
        size_t n = strcspn(lines, "\n"), k = strcspn(lines, "=");
        char key[64], value[256];
        const struct setting *s;

        snprintf(key, sizeof(key), "%.*s", (int)k, lines);
        snprintf(value, sizeof(value), "%.*s", (int)(n - k - 1), lines + k + 1);
        s = settings_find(SCOPE_ACCOUNT, key);
        if (s != NULL && s->type == SET_SECRET) {
            buf_adds(&a->secret->inline_password, value);
            a->secret->has_inline = true;
        } else if (s == NULL || settings_assign(s, a, value, &why) != CAUSE_NONE)
            ok(false, "%s = %s: %s", key, value, why.text.data);
        if (s != NULL)
            settings_mark(a->set, s);
        lines += n + (lines[n] == '\n');
    }
    fault_free(&why);
    return a;
}

#define IN_CLEAR                                                                                   \
    "tls = off would send the password where everybody can read it: use TLS, or auth = scram; or " \
    "set allow_cleartext_auth = yes as well, or auth = off"

#define REQUIRED "require_tls = yes asks later servers for TLS, and tls is off for the first one"

static void test_finish(void)
{
    static const struct {
        const char *lines;
        enum account_tls tls;
        const char *wrong, *why;
    } cases[] = {
        {"host=h.example", TLS_IMPLICIT, NULL, "port 465 by default"},
        {"host=h.example\nport=994", TLS_IMPLICIT, NULL, "port 994"},
        {"host=h.example\nport=2465", TLS_IMPLICIT, NULL, "port 2465"},
        {"host=h.example\nport=587", TLS_STARTTLS, NULL, "port 587"},
        {"host=h.example\nport=25", TLS_STARTTLS, NULL, "port 25 is not clear by itself"},
        {"host=h.example\ntls=off", TLS_OFF, NULL, "off when it is said"},
        {"host=h.example\nport=465\ntls=starttls", TLS_STARTTLS, NULL, "what is said counts"},
        {"host=/run/x.sock", TLS_OFF, NULL, "a Unix socket"},
        {"host=/run/x.sock\ntls=starttls\ntls_name=h.example", TLS_STARTTLS, NULL,
         "TLS on a Unix socket"},
        {"host=/run/x.sock\ntls=starttls", TLS_STARTTLS,
         "tls on a socket path needs tls_name: the name in the certificate", "without a name"},
        {"host=/run/x.sock, h.example", TLS_STARTTLS,
         "host: names and socket paths in one list need tls to be set", "a mixed list"},
        {"port=25", TLS_STARTTLS, NULL, "no host: whoever knows the providers tells it"},
        {"host=h.example\nuser=u\ntls=off", TLS_OFF, NULL, "a login without TLS: SCRAM can do it"},
        {"host=/run/x.sock\nuser=u", TLS_OFF, NULL, "a login over a Unix socket"},
        {"host=h.example\nuser=u\ntls=off\nauth=plain, login, xoauth2, oauthbearer", TLS_OFF,
         IN_CLEAR, "a password in the clear"},
        {"host=/run/x.sock\nuser=u\nauth=plain", TLS_OFF, IN_CLEAR, "... over a Unix socket"},
        {"host=h.example\nuser=u\ntls=off\nauth=plain, cram-md5", TLS_OFF, NULL, "one will do"},
        {"host=h.example\nuser=u\ntls=off\nauth=scram", TLS_OFF, NULL, "all of SCRAM"},
        {"host=h.example\nuser=u\ntls=off\nauth=scram-sha-1-plus, plain", TLS_OFF,
         "auth: -plus binds a login to TLS, and tls is off", "nothing to be bound to"},
        {"host=h.example\nuser=u\ntls=off\nauth=plain\nallow_cleartext_auth=yes", TLS_OFF, NULL,
         "both said"},
        {"host=h.example\nuser=u\nauth=external", TLS_IMPLICIT,
         "auth = external needs tls_cert: the certificate to log in with", "no certificate"},
        {"host=/run/x.sock\nauth=external", TLS_OFF, NULL, "a Unix socket knows who we are"},
        {"host=h.example\nuser=u\ntls=off\nauth=off", TLS_OFF, NULL, "no login"},
        {"host=h.example\nuser=u\npassword=p\npassword_file=f", TLS_IMPLICIT,
         "only one of password, password_command and password_file can be set", "two sources"},
        {"host=h.example\nuser=u\npassword_command=p\npassword_file=f", TLS_IMPLICIT,
         "only one of password, password_command and password_file can be set", "two others"},
        {"host=h.example\npassword=p", TLS_IMPLICIT,
         "a password is set and no user: set user, or auth = off", "a password for nobody"},
        {"host=h.example\npassword=p\nauth=off", TLS_IMPLICIT, NULL, "that is not used"},
        {"host=h.example\nauth=plain, auto", TLS_IMPLICIT,
         "auth: auto and off stand alone, or name the mechanisms", "auto in a list"},
        {"host=h.example\nauth=plain, login", TLS_IMPLICIT, NULL, "a list"},
        {"host=h.example\ntls_cert=/c.pem", TLS_IMPLICIT, NULL, "a certificate with its key"},
        {"host=h.example\ntls_cert=/c.pem\ntls_key=pkcs11:x", TLS_IMPLICIT, NULL,
         "a certificate with a key in a token"},
        {"host=h.example\ntls_key=/k.pem", TLS_IMPLICIT,
         "tls_key is set and no tls_cert: a key alone says nothing", "a key alone"},
        {"host=h.example\ntls_cert=pkcs11:x", TLS_IMPLICIT,
         "a tls_cert in a token needs tls_key, the URI of its key", "a token's certificate alone"},
        {"host=h.example\nrequire_tls=yes", TLS_IMPLICIT, NULL, "TLS all the way"},
        {"host=h.example\ntls=off\nrequire_tls=yes", TLS_OFF, REQUIRED, "but for the first step"},
        {"host=/run/x.sock\nrequire_tls=yes", TLS_OFF, REQUIRED, "... over a Unix socket"},
        {"host=h.example\nprotocol=lmtp\nport=24", TLS_STARTTLS, NULL, "LMTP on a port"},
        {"host=h.example\nprotocol=lmtp\nport=25", TLS_STARTTLS,
         "protocol = lmtp is never spoken on port 25 (RFC 2033)", "LMTP on port 25"},
        {"host=h.example\nprotocol=lmtp", TLS_IMPLICIT,
         "protocol = lmtp needs port to be set, or the path of a socket as host",
         "LMTP on nothing in particular"},
        {"host=/run/lmtp\nprotocol=lmtp", TLS_OFF, NULL, "LMTP on a socket"},
        {"host=srv:example.org", TLS_IMPLICIT, NULL, "a domain's servers, TLS by default"},
        {"host=srv:example.org\ntls=starttls", TLS_STARTTLS, NULL, "a domain's servers, STARTTLS"},
        {"host=srv:example.org\ntls=off", TLS_OFF,
         "host = srv:... needs TLS: only a certificate shows that a server is one of the domain's",
         "a domain's servers, and no proof that they are"},
        {"host=h.example, srv:example.org\nport=25\ntls=off", TLS_OFF,
         "host = srv:... needs TLS: only a certificate shows that a server is one of the domain's",
         "... among others"},
        {"host=srv:example.org\nport=587", TLS_STARTTLS,
         "port has no meaning with host = srv:..., whose records name the ports: remove it, or "
         "name "
         "the server itself in host",
         "a port for servers that have their own"},
        {"host=srv:example.org, h.example\nport=587", TLS_STARTTLS, NULL,
         "a port for the other host"},
        {"host=srv:example.org, h.example\nprotocol=lmtp\nport=24", TLS_STARTTLS,
         "host = srv:... is for protocol = smtp: there are no such records for lmtp",
         "LMTP by SRV"},
        {"host=h.example\nproxy=127.0.0.1:1080", TLS_IMPLICIT, NULL, "a proxy"},
        {"host=/run/x.sock\nproxy=127.0.0.1:1080", TLS_OFF,
         "a host that is a socket path is not reached through a proxy: set proxy = off, or take "
         "the path away",
         "a path behind a proxy"},
        {"host=/run/x.sock, h.example\ntls=off\nproxy=127.0.0.1:1080", TLS_OFF,
         "a host that is a socket path is not reached through a proxy: set proxy = off, or take "
         "the path away",
         "a path among hosts behind a proxy"},
        {"host=/run/x.sock\nproxy=off", TLS_OFF, NULL, "no proxy"},
        {"host=srv:example.org\nproxy=127.0.0.1:1080", TLS_IMPLICIT,
         "host = srv:... needs a look-up of our own, and with socks5h:// the proxy makes all of "
         "them: name the server in host, or write socks5://",
         "a look-up that nobody may make"},
        {"host=srv:example.org\nproxy=socks5://127.0.0.1:1080", TLS_IMPLICIT, NULL,
         "one that we may"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        struct account *a = make("x", cases[i].lines);
        struct strv wrong = {0};

        account_finish(a, &wrong);
        is_int(a->tls, cases[i].tls, cases[i].why);
        is_int((long long)wrong.n, cases[i].wrong != NULL, "as many errors");
        is_str(wrong.n > 0 ? wrong.v[0] : NULL, cases[i].wrong, "its error");
        strv_free(&wrong);
        account_close(&a);
    }
}

/* Who logs in how, and who needs a password for it. */
static void test_login(void)
{
    static const struct {
        const char *lines;
        bool cert;
        enum account_login want;
        bool refused;
        const char *why;
    } cases[] = {
        {"", false, ACCOUNT_LOGIN_NO, false, "nobody to log in as"},
        {"user=u\npassword=p", false, ACCOUNT_LOGIN_YES, false, "a user"},
        {"user=u\npassword=p\nauth=off", false, ACCOUNT_LOGIN_NO, false, "auth = off"},
        {"user=u", false, ACCOUNT_LOGIN_YES, true, "a user without a password"},
        {"user=u", true, ACCOUNT_LOGIN_YES, false, "... but with a certificate, which may do"},
        {"user=u\nauth=plain, login", true, ACCOUNT_LOGIN_YES, true, "... if it may be used"},
        {"user=u\nauth=external, plain", true, ACCOUNT_LOGIN_YES, false, "... as here"},
        {"user=u\nauth=external, plain", false, ACCOUNT_LOGIN_YES, true, "... and there is one"},
        {"user=u\nauth=external", true, ACCOUNT_LOGIN_YES, false, "EXTERNAL for somebody"},
        {"auth=external", true, ACCOUNT_LOGIN_YES, false, "EXTERNAL for nobody else"},
        {"auth=external", false, ACCOUNT_LOGIN_YES, false, "... behind a Unix socket"},
        {"", true, ACCOUNT_LOGIN_OPTIONAL, false, "a certificate alone"},
        {"auth=off", true, ACCOUNT_LOGIN_NO, false, "... which is for TLS only"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct account *a = make("x", cases[i].lines);
        struct config c = {.account = &a, .n = 1};
        const struct account *chosen = NULL;
        struct who w = {0};
        struct fault why = {0};

        if (cases[i].cert)
            a->tls_cert = xstrdup("/c.pem");
        is_int(account_login(a), cases[i].want, cases[i].why);
        is_int(account_choose(&c, &w, NULL, NULL, NULL, &chosen, &why) == CAUSE_CONFIG,
               cases[i].refused, "... the password");
        fault_free(&why);
        account_close(&a);
    }
}

static void test_brackets(void)
{
    struct account *a = make("x", "host=[::1], h.example");
    struct strv wrong = {0};

    account_finish(a, &wrong);
    is_str(a->host.v[0], "::1", "brackets are for people");
    is_str(a->host.v[1], "h.example", "other hosts stay");
    strv_free(&wrong);
    account_close(&a);
}

static void test_several(void)
{
    struct account *a = make("x", "protocol=lmtp\nport=25\npassword=p\npassword_file=f");
    struct strv wrong = {0};

    account_finish(a, &wrong);
    is_int((long long)wrong.n, 3, "every broken rule is told at once");
    strv_free(&wrong);
    account_close(&a);
}

static void test_owns(void)
{
    static const struct {
        const char *lines, *address;
        const char *spec;
        bool owns;
        const char *why;
    } cases[] = {
        {"from=a@example.org", "a@example.org", "a@example.org", true, "from"},
        {"from=a@example.org", "a@example.org", "a+tag@Example.ORG", true, "a tag, any case"},
        {"from=a@example.org", "a@example.org", "b@example.org", false, "another"},
        {"user=a@example.org", "a@example.org", "a@example.org", true, "user when it is one"},
        {"user=a@example.org\nfrom=b@example.org", "b@example.org", "a@example.org", false,
         "from goes before user"},
        {"user=a", NULL, "a@example.org", false, "user is no address"},
        {"user=a@", NULL, "a@example.org", false, "nor half of one"},
        {"match=@example.org", NULL, "x@example.org", true, "a domain"},
        {"match=@example.org", NULL, "x@sub.example.org", false, "not under it"},
        {"match=*@sub.example.org,b@example.org", NULL, "b@example.org", true, "the second"},
        {"match=@example.org", NULL, "x", false, "no domain"},
        {"match=@example.org", NULL, "", false, "the null sender"},
        {"match=*", NULL, NULL, false, "no sender"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        struct account *a = make("x", cases[i].lines);

        is_str(account_address(a), cases[i].address, cases[i].why);
        ok(account_owns(a, cases[i].spec) == cases[i].owns, "%s: owned or not", cases[i].why);
        account_close(&a);
    }
}

static void test_choose(void)
{
    static const struct {
        const char *name, *sender, *from, *fallback, *want, *why;
    } cases[] = {
        {"two", NULL, NULL, NULL, "two", "by name"},
        {"two", "a@one.example", "a@one.example", NULL, "two", "whatever the sender is"},
        {NULL, "a@two.example", NULL, NULL, "two", "by sender"},
        {NULL, "a@two.example", "a@one.example", NULL, "two", "not by From when there is a sender"},
        {NULL, "www@host", "a@two.example", NULL, "one", "nor when nobody owns it"},
        {NULL, NULL, "a@two.example", NULL, "two", "by From without a sender"},
        {NULL, "", "a@two.example", NULL, "two", "by From with the null sender"},
        {NULL, "<>", "a@two.example", NULL, "two", "spelt so too"},
        {NULL, "x@y.example", NULL, NULL, "one", "the first"},
        {NULL, "x@y.example", NULL, "three", "three", "or the default"},
        {NULL, NULL, NULL, "three", "three", "when nothing is known"},
    };
    struct account *accounts[3] = {make("one", "host=h\nmatch=@one.example"),
                                   make("two", "host=h\nmatch=@two.example"),
                                   make("three", "host=h")};
    struct who w = {.uid = 1000};
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        char fallback[16] = "";
        struct config c = {.account = accounts, .n = 3, .origin = CONFIG_USER};
        const struct account *got = NULL;
        struct fault why = {0};

        if (cases[i].fallback != NULL) {
            snprintf(fallback, sizeof(fallback), "%s", cases[i].fallback);
            c.default_account = fallback;
        }
        is_int(account_choose(&c, &w, cases[i].name, cases[i].sender, cases[i].from, &got, &why),
               CAUSE_NONE, cases[i].why);
        is_str(got != NULL ? got->id : NULL, cases[i].want, "the account");
        fault_free(&why);
    }
    for (i = 0; i < 3; i++)
        account_close(&accounts[i]);
}

static void test_no_choice(void)
{
    struct account *accounts[2] = {make("work", "host=h"), make("home", "host=h\nuser=u")};
    struct config c = {.account = accounts, .n = 2}, empty = {.n = 0};
    const struct account *got = NULL;
    struct who w = {.uid = 1000};
    struct fault why = {0};

    is_int(account_choose(&c, &w, "wrok", NULL, NULL, &got, &why), CAUSE_NO_ACCOUNT, "a slip");
    is_str(why.text.data, "no account \"wrok\"; there are: work, home", "the names are told");
    is_str(why.hint.data, "did you mean work?", "and the nearest");
    is_int(account_choose(&empty, &w, NULL, NULL, NULL, &got, &why), CAUSE_NO_ACCOUNT,
           "no account");
    accounts[1]->file = "/etc/x.ini";
    accounts[1]->line = 7;
    is_int(account_choose(&c, &w, "home", NULL, NULL, &got, &why), CAUSE_CONFIG,
           "a user without a password");
    is_str(why.text.data, "account \"home\" has a user and no password", "is told");
    is_str(why.place.data, "/etc/x.ini:7", "with its place");
    ok(got == NULL, "nothing was chosen");
    fault_free(&why);
    account_close(&accounts[0]);
    account_close(&accounts[1]);
}

static void test_allow(void)
{
    static char alice[] = "alice";
    static const struct {
        const char *allow;
        uid_t uid;
        enum config_origin origin;
        bool good;
        const char *why;
    } cases[] = {
        {NULL, 1000, CONFIG_SYSTEM, true, "everybody"},
        {"allow=bob", 1000, CONFIG_SYSTEM, false, "somebody else"},
        {"allow=alice", 1000, CONFIG_SYSTEM, true, "by name"},
        {"allow=bob, 1000", 1000, CONFIG_SYSTEM, true, "by number"},
        {"allow=1001", 1000, CONFIG_SYSTEM, false, "another number"},
        {"allow=10000", 1000, CONFIG_SYSTEM, false, "a number that begins like it"},
        {"allow=4294968296", 1000, CONFIG_SYSTEM, false, "a number that wraps to it"},
        {"allow=@no-such-group", 1000, CONFIG_SYSTEM, false, "a group that is not there"},
        {"allow=bob", 0, CONFIG_SYSTEM, true, "root always"},
        {"allow=bob", 1000, CONFIG_USER, true, "only in the system's file"},
        {"allow=bob", 1000, CONFIG_OPTION, true, "nor in one named with -C"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        struct account *a = make("x", cases[i].allow != NULL ? cases[i].allow : "host=h");
        struct config c = {.account = &a, .n = 1, .origin = cases[i].origin};
        struct who w = {.uid = cases[i].uid, .login = alice};
        const struct account *got = NULL;
        struct fault why = {0};

        is_int(account_choose(&c, &w, NULL, NULL, NULL, &got, &why),
               cases[i].good ? CAUSE_NONE : CAUSE_NOT_ALLOWED, cases[i].why);
        if (!cases[i].good)
            is_str(why.text.data, "account \"x\" is not for user alice", "its text");
        fault_free(&why);
        account_close(&a);
    }
}

static void test_allow_group(void)
{
    struct group *g = getgrgid(getgid());
    char line[128];
    struct account *a;
    struct config c = {.n = 1, .origin = CONFIG_SYSTEM};
    static char login[] = "nobody-here";
    struct who w = {.uid = 4242, .gid = getgid(), .login = login};
    const struct account *got = NULL;
    struct fault why = {0};

    if (g == NULL)
        return;
    snprintf(line, sizeof(line), "allow=@%s", g->gr_name);
    a = make("x", line);
    c.account = &a;
    is_int(account_choose(&c, &w, NULL, NULL, NULL, &got, &why), CAUSE_NONE, "by group");
    fault_free(&why);
    account_close(&a);
}

static void test_inherit(void)
{
    struct account *to = make("to", "host=mine.example"),
                   *from = make("from", "host=other.example\nport=26\nuser=u\npassword=p #");

    account_inherit(to, from);
    account_close(&from);
    is_str(to->host.v[0], "mine.example", "what is set stays");
    is_int(to->port, 26, "what is not set is taken");
    is_str(to->user, "u", "texts are copied");
    ok(to->secret->has_inline && buf_equals(&to->secret->inline_password, "p #"), "the password");
    ok(account_is_set(to, "port") && account_is_set(to, "password"), "and count as set");
    ok(!account_is_set(to, "tls") && !account_is_set(to, "nonsense"), "the rest does not");
    account_close(&to);

    to = make("to", "password_file=f");
    from = make("from", "password=p\npassword_command=c\nuser=u");
    account_inherit(to, from);
    ok(!to->secret->has_inline && to->password_command == NULL,
       "a secret of one's own: no other source is taken");
    is_str(to->user, "u", "but everything else");
    account_close(&from);
    account_close(&to);
    ok(to == NULL, "closed and nulled");
    account_close(&to);
}

int main(void)
{
    test_finish();
    test_login();
    test_brackets();
    test_several();
    test_owns();
    test_choose();
    test_no_choice();
    test_allow();
    test_allow_group();
    test_inherit();
    return done_testing();
}
