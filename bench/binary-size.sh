#!/usr/bin/env bash
# What the SDK adds to a program: the stripped quickstart, static SDK and embedded store included, minus a program that
# does the same kind of thing with bare libcurl and nlohmann/json.
set -euo pipefail
cd "$(dirname "$0")/.."
work=build/bench/binary-size
cmake --install build/release --prefix "$work/prefix" >/dev/null
cmake -S examples/quickstart -B "$work/quickstart" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$PWD/$work/prefix" >/dev/null
cmake --build "$work/quickstart" >/dev/null
stripped_bytes() {
  strip -o "$work/stripped" "$1"
  stat -c %s "$work/stripped"
}
with=$(stripped_bytes "$work/quickstart/quickstart")
without=$(stripped_bytes build/release/bench/curl_json)
echo "700KB $(((with - without) / 1000)) 700 KB <=1"
