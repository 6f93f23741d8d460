#!/usr/bin/env bash
# links.sh SOURCE_DIR: each relative link of the Markdown files leads to a file, and its anchor to a heading there. Each
# page of docs/ can be reached from docs/index.md.
set -euo pipefail
cd "$1"

git ls-files -co --exclude-standard -- '*.md' | grep -v '^tests/miniflare/node_modules/' | awk '
  function slug(text) {
    text = tolower(text)
    gsub(/\]\([^)]*\)/, "", text)
    gsub(/[^a-z0-9_ -]/, "", text)
    gsub(/ /, "-", text)
    return text
  }
  # "docs/x/../y.md" as "docs/y.md".
  function plain(path) {
    gsub(/\/\.\//, "/", path)
    sub(/^\.\//, "", path)
    while (match(path, /(^|\/)[^\/.][^\/]*\/\.\.(\/|$)/)) {
      before = substr(path, 1, RSTART - 1)
      after = substr(path, RSTART + RLENGTH)
      path = before (before != "" && after != "" ? "/" : "") after
    }
    return path
  }
  function dead(link, why) { print link ": " why > "/dev/stderr"; failed = 1 }

  { page[++pages] = $0 }
  END {
    for (p = 1; p <= pages; p++) {
      file = page[p]
      known[file] = 1
      folder = file
      if (!sub(/\/[^\/]*$/, "", folder)) folder = ""
      fence = 0
      while ((getline line < file) > 0) {
        if (line ~ /^ *```/) { fence = !fence; continue }
        if (fence) continue
        if (line ~ /^#+ /) {
          heading = line
          sub(/^#+ +/, "", heading)
          name = slug(heading)
          at = file "#" name
          if (at in anchor) at = at "-" ++twice[at]
          anchor[at] = 1
        }
        gsub(/`[^`]*`/, "", line)
        while (match(line, /\]\([^()]*\)/)) {
          target = substr(line, RSTART + 2, RLENGTH - 3)
          line = substr(line, RSTART + RLENGTH)
          if (target ~ /^[a-z]+:/) continue
          links++
          from[links] = file
          to[links] = target
          path = target
          sub(/#.*/, "", path)
          path = path == "" ? file : plain((folder == "" ? "" : folder "/") path)
          goal[links] = path
          fragment[links] = target ~ /#/ ? substr(target, index(target, "#") + 1) : ""
        }
      }
      close(file)
    }
    for (l = 1; l <= links; l++) {
      if (!(goal[l] in exists)) exists[goal[l]] = system("test -e \"" goal[l] "\"") == 0
      if (!exists[goal[l]]) dead(from[l] ": (" to[l] ")", "no such file")
      else if (fragment[l] != "" && !((goal[l] "#" fragment[l]) in anchor)) dead(from[l] ": (" to[l] ")", "no such heading")
    }
    reached["docs/index.md"] = 1
    do {
      more = 0
      for (l = 1; l <= links; l++) if (reached[from[l]] && !reached[goal[l]]) more = reached[goal[l]] = 1
    } while (more)
    for (p = 1; p <= pages; p++)
      if (page[p] ~ /^docs\// && !reached[page[p]]) dead(page[p], "no page leads here from docs/index.md")
    exit failed
  }'
