#!/usr/bin/env bash
# Builds with AddressSanitizer and UndefinedBehaviorSanitizer and runs the tests, but for those of the examples, of the
# installed library and of faults and the long ones, which scripts/check.sh runs.
# The last line is "N passed, 0 failed, K skipped", counting test cases.
#
#   scripts/test.sh                  all of them
#   scripts/test.sh -k NAME [CASE]   one program: NAME is a ctest name ("http_retry") or a source file of tests/
#                                    ("once_test.cpp"); CASE is passed on to Catch2, for example "*redirect*"
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

if [ "${1-}" = -k ]; then
  [ $# -ge 2 ] || { sed -n 's/^# \{0,1\}//p' "$0" | tail -n 4 >&2; exit 2; }
  name=$2
  shift 2
  if [ -f build/asan/build.ninja ]; then true; else scripts/setup.sh; fi
  configure_tests asan
  program=$(program_of asan "$name") || { echo "no test program or source is named $name" >&2; exit 2; }
  cmake --build --preset asan -j "$jobs" --target "test_$program"
  run_program asan "$program" "$@"
  exit
fi

scripts/setup.sh --packages
scripts/setup.sh --node & # no build needs them
build_tests asan --target tests_unit tests_http tests_contract cloudflare_local_server
wait
run_ctest asan -LE '^(long|install|example|faults)$'
slowest asan
scripts/count.sh build/asan
