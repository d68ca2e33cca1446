/* test_message.c: reading from descriptors of every kind, and handing the body out again. */
#include "config.h"

#include "mail/message.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/proc.h"
#include "tap.h"

/* Writes N octets to FD in pieces of PIECE from a child process. */
static pid_t feed(int fd, int other, const char *text, size_t n, size_t piece)
{
    pid_t child = fork();

    if (child != 0) {
        close(fd);
        return child;
    }
    close(other);
    for (size_t at = 0; at < n;) {
        size_t part = piece < n - at ? piece : n - at;
        ssize_t put = write(fd, text + at, part);

        if (put < 0)
            _exit(1);
        at += (size_t)put;
    }
    _exit(0);
}

static struct message *must_read(int fd, bool dot_ends)
{
    struct message_input in = {.fd = fd, .dot_ends = dot_ends};
    struct message *m = NULL;
    struct fault why = {0};

    if (message_read(&m, &in, &why) != CAUSE_NONE)
        printf("# %s\n", why.text.data);
    fault_free(&why);
    return m;
}

/* The whole body in pieces of at most CAP octets. */
static struct buf body_of(const struct message *m, size_t cap)
{
    struct message_cursor c = {0};
    struct fault why = {0};
    struct buf all;
    char *scratch = malloc(cap);
    const char *piece;
    size_t n = 0;

    buf_init(&all, (size_t)1 << 30);
    do {
        if (message_body_next(m, &c, scratch, cap, &piece, &n, &why) != CAUSE_NONE) {
            ok(false, "the body can be read: %s", why.text.data);
            break;
        }
        if (n > cap)
            ok(false, "a piece is over %zu octets", cap);
        buf_add(&all, piece, n);
    } while (n > 0);
    free(scratch);
    fault_free(&why);
    return all;
}

static int temporary(const char *text, size_t n)
{
    char path[] = "/tmp/test_message.XXXXXX";
    int fd = mkstemp(path);

    if (fd < 0 || unlink(path) != 0 || write(fd, text, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET))
        abort();
    return fd;
}

static void expect(int fd, const char *header, const char *body, const char *name)
{
    struct message *m = must_read(fd, true);
    struct buf all;

    if (!ok(m != NULL, "%s: read", name))
        return;
    all = body_of(m, 3);
    is_str(m->header.data, header, name);
    is_str(all.data, body, name);
    ok(m->fd == -1, "%s: in memory", name);
    buf_free(&all);
    message_close(&m);
    ok(m == NULL, "closed and nulled");
}

static void test_descriptors(void)
{
    static const char text[] = "A: b\r\n\r\nc\r\n.\r\nleft";
    int fd, pair[2];
    pid_t child;

    for (size_t piece = 1; piece < 5; piece++) {
        if (pipe(pair) != 0)
            abort();
        child = feed(pair[1], pair[0], text, 15, piece);
        expect(pair[0], "A: b\n", "c\n", "a pipe");
        close(pair[0]);
        waitpid(child, NULL, 0);
    }
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        abort();
    (void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
    child = feed(pair[1], pair[0], text, 10, 1);
    expect(pair[0], "A: b\n", "c\n", "a socket left non-blocking");
    close(pair[0]);
    waitpid(child, NULL, 0);

    fd = temporary(text, sizeof(text) - 1);
    expect(fd, "A: b\n", "c\n", "an unlinked file");
    lseek(fd, 6, SEEK_SET);
    expect(fd, "", "c\n", "a file with an offset");
    close(fd);
    fd = open("/dev/null", O_RDONLY);
    expect(fd, "", "", "/dev/null");
    close(fd);
}

/* A lone dot ends the reading although the writer stays. */
static void test_dot_returns(void)
{
    int pair[2];

    if (pipe(pair) != 0 || write(pair[1], "A: b\n\n.\n", 8) != 8)
        abort();
    expect(pair[0], "A: b\n", "", "the writer did not close");
    close(pair[0]);
    close(pair[1]);
}

static void expect_fault(int fd, const char *tmpdir, enum cause want, const char *name)
{
    struct message_input in = {.fd = fd, .tmpdir = tmpdir};
    struct message *m = NULL;
    struct fault why = {0};

    is_int(message_read(&m, &in, &why), want, name);
    ok(m == NULL && why.text.len > 0, "%s: %s", name, why.text.data);
    message_close(&m);
    fault_free(&why);
}

static void test_failures(void)
{
    size_t n = LIMIT_BODY_MEMORY + 2;
    char *text = malloc(n);
    int fd;

    if (text == NULL)
        abort();
    expect_fault(-1, NULL, CAUSE_INPUT, "no descriptor");
    fd = open("/", O_RDONLY | O_DIRECTORY);
    expect_fault(fd, NULL, CAUSE_INPUT, "a folder");
    close(fd);
    fd = open("/dev/null", O_WRONLY);
    expect_fault(fd, NULL, CAUSE_INPUT, "a descriptor for writing");
    close(fd);

    memset(text, '\n', n);
    fd = temporary(text, n);
    expect_fault(fd, "/nowhere/at/all", CAUSE_IO, "no folder for the body");
    close(fd);
    free(text);
}

/* The file size limit stands for a full disk. In a child: the limit cannot be taken back. */
static void test_disk_full(void)
{
    size_t n = 4 * LIMIT_BODY_MEMORY;
    char *text = calloc(1, n);
    int fd, status = 0;
    pid_t child;

    if (text == NULL)
        abort();
    fd = temporary(text, n);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        struct message_input in = {.fd = fd};
        struct rlimit limit = {.rlim_cur = LIMIT_BODY_MEMORY, .rlim_max = LIMIT_BODY_MEMORY};
        struct message *m = NULL;
        struct fault why = {0};
        enum cause cause;

        (void)proc_start();
        (void)setrlimit(RLIMIT_FSIZE, &limit);
        cause = message_read(&m, &in, &why);
        fault_free(&why);
        free(text);
        _exit(cause == CAUSE_DISK_FULL && m == NULL ? 0 : 1);
    }
    waitpid(child, &status, 0);
    is_int(status, 0, "no room for the body is CAUSE_DISK_FULL");
    close(fd);
    free(text);
}

/* Whoever drains must know whether the end was read: a caller may keep its pipe open behind it. */
static void test_ended(void)
{
    static const struct {
        const char *text;
        enum cause cause;
        const char *why;
    } rows[] = {
        {"Subject: x\n\nhi\n.\n", CAUSE_NONE, "a message up to the lone dot"},
        {"garbage\nBcc: x@example.org\n\n.\n", CAUSE_BAD_MESSAGE, "one that is refused"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool ended = false;
        struct message_input input = {.dot_ends = true, .ended = &ended};
        struct message *m = NULL;
        struct fault why = {0};
        int ends[2];

        if (pipe(ends) != 0 ||
            write(ends[1], rows[i].text, strlen(rows[i].text)) != (ssize_t)strlen(rows[i].text))
            abort();
        input.fd = ends[0];
        is_int(message_read(&m, &input, &why), rows[i].cause, rows[i].why);
        ok(ended, "... was read to its end");
        close(ends[1]);
        message_close(&m);
        fault_free(&why);
        close(ends[0]);
    }
}

/* A child with its signals recorded reads a silent pipe; SIGTERM ends that. */
static void test_interrupted(void)
{
    int in[2], ready[2], status = 0;
    char c;
    pid_t child;

    if (pipe(in) != 0 || pipe(ready) != 0)
        abort();
    fflush(stdout);
    child = fork();
    if (child == 0) {
        struct message_input input = {.fd = in[0]};
        struct message *m = NULL;
        struct fault why = {0};
        enum cause cause;

        (void)proc_start();
        if (write(ready[1], "x", 1) != 1)
            _exit(2);
        cause = message_read(&m, &input, &why);
        fault_free(&why);
        message_drain(in[0]);
        _exit(cause == CAUSE_INTERRUPTED && m == NULL ? 0 : 1);
    }
    if (read(ready[0], &c, 1) != 1)
        abort();
    kill(child, SIGTERM);
    waitpid(child, &status, 0);
    is_int(status, 0, "a signal ends the reading, and the draining too");
    close(in[0]);
    close(in[1]);
    close(ready[0]);
    close(ready[1]);
}

/* N octets of lines; stored form and, with CRLF, as they might come in. */
static struct buf make_lines(size_t n, bool crlf)
{
    struct buf b;

    buf_init(&b, n + 200);
    for (unsigned i = 0; b.len < n; i++)
        buf_addf(&b, "%s%u %.*s%s", i % 7 == 0 ? "." : "", i, (int)(i % 70),
                 "......................................................................",
                 crlf ? "\r\n" : "\n");
    return b;
}

static void test_large(void)
{
    for (int crlf = 0; crlf < 2; crlf++) {
        struct buf stored = make_lines(3000000, false), in = make_lines(3000000, false), body;
        struct message *m;
        int fd;

        buf_free(&in);
        buf_init(&in, 4000000);
        buf_adds(&in, "A: b\n\n");
        for (size_t at = 0; at < stored.len; at++) {
            if (crlf && stored.data[at] == '\n')
                buf_addc(&in, '\r');
            buf_addc(&in, stored.data[at]);
        }
        fd = temporary(in.data, in.len);
        m = must_read(fd, true);
        if (ok(m != NULL && m->fd >= 0, "a large body is in a file")) {
            is_int((long long)m->text.cap, 0, "and not in memory");
            is_int((long long)m->body.octets, (long long)stored.len, "all of it");
            for (size_t cap = 1000; cap < 10000000; cap *= 37) {
                body = body_of(m, cap);
                ok(body.len == stored.len && memcmp(body.data, stored.data, body.len) == 0,
                   "octet for octet in pieces of %zu", cap);
                buf_free(&body);
            }
        }
        message_close(&m);
        close(fd);
        buf_free(&in);
        buf_free(&stored);
    }
}

static void test_memory_border(void)
{
    for (size_t n = LIMIT_BODY_MEMORY - 1; n <= LIMIT_BODY_MEMORY + 1; n++) {
        char *text = malloc(n + 1);
        struct buf body;
        struct message *m;
        int fd;

        if (text == NULL)
            abort();
        memset(text, 'x', n + 1);
        text[0] = '\n';
        text[n] = '\n';
        fd = temporary(text, n + 1);
        m = must_read(fd, true);
        ok((m->fd >= 0) == (n > LIMIT_BODY_MEMORY), "%zu octets: where they belong", n);
        body = body_of(m, 4096);
        ok(body.len == n && memcmp(body.data, text + 1, n) == 0, "%zu octets: all there", n);
        buf_free(&body);
        message_close(&m);
        close(fd);
        free(text);
    }
}

static void test_short_file(void)
{
    struct buf in = make_lines(600000, false);
    struct message_cursor c = {0};
    struct fault why = {0};
    struct message *m;
    char scratch[4096];
    const char *piece;
    size_t n = 0;
    enum cause cause = CAUSE_NONE;
    int fd = temporary(in.data, in.len);

    m = must_read(fd, true);
    ok(m != NULL && ftruncate(m->fd, 10000) == 0, "somebody cuts the file");
    do {
        cause = message_body_next(m, &c, scratch, sizeof(scratch), &piece, &n, &why);
    } while (cause == CAUSE_NONE && n > 0);
    is_int(cause, CAUSE_IO, "that is a fault and not an end");
    is_int((long long)c.at, 10000, "behind the last octet there is");
    fault_free(&why);
    message_close(&m);
    close(fd);
    buf_free(&in);
}

static struct message *from_text(const char *text, size_t n)
{
    int fd = temporary(text, n);
    struct message *m = must_read(fd, false);

    close(fd);
    return m;
}

static void test_wire_size(void)
{
    static const struct {
        const char *in;
        long long want;
    } rows[] = {
        {"", 2}, {"A: b\n", 8}, {"A: b\r\n\r\n", 8}, {"A: b\n c\n\nd\n.\n\ne", 23}, {"x", 5},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct message *m = from_text(rows[i].in, strlen(rows[i].in));

        is_int((long long)message_wire_size(m), rows[i].want, "octets with CRLF, dots not doubled");
        message_close(&m);
    }
}

static void expect_transport(struct message *m, bool eight_bit_ok, const char *want)
{
    struct fault why = {0};
    enum cause cause = message_transportable(m, eight_bit_ok, &why);

    is_int(cause, want == NULL ? CAUSE_NONE : CAUSE_NEEDS_ARMOR, "transportable");
    is_str(want == NULL ? NULL : why.text.data, want, "what and where");
    fault_free(&why);
}

/* What to do about it, for a server that takes ASCII alone. */
static void expect_hint(struct message *m, const char *want)
{
    struct fault why = {0};

    is_int(message_transportable(m, false, &why), CAUSE_NEEDS_ARMOR, "not transportable");
    is_str(fault_hint_text(&why), want, "what to do");
    fault_free(&why);
}

static void test_transportable(void)
{
    char text[12000];
    struct message *m;

    m = from_text("A: \xc3\xa4\n\nplain\n", 13);
    expect_transport(m, true, NULL);
    expect_transport(m, false, "the A field has 8-bit text, which the server does not take");
    expect_hint(m, "write its text in ASCII, or encode it, and send it again");
    message_close(&m);
    m = from_text("A: b\nX-Y : c\n d\n \xff\nB: e\n\n\xff\n", 27);
    expect_transport(m, true, NULL);
    expect_transport(m, false, "the X-Y field has 8-bit text, which the server does not take");
    message_close(&m);
    m = from_text("A: b\n\nx\n\ny\xc3\xa4\n", 13);
    expect_transport(m, true, NULL);
    expect_transport(m, false, "line 3 of the body has 8-bit text, which the server does not take");
    message_close(&m);
    m = from_text("\nx\ny\0\xff\n", 8);
    expect_transport(m, true, "line 2 of the body has a NUL octet");
    message_close(&m);

    memset(text, 'x', sizeof(text));
    memcpy(text, "A: b\n\nx\n", 8);
    text[8 + LIMIT_TEXT_LINE] = '\n';
    m = from_text(text, 8 + LIMIT_TEXT_LINE + 1);
    expect_transport(m, false, NULL);
    message_close(&m);
    text[8 + LIMIT_TEXT_LINE] = 'x';
    m = from_text(text, 8 + LIMIT_TEXT_LINE + 1);
    expect_transport(m, false, "line 2 of the body has 999 octets; mail can carry 998");
    message_close(&m);
    m = from_text(text, sizeof(text));
    expect_transport(m, false, "line 2 of the body has 11992 octets; mail can carry 998");
    expect_hint(m, "encode it as quoted-printable or base64 and send it again");
    message_close(&m);

    memset(text, 'x', sizeof(text));
    memcpy(text, "A: b\nB:", 7);
    m = from_text(text, 5 + LIMIT_TEXT_LINE);
    expect_transport(m, false, NULL);
    message_close(&m);
    m = from_text(text, 5 + LIMIT_TEXT_LINE + 1);
    expect_transport(m, false, "line 2 of the header has 999 octets; mail can carry 998");
    expect_hint(m, "break the line and send it again");
    message_close(&m);
}

static void test_8bit(void)
{
    char text[40] = {0};
    int wrong = 0;

    for (size_t from = 0; from < 8; from++) {
        for (size_t n = 0; n <= 32; n++) {
            wrong += message_has_8bit(text + from, n);
            for (size_t at = 0; at < n; at++) {
                text[from + at] = (char)0x80;
                wrong += !message_has_8bit(text + from, n);
                text[from + at] = 0x7f;
            }
            text[from + n] = (char)0xff;
            wrong += message_has_8bit(text + from, n);
            text[from + n] = 0;
        }
    }
    is_int(wrong, 0, "8-bit octets are seen wherever they stand, and only within");
}

static void test_drain(void)
{
    int pair[2];
    pid_t child;
    int status = 0;
    struct buf in = make_lines(300000, true);

    if (pipe(pair) != 0)
        abort();
    fflush(stdout);
    child = feed(pair[1], pair[0], in.data, in.len, 10000);
    message_drain(pair[0]);
    waitpid(child, &status, 0);
    is_int(status, 0, "the writer could write all");
    close(pair[0]);
    message_drain(-1);
    ok(true, "no descriptor, nothing to drain");
    buf_free(&in);
}

/* What was to be hidden and got into the body with a line that is no field. */
static void test_stray_bcc(void)
{
    static const struct {
        const char *in, *text, *hint; /* the last two NULL: it is read */
    } rows[] = {
        {"To: a@example.org\nBcc\xe2\x80\x8b: b@example.org\n\nx\n",
         "line 2 looks like a Bcc field and is no header field: it would be shown",
         "the header ends at line 2: mend it, or put an empty line before the text"},
        {"From x\r\nA: b\r\n c\r\ngarbage\r\nTo: a\r\nBcc: b@example.org\r\n\r\nx\r\n",
         "line 6 looks like a Bcc field and stands behind a line that is no header field",
         "the header ends at line 4: mend it, or put an empty line before the text"},
        {" Bcc: b@example.org",
         "line 1 looks like a Bcc field and is no header field: it would be "
         "shown",
         "the header ends at line 1: mend it, or put an empty line before the text"},
        {"B\rcc: b\nBcc: c\n",
         "line 3 looks like a Bcc field and stands behind a line that is no header field",
         "the header ends at line 1: mend it, or put an empty line before the text"},
        {"\nBcc: in the text\n", NULL, NULL},
        {"A: b\n\ngarbage\nBcc: in the text\n", NULL, NULL},
        {"garbage\n\nBcc: in the text\n", NULL, NULL},
        {"Hello,\nthe bcc: field\n", NULL, NULL},
        {"A: b\nBcc: c\nBcc : c\n", NULL, NULL},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int fd = temporary(rows[i].in, strlen(rows[i].in));
        struct message_input in = {.fd = fd};
        struct message *m = NULL;
        struct fault why = {0};
        enum cause cause = message_read(&m, &in, &why);

        is_int(cause, rows[i].text != NULL ? CAUSE_BAD_MESSAGE : CAUSE_NONE,
               "a stray Bcc, or none");
        ok((m == NULL) == (rows[i].text != NULL), "a message, or none");
        is_str(cause != CAUSE_NONE ? why.text.data : NULL, rows[i].text, "what");
        is_str(cause != CAUSE_NONE ? fault_hint_text(&why) : NULL, rows[i].hint, "advice");
        is_int(lseek(fd, 0, SEEK_CUR), (long long)strlen(rows[i].in), "all was read");
        message_close(&m);
        fault_free(&why);
        close(fd);
    }
}

/* A body in a file is searched as well, and only as far as a header might reach. */
static void test_stray_far(void)
{
    static const char bcc[] = "Bcc: b@example.org\n";

    for (int far = 0; far < 2; far++) {
        struct buf in = make_lines(2 * LIMIT_BODY_MEMORY, false);
        struct message *m = NULL;
        struct fault why = {0};
        struct message_input input = {0};

        memcpy(in.data + (far ? LIMIT_BODY_MEMORY : 50000), bcc, sizeof(bcc) - 1);
        in.data[(far ? LIMIT_BODY_MEMORY : 50000) - 1] = '\n';
        input.fd = temporary(in.data, in.len);
        is_int(message_read(&m, &input, &why), far ? CAUSE_NONE : CAUSE_BAD_MESSAGE,
               far ? "far behind" : "in the first part of a body in a file");
        message_close(&m);
        fault_free(&why);
        close(input.fd);
        buf_free(&in);
    }
}

int main(void)
{
    test_stray_bcc();
    test_stray_far();
    test_descriptors();
    test_dot_returns();
    test_failures();
    test_disk_full();
    test_ended();
    test_interrupted();
    test_large();
    test_memory_border();
    test_short_file();
    test_wire_size();
    test_transportable();
    test_8bit();
    test_drain();
    return done_testing();
}
