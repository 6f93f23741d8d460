// The way to D1's own engine: the service behind the binding, whose answers are the ones the binding's JavaScript API wraps.

import { ApiError } from "./envelope.mjs";

async function call(binding, queries, format) {
  const reply = await binding.fetcher.fetch(`http://d1/query?resultsFormat=${format}`, {
    method: "POST",
    body: JSON.stringify(queries),
  });
  const text = await reply.text();
  // Results come as an array, a refusal as {"success":false,"error":…} whatever the HTTP status.
  if (!text.startsWith("[")) {
    let error;
    try {
      const answer = JSON.parse(text);
      if (answer.success) return { answer };
      error = answer.error;
    } catch {
      error = text;
    }
    throw new ApiError(400, 7500, String(error));
  }
  return { text, bookmark: reply.headers.get("x-cf-d1-session-commit-token") };
}

/** Runs `queries` ([{sql, params}]) in one transaction; `text` is the engine's JSON array of {success, results, meta}. */
export function run(binding, queries, format) {
  return call(binding, queries, format);
}

/** Rows of one statement, as arrays. */
export async function select(binding, sql) {
  const { text } = await call(binding, [{ sql }], "ROWS_AND_COLUMNS");
  const [{ results, meta }] = JSON.parse(text);
  return { rows: results.rows, meta };
}

/** The engine's own dump, one SQL statement a line. */
export async function dump(binding, { no_schema: noSchema = false, no_data: noData = false, tables = [] }) {
  const params = [noSchema ? 1 : 0, noData ? 1 : 0, ...tables];
  const { answer } = await call(binding, [{ sql: "PRAGMA miniflare_d1_export(?,?,?);", params }], "NONE");
  return answer.results[0].join("\n");
}

const quoted = (name) => `"${name.replaceAll('"', '""')}"`;

/** Drops everything in a database that was in use before. */
export async function empty(binding) {
  const { rows } = await select(binding, `SELECT type, name, sql LIKE 'CREATE VIRTUAL%' FROM sqlite_schema
    WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'
    ORDER BY 3 DESC`);
  if (rows.length === 0) return;
  // Virtual tables first: they take their shadow tables with them.
  const drops = rows.map(([type, name]) => ({ sql: `DROP ${type} IF EXISTS ${quoted(name)}` }));
  await run(binding, [{ sql: "PRAGMA defer_foreign_keys = on" }, ...drops], "NONE");
}
