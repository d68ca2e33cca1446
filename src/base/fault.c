/*
 * fault.c: the one table from a cause to everything that follows from it, and the building of
 * fault texts.
 *
 * Every text is made printable where it enters, with the backslash left alone (buf_add_shown):
 * lines are joined from pieces that went through here before, and hostile bytes must be escaped
 * once, not twice. New texts are finished before old ones are freed, since the arguments of a
 * fault_set may point into the fault itself.
 */
#include "config.h"

#include "base/fault.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/limits.h"

#define ROW(cause_, name_, exit_, keep_, code_, text_, hint_)                                      \
    [CAUSE_##cause_] = {CAUSE_##cause_, name_, exit_, keep_, code_, text_, hint_}
/* RFC 3463 section 2: class 4 can change by itself, class 5 cannot; reports show it so. */
#define CODE(class_, subject_, detail_)                                                            \
    {                                                                                              \
        class_, subject_, detail_                                                                  \
    }
#define NO_CODE                                                                                    \
    {                                                                                              \
        0, 0, 0                                                                                    \
    }

static const struct cause_row rows[] = {
    ROW(NONE, "none", EX_OK, KEEP_NO, NO_CODE, "no fault", NULL),
    ROW(USAGE, "usage", EX_USAGE, KEEP_NO, CODE(5, 5, 4), "the command line is wrong",
        "see 'postrider help'"),
    ROW(NO_RECIPIENTS, "no-recipients", EX_USAGE, KEEP_NO, CODE(5, 5, 4), "no recipients",
        "name them on the command line, or give -t and a To, Cc or Bcc field"),
    ROW(BAD_ADDRESS, "bad-address", EX_DATAERR, KEEP_REFUSED, CODE(5, 1, 3),
        "an address is malformed", "write it as user@example.org"),
    ROW(BAD_MESSAGE, "bad-message", EX_DATAERR, KEEP_REFUSED, CODE(5, 6, 0),
        "no server could take this message", NULL),
    ROW(NEEDS_ARMOR, "needs-armor", EX_DATAERR, KEEP_REFUSED, CODE(5, 6, 1),
        "the body would have to be re-encoded to travel",
        "encode it as quoted-printable or base64 and send it again"),
    ROW(INPUT, "input", EX_NOINPUT, KEEP_NO, CODE(5, 6, 0),
        "the message cannot be read from standard input",
        "nothing was sent; run it again with the message on standard input"),
    ROW(LOCAL_RCPT, "local-rcpt", EX_NOUSER, KEEP_REFUSED, CODE(5, 1, 1),
        "a recipient has no domain and is no alias", "set the alias, or 'default', in [aliases]"),
    ROW(CONFIG, "config", EX_CONFIG, KEEP_NO, CODE(5, 3, 5), "the configuration cannot be used",
        NULL),
    ROW(NO_CONFIG, "no-config", EX_CONFIG, KEEP_NO, CODE(5, 3, 5), "there is no configuration",
        "write ~/.config/postrider.ini; man postrider.ini has examples"),
    ROW(NO_ACCOUNT, "no-account", EX_CONFIG, KEEP_NO, CODE(5, 3, 5), "there is no such account",
        "run 'postrider accounts' for the names"),
    ROW(NOT_ALLOWED, "not-allowed", EX_NOPERM, KEEP_NO, CODE(5, 7, 1),
        "this account is not for you", "set 'allow' of the account, or use one of your own"),
    ROW(SECRET, "secret", EX_CONFIG, KEEP_ACCOUNT, CODE(4, 7, 0), "the password cannot be had",
        "run password_command, or read password_file, as this user"),
    ROW(DNS_NONE, "dns-none", EX_NOHOST, KEEP_ACCOUNT, CODE(5, 1, 2), "the host does not exist",
        "check 'host' of the account"),
    ROW(DNS_TEMPORARY, "dns-temporary", EX_TEMPFAIL, KEEP_RETRY, CODE(4, 4, 3),
        "the name server gave no answer", "check the network and /etc/resolv.conf, then try again"),
    ROW(CONNECT, "connect", EX_TEMPFAIL, KEEP_RETRY, CODE(4, 4, 1), "no connection to the server",
        "check 'host' and 'port', and whether a firewall stands between"),
    ROW(TIMEOUT, "timeout", EX_TEMPFAIL, KEEP_RETRY, CODE(4, 4, 2),
        "the server did not answer in time",
        "try again; 'timeout' and 'connect_timeout' set the patience"),
    ROW(CLOSED, "closed", EX_TEMPFAIL, KEEP_RETRY, CODE(4, 4, 2), "the connection broke",
        "try again; if it stays so, check 'port' and 'tls'"),
    ROW(INTERRUPTED, "interrupted", EX_TEMPFAIL, KEEP_RETRY, CODE(4, 4, 0), "stopped by a signal",
        "send it again"),
    ROW(TLS, "tls", EX_PROTOCOL, KEEP_ACCOUNT, CODE(4, 7, 0), "TLS failed",
        "check 'port' and 'tls': implicit for 465, starttls for 587"),
    ROW(TLS_UNTRUSTED, "tls-untrusted", EX_PROTOCOL, KEEP_ACCOUNT, CODE(4, 7, 5),
        "the server's certificate is not trusted", "for a private CA set tls_trust = FILE"),
    ROW(TLS_NAME, "tls-name", EX_PROTOCOL, KEEP_ACCOUNT, CODE(4, 7, 5),
        "the server's certificate is for another name",
        "set 'host' to the name in the certificate, or tls_name"),
    ROW(TLS_TIME, "tls-time", EX_PROTOCOL, KEEP_ACCOUNT, CODE(4, 7, 5),
        "the server's certificate is expired or not yet valid",
        "check the clock of this machine; else the server needs a new certificate"),
    ROW(TLS_REVOKED, "tls-revoked", EX_PROTOCOL, KEEP_ACCOUNT, CODE(4, 7, 5),
        "the server's certificate is revoked", "tell the people who run the server"),
    ROW(TLS_FILE, "tls-file", EX_CONFIG, KEEP_ACCOUNT, CODE(4, 7, 5),
        "a file or token that TLS needs cannot be used",
        "check tls_trust, tls_crl, tls_cert and tls_key of the account"),
    ROW(TLS_MISSING, "tls-missing", EX_PROTOCOL, KEEP_ACCOUNT, CODE(4, 7, 10),
        "the server does not start TLS", "try tls = implicit with port = 465"),
    ROW(PROTOCOL, "protocol", EX_PROTOCOL, KEEP_ACCOUNT, CODE(4, 5, 0),
        "the server does not speak SMTP as it should", "check 'port' and 'tls'"),
    ROW(BUSY, "busy", EX_TEMPFAIL, KEEP_ACCOUNT, CODE(4, 3, 2), "the server is busy",
        "try again later"),
    ROW(SERVER_REFUSED, "server-refused", EX_UNAVAILABLE, KEEP_ACCOUNT, CODE(5, 3, 2),
        "the server refuses to talk to us",
        "check 'host', 'port' and ehlo_name; the server may block this address"),
    ROW(AUTH_REFUSED, "auth-refused", EX_NOPERM, KEEP_ACCOUNT, CODE(5, 7, 8),
        "the login was refused",
        "check 'user' and the password; the server may want an app password"),
    ROW(AUTH_TEMPORARY, "auth-temporary", EX_TEMPFAIL, KEEP_ACCOUNT, CODE(4, 7, 0),
        "the login could not be checked now", "try again later"),
    ROW(AUTH_MECHANISM, "auth-mechanism", EX_NOPERM, KEEP_ACCOUNT, CODE(5, 7, 4),
        "no login mechanism that both sides allow",
        "check 'auth' and 'tls': without TLS no password is sent in the clear"),
    ROW(AUTH_NEEDED, "auth-needed", EX_NOPERM, KEEP_ACCOUNT, CODE(5, 7, 0),
        "the server wants a login first", "set 'user' and a password, and leave 'tls' on"),
    ROW(RCPT_REFUSED, "rcpt-refused", EX_NOUSER, KEEP_REFUSED, CODE(5, 1, 1),
        "a recipient was refused", "check the address"),
    ROW(RCPT_LATER, "rcpt-later", EX_TEMPFAIL, KEEP_RETRY, CODE(4, 2, 0),
        "a recipient was refused for now", "try again later"),
    ROW(SENDER_REFUSED, "sender-refused", EX_UNAVAILABLE, KEEP_REFUSED, CODE(5, 1, 7),
        "the server refuses the sender",
        "check 'from' of the account, or the address given with -f"),
    ROW(SENDER_NOT_OWNED, "sender-not-owned", EX_UNAVAILABLE, KEEP_REFUSED, CODE(5, 7, 1),
        "the account may not send under this address",
        "set 'from' to an address of the account, or add this one at the provider"),
    ROW(MESSAGE_REFUSED, "message-refused", EX_UNAVAILABLE, KEEP_REFUSED, CODE(5, 6, 0),
        "the server refuses the message", NULL),
    ROW(TOO_BIG, "too-big", EX_UNAVAILABLE, KEEP_REFUSED, CODE(5, 3, 4),
        "the message is bigger than the server takes", "send a link instead of the file"),
    ROW(QUOTA, "quota", EX_TEMPFAIL, KEEP_RETRY, CODE(4, 2, 2),
        "a limit of the server is reached for now",
        "try again later; the limit is counted over hours or a day"),
    ROW(TRANSACTION_LATER, "transaction-later", EX_TEMPFAIL, KEEP_RETRY, CODE(4, 3, 0),
        "the server cannot take the message now", "try again later"),
    ROW(MAY_HAVE_ARRIVED, "may-have-arrived", EX_TEMPFAIL, KEEP_RETRY, CODE(4, 4, 2),
        "the connection was lost before the verdict: the message may have arrived",
        "ask the recipient before you send it again"),
    ROW(ACCEPTED_WITHOUT_LOGIN, "accepted-without-login", EX_OK, KEEP_NO, CODE(2, 7, 0),
        "accepted although the login was refused",
        "check 'user' and the password, or set auth = off"),
    ROW(ACCOUNT_PAUSED, "account-paused", EX_NOPERM, KEEP_ACCOUNT, CODE(4, 7, 0),
        "the account is paused: its login was refused lately",
        "mend the password; the pause ends by itself"),
    ROW(NO_QUEUE, "no-queue", EX_CANTCREAT, KEEP_NO, CODE(5, 3, 5),
        "there is no folder to keep mail in", "set 'dir' in [queue]"),
    ROW(CANT_CREATE, "cant-create", EX_CANTCREAT, KEEP_NO, CODE(5, 3, 0), "the mail cannot be kept",
        "check owner and mode of the queue folder"),
    ROW(DISK_FULL, "disk-full", EX_TEMPFAIL, KEEP_RETRY, CODE(4, 3, 1), "the disk is full",
        "make room, then try again"),
    ROW(LOCK_UNSUPPORTED, "lock-unsupported", EX_CANTCREAT, KEEP_NO, CODE(5, 3, 0),
        "the file system of the queue folder has no locks",
        "set 'dir' in [queue] to a folder on a local disk"),
    ROW(IO, "io", EX_IOERR, KEEP_RETRY, CODE(4, 3, 0), "a file cannot be read or written",
        "check the disk and the kernel log"),
    ROW(NO_MEMORY, "no-memory", EX_TEMPFAIL, KEEP_RETRY, CODE(4, 3, 0), "out of memory",
        "try again later"),
    ROW(OS, "os", EX_OSERR, KEEP_RETRY, CODE(4, 3, 0),
        "the system refused a call that should not fail",
        "check the limits of this process and the kernel log"),
    ROW(OS_FILE, "os-file", EX_OSFILE, KEEP_RETRY, CODE(4, 3, 5),
        "a system file is missing or unusable", "install it again"),
    ROW(SOFTWARE, "software", EX_SOFTWARE, KEEP_RETRY, CODE(4, 3, 0), "postrider has a defect",
        "please report it with this line"),
};

static_assert(ARRAY_LEN(rows) == CAUSE_COUNT, "one row for each cause");

static const char *const stage_names[] = {
    [STAGE_NONE] = "preparation",
    [STAGE_RESOLVE] = "name resolution",
    [STAGE_DIAL] = "connecting",
    [STAGE_TLS] = "the TLS handshake",
    [STAGE_GREETING] = "the greeting",
    [STAGE_EHLO] = "EHLO",
    [STAGE_STARTTLS] = "STARTTLS",
    [STAGE_AUTH] = "AUTH",
    [STAGE_MAIL] = "MAIL",
    [STAGE_RCPT] = "RCPT",
    [STAGE_DATA] = "DATA",
    [STAGE_TEXT] = "the text of the message",
    [STAGE_FINAL] = "the end of the message",
};

static_assert(ARRAY_LEN(stage_names) == STAGE_COUNT, "one name for each stage");

const struct cause_row *fault_row(enum cause cause)
{
    bool known = (unsigned)cause < CAUSE_COUNT;

    return &rows[known ? cause : CAUSE_SOFTWARE];
}

const char *fault_stage_name(enum stage stage)
{
    bool known = (unsigned)stage < STAGE_COUNT;

    return stage_names[known ? stage : STAGE_NONE];
}

/* A fault may be all zeros (no fault), with buffers that were never born: they are born here. */
static void ready(struct buf *b, size_t ceiling)
{
    if (b->data == NULL)
        buf_init(b, ceiling);
}

static void ready_all(struct fault *why)
{
    ready(&why->text, LIMIT_FAULT_TEXT);
    ready(&why->remote, LIMIT_FAULT_REMOTE);
    ready(&why->hint, LIMIT_FAULT_TEXT);
    ready(&why->place, LIMIT_FAULT_TEXT);
}

/*
 * Appends printf output in printable form, cut at the ceiling. The room behind the limit keeps a
 * character that vsnprintf cuts in half out of what can be shown.
 */
ATTR_PRINTF(2, 0) static void add_text(struct buf *b, const char *fmt, va_list ap)
{
    char raw[LIMIT_FAULT_TEXT + 8];
    int n = vsnprintf(raw, sizeof(raw), fmt, ap);

    if (n > 0)
        buf_add_shown(b, raw, strlen(raw));
}

/* Makes FRESH the text of B, whose old one goes. */
static void replace(struct buf *b, struct buf *fresh)
{
    buf_free(b);
    *b = *fresh;
}

/* What fault_set and fault_errno have in common; takes TEXT over. */
static enum cause make(struct fault *why, enum cause cause, int err, struct buf *text)
{
    fault_free(why);
    ready_all(why);
    why->cause = cause;
    why->code = fault_row(cause)->code;
    why->err = err;
    replace(&why->text, text);
    return cause;
}

enum cause fault_set(struct fault *why, enum cause cause, const char *fmt, ...)
{
    struct buf text;
    va_list ap;

    buf_init(&text, LIMIT_FAULT_TEXT);
    va_start(ap, fmt);
    add_text(&text, fmt, ap);
    va_end(ap);
    return make(why, cause, 0, &text);
}

enum cause fault_errno(struct fault *why, enum cause cause, int err, const char *fmt, ...)
{
    struct buf text;
    va_list ap;
    const char *words = strerror(err);

    buf_init(&text, LIMIT_FAULT_TEXT);
    va_start(ap, fmt);
    add_text(&text, fmt, ap);
    va_end(ap);
    buf_add_shown(&text, ": ", 2);
    buf_add_shown(&text, words, strlen(words));
    return make(why, cause, err, &text);
}

void fault_note(struct fault *why, const char *fmt, ...)
{
    struct buf text;
    va_list ap;

    ready_all(why);
    buf_init(&text, LIMIT_FAULT_TEXT);
    va_start(ap, fmt);
    add_text(&text, fmt, ap);
    va_end(ap);
    buf_add_shown(&text, ": ", 2);
    buf_add_shown(&text, why->text.data, why->text.len);
    replace(&why->text, &text);
}

/* Makes FMT the whole content of SLOT, one of WHY's texts, which its arguments may point into. */
ATTR_PRINTF(3, 0)
static void set_slot(struct fault *why, struct buf *slot, const char *fmt, va_list ap)
{
    struct buf text;

    buf_init(&text, LIMIT_FAULT_TEXT);
    add_text(&text, fmt, ap);
    ready_all(why);
    replace(slot, &text);
}

void fault_place(struct fault *why, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    set_slot(why, &why->place, fmt, ap);
    va_end(ap);
}

void fault_hint(struct fault *why, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    set_slot(why, &why->hint, fmt, ap);
    va_end(ap);
}

void fault_remote(struct fault *why, int smtp_code, struct enhanced code, const char *words,
                  size_t n)
{
    struct buf text;

    buf_init(&text, LIMIT_FAULT_REMOTE);
    for (size_t at = 0; at < n && !text.over;) {
        const char *end = memchr(words + at, '\n', n - at);
        size_t len = end != NULL ? (size_t)(end - words) - at : n - at;
        size_t shown = len > 0 && words[at + len - 1] == '\r' ? len - 1 : len;

        /* The lines of one reply read as one sentence: a blank stands for the line end. */
        if (text.len > 0 && shown > 0)
            buf_add_shown(&text, " ", 1);
        buf_add_shown(&text, words + at, shown);
        at += len + 1;
    }
    ready_all(why);
    replace(&why->remote, &text);
    why->smtp_code = smtp_code;
    if (code.class != 0)
        why->code = code;
}

int fault_exit_status(const struct fault *why)
{
    return fault_row(why->cause)->exit_status;
}

const char *fault_hint_text(const struct fault *why)
{
    return why->hint.len > 0 ? why->hint.data : fault_row(why->cause)->hint;
}

/* TEXT says the words itself. Elsewhere than in quotes it is chance: "closed" in an address. */
static bool says_words(const char *text, const struct buf *words)
{
    const char *at = text;

    while ((at = strstr(at, words->data)) != NULL) {
        if (at[words->len] == '"' || at[words->len] == '\'')
            return true;
        at++;
    }
    return false;
}

void fault_line(const struct fault *why, struct buf *out)
{
    const char *text = why->text.len > 0 ? why->text.data : fault_row(why->cause)->text;

    if (why->place.len > 0) {
        buf_add_shown(out, why->place.data, why->place.len);
        buf_add_shown(out, ": ", 2);
    }
    buf_add_shown(out, text, strlen(text));
    if (why->remote.len > 0 && !says_words(text, &why->remote)) {
        char code[16];

        snprintf(code, sizeof(code), ": \"%d ", why->smtp_code);
        if (why->smtp_code > 0)
            buf_add_shown(out, code, strlen(code));
        else
            buf_add_shown(out, ": \"", 3);
        buf_add_shown(out, why->remote.data, why->remote.len);
        buf_add_shown(out, "\"", 1);
    } else if (why->remote.len == 0 && why->smtp_code > 0) {
        buf_addf(out, ": \"%d\"", why->smtp_code); /* it had no words for it */
    }
}

static void copy_text(struct buf *to, const struct buf *from)
{
    if (from->len > 0)
        buf_add(to, from->data, from->len);
}

void fault_copy(struct fault *to, const struct fault *from)
{
    struct fault fresh = *from;

    memset(&fresh.text, 0, sizeof(fresh.text));
    memset(&fresh.remote, 0, sizeof(fresh.remote));
    memset(&fresh.hint, 0, sizeof(fresh.hint));
    memset(&fresh.place, 0, sizeof(fresh.place));
    ready_all(&fresh);
    copy_text(&fresh.text, &from->text);
    copy_text(&fresh.remote, &from->remote);
    copy_text(&fresh.hint, &from->hint);
    copy_text(&fresh.place, &from->place);
    fault_free(to); /* last, so that a copy onto itself is harmless */
    *to = fresh;
}

void fault_free(struct fault *why)
{
    buf_free(&why->text);
    buf_free(&why->remote);
    buf_free(&why->hint);
    buf_free(&why->place);
    *why = (struct fault){0};
}
