#!/usr/bin/env bash
# How often the heap is asked for memory by a KV get, and by the rows of a D1 reply.
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/http.sh
serve_value
build/release/bench/heap_requests "$url"
