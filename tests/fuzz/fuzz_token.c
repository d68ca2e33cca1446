/*
 * fuzz_token.c: any octets as the name of a key and as a pin. What is shown of a URI holds no PIN,
 * and showing it again changes nothing; a pin that is read is printed as one that reads the same.
 */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "net/pin.h"
#include "net/token.h"

static void check_token(const char *text)
{
    struct buf shown, twice;

    buf_init(&shown, 1 << 20);
    buf_init(&twice, 1 << 20);
    token_show(&shown, text);
    token_show(&twice, shown.data);
    promise(!token_has_pin(shown.data), "no PIN is shown");
    promise(shown.len <= strlen(text), "nothing is added");
    promise(token_is_uri(text) == token_is_uri(shown.data), "a URI stays one");
    promise(twice.len == shown.len && memcmp(twice.data, shown.data, shown.len) == 0, "settled");
    buf_free(&shown);
    buf_free(&twice);
}

static void check_pin(const char *text)
{
    unsigned char pin[PIN_OCTETS], again[PIN_OCTETS];
    struct buf printed;

    if (!pin_parse(text, pin))
        return;
    buf_init(&printed, 100);
    pin_format(&printed, pin);
    promise(pin_parse(printed.data, again), "what is printed can be read");
    promise(memcmp(pin, again, sizeof(pin)) == 0, "as the same");
    buf_free(&printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    promise(text != NULL, "memory");
    memcpy(text, data, size);
    text[size] = '\0';
    check_token(text);
    check_pin(text);
    free(text);
    return 0;
}
