/*
 * server.c: the program smtp-script: plays a script to the SMTP clients that connect, or, with
 * --serve, is a whole little submission server.
 */
#include "config.h"

#include "certs.h"
#include "octets.h"
#include "peer.h"
#include "play.h"
#include "script.h"
#include "serve.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage_text[] =
    "usage: smtp-script [OPTION...] SCRIPT      play it; status 0 when it was followed\n"
    "       smtp-script --serve [OPTION...]     serve until a signal comes\n"
    "  --certs FOLDER     certificates; made when they are not there [certs]\n"
    "  --port-file FILE   where the port goes, as one line [standard output]\n"
    "  --unix PATH        listen there instead of on 127.0.0.1\n"
    "scripts:\n"
    "  --out FOLDER       for wire.N, text.N, talk and report [.]\n"
    "  --limit SECONDS    for each expectation [15]\n"
    "servers:\n"
    "  --tls starttls|implicit|off   [starttls]\n"
    "  --cert NAME        [good]\n"
    "  --user NAME --password WORD   the login wanted [none]\n"
    "  --socks USER:PASSWORD         a SOCKS5 proxy in front; \"-\": without login\n"
    "  --store FOLDER     where messages go, N.eml and N.env\n"
    "  --refuse PATTERN   recipients refused for good; repeatable, as --later, for now\n"
    "  --size OCTETS      the largest message\n"
    "  --no-pipelining --chunking --no-8bitmime\n";

struct options {
    struct serve_params serve;
    const char *script, *out, *port_file, *path;
    char **refuse, **later;
    size_t refused, latered;
    long limit_s;
    bool serving;
};

__attribute__((noreturn)) static void usage(const char *why)
{
    fprintf(stderr, "smtp-script: %s\n%s", why, usage_text);
    exit(64);
}

static void add_pattern(char ***list, size_t *n, char *pattern)
{
    char **more = realloc(*list, (*n + 2) * sizeof *more);

    if (!more)
        die("out of memory");
    more[(*n)++] = pattern;
    more[*n] = NULL;
    *list = more;
}

static enum serve_tls tls_mode(const char *word)
{
    if (strcmp(word, "starttls") == 0)
        return SERVE_STARTTLS;
    if (strcmp(word, "implicit") == 0)
        return SERVE_IMPLICIT;
    if (strcmp(word, "off") != 0)
        usage("--tls takes starttls, implicit or off");
    return SERVE_CLEAR;
}

/* Options without a value; false when WORD is none of them. */
static bool read_flag(struct options *o, const char *word)
{
    if (strcmp(word, "--serve") == 0)
        o->serving = true;
    else if (strcmp(word, "--no-pipelining") == 0)
        o->serve.pipelining = false;
    else if (strcmp(word, "--chunking") == 0)
        o->serve.chunking = true;
    else if (strcmp(word, "--no-8bitmime") == 0)
        o->serve.eightbitmime = false;
    else
        return false;
    return true;
}

/* USER:PASSWORD, or "-" for a proxy without a login. */
static void read_socks(struct options *o, char *value)
{
    char *colon = strchr(value, ':');

    o->serve.socks = true;
    if (!colon)
        return;
    *colon = '\0';
    o->serve.socks_user = value;
    o->serve.socks_password = colon + 1;
}

static void read_value(struct options *o, const char *word, char *value)
{
    const struct {
        const char *word;
        const char **to;
    } texts[] = {
        {"--certs", &o->serve.certs},
        {"--port-file", &o->port_file},
        {"--unix", &o->path},
        {"--out", &o->out},
        {"--cert", &o->serve.cert},
        {"--user", &o->serve.user},
        {"--password", &o->serve.password},
        {"--store", &o->serve.store},
    };
    size_t i;

    if (!value)
        usage("an option lacks its value, or is unknown");
    for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(word, texts[i].word) == 0) {
            *texts[i].to = value;
            return;
        }
    }
    if (strcmp(word, "--tls") == 0)
        o->serve.tls = tls_mode(value);
    else if (strcmp(word, "--socks") == 0)
        read_socks(o, value);
    else if (strcmp(word, "--refuse") == 0)
        add_pattern(&o->refuse, &o->refused, value);
    else if (strcmp(word, "--later") == 0)
        add_pattern(&o->later, &o->latered, value);
    else if (strcmp(word, "--size") == 0)
        o->serve.size = strtoul(value, NULL, 10);
    else if (strcmp(word, "--limit") == 0)
        o->limit_s = strtol(value, NULL, 10);
    else
        usage("unknown option");
}

static void read_options(struct options *o, char **argv)
{
    while (*++argv) {
        if (read_flag(o, *argv))
            continue;
        if (strncmp(*argv, "--", 2) == 0) {
            read_value(o, argv[0], argv[1]);
            argv++;
        } else if (o->script) {
            usage("one script only");
        } else {
            o->script = *argv;
        }
    }
    if (o->serving ? o->script != NULL : !o->script)
        usage("a script or --serve is wanted");
    if (!o->serve.user != !o->serve.password)
        usage("--user and --password belong together");
}

/* Tells the port; into a file by a rename, so that it is never seen half written. */
static void tell_port(const struct options *o, unsigned port)
{
    struct octets text = {0}, part = {0};

    octets_printf(&text, "%u\n", port);
    if (!o->port_file) {
        fputs(text.p, stdout);
        (void)fflush(stdout);
    } else {
        octets_printf(&part, "%s.part", o->port_file);
        if (!octets_save(&text, part.p, 0600) || rename(part.p, o->port_file) != 0)
            die("%s: %s", o->port_file, strerror(errno));
    }
    octets_free(&text);
    octets_free(&part);
}

static int play(const struct options *o)
{
    struct octets text = {0}, report = {0};
    struct play_params p = {.listen_fd = o->serve.listen_fd,
                            .control_fd = -1,
                            .name = o->script,
                            .certs = o->serve.certs,
                            .out = o->out,
                            .limit_ms = o->limit_s * 1000};
    struct script script;
    bool good;

    if (!octets_file(&text, o->script))
        die("%s: %s", o->script, strerror(errno));
    script_parse(&script, o->script, text.p, text.n, 1);
    good = play_script(&script, &p);
    text.n = 0;
    octets_printf(&text, "%s/report", o->out);
    if (octets_file(&report, text.p))
        fputs(octets_text(&report), stderr);
    script_free(&script);
    octets_free(&text);
    octets_free(&report);
    return good ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct options o = {
        .serve = {.tls = SERVE_STARTTLS,
                  .certs = "certs",
                  .cert = "good",
                  .pipelining = true,
                  .eightbitmime = true},
        .out = ".",
        .limit_s = 15,
    };
    unsigned port = 0;

    if (argc < 2)
        usage("a script or --serve is wanted");
    read_options(&o, argv);
    (void)sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    certs_ensure(o.serve.certs);
    o.serve.listen_fd = peer_listen(o.path, &port);
    tell_port(&o, port);
    o.serve.refuse = o.refuse;
    o.serve.later = o.later;
    if (!o.serving)
        return play(&o);
    serve_forever(&o.serve);
    return 0;
}
