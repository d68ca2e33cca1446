/*
 * job.h: one message on its way from standard input to the door: what the command line, the config
 * and the header say, folded into an account, an envelope and a final message. Shared by every mode
 * that takes a message.
 */
#ifndef CMD_JOB_H
#define CMD_JOB_H

#include "base/fault.h"
#include "base/who.h"
#include "conf/load.h"
#include "conf/options.h"
#include "mail/addr.h"
#include "mail/envelope.h"
#include "mail/message.h"

#include <stdbool.h>

struct job {
    const struct options *opt; /* borrowed */
    struct who who;
    struct config *config;
    const struct account *account; /* borrowed from config */
    struct addr_list wanted;       /* recipients as they were given, not yet resolved */
    struct addr given_sender;      /* -f, parsed; spec NULL: not given */
    struct addr header_from;       /* author by the header; spec NULL: none */
    struct envelope envelope;
    struct message *message;
};

/* job_init - empty, for the options OPT (borrowed). Asks who runs us. */
void job_init(struct job *j, const struct options *opt);

/* job_free - frees all. */
void job_free(struct job *j);

/*
 * job_arguments - the recipients and the sender of the command line, and its DSN wishes. Done
 * before standard input is read, so that a mistake is told at once.
 * fails: CAUSE_BAD_ADDRESS, CAUSE_USAGE (-N, -R, -V, -B values), CAUSE_NO_RECIPIENTS (none, and no
 *        -t).
 */
enum cause job_arguments(struct job *j, struct fault *why) ATTR_CHECK;

/*
 * job_address - with the message read: recipients of the header (-t), the account, the envelope
 * sender, and every recipient resolved through the aliases and the domain (DESIGN section 6).
 * fails: CAUSE_NO_RECIPIENTS, CAUSE_BAD_ADDRESS, CAUSE_LOCAL_RCPT, CAUSE_NO_ACCOUNT,
 *        CAUSE_NOT_ALLOWED, CAUSE_CONFIG (no sender address).
 */
enum cause job_address(struct job *j, struct fault *why) ATTR_CHECK;

/* job_fixup - the header policy with this job's account, time and randomness. */
enum cause job_fixup(struct job *j, struct fault *why) ATTR_CHECK;

/* job_dry_run - envelope and final octets on standard output. */
enum cause job_dry_run(struct job *j, struct fault *why) ATTR_CHECK;

#endif
