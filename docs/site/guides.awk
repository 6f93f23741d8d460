# Doxygen reads the guides through this filter: headings get the anchors that GitHub gives them, links between pages
# become references, and links to files that the site does not have become plain text.

function page_of(path,    decision) {
  decision = path ~ /decisions\// || (path !~ /\// && FILENAME ~ /decisions\//) ? "decision_" : ""
  sub(/.*\//, "", path)
  sub(/\.md$/, "", path)
  return path == "README" ? "guide_decisions" : "guide_" decision path
}

function slug(text) {
  text = tolower(text)
  gsub(/\[|\]\([^)]*\)/, "", text)
  gsub(/[^a-z0-9_ -]/, "", text)
  gsub(/ /, "-", text)
  return text
}

function link(label, target,    file, anchor) {
  if (target ~ /^[a-z]+:/) return "[" label "](" target ")"
  file = target
  anchor = ""
  if (match(target, /#/)) { file = substr(target, 1, RSTART - 1); anchor = substr(target, RSTART + 1) }
  if (file == "") return "[" label "](@ref " page "_" anchor ")"
  if (file ~ /\.md$/ && file !~ /(^|\/)(ARCHITECTURE|CONTRIBUTING|CHANGELOG|SECURITY|\.\.\/README)\.md$/ && file !~ /tests\//) {
    if (index_page && anchor == "") return "@subpage " page_of(file) " \"" label "\""
    return "[" label "](@ref " page_of(file) (anchor == "" ? "" : "_" anchor) ")"
  }
  return label
}

BEGIN { fence = 0 }
FNR == 1 { page = page_of(FILENAME); index_page = FILENAME ~ /(docs\/index|decisions\/README)\.md$/ }
/^```/ {
  fence = !fence
  sub(/^```(sh|console|text|json|sql|cmake|toml|yaml|ini)$/, "```", $0)
  print
  next
}
fence { print; next }
/^# / { gsub(/`/, ""); print $0 (FILENAME ~ /docs\/index\.md$/ ? " {#mainpage}" : " {#" page "}"); next }
/^##+ / { heading = $0; sub(/^#+ /, "", heading); print $0 " {#" page "_" slug(heading) "}"; next }
{
  rest = $0
  text = ""
  while (match(rest, /\[[^][]*\]\([^()]*\)/)) {
    before = substr(rest, 1, RSTART - 1)
    whole = substr(rest, RSTART, RLENGTH)
    after = substr(rest, RSTART + RLENGTH)
    label = whole; sub(/\]\(.*/, "", label); label = substr(label, 2)
    target = whole; sub(/.*\]\(/, "", target); target = substr(target, 1, length(target) - 1)
    text = text before link(label, target)
    rest = after
  }
  print text rest
}
