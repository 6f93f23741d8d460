#!/usr/bin/env bash
# The slow checks that scripts/test.sh leaves out: the examples, the seeds of the fuzz targets, faults of memory, disk and
# connections, the second compiler, ThreadSanitizer, tests labelled long, install or memory, two other platforms,
# clang-tidy, clang-format, the API reference. Continues after a failure. The last line is "N passed, N failed, N skipped":
# test cases, and one for each other check.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

passed=0 failed=0 skipped=0

check() {
  local name=$1
  shift
  echo "== $name"
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $name" >&2
  fi
}

# Adds the counts that scripts/count.sh prints for a build directory.
count() {
  local p f s
  read -r p _ f _ s _ <<<"$(scripts/count.sh "$1")"
  passed=$((passed + ${p:-0})) failed=$((failed + ${f:-1})) skipped=$((skipped + ${s:-0}))
}

# Joined: clang-tidy spends its time on headers, and reads them once for all sources of a library. The check that it leaves
# out refuses what joining is, an included source; grep does the same for our own.
tidy() {
  if git grep -nE '^ *# *include .*\.cpp[">]' src; then return 1; fi
  configure clang-tidy -DCMAKE_UNITY_BUILD=ON -DCLOUDFLARE_JOIN_SOURCES=ON || return
  local joined # the largest first
  joined=$(grep -oE '"file": "[^"]*build/clang-tidy/src/[^"]*/Unity/[^"]*"' build/clang-tidy/compile_commands.json | cut -d '"' -f 4)
  xargs -d "\n" ls -S <<<"$joined" | xargs -d "\n" -P "$jobs" -n 1 clang-tidy -p build/clang-tidy --quiet --checks=-bugprone-suspicious-include 2>&1 |
    sed -E '/^[0-9]+ warnings? generated\.$/d'
}

format() {
  find bench examples include src tests -name node_modules -prune -o -regex '.*\.[hc]pp' -print0 | xargs -0 clang-format --dry-run --Werror
}

scripts/setup.sh || exit 1
check "build with sanitizers" build_tests asan
run_ctest asan -L '^(example|faults)$'
count build/asan
check "g++ build without warnings" build_tests gcc
check "each public header compiles alone" build_tests gcc --target all_verify_interface_header_sets
# Unsanitized, so that the long tests can measure time and memory.
run_ctest gcc -L '^(unit|long|install|memory)$'
count build/gcc
check "ThreadSanitizer build" build_tests tsan --target tests_threads
run_ctest tsan -L '^threads$'
count build/tsan
# The fastest two of scripts/platforms.sh, which needs root on Debian 12.
for platform in clang19-libc++ i386; do
  if [ "$(id -u)" = 0 ] && grep -q '^VERSION_CODENAME=bookworm$' /etc/os-release; then
    scripts/platforms.sh --only "unit unit_d1" $platform
    count build/platforms/$platform/build
  else
    echo "SKIPPED: $platform: needs root on Debian 12" >&2
    skipped=$((skipped + 1))
  fi
done
check "clang-tidy" tidy
check "clang-format" format
# Doxygen is optional: scripts/setup.sh installs it where it can.
if command -v doxygen >/dev/null; then check "API reference without warnings" scripts/docs.sh; fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
