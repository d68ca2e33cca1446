/*
 * fuzz_options.c: any octets as a command line: the first says who asks, the rest are words with
 * NUL between them. A stranger reaches no file and no setting, and nothing holds a line break.
 */
#include "config.h"

#include <string.h>

#include "conf/options.h"
#include "fuzz.h"

enum { WORDS = 64 };

static void check_word(const char *s)
{
    if (s == NULL)
        return;
    for (; *s != '\0'; s++)
        promise(((unsigned char)*s >= 0x20 || *s == '\t') && *s != 0x7f, "no control octet");
}

static void check(const struct options *o, int argc, char *const argv[])
{
    size_t i;

    promise(o->trusted || (o->config_file == NULL && o->set.n == 0), "a stranger sets nothing");
    promise(o->own || (o->account == NULL && !o->dry_run), "-a is ours alone");
    check_word(o->sender);
    check_word(o->full_name);
    check_word(o->account);
    check_word(o->body);
    check_word(o->notify);
    check_word(o->ret);
    check_word(o->envid);
    check_word(o->queue_arg);
    for (i = 0; i < o->nrcpt; i++)
        check_word(o->rcpt[i]);
    promise(o->nrcpt <= (size_t)argc && o->rcpt + o->nrcpt == argv + argc,
            "recipients are what is left");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *argv[WORDS + 1] = {NULL}, *copy, *c;
    struct fault why = {0};
    struct options o;
    int argc = 0;

    if (size == 0)
        return 0;
    copy = malloc(size);
    promise(copy != NULL, "memory");
    memcpy(copy, data + 1, size - 1);
    copy[size - 1] = '\0';
    for (c = copy; c < copy + size && argc < WORDS; c += strlen(c) + 1)
        argv[argc++] = c;
    if (options_parse(&o, argc, argv, data[0] & 1, (data[0] & 3) == 3, &why) == CAUSE_NONE) {
        promise(o.mode != '\0', "there is a mode");
        check(&o, argc, argv);
    } else {
        promise(why.cause == CAUSE_USAGE && fault_exit_status(&why) == 64, "the cause is usage");
        promise(strchr(why.text.data, '\n') == NULL, "the error is one line");
    }
    options_free(&o);
    fault_free(&why);
    free(copy);
    return 0;
}
