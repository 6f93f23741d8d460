#!/usr/bin/env bash
# macros.sh INCLUDE WORK: whoever includes our headers gets no macro but CLOUDFLARE_*, and none of our private
# dependencies' headers or macros. What compiles the library's own sources is left out.
set -euo pipefail
include=$1 work=$2
mkdir -p "$work"
(cd "$include" && find cloudflare -name '*.hpp' ! -path '*/impl/*' ! -name '*src.hpp' | LC_ALL=C sort | sed 's|.*|#include <&>|') >"$work/all.cpp"
grep -q '<cloudflare/cloudflare.hpp>' "$work/all.cpp"
preprocess() { $CXX -std=c++20 -I "$include" -E "$@" "$work/all.cpp"; }

# `left`: the macros that are defined at the end. `ours`: the macros that our headers define anywhere.
preprocess -dM | awk '{ sub(/\(.*/, "", $2); print $2 }' | LC_ALL=C sort -u >"$work/left"
preprocess -dD | awk -v ours="$include/cloudflare/" '
  /^# [0-9]+ "/ { split($0, part, "\""); in_ours = index(part[2], ours) == 1; next }
  in_ours && $1 == "#define" { sub(/\(.*/, "", $2); print $2 }' | LC_ALL=C sort -u >"$work/ours"
[ -s "$work/ours" ]

leaked=$(LC_ALL=C comm -12 "$work/ours" "$work/left" | grep -v '^CLOUDFLARE_' || true)
leaked+=$(grep -E '^(CURL|LIBCURL|SIMDJSON|SQLITE|OPENSSL)' "$work/left" || true)
if [ -n "$leaked" ]; then
  echo "macros that leak from <cloudflare/…>: $leaked" >&2
  exit 1
fi
# <nlohmann/json.hpp> includes <filesystem> by itself.
included() { tr -s ' \\' '\n' | grep -E '/(curl/|simdjson|sqlite3|openssl/)|/(iostream|regex|filesystem)$' | LC_ALL=C sort -u || true; }
echo '#include <nlohmann/json.hpp>' >"$work/json.cpp"
headers=$(LC_ALL=C comm -23 <(preprocess -M | included) <($CXX -std=c++20 -M "$work/json.cpp" | included))
if [ -n "$headers" ]; then
  echo "headers that <cloudflare/…> must not include: $headers" >&2
  exit 1
fi
