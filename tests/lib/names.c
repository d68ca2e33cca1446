/*
 * names.c: the program name-script: a name server for journeys, which answers as a file says, in
 * the private root where port 53 is free. It can be silent, refuse, and answer with any octets.
 *
 *   name-script RULES LOG
 *
 * A line of RULES is NAME TYPE DATA: "mail.example.org A 127.0.0.1", AAAA, "CNAME other.example",
 * "SRV 0 1 465 mail.example.org" ("." is the root); or for every type, NAME * and one of: silent;
 * servfail; refused; cut (TC, and no TCP to ask again); hex OCTETS (behind the question, with one
 * record counted); strange (an answer to another question). A name without a line does not exist.
 * Each question is one line of LOG: NAME TYPE.
 */
#include "config.h"

#include "octets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT     53
#define HEADER   12
#define WORDS    6
#define RULES    200
#define SERVFAIL 2
#define NXDOMAIN 3
#define REFUSED  5

static const struct {
    const char *word;
    unsigned number;
} types[] = {{"A", 1}, {"CNAME", 5}, {"AAAA", 28}, {"SRV", 33}};

struct rule {
    char *word[WORDS];
    size_t n;
};

struct question {
    char name[512];
    unsigned type;
    size_t end; /* of the question in the message */
};

static unsigned number_of(const char *type)
{
    size_t i;

    for (i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].word, type) == 0)
            return types[i].number;
    }
    return 0;
}

static const char *word_of(unsigned type)
{
    size_t i;

    for (i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i].number == type)
            return types[i].word;
    }
    return "other";
}

static size_t read_rules(const char *path, struct rule *rules)
{
    struct octets text = {0};
    size_t n = 0;
    char *line, *rest;

    if (!octets_file(&text, path))
        die("%s: %s", path, strerror(errno));
    octets_char(&text, '\0');
    for (line = text.p; *line && n < RULES; line = rest) {
        char *word;

        rest = line + strcspn(line, "\n");
        if (*rest)
            *rest++ = '\0';
        while ((word = strsep(&line, " ")) != NULL && rules[n].n < WORDS) {
            if (*word)
                rules[n].word[rules[n].n++] = word;
        }
        if (rules[n].n >= 3 && rules[n].word[0][0] != '#')
            n++;
        else
            rules[n].n = 0;
    }
    return n;
}

static void put(struct octets *o, unsigned v, int octets)
{
    while (octets-- > 0)
        octets_char(o, octets < (int)sizeof v ? (char)(v >> (8 * octets) & 0xff) : 0);
}

static void put_name(struct octets *o, const char *name)
{
    while (*name && strcmp(name, ".") != 0) {
        size_t n = strcspn(name, ".");

        put(o, (unsigned)n, 1);
        octets_add(o, name, n);
        name += n + (name[n] == '.');
    }
    put(o, 0, 1);
}

/* The data of one record. False: the words of the rule make no sense. */
static bool put_data(struct octets *o, const struct rule *r)
{
    unsigned char ip[16];

    if (strcmp(r->word[1], "A") == 0 && inet_pton(AF_INET, r->word[2], ip) == 1)
        octets_add(o, (const char *)ip, 4);
    else if (strcmp(r->word[1], "AAAA") == 0 && inet_pton(AF_INET6, r->word[2], ip) == 1)
        octets_add(o, (const char *)ip, 16);
    else if (strcmp(r->word[1], "CNAME") == 0)
        put_name(o, r->word[2]);
    else if (strcmp(r->word[1], "SRV") == 0 && r->n == 6) {
        put(o, (unsigned)strtoul(r->word[2], NULL, 10), 2);
        put(o, (unsigned)strtoul(r->word[3], NULL, 10), 2);
        put(o, (unsigned)strtoul(r->word[4], NULL, 10), 2);
        put_name(o, r->word[5]);
    } else
        return false;
    return true;
}

static void put_record(struct octets *o, const struct rule *r)
{
    struct octets data = {0};

    if (!put_data(&data, r))
        die("a rule for %s makes no sense", r->word[0]);
    put_name(o, r->word[0]);
    put(o, number_of(r->word[1]), 2);
    put(o, 1, 2);
    put(o, 60, 4);
    put(o, (unsigned)data.n, 2);
    octets_add(o, octets_text(&data), data.n);
    octets_free(&data);
}

static void put_hex(struct octets *o, const char *hex)
{
    unsigned v;

    for (; hex[0] && hex[1] && sscanf(hex, "%2x", &v) == 1; hex += 2)
        put(o, v, 1);
}

static bool read_question(const unsigned char *in, size_t n, struct question *q)
{
    size_t at = HEADER, len = 0;

    while (at < n && in[at] != 0) {
        size_t size = in[at++];

        if (size > 63 || at + size >= n || len + size + 2 > sizeof q->name)
            return false;
        if (len > 0)
            q->name[len++] = '.';
        memcpy(q->name + len, in + at, size);
        len += size;
        at += size;
    }
    q->name[len] = '\0';
    if (at + 5 > n)
        return false;
    q->type = (unsigned)in[at + 1] << 8 | in[at + 2];
    q->end = at + 5;
    return true;
}

/* The head of an answer, and the question again. */
static void begin(struct octets *o, const unsigned char *in, size_t end, unsigned flags)
{
    octets_add(o, (const char *)in, 2);
    put(o, 0x8180 | flags, 2);
    put(o, 1, 2);
    put(o, 0, 6); /* counted by count() */
    octets_add(o, (const char *)in + HEADER, end - HEADER);
}

static void count(struct octets *o, unsigned records)
{
    o->p[6] = (char)(records >> 8);
    o->p[7] = (char)records;
}

/* A rule for every type: what it makes, or nothing for silence. */
static void misbehave(struct octets *o, const unsigned char *in, struct question *q,
                      const struct rule *r)
{
    const char *how = r->word[2];

    if (strcmp(how, "silent") == 0)
        return;
    if (strcmp(how, "servfail") == 0)
        begin(o, in, q->end, SERVFAIL);
    else if (strcmp(how, "refused") == 0)
        begin(o, in, q->end, REFUSED);
    else if (strcmp(how, "cut") == 0)
        begin(o, in, q->end, 0x0200);
    else if (strcmp(how, "hex") == 0 && r->n == 4) {
        begin(o, in, q->end, 0);
        put_hex(o, r->word[3]);
        count(o, 1);
    } else if (strcmp(how, "strange") == 0) {
        begin(o, in, q->end, 0);
        o->p[HEADER + 1] = (char)(o->p[HEADER + 1] ^ 1);
    } else
        die("a rule for %s makes no sense", r->word[0]);
}

static void answer(struct octets *o, const unsigned char *in, struct question *q,
                   const struct rule *rules, size_t n)
{
    char owner[512];
    unsigned records = 0;
    bool known = false;
    size_t i;

    snprintf(owner, sizeof owner, "%s", q->name);
    begin(o, in, q->end, 0);
    for (i = 0; i < n; i++) {
        const struct rule *r = &rules[i];

        if (strcasecmp(r->word[0], owner) != 0)
            continue;
        known = true;
        if (strcmp(r->word[1], "*") == 0) {
            o->n = 0;
            misbehave(o, in, q, r);
            return;
        }
        if (number_of(r->word[1]) != q->type && strcmp(r->word[1], "CNAME") != 0)
            continue;
        put_record(o, r);
        records++;
        if (strcmp(r->word[1], "CNAME") == 0) {
            snprintf(owner, sizeof owner, "%s", r->word[2]);
            i = records < 20 ? (size_t)-1 : n; /* what it is an alias of may stand above */
        }
    }
    count(o, records);
    if (!known)
        o->p[3] = (char)(o->p[3] | NXDOMAIN);
}

int main(int argc, char **argv)
{
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    static struct rule rules[RULES + 1];
    unsigned char in[1500];
    FILE *log;
    size_t n;
    int fd;

    if (argc != 3)
        die("usage: name-script RULES LOG");
    n = read_rules(argv[1], rules);
    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&sin, sizeof sin) != 0)
        die("port %d: %s", PORT, strerror(errno));
    log = fopen(argv[2], "we");
    if (!log)
        die("%s: %s", argv[2], strerror(errno));
    for (;;) {
        struct sockaddr_in from;
        socklen_t len = sizeof from;
        ssize_t got = recvfrom(fd, in, sizeof in, 0, (struct sockaddr *)&from, &len);
        struct octets out = {0};
        struct question q;

        if (got <= HEADER || !read_question(in, (size_t)got, &q))
            continue;
        fprintf(log, "%s %s\n", q.name, word_of(q.type));
        (void)fflush(log);
        answer(&out, in, &q, rules, n);
        if (out.n > 0)
            (void)sendto(fd, out.p, out.n, 0, (const struct sockaddr *)&from, len);
        octets_free(&out);
    }
}
