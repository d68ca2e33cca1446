/*
 * mime.c: RFC 2047 encoded words.
 *
 * The text is unfolded first and folded anew, so that column counts are true. What needs encoding
 * is gathered into runs of whole words with the blanks between them, because a reader drops the
 * blanks between two encoded words (RFC 2047 section 6.2): inside a run they are part of the text.
 */
#include "config.h"

#include "mail/mime.h"

#include <stdint.h>
#include <string.h>

#include "base/b64.h"
#include "mail/lex.h"

/* A four-octet character in Q, the widest thing that cannot be split. */
enum { WIDEST_CHARACTER = 12 };

struct writer {
    struct buf *out;
    size_t column;
    enum mime_where where;
    bool utf8; /* else every octet is a character of unknown-8bit */
};

/* A piece of the unfolded text: the blanks, then the word. */
struct piece {
    size_t blank;
    size_t word;
    size_t end;
};

enum word_kind { WORD_PLAIN, WORD_NEEDS, WORD_ENCODED };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_alnum(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* RFC 3629 section 4. */
size_t mime_utf8_length(const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    unsigned char low = 0x80, high = 0xbf;
    size_t length, i;

    if (s[0] < 0x80)
        return 1;
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    length = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (n < length)
        return 0;
    if (s[0] == 0xe0)
        low = 0xa0; /* over-long */
    else if (s[0] == 0xed)
        high = 0x9f; /* surrogates */
    else if (s[0] == 0xf0)
        low = 0x90; /* over-long */
    else if (s[0] == 0xf4)
        high = 0x8f; /* over U+10FFFF */
    if (s[1] < low || s[1] > high)
        return 0;
    for (i = 2; i < length; i++)
        if (s[i] < 0x80 || s[i] > 0xbf)
            return 0;
    return length;
}

/* How many octets of TEXT are surely ASCII, eight at a time: text is mostly long runs of one kind,
 * and what is left over is for mime_utf8_length. */
static size_t ascii_run(const char *text, size_t n)
{
    size_t at = 0;
    uint64_t word;

    for (; n - at >= sizeof(word); at += sizeof(word)) {
        memcpy(&word, text + at, sizeof(word));
        if ((word & 0x8080808080808080U) != 0)
            break;
    }
    return at;
}

/* How many octets of TEXT are well-formed characters, from the first on. */
static size_t utf8_run(const char *text, size_t n)
{
    size_t at = 0, length;

    while (at < n) {
        length = (unsigned char)text[at] < 0x80 ? ascii_run(text + at, n - at) : 0;
        if (length == 0)
            length = mime_utf8_length(text + at, n - at);
        if (length == 0)
            break;
        at += length;
    }
    return at;
}

bool mime_is_utf8(const char *text, size_t n)
{
    return utf8_run(text, n) == n;
}

/* One more octet of a cut character. False: that is none, whatever follows. */
static bool add_to_open(struct mime_utf8 *u, char c)
{
    if (u->n == sizeof(u->open) || (u->n > 0 && ((unsigned char)c & 0xc0) != 0x80))
        return false;
    u->open[u->n++] = c;
    if (mime_utf8_length(u->open, u->n) != 0)
        u->n = 0;
    return true;
}

bool mime_utf8_feed(struct mime_utf8 *u, const char *text, size_t n)
{
    size_t at = 0;

    for (; u->n > 0 && at < n; at++) {
        if (!add_to_open(u, text[at]))
            return false;
    }
    for (at += utf8_run(text + at, n - at); at < n; at++) {
        if (!add_to_open(u, text[at]))
            return false;
    }
    return true;
}

bool mime_is_plain(const char *text, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '\n' && i + 1 < n && is_blank(text[i + 1]))
            continue;
        if ((c < 0x20 && c != '\t') || c >= 0x7f)
            return false;
    }
    return true;
}

/* =?charset?Q?text?= with nothing missing: a reader will decode it, so it must stay one word. */
bool mime_is_encoded_word(const char *word, size_t n)
{
    size_t mark[4], marks = 0, i;

    if (n < 8 || word[0] != '=' || word[n - 1] != '=')
        return false;
    for (i = 1; i < n - 1; i++) {
        unsigned char c = (unsigned char)word[i];

        if (c <= 0x20 || c >= 0x7f)
            return false;
        if (c != '?')
            continue;
        if (marks == ARRAY_LEN(mark))
            return false;
        mark[marks++] = i;
    }
    if (marks != 4 || mark[0] != 1 || mark[1] == 2 || mark[2] != mark[1] + 2 || mark[3] != n - 2)
        return false;
    return strchr("QqBb", word[mark[1] + 1]) != NULL;
}

static bool is_atom(const char *word, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (!lex_is_atext((unsigned char)word[i]))
            return false;
    return true;
}

/*
 * A word that is encoded already stays; but in a phrase only as an atom, which "=?x?q?<a@b>,?=" is
 * not: a name from within quotes would come to life as an address.
 */
static enum word_kind kind_of(const struct writer *w, const char *word, size_t n)
{
    if (mime_is_encoded_word(word, n) && (w->where == MIME_UNSTRUCTURED || is_atom(word, n)))
        return WORD_ENCODED;
    return w->where == MIME_PHRASE || !mime_is_plain(word, n) ? WORD_NEEDS : WORD_PLAIN;
}

/* Section 4.2, and (3) of section 5 for phrases; an underscore stands for the blank. */
static bool is_q_literal(const struct writer *w, unsigned char c)
{
    if (is_alnum(c) || c == ' ' || (c != 0 && strchr("!*+-/", c) != NULL))
        return true;
    return w->where == MIME_UNSTRUCTURED && c != 0 && strchr(".,:;'@#$%&~", c) != NULL;
}

static size_t q_cost(const struct writer *w, const char *text, size_t n)
{
    size_t cost = 0, i;

    for (i = 0; i < n; i++)
        cost += is_q_literal(w, (unsigned char)text[i]) ? 1 : 3;
    return cost;
}

static size_t b_cost(size_t n)
{
    return (n + 2) / 3 * 4;
}

static void emit(struct writer *w, const char *text, size_t n)
{
    buf_add(w->out, text, n);
    w->column += n;
}

static void emit_fold(struct writer *w, const char *blank, size_t n)
{
    buf_addc(w->out, '\n');
    w->column = 0;
    if (n == 0)
        emit(w, " ", 1);
    else
        emit(w, blank, n);
}

static void emit_q(struct writer *w, const char *text, size_t n)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t i;

    for (i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        char three[3] = {'=', hex[c >> 4], hex[c & 15]};

        if (c == ' ')
            emit(w, "_", 1);
        else if (is_q_literal(w, c))
            emit(w, text + i, 1);
        else
            emit(w, three, sizeof(three));
    }
}

/* How many octets of whole characters encode into at most ROOM; 0 when not one does. */
static size_t fitting(const struct writer *w, bool q, const char *text, size_t n, size_t room)
{
    size_t taken = 0, cost = 0;

    while (taken < n) {
        size_t length = w->utf8 ? mime_utf8_length(text + taken, n - taken) : 1;

        cost = q ? cost + q_cost(w, text + taken, length) : b_cost(taken + length);
        if (cost > room)
            break;
        taken += length;
    }
    return taken;
}

static size_t room_behind(size_t column)
{
    return column < MIME_LINE_MAX ? MIME_LINE_MAX - column : 0;
}

/*
 * One run as encoded words. BLANK is what stands between it and the text before. Characters that
 * do not fit the rest of the line go on a new one, all of them if one word can hold the run.
 */
static void emit_run(struct writer *w, const char *blank, size_t nblank, const char *run, size_t n)
{
    size_t q_all = q_cost(w, run, n);
    bool q = q_all <= b_cost(n);
    size_t all = q ? q_all : b_cost(n);
    const char *open = w->utf8 ? (q ? "=?UTF-8?Q?" : "=?UTF-8?B?")
                               : (q ? "=?unknown-8bit?Q?" : "=?unknown-8bit?B?");
    size_t frame = strlen(open) + 2;
    size_t most = MIME_WORD_MAX - frame;
    size_t room = room_behind(w->column + nblank + frame);

    if (room < WIDEST_CHARACTER || (all <= most && all > room && nblank > 0)) {
        emit_fold(w, blank, nblank);
        room = room_behind(w->column + frame);
        if (room < WIDEST_CHARACTER)
            room = most; /* blanks as wide as a line: they stay what they are */
    } else {
        emit(w, blank, nblank);
    }
    room = room < most ? room : most;
    while (n > 0 && !w->out->over) {
        size_t take = fitting(w, q, run, n, room);

        emit(w, open, strlen(open));
        if (q) {
            emit_q(w, run, take);
        } else {
            b64_encode(w->out, run, take);
            w->column += b_cost(take);
        }
        emit(w, "?=", 2);
        run += take;
        n -= take;
        room = most;
        if (n > 0)
            emit_fold(w, " ", 1);
    }
}

static void emit_plain(struct writer *w, const char *blank, size_t nblank, const char *word,
                       size_t n)
{
    if (nblank > 0 && n > 0 && w->column > 0 && w->column + nblank + n > MIME_LINE_MAX)
        emit_fold(w, blank, nblank);
    else
        emit(w, blank, nblank);
    emit(w, word, n);
}

/* Folds taken out; a CR, NUL or other control octet would come back to life in the reader. */
static void unfold(struct buf *out, const char *text, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '\n' && i + 1 < n && is_blank(text[i + 1]))
            continue;
        buf_addc(out, (c < 0x20 && c != '\t') || c == 0x7f ? ' ' : text[i]);
    }
}

static struct piece next_piece(const char *text, size_t n, size_t at)
{
    struct piece p = {.blank = at};

    while (at < n && is_blank(text[at]))
        at++;
    p.word = at;
    while (at < n && !is_blank(text[at]))
        at++;
    p.end = at;
    return p;
}

/*
 * Where the run that ends at AT so far really ends. Blanks before an encoded word that was there
 * already belong to the run: beside it the reader would drop them.
 */
static size_t run_end(const struct writer *w, const char *text, size_t n, size_t at)
{
    for (;;) {
        struct piece p = next_piece(text, n, at);
        enum word_kind kind = kind_of(w, text + p.word, p.end - p.word);

        if (p.word == p.end || kind == WORD_PLAIN)
            return at;
        if (kind == WORD_ENCODED)
            return p.word;
        at = p.end;
    }
}

/* Pieces into runs; next to an encoded word that was there already a blank of ours separates. */
static void write_words(struct writer *w, const char *text, size_t n)
{
    bool after_encoded = false; /* what was written last is an encoded word of the text */
    bool after_run = false;     /* ... a run that has taken the blanks behind it */
    size_t at = 0;

    while (at < n && !w->out->over) {
        struct piece p = next_piece(text, n, at);
        enum word_kind kind = kind_of(w, text + p.word, p.end - p.word);
        const char *blank = text + p.blank;
        size_t nblank = p.word - p.blank;
        size_t from = p.word;

        if (nblank > 0 && after_encoded)
            from = p.blank;
        if ((after_encoded && kind == WORD_NEEDS) || (after_run && nblank == 0)) {
            blank = " ";
            nblank = 1;
        }
        if (kind == WORD_NEEDS && p.word < p.end) {
            at = run_end(w, text, n, p.end);
            emit_run(w, blank, nblank, text + from, at - from);
        } else {
            at = p.end;
            emit_plain(w, blank, nblank, text + p.word, p.end - p.word);
        }
        after_encoded = kind == WORD_ENCODED;
        after_run = kind == WORD_NEEDS;
    }
}

bool mime_encode_words(struct buf *out, const char *text, size_t n, enum mime_where where,
                       size_t column)
{
    struct writer w = {.out = out, .column = column, .where = where};
    struct buf plain;

    w.utf8 = mime_is_utf8(text, n);
    buf_init(&plain, n);
    unfold(&plain, text, n);
    write_words(&w, plain.data, plain.len);
    buf_free(&plain);
    return !out->over;
}
