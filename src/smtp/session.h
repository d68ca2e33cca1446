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

/* All pointers borrowed while the session lives. */
struct session_params {
    bool lmtp;
    const char *ehlo_name; /* NULL: the address literal of the socket */
    enum session_tls tls;
    struct tls_params tls_params;
    bool auth;                 /* a login is wanted */
    unsigned mechanisms;       /* bits allowed */
    bool allow_cleartext_auth; /* over an unprotected stream, when the user wrote it so */
    const char *user;
    /*
     * secret - fills OUT (a secret buffer) with the password. Called once, only when a mechanism
     * that needs it was chosen and may be used. fails: CAUSE_SECRET, CAUSE_CONFIG.
     */
    enum cause (*secret)(void *arg, struct buf *out, struct fault *why);
    void *secret_arg;
    int64_t reply_timeout_ms; /* each whole reply */
    int64_t final_timeout_ms; /* the reply to the end of the message */
    deadline_ms ready_by;     /* patience: connected and logged in before this */
    deadline_ms until;        /* the whole session */
    enum session_pipelining { PIPELINING_OFF, PIPELINING_STANDARD } pipelining;
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
 * session_command - writes one line (CRLF is added; CR, LF or NUL inside is CAUSE_SOFTWARE) and
 * reads its reply into s->reply. The input must be empty before (R5).
 */
enum cause session_command(struct session *s, enum stage stage, const char *line,
                           struct fault *why) ATTR_CHECK;

/* session_reset - RSET when the state is DIRTY. */
enum cause session_reset(struct session *s, struct fault *why) ATTR_CHECK;

/* session_close - QUIT in a write of its own when the session is in order; its reply is not waited
 * for. Frees and nulls. */
void session_close(struct session **s);

#endif
