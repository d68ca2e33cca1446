#!/bin/sh
# lists.sh: nothing in the tree is forgotten by the build. A source, a test or a case that is in no
# list of Makefile.am would never be compiled, run or packed, and nobody would notice.
. "$(dirname "$0")/../lib/tap.sh"
cd "$top" || exit 1

words=$(sed 's/#.*//' Makefile.am | tr -s ' \t\\' '\n\n\n' | sort -u)

# unlisted NAMES...: those that no list has.
unlisted()
{
    for name in "$@"; do
        echo "$words" | grep -qxF "$name" || echo "$name"
    done
}

check "Makefile.am has words" test -n "$words"
empty "every source under src" "$(unlisted $(find src -name '*.[ch]'))"
empty "every unit test and its headers" "$(
    unlisted $(find tests/unit -name '*.[ch]' | sed 's/\.c$//'))"
empty "unit tests are named test_*" "$(find tests/unit -name '*.c' ! -name 'test_*')"
empty "every house test" "$(unlisted $(find tests/house -name '*.sh'))"
empty "every flow test" "$(unlisted $(find tests/flow -name '*.sh'))"
empty "every fault test" "$(unlisted $(find tests/fault -name '*.sh'))"
empty "every fuzz target" "$(unlisted $(find tests/fuzz -name "fuzz_*.c" | sed "s,\.c$,,"))"
empty "every manual" "$(unlisted $(find man -type f))"

empty "everything listed exists" "$(
    echo "$words" | grep -E '^(src|tests|man|etc)/.*(\.[a-z0-9]+|/test_[a-z_]+)$' | grep -v '\.a$' | while read -r name; do
        [ -e "$name" ] || [ -e "$name.c" ] || echo "$name"
    done
)"

note "sources without a unit test of their own: $(
    for file in $(find src -mindepth 2 -name '*.c' | sort); do
        room=$(dirname "${file#src/}")
        name=${file##*/}
        [ -f "tests/unit/$room/test_$name" ] || printf '%s ' "$room/$name"
    done
)"

done_testing
