#!/bin/sh
# sizes.sh: files of at most 600 lines, functions of at most 100, lines of at most 100 columns, at
# most 6 parameters, and the profile of the tree. clang-format puts a function's braces into the
# first column, so counting needs no parser. A table is no function and may be long.
. "$(dirname "$0")/../lib/tap.sh"
cd "$top" || exit 1

sources=$(find src -name '*.[ch]' | sort)

empty "no source file over 600 lines" "$(
    for file in $sources; do
        lines=$(wc -l <"$file")
        # A table may take what it needs: lines inside "= {" ... "};" in the first column are free.
        table=$(awk '/= \{$/ && !t { t = 1 } t { n++ } /^};/ { t = 0 } END { print n + 0 }' "$file")
        [ $((lines - table)) -le 600 ] || echo "$file: $lines lines"
    done
)"

# "lines file:line name" for every function.
functions=$(awk '
    FNR == 1 { inside = 0; head = "" }
    !inside && /^[A-Za-z_].*\(/ { head = $0; at = FNR }
    !inside && /^\{$/ && head != "" { inside = 1; start = FNR }
    inside && /^\}$/ {
        name = head
        sub(/\(.*/, "", name)
        sub(/.*[ *]/, "", name)
        print FNR - start - 1, FILENAME ":" at, name
        inside = 0
        head = ""
    }' $(echo "$sources" | grep '\.c$'))

check "functions were found" test -n "$functions"
empty "no function over 100 lines" "$(echo "$functions" | awk '$1 > 100')"
note "functions: $(echo "$functions" | sort -n | awk '
    { n++; len[n] = $1 }
    END { printf "%d; lines: median %d, p90 %d, longest %d", n, len[int((n + 1) / 2)],
                 len[int(n * 0.9 + 0.5)], len[n] }')"
note "longest: $(echo "$functions" | sort -rn | head -n 5 | awk '{ printf "%s (%d) ", $3, $1 }')"

# Declarations and definitions start in the first column; parameters are what commas separate. The
# fault comes last nearly everywhere and costs a reader nothing, so it does not count.
empty "no function takes more than 6 parameters and the fault" "$(
    LC_ALL=C awk -f tests/house/strip.awk $sources | awk '
        {
            match($0, /^[^:]*:[0-9]+:/)
            place = substr($0, 1, RLENGTH)
            text = substr($0, RLENGTH + 1)
        }
        open == 0 && text ~ /^[A-Za-z_].*\(/ && text !~ /=/ { head = ""; first = place; open = 1 }
        open { head = head text }
        open && text ~ /\)/ && text !~ /,$/ {
            open = 0
            depth = commas = 0
            for (i = 1; i <= length(head); i++) {
                c = substr(head, i, 1)
                if (c == "(") depth++
                else if (c == ")" && --depth == 0) break
                else if (c == "," && depth == 1) commas++
            }
            commas -= head ~ /struct fault \*why\)/
            if (commas + 1 > 6 && head !~ /\.\.\./)
                print first " " commas + 1 " parameters"
        }'
)"

empty "no line over 100 columns" "$(
    find src tests -name '*.[ch]' -exec awk '
        { line = $0; gsub(/[\200-\277]/, "", line) }
        length(line) > 100 { print FILENAME ":" FNR ": " length(line) " columns" }' {} +
)"

# lines PATHS...: how many lines the files have together.
lines()
{
    cat "$@" 2>/dev/null | wc -l
}
src_lines=$(lines $sources)
test_lines=$(lines $(find tests -name '*.[ch]' -o -name '*.sh' -o -name '*.case'))
note "lines: src $src_lines, tests $test_lines, tests a source line $(
    awk -v s="$src_lines" -v t="$test_lines" 'BEGIN { printf "%.2f", s ? t / s : 0 }')"
note "comment share of src: $(awk '
    /^[ \t]*$/ { next }
    { n++ }
    /^[ \t]*\/\*/ { c = 1 }
    c { k++ }
    /\*\// { c = 0 }
    END { printf "%.0f %%", n ? 100 * k / n : 0 }' $sources)"

done_testing
