# lib.sh: what the journeys share; sourced by them inside the private root (tests/lib/root.sh).
# $top is the source tree, $build the build folder; $work a folder of this journey.

. "$(dirname "$0")/../lib/tap.sh"

# Run by hand, outside the private root: go in. ./bootstrap check has made the layer.
if [ -z "${POSTRIDER_ROOT:-}" ]; then
    exec sh "$top/tests/lib/root.sh" run "$build/flow-layer.tar" sh "$0" "$@"
fi

work=$(mktemp -d)
certs=$work/certs
HOME=$work/home # what the machine's own user has taught the program is not for a journey
mkdir "$HOME"
export HOME
postrider=/usr/local/bin/postrider
umask 022

# installed: our program where `make install` puts it, its data beside it.
install_program()
{
    make -s -C "$build" install >"$work/install.log" 2>&1 || {
        cat "$work/install.log" >&2
        exit 1
    }
}

# certificates: the throwaway matrix of tests/lib/certs.c.
make_certificates()
{
    "$build/tests/lib/mkcerts" "$certs"
    chmod -R a+rX "$certs" "$work"
}

# wait_for SECONDS COMMAND...: polls until the command succeeds.
wait_for()
{
    tries=$(($1 * 20))
    shift
    while [ "$tries" -gt 0 ]; do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.05
        tries=$((tries - 1))
    done
    return 1
}

port_open()
{
    ss -ltn "sport = :$1" | grep -q LISTEN
}

# config NAME LINE...: writes $work/NAME.ini, readable by its owner alone, and names it in $config.
config()
{
    config=$work/$1.ini
    shift
    (umask 077 && printf '%s\n' "$@" >"$config")
}

# message SUBJECT: a small message on standard output.
message()
{
    printf 'From: alice@example.org\nTo: bob@example.org\nSubject: %s\n\nHello,\n.\n..dots\nbye\n' "$1"
}

# run NAME STATUS COMMAND...: one check that the command ends with STATUS; its output is in
# $work/out and $work/err.
run()
{
    run_name=$1
    run_want=$2
    shift 2
    run_got=0
    "$@" >"$work/out" 2>"$work/err" || run_got=$?
    if [ "$run_got" -eq "$run_want" ]; then
        ok 0 "$run_name"
    else
        ok 1 "$run_name" || note "status $run_got, wanted $run_want: $*
$(cat "$work/out" "$work/err")"
    fi
}

# says FILE PATTERN NAME: one check that an extended pattern is in the file.
says()
{
    if grep -Eq -- "$2" "$1"; then
        ok 0 "$3"
    else
        ok 1 "$3" || note "no /$2/ in:
$(head -c 3000 "$1")"
    fi
}

# silent NAME: the last run printed nothing at all.
silent()
{
    empty "$1" "$(cat "$work/out" "$work/err")"
}
