/*
 * session.h: greeting, EHLO/LHLO/HELO, STARTTLS, AUTH, RSET, QUIT: straight functions over one
 * struct. Knows no account: plain parameters and a callback for the secret.
 */
#ifndef SMTP_SESSION_H
#define SMTP_SESSION_H

#include "base/clock.h"
#include "base/fault.h"
#include "net/stream.h"
#include "net/tls.h"
#include "smtp/caps.h"
#include "smtp/reply.h"
#include "smtp/transcript.h"

#include <stdbool.h>
#include <stdint.h>

enum session_tls { SESSION_TLS_IMPLICIT, SESSION_TLS_STARTTLS, SESSION_TLS_OFF };

/* For asserts and log names only; set by session_enter. */
enum session_state {
    SESSION_NEW = 0,
    SESSION_GREETED,
    SESSION_READY, /* EHLO done; login done if one was wanted */
    SESSION_DIRTY, /* a transaction was refused: RSET must come first */
    SESSION_BROKEN /* only close is left */
};

/* How much may leave before replies are read: DESIGN section 7, "Flights". Each includes those
 * before it. */
enum session_pipelining {
    PIPELINING_OFF,      /* lock step */
    PIPELINING_STANDARD, /* AUTH | MAIL, RCPT..., DATA | text */
    PIPELINING_AUTO,     /* AUTH, MAIL, RCPT... | BDAT, or with DATA | text: once it has worked */
    PIPELINING_FULL      /* AUTH, MAIL, RCPT, BDAT LAST in one write, on a proven server */
};

#define SESSION_SALT       16
#define SESSION_CREDENTIAL 32

/*
 * What earlier sessions with this server have taught; nothing: all zero but the salt and a ceiling
 * of PIPELINING_FULL (a ceiling of zero is PIPELINING_OFF). It lifts limits only: what
 * this session's EHLO does not offer is never used. A server whose offers have changed is a new
 * one.
 */
struct session_known {
    unsigned char salt[SESSION_SALT]; /* of `credential`; always set */
    bool has_credential;
    /* Of the last login that worked; all zero: a message was accepted without any. */
    unsigned char credential[SESSION_CREDENTIAL];
    uint64_t offers;                 /* caps.offers then */
    bool proven;                     /* swallows a refused chunk, with the same offers */
    bool no_chunking;                /* has stumbled over BDAT: use DATA */
    enum session_pipelining ceiling; /* after another stumble, else PIPELINING_FULL */
};

/* All pointers borrowed while the session lives. */
struct session_params {
    bool lmtp;
    const char *ehlo_name; /* NULL: the address literal of the socket */
    enum session_tls tls;
    struct tls_params tls_params;
    bool auth;           /* a login is wanted */
    bool auth_optional;  /* only by EXTERNAL and only if offered: a client certificate alone */
    unsigned mechanisms; /* bits allowed */
    bool allow_cleartext_auth; /* over an unprotected stream, when the user wrote it so */
    const char *user;
    const char *host; /* the server's name, NULL behind a socket path: some logins name it */
    uint16_t port;
    /*
     * secret - fills OUT (a secret buffer) with the password or token. Called once, only when a
     * mechanism that needs it may be used; and once more, with FRESH, when a token was refused: it
     * may have expired. OUT left empty then: there is no other. fails: CAUSE_SECRET, CAUSE_CONFIG.
     */
    enum cause (*secret)(void *arg, bool fresh, struct buf *out, struct fault *why);
    void *secret_arg;
    int64_t reply_timeout_ms; /* each whole reply */
    int64_t final_timeout_ms; /* the reply to the end of the message */
    deadline_ms ready_by;     /* patience: connected and logged in before this */
    deadline_ms until;        /* the whole session */
    enum session_pipelining pipelining;
    struct session_known known;
    bool require_tls;        /* MAIL with REQUIRETLS (RFC 8689), or not at all */
    unsigned max_recipients; /* per transaction, > 0 */
};

struct session {
    struct session_params p;
    struct stream *stream;         /* NULL once closed hard */
    struct transcript *transcript; /* the caller's (borrowed), else `own`: never NULL */
    struct transcript own;         /* shows nothing, but scrubs */
    struct caps caps;
    enum session_state state;
    enum sasl_mech mech; /* the login's mechanism, or SASL_NONE */
    struct reply reply;  /* the last one read */
    /*
     * The AUTH command (without CRLF; a secret buffer) that waits to travel with the first MAIL;
     * empty: the login is done or none is wanted. xfer sends it, or session_login does, alone.
     */
    struct buf login;
    size_t login_shown; /* octets of it that the transcript may show */
    struct buf secret;  /* while a login is under way; secret buffer */
    bool has_secret;
    bool logged_in;                               /* 235 was read */
    unsigned char credential[SESSION_CREDENTIAL]; /* HMAC-SHA-256(salt, mechanism, user, secret) of
                                                     the login tried last; zero: none */
    uint64_t transactions;                        /* begun with MAIL, for LIMITS MAILMAX */
    bool asked_again;                             /* EHLO, behind the login */
};

/*
 * session_open - takes STREAM (moved, also on failure) through implicit TLS, greeting, EHLO with
 * HELO fallback (only when no login and no TLS is wanted), STARTTLS, EHLO again, AUTH.
 * out:   owned by the caller (session_close); NULL on failure.
 * fails: CAUSE_TLS*, CAUSE_BUSY, CAUSE_SERVER_REFUSED, CAUSE_TLS_MISSING, CAUSE_AUTH_*,
 *        CAUSE_SECRET, CAUSE_PROTOCOL, CAUSE_CLOSED, CAUSE_TIMEOUT, CAUSE_INTERRUPTED.
 */
enum cause session_open(struct session **out, struct stream *stream, const struct session_params *p,
                        struct transcript *t, struct fault *why) ATTR_CHECK;

/*
 * session_grade - how much may leave before replies are read: what is asked for, lowered by what is
 * known of the server and by what it offers.
 */
enum session_pipelining session_grade(const struct session *s);

/*
 * session_login - sends a login that session_open left waiting, by itself, and reads its verdict;
 * nothing to do otherwise. Behind a login EHLO may offer more: with AGAIN it is asked once more,
 * at most once in a session, and a refusal of that is no news.
 * fails: as the login part of session_open.
 */
enum cause session_login(struct session *s, bool again, struct fault *why) ATTR_CHECK;

/*
 * session_full - no further transaction fits: LIMITS MAILMAX (RFC 9422) is used up.
 */
bool session_full(const struct session *s);

/*
 * session_prove - FLIGHTS section 5, "Proven": on a session in order whose last message is
 * accepted, sends "BDAT 6 LAST", "NOOP", "QUIT" in one write and reads the replies: *PROVEN when
 * exactly one refusal and 221 come. The session is over. Only `check` and queue runs ask for it.
 * fails: those of talk; a server that closes or goes silent is merely not proven.
 */
enum cause session_prove(struct session *s, bool *proven, struct fault *why) ATTR_CHECK;

/*
 * session_command - writes one line (CRLF is added; CR, LF or NUL inside is CAUSE_SOFTWARE) and
 * reads its reply into s->reply. The input must be empty before (R5).
 */
enum cause session_command(struct session *s, enum stage stage, const char *line,
                           struct fault *why) ATTR_CHECK;

/*
 * session_speak_into - from now on the conversation is shown in T (borrowed; NULL: nowhere), and T
 * scrubs what the transcript before it scrubbed: for a session that outlives a message.
 */
void session_speak_into(struct session *s, struct transcript *t);

/* session_reset - RSET when the state is DIRTY. */
enum cause session_reset(struct session *s, struct fault *why) ATTR_CHECK;

/* session_close - QUIT in a write of its own when the session is in order; its reply is not waited
 * for. Frees and nulls. */
void session_close(struct session **s);

#endif
