#!/bin/sh
# install.sh: what `make install` puts where, with and without the sendmail names, compared with
# golden lists; no set-id bit; and uninstall takes all of it away. BUILDDIR is a finished build.
. "$(dirname "$0")/../lib/tap.sh"

stage=$(mktemp -d "${TMPDIR:-/tmp}/postrider-install.XXXXXX") || exit 1
trap 'rm -rf "$stage"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR

# make_stage NAME TARGET [VARIABLE...]: runs make in the build folder, as if for /usr/local.
make_stage()
{
    make_name=$1 make_target=$2
    shift 2
    make -C "$build" "$make_target" DESTDIR="$stage/$make_name" prefix=/usr/local "$@" \
        exec_prefix=/usr/local bindir=/usr/local/bin sbindir=/usr/local/sbin \
        datarootdir=/usr/local/share mandir=/usr/local/share/man \
        docdir=/usr/local/share/doc/postrider datadir=/usr/local/share \
        sysconfdir=/usr/local/etc localstatedir=/usr/local/var
}

# listed NAME: every file and link of a stage, with the target of the links.
listed()
{
    (
        cd "$stage/$1" || exit
        find . ! -type d | sort | while read -r file; do
            if [ -L "$file" ]; then
                echo "${file#.} -> $(readlink "$file")"
            else
                echo "${file#.}"
            fi
        done
    )
}

# The switch of configure is a variable of make here, so that one build answers for both.
names='sendmail_names=$(all_names)'

check "make install" make_stage plain install sendmail_names=
check "make install with the sendmail names" make_stage links install "$names"

empty "what is installed is what install.golden says" "$(
    listed plain | diff "$top/tests/house/install.golden" - | grep '^[<>]')"
empty "with the sendmail names: install-links.golden" "$(
    listed links | diff "$top/tests/house/install-links.golden" - | grep '^[<>]')"
empty "links lead somewhere" "$(find -L "$stage/links" -type l)"
empty "no set-id bit, nothing that others may write" "$(
    find "$stage" ! -type l \( -perm -4000 -o -perm -2000 -o -perm -0002 \) ! -name 'postrider-i*')"

check "make uninstall" make_stage plain uninstall sendmail_names=
check "make uninstall with the names" make_stage links uninstall "$names"
empty "uninstall leaves nothing" "$(listed plain; listed links)"

done_testing
