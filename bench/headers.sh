#!/usr/bin/env bash
# What each public header costs to compile, as the table of docs/performance.md.
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/compile.sh
base=$(least_of 3 nlohmann/json.hpp)
echo "| header | seconds | of json.hpp |"
echo "|---|---|---|"
echo "| nlohmann/json.hpp | $base | 1.00 |"
for header in fwd error result options limits json client kv d1 vectorize edgebase cloudflare async files local \
  files/readers files/import files/kv files/progress_bar kv/reader kv/cache kv/async testing/fake_transport; do
  seconds=$(least_of 3 "cloudflare/$header.hpp")
  awk -v h="$header" -v s="$seconds" -v b="$base" 'BEGIN { printf "| cloudflare/%s.hpp | %s | %.2f |\n", h, s, s / b }'
done
