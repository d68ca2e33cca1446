/*
 * proc_split.c: a command line in words, as far as that can be done without a shell. What only a
 * shell would understand is refused, since the helper would get it as a plain argument and fail, or
 * worse, seem to work.
 */
#include "config.h"

#include "base/proc.h"

#include <string.h>

#include "base/limits.h"
#include "base/strv.h"

/*
 * Adds the piece of a word at *S to WORD: one quoted run or one character. Returns false on an
 * open quote or a backslash with nothing behind it.
 */
static bool take_piece(const char **s, struct buf *word)
{
    char quote = **s == '"' || **s == '\'' ? *(*s)++ : '\0';

    do {
        /* POSIX shell 2.2.3: within double quotes a backslash counts before these only. */
        bool escape = **s == '\\' && (quote == '\0' || (quote == '"' && (*s)[1] != '\0' &&
                                                        strchr("\\\"$`", (*s)[1]) != NULL));

        if (quote != '\0' && **s == quote)
            break;
        if (escape)
            (*s)++;
        if (**s == '\0')
            return false;
        buf_addc(word, *(*s)++);
    } while (quote != '\0');
    if (quote != '\0')
        (*s)++;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The length of $NAME or ${NAME} at S, 0 when it is none. */
static size_t variable_length(const char *s)
{
    static const char name[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    size_t brace = s[0] == '$' && s[1] == '{';
    size_t n = s[0] == '$' ? strspn(s + 1 + brace, name) : 0;

    if (n == 0 || (s[1 + brace] >= '0' && s[1 + brace] <= '9') || (brace && s[2 + n] != '}'))
        return 0;
    return 1 + n + 2 * brace;
}

/* The length of a shell's sign that a word can begin with, 0 when S begins with none. */
static size_t opening_sign(const char *s)
{
    size_t digits = strspn(s, "0123456789"); /* 2>/dev/null */
    size_t variable = variable_length(s);

    if (s[0] != '\0' && strchr("|<>&;", s[0]) != NULL)
        return 1;
    if (strncmp(s, "~/", 2) == 0)
        return 2;
    if (digits > 0 && (s[digits] == '>' || s[digits] == '<'))
        return digits + 1;
    if (s[variable] == '\0' || s[variable] == '/' || is_blank(s[variable]))
        return variable;
    return 0;
}

/*
 * Of the word at S what only a shell understands, its length in *N; NULL when there is none. Taken
 * literally it would make the helper do something else than its author meant, often without a word
 * of complaint. Quoted it is meant literally. Only the sign is told: around it may be a secret.
 */
static const char *find_shell_sign(const char *s, size_t *n)
{
    char quote = '\0';

    *n = opening_sign(s);
    if (*n > 0)
        return s;
    for (; *s != '\0' && (quote != '\0' || !is_blank(*s)); s++) {
        if (*s == '\\' && quote != '\'' && s[1] != '\0')
            s++;
        else if (quote != '\0' || *s == '"' || *s == '\'')
            quote = quote == '\0' ? *s : *s == quote ? '\0' : quote;
        else if (*s == '`' || (*s == '$' && s[1] == '(')) {
            *n = *s == '`' ? 1 : 2;
            return s;
        }
    }
    return NULL;
}

enum cause proc_split(const char *line, struct strv *argv, struct fault *why)
{
    struct strv words = {0};
    const char *s = line;

    while (*s != '\0') {
        const char *sign;
        struct buf word;
        size_t n;

        while (is_blank(*s))
            s++;
        if (*s == '\0')
            break;
        sign = find_shell_sign(s, &n);
        if (sign != NULL) {
            strv_free(&words);
            fault_set(why, CAUSE_CONFIG, "there is no shell here: %.*s", (int)n, sign);
            fault_hint(why, "for a shell write sh -c '...'");
            return CAUSE_CONFIG;
        }
        buf_init(&word, strlen(s));
        while (*s != '\0' && !is_blank(*s)) {
            if (!take_piece(&s, &word)) {
                buf_free(&word);
                strv_free(&words);
                return fault_set(why, CAUSE_CONFIG,
                                 "the command has an open quote or ends with a backslash");
            }
        }
        strv_take(&words, buf_take(&word));
    }
    if (words.n == 0)
        return fault_set(why, CAUSE_CONFIG, "the command is empty");
    strv_free(argv);
    *argv = words;
    return CAUSE_NONE;
}
