#!/bin/sh
# callers.sh: real programs that call sendmail, with postrider in its place: cron, mail(1) and git
# send-email; and the lines of the manual page sendmail(8) as they stand.
. "$(dirname "$0")/lib.sh"
. "$top/tests/flow/servers.sh"

install_program
make_certificates
ln -sf "$postrider" /usr/sbin/sendmail
HOME=$work/home
export HOME
mkdir -p "$HOME/.config"
cd "$work" || exit 1

serve calls --tls implicit --user alice@example.org --password secret --refuse '*@refused.example'
mkdir -p /usr/local/etc
cat >/usr/local/etc/postrider.ini <<END
[account main]
host = localhost
port = $port
tls = implicit
tls_trust = $certs/ca.pem
user = alice@example.org
password = secret
queue = never

[aliases]
root = admin@example.org
default = admin@example.org

[log]
target = none
END
chmod 600 /usr/local/etc/postrider.ini

# next: the next message that the server will store is the one that is looked at.
n=0
next()
{
    n=$((n + 1))
    eml=$store/$n.eml
    env=$store/$n.env
}

# arrived [SECONDS]: waits for it.
arrived()
{
    wait_for "${1:-5}" test -s "$eml" && wait_for 1 test -s "$env"
}

# cron's turn comes at the next full minute: it is started first and looked at last.
printf 'MAILTO=root\n* * * * * root printf "Gr\\303\\274\\303\\237e\\n.\\nfrom cron\\n"\n' >/etc/cron.d/journey
chmod 644 /etc/cron.d/journey
sed -i 's/^\([^#].*run-parts\)/#\1/' /etc/crontab
cron
cron_started=$(date +%s)

# mail(1): subject with 8-bit text, no From, no Date.
run "mail(1): status 0" 0 sh -c 'echo "a note" | mail -s "Grüße" bob@example.org'
silent "mail(1): silent"
next
check "mail(1): it arrived" arrived
says "$env" '^from alice@example\.org' "mail(1): the sender is the account"
says "$env" '^rcpt bob@example\.org' "mail(1): the recipient"
says "$eml" '^Subject: =\?UTF-8\?' "mail(1): the raw subject became an encoded word"
says "$eml" '^From: .*alice@example\.org' "mail(1): From was added"
says "$eml" '^Date: ' "mail(1): Date was added"
run "mail(1): a refused recipient is told" 1 sh -c 'echo x | mail -s x bob@refused.example'

# git send-email: three patches, each with a Bcc that must not show.
git init -q series && cd series || exit 1
git config user.name "Alice" && git config user.email alice@example.org
echo 0 >file && git add file && git commit -qm start
for i in 1 2 3; do
    echo "$i" >file && git commit -qam "file: ${i}th change, grün"
done
git format-patch -q -3 --cover-letter --subject-prefix=PATCH -o out
sed -i 's/\*\*\* SUBJECT HERE \*\*\*/a series/; s/\*\*\* BLURB HERE \*\*\*/words/' out/0000*
for how in "--sendmail-cmd=$postrider" "--smtp-server=/usr/sbin/sendmail"; do
    run "git send-email ${how%%=*}: status 0" 0 git send-email -q --confirm=never --suppress-cc=all \
        "$how" --to=bob@example.org --bcc=carol@example.net out/*.patch
    for i in 0 1 2 3; do
        next
        check "git ${how%%=*}: patch $i arrived" arrived
        check "git ${how%%=*}: patch $i has both recipients" \
            sh -c "grep -q '^rcpt bob@example.org' '$env' && grep -q '^rcpt carol@example.net' '$env'"
        check "git ${how%%=*}: patch $i does not show the Bcc" \
            sh -c "! grep -qi '^bcc\|carol' '$eml'"
        check "git ${how%%=*}: patch $i keeps git's own Message-ID" \
            sh -c "[ \$(grep -ci '^message-id:' '$eml') -eq 1 ]"
    done
done
run "git send-email: a refused recipient stops it with our status" 67 \
    git send-email -q --confirm=never --suppress-cc=all --sendmail-cmd="$postrider" \
    --to=bob@refused.example out/0001*
cd "$work" || exit 1

# The examples of sendmail(8).
message "example" >"$work/message"
sed -n 's/^\.Dl \$ //p' "$top/man/sendmail.8" >"$work/examples"
check "sendmail(8) has examples" test -s "$work/examples"
while IFS= read -r line; do
    run "sendmail(8): $line" 0 sh -c "$line" </dev/null
    next
    check "sendmail(8): it arrived" arrived
done <"$work/examples"

# cron: at most a minute has passed.
next
check "cron: its mail arrived" arrived $((75 - ($(date +%s) - cron_started)))
says "$env" '^rcpt admin@example\.org' "cron: root went where [aliases] says"
says "$env" '^from alice@example\.org' "cron: the sender is the account"
says "$eml" '^From: ("?root \(Cron Daemon\)"?|"?\(?Cron Daemon\)?"?|root) ?.*<?alice@example\.org' \
    "cron: From is the account's address, the name kept"
check "cron: the 8-bit body arrived as it is" sh -c "grep -q '^Grüße' '$eml'"
says "$eml" '^\.' "cron: a lone dot did not end it"
says "$eml" '^from cron' "cron: what follows the dot arrived"

done_testing
