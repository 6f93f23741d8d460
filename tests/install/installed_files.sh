#!/usr/bin/env bash
# installed_files.sh PREFIX LIBDIR VERSION [--update]: the installed files are those of installed_files.txt, no more, no
# fewer, and those of src/ in cloudflare/impl. --update rewrites the list from PREFIX.
set -euo pipefail
prefix=$1 libdir=$2 version=$3
list=$(dirname "$0")/installed_files.txt
# The library directory and the name of the configuration differ between machines and builds.
actual=$(cd "$prefix" && find . ! -type d ! -path '*/cloudflare/impl/*' | sed -e 's|^\./||' -e "s|^$libdir/|lib/|" -e "s|$version|VERSION|" \
  -e 's|-targets-[a-z]*\.cmake$|-targets-CONFIG.cmake|' | LC_ALL=C sort)
if [ "${4-}" = --update ]; then
  echo "$actual" >"$list"
fi
diff "$list" <(echo "$actual") || {
  echo "the installed files differ from $list; if that is meant: $0 $prefix $libdir $version --update" >&2
  exit 1
}
diff <(cd "$(dirname "$0")/../../src" && find . -name '*.[ch]pp' ! -path './server/*' | LC_ALL=C sort) \
  <(cd "$prefix"/include/cloudflare/impl && find . ! -type d | LC_ALL=C sort)
