#!/usr/bin/env bash
# no_json_symbols.sh LIBDIR: no compiled library defines a function over nlohmann::json, whose layout is the user's choice.
set -euo pipefail
for library in "$1"/libcloudflare-cpp*.a; do
  symbols=$(nm --demangle --defined-only "$library" 2>/dev/null | grep nlohmann || true)
  if [ -n "$symbols" ]; then
    echo "$(basename "$library") knows nlohmann::json: $symbols" >&2
    exit 1
  fi
done
nm --defined-only "$1/libcloudflare-cpp.a" | grep -q ' T '
