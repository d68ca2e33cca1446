/* room.h: one case, from its file to its verdict. */
#ifndef TESTS_WIRE_ROOM_H
#define TESTS_WIRE_ROOM_H

#include <stdbool.h>

struct room_settings {
    char *program; /* under test; absolute */
    char *certs;   /* folder of certificates; absolute */
    long jobs;     /* cases at a time */
    bool keep;     /* leave the folder of the case behind */
    bool verbose;  /* tell the conversation of a good case too */
};

/* room_run - runs the case in this process; true when all was as it should be. Prints its title on
 * the first line and what was wrong, as TAP comments, on the following ones. */
bool room_run(const struct room_settings *set, const char *path);

#endif
