/* test_wire.c: stored form to wire form, for any borders of pieces and of room. */
#include "config.h"

#include "mail/wire.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "tap.h"

/* A small generator of our own: the same cases on every machine. */
static uint32_t seed = 2463534242U;

static uint32_t draw(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % below;
}

/*
 * All of IN through a wire in pieces of at most PIECE octets (0: of random size) into windows of
 * at most WINDOW octets (0: of random size).
 */
static void run(const char *in, size_t n, bool stuff, size_t piece, size_t window, struct buf *all)
{
    struct wire w;
    struct buf out;
    size_t at = 0;

    wire_init(&w, stuff);
    buf_reset(all);
    while (at < n) {
        size_t want = piece > 0 ? piece : 1 + draw(9), taken = 0;

        if (want > n - at)
            want = n - at;
        while (taken < want) {
            size_t used;

            buf_init(&out, window > 0 ? window : 2 + draw(7));
            used = wire_feed(&w, in + at + taken, want - taken, &out);
            if (used == 0 || out.over) {
                ok(false, "a window of two octets always moves");
                buf_free(&out);
                return;
            }
            taken += used;
            buf_add(all, out.data, out.len);
            buf_free(&out);
        }
        at += taken;
    }
    buf_init(&out, 5);
    wire_end(&w, &out);
    buf_add(all, out.data, out.len);
    buf_free(&out);
}

static void test_table(void)
{
    static const struct {
        const char *in, *data, *bdat;
    } rows[] = {
        {"", ".\r\n", ""},
        {"\n", "\r\n.\r\n", "\r\n"},
        {"a\n", "a\r\n.\r\n", "a\r\n"},
        {"a", "a\r\n.\r\n", "a\r\n"},
        {".\n", "..\r\n.\r\n", ".\r\n"},
        {".", "..\r\n.\r\n", ".\r\n"},
        {"..\n", "...\r\n.\r\n", "..\r\n"},
        {"\n.\n\n.a\n", "\r\n..\r\n\r\n..a\r\n.\r\n", "\r\n.\r\n\r\n.a\r\n"},
        {"a.b.\n", "a.b.\r\n.\r\n", "a.b.\r\n"},
    };
    struct buf all;

    buf_init(&all, 1000);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (size_t piece = 1; piece < 5; piece++) {
            run(rows[i].in, strlen(rows[i].in), true, piece, 0, &all);
            is_str(all.data, rows[i].data, "DATA");
            run(rows[i].in, strlen(rows[i].in), false, piece, 0, &all);
            is_str(all.data, rows[i].bdat, "BDAT");
        }
    }
    buf_free(&all);
}

/* What a server does: takes lines, drops a first dot, ends at the lone one. False: malformed. */
static bool receive(const struct buf *wire, struct buf *got)
{
    size_t at = 0;

    buf_reset(got);
    while (at < wire->len) {
        const char *line = wire->data + at;
        const char *lf = memchr(line, '\n', wire->len - at);
        size_t n;

        if (lf == NULL || lf == line || lf[-1] != '\r')
            return false;
        n = (size_t)(lf - line) - 1;
        if (memchr(line, '\r', n) != NULL)
            return false;
        at += n + 2;
        if (n == 1 && line[0] == '.')
            return at == wire->len;
        if (n > 0 && line[0] == '.') {
            line++;
            n--;
        }
        buf_add(got, line, n);
        buf_addc(got, '\n');
    }
    return false;
}

static void test_random(void)
{
    static const char letters[] = ".\n.\nab\xff"; /* and the NUL behind them */
    int wrong = 0;
    struct buf all, got;

    buf_init(&all, 100000);
    buf_init(&got, 100000);
    for (int i = 0; i < 3000; i++) {
        char in[64];
        size_t n = draw(sizeof(in));

        for (size_t j = 0; j < n; j++)
            in[j] = letters[draw(sizeof(letters))];
        run(in, n, true, 0, 0, &all);
        wrong += !receive(&all, &got);
        if (n > 0 && in[n - 1] != '\n')
            in[n++] = '\n';
        wrong += got.len != n || memcmp(got.data, in, n) != 0;
    }
    is_int(wrong, 0, "what a server un-stuffs is what was given");
    buf_free(&all);
    buf_free(&got);
}

static void test_full(void)
{
    struct wire w;
    struct buf out;

    buf_init(&out, 4);
    wire_init(&w, true);
    is_int((long long)wire_feed(&w, "abc\n", 4, &out), 3, "no room for a whole CRLF");
    is_int((long long)wire_feed(&w, "\n", 1, &out), 0, "still none");
    ok(!out.over, "the ceiling was not passed");
    buf_reset(&out);
    is_int((long long)wire_feed(&w, "\n.", 2, &out), 2, "CRLF and the two dots fit");
    is_str(out.data, "\r\n..", "whole");
    is_int((long long)wire_feed(&w, "x", 1, &out), 0, "full");
    is_int((long long)wire_feed(&w, "", 0, &out), 0, "nothing to do");
    buf_free(&out);
    buf_init(&out, 3);
    wire_init(&w, true);
    is_int((long long)wire_feed(&w, "\n.", 2, &out), 1, "no room for two dots");
    buf_free(&out);
}

int main(void)
{
    test_table();
    test_random();
    test_full();
    return done_testing();
}
