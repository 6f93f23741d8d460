#!/usr/bin/env bash
# CPU of one blocking KV get after the other over TLS, against a loop over curl_easy_perform with one handle.
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/http.sh
serve_value ssl
compare_get curl '<=1.15' build/release/bench/kv_get blocking "$url" 10000 "$ca" -- build/release/bench/curl_get easy "$url" 10000 "$ca"
