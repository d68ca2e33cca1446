/*
 * account.h: one account as the settings table fills it; choice of the account; cross-field rules.
 */
#ifndef CONF_ACCOUNT_H
#define CONF_ACCOUNT_H

#include "base/fault.h"
#include "base/strv.h"
#include "base/who.h"

#include <stdbool.h>
#include <stdint.h>

enum account_protocol { PROTOCOL_SMTP, PROTOCOL_LMTP };
enum account_tls { TLS_DEFAULT, TLS_IMPLICIT, TLS_STARTTLS, TLS_OFF };
enum account_rewrite { ACCOUNT_REWRITE_NO, ACCOUNT_REWRITE_BARE, ACCOUNT_REWRITE_ALWAYS };
enum account_queue { QUEUE_FALLBACK, QUEUE_ALWAYS, QUEUE_NEVER };
enum account_partial { PARTIAL_DELIVER, PARTIAL_ABORT };
enum account_pipelining { PIPE_AUTO, PIPE_FULL, PIPE_STANDARD, PIPE_OFF };
enum account_null_sender { NULL_SENDER_AUTO, NULL_SENDER_YES, NULL_SENDER_NO };

/*
 * Members are named as the settings. Filled only through the table in conf/settings.c; const after
 * loading. Strings owned; NULL = not set. The inline password is not here: conf/secret has it.
 */
struct account {
    char *id; /* NAME of [account NAME] */
    char *like, *provider;
    struct strv host;
    int64_t port; /* 1..65535 */
    enum account_protocol protocol;
    enum account_tls tls; /* TLS_DEFAULT is resolved by account_finish */
    char *tls_trust, *tls_name, *tls_cert, *tls_key, *tls_crl, *tls_priority;
    struct strv tls_pin;
    bool require_tls;
    struct strv auth; /* "auto", "off", or "scram" and mechanism names, lower case */
    char *user;
    char *password_command, *password_file;
    bool allow_cleartext_auth;
    char *from;
    struct strv match;
    char *full_name, *domain, *ehlo_name;
    enum account_rewrite rewrite_from;
    enum account_null_sender null_sender;
    struct strv allow;
    enum account_queue queue;
    enum account_partial partial;
    enum account_pipelining pipelining;
    int64_t max_recipients;
    int64_t timeout, connect_timeout, patience, deadline; /* seconds */
    struct proxy_url *proxy;                              /* NULL: none */
    char *source_address;

    struct secret_ref *secret; /* where the secret is; owned; conf/secret */
    const char *file;          /* config file it came from; borrowed from the config */
    unsigned long line;        /* of its section */
    uint64_t set[2];           /* bit per row of the settings table: written in a file or by -O */
    uint64_t doubt[2];         /* while loading: a wrong line may have meant to set the row */
};

struct config;

/* account_new - an account named ID with the defaults of the table; nothing is marked as set. */
struct account *account_new(const char *id);

/* account_close - frees (wipes the secret) and nulls. */
void account_close(struct account **a);

/* account_is_set - KEY was written in a file (here, under `like` or in [defaults]) or by -O. */
bool account_is_set(const struct account *a, const char *key);

/* account_in_doubt - a wrong line may have meant to set KEY: nothing follows from its value. */
bool account_in_doubt(const struct account *a, const char *key);

/*
 * account_inherit - fills what is not set in TO with what is set in FROM. The three secret sources
 * count as one setting: an account with a password of its own inherits no other source. Doubt comes
 * along where nothing is set.
 */
void account_inherit(struct account *to, const struct account *from);

/*
 * account_finish - settles what follows from other settings (`tls` from port and host) and appends
 * one message to ERRORS for each rule between settings that A breaks, unless one of them
 * is in doubt. A missing host is told by conf/merge, which knows why.
 */
void account_finish(struct account *a, struct strv *errors);

/*
 * account_choose - by -a NAME, else the first whose `from` or `match` fits SENDER (without one,
 * NULL or "": fits FROM, the header's author, may be NULL), else `default` of [defaults], else the
 * first. Tests `allow` against the real user when the config is the system's; root may always.
 * out:   borrowed from C.
 * fails: CAUSE_NO_ACCOUNT (text lists the names there are), CAUSE_NOT_ALLOWED; CAUSE_CONFIG: the
 *        account has a user and no secret, and no certificate that could do. That is seen here and
 *        not on loading, so that a dump, which holds no secret, can be read back.
 */
enum cause account_choose(const struct config *c, struct who *w, const char *name,
                          const char *sender, const char *from, const struct account **out,
                          struct fault *why) ATTR_CHECK;

/* How an account logs in, as `auth`, `user` and `tls_cert` say together. */
enum account_login {
    ACCOUNT_LOGIN_NO,       /* auth = off, or nobody to log in as */
    ACCOUNT_LOGIN_OPTIONAL, /* a client certificate and no user: if the server asks for it */
    ACCOUNT_LOGIN_YES
};

/* account_login - how A logs in. */
enum account_login account_login(const struct account *a);

/* account_is_srv - HOST, one of an account's, is of the form srv:DOMAIN. */
bool account_is_srv(const char *host);

/* account_has_port - `port` means something: not all hosts are of that form. */
bool account_has_port(const struct account *a);

/* account_owns - `from` or `match` of A fits SPEC. */
bool account_owns(const struct account *a, const char *spec);

/* account_address - the account's own address: `from`, else `user` if it is one, else NULL. */
const char *account_address(const struct account *a);

#endif
