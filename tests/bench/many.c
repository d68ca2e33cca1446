/*
 * many.c: many messages in one process, one after the other through deliver/pool: prints ms a
 * message, wall and processor. The program itself sends one message a run; a queue run will not.
 * With a folder for deliver/memory it goes on as such a run does: where the account says
 * `pipelining = full` it then asks the server for the proof, and prints how many were asked.
 */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/proc.h"
#include "base/who.h"
#include "conf/load.h"
#include "deliver/deliver.h"
#include "deliver/pool.h"
#include "mail/envelope.h"
#include "mail/message.h"
#include "octets.h"

static double spent_ms(clockid_t clock)
{
    struct timespec ts;

    (void)clock_gettime(clock, &ts);
    return (double)ts.tv_sec * 1000 + (double)ts.tv_nsec / 1e6;
}

static void must(enum cause c, const struct fault *why)
{
    if (c != CAUSE_NONE)
        die("many: %s", why->text.data);
}

/* TO with the number in the place of its first %, so that each message can be told in a mailbox. */
static void deliver_one(const struct delivery *d, const struct message *m, const char *to, long i)
{
    struct octets numbered = {0};
    size_t before = strcspn(to, "%");
    struct delivery_report report;
    struct fault why = {0};
    struct envelope e;

    envelope_init(&e);
    envelope_set_sender(&e, "alice@example.org");
    if (to[before] == '%')
        octets_printf(&numbered, "%.*s%ld%s", (int)before, to, i, to + before + 1);
    else
        octets_printf(&numbered, "%s", to);
    (void)envelope_add(&e, numbered.p);
    delivery_report_init(&report);
    must(deliver_message(d, &e, m, &report, &why), &why);
    if (envelope_count(&e, FATE_ACCEPTED) != 1)
        die("many: %s", e.rcpt[0].why.text.data);
    delivery_report_free(&report);
    envelope_free(&e);
    octets_free(&numbered);
}

static void prove(const struct delivery *d)
{
    struct fault why = {0};
    size_t asked = 0;

    must(deliver_prove(d, &asked, &why), &why);
    printf("%zu asked\n", asked);
}

int main(int argc, char **argv)
{
    long n = argc == 4 || argc == 5 ? strtol(argv[2], NULL, 10) : 0;
    struct config_options options = {.file = argc > 1 ? argv[1] : NULL};
    struct message_input in = {.fd = STDIN_FILENO};
    struct config *config = NULL;
    struct message *m = NULL;
    struct fault why = {0};
    double wall, cpu;
    struct who who;
    struct delivery d;

    if (n < 1)
        die("usage: many CONFIG COUNT RECIPIENT [MEMORY] <MESSAGE");
    (void)proc_start();
    who_am_i(&who);
    must(config_load(&config, &who, &options, NULL, &why), &why);
    must(message_read(&m, &in, &why), &why);
    d = (struct delivery){
        .account = config->account[0], .who = &who, .pool = pool_new(), .memory_dir = argv[4]};
    wall = spent_ms(CLOCK_MONOTONIC);
    cpu = spent_ms(CLOCK_PROCESS_CPUTIME_ID);
    for (long i = 0; i < n; i++)
        deliver_one(&d, m, argv[3], i);
    printf("%.3f %.3f\n", (spent_ms(CLOCK_MONOTONIC) - wall) / (double)n,
           (spent_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu) / (double)n);
    if (d.memory_dir != NULL)
        prove(&d);
    pool_close(&d.pool);
    message_close(&m);
    config_close(&config);
    who_free(&who);
    return 0;
}
