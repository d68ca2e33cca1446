/*
 * client.c: see client.h. Files are read here and not by GnuTLS, so that the checks are made on
 * what is read and the key is wiped afterwards; what lies in a token never leaves it.
 */
#include "config.h"

#include "net/client.h"

#include <gnutls/x509.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/proc.h"
#include "net/tls_file.h"
#include "net/token.h"

/* A chain of ten certificates and a key with 16384 bits are less than 64 KiB. */
#define CLIENT_FILE_MAX ((size_t)256 * 1024)

#define CHAIN_MAX 10

#define KEY_MARK "PRIVATE KEY-----"

struct client {
    gnutls_pcert_st chain[CHAIN_MAX]; /* ours first */
    unsigned n;
    gnutls_privkey_t key;
};

/* "SETTING: NAME: WHAT", the PIN left out, with ADVICE if there is any. */
static enum cause trouble(const char *setting, const char *name, const char *what,
                          const char *advice, struct fault *why)
{
    struct buf shown;

    buf_init(&shown, LIMIT_CONFIG_LINE);
    token_show(&shown, name);
    fault_set(why, CAUSE_TLS_FILE, "%s: %s: %s", setting, shown.data, what);
    if (advice != NULL)
        fault_hint(why, "%s", advice);
    buf_free(&shown);
    return CAUSE_TLS_FILE;
}

/* Reads the file PATH into TEXT, a secret buffer. */
static enum cause read_pem(const char *setting, const char *path, uid_t euid, struct buf *text,
                           struct fault *why)
{
    struct fault local = {0};
    struct stat st;
    int fd = -1;
    enum cause cause = file_open_regular(path, &fd, &st, &local);

    if (cause == CAUSE_NONE) {
        cause = file_owner_safe(path, &st, euid, &local);
        if (cause == CAUSE_NONE)
            cause = file_read_fd(fd, path, text, &local);
        (void)close(fd);
    }
    if (cause == CAUSE_NONE && !file_is_private(&st) &&
        memmem(text->data, text->len, KEY_MARK, strlen(KEY_MARK)) != NULL) {
        fault_set(&local, CAUSE_CONFIG, "%s: mode %04o lets others read the key in it", path,
                  (unsigned)st.st_mode & 07777U);
        fault_hint(&local, "chmod %s %s", st.st_uid == 0 ? "o-rwx" : "600", path);
        cause = CAUSE_CONFIG;
    }
    return cause != CAUSE_NONE ? tls_file_fault(setting, &local, why) : CAUSE_NONE;
}

/* What a library error about an object in a token means. */
static enum cause token_trouble(const char *setting, const char *name, int ret, struct fault *why)
{
    switch (ret) {
    case GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE:
    case GNUTLS_E_PKCS11_REQUESTED_OBJECT_NOT_AVAILBLE:
        return trouble(setting, name, "no token has such an object",
                       "`p11tool --list-all-certs` shows what there is; a private key is only "
                       "found with the right PIN",
                       why);
    case GNUTLS_E_PKCS11_PIN_ERROR:
    case GNUTLS_E_PKCS11_PIN_EXPIRED:
        return trouble(setting, name, "the token does not take the PIN, or wants one",
                       "behind the URI put ?pin-source=FILE, or ?pin-value=PIN in a config that "
                       "nobody else can read",
                       why);
    case GNUTLS_E_PKCS11_PIN_LOCKED:
        return trouble(setting, name, "the token is locked after too many wrong PINs", NULL, why);
    default:
        return trouble(setting, name, gnutls_strerror(ret), NULL, why);
    }
}

static enum cause load_chain(struct client *c, const char *name, const struct buf *pem,
                             struct fault *why)
{
    gnutls_datum_t text = {.data = (unsigned char *)pem->data, .size = (unsigned)pem->len};
    int ret;

    c->n = CHAIN_MAX;
    if (token_is_uri(name)) {
        ret = gnutls_pcert_list_import_x509_file(c->chain, &c->n, name, GNUTLS_X509_FMT_PEM, NULL,
                                                 NULL, 0);
        if (ret < 0) {
            c->n = 0;
            return token_trouble("tls_cert", name, ret, why);
        }
        return CAUSE_NONE;
    }
    ret = gnutls_pcert_list_import_x509_raw(c->chain, &c->n, &text, GNUTLS_X509_FMT_PEM,
                                            GNUTLS_X509_CRT_LIST_SORT);
    if (ret >= 0)
        return CAUSE_NONE;
    c->n = 0;
    if (ret == GNUTLS_E_NO_CERTIFICATE_FOUND)
        return trouble("tls_cert", name, "holds no certificate (PEM)", NULL, why);
    if (ret == GNUTLS_E_SHORT_MEMORY_BUFFER)
        return trouble("tls_cert", name, "holds more than ten certificates", NULL, why);
    return trouble("tls_cert", name, gnutls_strerror(ret), NULL, why);
}

static enum cause load_key(struct client *c, const char *setting, const char *name,
                           const struct buf *pem, struct fault *why)
{
    gnutls_datum_t text = {.data = (unsigned char *)pem->data, .size = (unsigned)pem->len};
    int ret;

    if (token_is_uri(name)) {
        ret = gnutls_privkey_import_url(c->key, name, 0);
        return ret < 0 ? token_trouble(setting, name, ret, why) : CAUSE_NONE;
    }
    if (memmem(pem->data, pem->len, KEY_MARK, strlen(KEY_MARK)) == NULL)
        return trouble(setting, name, "holds no private key (PEM)",
                       "name the file that has the key: tls_key = FILE", why);
    if (memmem(pem->data, pem->len, "ENCRYPTED", 9) != NULL)
        return trouble(setting, name, "the key is encrypted, and nobody can be asked for the words",
                       "decrypt it (`openssl pkey`) and protect the file by its mode", why);
    ret = gnutls_privkey_import_x509_raw(c->key, &text, GNUTLS_X509_FMT_PEM, NULL, 0);
    return ret < 0 ? trouble(setting, name, gnutls_strerror(ret), NULL, why) : CAUSE_NONE;
}

/* Whether the key is the certificate's. A token that does not tell leaves it to the server. */
static bool match(const struct client *c)
{
    unsigned char of_cert[32], of_key[32];
    size_t n_cert = sizeof(of_cert), n_key = sizeof(of_key);
    gnutls_pubkey_t public;
    bool same = true;

    if (gnutls_pubkey_init(&public) < 0)
        return true;
    if (gnutls_pubkey_import_privkey(public, c->key, 0, 0) >= 0 &&
        gnutls_pubkey_get_key_id(public, GNUTLS_KEYID_USE_SHA256, of_key, &n_key) >= 0 &&
        gnutls_pubkey_get_key_id(c->chain[0].pubkey, GNUTLS_KEYID_USE_SHA256, of_cert, &n_cert) >=
            0)
        same = n_cert == n_key && memcmp(of_cert, of_key, n_cert) == 0;
    gnutls_pubkey_deinit(public);
    return same;
}

static enum cause load(struct client *c, const struct tls_params *p, struct buf *cert_pem,
                       struct buf *key_pem, struct fault *why)
{
    const char *cert = p->cert_file, *key = p->key_file;
    const char *setting = key != NULL ? "tls_key" : "tls_cert";
    enum cause cause = CAUSE_NONE;

    if (!token_is_uri(cert))
        cause = read_pem("tls_cert", cert, p->euid, cert_pem, why);
    if (cause == CAUSE_NONE && key != NULL && !token_is_uri(key))
        cause = read_pem("tls_key", key, p->euid, key_pem, why);
    if (cause == CAUSE_NONE)
        cause = load_chain(c, cert, cert_pem, why);
    if (cause == CAUSE_NONE && gnutls_privkey_init(&c->key) < 0)
        return fault_set(why, CAUSE_NO_MEMORY, "out of memory while reading tls_key");
    if (cause == CAUSE_NONE)
        cause =
            load_key(c, setting, key != NULL ? key : cert, key != NULL ? key_pem : cert_pem, why);
    if (cause == CAUSE_NONE && !match(c))
        cause = trouble(setting, key != NULL ? key : cert,
                        "the key does not belong to the certificate of tls_cert", NULL, why);
    return cause;
}

static void drop(struct client *c)
{
    for (unsigned i = 0; i < c->n; i++)
        gnutls_pcert_deinit(&c->chain[i]);
    if (c->key != NULL)
        gnutls_privkey_deinit(c->key);
}

enum cause client_load(gnutls_certificate_credentials_t creds, const struct tls_params *p,
                       struct fault *why)
{
    struct client c = {.n = 0};
    struct buf cert_pem, key_pem;
    enum cause cause;

    proc_protect_memory();
    buf_init_secret(&cert_pem, CLIENT_FILE_MAX);
    buf_init_secret(&key_pem, CLIENT_FILE_MAX);
    cause = load(&c, p, &cert_pem, &key_pem, why);
    buf_free(&cert_pem);
    buf_free(&key_pem);
    if (cause != CAUSE_NONE) {
        drop(&c);
        return cause;
    }
    /* match() has looked; GnuTLS would sign and verify something for it. */
    gnutls_certificate_set_flags(creds, GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH);
    /* What is inside belongs to CREDS then; it only fails when there is no memory. */
    if (gnutls_certificate_set_key(creds, NULL, 0, c.chain, (int)c.n, c.key) < 0)
        return fault_set(why, CAUSE_NO_MEMORY, "out of memory while reading tls_cert");
    return CAUSE_NONE;
}
