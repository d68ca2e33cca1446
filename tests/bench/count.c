/*
 * count.c: the round trips of any client: runs a command against our own little server through the
 * relay, by turns and by the clock, and prints them. "@PORT@" in its words is the relay's port.
 */
#include "config.h"

#include "certs.h"
#include "octets.h"
#include "ride.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DELAY_MS 20

static const char usage_text[] =
    "usage: count-turns [OPTION...] COMMAND... <MESSAGE\n"
    "prints: round trips to accepted, to exit; the same by the clock; octets sent, received\n"
    "  --certs FOLDER     certificates [certs]\n"
    "  --tls starttls|implicit|off   [implicit]\n"
    "  --no-login --no-pipelining --no-chunking\n"
    "  --known            the client has sent a message there before\n"
    "The login is alice@example.org with the password secret.\n";

static enum serve_tls tls_mode(const char *word)
{
    if (strcmp(word, "starttls") == 0)
        return SERVE_STARTTLS;
    return strcmp(word, "off") == 0 ? SERVE_CLEAR : SERVE_IMPLICIT;
}

/* Reads the options; returns the command behind them. */
static char **read_options(struct serve_params *p, bool *known, char **argv)
{
    while (*++argv && strncmp(*argv, "--", 2) == 0) {
        if (strcmp(*argv, "--no-login") == 0)
            p->user = p->password = NULL;
        else if (strcmp(*argv, "--no-pipelining") == 0)
            p->pipelining = false;
        else if (strcmp(*argv, "--no-chunking") == 0)
            p->chunking = false;
        else if (strcmp(*argv, "--known") == 0)
            *known = true;
        else if (strcmp(*argv, "--certs") == 0 && argv[1])
            p->certs = *++argv;
        else if (strcmp(*argv, "--tls") == 0 && argv[1])
            p->tls = tls_mode(*++argv);
        else
            break;
    }
    return argv;
}

/* WORD with the port in it; owned by nobody, for the program is short. */
static char *fill_in(const char *word, unsigned port)
{
    const char *at = strstr(word, "@PORT@");
    struct octets out = {0};

    if (at)
        octets_printf(&out, "%.*s%u%s", (int)(at - word), word, port, at + 6);
    else
        octets_str(&out, word);
    return out.p;
}

static void ride_or_die(struct ride *r, char **argv, int delay_ms, struct relay_count *count)
{
    struct octets path = {0}, said = {0};

    if (lseek(0, 0, SEEK_SET) != 0)
        die("count-turns: the message must be a file");
    if (ride_run(r, argv, environ, 0, delay_ms, count))
        return;
    octets_printf(&path, "%s/said", r->dir);
    (void)octets_file(&said, path.p);
    ride_end(r);
    die("count-turns: no message arrived: %s", octets_text(&said));
}

int main(int argc, char **argv)
{
    struct serve_params p = {.tls = SERVE_IMPLICIT,
                             .certs = "certs",
                             .cert = "good",
                             .user = "alice@example.org",
                             .password = "secret",
                             .size = 99000000,
                             .pipelining = true,
                             .chunking = true,
                             .eightbitmime = true};
    double round_trip_us = 2000.0 * DELAY_MS;
    struct relay_count turns, clock;
    bool known = false;
    struct ride r;

    (void)argc;
    argv = read_options(&p, &known, argv);
    if (!*argv || **argv == '-') {
        fputs(usage_text, stderr);
        return 64;
    }
    certs_ensure(p.certs);
    ride_begin(&r, &p);
    for (char **word = argv; *word; word++)
        *word = fill_in(*word, r.port);
    if (known)
        ride_or_die(&r, argv, 0, &turns);
    ride_or_die(&r, argv, 0, &turns);
    ride_or_die(&r, argv, DELAY_MS, &clock);
    ride_end(&r);
    printf("%u %u %.2f %.2f %llu %llu\n", turns.accepted, turns.turns,
           (double)clock.accepted_us / round_trip_us, (double)clock.took_us / round_trip_us,
           (unsigned long long)turns.sent, (unsigned long long)turns.gotten);
    return 0;
}
