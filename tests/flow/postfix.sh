#!/bin/sh
# postfix.sh: submission to a real Postfix with Cyrus SASL: STARTTLS and implicit TLS, every
# mechanism that it has, right and wrong password, refused recipients, a certificate nobody vouches
# for. Postfix 3.7 tells Cyrus nothing of TLS, so that -PLUS is not offered.
. "$(dirname "$0")/lib.sh"
. "$top/tests/flow/servers.sh"

install_program
make_certificates
start_postfix

account()
{
    config "$1" "[account main]" "host = localhost" "port = $2" "user = user@mx.test" \
        "password = $3" "auth = $4" "from = alice@example.org" "tls_trust = $certs/ca.pem" \
        "queue = never" "timeout = 10s" "[log]" "target = none"
}

for port in 587 465; do
    for auth in plain login cram-md5 scram-sha-1 scram-sha-256 scram auto; do
        account "$port-$auth" "$port" pass "$auth"
        message "via $port $auth" >"$work/message"
        run "port $port, $auth: accepted" 0 "$postrider" send -C "$config" -i bob@example.org \
            <"$work/message"
        silent "port $port, $auth: silent"
        check "port $port, $auth: it arrived" wait_for 5 grep -q "Subject: via $port $auth" "$sink"
    done
done
says "$sink" '^From alice@example\.org' "the envelope sender is the account's"
says "$sink" '^\.\.dots$' "dots arrive as they were written"
says "$sink" '^Message-ID: <.*@example\.org>' "a Message-ID was added with the sender's domain"

account wrong 587 nonsense auto
run "wrong password: 77" 77 "$postrider" send -C "$config" -i bob@example.org <"$work/message"
says "$work/err" 'authentication fail' "wrong password: the server's words"
check "wrong password: at most two lines" test "$(wc -l <"$work/err")" -le 2
check "wrong password: it is not shown" sh -c "! grep -q nonsense '$work/err'"

for auth in cram-md5 scram; do
    account wrong 465 nonsense "$auth"
    run "wrong password, $auth: 77" 77 "$postrider" send -C "$config" -i bob@example.org \
        <"$work/message"
    says "$work/err" 'login of user@mx\.test' "wrong password, $auth: whose"
done

account verbose 587 pass auto
run "-v: accepted" 0 "$postrider" send -C "$config" -v -i bob@example.org <"$work/message"
says "$work/err" '^> AUTH PLAIN \*\*\*' "-v: the password is masked"
says "$work/err" 'TLS1\.3' "-v: the TLS version is shown"

run "all recipients refused: 67" 67 "$postrider" send -C "$config" -i nobody@closed.example \
    <"$work/message"
says "$work/err" 'nobody@closed\.example' "all refused: the recipient is named"

run "one of two refused, nothing can be kept: 67" 67 "$postrider" send -C "$config" -i \
    bob@example.org nobody@closed.example <"$work/message"
says "$work/err" 'sent to bob@example\.org but not to nobody@closed\.example' \
    "one of two refused: first who did get it"

config untrusted "[account main]" "host = localhost" "port = 465" "user = user@mx.test" \
    "password = pass" "from = alice@example.org" "tls_trust = $certs/other-ca.pem" "queue = never"
run "a root that did not sign: 76" 76 "$postrider" send -C "$config" -i bob@example.org \
    <"$work/message"
says "$work/err" 'tls_trust' "a root that did not sign: the setting that helps"

config system "[account main]" "host = localhost" "port = 465" "user = user@mx.test" \
    "password = pass" "from = alice@example.org" "queue = never"
run "without tls_trust the system's authorities count, and ours is none: 76" 76 \
    "$postrider" send -C "$config" -i bob@example.org <"$work/message"

# 700 KB of long and short lines, 8-bit, with and without final newline.
{
    message big
    seq 1 20000 | sed 's/$/ \xc3\xa4\xc3\xb6 the same text again/'
} >"$work/big"
run "700 KB: accepted" 0 "$postrider" send -C "$work/465-plain.ini" -i bob@example.org <"$work/big"
check "700 KB: every line arrived" wait_for 5 \
    sh -c "[ \"\$(grep -c 'the same text again' '$sink')\" -eq 20000 ]"

done_testing
