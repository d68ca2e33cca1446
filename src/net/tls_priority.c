/*
 * tls_priority.c: which versions, groups and ciphers a session may use.
 */
#include "config.h"

#include "net/tls_priority.h"

#include <string.h>

#include "base/limits.h"

/*
 * What we take from GnuTLS' default, which may be the distribution's policy: TLS 1.2 and 1.3 only;
 * X25519 as the one key share sent unasked (a key share costs a million instructions), the other
 * groups still on offer; nothing in a chain weaker than 112 bits (RSA with 1024 is refused).
 */
#define GROUPS                                                                                     \
    "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+GROUP-SECP521R1:"                 \
    "+GROUP-FFDHE2048:+GROUP-FFDHE3072"
#define PROFILE  "%PROFILE_MEDIUM"
#define PRIORITY "-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:" GROUPS ":" PROFILE

/*
 * The user's string is taken as it is, but for the profile: a string that sets none of its own,
 * neither by name nor by one of the levels that imply a stronger one, keeps ours.
 */
enum cause tls_priority_set(gnutls_session_t session, const char *priority, struct fault *why)
{
    const char *wrong = NULL;
    struct buf text;
    int ret;

    if (priority == NULL) {
        ret = gnutls_set_default_priority_append(session, PRIORITY, &wrong, 0);
        if (ret < 0)
            return fault_set(why, CAUSE_TLS, "this GnuTLS refuses the priority string at \"%s\"",
                             wrong != NULL ? wrong : PRIORITY);
        return CAUSE_NONE;
    }
    buf_init(&text, LIMIT_CONFIG_LINE + sizeof(PROFILE) + 1);
    buf_adds(&text, priority);
    if (strstr(priority, "%PROFILE") == NULL && strstr(priority, "SECURE") == NULL &&
        strstr(priority, "SUITEB") == NULL)
        buf_adds(&text, ":" PROFILE);
    ret = text.over ? GNUTLS_E_INVALID_REQUEST
                    : gnutls_priority_set_direct(session, text.data, &wrong);
    if (ret < 0) {
        size_t at = wrong != NULL ? (size_t)(wrong - text.data) : 0;

        if (at > strlen(priority))
            at = 0;
        fault_set(why, CAUSE_CONFIG, "tls_priority is wrong at position %zu: \"%s\"", at + 1,
                  priority + at);
        why->offset = at;
        fault_hint(why, "see 'Priority strings' in the GnuTLS manual");
    }
    buf_free(&text);
    return ret < 0 ? CAUSE_CONFIG : CAUSE_NONE;
}
