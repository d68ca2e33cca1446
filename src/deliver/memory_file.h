/*
 * memory_file.h: the files of deliver/memory: small, private, bound to one security key. Private to
 * the room.
 */
#ifndef DELIVER_MEMORY_FILE_H
#define DELIVER_MEMORY_FILE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum memory_file {
    MEMORY_FILE_NEWS,  /* KEY: what is known */
    MEMORY_FILE_TICKET /* KEY.ticket: reading it takes it away, for one process only */
};

/*
 * memory_file_read - appends what the file of KEY in folder DIR holds to OUT (ceiling: what one may
 * hold). False, and nothing appended, when there is none or when it is not as we make them: a
 * regular file of the effective uid, with one name, for nobody else to read, begun with KEY.
 */
bool memory_file_read(const char *dir, const char *key, enum memory_file kind, struct buf *out);

/*
 * memory_file_write - puts N octets in its place, by create and rename, without sync. Folders that
 * are missing are made (0700). False: it could not be done, and nothing has changed.
 */
bool memory_file_write(const char *dir, const char *key, enum memory_file kind, const void *bytes,
                       size_t n);

#endif
