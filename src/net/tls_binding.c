/*
 * tls_binding.c: what ties a login to the TLS session that it is made in, so that nobody in between
 * can pass it on (SCRAM-PLUS).
 */
#include "config.h"

#include "net/tls_binding.h"

#include <gnutls/crypto.h>
#include <gnutls/x509.h>

/* RFC 9266 4.2: a session of TLS 1.2 is unique by extended master secret; 2: "" is a context. */
static bool add_exporter(gnutls_session_t s, struct buf *out)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    char octets[32];

    if (gnutls_protocol_get_version(s) != GNUTLS_TLS1_3 &&
        gnutls_session_ext_master_secret_status(s) == 0)
        return false;
    return gnutls_prf_rfc5705(s, sizeof(label) - 1, label, 0, "", sizeof(octets), octets) >= 0 &&
           buf_add(out, octets, sizeof(octets));
}

/*
 * RFC 5929 4.1: the hash that the certificate's signature uses, SHA-256 for those that are too
 * weak. Signatures with a hash of their own (EdDSA) are left undefined there.
 */
static gnutls_digest_algorithm_t end_point_hash(gnutls_x509_crt_t crt)
{
    int sign = gnutls_x509_crt_get_signature_algorithm(crt);

    if (sign < 0 || sign == GNUTLS_SIGN_EDDSA_ED25519 || sign == GNUTLS_SIGN_EDDSA_ED448)
        return GNUTLS_DIG_UNKNOWN;
    switch ((int)gnutls_sign_get_hash_algorithm((gnutls_sign_algorithm_t)sign)) {
    case GNUTLS_DIG_MD5:
    case GNUTLS_DIG_SHA1:
    case GNUTLS_DIG_SHA256:
        return GNUTLS_DIG_SHA256;
    case GNUTLS_DIG_SHA384:
        return GNUTLS_DIG_SHA384;
    case GNUTLS_DIG_SHA512:
        return GNUTLS_DIG_SHA512;
    }
    return GNUTLS_DIG_UNKNOWN;
}

static bool add_end_point(gnutls_session_t s, struct buf *out)
{
    unsigned n = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(s, &n);
    char octets[64];
    gnutls_x509_crt_t crt;
    bool good = false;

    if (chain == NULL || n == 0 || gnutls_x509_crt_init(&crt) < 0)
        return false;
    if (gnutls_x509_crt_import(crt, chain, GNUTLS_X509_FMT_DER) >= 0) {
        gnutls_digest_algorithm_t hash = end_point_hash(crt);

        good = hash != GNUTLS_DIG_UNKNOWN &&
               gnutls_hash_fast(hash, chain->data, chain->size, octets) >= 0 &&
               buf_add(out, octets, gnutls_hash_get_len(hash));
    }
    gnutls_x509_crt_deinit(crt);
    return good;
}

bool tls_binding_add(gnutls_session_t session, enum tls_binding kind, struct buf *out)
{
    switch (kind) {
    case TLS_BINDING_EXPORTER:
        return add_exporter(session, out);
    case TLS_BINDING_END_POINT:
        return add_end_point(session, out);
    }
    return false;
}
