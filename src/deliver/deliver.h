/*
 * deliver.h: one message to the recipients of an envelope through one account: the hosts in order,
 * a session, the transfer; the fates come back in the envelope.
 */
#ifndef DELIVER_DELIVER_H
#define DELIVER_DELIVER_H

#include "base/fault.h"
#include "base/who.h"
#include "conf/account.h"
#include "mail/envelope.h"
#include "mail/message.h"

#include <stdint.h>

/* All borrowed for the call. */
struct delivery {
    const struct account *account;
    const struct who *who;
    const char *providers_file;                /* for hints when something fails */
    void (*show)(void *arg, const char *line); /* the transcript, or NULL */
    void *show_arg;
    const char *memory_dir; /* where deliver/memory keeps its files; NULL: nowhere */
    bool memory_fixed; /* ... and only reads them: what is done now is not what the config says */
    struct pool *pool; /* sessions stay open in it for the next message; NULL: one message */
};

/* What the log wants to know. */
struct delivery_report {
    struct buf relay; /* "host[ip]:port", or "none" */
    struct buf reply; /* the words of the last acceptance */
    int64_t open_ms;  /* to a session that is logged in */
    int64_t total_ms;
    bool without_login; /* accepted although the login was refused: somebody should be told */
};

/* delivery_report_init, delivery_report_free. */
void delivery_report_init(struct delivery_report *r);
void delivery_report_free(struct delivery_report *r);

/*
 * deliver_message - offers M to every OPEN recipient of E. Hosts are tried in order until one gives
 * a session; a refused login ends the search, since the next host knows the same password. Those of
 * whom the replies prove that nothing was accepted are offered again at once: where a server has
 * stumbled over how it was talked to, once and a grade lower; where a session could not be used for
 * them, as long as each new one gets further. When it returns no recipient is OPEN; every refusal
 * carries the provider's hint when it has one.
 * fails: the trouble that ended the conversation, also in the recipients' why. CAUSE_NONE says
 *        nothing about fates.
 */
enum cause deliver_message(const struct delivery *d, struct envelope *e, const struct message *m,
                           struct delivery_report *r, struct fault *why) ATTR_CHECK;

/*
 * deliver_prove - with `pipelining = full`: asks the account's servers with whom a session waits in
 * D->pool behind an accepted message whether they swallow a refused chunk (session_prove), and
 * remembers the answer for 30 days; that session is over then. For `check` and queue runs, when
 * there is nothing more to send. *ASKED is how many were: 0 when all answers are known.
 * fails: as session_prove, of one server; the others are asked all the same.
 */
enum cause deliver_prove(const struct delivery *d, size_t *asked, struct fault *why) ATTR_CHECK;

#endif
