/*
 * memory.h: what earlier deliveries have taught about a server, per security key, in 0600 files of
 * the state folder. It only ever lifts limits or spares work: without a folder, with a damaged file
 * or on a full disk everything works as the first time.
 */
#ifndef DELIVER_MEMORY_H
#define DELIVER_MEMORY_H

#include "base/buf.h"
#include "smtp/session.h"
#include "smtp/xfer.h"

#include <stdbool.h>
#include <stdint.h>

#define MEMORY_GOOD_S  (INT64_C(30) * 86400) /* good news last so long without use */
#define MEMORY_BAD_S   (INT64_C(7) * 86400)  /* a stumble costs its privileges for so long */
#define MEMORY_PROOF_S (INT64_C(30) * 86400) /* between two proofs */

/* The times are Unix seconds, 0 = never. */
struct memory {
    int64_t success_at;               /* the last accepted message */
    unsigned char salt[SESSION_SALT]; /* drawn once per file */
    /* The last 235 of `credential`, or, all of that zero, acceptance without a login. It dies with
     * any other reply. */
    int64_t login_at;
    unsigned char credential[SESSION_CREDENTIAL];
    uint64_t offers;  /* of the EHLO that `credential` and `proven` belong to */
    int64_t proof_at; /* when it was tried */
    bool proven;
    int64_t stumbled_at; /* the last stumble, and the worst of those in force */
    enum xfer_stumble stumble;
};

/*
 * memory_load - reads what folder DIR (NULL: none) knows for KEY (64 hex digits); all zero but for
 * a fresh salt when it knows nothing or what it has cannot be trusted (owner, mode, damage).
 */
void memory_load(struct memory *m, const char *dir, const char *key);

/*
 * memory_keep - writes it, by create and rename, without sync: losing it costs a round trip. Makes
 * DIR (0700) and its parents when they are missing. Trouble is silent: false tells tests.
 */
bool memory_keep(const struct memory *m, const char *dir, const char *key);

/* memory_known - what a session is told at time NOW_S: expired news are left out. */
void memory_known(const struct memory *m, int64_t now_s, struct session_known *out);

/*
 * memory_learn_login - after a login was tried: WORKED, with these credential and offers.
 * memory_learn_stumble - a server has stumbled.
 * memory_learn_success - a message was accepted.
 * memory_learn_proof - session_prove gave this answer.
 * Each returns whether M is worth writing: news that only move a time are written once a day.
 */
bool memory_learn_login(struct memory *m, int64_t now_s, bool worked,
                        const unsigned char *credential, uint64_t offers);
bool memory_learn_stumble(struct memory *m, int64_t now_s, enum xfer_stumble s);
bool memory_learn_success(struct memory *m, int64_t now_s);
bool memory_learn_proof(struct memory *m, int64_t now_s, bool proven, uint64_t offers);

/* memory_wants_proof - at time NOW_S it is time to ask a server with these OFFERS for the proof: it
 * was not asked for MEMORY_PROOF_S, and has not stumbled over a chunk lately. */
bool memory_wants_proof(const struct memory *m, int64_t now_s, uint64_t offers);

/*
 * memory_take_ticket - moves the stored TLS ticket out (by rename, so that no two processes use one
 * ticket) and appends it to OUT, a secret buffer. False: there is none.
 * memory_keep_ticket - stores one, replacing what is there.
 */
bool memory_take_ticket(const char *dir, const char *key, struct buf *out);
bool memory_keep_ticket(const char *dir, const char *key, const struct buf *ticket);

#endif
