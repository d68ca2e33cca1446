#!/bin/sh
# matrix.sh: the matrix of hostile servers, made and run. Words are patterns of cases to run alone,
# with their conversations: sh tests/hostile/matrix.sh 'mail.*' final.drop
here=$(dirname "$0")
build=${BUILDDIR:-build}
cases=$build/tests/hostile/cases
rm -rf "$cases"
mkdir -p "$cases" || exit 99
awk -v to="$cases" -f "$here/cases.awk" "$here/states" "$here/expected" >"$cases/counts" || {
    echo "Bail out! the matrix cannot be made"
    exit 99
}
sed 's/^/# /' "$cases/counts"
# Most of them sleep or wait for each other: more than there are processors.
[ $# -gt 0 ] || exec "$build/tests/wire/wire-run" -j 16 "$cases"/*.case
for pattern; do
    # Words are meant to split: the pattern is one.
    # shellcheck disable=SC2086
    set -- "$@" "$cases"/$pattern.case
    shift
done
exec "$build/tests/wire/wire-run" -v -j 16 "$@"
