#!/bin/sh
# ways.sh: the ways to a server: name servers that answer, refuse, lie and say nothing; servers that
# the DNS names; hosts with dead and silent addresses of both families; SOCKS5 proxies, real ones
# (microsocks, ssh -D) among them. Nothing but loopback is there, with addresses of its own.
. "$(dirname "$0")/lib.sh"

install_program
make_certificates
mkdir "$work/store"
ip addr add 192.0.2.1/32 dev lo
for host in 25 26 27; do
    ip -6 addr add "2001:db8::$host/128" dev lo nodad
done

# --- the stage ------------------------------------------------------------------------------------

# certificate NAME DNS-NAME...: one of our authority's.
certificate()
{
    name=$1
    shift
    openssl req -newkey rsa:2048 -nodes -keyout "$certs/$name.key" -out "$work/csr" \
        -subj "/CN=$name" 2>/dev/null
    printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\n' \
        "$(printf 'DNS:%s,' "$@" | sed 's/,$//')" >"$work/ext"
    openssl x509 -req -in "$work/csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" \
        -CAcreateserial -days 9 -extfile "$work/ext" -out "$certs/$name.pem" 2>/dev/null
}
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/ca.key" -out "$work/ca.pem" -days 9 \
    -subj "/CN=Journey Root" -addext basicConstraints=critical,CA:TRUE 2>/dev/null
certificate ours mail.example.org xn--bcher-kva.example mail.xn--bcher-kva.example
certificate hosted hosted.example

# serve TLS CERTIFICATE LISTEN...: a submission server behind socat listeners.
serve()
{
    tls=$1
    cert=$2
    shift 2
    rm -f "$work/port"
    "$build/tests/lib/smtp-script" --serve --tls "$tls" --certs "$certs" --cert "$cert" \
        --user alice --password "open sesame" --store "$work/store" --port-file "$work/port" &
    wait_for 5 test -s "$work/port"
    port=$(cat "$work/port")
    for listen; do
        socat "$listen,reuseaddr,fork" "TCP4:127.0.0.1:$port" 2>/dev/null &
    done
}
serve implicit ours TCP4-LISTEN:465,bind=127.0.0.1 TCP4-LISTEN:465,bind=192.0.2.1 \
    TCP6-LISTEN:465,bind=[2001:db8::25],ipv6only=1
serve starttls ours TCP4-LISTEN:587,bind=127.0.0.1
serve implicit hosted TCP4-LISTEN:2465,bind=127.0.0.1
wait_for 5 port_open 2465

# Where packets are swallowed: listeners whose queue is full.
cat >"$work/full.py" <<'END'
import socket, sys, time
kept = []
for family, address in ((socket.AF_INET, "127.0.0.9"), (socket.AF_INET6, "2001:db8::26")):
    s = socket.socket(family)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, 465))
    s.listen(0)
    kept.append(s)
    for i in range(4):
        c = socket.socket(family)
        c.setblocking(False)
        c.connect_ex((address, 465))
        kept.append(c)
open(sys.argv[1], "w").close()
time.sleep(600)
END
python3 "$work/full.py" "$work/full" &
wait_for 5 test -e "$work/full"

long=$(printf '%0600d' 0)
cat >"$work/rules" <<END
mail.example.org A 127.0.0.1
mail.provider.example A 127.0.0.1
fail.example * servfail
refuse.example * refused
silent.example * silent
cut.example * cut
strange.example * strange
dual.example A 192.0.2.1
dual.example AAAA 2001:db8::25
six.example AAAA 2001:db8::25
dead6.example A 192.0.2.1
dead6.example AAAA 2001:db8::27
silent6.example A 192.0.2.1
silent6.example AAAA 2001:db8::26
dead5.example A 127.0.0.2
dead5.example A 127.0.0.3
dead5.example A 127.0.0.4
dead5.example A 127.0.0.5
dead5.example A 127.0.0.1
swallow.example A 127.0.0.9
alias.example CNAME mail.example.org
_submissions._tcp.example.org SRV 0 1 465 mail.example.org
_submission._tcp.example.org SRV 0 1 587 mail.example.org
_submissions._tcp.hosted.example SRV 0 1 2465 mail.provider.example
_submissions._tcp.moved.example SRV 0 1 465 mail.example.org
_submissions._tcp.mail.example.org SRV 10 1 466 mail.example.org
_submissions._tcp.mail.example.org SRV 20 1 465 mail.example.org
_submissions._tcp.away.example CNAME _submissions._tcp.example.org
_submissions._tcp.no.example SRV 0 0 0 .
_submissions._tcp.path.example SRV 0 1 465 /run/postrider
_submissions._tcp.address.example SRV 0 1 465 127.0.0.1
_submissions._tcp.hex.example * hex c00c0021000100000001ffff
_submissions._tcp.zero.example * hex $long
_submissions._tcp.fail.example * servfail
_submissions._tcp.silent.example * silent
_submissions._tcp.xn--bcher-kva.example SRV 0 1 465 mail.xn--bcher-kva.example
mail.xn--bcher-kva.example A 127.0.0.1
END
echo "nameserver 127.0.0.1" >"$work/resolv.conf"
cat "$work/resolv.conf" >/etc/resolv.conf
: >/etc/hosts
"$build/tests/lib/name-script" "$work/rules" "$work/asked" &
names=$!
wait_for 5 test -e "$work/asked"

# via NAME STATUS LINE...: one message through an account with these lines.
message way >"$work/message"
via()
{
    via_name=$1
    via_status=$2
    shift 2
    config way "[log]" "target = $work/log" "[account a]" "tls_trust = $work/ca.pem" \
        "user = alice" "password = open sesame" "from = alice@example.org" \
        "ehlo_name = client.example.org" "queue = never" "connect_timeout = 2s" "$@"
    rm -f "$work/log"
    : >"$work/asked"
    via_began=$(date +%s)
    run "$via_name: $via_status" "$via_status" "$postrider" send -C "$config" bob@example.org \
        <"$work/message"
    via_took=$(($(date +%s) - via_began))
}

# within LEAST MOST NAME: how long the last one took, in seconds.
within()
{
    [ "$via_took" -ge "$1" ] && [ "$via_took" -le "$2" ]
    ok $? "$3 ($via_took s)"
}

# stopped NAME LINE...: the same, but a signal comes while it waits.
stopped()
{
    stopped_name=$1
    shift
    config way "[log]" "target = none" "[account a]" "tls_trust = $work/ca.pem" "auth = off" \
        "from = alice@example.org" "queue = never" "connect_timeout = 60s" "$@"
    stopped_began=$(date +%s)
    "$postrider" send -C "$config" bob@example.org <"$work/message" >"$work/out" 2>"$work/err" &
    stopped_pid=$!
    sleep 1
    kill -TERM "$stopped_pid"
    stopped_status=0
    wait "$stopped_pid" || stopped_status=$?
    [ "$stopped_status" -eq 75 ] && [ $(($(date +%s) - stopped_began)) -le 4 ]
    ok $? "$stopped_name: SIGTERM ends it at once, 75 (status $stopped_status)"
    says "$work/err" "stopped by a signal" "$stopped_name: and says so"
}

# --- names ----------------------------------------------------------------------------------------

via "a name" 0 "host = mail.example.org"
silent "a name: silent"
via "an alias, whose name the certificate lacks" 76 "host = alias.example"
via "no such name" 68 "host = nowhere.example"
says "$work/err" "hint: .*host" "no such name: a hint"
via "SERVFAIL" 75 "host = fail.example"
says "$work/err" "hint: .*resolv.conf" "SERVFAIL: a hint"
via "REFUSED" 75 "host = refuse.example"
via "a cut answer, and no TCP" 75 "host = cut.example"
via "a silent name server" 75 "host = silent.example"
within 2 4 "a silent name server: connect_timeout holds"
says "$work/err" "no answer in time .*silent.example" "a silent name server: what was asked"
says "$work/err" "hint: .*resolv.conf.*connect_timeout" "a silent name server: a hint"
via "an answer to another question" 75 "host = strange.example"
within 2 4 "an answer to another question: counts as none"
stopped "a silent name server" "host = silent.example"
via "the next host after one that does not exist" 0 "host = nowhere.example, mail.example.org"
via "the next host after SERVFAIL" 0 "host = fail.example, mail.example.org"
via "the next host after silence" 0 "host = silent.example, mail.example.org"
within 2 5 "the next host after silence: what silence may cost"

# --- servers that the DNS names -------------------------------------------------------------------

via "a domain" 0 "host = srv:example.org"
says "$work/asked" "^_submissions\._tcp\.example\.org SRV$" "a domain: what is asked"
says "$work/log" "relay=mail.example.org\[127.0.0.1\]:465," "a domain: the server in the log"
via "a domain, STARTTLS" 0 "host = srv:example.org" "tls = starttls"
says "$work/log" "relay=mail.example.org\[127.0.0.1\]:587," "a domain, STARTTLS: its port"
via "a server elsewhere that proves the domain" 0 "host = srv:hosted.example"
says "$work/log" ":2465," "a server elsewhere: the port of the record"
via "a server elsewhere that proves itself alone" 76 "host = srv:moved.example"
says "$work/err" "moved.example" "a server elsewhere: what it should have proved"
via "the same, vouched for by tls_name" 0 "host = srv:moved.example" "tls_name = mail.example.org"
via "the second target when the first is dead" 0 "host = srv:mail.example.org"
via "records behind an alias" 76 "host = srv:away.example"
via "records behind an alias, vouched for" 0 "host = srv:away.example" \
    "tls_name = mail.example.org"
via "a domain in UTF-8" 0 "host = srv:bücher.example"
via "a domain without the service" 68 "host = srv:nowhere.example"
says "$work/err" "_submissions._tcp.nowhere.example: there is no such service" \
    "a domain without: what was asked"
says "$work/err" "hint: .*'host'.*tls = starttls" "a domain without: what to set instead"
via "a domain that says no" 68 "host = srv:no.example"
says "$work/err" "does not offer" "a domain that says no: in words"
via "a path as target" 68 "host = srv:path.example"
via "an address as target" 68 "host = srv:address.example"
via "an answer that makes no sense" 75 "host = srv:hex.example"
via "an answer of zeros, a record of no kind" 68 "host = srv:zero.example"
via "SERVFAIL for the service" 75 "host = srv:fail.example"
via "silence for the service" 75 "host = srv:silent.example"
within 2 4 "silence for the service: connect_timeout holds"
stopped "silence for the service" "host = srv:silent.example"
via "another host after a domain without the service" 0 \
    "host = srv:nowhere.example, mail.example.org"
via "a domain after a host that does not exist" 0 "host = nowhere.example, srv:example.org"

# --- addresses ------------------------------------------------------------------------------------

via "two families" 0 "host = dual.example" "tls_name = mail.example.org"
says "$work/log" "relay=dual.example\[(2001:db8::25|192.0.2.1)\]:465," "two families: either"
via "IPv6 alone" 0 "host = six.example" "tls_name = mail.example.org"
says "$work/log" "\[2001:db8::25\]:465," "IPv6 alone: used"
via "IPv6 dead" 0 "host = dead6.example" "tls_name = mail.example.org"
via "IPv6 silent" 0 "host = silent6.example" "tls_name = mail.example.org"
within 0 1 "IPv6 silent: a quarter of a second, not the whole time"
says "$work/log" "\[192.0.2.1\]:465," "IPv6 silent: IPv4 has it"
via "four dead addresses before a live one" 0 "host = dead5.example" "tls_name = mail.example.org"
within 0 1 "four dead addresses: no wait"
via "every address silent" 75 "host = swallow.example" "tls_name = mail.example.org"
within 2 4 "every address silent: connect_timeout holds"
says "$work/err" "hint: .*connect_timeout" "every address silent: a hint"
stopped "every address silent" "host = swallow.example" "tls_name = mail.example.org"
via "an IPv6 literal" 0 "host = [2001:db8::25]" "tls_name = mail.example.org"
via "source_address chooses the family" 0 "host = dual.example" "tls_name = mail.example.org" \
    "source_address = 192.0.2.1"
says "$work/log" "\[192.0.2.1\]:465," "source_address: IPv4"
via "source_address of IPv6" 0 "host = dual.example" "tls_name = mail.example.org" \
    "source_address = 2001:db8::27"
says "$work/log" "\[2001:db8::25\]:465," "source_address: IPv6"
via "source_address of a family that the host lacks" 75 "host = six.example" \
    "tls_name = mail.example.org" "source_address = 192.0.2.1"
says "$work/err" "hint: source_address" "source_address: a hint"
via "the next host for a source_address that the first cannot use" 0 \
    "host = six.example, mail.example.org" "tls_name = mail.example.org" \
    "source_address = 127.0.0.1"

# --- proxies --------------------------------------------------------------------------------------

microsocks -i 127.0.0.1 -p 1080 >/dev/null 2>&1 &
microsocks -i 127.0.0.1 -p 1081 -u alice -P "p@ss word" >/dev/null 2>&1 &
mkdir -p /run/sshd /root/.ssh
ssh-keygen -q -t ed25519 -N "" -f "$work/host_key"
ssh-keygen -q -t ed25519 -N "" -f "$work/user_key"
cat "$work/user_key.pub" >/root/.ssh/authorized_keys
chmod 700 /root /root/.ssh
/usr/sbin/sshd -f /dev/null -h "$work/host_key" -p 2222 -o ListenAddress=127.0.0.1 \
    -o PidFile=none -o UsePAM=no -o StrictModes=no
wait_for 5 port_open 2222
ssh -f -N -D 127.0.0.1:1082 -p 2222 -i "$work/user_key" -o StrictHostKeyChecking=no \
    -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR root@127.0.0.1 </dev/null \
    >"$work/ssh.log" 2>&1
for port in 1080 1081 1082; do
    wait_for 5 port_open $port
done

for proxy in "microsocks 1080" "ssh 1082"; do
    port=${proxy#* }
    name=${proxy% *}
    via "$name" 0 "host = mail.example.org" "proxy = 127.0.0.1:$port"
    silent "$name: silent"
    says "$work/log" "relay=mail.example.org:465 via proxy 127.0.0.1:$port," "$name: in the log"
    via "$name, names looked up here" 0 "host = mail.example.org" \
        "proxy = socks5://127.0.0.1:$port"
    says "$work/log" "relay=mail.example.org\[127.0.0.1\]:465 via proxy" "$name, names: the address"
    via "$name, IPv6" 0 "host = 2001:db8::25" "tls_name = mail.example.org" \
        "proxy = 127.0.0.1:$port"
    via "$name, the next address" 0 "host = dead5.example" "tls_name = mail.example.org" \
        "proxy = socks5://127.0.0.1:$port"
    via "$name, the server is dead" 75 "host = mail.example.org" "port = 466" "tls = implicit" \
        "proxy = 127.0.0.1:$port"
    says "$work/err" "hint: .*(host|port)" "$name, the server is dead: a hint"
    via "$name, the next host" 0 "host = nowhere.example, mail.example.org" \
        "proxy = 127.0.0.1:$port"
done
via "a domain's servers through a proxy" 0 "host = srv:example.org" "proxy = socks5://127.0.0.1:1080"
via "a login" 0 "host = mail.example.org" "proxy = socks5h://alice:p%40ss%20word@127.0.0.1:1081"
via "a wrong login" 78 "host = mail.example.org" "proxy = socks5h://alice:tr0mbone@127.0.0.1:1081"
empty "a wrong login: not told" "$(grep -l tr0mbone "$work/err" "$work/log" 2>/dev/null)"
via "no login" 78 "host = mail.example.org" "proxy = 127.0.0.1:1081"
says "$work/err" "hint: .*USER:PASSWORD" "no login: a hint"
via "a proxy by name" 0 "host = mail.example.org" "proxy = mail.example.org:1080"
via "a proxy that does not exist" 68 "host = mail.example.org" "proxy = nowhere.example:1080"
says "$work/err" "hint: .*proxy" "a proxy that does not exist: a hint"

# asks NAME WANTED LINE...: how many questions our own process puts to a name server.
asks()
{
    asks_name=$1
    asks_want=$2
    shift 2
    config way "[log]" "target = none" "[account a]" "tls_trust = $work/ca.pem" "auth = off" \
        "from = alice@example.org" "queue = never" "$@"
    strace -f -qq -o "$work/trace" -e trace=connect,sendto,sendmmsg "$postrider" send -C "$config" \
        bob@example.org <"$work/message" >"$work/out" 2>"$work/err"
    asks_got=$(grep -c 'sin_port=htons(53)' "$work/trace")
    [ "$((asks_got > 0))" -eq "$asks_want" ]
    ok $? "$asks_name ($asks_got)"
}
asks "without a proxy our resolver is asked" 1 "host = mail.example.org"
asks "with names looked up by the proxy it never is" 0 "host = mail.example.org" \
    "proxy = 127.0.0.1:1080"
asks "...not even when the proxy cannot" 0 "host = nowhere.example" "proxy = 127.0.0.1:1080"

# --- no name server at all ------------------------------------------------------------------------

kill "$names"
via "nobody at port 53" 75 "host = mail.example.org"
says "$work/err" "hint: .*resolv.conf" "nobody at port 53: a hint"
via "nobody at port 53, for a service" 75 "host = srv:example.org"

done_testing
