#!/usr/bin/env bash
# single_file.sh SOURCE INCLUDE WORK: scripts/amalgamate.sh writes one file that holds, for either compiler, token for token
# what the installed headers hold, which install_as_headers compiles with this build's compiler; it is compiled with the
# other one and runs the quickstart from a folder that has nothing else.
set -euo pipefail
source=$1 include=$2 work=$3
rm -rf "$work"
mkdir -p "$work/folder"
"$source/scripts/amalgamate.sh" "$work/cloudflare.hpp"
cd "$work"

{
  echo '#define _FILE_OFFSET_BITS 64'
  (cd "$include" && find cloudflare -name '*.hpp' ! -path '*/impl/*' ! -name '*src.hpp' | LC_ALL=C sort | sed 's|.*|#include <&>|')
  echo '#include <cloudflare/src.hpp>'
  echo '#include <cloudflare/local_src.hpp>'
} >headers.cpp
printf '#define CLOUDFLARE_IMPLEMENTATION\n#define CLOUDFLARE_LOCAL_IMPLEMENTATION\n#include "cloudflare.hpp"\n' >cloudflare.cpp
compilers=("$CXX")
for other in g++ clang++; do
  if command -v $other >/dev/null && [[ $(basename "$CXX") != "$other" ]]; then compilers+=($other); fi
done
tokens() { "$1" -std=c++20 -DNDEBUG -E -P -I "$2" "$3" | grep -v '^#pragma' | tr -d ' \n'; }
for compiler in "${compilers[@]}"; do
  cmp <(tokens "$compiler" "$include" headers.cpp) <(tokens "$compiler" . cloudflare.cpp) || {
    echo "the single file is not what the headers are, says $compiler" >&2
    exit 1
  }
done

# A source that only includes the file, as all but one of a program's do, and the one that holds the rest.
compiler=${compilers[-1]}
sed '/^#include <cloudflare\/cloudflare\.hpp>$/s/.*/#include "cloudflare.hpp"/; /^#include <cloudflare\//d' \
  "$source/examples/quickstart/main.cpp" >main.cpp
"$compiler" -std=c++20 -O0 -Wall -Wextra -Werror -DQUICKSTART_DEFAULT_FOLDER='"folder"' main.cpp cloudflare.cpp \
  -lcurl -lz -lsimdjson -lcrypto -lsqlite3 -pthread -o quickstart
echo 'some text' >folder/note.txt
./quickstart | tee said
grep -q '^files=1 bytes=10 equal=1$' said

# The store alone is refused in words.
printf '#define CLOUDFLARE_LOCAL_IMPLEMENTATION\n#include "cloudflare.hpp"\n' >store.cpp
if "$compiler" -std=c++20 -E store.cpp >/dev/null 2>said; then exit 1; fi
grep -q 'belongs into the source that defines CLOUDFLARE_IMPLEMENTATION' said
