/*
 * fuzz_sasl.c: any octets as challenges. The first octet picks the mechanism and what the gs2
 * header says; each line after it is a challenge in base64, as it stands behind 334. No answer runs
 * over its limit, none but those that must holds the password, and no server is believed that has
 * not proved itself.
 */
#include "config.h"

#include <string.h>

#include "base/b64.h"
#include "base/limits.h"
#include "fuzz.h"
#include "smtp/sasl.h"

#define USER   "user"
#define SECRET "pencil-0123456789"
#define LIMIT  (LIMIT_AUTH_LINE / 4 * 3)

static void check_answer(const struct sasl_exchange *ex, const struct buf *out)
{
    struct buf coded, back;

    promise(!out->over && out->len <= LIMIT, "an answer fits");
    promise(ex->secret_from <= out->len, "what it gives away is in it");
    promise(ex->row->cleartext || memmem(out->data, out->len, SECRET, strlen(SECRET)) == NULL,
            "the password stays at home");
    buf_init_secret(&coded, LIMIT_AUTH_LINE);
    buf_init_secret(&back, LIMIT);
    promise(b64_encode(&coded, out->data, out->len), "it fits a line");
    promise(b64_decode(&back, coded.data, coded.len) && back.len == out->len &&
                memcmp(back.data, out->data, out->len) == 0,
            "base64 goes there and back");
    buf_free(&coded);
    buf_free(&back);
}

static void check_said(const struct sasl_exchange *ex)
{
    if (ex->said.cause == CAUSE_NONE)
        return;
    promise(ex->said.text.len > 0 && ex->said.text.len < 400, "what was said is short");
    for (size_t i = 0; i < ex->said.text.len; i++)
        promise((unsigned char)ex->said.text.data[i] >= ' ', "... and printable");
}

/* One challenge; false: the exchange is over. */
static bool answer(struct sasl_exchange *ex, const char *line, size_t n, struct fault *why)
{
    struct buf challenge, out;
    bool is_first = line == NULL, is_base64;
    enum cause c;

    buf_init(&challenge, LIMIT_AUTH_LINE);
    buf_init_secret(&out, LIMIT);
    is_base64 = !is_first && b64_decode(&challenge, line, n);
    c = ex->row->answer(ex, is_base64 ? challenge.data : NULL, challenge.len, &out, why);
    if (c == CAUSE_NONE) {
        check_answer(ex, &out);
    } else {
        promise(c == CAUSE_PROTOCOL || c == CAUSE_AUTH_MECHANISM, "a challenge is at fault");
        promise(why->cause == c && why->text.len > 0, "... and why is said");
    }
    check_said(ex);
    ex->step++;
    buf_free(&challenge);
    buf_free(&out);
    return c == CAUSE_NONE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf secret, binding;
    struct sasl_exchange ex = {0};
    struct fault why = {0};
    const char *at = (const char *)data + 1, *end = (const char *)data + size;
    bool more = true;

    if (size == 0)
        return 0;
    buf_init_secret(&secret, 100);
    buf_init(&binding, 100);
    buf_adds(&secret, SECRET);
    buf_adds(&binding, "octets");
    ex.row = sasl_row((enum sasl_mech)((data[0] & 0x1f) % SASL_MECH_COUNT));
    ex.in = (struct sasl_input){.user = USER,
                                .secret = &secret,
                                .gs2 = (enum sasl_gs2)((data[0] >> 5) % 3),
                                .binding_name = "tls-exporter",
                                .binding = &binding,
                                .nonce = "fyko+d2lbbFgONRv9qkxdawL",
                                .host = "mail.example.org",
                                .port = 465};
    if (ex.row->first)
        more = answer(&ex, NULL, 0, &why);
    while (more && at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        size_t n = lf != NULL ? (size_t)(lf - at) : (size_t)(end - at);

        more = answer(&ex, at, n, &why);
        promise(ex.step < 8, "an exchange has an end");
        at += lf != NULL ? n + 1 : n;
    }
    promise(sasl_accepted(&ex, &why) != CAUSE_NONE || !ex.row->mutual || ex.proven,
            "who has not proved himself is not believed");
    sasl_end(&ex);
    buf_free(&secret);
    buf_free(&binding);
    fault_free(&why);
    return 0;
}
