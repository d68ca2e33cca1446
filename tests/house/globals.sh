#!/bin/sh
# globals.sh: what in the finished objects can change while the program runs. A constant table of
# pointers is in .data.rel.ro (the loader fills it, then it is read-only) and does not count.
. "$(dirname "$0")/../lib/tap.sh"

library=$build/libpostrider.a
allowed=$top/tests/house/globals

# "object symbol" for every object in .data or .bss; GCC puts a number behind a static local.
found=$(objdump -t "$library" 2>/dev/null | awk '
    /file format/ { object = $1; sub(/:$/, "", object); sub(/^libpostrider_a-/, "", object) }
    / O (\.data|\.bss|\.tbss|\.tdata|COMMON|\*COM\*)/ && !/ \.data\.rel\.ro/ {
        name = $NF
        sub(/\.[0-9]+$/, "", name)
        print object, name
    }' | sort -u)

check "the archive can be read" objdump -t "$library"
empty "no mutable global but the ones in tests/house/globals" "$(
    echo "$found" | while read -r object name; do
        [ -z "$object" ] || grep -q "^$object $name\( \|\$\)" "$allowed" || echo "$object: $name"
    done
)"
empty "none in the list that is gone" "$(
    grep -v '^#' "$allowed" | while read -r object name reason; do
        echo "$found" | grep -qxF "$object $name" || echo "$object: $name"
    done
)"
check "at most three in the tree" test "$(echo "$found" | grep -c .)" -le 3

done_testing
