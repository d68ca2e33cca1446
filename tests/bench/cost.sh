#!/bin/sh
# cost.sh: what one message costs, counted, beside Debian's msmtp. See README.
. "$(dirname "$0")/../flow/lib.sh"
. "$top/tests/flow/servers.sh"

install_program
make_certificates
serve store --tls implicit --user alice@example.org --password secret --size 99000000

# The system's authorities and ours behind them; once as a file of its own, once as the store.
cat /etc/ssl/certs/ca-certificates.crt "$certs/ca.pem" >"$work/bundle.pem"
account()
{
    config "$1" "[account main]" "host = localhost" "port = $port" "tls = implicit" \
        "user = alice@example.org" "password = secret" "queue = never" "$2" "[log]" "target = none"
}
account bundle "tls_trust = $work/bundle.pem"
account small "tls_trust = $certs/ca.pem"
account store ""
(umask 077 && cat >"$work/msmtprc" <<END
account main
host localhost
port $port
tls on
tls_starttls off
tls_trust_file $work/bundle.pem
auth plain
user alice@example.org
password secret
from alice@example.org
account default: main
END
)
{ message bench && head -c 1800 /dev/urandom | base64 -w 76; } >"$work/2k"
{ message big && head -c 38000000 /dev/urandom | base64 -w 76; } >"$work/50m"

instructions()
{
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" <"$work/2k" 2>&1 |
        sed -n 's/.*Collected : *\([0-9]*\).*/\1/p'
}

calls()
{
    strace -f -qq -o "$work/strace" "$@" <"$work/2k" >/dev/null 2>&1
    wc -l <"$work/strace"
}

# Peak resident memory in KiB.
peak()
{
    input=$1
    shift
    /usr/bin/time -f %M -o "$work/peak" "$@" <"$input" >/dev/null 2>&1
    tail -n 1 "$work/peak"
}

bundle=$(instructions "$postrider" send -C "$work/bundle.ini" -i bob@example.org)
small=$(instructions "$postrider" send -C "$work/small.ini" -i bob@example.org)
cp /etc/ssl/certs/ca-certificates.crt "$work/system.pem"
cat "$certs/ca.pem" >>/etc/ssl/certs/ca-certificates.crt
system=$(instructions "$postrider" send -C "$work/store.ini" -i bob@example.org)
check "the peer works" sh -c "msmtp -C '$work/msmtprc' bob@example.org <'$work/2k'"
peer=$(instructions msmtp -C "$work/msmtprc" bob@example.org)
our_calls=$(calls "$postrider" send -C "$work/bundle.ini" -i bob@example.org)
peer_calls=$(calls msmtp -C "$work/msmtprc" bob@example.org)
our_2k=$(peak "$work/2k" "$postrider" send -C "$work/bundle.ini" -i bob@example.org)
our_50m=$(peak "$work/50m" "$postrider" send -C "$work/bundle.ini" -i bob@example.org)
peer_2k=$(peak "$work/2k" msmtp -C "$work/msmtprc" bob@example.org)
peer_50m=$(peak "$work/50m" msmtp -C "$work/msmtprc" bob@example.org)

note "one message of 2 KB, implicit TLS, AUTH PLAIN     postrider        msmtp
instructions, bundle of $(grep -c BEGIN "$work/bundle.pem") authorities        $bundle     $peer
instructions, system store                       $system
instructions, the one authority needed           $small
system calls                                          $our_calls          $peer_calls
peak memory, KiB                                     $our_2k         $peer_2k
peak memory for 50 MB, KiB                           $our_50m         $peer_50m"

check "instructions with the bundle: under 20 million" test "$bundle" -lt 20000000
check "the system store is within 5 % of that" \
    test $((system * 100)) -lt $((bundle * 105))
check "fewer instructions than the peer" test "$bundle" -lt "$peer"
check "fewer system calls than the peer" test "$our_calls" -lt "$peer_calls"
check "50 MB take at most 1 MiB more memory than 2 KB" test $((our_50m - our_2k)) -le 1024
check "the 50 MB arrived" sh -c "[ \$(ls -S '$store'/*.eml | head -n 1 | xargs wc -c | \
    sed 's/ .*//') -gt 50000000 ]"
done_testing
