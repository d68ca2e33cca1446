/*
 * client.h: our own certificate and its key, for servers that ask for one: PEM files, or objects in
 * a token that pkcs11: URIs name. Only net/tls uses it.
 */
#ifndef NET_CLIENT_H
#define NET_CLIENT_H

#include "base/fault.h"
#include "net/tls.h"

#include <gnutls/abstract.h>

/*
 * client_load - reads the certificate and the key of P into CREDS. A file must be owned by root or
 * us and not be writable by others; one with a key must not be readable by others either. There is
 * no question for a PIN: the URI gives it, or names the file that holds it.
 * fails: CAUSE_TLS_FILE: the text names the setting and the file or object, and what is wrong.
 */
enum cause client_load(gnutls_certificate_credentials_t creds, const struct tls_params *p,
                       struct fault *why) ATTR_CHECK;

#endif
