// Cuts SQL text at the semicolons between statements: the engine runs several statements but returns only the last result,
// where the REST API returns one result each.

const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[^]*?(?:\*\/|$)|[A-Za-z_][\w$]*|;/g;
const TRIGGER = /^CREATE( TEMP| TEMPORARY)? TRIGGER/;

/** The statements of `sql` in order, without their semicolons; text that holds only space and comments is no statement. */
export function splitSql(sql) {
  const statements = [];
  let start = 0;
  let words = ""; // the first words of the statement, to know a trigger, whose body holds semicolons
  let depth = 0; // open BEGIN and CASE of a trigger
  let content = false; // anything but space and comments

  const cut = (end) => {
    if (content) statements.push(sql.slice(start, end).trim());
    words = "";
    depth = 0;
    content = false;
  };

  let reached = 0;
  for (const match of sql.matchAll(TOKEN)) {
    const token = match[0];
    if (/\S/.test(sql.slice(reached, match.index))) content = true;
    reached = match.index + token.length;
    if (token === ";") {
      if (depth > 0) continue;
      cut(match.index);
      start = reached;
    } else if (!token.startsWith("--") && !token.startsWith("/*")) {
      content = true;
      const word = token.toUpperCase();
      if (words.length < 40) words = words === "" ? word : `${words} ${word}`;
      if (TRIGGER.test(words) && (word === "BEGIN" || word === "CASE")) ++depth;
      if (depth > 0 && word === "END") --depth;
    }
  }
  if (/\S/.test(sql.slice(reached))) content = true;
  cut(sql.length);
  return statements;
}
