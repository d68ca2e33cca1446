/* attr.h: compiler attributes, spelled once. */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#if defined(__GNUC__)
#define ATTR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define ATTR_CHECK             __attribute__((warn_unused_result))
#define ATTR_NORETURN          __attribute__((noreturn))
#else
#define ATTR_PRINTF(fmt, args)
#define ATTR_CHECK
#define ATTR_NORETURN
#endif

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
