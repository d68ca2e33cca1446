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
    struct strv secrets; /* what must never appear: raw and base64 forms; wiped by free */
};

/* transcript_init - SHOW may be NULL. */
void transcript_init(struct transcript *t, void (*show)(void *arg, const char *line), void *arg);

/* transcript_free - wipes and frees the secrets. */
void transcript_free(struct transcript *t);

/* transcript_secret - from now on N octets at S, and their base64, are scrubbed from all that is
 * read. Shorter than 4 octets are ignored. */
void transcript_secret(struct transcript *t, const char *s, size_t n);

/* transcript_scrub - replaces every secret in B by "***" of no telling length; true if any was. */
bool transcript_scrub(const struct transcript *t, struct buf *b);

/* transcript_sent - "> LINE"; MASK: only the first KEEP octets are shown, then "***". */
void transcript_sent(struct transcript *t, const char *line, size_t n, bool mask, size_t keep);

/* transcript_text - "> <N octets>". */
void transcript_text(struct transcript *t, unsigned long long octets);

/* transcript_got - "< " and each line of what was read (already scrubbed). */
void transcript_got(struct transcript *t, const char *text, size_t n);

/* transcript_note - "* ..." : connected, TLS version, closed. */
void transcript_note(struct transcript *t, const char *fmt, ...) ATTR_PRINTF(2, 3);

#endif
