#!/usr/bin/env bash
# Builds the libraries, installs them into build/quickstart/prefix, builds examples/quickstart against that prefix as any
# other project would, and runs it. Arguments go to the program.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

scripts/setup.sh --minimal
prefix=$PWD/build/quickstart/prefix
configure release -DCLOUDFLARE_BUILD_EXAMPLES=OFF -DCLOUDFLARE_BUILD_TOOLS=OFF -DCLOUDFLARE_BUILD_BENCH=OFF
cmake --build --preset release -j "$jobs"
cmake --install build/release --prefix "$prefix" >/dev/null
cmake -S examples/quickstart -B build/quickstart/build -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
cmake --build build/quickstart/build
build/quickstart/build/quickstart "$@"
