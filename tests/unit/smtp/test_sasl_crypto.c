/* test_sasl_crypto.c: the primitives, by the vectors of their standards. */
#include "config.h"

#include "smtp/sasl_crypto.h"

#include "tap.h"

static const struct {
    enum sasl_hash hash;
    const char *in, *want, *why;
} hashes[] = {
    {SASL_HASH_MD5, "message digest", "f96b697d7cb7938d525a2f31aaf161d0", "RFC 1321 A.5"},
    {SASL_HASH_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d", "RFC 3174 7.3"},
    {SASL_HASH_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     "FIPS 180-2 B.1"},
    {SASL_HASH_SHA256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
     "nothing at all"},
};

static const struct {
    enum sasl_hash hash;
    const char *key, *in, *want, *why;
} hmacs[] = {
    {SASL_HASH_MD5, "Jefe", "what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738",
     "RFC 2202 2, case 2"},
    {SASL_HASH_SHA1, "Jefe", "what do ya want for nothing?",
     "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", "RFC 2202 3, case 2"},
    {SASL_HASH_SHA256, "Jefe", "what do ya want for nothing?",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "RFC 4231 4.3"},
    {SASL_HASH_SHA256, "0123456789012345678901234567890123456789012345678901234567890123456789", "",
     "4aacac15eb568d68dd74c71362b5a2f9189f8ade46c397e60c3bde0583b633ad", "a key over one block"},
};

static const struct {
    enum sasl_hash hash;
    const char *secret, *salt;
    unsigned rounds;
    const char *want, *why;
} stretched[] = {
    {SASL_HASH_SHA1, "password", "salt", 1, "0c60c80f961f0e71f3a9b524af6012062fe037a6", "RFC 6070"},
    {SASL_HASH_SHA1, "password", "salt", 4096, "4b007901b765489abead49d926f721d065a429c1",
     "RFC 6070"},
    {SASL_HASH_SHA256, "passwd", "salt", 1,
     "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc", "RFC 7914 11"},
};

static void hex(const unsigned char *in, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++)
        snprintf(out + 2 * i, 3, "%02x", in[i]);
}

int main(void)
{
    unsigned char got[SASL_DIGEST_MAX];
    char text[2 * SASL_DIGEST_MAX + 1];
    struct buf secret;

    for (size_t i = 0; i < sizeof(hashes) / sizeof(*hashes); i++) {
        ok(sasl_crypto_hash(hashes[i].hash, hashes[i].in, strlen(hashes[i].in), got), "a hash");
        hex(got, sasl_crypto_size(hashes[i].hash), text);
        is_str(text, hashes[i].want, hashes[i].why);
    }
    for (size_t i = 0; i < sizeof(hmacs) / sizeof(*hmacs); i++) {
        ok(sasl_crypto_hmac(hmacs[i].hash, hmacs[i].key, strlen(hmacs[i].key), hmacs[i].in,
                            strlen(hmacs[i].in), got),
           "an HMAC");
        hex(got, sasl_crypto_size(hmacs[i].hash), text);
        is_str(text, hmacs[i].want, hmacs[i].why);
    }
    buf_init_secret(&secret, 100);
    for (size_t i = 0; i < sizeof(stretched) / sizeof(*stretched); i++) {
        buf_reset(&secret);
        buf_adds(&secret, stretched[i].secret);
        ok(sasl_crypto_pbkdf2(stretched[i].hash, &secret, stretched[i].salt,
                              strlen(stretched[i].salt), stretched[i].rounds, got),
           "a stretched password");
        hex(got, sasl_crypto_size(stretched[i].hash), text);
        /* RFC 7914 gives 64 octets, of which the first block is ours */
        is_str(text, stretched[i].want, stretched[i].why);
    }
    ok(sasl_crypto_same("abc", "abd", 2), "the same in what is looked at");
    ok(!sasl_crypto_same("abc", "abd", 3), "not the same");
    ok(sasl_crypto_same("", "", 0), "nothing equals nothing");
    buf_free(&secret);
    return done_testing();
}
