#!/usr/bin/env bash
# What including the whole API costs to compile, against nlohmann/json, which it includes.
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/compile.sh
compare_compile json '<=1.5' cloudflare/cloudflare.hpp -- nlohmann/json.hpp
