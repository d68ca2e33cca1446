#!/bin/sh
# cost.sh: what a message costs, beside the peers that are here, in one run. See README.
. "$(dirname "$0")/../flow/lib.sh"
. "$top/tests/flow/servers.sh"

install_program
make_certificates
serve store --tls implicit --chunking --user alice@example.org --password secret --size 99000000
tools=$build/tests/bench

# Everybody trusts the system's store, with our authority at its end.
cp /etc/ssl/certs/ca-certificates.crt "$work/system.pem"
cat "$certs/ca.pem" >>/etc/ssl/certs/ca-certificates.crt

# settings PORT TLS: an account of ours, and one of msmtp's, for a server of the tests.
settings()
{
    config "ours-$2" "[account main]" "host = localhost" "port = $1" "tls = $2" \
        "user = alice@example.org" "password = secret" "queue = never" "$3" "[log]" "target = none"
    case $2 in
    implicit) words="tls on
tls_starttls off" ;;
    starttls) words="tls on
tls_starttls on" ;;
    esac
    (umask 077 && cat >"$work/msmtprc-$2" <<END
account default
host localhost
port $1
$words
auth plain
user alice@example.org
password secret
from alice@example.org
END
    )
}
settings "$port" implicit

{ message bench && head -c 1800 /dev/urandom | base64 -w 76; } >"$work/2k"
{ message big && head -c 38000000 /dev/urandom | base64 -w 76; } >"$work/50m"

# For round trips in a session that is not the first: the port is only known when it runs, and what
# is done with -O is not learned from.
cat >"$work/known.sh" <<END
umask 077
sed "s/^port = .*/port = \$1/" "$work/ours-\$2.ini" >"$work/known.ini"
exec "$postrider" send -C "$work/known.ini" -i bob@example.org
END

# command_of CLIENT PORT TLS: its command line, without blanks inside words.
command_of()
{
    case $1 in
    postrider) echo "$postrider send -C $work/ours-$3.ini -O port=$2 -i bob@example.org" ;;
    resumed)
        if [ "$2" = @PORT@ ]; then
            echo "--known sh $work/known.sh $2 $3"
        else
            echo "$postrider send -C $work/ours-$3.ini -i bob@example.org"
        fi
        ;;
    msmtp) echo "msmtp -C $work/msmtprc-$3 --port=$2 bob@example.org" ;;
    curl)
        url=smtps
        [ "$3" = implicit ] || url=smtp
        echo "curl -sS --url $url://localhost:$2 --ssl-reqd --mail-from alice@example.org" \
            "--mail-rcpt bob@example.org --user alice@example.org:secret --sasl-ir" \
            "--login-options AUTH=PLAIN -T -"
        ;;
    swaks)
        tls=--tls-on-connect
        [ "$3" = implicit ] || tls=--tls
        echo "swaks --server localhost --port $2 $tls --tls-verify --auth PLAIN" \
            "--auth-user alice@example.org --auth-password secret --from alice@example.org" \
            "--to bob@example.org --data - --silent 3"
        ;;
    esac
}

instructions()
{
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" <"$work/2k" 2>&1 |
        sed -n 's/.*Collected : *\([0-9]*\).*/\1/p'
}

# A call that another thread interrupts is two lines.
calls()
{
    strace -f -qq -o "$work/strace" "$@" <"$work/2k" >/dev/null 2>&1
    grep -vc unfinished "$work/strace"
}

# column NAME: measures one client; a figure a line into $work/column-NAME. "resumed" is ours when
# it has sent before.
column()
{
    # The words of a command have no blanks.
    # shellcheck disable=SC2046
    set -- "$1" $(command_of "$1" "$port" implicit)
    name=$1
    shift
    {
        instructions "$@"
        calls "$@"
        # wall, processor, memory
        "$tools/spend" 15 "$@" <"$work/2k" 2>/dev/null | tr ' ' '\n'
        "$tools/spend" 3 "$@" <"$work/50m" 2>/dev/null |
            awk '{ printf "%.2f\n%d\n", $2 / 51.3, $3 }'
        for mode in implicit starttls; do
            # shellcheck disable=SC2046
            set -- $(command_of "$name" @PORT@ "$mode")
            "$tools/count-turns" --certs "$certs" --tls "$mode" "$@" <"$work/2k" |
                awk '{ print $1; print $2 }'
        done
    } >"$work/column-$name"
    rm -f "$store"/*
}

settings 1 starttls
column postrider
"$postrider" send -C "$work/ours-implicit.ini" -i bob@example.org <"$work/2k"
column resumed
peers=
for peer in msmtp curl swaks; do
    command -v "$peer" >/dev/null && column "$peer" && peers="$peers $peer"
done

cat >"$work/names" <<'END'
instructions
system calls
wall time, ms
processor time, ms
peak memory, KiB
50 MB: processor ms a MB
50 MB: peak memory, KiB
round trips to accepted
round trips to the exit
STARTTLS: to accepted
STARTTLS: to the exit
END
table=$(
    # shellcheck disable=SC2046,SC2086
    paste -d '|' "$work/names" "$work/column-postrider" "$work/column-resumed" \
        $(for peer in $peers; do echo "$work/column-$peer"; done) |
        awk -F '|' -v peers="postrider resumed$peers" '
            BEGIN {
                n = split(peers, name, " ")
                printf "%-26s", "2 KB, implicit TLS, login"
                for (i = 1; i <= n; i++) printf "%12s", name[i]
                print "   ours of the best"
            }
            {
                printf "%-26s", $1
                best = 0
                for (i = 2; i <= NF; i++) {
                    printf "%12s", $i
                    if (i > 3 && $i != "" && (!best || $i + 0 < best)) best = $i + 0
                }
                printf "   %.2f, %.2f", $2 / best, $3 / best
                print ""
            }'
)
note "$table"
note "many messages on one session, ms a message, wall and processor: $(
    "$tools/many" "$work/ours-implicit.ini" 1000 bob@example.org <"$work/2k")"
note "round trips of postrider in each situation:"
POSTRIDER=$postrider WIRE_CERTS=$certs "$tools/turns" | sed -n 's/^ok.* - \(.*accepted\) .*/# \1/p'

# figure CLIENT ROW
figure()
{
    sed -n "$2p" "$work/column-$1"
}
check "all figures are there" test "$(cat "$work"/column-* | grep -c '[0-9]')" -eq \
    $(($(echo postrider resumed $peers | wc -w) * $(wc -l <"$work/names")))
check "instructions: under 17 million" test "$(figure postrider 1)" -lt 17000000
check "instructions, resumed: under 8 million" test "$(figure resumed 1)" -lt 8000000
check "fewer system calls than msmtp" test "$(figure postrider 2)" -lt "$(figure msmtp 2)"
check "50 MB take at most 1 MiB more memory than 2 KB" \
    test $(($(figure postrider 7) - $(figure postrider 5))) -le 1024
check "fewer round trips to the exit than the best peer" \
    test "$(figure postrider 9)" -lt "$(figure msmtp 9)"
done_testing
