/*
 * test_token.c: what of a pkcs11: URI may be shown.
 */
#include "config.h"

#include "net/token.h"

#include "tap.h"

int main(void)
{
    static const struct {
        const char *text, *shown;
        bool pin;
    } t[] = {
        {"pkcs11:token=a;object=b", "pkcs11:token=a;object=b", false},
        {"pkcs11:token=a;object=b?pin-value=1234", "pkcs11:token=a;object=b", true},
        {"pkcs11:token=a?pin-value=12;34", "pkcs11:token=a", true},
        {"pkcs11:token=a?pin-value=1234&module-name=m", "pkcs11:token=a?module-name=m", true},
        {"pkcs11:token=a?module-name=m&pin-value=1234", "pkcs11:token=a?module-name=m", true},
        {"pkcs11:token=a?x=1&PIN-Value=1234&y=2", "pkcs11:token=a?x=1&y=2", true},
        {"pkcs11:token=a?pin-value=1&pin-value=2", "pkcs11:token=a", true},
        {"pkcs11:token=a?pin-source=/run/pin", "pkcs11:token=a?pin-source=/run/pin", false},
        {"pkcs11:pin-value=1234;token=a", "pkcs11:token=a", true},
        {"pkcs11:token=a;pin-value=1234;type=cert", "pkcs11:token=a;type=cert", true},
        {"PKCS11:pin-value=1234", "pkcs11:", true},
        {"pkcs11:?pin-value=1234", "pkcs11:", true},
        {"pkcs11:?pin-value=", "pkcs11:", true},
        {"pkcs11:", "pkcs11:", false},
        {"pkcs11:?", "pkcs11:", false},
        {"pkcs11:token=no-pin-value=1", "pkcs11:token=no-pin-value=1", false},
        {"/etc/pin-value=1", "/etc/pin-value=1", false},
        {"/etc/x?pin-value=1", "/etc/x?pin-value=1", false},
        {"", "", false},
    };

    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct buf out;

        buf_init(&out, 1000);
        token_show(&out, t[i].text);
        is_str(out.data, t[i].shown, t[i].text);
        ok(token_has_pin(t[i].text) == t[i].pin, "...%s PIN", t[i].pin ? "has a" : "has no");
        buf_free(&out);
    }
    ok(token_is_uri("pkcs11:x") && token_is_uri("PKCS11:x"), "URIs");
    ok(!token_is_uri("/pkcs11:x") && !token_is_uri("pkcs11") && !token_is_uri(""), "none");
    return done_testing();
}
