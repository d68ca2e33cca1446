/*
 * mailbox.c: reading mailboxes and address lists.
 *
 * One pass from left to right, without recursion and without going back: words are gathered both
 * as a display name and as a local part until an octet tells which of the two they were ('<' or
 * ':' a name, '@' or a comma a local part). What is given out is always in normal form: no
 * comments, no folds, the local part quoted only when it must be. Where programs in the field
 * write what the grammar has no place for and the meaning is beyond doubt ("a@b <a@b>", a group
 * without its semicolon, brackets in a name), it is read; two addresses without a comma are not.
 */
#include "config.h"

#include "mail/mailbox.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/xalloc.h"
#include "mail/lex.h"
#include "mail/mime.h"

#define NOWHERE SIZE_MAX

/* Words that may turn out to be a display name or a local part. */
struct words {
    struct buf name;
    struct buf local;
    bool any;
    size_t no_local; /* offset of what makes them no local part, or NOWHERE */
};

struct parser {
    struct lex lex;
    struct fault *why;
    struct words first; /* before '<', '@', ':' or the comma */
    struct words angle; /* inside < > */
    struct buf domain;
    struct buf spec;
    struct buf comment;
    bool in_group;
    bool single; /* a path: exactly one address, no group */
};

/* Text of an address: whole UTF-8 characters, no C1 controls. Gives the offset of what is not. */
static size_t first_unfit(const struct lex *l, size_t from, size_t to)
{
    while (from < to) {
        const unsigned char *s = (const unsigned char *)l->text + from;
        size_t length = mime_utf8_length(l->text + from, to - from);

        if (length == 0 || s[0] == '\t' || (s[0] == 0xc2 && s[1] < 0xa0))
            return from;
        from += length;
    }
    return NOWHERE;
}

bool mailbox_is_dot_string(const char *s, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (s[i] == '.' && (i == 0 || i + 1 == n || s[i - 1] == '.'))
            return false;
        if (s[i] != '.' && !lex_is_atext((unsigned char)s[i]))
            return false;
    }
    return n > 0;
}

void mailbox_quote(struct buf *out, const char *text, size_t n)
{
    size_t i;

    buf_addc(out, '"');
    for (i = 0; i < n; i++) {
        if (text[i] == '"' || text[i] == '\\')
            buf_addc(out, '\\');
        buf_addc(out, text[i]);
    }
    buf_addc(out, '"');
}

static enum cause wrong(struct parser *p, size_t at, const char *what)
{
    return lex_wrong(&p->lex, at, what, p->why);
}

static void words_reset(struct words *w)
{
    buf_reset(&w->name);
    buf_reset(&w->local);
    w->any = false;
    w->no_local = NOWHERE;
}

static void no_local(struct words *w, size_t at)
{
    if (w->no_local == NOWHERE)
        w->no_local = at;
}

/* One atom, quoted string, dot or bracket. A bracket is text of a name and nothing else. */
static enum cause read_word(struct parser *p, struct words *w, int c)
{
    struct lex *l = &p->lex;
    size_t from = l->at, mark = w->local.len;
    enum cause cause = CAUSE_NONE;

    if (c == '"') {
        cause = lex_quoted(l, &w->local, p->why);
    } else if (c == '.' || c == '[' || c == ']') {
        if (c != '.')
            no_local(w, from);
        buf_addc(&w->local, (char)c);
        l->at++;
    } else {
        lex_atom(l);
        buf_add(&w->local, l->text + from, l->at - from);
    }
    buf_add(&w->name, w->local.data + mark, w->local.len - mark);
    mark = first_unfit(l, from, l->at);
    if (mark != NOWHERE)
        no_local(w, mark);
    w->any = true;
    return cause;
}

/* Words up to an octet that is none. Two without a dot between them are no local part. */
static enum cause read_words(struct parser *p, struct words *w)
{
    bool after_word = false;

    words_reset(w);
    for (;;) {
        bool apart = false;
        enum cause cause = lex_skip(&p->lex, &apart, p->why);
        int c = lex_peek(&p->lex);

        if (cause != CAUSE_NONE)
            return cause;
        if (!lex_is_atext(c) && (c < 0 || strchr("\".[]", c) == NULL))
            return CAUSE_NONE;
        if (c == 0)
            return CAUSE_NONE;
        if (apart && w->any)
            buf_addc(&w->name, ' ');
        if (after_word && c != '.')
            no_local(w, p->lex.at);
        cause = read_word(p, w, c);
        if (cause != CAUSE_NONE)
            return cause;
        after_word = c != '.';
    }
}

/* RFC 5322 3.4.1 domain-literal; the blanks that it may hold are dropped. */
static enum cause read_literal(struct parser *p)
{
    struct lex *l = &p->lex;
    size_t start = l->at;

    do {
        int c = lex_peek(l);

        if (c < 0)
            return wrong(p, start, "address literal without end");
        if ((c == '[' && l->at > start) || c == '\\' || c >= 0x7f)
            return wrong(p, l->at, "unexpected text in an address literal");
        if (c > ' ')
            buf_addc(&p->domain, (char)c);
        else if (c != ' ' && c != '\t')
            return wrong(p, l->at, "control character");
        l->at++;
    } while (l->text[l->at - 1] != ']');
    return CAUSE_NONE;
}

/* Behind '@': atoms and dots, comments and blanks between them as 4.4 has it; no final dot. */
static enum cause read_domain(struct parser *p)
{
    struct lex *l = &p->lex;
    enum cause cause;

    buf_reset(&p->domain);
    cause = lex_skip(l, NULL, p->why);
    if (cause != CAUSE_NONE)
        return cause;
    if (lex_peek(l) == '[') {
        cause = read_literal(p);
        return cause != CAUSE_NONE ? cause : lex_skip(l, NULL, p->why);
    }
    for (;;) {
        size_t from = l->at, n = lex_atom(l), unfit = first_unfit(l, from, l->at);

        if (n == 0 && (p->domain.len == 0 || lex_peek(l) == '.'))
            return wrong(p, from, "domain expected");
        if (unfit != NOWHERE)
            return wrong(p, unfit, "not UTF-8");
        if (n == 0) {
            buf_cut(&p->domain, p->domain.len - 1); /* the dot of the root */
            return CAUSE_NONE;
        }
        buf_add(&p->domain, l->text + from, n);
        cause = lex_skip(l, NULL, p->why);
        if (cause != CAUSE_NONE || lex_peek(l) != '.')
            return cause;
        l->at++;
        buf_addc(&p->domain, '.');
        cause = lex_skip(l, NULL, p->why);
        if (cause != CAUSE_NONE)
            return cause;
    }
}

/* The words as local part, with the domain that was read when there was one. */
static enum cause make_spec(struct parser *p, const struct words *w, bool domain, size_t start,
                            size_t *at)
{
    if (!w->any)
        return wrong(p, p->lex.at, "address expected");
    if (w->no_local != NOWHERE)
        return wrong(p, w->no_local, "unexpected text in an address");
    buf_reset(&p->spec);
    if (mailbox_is_dot_string(w->local.data, w->local.len))
        buf_add(&p->spec, w->local.data, w->local.len);
    else
        mailbox_quote(&p->spec, w->local.data, w->local.len);
    *at = p->spec.len;
    if (domain) {
        buf_addc(&p->spec, '@');
        buf_add(&p->spec, p->domain.data, p->domain.len);
    }
    if (p->spec.over || p->domain.over || w->local.over)
        return wrong(p, start, "address too long");
    return CAUSE_NONE;
}

/* RFC 5322 4.4 obs-route "@a,@b:" between '<' and the address: read and dropped. */
static enum cause skip_route(struct parser *p)
{
    struct lex *l = &p->lex;

    while (lex_peek(l) == '@' || lex_peek(l) == ',') {
        enum cause cause;

        if (l->text[l->at++] == '@')
            cause = read_domain(p);
        else
            cause = lex_skip(l, NULL, p->why);
        if (cause != CAUSE_NONE)
            return cause;
    }
    if (lex_peek(l) != ':')
        return wrong(p, l->at, "\":\" expected behind a route");
    l->at++;
    return CAUSE_NONE;
}

/* From '<' to behind '>'. */
static enum cause read_angle(struct parser *p, size_t *at)
{
    struct lex *l = &p->lex;
    size_t start = ++l->at;
    bool domain = false;
    enum cause cause = lex_skip(l, NULL, p->why);

    if (cause == CAUSE_NONE && lex_peek(l) == '@')
        cause = skip_route(p);
    if (cause == CAUSE_NONE)
        cause = read_words(p, &p->angle);
    if (cause != CAUSE_NONE)
        return cause;
    domain = p->angle.any && lex_peek(l) == '@';
    if (domain) {
        l->at++;
        cause = read_domain(p);
        if (cause != CAUSE_NONE)
            return cause;
    }
    if (lex_peek(l) != '>')
        return wrong(p, l->at, p->angle.any ? "\">\" expected" : "address expected");
    cause = make_spec(p, &p->angle, domain, p->angle.any ? start : l->at, at);
    l->at++;
    return cause != CAUSE_NONE ? cause : lex_skip(l, NULL, p->why);
}

static void keep(struct parser *p, bool named, size_t at, struct addr_list *out)
{
    const char *comment = p->comment.data;
    size_t comment_len = p->comment.len;
    struct addr *a;

    if (out->n == out->cap) {
        out->cap = out->cap > 0 ? out->cap * 2 : 4;
        out->v = xrealloc(out->v, out->cap * sizeof(*out->v));
    }
    a = &out->v[out->n++];
    while (comment_len > 0 && comment[comment_len - 1] == ' ')
        comment_len--;
    while (comment_len > 0 && *comment == ' ') {
        comment++;
        comment_len--;
    }
    /* "root (Cron Daemon)": before display names there were comments */
    if (named && p->first.name.len > 0)
        a->name = xmemdup(p->first.name.data, p->first.name.len);
    else
        a->name = xmemdup(comment, comment_len);
    a->spec = xmemdup(p->spec.data, p->spec.len);
    a->at = at;
}

/* One mailbox whose first words are read; the next octet is not ':' . */
static enum cause read_mailbox(struct parser *p, size_t start, struct addr_list *out)
{
    struct lex *l = &p->lex;
    bool named = false, domain = lex_peek(l) == '@';
    enum cause cause = CAUSE_NONE;
    size_t at = 0;

    if (domain) {
        if (!p->first.any)
            return wrong(p, l->at, "address expected");
        l->at++;
        cause = read_domain(p);
        if (cause != CAUSE_NONE)
            return cause;
    }
    if (lex_peek(l) == '<') {
        named = true;
        if (domain) { /* "a@b <a@b>" */
            buf_addc(&p->first.name, '@');
            buf_add(&p->first.name, p->domain.data, p->domain.len);
        }
        cause = read_angle(p, &at);
    } else {
        cause = make_spec(p, &p->first, domain, start, &at);
    }
    if (cause != CAUSE_NONE)
        return cause;
    if (out->n >= LIMIT_ADDRESS_LIST)
        return wrong(p, start, "too many addresses");
    keep(p, named, at, out);
    return CAUSE_NONE;
}

/* What may follow a mailbox or a group: a comma, the end of the group, the end. */
static enum cause read_separator(struct parser *p)
{
    struct lex *l = &p->lex;
    enum cause cause;

    if (lex_peek(l) == ';' && p->in_group) {
        p->in_group = false;
        l->at++;
        cause = lex_skip(l, NULL, p->why);
        if (cause != CAUSE_NONE)
            return cause;
    }
    if (lex_peek(l) < 0)
        return CAUSE_NONE;
    if (lex_peek(l) == ',' && !p->single) {
        l->at++;
        return CAUSE_NONE;
    }
    cause = wrong(p, l->at,
                  p->single ? "unexpected text, one address is wanted,"
                            : "unexpected text behind an address,");
    if (!p->single)
        fault_hint(p->why, "separate addresses by commas");
    return cause;
}

static enum cause read_list(struct parser *p, struct addr_list *out)
{
    struct lex *l = &p->lex;
    enum cause cause;
    int c;

    while (l->at < l->n) {
        size_t start = l->at;

        buf_reset(&p->comment);
        cause = read_words(p, &p->first);
        if (cause != CAUSE_NONE)
            return cause;
        c = lex_peek(l);
        if (c == ':' && p->first.any && !p->in_group && !p->single) {
            p->in_group = true;
            l->at++;
            continue;
        }
        /* nothing between two commas, or before the end of a group or of the text */
        if (p->first.any || (c >= 0 && strchr(",;", c) == NULL) || c == 0) {
            cause = read_mailbox(p, start, out);
            if (cause != CAUSE_NONE)
                return cause;
        }
        cause = read_separator(p);
        if (cause != CAUSE_NONE)
            return cause;
    }
    return CAUSE_NONE;
}

static void words_init(struct words *w, size_t n)
{
    buf_init(&w->name, n + 1);
    buf_init(&w->local, n + 1);
}

enum cause mailbox_parse(const char *text, size_t n, bool single, struct addr_list *out,
                         struct fault *why)
{
    struct parser p = {.why = why, .single = single};
    size_t before = out->n;
    enum cause cause;

    p.lex = (struct lex){.text = text, .n = n, .cause = CAUSE_BAD_ADDRESS, .comment = &p.comment};
    words_init(&p.first, n);
    words_init(&p.angle, n);
    buf_init(&p.domain, LIMIT_ADDRESS);
    buf_init(&p.spec, LIMIT_ADDRESS);
    buf_init(&p.comment, n);
    cause = read_list(&p, out);
    if (cause != CAUSE_NONE) {
        while (out->n > before)
            addr_free(&out->v[--out->n]);
        if (before == 0)
            addr_list_free(out); /* a caller need not free a list that it never got */
    }
    buf_free(&p.first.name);
    buf_free(&p.first.local);
    buf_free(&p.angle.name);
    buf_free(&p.angle.local);
    buf_free(&p.domain);
    buf_free(&p.spec);
    buf_free(&p.comment);
    return cause;
}
