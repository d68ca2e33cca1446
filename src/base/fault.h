/*
 * fault.h: one value that says what went wrong, from the system call to the exit status.
 *
 * Every fallible function has the form `enum cause f(..., struct fault *why)`: it returns
 * CAUSE_NONE, or fills *why and returns its cause. The call that first knows makes the fault;
 * callers may put context in front of the text (fault_note); nobody rewrites the cause. A
 * zero-initialised struct fault is "no fault" and valid.
 *
 * The table in fault.c has one row per cause; exit status, keep-or-not, general hint and the
 * manual's table all read that row.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include "base/attr.h"
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* Keep in step with the rows of fault.c (checked by tests/unit/base/test_fault.c). */
enum cause {
    CAUSE_NONE = 0,
    /* what the caller gave us */
    CAUSE_USAGE,         /* unknown or misused option, unknown verb */
    CAUSE_NO_RECIPIENTS, /* nobody to send to */
    CAUSE_BAD_ADDRESS,   /* the grammar refuses it, or it needs what is not offered */
    CAUSE_BAD_MESSAGE,   /* a message that no server could take */
    CAUSE_NEEDS_ARMOR,   /* a body that would have to be re-encoded first */
    CAUSE_INPUT,         /* standard input closed or unreadable */
    CAUSE_LOCAL_RCPT,    /* a recipient without domain, and nothing says which */
    /* what the configuration says */
    CAUSE_CONFIG,      /* wrong line, unsafe file, missing setting */
    CAUSE_NO_CONFIG,   /* no configuration anywhere */
    CAUSE_NO_ACCOUNT,  /* the account asked for does not exist */
    CAUSE_NOT_ALLOWED, /* the account is not for this user */
    CAUSE_SECRET,      /* password command or file failed */
    /* the way there */
    CAUSE_DNS_NONE,      /* the host name does not exist */
    CAUSE_DNS_TEMPORARY, /* the resolver gave no answer */
    CAUSE_CONNECT,       /* no connection: refused, unreachable */
    CAUSE_TIMEOUT,       /* a deadline passed */
    CAUSE_CLOSED,        /* the connection ended or broke */
    CAUSE_INTERRUPTED,   /* a signal asked us to stop */
    /* TLS */
    CAUSE_TLS,           /* handshake or record failure */
    CAUSE_TLS_UNTRUSTED, /* no known root vouches for the certificate, or it is weak or misused */
    CAUSE_TLS_NAME,      /* the certificate is for another name */
    CAUSE_TLS_TIME,      /* expired or not yet valid */
    CAUSE_TLS_REVOKED,   /* revoked */
    CAUSE_TLS_FILE,      /* authorities, revocation lists, certificate or key of ours unusable */
    CAUSE_TLS_MISSING,   /* STARTTLS wanted and not offered or refused */
    /* SMTP */
    CAUSE_PROTOCOL,          /* the server does not speak SMTP as RFC 5321 has it */
    CAUSE_BUSY,              /* 421, or 4yz to greeting or EHLO */
    CAUSE_SERVER_REFUSED,    /* 5yz to greeting, EHLO */
    CAUSE_AUTH_REFUSED,      /* the server refused the login */
    CAUSE_AUTH_TEMPORARY,    /* the server could not check the login now */
    CAUSE_AUTH_MECHANISM,    /* no mechanism that both sides have and the configuration allows */
    CAUSE_AUTH_NEEDED,       /* 530, 5.7.0-like answers: a login or TLS is needed first */
    CAUSE_RCPT_REFUSED,      /* a recipient was refused for good */
    CAUSE_RCPT_LATER,        /* a recipient was refused for now */
    CAUSE_SENDER_REFUSED,    /* the server refuses the envelope sender for good */
    CAUSE_SENDER_NOT_OWNED,  /* the account may not send under that address */
    CAUSE_MESSAGE_REFUSED,   /* the server refuses the message for good */
    CAUSE_TOO_BIG,           /* over the server's SIZE */
    CAUSE_QUOTA,             /* sending limit or mailbox quota, for now */
    CAUSE_TRANSACTION_LATER, /* 4yz to MAIL, DATA or the message */
    CAUSE_MAY_HAVE_ARRIVED,  /* lost after the end of the message, before its reply */
    CAUSE_ACCEPTED_WITHOUT_LOGIN, /* accepted although the login was refused */
    CAUSE_ACCOUNT_PAUSED,         /* the account's login was refused lately */
    /* keeping */
    CAUSE_NO_QUEUE,    /* no folder to keep mail in */
    CAUSE_CANT_CREATE, /* mode, owner: a retry will not help */
    CAUSE_DISK_FULL,
    CAUSE_LOCK_UNSUPPORTED,
    /* this machine */
    CAUSE_IO, /* read or write error on a local file */
    CAUSE_NO_MEMORY,
    CAUSE_OS,       /* a system call that does not fail on a healthy machine */
    CAUSE_OS_FILE,  /* a system file is missing or unusable */
    CAUSE_SOFTWARE, /* a defect of this program */
    CAUSE_COUNT
};

/* What a delivery does with the mail when this is the cause (DESIGN: "Account trouble"). */
enum keep {
    KEEP_NO,      /* nothing to keep: the caller is told */
    KEEP_REFUSED, /* refused for good: never tried again */
    KEEP_RETRY,   /* trying again unchanged can help */
    KEEP_ACCOUNT  /* account trouble: retried when the account has worked before, else told */
};

/* Where in the conversation it happened. */
enum stage {
    STAGE_NONE = 0,
    STAGE_RESOLVE,
    STAGE_DIAL,
    STAGE_TLS,
    STAGE_GREETING,
    STAGE_EHLO,
    STAGE_STARTTLS,
    STAGE_AUTH,
    STAGE_MAIL,
    STAGE_RCPT,
    STAGE_DATA,
    STAGE_TEXT,  /* while the text of the message was on its way */
    STAGE_FINAL, /* the reply to the end of the message */
    STAGE_COUNT
};

/* An RFC 3463 code x.y.z; all zero = none. */
struct enhanced {
    int class;
    int subject;
    int detail;
};

struct cause_row {
    enum cause cause;
    const char *name; /* as logs, --json and the manual spell it: "rcpt-refused" */
    int exit_status;  /* sysexits.h */
    enum keep keep;
    struct enhanced code; /* when the server gave none */
    const char *text;     /* when nobody said more */
    const char *hint;     /* general advice, or NULL */
};

struct fault {
    enum cause cause;
    enum stage stage;
    int smtp_code;        /* 0 = the fault is local */
    struct enhanced code; /* the server's, else the row's */
    int err;              /* errno, or 0 */
    size_t offset;        /* first wrong byte, for parsers of one text */
    struct buf text;      /* one human line: what happened. Printable */
    struct buf remote;    /* the server's own words, printable, at most LIMIT_FAULT_REMOTE */
    struct buf hint;      /* advice better than the row's, or empty */
    struct buf place;     /* "file:line", option or setting, or empty */
};

/* fault_row - the row of a cause; never NULL. */
const struct cause_row *fault_row(enum cause cause);

/* fault_stage_name - "AUTH", "the end of the message"...: for people. */
const char *fault_stage_name(enum stage stage);

/*
 * fault_set - makes a fault: any old content of WHY goes, FMT is its text. Returns CAUSE, so that
 * `return fault_set(why, CAUSE_CONNECT, "...")` ends a function. Text is made printable.
 */
enum cause fault_set(struct fault *why, enum cause cause, const char *fmt, ...) ATTR_PRINTF(3, 4);

/* fault_errno - the same with ": strerror(ERR)" behind the text and ERR kept. */
enum cause fault_errno(struct fault *why, enum cause cause, int err, const char *fmt, ...)
    ATTR_PRINTF(4, 5);

/* fault_note - puts "FMT: " in front of the text. */
void fault_note(struct fault *why, const char *fmt, ...) ATTR_PRINTF(2, 3);

/* fault_place - says where the wrong input stands ("/etc/postrider.ini:12"). */
void fault_place(struct fault *why, const char *fmt, ...) ATTR_PRINTF(2, 3);

/* fault_hint - says what to do next, instead of the row's general hint. */
void fault_hint(struct fault *why, const char *fmt, ...) ATTR_PRINTF(2, 3);

/*
 * fault_remote - keeps the server's reply: its code (200..599), its enhanced code when it gave one
 * (class 0 = none, the row's stays) and its words, which are made printable and cut to
 * LIMIT_FAULT_REMOTE.
 */
void fault_remote(struct fault *why, int smtp_code, struct enhanced code, const char *words,
                  size_t n);

/* fault_exit_status - the sysexits status of the cause; 0 for CAUSE_NONE. */
int fault_exit_status(const struct fault *why);

/* fault_hint_text - the fault's own hint, else the row's, else NULL. Borrowed. */
const char *fault_hint_text(const struct fault *why);

/*
 * fault_line - appends the one line for people: place, text, and the server's words in quotes
 * unless the text has them already.
 */
void fault_line(const struct fault *why, struct buf *out);

/* fault_copy - makes TO a copy of FROM. */
void fault_copy(struct fault *to, const struct fault *from);

/* fault_free - frees and clears: WHY is "no fault" again. */
void fault_free(struct fault *why);

#endif
