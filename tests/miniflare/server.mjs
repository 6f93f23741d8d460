// Starts Cloudflare's KV and D1 engines behind worker.mjs on loopback, and prints one line each when they serve:
//   ready http://127.0.0.1:PORT/client/v4        the mapping in worker.mjs
//   explorer http://127.0.0.1:PORT/client/v4     miniflare's own Local Explorer (explorer.mjs), whose answers we do not write
// Ends when stdin is closed, so that a test process that dies never leaves it behind.

import "./node18.mjs";

import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";
import { startExplorerProxy } from "./explorer.mjs";

const root = dirname(fileURLToPath(import.meta.url));
const size = Number(process.env.MINIFLARE_POOL ?? 64);

// Ids look like Cloudflare's and are the same on every start.
const hashes = (product) => Array.from({ length: size }, (_, i) => createHash("md5").update(`${product}${i}`).digest("hex"));
const uuid = (h) => [h.slice(0, 8), h.slice(8, 12), `4${h.slice(13, 16)}`, `8${h.slice(17, 20)}`, h.slice(20)].join("-");
const entries = (prefix, ids) => ids.map((id, i) => ({ binding: `${prefix}_${i}`, id }));
const pools = { kv: entries("KV", hashes("kv")), d1: entries("DB", hashes("d1").map(uuid)) };
const bindings = (pool) => Object.fromEntries(pool.map(({ binding, id }) => [binding, id]));

const modules = ["worker.mjs", ...readdirSync(join(root, "worker")).map((name) => join("worker", name))];

const miniflare = new Miniflare({
  host: "127.0.0.1",
  port: 0,
  cf: false,
  unsafeLocalExplorer: true,
  compatibilityDate: "2026-04-01",
  modulesRoot: root,
  modules: modules.map((path) => ({ type: "ESModule", path: join(root, path) })),
  bindings: { POOLS: pools },
  kvNamespaces: { ...bindings(pools.kv), EDGEBASE_KV: "edgebase-cache" },
  d1Databases: { ...bindings(pools.d1), EDGEBASE_DB: "edgebase-analytics" },
});

let proxy;
let stopping = false;
async function stop(code) {
  if (stopping) return;
  stopping = true;
  process.stdin.destroy();
  proxy?.close();
  proxy?.closeAllConnections();
  // No process.exit(): miniflare is still removing its temporary folder when dispose() returns.
  process.exitCode = code;
  await miniflare.dispose();
}
process.stdin.on("close", () => stop(0)).on("error", () => stop(0)).resume();
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => stop(0));

try {
  const url = await miniflare.ready;
  proxy = await startExplorerProxy(url.port);
  process.stdout.write(`ready http://127.0.0.1:${url.port}/client/v4\n`);
  process.stdout.write(`explorer http://127.0.0.1:${proxy.address().port}/client/v4\n`);
} catch (error) {
  if (!stopping) process.stderr.write(`${error.stack}\n`);
  await stop(1);
}
