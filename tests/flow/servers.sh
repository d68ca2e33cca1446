# servers.sh: real servers inside the private root, each started by a function; sourced after
# lib.sh. They end with the namespace.

sink=/var/vsink/sink

# start_postfix: ports 25 (open, for the relay below), 587 (STARTTLS) and 465 (implicit TLS), login
# user@mx.test / pass. All mail for example.org lands in the mailbox $sink; other recipients are
# refused.
start_postfix()
{
    mkdir -p /etc/postfix/tls /var/vsink
    chown nobody /var/vsink
    cp "$certs/good.pem" /etc/postfix/tls/cert.pem
    cp "$certs/good.key" /etc/postfix/tls/key.pem
    cat >/etc/postfix/main.cf <<'END'
compatibility_level = 3.6
myhostname = mx.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
maillog_file = /var/log/postfix.log
smtpd_tls_cert_file = /etc/postfix/tls/cert.pem
smtpd_tls_key_file = /etc/postfix/tls/key.pem
smtpd_tls_auth_only = yes
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
smtpd_sasl_local_domain = mx.test
smtpd_sasl_security_options = noanonymous
smtpd_relay_restrictions = permit_sasl_authenticated, permit_auth_destination, reject
smtpd_recipient_restrictions = reject_unauth_destination
virtual_mailbox_domains = example.org
virtual_mailbox_maps = static:sink
virtual_mailbox_base = /var/vsink
virtual_mailbox_limit = 0
virtual_minimum_uid = 1
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
default_transport = error:closed
END
    cat >/etc/postfix/master.cf <<'END'
127.0.0.1:25 inet n - n - - smtpd
127.0.0.1:587 inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
127.0.0.1:465 inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
postlog unix-dgram n - n - 1 postlogd
END
    mkdir -p /etc/postfix/sasl
    printf '%s\n' "pwcheck_method: auxprop" "auxprop_plugin: sasldb" \
        "mech_list: ${1:-PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256}" \
        >/etc/postfix/sasl/smtpd.conf
    echo pass | saslpasswd2 -p -c -u mx.test user
    chgrp postfix /etc/sasldb2
    chmod 640 /etc/sasldb2
    postfix start >"$work/postfix.log" 2>&1 || {
        cat "$work/postfix.log" /var/log/postfix.log >&2
        exit 1
    }
    wait_for 5 port_open 465
}

# start_dovecot: a submission service on 1587 (STARTTLS) and 1465 (implicit TLS), login user / pass,
# that relays to port 25 here. One failed login makes the next no slower. More lines of its file may
# be given.
start_dovecot()
{
    mkdir -p /etc/dc /var/vmail
    chown nobody /var/vmail
    cp "$certs/good.pem" /etc/dc/cert.pem
    cp "$certs/good.key" /etc/dc/key.pem
    echo 'user:{PLAIN}pass::::::' >/etc/dc/users
    cat >/etc/dc/dovecot.conf <<'END'
protocols = submission
listen = 127.0.0.1
base_dir = /run/dovecot
log_path = /var/log/dovecot.log
mail_location = maildir:/var/vmail/%u
ssl = required
ssl_cert = </etc/dc/cert.pem
ssl_key = </etc/dc/key.pem
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u /etc/dc/users
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=/var/vmail/%u
}
first_valid_uid = 1
first_valid_gid = 1
hostname = dovecot.test
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
submission_relay_host = 127.0.0.1
submission_relay_port = 25
service submission-login {
  inet_listener submission {
    port = 1587
  }
  inet_listener submissions {
    port = 1465
    ssl = yes
  }
}
END
    [ $# -eq 0 ] || printf '%s\n' "$@" >>/etc/dc/dovecot.conf
    dovecot -c /etc/dc/dovecot.conf >"$work/dovecot.log" 2>&1 || {
        cat "$work/dovecot.log" /var/log/dovecot.log >&2
        exit 1
    }
    wait_for 5 port_open 1465
}

# start_exim: implicit TLS on 4465, login user and the password in /etc/exim-lab/password. All mail
# for example.org lands in the mailbox /var/exim/sink. It lies in a folder of its own, see root.sh.
start_exim()
{
    mkdir -p /etc/exim-lab /var/exim /var/log/exim4 /var/spool/exim4
    echo 'Debian-exim:x:999:999::/var/spool/exim4:/bin/false' >>/etc/passwd
    echo 'Debian-exim:x:999:' >>/etc/group
    cp "$certs/good.pem" "$certs/good.key" /etc/exim-lab
    printf 'pass' >/etc/exim-lab/password
    cat >/etc/exim-lab/exim.conf <<'END'
primary_hostname = exim.test
exim_path = /opt/exim4-daemon-light/usr/sbin/exim4
local_interfaces = 127.0.0.1
daemon_smtp_ports = 4465
tls_on_connect_ports = 4465
tls_advertise_hosts = *
tls_certificate = /etc/exim-lab/good.pem
tls_privatekey = /etc/exim-lab/good.key
log_file_path = /var/log/exim4/%slog
log_selector = +smtp_connection
message_size_limit = 27000000
smtp_accept_max_per_connection = 0
acl_smtp_mail = mail
acl_smtp_rcpt = rcpt
never_users = root
begin acl
mail:
  deny senders = refused@example.org
       message = not from you
  accept
rcpt:
  deny domains = ! example.org
       message = closed
  accept authenticated = *
  deny message = authenticate first
begin routers
all:
  driver = accept
  transport = file
begin transports
file:
  driver = appendfile
  file = /var/exim/sink
  user = Debian-exim
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_condition = ${if and{{eq{$auth2}{user}}{eq{$auth3}{${readfile{/etc/exim-lab/password}{}}}}}}
  server_set_id = $auth2
END
    chown -R Debian-exim /etc/exim-lab /var/exim /var/log/exim4 /var/spool/exim4
    chmod -R go-w /etc/exim-lab
    chown root /etc/exim-lab/exim.conf
    /opt/exim4-daemon-light/usr/sbin/exim4 -C /etc/exim-lab/exim.conf -bdf -oP /run/exim-lab.pid \
        >"$work/exim.log" 2>&1 &
    wait_for 5 port_open 4465 || {
        cat "$work/exim.log" /var/log/exim4/* >&2
        exit 1
    }
}

# serve NAME OPTION...: our little submission server (tests/lib/server.c) in the background; its
# port in $port, its process in $server, its messages in $work/NAME.
serve()
{
    store=$work/$1
    shift
    mkdir -p "$store"
    rm -f "$work/port"
    "$build/tests/lib/smtp-script" --serve --certs "$certs" --port-file "$work/port" \
        --store "$store" "$@" &
    server=$!
    wait_for 5 test -s "$work/port" || exit 1
    port=$(cat "$work/port")
}
