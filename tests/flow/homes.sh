#!/bin/sh
# homes.sh: which configuration is found for whom: cron's HOME=/root for an ordinary user, sudo -E,
# no HOME, an empty environment, a uid without passwd entry, symbolic links, secrets as mounts.
. "$(dirname "$0")/lib.sh"

install_program
make_certificates
chmod 755 "$work"
useradd -m -u 4711 carol
mkdir -p /usr/local/etc /root/.config ~carol/.config

account()
{
    printf '[account %s]\nhost = localhost\nuser = %s@example.org\npassword = %s\n[log]\ntarget = none\n' \
        "$1" "$1" "${2:-secret}"
}
account system >/usr/local/etc/postrider.ini
chmod 644 /usr/local/etc/postrider.ini
sed -i '/^password/d; s/^user.*/from = system@example.org/' /usr/local/etc/postrider.ini
(umask 077 && account root >/root/.config/postrider.ini)
(umask 077 && account carol >~carol/.config/postrider.ini)
chown -R carol: ~carol/.config

# found NAME WANTED COMMAND...: the account that a dry run chooses.
found()
{
    found_name=$1
    found_want=$2
    shift 2
    message home >"$work/message"
    run "$found_name: a dry run works" 0 "$@" "$postrider" send --dry-run -i bob@example.org \
        <"$work/message"
    says "$work/out" "^account: $found_want " "$found_name: $found_want"
}

as_carol="setpriv --reuid 4711 --regid 4711 --clear-groups"
found "root" root env HOME=/root
found "carol" carol $as_carol env HOME=/home/carol
found "carol with cron's HOME=/root" carol $as_carol env HOME=/root
found "root under sudo -E with carol's HOME" root env HOME=/home/carol
found "no HOME" carol $as_carol env -u HOME
found "an empty environment" carol $as_carol env -i
found "a relative HOME" carol $as_carol env HOME=home/carol
found "a uid without passwd entry" system setpriv --reuid 12345 --regid 12345 --clear-groups \
    env HOME=/nonexistent
found "XDG_CONFIG_HOME of one's own" carol $as_carol env HOME=/home/carol \
    XDG_CONFIG_HOME=/home/carol/.config
found "XDG_CONFIG_HOME of somebody else" carol $as_carol env HOME=/home/carol \
    XDG_CONFIG_HOME=/root/.config

# Symbolic links are followed, as NixOS and Kubernetes need.
mkdir "$work/store"
mv ~carol/.config/postrider.ini "$work/store/real.ini"
ln -s "$work/store/real.ini" ~carol/.config/postrider.ini
found "a symbolic link" carol $as_carol env HOME=/home/carol

# What must be refused: 78, the file named, and nothing further tried.
refused()
{
    run "$1: 78" 78 $as_carol env HOME=/home/carol "$postrider" send --dry-run -i \
        bob@example.org <"$work/message"
    says "$work/err" "${2:-postrider.ini}" "$1: says which"
}
chmod 644 "$work/store/real.ini"
refused "a password that others can read" "chmod"
chmod 660 "$work/store/real.ini"
refused "a file that the group can write"
chmod 600 "$work/store/real.ini"
chown 12345 "$work/store/real.ini"
refused "a file of somebody else"
chown carol: "$work/store/real.ini"
echo "prot = 465" >>"$work/store/real.ini"
refused "a wrong line" 'postrider\.ini:[0-9]+: .*prot'
rm ~carol/.config/postrider.ini
mkdir ~carol/.config/postrider.ini
refused "a folder in the file's place"
rmdir ~carol/.config/postrider.ini
mkfifo ~carol/.config/postrider.ini
refused "a FIFO in the file's place"
rm ~carol/.config/postrider.ini
found "no file of one's own: the system's" system $as_carol env HOME=/home/carol

# A secret mount is readable by all, and a config that names it may be too.
mkdir -p /run/secrets
echo secret >/run/secrets/smtp
chmod 444 /run/secrets/smtp
printf '[account app]\nhost = localhost\nuser = app@example.org\npassword_file = /run/secrets/smtp\n' \
    >/usr/local/etc/postrider.ini
found "a secret mount with mode 0444" app setpriv --reuid 12345 --regid 12345 --clear-groups env -i

rm /usr/local/etc/postrider.ini
run "no configuration at all: 78" 78 $as_carol env -i "$postrider" send -i bob@example.org \
    <"$work/message"
says "$work/err" 'postrider\.ini' "no configuration at all: the files tried"
says "$work/err" 'hint:' "no configuration at all: how to set up"

done_testing
