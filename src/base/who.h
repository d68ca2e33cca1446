/*
 * who.h: the one place that asks who runs us and what this host is called.
 */
#ifndef BASE_WHO_H
#define BASE_WHO_H

#include "base/fault.h"
#include "base/strv.h"

#include <stdbool.h>
#include <sys/types.h>

struct who {
    uid_t uid; /* real */
    uid_t euid;
    gid_t gid;
    bool secure;       /* AT_SECURE: the environment counts as empty */
    char *login;       /* NULL until who_login */
    char *gecos;       /* NULL until who_gecos */
    char *home;        /* NULL: none that is ours */
    char *config_home; /* ${XDG_CONFIG_HOME:-HOME/.config}, NULL: none */
    char *state_home;  /* ${XDG_STATE_HOME:-HOME/.local/state}, NULL: none */
    char *host;        /* own name with a dot, or NULL; never from DNS */
    char *mailname;    /* first word of /etc/mailname, or NULL */
    char *node;        /* gethostname(2) as it is, for texts; never NULL */
    struct strv own;   /* mean this host: node, host, localhost, localhost.localdomain */
};

/* What who_am_i looks at; a unit test gives its own. */
struct who_source {
    uid_t uid;
    uid_t euid;
    gid_t gid;
    bool secure;
    const char *login; /* passwd name of the real uid; NULL: no entry */
    const char *gecos;
    const char *home;
    /* Fills these three when they are needed; NULL: they are filled. */
    void (*ask)(struct who_source *from);
    const char *node;                     /* gethostname(2) */
    const char *hosts;                    /* path of the files database of host names */
    const char *mailname;                 /* path */
    const char *(*env)(const char *name); /* not asked when secure */
};

/*
 * who_fill - fills W from SOURCE by the rules of who_am_i. Never fails; W's old content is not
 * freed.
 */
void who_fill(struct who *w, const struct who_source *source);

/*
 * who_am_i - fills W from the process, the passwd and files databases and the environment.
 * Home is $HOME if absolute, a directory and owned by the effective uid, else the passwd home
 * under the same test; XDG variables under the same test of their nearest existing parent.
 * Host: gethostname if it has a dot, else the files database (/etc/hosts), else /etc/mailname.
 * A name that only /etc/mailname gives is the host's name but not one of OWN: it is the domain
 * that mail of this machine carries, and mailboxes there may well be elsewhere.
 * The passwd database is asked for the home only if $HOME is none: on some systems the answer comes
 * from a daemon, or over the network.
 * Never fails: what is unknown is NULL or "".
 */
void who_am_i(struct who *w);

/*
 * who_login - passwd name of the real uid, or "uidN". Looked up when it is asked for first.
 * who_gecos - full name, '&' expanded, cut at the first comma; "" when unknown.
 * Borrowed from W; never NULL.
 */
const char *who_login(struct who *w);
const char *who_gecos(struct who *w);

/* who_is_here - true when DOMAIN (any case, trailing dot allowed) is one of this host's names. */
bool who_is_here(const struct who *w, const char *domain);

/* who_in_group - true when the real user has the group NAME (primary, supplementary). */
bool who_in_group(const struct who *w, const char *name);

/*
 * who_state_dir - the folder for what is learned and may be lost, or NULL: SYSTEM (NULL: not for
 * this account) if it belongs to the effective uid, or if that is root and has yet to make it; else
 * postrider below state_home. The files in it are for one uid alone, so that a group's right to
 * write is of no use. Owned by the caller; it may not exist yet.
 */
char *who_state_dir(const struct who *w, const char *system);

/* who_free - frees all and clears. */
void who_free(struct who *w);

#endif
