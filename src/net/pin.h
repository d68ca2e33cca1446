/*
 * pin.h: the notation of public key pins: SHA-256 of a SubjectPublicKeyInfo (RFC 7469 2.4).
 */
#ifndef NET_PIN_H
#define NET_PIN_H

#include "base/buf.h"

#include <stdbool.h>

#define PIN_OCTETS 32

/*
 * pin_parse - reads "sha256:HEX" (colons between the octets allowed), "sha256//BASE64" as curl and
 * HPKP write it, or either without its prefix. False when TEXT is none of these.
 */
bool pin_parse(const char *text, unsigned char out[PIN_OCTETS]);

/* pin_format - appends "sha256:HEX", the notation that we print. */
void pin_format(struct buf *out, const unsigned char pin[PIN_OCTETS]);

#endif
