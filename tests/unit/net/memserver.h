/*
 * memserver.h: a GnuTLS server that lives between two buffers, and the pump that carries octets
 * between it and a client session of net/tls. No socket, no thread: every run is the same.
 */
#ifndef TESTS_UNIT_NET_MEMSERVER_H
#define TESTS_UNIT_NET_MEMSERVER_H

#include "base/fault.h"
#include "net/tls.h"

#include "pki.h"

#include <errno.h>

/* What becomes of a name with an umlaut. */
#ifdef HAVE_LIBIDN2
#define IDN_CAUSE CAUSE_NONE
#define IDN_ASKED "xn--bcher-kva.example.org"
#else
#define IDN_CAUSE CAUSE_CONFIG
#define IDN_ASKED ""
#endif

struct octet_queue {
    unsigned char v[256 * 1024];
    size_t at, end;
};

struct memserver {
    gnutls_session_t session;
    gnutls_certificate_credentials_t creds;
    gnutls_datum_t ticket_key;
    struct octet_queue in, out;
    char asked_name[256]; /* what the client's SNI said */
    int last;             /* what the last GnuTLS call returned */
    bool done;            /* the handshake is over */
};

static inline ssize_t mem_pull(gnutls_transport_ptr_t ptr, void *to, size_t n)
{
    struct memserver *m = ptr;
    size_t have = m->in.end - m->in.at;

    if (have == 0) {
        gnutls_transport_set_errno(m->session, EAGAIN);
        return -1;
    }
    if (n > have)
        n = have;
    memcpy(to, m->in.v + m->in.at, n);
    m->in.at += n;
    if (m->in.at == m->in.end)
        m->in.at = m->in.end = 0;
    return (ssize_t)n;
}

static inline ssize_t mem_push(gnutls_transport_ptr_t ptr, const void *from, size_t n)
{
    struct memserver *m = ptr;

    if (n > sizeof(m->out.v) - m->out.end) {
        gnutls_transport_set_errno(m->session, EAGAIN);
        return -1;
    }
    memcpy(m->out.v + m->out.end, from, n);
    m->out.end += n;
    return (ssize_t)n;
}

static inline int mem_ready(gnutls_transport_ptr_t ptr, unsigned ms)
{
    const struct memserver *m = ptr;

    (void)ms;
    return m->in.at < m->in.end;
}

/*
 * mem_start_keyed - a server that shows CHAIN (the first its own, with its key) under PRIORITY
 * (NULL: "NORMAL"). STAPLE: an OCSP response or NULL. KEY: what its tickets are encrypted with, for
 * servers that are one server (empty: it gives none), or NULL.
 */
static inline struct memserver *mem_start_keyed(const struct pki_cert *const *chain, unsigned n,
                                                const char *priority, const gnutls_datum_t *staple,
                                                const gnutls_datum_t *key)
{
    struct memserver *m = calloc(1, sizeof(*m));
    gnutls_x509_crt_t crts[8];

    for (unsigned i = 0; i < n; i++)
        crts[i] = chain[i]->crt;
    pki_must(gnutls_init(&m->session, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL), "init");
    pki_must(gnutls_certificate_allocate_credentials(&m->creds), "credentials");
    pki_must(gnutls_certificate_set_x509_key(m->creds, crts, (int)n, chain[0]->key), "chain");
    if (staple != NULL) {
        gnutls_certificate_set_flags(m->creds, GNUTLS_CERTIFICATE_SKIP_OCSP_RESPONSE_CHECK);
        pki_must(gnutls_certificate_set_ocsp_status_request_mem(m->creds, staple, 0,
                                                                GNUTLS_X509_FMT_DER),
                 "staple");
    }
    pki_must(gnutls_priority_set_direct(m->session, priority != NULL ? priority : "NORMAL", NULL),
             "priority");
    pki_must(gnutls_credentials_set(m->session, GNUTLS_CRD_CERTIFICATE, m->creds), "credentials");
    pki_must(gnutls_session_ticket_key_generate(&m->ticket_key), "ticket key");
    if (key == NULL)
        key = &m->ticket_key;
    if (key->size > 0)
        pki_must(gnutls_session_ticket_enable_server(m->session, key), "tickets");
    gnutls_transport_set_ptr(m->session, m);
    gnutls_transport_set_pull_function(m->session, mem_pull);
    gnutls_transport_set_pull_timeout_function(m->session, mem_ready);
    gnutls_transport_set_push_function(m->session, mem_push);
    return m;
}

/* mem_start - the same with a ticket key of its own. */
static inline struct memserver *mem_start(const struct pki_cert *const *chain, unsigned n,
                                          const char *priority, const gnutls_datum_t *staple)
{
    return mem_start_keyed(chain, n, priority, staple, NULL);
}

static inline void mem_stop(struct memserver *m)
{
    gnutls_deinit(m->session);
    gnutls_certificate_free_credentials(m->creds);
    gnutls_memset(m->ticket_key.data, 0, m->ticket_key.size);
    gnutls_free(m->ticket_key.data);
    free(m);
}

/* mem_carry - moves what waits in both directions. Returns whether anything moved. */
static inline bool mem_carry(struct memserver *m, struct tls *t)
{
    size_t n, room;
    const void *out = tls_out(t, &n);
    bool moved = n > 0;
    void *in;

    memcpy(m->in.v + m->in.end, out, n);
    m->in.end += n;
    tls_out_sent(t, n);
    while (m->out.at < m->out.end) {
        in = tls_in_room(t, &room);
        n = m->out.end - m->out.at;
        if (n > room)
            n = room;
        if (n == 0)
            return moved;
        memcpy(in, m->out.v + m->out.at, n);
        m->out.at += n;
        tls_in_added(t, n);
        moved = true;
    }
    m->out.at = m->out.end = 0;
    return moved;
}

/*
 * mem_shake - runs the handshake to its end or to the client's failure. A server that fails behind
 * the client's success leaves m->done false.
 */
static inline enum cause mem_shake(struct memserver *m, struct tls *t, struct fault *why)
{
    bool client_done = false;

    for (int round = 0; round < 50; round++) {
        enum cause cause = CAUSE_NONE;
        size_t n = sizeof(m->asked_name);
        unsigned type;

        if (!client_done)
            cause = tls_handshake(t, &client_done, why);
        (void)mem_carry(m, t);
        if (cause != CAUSE_NONE)
            return cause;
        if (!m->done) {
            m->last = gnutls_handshake(m->session);
            m->done = m->last == GNUTLS_E_SUCCESS;
            if (m->last < 0 && gnutls_error_is_fatal(m->last))
                (void)gnutls_alert_send_appropriate(m->session, m->last);
            if (m->done)
                (void)gnutls_server_name_get(m->session, m->asked_name, &n, &type, 0);
        }
        (void)mem_carry(m, t);
        if (client_done && m->done)
            return CAUSE_NONE;
        /* Under TLS 1.3 the client is done before the server has seen its certificate. */
        if (client_done && m->last < 0 && gnutls_error_is_fatal(m->last))
            return CAUSE_NONE;
    }
    return fault_set(why, CAUSE_SOFTWARE, "the handshake of the test goes on for ever: %s",
                     gnutls_strerror(m->last));
}

#endif
