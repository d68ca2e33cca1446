#!/bin/sh
# documents.sh: what the README and the manual pages tell people to type, typed.
. "$(dirname "$0")/lib.sh"
. "$top/tests/flow/servers.sh"

install_program
make_certificates
HOME=$work/home
export HOME
mkdir -p "$HOME/.config"
cd "$work" || exit 1
PATH=/usr/local/bin:$PATH
export PATH

# examples FILE: each literal block of the section EXAMPLES of postrider.ini(5) into $work/N.ini.
examples()
{
    rm -f "$work"/[0-9].ini
    awk -v dir="$work" '
        /^\.Sh EXAMPLES/ { on = 1; next }
        /^\.Sh/ { on = 0 }
        on && /^\.Bd/ { n++; copy = 1; next }
        /^\.Ed/ { copy = 0 }
        copy { print >(dir "/" n ".ini") }
    ' "$1"
}

# Every configuration of the manual is one that postrider takes.
examples "$top/man/postrider.ini.5"
echo secret >"$HOME/.config/mail-work.secret"
chmod 600 "$HOME/.config/mail-work.secret"
check "postrider.ini(5) has examples" test -s "$work/4.ini"
for file in "$work"/[0-9].ini; do
    chmod 600 "$file"
    run "postrider.ini(5), example $(basename "$file" .ini)" 0 postrider accounts -C "$file"
    run "... and what it dumps is taken too" 0 sh -c \
        "postrider accounts --dump -C '$file' >'$work/dump' && chmod 600 '$work/dump' &&
        sed -i 's/^# *password is set.*/password = x/' '$work/dump' &&
        postrider accounts --dump -C '$work/dump'"
done

# So is every configuration of the README.
awk -v dir="$work" '
    /^    \[/ { if (!copy) n++; copy = 1 }
    /^[^ ]/ { copy = 0 }
    copy && /^    / { sub(/^    /, ""); print >(dir "/readme-" n ".ini") }
' "$top/README"
for file in "$work"/readme-*.ini; do
    chmod 600 "$file"
    grep -q '^\[account' "$file" || printf '[account x]\nhost = localhost\nfrom = a@example.org\n' >>"$file"
    run "README, configuration $(basename "$file" .ini)" 0 postrider accounts -C "$file"
done

# The commands of postrider(1), with an account that works.
serve calls --tls implicit --user alice@example.org --password secret
(umask 077 && cat >"$HOME/.config/postrider.ini" <<END
[account main]
host = localhost
port = $port
tls = implicit
tls_trust = $certs/ca.pem
user = alice@example.org
password = secret
queue = never
[log]
target = none
END
)
message "example" >message
sed -n 's/^\.Dl \$ //p' "$top/man/postrider.1" | sed 's/\\e/\\/g' >commands
check "postrider(1) has commands" test -s commands
while IFS= read -r line; do
    run "postrider(1): $line" 0 sh -c "$line" </dev/null
done <commands

# And those of the README that send.
grep -E '^    (printf .*\| postrider|postrider )' "$top/README" | sed 's/^    //' >commands
check "the README has commands" test -s commands
while IFS= read -r line; do
    run "README: $line" 0 sh -c "$line" </dev/null
done <commands

run "--help: 0" 0 postrider --help
says out 'Usage: postrider' "--help: on standard output"
run "--version: 0" 0 postrider --version
says out '^postrider [0-9]' "--version: name and version first"
run "help send: 0" 0 postrider help send
for page in postrider.1 postrider.ini.5 postrider-sendmail.8; do
    check "man page $page is installed" sh -c "find /usr/local -name '$page' | grep -q ."
done

done_testing
