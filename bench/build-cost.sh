#!/usr/bin/env bash
# What a clean build of the client, its tools for files and the embedded store costs, in compilations of nlohmann/json alone.
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/compile.sh
work=build/bench/build-cost
rm -rf "$work"
cmake -S . -B "$work" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCLOUDFLARE_BUILD_TESTS=OFF -DCLOUDFLARE_BUILD_EXAMPLES=OFF \
  -DCLOUDFLARE_BUILD_TOOLS=OFF >/dev/null
build() {
  CCACHE_DISABLE=1 cmake --build "$work" --target cloudflare_cpp cloudflare_cpp_files cloudflare_cpp_local >"$work/log" 2>&1
}
TIMEFORMAT='%U %S'
{ time build; } 2>"$work/time" || { cat "$work/log" >&2; exit 1; }
ours=$(awk '{ print $1 + $2 }' "$work/time")
echo "json $ours $(least_of 9 nlohmann/json.hpp) s <=70"
