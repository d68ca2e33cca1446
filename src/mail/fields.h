/*
 * fields.h: the known header fields and what the header policy does with each.
 *
 * fixup reads this table instead of comparing names: a new field, or a new duty for an old one, is
 * one row. A field without a row is unstructured text (RFC 5322 3.6.8).
 */
#ifndef MAIL_FIELDS_H
#define MAIL_FIELDS_H

#include <stddef.h>

/* One per row, in the order of the table (checked by tests/unit/mail/test_fields.c). */
enum field_id {
    FIELD_ARC_AUTHENTICATION_RESULTS,
    FIELD_ARC_MESSAGE_SIGNATURE,
    FIELD_ARC_SEAL,
    FIELD_AUTHENTICATION_RESULTS,
    FIELD_AUTO_SUBMITTED,
    FIELD_BCC,
    FIELD_CC,
    FIELD_CONTENT_DISPOSITION,
    FIELD_CONTENT_ID,
    FIELD_CONTENT_TRANSFER_ENCODING,
    FIELD_CONTENT_TYPE,
    FIELD_DATE,
    FIELD_DELIVERED_TO,
    FIELD_DISPOSITION_NOTIFICATION_TO,
    FIELD_DKIM_SIGNATURE,
    FIELD_ERRORS_TO,
    FIELD_FROM,
    FIELD_IN_REPLY_TO,
    FIELD_LIST_ARCHIVE,
    FIELD_LIST_HELP,
    FIELD_LIST_ID,
    FIELD_LIST_OWNER,
    FIELD_LIST_POST,
    FIELD_LIST_SUBSCRIBE,
    FIELD_LIST_UNSUBSCRIBE,
    FIELD_MAIL_FOLLOWUP_TO,
    FIELD_MAIL_REPLY_TO,
    FIELD_MESSAGE_ID,
    FIELD_MIME_VERSION,
    FIELD_RECEIVED,
    FIELD_RECEIVED_SPF,
    FIELD_REFERENCES,
    FIELD_REPLY_TO,
    FIELD_RESENT_BCC,
    FIELD_RESENT_CC,
    FIELD_RESENT_DATE,
    FIELD_RESENT_FROM,
    FIELD_RESENT_MESSAGE_ID,
    FIELD_RESENT_REPLY_TO,
    FIELD_RESENT_SENDER,
    FIELD_RESENT_TO,
    FIELD_RETURN_PATH,
    FIELD_RETURN_RECEIPT_TO,
    FIELD_SENDER,
    FIELD_SUBJECT,
    FIELD_TO,
    FIELD_COUNT
};

/* What a field is; a row has any number of these. */
enum {
    FIELD_IS_RECIPIENT = 1,     /* -t reads it */
    FIELD_IS_AUTHOR = 2,        /* names who wrote (or resent) it: rewrite_from looks here */
    FIELD_IS_RESENT = 4,        /* part of a Resent- block, RFC 5322 3.6.6 */
    FIELD_IS_SINGLE = 8,        /* at most once in a message (a block), RFC 5322 3.6 */
    FIELD_IS_STRIPPED = 16,     /* never leaves this machine */
    FIELD_IS_QUALIFIED = 32,    /* bare mailboxes get the domain, for looks */
    FIELD_IS_MAILBOXES = 64,    /* an address list: names in it may become RFC 2047 words */
    FIELD_IS_STRUCTURED = 128,  /* has another grammar: raw 8-bit text in it is left as it is */
    FIELD_IS_TRACE = 256,       /* written by a transport: ends a Resent- block */
    FIELD_IS_SIGNATURE = 512,   /* vouches for other fields' octets: nothing is changed for looks */
    FIELD_IS_NEVER_BLANK = 1024 /* without a value it is as good as missing */
};

struct field_row {
    const char *name; /* as we write it */
    enum field_id id;
    unsigned is; /* FIELD_IS_* */
};

/* fields_find - the row of the field NAME (N octets, any case); NULL when it is not known. */
const struct field_row *fields_find(const char *name, size_t n);

/* fields_row - the row of a known field; never NULL. */
const struct field_row *fields_row(enum field_id id);

#endif
