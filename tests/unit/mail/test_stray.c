/* test_stray.c: every spelling of a Bcc field that is none by the letter. */
#include "config.h"

#include "mail/stray.h"

#include <string.h>

#include "tap.h"

#define TEXT(s) s, sizeof(s) - 1

static const struct {
    const char *in;
    size_t n;
    long long want;
    const char *why;
} rows[] = {
    {TEXT("Bcc\xe2\x80\x8b: x\n"), 1, "a zero-width space"},
    {TEXT("Bcc\xc2\xad: x\n"), 1, "a soft hyphen"},
    {TEXT("Bcc\x01: x\n"), 1, "a control"},
    {TEXT("Bcc\xef\xbc\x9a x\n"), 1, "a full-width colon"},
    {TEXT("Bcc\xef\xbc\x9a x: y\n"), 1, "the first of two colons counts"},
    {TEXT("Bcc x\xef\xbc\x9a: y\n"), 0, "another word before it"},
    {TEXT("\xc2\xa0"
          "Bcc: x\n"),
     1, "a no-break space in front"},
    {TEXT(" Bcc: x\n"), 1, "a blank in front"},
    {TEXT("Bcc\n : x\n"), 1, "folded before the colon"},
    {TEXT("x\nBcc\n \n\t: x\n"), 2, "folded twice"},
    {TEXT("Bcc\xc2\n\xa0: x\n"), 1, "a character torn apart"},
    {TEXT("Bcc\n\xef\xbc\x9ax\n"), 1, "nothing but a colon on the next line"},
    {TEXT("B\n cc: x\n"), 1, "folded in the name"},
    {TEXT("Bcc\xa0: x\n"), 1, "Latin-1"},
    {TEXT("B\0cc: x\n"), 1, "a NUL in the name"},
    {TEXT("x\ny: z\nbCC: x\n"), 3, "a field behind a line that is none"},
    {TEXT("x\nResent-\x7f"
          "BCC : x"),
     2, "the Resent- one, and no line end"},
    {TEXT("x\nResent\n -Bcc: x"), 2, "the Resent- one, folded"},
    {TEXT("Bcc:"), 1, "nothing behind"},
    {TEXT("Bcc"), 0, "no colon"},
    {TEXT(""), 0, "nothing"},
    {TEXT("\nBcc: x\n"), 0, "behind the empty line"},
    {TEXT("x\n\nBcc: x\n"), 0, "behind a later one"},
    {TEXT("x\n \nBcc: x\n"), 3, "a line of blanks is not empty"},
    {TEXT("Bcc\ny: x\n"), 0, "a field of its own below"},
    {TEXT("Bcc\ny\n : x\n"), 0, "a word between"},
    {TEXT("Bcc\n x: y\n"), 0, "a fold with more letters"},
    {TEXT("To: x\n Bcc: y\n"), 2, "behind blanks"},
    {TEXT("To: x\n cc: y\n"), 0, "a fold below a colon"},
    {TEXT("Bccc: x\nBc: x\nXBcc: x\nResentBcc: x\nBcc-: x\n"), 0, "other names"},
    {TEXT("Bcc-Bcc-Bcc-Bcc-Bcc: x\n"), 0, "a name longer than any"},
    {TEXT("abcdefghijklmnopqrst\n : x\nBcc: x\n"), 3, "a long one does not linger"},
    {TEXT("see the bcc: x\n"), 0, "words of a text"},
};

int main(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        is_int((long long)stray_bcc(rows[i].in, rows[i].n), rows[i].want, rows[i].why);
    return done_testing();
}
