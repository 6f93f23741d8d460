// A life cycle of all KV, D1 and Vectorize calls with Cloudflare's own TypeScript SDK.

import assert from "node:assert/strict";
import { File } from "node:buffer";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";

import { start, token } from "./local_server.mjs";

const require = createRequire(new URL("../miniflare/", import.meta.url));
globalThis.File ??= File; // node 18 has it only in its module; the SDK asks for the global
const { default: Cloudflare, toFile } = require("cloudflare");

const server = await start("--quiet");
const cloudflare = new Cloudflare({ apiToken: token, baseURL: server.url, maxRetries: 0 });
const account_id = "local";

async function all(pages) {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
}

// Checks that `call` fails with an HTTP status and one of Cloudflare's codes.
async function refused(call, status, code) {
  const error = await call.then(
    () => assert.fail(`no error, expected ${code}`),
    (reason) => reason,
  );
  assert.equal(error.status, status, error.message);
  assert.equal(error.errors?.[0]?.code, code, error.message);
}

async function tokens() {
  assert.equal((await cloudflare.user.tokens.verify()).status, "active");
  const stranger = new Cloudflare({ apiToken: "wrong", baseURL: server.url, maxRetries: 0 });
  await refused(stranger.user.tokens.verify(), 401, 1000);
  await refused(stranger.kv.namespaces.create({ account_id, title: "mine" }), 401, 10000);
}

async function kv() {
  const { namespaces } = cloudflare.kv;
  const { id } = await namespaces.create({ account_id, title: "settings" });
  await refused(namespaces.create({ account_id, title: "settings" }), 400, 10014);
  assert.equal((await namespaces.update(id, { account_id, title: "renamed" })).title, "renamed");
  assert.equal((await namespaces.get(id, { account_id })).title, "renamed");
  assert.deepEqual((await all(namespaces.list({ account_id }))).map((each) => each.id), [id]);

  const at = { account_id, namespace_id: id };
  const key = "a/b c?%é";
  // The metadata is text, because the SDK would split an object into several form fields.
  await namespaces.values.update(key, { ...at, value: "good day", metadata: JSON.stringify({ by: "ada" }), expiration_ttl: 600 });
  assert.equal(await (await namespaces.values.get(key, at)).text(), "good day");
  assert.deepEqual(await namespaces.metadata.get(key, at), { by: "ada" });
  // Without metadata the SDK sends a form all the same, with the part `value` alone.
  await namespaces.values.update(key, { ...at, value: "no metadata" });
  assert.equal(await (await namespaces.values.get(key, at)).text(), "no metadata");
  assert.equal(await namespaces.metadata.get(key, at), null);
  await refused(namespaces.values.update("k", { ...at, value: "v", metadata: "{}", expiration_ttl: 5 }), 400, 10034);
  await refused(namespaces.values.get("missing", at), 404, 10009);

  const pairs = Array.from({ length: 2500 }, (_, i) => ({ key: `bulk-${String(i).padStart(4, "0")}`, value: `v${i}` }));
  assert.equal((await namespaces.bulkUpdate(id, { account_id, body: pairs })).successful_key_count, 2500);
  const names = (await all(namespaces.keys.list(id, { account_id, prefix: "bulk-" }))).map((each) => each.name);
  assert.deepEqual(names, pairs.map((pair) => pair.key));
  const { values } = await namespaces.bulkGet(id, { account_id, keys: ["bulk-0007", "missing"] });
  assert.deepEqual(values, { "bulk-0007": "v7", missing: null });
  await refused(namespaces.bulkGet(id, { account_id, keys: names.slice(0, 101) }), 400, 10029);
  await namespaces.bulkDelete(id, { account_id, body: names });
  await namespaces.values.delete(key, at);
  assert.deepEqual(await all(namespaces.keys.list(id, { account_id })), []);
  await namespaces.delete(id, { account_id });
  await refused(namespaces.get(id, { account_id }), 404, 10013);
}

async function imported(database, id, sql) {
  const etag = createHash("md5").update(sql).digest("hex");
  const begun = await database.import(id, { account_id, action: "init", etag });
  const upload = await fetch(begun.upload_url, { method: "PUT", body: sql });
  assert.equal(upload.headers.get("etag").replaceAll('"', ""), etag);
  let state = await database.import(id, { account_id, action: "ingest", etag, filename: begun.filename });
  while (state.status === "active")
    state = await database.import(id, { account_id, action: "poll", current_bookmark: state.at_bookmark });
  assert.equal(state.status, "complete", JSON.stringify(state));
}

async function exported(database, id) {
  let state = await database.export(id, { account_id, output_format: "polling" });
  while (state.status === "active")
    state = await database.export(id, { account_id, output_format: "polling", current_bookmark: state.at_bookmark });
  return (await fetch(state.result.signed_url)).text();
}

async function d1() {
  const { database } = cloudflare.d1;
  const { uuid } = await database.create({ account_id, name: "events" });
  await refused(database.create({ account_id, name: "events" }), 400, 7502);
  assert.equal((await database.get(uuid, { account_id })).name, "events");
  assert.deepEqual((await all(database.list({ account_id }))).map((each) => each.uuid), [uuid]);
  await database.edit(uuid, { account_id, read_replication: { mode: "auto" } });
  await database.update(uuid, { account_id, read_replication: { mode: "disabled" } });

  const query = async (sql, params) => all(database.query(uuid, { account_id, sql, params }));
  await query("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
  const before = (await database.timeTravel.getBookmark(uuid, { account_id })).bookmark;
  const [inserted] = await query("INSERT INTO t (name) VALUES (?), (?)", ["ada", "bob"]);
  assert.equal(inserted.meta.changes, 2);
  assert.deepEqual((await query("SELECT * FROM t"))[0].results, [{ id: 1, name: "ada" }, { id: 2, name: "bob" }]);
  const [raw] = await all(database.raw(uuid, { account_id, sql: "SELECT name FROM t WHERE id = ?", params: ["2"] }));
  assert.deepEqual(raw.results, { columns: ["name"], rows: [["bob"]] });
  const batch = [{ sql: "INSERT INTO t (name) VALUES ('eve')" }, { sql: "SELECT count(*) AS n FROM t" }];
  const answers = await all(database.query(uuid, { account_id, batch }));
  assert.equal(answers[1].results[0].n, 3);
  await refused(query("SELEC 1"), 400, 7500);
  await refused(database.get("00000000-0000-0000-0000-000000000000", { account_id }), 404, 7404);

  await imported(database, uuid, "CREATE TABLE u (x);\n" + "INSERT INTO u VALUES ('é');\n".repeat(1000));
  assert.equal((await query("SELECT count(*) AS n FROM u"))[0].results[0].n, 1000);
  const dump = await exported(database, uuid);
  assert.equal(dump.match(/INSERT INTO "?u"?/g).length, 1000);
  await database.timeTravel.restore(uuid, { account_id, bookmark: before });
  assert.equal((await query("SELECT count(*) AS n FROM t"))[0].results[0].n, 0);
  await database.delete(uuid, { account_id });
  await refused(database.get(uuid, { account_id }), 404, 7404);
}

async function vectorize() {
  const { indexes } = cloudflare.vectorize;
  const config = { dimensions: 3, metric: "cosine" };
  await indexes.create({ account_id, name: "docs", config });
  await refused(indexes.create({ account_id, name: "docs", config }), 400, 3002);
  assert.deepEqual((await indexes.get("docs", { account_id })).config, config);
  assert.deepEqual((await all(indexes.list({ account_id }))).map((each) => each.name), ["docs"]);
  await indexes.metadataIndex.create("docs", { account_id, propertyName: "year", indexType: "number" });
  const properties = (await indexes.metadataIndex.list("docs", { account_id })).metadataIndexes;
  assert.deepEqual(properties, [{ propertyName: "year", indexType: "number" }]);

  const lines = (vectors) => toFile(Buffer.from(vectors.map((each) => JSON.stringify(each) + "\n").join("")));
  const vectors = [
    { id: "a", values: [1, 0, 0], metadata: { year: 2020 } },
    { id: "b", values: [0, 1, 0], metadata: { year: 2021 } },
    { id: "c", values: [0.9, 0.1, 0], metadata: { year: 2021 } },
  ];
  const { mutationId } = await indexes.insert("docs", { account_id, body: await lines(vectors) });
  const info = await indexes.info("docs", { account_id });
  assert.equal(info.vectorCount, 3);
  assert.equal(info.processedUpToMutation, mutationId);
  await indexes.upsert("docs", { account_id, body: await lines([{ id: "b", values: [0, 0, 1], metadata: { year: 2022 } }]) });
  const short = await lines([{ id: "d", values: [1, 2] }]);
  await refused(indexes.upsert("docs", { account_id, body: short }), 400, 40012);

  const found = await indexes.query("docs", { account_id, vector: [1, 0, 0], topK: 2, returnMetadata: "all" });
  assert.deepEqual(found.matches.map((match) => match.id), ["a", "c"]);
  assert.ok(Math.abs(found.matches[0].score - 1) < 1e-6);
  const late = await indexes.query("docs", { account_id, vector: [1, 0, 0], filter: { year: { $gte: 2021 } } });
  assert.deepEqual(late.matches.map((match) => match.id), ["c", "b"]);
  const stored = await indexes.getByIDs("docs", { account_id, ids: ["b"] });
  assert.deepEqual(stored[0].values, [0, 0, 1]);
  const listed = await indexes.listVectors("docs", { account_id, count: 2 });
  assert.equal(listed.vectors.length, 2);
  assert.equal(listed.isTruncated, true);
  await indexes.deleteByIDs("docs", { account_id, ids: ["a"] });
  assert.equal((await indexes.info("docs", { account_id })).vectorCount, 2);
  await indexes.metadataIndex.delete("docs", { account_id, propertyName: "year" });
  await indexes.delete("docs", { account_id });
  await refused(indexes.get("docs", { account_id }), 400, 3005);
  await refused(indexes.get("never", { account_id }), 404, 3000);
}

for (const part of [tokens, kv, d1, vectorize]) {
  await part();
  console.log(`${part.name}: as on Cloudflare`);
}
const [code] = await server.kill("SIGTERM");
assert.equal(code, 0);
