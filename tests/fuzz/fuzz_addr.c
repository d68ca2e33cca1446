/*
 * fuzz_addr.c: any octets as an address list and as a path. What is read holds no control octet,
 * and written and read again it is the same.
 */
#include "config.h"

#include <string.h>

#include "base/limits.h"
#include "fuzz.h"
#include "mail/addr.h"
#include "mail/mime.h"

static void check_text(const char *s)
{
    for (; *s != '\0'; s++)
        promise((unsigned char)*s >= 0x20 || *s == '\t', "no control octet");
    promise(strchr(s, 0x7f) == NULL, "no DEL");
}

static void check_address(const struct addr *a)
{
    struct fault why = {0};
    const char *domain = addr_domain(a->spec);

    check_text(a->name);
    check_text(a->spec);
    promise(a->spec[0] != '\0', "an address has a local part");
    promise(strlen(a->spec) <= LIMIT_ADDRESS, "the limit of an address");
    promise(mime_is_utf8(a->spec, strlen(a->spec)), "an address is UTF-8");
    promise(domain == NULL ? a->at == strlen(a->spec) : a->spec + a->at + 1 == domain,
            "the place of the @");
    promise(addr_same(a->spec, a->spec), "an address is the same as itself");
    if (addr_check_spec(a->spec, &why) == CAUSE_NONE)
        promise(domain != NULL && *domain != '\0', "what RCPT says has a domain");
    fault_free(&why);
}

static void check_again(const struct addr_list *l)
{
    struct addr_list again = {0};
    struct fault why = {0};
    struct buf text;
    size_t i;

    buf_init(&text, 1 << 24);
    for (i = 0; i < l->n; i++) {
        buf_adds(&text, i > 0 ? ",\n " : "");
        addr_format(&text, l->v[i].name, l->v[i].spec);
    }
    if (addr_parse_list(text.data, text.len, &again, &why) != CAUSE_NONE)
        promise(false, why.text.data);
    promise(again.n == l->n, "as many addresses again");
    for (i = 0; i < l->n; i++) {
        promise(strcmp(again.v[i].spec, l->v[i].spec) == 0, "the same address again");
        promise(again.v[i].name[0] != '\0' || strspn(l->v[i].name, " \t") == strlen(l->v[i].name),
                "a name again");
    }
    addr_list_free(&again);
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct addr_list l = {0};
    struct fault why = {0};
    struct addr one;
    size_t i;

    if (addr_parse_list(text, size, &l, &why) == CAUSE_NONE) {
        for (i = 0; i < l.n; i++)
            check_address(&l.v[i]);
        check_again(&l);
    } else {
        promise(l.n == 0 && why.cause == CAUSE_BAD_ADDRESS, "nothing is kept of a bad list");
        promise(why.offset <= size, "the wrong octet is in the text");
        promise(strchr(why.text.data, '\n') == NULL, "the error is one line");
    }
    addr_list_free(&l);
    if (addr_parse_path(text, size, &one, &why) == CAUSE_NONE && one.spec[0] != '\0')
        check_address(&one);
    addr_free(&one);
    fault_free(&why);
    return 0;
}
