#!/usr/bin/env bash
# components.sh PREFIX LIBDIR WORK: what find_package says of components that are there, missing or unknown, on a machine
# with SQLite's development files and on one without.
set -euo pipefail
prefix=$1 libdir=$2 work=$3
rm -rf "$work"
mkdir -p "$work"

# asks PREFIX COMPONENTS OPTIONS…: configures a project that asks for the components, and prints what cmake said.
asks() {
  local from=$1 components=$2
  shift 2
  rm -rf "$work/project"
  mkdir "$work/project"
  printf 'cmake_minimum_required(VERSION 3.24)\nproject(user LANGUAGES CXX)\nfind_package(cloudflare-cpp 0.1 %s)
if(TARGET cloudflare::local)\n  message(STATUS "has local")\nendif()\nmessage(STATUS "configured")\n' "$components" \
    >"$work/project/CMakeLists.txt"
  cmake -S "$work/project" -B "$work/project/build" -G Ninja -DCMAKE_PREFIX_PATH="$from" -DCMAKE_CXX_COMPILER="$CXX" "$@" 2>&1 |
    tr -s ' \n' ' '
}
# says WHAT WANTED…: fails unless the text in `said` holds what is wanted.
says() {
  local wanted
  for wanted; do
    [[ $said == *"$wanted"* ]] || { printf 'cmake did not say "%s" but: %s\n' "$wanted" "$said" >&2; exit 1; }
  done
}
says_not() {
  [[ $said != *"$1"* ]] || { printf 'cmake said "%s": %s\n' "$1" "$said" >&2; exit 1; }
}
hidden=-DCMAKE_DISABLE_FIND_PACKAGE_SQLite3=ON

said=$(asks "$prefix" "REQUIRED COMPONENTS local files")
says "has local" "configured"
said=$(asks "$prefix" "REQUIRED")
says "has local" "configured"
said=$(asks "$prefix" "REQUIRED" $hidden)
says "configured"
says_not "has local"
said=$(asks "$prefix" "REQUIRED COMPONENTS cloudflare files testing" $hidden)
says "configured"
said=$(asks "$prefix" "REQUIRED COMPONENTS headers" $hidden)
says "configured"
said=$(asks "$prefix" "REQUIRED COMPONENTS cloudflare OPTIONAL_COMPONENTS local" $hidden)
says "configured"
said=$(asks "$prefix" "REQUIRED COMPONENTS local" $hidden || true)
says "its component local needs the development files of SQLite, which were not found"
says_not "configured"
said=$(asks "$prefix" "REQUIRED COMPONENTS d1" || true)
says "its component d1 does not exist; there are cloudflare, files, testing, local and headers"
says_not "configured"

# As it is installed by a build with CLOUDFLARE_BUILD_LOCAL=OFF.
mkdir -p "$work/client/$libdir"
cp -r "$prefix/$libdir/cmake" "$work/client/$libdir"
cp -r "$prefix/include" "$work/client"
cp "$prefix/$libdir"/lib* "$work/client/$libdir"
rm "$work/client/$libdir"/cmake/cloudflare-cpp/cloudflare-cpp-local-targets*.cmake "$work/client/$libdir"/libcloudflare-cpp-local*
said=$(asks "$work/client" "REQUIRED")
says "configured"
said=$(asks "$work/client" "REQUIRED COMPONENTS local" || true)
says "its component local was not built (CLOUDFLARE_BUILD_LOCAL=OFF)"
