#!/usr/bin/env bash
# rules.sh RULE SOURCE_DIR: fails, and shows the lines, where a rule is broken.
set -euo pipefail
cd "$2"

# Files below the given folders without // comments, as "file:line:text".
code() {
  find "$@" -type f \( -name '*.hpp' -o -name '*.ipp' -o -name '*.cpp' \) -print0 | sort -z | xargs -0 awk '
    { sub(/\/\/.*/, ""); print FILENAME ":" FNR ":" $0 }'
}

forbid() {
  if [ -n "$2" ]; then
    printf '%s:\n%s\n' "$1" "$2" >&2
    exit 1
  fi
}

case $1 in
  # g++ 12 frees the temporary of `= {}` twice inside a co_await expression, without a warning.
  option_defaults)
    forbid "a default argument of options is spelled \`= Options()\`, never \`= {}\`" \
      "$(code include src | grep -E '[A-Za-z_>&] *[A-Za-z_]* *= *\{ *\} *[,)]' || true)"
    ;;
  # A json value in a struct or a plain function's signature has one name in the linker and two layouts in programs whose
  # objects were built with different options of nlohmann/json.
  json_stays_text)
    forbid "a member or return type is json; hold JsonText, or make json a template argument" \
      "$(code include | grep -E '^[^:]*:[0-9]*:[^(<]*\b(nlohmann::(ordered_)?json|json)(>|\b) *[&*]* *[A-Za-z_]+ *(\(|;|=|\{)' |
        grep -vE ':(      |    (const |auto |return ))' || true)"
    forbid "an optional, vector or Result of json is a json too" \
      "$(code include | grep -E '[A-Za-z]<[^>]*\b(nlohmann::)?(ordered_)?json\b' | grep -vE '_v<' || true)"
    forbid "a trailing return type is a return type" \
      "$(code include | grep -E -e '-> *(nlohmann::)?(ordered_)?json\b' || true)"
    ;;
  src_without_json)
    forbid "src/ names nlohmann; the compiled core knows JSON as text only" "$(code src | grep -w nlohmann || true)"
    ;;
  # src/base/files.cpp alone knows the operating system.
  one_platform)
    forbid "a header or a call of one operating system; src/base/files.hpp has what is needed, or is the place for it" \
      "$(code include src | grep -v '^src/base/files\.cpp:' |
        grep -E '# *include <(unistd|fcntl|io|direct|windows|winsock2)\.h>|# *include <(sys|arpa|netinet)/|\b(gmtime_r|localtime_r|strerror_r|fseeko|ftello|tmpfile|mkstemp|fdopen)\(|::(open|close|unlink|rename|stat|fstat|isatty|ioctl|fsync|ftruncate|mkdir|getpid)\(' |
        grep -vE '[A-Za-z_]::(open|close|unlink|rename|stat)\(' || true)"
    forbid "a stream opened by a plain string, which Windows takes for text in its code page; use files::path_of()" \
      "$(code src | grep -E 'std::[io]?fstream [a-z_]+\(|file_?\.open\(' | grep -v 'path_of(' || true)"
    ;;
  # The lock file names packages, not the host they came from; nothing else has a reason to.
  no_foreign_hosts)
    forbid "a package registry's address" \
      "$(find . \( -path ./build -o -path ./.git -o -name node_modules \) -prune -o -type f -print0 |
        xargs -0 grep -nIE 'https?://[^ "]*(registry|npmjs|pypi|snapshot|artifact)|_auth[T]oken|"resolve[d]"' || true)"
    ;;
  # tests/async/views_test.cpp compiles each operation in its three views; this finds operations that it lacks. If
  # handles of both APIs share a base, the test must have the base's operations once for each API.
  three_views)
    missing=
    for header in include/cloudflare/*.hpp include/cloudflare/*/*.hpp; do
      grep -qE '^class (KvStore|SqlDatabase|VectorStore|[A-Za-z0-9]*Verbs)( :| \{)' "$header" || continue
      text=$(code "$header" | cut -d: -f3- | tr -s '\n ' ' ')
      handles=
      while read -r word; do
        case $word in
          class*)
            verbs=${word#class }
            verbs=${verbs%% *}
            case $verbs in
              KvStore) handles="KvNamespace edgebase::KvNamespace" ;;
              SqlDatabase) handles="D1Database edgebase::D1Database" ;;
              VectorStore) handles="VectorizeIndex edgebase::VectorizeIndex" ;;
              *)
                handles=$(grep -oE "class (CLOUDFLARE_API )?[A-Za-z0-9]+ : public $verbs<Throwing>" <<<"$text" |
                  sed -E 's/class (CLOUDFLARE_API )?//; s/ .*//')
                ;;
            esac
            ;;
          *)
            verb=${word##* }
            verb=${verb%(}
            for handle in $handles; do
              grep -qE "THREE_VIEWS\($handle, (template )?$verb[<,)]" tests/async/views_test.cpp ||
                missing+="$header: $handle::$verb"$'\n'
            done
            ;;
        esac
      done < <(grep -oE 'class (KvStore|SqlDatabase|VectorStore|[A-Za-z0-9]+Verbs)( : public [A-Za-z]+<View>)? \{|(Returns<[^(;]*>|Pages<View, [A-Za-z0-9:]+>) [a-z][a-z0-9_]*\(' <<<"$text")
    done
    forbid "operations that tests/async/views_test.cpp does not name" "$missing"
    ;;
  *)
    echo "unknown rule $1" >&2
    exit 2
    ;;
esac
