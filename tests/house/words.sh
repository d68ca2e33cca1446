#!/bin/sh
# words.sh: calls and words that do not belong in the tree, and calls that belong to one file.
. "$(dirname "$0")/../lib/tap.sh"
cd "$top" || exit 1

sources=$(find src -name '*.[ch]' | sort)
code=$(LC_ALL=C awk -f tests/house/strip.awk $sources)

# calls PATTERN: "file:line:code" where one of the functions is called.
calls()
{
    echo "$code" | grep -E "(^|[^A-Za-z0-9_>.])($1)[ ]*\("
}

# Unbounded copies, hidden state, shells, 32-bit guesses: each has a better neighbour in src/base.
banned='v?sprintf|strcpy|strcat|strncpy|strncat|stpcpy|strtok|atoi|atol|atoll|atof'
banned="$banned|gmtime|localtime|ctime|asctime|alloca|popen|system|signal|gets|rand|srand|random"
banned="$banned|srandom|usleep|sleep|mktemp|tmpnam|tempnam|tmpfile|getlogin|gethostbyname|vfork"
banned="$banned|setjmp|longjmp|scanf|sscanf|fscanf|strdupa|abort|perror"

check "there is code to look at" test -n "$code"
empty "no banned function is called" "$(calls "$banned")"

empty "calls that belong to one file stay there" "$(
    awk -F'\t' '$1 == "call" { print $2 "\t" $3 }' tests/house/libraries |
        while IFS="$(printf '\t')" read -r pattern files; do
            calls "$pattern" | while IFS= read -r hit; do
                case " $files " in
                *" ${hit%%:*} "*) ;;
                *) echo "$hit   (for $files)" ;;
                esac
            done
        done
)"

empty "the environment is read in its own files only" "$(
    echo "$code" | grep -E '(^|[^A-Za-z0-9_])(environ)([^A-Za-z0-9_]|$)' |
        grep -Ev '^src/base/(who|proc)\.c:'
)"

empty "at most one label a function, and it is out" "$(
    echo "$code" | grep -E ':[0-9]+:[ \t]*[a-z_0-9]+:[ \t]*$' |
        grep -Ev ':[ \t]*(out|default):[ \t]*$'
    echo "$code" | grep -E '(^|[^A-Za-z0-9_])goto[ \t]' | grep -Ev 'goto[ \t]+out;'
)"

# Everything that is written by hand, and nothing that a build in this folder may have left.
written=$(find src tests etc man .ci bootstrap configure.ac Makefile.am README HACKING .clang-format \
    .clang-tidy \( -name build-aux -o -name .deps -o -name certs -o -path tests/fuzz/corpus \) -prune \
    -o -type f ! -name '*.o' ! -name '*.a' ! -name '*.log' ! -name '*.trs' -print)

empty "no mark of unfinished work" "$(
    echo "$written" | grep -vxF tests/house/words.sh |
        xargs grep -nIE '(^|[^A-Za-z0-9_])(TODO|FIXME|XXX|HACK)([: ]|$)'
)"

# Brackets keep this line from finding itself.
empty "no path of the machine that it was written on" "$(
    echo "$written" | xargs grep -nIE "(^|[^A-Za-z0-9._/-])/(w[o]rk|f[a]rm|tmp/d[e]v)(/|\$)"
)"

# What a table names before it exists: texts that say so, rows of the settings without BUILT, login
# mechanisms that are 0. The numbers change on purpose only: put the new ones in the file.
found="texts $(cat $sources | grep -c 'not built yet')
settings $(awk '
    /^static const struct setting rows/ { on = 1 }
    on && /^    \{/ { rows++ }
    on && /(^|[ ,])BUILT[,}]/ { built++ }
    on && /^};/ { on = 0 }
    END { print rows - built }' src/conf/settings.c)
mechanisms $(grep -cE '^ *\{"[a-z0-9-]+", 0\},$' src/conf/settings.c)"
note "not built yet: $(echo $found)"
empty "what is not built yet is what tests/house/not-built says" "$(
    echo "$found" | diff tests/house/not-built - | grep '^[<>]')"

# Feature tests are configure's; an #ifdef inside a function makes two programs of one.
note "conditional lines in src outside include guards: $(
    echo "$code" | grep -E ':[0-9]+:#[ ]*if(def|ndef)?[ (]' | grep -v '_H$' | grep -c .)"

empty "every HAVE_ macro that is asked for is made by configure" "$(
    echo "$code" | grep -oE '(^|[^A-Z0-9_])HAVE_[A-Z0-9_]+' | tr -cd 'A-Z0-9_\n' | sort -u |
        while read -r macro; do
        name=$(echo "${macro#HAVE_}" | tr "[:upper:]" "[:lower:]")
        grep -q -e "$macro" -e "$name" configure.ac || echo "$macro"
    done
)"

done_testing
