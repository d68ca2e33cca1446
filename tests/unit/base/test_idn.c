/* test_idn.c: A-labels, plain domains, and what the mapping must not smuggle in. */
#include "config.h"

#include "base/idn.h"

#include "tap.h"

#ifdef HAVE_LIBIDN2
#define WITH_IDN(name) name
#else
#define WITH_IDN(name) NULL
#endif

static const struct {
    const char *in, *want, *why; /* want NULL: refused */
} cases[] = {
    {"example.org", "example.org", "plain"},
    {"Mail.Example.ORG", "Mail.Example.ORG", "plain names keep their case"},
    {"example.org.", "example.org.", "and their dot"},
    {"[192.0.2.1]", "[192.0.2.1]", "an address literal"},
    {"", NULL, "nothing"},
    {"exam ple.org", NULL, "a blank"},
    {"a\r\nb", NULL, "a line end"},
    {"a\x7f", NULL, "DEL"},
    {"b\xc3\xbc"
     "cher.example",
     WITH_IDN("xn--bcher-kva.example"), "a U-label"},
    {"B\xc3\x9c"
     "CHER.Example",
     WITH_IDN("xn--bcher-kva.example"), "mapped to lower case"},
    {"bu\xcc\x88"
     "cher.example",
     WITH_IDN("xn--bcher-kva.example"), "composed (NFC)"},
    {"stra\xc3\x9f"
     "e.example",
     WITH_IDN("xn--strae-oqa.example"), "nontransitional: sharp s stays"},
    {"\xe4\xbe\x8b\xe3\x80\x82"
     "example",
     WITH_IDN("xn--fsq.example"), "the ideographic full stop"},
    {"a\xef\xbc\xa0"
     "b.example",
     NULL, "a wide @"},
    {"a\xe2\x84\x80"
     "b.example",
     NULL, "a character that maps to a slash"},
    {"a\xef\xbc\x8f"
     "b.example",
     NULL, "a wide slash"},
    {"\xc3\x28.example", NULL, "no UTF-8"},
    {"\xe2\x80\xae"
     "a.example",
     NULL, "a bidi override"},
    {"\xc3\xbc..example", NULL, "an empty label"},
    {"\xc3\xbc\x01.example", NULL, "a control character"},
};

int main(void)
{
    struct fault why = {0};
    char longest[260], wide[300];
    char *got;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        enum cause cause;

        got = NULL;
        cause = idn_to_ascii(cases[i].in, &got, &why);
        is_int(cause, cases[i].want != NULL ? CAUSE_NONE : CAUSE_BAD_ADDRESS, cases[i].why);
        is_str(got, cases[i].want, cases[i].why);
        ok(cause == CAUSE_NONE || why.text.len > 0, "a refusal says why");
        free(got);
        fault_free(&why);
    }
    memset(longest, 'a', sizeof(longest));
    for (size_t i = 49; i < 250; i += 50)
        longest[i] = '.';
    longest[253] = '\0';
    got = NULL;
    is_int(idn_to_ascii(longest, &got, &why), CAUSE_NONE, "253 octets");
    free(got);
    longest[253] = 'a';
    longest[254] = '\0';
    is_int(idn_to_ascii(longest, &got, &why), CAUSE_BAD_ADDRESS, "254 octets");
    memset(wide, 'a', sizeof(wide));
    memcpy(wide, "\xc3\xbc", 2);
    memcpy(wide + 80, ".example", 9);
    is_int(idn_to_ascii(wide, &got, &why), CAUSE_BAD_ADDRESS, "a label over 63 octets");
    fault_free(&why);
    return done_testing();
}
