#!/bin/sh
# root.sh: the private root for journeys with real servers and real callers.
#
#   root.sh make LAYER           install the servers into a copy-on-write view of this system and
#                                keep what changed as the archive LAYER (once; about 20 s)
#   root.sh run LAYER COMMAND... run a command inside a fresh view with that layer
#   root.sh able                 status 0 if this machine can do it (root, namespaces, overlayfs)
#
# Nothing of it is visible outside: mounts, processes, network and files live in namespaces of
# their own and are gone when the command ends. Inside, loopback is the only network and every port
# is free; the source and build folders keep their paths.
set -eu

packages="postfix sasl2-bin libsasl2-modules dovecot-core dovecot-submissiond bsd-mailx git-email libmailtools-perl
    cron msmtp socat strace swaks time procps iproute2 openssl util-linux valgrind mandoc python3-aiosmtpd microsocks
    openssh-server softhsm2 gnutls-bin"

# Mail servers exclude each other as packages: these are unpacked to /opt/PACKAGE, without their
# scripts; the libraries that they want come with the packages above.
beside="exim4-daemon-light"

# The source tree; build folders are in it.
tree=$(cd "$(dirname "$0")/../.." && pwd -P)

die()
{
    echo "root.sh: $1" >&2
    exit 1
}

# Inside the new mount namespace: the view at $1, layer $2 (or nothing).
view()
{
    mount --make-rprivate /
    mount -t tmpfs -o mode=755 tmpfs "$1"
    mkdir "$1/up" "$1/work" "$1/root"
    [ -z "$2" ] || tar --xattrs --xattrs-include='*' -C "$1/up" -xf "$2"
    mount -t overlay overlay -o "lowerdir=/,upperdir=$1/up,workdir=$1/work" "$1/root"
    mount --rbind /dev "$1/root/dev"
    mount -t proc proc "$1/root/proc"
    mount -t tmpfs -o mode=755 tmpfs "$1/root/run"
    mount -t tmpfs -o mode=1777 tmpfs "$1/root/tmp"
    # The tree may be below /tmp, or on a file system of its own, which a view of / does not show.
    mkdir -p "$1/tree-up" "$1/tree-work" "$1/root$tree"
    mount -t overlay overlay -o "lowerdir=$tree,upperdir=$1/tree-up,workdir=$1/tree-work" \
        "$1/root$tree"
}

# make, second half: $1 mount point, $2 archive to write.
make_inside()
{
    view "$1" ""
    printf '#!/bin/sh\nexit 101\n' >"$1/root/usr/sbin/policy-rc.d"
    chmod 755 "$1/root/usr/sbin/policy-rc.d"
    # shellcheck disable=SC2086
    chroot "$1/root" sh -c "export DEBIAN_FRONTEND=noninteractive
        apt-get install -y --no-install-recommends $(echo $packages) ||
        { apt-get update && apt-get install -y --no-install-recommends $(echo $packages); }" \
        >"$2.log" 2>&1 </dev/null || {
        tail -n 20 "$2.log" >&2
        die "the servers cannot be installed"
    }
    for package in $beside; do
        chroot "$1/root" sh -c "cd /var/cache/apt && apt-get download $package &&
            dpkg-deb -x ${package}_*.deb /opt/$package" >>"$2.log" 2>&1 </dev/null || {
            tail -n 20 "$2.log" >&2
            die "$package cannot be unpacked"
        }
    done
    rm -rf "$1/up/var/cache/apt" "$1/up/var/lib/apt"
    tar --xattrs --xattrs-include='*' -C "$1/up" -cf "$2.new" .
    mv "$2.new" "$2"
}

run_inside()
{
    mountpoint=$1
    layer=$2
    shift 2
    view "$mountpoint" "$layer"
    ip link set lo up
    here=$(pwd)
    POSTRIDER_ROOT=1
    export POSTRIDER_ROOT
    # shellcheck disable=SC2016
    exec chroot "$mountpoint/root" sh -c 'cd "$1" && shift && exec "$@"' sh "$here" "$@"
}

case ${1:-} in
make)
    layer=$2
    [ -s "$layer" ] && exit 0
    dir=$(mktemp -d)
    trap 'rmdir "$dir"' EXIT
    unshare -m sh "$0" make-inside "$dir" "$layer"
    ;;
run)
    layer=$2
    shift 2
    dir=$(mktemp -d)
    trap 'rmdir "$dir"' EXIT
    unshare -m -n -p -f --kill-child sh "$0" run-inside "$dir" "$layer" "$@"
    ;;
able)
    [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null && command -v ip >/dev/null &&
        unshare -m -n -p -f true 2>/dev/null && grep -q overlay /proc/filesystems
    ;;
make-inside) make_inside "$2" "$3" ;;
run-inside)
    shift
    run_inside "$@"
    ;;
*) die "usage: root.sh make|run|able" ;;
esac
