/* dsn.c: see dsn.h. */
#include "config.h"

#include "cmd/dsn.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/buf.h"

/* RFC 3461 4.4: at most 100 characters before the encoding. */
#define ENVID_MAX 100

static const struct {
    const char *word;
    unsigned bit;
} notify_words[] = {
    {"never", NOTIFY_NEVER},
    {"success", NOTIFY_SUCCESS},
    {"failure", NOTIFY_FAILURE},
    {"delay", NOTIFY_DELAY},
};

/* The bits of a comma-separated list; 0 when a word is none of ours. */
static unsigned notify_bits(const char *list)
{
    unsigned bits = 0;

    while (*list != '\0') {
        size_t n = strcspn(list, ","), i;

        for (i = 0; i < ARRAY_LEN(notify_words); i++) {
            if (strlen(notify_words[i].word) == n &&
                strncasecmp(notify_words[i].word, list, n) == 0)
                break;
        }
        if (i == ARRAY_LEN(notify_words))
            return 0;
        bits |= notify_words[i].bit;
        list += n;
        list += *list == ',';
    }
    /* RFC 3461 4.1: NEVER stands alone. */
    return (bits & NOTIFY_NEVER) != 0 && bits != NOTIFY_NEVER ? 0 : bits;
}

/* RFC 3461 4: '+' and '=' and what is not printable become +XX. */
static char *to_xtext(const char *s)
{
    struct buf out;

    buf_init(&out, ENVID_MAX * 3);
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;

        if (c < 33 || c > 126 || c == '+' || c == '=')
            buf_addf(&out, "+%02X", c);
        else
            buf_addc(&out, (char)c);
    }
    return buf_take(&out);
}

enum cause dsn_check(const struct options *o, struct envelope *e, struct fault *why)
{
    if (o->notify != NULL && notify_bits(o->notify) == 0)
        return fault_set(why, CAUSE_USAGE,
                         "-N %s: not `never` or a list of success, failure, delay", o->notify);
    if (o->ret != NULL) {
        if (strcasecmp(o->ret, "full") == 0)
            e->ret = RET_FULL;
        else if (strcasecmp(o->ret, "hdrs") == 0)
            e->ret = RET_HDRS;
        else
            return fault_set(why, CAUSE_USAGE, "-R %s: not `full` or `hdrs`", o->ret);
    }
    if (o->envid != NULL) {
        if (o->envid[0] == '\0' || strlen(o->envid) > ENVID_MAX)
            return fault_set(why, CAUSE_USAGE, "-V: an envelope id has 1 to %d characters",
                             ENVID_MAX);
        free(e->envid);
        e->envid = to_xtext(o->envid);
    }
    if (o->body != NULL) {
        e->body_8bit =
            strcasecmp(o->body, "8bitmime") == 0 || strcasecmp(o->body, "binarymime") == 0;
        if (!e->body_8bit && strcasecmp(o->body, "7bit") != 0)
            return fault_set(why, CAUSE_USAGE, "-B %s: not 7BIT or 8BITMIME", o->body);
    }
    return CAUSE_NONE;
}

void dsn_spread(const struct options *o, struct envelope *e)
{
    unsigned bits = o->notify != NULL ? notify_bits(o->notify) : 0;
    size_t i;

    for (i = 0; i < e->n; i++)
        e->rcpt[i].notify = bits;
}
