#!/usr/bin/env bash
# snippets.sh SOURCE_DIR: every ```cpp block of README.md and docs/*.md is a marked region of a compiled example.
set -euo pipefail
cd "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Regions "// [name]" to "// [/name]" of the examples, without their indentation, one file each.
awk -v work="$work" '
  /^ *\/\/ \[[a-z_]+\]$/ { n++; match($0, /^ */); indent = RLENGTH; open = 1; next }
  /^ *\/\/ \[\/[a-z_]+\]$/ { open = 0; next }
  open { line = $0; if (substr(line, 1, indent) ~ /^ *$/) line = substr(line, indent + 1); print line > (work "/region." n) }
' examples/*.cpp examples/*/*.cpp

blocks=0
for page in README.md docs/*.md; do
  awk -v work="$work" -v page="$(basename "$page")" '
    /^```cpp$/ { n++; open = 1; next }
    /^```$/ { open = 0; next }
    open { print > (work "/block." page "." n) }
  ' "$page"
done
md5sum "$work"/region.* | cut -d' ' -f1 | sort -u >"$work/regions"
for block in "$work"/block.*; do
  [ -e "$block" ] || break
  blocks=$((blocks + 1))
  if ! md5sum <"$block" | cut -d' ' -f1 | grep -qxFf - "$work/regions"; then
    echo "not a marked region of an example: $(basename "$block")" >&2
    cat "$block" >&2
    exit 1
  fi
done
[ "$blocks" -gt 0 ]
