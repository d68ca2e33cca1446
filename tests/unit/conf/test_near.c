/* test_near.c: what is suggested, and what is left alone. */
#include "config.h"

#include "conf/near.h"

#include "base/attr.h"
#include "tap.h"

static void test_pairs(void)
{
    static const struct {
        const char *word, *candidate;
        bool near;
        const char *why;
    } cases[] = {
        {"hots", "host", true, "two letters exchanged"},
        {"hst", "host", true, "one left out"},
        {"hosst", "host", true, "one too many"},
        {"hoxt", "host", true, "one wrong"},
        {"HOST", "host", true, "caps lock"},
        {"Host", "host", true, "a capital"},
        {"pasword_comand", "password_command", true, "two left out of a long one"},
        {"tls-trust", "tls_trust", true, "a hyphen for an underscore"},
        {"paswrd", "password", true, "two left out"},
        {"guest", "port", false, "nothing alike"},
        {"x", "like", false, "one letter of four"},
        {"", "like", false, "nothing"},
        {"ab", "ta", false, "two slips in two letters"},
        {"no", "yes", false, "short words"},
        {"to", "no", true, "one slip of a short word is all it can bear"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaa", false,
         "a word longer than any key"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        unsigned best = NEAR_NONE;

        ok(near_is_better(cases[i].word, cases[i].candidate, &best) == cases[i].near, "%s: %s, %s",
           cases[i].why, cases[i].word, cases[i].candidate);
        ok((best != NEAR_NONE) == cases[i].near, "the distance is told with it");
    }
}

static void test_best(void)
{
    unsigned best = NEAR_NONE;

    ok(near_is_better("Port", "sort", &best), "a first candidate");
    ok(near_is_better("Port", "port", &best), "a nearer one replaces it");
    ok(!near_is_better("Port", "sort", &best), "not the other way round");
    ok(!near_is_better("Port", "port", &best), "nor one as near");
}

int main(void)
{
    test_pairs();
    test_best();
    return done_testing();
}
