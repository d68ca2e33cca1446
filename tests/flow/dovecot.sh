#!/bin/sh
# dovecot.sh: submission through a real Dovecot submission server (its SIZE has no number, its
# failed logins take their time) in front of Postfix.
. "$(dirname "$0")/lib.sh"
. "$top/tests/flow/servers.sh"

install_program
make_certificates
start_postfix
start_dovecot

account()
{
    config "$1" "[account main]" "host = localhost" "port = $2" "tls = $3" "user = user" \
        "password = $4" "auth = $5" "from = alice@example.org" "tls_trust = $certs/ca.pem" \
        "queue = never" "timeout = 10s" "[log]" "target = none"
}

for way in "1587 starttls" "1465 implicit"; do
    for auth in plain login cram-md5 scram-sha-1 scram-sha-256 scram auto; do
        account "dc" "${way% *}" "${way#* }" pass "$auth"
        message "dovecot ${way#* } $auth" >"$work/message"
        run "${way#* }, $auth: accepted" 0 "$postrider" send -C "$config" -i bob@example.org \
            <"$work/message"
        silent "${way#* }, $auth: silent"
        check "${way#* }, $auth: it arrived" wait_for 5 \
            grep -q "Subject: dovecot ${way#* } $auth" "$sink"
    done
done

account wrong 1587 starttls nonsense auto
run "wrong password: 77" 77 "$postrider" send -C "$config" -i bob@example.org <"$work/message"
check "wrong password: it is not shown" sh -c "! grep -q nonsense '$work/err'"

for auth in cram-md5 scram; do
    account wrong 1465 implicit nonsense "$auth"
    run "wrong password, $auth: 77" 77 "$postrider" send -C "$config" -i bob@example.org \
        <"$work/message"
done

account right 1465 implicit pass auto
run "refused recipient: 67" 67 "$postrider" send -C "$config" -i nobody@closed.example \
    <"$work/message"
says "$work/err" 'nobody@closed\.example' "refused recipient: it is named"

done_testing
