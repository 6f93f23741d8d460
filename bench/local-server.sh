#!/usr/bin/env bash
# cloudflare-local against miniflare: requests for each second of CPU of the server, start time, memory.
set -euo pipefail
cd "$(dirname "$0")/.."
exec node bench/local_server.mjs
