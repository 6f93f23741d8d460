#!/usr/bin/env bash
# What the forward declarations cost to compile, against three common headers of the standard library.
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/compile.sh
compare_compile std '<=1.3' cloudflare/fwd.hpp -- string vector chrono
