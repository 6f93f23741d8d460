#!/usr/bin/env bash
# CPU of a KV get with 64 in flight, against 64 handles on a curl_multi.
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/http.sh
serve_value
compare_get curl-multi '<=1.3' build/release/bench/kv_get inflight "$url" 20000 -- build/release/bench/curl_get multi "$url" 20000
