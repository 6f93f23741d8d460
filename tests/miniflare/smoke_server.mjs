// Starts server.mjs as a test process does, and gives fetch with the right address and credential.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const BEARER = { Authorization: "Bearer test-token" };
const ACCOUNT = "/accounts/0123456789abcdef0123456789abcdef";

/** {mapped, explorer, raw, closed}: `mapped(path, init)` and `explorer(path, init)` answer {status, headers, json | bytes}. */
export async function startServer() {
  const child = spawn(process.execPath, [fileURLToPath(new URL("server.mjs", import.meta.url))],
                      { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, MINIFLARE_POOL: "24" } });
  const exited = new Promise((resolve) => child.on("exit", (code) => resolve(code)));
  const urls = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [name, url] = line.split(" ");
    urls[name] = url;
    if (name === "explorer") break;
  }
  if (urls.explorer === undefined) throw new Error(`server.mjs ended with ${await exited} before it was ready`);

  const call = (base) => async (path, { headers = BEARER, ...init } = {}) => {
    const reply = await fetch(base + path, { ...init, headers }).catch((error) => { throw error.cause; });
    const bytes = Buffer.from(await reply.arrayBuffer());
    const isJson = reply.headers.get("content-type")?.startsWith("application/json");
    return { status: reply.status, headers: reply.headers, bytes, json: isJson ? JSON.parse(bytes) : undefined };
  };
  return {
    api: call(urls.ready),
    mapped: call(urls.ready + ACCOUNT),
    explorer: call(urls.explorer + ACCOUNT),
    close() {
      child.stdin.end();
      return exited;
    },
  };
}

export const post = (body, method = "POST") =>
  ({ method, headers: { ...BEARER, "Content-Type": "application/json" }, body: JSON.stringify(body) });
