#!/bin/sh
# students.sh: the configurations that the README gives in place of a small client of one's own,
# taken from the README as they stand, against servers that behave like QQ's and 163's: LOGIN only,
# no PIPELINING, their codes in their order. The providers' names lead to this machine and a test
# authority stands among the system's.
. "$(dirname "$0")/lib.sh"

install_program
make_certificates
HOME=$work/home
export HOME
mkdir -p "$HOME/.config"

# An authority of ours in the system's store, and certificates for the providers' names.
authority()
{
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/ca.key" -out "$work/ca.pem" -days 9 \
        -subj "/CN=Journey Root" -addext basicConstraints=critical,CA:TRUE 2>/dev/null
    cat "$work/ca.pem" >>/etc/ssl/certs/ca-certificates.crt
    for name in smtp.qq.com smtp.163.com; do
        echo "127.0.0.1 $name" >>/etc/hosts
        openssl req -newkey rsa:2048 -nodes -keyout "$certs/$name.key" -out "$work/csr" \
            -subj "/CN=$name" 2>/dev/null
        printf 'subjectAltName=DNS:%s\nbasicConstraints=CA:FALSE\n' "$name" >"$work/ext"
        openssl x509 -req -in "$work/csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" \
            -CAcreateserial -days 9 -extfile "$work/ext" -out "$certs/$name.pem" 2>/dev/null
    done
}

# readme N: the N-th configuration of that section of the README becomes the user's.
readme()
{
    (umask 077 && awk -v want="$1" '
        /^In place of a small client/ { on = 1; next }
        /^When something fails/ { on = 0 }
        on && /^    \[account/ { n++ }
        on && n == want && /^    / { sub(/^    /, ""); print; next }
    ' "$top/README" >"$HOME/.config/postrider.ini")
}

b64()
{
    printf '%s' "$1" | openssl base64 -A
}

# conversation GREETING USER: the part from EHLO on, as these providers hold it.
conversation()
{
    cat <<END
C~ EHLO .*
S: 250-$1
S: 250-AUTH LOGIN
S: 250 8BITMIME
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C: $(b64 "$2")
S: 334 UGFzc3dvcmQ6
C: $(b64 "the authorization code")
S: $3
END
}

rest()
{
    cat <<END
C~ MAIL FROM:<$1>.*
S: 250 Ok
C: RCPT TO:<bob@example.org>
S: 250 Ok
C: DATA
S: 354 End data with <CR><LF>.<CR><LF>
text
S: 250 Ok: queued as
bye
END
}

# play PORT SCRIPT: serves one conversation on that port.
play()
{
    rm -f "$work/port"
    rm -rf "$work/play" && mkdir "$work/play"
    "$build/tests/lib/smtp-script" --certs "$certs" --port-file "$work/port" --out "$work/play" \
        "$2" >"$work/play.log" 2>&1 &
    player=$!
    wait_for 5 test -s "$work/port"
    socat "TCP4-LISTEN:$1,bind=127.0.0.1,reuseaddr" "TCP4:127.0.0.1:$(cat "$work/port")" &
    wait_for 5 port_open "$1"
}

# followed NAME: one check that the client followed the script.
followed()
{
    if wait "$player"; then
        ok 0 "$1"
    else
        ok 1 "$1" || note "$(cat "$work/play.log" "$work"/play/talk* "$work"/play/report* 2>/dev/null)"
    fi
}

authority
message "student" >"$work/message"

# 1: QQ, TLS from the start.
{ echo "tls smtp.qq.com" && echo "S: 220 newxmesmtplogicsvrszc.qq.com XMail Esmtp QQ Mail Server." &&
    conversation newxmesmtplogicsvrszc.qq.com alice@qq.com "235 Authentication successful" &&
    rest alice@qq.com; } >"$work/qq.script"
readme 1
play 465 "$work/qq.script"
run "QQ, implicit TLS: accepted" 0 "$postrider" -i bob@example.org <"$work/message"
silent "QQ, implicit TLS: silent"
followed "QQ, implicit TLS: the conversation is theirs"

# 2: 163, TLS from the start.
sed -e 's/smtp\.qq\.com/smtp.163.com/; s/alice@qq\.com/alice@163.com/' \
    -e 's/newxme[a-z.]*/163.com/; s/XMail Esmtp QQ Mail Server\./Anti-spam GT for Coremail System/' \
    -e "s/$(b64 alice@qq.com)/$(b64 alice@163.com)/" "$work/qq.script" >"$work/163.script"
readme 2
play 465 "$work/163.script"
run "163, implicit TLS: accepted" 0 "$postrider" -i bob@example.org <"$work/message"
followed "163, implicit TLS: the conversation is theirs"

# 3: QQ, STARTTLS on 587.
{ cat <<END
S: 220 newxmesmtplogicsvrszc.qq.com XMail Esmtp QQ Mail Server.
C~ EHLO .*
S: 250-newxmesmtplogicsvrszc.qq.com
S: 250-STARTTLS
S: 250 8BITMIME
C: STARTTLS
S: 220 Ready to start TLS
tls smtp.qq.com
END
conversation newxmesmtplogicsvrszc.qq.com alice@qq.com "235 Authentication successful" &&
    rest alice@qq.com; } >"$work/starttls.script"
readme 3
play 587 "$work/starttls.script"
run "QQ, STARTTLS: accepted" 0 "$postrider" -i bob@example.org <"$work/message"
followed "QQ, STARTTLS: the conversation is theirs"

# 4: in clear, as written.
{ echo "S: 220 desk ready" && conversation desk alice@qq.com "235 OK" && rest alice@qq.com; } \
    >"$work/clear.script"
readme 4
play 2525 "$work/clear.script"
run "in clear, as written: accepted" 0 "$postrider" -i bob@example.org <"$work/message"
followed "in clear: the conversation is theirs"

# The same without the two lines that permit it: no password leaves.
printf 'S: 220 desk ready\nC~ EHLO .*\nS: 250-desk\nS: 250 AUTH LOGIN\nbye\n' >"$work/no.script"
(umask 077 && sed '/^tls = off/d; /^allow_cleartext/d' "$HOME/.config/postrider.ini" >"$work/x" &&
    mv "$work/x" "$HOME/.config/postrider.ini")
play 2525 "$work/no.script"
run "a clear port without tls = off: 76" 76 "$postrider" -i bob@example.org <"$work/message"
says "$work/err" 'STARTTLS|TLS' "a clear port without tls = off: says why"
followed "a clear port without tls = off: nothing was sent"

# A refused login shows the provider's hint.
{ echo "tls smtp.qq.com" && echo "S: 220 smtp.qq.com" &&
    conversation smtp.qq.com alice@qq.com \
        "535 Login Fail. Please enter your authorization code to login." && echo "bye"; } \
    >"$work/535.script"
readme 1
play 465 "$work/535.script"
run "QQ refuses the login: 77" 77 "$postrider" -i bob@example.org <"$work/message"
says "$work/err" 'Login Fail' "QQ refuses the login: its words"
says "$work/err" 'hint:.*authorization code' "QQ refuses the login: what to do"

done_testing
