#!/usr/bin/env bash
# The proofs that take minutes, with optimisation and without sanitizers. Each prints "NAME: N passed, N failed".
#
#   scripts/endurance.sh                  all of them
#   scripts/endurance.sh floats           every one of the 2^32 floats is written as std::to_chars writes it
#   scripts/endurance.sh chaos [NUMBER]   100 000 (or NUMBER) operations through a proxy that spoils connections, for each
#                                         of ten seeds, every second one with SIGKILL of the server
#   scripts/endurance.sh allocations      each single allocation of every operation fails once
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

# tally NAME: counts the exit codes, one a line, on its input.
tally() {
  local name=$1 passed=0 failed=0
  while read -r code; do
    if [ "$code" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  done
  echo "$name: $passed passed, $failed failed"
  [ "$failed" = 0 ]
}

build() {
  configure_tests release -DCLOUDFLARE_BUILD_TESTS=ON -B build/endurance
  cmake --build build/endurance -j "$jobs" --target "$@"
}

chaos() {
  local seed code kill
  build chaos cloudflare_local_server >&2
  for seed in 1 2 3 4 5 6 7 8 9 10; do
    kill=()
    if [ $((seed % 2)) = 0 ]; then kill=(kill); fi
    code=0
    build/endurance/tests/chaos/chaos build/endurance/src/server/cloudflare-local "${1:-100000}" "$seed" "${kill[@]}" >&2 || code=$?
    echo "$code"
  done | tally chaos
}

scripts/setup.sh
case ${1:-all} in
  all) "$0" floats && "$0" chaos && "$0" allocations ;;
  floats)
    build endurance_all_floats
    build/endurance/tests/endurance/endurance_all_floats
    ;;
  chaos) chaos "${2-}" ;;
  allocations)
    build test_fault_allocation
    code=0
    CLOUDFLARE_EACH_ALLOCATION=1 build/endurance/tests/faults/test_fault_allocation >&2 || code=$?
    echo "$code" | tally allocations
    ;;
  *)
    sed -n 's/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
