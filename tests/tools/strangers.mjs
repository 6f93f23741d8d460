// Who may talk to the server, decided by the head of a request: web pages, names that are rebound to this machine,
// peers without a credential, requests that two HTTP parsers would split differently.
// `node strangers.mjs PROGRAM [CASE]`.

import assert from "node:assert/strict";
import { readdirSync, readlinkSync } from "node:fs";
import { networkInterfaces } from "node:os";

import { account, call, newDatabase, newNamespace, start, token } from "./local_server.mjs";
import { assertEnvelope, auth, close, hostOf, prefix, raw as rawOn, repliesIn, runCases, statusOf } from "./raw_http.mjs";

const key = "jb_key";
const edge = ["--service-key", key, "--edgebase-kv", "cache", "--edgebase-d1", "db", "--edgebase-vectorize", "docs:3:cosine"];
const server = await start("--email", "ada@example.com", "--key", "secret-api-key", ...edge);
const kv = await newNamespace(server, "strangers");
const d1 = await newDatabase(server, "strangers");
const host = hostOf(server);
const raw = (bytes, options) => rawOn(server, bytes, options);
const json = "Content-Type: application/json\r\n";

// The unlinked files that the server holds open: the bodies that it keeps on disk.
function spools() {
  const folder = `/proc/${server.child.pid}/fd`;
  return readdirSync(folder).filter((fd) => {
    try {
      return readlinkSync(`${folder}/${fd}`).endsWith("(deleted)");
    } catch {
      return false;
    }
  }).length;
}

async function alive() {
  assert.equal((await call(server, "PUT", `${kv}/values/alive`, "yes")).status, 200);
}

const verify = (lines) => `GET ${prefix}/user/tokens/verify HTTP/1.1\r\n${lines}${close}\r\n`;

const cases = {
  async "a web page of another origin is refused, whatever it sends"() {
    const query = JSON.stringify({ sql: "CREATE TABLE page (x)" });
    const origins = [
      "https://evil.example", "http://evil.example:" + server.port, "null", "http://localhost:3000", "http://127.0.0.1",
      `https://localhost:${server.port}`, `http://localhost.evil.example:${server.port}`, "file://", "",
      `http://evil.example@localhost:${server.port}`, "chrome-extension://abc",
    ];
    for (const origin of origins) {
      const lines = `${host}Origin: ${origin}\r\nContent-Type: text/plain\r\nContent-Length: ${query.length}\r\n`;
      for (const credential of ["", auth]) {
        const post = `POST ${prefix}${d1}/query HTTP/1.1\r\n${lines}${credential}\r\n${query}`;
        const text = assertEnvelope(await raw(post), 403, 10000);
        assert.match(text, /Origin/, origin);
      }
      assertEnvelope(await raw(verify(`${host}${auth}Origin: ${origin}\r\n`)), 403, 10000);
      const ask = `OPTIONS ${prefix}${kv}/values/k HTTP/1.1\r\n${host}Origin: ${origin}\r\nAccess-Control-Request-Method: PUT\r\n\r\n`;
      const preflight = await raw(ask);
      assert.equal(statusOf(preflight), 403);
      assert.doesNotMatch(preflight, /access-control/i);
      const set = JSON.stringify({ action: "set", key: "page", value: "v" });
      const edgePost = `POST /api/kv/cache HTTP/1.1\r\n${host}Origin: ${origin}\r\n${json}X-EdgeBase-Service-Key: ${key}\r\nContent-Length: ${set.length}\r\n\r\n${set}`;
      assert.equal(statusOf(await raw(edgePost)), 403);
    }
    const tables = await call(server, "POST", `${d1}/raw`, { sql: "SELECT name FROM sqlite_schema WHERE name = 'page'" });
    assert.deepEqual(tables.body.result[0].results.rows, []);
  },

  async "the server's own origin is taken, by any name of loopback"() {
    for (const name of ["localhost", "127.0.0.1", "127.8.9.1", "[::1]", "LOCALHOST"])
      for (const lines of [`Host: ${name}:${server.port}\r\n`, `${host}Origin: http://${name}:${server.port}\r\n`])
        assert.equal(statusOf(await raw(verify(lines + auth))), 200, lines);
    assert.equal(statusOf(await raw(verify(`Host: localhost\r\n${auth}`))), 200);
  },

  async "a name that is rebound to this machine is refused"() {
    for (const name of [
      "evil.example", `evil.example:${server.port}`, "localhost.evil.example", "127.0.0.1.evil.example", "localhost:1",
      "192.0.2.1", `[2001:db8::1]:${server.port}`, "127.0.0.1@evil.example", "localhost/", "localhost:x", "localhost:",
      "[::1", "127.0.0.256", "127.1", "2130706433", "localhost.", "a b", "localhost,evil.example",
    ]) {
      const text = assertEnvelope(await raw(verify(`Host: ${name}\r\n${auth}`)), 403, 10000);
      assert.match(text, /--allow-host/, name);
    }
    // An absolute target on the request line takes precedence over the Host header.
    const absolute = (name) => `GET http://${name}${prefix}/user/tokens/verify HTTP/1.1\r\n${host}${auth}${close}\r\n`;
    assertEnvelope(await raw(absolute("evil.example")), 403, 10000);
    assert.equal(statusOf(await raw(absolute(`localhost:${server.port}`))), 200);
  },

  async "HTTP/1.1 without Host, or with two, is 400; HTTP/1.0 needs none"() {
    assertEnvelope(await raw(verify(auth)), 400);
    assertEnvelope(await raw(verify(`Host:\r\n${auth}`)), 400);
    assertEnvelope(await raw(verify(host + host + auth)), 400);
    assert.equal(statusOf(await raw(`GET ${prefix}/user/tokens/verify HTTP/1.0\r\n${auth}\r\n`)), 200);
    assertEnvelope(await raw(`GET ${prefix}/user/tokens/verify HTTP/1.0\r\nHost: evil.example\r\n${auth}\r\n`), 403);
  },

  async "--allow-host adds a name, for Host and Origin"() {
    const open = await start("--quiet", "--allow-host", "cloudflare.test", "--allow-host", "other.test:99");
    const ask = (lines) => rawOn(open, verify(lines + auth));
    assert.equal(statusOf(await ask("Host: cloudflare.test:1234\r\nOrigin: http://cloudflare.test:1234\r\n")), 200);
    assert.equal(statusOf(await ask("Host: CLOUDFLARE.test\r\n")), 200);
    assert.equal(statusOf(await ask("Host: other.test:99\r\n")), 200);
    assertEnvelope(await ask("Host: other.test\r\n"), 403, 10000);
    assertEnvelope(await ask(`Host: localhost:${open.port}\r\nOrigin: http://evil.example\r\n`), 403, 10000);
    assert.equal(statusOf(await ask(`Host: localhost:${open.port}\r\n`)), 200);
    await open.kill("SIGTERM");
    const everywhere = await start("--quiet", "--host", "0.0.0.0", "--allow-remote");
    const at = (name) => rawOn(everywhere, verify(`Host: ${name}\r\n${auth}`));
    // Any address, but no name: a page can rebind a name, not an address.
    const addresses = Object.values(networkInterfaces()).flat().filter((each) => each.family === "IPv4");
    for (const { address } of addresses) assert.equal(statusOf(await at(`${address}:${everywhere.port}`)), 200);
    assertEnvelope(await at(`evil.example:${everywhere.port}`), 403, 10000);
    await everywhere.kill("SIGTERM");
  },

  async "a request that two HTTP parsers could split differently is refused"() {
    const put = `PUT ${prefix}${kv}/values/cut HTTP/1.1\r\n${host}${auth}`;
    const inner = `PUT ${prefix}${kv}/values/smuggled HTTP/1.1\r\n${host}${auth}Content-Length: 1\r\n\r\nx`;
    const chunked = `1\r\nx\r\n0\r\n\r\n`;
    const cut = {
      [`Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde`]: 400,
      [`Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde`]: 400,
      [`Content-Length: 5, 5\r\n\r\nabcde`]: 400,
      [`Content-Length: +5\r\n\r\nabcde`]: 400,
      [`Content-Length: -1\r\n\r\n`]: 400,
      [`Content-Length: 0x5\r\n\r\nabcde`]: 400,
      [`Content-Length: 18446744073709551621\r\n\r\nabcde`]: 400,
      [`Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`]: 400,
      [`Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n${chunked}`]: 400,
      [`Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`]: 400,
      [`Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n${chunked}`]: 400,
      [`Transfer-Encoding: gzip\r\n\r\n${inner}`]: 501,
      [`Transfer-Encoding: gzip, chunked\r\n\r\n${chunked}`]: 501,
      [`Transfer-Encoding: identity\r\n\r\n${inner}`]: 501,
      [`Transfer-Encoding: chunked, gzip\r\n\r\n${chunked}`]: 501,
      [`Transfer-Encoding: xchunked\r\n\r\n${inner}`]: 501,
      [`Transfer-Encoding: "chunked"\r\n\r\n${chunked}`]: 501,
      [`Transfer-Encoding:\r\n\r\n${inner}`]: 501,
      [`Transfer-Encoding : chunked\r\n\r\n${chunked}`]: 400,
      [`Content-Length : 5\r\n\r\nabcde`]: 400,
      [`Transfer-Encoding: chunked\r\n\r\n1;x=\ny\r\nx\r\n0\r\n\r\n`]: 400,
      [`Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nx\r\n0\r\n\r\n`]: 400,
      [`Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n`]: 400,
      [`Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n`]: 400,
      [`Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n`]: 400,
    };
    for (const [rest, status] of Object.entries(cut)) {
      const reply = await raw(put + rest + inner, { end: true });
      assert.equal(repliesIn(reply), 1, `${JSON.stringify(rest)}: ${reply}`);
      assert.equal(statusOf(reply), status, `${JSON.stringify(rest)}: ${reply.slice(0, 100)}`);
      assertEnvelope(reply, status);
      assert.match(reply, /^connection: close/im);
    }
    const old = `PUT ${prefix}${kv}/values/cut HTTP/1.0\r\n${host}${auth}Transfer-Encoding: chunked\r\n\r\n${chunked}`;
    assertEnvelope(await raw(old + inner), 400);
    assert.equal((await call(server, "GET", `${kv}/values/smuggled`)).status, 404);
    assert.equal((await call(server, "GET", `${kv}/values/cut`)).status, 404);
    // A correct request, for comparison.
    const right = await raw(`${put}Transfer-Encoding: Chunked\r\n\r\n${chunked}${verify(host + auth)}`);
    assert.deepEqual([repliesIn(right), statusOf(right)], [2, 200]);
  },

  async "a second Authorization header is refused"() {
    assertEnvelope(await raw(verify(`${host}${auth}Authorization: Bearer other\r\n`)), 400);
    assertEnvelope(await raw(verify(`${host}Authorization: Bearer other\r\n${auth}`)), 400);
  },

  async "without a credential the server waits for no body and keeps none on disk"() {
    const before = spools();
    const large = "Content-Length: 4000000000\r\n";
    const put = (path, lines) => raw(`PUT ${path} HTTP/1.1\r\n${host}${lines}${large}\r\n`);
    const paths = [`${kv}/values/k`, `${kv}/bulk`, `${d1}/query`, "/nowhere", "/accounts/another/d1/database"];
    for (const path of paths) {
      assertEnvelope(await put(prefix + path, ""), 400, 9106);
      assertEnvelope(await put(prefix + path, "Authorization: Bearer wrong\r\n"), 401, 10000);
      assertEnvelope(await put(prefix + path, "X-Auth-Email: ada@example.com\r\nX-Auth-Key: wrong\r\n"), 401, 10000);
      const told = await put(prefix + path, "Expect: 100-continue\r\n");
      assert.doesNotMatch(told, /100 Continue/);
    }
    assertEnvelope(await put(`${prefix}/nowhere`, auth), 404, 7003);
    assertEnvelope(await put(`${prefix}/accounts/another/d1/database`, auth), 403, 10000);
    assertEnvelope(await put(`${prefix}${d1}/query`, auth), 405, 10405);
    assert.equal(statusOf(await put("/signed/nowhere", "")), 404);
    assert.equal(statusOf(await put("/signed/import/x.sql?token=wrong", "")), 403);
    assert.equal(statusOf(await put("/signed/import/x.sql", "")), 403);
    assert.equal(spools(), before);
  },

  async "a stream of chunks without a credential is answered at once"() {
    const piece = `100000\r\n${"x".repeat(1 << 20)}\r\n`;
    for (const path of [`${prefix}${kv}/bulk`, "/signed/import/x.sql?token=wrong"]) {
      const head = `PUT ${path} HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`;
      const reply = await raw([head, ...Array(4).fill(piece)]);
      assert.ok([400, 403].includes(statusOf(reply)), reply.slice(0, 200));
    }
    assert.equal(spools(), 0);
  },

  async "a signed upload is accepted only for the name it was signed for, up to 5 GB"() {
    const sql = "CREATE TABLE signed (x)";
    const begun = await call(server, "POST", `${d1}/import`, { action: "init", etag: "0".repeat(32) });
    const url = new URL(begun.body.result.upload_url);
    const put = (path, length = sql.length) => raw(`PUT ${path} HTTP/1.1\r\n${host}${close}Content-Length: ${length}\r\n\r\n${sql}`);
    assert.equal(statusOf(await put(`/signed/import/another.sql${url.search}`)), 403);
    assert.equal(statusOf(await put(url.pathname + url.search, 6_000_000_000)), 413);
    assert.equal(statusOf(await put(url.pathname + url.search)), 200);
  },

  async "EdgeBase: small bodies are checked in the documented order, large ones after the key"() {
    const post = (path, lines, body, length = body.length) =>
      raw(`POST /api/${path} HTTP/1.1\r\n${host}${lines}${close}Content-Length: ${length}\r\n\r\n${body}`);
    const right = `X-EdgeBase-Service-Key: ${key}\r\n`;
    const wrong = "X-EdgeBase-Service-Key: no\r\n";
    const get = JSON.stringify({ action: "get", key: "k" });
    const status = async (...how) => statusOf(await post(...how));
    assert.equal(await status("kv/cache", right + json, get), 200);
    assert.equal(await status("kv/cache", "", get), 415);
    assert.equal(await status("kv/cache", json, "{"), 400);
    assert.equal(await status("kv/cache", json, "{}"), 400);
    assert.equal(await status("kv/nobody", json, get), 404);
    assert.equal(await status("kv/cache", json, get), 403);
    assert.equal(await status("kv/cache", json + wrong, get), 401);
    // The body never arrives.
    const large = 90_000_000;
    assert.equal(await status("kv/cache", "", "", large), 415);
    assert.equal(await status("kv/nobody", json, "", large), 404);
    assert.equal(await status("nothing/cache", json, "", large), 404);
    for (const path of ["kv/cache", "d1/db", "vectorize/docs"]) {
      assert.equal(await status(path, json, "", large), 403);
      assert.equal(await status(path, json + wrong, "", large), 401);
    }
    const chunks = `POST /api/kv/cache HTTP/1.1\r\n${host}${json}Transfer-Encoding: chunked\r\n\r\n`;
    assert.equal(statusOf(await raw(chunks)), 403);
    const padded = get + " ".repeat(1 << 20);
    assert.equal(await status("kv/cache", right + json, padded), 200);
  },

  async "each route refuses a body beyond its own limit"() {
    const length = (path, bytes, method = "POST") =>
      raw(`${method} ${prefix}${path} HTTP/1.1\r\n${host}${auth}${json}Content-Length: ${bytes}\r\n\r\n`);
    for (const [method, path, bytes] of [
      ["PUT", `${kv}/values/k`, 30_000_000],
      ["PUT", `${kv}/bulk`, 120_000_000],
      ["POST", `${kv}/bulk/get`, 5_000_000],
      ["POST", `${account}/storage/kv/namespaces`, 5_000_000],
      ["POST", `${d1}/query`, 150_000_000],
      ["POST", `${d1}/import`, 5_000_000],
      ["POST", `${account}/vectorize/v2/indexes`, 5_000_000],
      ["POST", `${account}/vectorize/v2/indexes/docs/query`, 5_000_000],
      ["POST", `${account}/vectorize/v2/indexes/docs/upsert`, 120_000_000],
      ["GET", `${kv}/keys`, 1_000_000],
    ]) {
      const text = assertEnvelope(await length(path, bytes, method), 413);
      assert.match(text, /\d{4,} bytes/, path);
    }
  },

  async "tricks with escapes, long and strange targets"() {
    const get = (target) => raw(`GET ${target} HTTP/1.1\r\n${host}${auth}${close}\r\n`);
    for (const [target, statuses] of [
      [`${prefix}${kv}/values/%00`, [404]],
      [`${prefix}${kv}/values/%`, [400]],
      [`${prefix}${kv}/values/%4`, [400]],
      [`${prefix}${kv}/values/%ff`, [400]],
      [`${prefix}${kv}/values/%c0%af`, [400]],
      [`${prefix}${kv}/values/%ed%a0%80`, [400]],
      [`${prefix}${kv}/values/..`, [400]],
      [`${prefix}${kv}/values/%2e%2e`, [400]],
      [`${prefix}${kv}/values/${"k".repeat(513)}`, [414]],
      [`${prefix}${kv}/values/${"k".repeat(60_000)}`, [414]],
      [`${prefix}${kv}/keys?${"&".repeat(50_000)}`, [200]],
      [`${prefix}${kv}/keys?${"a=b&".repeat(10_000)}`, [200]],
      [`/${"/".repeat(60_000)}`, [404]],
      [`/client%2fv4/user/tokens/verify`, [404]],
      [`/client/v4/./user/tokens/verify`, [404]],
      [`/CLIENT/v4/user/tokens/verify`, [404]],
      [`${prefix}/user/tokens/verify#x`, [200, 400]],
      [`?x`, [404]],
      [`http://`, [403]],
      [`http://localhost:${server.port}`, [404]],
      [`ftp://localhost:${server.port}/`, [403, 404]],
      [`localhost:${server.port}`, [404, 403]],
    ]) {
      const reply = await get(target);
      assert.ok(statuses.includes(statusOf(reply)), `${target.slice(0, 80)}: ${reply.slice(0, 300)}`);
    }
    assertEnvelope(await get(`/${"x".repeat(70_000)}`), 431);
    for (const method of ["TRACE", "CONNECT", "HEAD", "BREW", "x".repeat(1000)]) {
      const reply = await raw(`${method} ${prefix}/user/tokens/verify HTTP/1.1\r\n${host}${auth}${close}\r\n`);
      assert.ok([400, 404, 405].includes(statusOf(reply)), `${method}: ${reply.slice(0, 100)}`);
    }
    const many = Array.from({ length: 9000 }, (_, i) => `a: \r\n`).join("");
    assert.equal(statusOf(await raw(verify(host + auth + many))), 200);
  },

  async "a client that closes its sending side, and one that pipelines many requests, are answered in order"() {
    const half = await raw(verify(host + auth), { end: true });
    assert.equal(statusOf(half), 200);
    const one = `PUT ${prefix}${kv}/values/pipelined HTTP/1.1\r\n${host}${auth}Content-Length: 4\r\n\r\n`;
    const all = Array.from({ length: 500 }, (_, i) => one + String(i).padStart(4, "0")).join("");
    const reply = await raw(all + verify(host + auth));
    assert.equal(repliesIn(reply), 501);
    assert.equal((await call(server, "GET", `${kv}/values/pipelined`)).body, "0499");
  },

  async "the log shows no credential, not even one that looks like its replacement"() {
    const odd = await start("--verbose", "--email", "a@b.c", "--key", "removed");
    await rawOn(odd, `GET ${prefix}/removed?x=removed HTTP/1.1\r\nHost: localhost\r\nX-Auth-Email: a@b.c\r\nX-Auth-Key: removed\r\n${close}\r\n`);
    assert.match(odd.log, /\/\[removed\]\?x=\[removed\] 404/);
    await odd.kill("SIGTERM");
    assert.ok(!server.log.includes(token) && !server.log.includes("secret-api-key"));
  },
};

await runCases(cases, alive);
assert.equal((await server.kill("SIGTERM"))[0], 0);
