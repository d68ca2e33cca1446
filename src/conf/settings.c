/*
 * settings.c: see settings.h. A setting is one row here, one member of a struct and one entry of
 * the manual. How values are read and written by type is in value.c.
 */
#include "config.h"

#include "conf/settings.h"

#include <assert.h>
#include <string.h>

#include "base/attr.h"
#include "net/token.h"
#include "conf/ini.h"
#include "conf/load.h"
#include "conf/near.h"
#include "conf/value.h"

#define DAY INT64_C(86400)

static const struct setting_enum protocol_words[] = {
    {"smtp", PROTOCOL_SMTP}, {"lmtp", PROTOCOL_LMTP}, {NULL, 0}};
static const struct setting_enum tls_words[] = {
    {"implicit", TLS_IMPLICIT}, {"starttls", TLS_STARTTLS}, {"off", TLS_OFF}, {NULL, 0}};
static const struct setting_enum trust_words[] = {{"system", 0}, {NULL, 0}};
/* smtp/sasl has the mechanisms; this room cannot see it. 0: a word for later. */
static const struct setting_enum auth_words[] = {{"auto", 1},
                                                 {"off", 1},
                                                 {"plain", 1},
                                                 {"login", 1},
                                                 {"scram", 1},
                                                 {"scram-sha-256", 1},
                                                 {"scram-sha-256-plus", 1},
                                                 {"scram-sha-1", 1},
                                                 {"scram-sha-1-plus", 1},
                                                 {"cram-md5", 1},
                                                 {"external", 1},
                                                 {"xoauth2", 1},
                                                 {"oauthbearer", 1},
                                                 {NULL, 0}};
static const struct setting_enum rewrite_words[] = {{"no", ACCOUNT_REWRITE_NO},
                                                    {"bare", ACCOUNT_REWRITE_BARE},
                                                    {"always", ACCOUNT_REWRITE_ALWAYS},
                                                    {NULL, 0}};
static const struct setting_enum null_words[] = {
    {"auto", NULL_SENDER_AUTO}, {"yes", NULL_SENDER_YES}, {"no", NULL_SENDER_NO}, {NULL, 0}};
static const struct setting_enum queue_words[] = {
    {"fallback", QUEUE_FALLBACK}, {"always", QUEUE_ALWAYS}, {"never", QUEUE_NEVER}, {NULL, 0}};
static const struct setting_enum partial_words[] = {
    {"deliver", PARTIAL_DELIVER}, {"abort", PARTIAL_ABORT}, {NULL, 0}};
static const struct setting_enum pipelining_words[] = {{"auto", PIPE_AUTO},
                                                       {"full", PIPE_FULL},
                                                       {"standard", PIPE_STANDARD},
                                                       {"off", PIPE_OFF},
                                                       {NULL, 0}};
static const struct setting_enum warn_words[] = {{"off", 0}, {NULL, 0}};
static const struct setting_enum proxy_words[] = {{"off", 0}, {NULL, 0}};
static const struct setting_enum runner_words[] = {{"auto", true}, {"no", false}, {NULL, 0}};
static const struct setting_enum target_words[] = {
    {"syslog", 1}, {"stderr", 1}, {"none", 1}, {NULL, 0}};

/* The members of a row, so that a row reads as: key, type, default, help, and what is special. */
#define ACCOUNT(name, kind, text, about)                                                           \
    .key = #name, .type = SET_##kind, .scope = SCOPE_ACCOUNT,                                      \
    .offset = offsetof(struct account, name), .fallback = (text), .help = (about)
#define QUEUE(name, kind, text, about)                                                             \
    .key = #name, .type = SET_##kind, .scope = SCOPE_QUEUE,                                        \
    .offset = offsetof(struct queue_settings, name), .fallback = (text), .help = (about)
#define BUILT    .built = true
#define OVERRIDE .may_override = true

static const struct setting rows[] = {
    {ACCOUNT(like, STRING, NULL, "Takes every value that is not set here from another account."),
     BUILT},
    {ACCOUNT(provider, STRING, NULL, "A preset by name: host, port, TLS mode and user name."),
     BUILT},
    {ACCOUNT(host, LIST, NULL, "The server; of several the next when one cannot be reached."),
     .wrong = value_wrong_host, OVERRIDE, BUILT},
    {ACCOUNT(port, INT, "465", "The server's port."), .min = 1, .max = 65535, OVERRIDE, BUILT},
    {ACCOUNT(protocol, ENUM, "smtp", "The protocol: smtp or lmtp."), .words = protocol_words,
     OVERRIDE, BUILT},
    {ACCOUNT(tls, ENUM, NULL, "TLS from the first octet, by STARTTLS, or not at all."),
     .words = tls_words, OVERRIDE, BUILT},
    {ACCOUNT(tls_trust, PATH, "system", "Certificates of the authorities that may vouch."),
     .words = trust_words, BUILT},
    {ACCOUNT(tls_pin, LIST, NULL, "SHA-256 of the public keys that the server may have."),
     .wrong = value_wrong_pin, BUILT},
    {ACCOUNT(tls_name, STRING, NULL, "The name that the certificate must be for."),
     .wrong = value_wrong_name, OVERRIDE, BUILT},
    {ACCOUNT(tls_cert, TOKEN, NULL, "The client certificate: a file or a pkcs11: URI."), BUILT},
    {ACCOUNT(tls_key, TOKEN, NULL, "The client certificate's key: a file or a pkcs11: URI."),
     BUILT},
    {ACCOUNT(tls_crl, PATH, NULL, "The authorities' lists of revoked certificates."), BUILT},
    {ACCOUNT(tls_priority, STRING, NULL, "A GnuTLS priority string."), OVERRIDE, BUILT},
    {ACCOUNT(require_tls, BOOL, "no", "Every later server must use TLS too (RFC 8689)."), OVERRIDE,
     BUILT},
    {ACCOUNT(auth, LIST, "auto", "The login mechanisms allowed."), .words = auth_words, OVERRIDE,
     BUILT},
    {ACCOUNT(user, STRING, NULL, "The login name; without it there is no login."),
     .wrong = ini_wide_at, OVERRIDE, BUILT},
    {.key = "password",
     .type = SET_SECRET,
     .scope = SCOPE_ACCOUNT,
     .help = "The password, or what the provider wants in its place.",
     BUILT},
    {ACCOUNT(password_command, COMMAND, NULL, "A command whose first line is the password."),
     BUILT},
    {ACCOUNT(password_file, CREDENTIAL, NULL, "A file whose first line is the password."), BUILT},
    {ACCOUNT(allow_cleartext_auth, BOOL, "no", "With tls = off: the password may go in clear."),
     OVERRIDE, BUILT},
    {ACCOUNT(from, ADDRESS, NULL, "The account's own address."), OVERRIDE, BUILT},
    {ACCOUNT(match, LIST, NULL, "Further senders that this account is for."),
     .wrong = value_wrong_pattern, OVERRIDE, BUILT},
    {ACCOUNT(full_name, STRING, NULL, "The name in a From field that has to be added."), OVERRIDE,
     BUILT},
    {ACCOUNT(domain, DOMAIN, NULL, "What addresses without a domain get."), OVERRIDE, BUILT},
    {ACCOUNT(ehlo_name, STRING, NULL, "The name given in EHLO."), .wrong = value_wrong_ehlo,
     OVERRIDE, BUILT},
    {ACCOUNT(rewrite_from, ENUM, "bare", "Which From fields become the account's address."),
     .words = rewrite_words, OVERRIDE, BUILT},
    {ACCOUNT(null_sender, ENUM, "auto", "Whether the server takes the sender of reports, <>."),
     .words = null_words, OVERRIDE},
    {ACCOUNT(allow, LIST, NULL, "Users and @groups who may use an account of the system."),
     .wrong = value_wrong_user, BUILT},
    {ACCOUNT(partial, ENUM, "deliver", "Whether the others get it when a recipient is refused."),
     .words = partial_words, OVERRIDE, BUILT},
    {ACCOUNT(pipelining, ENUM, "auto", "How many commands go out at once."),
     .words = pipelining_words, OVERRIDE, BUILT},
    {ACCOUNT(max_recipients, INT, "100", "The most recipients in one transaction."), .min = 1,
     .max = 100000, OVERRIDE, BUILT},
    {ACCOUNT(timeout, DURATION, "60s", "How long each reply may take."), .min = 1, .max = DAY,
     OVERRIDE, BUILT},
    {ACCOUNT(connect_timeout, DURATION, "15s", "How long looking up and connecting may take."),
     .min = 1, .max = DAY, OVERRIDE, BUILT},
    {ACCOUNT(patience, DURATION, "30s", "After this a mail is kept instead of waited for."),
     .min = 1, .max = DAY, OVERRIDE},
    {ACCOUNT(deadline, DURATION, "15m", "For the whole session; the size's time comes on top."),
     .min = 1, .max = 7 * DAY, OVERRIDE, BUILT},
    {ACCOUNT(proxy, PROXY, "off", "A SOCKS5 proxy on the way to the server."), .words = proxy_words,
     BUILT},
    {ACCOUNT(source_address, STRING, NULL, "The local address to connect from."),
     .wrong = value_wrong_ip, OVERRIDE, BUILT},
    {ACCOUNT(queue, ENUM, "fallback", "When mail is kept: on trouble, always, never."),
     .words = queue_words, OVERRIDE},

    {.key = "default",
     .type = SET_STRING,
     .scope = SCOPE_DEFAULTS_ONLY,
     .offset = offsetof(struct config, default_account),
     .help = "The account that is used when nothing else decides.",
     BUILT},

    {QUEUE(dir, PATH, NULL, "The folder of the queue.")},
    {QUEUE(lifetime, DURATION, "5d", "How long a kept mail is tried."), .min = 60,
     .max = 365 * DAY},
    {QUEUE(retry_min, DURATION, "1m", "The shortest pause between two tries."), .min = 1,
     .max = 7 * DAY},
    {QUEUE(retry_max, DURATION, "4h", "The longest pause between two tries."), .min = 1,
     .max = 7 * DAY},
    {QUEUE(warn_after, DURATION, "off", "When the sender is told of a delay."), .words = warn_words,
     .min = 60, .max = 365 * DAY},
    {QUEUE(max_messages, INT, "10000", "The most mails that are kept."), .min = 1,
     .max = 100000000},
    {.key = "runner",
     .type = SET_BOOL,
     .scope = SCOPE_QUEUE,
     .offset = offsetof(struct queue_settings, runner_auto),
     .fallback = "auto",
     .words = runner_words,
     .help = "Whether a sending that kept a mail leaves a process that tries again."},

    {.key = "target",
     .type = SET_PATH,
     .scope = SCOPE_LOG,
     .offset = offsetof(struct log_settings, target),
     .fallback = "syslog",
     .words = target_words,
     .help = "Where the line about each recipient goes.",
     BUILT},
};

static_assert(ARRAY_LEN(rows) <= 128, "a set of rows is two words of 64 bits");

const struct setting *settings_table(size_t *n)
{
    *n = ARRAY_LEN(rows);
    return rows;
}

const struct setting *settings_find(enum setting_scope scope, const char *key)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].scope == scope && strcmp(rows[i].key, key) == 0)
            return &rows[i];
    }
    return NULL;
}

const char *settings_nearest(enum setting_scope scope, const char *key)
{
    const char *nearest = NULL;
    unsigned best = NEAR_NONE;
    size_t i;

    for (i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].scope == scope && near_is_better(key, rows[i].key, &best))
            nearest = rows[i].key;
    }
    return nearest;
}

bool settings_is_secret(const char *key)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(rows); i++) {
        if ((rows[i].type == SET_SECRET || rows[i].type == SET_PROXY) &&
            strcmp(rows[i].key, key) == 0)
            return true;
    }
    return false;
}

void settings_mark(uint64_t set[2], const struct setting *s)
{
    size_t i = (size_t)(s - rows);

    set[i / 64] |= UINT64_C(1) << (i % 64);
}

bool settings_marked(const uint64_t set[2], const struct setting *s)
{
    size_t i = (size_t)(s - rows);

    return (set[i / 64] >> (i % 64) & 1) != 0;
}

static bool has_control(const char *value)
{
    for (; *value != '\0'; value++) {
        if (((unsigned char)*value < ' ' && *value != '\t') || *value == 0x7f)
            return true;
    }
    return false;
}

static void *member(const struct setting *s, void *base)
{
    return (char *)base + s->offset;
}

static const void *member_const(const struct setting *s, const void *base)
{
    return (const char *)base + s->offset;
}

enum cause settings_assign(const struct setting *s, void *base, const char *value,
                           struct fault *why)
{
    if (has_control(value))
        return fault_set(why, CAUSE_CONFIG, "%s: a control character in the value", s->key);
    if (value[0] == '\0')
        return fault_set(why, CAUSE_CONFIG, "%s: the value is missing", s->key);
    return value_assign(s, member(s, base), value, why);
}

void settings_copy(const struct setting *s, void *to, const void *from)
{
    value_copy(s, member(s, to), member_const(s, from));
}

void settings_clear(const struct setting *s, void *base)
{
    value_clear(s, member(s, base));
}

bool settings_has_pin(const struct setting *s, const void *base)
{
    const char *text = *(char *const *)member_const(s, base);

    return text != NULL && token_has_pin(text);
}

bool settings_format(const struct setting *s, const void *base, struct buf *out)
{
    return value_format(s, member_const(s, base), out);
}

void settings_set_defaults(enum setting_scope scope, void *base)
{
    struct fault why = {0};
    size_t i;

    for (i = 0; i < ARRAY_LEN(rows); i++) {
        enum cause c = CAUSE_NONE;

        if (rows[i].scope == scope && rows[i].fallback != NULL)
            c = settings_assign(&rows[i], base, rows[i].fallback, &why);
        assert(c == CAUSE_NONE); /* the test reads every row's default */
        (void)c;
    }
    fault_free(&why);
}
