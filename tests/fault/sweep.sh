#!/bin/sh
# sweep.sh: one call of the program after another fails, and what it says must stay true: exit
# status 0 exactly if the server has the message for everybody. README says the rest.
#
# The shim and its driver are compiled here and not by the Makefile: a shared object that replaces
# malloc has no business among programs that are installed.
. "$(dirname "$0")/../lib/tap.sh"

program=${POSTRIDER:-$build/postrider}
tools=$build/tests/lib
here=$top/tests/fault
# Neither hardened nor sanitized: the shim stands below whatever the program was built with.
flags="-std=c11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Wno-nonnull-compare -U_FORTIFY_SOURCE"

if grep -q __asan_init "$program" && ! ldd "$program" | grep -q asan; then
    echo "1..0 # SKIP the sanitizer is linked in statically, and so no shim can stand below it"
    exit 0
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/postrider-fault.XXXXXX") || exit 1
servers=
leave()
{
    [ -z "$servers" ] || kill $servers 2>/dev/null
    rm -rf "$work"
}
trap leave EXIT
trap 'exit 130' INT TERM HUP

cd "$work" || exit 1
mkdir store certs tmp home home/.config
check "the shim compiles" \
    ${CC:-cc} $flags -fPIC -shared -o shim.so "$here/shim.c" -ldl -lpthread
check "the driver compiles" ${CC:-cc} $flags -o sweep "$here/sweep.c"
[ "$tap_failed" -eq 0 ] || done_testing
"$tools/mkcerts" certs || exit 1

secret=do-not-tell-$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')
"$tools/smtp-script" --serve --tls implicit --certs certs --store store --port-file port \
    --user alice@example.org --password "$secret" --refuse 'nobody@*' &
servers=$!
tries=100
while [ ! -s port ] && [ $tries -gt 0 ]; do
    sleep 0.05
    tries=$((tries - 1))
done
check "the server runs" test -s port || done_testing

"$tools/smtp-script" --serve --tls implicit --certs certs --store store --port-file proxy-port \
    --user alice@example.org --password "$secret" --socks "proxy:$secret" &
proxy=$!
servers="$servers $proxy"
tries=100
while [ ! -s proxy-port ] && [ $tries -gt 0 ]; do
    sleep 0.05
    tries=$((tries - 1))
done
check "the proxy runs" test -s proxy-port || done_testing

# account PASSWORD-LINE: a configuration. The log goes to a file: its calls fail, too.
account()
{
    cat <<END
[account test]
host = localhost
port = $(cat port)
tls = implicit
tls_trust = $work/certs/ca.pem
user = alice@example.org
full_name = Alice
$1
queue = never

[log]
target = $work/log
END
}

umask 077
printf '%s\n' "$secret" >secret
account "password = \"$secret\"" >inline.ini
account "password = \"$secret\"
proxy = socks5h://proxy:$secret@127.0.0.1:$(cat proxy-port)" >proxied.ini
account "password_command = cat $work/secret" >home/.config/postrider.ini
printf '%s\n' 'To: bob@example.net' 'Subject: small' '' 'Hello Bob,' '.' '.dots, and the end' >small
{
    printf '%s\n' 'To: bob@example.net' 'Subject: big' ''
    # No two lines are the same, so that a piece lost or doubled cannot hide.
    awk 'BEGIN { for (i = 1; i <= 6000; i++)
        printf "line %07d of a message that does not fit into memory %07d\n", i, 9999999 - i }'
} >big
printf '%s\n' 'To: bob@example.net, nobody@example.net' 'Cc: carol@example.net' \
    'Subject: one of three is refused' '' 'Hello.' >partial

# scenario NAME OPTION... PROGRAM ARGV0 ARGUMENT...: one run of the driver, as TAP.
total=0
scenario()
{
    scenario_name=$1
    shift
    # XDG_STATE_HOME besides: when looking at HOME is what fails, the passwd entry's home counts.
    HOME=$work/home XDG_STATE_HOME=$work/home/.local/state TMPDIR=$work/tmp \
        ASAN_OPTIONS=$asan ./sweep --name "$scenario_name" \
        --shim "$work/shim.so" --store store --server "$server" --secret "$secret" \
        --spread "$spread" ${SWEEP_SHOW:+--show} "$@" >report ||
        ok 1 "$scenario_name: the driver ended by itself"
    while read -r word rest; do
        case $word in
        ok) ok 0 "$rest" ;;
        not) ok 1 "${rest#ok }" ;;
        total) total=$((total + rest)) ;;
        *) printf '%s\n' "$word $rest" ;;
        esac
    done <report
}
# Under a sanitizer a run takes several times as long; the sweep shall not.
spread=110
if grep -q __asan_init "$program"; then
    spread=20
fi
asan=verify_asan_link_order=0:detect_leaks=0:allocator_may_return_null=1:${ASAN_OPTIONS:-}

server=${servers% *}
# What a first send learns, and what a later one knows.
memory=home/.local/state/postrider/memory
mkdir -p "$memory" nothing known
HOME=$work/home ASAN_OPTIONS=$asan "$program" send -C inline.ini -i bob@example.net <small
cp "$memory"/* known
check "a send leaves a memory and a ticket" test "$(ls known | wc -l)" = 2
rm store/*

fresh="--memory $memory --before nothing"
scenario small $fresh --message small "$program" postrider send -C inline.ini -i bob@example.net
scenario known --memory "$memory" --before known --message small \
    "$program" postrider send -C inline.ini -i bob@example.net
server=$proxy
scenario proxied $fresh --message small "$program" postrider send -C proxied.ini -i bob@example.net
server=${servers% *}
scenario big $fresh --message big "$program" postrider send -C inline.ini -i bob@example.net
scenario partial $fresh --partial --message partial "$program" sendmail -i -t

check "no temporary file is left" test -z "$(ls -A tmp)"
check "the log does not know the secret" test "$(grep -c "$secret" log)" = 0
check "$total injections in all" test "$total" -gt 1000
done_testing
