#!/bin/sh
# flights.sh: the widest groups of commands that we send, against real servers: Postfix as strict as
# it can be told to be, Exim, Dovecot in front of Postfix, aiosmtpd; what they do when the login, the
# sender, the recipients or the size are refused; a thousand messages through one login; failover;
# tickets; what is offered behind the login alone; addresses in UTF-8.
. "$(dirname "$0")/lib.sh"
. "$top/tests/flow/servers.sh"

# What root has sent on this machine is not to be remembered here.
HOME=$work
export HOME
trust=$work/trust.pem
many=$build/tests/bench/many

install_program
make_certificates
cp "$certs/ca.pem" "$trust"

# --- the stage ------------------------------------------------------------------------------------

# submission ADDRESS:PORT NAME OPTION...: one more service with implicit TLS, NAME in its log lines.
submission()
{
    printf '%s inet n - n - - smtpd\n' "$1"
    printf '  -o %s\n' "syslog_name=postfix/$2" smtpd_tls_wrappermode=yes smtpd_sasl_auth_enable=yes
    shift 2
    [ $# -eq 0 ] || printf '  -o %s\n' "$@"
}

# Everything that Postfix has against clients that do not wait.
start_postfix
{
    submission 127.0.0.1:2465 strict "smtpd_relay_restrictions=permit_sasl_authenticated,reject"
    submission 127.0.0.1:2466 lax
    submission 127.0.0.1:2587 later smtpd_tls_wrappermode=no smtpd_tls_security_level=encrypt
    submission 127.0.0.1:3465 old smtpd_discard_ehlo_keywords=smtputf8,chunking,dsn
    submission 127.0.0.2:2465 second
    submission 127.0.0.3:2465 busy "{ smtpd_client_restrictions = static:{421 4.3.2 come back later} }"
    submission 127.0.0.4:2465 other "smtpd_tls_cert_file=$certs/untrusted.pem" \
        "smtpd_tls_key_file=$certs/untrusted.key"
} >>/etc/postfix/master.cf
wait=reject_unauth_pipelining
postconf -e smtpd_forbid_unauth_pipelining=yes smtpd_delay_reject=no smtpd_tls_loglevel=2 \
    smtpd_client_restrictions=$wait smtpd_helo_restrictions=$wait smtpd_data_restrictions=$wait \
    smtpd_end_of_data_restrictions=$wait message_size_limit=27000000 in_flow_delay=0 \
    "smtpd_sender_restrictions = $wait, check_sender_access \
inline:{ { refused@example.org = 550 5.1.0 not from you } }" \
    "virtual_mailbox_domains = example.org, xn--bcher-kva.example"
postfix reload 2>/dev/null
start_dovecot "auth_failure_delay = 0" "submission_max_mail_size = 27000000"
start_exim

cat >"$work/server.py" <<'END'
import ssl, sys, time
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

work = sys.argv[1]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(work + "/certs/good.pem", work + "/certs/good.key")


def log(text):
    with open(work + "/aiosmtpd.log", "a") as f:
        f.write(text + "\n")


def authenticate(server, session, envelope, mechanism, data):
    with open(work + "/password") as f:
        good = data.login == b"user" and data.password.decode() == f.read().strip()
    log("good login" if good else "bad login")
    return AuthResult(success=good, handled=False)


class Handler:
    async def handle_MAIL(self, server, session, envelope, address, options):
        if address.startswith("refused@"):
            return "550 5.1.0 not from you"
        envelope.mail_from = address
        return "250 2.1.0 ok"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.endswith("@closed.example"):
            return "550 5.1.1 closed"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        with open(work + "/aiosmtpd", "ab") as f:
            f.write(envelope.content)
        return "250 2.0.0 ok"


class Listener(Controller):
    def factory(self):
        log("connection")
        return SMTP(self.handler, hostname="aio.test", authenticator=authenticate,
                    auth_required=True, auth_require_tls=False, data_size_limit=27000000)


listener = Listener(Handler(), hostname="127.0.0.1", port=5465, ssl_context=context)
listener.start()
time.sleep(600)
END
echo pass >"$work/password"
/usr/bin/python3 "$work/server.py" "$work" 2>"$work/server.log" &
for port in 5465 4465 1465 2465; do
    wait_for 10 port_open $port || {
        cat "$work/server.log" /var/log/exim4/* >&2
        exit 1
    }
done

# at SERVER: all below is about this one. Patterns of its log: a connection, a refused login.
at()
{
    at=$1
    user=user
    case $1 in
    postfix)
        port=2465 user=user@mx.test log=/var/log/postfix.log box=$sink
        came='postfix/strict/smtpd.*: connect from' bad='SASL PLAIN authentication failed'
        ;;
    exim)
        port=4465 log=/var/log/exim4/mainlog box=/var/exim/sink
        came='SMTP connection from .*TCP/IP connection count' bad='plain authenticator failed'
        ;;
    dovecot)
        port=1465 log=/var/log/dovecot.log box=$sink
        came='submission-login: Info: (Login|Disconnected|Aborted login)' bad='auth failed, 1 attempts'
        ;;
    aiosmtpd)
        port=5465 log=$work/aiosmtpd.log box=$work/aiosmtpd
        came='^connection' bad='^bad login'
        ;;
    esac
}

# server_password SECRET: what the server takes from now on.
server_password()
{
    case $at in
    postfix) echo "$1" | saslpasswd2 -p -u mx.test user ;;
    exim) printf '%s' "$1" >/etc/exim-lab/password ;;
    dovecot)
        echo "user:{PLAIN}$1::::::" >/etc/dc/users
        sleep 1.1 # it looks once a second
        ;;
    aiosmtpd) echo "$1" >"$work/password" ;;
    esac
}

# account GRADE PASSWORD LINE...: the configuration of the next runs.
account()
{
    grade=$1
    password=$2
    shift 2
    config "$at" "[log]" "target = none" "[account main]" "host = localhost" "port = $port" \
        "tls = implicit" "user = $user" "password = $password" "pipelining = $grade" \
        "from = alice@example.org" "tls_trust = $trust" "queue = never" "timeout = 20s" "$@"
}

count()
{
    grep -Ec -- "$1" "$2" 2>/dev/null || true
}

# What was sent and what was answered, as "EHLO|AUTH MAIL RCPT|BDAT text|QUIT"; many chunks as one.
shape()
{
    awk '/^> / { verb = $2 ~ /^</ ? "text" : $2
                 shape = shape (shape == "" ? "" : answered ? "|" : " ") verb; answered = 0 }
         /^< [0-9]/ { answered = 1 }
         END { gsub(/(BDAT text\|)+BDAT/, "BDAT", shape); print shape }' "$work/err"
}

# send NAME STATUS SHAPE WORD...: one run; the way it talked.
send()
{
    send_name=$1
    send_status=$2
    send_shape=$3
    shift 3
    came_before=$(count "$came" "$log")
    bad_before=$(count "$bad" "$log")
    run "$at, $send_name: $send_status" "$send_status" "$postrider" send -C "$config" -v -i "$@" \
        <"$work/message"
    is "$at, $send_name: how it talked" "$send_shape" "$(shape)"
}

is()
{
    if [ "$2" = "$3" ]; then
        ok 0 "$1"
    else
        ok 1 "$1" || note "wanted $2
got    $3
$(grep -v octets "$work/err" | tail -n 40)"
    fi
}

# one_more BEFORE PATTERN: the log has exactly one line more that fits.
one_more()
{
    [ "$(count "$2" "$log")" -eq $(($1 + 1)) ]
}

# refused_once: the last run was one connection and one refused login in the server's eyes.
refused_once()
{
    check "$at, $send_name: one refused login in the log" wait_for 5 one_more "$bad_before" "$bad"
    check "$at, $send_name: one connection in the log" one_more "$came_before" "$came"
}

# holds COUNT PATTERN: so many lines of the mailbox fit.
holds()
{
    [ "$(count "$2" "$box")" -eq "$1" ]
}

# --- every server ---------------------------------------------------------------------------------

message flight >"$work/message"
{
    message large
    seq 1 4000 | sed 's/$/ a line of a message that is too long for one write/'
} >"$work/large"
yes "the same line of text again, so that it is many of them in the end" |
    head -c 25000000 >"$work/body"
{
    message huge
    cat "$work/body"
} >"$work/huge"
{
    cat "$work/huge"
    head -c 2500000 "$work/body"
} >"$work/over"

# as FILE COMMAND...: with this message.
as()
{
    as_message=$work/message
    cp "$work/$1" "$work/other"
    mv "$work/message" "$work/flight"
    mv "$work/other" "$work/message"
    shift
    "$@"
    mv "$work/flight" "$as_message"
}

# journey STANDARD AUTO FULL: how a message goes on a first run, with a login that has worked, and
# after the proof; everything that can be refused, in each.
journey()
{
    rm -f "$box"
    account auto pass
    send "the first" 0 "EHLO|$1|QUIT" bob@example.org
    send "the second" 0 "EHLO|$2|QUIT" bob@example.org
    account full pass
    send "full, without a proof" 0 "EHLO|$2|QUIT" bob@example.org
    run "$at, many and the proof: 0" 0 "$many" "$config" 2 bob@example.org \
        "$HOME/.local/state/postrider/memory" <"$work/message"
    send "full, with a proof" 0 "EHLO|$3|QUIT" bob@example.org
    arrived=6
    for grade in standard auto full; do
        account "$grade" pass
        case $grade in
        standard) all=$1 two=$1 ;;
        auto) all=$2 two=$2 ;;
        full) all=$3 two=$2 ;;
        esac
        refusals
        account "$grade" wrong
        send "$grade, a wrong password" 77 "EHLO|AUTH|QUIT" bob@example.org
        refused_once
        # What was known of this login has died with it.
        account "$grade" pass
        send "$grade, the right one again" 0 "EHLO|$1|QUIT" bob@example.org
        send "$grade, once more" 0 "EHLO|$all|QUIT" bob@example.org
        arrived=$((arrived + 2))
        [ "$grade" != standard ] || continue
        server_password changed
        login=${all%%|*}
        [ "$login" != AUTH ] || login="AUTH|QUIT"
        send "$grade, the server has another password now" 77 "EHLO|$login" bob@example.org
        refused_once
        account "$grade" changed
        send "$grade, we, too" 0 "EHLO|$1|QUIT" bob@example.org
        server_password pass
        account "$grade" pass
        send "$grade, the old one" 0 "EHLO|$1|QUIT" bob@example.org
        send "$grade, a login that has worked" 0 "EHLO|$all|QUIT" bob@example.org
        arrived=$((arrived + 3))
    done
    account full pass
    as large send "200 KB" 0 "EHLO|$2|QUIT" bob@example.org
    as huge send "25 MB" 0 "EHLO|$2|QUIT" bob@example.org
    arrived=$((arrived + 2))
    check "$at: every message is there, and nothing else" wait_for 10 holds "$arrived" '^Subject: '
}

# refusals: of recipients, the sender and the size.
refusals()
{
    case $two in
    AUTH\|MAIL\|*) one='AUTH|MAIL|RCPT|RCPT|DATA|text' none='AUTH|MAIL|RCPT' sender='AUTH|MAIL' ;;
    *DATA*) one='AUTH|MAIL RCPT RCPT DATA|text' none='AUTH|MAIL RCPT DATA' sender=$none ;;
    *) one='AUTH MAIL RCPT RCPT|BDAT text' none='AUTH MAIL RCPT' sender=$none ;;
    esac
    none="$none|QUIT" sender="$sender|QUIT"
    # A refused chunk ends the connection.
    [ "$all" = "$two" ] || none=$all sender=$all
    send "$grade, one of two refused" 67 "EHLO|$one|QUIT" bob@example.org nobody@closed.example
    says "$work/err" 'sent to bob@example\.org but not to nobody@closed\.example' \
        "$at, $grade, one of two refused: who"
    send "$grade, all refused" 67 "EHLO|$none" nobody@closed.example
    says "$work/err" 'nobody@closed\.example' "$at, $grade, all refused: who"
    arrived=$((arrived + 1))
    [ "$at,$grade" != dovecot,full ] || return 0 # see below
    send "$grade, the sender refused" 69 "EHLO|$sender" -f refused@example.org bob@example.org
    says "$work/err" 'not from you' "$at, $grade, the sender refused: the server's words"
}

together='AUTH|MAIL RCPT DATA|text'
chunks='AUTH MAIL RCPT|BDAT text'
once='AUTH MAIL RCPT BDAT text'
slow='AUTH|MAIL|RCPT|DATA|text'
at postfix
journey "$together" "$chunks" "$once"
at exim
journey "$together" "$chunks" "$once"
at dovecot
journey "$together" "$chunks" "$once"
at aiosmtpd
journey "$slow" "$slow" "$slow"

# What is too large for them: here, and where only the login shows the limit, there.
for server in postfix exim aiosmtpd dovecot; do
    at $server
    account off pass
    as over send "over its size" 69 "EHLO|AUTH|QUIT" bob@example.org
    says "$work/err" 'the server takes at most 27000000' "$at, over its size: the limit"
done

# Dovecot 2.3.19 dies of a chunk behind a sender that its relay has refused ("assertion failed:
# (trans != NULL)"). Nobody can know from here what it had done before; it is not trusted again.
at dovecot
account full pass
send "a sender refused behind it" 75 "EHLO|$once" -f refused@example.org bob@example.org
says "$work/err" 'may have arrived' "$at, a sender refused behind it: there is no telling"
says "$log" 'Panic: .*assertion failed: \(trans != NULL\)' "$at, a sender refused behind it: why"
send "a sender refused behind it, again" 69 "EHLO|AUTH|MAIL|QUIT" -f refused@example.org \
    bob@example.org
send "and what it takes" 0 "EHLO|$slow|QUIT" bob@example.org

# Behind STARTTLS, too.
at postfix
port=2587
account full pass
sed -i 's/^tls = .*/tls = starttls/' "$config"
send "STARTTLS, the first" 0 "EHLO|STARTTLS|EHLO|$together|QUIT" bob@example.org
run "$at, STARTTLS, many and the proof: 0" 0 "$many" "$config" 1 bob@example.org \
    "$HOME/.local/state/postrider/memory" <"$work/message"
send "STARTTLS, with a proof" 0 "EHLO|STARTTLS|EHLO|$once|QUIT" bob@example.org

# --- one port for the world and for us ------------------------------------------------------------

# A Postfix that takes mail for its own domain from anybody.
at postfix
port=2466 came='postfix/lax/smtpd.*: connect from'
rm -f "$box"
account full pass
run "lax, many and the proof: 0" 0 "$many" "$config" 2 bob@example.org \
    "$HOME/.local/state/postrider/memory" <"$work/message"
server_password changed
account auto pass
send "lax, a refused login, auto" 77 "EHLO|AUTH MAIL RCPT" bob@example.org
refused_once
server_password pass
run "lax, many again: 0" 0 "$many" "$config" 1 bob@example.org \
    "$HOME/.local/state/postrider/memory" <"$work/message"
server_password changed
account full pass
sed -i "s|^target = .*|target = $work/log|" "$config"
send "lax, a refused login, full" 0 "EHLO|$once" bob@example.org
refused_once
says "$work/log" 'login' "lax, a refused login, full: the log says that the login was refused"
server_password pass
check "lax: three with a login, one without" wait_for 5 holds 4 '^Subject: '

# --- a thousand messages --------------------------------------------------------------------------

at postfix
rm -f "$box"
account auto pass
came_before=$(count "$came" "$log")
run "a thousand through one session: 0" 0 "$many" "$config" 1000 "bob+%@example.org" <"$work/message"
note "ms each, and of the processor: $(cat "$work/out")"
check "a thousand: one connection" one_more "$came_before" "$came"
last_left()
{
    grep 'postfix/strict/smtpd.*: disconnect' "$log" | tail -n 1 >"$work/left"
    grep -Eq ' ehlo=1 auth=1 mail=1000 rcpt=1000 data=1000 quit=1 ' "$work/left"
}
check "a thousand: one login" wait_for 5 last_left
check "a thousand: they are there" wait_for 20 holds 1000 '^Delivered-To: bob\+[0-9]+@'
check "a thousand: each once" test "$(grep '^Delivered-To: ' "$box" | sort -u | wc -l)" -eq 1000

# --- more than one server -------------------------------------------------------------------------

# over NAME HOSTS LOG-PATTERN: the message reaches the second, once.
echo "127.0.0.2 second.test
127.0.0.3 busy.test
127.0.0.4 other.test
127.0.0.5 down.test" >>/etc/hosts
over()
{
    sed "s/^host = .*/host = $2/" "$config" >"$config.new"
    chmod 600 "$config.new"
    message "over from $1" >"$work/message"
    for time in first second; do
        run "$1, $time time: 0" 0 "$postrider" send -C "$config.new" -v -i bob@example.org \
            <"$work/message"
        says "$work/err" '^\* connected to (127.0.0.1|localhost)' "$1, $time time: the second host"
    done
    check "$1: it is there each time, once" wait_for 5 holds 2 "^Subject: over from $1"
}
account auto pass "tls_name = localhost"
over "a host that is down" "down.test, localhost"
over "a host that says 421" "busy.test, localhost"
over "a host with a certificate of another" "other.test, localhost"
over "three of them" "down.test, busy.test, other.test, localhost"
says "$log" 'postfix/busy/smtpd.* 421 ' "the 421 was one"
sed "s/^host = .*/host = second.test, localhost/" "$config" >"$config.new"
run "the first host is up: 0" 0 "$postrider" send -C "$config.new" -v bob@example.org \
    <"$work/message"
says "$work/err" '^\* connected to second.test\[127.0.0.2\]' "the first host is up: it gets it"

# --- what the login shows -------------------------------------------------------------------------

at dovecot
rm -rf "$HOME/.local" "$box"
message receipt >"$work/message"
account auto pass
for time in first second; do
    case $time in
    first) text=' DATA|text' ;;
    *) text='|BDAT text' ;;
    esac
    send "notices, $time time" 0 "EHLO|AUTH|EHLO|MAIL RCPT$text|QUIT" -N success -V "Q-$time" \
        -R hdrs bob@example.org
    says "$work/err" '^> RCPT .* NOTIFY=SUCCESS' "notices, $time time: asked for"
    check "notices, $time time: the relay has made one" \
        wait_for 5 holds 1 "^Original-Envelope-Id: Q-$time"
done

# --- tickets --------------------------------------------------------------------------------------

# tickets WANTED...: one run each, "resumed" or "afresh".
tickets()
{
    for want; do
        run "$at, $want: 0" 0 "$postrider" send -C "$config" -v -i bob@example.org <"$work/message"
        case $want in
        resumed) says "$work/err" '^\* TLS1\.3 .*, resumed$' "$at: resumed" ;;
        afresh) says "$work/err" '^\* TLS1\.3 [A-Z0-9-]+$' "$at: a whole handshake" ;;
        esac
    done
}
ticket()
{
    ls "$HOME"/.local/state/postrider/memory/*.ticket
}
for server in postfix exim aiosmtpd; do
    at $server
    rm -rf "$HOME/.local"
    account auto pass
    tickets afresh
    case $server in
    postfix)
        # It gives no new ticket for a good one, and ours are used once.
        tickets resumed afresh
        says "$log" 'Reusing old session' "$at: it says so, too"
        ;;
    exim) ;;
    *) tickets resumed ;;
    esac
    [ $server = exim ] || check "$at: there is a ticket" ticket
    cp "$trust" "$trust.new"
    mv "$trust.new" "$trust"
    tickets afresh
done
# Dovecot keeps the keys of its tickets for a process, which may be for one connection.
at dovecot
rm -rf "$HOME/.local"
account auto pass
tickets afresh afresh
printf 'service submission-login {\n  service_count = 0\n  process_min_avail = 1\n}\n' \
    >>/etc/dc/dovecot.conf
doveadm -c /etc/dc/dovecot.conf reload
sleep 0.5
tickets afresh resumed

# --- addresses beyond ASCII -----------------------------------------------------------------------

at postfix
rm -rf "$HOME/.local" "$box"
account auto pass
message "umlauts" >"$work/message"
send "a local part in UTF-8" 0 "EHLO|$together|QUIT" -f jürgen@example.org björk@example.org
says "$work/err" '^> MAIL FROM:<jürgen@example.org>.* SMTPUTF8' "UTF-8: the sender, raw"
says "$work/err" '^> RCPT TO:<björk@example.org>' "UTF-8: the recipient, raw"
check "UTF-8: it is there" wait_for 5 holds 1 '^Delivered-To: björk@example.org'
says "$log" 'to=<björk@example.org>.*status=sent' "UTF-8: in the server's log"
send "a domain in UTF-8" 0 "EHLO|$chunks|QUIT" bob@bücher.example
says "$work/err" '^> RCPT TO:<bob@xn--bcher-kva.example>$' "a domain in UTF-8: as ASCII"
check "a domain in UTF-8: it is there" wait_for 5 holds 1 \
    '^Delivered-To: bob@xn--bcher-kva.example'
port=3465
account auto pass
send "a server without SMTPUTF8" 65 "EHLO|AUTH|QUIT" björk@example.org
says "$work/err" 'does not take addresses beyond ASCII \(SMTPUTF8\).*björk@example.org' \
    "a server without SMTPUTF8: in words"
send "a domain in UTF-8, without SMTPUTF8" 0 "EHLO|AUTH MAIL RCPT DATA|text|QUIT" \
    bob@bücher.example

done_testing
