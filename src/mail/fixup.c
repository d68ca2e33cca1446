/*
 * fixup.c: the header policy.
 *
 * A first pass only looks: which fields are there, is the message signed, where is the latest
 * Resent- block. A second pass copies the header field by field into a new one; a field for which
 * no rule speaks is copied octet for octet. What each field is stands in fields.c.
 *
 * Address fields are edited in place, member by member (members.c), and the result counts only if
 * the address parser reads the same mailboxes out of it: a field that is stranger than we think
 * stays as it was.
 */
#include "config.h"

#include "mail/fixup.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/xalloc.h"
#include "mail/date.h"
#include "mail/fields.h"
#include "mail/fold.h"
#include "mail/header.h"
#include "mail/members.h"
#include "mail/mime.h"
#include "mail/msgid.h"

#define BIT(id) ((uint64_t)1 << (id))

_Static_assert(FIELD_COUNT <= 64, "a set of fields is 64 bits");

/* The latest Resent- block while fields go by, from the top. */
struct block {
    uint64_t seen; /* BITs of its fields */
    bool closed;
};

/* What the first pass found, and what the second needs. */
struct fixup {
    const struct fixup_params *p;
    uint64_t seen;     /* BITs of all known fields */
    uint64_t resent;   /* of the latest Resent- block */
    bool sealed;       /* DKIM-signed: a change for looks would break the signature */
    size_t block_at;   /* where the block begins in the new header */
    struct buf header; /* the new header */
};

/* --- finding -------------------------------------------------------------------------------- */

/*
 * Whether a field belongs to the latest block. Each transport puts its block in front of the
 * others (RFC 5322 3.6.6) and no name occurs twice in a block: a second one, or a trace field
 * below, is where an older block may begin.
 */
static bool in_block(struct block *b, const struct field_row *row)
{
    if (row == NULL || b->closed)
        return false;
    if ((row->is & FIELD_IS_RESENT) == 0) {
        b->closed = b->seen != 0 && (row->is & FIELD_IS_TRACE) != 0;
        return false;
    }
    b->closed = (b->seen & BIT(row->id)) != 0;
    if (!b->closed)
        b->seen |= BIT(row->id);
    return !b->closed;
}

/*
 * The next field that counts, and its row (NULL: not known). A script that left a variable unset
 * wrote "From:" and nothing more; such a field is as good as missing, here and in the new header.
 */
static bool next_field(struct header_scan *s, bool sealed, struct header_field *f,
                       const struct field_row **row)
{
    while (header_next(s, f)) {
        *row = fields_find(f->name, f->name_len);
        if (sealed || *row == NULL || ((*row)->is & FIELD_IS_NEVER_BLANK) == 0 ||
            !header_is_blank(f))
            return true;
    }
    return false;
}

static bool is_sealed(const struct buf *header)
{
    struct header_scan s;
    struct header_field f;

    header_scan_init(&s, header->data, header->len);
    while (header_next(&s, &f)) {
        const struct field_row *row = fields_find(f.name, f.name_len);

        if (row != NULL && (row->is & FIELD_IS_SIGNATURE) != 0)
            return true;
    }
    return false;
}

static void survey(struct fixup *x, const struct buf *header)
{
    struct header_scan s;
    struct header_field f;
    const struct field_row *row;
    struct block block = {0};

    x->sealed = is_sealed(header);
    header_scan_init(&s, header->data, header->len);
    while (next_field(&s, x->sealed, &f, &row)) {
        (void)in_block(&block, row);
        if (row != NULL)
            x->seen |= BIT(row->id);
    }
    x->resent = block.seen;
}

/* The first field ID of a header: of its latest block, for a Resent- field. */
static bool find_field(const struct buf *header, bool sealed, enum field_id id,
                       struct header_field *f)
{
    const struct field_row *want = fields_row(id), *row;
    struct header_scan s;
    struct block block = {0};

    header_scan_init(&s, header->data, header->len);
    while (next_field(&s, sealed, f, &row)) {
        bool latest = in_block(&block, row);

        if (row == want && (latest || (row->is & FIELD_IS_RESENT) == 0))
            return true;
    }
    return false;
}

/* The first mailbox of the author field ID. */
static bool find_author(const struct buf *header, bool sealed, enum field_id id, struct addr *from)
{
    struct header_field f;
    struct addr_list list = {0};
    struct fault why = {0};
    bool found;

    *from = (struct addr){0};
    found = find_field(header, sealed, id, &f) &&
            addr_parse_list(f.body, f.body_len, &list, &why) == CAUSE_NONE && list.n > 0;
    if (found) {
        *from = list.v[0];
        list.v[0] = (struct addr){0};
    }
    addr_list_free(&list);
    fault_free(&why);
    return found;
}

bool fixup_from(const struct message *m, struct addr *from)
{
    struct fixup x = {0};

    survey(&x, &m->header);
    return find_author(&m->header, x.sealed, x.resent != 0 ? FIELD_RESENT_FROM : FIELD_FROM, from);
}

enum cause fixup_recipients(const struct message *m, struct addr_list *out, struct fault *why)
{
    struct fixup x = {0};
    struct header_scan s;
    struct header_field f;
    const struct field_row *row;
    struct block block = {0};
    enum cause cause = CAUSE_NONE;

    survey(&x, &m->header);
    header_scan_init(&s, m->header.data, m->header.len);
    while (cause == CAUSE_NONE && next_field(&s, x.sealed, &f, &row)) {
        bool latest = in_block(&block, row);

        if (row == NULL || (row->is & FIELD_IS_RECIPIENT) == 0 || latest != (x.resent != 0))
            continue;
        cause = addr_parse_list(f.body, f.body_len, out, why);
        if (cause != CAUSE_NONE)
            fault_note(why, "the %s field", row->name);
    }
    return cause;
}

/* --- editing address fields ----------------------------------------------------------------- */

/*
 * Appends the member as "=?utf-8?...?= <spec>" when its name has raw 8-bit text; a bare spec gets
 * DOMAIN, unless that is NULL. False: it has none, nothing was appended.
 */
static bool encode_member(struct buf *out, const char *text, const struct member *m,
                          const char *domain)
{
    struct addr_list list = {0};
    struct fault why = {0};
    bool edit;

    edit = message_has_8bit(text + m->start, m->end - m->start) &&
           addr_parse_list(text + m->start, m->end - m->start, &list, &why) == CAUSE_NONE &&
           list.n == 1 && message_has_8bit(list.v[0].name, strlen(list.v[0].name));
    if (edit) {
        struct buf spec;

        buf_init(&spec, LIMIT_HEADER);
        buf_adds(&spec, list.v[0].spec);
        if (domain != NULL && addr_domain(list.v[0].spec) == NULL)
            buf_addf(&spec, "@%s", domain);
        addr_format(out, list.v[0].name, spec.data);
        buf_free(&spec);
    }
    addr_list_free(&list);
    fault_free(&why);
    return edit;
}

/* Both texts hold the same mailboxes, but that NEW has DOMAIN where OLD has none. */
static bool same_mailboxes(const char *old, size_t old_n, const char *new, size_t new_n,
                           const char *domain)
{
    struct addr_list a = {0}, b = {0};
    struct fault why = {0};
    bool same;

    same = addr_parse_list(old, old_n, &a, &why) == CAUSE_NONE &&
           addr_parse_list(new, new_n, &b, &why) == CAUSE_NONE && a.n == b.n;
    for (size_t i = 0; same && i < a.n; i++) {
        const char *was = a.v[i].spec, *is = b.v[i].spec;
        size_t n = strlen(was);

        if (domain == NULL || addr_domain(was) != NULL)
            same = strcmp(was, is) == 0;
        else
            same = strncmp(was, is, n) == 0 && is[n] == '@' && strcmp(is + n + 1, domain) == 0;
    }
    addr_list_free(&a);
    addr_list_free(&b);
    fault_free(&why);
    return same;
}

/*
 * Appends an address list: bare mailboxes with DOMAIN (NULL: as they are), and names with raw
 * 8-bit text as words, when ENCODE is set. All else octet for octet.
 */
static void add_mailboxes(struct buf *out, const char *text, size_t n, const char *domain,
                          bool encode)
{
    struct member_scan s;
    struct member m;
    size_t at = 0, before = out->len;

    encode = encode && message_has_8bit(text, n);
    members_init(&s, text, n);
    while ((domain != NULL || encode) && members_next(&s, &m)) {
        buf_add(out, text + at, m.start - at);
        at = m.start;
        if (encode && encode_member(out, text, &m, domain)) {
            at = m.end;
        } else if (domain != NULL && m.local_end != MEMBERS_NOWHERE) {
            buf_add(out, text + at, m.local_end - at);
            buf_addc(out, '@');
            buf_adds(out, domain);
            at = m.local_end;
        }
    }
    if (at > 0) {
        buf_add(out, text + at, n - at);
        if (!out->over && same_mailboxes(text, n, out->data + before, out->len - before, domain))
            return;
        if (!out->over)
            buf_cut(out, before);
    }
    buf_add(out, text, n);
}

/* --- the author ----------------------------------------------------------------------------- */

enum verdict { AUTHOR_STAYS, AUTHOR_LOCAL, AUTHOR_FOREIGN };

static bool is_here(const struct fixup_params *p, const char *spec)
{
    const char *domain = addr_domain(spec);

    if (domain == NULL)
        return true;
    for (size_t i = 0; p->here != NULL && i < p->here->n; i++) {
        const char *here = p->here->v[i];

        if (header_name_order(domain, strlen(domain), here, strlen(here)) == 0)
            return true;
    }
    return false;
}

/* HERE: SPEC is at this host. Then a lone '*', which says what mail the account takes rather than
 * which addresses it owns, does not make root@localhost one that a stranger could answer to. */
static bool is_own(const struct fixup_params *p, const char *spec, bool here)
{
    for (size_t i = 0; p->own != NULL && i < p->own->n; i++) {
        if (!(here && strcmp(p->own->v[i], "*") == 0) && addr_matches(p->own->v[i], spec))
            return true;
    }
    return addr_same(p->from, spec);
}

static enum verdict judge_author(const struct fixup_params *p, const char *spec)
{
    bool here = is_here(p, spec);

    if (p->rewrite == REWRITE_NO || is_own(p, spec, here))
        return AUTHOR_STAYS;
    if (here)
        return AUTHOR_LOCAL;
    return p->rewrite == REWRITE_ALWAYS ? AUTHOR_FOREIGN : AUTHOR_STAYS;
}

/* "NAME <account>"; without a name the old local part serves as one, "root" says who it was. */
static void add_account(struct buf *out, const struct fixup_params *p, const struct addr *old)
{
    const char *to = p->account != NULL ? p->account : p->from;
    struct buf local;
    bool quoted = old->spec[0] == '"';

    if (old->name[0] != '\0') {
        addr_format(out, old->name, to);
        return;
    }
    buf_init(&local, LIMIT_ADDRESS);
    for (size_t i = quoted; i + quoted < old->at; i++) {
        if (quoted && old->spec[i] == '\\')
            i++;
        buf_addc(&local, old->spec[i]);
    }
    addr_format(out, local.len > 0 ? local.data : p->login(p->names), to);
    buf_free(&local);
}

/* The strongest verdict of the list. One mailbox of the account's keeps foreign co-authors. */
static enum verdict judge_list(const struct fixup_params *p, const struct addr_list *list)
{
    enum verdict all = AUTHOR_STAYS;
    bool own = false;

    for (size_t i = 0; i < list->n; i++) {
        enum verdict one = judge_author(p, list->v[i].spec);

        own = own || one == AUTHOR_STAYS;
        if (one > all)
            all = one;
    }
    return all == AUTHOR_FOREIGN && own ? AUTHOR_STAYS : all;
}

/* rewrite_from for From or Resent-From. False: nothing to rewrite, nothing was written. */
static bool add_author(struct fixup *x, const struct header_field *f, const struct field_row *row)
{
    struct addr_list list = {0};
    struct fault why = {0};
    struct buf *out = &x->header;
    enum verdict verdict = AUTHOR_STAYS;

    if (addr_parse_list(f->body, f->body_len, &list, &why) == CAUSE_NONE)
        verdict = judge_list(x->p, &list);
    if (verdict != AUTHOR_STAYS) {
        buf_addf(out, "%s: ", row->name);
        /* A foreign From is one account's mail: the list shrinks to its first name. */
        for (size_t i = 0; i < (verdict == AUTHOR_FOREIGN ? 1 : list.n); i++) {
            if (i > 0)
                buf_adds(out, ",\n ");
            if (judge_author(x->p, list.v[i].spec) == AUTHOR_STAYS)
                addr_format(out, list.v[i].name, list.v[i].spec);
            else
                add_account(out, x->p, &list.v[i]);
        }
        buf_addc(out, '\n');
    }
    if (verdict == AUTHOR_FOREIGN && row->id == FIELD_FROM &&
        (x->seen & BIT(FIELD_REPLY_TO)) == 0) {
        buf_adds(out, "Reply-To: ");
        add_mailboxes(out, f->body, f->body_len, x->sealed ? NULL : x->p->domain, true);
        buf_addc(out, '\n');
        x->seen |= BIT(FIELD_REPLY_TO);
    }
    addr_list_free(&list);
    fault_free(&why);
    return verdict != AUTHOR_STAYS;
}

/* --- the new header ------------------------------------------------------------------------- */

static void add_field(struct fixup *x, const struct buf *old, const struct header_field *f,
                      const struct field_row *row, bool latest)
{
    unsigned is = row != NULL ? row->is : 0;
    struct buf *out = &x->header;
    size_t line = out->len;

    if ((is & FIELD_IS_STRIPPED) != 0)
        return;
    if ((is & FIELD_IS_AUTHOR) != 0 && (latest || (is & FIELD_IS_RESENT) == 0) &&
        add_author(x, f, row))
        return;
    if (x->sealed || (is & FIELD_IS_STRUCTURED) != 0 || f->name_len == 0) {
        buf_add(out, old->data + f->start, f->end - f->start);
        return;
    }
    buf_add(out, f->name, (size_t)(f->body - f->name));
    if ((is & FIELD_IS_MAILBOXES) != 0)
        add_mailboxes(out, f->body, f->body_len,
                      (is & FIELD_IS_QUALIFIED) != 0 ? x->p->domain : NULL, true);
    else if (message_has_8bit(f->body, f->body_len))
        (void)mime_encode_words(out, f->body, f->body_len, MIME_UNSTRUCTURED, out->len - line);
    else
        buf_add(out, f->body, f->body_len);
    buf_addc(out, '\n');
}

static void copy_fields(struct fixup *x, const struct buf *old)
{
    struct header_scan s;
    struct header_field f;
    const struct field_row *row;
    struct block block = {0};

    header_scan_init(&s, old->data, old->len);
    while (next_field(&s, x->sealed, &f, &row) && !x->header.over) {
        bool first = block.seen == 0;
        bool latest = in_block(&block, row);

        if (first && latest)
            x->block_at = x->header.len;
        add_field(x, old, &f, row, latest);
    }
}

static void add_generated_from(struct buf *out, const char *field, const struct fixup_params *p)
{
    const char *name = p->full_name(p->names);
    char *clean = xstrdup(name != NULL ? name : "");
    size_t n = strlen(clean);

    /* -F comes from anywhere: no control octet of it gets into a header. */
    for (char *c = clean; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = ' ';
    }
    while (n > 0 && clean[n - 1] == ' ')
        clean[--n] = '\0';
    buf_addf(out, "%s: ", field);
    addr_format(out, clean + strspn(clean, " "), p->from);
    buf_addc(out, '\n');
    free(clean);
}

static void add_msgid(struct buf *out, enum field_id id, const char *author,
                      const struct fixup_params *p)
{
    /* A message may get two: the halves change places, so that they differ. */
    uint64_t random[2] = {p->random[id != FIELD_MESSAGE_ID], p->random[id == FIELD_MESSAGE_ID]};
    char *domain = msgid_domain_of(author);

    if (domain == NULL)
        domain = msgid_domain_of(p->from);
    buf_addf(out, "%s: ", fields_row(id)->name);
    (void)msgid_add(out, p->now_s, random, domain != NULL ? domain : "localhost");
    buf_addc(out, '\n');
    free(domain);
}

/* The three fields that a message, or a Resent- block, must have. */
struct trio {
    enum field_id from, date, msgid;
};

/* Appends to OUT what HAVE lacks. The author is looked up in the new header. */
static void add_missing(struct buf *out, const struct fixup *x, const struct trio *t, uint64_t have)
{
    struct addr author = {0};

    if ((have & BIT(t->from)) == 0)
        add_generated_from(out, fields_row(t->from)->name, x->p);
    if ((have & BIT(t->date)) == 0) {
        char date[DATE_SIZE];

        date_format(x->p->now_s, x->p->zone_minutes(x->p->now_s), date);
        buf_addf(out, "%s: %s\n", fields_row(t->date)->name, date);
    }
    if ((have & BIT(t->msgid)) == 0) {
        bool found = find_author(&x->header, x->sealed, t->from, &author);

        add_msgid(out, t->msgid, found ? author.spec : x->p->from, x->p);
        addr_free(&author);
    }
}

static void add_all_missing(struct fixup *x)
{
    static const struct trio plain = {FIELD_FROM, FIELD_DATE, FIELD_MESSAGE_ID};
    static const struct trio resent = {FIELD_RESENT_FROM, FIELD_RESENT_DATE,
                                       FIELD_RESENT_MESSAGE_ID};
    struct buf block;

    if (x->resent != 0) {
        buf_init(&block, LIMIT_HEADER);
        add_missing(&block, x, &resent, x->resent);
        (void)buf_splice(&x->header, x->block_at, 0, block.data, block.len);
        buf_free(&block);
    }
    buf_init(&block, LIMIT_HEADER);
    add_missing(&block, x, &plain, x->seen);
    (void)buf_add(&x->header, block.data, block.len);
    buf_free(&block);
}

/* F is a Content-Type of MIME, one from before it (RFC 1049) has no slash; *text: of text. */
static bool is_mime_type(const struct header_field *f, bool *text)
{
    size_t at = 0;

    while (at < f->body_len && strchr(" \t\n", f->body[at]) != NULL)
        at++;
    *text = f->body_len - at >= 5 && header_name_order(f->body + at, 5, "text/", 5) == 0;
    return memchr(f->body, '/', f->body_len) != NULL;
}

/*
 * 8-bit text that does not say what it is: most readers take it for Latin-1 or for nothing, and
 * without an encoding it is said to be 7-bit (RFC 2045 section 6.1). What was said stays; a
 * Content-Type means nothing without the version (section 4), but one from before MIME does not
 * become MIME by ours.
 */
static void add_mime_fields(struct fixup *x, const struct message_facts *body)
{
    struct buf *out = &x->header;
    struct header_field f;
    bool version = (x->seen & BIT(FIELD_MIME_VERSION)) == 0;
    bool type = (x->seen & BIT(FIELD_CONTENT_TYPE)) == 0;
    bool encoding = (x->seen & BIT(FIELD_CONTENT_TRANSFER_ENCODING)) == 0;

    if (!body->eight_bit || x->sealed)
        return;
    if (type) {
        type = encoding; /* what is encoded by its own word is not known to be text */
        version = version && encoding;
    } else {
        bool text = false;
        bool mime = find_field(out, false, FIELD_CONTENT_TYPE, &f) && is_mime_type(&f, &text);

        version = version && mime;
        encoding = encoding && mime && text;
    }
    if (version)
        buf_adds(out, "MIME-Version: 1.0\n");
    if (type)
        buf_addf(out, "Content-Type: text/plain; charset=%s\n",
                 body->utf8 ? "utf-8" : "unknown-8bit");
    if (encoding)
        buf_adds(out, "Content-Transfer-Encoding: 8bit\n");
}

/* Only a line that may not travel makes this second copy necessary. */
static void fold_long_lines(struct fixup *x)
{
    struct buf folded;

    if (x->header.over || !fold_is_needed(x->header.data, x->header.len))
        return;
    buf_init(&folded, LIMIT_HEADER);
    (void)fold_header(&folded, x->header.data, x->header.len);
    buf_free(&x->header);
    x->header = folded;
}

enum cause fixup_apply(struct message *m, const struct fixup_params *p, struct fault *why)
{
    struct fixup x = {.p = p};

    survey(&x, &m->header);
    buf_init(&x.header, LIMIT_HEADER);
    copy_fields(&x, &m->header);
    add_all_missing(&x);
    add_mime_fields(&x, &m->body);
    fold_long_lines(&x);
    if (x.header.over) {
        buf_free(&x.header);
        return fault_set(why, CAUSE_BAD_MESSAGE, "the header would be over %d octets",
                         LIMIT_HEADER);
    }
    buf_free(&m->header);
    m->header = x.header;
    return CAUSE_NONE;
}
