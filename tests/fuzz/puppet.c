/* puppet.c: see puppet.h. */
#include "config.h"

#include "puppet.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/proc.h"
#include "fuzz.h"
#include "made_clock.h"

#define FIRST_NOW  1000000
#define POLLS_MAX  1000000 /* more than any conversation that comes to an end */
#define REPEAT_MAX 300

static struct puppet *puppet;
static int signal_came;
static long polls;

void puppet_start(struct puppet *p, int fd, const uint8_t *input, size_t n)
{
    *p = (struct puppet){
        .fd = fd, .at = (const char *)input, .end = (const char *)input + n, .text = NULL};
    buf_init(&p->raw, (size_t)1 << 26);
    buf_init(&p->heard, (size_t)1 << 26);
    buf_init(&p->said, (size_t)1 << 26);
    puppet = p;
    now_ms = FIRST_NOW;
    signal_came = 0;
    polls = 0;
}

void puppet_free(struct puppet *p)
{
    buf_free(&p->raw);
    buf_free(&p->heard);
    buf_free(&p->said);
    puppet = NULL;
}

static void blame(struct puppet *p, const char *rule)
{
    if (p->broken == NULL)
        p->broken = rule;
}

/* Hearing. */

/*
 * How many replies with the codes that are said after FROM, at most: TWO is their first two digits,
 * THIRD the lowest and the highest third. Lines that are to be continued count as one all together.
 */
static unsigned count_replies(const struct buf *said, size_t from, const char *two,
                              const char *third)
{
    unsigned whole = 0, parts = 0;
    bool at_start = true;

    for (size_t i = from; i < said->len; i++) {
        const char *c = said->data + i;

        if (at_start && said->len - i > 3 && memcmp(c, two, 2) == 0 && c[2] >= third[0] &&
            c[2] <= third[1]) {
            whole += c[3] != '-';
            parts += c[3] == '-';
        }
        at_start = *c == '\n';
    }
    return whole + (parts > 0);
}

static void end_of_data(struct puppet *p, bool is_whole)
{
    if (p->marks < PUPPET_MARKS)
        p->mark[p->marks++] =
            (struct puppet_mark){.said = p->said.len, .who = p->who, .whole = is_whole};
    if (!is_whole)
        blame(p, "an end mark behind a message that is not whole");
    p->in_text = p->data_asked = false;
}

/* A line of the message text, or its end mark: all of it must be as it should be. */
static void hear_text(struct puppet *p, const char *line, size_t n)
{
    bool fits = p->text->len - p->text_at >= n && memcmp(p->text->data + p->text_at, line, n) == 0;

    if (!fits)
        blame(p, "message text that differs");
    p->text_at += n;
    if (n == 3 && memcmp(line, ".\r\n", 3) == 0)
        end_of_data(p, fits && p->text_at == p->text->len);
}

static bool begins(const char *line, size_t n, const char *with)
{
    return n >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
}

static void begin_message(struct puppet *p)
{
    if (p->wants_login && count_replies(&p->said, 0, "23", "55") == 0)
        blame(p, "octets of the message before the login was accepted");
}

static void hear_chunk(struct puppet *p, const char *line, size_t n)
{
    char copy[64] = "";
    char *rest;

    begin_message(p);
    memcpy(copy, line, n < sizeof(copy) ? n : sizeof(copy) - 1);
    p->skip = strtoul(copy + 5, &rest, 10);
    p->skip_last = strcmp(rest, " LAST\r\n") == 0;
    if (!p->skip_last && strcmp(rest, "\r\n") != 0)
        blame(p, "a malformed BDAT");
}

static void hear_command(struct puppet *p, const char *line, size_t n)
{
    if (n > LIMIT_AUTH_LINE + 2 || memchr(line, '\0', n) != NULL ||
        memchr(line, '\r', n) != line + n - 2)
        blame(p, "a command that is no line");
    if (begins(line, n, "MAIL FROM:<"))
        p->who = 0;
    if (begins(line, n, "RCPT TO:<rcpt"))
        p->who |= 1u << (line[13] - '0');
    if (begins(line, n, "BDAT "))
        hear_chunk(p, line, n);
    p->data_asked = begins(line, n, "DATA\r\n");
}

/* Looks at what was heard, line by line. What follows DATA is text if it begins like the text. */
static void understand(struct puppet *p)
{
    while (p->heard_at < p->heard.len) {
        const char *line = p->heard.data + p->heard_at;
        size_t left = p->heard.len - p->heard_at;
        const char *lf;
        size_t n;

        if (p->skip > 0) {
            n = left < p->skip ? left : p->skip;
            p->skip -= n;
            p->heard_at += n;
            if (p->skip == 0 && p->skip_last)
                end_of_data(p, true);
            continue;
        }
        lf = memchr(line, '\n', left);
        if (lf == NULL)
            return;
        n = (size_t)(lf - line) + 1;
        if (!p->in_text && p->data_asked && begins(line, n, "From: ")) {
            p->in_text = true;
            p->text_at = 0;
            begin_message(p);
            if (count_replies(&p->said, 0, "35", "44") == 0)
                blame(p, "message text without a 354");
        }
        if (p->in_text)
            hear_text(p, line, n);
        else
            hear_command(p, line, n);
        p->heard_at += n;
    }
}

/* Takes records apart; what is in the clear before the first one is said in the clear. */
static void unseal(struct puppet *p)
{
    while (p->raw_at < p->raw.len) {
        const unsigned char *at = (const unsigned char *)p->raw.data + p->raw_at;
        size_t left = p->raw.len - p->raw_at, n;

        if (!p->is_sealed && *at != PUPPET_HANDSHAKE) {
            buf_add(&p->heard, (const char *)at, 1);
            p->raw_at++;
            continue;
        }
        p->is_sealed = true;
        n = left >= PUPPET_HEAD ? ((size_t)at[1] << 8) + at[2] : 0;
        if (left < PUPPET_HEAD || left - PUPPET_HEAD < n)
            return;
        if (*at < PUPPET_ALERT || *at > PUPPET_DATA)
            blame(p, "octets in the clear behind a handshake");
        for (size_t i = 0; *at == PUPPET_DATA && i < n; i++) {
            char c = (char)(at[PUPPET_HEAD + i] ^ PUPPET_CIPHER);

            buf_add(&p->heard, &c, 1);
        }
        p->raw_at += PUPPET_HEAD + n;
    }
}

static bool hear(struct puppet *p)
{
    char octets[16384];
    size_t before = p->raw.len;
    ssize_t n;

    while (!p->is_closed && (n = recv(p->fd, octets, sizeof(octets), MSG_DONTWAIT)) > 0)
        buf_add(&p->raw, octets, (size_t)n);
    unseal(p);
    understand(p);
    return p->raw.len > before;
}

/* Speaking. */

void puppet_record(struct buf *out, int type, const char *bytes, size_t n)
{
    char head[PUPPET_HEAD] = {(char)type, (char)(n >> 8), (char)n};

    buf_add(out, head, sizeof(head));
    for (size_t i = 0; i < n; i++) {
        char c = (char)(type == PUPPET_DATA ? bytes[i] ^ PUPPET_CIPHER : bytes[i]);

        buf_add(out, &c, 1);
    }
}

/* What the socket does not take is lost: the puppet has no patience, and its record ends there. */
static void put(struct puppet *p, const char *bytes, size_t n)
{
    if (!p->is_closed && n > 0 && send(p->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)n)
        (void)shutdown(p->fd, SHUT_WR);
}

static void say(struct puppet *p, const struct buf *text)
{
    struct buf out;

    buf_add(&p->said, text->data, text->len);
    if (!p->has_shaken) {
        put(p, text->data, text->len);
        return;
    }
    buf_init(&out, (size_t)1 << 20);
    for (size_t at = 0; at < text->len; at += LIMIT_TLS_RECORD)
        puppet_record(&out, PUPPET_DATA, text->data + at,
                      text->len - at < LIMIT_TLS_RECORD ? text->len - at : LIMIT_TLS_RECORD);
    put(p, out.data, out.len);
    buf_free(&out);
}

static void say_record(struct puppet *p, int type, const char *bytes, size_t n)
{
    struct buf out;

    buf_init(&out, 100);
    puppet_record(&out, type, bytes, n);
    put(p, out.data, out.len);
    buf_free(&out);
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* TEXT with its "\HH" resolved. */
static void decode(struct buf *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char c = text[i];

        if (c == '\\' && n - i > 2 && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
            c = (char)(digit(text[i + 1]) << 4 | digit(text[i + 2]));
            i += 2;
        }
        buf_add(out, &c, 1);
    }
}

/* Statements that say something in SMTP. */
static void speak(struct puppet *p, char verb, const char *rest, size_t n)
{
    unsigned times = 1;
    struct buf one, all;

    if (verb == '+') {
        times = 0;
        for (; n > 0 && digit(*rest) >= 0 && digit(*rest) < 10; rest++, n--)
            times = times < REPEAT_MAX ? times * 10 + (unsigned)digit(*rest) : times;
        if (n > 0)
            rest++, n--;
    }
    buf_init(&one, (size_t)1 << 20);
    buf_init(&all, (size_t)1 << 22);
    decode(&one, rest, n);
    if (verb != '=')
        buf_adds(&one, "\r\n");
    for (unsigned i = 0; i < times && i < REPEAT_MAX; i++)
        buf_add(&all, one.data, one.len);
    say(p, &all);
    buf_free(&one);
    buf_free(&all);
}

static void end(struct puppet *p, char verb)
{
    if (verb == 'S')
        (void)shutdown(p->fd, SHUT_WR);
    if (verb == 'C' && !p->is_closed) {
        close(p->fd);
        p->is_closed = true;
    }
}

static void act(struct puppet *p, char verb, const char *rest, size_t n)
{
    struct buf text;

    switch (verb) {
    case '<':
    case '=':
    case '+':
        speak(p, verb, rest, n);
        break;
    case 'T':
        say_record(p, PUPPET_HANDSHAKE, "hello", 5);
        p->has_shaken = p->is_sealed;
        break;
    case 'A':
    case 'N':
        say_record(p, PUPPET_ALERT, verb == 'A' ? "\2" : "\0", 1);
        break;
    case 'P':
        buf_init(&text, (size_t)1 << 20);
        decode(&text, rest, n);
        put(p, text.data, text.len);
        buf_free(&text);
        break;
    case 'H':
        put(p, "\27\0\77half", 7);
        break;
    case 'C':
    case 'S':
        end(p, verb);
        break;
    case 'D':
        p->is_deaf = true;
        break;
    case 'Z':
        now_ms += 10000;
        break;
    case '!':
        signal_came = 15;
        break;
    default:
        break;
    }
}

/* One step: hears, and acts until it has to wait. False: it can do nothing. */
static bool move(struct puppet *p)
{
    bool moved = !p->is_deaf && hear(p);

    while (p->at < p->end) {
        const char *lf = memchr(p->at, '\n', (size_t)(p->end - p->at));
        const char *line = p->at, *stop = lf != NULL ? lf : p->end;

        if (*line == '>') {
            if (p->raw.len == p->heard_then)
                return moved;
            p->heard_then = p->raw.len;
        } else if (stop > line) {
            act(p, *line, line + 1, (size_t)(stop - line) - 1);
        }
        p->at = lf != NULL ? lf + 1 : p->end;
        moved = true;
    }
    return moved;
}

void puppet_finish(struct puppet *p)
{
    (void)hear(p);
    end(p, 'C');
    promise(now_ms <= FIRST_NOW + 1000000, "there is always an end");
}

unsigned puppet_accepted(const struct puppet *p, unsigned who)
{
    unsigned most = 0;

    for (size_t k = 0; k < p->marks; k++) {
        unsigned n = count_replies(&p->said, p->mark[k].said, "25", "02");

        if ((p->mark[k].who & who) == who && p->mark[k].whole && n > most)
            most = n;
    }
    return most;
}

/* What base/proc and base/clock would be. */

int proc_signal(void)
{
    return signal_came;
}

int proc_poll(struct pollfd *fds, nfds_t n, deadline_ms until, bool hold_signals)
{
    for (;;) {
        bool moved;
        int ready;

        promise(++polls < POLLS_MAX, "a conversation of a million waits");
        if (signal_came != 0 && !hold_signals)
            return -1;
        moved = move(puppet);
        ready = poll(fds, n, 0);
        if (ready != 0)
            return ready;
        if (!moved) {
            promise(until != DEADLINE_NEVER, "every wait has an end");
            now_ms = until > now_ms ? until : now_ms;
            return 0;
        }
    }
}

ssize_t proc_read(int fd, void *to, size_t n)
{
    return read(fd, to, n);
}
