# Sourced by the other scripts, which stand in the repository's root.

jobs=$(nproc 2>/dev/null || echo 2)

# configure PRESET [cmake options...]: quiet unless it fails.
configure() {
  local log
  log=$(cmake --preset "$@" 2>&1) || {
    echo "$log" >&2
    return 1
  }
}

# build_tests PRESET [cmake --build options...]: programs of tests are large; they link five times as fast with lld.
build_tests() {
  local preset=$1 linker=()
  shift
  if command -v ld.lld >/dev/null; then linker=(-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld); fi
  configure "$preset" "${linker[@]}" && cmake --build --preset "$preset" -j "$jobs" "$@"
}

# run_ctest PRESET [ctest options...]: leaves the results where scripts/count.sh, which judges them, looks.
run_ctest() {
  local preset=$1
  shift
  rm -rf "build/$preset/test-counts" "build/$preset/ctest.xml"
  mkdir -p "build/$preset/test-counts"
  ctest --preset "$preset" -j "$jobs" --no-tests=error --output-junit ctest.xml "$@" || true
}
