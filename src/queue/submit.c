/*
 * submit.c: see submit.h. What a set of fates means for the caller is decided here and nowhere
 * else.
 */
#include "config.h"

#include "queue/submit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/xalloc.h"
#include "deliver/deliver.h"
#include "mail/header.h"

/*
 * Out of memory. From the first octet that goes to a server on, "nothing was sent" can be a lie,
 * and a lie makes the caller send twice: what is known at that moment is said instead. Whoever
 * reads this loses the log line or the hint, not the verdict.
 */
static _Noreturn void leave(int status, const char *text, const char *more)
{
    const char *line[] = {"postrider: ", text, more, "\n"};
    size_t i;

    for (i = 0; status != 0 && i < ARRAY_LEN(line); i++) {
        if (write(STDERR_FILENO, line[i], strlen(line[i])) < 0)
            break;
    }
    _exit(status);
}

/* While the envelope ARG is under way. */
static void leave_under_way(void *arg)
{
    const struct envelope *e = arg;
    size_t accepted = envelope_count(e, FATE_ACCEPTED);
    char yes[LIMIT_FAULT_TEXT] = "";
    size_t i, used = 0;

    for (i = 0; i < e->n && used < sizeof(yes); i++) {
        if (e->rcpt[i].fate == FATE_ACCEPTED)
            used += (size_t)snprintf(yes + used, sizeof(yes) - used, "%s%s", used > 0 ? ", " : "",
                                     e->rcpt[i].addr);
    }
    if (accepted == e->n)
        leave(0, "", "");
    if (accepted > 0)
        leave(EX_NOUSER, "out of memory, and not, or not surely, sent to all: sent to ", yes);
    if (e->in_doubt)
        leave(EX_TEMPFAIL, "out of memory, no verdict: the message may have arrived", "");
    leave(EX_TEMPFAIL, "out of memory, nothing was sent; try again later", "");
}

/* When the verdict ARG stands, a fault of the caller's. */
static void leave_with_verdict(void *arg)
{
    const struct fault *why = arg;
    const char *text = why->text.len > 0 ? why->text.data : fault_row(why->cause)->text;

    leave(fault_exit_status(why), text, "");
}

/* Postfix's words for the three ends, which log readers count. */
static const char *status_word(enum fate f)
{
    switch (f) {
    case FATE_ACCEPTED:
        return "sent";
    case FATE_NEVER:
        return "bounced";
    case FATE_OPEN:
    case FATE_LATER:
        return "deferred";
    }
    return "deferred";
}

static void enhanced_of(const struct rcpt *r, char out[16])
{
    struct enhanced code = {2, 0, 0};

    if (r->fate != FATE_ACCEPTED) {
        code = r->why.code;
        if (code.class == 0)
            code = fault_row(r->why.cause)->code;
    }
    snprintf(out, 16, "%d.%d.%d", code.class % 10, code.subject % 1000, code.detail % 1000);
}

static void log_message(const char *id, const struct submission *s, const struct envelope *e,
                        const struct message *m)
{
    struct header_field f;

    log_line(LOG_INFO, "pickup", "%s: uid=%lu from=<%s>", id, (unsigned long)s->who->uid,
             e->sender);
    if (header_find(m->header.data, m->header.len, "message-id", &f))
        log_line(LOG_INFO, "cleanup", "%s: message-id=%.*s", id, (int)f.body_len, f.body);
}

static void log_recipient(const char *id, const struct submission *s, const struct rcpt *r,
                          const struct delivery_report *report)
{
    const char *words = r->fate == FATE_ACCEPTED ? report->reply.data : r->why.remote.data;
    double delay_s = (double)report->total_ms / 1000.0;
    char dsn[16];

    /* What the server said at last is no news of a message that may have arrived. */
    if (r->fate != FATE_ACCEPTED &&
        (r->why.remote.len == 0 || r->why.cause == CAUSE_MAY_HAVE_ARRIVED))
        words = r->why.text.data;
    enhanced_of(r, dsn);
    log_line(r->fate == FATE_ACCEPTED ? LOG_INFO : LOG_WARNING, "smtp",
             "%s: to=<%s>, relay=%s, delay=%.2f, delays=0/0/%.2f/%.2f, dsn=%s, status=%s (%s), "
             "account=%s",
             id, r->addr, report->relay.len > 0 ? report->relay.data : "none", delay_s,
             (double)report->open_ms / 1000.0, delay_s - (double)report->open_ms / 1000.0, dsn,
             status_word(r->fate), words, s->account->id);
}

/*
 * The recipient whose trouble stands for all: the first that a retry can help, else the first about
 * whom the server said something, else the first (with `partial = abort` the others only know that
 * somebody else was refused).
 */
static const struct rcpt *spokesman(const struct envelope *e)
{
    const struct rcpt *first = NULL;
    size_t i;

    for (i = 0; i < e->n; i++) {
        const struct rcpt *r = &e->rcpt[i];

        if (r->fate == FATE_LATER)
            return r;
        if (r->fate == FATE_NEVER &&
            (first == NULL || (first->why.smtp_code == 0 && r->why.smtp_code != 0)))
            first = r;
    }
    return first;
}

static void list_fate(const struct envelope *e, enum fate want, struct buf *out)
{
    const char *sep = "";
    size_t i;

    for (i = 0; i < e->n; i++) {
        if ((e->rcpt[i].fate == FATE_ACCEPTED) != (want == FATE_ACCEPTED))
            continue;
        buf_addf(out, "%s%s", sep, e->rcpt[i].addr);
        sep = ", ";
    }
}

/* Some got it and some did not, and nothing can be kept: 67, and first who did. */
static enum cause tell_partial(const struct envelope *e, const struct rcpt *r, struct fault *why)
{
    struct buf yes, no;

    buf_init(&yes, LIMIT_FAULT_TEXT / 3);
    buf_init(&no, LIMIT_FAULT_TEXT / 3);
    list_fate(e, FATE_ACCEPTED, &yes);
    list_fate(e, FATE_NEVER, &no);
    fault_set(why, CAUSE_RCPT_REFUSED, "sent to %s%s but not to %s%s: %s", yes.data,
              yes.over ? "..." : "", no.data, no.over ? "..." : "", r->why.text.data);
    fault_remote(why, r->why.smtp_code, r->why.code, r->why.remote.data, r->why.remote.len);
    fault_hint(why, "%s", "send it again only to those who did not get it");
    buf_free(&yes);
    buf_free(&no);
    return CAUSE_RCPT_REFUSED;
}

/* Nobody got it: the trouble of one recipient, and for how many it stands. */
static enum cause tell_none(const struct envelope *e, const struct rcpt *r, struct fault *why)
{
    fault_copy(why, &r->why);
    if (e->n > 1 && (why->cause == CAUSE_RCPT_REFUSED || why->cause == CAUSE_RCPT_LATER))
        fault_note(why, "none of %zu recipients", e->n);
    return why->cause;
}

enum cause submit_verdict(const struct envelope *e, struct fault *why)
{
    const struct rcpt *r = spokesman(e);

    if (r == NULL)
        return CAUSE_NONE;
    return envelope_count(e, FATE_ACCEPTED) > 0 ? tell_partial(e, r, why) : tell_none(e, r, why);
}

/* Where deliver/memory keeps its files, owned; NULL: nowhere. */
static char *memory_dir(const struct submission *s)
{
    struct buf path;

    if (s->state_dir == NULL)
        return NULL;
    buf_init(&path, strlen(s->state_dir) + sizeof("/memory"));
    buf_addf(&path, "%s/memory", s->state_dir);
    return buf_take(&path);
}

/* The message has arrived, and yet something is wrong that only a person can mend. */
static void warn_without_login(const char *id, const struct submission *s,
                               const struct delivery_report *r)
{
    const struct cause_row *row = fault_row(CAUSE_ACCEPTED_WITHOUT_LOGIN);

    if (!r->without_login)
        return;
    log_line(LOG_WARNING, "smtp", "%s: %s: %s, account=%s", id, row->text, row->hint,
             s->account->id);
    if (log_is_terminal(STDERR_FILENO))
        log_error("account %s: %s: %s", s->account->id, row->text, row->hint);
}

enum cause submit_mail(const struct submission *s, struct envelope *e, const struct message *m,
                       struct fault *why)
{
    char *memory = memory_dir(s);
    struct delivery d = {.account = s->account,
                         .who = s->who,
                         .providers_file = s->providers_file,
                         .show = s->show,
                         .show_arg = s->show_arg,
                         .memory_dir = memory,
                         .memory_fixed = s->is_changed};
    struct delivery_report report;
    enum cause c;
    uint32_t id_bits;
    char id[16];
    size_t i;

    rand_bytes(&id_bits, sizeof(id_bits));
    snprintf(id, sizeof(id), "%08X", (unsigned)id_bits);
    delivery_report_init(&report);
    xalloc_on_failure(leave_under_way, e);
    if (deliver_message(&d, e, m, &report, why) != CAUSE_NONE) {
        /* Every recipient that it concerns has a copy of why: the fates decide below. */
        fault_free(why);
    }
    log_message(id, s, e, m);
    for (i = 0; i < e->n; i++)
        log_recipient(id, s, &e->rcpt[i], &report);
    warn_without_login(id, s, &report);
    c = submit_verdict(e, why);
    xalloc_on_failure(leave_with_verdict, why);
    delivery_report_free(&report);
    free(memory);
    return c;
}
