/*
 * job.c: see job.h. Who sends, through which account, to whom.
 */
#include "config.h"

#include "cmd/job.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/idn.h"
#include "base/limits.h"
#include "base/rand.h"
#include "base/xalloc.h"
#include "conf/aliases.h"
#include "mail/fixup.h"
#include "cmd/dsn.h"

void job_init(struct job *j, const struct options *opt)
{
    memset(j, 0, sizeof(*j));
    j->opt = opt;
    envelope_init(&j->envelope);
    who_am_i(&j->who);
}

void job_free(struct job *j)
{
    message_close(&j->message);
    envelope_free(&j->envelope);
    addr_list_free(&j->wanted);
    addr_free(&j->given_sender);
    addr_free(&j->header_from);
    config_close(&j->config);
    who_free(&j->who);
}

/* local@domain of the address's local part, owned. */
static char *with_domain(const char *spec, const char *domain)
{
    const char *own = addr_domain(spec);
    size_t local_len = own != NULL ? (size_t)(own - spec) - 1 : strlen(spec);
    struct buf out;

    buf_init(&out, LIMIT_ADDRESS * 2);
    buf_add(&out, spec, local_len);
    buf_addc(&out, '@');
    buf_adds(&out, domain);
    return buf_take(&out);
}

/*
 * What an input method left behind: full-width forms that look like the signs of an address. An
 * atom may hold them by RFC 6532, and no mailbox does.
 */
static enum cause check_wide(const char *spec, struct fault *why)
{
    static const struct {
        const char *wide;
        const char *plain;
    } signs[] = {
        {"\357\274\240", "@"}, /* U+FF20 */
        {"\357\274\214", ","}, /* U+FF0C */
        {"\357\274\233", ";"}, /* U+FF1B */
        {"\343\200\200", " "}, /* U+3000 */
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(signs); i++) {
        if (strstr(spec, signs[i].wide) != NULL) {
            fault_set(why, CAUSE_BAD_ADDRESS, "\"%s\" has a full-width \"%s\"", spec,
                      signs[i].wide);
            fault_hint(why, "write \"%s\" in its place", signs[i].plain);
            return CAUSE_BAD_ADDRESS;
        }
    }
    return CAUSE_NONE;
}

/*
 * The form in which SPEC goes into the envelope, owned: a domain beyond ASCII behind a local part
 * within it becomes A-labels (RFC 5890), which every server takes; only a local part beyond ASCII
 * needs SMTPUTF8.
 */
static enum cause wire_spec(const char *spec, char **out, struct fault *why)
{
    const char *domain = addr_domain(spec);
    enum cause c = check_wide(spec, why);
    char *ascii = NULL;
    char *local;

    *out = NULL;
    if (c != CAUSE_NONE)
        return c;
    if (domain == NULL || addr_is_ascii(spec)) {
        *out = xstrdup(spec);
        return CAUSE_NONE;
    }
    local = xmemdup(spec, (size_t)(domain - spec) - 1);
    if (addr_is_ascii(local)) {
        c = idn_to_ascii(domain, &ascii, why);
        if (c == CAUSE_NONE)
            *out = with_domain(local, ascii);
    } else {
        *out = xstrdup(spec);
    }
    free(local);
    free(ascii);
    return c;
}

static enum cause parse_sender(struct job *j, struct fault *why)
{
    const char *text = j->opt->sender;
    enum cause c;

    if (text == NULL)
        return CAUSE_NONE;
    c = addr_parse_path(text, strlen(text), &j->given_sender, why);
    if (c == CAUSE_NONE)
        c = check_wide(j->given_sender.spec, why);
    if (c != CAUSE_NONE)
        fault_note(why, "sender \"%s\"", text);
    return c;
}

/*
 * An option behind the first address. As sendmail it is a recipient, as with every other; a person
 * who types postrider has forgotten the order, and must not send what was meant as a dry run.
 */
static enum cause check_order(const struct options *o, struct fault *why)
{
    if (!o->own || o->late == NULL)
        return CAUSE_NONE;
    fault_set(why, CAUSE_USAGE, "the option %s stands behind an address", o->late);
    fault_hint(why, "options go before the addresses; `--` goes before an address that begins "
                    "with a dash");
    return CAUSE_USAGE;
}

static enum cause no_recipients(const struct options *o, struct fault *why)
{
    fault_set(why, CAUSE_NO_RECIPIENTS, "no recipients");
    if (o->sender != NULL)
        fault_hint(why,
                   "-f took \"%s\" as the sender; the recipients come after it, or with -t "
                   "from the header",
                   o->sender);
    return CAUSE_NO_RECIPIENTS;
}

/* A name that would not fit into one line of the header (RFC 5322 2.1.1), encoded or not. */
#define FULL_NAME_MAX 300

enum cause job_arguments(struct job *j, struct fault *why)
{
    size_t i;
    enum cause c = check_order(j->opt, why);

    if (c == CAUSE_NONE && j->opt->full_name != NULL && strlen(j->opt->full_name) > FULL_NAME_MAX)
        c = fault_set(why, CAUSE_USAGE, "-F: a name has at most %d octets", FULL_NAME_MAX);
    if (c == CAUSE_NONE)
        c = parse_sender(j, why);

    for (i = 0; c == CAUSE_NONE && i < j->opt->nrcpt; i++) {
        const char *word = j->opt->rcpt[i];

        c = addr_parse_list(word, strlen(word), &j->wanted, why);
        if (c != CAUSE_NONE)
            fault_note(why, "recipient \"%s\"", word);
    }
    if (c == CAUSE_NONE)
        c = dsn_check(j->opt, &j->envelope, why);
    if (c == CAUSE_NONE && j->wanted.n == 0 && !j->opt->read_rcpt)
        c = no_recipients(j->opt, why);
    return c;
}

/* A sender that only makes sense on this machine: no domain, or one of the host's names. */
static bool is_local(const struct job *j, const char *spec)
{
    const char *domain = addr_domain(spec);

    return domain == NULL || who_is_here(&j->who, domain);
}

/* The domain that bare names get: the account's, else /etc/mailname if that is not this host. */
static const char *bare_domain(const struct job *j)
{
    if (j->account->domain != NULL)
        return j->account->domain;
    if (j->who.mailname != NULL && !who_is_here(&j->who, j->who.mailname))
        return j->who.mailname;
    return NULL;
}

static enum cause no_address(const struct job *j, struct fault *why)
{
    fault_set(why, CAUSE_CONFIG, "account %s: from is needed: no sender address is known",
              j->account->id);
    if (j->account->file != NULL)
        fault_place(why, "%s:%lu", j->account->file, j->account->line);
    fault_hint(why, "add `from = you@your.domain` to [account %s], or give -f ADDRESS",
               j->account->id);
    return CAUSE_CONFIG;
}

/*
 * The envelope sender. With -f it is what was given; only what makes sense on this machine alone
 * (no domain, or one of our host's names: mailutils and vacation do that) becomes the account's
 * address, as rewrite_from says, since every provider would refuse it.
 */
static enum cause choose_sender(struct job *j, struct fault *why)
{
    const struct account *a = j->account;
    const char *own = account_address(a);
    const char *given = j->given_sender.spec;
    bool foreign;

    if (given != NULL) {
        j->envelope.sender_given = true;
        foreign = given[0] != '\0' && !account_owns(a, given);
        if (foreign && own != NULL &&
            ((a->rewrite_from == ACCOUNT_REWRITE_BARE && is_local(j, given)) ||
             a->rewrite_from == ACCOUNT_REWRITE_ALWAYS || addr_domain(given) == NULL))
            given = own;
        if (given[0] != '\0' && addr_domain(given) == NULL)
            return no_address(j, why);
        envelope_set_sender(&j->envelope, given);
        return CAUSE_NONE;
    }
    if (j->header_from.spec != NULL && account_owns(a, j->header_from.spec))
        own = j->header_from.spec;
    if (own == NULL)
        return no_address(j, why);
    envelope_set_sender(&j->envelope, own);
    return CAUSE_NONE;
}

/* The sender in the form that goes over the wire. */
static enum cause settle_sender(struct job *j, struct fault *why)
{
    char *wire = NULL;
    enum cause c = wire_spec(j->envelope.sender, &wire, why);

    if (c == CAUSE_NONE)
        c = addr_check_spec(wire, why);
    if (c == CAUSE_NONE)
        envelope_set_sender(&j->envelope, wire);
    else
        fault_note(why, "sender \"%s\"", j->envelope.sender);
    free(wire);
    return c;
}

/* A bare name that no alias took: its domain, or the refusal to guess. */
static enum cause add_bare(struct job *j, const char *spec, struct fault *why)
{
    const char *domain = bare_domain(j);
    char *full;

    if (domain == NULL) {
        const char *at = addr_domain(spec);
        int local_len = at != NULL ? (int)(at - spec) - 1 : (int)strlen(spec);

        fault_set(why, CAUSE_LOCAL_RCPT, "recipient %s: this machine delivers no local mail", spec);
        if (spec[0] == '-') {
            fault_hint(why, "%s", "options go before the addresses");
            return CAUSE_LOCAL_RCPT;
        }
        fault_hint(why,
                   "set an alias: a line `%.*s = you@your.domain` (or `default = ...`) in "
                   "section [aliases] of %s",
                   local_len, spec, j->config->files.n > 0 ? j->config->files.v[0] : "the config");
        return CAUSE_LOCAL_RCPT;
    }
    full = with_domain(spec, domain);
    envelope_add(&j->envelope, full);
    free(full);
    return CAUSE_NONE;
}

static enum cause add_recipient(struct job *j, const char *spec, struct fault *why)
{
    char *wire = NULL;
    enum cause c = wire_spec(spec, &wire, why);

    if (c == CAUSE_NONE)
        c = addr_check_spec(wire, why);
    if (c == CAUSE_NONE)
        envelope_add(&j->envelope, wire);
    else
        fault_note(why, "recipient \"%s\"", spec);
    free(wire);
    return c;
}

/* One recipient as given: a name of this machine goes through the aliases. */
static enum cause resolve_recipient(struct job *j, const char *spec, struct fault *why)
{
    struct strv found = {0};
    enum cause c = CAUSE_NONE;
    char *local;
    size_t i;

    c = check_wide(spec, why);
    if (c != CAUSE_NONE)
        return c;
    if (!is_local(j, spec) || account_owns(j->account, spec))
        return add_recipient(j, spec, why);
    local = xmemdup(spec, addr_domain(spec) != NULL ? (size_t)(addr_domain(spec) - spec) - 1
                                                    : strlen(spec));
    if (!aliases_expand(j->config->aliases, local, &found))
        c = add_bare(j, spec, why);
    for (i = 0; c == CAUSE_NONE && i < found.n; i++)
        c = addr_domain(found.v[i]) == NULL ? add_bare(j, found.v[i], why)
                                            : add_recipient(j, found.v[i], why);
    strv_free(&found);
    free(local);
    return c;
}

enum cause job_address(struct job *j, struct fault *why)
{
    const char *sender = j->given_sender.spec;
    enum cause c = CAUSE_NONE;
    size_t i;

    if (j->opt->read_rcpt)
        c = fixup_recipients(j->message, &j->wanted, why);
    if (c == CAUSE_NONE && j->wanted.n == 0) {
        fault_set(why, CAUSE_NO_RECIPIENTS, "no recipients in the header");
        fault_hint(why, "%s", "with -t the message needs a To, Cc or Bcc field");
        c = CAUSE_NO_RECIPIENTS;
    }
    if (c != CAUSE_NONE)
        return c;
    if (!fixup_from(j->message, &j->header_from))
        addr_free(&j->header_from);
    c = account_choose(j->config, &j->who, j->opt->account, sender, j->header_from.spec,
                       &j->account, why);
    if (c == CAUSE_NONE)
        c = choose_sender(j, why);
    if (c == CAUSE_NONE && j->envelope.sender[0] != '\0')
        c = settle_sender(j, why);
    for (i = 0; c == CAUSE_NONE && i < j->wanted.n; i++)
        c = resolve_recipient(j, j->wanted.v[i].spec, why);
    if (c == CAUSE_NONE)
        dsn_spread(j->opt, &j->envelope);
    return c;
}

static enum fixup_rewrite rewrite_of(const struct account *a)
{
    switch (a->rewrite_from) {
    case ACCOUNT_REWRITE_NO:
        return REWRITE_NO;
    case ACCOUNT_REWRITE_BARE:
        return REWRITE_BARE;
    case ACCOUNT_REWRITE_ALWAYS:
        return REWRITE_ALWAYS;
    }
    return REWRITE_BARE;
}

/* A name for a generated From: -F, the setting, the passwd entry. */
static const char *full_name(void *names)
{
    struct job *j = names;

    if (j->opt->full_name != NULL)
        return j->opt->full_name;
    if (j->account->full_name != NULL)
        return j->account->full_name;
    return who_gecos(&j->who);
}

static const char *login(void *names)
{
    struct job *j = names;

    return who_login(&j->who);
}

enum cause job_fixup(struct job *j, struct fault *why)
{
    const struct account *a = j->account;
    const char *own = account_address(a);
    struct fixup_params p = {0};
    struct strv patterns = {0};
    char *from = NULL, *account = NULL;
    enum cause c;

    /* -f names the author too when the header has none; the null sender names nobody. */
    if (j->envelope.sender_given && j->envelope.sender[0] != '\0')
        own = j->envelope.sender;
    if (own == NULL)
        return no_address(j, why);
    c = wire_spec(own, &from, why);
    if (c == CAUSE_NONE && account_address(a) != NULL)
        c = wire_spec(account_address(a), &account, why);
    if (c != CAUSE_NONE) {
        free(from);
        return c;
    }
    strv_copy(&patterns, &a->match);
    if (account_address(a) != NULL)
        strv_add(&patterns, account_address(a));
    p.from = from;
    p.account = account;
    p.own = &patterns;
    p.full_name = full_name;
    p.login = login;
    p.names = j;
    p.zone_minutes = clock_zone_minutes;
    p.rewrite = rewrite_of(a);
    p.domain = a->domain != NULL         ? a->domain
               : j->who.mailname != NULL ? j->who.mailname
                                         : j->who.host;
    p.here = &j->who.own;
    p.now_s = clock_now_s();
    rand_bytes(p.random, sizeof(p.random));
    c = fixup_apply(j->message, &p, why);
    strv_free(&patterns);
    free(from);
    free(account);
    return c;
}
