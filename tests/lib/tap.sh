# tap.sh: the Test Anything Protocol for tests written in shell; sourced by them.
#
#   . "$(dirname "$0")/../lib/tap.sh"
#   check "what holds" command argument...     one check: the command's exit status
#   empty "what holds" "$findings"             one check: no findings; else they are shown
#   done_testing                               the plan, and the exit status
#
# Tests run from any folder: $top is the source tree, $build the build folder.

top=$(cd "$(dirname "$0")/../.." && pwd)
build=${BUILDDIR:-$top/build}
tap_count=0
tap_failed=0

# ok STATUS NAME: one line of TAP.
ok()
{
    tap_count=$((tap_count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tap_count - $2"
    else
        tap_failed=$((tap_failed + 1))
        echo "not ok $tap_count - $2"
    fi
    return "$1"
}

# note TEXT: lines for the reader of the log.
note()
{
    printf '%s\n' "$1" | sed 's/^/# /'
}

check()
{
    check_name=$1
    shift
    check_status=0
    check_output=$("$@" 2>&1) || check_status=1
    ok "$check_status" "$check_name" || note "$check_output"
}

empty()
{
    if [ -z "$2" ]; then
        ok 0 "$1"
    else
        ok 1 "$1" || note "$2"
    fi
}

done_testing()
{
    echo "1..$tap_count"
    [ "$tap_failed" -eq 0 ] && [ "$tap_count" -gt 0 ]
    exit
}
