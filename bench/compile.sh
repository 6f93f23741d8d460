# Sourced: what including headers costs, as CPU time of g++ -O2 over a file with nothing but the includes.

# seconds of CPU for one compilation of $1
cpu_seconds() {
  local TIMEFORMAT='%U %S'
  { time g++ -std=c++20 -O2 -I include -c "$1" -o "$1.o"; } 2>&1 | awk '{ print $1 + $2 }'
}

# least_of RUNS INCLUDE...: the least of so many runs.
least_of() {
  local runs=$1 work i
  shift
  work=$(mktemp -d)
  printf '#include <%s>\n' "$@" >"$work/it.cpp"
  for ((i = 0; i < runs; i++)); do cpu_seconds "$work/it.cpp"; done | sort -g | head -n 1
  rm -rf "$work"
}

# compare_compile BASELINE BAR OURS_INCLUDE... -- BASELINE_INCLUDE...: the two alternate, and the least of nine runs counts.
compare_compile() {
  local baseline=$1 bar=$2 work i ours=() theirs=()
  shift 2
  while [ "$1" != -- ]; do
    ours+=("$1")
    shift
  done
  shift
  theirs=("$@")
  work=$(mktemp -d)
  for ((i = 0; i < 9; i++)); do
    least_of 1 "${ours[@]}" >>"$work/ours"
    least_of 1 "${theirs[@]}" >>"$work/baseline"
  done
  echo "$baseline $(sort -g "$work/ours" | head -n 1) $(sort -g "$work/baseline" | head -n 1) s $bar"
  rm -rf "$work"
}
