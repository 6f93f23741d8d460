#!/usr/bin/env bash
# Writes the whole library as one file, for who would rather drop a file into a project than install a package.
#
#   scripts/amalgamate.sh         writes dist/cloudflare.hpp
#   scripts/amalgamate.sh FILE    writes FILE
#
# Each source of the program includes the file. One of them first defines CLOUDFLARE_IMPLEMENTATION, and
# CLOUDFLARE_LOCAL_IMPLEMENTATION as well if the program uses the embedded store; that source holds the compiled part.
set -euo pipefail
cd "$(dirname "$0")/.."
file=${1:-dist/cloudflare.hpp}
parts=$(mktemp -d)
trap 'rm -rf "$parts"' EXIT

cmake -DSOURCE="$PWD" -DOUT="$parts" -P cmake/WriteHeaders.cmake
cp -r include/cloudflare "$parts"
version=$(sed -n 's/^#define CLOUDFLARE_VERSION_[A-Z]* //p' include/cloudflare/version.hpp | paste -sd.)

cat >"$parts/cloudflare.hpp" <<END
// cloudflare-cpp $version: a C++20 client for Cloudflare Workers KV, D1 and Vectorize, in one file.
// Written by scripts/amalgamate.sh; do not edit.
//
// Include it where it is used. In exactly one source write before that
//
//   #define CLOUDFLARE_IMPLEMENTATION
//   #define CLOUDFLARE_LOCAL_IMPLEMENTATION  // if the program uses the embedded store, cloudflare::local
//
// and link libcurl, zlib, simdjson, OpenSSL's libcrypto and threads, and SQLite for the embedded store. nlohmann/json is
// needed as well; it is headers only.
//
$(sed 's|^|// |; s| *$||' LICENSE)
#pragma once

#ifdef CLOUDFLARE_IMPLEMENTATION
// Files may be larger than 2 GiB where a long has 32 bits.
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif
#elif defined(CLOUDFLARE_LOCAL_IMPLEMENTATION)
#error "CLOUDFLARE_LOCAL_IMPLEMENTATION belongs into the source that defines CLOUDFLARE_IMPLEMENTATION."
#endif

$(cd include && find cloudflare -name '*.hpp' | LC_ALL=C sort | sed 's|.*|#include <&>|')

#ifdef CLOUDFLARE_IMPLEMENTATION
#include <cloudflare/src.hpp>
#ifdef CLOUDFLARE_LOCAL_IMPLEMENTATION
#include <cloudflare/local_src.hpp>
#endif
#endif
END

mkdir -p "$(dirname "$file")"
# Each of our own files takes the place of its first include; the others are left to the compiler.
awk -v dir="$parts" '
  function expand(path,   line, name) {
    if (path in seen) return
    seen[path] = 1
    while ((getline line < path) > 0) {
      if (line ~ /^#include <cloudflare\//) {
        name = line
        sub(/^#include </, "", name)
        sub(/>.*/, "", name)
        expand(dir "/" name)
      } else if (line != "#pragma once" || path == root) {
        print line
      }
    }
    close(path)
  }
  BEGIN { root = dir "/cloudflare.hpp"; expand(root) }' >"$file.new"
mv "$file.new" "$file"
echo "$file: $(wc -l <"$file") lines, $(($(wc -c <"$file") / 1000)) KB"
