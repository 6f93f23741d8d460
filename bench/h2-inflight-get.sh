#!/usr/bin/env bash
# CPU of a KV get with 64 in flight over TLS and HTTP/2, against 64 handles on a curl_multi that share a connection.
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/http.sh
serve_value "ssl http2"
compare_get curl-multi '<=1.2' build/release/bench/kv_get inflight "$url" 20000 "$ca" -- build/release/bench/curl_get multi "$url" 20000 "$ca"
