#!/usr/bin/env bash
# readme.sh README PREFIX PC_DIR WORK: does what README.md says with an installed library, from an empty folder. Its first
# CMake block is the project; each of its programs is pasted into main.cpp, built, run, and must print what README shows.
set -euo pipefail
readme=$1 prefix=$2 work=$4
export PKG_CONFIG_PATH=$3
rm -rf "$work"
mkdir -p "$work/app"

# Blocks in their order: work/N.cpp, and work/N.text if what it prints stands next.
awk -v work="$work" '
  /^```(cpp|cmake|text|sh)$/ {
    kind = substr($0, 4)
    if (kind == "cpp") n++
    name = kind == "cmake" ? (cmakes++ ? "" : "app/CMakeLists.txt") : kind == "sh" ? "" : n "." kind
    open = 1
    next
  }
  /^```$/ { open = 0; next }
  open && name != "" { print > (work "/" name) }
' "$readme"

programs=0
for program in "$work"/[0-9]*.cpp; do
  programs=$((programs + 1))
  cp "$program" "$work/app/main.cpp"
  (
    cd "$work/app"
    [ -f build/build.ninja ] || cmake -B build -G Ninja -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_CXX_FLAGS="$CXXFLAGS" >/dev/null
    cmake --build build >build.log || { cat build.log >&2; exit 1; }
    ./build/app >printed 2>errors || { cat errors >&2; exit 1; }
  )
  touch "${program%.cpp}.text"
  if ! diff "${program%.cpp}.text" "$work/app/printed"; then
    echo "what $program prints is not what README shows" >&2
    exit 1
  fi
done
[ "$programs" -ge 8 ]

# The line with pkg-config, over the first program.
line=$(grep -m 1 '^g++ .*pkg-config' "$readme")
cp "$work/1.cpp" "$work/app/main.cpp"
cd "$work/app"
eval "${line/g++/$CXX $CXXFLAGS}"
[ "$(./app)" = "$(cat "$work/1.text")" ]
