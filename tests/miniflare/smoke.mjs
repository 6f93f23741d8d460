// Every mapped operation once, and the facts of the engines that the contract tests build on. `node smoke.mjs`.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";
import { BEARER, post, startServer } from "./smoke_server.mjs";

if (!existsSync(new URL("node_modules/miniflare", import.meta.url))) {
  console.error("SKIPPED: miniflare is not installed: run `npm ci --ignore-scripts` in tests/miniflare");
  process.exit(77);
}

const KV = "/storage/kv/namespaces";
const D1 = "/d1/database";
let server;
before(async () => { server = await startServer(); });
after(async () => { await server?.close(); });

function refused(reply, status, code, text) {
  assert.equal(reply.status, status, reply.bytes.toString());
  assert.equal(reply.json.success, false);
  assert.equal(reply.json.errors[0].code, code);
  if (text !== undefined) assert.ok(reply.json.errors[0].message.includes(text), reply.json.errors[0].message);
}

function accepted(reply) {
  assert.equal(reply.json?.success, true, reply.bytes.toString());
  return reply.json.result;
}

let titles = 0;
async function namespace() {
  const { id } = accepted(await server.mapped(KV, post({ title: `smoke ${++titles}` })));
  return `${KV}/${id}`;
}

async function database() {
  const { uuid } = accepted(await server.mapped(D1, post({ name: `smoke-${++titles}` })));
  return `${D1}/${uuid}`;
}

const valueOf = (ns, key) => `${ns}/values/${encodeURIComponent(key)}`;
const put = (ns, key, body, query = "") => server.mapped(valueOf(ns, key) + query, { method: "PUT", body });
function form(fields) {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  return data;
}

test("a credential is needed, and each kind of wrong one has its code", async () => {
  refused(await server.mapped(KV, { headers: {} }), 400, 9106);
  refused(await server.mapped(KV, { headers: { Authorization: "Bearer wrong" } }), 401, 10000);
  refused(await server.mapped(KV, { headers: { Authorization: "Basic x" } }), 400, 6003);
  refused(await server.mapped(KV, { headers: { "X-Auth-Email": "test@example.com", "X-Auth-Key": "wrong" } }), 403, 9103);
  const pair = { "X-Auth-Email": "test@example.com", "X-Auth-Key": "test-key" };
  accepted(await server.mapped(KV, { headers: pair }));
  refused(await server.mapped(KV, { headers: { ...BEARER, ...pair } }), 400, 6003);
});

test("both verify routes say that a token is active; the user route does not know a token of an account", async () => {
  const reply = await server.api("/user/tokens/verify");
  assert.equal(accepted(reply).status, "active");
  assert.equal(reply.json.messages[0].code, 10000);
  accepted(await server.mapped("/tokens/verify"));
  const owned = { headers: { Authorization: "Bearer test-account-token" } };
  refused(await server.api("/user/tokens/verify", owned), 401, 1000);
  accepted(await server.mapped("/tokens/verify", owned));
});

test("unknown paths answer 7003, wrong methods 10405, and every reply has a ray", async () => {
  refused(await server.mapped("/nothing"), 404, 7003);
  refused(await server.api("/accounts/not%20an%20id/storage/kv/namespaces"), 404, 7003);
  const reply = await server.mapped(KV, { method: "PATCH", body: "{}" });
  refused(reply, 405, 10405);
  assert.match(reply.headers.get("cf-ray"), /^[0-9a-f]{16}-LHR$/);
});

test("namespaces are created, found, renamed, listed by pages and removed", async () => {
  const ids = [];
  for (const title of ["p-b", "p-a", "p-c"]) ids.push(accepted(await server.mapped(KV, post({ title }))).id);
  refused(await server.mapped(KV, post({ title: "p-a" })), 400, 10014);
  refused(await server.mapped(KV, post({})), 400, 10019);
  refused(await server.mapped(KV, post([])), 400, 10019);
  assert.equal(accepted(await server.mapped(`${KV}/${ids[0]}`)).title, "p-b");
  accepted(await server.mapped(`${KV}/${ids[0]}`, post({ title: "p-z" }, "PUT")));
  refused(await server.mapped(`${KV}/${ids[0]}`, post({ title: "p-a" }, "PUT")), 400, 10014);

  const page = await server.mapped(`${KV}?page=2&per_page=1&order=title&direction=desc`);
  assert.equal(accepted(page).length, 1);
  const { total_count: total, total_pages: pages, ...rest } = page.json.result_info;
  assert.deepEqual(rest, { page: 2, per_page: 1, count: 1 });
  assert.equal(pages, total);
  const titlesDown = accepted(await server.mapped(`${KV}?per_page=1000&order=title&direction=desc`)).map((n) => n.title);
  assert.deepEqual(titlesDown.filter((title) => title.startsWith("p-")), ["p-z", "p-c", "p-a"]);

  for (const id of ids) accepted(await server.mapped(`${KV}/${id}`, { method: "DELETE" }));
  refused(await server.mapped(`${KV}/${ids[0]}`), 404, 10013);
  refused(await server.mapped(`${KV}/${ids[0]}/values/k`), 404, 10013);
  refused(await server.mapped(`${KV}/short/keys`), 400, 10011);
});

test("a namespace that is handed out again is empty", async () => {
  const made = [];
  let seen = 0;
  // More than the pool holds, so that some come round again.
  for (let i = 0; i < 30; ++i) {
    const ns = await namespace();
    seen += made.filter((old) => old === ns).length;
    assert.deepEqual(accepted(await server.mapped(`${ns}/keys`)), []);
    accepted(await put(ns, "left behind", "x"));
    made.push(ns);
    accepted(await server.mapped(ns, { method: "DELETE" }));
  }
  assert.ok(seen > 0);
});

test("all 256 byte values survive a raw body and a form without a file name", async () => {
  const ns = await namespace();
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  accepted(await put(ns, "raw", bytes));
  assert.deepEqual((await server.mapped(valueOf(ns, "raw"))).bytes, bytes);
  const part = (name, content) => [Buffer.from(`--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n`), content, Buffer.from("\r\n")];
  const body = Buffer.concat([...part("value", bytes), ...part("metadata", Buffer.from('{"a":1}')), Buffer.from("--x--\r\n")]);
  const headers = { ...BEARER, "Content-Type": "multipart/form-data; boundary=x" };
  accepted(await server.mapped(valueOf(ns, "form"), { method: "PUT", headers, body }));
  assert.deepEqual((await server.mapped(valueOf(ns, "form"))).bytes, bytes);
  assert.deepEqual(accepted(await server.mapped(`${ns}/metadata/form`)), { a: 1 });
});

test("a form without metadata stores its value without any", async () => {
  const ns = await namespace();
  accepted(await put(ns, "k", form({ value: "before", metadata: "1" })));
  accepted(await put(ns, "k", form({ value: "after" })));
  assert.equal((await server.mapped(valueOf(ns, "k"))).bytes.toString(), "after");
  assert.equal(accepted(await server.mapped(`${ns}/metadata/k`)), null);
});

test("forms without value or with bad metadata are refused and store nothing", async () => {
  const ns = await namespace();
  refused(await put(ns, "k", form({ metadata: "{}" })), 400, 10001);
  refused(await put(ns, "k", form({ value: "v", metadata: "" })), 400, 10001);
  refused(await server.mapped(valueOf(ns, "k")), 404, 10009);
  refused(await server.mapped(`${ns}/metadata/k`), 404, 10009);
});

test("keys are listed in UTF-8 byte order with cursors, and the last cursor is empty", async () => {
  const ns = await namespace();
  // U+FFFD sorts below U+1F600 in UTF-8, above it in UTF-16.
  const names = ["B", "a", "a/b", "a%2Fb", "ключ", "\u{FFFD}", "\u{1F600}", "/lead", "a//b", "a b", "a+b", "a?b#c", "\x1f"];
  for (const name of names) accepted(await put(ns, name, name));
  const sorted = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const first = await server.mapped(`${ns}/keys?limit=10`);
  assert.equal(first.json.result_info.count, 10);
  const second = await server.mapped(`${ns}/keys?limit=10&cursor=${encodeURIComponent(first.json.result_info.cursor)}`);
  assert.deepEqual([...accepted(first), ...accepted(second)].map(({ name }) => name), sorted);
  assert.equal(second.json.result_info.cursor, "");
  assert.deepEqual(accepted(await server.mapped(`${ns}/keys?prefix=a%2F`)).map(({ name }) => name), ["a//b", "a/b"]);
  for (const name of names) {
    assert.equal((await server.mapped(valueOf(ns, name))).bytes.toString(), name);
    accepted(await server.mapped(valueOf(ns, name), { method: "DELETE" }));
  }
  accepted(await server.mapped(valueOf(ns, "never there"), { method: "DELETE" }));
  assert.deepEqual(accepted(await server.mapped(`${ns}/keys`)), []);
  refused(await server.mapped(`${ns}/keys?limit=5`), 400, 10011);
});

test("expiry: at least 60 seconds ahead, the ttl wins over the expiration, and the reply names it", async () => {
  const ns = await namespace();
  const now = Math.floor(Date.now() / 1000);
  refused(await put(ns, "k", "v", "?expiration_ttl=5"), 400, 10034,
          "Invalid expiration_ttl of 5. Expiration TTL must be at least 60.");
  refused(await put(ns, "k", "v", `?expiration=${now - 1}`), 400, 10033, "Please specify integer greater than the current");
  accepted(await put(ns, "k", "v", `?expiration_ttl=600&expiration=${now + 86400}`));
  const { headers } = await server.mapped(valueOf(ns, "k"));
  const expiration = Number(headers.get("expiration"));
  assert.ok(expiration >= now + 600 && expiration < now + 3600, String(expiration));
  assert.equal(accepted(await server.mapped(`${ns}/keys`))[0].expiration, expiration);
  accepted(await put(ns, "k", "v"));
  assert.equal((await server.mapped(valueOf(ns, "k"))).headers.get("expiration"), null);
});

test("limits: a value of 25 MiB, a key of 512 bytes, metadata of 1024", async () => {
  const ns = await namespace();
  const value = Buffer.alloc(26_214_400, 7);
  accepted(await put(ns, "big", value));
  assert.ok((await server.mapped(valueOf(ns, "big"))).bytes.equals(value));
  refused(await put(ns, "big", Buffer.alloc(26_214_401)), 413, 10011, "Value length of 26214401 exceeds limit of 26214400.");
  accepted(await put(ns, "é".repeat(256), "x"));
  refused(await put(ns, "é".repeat(256) + "k", "x"), 414, 10011, "UTF-8 encoded length of 513 exceeds key length limit of 512.");
  accepted(await put(ns, "m", form({ value: "v", metadata: JSON.stringify("m".repeat(1022)) })));
  refused(await put(ns, "m", form({ value: "v", metadata: JSON.stringify("m".repeat(1023)) })), 413, 10011, "Metadata length of 1025");
});

test("bulk: put with base64, ttl and metadata; get with and without metadata; delete in both forms", async () => {
  const ns = await namespace();
  const stored = accepted(await server.mapped(`${ns}/bulk`, post([
    { key: "bytes", value: "AAH/", base64: true, metadata: { n: 1.5 } },
    { key: "text", value: "{\"a\":1}", expiration_ttl: 600 },
    { key: "empty", value: "" },
  ], "PUT")));
  assert.deepEqual(stored, { successful_key_count: 3, unsuccessful_keys: [] });
  assert.deepEqual([...(await server.mapped(valueOf(ns, "bytes"))).bytes], [0, 1, 255]);

  const plain = accepted(await server.mapped(`${ns}/bulk/get`, post({ keys: ["text", "empty", "none"] })));
  assert.deepEqual(plain.values, { text: '{"a":1}', empty: "", none: null });
  const json = accepted(await server.mapped(`${ns}/bulk/get`, post({ keys: ["text"], type: "json" })));
  assert.deepEqual(json.values, { text: { a: 1 } });
  const { values } = accepted(await server.mapped(`${ns}/bulk/get`, post({ keys: ["bytes", "empty", "text", "none"], withMetadata: true })));
  assert.deepEqual(values.bytes.metadata, { n: 1.5 });
  assert.deepEqual(values.empty, { value: "", metadata: null });
  assert.equal(values.none, null);
  assert.ok(values.text.expiration > Date.now() / 1000);

  refused(await server.mapped(`${ns}/bulk/get`, post({ keys: [] })), 400, 10029);
  refused(await server.mapped(`${ns}/bulk/get`, post({ keys: Array.from({ length: 101 }, String) })), 400, 10029);
  refused(await server.mapped(`${ns}/bulk`, post({ key: "k", value: "v" }, "PUT")), 400, 10012);
  refused(await server.mapped(`${ns}/bulk`, post([{ key: "k", value: "v", expiration_ttl: 5 }], "PUT")), 400, 10034);
  accepted(await server.mapped(`${ns}/bulk/delete`, post(["bytes", "never there"])));
  accepted(await server.mapped(`${ns}/bulk`, post(["text"], "DELETE")));
  assert.deepEqual(accepted(await server.mapped(`${ns}/keys`)).map(({ name }) => name), ["empty"]);
});

test("1200 pairs in one bulk put make two pages, 10 001 are refused", async () => {
  const ns = await namespace();
  const pairs = Array.from({ length: 10_001 }, (_, i) => ({ key: String(i).padStart(5, "0"), value: "v" }));
  refused(await server.mapped(`${ns}/bulk`, post(pairs, "PUT")), 400, 10011);
  const stored = accepted(await server.mapped(`${ns}/bulk`, post(pairs.slice(0, 1200), "PUT")));
  assert.equal(stored.successful_key_count, 1200);
  let count = 0;
  for (let cursor = ""; ;) {
    const page = await server.mapped(`${ns}/keys${cursor && `?cursor=${encodeURIComponent(cursor)}`}`);
    count += accepted(page).length;
    cursor = page.json.result_info.cursor;
    if (cursor === "") break;
  }
  assert.equal(count, 1200);
});

test("databases are created, found by id and name, updated, listed and removed", async () => {
  const made = accepted(await server.mapped(D1, post({ name: "accounts", jurisdiction: "eu" })));
  assert.equal(made.jurisdiction, "eu");
  refused(await server.mapped(D1, post({ name: "accounts" })), 400, 7502);
  refused(await server.mapped(D1, post({ name: "" })), 400, 7400);
  refused(await server.mapped(D1, post({ name: "x", primary_location_hint: "moon" })), 400, 7400);
  const db = `${D1}/${made.uuid}`;
  assert.equal(accepted(await server.mapped(`${D1}/accounts`)).uuid, made.uuid);
  assert.deepEqual(accepted(await server.mapped(`${db}?fields=uuid,name`)), { uuid: made.uuid, name: "accounts" });
  assert.equal(accepted(await server.mapped(db, post({ read_replication: { mode: "auto" } }, "PATCH"))).read_replication.mode, "auto");
  accepted(await server.mapped(db, post({ read_replication: { mode: "disabled" } }, "PUT")));
  refused(await server.mapped(db, post({}, "PATCH")), 400, 7500);
  refused(await server.mapped(db, post({}, "PUT")), 400, 7400);
  const list = await server.mapped(`${D1}?name=account&per_page=10`);
  assert.deepEqual(accepted(list).map(({ name }) => name), ["accounts"]);
  assert.deepEqual(list.json.result_info, { page: 1, per_page: 10, count: 1, total_count: 1 });
  refused(await server.mapped(`${D1}?per_page=5`), 400, 7400);
  refused(await server.mapped(`${db}/time_travel/bookmark`), 400, 7500);
  assert.equal(accepted(await server.mapped(db, { method: "DELETE" })), null);
  refused(await server.mapped(db), 404, 7404);
  refused(await server.mapped(`${D1}/no-uuid/query`, post({ sql: "SELECT 1" })), 400, 7400);
});

test("a database that is handed out again is empty", async () => {
  for (let i = 0; i < 30; ++i) {
    const db = await database();
    assert.equal(accepted(await server.mapped(db)).num_tables, 0);
    accepted(await server.mapped(`${db}/query`, post({ sql: `CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT);
      CREATE TABLE b (a REFERENCES a); INSERT INTO a DEFAULT VALUES; INSERT INTO b VALUES (1); CREATE VIEW v AS SELECT * FROM b;
      CREATE VIRTUAL TABLE f USING fts5(t)` })));
    accepted(await server.mapped(db, { method: "DELETE" }));
  }
});

test("queries: raw keeps duplicate and empty columns, query gives objects, several statements give several results", async () => {
  const db = await database();
  const raw = async (body) => accepted(await server.mapped(`${db}/raw`, post(body)));
  assert.deepEqual((await raw({ sql: "SELECT 1 AS a, 'x' AS a" }))[0].results, { columns: ["a", "a"], rows: [[1, "x"]] });
  await raw({ sql: "CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB)" });
  assert.deepEqual((await raw({ sql: "SELECT * FROM t" }))[0].results, { columns: ["id", "b"], rows: [] });
  const [inserted] = await raw({ sql: "INSERT INTO t VALUES (?, ?)", params: [7, [0, 255]] });
  assert.equal(inserted.meta.changes, 1);
  assert.equal(inserted.meta.last_row_id, 7);
  assert.deepEqual(accepted(await server.mapped(`${db}/query`, post({ sql: "SELECT * FROM t" })))[0].results, [{ id: 7, b: [0, 255] }]);
  const several = await raw({ sql: "SELECT 'a;b' AS s; -- one; two\nSELECT 2; CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT CASE WHEN 1 THEN 2 END; SELECT 3; END;" });
  assert.deepEqual(several.map(({ results }) => results.rows), [[["a;b"]], [[2]], []]);
  refused(await server.mapped(`${db}/raw`, post({ sql: "SELECT ?; SELECT 2", params: [1] })), 400, 7400, "params with multiple statements is not supported");
  const types = await raw({ sql: "SELECT typeof(?), typeof(?), typeof(?), typeof(?), ?", params: [1, true, null, [1], true] });
  assert.deepEqual(types[0].results.rows, [["real", "real", "null", "blob", 1]]);
  const values = await raw({ sql: "SELECT 9007199254740993, 9e999, x'00ff'" });
  assert.deepEqual(values[0].results.rows, [[9007199254740992, null, [0, 255]]]);
});

test("a batch is one transaction, and SQL errors are 7500 with the engine's text", async () => {
  const db = await database();
  const query = (body) => server.mapped(`${db}/query`, post(body));
  accepted(await query({ sql: "CREATE TABLE t (id INTEGER PRIMARY KEY)" }));
  const insert = { sql: "INSERT INTO t VALUES (?)", params: [1] };
  refused(await query({ batch: [insert, insert] }), 400, 7500,
          "UNIQUE constraint failed: t.id: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_PRIMARYKEY)");
  assert.equal(accepted(await query({ batch: [insert, { sql: "SELECT count(*) AS n FROM t" }] }))[1].results[0].n, 1);
  refused(await query({ sql: "selec 1" }), 400, 7500, 'near "selec": syntax error at offset 0: SQLITE_ERROR');
  refused(await query({ sql: `SELECT ${Array(101).fill("?").join(",")}`, params: Array(101).fill(1) }), 400, 7500, "too many SQL variables at offset 207: SQLITE_ERROR");
  accepted(await query({ sql: `SELECT ${Array(100).fill("?").join(",")}`, params: Array(100).fill(1) }));
  refused(await query({ sql: `SELECT '${"x".repeat(100_000)}'` }), 400, 7500, "statement too long: SQLITE_TOOBIG");
  refused(await query({ sql: "ATTACH 'x' AS y" }), 400, 7500, "not authorized: SQLITE_AUTH");
  refused(await query({ sql: "SELECT sqlite_version()" }), 400, 7500, "not authorized to use function: sqlite_version");
  refused(await query({ sql: "BEGIN" }), 400, 7500, "instead of the SQL BEGIN TRANSACTION or SAVEPOINT statements");
  refused(await query({ sql: "" }), 400, 7500);
});

test("import runs the uploaded text in one transaction, export gives it back, and signed URLs refuse credentials", async () => {
  const db = await database();
  const sql = "CREATE TABLE t (id INTEGER, s TEXT);\nINSERT INTO t VALUES (1, 'a;''b');\nINSERT INTO t VALUES (2, 'line\nline');\n";
  const load = async (text) => {
    const etag = createHash("md5").update(text).digest("hex");
    const { filename, upload_url: url } = accepted(await server.mapped(`${db}/import`, post({ action: "init", etag })));
    assert.equal((await fetch(url, { method: "PUT", body: text, headers: BEARER })).status, 400);
    const uploaded = await fetch(url, { method: "PUT", body: text });
    assert.equal(uploaded.headers.get("etag"), `"${etag}"`);
    const started = await server.mapped(`${db}/import`, post({ action: "ingest", etag, filename }));
    assert.equal(started.status, 202);
    const bookmark = accepted(started).at_bookmark;
    return accepted(await server.mapped(`${db}/import`, post({ action: "poll", current_bookmark: bookmark })));
  };
  const done = await load(sql);
  assert.equal(done.status, "complete");
  assert.equal(done.result.num_queries, 3);
  const again = accepted(await server.mapped(`${db}/import`, post({ action: "init", etag: createHash("md5").update(sql).digest("hex") })));
  assert.equal(again.status, "complete");
  assert.equal(again.upload_url, undefined);
  const failed = await load("INSERT INTO t VALUES (3, 'x'); INSERT INTO missing VALUES (1);");
  assert.equal(failed.status, "error");
  assert.match(failed.error, /no such table: missing/);
  const idle = accepted(await server.mapped(`${db}/import`, post({ action: "poll", current_bookmark: "none" })));
  assert.deepEqual(idle, { success: false, type: "import", error: "Not currently importing anything." });

  const running = await server.mapped(`${db}/export`, post({ output_format: "polling" }));
  assert.equal(running.status, 202);
  const current_bookmark = accepted(running).at_bookmark;
  const { result } = accepted(await server.mapped(`${db}/export`, post({ output_format: "polling", current_bookmark })));
  assert.equal((await fetch(result.signed_url, { headers: BEARER })).status, 400);
  const text = await (await fetch(result.signed_url)).text();
  assert.match(text, /CREATE TABLE t/);
  assert.match(text, /INSERT INTO "t" VALUES\(1,'a;''b'\);/);
  assert.ok(!text.includes("VALUES(3"));
});

test("the Local Explorer serves the same namespaces behind the proxy", async () => {
  const ns = await namespace();
  accepted(await server.explorer(valueOf(ns, "a/b"), { method: "PUT", body: form({ value: "v", metadata: '{"m":1}' }) }));
  assert.equal((await server.mapped(valueOf(ns, "a/b"))).bytes.toString(), "v");
  assert.equal((await server.explorer(valueOf(ns, "a/b"))).bytes.toString(), "v");
  assert.deepEqual(accepted(await server.explorer(`${ns}/keys`)), [{ name: "a/b", metadata: { m: 1 } }]);
  assert.deepEqual(accepted(await server.explorer(`${ns}/bulk/get`, post({ keys: ["a/b", "none"] }))).values, { "a/b": "v", none: null });
  refused(await server.explorer(valueOf(ns, "none")), 404, 10009);
  refused(await server.explorer(`${KV}/${"0".repeat(32)}/keys`), 404, 10013);
  accepted(await server.explorer(valueOf(ns, "a/b"), { method: "DELETE" }));
});

test("the server ends when its standard input is closed", async () => {
  const second = await startServer();
  assert.equal(await second.close(), 0);
});
