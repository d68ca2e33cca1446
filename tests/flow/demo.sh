#!/bin/sh
# demo.sh: the demonstration is no show: it passes as it stands and fails when the authority is
# another, when the server knows another password, and when the server is stopped.
. "$(dirname "$0")/lib.sh"

demo()
{
    POSTRIDER=$build/postrider BUILDDIR=$build sh "$top/tests/lib/demo.sh" "$@"
}

run "as it stands: passes" 0 demo
says "$work/out" 'TLS1\.3' "the TLS version is shown"
says "$work/out" 'logged in by  (PLAIN|LOGIN)' "the mechanism is shown"
says "$work/out" '^    Subject: It works' "the message as received is shown"
says "$work/out" '^    > AUTH PLAIN \*\*\*' "the password is masked"
run "another authority: 76" 76 demo --break ca
says "$work/out" 'tls_trust' "another authority: the setting that helps"
run "another password: 77" 77 demo --break password
run "server stopped: 75" 75 demo --break server
done_testing
