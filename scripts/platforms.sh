#!/usr/bin/env bash
# Builds and tests on other platforms than this machine's, each in a place of its own, build/platforms/NAME. Needs root on
# Debian 12 and installs what it uses. Each platform ends in a line "NAME: N passed, N failed, N skipped"; what was seen is
# in docs/platforms.md.
#
#   scripts/platforms.sh [--only "PROGRAM..."] NAME...
#
#   sid, debian13   a chroot with that release's compiler, CMake, libcurl, simdjson and Catch2
#   i386            cross-compiled, runs on this machine's processor: 32 bit
#   clang19-libc++  clang 19 with libc++, which lacks floating from_chars and has stop_token behind a flag
#   arm64, s390x    cross-compiled, run by qemu-user: an unsigned char; big endian
#   mingw           cross-compiled for Windows with its libraries, from Debian's source packages; run by Wine
#
# All run the unit and the HTTP tests, but those under qemu only what it bears, and Windows what does not need POSIX. --only names the test programs, as ctest
# does; scripts/check.sh runs the fastest two platforms with a few.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. scripts/platforms/lib.sh
. scripts/platforms/mingw.sh

only=()
if [ "${1-}" = --only ]; then
  read -ra only <<<"$2"
  shift 2
fi

# What each platform sets: options for cmake, the command that runs others inside the platform, and test programs if not
# all of them run.
options=()
inside=()
programs=()
tests=(-L '^(unit|http)$')

needed() {
  local wanted=() package
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed$' || wanted+=("$package")
  done
  if [ ${#wanted[@]} = 0 ]; then return; fi
  echo "platforms: installing ${wanted[*]}"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "${wanted[@]}" >/dev/null
}

libraries=(nlohmann-json3-dev libsimdjson-dev libcurl4-openssl-dev zlib1g-dev libssl-dev libsqlite3-dev libcsv-dev catch2)

# in_chroot SUITE
in_chroot() {
  needed mmdebstrap && make_system "$1" "$(dpkg --print-architecture)" apt \
    g++ cmake ninja-build pkg-config ccache nginx-light openssl ca-certificates "${libraries[@]}" && inside=(in_system)
}

# cross ARCHITECTURE TRIPLE MULTIARCH RUN...: RUN runs a program of that architecture.
cross() {
  local architecture=$1 triple=$2 multiarch=$3
  shift 3
  needed mmdebstrap "g++-$triple" && make_system bookworm "$architecture" extract libc6-dev libstdc++-12-dev "${libraries[@]}" ||
    return
  # The compiler is the toolchain file's, said again since the preset names another.
  options=(-DCMAKE_TOOLCHAIN_FILE="$PWD/cmake/toolchains/debian.cmake" -DCMAKE_CXX_COMPILER="$triple-g++"
    -DCLOUDFLARE_TRIPLE="$triple"
    -DCLOUDFLARE_MULTIARCH="$multiarch" -DCLOUDFLARE_ROOT="$PWD/$place/root" -DCLOUDFLARE_RUN="$(
      IFS=';'
      echo "$*"
    )")
}

prepare() {
  local root=$PWD/$place/root
  case $1 in
    sid)
      # Also what a user's project sees of the installed library with the newest CMake.
      tests=(-L '^(unit|http|install)$' -E '^install_(files|add_subdirectory|build_client|find_package_shared|two_units|mixed_json)$')
      in_chroot sid
      ;;
    debian13) in_chroot trixie ;;
    i386)
      cross i386 i686-linux-gnu i386-linux-gnu \
        "$root/lib/ld-linux.so.2" --library-path "$root/usr/lib/i386-linux-gnu:$root/lib/i386-linux-gnu"
      ;;
    arm64 | s390x)
      programs=(unit unit_d1)
      ;;&
    arm64) needed qemu-user-static && cross arm64 aarch64-linux-gnu aarch64-linux-gnu qemu-aarch64-static -L "$root" ;;
    s390x) needed qemu-user-static && cross s390x s390x-linux-gnu s390x-linux-gnu qemu-s390x-static -L "$root" ;;
    clang19-libc++)
      options=(-DCMAKE_CXX_COMPILER=clang++-19 "-DCMAKE_CXX_FLAGS=-stdlib=libc++ -fexperimental-library"
        -DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld)
      needed dpkg-dev clang-19 libc++-19-dev libc++abi-19-dev lld &&
        install_source simdjson "${options[@]}" -DSIMDJSON_DEVELOPER_MODE=OFF || return
      options+=(-DCMAKE_PREFIX_PATH="$PWD/$place/prefix")
      ;;
    mingw)
      programs=(unit unit_d1 edgebase local readers import example_readme_first example_quickstart)
      # Wine gives files names in the locale's characters.
      export WINEPREFIX=$PWD/$place/wine WINEDEBUG=-all LC_ALL=C.UTF-8
      options=(-DCMAKE_TOOLCHAIN_FILE="$PWD/cmake/toolchains/mingw.cmake" -DCLOUDFLARE_PREFIX="$PWD/$place/prefix")
      needed g++-mingw-w64-x86-64-posix libz-mingw-w64-dev wine64 wine dpkg-dev make perl tcl nlohmann-json3-dev catch2 &&
        mingw_libraries "${options[@]}" || return
      # Wine's services stay until the end: ctest waits for all that have a test's output.
      trap 'wineserver -k' EXIT
      mkdir -p "$WINEPREFIX" && wineserver -p && wineboot --init >"$place/wine.log" 2>&1 || return
      options+=("-DCMAKE_CXX_COMPILER=$triple-g++-posix" -DCLOUDFLARE_RUN=wine -DCLOUDFLARE_BUILD_EXAMPLES=ON
        # Unoptimised, every inline function has a section; the time that binutils 2.40 takes grows with their square.
        -DCMAKE_CXX_FLAGS_DEBUG=-O1)
      ;;
    *)
      echo "platforms: unknown platform $1" >&2
      return 1
      ;;
  esac
}

# run NAME: builds the chosen test programs and runs them.
run() {
  local build=$place/build targets=(tests_unit tests_http cloudflare_write_headers)
  prepare "$1" || return
  if [ ${#only[@]} != 0 ]; then programs=("${only[@]}"); fi
  if [ ${#programs[@]} != 0 ]; then
    targets=("${programs[@]/#/test_}")
    targets=("${targets[@]/#test_example_/example_}")
    tests=(-R "^($(
      IFS='|'
      echo "${programs[*]}"
    ))\$")
  fi
  "${inside[@]}" cmake --preset gcc -B "$build" -DCMAKE_CXX_FLAGS_DEBUG=-O0 -DCLOUDFLARE_BUILD_EXAMPLES=OFF \
    -DCLOUDFLARE_BUILD_TOOLS=OFF -DCLOUDFLARE_OPTIMISE_FAST=OFF "${options[@]}" >"$place/configure.log" 2>&1 || {
    cat "$place/configure.log" >&2
    return 1
  }
  "${inside[@]}" cmake --build "$build" -j "$jobs" --target "${targets[@]}" || return
  mkdir -p "$build/test-counts"
  "${inside[@]}" ctest --test-dir "$build" -j "$((jobs + 1))" --output-on-failure --no-tests=error \
    --output-junit "$PWD/$build/ctest.xml" "${tests[@]}"
}

status=0
for name in "$@"; do
  place=build/platforms/$name begin=$SECONDS
  mkdir -p "$place"
  rm -rf "$place/build/ctest.xml" "$place/build/test-counts"
  (run "$name")
  counts=$(scripts/count.sh "$place/build") || status=1
  echo "== $name: $((SECONDS - begin)) s"
  echo "$name: $counts"
done
exit $status
