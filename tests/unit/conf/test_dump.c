/* test_dump.c: what is dumped reads back to the same. */
#include "config.h"

#include "conf/load.h"

#include "base/attr.h"
#include "base/limits.h"
#include "conf/settings.h"
#include "loading.h"

static const char every[] =
    "[defaults]\ndefault = b\ntimeout = 7s\n"
    "[queue]\ndir = /var/spool/x\nlifetime = 3d\nretry_min = 2m\nretry_max = 2h\n"
    "warn_after = 4h\nmax_messages = 5\nrunner = no\n"
    "[log]\ntarget = \"/var/log/with blank #1\"\n"
    "[aliases]\nroot = alice@example.org, \"a b\"@example.org\ndefault = root\n"
    "www-data = \"Alice \\\"A\\\" <alice@example.org> \"\n"
    "[account a]\nprovider = big\nhost = a.example, [::1]\nport = 2525\nprotocol = smtp\n"
    "tls = starttls\ntls_trust = /etc/ca.pem\ntls_name = n.example\n"
    "tls_cert = /etc/cert.pem\ntls_crl = /etc/crl.pem\n"
    "tls_key = pkcs11:token=a;object=b?pin-value=never shown&module-name=c\n"
    "tls_pin = sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    "tls_priority = \"NORMAL ;x\"\nrequire_tls = no\nauth = plain, login\nuser = \" u # \"\n"
    "password_command = pass show \"a b\" 'c d'\nallow_cleartext_auth = yes\n"
    "from = a@example.org\nmatch = @example.org, *x\nfull_name = \"\\\"Alice\\\" \\\\ "
    "Example\u3000\"\n"
    "domain = d.example\nehlo_name = [192.0.2.1]\nrewrite_from = always\nnull_sender = no\n"
    "allow = root, @mail\nqueue = always\npartial = abort\npipelining = off\n"
    "max_recipients = 3\ntimeout = 90\nconnect_timeout = 1h30m\npatience = 1\ndeadline = 1d\n"
    "source_address = 127.0.0.1\nproxy = socks5://a%20b:never%20shown@[::1]:1080\n"
    "[account b]\nlike = a\ntls_trust = system\nport = 465\nprovider = big\n"
    "[account c]\nhost = /run/x.sock\nprotocol = lmtp\nproxy = off\n"
    "[account d]\nhost = h.example\nuser = u\npassword_file = pw\n"
    "[account e]\nhost = h.example\nuser = u@example.org\npassword = \"never shown\"\n"
    "[account f]\nhost = srv:example.org\nuser = u\npassword_file = pw\n";

static void dump(const struct loading *l, struct buf *out)
{
    buf_init(out, LIMIT_CONFIG_FILE);
    if (l->c != NULL)
        config_dump(l->c, out);
    else
        buf_addf(out, "not loaded: %s", l->all);
}

/* A password is not in a dump, so the word that there was one is not in the second. */
static void drop_comments(struct buf *b)
{
    static const char *const comments[] = {
        "# password is set\n", "# the password in proxy is set\n", "# the PIN of tls_key is set\n"};
    const char *at;

    for (size_t i = 0; i < ARRAY_LEN(comments); i++) {
        while ((at = strstr(b->data, comments[i])) != NULL)
            buf_splice(b, (size_t)(at - b->data), strlen(comments[i]), "", 0);
    }
}

static void test_round(struct scratch *s, const char *text, const char *providers, const char *why)
{
    struct loading first, second;
    struct buf one, two;

    loading_text(&first, s, text, NULL, providers);
    is_str(first.all, "", why);
    dump(&first, &one);
    loading_text(&second, s, one.data, NULL, providers);
    is_str(second.all, "", "what is dumped can be read");
    dump(&second, &two);
    ok(strstr(one.data, "never") == NULL, "without a password");
    drop_comments(&one);
    is_str(two.data, one.data, "and is dumped alike");
    buf_free(&one);
    buf_free(&two);
    loading_free(&first);
    loading_free(&second);
}

/* Every built key is in the dump of a config that sets every key, but secrets and `like`. */
static void test_complete(struct scratch *s, const char *providers)
{
    struct loading l;
    struct buf out;
    char line[100];
    size_t n, i;
    const struct setting *rows = settings_table(&n);

    loading_text(&l, s, every, NULL, providers);
    dump(&l, &out);
    for (i = 0; i < n; i++) {
        const struct setting *row = &rows[i];
        bool there;

        snprintf(line, sizeof(line), "\n%s = ", row->key);
        there = strstr(out.data, line) != NULL;
        ok(there == (row->type != SET_SECRET && strcmp(row->key, "like") != 0), "%s", row->key);
    }
    ok(strstr(out.data, "user = u@example.org\n") != NULL, "the account with the password");
    ok(strstr(out.data, "# password is set\n") != NULL, "says that it has one");
    ok(strstr(out.data, "tls_key = pkcs11:token=a;object=b?module-name=c\n"
                        "# the PIN of tls_key is set\n") != NULL,
       "a key's URI without the PIN, which it has");
    buf_free(&out);
    loading_free(&l);
}

static void test_exact(struct scratch *s)
{
    struct loading l;
    struct buf out;

    loading_text(&l, s, "[account a]\nhost = h.example\n", NULL, "/nonexistent");
    dump(&l, &out);
    is_str(out.data,
           "[queue]\nlifetime = 5d\nretry_min = 1m\nretry_max = 4h\nwarn_after = off\n"
           "max_messages = 10000\nrunner = auto\n"
           "\n[log]\ntarget = syslog\n"
           "\n[account a]\nhost = h.example\nport = 465\nprotocol = smtp\ntls = implicit\n"
           "tls_trust = system\nrequire_tls = no\nauth = auto\nallow_cleartext_auth = no\n"
           "rewrite_from = bare\nnull_sender = auto\npartial = deliver\npipelining = auto\n"
           "max_recipients = 100\ntimeout = 1m\nconnect_timeout = 15s\npatience = 30s\n"
           "deadline = 15m\nproxy = off\nqueue = fallback\n",
           "the whole dump of one line");
    buf_free(&out);
    loading_free(&l);
}

int main(void)
{
    struct scratch s;
    char providers[512];

    scratch_open(&s);
    snprintf(providers, sizeof(providers), "%s",
             scratch_write(&s, "providers.ini",
                           "[provider big]\ndomains = big.example\nhosts = .big.example\n"
                           "host = smtp.big.example\nport = 587\nuser = local\n",
                           0644));
    test_round(&s, every, providers, "every setting");
    test_round(&s, "[account a]\nhost = h.example\n", providers, "one line");
    test_round(&s, "[account a]\nuser = x@big.example\npassword = never shown\n", providers,
               "a provider found by the address");
    test_round(&s, "[account a]\nprovider = big\nfrom = x@big.example\npassword_file = /x\n",
               providers, "a user that the provider forms");
    test_round(&s, "[account a]\nhost = /a, /b\n[account b]\nlike = a\ntls = off\n", providers,
               "sockets");
    test_complete(&s, providers);
    test_exact(&s);
    scratch_close(&s);
    return done_testing();
}
