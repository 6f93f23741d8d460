#!/usr/bin/env bash
# pkg_config.sh PC_DIR WORK: builds and runs main.cpp with nothing but what pkg-config says, with the warnings a careful
# user switches on.
set -euo pipefail
export PKG_CONFIG_PATH=$1
work=$2
packages="cloudflare-cpp cloudflare-cpp-files cloudflare-cpp-local cloudflare-cpp-testing"
mkdir -p "$work"
$CXX $CXXFLAGS -std=c++20 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wno-missing-field-initializers -Werror \
  "$(dirname "$0")/main.cpp" $(pkg-config --cflags --libs $packages) -o "$work/program"
# Warnings of the optimiser.
$CXX -std=c++20 -O2 -Wall -Wextra -Wnull-dereference -Werror -c "$(dirname "$0")/typed_rows.cpp" \
  $(pkg-config --cflags $packages) -o "$work/typed_rows.o"
"$work/program"
# Warnings of the optimiser.
$CXX -std=c++20 -O2 -Wall -Wextra -Wnull-dereference -Werror -c "$(dirname "$0")/typed_rows.cpp" \
  $(pkg-config --cflags $packages) -o "$work/typed_rows.o"
