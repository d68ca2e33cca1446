/*
 * sasl_server.h: the server's side of a login, for scripted servers: it checks what the client
 * proves, and can lie as a script asks. Shares nothing with src/.
 */
#ifndef TESTS_LIB_SASL_SERVER_H
#define TESTS_LIB_SASL_SERVER_H

#include "octets.h"
#include "peer.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * sasl_server_run - one AUTH command and all that follows up to its last reply. WORDS: the
 * mechanism, then what tests/wire/README says under "sasl". The conversation is appended to TALK.
 * False: the client did something else than the words have; WRONG says what.
 */
bool sasl_server_run(struct peer *p, const char *words, int64_t until_ms, struct octets *talk,
                     struct octets *wrong);

#endif
