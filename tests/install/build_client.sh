#!/usr/bin/env bash
# build_client.sh SOURCE WORK: the library configures without SQLite if the embedded store is left out; then nothing is
# compiled from src/local, and nothing knows SQLite. With the store, SQLite is missed.
set -euo pipefail
source=$1 work=$2
rm -rf "$work"
configure() { cmake -S "$source" -B "$work/$1" -G Ninja -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_DISABLE_FIND_PACKAGE_SQLite3=ON "${@:2}" 2>&1; }
configure client -DCLOUDFLARE_BUILD_LOCAL=OFF -DCLOUDFLARE_JOIN_SOURCES=OFF >"$work.log" || { cat "$work.log" >&2; exit 1; }
grep -q 'curl_channel' "$work/client/build.ninja"
if grep -iE 'sqlite|src/local/|cloudflare-local|cpp-local' "$work/client/build.ninja"; then
  echo "the build of the client alone knows the embedded store" >&2
  exit 1
fi
# The sources include nothing that only the store may.
if (cd "$source/src" && grep -rlE '#include ["<](sqlite3\.h|local/|cloudflare/local)' --include='*.[ch]pp' . | grep -vE '^\./(local|server)/'); then
  echo "a source of the client includes the embedded store" >&2
  exit 1
fi
if configure whole >"$work.log"; then
  echo "the embedded store was configured without SQLite" >&2
  exit 1
fi
grep -q 'SQLite3' "$work.log"
