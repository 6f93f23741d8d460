#!/usr/bin/env bash
# Installs what is missing on Debian or Ubuntu, without questions; elsewhere prints what to install. Does nothing if all
# is there.
#
#   scripts/setup.sh            everything the tests, checks and benchmarks use
#   scripts/setup.sh --packages the same, but for the packages from npm
#   scripts/setup.sh --node     the packages from npm alone
#   scripts/setup.sh --minimal  what building and installing the libraries and cloudflare-local needs
set -euo pipefail
cd "$(dirname "$0")/.."

build_packages=(g++ cmake ninja-build pkg-config git ca-certificates
  nlohmann-json3-dev libsimdjson-dev libcurl4-openssl-dev zlib1g-dev libssl-dev libsqlite3-dev
  libboost-dev libcli11-dev)
test_packages=(ccache lld clang clang-tidy clang-format catch2 libasio-dev libbenchmark-dev libcsv-dev nginx-light openssl curl sqlite3)
# clang's sanitizer runtimes have had their own package only since clang 14 in Debian 12. Doxygen makes the API reference.
optional_packages=(libclang-rt-14-dev doxygen)

packages=("${build_packages[@]}")
if [ "${1-}" != --minimal ]; then
  packages+=("${test_packages[@]}")
fi

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# The packages among the arguments that are not installed.
missing() {
  local installed
  installed=" $(dpkg-query -W -f='${db:Status-Status}=${Package} ' 2>/dev/null) "
  for package in "$@"; do
    case "$installed" in
      *" installed=$package "*) ;;
      *) echo "$package" ;;
    esac
  done
}

install_packages() {
  local wanted optional
  # shellcheck disable=SC2207  # one word per package
  wanted=($(missing "${packages[@]}"))
  # An existing node from another source is left alone.
  if [ "${1-}" != --minimal ] && ! command -v node >/dev/null; then
    wanted+=(nodejs npm)
  fi
  if [ ${#wanted[@]} = 0 ]; then
    return
  fi
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    echo "setup: needs root or sudo to install: ${wanted[*]}" >&2
    exit 1
  fi
  as_root apt-get update -qq || echo "setup: apt-get update failed; going on with the package lists at hand" >&2
  if [ "${1-}" != --minimal ]; then
    for optional in "${optional_packages[@]}"; do
      if apt-cache show "$optional" >/dev/null 2>&1; then wanted+=("$optional"); fi
    done
  fi
  echo "setup: installing ${wanted[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "${wanted[@]}" >/dev/null
}

# The engines that the tests compare with come from npm, pinned by the lock file; package scripts do not run.
install_node_modules() {
  local folder=tests/miniflare lock
  [ -f $folder/package-lock.json ] || return 0
  lock=$(sha256sum <$folder/package-lock.json)
  if [ "$(cat $folder/node_modules/.installed-lock 2>/dev/null)" = "$lock" ]; then
    return
  fi
  echo "setup: npm ci in $folder"
  if (cd $folder && npm ci --ignore-scripts --no-audit --no-fund); then
    echo "$lock" >$folder/node_modules/.installed-lock
  else
    echo "setup: npm ci failed; the tests against Cloudflare's own engines cannot run" >&2
  fi
}

if [ "${1-}" = --node ]; then
  install_node_modules
  exit
fi
if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
  install_packages "$@"
else
  echo "setup: this is neither Debian nor Ubuntu; please install what these Debian packages hold: ${packages[*]}" >&2
  command -v node >/dev/null || echo "setup: the tests also use node 18 or newer, with npm" >&2
fi
if [ $# = 0 ]; then
  install_node_modules
fi
