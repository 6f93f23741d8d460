# Doxygen reads the headers through this filter. It shows each operation once, as the throwing view declares it, and
# hides what a class needs but nobody looks up: copy and move members, friends, what only derived classes see. Lines keep
# their numbers.

# The length of the angle brackets that begin at `at`.
function brackets(text, at,    i, depth, c) {
  for (i = at; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (c == "<") depth++
    if (c == ">" && --depth == 0) return i - at + 1
  }
  return 0
}

# Returns<T> is T for those who do not choose a view.
function throwing(text,    begin, size) {
  while (match(text, /(^|[^A-Za-z_:])Returns</)) {
    begin = index(substr(text, RSTART), "Returns<") + RSTART - 1
    size = brackets(text, begin + 7)
    if (size == 0) break
    text = substr(text, 1, begin - 1) substr(text, begin + 8, size - 2) substr(text, begin + 7 + size)
  }
  return text
}

# Blanks the declaration or definition that begins at line `at`.
function hide(at,    indent) {
  match(line[at], /^ */)
  indent = RLENGTH
  hidden[at] = 1
  if (line[at] ~ /^ *template /) { hidden[++at] = 1 }
  while (line[at] !~ /(;|\})( *\/\/.*)?$/ || (line[at] ~ /;$/ && depth_of(at) > 0)) hidden[++at] = 1
  hidden[at] = 1
}

function depth_of(at,    i, d, t) {
  d = 0
  for (i = begin_of; i <= at; i++) { t = line[i]; d += gsub(/\{/, "", t); t = line[i]; d -= gsub(/\}/, "", t) }
  return d
}

function documented(at) { return line[at - 1] ~ /^ *\/\/\// }

# The name that a line declares as a function, or "".
function declared(text) {
  sub(/ *\/\/.*/, "", text)
  sub(/^ *(\[\[nodiscard\]\] *)?/, "", text)
  sub(/^decltype\(auto\)/, "auto", text)
  if (text !~ /\(/ || text ~ /^(\/\/|:|,|\}|return|if|for|while|static_assert|using|typedef|#)/) return ""
  sub(/\(.*/, "", text)
  if (!match(text, /[A-Za-z_~][A-Za-z_0-9]*$/)) return ""
  return substr(text, RSTART)
}

# What is said about the member `name` of the class that is open.
function sentence(name) {
  if ((type "." name) in said) return said[type "." name]
  return said[name]
}

# The name of the field that a line declares, or "".
function field(text) {
  sub(/ *\/\/.*/, "", text)
  if (text !~ /;$/ || text ~ /^ *(using|friend|static_assert|return|template|enum|struct|class|typedef|std::variant)/) return ""
  sub(/(\{[^{}]*\}| = [^;]*)?;$/, "", text)
  if (text ~ /\)$|const$|noexcept$/ || text !~ /[A-Za-z>*&] +[*&]?[a-z_0-9]+$/ || !match(text, /[a-z_0-9]+$/)) return ""
  return substr(text, RSTART)
}

BEGIN {
  while ((getline entry < "docs/site/members.txt") > 0)
    if (entry !~ /^#/ && (bar = index(entry, "|")) > 0) said[substr(entry, 1, bar - 1)] = substr(entry, bar + 1)
}

{ line[NR] = $0 }

END {
  for (i = 1; i <= NR; i++) {
    text = line[i]
    if (view) { hidden[i] = text !~ /^\};/; if (!hidden[i]) view = 0; continue }
    # Views and the handles of the other two: a page with their comment alone.
    if (text ~ /^class (CLOUDFLARE_API )?(Checked|Async)[A-Za-z0-9]+ : public / || text ~ /^struct (Checked|Throwing|Async) \{/) {
      sub(/ : public .*\{/, " {", line[i])
      if (text !~ /\};/) view = 1
      continue
    }
    begin_of = i
    if (text ~ /^extern template/) hide(i)
    # Doxygen loses a class whose constructor has a requires clause behind it.
    else if (text ~ /\(\) requires [a-z_:<>A-Z]+$/) { hidden[i] = hidden[i + 1] = 1 }
    else if (text ~ /page_item_name\(const/ || text ~ /^ +(template <.*> )?[A-Za-z].*[A-Za-z>] [a-z_]+_(\{\})?;/) hide(i)
    else if (text ~ /^ *using (Returns|Context|value_type|error_type|iterator_concept|difference_type|Item) =/) {
      hide(i)
      if (line[i - 1] ~ /^ *template /) hidden[i - 1] = 1
    } else if (!documented(i) && text ~ /^ +friend /) hide(i)
    else if (!documented(i) && text ~ /^ +(virtual )?~[A-Za-z]+\(/) hide(i)
    else if (!documented(i) && text ~ /= (default|delete);/) hide(i)
    else if (!documented(i) && text ~ /^ +(constexpr )?[A-Za-z]+& operator=\(/) hide(i)
    else if (!documented(i) && match(text, /^ +[A-Z][A-Za-z]+\((const )?[A-Z][A-Za-z]+(&|&&)( [a-z_]+)?\)/)) {
      name = text; sub(/^ +/, "", name); sub(/\(.*/, "", name)
      other = text; sub(/^[^(]*\((const )?/, "", other); sub(/&.*/, "", other)
      if (name == other) hide(i)
    }
  }
  last = ""
  sources = ""
  for (i = 1; i <= NR; i++) {
    text = line[i]
    if (text ~ /^(struct|class) /) {
      type = text
      sub(/^(struct|class) (\[\[nodiscard\]\] )?(CLOUDFLARE_([A-Z]+_)?API )?/, "", type)
      sub(/[ <:{;].*/, "", type)
      last = ""
    }
    # In limits.hpp the comment above a group of constants is about each of them: mostly their source.
    if (FILENAME ~ /limits\.hpp$/) {
      if (text ~ /^\/\/ /) sources = (line[i - 1] ~ /^\/\/ / ? sources " " : "") substr(text, 4)
      if (text ~ /^inline constexpr/ && text !~ /\/\/\/</) text = "/** " sources " */ " text
      print text
      continue
    }
    if (hidden[i]) { print ""; continue }
    sub(/^ protected:/, " private:", text)
    # A declaration right after one of the same name, without a comment of its own, is its overload.
    first = line[i - 1] !~ /[(,]$/ && text ~ /^( |  |)(template <|\[\[nodiscard\]\]|[A-Za-z])/ && text !~ /^ *(public|private|requires)/
    if (first) {
      at = i
      if (line[at] ~ /^ *template </) at++
      if (line[at] ~ /^ *requires/ && line[at] !~ /\) [A-Z][A-Za-z]+\(/) at++
      name = declared(line[at])
      if (name == "" && line[at] ~ /^ *(\[\[nodiscard\]\] )?[A-Za-z:_<>, *&]+$/) name = declared(line[at + 1])
      if (match(line[at], /\) [A-Z][A-Za-z]+\(/) && line[at] ~ /^ *requires/) name = substr(line[at], RSTART + 2, RLENGTH - 3)
      if (line[at] ~ /operator/) name = line[at]
      if (sub(/^.*operator/, "operator", name)) sub(/\(.*/, "", name)
      if (documented(i)) last = name
      else if (name != "" && line[i - 1] !~ /^ *template </) {
        if (sentence(name) != "" && name != last) {
          match(text, /^ */)
          text = substr(text, 1, RLENGTH) "/** " sentence(name) " */ " substr(text, RLENGTH + 1)
          last = name
        } else if (name == last) { match(text, /^ */); text = substr(text, 1, RLENGTH) "/** As the one above, for other arguments. */ " substr(text, RLENGTH + 1) }
      }
    }
    if (type != "" && text ~ /^  [A-Za-z]/ && !documented(i) && text !~ /\/\/\/</ && (name = field(text)) != "" && sentence(name) != "")
      text = "  /** " sentence(name) " */ " substr(text, 3)
    # Doxygen takes a comment line after a trailing comment for its continuation.
    if (sub(/\/\/\/< /, "/**< ", text)) text = text " */"
    gsub(/\[\[nodiscard\]\] ?/, "", text)
    gsub(/\[\[noreturn\]\] ?/, "", text)
    gsub(/CLOUDFLARE_(LOCAL_|FILES_|TESTING_)?API /, "", text)
    print throwing(text)
  }
}
