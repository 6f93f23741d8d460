#!/usr/bin/env bash
# floors.sh SOURCE_DIR: an include in src/ goes down or sideways, never up. Each line below is a floor, the lowest
# first. A file belongs to the floor with the longest path that its own path begins with. Public headers are below all.
set -euo pipefail
cd "$1"

floors='
base
http
engine
bulk
account kv d1 vectorize
workers_ai
files
testing
local/storage
local/http
local/account.hpp
local/kv local/d1 local/vectorize local/workers_ai
local
local/edgebase
server
'

breaches=$(find src -type f \( -name '*.hpp' -o -name '*.cpp' \) -print0 | sort -z | xargs -0 grep -HnE '^ *# *include +"' |
  awk -v floors="$floors" '
    BEGIN {
      count = split(floors, line, "\n")
      for (i = 1; i <= count; i++) {
        n = split(line[i], place, " ")
        for (j = 1; j <= n; j++) floor[place[j]] = i
      }
    }
    function floor_of(path,   p, best, at) {
      best = 0
      at = 0
      for (p in floor)
        if ((path == p || index(path, p "/") == 1) && length(p) > at) { best = floor[p]; at = length(p) }
      return best
    }
    {
      match($0, /:[0-9]+:/)
      file = substr($0, 5, RSTART - 5)  # without src/
      target = $0
      sub(/^[^"]*"/, "", target)
      sub(/".*/, "", target)
      from = floor_of(file)
      to = floor_of(target)
      if (from == 0) print "src/" file ": stands on no floor"
      else if (to == 0) print "src/" file ": \"" target "\" stands on no floor; name it from src/ on"
      else if (to > from) print "src/" file ": includes \"" target "\", which stands above it"
    }' | sort -u)
if [ -n "$breaches" ]; then
  printf 'includes that go up (tests/rules/floors.sh lists the floors):\n%s\n' "$breaches" >&2
  exit 1
fi
