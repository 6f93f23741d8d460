#!/usr/bin/env bash
# bench/run.sh [NAME...] [--json FILE]: builds release, runs the comparisons (all without a NAME) and prints for each
# baseline one line: NAME vs=BASELINE ours=… baseline=… ratio=… bar=… pass|miss. Exits with 1 if a bar is missed.
#
# An entry NAME is bench/NAME.sh or the program bench/NAME built by bench/CMakeLists.txt. It runs ours and the baselines
# alternately and prints for each baseline a line "BASELINE OURS BASELINE_VALUE UNIT BAR". The ratio is ours / baseline
# for bars "<=…" and for rates (a unit that ends in /s); with a bar ">=…" on a cost it is baseline / ours.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

entries=(build-cost include-cost fwd-cost binary-size local-query rows-decode rows-decode-owned ndjson-encode vectors-decode
  kv-bulk-encode kv-cache keys-list bulk-requests bulk-memory latency-hiding growth local-insert local-server blocking-get
  tls-get inflight-get h2-inflight-get allocations vs-ts-cpu)

names=() json=
while [ $# != 0 ]; do
  case $1 in
    --json)
      json=${2:?bench/run.sh: --json needs a file}
      shift
      ;;
    *)
      if ! [[ " ${entries[*]} " == *" $1 "* ]]; then
        echo "bench/run.sh: no entry $1; there are: ${entries[*]}" >&2
        exit 2
      fi
      names+=("$1")
      ;;
  esac
  shift
done
if [ ${#names[@]} = 0 ]; then names=("${entries[@]}"); fi

scripts/setup.sh >&2
configure release -DCLOUDFLARE_BUILD_BENCH=ON -DCLOUDFLARE_BUILD_EXAMPLES=OFF
cmake --build --preset release -j "$jobs" >&2

results=$(mktemp)
trap 'rm -f "$results"' EXIT
at=0
for name in "${names[@]}"; do
  at=$((at + 1))
  if [ -t 2 ]; then printf '%d of %d: %s\r' $at ${#names[@]} "$name" >&2; fi
  entry=bench/$name.sh
  if [ ! -f "$entry" ]; then entry=build/release/bench/$name; fi
  "$entry" | awk -v name="$name" -v results="$results" '
    NF != 5 { print "bench/run.sh: " name " printed: " $0 > "/dev/stderr"; bad = 1; exit }
    {
      ours = $2; baseline = $3; unit = $4; bar = $5
      at_most = bar ~ /^<=/
      bound = substr(bar, 3) + 0
      if (at_most || unit ~ /\/s$/) ratio = ours / baseline; else ratio = baseline / ours
      verdict = (at_most ? ratio <= bound : ratio >= bound) ? "pass" : "miss"
      printf "%s vs=%s ours=%s%s baseline=%s%s ratio=%.3g bar=%s %s\n", name, $1, ours, unit, baseline, unit, ratio, bar, verdict
      printf "{\"name\":\"%s\",\"vs\":\"%s\",\"ours\":%s,\"baseline\":%s,\"unit\":\"%s\",\"ratio\":%.4g,\"bar\":\"%s\",\"pass\":%s}\n",
        name, $1, ours, baseline, unit, ratio, bar, verdict == "pass" ? "true" : "false" >> results
    }
    END { if (bad || NR == 0) exit 1 }'
done
if [ -n "$json" ]; then
  { echo "[" && sed '$!s/$/,/' "$results" && echo "]"; } >"$json"
fi
! grep -q '"pass":false' "$results"
