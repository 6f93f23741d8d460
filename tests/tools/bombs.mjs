// Bodies that could cost far more memory than their size: deep nesting and many small values, sent to every route. Also
// measures what the largest allowed bodies cost. `node bombs.mjs PROGRAM [CASE]`.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { account, call, newDatabase, newNamespace, start, token } from "./local_server.mjs";
import { runCases } from "./raw_http.mjs";

const key = "jb_key";
const flags = ["--quiet", "--service-key", key, "--edgebase-kv", "cache", "--edgebase-d1", "db", "--edgebase-vectorize", "docs:3:cosine"];
const server = await start(...flags);
const kv = await newNamespace(server, "bombs");
const d1 = await newDatabase(server, "bombs");
const vectorize = `${account}/vectorize/v2/indexes`;
const json = { "content-type": "application/json" };
const ndjson = { "content-type": "application/x-ndjson" };

async function alive() {
  assert.equal((await call(server, "PUT", `${kv}/values/alive`, "yes")).status, 200);
}

const nest = (count, open, close) => open.repeat(count) + "1" + close.repeat(count);
function bombs(count) {
  return [nest(count, "[", "]"), nest(count, '{"a":', "}"), "[".repeat(count), '{"a":['.repeat(count)];
}

// Method, path, headers, and how a value gets into the body.
const routes = [
  ["POST", `${account}/storage/kv/namespaces`, json, (v) => `{"title":${v}}`],
  ["PUT", kv, json, (v) => `{"title":${v}}`],
  ["PUT", `${kv}/bulk`, json, (v) => `[{"key":"k","value":"v","metadata":${v}}]`],
  ["PUT", `${kv}/bulk`, json, (v) => `[{"key":"k","value":"v","expiration_ttl":${v}}]`],
  ["PUT", `${kv}/bulk`, json, (v) => `[{"key":"k","value":"v","unknown":${v}}]`],
  ["PUT", `${kv}/bulk`, json, (v) => `[{"key":${v},"value":"v"}]`],
  ["POST", `${kv}/bulk/delete`, json, (v) => `[${v}]`],
  ["DELETE", `${kv}/bulk`, json, (v) => `[${v}]`],
  ["POST", `${kv}/bulk/get`, json, (v) => `{"keys":["k"],"more":${v}}`],
  ["POST", `${account}/d1/database`, json, (v) => `{"name":"n","x":${v}}`],
  ["PATCH", d1, json, (v) => `{"read_replication":${v}}`],
  ["PUT", d1, json, (v) => `{"read_replication":${v}}`],
  ["POST", `${d1}/query`, json, (v) => `{"sql":"SELECT 1","params":${v}}`],
  ["POST", `${d1}/raw`, json, (v) => `{"sql":"SELECT ?","params":[${v}]}`],
  ["POST", `${d1}/import`, json, (v) => `{"action":"init","x":${v}}`],
  ["POST", `${d1}/export`, json, (v) => `{"output_format":"polling","dump_options":{"tables":${v}}}`],
  ["POST", vectorize, json, (v) => `{"name":"n","config":${v}}`],
  ["POST", `${vectorize}/docs/insert`, ndjson, (v) => `{"id":"a","values":[1,2,3],"metadata":${v}}`],
  ["POST", `${vectorize}/docs/upsert`, ndjson, (v) => `{"id":"a","values":[1,2,3],"metadata":{"m":${v}}}`],
  ["POST", `${vectorize}/docs/upsert`, ndjson, (v) => `{"id":"a","values":[1,2,3],"unknown":${v}}`],
  ["POST", `${vectorize}/docs/upsert`, ndjson, (v) => `{"id":"a","values":${v}}`],
  ["POST", `${vectorize}/docs/query`, json, (v) => `{"vector":[1,2,3],"filter":${v}}`],
  ["POST", `${vectorize}/docs/query`, json, (v) => `{"vector":${v}}`],
  ["POST", `${vectorize}/docs/get_by_ids`, json, (v) => `{"ids":${v}}`],
  ["POST", `${vectorize}/docs/delete_by_ids`, json, (v) => `{"ids":${v}}`],
  ["POST", `${vectorize}/docs/metadata_index/create`, json, (v) => `{"propertyName":${v}}`],
  ["POST", `${vectorize}/docs/metadata_index/delete`, json, (v) => `{"propertyName":${v}}`],
];
const edgeRoutes = [
  ["kv/cache", (v) => `{"action":"set","key":"k","value":${v}}`],
  ["kv/nobody", (v) => `{"action":${v}}`],
  ["d1/db", (v) => `{"query":"SELECT ?","params":[${v}]}`],
  ["vectorize/docs", (v) => `{"action":"upsert","vectors":[{"id":"a","values":[1,2,3],"metadata":${v}}]}`],
  ["vectorize/docs", (v) => `{"action":"search","vector":[1,2,3],"filter":{"a":${v}}}`],
];

async function refused(reply, path) {
  const text = await reply.text();
  assert.ok(reply.status >= 400 && reply.status < 500, `${path}: ${reply.status} ${text.slice(0, 200)}`);
  const answer = JSON.parse(text);
  assert.ok((answer.errors?.[0].message ?? answer.message).length > 5, text);
  return answer;
}

async function throwAt(count) {
  for (const bomb of bombs(count)) {
    for (const [method, path, headers, into] of routes) {
      for (const body of [bomb, into(bomb)]) {
        // The small bodies also without a credential.
        if (count < 100_000) await refused(await fetch(server.url + path, { method, headers, body }), path);
        const authorized = { ...headers, authorization: `Bearer ${token}` };
        const answer = await refused(await fetch(server.url + path, { method, headers: authorized, body }), path);
        assert.equal(answer.success, false, path);
      }
    }
    for (const [path, into] of edgeRoutes)
      for (const body of [bomb, into(bomb)])
        for (const credential of [{}, { "x-edgebase-service-key": "wrong" }, { "x-edgebase-service-key": key }])
          await refused(await fetch(`${server.origin}/api/${path}`, { method: "POST", headers: { ...json, ...credential }, body }), path);
    // A form's metadata, and a value that is asked for as JSON.
    const form = new FormData();
    form.set("value", "v");
    form.set("metadata", bomb);
    await refused(await fetch(`${server.url}${kv}/values/form`, { method: "PUT", headers: { authorization: `Bearer ${token}` }, body: form }), "form");
    assert.equal((await call(server, "PUT", `${kv}/values/bomb`, bomb)).status, 200);
    const get = await call(server, "POST", `${kv}/bulk/get`, { keys: ["bomb"], type: "json" });
    assert.equal(get.status, 400);
    assert.equal(get.body.errors[0].code, 10029);
  }
}

const status = (child) => readFileSync(`/proc/${child.pid}/status`, "utf8");
const kilobytes = (child, field) => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status(child))[1]);
// A sanitizer reserves terabytes and keeps freed memory, so memory cannot be measured under it: there, one body for each
// parser is sent, just large enough to be refused for its number of values, of which 3 000 000 are allowed. All of them
// are sent to the program without sanitizers.
const isSanitized = kilobytes(server.child, "VmPeak") > 1e9;

// The peak resident memory, in MB, of a fresh server that gets these calls.
async function peak(run) {
  const fresh = await start(...flags);
  try {
    await run(fresh);
    assert.equal((await call(fresh, "GET", "/user/tokens/verify")).status, 200);
    return kilobytes(fresh.child, "VmHWM") / 1000;
  } finally {
    await fresh.kill("SIGTERM");
  }
}
const sanitizedToo = new Set(["EdgeBase Vectorize", "D1 query", "KV bulk put, unknown", "Vectorize, \"unknown\"", "D1, a blob of 2 MB"]);
const noted = async (name, most, run) => {
  if (isSanitized && !sanitizedToo.has(name)) return;
  const megabytes = await peak(run);
  console.log(`  ${name}: ${megabytes.toFixed(0)} MB resident at most`);
  assert.ok(isSanitized || megabytes < most, `${name}: ${megabytes} MB`);
};
const zeros = (megabytes) => "[" + "0,".repeat((isSanitized ? 8 : megabytes) * 500_000) + "0]";

const cases = {
  "30 000 brackets to every route end in a clear error": () => throwAt(30_000),
  "1 000 000 brackets to every route end in a clear error": () => throwAt(1_000_000),

  async "47 MB of small values cost no gigabytes, whoever sends them"() {
    const many = zeros(47);
    const refuses = (path, body, headers = json, method = "POST") => async (fresh) => {
      const made = path.replace("$kv", await newNamespace(fresh, "n")).replace("$d1", await newDatabase(fresh, "d"));
      const { status, body: reply } = await call(fresh, method, made, body, headers);
      assert.ok(status >= 400 && status < 500, `${path}: ${status}`);
      assert.ok(reply.errors[0].message.length > 5);
    };
    const edge = (name, body, headers) => async (fresh) => {
      const reply = await fetch(`${fresh.origin}/api/${name}`, { method: "POST", headers: { ...json, ...headers }, body }).catch(() => null);
      if (reply !== null) assert.ok(reply.status >= 400 && reply.status < 500, `${name}: ${reply.status}`);
    };
    const mine = { "x-edgebase-service-key": key };
    await noted("EdgeBase, no key", 100, edge("kv/cache", many, {}));
    await noted("EdgeBase KV", 1000, edge("kv/cache", `{"action":"set","key":"k","value":${many}}`, mine));
    await noted("EdgeBase D1", 1000, edge("d1/db", `{"query":"SELECT 1","params":${many}}`, mine));
    await noted("EdgeBase Vectorize", 1000, edge("vectorize/docs", `{"action":"upsert","vectors":${many}}`, mine));
    await noted("D1 query", 1000, refuses("$d1/query", `{"sql":"SELECT 1","params":${many}}`));
    await noted("D1 batch", 1000, refuses("$d1/query", `{"batch":${many}}`));
    await noted("KV bulk delete", 1000, refuses("$kv/bulk/delete", many));
    await noted("KV bulk put", 1000, refuses("$kv/bulk", many, json, "PUT"));
    for (const name of ["metadata", "expiration", "unknown"])
      await noted(`KV bulk put, ${name}`, 1000, refuses("$kv/bulk", `[{"key":"k","value":"v","${name}":${many}}]`, json, "PUT"));
    for (const value of [`"metadata":{"m":${many}}`, `"unknown":${many}`, `"values":${many}`])
      await noted(`Vectorize, ${value.split(":")[0]}`, 1000, refuses(`${vectorize}/docs/upsert`, `{"id":"a","values":[1,2,3],${value}}`, ndjson));
    await noted("Vectorize query", 100, refuses(`${vectorize}/docs/query`, `{"vector":${many}}`));
    const names = "{" + Array.from({ length: isSanitized ? 1_600_000 : 4_000_000 }, (_, i) => `"${i}":0`).join(",") + "}";
    await noted("D1, many names", 1000, refuses("$d1/query", names));
  },

  async "many small values read from a key as JSON are refused"() {
    await noted("KV bulk get as json", 1000, async (fresh) => {
      const ns = await newNamespace(fresh, "n");
      assert.equal((await call(fresh, "PUT", `${ns}/values/k`, zeros(26))).status, 200);
      const reply = await call(fresh, "POST", `${ns}/bulk/get`, { keys: ["k"], type: "json" });
      assert.equal(reply.status, 400);
    });
  },

  async "the largest bodies that are allowed"() {
    const pairs = (count, bytes) =>
      "[" + Array.from({ length: count }, (_, i) => `{"key":"k${i}","value":"${"v".repeat(bytes)}","metadata":{"n":${i}}}`).join(",") + "]";
    await noted("KV, 100 MB of pairs", 1000, async (fresh) => {
      const ns = await newNamespace(fresh, "n");
      const body = pairs(10_000, 9_940);
      assert.ok(body.length > 99_000_000 && body.length <= 100_000_000, String(body.length));
      assert.equal((await call(fresh, "PUT", `${ns}/bulk`, body, json)).status, 200);
    });
    await noted("KV, 10 000 keys", 100, async (fresh) => {
      const ns = await newNamespace(fresh, "n");
      const keys = Array.from({ length: 10_000 }, (_, i) => `${i}`.padEnd(512, "k"));
      assert.equal((await call(fresh, "POST", `${ns}/bulk/delete`, keys)).status, 200);
    });
    await noted("KV, a value of 25 MiB", 200, async (fresh) => {
      const ns = await newNamespace(fresh, "n");
      assert.equal((await call(fresh, "PUT", `${ns}/values/k`, new Uint8Array(26_214_400))).status, 200);
      assert.equal((await call(fresh, "GET", `${ns}/values/k`)).status, 200);
    });
    await noted("D1, a blob of 2 MB", 1000, async (fresh) => {
      const database = await newDatabase(fresh, "d");
      const params = [Array(1_999_000).fill(255)];
      const reply = await call(fresh, "POST", `${database}/query`, { sql: "SELECT length(?) AS n", params });
      assert.equal(reply.body.result[0].results[0].n, 1_999_000);
    });
    await noted("Vectorize, 5000 vectors of 1536", 1000, async (fresh) => {
      await call(fresh, "POST", vectorize, { name: "wide", config: { dimensions: 1536, metric: "cosine" } });
      const values = JSON.stringify(Array.from({ length: 1536 }, (_, i) => Math.fround(i / 1537)));
      const line = (i) => `{"id":"${i}","values":${values.length < 19_900 ? values : "[" + Array(1536).fill("0.12345678").join(",") + "]"}}\n`;
      const body = Array.from({ length: 5000 }, (_, i) => line(i)).join("");
      assert.ok(body.length <= 100_000_000, String(body.length));
      assert.equal((await call(fresh, "POST", `${vectorize}/wide/upsert`, body, ndjson)).status, 200);
    });
    await noted("EdgeBase KV, a value of 25 MiB", 300, async (fresh) => {
      const set = JSON.stringify({ action: "set", key: "k", value: "v".repeat(26_214_400) });
      const reply = await fetch(`${fresh.origin}/api/kv/cache`, { method: "POST", headers: { ...json, "x-edgebase-service-key": key }, body: set });
      assert.equal(reply.status, 200);
    });
  },
};

await runCases(cases, alive);
assert.equal((await server.kill("SIGTERM"))[0], 0);
