/*
 * fuzz_mime.c: any octets as header text. What comes out may stand in a header, keeps its columns,
 * and encoding it once more changes nothing. The first octet chooses place and column.
 */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "mail/mime.h"

static void drop_folds(struct buf *b)
{
    size_t i;

    for (i = b->len; i > 0; i--)
        if (b->data[i - 1] == '\n')
            buf_splice(b, i - 1, 1, NULL, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data + 1;
    enum mime_where where;
    struct buf once, twice;
    size_t column;

    if (size == 0)
        return 0;
    where = data[0] & 1 ? MIME_PHRASE : MIME_UNSTRUCTURED;
    column = data[0] >> 1;
    buf_init(&once, 64 + size * 60);
    buf_init(&twice, 64 + size * 120);
    promise(mime_encode_words(&once, text, size - 1, where, column), "60 octets for each suffice");
    promise(mime_is_plain(once.data, once.len), "what comes out is plain");
    mime_encode_words(&twice, once.data, once.len, MIME_UNSTRUCTURED, 0);
    drop_folds(&once);
    drop_folds(&twice);
    promise(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0,
            "what is plain stays as it is");
    buf_free(&once);
    buf_free(&twice);
    return 0;
}
