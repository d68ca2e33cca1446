/*
 * dump.c: config_dump of load.h: what postrider understood, as a file. Every value is there, the
 * defaults too, and merged: without `like`, and with [defaults] holding only what is said there
 * alone. So it reads back to the same config whatever becomes of the defaults.
 */
#include "config.h"

#include "conf/aliases.h"
#include "conf/load.h"
#include "conf/proxy_url.h"
#include "conf/secret.h"
#include "conf/settings.h"
#include "conf/value.h"

/* Rows that a dump leaves out: what was taken over already, and what could not be read back. */
static bool is_left_out(const struct setting *row, const void *base)
{
    if (row->type == SET_SECRET)
        return true;
    if (row->scope != SCOPE_ACCOUNT)
        return false;
    return row->offset == offsetof(struct account, like) ||
           (row->offset == offsetof(struct account, port) && !account_has_port(base));
}

/* The rows of SCOPE at BASE, one a line; rows without a value are left out. */
static void dump_scope(enum setting_scope scope, const void *base, struct buf *out)
{
    size_t n, i;
    const struct setting *rows = settings_table(&n);

    for (i = 0; i < n; i++) {
        size_t before = out->len;

        if (rows[i].scope != scope || is_left_out(&rows[i], base))
            continue;
        buf_addf(out, "%s = ", rows[i].key);
        if (settings_format(&rows[i], base, out))
            buf_addc(out, '\n');
        else
            buf_cut(out, before);
        if (out->len > before && rows[i].type == SET_TOKEN && settings_has_pin(&rows[i], base))
            buf_addf(out, "# the PIN of %s is set\n", rows[i].key);
    }
}

static void dump_aliases(const struct config *c, struct buf *out)
{
    size_t i;

    if (aliases_count(c->aliases) == 0)
        return;
    buf_adds(out, "\n[aliases]\n");
    for (i = 0; i < aliases_count(c->aliases); i++) {
        const char *name, *value;

        aliases_entry(c->aliases, i, &name, &value);
        buf_addf(out, "%s = ", name);
        value_quote(value, out);
        buf_addc(out, '\n');
    }
}

void config_dump(const struct config *c, struct buf *out)
{
    size_t i;

    if (c->default_account != NULL) {
        buf_adds(out, "[defaults]\n");
        dump_scope(SCOPE_DEFAULTS_ONLY, c, out);
        buf_addc(out, '\n');
    }
    buf_adds(out, "[queue]\n");
    dump_scope(SCOPE_QUEUE, &c->queue, out);
    buf_adds(out, "\n[log]\n");
    dump_scope(SCOPE_LOG, &c->log, out);
    dump_aliases(c, out);
    for (i = 0; i < c->n; i++) {
        const struct account *a = c->account[i];

        buf_addf(out, "\n[account %s]\n", a->id);
        dump_scope(SCOPE_ACCOUNT, a, out);
        if (a->secret->has_inline)
            buf_adds(out, "# password is set\n");
        if (a->proxy != NULL && a->proxy->password.len > 0)
            buf_adds(out, "# the password in proxy is set\n");
    }
}
