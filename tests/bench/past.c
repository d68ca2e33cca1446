/* past.c: see past.h. Uses the program's own rooms: the form of the files is theirs. */
#include "config.h"

#include "past.h"

#include "octets.h"

#include <dirent.h>
#include <string.h>

#include "base/clock.h"
#include "deliver/memory.h"
#include "net/dial.h"
#include "smtp/session.h"

#define WAIT_MS 5000

/* The offers of the server, as a session sees them. */
static uint64_t offers_of(const struct ride *r)
{
    struct dial_params dial = {
        .host = "127.0.0.1", .port = (uint16_t)r->server_port, .connect_timeout_ms = WAIT_MS};
    struct session_params p = {.ehlo_name = "client.example.org",
                               .tls = SESSION_TLS_OFF,
                               .reply_timeout_ms = WAIT_MS,
                               .final_timeout_ms = WAIT_MS,
                               .ready_by = deadline_in(WAIT_MS),
                               .until = deadline_in(WAIT_MS),
                               .max_recipients = 1};
    struct stream *stream = NULL;
    struct session *s = NULL;
    struct fault why = {0};
    struct transcript t;
    uint64_t offers = 0;

    transcript_init(&t, NULL, NULL);
    if (dial_host(&dial, p.until, &stream, &why) == CAUSE_NONE &&
        session_open(&s, stream, &p, &t, &why) == CAUSE_NONE)
        offers = s->caps.offers;
    session_close(&s);
    transcript_free(&t);
    fault_free(&why);
    return offers;
}

bool past_prove(const struct ride *r, bool ask)
{
    struct octets dir = {0};
    const struct dirent *entry;
    struct memory m;
    DIR *files;
    bool kept = false;

    octets_printf(&dir, "%s/home/.local/state/postrider/memory", r->dir);
    files = opendir(dir.p);
    while (files && !kept && (entry = readdir(files)) != NULL) {
        if (strlen(entry->d_name) != 64)
            continue;
        memory_load(&m, dir.p, entry->d_name);
        (void)memory_learn_proof(&m, clock_now_s(), true, ask ? offers_of(r) : m.offers);
        kept = memory_keep(&m, dir.p, entry->d_name);
    }
    if (files)
        closedir(files);
    octets_free(&dir);
    return kept;
}
