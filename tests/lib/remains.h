/*
 * remains.h: what a client may still send when its conversation has come to a bad end: judged on
 * the octets alone. NULL when all is well, else what is wrong.
 */
#ifndef TESTS_LIB_REMAINS_H
#define TESTS_LIB_REMAINS_H

#include "octets.h"

/*
 * remains_torn - message text that was broken off: however much of it, but no end mark. It begins
 * anywhere in the text, so that an end mark cut in two by what was taken before cannot hide.
 */
const char *remains_torn(const struct octets *o);

/* remains_sealed - TLS records and nothing else; the last one may be cut short. */
const char *remains_sealed(const struct octets *o);

#endif
