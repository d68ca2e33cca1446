/*
 * tls.c: a GnuTLS session between two memory buffers.
 *
 * GnuTLS asks the socket for five octets, then for the record they announce, and writes the parts
 * of a flight one by one. Its transport functions here only copy from one buffer and append to
 * another: the stream reads whatever has come with one call, and what one call of ours makes GnuTLS
 * say leaves in one piece (the ChangeCipherSpec of compatibility mode and Finished, several
 * records of a big message). Since nothing here can block, no deadline can be missed here.
 */
#include "config.h"

#include "net/tls.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/idn.h"
#include "base/limits.h"
#include "base/xalloc.h"
#include "net/client.h"
#include "net/resolve.h"
#include "net/ticket.h"
#include "net/tls_binding.h"
#include "net/tls_priority.h"
#include "net/trust.h"

#define RECORD_OVERHEAD (5 + 256) /* RFC 8446 5.2: header and expansion; TLS 1.2 is below */
#define IN_SIZE         (LIMIT_TLS_RECORD + 2048)
/* Four full records leave with one call; more gains nothing that could be measured. */
#define OUT_ENOUGH (4 * LIMIT_TLS_RECORD)
/* Behind that there is room for one record more, and for what GnuTLS answers by itself. */
#define OUT_CEILING (OUT_ENOUGH + 2 * (LIMIT_TLS_RECORD + RECORD_OVERHEAD))

static_assert(IN_SIZE >= LIMIT_TLS_RECORD + RECORD_OVERHEAD, "one whole record fits");

struct tls {
    gnutls_session_t session;
    gnutls_certificate_credentials_t creds;
    struct tls_params params; /* with the name as A-labels */
    char *name;
    struct tls_info info;
    struct fault client_trouble; /* why our certificate could not be read when asked for */
    unsigned char opening[4];    /* the first octets the peer sent */
    size_t n_opening;
    char *in; /* IN_SIZE octets; those from in_at to in_end are for GnuTLS */
    size_t in_at, in_end;
    bool in_ended;
    struct buf out; /* what waits to be sent begins at out_at */
    size_t out_at;
    struct buf identity;   /* of the files that trust rests on; empty: not to be kept */
    struct buf pins;       /* one a line */
    int64_t until;         /* when the lists that were looked at run out */
    struct buf kept;       /* the ticket that was offered, or empty */
    struct ticket offered; /* its parts */
};

/* GnuTLS' recv(2): what the stream has put there, EAGAIN when that is used up. */
static ssize_t pull(gnutls_transport_ptr_t ptr, void *out, size_t n)
{
    struct tls *t = ptr;
    size_t have = t->in_end - t->in_at;

    if (have == 0) {
        if (t->in_ended)
            return 0;
        gnutls_transport_set_errno(t->session, EAGAIN);
        return -1;
    }
    if (n > have)
        n = have;
    memcpy(out, t->in + t->in_at, n);
    t->in_at += n;
    return (ssize_t)n;
}

/* GnuTLS asks before it would wait; waiting is not done here. */
static int pull_ready(gnutls_transport_ptr_t ptr, unsigned ms)
{
    const struct tls *t = ptr;

    (void)ms;
    return t->in_at < t->in_end || t->in_ended ? 1 : 0;
}

/*
 * GnuTLS' send(2). It never has to refuse: tls_write stops early enough, and what GnuTLS says by
 * itself is small. A server that makes it answer without end and reads nothing meets EAGAIN.
 */
static ssize_t push(gnutls_transport_ptr_t ptr, const void *bytes, size_t n)
{
    struct tls *t = ptr;

    if (t->out_at > 0 && n > t->out.ceiling - t->out.len) {
        buf_drop(&t->out, t->out_at);
        t->out_at = 0;
    }
    if (!buf_add(&t->out, bytes, n)) {
        gnutls_transport_set_errno(t->session, EAGAIN);
        return -1;
    }
    return (ssize_t)n;
}

/*
 * Whether the input ended, and within a record. GnuTLS calls that an error of decoding, which it
 * would be at any other place; to us it is a connection that broke.
 */
static bool is_cut(const struct tls *t, int ret)
{
    return ret == GNUTLS_E_UNEXPECTED_PACKET_LENGTH && t->in_ended && t->in_at == t->in_end;
}

/* What to do about an alert that may be about our certificate; NULL: it is not. */
static const char *alert_advice(const struct tls *t, gnutls_alert_description_t alert)
{
    bool asked = gnutls_certificate_client_get_request_status(t->session) != 0;

    switch ((int)alert) {
    case GNUTLS_A_PROTOCOL_VERSION:
        return "the server may know only TLS 1.1 or older, which is not safe";
    case GNUTLS_A_CERTIFICATE_REQUIRED:
        return "the server wants a certificate of ours: set tls_cert and tls_key";
    case GNUTLS_A_BAD_CERTIFICATE:
    case GNUTLS_A_UNSUPPORTED_CERTIFICATE:
    case GNUTLS_A_CERTIFICATE_REVOKED:
    case GNUTLS_A_CERTIFICATE_EXPIRED:
    case GNUTLS_A_CERTIFICATE_UNKNOWN:
    case GNUTLS_A_UNKNOWN_CA:
    case GNUTLS_A_ACCESS_DENIED:
    case GNUTLS_A_HANDSHAKE_FAILURE:
    case GNUTLS_A_DECODE_ERROR: /* what GnuTLS servers call an empty list of certificates */
        if (asked && gnutls_certificate_get_ours(t->session) != NULL)
            return "the server does not take the certificate of tls_cert";
        return asked ? "the server wants a certificate of ours: set tls_cert and tls_key" : NULL;
    }
    return NULL;
}

/* Turns a GnuTLS error into a fault. DOING goes in front of what is no more than a library text. */
static enum cause tls_fault(const struct tls *t, int ret, const char *doing, struct fault *why)
{
    const char *alert, *advice;

    if (is_cut(t, ret))
        ret = GNUTLS_E_PREMATURE_TERMINATION;
    /* -12 alone says "A TLS fatal alert has been received": the name of the alert is the news. */
    switch (ret) {
    case GNUTLS_E_FATAL_ALERT_RECEIVED:
    case GNUTLS_E_WARNING_ALERT_RECEIVED:
        alert = gnutls_alert_get_name(gnutls_alert_get(t->session));
        fault_set(why, CAUSE_TLS, "the server ended %s with an alert: %s", doing,
                  alert != NULL ? alert : "unknown alert");
        advice = alert_advice(t, gnutls_alert_get(t->session));
        if (advice != NULL)
            fault_hint(why, "%s", advice);
        return CAUSE_TLS;
    case GNUTLS_E_PREMATURE_TERMINATION:
    case GNUTLS_E_PULL_ERROR:
    case GNUTLS_E_SESSION_EOF:
        return fault_set(why, CAUSE_CLOSED, "the server closed the connection during %s", doing);
    case GNUTLS_E_UNSUPPORTED_VERSION_PACKET:
        fault_set(why, CAUSE_TLS, "the server knows only versions of TLS that are not safe");
        fault_hint(why, "the server needs TLS 1.2; tls_priority can allow older ones");
        return CAUSE_TLS;
    case GNUTLS_E_LIB_IN_ERROR_STATE:
        return fault_set(why, CAUSE_OS, "%s failed: GnuTLS could not start in this process", doing);
    case GNUTLS_E_MEMORY_ERROR:
        return fault_set(why, CAUSE_NO_MEMORY, "out of memory during %s", doing);
    default:
        return fault_set(why, CAUSE_TLS, "%s failed: %s", doing, gnutls_strerror(ret));
    }
}

#define DOING_HANDSHAKE "the TLS handshake"
#define DOING_SESSION   "the TLS session"

/* The name as the certificate has it: A-labels, no dot at the end, literals without brackets. */
static enum cause set_name(struct tls *t, struct fault *why)
{
    const char *name = t->params.name;
    size_t n;
    int ret;

    if (idn_to_ascii(name, &t->name, why) != CAUSE_NONE)
        return fault_set(why, CAUSE_CONFIG, "%s is not a valid host name", name);
    n = strlen(t->name);
    if (n > 1 && t->name[n - 1] == '.')
        t->name[--n] = '\0';
    t->params.name = t->name;
    if (resolve_is_literal(t->name))
        return CAUSE_NONE; /* RFC 6066 3: no server_name for literals */
    ret = gnutls_server_name_set(t->session, GNUTLS_NAME_DNS, t->name, n);
    if (ret == GNUTLS_E_MEMORY_ERROR)
        return tls_fault(t, ret, "setting up TLS", why);
    if (ret < 0)
        return fault_set(why, CAUSE_CONFIG, "%s is not a valid host name", name);
    return CAUSE_NONE;
}

/*
 * Offers the ticket of an earlier session if it still counts. That is only an offer: a server that
 * does not want it hand-shakes in full, and a chain comes and is verified.
 */
static void offer_ticket(struct tls *t)
{
    const struct tls_params *p = &t->params;
    const struct ticket_basis basis = {.trust = trust_bundle(p),
                                       .crl = p->crl_file,
                                       .cert = p->cert_file,
                                       .key = p->key_file,
                                       .priority = p->priority};

    for (size_t i = 0; p->pins != NULL && i < p->pins->n; i++)
        buf_addf(&t->pins, "%s\n", p->pins->v[i]);
    if (!ticket_identity(&basis, &t->identity)) {
        buf_reset(&t->identity);
        return;
    }
    if (p->ticket == NULL || !buf_add(&t->kept, p->ticket->data, p->ticket->len))
        return;
    if (!ticket_unpack(&t->offered, &t->kept, t->name, &t->identity, clock_now_s()) ||
        gnutls_session_set_data(t->session, t->offered.data, t->offered.n) < 0)
        buf_reset(&t->kept);
}

/* The server asks for our certificate: GnuTLS says so before it looks what it has. */
static int read_client(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                       const gnutls_datum_t *message)
{
    struct tls *t = gnutls_session_get_ptr(session);

    (void)type, (void)when, (void)incoming, (void)message;
    return client_load(t->creds, &t->params, &t->client_trouble) == CAUSE_NONE ? 0 : -1;
}

/*
 * Reads our certificate at once, so that what is wrong with it is told whether the server asks for
 * it or not; but a session that goes on from a ticket needs neither certificate nor key.
 */
static enum cause offer_client(struct tls *t, struct fault *why)
{
    if (t->params.cert_file == NULL)
        return CAUSE_NONE;
    if (t->kept.len == 0)
        return client_load(t->creds, &t->params, why);
    gnutls_session_set_ptr(t->session, t);
    gnutls_handshake_set_hook_function(t->session, GNUTLS_HANDSHAKE_CERTIFICATE_REQUEST,
                                       GNUTLS_HOOK_PRE, read_client);
    return CAUSE_NONE;
}

static enum cause set_up(struct tls *t, const struct tls_params *p, struct fault *why)
{
    /* KEY_SHARE_TOP: one key share. A server that wants another group asks for it, one round trip
     * more, which is rare by now for X25519.
     * FORCE_CLIENT_CERT: ours goes to a server that asks, whichever authorities it names: which
     * one is right is the configuration's word, and a refusal tells more than no certificate. */
    unsigned flags = GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_KEY_SHARE_TOP |
                     GNUTLS_FORCE_CLIENT_CERT;
    enum cause cause;
    int ret = gnutls_init(&t->session, flags);

    if (ret >= 0)
        ret = gnutls_certificate_allocate_credentials(&t->creds);
    if (ret < 0)
        return tls_fault(t, ret, "setting up TLS", why);
    gnutls_transport_set_ptr(t->session, t);
    gnutls_transport_set_pull_function(t->session, pull);
    gnutls_transport_set_pull_timeout_function(t->session, pull_ready);
    gnutls_transport_set_push_function(t->session, push);
    gnutls_handshake_set_timeout(t->session, GNUTLS_INDEFINITE_TIMEOUT); /* the stream's business */
    cause = tls_priority_set(t->session, p->priority, why);
    if (cause != CAUSE_NONE)
        return cause;
    ret = gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE, t->creds);
    if (ret < 0)
        return tls_fault(t, ret, "setting up TLS", why);
    cause = set_name(t, why);
    if (cause != CAUSE_NONE)
        return cause;
    offer_ticket(t);
    return offer_client(t, why);
}

enum cause tls_new(struct tls **out, const struct tls_params *p, struct fault *why)
{
    struct tls *t = xcalloc(1, sizeof(*t));
    enum cause cause;

    t->params = *p;
    t->in = xmalloc(IN_SIZE);
    buf_init(&t->out, OUT_CEILING);
    buf_init(&t->identity, TICKET_MAX / 4);
    buf_init(&t->pins, TICKET_MAX / 4);
    buf_init_secret(&t->kept, TICKET_MAX);
    cause = set_up(t, p, why);
    if (cause != CAUSE_NONE)
        tls_free(&t);
    *out = t;
    return cause;
}

void *tls_in_room(struct tls *t, size_t *n)
{
    if (t->in_at > 0) {
        memmove(t->in, t->in + t->in_at, t->in_end - t->in_at);
        t->in_end -= t->in_at;
        t->in_at = 0;
    }
    *n = IN_SIZE - t->in_end;
    return t->in + t->in_end;
}

void tls_in_added(struct tls *t, size_t n)
{
    if (n == 0)
        t->in_ended = true;
    for (size_t i = 0; i < n && t->n_opening < sizeof(t->opening); i++)
        t->opening[t->n_opening++] = (unsigned char)t->in[t->in_end + i];
    t->in_end += n;
}

const void *tls_out(const struct tls *t, size_t *n)
{
    *n = t->out.len - t->out_at;
    return t->out.data + t->out_at;
}

void tls_out_sent(struct tls *t, size_t n)
{
    t->out_at += n;
    if (t->out_at == t->out.len) {
        buf_reset(&t->out);
        t->out_at = 0;
    }
}

bool tls_plain_peer(const struct tls *t)
{
    const unsigned char *o = t->opening;

    return t->n_opening == sizeof(t->opening) && isdigit(o[0]) && isdigit(o[1]) && isdigit(o[2]) &&
           (o[3] == ' ' || o[3] == '-');
}

static void fill_info(struct tls *t)
{
    gnutls_session_t s = t->session;
    gnutls_group_t group = gnutls_group_get(s);
    const char *version = gnutls_protocol_get_name(gnutls_protocol_get_version(s));
    const char *cipher = gnutls_cipher_get_name(gnutls_cipher_get(s));
    const char *exchange = group != GNUTLS_GROUP_INVALID ? gnutls_group_get_name(group)
                                                         : gnutls_kx_get_name(gnutls_kx_get(s));

    snprintf(t->info.version, sizeof(t->info.version), "%s", version != NULL ? version : "");
    snprintf(t->info.cipher, sizeof(t->info.cipher), "%s", cipher != NULL ? cipher : "");
    snprintf(t->info.group, sizeof(t->info.group), "%s", exchange != NULL ? exchange : "");
    t->info.resumed = gnutls_session_is_resumed(s) != 0;
    t->info.client_cert = t->info.resumed ? t->offered.client_cert
                                          : gnutls_certificate_client_get_request_status(s) != 0 &&
                                                gnutls_certificate_get_ours(s) != NULL;
}

/* True when a call that gave RET should be made again: it was a warning, or there is more input. */
static bool again(const struct tls *t, int ret)
{
    if (ret == GNUTLS_E_WARNING_ALERT_RECEIVED)
        return true;
    return (ret == GNUTLS_E_AGAIN || ret == GNUTLS_E_INTERRUPTED) && t->in_at < t->in_end;
}

enum cause tls_handshake(struct tls *t, bool *done, struct fault *why)
{
    size_t before;
    int ret;

    *done = false;
    do {
        before = t->in_at;
        ret = gnutls_handshake(t->session);
    } while (again(t, ret) && t->in_at > before);
    if (ret == GNUTLS_E_SUCCESS) {
        *done = true;
        fill_info(t);
        return CAUSE_NONE;
    }
    if (!gnutls_error_is_fatal(ret) && t->client_trouble.cause == CAUSE_NONE)
        return CAUSE_NONE;
    /* Fails when nothing can be said any more, which is no news. */
    (void)gnutls_alert_send_appropriate(t->session, ret);
    if (t->client_trouble.cause != CAUSE_NONE) {
        fault_copy(why, &t->client_trouble);
        return why->cause;
    }
    return tls_fault(t, ret, DOING_HANDSHAKE, why);
}

/* What to tell the server that we do not trust; its log is where its people look. */
static gnutls_alert_description_t alert_for(enum cause cause)
{
    if (cause == CAUSE_TLS_UNTRUSTED)
        return GNUTLS_A_UNKNOWN_CA;
    if (cause == CAUSE_TLS_TIME)
        return GNUTLS_A_CERTIFICATE_EXPIRED;
    if (cause == CAUSE_TLS_REVOKED)
        return GNUTLS_A_CERTIFICATE_REVOKED;
    if (cause == CAUSE_CONFIG || cause == CAUSE_TLS_FILE || cause == CAUSE_NO_MEMORY)
        return GNUTLS_A_INTERNAL_ERROR; /* ours, that is */
    return GNUTLS_A_BAD_CERTIFICATE;
}

/* The same question about the same chain has the same answer, and reading it has its price. */
static bool answered(const struct tls *t)
{
    const struct ticket *k = &t->offered;

    return !t->pins.over && k->n_pins == t->pins.len &&
           memcmp(k->pins, t->pins.data, t->pins.len) == 0;
}

enum cause tls_verify(struct tls *t, struct fault *why)
{
    enum cause cause = CAUSE_NONE;

    if (!t->info.resumed)
        cause = trust_verify(t->session, t->creds, &t->params, &t->until, why);
    else if (!answered(t))
        cause = trust_again(t->session, &t->params, why);
    if (cause != CAUSE_NONE)
        (void)gnutls_alert_send(t->session, GNUTLS_AL_FATAL, alert_for(cause));
    return cause;
}

enum cause tls_read(struct tls *t, void *out, size_t cap, size_t *got, struct fault *why)
{
    size_t before;
    ssize_t ret;

    *got = 0;
    do {
        before = t->in_at;
        ret = gnutls_record_recv(t->session, out, cap);
        if (ret == GNUTLS_E_REHANDSHAKE) {
            /* RFC 5246 7.2.2: a client may refuse; nothing good was ever renegotiated in SMTP. */
            (void)gnutls_alert_send(t->session, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION);
            ret = GNUTLS_E_AGAIN;
        }
    } while (ret < 0 && again(t, (int)ret) && t->in_at > before);
    if (ret > 0) {
        *got = (size_t)ret;
        return CAUSE_NONE;
    }
    if (ret == 0)
        return fault_set(why, CAUSE_CLOSED, "the server closed the connection");
    if (!gnutls_error_is_fatal((int)ret))
        return CAUSE_NONE;
    /* Without a close_notify it is an ordinary broken connection: SMTP ends its replies itself. */
    if (ret == GNUTLS_E_PREMATURE_TERMINATION || is_cut(t, (int)ret))
        return fault_set(why, CAUSE_CLOSED, "the server closed the connection without a word");
    return tls_fault(t, (int)ret, DOING_SESSION, why);
}

enum cause tls_write(struct tls *t, const void *bytes, size_t n, size_t *got, struct fault *why)
{
    const char *at = bytes;

    *got = 0;
    while (*got < n && t->out.len - t->out_at < OUT_ENOUGH) {
        size_t left = n - *got;
        ssize_t ret = gnutls_record_send(t->session, at + *got,
                                         left < LIMIT_TLS_RECORD ? left : LIMIT_TLS_RECORD);

        if (ret < 0)
            return tls_fault(t, (int)ret, DOING_SESSION, why);
        *got += (size_t)ret;
    }
    return CAUSE_NONE;
}

const struct tls_info *tls_get_info(const struct tls *t)
{
    return &t->info;
}

bool tls_get_binding(struct tls *t, enum tls_binding kind, struct buf *out)
{
    return tls_binding_add(t->session, kind, out);
}

/*
 * The session data are asked for only when a ticket has come: under TLS 1.3 GnuTLS would wait for
 * one. The clock of a chain that was resumed goes on: a day after it was verified it is again.
 */
bool tls_ticket(struct tls *t, struct buf *out)
{
    struct ticket k = {.made_at = clock_now_s(),
                       .until = t->until,
                       .client_cert = t->info.client_cert,
                       .pins = t->pins.data,
                       .n_pins = t->pins.len};
    gnutls_datum_t data = {0};
    bool good;

    if (t->identity.len == 0 || t->pins.over)
        return false;
    if ((gnutls_session_get_flags(t->session) & GNUTLS_SFLAGS_SESSION_TICKET) == 0) {
        /* RFC 5077 3.3: under TLS 1.2 the old one stays good when no new one comes. */
        return t->info.resumed && gnutls_protocol_get_version(t->session) == GNUTLS_TLS1_2 &&
               buf_add(out, t->kept.data, t->kept.len);
    }
    if (t->info.resumed) {
        k.made_at = t->offered.made_at;
        k.until = t->offered.until;
    } else if (!trust_lasts(t->session, t->creds, &k.until)) {
        return false;
    }
    if (gnutls_session_get_data2(t->session, &data) < 0)
        return false;
    k.data = data.data;
    k.n = data.size;
    good = ticket_pack(out, &k, t->name, &t->identity);
    gnutls_memset(data.data, 0, data.size);
    gnutls_free(data.data);
    return good;
}

void tls_end(struct tls *t)
{
    (void)gnutls_bye(t->session, GNUTLS_SHUT_WR);
}

void tls_free(struct tls **t)
{
    struct tls *gone = *t;

    if (gone == NULL)
        return;
    if (gone->session != NULL)
        gnutls_deinit(gone->session);
    if (gone->creds != NULL)
        gnutls_certificate_free_credentials(gone->creds);
    fault_free(&gone->client_trouble);
    free(gone->in);
    buf_free(&gone->out);
    buf_free(&gone->identity);
    buf_free(&gone->pins);
    buf_free(&gone->kept);
    free(gone->name);
    free(gone);
    *t = NULL;
}
