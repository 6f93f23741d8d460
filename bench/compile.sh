# Sourced: compare_compile BASELINE BAR OURS_INCLUDE... -- BASELINE_INCLUDE...
# CPU time of g++ over a file with nothing but the includes. The two alternate, and the least of nine runs counts.

# seconds of CPU for one compilation of $1
cpu_seconds() {
  local TIMEFORMAT='%U %S'
  { time g++ -std=c++20 -O2 -I include -c "$1" -o "$1.o"; } 2>&1 | awk '{ print $1 + $2 }'
}

compare_compile() {
  local baseline=$1 bar=$2 work file ours theirs i
  shift 2
  work=$(mktemp -d)
  file=$work/ours.cpp
  while [ $# != 0 ]; do
    if [ "$1" = -- ]; then file=$work/baseline.cpp; else echo "#include <$1>" >>"$file"; fi
    shift
  done
  for i in 1 2 3 4 5 6 7 8 9; do
    cpu_seconds "$work/ours.cpp" >>"$work/ours"
    cpu_seconds "$work/baseline.cpp" >>"$work/baseline"
  done
  ours=$(sort -g "$work/ours" | head -n 1)
  theirs=$(sort -g "$work/baseline" | head -n 1)
  rm -rf "$work"
  echo "$baseline $ours $theirs s $bar"
}
