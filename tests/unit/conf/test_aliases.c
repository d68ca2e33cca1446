/* test_aliases.c: where bare names lead. */
#include "config.h"

#include "conf/aliases.h"

#include "base/attr.h"
#include "tap.h"

static struct aliases *make(const char *const (*rows)[2])
{
    struct aliases *a = aliases_new();
    struct fault why = {0};

    for (; (*rows)[0] != NULL; rows++) {
        if (aliases_add(a, (*rows)[0], (*rows)[1], &why) != CAUSE_NONE)
            ok(false, "%s = %s: %s", (*rows)[0], (*rows)[1], why.text.data);
    }
    fault_free(&why);
    return a;
}

/* What LOCAL becomes: the addresses with commas, or "(none)". */
static void expand(const struct aliases *a, const char *local, struct buf *out)
{
    struct strv to = {0};
    size_t i;

    if (!aliases_expand(a, local, &to))
        buf_adds(out, "(none)");
    for (i = 0; i < to.n; i++)
        buf_addf(out, "%s%s", i > 0 ? "," : "", to.v[i]);
    strv_free(&to);
}

static void test_expand(void)
{
    static const char *const plain[][2] = {
        {"root", "alice@example.org"},
        {"www", "root, bob@example.org"},
        {"both", "www, root, alice@example.org"},
        {"out", "carol"},
        {"a", "b"},
        {"b", "a"},
        {"self", "self, x@example.org"},
        {"Upper", "Root"},
        {"named", "Alice A <a@example.org>, \"b c\"@example.org"},
        {NULL, NULL}};
    static const char *const fallback[][2] = {{"default", "root, nobody"},
                                              {"root", "alice@example.org"},
                                              {"x", "y, z"},
                                              {"mine", "default"},
                                              {NULL, NULL}};
    static const char *const circle[][2] = {{"default", "root"}, {"root", "admin"}, {NULL, NULL}};
    static const struct {
        const char *const (*rows)[2];
        const char *local, *want, *why;
    } cases[] = {
        {plain, "root", "alice@example.org", "one step"},
        {plain, "ROOT", "alice@example.org", "any case"},
        {plain, "upper", "alice@example.org", "any case on the left and on the right"},
        {plain, "www", "bob@example.org,alice@example.org", "names are looked up again"},
        {plain, "both", "alice@example.org,bob@example.org", "each once"},
        {plain, "out", "carol", "a name without an entry remains bare"},
        {plain, "a", "a", "a circle that leads nowhere gives the name itself"},
        {plain, "self", "x@example.org", "a name that holds itself"},
        {plain, "named", "a@example.org,\"b c\"@example.org", "display names are dropped"},
        {plain, "nobody", "(none)", "no entry and no default"},
        {fallback, "root", "alice@example.org", "an entry goes before the default"},
        {fallback, "cron", "alice@example.org,nobody", "no entry: the default"},
        {fallback, "x", "alice@example.org,nobody", "the default stands for nested names too"},
        {fallback, "nobody", "alice@example.org", "what the default names itself"},
        {fallback, "mine", "alice@example.org,nobody", "the default by its name"},
        {circle, "cron", "admin", "a default that ends bare"},
        {circle, "root", "admin", "a name that the default leads back to"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        struct aliases *a = make(cases[i].rows);
        struct buf out;

        buf_init(&out, 1000);
        expand(a, cases[i].local, &out);
        is_str(out.data, cases[i].want, cases[i].why);
        buf_free(&out);
        aliases_close(&a);
    }
}

static void test_wrong(void)
{
    static const struct {
        const char *name, *value, *text;
    } cases[] = {
        {"root", "x@example.org", "root: this alias is set already"},
        {"ROOT", "x@example.org", "ROOT: this alias is set already"},
        {"a", "", "a: the value is missing"},
        {"a", ", ,", "a: the value is missing"},
        {"a", "/dev/null", "a: aliases name addresses, no files or programs"},
        {"a", "|/bin/sh", "a: aliases name addresses, no files or programs"},
        {"a", "\"|/bin/sh -c x\"", "a: aliases name addresses, no files or programs"},
        {"a", ":include:/etc/list", "a: aliases name addresses, no files or programs"},
        {"a", "b@example.org, |x", "a: aliases name addresses, no files or programs"},
        {"a", "<b@example.org", "a: not a list of addresses"},
        {"a", "b c", "a: not a list of addresses"},
        {"a",
         "b\xEF\xBC\xA0"
         "example.org",
         "a: a full-width @ (U+FF20): write @"},
    };
    struct aliases *a = aliases_new();
    struct fault why = {0};
    size_t i;

    ok(aliases_add(a, "root", "a@example.org", &why) == CAUSE_NONE, "a first entry");
    for (i = 0; i < ARRAY_LEN(cases); i++) {
        is_int(aliases_add(a, cases[i].name, cases[i].value, &why), CAUSE_CONFIG, cases[i].text);
        is_str(why.text.data, cases[i].text, "its text");
    }
    is_int((long long)aliases_count(a), 1, "nothing wrong was added");
    fault_free(&why);
    aliases_close(&a);
    ok(a == NULL, "closed and nulled");
}

static void test_entries(void)
{
    static const char *const rows[][2] = {{"b", "x@example.org ,  c"}, {"a", "b"}, {NULL, NULL}};
    struct aliases *a = make(rows);
    const char *name, *value;

    aliases_entry(a, 0, &name, &value);
    is_str(name, "b", "in the order of the file");
    is_str(value, "x@example.org ,  c", "as written");
    aliases_close(&a);
    is_int((long long)aliases_count(NULL), 0, "no aliases at all");
    ok(!aliases_expand(NULL, "root", &(struct strv){0}), "lead nowhere");
}

/* A chain that would be deep for a function that calls itself. */
static void test_chain(void)
{
    struct aliases *a = aliases_new();
    struct fault why = {0};
    struct buf out;
    char name[16], next[32];
    int i;

    for (i = 0; i < 2000; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        snprintf(next, sizeof(next), "n%d", i + 1);
        if (i == 1999)
            snprintf(next, sizeof(next), "x@example.org");
        if (aliases_add(a, name, next, &why) != CAUSE_NONE)
            ok(false, "%s", why.text.data);
    }
    buf_init(&out, 1000);
    expand(a, "n0", &out);
    is_str(out.data, "x@example.org", "a chain of 2,000");
    buf_free(&out);
    fault_free(&why);
    aliases_close(&a);
}

int main(void)
{
    test_expand();
    test_wrong();
    test_entries();
    test_chain();
    return done_testing();
}
