#!/usr/bin/env bash
# Builds everything with AddressSanitizer and UndefinedBehaviorSanitizer and runs all tests but the long ones and those that
# build projects against an installed tree, which scripts/check.sh runs.
# The last line is "N passed, 0 failed, K skipped", counting test cases.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

scripts/setup.sh
configure asan "${quick_link[@]}"
cmake --build --preset asan -j "$jobs"
run_ctest asan -LE '^(long|install)$'
scripts/count.sh build/asan
