#!/usr/bin/env bash
# The proofs that take minutes, with optimisation and without sanitizers. Each prints "NAME: N passed, N failed".
#
#   scripts/endurance.sh                  all of them, and the sum
#   scripts/endurance.sh floats           every one of the 2^32 floats is written as std::to_chars writes it
#   scripts/endurance.sh chaos [NUMBER]   100 000 (or NUMBER) operations through a proxy that spoils connections, for each
#                                         of ten seeds, every second one with SIGKILL of the server
#   scripts/endurance.sh allocations      each single allocation of every operation fails once
#   scripts/endurance.sh cuts             connections are cut at each byte of the requests and replies of every product
#   scripts/endurance.sh races            under ThreadSanitizer 10 000 clients end while four threads begin operations
#   scripts/endurance.sh helgrind         libcurl and OpenSSL, which ThreadSanitizer does not see into, under the package valgrind
#   scripts/endurance.sh soak [SECONDS]   cloudflare-local serves 64 connections for ten minutes: memory and open files
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

# once NAME COMMAND...: a command that is one proof.
once() {
  local name=$1 code=0
  shift
  "$@" >&2 || code=$?
  echo "$code" | tally "$name"
}

# helgrind does not know what std::atomic orders, so only accesses inside the two libraries count, but for libcurl's spin
# lock around its initialisation.
races_of_libraries() {
  sed -E 's/^==[0-9]+== ?//' "$1" | awk '
    BEGIN { RS = ""; FS = "\n" }
    /^Possible data race|^Thread #[0-9]+: lock order/ {
      top = $1
      for (i = 2; i <= 6 && i <= NF; i++) top = top "\n" $i
      if (top ~ /libcurl|libssl|libcrypto/ && top !~ /at [^\n]*curl_easy_init/) print top "\n"
    }'
}

helgrind() {
  local test log=build/endurance/helgrind.log found
  if ! command -v valgrind >/dev/null; then echo "helgrind: the package valgrind is missing" && return 1; fi
  build test_http_async test_http_nginx || return
  for test in http_async http_nginx; do
    valgrind --tool=helgrind --history-level=approx "build/endurance/tests/http/test_$test" >"$log" 2>&1 || return
    grep -q 'ERROR SUMMARY' "$log" || return
    found=$(races_of_libraries "$log")
    if [ -n "$found" ]; then echo "$found" && return 1; fi
  done
}

proofs=(floats chaos allocations cuts races helgrind soak)
scripts/setup.sh
case ${1:-all} in
  all)
    # A proof that ends without its line has failed.
    for proof in "${proofs[@]}"; do "$0" "$proof" || true; done | tee /dev/stderr |
      awk -v proofs=${#proofs[@]} '
        /^[a-z]+: [0-9]+ passed, [0-9]+ failed$/ { seen++; passed += $2; failed += $4 }
        END { failed += proofs - seen; printf "%.0f passed, %.0f failed\n", passed, failed; exit failed != 0 }'
    ;;
  floats)
    build endurance_all_floats
    build/endurance/tests/endurance/endurance_all_floats
    ;;
  chaos) chaos "${2-}" ;;
  allocations)
    build test_fault_allocation >&2
    CLOUDFLARE_EACH_ALLOCATION=1 once allocations build/endurance/tests/faults/test_fault_allocation
    ;;
  cuts)
    build test_fault_disk_and_cuts >&2
    CLOUDFLARE_EACH_CUT=1 once cuts build/endurance/tests/faults/test_fault_disk_and_cuts '*cut at any byte*'
    ;;
  races)
    build_tests tsan --target test_async_stress >&2
    CLOUDFLARE_CLIENTS=10000 TSAN_OPTIONS="suppressions=$PWD/tests/support/tsan.supp" \
      once races build/tsan/tests/async/test_async_stress
    ;;
  helgrind) once helgrind helgrind ;;
  soak)
    build cloudflare_local_server >&2
    once soak node tests/tools/load.mjs build/endurance/src/server/cloudflare-local "${2:-600}"
    ;;
  *)
    sed -n 's/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
