/* test_file.c: what may be opened, whose it may be, and reads and writes at their limits. */
#include "config.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tap.h"

static char folder[PATH_MAX];

static const char *in_folder(const char *name)
{
    static char path[PATH_MAX + 64];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void make_file(const char *name, const void *bytes, size_t n)
{
    int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
        ok(false, "the test can write %s", name);
    close(fd);
}

static void test_open(void)
{
    struct fault why = {0};
    struct stat st;
    int fd = -1;

    make_file("plain", "text", 4);
    is_int(file_open_regular(in_folder("plain"), &fd, &st, &why), CAUSE_NONE, "a regular file");
    ok(st.st_size == 4 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0, "with its facts, close-on-exec");
    close(fd);
    if (symlink("plain", in_folder("link")) == 0) {
        is_int(file_open_regular(in_folder("link"), &fd, &st, &why), CAUSE_NONE, "through a link");
        close(fd);
    }
    fd = -1;
    is_int(file_open_regular(in_folder("none"), &fd, &st, &why), CAUSE_CONFIG, "not there");
    ok(why.err == ENOENT && strstr(why.text.data, "/none: ") != NULL, "says which and why");
    is_int(file_open_regular(folder, &fd, &st, &why), CAUSE_CONFIG, "a folder");
    ok(why.err == 0 && strstr(why.text.data, "not a regular file") != NULL, "is no regular file");
    if (mkfifo(in_folder("fifo"), 0600) == 0)
        is_int(file_open_regular(in_folder("fifo"), &fd, &st, &why), CAUSE_CONFIG,
               "a FIFO is refused and does not hang");
    is_int(file_open_regular("/dev/null", &fd, &st, &why), CAUSE_CONFIG, "a device");
    ok(fd == -1, "a refusal gives no descriptor");
    fault_free(&why);
}

static void test_owner(void)
{
    static const struct {
        uid_t owner;
        mode_t mode;
        bool safe;
        const char *words, *hint;
    } cases[] = {
        {500, 0600, true, NULL, NULL},
        {500, 0644, true, NULL, NULL},
        {0, 0640, true, NULL, NULL},
        {500, 0660, false, "mode 0660", "chmod go-w /etc/p.ini"},
        {500, 0602, false, "mode 0602", "chmod go-w /etc/p.ini"},
        {0, 0666, false, "mode 0666 (owner uid 0)", "chmod go-w /etc/p.ini"},
        {501, 0600, false, "owned by uid 501 (mode 0600)", "chown 500 /etc/p.ini"},
        {501, 04777, false, "owned by uid 501 (mode 4777)", "chown 500 /etc/p.ini"},
    };
    struct fault why = {0};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct stat st = {.st_uid = cases[i].owner, .st_mode = S_IFREG | cases[i].mode};
        enum cause cause = file_owner_safe("/etc/p.ini", &st, 500, &why);

        is_int(cause, cases[i].safe ? CAUSE_NONE : CAUSE_CONFIG, "owner and mode");
        if (cases[i].safe)
            continue;
        ok(strstr(why.text.data, cases[i].words) != NULL &&
               strstr(why.text.data, "/etc/p.ini") != NULL,
           "text has \"%s\"", cases[i].words);
        is_str(fault_hint_text(&why), cases[i].hint, "the command that mends it");
    }
    fault_free(&why);
}

/* Reads file NAME with a buffer of CEILING. */
static enum cause read_with(const char *name, size_t ceiling, struct buf *out, struct fault *why)
{
    int fd = open(in_folder(name), O_RDONLY);
    enum cause cause;

    buf_init(out, ceiling);
    cause = file_read_fd(fd, name, out, why);
    close(fd);
    return cause;
}

/* How many octets of a pipe are read. */
static long long read_pipe(int fd, struct fault *why)
{
    struct buf out;
    long long n;

    buf_init(&out, 1024 * 1024);
    n = file_read_fd(fd, "pipe", &out, why) == CAUSE_NONE ? (long long)out.len : -1;
    buf_free(&out);
    return n;
}

static void test_read(void)
{
    static char big[100000];
    struct fault why = {0};
    struct buf out;
    int ends[2];

    for (size_t i = 0; i < sizeof(big); i++)
        big[i] = (char)(i * 7 + i / 256);
    make_file("big", big, sizeof(big));
    make_file("empty", "", 0);
    is_int(read_with("big", sizeof(big), &out, &why), CAUSE_NONE, "a file as long as the ceiling");
    is_mem(out.data, out.len == sizeof(big) ? 100 : 0, big, 100, "its start");
    ok(out.len == sizeof(big) && memcmp(out.data, big, sizeof(big)) == 0, "all of it");
    buf_free(&out);
    is_int(read_with("big", sizeof(big) - 1, &out, &why), CAUSE_CONFIG, "one octet over");
    is_str(why.text.data, "big: more than 99999 octets", "says the limit");
    buf_free(&out);
    is_int(read_with("big", 1024 * 1024, &out, &why), CAUSE_NONE, "a file under the ceiling");
    ok(out.len == sizeof(big) && memcmp(out.data, big, sizeof(big)) == 0, "is read whole");
    ok(out.cap <= sizeof(big) + 2, "into room for its size: %zu octets", out.cap);
    buf_free(&out);
    is_int(read_with("empty", 0, &out, &why), CAUSE_NONE, "nothing into nothing");
    buf_free(&out);
    is_int(read_with("empty", 10, &out, &why), CAUSE_NONE, "an empty file");
    is_str(out.data, "", "is an empty string");
    buf_adds(&out, "front ");
    if (pipe(ends) == 0) {
        is_int(write(ends[1], big, 40000), 40000, "a pipe takes more than one step");
        close(ends[1]);
        is_int(read_pipe(ends[0], &why), 40000, "which has no size and is read whole");
        close(ends[0]);
    }
    if (pipe(ends) == 0) {
        is_int(write(ends[1], "abc", 3), 3, "a pipe takes text");
        close(ends[1]);
        is_int(file_read_fd(ends[0], "pipe", &out, &why), CAUSE_NONE, "a pipe");
        is_str(out.data, "front abc", "is appended");
        close(ends[0]);
    }
    is_int(file_read_fd(-1, "gone", &out, &why), CAUSE_IO, "a wrong descriptor");
    is_int(why.err, EBADF, "keeps its errno");
    buf_free(&out);
    fault_free(&why);
}

static void test_write(void)
{
    static char big[20000];
    struct fault why = {0};
    struct rlimit old, small = {.rlim_cur = 1000, .rlim_max = RLIM_INFINITY};
    int fd = open(in_folder("out"), O_RDWR | O_CREAT, 0600);
    int full = open("/dev/full", O_WRONLY);
    char back[8] = "";

    is_int(file_write_all(fd, "text", 4, "out", &why), CAUSE_NONE, "a write");
    ok(pread(fd, back, sizeof(back), 0) == 4 && memcmp(back, "text", 4) == 0, "arrives");
    is_int(file_write_all(-1, "", 0, "out", &why), CAUSE_NONE, "nothing needs no descriptor");
    is_int(file_write_all(-1, "x", 1, "out", &why), CAUSE_IO, "a wrong descriptor");
    if (full >= 0) {
        is_int(file_write_all(full, "x", 1, "full", &why), CAUSE_DISK_FULL, "a full device");
        is_int(why.err, ENOSPC, "keeps its errno");
        close(full);
    }
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small.rlim_max = old.rlim_max;
    setrlimit(RLIMIT_FSIZE, &small);
    is_int(file_write_all(fd, big, sizeof(big), "out", &why), CAUSE_DISK_FULL,
           "a short write is gone on with, up to the file size limit");
    is_int(why.err, EFBIG, "which is the errno");
    setrlimit(RLIMIT_FSIZE, &old);
    is_int(lseek(fd, 0, SEEK_END), 1000, "up to there it was written");
    close(fd);
    fault_free(&why);
}

static void test_temporary(void)
{
    struct fault why = {0};
    struct stat st;
    char back[4];
    int fd = -1;

    is_int(file_temporary(folder, &fd, &why), CAUSE_NONE, "a temporary file");
    ok(fstat(fd, &st) == 0 && st.st_nlink == 0 && (st.st_mode & 07777) == 0600,
       "has no name and is ours alone");
    ok((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0, "is no child's");
    ok(write(fd, "abc", 3) == 3 && pread(fd, back, 3, 0) == 3, "can be written and read");
    close(fd);
    fd = -1;
    is_int(file_temporary(in_folder("none"), &fd, &why), CAUSE_IO, "a folder that is not there");
    ok(fd == -1 && strstr(why.text.data, "/none: ") != NULL, "is named");
    setenv("TMPDIR", in_folder("none"), 1);
    is_int(file_temporary(NULL, &fd, &why), CAUSE_NONE, "a TMPDIR that is gone gives way to /tmp");
    close(fd);
    setenv("TMPDIR", "relative", 1);
    is_int(file_temporary(NULL, &fd, &why), CAUSE_NONE, "so does a relative one");
    close(fd);
    fault_free(&why);
}

int main(void)
{
    static const char *const names[] = {"plain", "link", "fifo", "big", "empty", "out"};
    const char *tmp = getenv("TMPDIR");

    snprintf(folder, sizeof(folder), "%s/file.XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(folder) == NULL)
        return 1;
    test_open();
    test_owner();
    test_read();
    test_write();
    test_temporary();
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        unlink(in_folder(names[i]));
    ok(rmdir(folder) == 0, "nothing else is left behind");
    return done_testing();
}
