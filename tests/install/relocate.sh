#!/usr/bin/env bash
# relocate.sh PREFIX ELSEWHERE: copies the installed tree; its text files must not remember where it was.
set -euo pipefail
rm -rf "$2"
cp -r "$1" "$2"
if grep -rIl --fixed-strings "$1" "$2"; then
  echo "the files above name the prefix they were installed to" >&2
  exit 1
fi
