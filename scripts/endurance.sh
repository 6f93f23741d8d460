#!/usr/bin/env bash
# The proofs that take minutes, with optimisation and without sanitizers. Each prints "NAME: N passed, N failed".
#
#   scripts/endurance.sh            all of them
#   scripts/endurance.sh floats     every one of the 2^32 floats is written as std::to_chars writes it
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

[ $# -gt 0 ] || set -- floats
scripts/setup.sh
configure release -DCLOUDFLARE_BUILD_TESTS=ON -B build/endurance
for name in "$@"; do
  case $name in
    floats)
      cmake --build build/endurance -j "$jobs" --target endurance_all_floats
      build/endurance/tests/endurance/endurance_all_floats
      ;;
    *)
      sed -n 's/^# \{0,1\}//p' "$0" >&2
      exit 2
      ;;
  esac
done
