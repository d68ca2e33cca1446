/* play_state.h: what the parts of the scripted server share while a script is played. */
#ifndef TESTS_LIB_PLAY_STATE_H
#define TESTS_LIB_PLAY_STATE_H

#include "peer.h"
#include "play.h"

struct play {
    const struct play_params *p;
    struct peer peer;
    struct octets pending; /* to be sent in one write */
    struct octets talk, report;
    struct octets chunks; /* of the message that is coming */
    size_t connection;    /* counted from 1 */
    size_t texts;
    long quiet_ms;
    bool early, loosely;
    bool in_block; /* the statement before was an expected line */
    bool over;     /* this connection has ended or has left the script */
    bool followed;
};

/* play_limit - when an expectation that begins now has failed. */
int64_t play_limit(const struct play *y);

/* play_complain - a departure from the script. Received octets are escaped before they get here. */
__attribute__((format(printf, 3, 4))) void play_complain(struct play *y, const struct step *st,
                                                         const char *fmt, ...);

/* play_surplus - complains with the octets that are there and should not be. */
void play_surplus(struct play *y, const struct step *st, const char *what);

/* play_say - a line of the conversation for people. */
void play_say(struct play *y, const char *mark, const char *bytes, size_t n);

/* play_leave - closes: the rest of the connection's script is not played. */
void play_leave(struct play *y);

/* play_save - a file of the record: WHAT, or WHAT.NUMBER. */
void play_save(const struct play *y, const char *what, size_t number, const struct octets *o);

/* play_heard - a statement about what must come. */
void play_heard(struct play *y, const struct step *st);

/* play_expect_end - nothing more comes but, perhaps, the line ALLOWED; then the client closes. */
void play_expect_end(struct play *y, const struct step *st, const char *allowed);

/* play_tls - a statement about TLS. */
void play_tls(struct play *y, const struct step *st);

#endif
