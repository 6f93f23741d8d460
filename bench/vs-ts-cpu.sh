#!/usr/bin/env bash
# CPU of a KV get with 64 in flight, against Cloudflare's own TypeScript SDK.
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/http.sh
serve_value
compare_get ts '>=20' build/release/bench/kv_get inflight "$url" 20000 -- node bench/baseline/ts_get.mjs "$url" 3000
