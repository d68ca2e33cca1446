/* test_ini.c: lines, right and wrong; what the library alone would make of them is in ini.c. */
#include "config.h"

#include "conf/ini.h"

#include "base/attr.h"
#include "base/limits.h"
#include "tap.h"

struct record {
    struct buf got;   /* one line an entry: "line section/name key=value" */
    struct buf wrong; /* one line an error: "line: message" */
    size_t longest;   /* of the values */
};

static bool is_secret(const char *key)
{
    return strcmp(key, "password") == 0;
}

static void take(void *arg, const struct ini_entry *e)
{
    struct record *r = arg;

    if (e->key == NULL) {
        buf_addf(&r->got, "%lu [%s/%s]\n", e->line, e->section, e->name);
        return;
    }
    buf_addf(&r->got, "%lu %s/%s %s=", e->line, e->section, e->name, e->key);
    if (e->value_len > 200)
        buf_addf(&r->got, "%zu octets", e->value_len);
    else
        buf_add(&r->got, e->value, e->value_len);
    buf_addc(&r->got, '\n');
    if (e->value_len > r->longest)
        r->longest = e->value_len;
    if (e->value[e->value_len] != '\0')
        buf_adds(&r->got, "not terminated\n");
}

static void complain(void *arg, unsigned long line, const char *message)
{
    struct record *r = arg;

    buf_addf(&r->wrong, "%lu: %s\n", line, message);
}

static void parse(struct record *r, const char *text, size_t n)
{
    buf_init(&r->got, 100000);
    buf_init(&r->wrong, 100000);
    r->longest = 0;
    ini_parse_text(text, n, is_secret, take, complain, r);
}

static void record_free(struct record *r)
{
    buf_free(&r->got);
    buf_free(&r->wrong);
}

static void test_good(void)
{
    static const struct {
        const char *in, *want, *why;
    } cases[] = {
        {"[a]\nk = v\n", "1 [a/]\n2 a/ k=v\n", "the plain case"},
        {"[a]\nk=v", "1 [a/]\n2 a/ k=v\n", "no blanks, no last line end"},
        {"[account work]\nk = v\n", "1 [account/work]\n2 account/work k=v\n", "a named section"},
        {"[ account \t work ]  # x\nk = v\n", "1 [account/work]\n2 account/work k=v\n",
         "blanks in a section, a comment behind it"},
        {"\xEF\xBB\xBF[a]\nk = v\n", "1 [a/]\n2 a/ k=v\n", "a byte order mark"},
        {"[a]\r\nk = v\r\n", "1 [a/]\n2 a/ k=v\n", "CRLF"},
        {"# c\n; d\n\n  \t\n   # e\n[a]\n\nk = v\n", "6 [a/]\n8 a/ k=v\n",
         "comments and empty lines count"},
        {"[a]\nk = v # c\nl = v ; c\n", "1 [a/]\n2 a/ k=v\n3 a/ l=v\n", "comments behind values"},
        {"[a]\nk = a;b#c\n", "1 [a/]\n2 a/ k=a;b#c\n", "no blank, no comment"},
        {"[a]\nk =;x\n", "1 [a/]\n2 a/ k=;x\n", "right behind = it is no comment"},
        {"[a]\nk = ;x\n", "1 [a/]\n2 a/ k=\n", "behind a blank it is"},
        {"[a]\nk = a = b : c\n", "1 [a/]\n2 a/ k=a = b : c\n", "= and : in a value"},
        {"[a]\nk =\n", "1 [a/]\n2 a/ k=\n", "an empty value"},
        {"[a]\nk = \"\"\n", "1 [a/]\n2 a/ k=\n", "an empty value in quotes"},
        {"[a]\nk = \" a ; b # c \" ; d\n", "1 [a/]\n2 a/ k= a ; b # c \n", "quotes keep all"},
        {"[a]\nk = \"a\\\"b\\\\c\"\n", "1 [a/]\n2 a/ k=a\"b\\c\n", "both escapes"},
        {"[a]\nk = a\\nb\"c\"\n", "1 [a/]\n2 a/ k=a\\nb\"c\"\n",
         "backslash and quotes inside an unquoted value"},
        {"[a]\npassword = x#y;z\n", "1 [a/]\n2 a/ password=x#y;z\n", "a secret without blanks"},
        {"[a]\npassword = \"x #y ;z\" # c\n", "1 [a/]\n2 a/ password=x #y ;z\n",
         "a secret in quotes, a comment behind it"},
        {"[a]\nk = \xC3\xA4\n\xC3\xB6 = 1\n", "1 [a/]\n2 a/ k=\xC3\xA4\n3 a/ \xC3\xB6=1\n",
         "UTF-8 in values and keys"},
        {"[a]\nk = 1\nk = 2\n[a]\nk = 3\n", "1 [a/]\n2 a/ k=1\n3 a/ k=2\n4 [a/]\n5 a/ k=3\n",
         "repetition is for the handler to judge"},
        {"[a]\nhint.535.5.7.8 = x\n", "1 [a/]\n2 a/ hint.535.5.7.8=x\n", "dots in a key"},
        {"[empty]\n[a]\n", "1 [empty/]\n2 [a/]\n", "sections without settings are seen"},
        {"[a]\nk = \ta\tb\t\n", "1 [a/]\n2 a/ k=a\tb\n", "tabs"},
        {"[a]\nk = a\xEF\xBC\x9D\xE3\x80\x80v\n", "1 [a/]\n2 a/ k=a\xEF\xBC\x9D\xE3\x80\x80v\n",
         "full-width signs inside a value"},
        {"", "", "nothing"},
        {"\n", "", "one line end"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        struct record r;

        parse(&r, cases[i].in, strlen(cases[i].in));
        is_str(r.got.data, cases[i].want, cases[i].why);
        is_str(r.wrong.data, "", "without an error");
        record_free(&r);
    }
}

static void test_wrong(void)
{
    static const struct {
        const char *in, *got, *wrong, *why;
    } cases[] = {
        {"k = v\n[a]\n", "2 [a/]\n", "1: a setting before the first [section]\n", "no section"},
        {"[a]\n  k = v\nl = w\n", "1 [a/]\n3 a/ l=w\n",
         "2: the line begins with a blank: there are no continuation lines\n", "indented"},
        {"[a\nk = v\n[b]\nl = w\n", "3 [b/]\n4 b/ l=w\n", "1: a section without its closing ]\n",
         "its settings go to nobody"},
        {"[a]\n[b\nk v\n", "1 [a/]\n",
         "2: a section without its closing ]\n3: neither a [section] nor key = value\n",
         "but are checked"},
        {"[a]x\n", "", "1: text behind the closing ] of a section\n", "junk behind a section"},
        {"[a]#x\n", "", "1: text behind the closing ] of a section\n", "a comment needs a blank"},
        {"[]\n[  ]\n", "", "1: a section without a name\n2: a section without a name\n", "no name"},
        {"[a \"b\"]\n", "", "1: a section name with one of [ \" # ; =\n", "quotes in a section"},
        {"[12345678901234567890123456789012345678901234567890]\n", "",
         "1: a section name of more than 49 octets\n", "more than the library keeps"},
        {"[a]\nnovalue\n", "1 [a/]\n", "2: neither a [section] nor key = value\n", "no ="},
        {"[a]\nk : v\n", "1 [a/]\n", "2: neither a [section] nor key = value\n", "a colon"},
        {"[a]\n= v\n", "1 [a/]\n", "2: no name in front of =\n", "no key"},
        {"[a]\nk:l = v\n", "1 [a/]\n",
         "2: a name with a blank or one of [ ] \" : ; # in front of =\n", "a colon in the key"},
        {"[a]\nk l = v\n", "1 [a/]\n",
         "2: a name with a blank or one of [ ] \" : ; # in front of =\n", "a blank in the key"},
        {"[a]\naaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg = v\n", "1 [a/]\n",
         "2: a name of more than 64 octets in front of =\n", "a key of 65"},
        {"[a]\nk = \"v\n", "1 [a/]\n", "2: k: the closing quote is missing\n", "an open quote"},
        {"[a]\nk = \"v\\\"\n", "1 [a/]\n", "2: k: the closing quote is missing\n",
         "the last quote is escaped"},
        {"[a]\nk = \"v\\\n", "1 [a/]\n",
         "2: k: in quotes a backslash is written \\\\ and a quote \\\"\n", "ends in a backslash"},
        {"[a]\nk = \"C:\\dir\"\n", "1 [a/]\n",
         "2: k: in quotes a backslash is written \\\\ and a quote \\\"\n", "an unknown escape"},
        {"[a]\nk = \"v\" w\n", "1 [a/]\n",
         "2: k: text behind the closing quote: quote the whole value, with \\\" for a quote\n",
         "junk behind a quote"},
        {"[a]\nk = \"v\"#w\n", "1 [a/]\n",
         "2: k: text behind the closing quote: quote the whole value, with \\\" for a quote\n",
         "a comment right behind a quote"},
        {"[a]\npassword = x #y\n", "1 [a/]\n",
         "2: password: a blank and # begin a comment: put the value in double quotes\n",
         "a secret with a blank and #"},
        {"[a]\npassword = ;y\n", "1 [a/]\n",
         "2: password: a blank and ; begin a comment: put the value in double quotes\n",
         "a secret that begins with ;"},
        {"[a]\rk = v\r", "", "1: a carriage return inside the line: lines end with LF or CRLF\n",
         "bare CR"},
        {"[a]\nk = a\033[31m\n", "1 [a/]\n", "2: a control character (0x1b) in the line\n",
         "an escape"},
        {"[a]\nk = a\x7f\n", "1 [a/]\n", "2: a control character (0x7f) in the line\n", "DEL"},
        {"k = v\nl = w\n[a]\nm = x\n", "3 [a/]\n4 a/ m=x\n",
         "1: a setting before the first [section]\n", "told once, until a section begins"},
        {"\xEF\xBC\xBB"
         "a]\nk = v\nl\n[b]\nm = x\n",
         "4 [b/]\n5 b/ m=x\n",
         "1: this is a full-width bracket (U+FF3B): write [\n"
         "3: neither a [section] nor key = value\n",
         "a full-width bracket: its settings go to nobody, and are checked"},
        {"[a]\nk = v\n\xEF\xBC\xBB"
         "b\xEF\xBC\xBD\nk = w\n",
         "1 [a/]\n2 a/ k=v\n", "3: this is a full-width bracket (U+FF3B): write [\n",
         "not those of the section before"},
        {"[a\xEF\xBC\xBD\nk = v\n", "",
         "1: a section with a full-width bracket (U+FF3D): write ]\n", "the closing one"},
        {"[a\xE3\x80\x80"
         "b]\n",
         "", "1: a section name with a full-width space (U+3000): remove it\n", "inside a section"},
        {"\xE3\x80\x80[a]\nk = v\n", "",
         "1: the line begins with a full-width space (U+3000): remove it\n",
         "in front of a section"},
        {"[a]\n\xE3\x80\x80[b]\nk = v\n", "1 [a/]\n",
         "2: the line begins with a full-width space (U+3000): remove it\n",
         "whose settings go to nobody"},
        {"[a]\n\xE3\x80\x80k = v\nl = w\n", "1 [a/]\n3 a/ l=w\n",
         "2: the line begins with a full-width space (U+3000): remove it\n",
         "in front of a setting"},
        {"[a]\n [b]\nk = v\n", "1 [a/]\n",
         "2: the line begins with a blank: there are no continuation lines\n",
         "nor do those of one behind a blank"},
        {"[a]\nk\xC2\xA0= v\n", "1 [a/]\n",
         "2: a no-break space (U+00A0) in front of =: remove it\n", "behind a name"},
        {"[a]\nk\xEF\xBC\x9Dv\n", "1 [a/]\n",
         "2: this is a full-width equals sign (U+FF1D): write =\n", "a full-width equals sign"},
        {"[a]\npassword\xEF\xBC\x9DSESAME=\n", "1 [a/]\n",
         "2: this is a full-width equals sign (U+FF1D): write =\n", "with a real one in the value"},
        {"[a]\n\xEF\xBB\xBFk = v\n", "1 [a/]\n",
         "2: the line begins with a byte order mark (U+FEFF): remove it\n",
         "a byte order mark elsewhere"},
        {"[a]\n\"k\" = v\nl = 1\nm\nn = 2\n", "1 [a/]\n3 a/ l=1\n5 a/ n=2\n",
         "2: a name with a blank or one of [ ] \" : ; # in front of =\n"
         "4: neither a [section] nor key = value\n",
         "every wrong line is told, the others are taken"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        struct record r;

        parse(&r, cases[i].in, strlen(cases[i].in));
        is_str(r.got.data, cases[i].got, cases[i].why);
        is_str(r.wrong.data, cases[i].wrong, "its error");
        record_free(&r);
    }
}

/* Characters that nobody sees, at both ends of values: told, or kept in quotes. */
static void test_odd(void)
{
    static const struct {
        const char *octets, *name;
    } odd[] = {{"\xE3\x80\x80", "a full-width space (U+3000)"},
               {"\xC2\xA0", "a no-break space (U+00A0)"},
               {"\xE2\x80\x8B", "a zero-width space (U+200B)"},
               {"\xE2\x80\x8C", "a zero-width non-joiner (U+200C)"},
               {"\xE2\x80\x8D", "a zero-width joiner (U+200D)"},
               {"\xEF\xBB\xBF", "a byte order mark (U+FEFF)"},
               {"\xE2\x80\x9C", "a curly quote (U+201C)"},
               {"\xE2\x80\x9D", "a curly quote (U+201D)"},
               {"\xE2\x80\x98", "a curly quote (U+2018)"},
               {"\xE2\x80\x99", "a curly quote (U+2019)"}};
    size_t i;

    for (i = 0; i < ARRAY_LEN(odd); i++) {
        char in[400], got[400], wrong[1000];
        const char *o = odd[i].octets;
        struct record r;

        snprintf(in, sizeof(in),
                 "[a]\nk = %sv\npassword = v%s # c\nl = %s\nm = v%sw\nn = \"%sv%s\"\no = v%s\n", o,
                 o, o, o, o, o, o);
        snprintf(got, sizeof(got), "1 [a/]\n5 a/ m=v%sw\n6 a/ n=%sv%s\n", o, o, o);
        snprintf(wrong, sizeof(wrong),
                 "2: k: the value begins with %s: remove it, or put the value in straight double "
                 "quotes if it is meant\n"
                 "3: password: a blank and # begin a comment: put the value in double quotes\n"
                 "4: l: the value begins with %s: remove it, or put the value in straight double "
                 "quotes if it is meant\n"
                 "7: o: the value ends with %s: remove it, or put the value in straight double "
                 "quotes if it is meant\n",
                 odd[i].name, odd[i].name, odd[i].name);
        parse(&r, in, strlen(in));
        is_str(r.got.data, got, odd[i].name);
        is_str(r.wrong.data, wrong, "its errors");
        record_free(&r);
        ok(ini_odd(o, strlen(o) - 1, false) == NULL && ini_odd(o, strlen(o) - 1, true) == NULL,
           "not when it is cut");
    }
    ok(ini_odd("", 0, false) == NULL && ini_odd("", 0, true) == NULL, "nothing is not odd");
}

static void test_nul(void)
{
    static const char in[] = "[a]\nk = v\0w\nl = 1\n";
    struct record r;

    parse(&r, in, sizeof(in) - 1);
    is_str(r.got.data, "1 [a/]\n3 a/ l=1\n", "a line with NUL is passed over");
    is_str(r.wrong.data, "2: a NUL octet in the line\n", "and told");
    record_free(&r);
}

/* "[a]\nKEY = xxx...\nl = 1\n" with a second line of LINE octets. */
static void parse_long(struct record *r, const char *key, char c, size_t line)
{
    struct buf text;

    buf_init(&text, 1000000);
    buf_addf(&text, "[a]\n%s", key);
    while (text.len < 4 + line)
        buf_addc(&text, c);
    buf_adds(&text, "\nl = 1\n");
    parse(r, text.data, text.len);
    buf_free(&text);
}

static void test_long(void)
{
    static const struct {
        const char *start, *got, *wrong;
        size_t line;
        const char *why;
    } cases[] = {
        {"k=", "1 [a/]\n2 a/ k=248 octets\n3 a/ l=1\n", "", 250, "over the library's buffer"},
        {"k=", "1 [a/]\n2 a/ k=5000 octets\n3 a/ l=1\n", "", 5002, "5,000 octets"},
        {"k=", "1 [a/]\n2 a/ k=8190 octets\n3 a/ l=1\n", "", LIMIT_CONFIG_LINE, "the limit"},
        {"k=", "1 [a/]\n3 a/ l=1\n", "2: k: a line of more than 8192 octets\n",
         LIMIT_CONFIG_LINE + 1, "one over the limit"},
        {"password=", "1 [a/]\n2 a/ password=65527 octets\n3 a/ l=1\n", "", LIMIT_SECRET,
         "the limit of secrets"},
        {"password=", "1 [a/]\n3 a/ l=1\n", "2: password: a line of more than 65536 octets\n",
         LIMIT_SECRET + 1, "one over it"},
        {"# tls=off ", "1 [a/]\n3 a/ l=1\n", "", 4000, "a long comment sets nothing"},
        {"# ", "1 [a/]\n3 a/ l=1\n", "2: a line of more than 8192 octets\n", LIMIT_CONFIG_LINE + 1,
         "nor does one that is too long"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(cases); i++) {
        struct record r;

        parse_long(&r, cases[i].start, 'x', cases[i].line);
        is_str(r.got.data, cases[i].got, cases[i].why);
        is_str(r.wrong.data, cases[i].wrong, "its error");
        record_free(&r);
    }
}

/* Secrets as generators make them: each comes back as it was, quoted as the manual says. */
static void test_secrets(void)
{
    static const char *const secrets[] = {"a ;b",  " lead", "trail ", "\"quoted\"", "back\\slash",
                                          "\\\"",  "#",     ";",      "a #b;c = d", "[section]",
                                          "k = v", "x\\\\", "' '",    "\xC3\xA4 #", "\t#\t"};
    size_t i;

    for (i = 0; i < ARRAY_LEN(secrets); i++) {
        struct record r;
        struct buf text, want;
        const char *s;

        buf_init(&text, 1000);
        buf_init(&want, 1000);
        buf_adds(&text, "[a]\npassword = \"");
        for (s = secrets[i]; *s != '\0'; s++) {
            if (*s == '"' || *s == '\\')
                buf_addc(&text, '\\');
            buf_addc(&text, *s);
        }
        buf_adds(&text, "\"\n");
        buf_addf(&want, "1 [a/]\n2 a/ password=%s\n", secrets[i]);
        parse(&r, text.data, text.len);
        is_str(r.got.data, want.data, "a secret in quotes comes back");
        record_free(&r);
        buf_free(&text);
        buf_free(&want);
    }
}

int main(void)
{
    test_good();
    test_wrong();
    test_odd();
    test_nul();
    test_long();
    test_secrets();
    return done_testing();
}
