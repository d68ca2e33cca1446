#!/bin/sh
# token.sh: a client certificate whose key lies in a PKCS#11 token (SoftHSM), for a server that
# demands one: the PIN in the URI or in a file, and what is told when it is wrong.
. "$(dirname "$0")/lib.sh"

install_program
make_certificates
umask 077
export HOME="$work/home"
mkdir -p "$HOME" "$work/tokens"
printf 'directories.tokendir = %s\nlog.level = ERROR\n' "$work/tokens" >"$work/softhsm.conf"
export SOFTHSM2_CONF="$work/softhsm.conf"

pin=471147114711
printf '%s' "$pin" >"$work/pin"
softhsm2-util --init-token --free --label mail --pin "$pin" --so-pin 00000000 >"$work/init" 2>&1 ||
    note "$(cat "$work/init")"
for name in client good; do
    openssl pkcs8 -topk8 -nocrypt -in "$certs/$name.key" -out "$work/$name.pk8"
    softhsm2-util --import "$work/$name.pk8" --token mail --label "$name" \
        --id "$([ "$name" = client ] && echo 01 || echo 02)" --pin "$pin" >>"$work/init" 2>&1 ||
        note "$(cat "$work/init")"
done
GNUTLS_PIN=$pin p11tool --batch --login --write --load-certificate "$certs/client.pem" \
    --label client --id 01 "pkcs11:token=mail" >>"$work/init" 2>&1 || note "$(cat "$work/init")"

# A server for one conversation: it must be shown the client's certificate.
cat >"$work/script" <<'END_OF_SCRIPT'
tls good demands
client client
S: 220 mail.example.org ESMTP
C~ EHLO .*
S: 250-mail.example.org
S: 250 PIPELINING
C: MAIL FROM:<alice@example.org>
C: RCPT TO:<bob@example.org>
C: DATA
S: 250 2.1.0 sender ok
S: 250 2.1.5 recipient ok
S: 354 go on
text
S: 250 2.0.0 taken
bye
END_OF_SCRIPT

echo eof >"$work/nothing"

# play SCRIPT: the server; $port is where.
play()
{
    rm -rf "$work/port" "$work/play" && mkdir "$work/play"
    "$build/tests/lib/smtp-script" --certs "$certs" --port-file "$work/port" --out "$work/play" \
        "$1" >"$work/play.log" 2>&1 &
    player=$!
    wait_for 5 test -s "$work/port"
    port=$(cat "$work/port")
}

# followed NAME: one check that the client followed the script.
followed()
{
    if wait "$player"; then
        ok 0 "$1"
    else
        ok 1 "$1" || note "$(cat "$work/play.log" "$work"/play/talk* 2>/dev/null)"
    fi
}

# account CERT KEY: the configuration, for the server that plays.
account()
{
    config token "[account main]" "host = localhost" "port = $port" "tls = implicit" \
        "tls_trust = $certs/ca.pem" "from = alice@example.org" "queue = never" \
        "tls_cert = $1" "tls_key = $2" "[log]" "target = none"
}

# taken NAME CERT KEY: a message goes through.
taken()
{
    play "$work/script"
    account "$2" "$3"
    run "$1: accepted" 0 "$postrider" send -C "$config" bob@example.org <"$work/message"
    silent "$1: silent"
    followed "$1: the server has seen the certificate"
}

# refused NAME CERT KEY PATTERN: nothing is sent, and it is said why, without a PIN.
refused()
{
    play "$work/nothing"
    account "$2" "$3"
    run "$1: a matter of configuration" 78 "$postrider" send -C "$config" bob@example.org \
        <"$work/message"
    followed "$1: nothing was said to the server"
    says "$work/err" "$4" "$1: told"
    check "$1: no PIN is told" sh -c "! grep -qE '$pin|99999999' '$work/err'"
}

message token >"$work/message"
key="pkcs11:token=mail;object=client;type=private"
taken "certificate in a file, key in a token" "$certs/client.pem" "$key?pin-value=$pin"
taken "both in the token, PIN in a file" "pkcs11:token=mail;object=client;type=cert" \
    "$key?pin-source=$work/pin"
refused "a wrong PIN" "$certs/client.pem" "$key?pin-value=99999999" \
    "tls_key: $key: the token does not take the PIN"
refused "no PIN" "$certs/client.pem" "$key" "tls_key: $key: "
refused "no such object" "$certs/client.pem" \
    "pkcs11:token=mail;object=nobody;type=private?pin-value=$pin" "object=nobody;type=private: "
refused "another key" "$certs/client.pem" \
    "pkcs11:token=mail;object=good;type=private?pin-value=$pin" \
    "the key does not belong to the certificate"
taken "the token is not locked" "$certs/client.pem" "$key?pin-value=$pin"

"$postrider" accounts --dump -C "$config" >"$work/dump" 2>&1
says "$work/dump" "^tls_key = $key\$" "a dump shows the key's name"
check "...and no PIN" sh -c "! grep -q $pin '$work/dump'"
done_testing
