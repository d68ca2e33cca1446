/*
 * test_pin.c: the notations of a pin, and what is none. The octets and their base64 were made with
 * `openssl dgst -sha256 -binary </dev/null | base64`.
 */
#include "config.h"

#include "net/pin.h"

#include "tap.h"

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define COLONS                                                                                     \
    "E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:"   \
    "B8:55"
#define B64 "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

int main(void)
{
    static const struct {
        const char *text;
        bool good;
        const char *why;
    } t[] = {
        {"sha256:" HEX, true, "ours"},
        {"sha256:" COLONS, true, "ours with colons and capitals"},
        {"sha256//" B64, true, "curl's"},
        {HEX, true, "bare hex"},
        {COLONS, true, "bare hex with colons"},
        {B64, true, "bare base64"},
        {"sha256:" B64, false, "base64 behind the mark of hex"},
        {"sha256//" HEX, false, "hex behind the mark of base64"},
        {"sha1//" B64, false, "another hash"},
        {"", false, "nothing"},
        {"sha256:", false, "a mark alone"},
        {"sha256//", false, "the other mark alone"},
        {"sha256:e3b0c442", false, "too short"},
        {HEX "00", false, "too long"},
        {"g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", false,
         "a wrong digit"},
        {"e3 b0:c4:42:98:fc:1c:14:9a:fb:f4:c8:99:6f:b9:24:27:ae:41:e4:64:9b:93:4c:a4:95:99:1b:78:"
         "52:b8:55",
         false, "a blank for a colon"},
        {"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", false, "no padding"},
        {"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=", false, "bits beyond the last octet"},
        {"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=", false, "base64 of URLs"},
        {"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuA==", false, "31 octets"},
        {"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFUA", false, "33 octets"},
    };
    unsigned char first[PIN_OCTETS] = {0}, pin[PIN_OCTETS];
    struct buf text;

    ok(pin_parse(t[0].text, first) && first[0] == 0xe3 && first[31] == 0x55, "the octets");
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        memset(pin, 0, sizeof(pin));
        ok(pin_parse(t[i].text, pin) == t[i].good, "%s: %s", t[i].why, t[i].good ? "yes" : "no");
        if (t[i].good)
            is_mem(pin, sizeof(pin), first, sizeof(first), "...the same octets");
    }
    buf_init(&text, 100);
    pin_format(&text, first);
    is_str(text.data, "sha256:" HEX, "what we print");
    ok(pin_parse(text.data, pin), "...can be copied");
    buf_free(&text);
    return done_testing();
}
