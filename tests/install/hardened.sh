#!/usr/bin/env bash
# hardened.sh PROGRAM [optimised]: the installed program has what cmake/Hardening.cmake asks for. The checks of buffers
# are only in an optimised build.
set -euo pipefail
program=$1

wants() {
  local what=$1 pattern=$2
  shift 2
  if ! grep -qE "$pattern" <<<"$("$@")"; then
    echo "$program has no $what" >&2
    exit 1
  fi
}

wants "position-independent code" 'Type: *DYN' readelf -hW "$program"
wants "flag PIE" 'FLAGS_1.*PIE' readelf -dW "$program"
wants "read-only relocations" 'GNU_RELRO' readelf -lW "$program"
wants "binding at its start" 'FLAGS_1.*NOW' readelf -dW "$program"
wants "stack without execution" 'GNU_STACK.* RW ' readelf -lW "$program"
wants "checks of the stack" '__stack_chk_fail' readelf --dyn-syms -W "$program"
wants "checks of the standard library" '__glibcxx_assert_fail|__replacement_assert' readelf -sW "$program"
if [ "${2-}" = optimised ]; then wants "checks of buffers" '__[a-z]+_chk[@ ]' readelf --dyn-syms -W "$program"; fi
