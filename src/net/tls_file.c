/* tls_file.c: see tls_file.h. */
#include "config.h"

#include "net/tls_file.h"

enum cause tls_file_fault(const char *setting, struct fault *from, struct fault *why)
{
    fault_set(why, CAUSE_TLS_FILE, "%s", from->text.data);
    if (setting != NULL)
        fault_note(why, "%s", setting);
    why->err = from->err;
    if (from->hint.len > 0)
        fault_hint(why, "%s", from->hint.data);
    fault_free(from);
    return CAUSE_TLS_FILE;
}
