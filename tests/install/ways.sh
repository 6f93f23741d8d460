#!/usr/bin/env bash
# ways.sh README SOURCE PREFIX WORK: builds README's first program in each of the ways to install that compile the
# library again, from an empty folder each, with the CMakeLists.txt and the lines that README shows.
set -euo pipefail
readme=$1 source=$2 prefix=$3 work=$4
rm -rf "$work"
mkdir -p "$work"

# N.cmake: the blocks of CMake in their order; main.cpp: the first program; text: what it prints.
awk -v work="$work" '
  /^```(cpp|cmake|text)$/ {
    kind = substr($0, 4)
    if (kind == "cmake") name = ++n ".cmake"
    else name = seen[kind]++ ? "" : kind == "cpp" ? "main.cpp" : "text"
    open = 1
    next
  }
  /^```$/ { open = 0; next }
  open && name != "" { print > (work "/" name) }
' "$readme"

# block WORDS: the file of the block that holds them.
block() {
  grep -l -F "$1" "$work"/*.cmake | head -n 1
}
# says TEXT...: a source with these lines, which README must show as code.
says() {
  local line
  for line; do
    grep -q -F "\`$line\`" "$readme" || { echo "README does not show: $line" >&2; return 1; }
    echo "$line"
  done
}
# folder NAME: makes an empty folder with the first program and goes there.
folder() {
  mkdir "$work/$1"
  cp "$work/main.cpp" "$work/$1"
  cd "$work/$1"
}
# finish NAME: compares what the program prints.
finish() {
  diff <("$2") "$work/text"
  echo "$1: passed"
}
# project NAME CMAKE_FILE [cmake options...]: the first program with this CMakeLists.txt.
project() {
  local name=$1
  cp "$2" CMakeLists.txt
  shift 2
  cmake -B build -G Ninja "$@" >/dev/null
  cmake --build build >build.log || { cat build.log >&2; return 1; }
  finish "$name" build/app
}

folder add_subdirectory
ln -s "$source" cloudflare-cpp
project add_subdirectory "$(block add_subdirectory)"

folder fetch_content
project fetch_content "$(block FetchContent)" -DREPOSITORY="file://$source"

folder headers
says '#include <cloudflare/src.hpp>' '#include <cloudflare/local_src.hpp>' >cloudflare.cpp
project headers "$(block 'COMPONENTS headers')" -DCMAKE_PREFIX_PATH="$prefix"

folder one_file
"$source/scripts/amalgamate.sh" "$PWD/cloudflare.hpp"
says '#define CLOUDFLARE_IMPLEMENTATION' '#define CLOUDFLARE_LOCAL_IMPLEMENTATION' '#include "cloudflare.hpp"' >cloudflare.cpp
sed -i 's|^#include <cloudflare/.*>$|#include "cloudflare.hpp"|' main.cpp
eval "$(grep -m 1 '^g++ .* cloudflare[.]cpp ' "$readme")"
finish one_file ./app
