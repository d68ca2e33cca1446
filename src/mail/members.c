/*
 * members.c: where the members of an address list stand.
 *
 * Lexical only: strings, comments and brackets are stepped over and separators are believed. It
 * may therefore be wrong about a text that is no address list; who changes a field by it parses
 * the result again and compares (fixup.c).
 */
#include "config.h"

#include "mail/members.h"

#include <string.h>

void members_init(struct member_scan *s, const char *text, size_t n)
{
    *s = (struct member_scan){.text = text, .len = n};
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* Behind the string or literal that begins at AT and ends with CLOSE; NOWHERE when it is open. */
static size_t skip_to(const struct member_scan *s, size_t at, char close)
{
    for (at++; at < s->len; at++) {
        if (s->text[at] == '\\')
            at++;
        else if (s->text[at] == close)
            return at + 1;
    }
    return MEMBERS_NOWHERE;
}

static size_t skip_comment(const struct member_scan *s, size_t at)
{
    size_t depth = 0;

    for (; at < s->len; at++) {
        char c = s->text[at];

        if (c == '\\')
            at++;
        else if (c == '(')
            depth++;
        else if (c == ')' && --depth == 0)
            return at + 1;
    }
    return MEMBERS_NOWHERE;
}

/* What is known of the member at hand. */
struct state {
    struct member *m;
    bool angle;   /* inside < > */
    bool decided; /* < > is over: what follows is no address */
    bool at_sign;
    size_t word_end; /* behind the last word that may be a local part, or NOWHERE */
};

static void forget(struct state *st)
{
    *st->m = (struct member){MEMBERS_NOWHERE, MEMBERS_NOWHERE, MEMBERS_NOWHERE};
    *st = (struct state){.m = st->m, .word_end = MEMBERS_NOWHERE};
}

/* The address part is complete: it is bare when it had words and no '@'. */
static void decide(struct state *st)
{
    if (!st->decided && !st->at_sign)
        st->m->local_end = st->word_end;
    st->decided = true;
    st->angle = false;
}

/* The octets FROM..TO belong to the member; WORD: they are a part of an address or a name. */
static void cover(struct state *st, size_t from, size_t to, bool word)
{
    if (st->m->start == MEMBERS_NOWHERE)
        st->m->start = from;
    st->m->end = to;
    if (word)
        st->word_end = to;
}

/* Behind what begins at AT: a comment, a string, a literal or one octet; NOWHERE: it is open. */
static size_t step(const struct member_scan *s, size_t at)
{
    switch (s->text[at]) {
    case '(':
        return skip_comment(s, at);
    case '"':
        return skip_to(s, at, '"');
    case '[':
        return skip_to(s, at, ']');
    default:
        return at + 1;
    }
}

/* A part of the member, which stands at AT..END. */
static void take(struct state *st, char c, size_t at, size_t end)
{
    cover(st, at, end, c != '(' && c != '<' && c != '>');
    if (c == '<') {
        st->angle = true;
        st->at_sign = false;
        st->word_end = MEMBERS_NOWHERE;
    } else if (c == '>') {
        decide(st);
    } else if (c == '@') {
        st->at_sign = true;
    }
}

bool members_next(struct member_scan *s, struct member *m)
{
    struct state st = {.m = m};

    forget(&st);
    while (s->at < s->len) {
        size_t at = s->at, end = step(s, at);
        char c = s->text[at];

        s->at = end != MEMBERS_NOWHERE ? end : s->len;
        if (end == MEMBERS_NOWHERE)
            return false;
        if (!st.angle && (c == ',' || c == ';')) {
            if (m->start != MEMBERS_NOWHERE)
                break;
        } else if (!st.angle && c == ':') {
            forget(&st);
        } else if (!is_space(c)) {
            take(&st, c, at, end);
        }
    }
    if (st.angle || m->start == MEMBERS_NOWHERE)
        return false;
    decide(&st);
    return true;
}
