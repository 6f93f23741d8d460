#!/usr/bin/env bash
# Builds with AddressSanitizer and UndefinedBehaviorSanitizer and runs the tests, but for those of the examples and of the
# installed library and the long ones, which scripts/check.sh runs.
# The last line is "N passed, 0 failed, K skipped", counting test cases.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

scripts/setup.sh
build_tests asan --target tests_unit tests_http tests_contract cloudflare_local_server
run_ctest asan -LE '^(long|install|example)$'
scripts/count.sh build/asan
