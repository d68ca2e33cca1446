/* test_fields.c: the table is sorted, complete and says what fixup relies on. */
#include "config.h"

#include "mail/fields.h"

#include <string.h>

#include "mail/header.h"
#include "tap.h"

static void test_table(void)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        const struct field_row *row = fields_row((enum field_id)i);
        char upper[64];
        size_t n = strlen(row->name);

        ok((int)row->id == i, "%s stands where its id says", row->name);
        if (i > 0) {
            const char *before = fields_row((enum field_id)(i - 1))->name;

            ok(header_name_order(before, strlen(before), row->name, n) < 0, "%s is sorted",
               row->name);
        }
        ok(header_line_is_field(row->name, n) == false && n > 1, "%s is a bare name", row->name);
        for (size_t j = 0; j <= n; j++)
            upper[j] = row->name[j] >= 'a' && row->name[j] <= 'z' ? (char)(row->name[j] - 32)
                                                                  : row->name[j];
        ok(fields_find(upper, n) == row, "%s is found in capitals", row->name);
        ok(((row->is & FIELD_IS_MAILBOXES) == 0) || ((row->is & FIELD_IS_STRUCTURED) == 0),
           "%s has one grammar", row->name);
        ok((row->is & (FIELD_IS_RECIPIENT | FIELD_IS_QUALIFIED | FIELD_IS_AUTHOR)) == 0 ||
               (row->is & FIELD_IS_MAILBOXES) != 0,
           "%s: who reads addresses finds a list of them", row->name);
        ok(((row->is & FIELD_IS_RESENT) != 0) == (strncmp(row->name, "Resent-", 7) == 0),
           "%s: Resent- is in the name", row->name);
    }
}

static void test_sets(void)
{
    static const struct {
        unsigned is;
        const char *names;
    } rows[] = {
        {FIELD_IS_STRIPPED, "Bcc Resent-Bcc Return-Path "},
        {FIELD_IS_RECIPIENT, "Bcc Cc Resent-Bcc Resent-Cc Resent-To To "},
        {FIELD_IS_AUTHOR, "From Resent-From "},
        {FIELD_IS_QUALIFIED, "Cc Reply-To Sender To "},
        {FIELD_IS_TRACE, "Received Received-SPF Return-Path "},
        {FIELD_IS_NEVER_BLANK, "Date From Message-ID Reply-To Resent-Date Resent-From "
                               "Resent-Message-ID Resent-Reply-To Resent-Sender Sender "},
        {FIELD_IS_SIGNATURE, "DKIM-Signature "},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char names[200] = "";
        size_t n = 0;

        for (int id = 0; id < FIELD_COUNT; id++) {
            const struct field_row *row = fields_row((enum field_id)id);

            if ((row->is & rows[i].is) != 0)
                n += (size_t)snprintf(names + n, sizeof(names) - n, "%s ", row->name);
        }
        is_str(names, rows[i].names, "exactly these");
    }
}

static void test_unknown(void)
{
    ok(fields_find("X-Bcc", 5) == NULL, "X-Bcc is not known");
    ok(fields_find("", 0) == NULL, "nor is the empty name");
    ok(fields_find("Zz", 2) == NULL && fields_find("A", 1) == NULL, "nor before and behind all");
    ok(fields_find("Tox", 2) == fields_row(FIELD_TO), "the length counts, not a NUL");
}

int main(void)
{
    test_table();
    test_sets();
    test_unknown();
    return done_testing();
}
