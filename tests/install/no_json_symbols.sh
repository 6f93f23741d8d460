#!/usr/bin/env bash
# no_json_symbols.sh LIBDIR: no compiled library exports a function over nlohmann::json, whose layout is the user's choice.
# What inline headers leave behind (weak or local symbols, under nlohmann's own tagged namespace) is harmless.
set -euo pipefail
for library in "$1"/libcloudflare-cpp*.a; do
  symbols=$(nm --demangle --defined-only "$library" 2>/dev/null | grep -E '^[0-9a-f]* [TDBR] .*nlohmann' || true)
  if [ -n "$symbols" ]; then
    echo "$(basename "$library") knows nlohmann::json: $symbols" >&2
    exit 1
  fi
done
nm --defined-only "$1/libcloudflare-cpp.a" | grep -c ' T ' >/dev/null  # -c reads to the end: a closed pipe kills nm
