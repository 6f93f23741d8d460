// 64 connections, mixed calls for a minute, or as many seconds as are given: no 5xx, and neither memory nor the number of
// open files grows.

import assert from "node:assert/strict";
import { Agent, request } from "node:http";

import { newDatabase, newNamespace, start, token } from "./local_server.mjs";

const seconds = Number(process.argv[3] ?? 60);
const connections = 64;
const server = await start("--quiet");
const kv = await newNamespace(server, "load");
const d1 = await newDatabase(server, "load");
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const statuses = new Map();
let calls = 0;

function send(method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const sent = request(server.url + path, { method, agent, headers }, (reply) => {
      reply.resume();
      reply.on("end", () => resolve(reply.statusCode));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const query = (sql, params) => send("POST", `${d1}/query`, JSON.stringify({ sql, params }));
assert.equal(await query("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)"), 200);

// Overwrites the same keys and rows, so that what is stored does not grow.
const mixed = [
  (i) => send("PUT", `${kv}/values/k${i % 500}`, "v".repeat(1000)),
  (i) => send("GET", `${kv}/values/k${i % 700}`),
  () => send("GET", `${kv}/keys?limit=100`),
  (i) => send("PUT", `${kv}/bulk`, JSON.stringify([0, 1, 2, 3].map((n) => ({ key: `b${(i + n) % 500}`, value: "w" })))),
  (i) => send("POST", `${kv}/bulk/get`, JSON.stringify({ keys: [`b${i % 500}`, "missing"] })),
  (i) => send("DELETE", `${kv}/values/k${(i * 7) % 500}`),
  (i) => query("INSERT OR REPLACE INTO t VALUES (?, ?)", [i % 500, `name ${i}`]),
  () => query("SELECT * FROM t LIMIT 50"),
  () => query("SELEC"),
  () => send("GET", "/nowhere"),
];

const end = Date.now() + seconds * 1000;
async function work(first) {
  for (let i = first; Date.now() < end; i += connections) {
    const status = await mixed[calls++ % mixed.length](i);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
}

const used = () => ({ bytes: server.residentBytes(), files: server.openFiles() });
const after = (at) => new Promise((resolve) => setTimeout(() => resolve(used()), at * 1000));
const early = after(seconds / 3);
const late = after(seconds - 1);
await Promise.all(Array.from({ length: connections }, (_, i) => work(i)));
const [before, atEnd] = [await early, await late];
console.log(`${calls} calls in ${seconds} s: ${[...statuses].map(([code, n]) => `${n} x ${code}`).join(", ")}`);
console.log(`resident memory: ${before.bytes} bytes at ${seconds / 3} s, ${atEnd.bytes} at the end; open files: ${before.files}, ${atEnd.files}`);
assert.deepEqual([...statuses.keys()].filter((status) => status >= 500), []);
assert.deepEqual([...statuses.keys()].sort(), [200, 400, 404]);
assert.ok(atEnd.bytes <= 1.1 * before.bytes);
assert.ok(atEnd.files <= before.files);
assert.equal((await server.kill("SIGTERM"))[0], 0);
agent.destroy();
