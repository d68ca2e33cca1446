#!/bin/sh
# arrows.sh: who includes whom. Upward and sideways arrows, cycles, strangers in the house, and
# libraries outside their one file are findings. The plan is in tests/house/floors.
. "$(dirname "$0")/../lib/tap.sh"
cd "$top" || exit 1

sources=$(find src -name '*.[ch]' | sort)
floors=tests/house/floors

# "file included" for every #include "..." of the program.
quoted=$(awk '/^[ \t]*#[ \t]*include[ \t]*"/ { split($0, q, "\""); print FILENAME, q[2] }' $sources)
# "file header" for every #include <...>.
system=$(awk '/^[ \t]*#[ \t]*include[ \t]*</ { split($0, q, "[<>]"); print FILENAME, q[2] }' \
    $sources)

check "there are includes to look at" test -n "$quoted"

empty "every room is on a floor" "$(
    for file in $sources; do
        room=${file#src/}
        room=${room%%/*}
        [ "$file" != src/main.c ] || room=main
        grep -q "^[0-9] $room\( \|\$\)" $floors || echo "$file: its room has no floor in $floors"
    done
)"

empty "only config.h and \"room/file.h\" are included, and they exist" "$(
    echo "$quoted" | while read -r file inc; do
        [ "$inc" = config.h ] && continue
        case $inc in
        */*) [ -f "src/$inc" ] || echo "$file: there is no src/$inc" ;;
        *) echo "$file: \"$inc\" is not ROOM/FILE.h" ;;
        esac
    done
)"

empty "arrows point down" "$(
    echo "$quoted" | awk -v floors=$floors '
        BEGIN {
            while ((getline line < floors) > 0) {
                n = split(line, w, " ")
                if (w[1] !~ /^[0-9]$/)
                    continue
                floor[w[2]] = w[1]
                for (i = 4; i <= n; i++)
                    apart[w[2], w[i]] = 1
            }
        }
        $2 == "config.h" { next }
        {
            from = $1
            sub(/^src\//, "", from)
            from = (from == "main.c") ? "main" : substr(from, 1, index(from, "/") - 1)
            to = substr($2, 1, index($2, "/") - 1)
            if (from == to)
                next
            if (!(to in floor) || floor[to] >= floor[from])
                print $1 ": " from " may not look up or sideways at " $2
            else if ((from, to) in apart)
                print $1 ": " from " leaves " to " alone, but includes " $2
        }'
)"

# A module is a .c with its .h and its parts: a cycle of modules is one big module in disguise.
edges=$(echo "$quoted" | awk -v parts=tests/house/parts '
    BEGIN { while ((getline line < parts) > 0) { split(line, w, " "); whole[w[1]] = w[2] } }
    $2 != "config.h" {
        from = $1; to = $2
        sub(/^src\//, "", from); sub(/[_.].*$/, "", from); sub(/[_.].*$/, "", to)
        if (from in whole) from = whole[from]
        if (to in whole) to = whole[to]
        if (from != to) print from, to
    }')
empty "no cycle of modules" "$(echo "$edges" | tsort 2>&1 >/dev/null)"

empty "config.h comes first, then the file's own header" "$(
    for file in $sources; do
        case $file in *.h | src/main.c) continue ;; esac
        own=${file#src/}
        own=${own%.c}.h
        set -- $(awk '/^#[ \t]*include/ { print $2 }' "$file" | tr -d '"<>' | head -n 2)
        [ "$1" = config.h ] || echo "$file: includes $1 before config.h"
        [ ! -f "src/$own" ] || [ "$2" = "$own" ] || echo "$file: includes $2 before $own"
    done
)"

empty "libraries stay in their files" "$(
    awk -F'\t' '$1 == "header" { print $2 "\t" $3 }' tests/house/libraries |
        while IFS="$(printf '\t')" read -r pattern files; do
            echo "$system" | grep -E " $pattern\$" | while read -r file inc; do
                case " $files " in
                *" $file "*) ;;
                *) echo "$file: <$inc> is for ${files:-nobody}" ;;
                esac
            done
        done
)"

empty "mail has no socket" "$(
    echo "$system" | grep -E '^src/mail/.* (sys/socket|netdb|netinet/.*|poll|sys/un)\.h$'
)"

note "module arrows a module: $(echo "$edges" | sort -u | awk '
    { n++; from[$1] = 1 }
    END { for (m in from) k++; if (k) printf "%.1f (%d of %d)", n / k, n, k }')"
note "headers in more than 40 % of the sources: $(echo "$quoted" | grep '\.c ' | awk '
    { seen[$2]++; file[$1] = 1 }
    END {
        for (f in file) n++
        for (h in seen)
            if (seen[h] > 0.4 * n && h != "config.h")
                printf "%s (%d of %d) ", h, seen[h], n
    }')"

done_testing
