/* idn.h: internationalised domain names (RFC 5891) through libidn2, if built with it. */
#ifndef BASE_IDN_H
#define BASE_IDN_H

#include "base/fault.h"

/*
 * idn_to_ascii - the A-label form of a UTF-8 domain, lower case; an ASCII domain is copied as it
 * is. ascii: owned by the caller. fails: CAUSE_BAD_ADDRESS (not a valid name, or built without
 * libidn2 and not ASCII).
 */
enum cause idn_to_ascii(const char *domain, char **ascii, struct fault *why) ATTR_CHECK;

#endif
