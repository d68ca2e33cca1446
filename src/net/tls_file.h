/* tls_file.h: faults about the files that TLS needs. Only net/tls and its parts use it. */
#ifndef NET_TLS_FILE_H
#define NET_TLS_FILE_H

#include "base/fault.h"

/*
 * tls_file_fault - FROM, which base/file has made of a file that SETTING names (NULL: the system's
 * own), as trouble of the account: its mail can wait for the file to be mended. Its words and its
 * advice are kept; FROM is freed.
 */
enum cause tls_file_fault(const char *setting, struct fault *from, struct fault *why);

#endif
