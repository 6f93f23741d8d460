#!/usr/bin/env bash
# Builds the packages of the last commit and runs the quickstart with each.
#
#   scripts/packages.sh                  all of them
#   scripts/packages.sh debian|cpack|fetch_content|readme
#
# Prints "NAME: passed" for each. packaging/README.md tells what cannot be run on Debian.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
work=$PWD/build/packages
version=$(sed -n 's/^#define CLOUDFLARE_VERSION_[A-Z]* //p' include/cloudflare/version.hpp | paste -sd.)

# quickstart NAME PREFIX: builds examples/quickstart against an installed tree and runs it over docs/.
quickstart() {
  cmake -S examples/quickstart -B "$work/$1/quickstart" -G Ninja -DCMAKE_PREFIX_PATH="$2" >/dev/null
  cmake --build "$work/$1/quickstart"
  says_equal "$work/$1/quickstart/quickstart"
}

# says_equal PROGRAM: the quickstart reads back every file of docs/ as it was.
says_equal() {
  local files
  files=$(find docs -type f ! -name '.*' | wc -l)
  "$1" docs | tail -n 1 | grep "^files=$files bytes=[0-9]* equal=$files\$"
}

debian() {
  packaging/debian/build.sh "$work/debian" >"$work/debian.log" 2>&1 || { tail -n 40 "$work/debian.log" >&2; return 1; }
  local root=$work/debian/root package
  rm -rf "$root"
  for package in "$work"/debian/*.deb; do
    case $package in *dbgsym*) ;; *) dpkg-deb -x "$package" "$root" ;; esac
  done
  test -s "$work/debian/cloudflare-cpp_$version.dsc"
  quickstart debian "$root/usr"
  "$root/usr/bin/cloudflare-local" --help >/dev/null
  bash tests/install/hardened.sh "$root/usr/bin/cloudflare-local" optimised
}

cpack_archives() {
  cmake -S . -B "$work/cpack/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCLOUDFLARE_BUILD_TESTS=OFF \
    -DCLOUDFLARE_BUILD_EXAMPLES=OFF -DCLOUDFLARE_BUILD_TOOLS=OFF >/dev/null
  cmake --build "$work/cpack/build" -j "$jobs"
  rm -rf "$work/cpack/out" "$work/cpack/root"
  cpack --config "$work/cpack/build/CPackConfig.cmake" -B "$work/cpack/out" >/dev/null
  mkdir -p "$work/cpack/root"
  tar -x -C "$work/cpack/root" --strip-components 1 -f "$work"/cpack/out/*.tar.gz
  quickstart cpack "$work/cpack/root"
  if command -v dpkg-deb >/dev/null; then
    diff <(cd "$work/cpack/root" && find . -type f | LC_ALL=C sort) \
      <(dpkg-deb --fsys-tarfile "$work"/cpack/out/*.deb | tar -t | sed -n 's|^\./usr/\(.*[^/]\)$|./\1|p' | LC_ALL=C sort)
  fi
}

fetch_content() {
  cmake -S packaging/fetch_content -B "$work/fetch_content" -G Ninja -DREPOSITORY="file://$PWD" \
    -DCOMMIT="$(git rev-parse HEAD)" >/dev/null
  cmake --build "$work/fetch_content" -j "$jobs" --target quickstart
  says_equal "$work/fetch_content/quickstart/quickstart"
}

# README's other ways, pasted.
readme() {
  local prefix=$work/readme/prefix
  configure release
  cmake --build --preset release -j "$jobs"
  cmake --install build/release --prefix "$prefix" >/dev/null
  tests/install/ways.sh "$PWD/README.md" "$PWD" "$prefix" "$work/readme/ways"
}

[ $# -gt 0 ] || set -- debian cpack fetch_content readme
mkdir -p "$work"
for name; do
  case $name in
    debian) debian ;;
    cpack) cpack_archives ;;
    fetch_content) fetch_content ;;
    readme) readme ;;
    *) sed -n 's/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
  echo "$name: passed"
done
