#!/usr/bin/env bash
# must_not_compile.sh INCLUDE WORK: each source of this folder is refused, and the compiler's first error has the sentence
# that the source expects. A line "// mode: c++17" names another language mode.
set -euo pipefail
include=$1 work=$2
folder=$(cd "$(dirname "$0")" && pwd)
rm -rf "$work"
mkdir -p "$work"
flags=(-I "$include" -fmax-errors=1)
extension=gch
if $CXX --version | grep -q clang; then
  flags=(-I "$include" -ferror-limit=1)
  extension=pch
fi

# What the sources include is compiled once.
printf '#include <iostream>\n\n#include <cloudflare/cloudflare.hpp>\n' >"$work/common.hpp"
$CXX -std=c++20 "${flags[@]}" -x c++-header "$work/common.hpp" -o "$work/common.hpp.$extension"

failed=0
for source in "$folder"/*.cpp; do
  name=$(basename "$source")
  expected=$(sed -n 's|^// expects: ||p' "$source")
  mode=$(sed -n 's|^// mode: ||p' "$source")
  command=($CXX -std=c++20 "${flags[@]}" -include "$work/common.hpp" -fsyntax-only "$source")
  if [ -n "$mode" ]; then command=($CXX "-std=$mode" "${flags[@]}" -fsyntax-only "$source"); fi
  [ -n "$expected" ]
  if "${command[@]}" >"$work/$name.log" 2>&1; then
    echo "$name compiles" >&2
    failed=1
  elif ! grep -qF "$expected" "$work/$name.log"; then
    echo "$name: the compiler does not say \"$expected\" but:" >&2
    cat "$work/$name.log" >&2
    failed=1
  fi
done
exit $failed
