/*
 * sasl_server.c: SCRAM (RFC 5802, 7677) with channel binding, CRAM-MD5 (RFC 2195), bearer tokens
 * (RFC 7628) and EXTERNAL from the server's side, straight on GnuTLS. The octets that a client
 * binds to are compared with those of this end's own TLS session.
 */
#include "config.h"

#include "sasl_server.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

#define QUIET_MS 2

/* What the words of a script may set. */
enum word {
    W_USER,
    W_PASSWORD,
    W_ROUNDS,
    W_SAYS,      /* the gs2 flag that must come: n, y, p=KIND */
    W_FIRST,     /* sent for the first message; %N is the nonce of both */
    W_LAST,      /* sent for the last one */
    W_ERROR,     /* e=VALUE in place of the last message */
    W_EARLY,     /* e=VALUE in place of the first one */
    W_CHALLENGE, /* CRAM-MD5; or of a token: the JSON that refuses */
    W_VERDICT,   /* the final reply */
    W_COUNT
};

static const char *const word_names[W_COUNT] = {"user",      "password", "rounds", "says",
                                                "first",     "last",     "error",  "early",
                                                "challenge", "verdict"};

struct login {
    struct peer *peer;
    int64_t until_ms;
    struct octets *talk, *wrong;
    struct octets mechanism, word[W_COUNT];
    bool has[W_COUNT];
    bool bad;      /* what the client proves must be wrong */
    bool other;    /* the binding is compared with that of another connection */
    bool cancels;  /* the client must take the login back */
    bool unproven; /* no last message: 235 at once */
    bool mute;     /* nothing is said to the proof */
    bool unjudged; /* nor to what comes behind the last message */
    bool whole;    /* no initial response may come: an empty challenge is sent for it */
    struct octets line, got;
    bool over;
};

static bool complain(struct login *l, const char *text, const struct octets *shown)
{
    octets_printf(l->wrong, "AUTH %s: %s", octets_text(&l->mechanism), text);
    if (shown) {
        octets_str(l->wrong, ": ");
        octets_show(l->wrong, octets_text(shown), shown->n);
    }
    return false;
}

static const char *value(const struct login *l, enum word w, const char *fallback)
{
    return l->has[w] ? octets_text(&l->word[w]) : fallback;
}

static bool parse_word(struct login *l, const char *s, size_t n)
{
    static const struct {
        const char *word;
        size_t offset;
    } flags[] = {
        {"bad", offsetof(struct login, bad)},
        {"other", offsetof(struct login, other)},
        {"cancels", offsetof(struct login, cancels)},
        {"unproven", offsetof(struct login, unproven)},
        {"mute", offsetof(struct login, mute)},
        {"unjudged", offsetof(struct login, unjudged)},
        {"whole", offsetof(struct login, whole)},
    };
    const char *equals = memchr(s, '=', n);
    size_t len = equals ? (size_t)(equals - s) : n;

    for (size_t i = 0; !equals && i < sizeof flags / sizeof flags[0]; i++) {
        if (strlen(flags[i].word) == n && memcmp(flags[i].word, s, n) == 0) {
            *(bool *)((char *)l + flags[i].offset) = true;
            return true;
        }
    }
    for (int w = 0; equals && w < W_COUNT; w++) {
        if (strlen(word_names[w]) == len && memcmp(word_names[w], s, len) == 0) {
            l->has[w] = true;
            return octets_decode(&l->word[w], equals + 1, n - len - 1, NULL) == NULL;
        }
    }
    return false;
}

static void parse(struct login *l, const char *words)
{
    while (*words != '\0') {
        size_t n = strcspn(words, " ");

        if (l->mechanism.n == 0)
            octets_add(&l->mechanism, words, n);
        else if (n > 0 && !parse_word(l, words, n))
            die("sasl: what is \"%.*s\"?", (int)n, words);
        words += n;
        words += strspn(words, " ");
    }
}

/* Receives a line without its CRLF into l->line. */
static bool receive(struct login *l)
{
    if (!peer_line(l->peer, &l->line, l->until_ms))
        return complain(l, "the client says nothing", NULL);
    octets_str(l->talk, "C: ");
    octets_show(l->talk, l->line.p, l->line.n);
    octets_char(l->talk, '\n');
    if (l->line.n < 2 || memcmp(l->line.p + l->line.n - 2, "\r\n", 2) != 0)
        return complain(l, "a line without CRLF", &l->line);
    l->line.n -= 2;
    l->line.p[l->line.n] = '\0';
    return true;
}

static bool send_line(struct login *l, const char *text)
{
    struct octets out = {0};
    bool sent;

    if (peer_waiting(l->peer, QUIET_MS))
        return complain(l, "the client did not wait", NULL);
    octets_str(&out, text);
    octets_str(&out, "\r\n");
    octets_printf(l->talk, "S: %s\n", text);
    sent = peer_send(l->peer, out.p, out.n, l->until_ms);
    octets_free(&out);
    return sent || complain(l, "cannot send", NULL);
}

static bool challenge(struct login *l, const char *text, size_t n)
{
    struct octets out = {0};
    bool sent;

    octets_str(&out, "334 ");
    octets_b64(&out, text, n);
    sent = send_line(l, octets_text(&out));
    octets_free(&out);
    return sent;
}

static bool decode(struct octets *out, const char *s, size_t n)
{
    gnutls_datum_t in = {.data = (void *)(uintptr_t)s, .size = (unsigned)n}, plain = {0};

    out->n = 0;
    if (n == 0)
        return true;
    if (gnutls_base64_decode2(&in, &plain) != 0)
        return false;
    octets_add(out, plain.data, plain.size);
    gnutls_free(plain.data);
    return true;
}

/* A response to a challenge, decoded into l->got; or "*", where the challenge was a CANCEL one. */
static bool response(struct login *l, bool cancel)
{
    if (!receive(l))
        return false;
    if (cancel)
        return strcmp(octets_text(&l->line), "*") == 0
                   ? send_line(l, "501 5.7.0 taken back")
                   : complain(l, "the client does not take it back", &l->line);
    return decode(&l->got, octets_text(&l->line), l->line.n) ||
           complain(l, "a response that is no base64", &l->line);
}

/* "AUTH MECHANISM" with an initial response, if there is to be one. */
static bool begin(struct login *l, bool has_initial)
{
    const char *name = octets_text(&l->mechanism);
    size_t n = strlen(name);
    const char *rest;

    if (!receive(l))
        return false;
    if (l->line.n < 5 + n || memcmp(l->line.p, "AUTH ", 5) != 0 ||
        memcmp(l->line.p + 5, name, n) != 0)
        return complain(l, "not the command", &l->line);
    rest = l->line.p + 5 + n;
    if (!has_initial || l->whole)
        return *rest == '\0' ? !l->whole || (send_line(l, "334 ") && response(l, false))
                             : complain(l, "an initial response", &l->line);
    if (*rest != ' ')
        return complain(l, "no initial response", &l->line);
    if (strcmp(rest + 1, "=") == 0)
        return true;
    return decode(&l->got, rest + 1, strlen(rest + 1)) ||
           complain(l, "an initial response that is no base64", &l->line);
}

/* GOOD: the client proves what it should. */
static bool verdict(struct login *l, bool good)
{
    if (good == l->bad)
        return complain(l, good ? "a proof that should be wrong" : "a wrong proof", &l->got);
    return send_line(l, value(l, W_VERDICT, good ? "235 2.7.0 welcome" : "535 5.7.8 wrong"));
}

struct scram {
    gnutls_mac_algorithm_t mac;
    gnutls_digest_algorithm_t hash;
    unsigned size, rounds;
    bool plus;
    struct octets header, bare, client_nonce, nonce, first, proof;
    unsigned char salt[16], salted[32], signature[32];
};

/* What this end has to say of the TLS session. */
static bool own_binding(const struct login *l, const char *kind, struct octets *out)
{
    gnutls_channel_binding_t type =
        strcmp(kind, "tls-exporter") == 0 ? GNUTLS_CB_TLS_EXPORTER : GNUTLS_CB_TLS_SERVER_END_POINT;
    gnutls_datum_t octets = {0};

    if (strcmp(kind, "tls-exporter") != 0 && strcmp(kind, "tls-server-end-point") != 0)
        return false;
    if (l->peer->tls == NULL || gnutls_session_channel_binding(l->peer->tls, type, &octets) != 0)
        return false;
    octets_add(out, octets.data, octets.size);
    gnutls_free(octets.data);
    if (l->other)
        out->p[0] ^= 1;
    return true;
}

/* "FLAG,,n=NAME,r=NONCE" */
static bool read_first(struct login *l, struct scram *s)
{
    const char *text = octets_text(&l->got);
    const char *comma = strstr(text, ",,");
    const char *nonce = strstr(text, ",r=");
    struct octets user = {0};
    bool good;

    if (!comma || !nonce || strlen(text) != l->got.n)
        return complain(l, "not a first message", &l->got);
    octets_add(&s->header, text, (size_t)(comma - text) + 2);
    octets_str(&s->bare, comma + 2);
    octets_str(&s->client_nonce, nonce + 3);
    octets_printf(&user, "n=%s,r=", value(l, W_USER, "alice"));
    good = strncmp(comma + 2, octets_text(&user), user.n) == 0 && s->client_nonce.n >= 16;
    octets_free(&user);
    if (!good)
        return complain(l, "another user, or a short nonce", &l->got);
    if (l->has[W_SAYS] && (strlen(value(l, W_SAYS, "")) != s->header.n - 2 ||
                           memcmp(value(l, W_SAYS, ""), s->header.p, s->header.n - 2) != 0))
        return complain(l, "another gs2 header", &s->header);
    return (s->header.p[0] == 'p') == s->plus ||
           complain(l, "the header does not fit the mechanism", &s->header);
}

/* The message to send for one: with the nonces put in where a script wants that. */
static void expand(const struct scram *s, const char *text, struct octets *out)
{
    for (; *text != '\0'; text++) {
        if (text[0] == '%' && text[1] == 'N')
            octets_add(out, s->nonce.p, s->nonce.n), text++;
        else
            octets_char(out, *text);
    }
}

static bool send_first(struct login *l, struct scram *s)
{
    unsigned char random[12];

    if (gnutls_rnd(GNUTLS_RND_NONCE, random, sizeof random) != 0 ||
        gnutls_rnd(GNUTLS_RND_NONCE, s->salt, sizeof s->salt) != 0)
        die("no randomness");
    octets_add(&s->nonce, s->client_nonce.p, s->client_nonce.n);
    octets_b64(&s->nonce, (const char *)random, sizeof random);
    s->rounds = (unsigned)atoi(value(l, W_ROUNDS, "4096"));
    if (l->has[W_FIRST]) {
        expand(s, value(l, W_FIRST, ""), &s->first);
    } else if (l->has[W_EARLY]) {
        octets_printf(&s->first, "e=%s", value(l, W_EARLY, ""));
    } else {
        octets_printf(&s->first, "r=%s,s=", octets_text(&s->nonce));
        octets_b64(&s->first, (const char *)s->salt, sizeof s->salt);
        octets_printf(&s->first, ",i=%u", s->rounds);
    }
    return challenge(l, octets_text(&s->first), s->first.n);
}

/* "c=BINDING,r=NONCE,p=PROOF": the text in front of the proof must be this, to the octet. */
static bool read_final(struct login *l, struct scram *s, struct octets *unproved)
{
    const char *kind = s->plus ? octets_text(&s->header) + 2 : "";
    struct octets bound = {0}, name = {0};
    bool good = true;

    octets_add(&bound, s->header.p, s->header.n);
    octets_add(&name, kind, strcspn(kind, ","));
    if (s->plus)
        good = own_binding(l, octets_text(&name), &bound);
    octets_str(unproved, "c=");
    octets_b64(unproved, bound.p, bound.n);
    octets_printf(unproved, ",r=%s", octets_text(&s->nonce));
    good = good && l->got.n > unproved->n + 3 && memcmp(l->got.p, unproved->p, unproved->n) == 0 &&
           memcmp(l->got.p + unproved->n, ",p=", 3) == 0 &&
           decode(&s->proof, l->got.p + unproved->n + 3, l->got.n - unproved->n - 3) &&
           s->proof.n == s->size;
    octets_free(&bound);
    octets_free(&name);
    return good;
}

static void hmac(const struct scram *s, const void *key, const char *text, size_t n,
                 unsigned char *out)
{
    if (gnutls_hmac_fast(s->mac, key, s->size, text, n, out) != 0)
        die("HMAC fails");
}

/* RFC 5802 3, from the server's side: H(PROOF xor ClientSignature) is the StoredKey. */
static bool is_proof(struct login *l, struct scram *s, const struct octets *unproved)
{
    const char *password = value(l, W_PASSWORD, "tr0ub4dor&3");
    gnutls_datum_t key = {(void *)(uintptr_t)password, (unsigned)strlen(password)};
    gnutls_datum_t salt = {s->salt, sizeof s->salt};
    unsigned char client[32], stored[32], server[32], signature[32];
    struct octets auth = {0};

    if (gnutls_pbkdf2(s->mac, &key, &salt, s->rounds, s->salted, s->size) != 0)
        die("PBKDF2 fails");
    octets_printf(&auth, "%s,%s,%s", octets_text(&s->bare), octets_text(&s->first),
                  octets_text(unproved));
    hmac(s, s->salted, "Client Key", 10, client);
    if (gnutls_hash_fast(s->hash, client, s->size, stored) != 0)
        die("the hash fails");
    hmac(s, stored, auth.p, auth.n, signature);
    hmac(s, s->salted, "Server Key", 10, server);
    hmac(s, server, auth.p, auth.n, s->signature);
    octets_free(&auth);
    for (unsigned i = 0; i < s->size; i++)
        signature[i] ^= (unsigned char)s->proof.p[i];
    return memcmp(signature, client, s->size) == 0;
}

static bool send_last(struct login *l, const struct scram *s, bool good)
{
    struct octets last = {0};
    bool sent;

    if (l->has[W_LAST]) {
        expand(s, value(l, W_LAST, ""), &last);
    } else if (l->has[W_ERROR]) {
        octets_printf(&last, "e=%s", value(l, W_ERROR, ""));
    } else if (good) {
        octets_str(&last, "v=");
        octets_b64(&last, (const char *)s->signature, s->size);
    } else {
        octets_str(&last, "e=invalid-proof");
    }
    sent = challenge(l, octets_text(&last), last.n);
    octets_free(&last);
    return sent;
}

static bool scram_talk(struct login *l, struct scram *s)
{
    struct octets unproved = {0};
    bool at_once = l->cancels && !l->has[W_LAST];
    bool good, fine;

    if (!begin(l, true) || !read_first(l, s) || !send_first(l, s) || !response(l, at_once))
        return false;
    if (l->has[W_EARLY])
        return l->got.n == 0 ? verdict(l, false) : complain(l, "an answer to e=", &l->got);
    if (at_once || l->has[W_FIRST])
        return at_once || complain(l, "the client goes on", &l->got);
    good = read_final(l, s, &unproved) && is_proof(l, s, &unproved);
    octets_free(&unproved);
    if (good == l->bad)
        return complain(l, good ? "a proof that should be wrong" : "a wrong proof", &l->got);
    if (l->mute)
        return true;
    if (l->unproven)
        return verdict(l, good);
    fine = send_last(l, s, good) && response(l, l->cancels);
    if (!fine || l->cancels)
        return fine;
    if (l->got.n > 0)
        return complain(l, "an answer to the last message", &l->got);
    return l->unjudged || verdict(l, good);
}

static bool scram(struct login *l)
{
    const char *name = octets_text(&l->mechanism);
    bool sha256 = strncmp(name, "SCRAM-SHA-256", 13) == 0;
    struct scram s = {.mac = sha256 ? GNUTLS_MAC_SHA256 : GNUTLS_MAC_SHA1,
                      .hash = sha256 ? GNUTLS_DIG_SHA256 : GNUTLS_DIG_SHA1,
                      .size = sha256 ? 32 : 20,
                      .plus = strstr(name, "-PLUS") != NULL};
    bool fine = scram_talk(l, &s);

    octets_free(&s.header);
    octets_free(&s.bare);
    octets_free(&s.client_nonce);
    octets_free(&s.nonce);
    octets_free(&s.first);
    octets_free(&s.proof);
    return fine;
}

static bool cram(struct login *l)
{
    const char *text = value(l, W_CHALLENGE, "<1896.697170952@mail.example.org>");
    const char *password = value(l, W_PASSWORD, "tr0ub4dor&3");
    unsigned char mac[16];
    struct octets want = {0};
    bool good;

    if (!begin(l, false) || !challenge(l, text, strlen(text)) || !response(l, l->cancels))
        return false;
    if (l->cancels)
        return true;
    if (gnutls_hmac_fast(GNUTLS_MAC_MD5, password, strlen(password), text, strlen(text), mac) != 0)
        die("HMAC-MD5 fails");
    octets_printf(&want, "%s ", value(l, W_USER, "alice"));
    for (size_t i = 0; i < sizeof mac; i++)
        octets_printf(&want, "%02x", mac[i]);
    good = want.n == l->got.n && memcmp(want.p, l->got.p, want.n) == 0;
    octets_free(&want);
    return verdict(l, good);
}

/* "BEGIN MIDDLE END", where any text may stand in the middle if LOOSE. */
static bool is_framed(const struct octets *o, const struct octets *begin, const struct octets *end,
                      bool loose)
{
    return (loose ? o->n >= begin->n + end->n : o->n == begin->n + end->n) &&
           memcmp(o->p, begin->p, begin->n) == 0 &&
           memcmp(o->p + o->n - end->n, end->p, end->n) == 0;
}

/* Of OAUTHBEARER "host=" and "port=" may stand in front of the token (RFC 7628 3.1). */
static bool token(struct login *l, bool bearer)
{
    const char *text = value(l, W_CHALLENGE, "{\"status\":\"401\",\"schemes\":\"bearer\"}");
    struct octets head = {0}, tail = {0};
    bool good;

    if (!begin(l, true))
        return false;
    octets_printf(&head, bearer ? "n,a=%s,\001" : "user=%s\001", value(l, W_USER, "alice"));
    octets_printf(&tail, "auth=Bearer %s\001\001", value(l, W_PASSWORD, ""));
    good = is_framed(&l->got, &head, &tail, bearer);
    octets_free(&head);
    octets_free(&tail);
    if (good)
        return verdict(l, true);
    if (!l->bad)
        return complain(l, "another token", &l->got);
    if (!challenge(l, text, strlen(text)) || !response(l, false))
        return false;
    if (bearer ? l->got.n != 1 || l->got.p[0] != 1 : l->got.n != 0)
        return complain(l, "another answer to the refusal", &l->got);
    return verdict(l, false);
}

static bool external(struct login *l)
{
    const char *user = value(l, W_USER, "alice");

    if (!begin(l, true))
        return false;
    if (l->got.n != strlen(user) || memcmp(octets_text(&l->got), user, l->got.n) != 0)
        return complain(l, "another identity", &l->got);
    return send_line(l, value(l, W_VERDICT, "235 2.7.0 welcome"));
}

bool sasl_server_run(struct peer *p, const char *words, int64_t until_ms, struct octets *talk,
                     struct octets *wrong)
{
    struct login l = {.peer = p, .until_ms = until_ms, .talk = talk, .wrong = wrong};
    const char *name;
    bool fine;

    parse(&l, words);
    name = octets_text(&l.mechanism);
    if (strncmp(name, "SCRAM-", 6) == 0)
        fine = scram(&l);
    else if (strcmp(name, "CRAM-MD5") == 0)
        fine = cram(&l);
    else if (strcmp(name, "OAUTHBEARER") == 0 || strcmp(name, "XOAUTH2") == 0)
        fine = token(&l, name[0] == 'O');
    else if (strcmp(name, "EXTERNAL") == 0)
        fine = external(&l);
    else
        die("sasl: unknown mechanism %s", name);
    octets_free(&l.mechanism);
    for (int w = 0; w < W_COUNT; w++)
        octets_free(&l.word[w]);
    octets_free(&l.line);
    octets_free(&l.got);
    return fine;
}
