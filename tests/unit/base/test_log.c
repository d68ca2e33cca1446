/* test_log.c: what reaches standard error and the log file, and that trouble there is silent. */
#include "config.h"

#include "base/log.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/limits.h"
#include "tap.h"

static char folder[PATH_MAX];
static char file[PATH_MAX + 8];
static char seen[3 * LIMIT_LOG_LINE];

/* What is in the file now; it is emptied. */
static const char *take_file(const char *path)
{
    int fd = open(path, O_RDWR);
    ssize_t n = fd >= 0 ? read(fd, seen, sizeof(seen) - 1) : 0;

    seen[n > 0 ? n : 0] = '\0';
    if (fd >= 0 && ftruncate(fd, 0) == 0)
        close(fd);
    return seen;
}

/* Standard error goes to a file in the folder from here on. */
static const char *catch_stderr(void)
{
    static char path[PATH_MAX + 8];
    int fd;

    snprintf(path, sizeof(path), "%s/err", folder);
    fd = open(path, O_RDWR | O_CREAT | O_APPEND, 0600);
    dup2(fd, STDERR_FILENO);
    close(fd);
    return path;
}

static void test_errors(const char *err)
{
    struct fault why = {0};
    char longer[LIMIT_LOG_LINE + 50];

    log_error("early");
    is_str(take_file(err), "postrider: early\n", "a name before main gave one");
    log_start("sendmail");
    log_error("cannot %s\n\x1b[2J", "read");
    is_str(take_file(err), "sendmail: cannot read\\n\\x1b[2J\n", "one printable line");
    log_error("%s", "a\\b");
    is_str(take_file(err), "sendmail: a\\b\n", "finished text is not escaped again");
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    log_error("%s", longer);
    is_int((long long)strlen(take_file(err)), LIMIT_LOG_LINE + 1, "a long line is cut");
    ok(seen[LIMIT_LOG_LINE] == '\n', "and still ended");

    log_fault(&why);
    is_str(take_file(err), "", "no fault, no line");
    fault_set(&why, CAUSE_CONFIG, "bad key");
    fault_place(&why, "p.ini:3");
    fault_hint(&why, "use %s", "host");
    log_fault(&why);
    is_str(take_file(err), "sendmail: p.ini:3: bad key\nsendmail: hint: use host\n", "two lines");
    fault_set(&why, CAUSE_MESSAGE_REFUSED, "refused");
    log_fault(&why);
    is_str(take_file(err), "sendmail: refused\n", "one, when there is no hint");
    fault_free(&why);
}

static void test_file(const char *err)
{
    struct stat st;
    char link[PATH_MAX + 8], want[64];
    const char *line;

    log_target_set(LOG_TO_FILE, file);
    log_line(LOG_INFO, "send", "to=%s\nstatus=sent", "<a@example.org>");
    ok(stat(file, &st) == 0 && (st.st_mode & 07777) == 0600, "the file is made, ours alone");
    log_line(LOG_ERR, "queue", "second");
    line = take_file(file);
    ok(strlen(line) > 25 && line[4] == '-' && line[10] == 'T' && line[19] != '\0' &&
           line[24] == ' ',
       "a line begins with the date");
    snprintf(want, sizeof(want), " postrider/send[%ld]: to=<a@example.org>\\nstatus=sent\n",
             (long)getpid());
    ok(strstr(line, want) != NULL, "then who, then the text in one line");
    ok(strstr(line, "postrider/queue[") != NULL, "the next is behind it");
    unlink(file);
    log_line(LOG_INFO, "send", "after rotation");
    ok(strstr(take_file(file), "after rotation") != NULL,
       "a file that was moved away is made anew");

    snprintf(link, sizeof(link), "%s/link", folder);
    if (symlink(file, link) == 0) {
        log_target_set(LOG_TO_FILE, link);
        log_line(LOG_INFO, "send", "through a link");
        is_str(take_file(file), "", "no link is followed");
        unlink(link);
    }
    if (mkfifo(link, 0600) == 0) {
        log_target_set(LOG_TO_FILE, link);
        log_line(LOG_INFO, "send", "into a pipe");
        ok(true, "a FIFO nobody reads does not hold us");
        unlink(link);
    }
    log_target_set(LOG_TO_FILE, "/nonexistent/folder/log");
    log_line(LOG_INFO, "send", "nowhere");
    log_target_set(LOG_TO_FILE, NULL);
    log_line(LOG_INFO, "send", "nowhere at all");
    is_str(take_file(err), "", "trouble with the log is silent");
}

static void test_other_targets(const char *err)
{
    char want[64];

    log_target_set(LOG_TO_NONE, NULL);
    log_line(LOG_INFO, "send", "unseen");
    is_str(take_file(err), "", "none is none");
    log_target_set(LOG_TO_STDERR, NULL);
    log_line(LOG_INFO, "send", "seen\t%d", 1);
    snprintf(want, sizeof(want), "postrider/send[%ld]: seen\\t1\n", (long)getpid());
    is_str(take_file(err), want, "standard error as the log");
    log_line(LOG_INFO, "a part whose name is far longer than any syslog ident could be", "x");
    ok(strstr(take_file(err), "]: x\n") != NULL, "a long part is cut");
}

/* A socket of ours in the folder, named in place of the daemon's; its descriptor. */
static int bind_daemon(const char *name, int type)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    snprintf(at.sun_path, sizeof(at.sun_path), "%s", name);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
        printf("Bail out! no socket %s\n", name);
        exit(99);
    }
    if (type == SOCK_STREAM)
        listen(fd, 5);
    return fd;
}

/* The next datagram, "" when there is none. */
static const char *take_datagram(int fd)
{
    ssize_t n = recv(fd, seen, sizeof(seen) - 1, 0);

    seen[n > 0 ? n : 0] = '\0';
    return seen;
}

/* "<22>Jan  2 03:04:05 postrider/send[1]: " of the datagram in SEEN: its length, 0 = not so. */
static size_t header_length(const char *pri)
{
    static const char form[] = "Mmm dd hh:mm:ss ";
    char tag[64];
    size_t at = strlen(pri);
    long day;

    snprintf(tag, sizeof(tag), "postrider/send[%ld]: ", (long)getpid());
    if (strncmp(seen, pri, at) != 0 || strlen(seen) < at + sizeof(form) - 1 ||
        strncmp(seen + at + sizeof(form) - 1, tag, strlen(tag)) != 0)
        return 0;
    for (size_t i = 6; i < sizeof(form) - 1; i++)
        if (form[i] >= 'a' ? seen[at + i] < '0' || seen[at + i] > '9' : seen[at + i] != form[i])
            return 0;
    day = strtol(seen + at + 4, NULL, 10);
    return day >= 1 && day <= 31 && (day > 9) == (seen[at + 4] != ' ')
               ? at + sizeof(form) - 1 + strlen(tag)
               : 0;
}

static void test_syslog(const char *err)
{
    static const char names[] = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec ";
    char month[5] = "";
    int fd, before, count = 0;

    before = dup(0);
    close(before);
    log_target_set(LOG_TO_SYSLOG, "nobody");
    log_line(LOG_INFO, "send", "nobody listens");
    fd = bind_daemon("daemon", SOCK_DGRAM);
    log_target_set(LOG_TO_SYSLOG, "daemon");
    log_line(LOG_INFO, "send", "to=%s\nstatus=sent", "<a@example.org>");
    take_datagram(fd);
    ok(header_length("<22>") > 0, "facility mail, date, part and pid: %s", seen);
    is_str(seen + header_length("<22>"), "to=<a@example.org>\\nstatus=sent", "then the text");
    memcpy(month, seen + 4, 4);
    ok(strlen(month) == 4 && strstr(names, month) != NULL, "an English month: %s", month);
    log_line(LOG_CRIT | LOG_AUTH, "send", "x");
    take_datagram(fd);
    ok(header_length("<18>") > 0, "the priority alone is the caller's: %s", seen);
    setenv("TZ", "XXX-09:30", 1);
    setenv("LC_ALL", "de_DE.UTF-8", 1);
    log_line(LOG_INFO, "send", "x");
    take_datagram(fd);
    ok(header_length("<22>") > 0, "another zone, the same form: %s", seen);
    log_line(LOG_INFO, "a part whose name is far longer than any syslog ident could be", "x");
    ok(strstr(take_datagram(fd), "]: x") != NULL, "a long part is cut");
    close(fd);
    unlink("daemon");
    log_line(LOG_INFO, "send", "it is gone");
    fd = bind_daemon("daemon", SOCK_DGRAM);
    log_line(LOG_INFO, "send", "back");
    ok(strstr(take_datagram(fd), "]: back") != NULL, "a daemon that comes back is heard again");

    alarm(60); /* a line that waits for the daemon would wait for ever */
    for (int i = 0; i < 5000; i++)
        log_line(LOG_INFO, "send", "line %d", i);
    alarm(0);
    while (take_datagram(fd)[0] != '\0')
        count++;
    ok(count > 0 && count < 5000, "a full queue drops lines and holds nobody: %d came", count);
    log_line(LOG_INFO, "send", "later");
    ok(strstr(take_datagram(fd), "]: later") != NULL, "and is used again when it has room");
    close(fd);
    unlink("daemon");

    fd = bind_daemon("stream", SOCK_STREAM);
    log_target_set(LOG_TO_SYSLOG, "stream");
    log_line(LOG_INFO, "send", "of another type");
    is_str(take_datagram(fd), "", "a stream socket gets nothing");
    close(fd);
    unlink("stream");
    log_target_set(LOG_TO_SYSLOG, file); /* a path that is no socket, and one that fits into none */
    log_line(LOG_INFO, "send", "no socket");
    memset(seen, 'x', 300);
    seen[300] = '\0';
    log_target_set(LOG_TO_SYSLOG, seen);
    log_line(LOG_INFO, "send", "too long");
    log_target_set(LOG_TO_SYSLOG, NULL);
    log_target_set(LOG_TO_NONE, NULL);
    is_str(take_file(err), "", "all of it without a word");
    fd = dup(0);
    ok(fd == before + 1, "one socket for the process");
    close(fd);
}

static void test_terminal(void)
{
    int null;

    ok(!log_is_terminal(2), "a file is no terminal");
    ok(!log_is_terminal(-1) && !log_is_terminal(3), "other descriptors are not asked");
    null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    close(null);
    ok(!log_is_terminal(0), "nor is a device");
    null = posix_openpt(O_RDWR | O_NOCTTY);
    if (null >= 0) {
        dup2(null, 0);
        close(null);
        ok(!log_is_terminal(0), "the first answer stays");
    }
}

static void test_closed(void)
{
    close(STDERR_FILENO);
    log_error("into nothing");
    log_line(LOG_INFO, "send", "into nothing");
    ok(true, "a closed standard error is survived");
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    const char *err;

    snprintf(folder, sizeof(folder), "%s/log.XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(folder) == NULL || chdir(folder) != 0) /* socket names are short */
        return 1;
    snprintf(file, sizeof(file), "%s/file", folder);
    err = catch_stderr();
    test_errors(err);
    test_file(err);
    test_other_targets(err);
    test_syslog(err);
    test_terminal();
    test_closed();
    log_target_set(LOG_TO_NONE, NULL);
    unlink(file);
    unlink(err);
    ok(rmdir(folder) == 0, "nothing else is left behind");
    return done_testing();
}
