#!/bin/sh
# demo.sh: a whole submission to watch: a little server on this machine (throwaway certificate,
# TLS, login, a port that the kernel chose), a config as a user would write it, one message.
#
#   demo.sh                 the demonstration; status 0 only if the message arrived as sent
#   demo.sh --break WHAT    the same with one thing wrong, to show that nothing is staged:
#                           ca (another authority), password (the server knows another one),
#                           server (it is stopped before the message is sent)
set -u

tools=${BUILDDIR:-build}/tests/lib
postrider=${POSTRIDER:-${BUILDDIR:-build}/postrider}
broken=
[ "${1:-}" = --break ] && broken=${2:?ca, password or server}

scratch=$(mktemp -d "${TMPDIR:-/tmp}/postrider-demo.XXXXXX") || exit 1
server=
leave()
{
    [ -z "$server" ] || kill "$server" 2>/dev/null
    rm -rf "$scratch"
}
trap leave EXIT
trap 'exit 130' INT TERM HUP

title()
{
    printf '\n== %s\n\n' "$1"
}

shown()
{
    sed 's/^/    /' "$1"
}

password=demo-$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')
server_password=$password
[ "$broken" != password ] || server_password=another
mkdir "$scratch/store" "$scratch/certs"
"$tools/mkcerts" "$scratch/certs" || exit 1
trust=$scratch/certs/ca.pem
[ "$broken" != ca ] || trust=$scratch/certs/other-ca.pem

"$tools/smtp-script" --serve --tls implicit --certs "$scratch/certs" --store "$scratch/store" \
    --user alice@example.org --password "$server_password" --port-file "$scratch/port" &
server=$!
tries=100
while [ ! -s "$scratch/port" ] && [ $tries -gt 0 ]; do
    sleep 0.05
    tries=$((tries - 1))
done
[ -s "$scratch/port" ] || {
    echo "demo: the little server did not start" >&2
    exit 1
}
if [ "$broken" = server ]; then
    kill "$server"
    wait "$server" 2>/dev/null
fi

(
    umask 077
    cat >"$scratch/postrider.ini" <<END
[account demo]
host = localhost
port = $(cat "$scratch/port")
tls = implicit
tls_trust = $trust
user = alice@example.org
password = "$password"
queue = never

[log]
target = none
END
)
cat >"$scratch/message" <<'END'
To: Bob <bob@example.net>
Subject: It works

Hello Bob,
.
this line follows a lone dot, and nothing was lost.
END

title "The configuration"
sed 's/^password = .*/password = ***/' "$scratch/postrider.ini" | sed 's/^/    /'
title "The message"
shown "$scratch/message"
title "postrider send -v -i -t <message"
"$postrider" send -C "$scratch/postrider.ini" -v -i -t <"$scratch/message" 2>"$scratch/talk"
status=$?
shown "$scratch/talk"
[ $status -eq 0 ] || {
    printf '\ndemo: postrider ended with status %s\n' "$status" >&2
    exit $status
}

tries=40
while [ ! -s "$scratch/store/1.eml" ] && [ $tries -gt 0 ]; do
    sleep 0.05
    tries=$((tries - 1))
done
title "The message as the server received it"
tr -d '\r' <"$scratch/store/1.eml" | sed 's/^/    /'
title "In short"
grep -o 'TLS1\.[23][^,]*' "$scratch/talk" | head -n 1 | sed 's/^/    protected by  /'
sed -n 's/^> AUTH \([A-Z0-9-]*\).*/    logged in by  \1/p' "$scratch/talk" | head -n 1

fail()
{
    printf 'demo: %s\n' "$1" >&2
    exit 1
}
grep -q "$password" "$scratch/talk" && fail "the password is in the transcript"
grep -q '^tls 1' "$scratch/store/1.env" || fail "the server saw no TLS"
grep -q '^user alice@example.org' "$scratch/store/1.env" || fail "the server saw no login"
grep -q '^rcpt bob@example.net' "$scratch/store/1.env" || fail "the server saw another recipient"
tr -d '\r' <"$scratch/store/1.eml" | sed '1,/^$/d' >"$scratch/got"
sed '1,/^$/d' "$scratch/message" >"$scratch/sent"
cmp -s "$scratch/got" "$scratch/sent" || fail "the body arrived changed"
for field in From Date Message-ID; do
    [ "$(grep -ci "^$field:" "$scratch/store/1.eml")" -eq 1 ] || fail "$field is not there once"
done
printf '    arrived       body octet for octet; From, Date and Message-ID were added\n\n'
