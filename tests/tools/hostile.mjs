// Bad requests: too large, too slow, cut off, malformed, without a credential. The server answers each clearly and goes
// on serving. Also tests the server's flags.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";

import { account, call, newDatabase, newNamespace, start, temporaryFolder, token } from "./local_server.mjs";
import { assertEnvelope, auth, hostOf, prefix, raw as rawOn, runCases, statusOf } from "./raw_http.mjs";

const server = await start("--verbose", "--email", "ada@example.com", "--key", "secret-api-key");
const kv = await newNamespace(server, "hostile");
const d1 = await newDatabase(server, "hostile");
const host = hostOf(server);
const raw = (bytes, options) => rawOn(server, bytes, options);

async function alive() {
  const begin = performance.now();
  const { status } = await call(server, "PUT", `${kv}/values/alive`, "yes");
  assert.equal(status, 200);
  return performance.now() - begin;
}

const cases = {
  async "headers beyond 64 KiB"() {
    const head = `GET ${prefix}/user/tokens/verify HTTP/1.1\r\n${host}${auth}X-Long: ${"x".repeat(100_000)}\r\n\r\n`;
    assertEnvelope(await raw(head), 431);
  },

  async "bodies beyond every limit, with or without Content-Length, are refused without being kept"() {
    const put = `PUT ${prefix}${kv}/bulk HTTP/1.1\r\n${host}${auth}Content-Type: application/json\r\n`;
    assertEnvelope(await raw(`${put}Content-Length: 200000000\r\n\r\n`), 413);
    const piece = `100000\r\n${"x".repeat(1 << 20)}\r\n`;
    assertEnvelope(await raw([`${put}Transfer-Encoding: chunked\r\n\r\n`, ...Array(120).fill(piece)]), 413);
    const large = await call(server, "PUT", `${kv}/values/k`, new Uint8Array(26_214_401));
    assert.equal(large.status, 413);
    const just = await call(server, "PUT", `${kv}/values/k`, new Uint8Array(26_214_400));
    assert.equal(just.status, 200);
  },

  async "requests that end too early"() {
    const put = `PUT ${prefix}${kv}/values/half HTTP/1.1\r\n${host}${auth}Content-Length: 10\r\n\r\n`;
    for (const bytes of ["G", "GET / HT", put.slice(0, 60), put, `${put}12345`]) await raw(bytes, { end: true });
    assert.equal((await call(server, "GET", `${kv}/values/half`)).status, 404);
  },

  async "bytes that are not HTTP"() {
    assertEnvelope(await raw("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03rubbish\r\n\r\n"), 400);
    assertEnvelope(await raw("GET\r\n\r\n"), 400);
    assertEnvelope(await raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 400);
    assertEnvelope(await raw(`GET /x HTTP/1.1\r\n${host}No colon\r\n\r\n`), 400);
    const chunked = `PUT ${prefix}${kv}/values/k HTTP/1.1\r\n${host}${auth}Transfer-Encoding: chunked\r\n\r\n`;
    assertEnvelope(await raw(`${chunked}zz\r\nrubbish\r\n`), 400);
    const both = `PUT ${prefix}${kv}/values/k HTTP/1.1\r\n${host}${auth}Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde`;
    assertEnvelope(await raw(both), 400);
  },

  async "dot segments and escapes in a path never leave the API"() {
    for (const path of [
      "/../../etc/passwd",
      `${prefix}/../../../etc/passwd`,
      `${prefix}/accounts/local/../../../../etc/passwd`,
      `${prefix}/%2e%2e/%2e%2e/etc/passwd`,
      `${prefix}${account}/d1/database/..%2f..%2fkv`,
      "//etc/passwd",
      "/signed/export/..%2f..%2f..%2fetc%2fpasswd",
      "/signed/import/../../etc/passwd",
      "*",
    ]) {
      const reply = await raw(`GET ${path} HTTP/1.1\r\n${host}${auth}Connection: close\r\n\r\n`);
      assert.ok([400, 401, 403, 404, 405].includes(statusOf(reply)), `${path}: ${reply.slice(0, 200)}`);
      // Signed addresses answer as object storage does, in XML.
      if (!path.startsWith("/signed/")) assertEnvelope(reply, statusOf(reply));
    }
    // In a key, dots and slashes are ordinary characters.
    const key = "..%2F..%2Fetc%2Fpasswd";
    await call(server, "PUT", `${kv}/values/${key}`, "mine");
    assert.equal((await call(server, "GET", `${kv}/values/${key}`)).body, "mine");
    const { body } = await call(server, "GET", `${kv}/keys?prefix=..%2F`);
    assert.deepEqual(body.result.map((each) => each.name), ["../../etc/passwd"]);
  },

  async "wrong content types and malformed bodies"() {
    const refused = async (method, path, body, type) => {
      const reply = await call(server, method, path, body, { "content-type": type });
      assert.ok(reply.status >= 400 && reply.status < 500, `${path}: ${reply.status}`);
      assert.equal(reply.body.success, false);
    };
    await refused("PUT", `${kv}/bulk`, "no json", "application/json");
    await refused("PUT", `${kv}/bulk`, "<xml/>", "text/xml");
    await refused("PUT", `${kv}/values/k`, "no form", "multipart/form-data; boundary=x");
    await refused("POST", `${d1}/query`, "{", "application/json");
    await refused("POST", `${d1}/query`, "[".repeat(100_000), "application/json");
    await refused("POST", `${account}/storage/kv/namespaces`, "\xff\xfe", "application/octet-stream");
  },

  async "a POST without a body is answered at once, and a chunked DELETE keeps its body"() {
    const post = `POST ${prefix}${d1}/query HTTP/1.1\r\n${host}${auth}Connection: close\r\n\r\n`;
    assertEnvelope(await raw(post), 400);
    await call(server, "PUT", `${kv}/values/chunked`, "v");
    const body = '["chunked"]';
    const erase =
      `DELETE ${prefix}${kv}/bulk HTTP/1.1\r\n${host}${auth}Content-Type: application/json\r\nConnection: close\r\n` +
      `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    assert.equal(statusOf(await raw(erase)), 200);
    assert.equal((await call(server, "GET", `${kv}/values/chunked`)).status, 404);
  },

  async "two pipelined requests, and a client that waits for 100 Continue"() {
    const get = (more) => `GET ${prefix}/user/tokens/verify HTTP/1.1\r\n${host}${auth}${more}\r\n`;
    const replies = await raw(get("") + get("Connection: close\r\n"));
    assert.equal(replies.match(/HTTP\/1\.1 200/g).length, 2);
    const put = `PUT ${prefix}${kv}/values/k HTTP/1.1\r\n${host}${auth}Expect: 100-continue\r\nContent-Length: 1\r\n\r\n`;
    assert.match(await raw(put, { until: "\r\n\r\n" }), /^HTTP\/1\.1 100 Continue/);
  },

  async "long JSON is compressed for clients that accept gzip, values never are"() {
    const body = JSON.stringify(Array.from({ length: 100 }, (_, i) => ({ key: `gzip-${i}`, value: "v" })));
    await call(server, "PUT", `${kv}/bulk`, body, { "content-type": "application/json" });
    await call(server, "PUT", `${kv}/values/large`, "x".repeat(5000));
    const get = async (path, more) => raw(`GET ${prefix}${kv}${path} HTTP/1.1\r\n${host}${auth}Connection: close\r\n${more}\r\n`);
    const gzip = "Accept-Encoding: gzip\r\n";
    assert.match(await get("/keys", gzip), /^content-encoding: gzip/im);
    assert.doesNotMatch(await get("/keys", ""), /^content-encoding/im);
    assert.doesNotMatch(await get("/values/large", gzip), /^content-encoding/im);
    const { body: keys } = await call(server, "GET", `${kv}/keys?prefix=gzip-`);
    assert.equal(keys.result.length, 100);
  },

  async "without a credential a client learns nothing"() {
    const paths = [
      ["GET", "/user/tokens/verify"],
      ["GET", `${account}/storage/kv/namespaces`],
      ["GET", `${kv}/values/alive`],
      ["PUT", `${kv}/values/alive`],
      ["GET", "/accounts/another/storage/kv/namespaces"],
      ["POST", `${d1}/query`],
      ["GET", `${account}/vectorize/v2/indexes`],
      ["PATCH", "/nowhere"],
    ];
    for (const [method, path] of paths) {
      const head = `${method} ${prefix}${path} HTTP/1.1\r\n${host}Connection: close\r\n`;
      assertEnvelope(await raw(`${head}\r\n`), 400, 9106);
      assertEnvelope(await raw(`${head}Authorization: Basic eDp5\r\n\r\n`), 400, 6003);
      for (const wrong of ["Bearer wrong", `Bearer ${token}x`, `Bearer ${token.slice(1)}`])
        assertEnvelope(await raw(`${head}Authorization: ${wrong}\r\n\r\n`), 401);
      assertEnvelope(await raw(`${head}X-Auth-Email: ada@example.com\r\nX-Auth-Key: wrong\r\n\r\n`), 401);
    }
    const right = "X-Auth-Email: ada@example.com\r\nX-Auth-Key: secret-api-key\r\nConnection: close\r\n";
    const list = `GET ${prefix}${account}/storage/kv/namespaces HTTP/1.1\r\n${host}${right}\r\n`;
    assert.equal(statusOf(await raw(list)), 200);
    for (const path of ["/signed/export/x.sql?token=wrong", "/signed/export/x.sql"]) {
      const status = statusOf(await raw(`GET ${path} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`));
      assert.ok([401, 403, 404].includes(status), `${path}: ${status}`);
    }
  },

  async "10 000 connections opened and dropped"() {
    const open = () =>
      new Promise((resolve) => {
        const socket = connect(server.port, "127.0.0.1", () => {
          socket.destroy();
          resolve();
        });
        socket.on("error", resolve);
      });
    for (let i = 0; i < 100; ++i) await Promise.all(Array.from({ length: 100 }, open));
  },

  async "100 idle and 50 dripping connections make nobody wait"() {
    const sockets = [];
    const opened = (bytes) =>
      new Promise((resolve) => {
        const socket = connect(server.port, "127.0.0.1", () => (bytes ? socket.write(bytes, resolve) : resolve()));
        socket.on("error", () => {});
        sockets.push(socket);
      });
    for (let i = 0; i < 100; ++i) await opened();
    const put = `PUT ${prefix}${kv}/values/slow HTTP/1.1\r\n${host}${auth}Content-Length: 1000000\r\n\r\n`;
    for (let i = 0; i < 50; ++i) await opened(put);
    const drip = setInterval(() => sockets.slice(100).forEach((socket) => socket.write("x")), 50);
    let slowest = 0;
    for (let i = 0; i < 20; ++i) slowest = Math.max(slowest, await alive());
    clearInterval(drip);
    sockets.forEach((socket) => socket.destroy());
    console.log(`  the slowest of 20 requests took ${slowest.toFixed(1)} ms`);
    assert.ok(slowest < 1000);
  },

  async "the log shows no credential"() {
    await call(server, "PUT", `${kv}/values/leak`, `the token ${token} in a value`);
    const begun = await call(server, "POST", `${d1}/import`, { action: "init", etag: "0".repeat(32) });
    const secret = new URL(begun.body.result.upload_url).searchParams.get("token");
    assert.ok(secret);
    assert.ok(server.log.includes("[removed]") && server.log.includes("/values/leak 200"));
    for (const text of [token, "secret-api-key", secret]) assert.ok(!server.log.includes(text), text);
  },
};

await runCases(cases, alive);

// A request under way is answered before the server ends.
const sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT count(*) FROM n";
const counting = JSON.stringify({ sql });
const underWay = raw(`POST ${prefix}${d1}/query HTTP/1.1\r\n${host}${auth}Content-Length: ${counting.length}\r\n\r\n${counting}`);
// Connections are accepted in order: once a later one was answered, the server has the earlier one.
const later = `GET ${prefix}/user/tokens/verify HTTP/1.1\r\n${host}${auth}Connection: close\r\n\r\n`;
for (let i = 0; i < 5; ++i) assert.equal(statusOf(await raw(later)), 200);
assert.equal((await server.kill("SIGTERM"))[0], 0);
assert.equal(statusOf(await underWay), 200);

// Flags that change what is answered.
const limited = await start("--quiet", "--rate-limit", "--mutation-delay", "60000", "--account", "another");
const made = await call(limited, "POST", "/accounts/another/storage/kv/namespaces", { title: "t" });
const put = () => call(limited, "PUT", `/accounts/another/storage/kv/namespaces/${made.body.result.id}/values/k`, "v");
const [first, second] = [await put(), await put()];
assert.equal(first.status, 200);
assert.equal(second.status, 429);
assert.ok(Number(second.headers.get("retry-after")) >= 1);
const indexes = "/accounts/another/vectorize/v2/indexes";
await call(limited, "POST", indexes, { name: "slow", config: { dimensions: 1, metric: "cosine" } });
const vector = JSON.stringify({ id: "a", values: [1] });
assert.equal((await call(limited, "POST", `${indexes}/slow/insert`, vector, { "content-type": "application/x-ndjson" })).status, 200);
assert.equal((await call(limited, "GET", `${indexes}/slow/info`)).body.result.vectorCount, 0);
assert.equal((await call(limited, "GET", `${account}/storage/kv/namespaces`)).status, 403);
await limited.kill("SIGTERM");

// The log replaces a credential exactly once, even one that is part of its replacement or that an excerpt cuts in two.
const short = await start("--verbose", "--email", "ada@example.com", "--key", "mov");
const put2000 = call(short, "PUT", `${account}/storage/kv/namespaces/${"0".repeat(32)}/values/mov`, "x".repeat(1995) + token + "y");
const late = new Promise((resolve) => setTimeout(resolve, 10_000, { status: "none" }).unref());
assert.equal((await Promise.race([put2000, late])).status, 404);
assert.ok(short.log.length < 100_000 && short.log.includes("/values/[removed] 404"));
assert.ok(short.log.includes("x[removed]...") && !short.log.includes(token.slice(0, 5)));
await short.kill("SIGKILL");

// Flags with which the program refuses to start.
const refusal = async (...flags) => start(...flags).then(() => assert.fail(String(flags)), (error) => error.message);
assert.match(await refusal("--host", "0.0.0.0"), /--allow-remote/);
assert.match(await refusal("--port", "70000"), /port/i);
assert.match(await refusal("--data", "/dev/null/x"), /folder/i);
assert.match(await refusal("--cert", "/dev/null"), /--cert-key/);

// TLS.
const folder = temporaryFolder();
const [key, certificate] = [join(folder, "key.pem"), join(folder, "cert.pem")];
const openssl = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "1"];
execFileSync("openssl", [...openssl, "-keyout", key, "-out", certificate], { stdio: "ignore" });
const secure = await start("--quiet", "--cert", certificate, "--cert-key", key);
assert.match(secure.url, /^https:/);
const status = await new Promise((resolve, reject) => {
  const headers = { authorization: `Bearer ${token}` };
  const options = { ca: readFileSync(certificate), servername: "localhost", headers, agent: false };
  httpsRequest(`${secure.url}/user/tokens/verify`, options, (reply) => resolve(reply.resume().statusCode))
    .on("error", reject)
    .end();
});
assert.equal(status, 200);
assert.equal((await secure.kill("SIGTERM"))[0], 0);
console.log("flags; TLS");
