// 20 rounds of load and SIGKILL: every acknowledged write is there afterwards, and the databases are intact.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { account, call, newDatabase, newNamespace, start, temporaryFolder } from "./local_server.mjs";

const rounds = 20;
const writers = 8;
const folder = temporaryFolder();
const written = new Map(); // key -> last acknowledged value
const maybe = new Map(); // key -> value on its way when the server died
const rows = new Set(); // acknowledged ids
const maybeRows = new Set();
let namespace, database;
let acknowledged; // called for each row

// Writes until the server dies.
async function write(server, round, writer) {
  for (let i = 0; ; ++i) {
    const key = `k${writer}-${i % 50}`;
    const value = `${round}-${i}`;
    const id = round * 1_000_000 + writer * 100_000 + i;
    maybe.set(key, value);
    maybeRows.add(id);
    try {
      const put = await call(server, "PUT", `${namespace}/values/${key}`, value);
      assert.equal(put.status, 200, JSON.stringify(put.body));
      written.set(key, value);
      maybe.delete(key);
      const sql = `INSERT INTO t (id) VALUES (${id})`;
      const insert = await call(server, "POST", `${database}/query`, { sql });
      assert.equal(insert.status, 200, JSON.stringify(insert.body));
      rows.add(id);
      maybeRows.delete(id);
      acknowledged();
    } catch (error) {
      if (error.code === "ERR_ASSERTION") throw error;
      return;
    }
  }
}

async function verify(server) {
  for (const [key, value] of written) {
    const { body } = await call(server, "GET", `${namespace}/values/${key}`);
    assert.ok(body === value || body === maybe.get(key), `${key}: ${body} instead of ${value}`);
    written.set(key, body);
  }
  maybe.clear();
  const { body } = await call(server, "POST", `${database}/raw`, { sql: "SELECT id FROM t" });
  const stored = new Set(body.result[0].results.rows.map(([id]) => id));
  for (const id of rows) assert.ok(stored.has(id), `row ${id} is gone`);
  for (const id of stored) assert.ok(rows.has(id) || maybeRows.has(id), `nobody wrote row ${id}`);
  for (const id of stored) rows.add(id);
  maybeRows.clear();
}

for (let round = 0; round < rounds; ++round) {
  const server = await start("--data", folder, "--quiet");
  if (round === 0) {
    namespace = await newNamespace(server, "kill");
    database = await newDatabase(server, "kill");
    await call(server, "POST", `${database}/query`, { sql: "CREATE TABLE t (id INTEGER PRIMARY KEY)" });
  }
  await verify(server);
  // The server is killed at a different moment each time.
  let left = 10 + 7 * round;
  const enough = new Promise((resolve) => (acknowledged = () => --left === 0 && resolve()));
  const load = Promise.all(Array.from({ length: writers }, (_, writer) => write(server, round, writer)));
  await Promise.race([enough, load]);
  await server.kill("SIGKILL");
  await load;
  assert.ok(left <= 0, "the server died by itself");
}

// An endless statement holds up neither the list of databases nor the end of the process.
const busy = await start("--data", folder, "--quiet");
const endless = "WITH RECURSIVE r(a) AS (VALUES(1) UNION ALL SELECT a + 1 FROM r) SELECT count(*) FROM r";
const interrupted = call(busy, "POST", `${database}/query`, { sql: endless });
await new Promise((resolve) => setTimeout(resolve, 300));
assert.equal((await call(busy, "GET", `${account}/d1/database`)).status, 200);
const signalled = performance.now();
assert.equal((await busy.kill("SIGTERM"))[0], 0);
assert.ok(performance.now() - signalled < 10_000, "the server did not end");
assert.equal((await interrupted).status, 503);

const server = await start("--data", folder, "--quiet");
await verify(server);
assert.equal((await server.kill("SIGTERM"))[0], 0);
const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".sqlite"));
assert.ok(files.length >= 2, String(files));
for (const file of files)
  assert.equal(String(execFileSync("sqlite3", [join(folder, file), "PRAGMA integrity_check"])).trim(), "ok", file);
console.log(`${rounds} kills: ${written.size} keys and ${rows.size} rows acknowledged, all there; ${files.length} databases intact`);
