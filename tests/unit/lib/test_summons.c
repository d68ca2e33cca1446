/* test_summons.c: a signal reaches the process that was named, and no other. */
#include "config.h"

#include "summons.h"

#include "octets.h"
#include "tap.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_signal(const char *dir, const char *name, int number)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        (void)signal(number, SIG_DFL);
        for (;;)
            (void)pause();
    }
    ok(summons_leave(dir, child), "%s: the process is named", name);
    is_str(summons_send(dir, name), NULL, "...sent");
    (void)waitpid(child, &status, 0);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == number, "...arrived");
    ok(summons_gone(dir), "...and has ended");
    is_str(summons_send(dir, name), NULL, "who has ended is not missed, and nobody else is hit");
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    struct octets dir = {0}, path = {0};

    octets_printf(&dir, "%s/summons.XXXXXX", tmp && *tmp == '/' ? tmp : "/tmp");
    if (mkdtemp(dir.p) == NULL)
        return 1;
    is_str(summons_send(dir.p, "KILL"), "signals are TERM, INT and HUP", "another signal");
    test_signal(dir.p, "TERM", SIGTERM);
    test_signal(dir.p, "INT", SIGINT);
    test_signal(dir.p, "HUP", SIGHUP);
    ok(summons_leave(dir.p, 1), "process 1 is named");
    is_str(summons_send(dir.p, "TERM"), "nobody told who the client is", "...and left in peace");
    ok(summons_leave(dir.p, getpid()), "one is named");
    summons_expect(dir.p);
    ok(access(octets_text((octets_printf(&path, "%s/pid", dir.p), &path)), F_OK) != 0,
       "...and forgotten before the next begins");
    path.n = 0;
    ok(!summons_leave("/nonexistent", 2), "a folder that is not there");
    octets_printf(&path, "%s/pid", dir.p);
    (void)unlink(path.p);
    (void)rmdir(dir.p);
    octets_free(&dir);
    octets_free(&path);
    return done_testing();
}
