#!/bin/sh
# oauth.sh: access tokens to a server of another make (aiosmtpd): XOAUTH2 and OAUTHBEARER, good and
# bad tokens, one that has expired and is asked for again, one too long for a line of commands.
. "$(dirname "$0")/lib.sh"

install_program
make_certificates

# A token is good when its first line is in $work/good; what was seen of the logins is in $work/seen.
cat >"$work/server.py" <<'END'
import base64, json, ssl, sys, time
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

work, port, mechanism = sys.argv[1], int(sys.argv[2]), sys.argv[3]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(work + "/certs/good.pem", work + "/certs/good.key")


def seen(text):
    with open(work + "/seen", "a") as f:
        f.write(text + "\n")


async def bearer(server, args, name):
    initial = len(args) > 1
    blob = base64.b64decode(args[1]) if initial else await server.challenge_auth("")
    user = b"user=user\x01"
    if name == "OAUTHBEARER":
        user = b"n,a=user,\x01host=localhost\x01port=2002\x01"
    with open(work + "/good", "rb") as f:
        token = f.read().strip()
    seen("%s %s" % (name, "at once" if initial else "when asked"))
    if blob == user + b"auth=Bearer " + token + b"\x01\x01":
        return AuthResult(success=True)
    answer = await server.challenge_auth(json.dumps({"status": "401", "schemes": "bearer"}))
    seen("refused, and the client says %r" % answer)
    return AuthResult(success=False, handled=False)


class Handler:
    async def handle_DATA(self, server, session, envelope):
        with open(work + "/mail", "ab") as f:
            f.write(envelope.content)
        return "250 2.0.0 ok"


async def xoauth2(self, server, args):
    return await bearer(server, args, "XOAUTH2")


async def oauthbearer(self, server, args):
    return await bearer(server, args, "OAUTHBEARER")


setattr(Handler, "auth_" + mechanism, oauthbearer if mechanism == "OAUTHBEARER" else xoauth2)


class Listener(Controller):
    def factory(self):
        return SMTP(self.handler, hostname="oauth.test", require_starttls=True,
                    tls_context=context, auth_required=True, enable_SMTPUTF8=True)


listener = Listener(Handler(), hostname="127.0.0.1", port=port)
listener.start()
time.sleep(600)
END

/usr/bin/python3 "$work/server.py" "$work" 2001 XOAUTH2 2>"$work/server.log" &
/usr/bin/python3 "$work/server.py" "$work" 2002 OAUTHBEARER 2>>"$work/server.log" &
wait_for 10 port_open 2001 && wait_for 10 port_open 2002 || {
    cat "$work/server.log" >&2
    exit 1
}

# token LETTER COUNT: so many times ten characters of a token.
token()
{
    printf '%s' "ya29."
    seq "$2" | sed "s/.*/$1-_.~01234/" | tr -d '\n'
}
token A 20 >"$work/good"
token B 20 >"$work/old"

# prints FILE...: password_command of the next account: the first time it runs it prints the first
# file, the second time the second one, and so on.
prints()
{
    rm -f "$work"/turn.*
    turn=0
    for file in "$@"; do
        turn=$((turn + 1))
        cp "$file" "$work/turn.$turn"
    done
    cat >"$work/command" <<END
#!/bin/sh
for file in $work/turn.*; do
    cat \$file && echo && rm \$file
    exit
done
exit 1
END
    chmod 700 "$work/command"
}

# account PORT AUTH
account()
{
    config "oauth" "[account main]" "host = localhost" "port = $1" "tls = starttls" "user = user" \
        "password_command = $work/command" "auth = $2" "from = alice@example.org" \
        "tls_trust = $certs/ca.pem" "queue = never" "timeout = 10s" "[log]" "target = none"
}

send()
{
    : >"$work/seen"
    rm -f "$work/mail"
    message "$1" >"$work/message"
    run "$1" "$2" "$postrider" send -C "$config" -i bob@example.org <"$work/message"
    if [ "$2" -eq 0 ]; then
        silent "$1: silent"
        says "$work/mail" "^Subject: $1" "$1: it arrived"
    else
        absent "$1: nothing arrived" "$work/mail"
        check "$1: no token is shown" sh -c "! grep -q ya29 '$work/err'"
    fi
}

absent()
{
    check "$1" test ! -e "$2"
}

for way in "2001 XOAUTH2" "2002 OAUTHBEARER"; do
    port=${way% *}
    name=${way#* }
    answer="b''"
    [ "$name" = XOAUTH2 ] || answer="b'.x01'"

    account "$port" auto
    prints "$work/good"
    send "$name, good" 0
    says "$work/seen" "^$name at once" "$name, good: in the command"

    prints "$work/old" "$work/good"
    send "$name, expired and new" 0
    says "$work/seen" "client says $answer" "$name, expired: the reason is answered as it should be"

    prints "$work/old" "$work/old"
    send "$name, expired and the same again" 77
    says "$work/err" 'token of user \(status 401\)' "$name, expired: the reason"
    says "$work/err" 'hint: .*password_command' "$name, expired: the advice"
    check "$name, the same again: it was tried once" test "$(grep -c refused "$work/seen")" -eq 1

    prints "$work/old"
    send "$name, expired and no other" 77
    says "$work/err" 'token of user' "$name, no other: the refusal, not the command's trouble"
done

account 2001 auto
printf 'a password' >"$work/password"
prints "$work/password"
send "a password to a server of tokens" 77
empty "it did not go to XOAUTH2" "$(cat "$work/seen")"

account 2001 xoauth2
cp "$work/good" "$work/kept"
printf 'sh0rt' >"$work/good"
prints "$work/good"
send "a short token in so many words" 0

token C 60 >"$work/good"
prints "$work/good"
send "a token of 600 characters" 0
says "$work/seen" 'XOAUTH2 when asked' "a token of 600 characters: behind the challenge"

done_testing
