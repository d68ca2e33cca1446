/*
 * fields.c: the table of known header fields.
 *
 * Sorted by name without regard to ASCII case, in the order of enum field_id, so that one table
 * serves both look-ups: binary search by name and direct access by id.
 */
#include "config.h"

#include "mail/fields.h"

#include <string.h>

#include "base/attr.h"
#include "mail/header.h"

enum {
    RECIPIENT = FIELD_IS_RECIPIENT,
    AUTHOR = FIELD_IS_AUTHOR,
    RESENT = FIELD_IS_RESENT,
    SINGLE = FIELD_IS_SINGLE,
    STRIPPED = FIELD_IS_STRIPPED,
    QUALIFIED = FIELD_IS_QUALIFIED,
    MAILBOXES = FIELD_IS_MAILBOXES,
    STRUCTURED = FIELD_IS_STRUCTURED,
    TRACE = FIELD_IS_TRACE,
    SIGNATURE = FIELD_IS_SIGNATURE,
    NEVER_BLANK = FIELD_IS_NEVER_BLANK
};

static const struct field_row rows[] = {
    {"ARC-Authentication-Results", FIELD_ARC_AUTHENTICATION_RESULTS, STRUCTURED},
    {"ARC-Message-Signature", FIELD_ARC_MESSAGE_SIGNATURE, STRUCTURED},
    {"ARC-Seal", FIELD_ARC_SEAL, STRUCTURED},
    {"Authentication-Results", FIELD_AUTHENTICATION_RESULTS, STRUCTURED},
    {"Auto-Submitted", FIELD_AUTO_SUBMITTED, STRUCTURED},
    {"Bcc", FIELD_BCC, MAILBOXES | RECIPIENT | STRIPPED | SINGLE},
    {"Cc", FIELD_CC, MAILBOXES | RECIPIENT | QUALIFIED | SINGLE},
    {"Content-Disposition", FIELD_CONTENT_DISPOSITION, STRUCTURED | SINGLE},
    {"Content-ID", FIELD_CONTENT_ID, STRUCTURED | SINGLE},
    {"Content-Transfer-Encoding", FIELD_CONTENT_TRANSFER_ENCODING, STRUCTURED | SINGLE},
    {"Content-Type", FIELD_CONTENT_TYPE, STRUCTURED | SINGLE},
    {"Date", FIELD_DATE, STRUCTURED | SINGLE | NEVER_BLANK},
    {"Delivered-To", FIELD_DELIVERED_TO, STRUCTURED},
    {"Disposition-Notification-To", FIELD_DISPOSITION_NOTIFICATION_TO, MAILBOXES | SINGLE},
    {"DKIM-Signature", FIELD_DKIM_SIGNATURE, STRUCTURED | SIGNATURE},
    {"Errors-To", FIELD_ERRORS_TO, MAILBOXES},
    {"From", FIELD_FROM, MAILBOXES | AUTHOR | SINGLE | NEVER_BLANK},
    {"In-Reply-To", FIELD_IN_REPLY_TO, STRUCTURED | SINGLE},
    {"List-Archive", FIELD_LIST_ARCHIVE, STRUCTURED | SINGLE},
    {"List-Help", FIELD_LIST_HELP, STRUCTURED | SINGLE},
    {"List-ID", FIELD_LIST_ID, STRUCTURED | SINGLE},
    {"List-Owner", FIELD_LIST_OWNER, STRUCTURED | SINGLE},
    {"List-Post", FIELD_LIST_POST, STRUCTURED | SINGLE},
    {"List-Subscribe", FIELD_LIST_SUBSCRIBE, STRUCTURED | SINGLE},
    {"List-Unsubscribe", FIELD_LIST_UNSUBSCRIBE, STRUCTURED | SINGLE},
    {"Mail-Followup-To", FIELD_MAIL_FOLLOWUP_TO, MAILBOXES},
    {"Mail-Reply-To", FIELD_MAIL_REPLY_TO, MAILBOXES},
    {"Message-ID", FIELD_MESSAGE_ID, STRUCTURED | SINGLE | NEVER_BLANK},
    {"MIME-Version", FIELD_MIME_VERSION, STRUCTURED | SINGLE},
    {"Received", FIELD_RECEIVED, STRUCTURED | TRACE},
    {"Received-SPF", FIELD_RECEIVED_SPF, STRUCTURED | TRACE},
    {"References", FIELD_REFERENCES, STRUCTURED | SINGLE},
    {"Reply-To", FIELD_REPLY_TO, MAILBOXES | QUALIFIED | SINGLE | NEVER_BLANK},
    {"Resent-Bcc", FIELD_RESENT_BCC, MAILBOXES | RECIPIENT | RESENT | STRIPPED | SINGLE},
    {"Resent-Cc", FIELD_RESENT_CC, MAILBOXES | RECIPIENT | RESENT | SINGLE},
    {"Resent-Date", FIELD_RESENT_DATE, STRUCTURED | RESENT | SINGLE | NEVER_BLANK},
    {"Resent-From", FIELD_RESENT_FROM, MAILBOXES | AUTHOR | RESENT | SINGLE | NEVER_BLANK},
    {"Resent-Message-ID", FIELD_RESENT_MESSAGE_ID, STRUCTURED | RESENT | SINGLE | NEVER_BLANK},
    {"Resent-Reply-To", FIELD_RESENT_REPLY_TO, MAILBOXES | RESENT | SINGLE | NEVER_BLANK},
    {"Resent-Sender", FIELD_RESENT_SENDER, MAILBOXES | RESENT | SINGLE | NEVER_BLANK},
    {"Resent-To", FIELD_RESENT_TO, MAILBOXES | RECIPIENT | RESENT | SINGLE},
    {"Return-Path", FIELD_RETURN_PATH, STRUCTURED | STRIPPED | TRACE},
    {"Return-Receipt-To", FIELD_RETURN_RECEIPT_TO, MAILBOXES},
    {"Sender", FIELD_SENDER, MAILBOXES | QUALIFIED | SINGLE | NEVER_BLANK},
    {"Subject", FIELD_SUBJECT, SINGLE},
    {"To", FIELD_TO, MAILBOXES | RECIPIENT | QUALIFIED | SINGLE},
};

_Static_assert(ARRAY_LEN(rows) == FIELD_COUNT, "one row per field_id");

const struct field_row *fields_find(const char *name, size_t n)
{
    size_t low = 0, high = ARRAY_LEN(rows);

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = header_name_order(name, n, rows[mid].name, strlen(rows[mid].name));

        if (order == 0)
            return &rows[mid];
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

const struct field_row *fields_row(enum field_id id)
{
    return &rows[id];
}
