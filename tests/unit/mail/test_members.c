/* test_members.c: where members stand, marked in the text: [member], ^ behind a bare local part. */
#include "config.h"

#include "mail/members.h"

#include <string.h>

#include "base/buf.h"
#include "tap.h"

static void mark(const char *text, size_t n, struct buf *out)
{
    struct member_scan s;
    struct member m;
    size_t at = 0;

    members_init(&s, text, n);
    while (members_next(&s, &m)) {
        buf_add(out, text + at, m.start - at);
        buf_addc(out, '[');
        for (at = m.start; at < m.end; at++) {
            if (at == m.local_end)
                buf_addc(out, '^');
            buf_addc(out, text[at]);
        }
        if (at == m.local_end)
            buf_addc(out, '^');
        buf_addc(out, ']');
    }
    buf_add(out, text + at, n - at);
}

int main(void)
{
    static const struct {
        const char *in, *want, *why;
    } rows[] = {
        {"", "", "nothing"},
        {" \n ", " \n ", "blanks"},
        {"a@b", "[a@b]", "an address"},
        {"root", "[root^]", "a bare one"},
        {" root , a@b ", " [root^] , [a@b] ", "blanks stay outside"},
        {",,a,,b,", ",,[a^],,[b^],", "empty members"},
        {"Root <root>", "[Root <root^>]", "bare in brackets"},
        {"Root < root >", "[Root < root^ >]", "with blanks"},
        {"Root <root (x)>", "[Root <root^ (x)>]", "with a comment"},
        {"root (Cron, Daemon)", "[root^ (Cron, Daemon)]", "a comment behind"},
        {"(c) root\n (d)", "[(c) root^\n (d)]", "comments around"},
        {"\"a, b\" <c>, d", "[\"a, b\" <c^>], [d^]", "a comma in quotes"},
        {"\"a@b\" <c>", "[\"a@b\" <c^>]", "an at sign in the name"},
        {"a@b <c>", "[a@b <c^>]", "and unquoted"},
        {"\"a@b\"", "[\"a@b\"^]", "a quoted local part"},
        {"\"a\\\"b\"@c", "[\"a\\\"b\"@c]", "an escaped quote"},
        {"a.b", "[a.b^]", "dots"},
        {"a @ b", "[a @ b]", "blanks around the at sign"},
        {"a@[1.2,3]", "[a@[1.2,3]]", "a literal"},
        {"<@x,@y:a@b>, c", "[<@x,@y:a@b>], [c^]", "a route"},
        {"g: a, b@c; d", "g: [a^], [b@c]; [d^]", "a group"},
        {"undisclosed-recipients:;", "undisclosed-recipients:;", "an empty group"},
        {"<>", "[<>]", "an empty address"},
        {"a <b> c", "[a <b^> c]", "words behind the bracket"},
        {"a, \"b", "[a^], \"b", "an open quote"},
        {"a, (b", "[a^], (b", "an open comment"},
        {"a, <b", "[a^], <b", "an open bracket"},
        {"a, [b", "[a^], [b", "an open literal"},
        {"a, \"b\\", "[a^], \"b\\", "a backslash at the end"},
        {"((a)b)c", "[((a)b)c^]", "nested comments"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf out;

        buf_init(&out, 1000);
        mark(rows[i].in, strlen(rows[i].in), &out);
        is_str(out.data, rows[i].want, rows[i].why);
        buf_free(&out);
    }
    return done_testing();
}
