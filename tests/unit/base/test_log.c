/* test_log.c: what reaches standard error and the log file, and that trouble there is silent. */
#include "config.h"

#include "base/log.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
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
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(file, sizeof(file), "%s/file", folder);
    err = catch_stderr();
    test_errors(err);
    test_file(err);
    test_other_targets(err);
    test_terminal();
    test_closed();
    log_target_set(LOG_TO_NONE, NULL);
    unlink(file);
    unlink(err);
    ok(rmdir(folder) == 0, "nothing else is left behind");
    return done_testing();
}
