#!/bin/sh
# all.sh: every case of this folder through wire-run, a few at a time.
exec "${BUILDDIR:-build}/tests/wire/wire-run" -j 4 "$(dirname "$0")"/*.case
