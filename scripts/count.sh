#!/usr/bin/env bash
# scripts/count.sh BUILD_DIR...  prints "N passed, N failed, N skipped" over the ctest runs whose results are in
# BUILD_DIR/ctest.xml, counting Catch2 test cases (BUILD_DIR/test-counts/NAME, see tests/support/catch_main.cpp) and one
# for each other ctest. A program that ctest calls failed, or that ended before its closing line, counts as failed even
# when every case it reached passed. Names skipped cases and their reasons on stderr. Exits with 1 if anything failed or
# nothing ran.
set -euo pipefail

# Prints ctest's JUnit file as lines "STATUS NAME"; STATUS is passed, failed or skipped.
outcomes() {
  awk '
    /<testcase / {
      name = $0; sub(/.* name="/, "", name); sub(/".*/, "", name)
      status = $0; sub(/.* status="/, "", status); sub(/".*/, "", status)
      outcome = status == "run" ? "passed" : "failed"
    }
    # A missing program or a failed fixture is "notrun" too; only the agreed exit code is a skip.
    /<skipped message="SKIP_RETURN_CODE/ { outcome = "skipped" }
    /<\/testcase>/ { print outcome, name }
  ' "$1"
}

passed=0 failed=0 skipped=0
for build in "$@"; do
  if [ ! -s "$build/ctest.xml" ]; then
    failed=$((failed + 1))
    continue
  fi
  while read -r outcome name; do
    cases=$build/test-counts/$name
    if [ ! -f "$cases" ]; then
      declare "$outcome=$((${!outcome} + 1))"
      continue
    fi
    read -r case_passed case_failed case_skipped ended <<<"$(awk '
      { n[$1]++ } END { print n["passed"] + 0, n["failed"] + 0, n["skipped"] + 0, n["end"] + 0 }' "$cases")"
    if [ "$case_failed" = 0 ] && { [ "$outcome" = failed ] || [ "$ended" = 0 ]; }; then
      case_failed=1
    fi
    sed -n 's/^skipped /SKIPPED: /p' "$cases" >&2
    passed=$((passed + case_passed)) failed=$((failed + case_failed)) skipped=$((skipped + case_skipped))
  done <<<"$(outcomes "$build/ctest.xml")"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
