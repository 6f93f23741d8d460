# Sourced by the other scripts, which run in the repository's root.

jobs=$(nproc 2>/dev/null || echo 2)

# configure PRESET [cmake options...]: quiet unless it fails.
configure() {
  local log
  log=$(cmake --preset "$@" 2>&1) || {
    echo "$log" >&2
    return 1
  }
}

# configure_tests PRESET [cmake options...]: uses lld, which links the large test programs five times as fast.
configure_tests() {
  local linker=()
  if command -v ld.lld >/dev/null; then linker=(-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld); fi
  configure "$@" "${linker[@]}"
}

# build_tests PRESET [cmake --build options...]: prints how long it took.
build_tests() {
  local preset=$1 begin=$SECONDS
  shift
  configure_tests "$preset" && cmake --build --preset "$preset" -j "$jobs" "$@" || return
  echo "== $preset: built in $((SECONDS - begin)) s"
}

# run_ctest PRESET [ctest options...]: leaves the results where scripts/count.sh reads them.
run_ctest() {
  local preset=$1 begin=$SECONDS
  shift
  rm -rf "build/$preset/test-counts" "build/$preset/ctest.xml"
  mkdir -p "build/$preset/test-counts"
  ctest --preset "$preset" -j "$((jobs + 2))" --no-tests=error --output-junit ctest.xml "$@" || true
  echo "== $preset: ran in $((SECONDS - begin)) s"
}

# slowest PRESET: the ten tests of the last run that took longest.
slowest() {
  echo "== $1: the slowest ten"
  sed -nE 's/.*<testcase name="([^"]*)".* time="([0-9.]*)".*/\2 s  \1/p' "build/$1/ctest.xml" | sort -rn | head -n 10
}

# program_of PRESET NAME: the test program called NAME, or the one that has a source file of that name.
program_of() {
  local rules=build/$1/build.ninja
  if grep -q "^build test_$2: phony" "$rules"; then
    echo "$2"
    return
  fi
  # With joined sources the build rules name only the joined files, so this searches the lists in tests/.
  local file=${2%.cpp}.cpp
  awk -v file="/$file" '
    /cloudflare_(http_)?test\(/ { open = 1; text = "" }
    open { text = text " " $0 }
    open && /\)/ {
      open = 0
      gsub(/[()]/, " ", text)
      n = split(text, word, /[ \t]+/)
      for (i = 1; i <= n; i++) if (word[i] ~ /^cloudflare_(http_)?test$/) name = word[i + 1]
      for (i = 1; i <= n; i++) if (index("/" word[i], file) && ("/" word[i]) ~ (file "$")) { print name; exit }
    }' $(git ls-files 'tests/*CMakeLists.txt') | grep . && return
  return 1
}

# run_program PRESET PROGRAM [arguments...]: one test program, wherever it was built.
run_program() {
  local found
  found=$(find "build/$1/tests" -type f -name "test_$2" -perm -u+x | head -n 1)
  shift 2
  "$found" "$@"
}
