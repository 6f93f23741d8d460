#!/usr/bin/env bash
# Builds with counters, runs the tests but for the long ones, those of the examples and of the installed library, and
# tells which lines and branches of include/ and src/ they reach. Prints each file with lines that none reaches, and
# leaves all in build/coverage: lines.txt (with the numbers of the lines), files.csv and html/.
# The last line is "lines N of N (N %), branches N of N (N %)"; fails if a test fails or lines are below 92 %.
#
#   scripts/coverage.sh             builds, runs the tests, reports
#   scripts/coverage.sh --report    reports what the last runs counted
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
for program in gcovr llvm-cov-14; do
  command -v $program >/dev/null || { echo "needs $program: apt-get install gcovr llvm-14" >&2; exit 2; }
done
least=92 out=build/coverage tests=0

run_tests() {
  scripts/setup.sh
  build_tests coverage --target tests_unit tests_http tests_contract tests_faults chaos cloudflare_local_server
  find "$out" -name '*.gcda' -delete
  # Without optimisation simdjson checks itself, in memory that it does not look for: nothing for a test without memory.
  run_ctest coverage -LE '^(long|install|example|memory)$' -E '^fault_allocation$'
  scripts/count.sh "$out" || tests=1
}

# Every call has a branch that only an exception takes. gcovr leaves those out that the compiler marks; clang marks few.
report() {
  mkdir -p "$out/html"
  gcovr --root . --object-directory "$out" --gcov-executable 'llvm-cov-14 gcov' -j "$jobs" \
    --filter 'include/' --filter 'src/' --exclude-throw-branches --exclude-unreachable-branches \
    --txt "$out/lines.txt" --csv "$out/files.csv" --html-details "$out/html/index.html" "$out/src" "$out/tests"
}

# Files with lines that were not reached, the most such lines first, and the sum.
summary() {
  awk -F, -v least="$least" '
    NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
    {
      lines = $column["line_total"]; hit = $column["line_covered"]
      branches = $column["branch_total"]; taken = $column["branch_covered"]
      all += lines; reached += hit; all_branches += branches; all_taken += taken
      if (hit < lines)
        printf "%5d lines not reached (%3d %%), %3d %% of branches: %s\n", lines - hit, 100 * hit / lines,
               branches ? 100 * taken / branches : 100, $column["filename"] | "sort -rn"
    }
    END {
      close("sort -rn")
      printf "lines %d of %d (%.1f %%), branches %d of %d (%.1f %%)\n", reached, all, 100 * reached / all, all_taken,
             all_branches, 100 * all_taken / all_branches
      exit 100 * reached < least * all
    }' "$out/files.csv"
}

if [ "${1-}" != --report ]; then run_tests; fi
report
summary && [ "$tests" = 0 ]
