/* test_num.c: numbers at the borders of their types, and what is no number. */
#include "config.h"

#include "base/num.h"

#include "base/attr.h"
#include "tap.h"

#define NO (-1) /* refused */

static void test_parse(void)
{
    static const struct {
        const char *in;
        uint64_t max, want;
        bool good;
        const char *why;
    } cases[] = {
        {"0", 0, 0, true, "zero, when only zero is allowed"},
        {"1", 0, 0, false, "one over zero"},
        {"587", 65535, 587, true, "a port"},
        {"65535", 65535, 65535, true, "the maximum"},
        {"65536", 65535, 0, false, "one more"},
        {"9", 5, 0, false, "one digit over a small maximum"},
        {"000000000000000000000000007", 7, 7, true, "leading zeros"},
        {"18446744073709551615", UINT64_MAX, UINT64_MAX, true, "all bits"},
        {"18446744073709551616", UINT64_MAX, 0, false, "one bit more"},
        {"99999999999999999999999999", UINT64_MAX, 0, false, "far more"},
        {"", 9, 0, false, "nothing"},
        {"-1", 9, 0, false, "a sign"},
        {"+1", 9, 0, false, "the other sign"},
        {" 1", 9, 0, false, "a blank in front"},
        {"1 ", 9, 0, false, "a blank behind"},
        {"0x1", 99, 0, false, "another base"},
        {"1.5", 99, 0, false, "a fraction"},
        {"\xb2", 99, 0, false, "a digit of Latin-1"},
        {":", 99, 0, false, "the character behind 9"},
        {"/", 99, 0, false, "the one in front of 0"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t got = 77;
        bool good = num_parse(cases[i].in, strlen(cases[i].in), cases[i].max, &got);

        ok(good == cases[i].good && got == (good ? cases[i].want : 77), "number: %s", cases[i].why);
    }
}

static void test_parse_int(void)
{
    static const struct {
        const char *in;
        int64_t min, max, want;
        bool good;
    } cases[] = {
        {"0", 0, 0, 0, true},
        {"-0", 0, 0, 0, true},
        {"-1", -1, 1, -1, true},
        {"-2", -1, 1, 0, false},
        {"2", -1, 1, 0, false},
        {"-", -1, 1, 0, false},
        {"--1", -5, 5, 0, false},
        {"- 1", -5, 5, 0, false},
        {"", -5, 5, 0, false},
        {"9223372036854775807", INT64_MIN, INT64_MAX, INT64_MAX, true},
        {"9223372036854775808", INT64_MIN, INT64_MAX, 0, false},
        {"-9223372036854775808", INT64_MIN, INT64_MAX, INT64_MIN, true},
        {"-9223372036854775809", INT64_MIN, INT64_MAX, 0, false},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t got = 77;
        bool good = num_parse_int(cases[i].in, cases[i].min, cases[i].max, &got);

        ok(good == cases[i].good && got == (good ? cases[i].want : 77), "signed: \"%s\"",
           cases[i].in);
    }
}

static void test_duration(void)
{
    static const struct {
        const char *in;
        int64_t want;
    } cases[] = {
        {"0", 0},
        {"90", 90},
        {"90s", 90},
        {"5m", 300},
        {"4h", 14400},
        {"5d", 432000},
        {"1w", 604800},
        {"1h30m", 5400},
        {"1w1d1h1m1s", 694861},
        {"2147483647", INT32_MAX},
        {"2147483648", NO},
        {"3550w", 2147040000},
        {"3551w", NO},
        {"2147483647w", NO},
        {"2147483647w2147483647d2147483647h", NO},
        {"18446744073709551616s", NO},
        {"", NO},
        {"h", NO},
        {"1h30", NO},
        {"30m1h", NO},
        {"1h1h", NO},
        {"5 m", NO},
        {"5M", NO},
        {"-5m", NO},
        {"1.5h", NO},
        {"5min", NO},
        {"5x", NO},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t got = NO;

        ok(num_parse_duration(cases[i].in, &got) == (cases[i].want != NO), "duration: \"%s\"",
           cases[i].in);
        is_int(got, cases[i].want, cases[i].in);
    }
}

static void test_size(void)
{
    static const struct {
        const char *in;
        uint64_t want;
        bool good;
    } cases[] = {
        {"0", 0, true},
        {"1000", 1000, true},
        {"64K", 65536, true},
        {"10M", 10485760, true},
        {"2G", 2147483648, true},
        {"1k", 1024, true},
        {"18446744073709551615", UINT64_MAX, true},
        {"17179869183G", 17179869183ULL << 30, true},
        {"17179869184G", 0, false},
        {"18014398509481984K", 0, false},
        {"", 0, false},
        {"K", 0, false},
        {"1KB", 0, false},
        {"1T", 0, false},
        {"1 K", 0, false},
        {"-1K", 0, false},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t got = 77;
        bool good = num_parse_size(cases[i].in, &got);

        ok(good == cases[i].good && got == (good ? cases[i].want : 77), "size: \"%s\"",
           cases[i].in);
    }
}

static void test_format(void)
{
    static const struct {
        int64_t seconds;
        const char *want;
    } cases[] = {
        {0, "0s"},
        {-5, "0s"},
        {1, "1s"},
        {60, "1m"},
        {90, "90s"},
        {5400, "90m"},
        {14400, "4h"},
        {86400, "1d"},
        {432000, "5d"},
        {604800, "1w"},
        {694861, "694861s"},
        {INT32_MAX, "2147483647s"},
        {INT64_MAX, "9223372036854775807s"},
    };
    char out[32];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t back = NO;

        num_format_duration(cases[i].seconds, out);
        is_str(out, cases[i].want, "duration written");
        if (cases[i].seconds >= 0 && cases[i].seconds <= INT32_MAX)
            ok(num_parse_duration(out, &back) && back == cases[i].seconds, "and reads back");
    }
}

int main(void)
{
    test_parse();
    test_parse_int();
    test_duration();
    test_size();
    test_format();
    return done_testing();
}
