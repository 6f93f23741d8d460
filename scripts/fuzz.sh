#!/usr/bin/env bash
# Fuzzes with libFuzzer under AddressSanitizer and UndefinedBehaviorSanitizer, one target after the other, on one core.
# Prints for each target its executions, the share of lines of its sources that its inputs reach, and its findings,
# which stay in build/fuzz/findings. The last line is "N targets, N executions, N findings".
#
#   scripts/fuzz.sh                    every target for a minute
#   scripts/fuzz.sh TARGET [SECONDS]   one target ("all": every one), for at most ten million executions
#   LARGE=1 scripts/fuzz.sh …          inputs of up to 1 MB
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

large=()
if [ -n "${LARGE-}" ]; then large=(-max_len=1048576 -len_control=0); fi
seconds=${2:-60} total=0 found=0
# The sources that a target is about.
declare -A sources=(
  [dump]="src/local/d1/dump.cpp" [encodings]="src/base/encode.cpp" [filters]="src/vectorize/filter.cpp src/vectorize/filter_match.cpp src/local/vectorize/filter.cpp"
  [gzip]="src/http/gunzip.hpp" [http_bytes]="src/http/curl_transfer.cpp src/http/curl_failure.cpp" [local_json]="src/local/http/json.cpp" [multipart]="src/local/http/multipart.cpp"
  [packing]="src/bulk/bulk_flow.cpp src/bulk/outcomes.cpp" [sql]="src/d1/sql.cpp src/d1/sql_split.cpp" [times]="src/engine/retry.cpp" [urls]="src/http/url.cpp"
  [readers]="src/files/readers.cpp src/files/text_input.cpp"
  [replies]="src/engine/judge.cpp src/d1/rows.cpp src/d1/row_splitter.cpp src/kv/values.cpp src/vectorize/vectors.cpp"
  [store]="src/local/routes.cpp src/local/http/request.cpp src/local/kv/bulk.cpp src/local/d1/query.cpp src/local/d1/transfer_handlers.cpp src/local/vectorize/query.cpp src/local/vectorize/upload.cpp")

if [ -z "${FUZZ_BUILT-}" ]; then
  scripts/setup.sh
  configure_tests fuzz
  cmake --build --preset fuzz -j "$jobs" --target fuzz_all
fi
program=build/fuzz/tests/fuzz/fuzz_all
if [ "${1:-all}" = all ]; then mapfile -t names < <(ls tests/fuzz/seeds); else names=("$1"); fi

# The profiles of the programs that LLVM_PROFILE_FILE names, as a share of lines.
covered() {
  local name=$1 paths
  read -ra paths <<<"${sources[$name]}"
  paths=("${paths[@]/#/$PWD/}")
  llvm-profdata-14 merge -sparse build/fuzz/profile/"$name"-*.profraw -o "build/fuzz/profile/$name.profdata" &&
    llvm-cov-14 export --summary-only "$program" -instr-profile "build/fuzz/profile/$name.profdata" "${paths[@]}" 2>/dev/null |
    grep -o '"lines":{"count":[0-9]*,"covered":[0-9]*' | tail -n 1 | awk -F'[:,}]' '{ printf "%d of %d lines, %d %%", $5, $3, 100 * $5 / $3 }'
}

for name in "${names[@]}"; do
  mkdir -p "build/fuzz/corpus/$name" "build/fuzz/findings/$name" build/fuzz/profile
  rm -f "build/fuzz/profile/$name"*
  log=build/fuzz/$name.log
  FUZZ_TARGET=$name LLVM_PROFILE_FILE=build/fuzz/profile/$name-%p.profraw nice "$program" "build/fuzz/corpus/$name" "tests/fuzz/seeds/$name" \
    -max_total_time="$seconds" -runs=10000000 -timeout=25 -rss_limit_mb=4096 -print_final_stats=1 -dict=tests/fuzz/words.dict \
    "${large[@]}" -artifact_prefix="build/fuzz/findings/$name/" >"$log" 2>&1 || true
  # An input that ended the program also ended its profile; the corpus is read once more for it.
  FUZZ_TARGET=$name LLVM_PROFILE_FILE=build/fuzz/profile/$name-%p.profraw nice "$program" "build/fuzz/corpus/$name" "tests/fuzz/seeds/$name" -runs=0 >/dev/null 2>&1 || true
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  findings=$(find "build/fuzz/findings/$name" -type f | wc -l)
  total=$((total + ${runs:-0})) found=$((found + findings))
  echo "$name: ${runs:-0} executions, $(covered "$name") of ${sources[$name]}, $findings findings"
  if [ "$findings" != 0 ]; then grep -m 3 -A 1 -E 'BROKEN|ERROR:|runtime error' "$log" || true; fi
done
echo "${#names[@]} targets, $total executions, $found findings"
[ "$found" = 0 ]
