/* limits.h: every ceiling of the program, with what allows it. All in octets unless named so. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* Replies. RFC 5321 4.5.3.1.5 says 512 a line; real servers exceed it. */
#define LIMIT_REPLY_LINE  2048
#define LIMIT_REPLY_LINES 128
#define LIMIT_REPLY       (64 * 1024)

/* Addresses. RFC 5321 4.5.3.1: local part 64, path 256; the hard limit is what a command holds. */
#define LIMIT_ADDRESS       1000
#define LIMIT_ADDRESS_LIST  100000 /* mailboxes in one message or command line */
#define LIMIT_COMMENT_DEPTH 64     /* RFC 5322 3.2.2 comments nest without limit */

/* Messages. RFC 5322 2.1.1: 998 octets a line without CRLF. */
#define LIMIT_TEXT_LINE   998
#define LIMIT_HEADER      (4 * 1024 * 1024) /* the whole header section */
#define LIMIT_BODY_MEMORY (256 * 1024)      /* more goes to an unlinked file */
#define LIMIT_MIME_DEPTH  20

/* Texts for people. */
#define LIMIT_FAULT_TEXT   4096
#define LIMIT_FAULT_REMOTE 1024
#define LIMIT_LOG_LINE     8192
#define LIMIT_RELAY_NAME   1024 /* "host[ip]:port via proxy host:port" */

/* Configuration. */
#define LIMIT_CONFIG_FILE (1024 * 1024)
#define LIMIT_CONFIG_LINE 8192
#define LIMIT_CONFIG_NAME 49 /* libinih keeps 49 octets of a section name */
#define LIMIT_SECRET      (64 * 1024)
#define LIMIT_SECRET_LINE 8192

/* Transport. RFC 8446 5.1: a TLS record holds 16 KiB. */
#define LIMIT_STREAM_INPUT (64 * 1024)
#define LIMIT_TLS_RECORD   16384

/* What deliveries teach: a page of text, and a TLS session with the chain it was verified by. */
#define LIMIT_MEMORY 1024
#define LIMIT_TICKET (64 * 1024)

/* RFC 4954 4: base64 lines of AUTH up to 12288 octets. */
#define LIMIT_AUTH_LINE 12288

#endif
