/*
 * transcript.h: the conversation for people. Secrets are masked when we write them and scrubbed
 * when the server echoes them; message text is shown as "<N octets>".
 */
#ifndef SMTP_TRANSCRIPT_H
#define SMTP_TRANSCRIPT_H

#include "base/buf.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * One per session. SHOW prints one finished, printable line ("> EHLO host", "< 250 ok",
 * "* TLS1.3 ...") or is NULL: nothing is shown, but scrubbing still works.
 */
struct transcript {
    void (*show)(void *arg, const char *line);
    void *arg;
    struct strv secrets; /* what must never appear: raw and base64, lower case; wiped by free */
    bool in_login;       /* replies of AUTH are scrubbed harder */
    bool challenges;     /* a 334 is a challenge */
    struct buf line;     /* room for one line, so that showing a verdict allocates nothing */
};

/* transcript_init - SHOW may be NULL. */
void transcript_init(struct transcript *t, void (*show)(void *arg, const char *line), void *arg);

/* transcript_free - wipes and frees the secrets. */
void transcript_free(struct transcript *t);

/* transcript_secret - from now on N octets at S, and their base64, also in the middle of somebody's
 * longer base64, are scrubbed from all that is read. */
void transcript_secret(struct transcript *t, const char *s, size_t n);

/* transcript_move_secrets - TO scrubs what FROM did, and as hard; FROM has no secrets left. */
void transcript_move_secrets(struct transcript *from, struct transcript *to);

/* transcript_in_login - whether what is read from now on are replies of AUTH, the likeliest to
 * echo: pieces of 6 are scrubbed too, and secrets shorter than 4 where they are whole words. */
void transcript_in_login(struct transcript *t, bool on);

/* transcript_challenges - whether a 334 that is read from now on goes to a mechanism, which needs
 * it as it came; the login scrubs it then, and here only what is shown. */
void transcript_challenges(struct transcript *t, bool on);

/*
 * transcript_scrub - replaces every secret in B by "***" of no telling length; true if any was. Any
 * case matches, and so does a secret that was broken over lines, with or without the codes that
 * begin them; of one longer than 32 octets, any 32 in a row. Allocates nothing outside of AUTH.
 */
bool transcript_scrub(const struct transcript *t, struct buf *b);

/* transcript_sent - "> LINE"; MASK: only the first KEEP octets are shown, then "***". */
void transcript_sent(struct transcript *t, const char *line, size_t n, bool mask, size_t keep);

/* transcript_text - "> <N octets>". */
void transcript_text(struct transcript *t, unsigned long long octets);

/* transcript_got - "< " and each line of a reply, TEXT being its words (already scrubbed). */
void transcript_got(struct transcript *t, int code, const char *text, size_t n);

/* transcript_note - "* ..." : connected, TLS version, closed. */
void transcript_note(struct transcript *t, const char *fmt, ...) ATTR_PRINTF(2, 3);

#endif
