#!/usr/bin/env bash
# limits.sh SOURCE_DIR [--print]: the table in docs/limits.md is what include/cloudflare/limits.hpp says.
set -euo pipefail
cd "$1"

table() {
  awk '
    function readable(value) {
      gsub(/\047/, " ", value)
      sub(/ULL << 20/, " MiB", value)
      sub(/ULL << 10/, " KiB", value)
      while (match(value, /[0-9][0-9][0-9][0-9][0-9]+/))
        value = substr(value, 1, RSTART + RLENGTH - 4) " " substr(value, RSTART + RLENGTH - 3)
      return value
    }
    /^\/\/ / { source = (comment ? source " " : "") substr($0, 4); comment = 1; next }
    { comment = 0 }
    /^inline constexpr/ {
      note = ""
      if (match($0, / *\/\/[\/<]* /)) { note = substr($0, RSTART + RLENGTH); $0 = substr($0, 1, RSTART - 1) }
      unit = /chrono::minutes/ ? " min" : /chrono::seconds/ ? " s" : ""
      sub(/;$/, "")
      if (match($0, /\{.*\}$/)) { value = substr($0, RSTART + 1, RLENGTH - 2); name = substr($0, 1, RSTART - 1) }
      else { at = index($0, " = "); value = substr($0, at + 3); name = substr($0, 1, at - 1) }
      sub(/.* /, "", name)
      text = source
      if (note != "") text = toupper(substr(note, 1, 1)) substr(note, 2) (note ~ /\.$/ ? " " : ". ") text
      gsub(/\|/, "\\|", text)
      print "| `" name "` | " readable(value) unit " | " text " |"
    }' include/cloudflare/limits.hpp
}

if [ "${2-}" = --print ]; then
  table
else
  diff <(grep '^| `' docs/limits.md) <(table) || { echo "docs/limits.md is not what limits.hpp says; see limits.sh --print" >&2; exit 1; }
fi
