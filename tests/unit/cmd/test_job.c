/*
 * Command line, config and header folded into account, sender and recipients: DESIGN sections 2
 * (Account, Envelope sender) and 6 (Recipients), row by row.
 */
#include "config.h"

#include "cmd/job.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

#define TWO                                                                                        \
    "[account one]\nhost = a.example\nfrom = one@example.org\nmatch = *@team.example.org\n"        \
    "[account two]\nhost = b.example\nfrom = two@example.net\n"
#define FIFTY     "12345678901234567890123456789012345678901234567890"
#define LONG_NAME FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY "1"
#define ALIASES   "[aliases]\nroot = admin@example.com\nops = root, carol@example.com\n"

static const struct {
    const char *why;
    const char *config;
    const char *args[8];
    const char *message;
    enum cause cause;
    const char *account;
    const char *sender;
    const char *rcpt; /* joined by blanks */
} rows[] = {
    {"the first account, its own address",
     TWO,
     {"b@example.com"},
     "\n",
     CAUSE_NONE,
     "one",
     "one@example.org",
     "b@example.com"},
    {"-f chooses",
     TWO,
     {"-f", "two@example.net", "b@example.com"},
     "\n",
     CAUSE_NONE,
     "two",
     "two@example.net",
     "b@example.com"},
    {"-f beats the header",
     TWO,
     {"-f", "one@example.org", "b@example.com"},
     "From: two@example.net\n\n",
     CAUSE_NONE,
     "one",
     "one@example.org",
     "b@example.com"},
    {"the header's From chooses and is the sender",
     TWO,
     {"b@example.com"},
     "From: x@team.example.org\n\n",
     CAUSE_NONE,
     "one",
     "x@team.example.org",
     "b@example.com"},
    {"the first mailbox of From",
     TWO,
     {"b@example.com"},
     "From: Two <two@example.net>, one@example.org\n\n",
     CAUSE_NONE,
     "two",
     "two@example.net",
     "b@example.com"},
    {"the null sender leaves the choice to From",
     TWO,
     {"-f", "<>", "b@example.com"},
     "From: two@example.net\n\n",
     CAUSE_NONE,
     "two",
     "",
     "b@example.com"},
    {"a plus tag is the account's",
     TWO,
     {"b@example.com"},
     "From: two+x@example.net\n\n",
     CAUSE_NONE,
     "two",
     "two+x@example.net",
     "b@example.com"},
    {"a foreign From leaves the account's sender",
     TWO,
     {"b@example.com"},
     "From: someone@elsewhere.example\n\n",
     CAUSE_NONE,
     "one",
     "one@example.org",
     "b@example.com"},
    {"-a beats everything",
     TWO,
     {"-a", "two", "-f", "one@example.org", "b@example.com"},
     "\n",
     CAUSE_NONE,
     "two",
     "one@example.org",
     "b@example.com"},
    {"-a unknown", TWO, {"-a", "three", "b@example.com"}, "\n", CAUSE_NO_ACCOUNT, NULL, NULL, NULL},
    {"default of [defaults]",
     "[defaults]\ndefault = two\n" TWO,
     {"b@example.com"},
     "\n",
     CAUSE_NONE,
     "two",
     "two@example.net",
     "b@example.com"},
    {"user stands in for from",
     "[account a]\nhost = h.example\nuser = u@example.org\npassword = x\n",
     {"b@example.com"},
     "\n",
     CAUSE_NONE,
     "a",
     "u@example.org",
     "b@example.com"},
    {"no address at all",
     "[account a]\nhost = h.example\n",
     {"b@example.com"},
     "\n",
     CAUSE_CONFIG,
     NULL,
     NULL,
     NULL},
    {"no address, but -f",
     "[account a]\nhost = h.example\n",
     {"-f", "x@example.org", "b@example.com"},
     "\n",
     CAUSE_NONE,
     "a",
     "x@example.org",
     "b@example.com"},
    {"-f without domain becomes the account's",
     TWO,
     {"-f", "www-data", "b@example.com"},
     "\n",
     CAUSE_NONE,
     "one",
     "one@example.org",
     "b@example.com"},
    {"-f at this machine becomes the account's",
     TWO,
     {"-f", "root@localhost", "b@example.com"},
     "\n",
     CAUSE_NONE,
     "one",
     "one@example.org",
     "b@example.com"},
    {"... unless rewrite_from = no",
     "[account a]\nhost = h.example\nfrom = a@example.org\nrewrite_from = no\n",
     {"-f", "root@localhost", "b@example.com"},
     "\n",
     CAUSE_NONE,
     "a",
     "root@localhost",
     "b@example.com"},
    {"a foreign -f stays with bare",
     TWO,
     {"-f", "x@elsewhere.example", "b@example.com"},
     "\n",
     CAUSE_NONE,
     "one",
     "x@elsewhere.example",
     "b@example.com"},
    {"... and goes with always",
     "[account a]\nhost = h.example\nfrom = a@example.org\nrewrite_from = always\n",
     {"-f", "x@elsewhere.example", "b@example.com"},
     "\n",
     CAUSE_NONE,
     "a",
     "a@example.org",
     "b@example.com"},
    {"-t adds the header's, each once",
     TWO,
     {"-t", "b@example.com"},
     "To: c@example.com, B@EXAMPLE.COM\nCc: b@example.com\nBcc: d@example.com\n\n",
     CAUSE_NONE,
     "one",
     "one@example.org",
     "b@example.com c@example.com B@EXAMPLE.COM d@example.com"},
    {"-t with Resent- takes that block only",
     TWO,
     {"-t"},
     "Resent-To: r@example.com\nResent-From: one@example.org\nTo: t@example.com\n\n",
     CAUSE_NONE,
     "one",
     "one@example.org",
     "r@example.com"},
    {"-t and nobody", TWO, {"-t"}, "Subject: x\n\n", CAUSE_NO_RECIPIENTS, NULL, NULL, NULL},
    {"nobody", TWO, {NULL}, "\n", CAUSE_NO_RECIPIENTS, NULL, NULL, NULL},
    {"several in one word",
     TWO,
     {"b@example.com, C <c@example.com>"},
     "\n",
     CAUSE_NONE,
     "one",
     "one@example.org",
     "b@example.com c@example.com"},
    {"an alias",
     TWO ALIASES,
     {"root"},
     "\n",
     CAUSE_NONE,
     "one",
     "one@example.org",
     "admin@example.com"},
    {"an alias by another case",
     TWO ALIASES,
     {"Root"},
     "\n",
     CAUSE_NONE,
     "one",
     "one@example.org",
     "admin@example.com"},
    {"an alias of an alias",
     TWO ALIASES,
     {"ops"},
     "\n",
     CAUSE_NONE,
     "one",
     "one@example.org",
     "carol@example.com admin@example.com"},
    {"an alias for a name at this machine",
     TWO ALIASES,
     {"root@localhost"},
     "\n",
     CAUSE_NONE,
     "one",
     "one@example.org",
     "admin@example.com"},
    {"the default alias",
     TWO "[aliases]\ndefault = admin@example.com\n",
     {"nobody"},
     "\n",
     CAUSE_NONE,
     "one",
     "one@example.org",
     "admin@example.com"},
    {"domain after the aliases",
     "[account a]\nhost = h.example\nfrom = a@example.org\ndomain = corp.example\n" ALIASES,
     {"root", "dave"},
     "\n",
     CAUSE_NONE,
     "a",
     "a@example.org",
     "admin@example.com dave@corp.example"},
    {"a malformed recipient", TWO, {"b@"}, "\n", CAUSE_BAD_ADDRESS, NULL, NULL, NULL},
    {"a malformed sender",
     TWO,
     {"-f", "a b@c", "b@example.com"},
     "\n",
     CAUSE_BAD_ADDRESS,
     NULL,
     NULL,
     NULL},
    {"a malformed header recipient",
     TWO,
     {"-t"},
     "To: b@@example.com\n\n",
     CAUSE_BAD_ADDRESS,
     NULL,
     NULL,
     NULL},
    {"two senders",
     TWO,
     {"-f", "a@example.org, b@example.org", "b@example.com"},
     "\n",
     CAUSE_BAD_ADDRESS,
     NULL,
     NULL,
     NULL},
    {"a full-width @",
     TWO,
     {"bob\357\274\240example.org"},
     "\n",
     CAUSE_BAD_ADDRESS,
     NULL,
     NULL,
     NULL},
    {"a full-width @ in the sender",
     TWO,
     {"-f", "a\357\274\240example.org", "b@example.com"},
     "\n",
     CAUSE_BAD_ADDRESS,
     NULL,
     NULL,
     NULL},
    {"a full-width comma",
     TWO,
     {"a\357\274\214b@example.org"},
     "\n",
     CAUSE_BAD_ADDRESS,
     NULL,
     NULL,
     NULL},
    {"a domain beyond ASCII needs no SMTPUTF8",
     TWO,
     {"x@b\303\274cher.example"},
     "\n",
     CAUSE_NONE,
     "one",
     "one@example.org",
     "x@xn--bcher-kva.example"},
    {"... but a local part does",
     TWO,
     {"\303\274@b\303\274cher.example"},
     "\n",
     CAUSE_NONE,
     "one",
     "one@example.org",
     "\303\274@b\303\274cher.example"},
    {"an ideographic full stop is a dot",
     TWO,
     {"bob@example\343\200\202org"},
     "\n",
     CAUSE_NONE,
     "one",
     "one@example.org",
     "bob@example.org"},
    {"a sender's domain beyond ASCII",
     TWO,
     {"-f", "x@b\303\274cher.example", "b@example.com"},
     "\n",
     CAUSE_NONE,
     "one",
     "x@xn--bcher-kva.example",
     "b@example.com"},
    {"an option behind an address",
     TWO,
     {"b@example.com", "-v"},
     "\n",
     CAUSE_USAGE,
     NULL,
     NULL,
     NULL},
    {"... is a recipient behind --",
     TWO,
     {"--", "b@example.com", "-v@example.com"},
     "\n",
     CAUSE_NONE,
     "one",
     "one@example.org",
     "b@example.com -v@example.com"},
    {"-f took the recipient",
     TWO,
     {"-f", "b@example.com"},
     "\n",
     CAUSE_NO_RECIPIENTS,
     NULL,
     NULL,
     NULL},
    {"a name longer than a line",
     TWO,
     {"-F", LONG_NAME, "b@example.com"},
     "\n",
     CAUSE_USAGE,
     NULL,
     NULL,
     NULL},
    {"-N of nonsense", TWO, {"-N", "maybe", "b@example.com"}, "\n", CAUSE_USAGE, NULL, NULL, NULL},
};

static char dir[] = "/tmp/postrider-job.XXXXXX";

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0 || chmod(path, 0600) != 0)
        exit(99);
}

/* The steps of the mode `send` up to the envelope. */
static enum cause prepare(struct job *j, const char *ini, const char *eml, struct fault *why)
{
    struct config_options o = {ini, NULL, "/nonexistent", "/nonexistent"};
    struct message_input in = {.fd = -1, .dot_ends = true};
    enum cause c = job_arguments(j, why);

    if (c == CAUSE_NONE)
        c = config_load(&j->config, &j->who, &o, NULL, why);
    in.fd = -1;
    if (c == CAUSE_NONE) {
        FILE *f = fopen(eml, "r");

        if (f == NULL)
            exit(99);
        in.fd = fileno(f);
        c = message_read(&j->message, &in, why);
        fclose(f);
    }
    if (c == CAUSE_NONE)
        c = job_address(j, why);
    return c;
}

static void test_row(size_t i, const char *ini, const char *eml)
{
    struct options opt = {0};
    struct fault why = {0};
    struct buf joined;
    struct job j;
    char *argv[9] = {NULL};
    int argc = 0;
    size_t k;

    while (argc < 8 && rows[i].args[argc] != NULL) {
        argv[argc] = (char *)(uintptr_t)rows[i].args[argc];
        argc++;
    }
    write_file(ini, rows[i].config);
    write_file(eml, rows[i].message);
    if (options_parse(&opt, argc, argv, true, true, &why) != CAUSE_NONE)
        ok(false, "%s: options", rows[i].why);
    job_init(&j, &opt);
    is_int(prepare(&j, ini, eml, &why), rows[i].cause, rows[i].why);
    if (rows[i].cause == CAUSE_NONE && why.cause == CAUSE_NONE) {
        is_str(j.account->id, rows[i].account, "... account");
        is_str(j.envelope.sender, rows[i].sender, "... sender");
        buf_init(&joined, 4096);
        for (k = 0; k < j.envelope.n; k++)
            buf_addf(&joined, "%s%s", k > 0 ? " " : "", j.envelope.rcpt[k].addr);
        is_str(joined.data, rows[i].rcpt, "... recipients");
        buf_free(&joined);
        is_int(job_fixup(&j, &why), CAUSE_NONE, "... and the header is made");
    } else if (why.cause != rows[i].cause) {
        printf("#   %s\n", why.text.data);
    }
    job_free(&j);
    options_free(&opt);
    fault_free(&why);
}

int main(void)
{
    char ini[64], eml[64];
    size_t i;

    if (mkdtemp(dir) == NULL)
        return 99;
    snprintf(ini, sizeof(ini), "%s/a.ini", dir);
    snprintf(eml, sizeof(eml), "%s/a.eml", dir);
    for (i = 0; i < ARRAY_LEN(rows); i++)
        test_row(i, ini, eml);
    unlink(ini);
    unlink(eml);
    rmdir(dir);
    return done_testing();
}
