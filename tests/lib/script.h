/*
 * script.h: what a scripted server is to expect and to answer, as data. One statement a line;
 * texts may hold the escapes of octets_decode. tests/wire/README has the words.
 */
#ifndef TESTS_LIB_SCRIPT_H
#define TESTS_LIB_SCRIPT_H

#include "octets.h"
#include "peer.h"

#include <stdbool.h>
#include <stddef.h>

enum verb {
    DO_CONNECTION, /* the statements of the next connection follow */
    DO_MAYBE,      /* first in a connection: it need not come */
    DO_SEND,       /* a line; neighbours go out in one write */
    DO_RAW,        /* octets, in one write with its neighbours */
    DO_EARLY,      /* the next write does not wait for silence */
    DO_QUIET,      /* how long silence is listened for before each write, ms */
    DO_LOOSELY,    /* the next lines expected may arrive in several reads */
    DO_LINE,       /* exactly this line */
    DO_MATCH,      /* a line that the regular expression describes whole */
    DO_ANY_LINE,
    DO_SASL,    /* an AUTH command and all that follows, checked: sasl_server.h */
    DO_TEXT,    /* message text up to the line of one dot */
    DO_CHUNK,   /* BDAT, and its octets: message text, whole with LAST */
    DO_TAKE,    /* so many octets */
    DO_WAIT,    /* ms */
    DO_DRIP,    /* a line, one octet each so many ms */
    DO_ENDLESS, /* the line again and again until the client leaves */
    DO_TLS,     /* hand-shake */
    DO_SNI,     /* the server name asked for */
    DO_RESUMED, /* TLS: the session goes on from a ticket */
    DO_AFRESH,  /* TLS: it does not */
    DO_CLIENT,  /* TLS: the certificate that the client has shown */
    DO_PLAIN,   /* octets past the TLS layer */
    DO_ALERT,   /* a fatal alert */
    DO_REKEY,   /* TLS: new keys */
    DO_DROP,    /* close, under TLS without close_notify */
    DO_RESET,   /* close with RST */
    DO_NOTIFY,  /* close_notify and close */
    DO_SHUT,    /* nothing more will be said, but read */
    DO_ADIEU,   /* the same after close_notify, for TLS alone: the socket stays whole */
    DO_SIGNAL,  /* a signal for the client */
    DO_HEARD,   /* something has come, which is left for the next statement */
    DO_DEAF,    /* read nothing until the client leaves, at most so many ms */
    DO_EOF,     /* nothing more comes and the client closes */
    DO_BYE,     /* at most a QUIT comes and the client closes */
    DO_TORN,    /* message text comes, without an end mark, and the client closes */
    DO_SHORT,   /* fewer than so many octets come and the client closes */
    DO_SEALED,  /* TLS records come, past the TLS layer, and the client closes */
    DO_ANY      /* whatever comes until the client closes */
};

struct step {
    enum verb verb;
    unsigned long line;        /* in the script, for complaints */
    long number;               /* ms, octets */
    bool fails;                /* DO_TLS: the client must refuse */
    bool refuses;              /* DO_TLS: the server itself must refuse */
    struct octets text;        /* DO_TLS: the certificate */
    struct octets more;        /* DO_TLS: the staple, or empty */
    struct peer_server server; /* DO_TLS: without the names */
};

struct script {
    struct step *step;
    size_t n;
    size_t connections;
};

/*
 * script_parse - N octets at TEXT; LINE is the number of its first line. A wrong statement ends the
 * program with a message that begins with NAME.
 */
void script_parse(struct script *s, const char *name, const char *text, size_t n,
                  unsigned long line);

/* script_matches - whether LINE, with its CRLF, is what ST expects. */
bool script_matches(const struct step *st, struct octets *line);

/* script_free - frees and clears. */
void script_free(struct script *s);

#endif
