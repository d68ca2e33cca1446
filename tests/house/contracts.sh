#!/bin/sh
# contracts.sh: a header is a contract, so every prototype in one has a comment right above it (a
# few that stand together may share one), and exported names begin with the name of their file or of
# a type that it declares.
. "$(dirname "$0")/../lib/tap.sh"
cd "$top" || exit 1

headers=$(find src -name '*.h' | sort)

# "file:line comment? name" for every prototype.
prototypes=$(awk '
    FNR == 1 { comment = depth = above = macro = 0; decl = "" }
    macro || /^#/ { macro = /\\$/; above = 0; next }
    comment { if (/\*\//) { comment = 0; above = 1 } next }
    decl == "" && /^[ \t]*\/\*/ { if (/\*\//) above = 1; else comment = 1; next }
    decl == "" && depth == 0 && /^[ \t]*$/ { above = 0; next }
    {
        if (decl == "" && depth == 0) { at = FNR; had = above }
        line = $0
        opened = gsub(/\{/, "{", line)
        closed = gsub(/\}/, "}", line)
        if (depth == 0 && opened == 0)
            decl = decl " " $0
        depth += opened - closed
        if (depth == 0 && decl ~ /;/) {
            if (decl ~ /^ (struct|enum|union) [a-z_0-9]+;$/) {
                decl = ""
                next
            }
            if (decl ~ /\(/ && decl !~ /^ typedef/) {
                name = decl
                sub(/[ ]*\(.*/, "", name)
                sub(/.*[ *]/, "", name)
                print FILENAME ":" at, had, name
            }
            decl = ""
        } else if (depth == 0 && opened) {
            decl = ""
            above = 0
        }
    }' $headers)

check "prototypes were found" test -n "$prototypes"
empty "every prototype has a comment above it" "$(echo "$prototypes" | awk '$2 == 0')"
empty "exported names begin with the name of their file or type" "$(
    echo "$prototypes" | while read -r place had name; do
        file=${place##*/}
        file=${file%.h:*}
        case $name in
        "$file"_* | "$file") continue ;;
        x*) [ "$file" != xalloc ] || continue ;;
        esac
        grep -oE '^(struct|enum|union|typedef [a-z0-9_ ]+) [a-z0-9_]+' "${place%:*}" |
            sed -e 's/.* //' -e 's/_ms$//' | while read -r type; do
            case $name in "$type"_*) echo own ;; esac
        done | grep -q own || echo "$place $name"
    done
)"
empty "every source begins with a comment that says what it is" "$(
    for file in $(find src tests -name '*.[ch]' | sort); do
        head -c 2 "$file" | grep -q '^/\*' || echo "$file"
    done
)"
note "prototypes: $(echo "$prototypes" | grep -c .)"

done_testing
