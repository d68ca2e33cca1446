/*
 * submit.h: the one door out: a finished message is delivered, kept or refused, and the verdict is
 * promise 1 to the letter. Until the spool is built the policy is `never`.
 */
#ifndef QUEUE_SUBMIT_H
#define QUEUE_SUBMIT_H

#include "base/fault.h"
#include "base/who.h"
#include "conf/account.h"
#include "mail/envelope.h"
#include "mail/message.h"

/* All borrowed for the call. */
struct submission {
    const struct account *account;
    const struct who *who;
    const char *providers_file;
    const char *state_dir; /* where what is learned of servers is kept; NULL: nowhere */
    bool is_changed;       /* the account is not as the config has it (-O): nothing is learned */
    void (*show)(void *arg, const char *line); /* transcript, or NULL */
    void *show_arg;
};

/*
 * submit_mail - delivers M, whose header is final, to the recipients of E (at least one).
 * Each recipient's end is logged. When it returns no recipient is OPEN.
 * Returns CAUSE_NONE exactly when exit 0 is true (promise 1). Otherwise WHY is what the caller is
 * told: all refused: the first refusal (CAUSE_RCPT_REFUSED, or the message's or sender's); nobody
 * accepted and a retry can help: that trouble; some accepted and the rest not: CAUSE_RCPT_REFUSED
 * with a text that says first who did get it, since a retry by the caller would send twice.
 * When memory runs out, during the call or behind it, the process ends with what is true then; so
 * WHY must live until it ends, or until the next xalloc_on_failure.
 */
enum cause submit_mail(const struct submission *s, struct envelope *e, const struct message *m,
                       struct fault *why) ATTR_CHECK;

/*
 * submit_verdict - what the fates in E, none of them OPEN, mean for the caller when nothing can be
 * kept: the rules of submit_mail's return value. WHY is empty before.
 */
enum cause submit_verdict(const struct envelope *e, struct fault *why) ATTR_CHECK;

#endif
