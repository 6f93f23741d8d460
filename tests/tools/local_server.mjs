// Starts cloudflare-local for a test: `node TEST.mjs PROGRAM`.

import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const token = "test-token";
const program = process.argv[2];
const folders = [];
const children = [];

export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), "cloudflare-local-"));
  folders.push(folder);
  return folder;
}

process.on("exit", () => {
  children.forEach((child) => child.kill("SIGKILL"));
  folders.forEach((folder) => rmSync(folder, { recursive: true, force: true }));
});

// Starts a server and waits until it serves. `log` is what it printed to stderr; `kill(signal)` waits for its end and
// gives [exit code, signal].
export async function start(...flags) {
  const child = spawn(program, ["--port", "0", "--token", token, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  const server = { child, log: "" };
  child.stderr.on("data", (text) => (server.log = (server.log + text).slice(-2_000_000)));
  const ended = new Promise((resolve) => child.on("exit", (...how) => resolve(how)));
  children.push(child);
  server.kill = (signal) => {
    child.kill(signal);
    return ended;
  };
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([new Promise((resolve) => lines.once("line", resolve)), ended]);
  if (typeof first !== "string" || !first.startsWith("ready ")) throw new Error(`no server: ${first} ${server.log}`);
  server.url = first.slice("ready ".length);
  server.origin = new URL(server.url).origin;
  server.port = Number(new URL(server.url).port);
  server.residentBytes = () => Number(readFileSync(`/proc/${child.pid}/statm`, "utf8").split(" ")[1]) * 4096;
  server.openFiles = () => readdirSync(`/proc/${child.pid}/fd`).length;
  return server;
}

// Makes a call with the right token and gives `{status, body}`; the body is parsed if it is JSON.
export async function call(server, method, path, body, headers = {}) {
  const isJson = body !== undefined && typeof body !== "string" && !(body instanceof Uint8Array);
  const reply = await fetch(server.url + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(isJson ? { "content-type": "application/json" } : {}),
      ...headers,
    },
    body: isJson ? JSON.stringify(body) : body,
  });
  const text = await reply.text();
  const parsed = reply.headers.get("content-type")?.startsWith("application/json") ? JSON.parse(text) : text;
  return { status: reply.status, headers: reply.headers, body: parsed };
}

export const account = "/accounts/local";

export async function newNamespace(server, title) {
  const made = await call(server, "POST", `${account}/storage/kv/namespaces`, { title });
  return `${account}/storage/kv/namespaces/${made.body.result.id}`;
}

export async function newDatabase(server, name) {
  const made = await call(server, "POST", `${account}/d1/database`, { name });
  return `${account}/d1/database/${made.body.result.uuid}`;
}
