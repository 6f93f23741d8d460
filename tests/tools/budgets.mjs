// What clients may take of the server's time, connections, memory and disk, with limits made small.
// `node budgets.mjs PROGRAM [CASE]`.

import assert from "node:assert/strict";
import { readdirSync, readlinkSync, statSync } from "node:fs";
import { connect } from "node:net";

import { call, newDatabase, newNamespace, start } from "./local_server.mjs";
import { assertEnvelope, auth, close, hostOf, prefix, raw, repliesIn, runCases, statusOf } from "./raw_http.mjs";

// A connection that the test feeds by hand; `ended` gives all that came.
function open(server, bytes = "") {
  const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
  const connection = { socket, reply: "" };
  socket.on("data", (data) => (connection.reply += data));
  socket.on("error", () => {});
  connection.ended = new Promise((resolve) => {
    socket.on("close", () => resolve(connection.reply));
    socket.on("end", () => resolve(connection.reply));
  });
  if (bytes) socket.write(bytes);
  return connection;
}

// Sends one byte every 20 ms until the server has had enough.
async function drip(server, head, byte = "x") {
  const connection = open(server, head);
  const timer = setInterval(() => connection.socket.write(byte), 20);
  const begin = performance.now();
  const reply = await connection.ended;
  clearInterval(timer);
  connection.socket.destroy();
  return { reply, seconds: (performance.now() - begin) / 1000 };
}

// Bytes of the unlinked files that the server holds open: the bodies and replies that it keeps on disk.
function spooled(server) {
  const folder = `/proc/${server.child.pid}/fd`;
  let bytes = 0;
  for (const fd of readdirSync(folder))
    try {
      if (readlinkSync(`${folder}/${fd}`).endsWith("(deleted)")) bytes += statSync(`${folder}/${fd}`).size;
    } catch {
      // It was closed meanwhile.
    }
  return bytes;
}

async function until(condition) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

const verify = (server, more = close) => `GET ${prefix}/user/tokens/verify HTTP/1.1\r\n${hostOf(server)}${auth}${more}\r\n`;

const cases = {
  async "slow and silent clients are cut off: in heads, bodies and chunks, and on connections that ask nothing"() {
    const server = await start("--quiet", "--idle-time", "1", "--stall-time", "1", "--body-time", "2");
    const kv = await newNamespace(server, "drip");
    const put = `PUT ${prefix}${kv}/values/k HTTP/1.1\r\n${hostOf(server)}${auth}`;
    const all = await Promise.all([
      drip(server, `GET ${prefix} HTTP/1.1\r\n${hostOf(server)}X: `),
      drip(server, `${put}Content-Length: 1000000\r\n\r\n`),
      drip(server, `${put}Transfer-Encoding: chunked\r\n\r\n`, "1\r\nx\r\n"),
      drip(server, `${put}Transfer-Encoding: chunked\r\n\r\n1;`),
      drip(server, `${put}Transfer-Encoding: chunked\r\n\r\n0\r\nTrailer: `),
      open(server).ended,
      open(server, "GET").ended,
      open(server, `${put}Content-Length: 10\r\n\r\n12345`).ended,
      open(server, verify(server, "")).ended,
    ]);
    for (const { seconds } of all.slice(0, 5)) assert.ok(seconds < 10, String(seconds));
    for (const { reply } of all.slice(1, 3)) assertEnvelope(reply, 408, 10010);
    assert.equal(statusOf(all.at(-1)), 200); // it was answered, and closed because it asked nothing more
    assert.equal((await call(server, "GET", `${kv}/values/k`)).status, 404);
    await server.kill("SIGTERM");
  },

  async "a slow body that keeps moving arrives"() {
    const server = await start("--quiet", "--stall-time", "1", "--least-rate", "10");
    const kv = await newNamespace(server, "slow");
    const head = `PUT ${prefix}${kv}/values/k HTTP/1.1\r\n${hostOf(server)}${auth}${close}Content-Length: 100\r\n\r\n`;
    const { reply } = await drip(server, head); // 50 bytes a second
    assert.equal(statusOf(reply), 200);
    assert.equal((await call(server, "GET", `${kv}/values/k`)).body, "x".repeat(100));
    await server.kill("SIGTERM");
  },

  async "a reply that nobody reads is given up"() {
    const server = await start("--quiet", "--stall-time", "1");
    const kv = await newNamespace(server, "unread");
    assert.equal((await call(server, "PUT", `${kv}/values/large`, new Uint8Array(20_000_000))).status, 200);
    const connection = open(server);
    connection.socket.pause();
    connection.socket.write(`GET ${prefix}${kv}/values/large HTTP/1.1\r\n${hostOf(server)}${auth}\r\n`);
    await until(() => spooled(server) > 0);
    await until(() => spooled(server) === 0);
    connection.socket.destroy();
    await server.kill("SIGTERM");
  },

  async "one connection too many is answered 503, and a new one is taken as soon as another has closed"() {
    const server = await start("--quiet", "--max-connections", "3");
    const held = [open(server, verify(server, "")), open(server, verify(server, "")), open(server, verify(server, ""))];
    await until(() => held.every((each) => each.reply.includes("active")));
    for (let i = 0; i < 20; ++i) assertEnvelope(await open(server).ended, 503, 10001);
    held[0].socket.destroy();
    let reply;
    do reply = await raw(server, verify(server));
    while (statusOf(reply) === 503);
    assert.equal(statusOf(reply), 200);
    held.forEach((each) => each.socket.destroy());
    await server.kill("SIGTERM");
  },

  async "bodies beyond --body-memory wait on disk, and those beyond --body-disk are refused"() {
    const server = await start("--quiet", "--body-memory", "3000000", "--body-disk", "30000000");
    const kv = await newNamespace(server, "budget");
    const d1 = await newDatabase(server, "budget");
    const head = (i) => `PUT ${prefix}${kv}/values/k${i} HTTP/1.1\r\n${hostOf(server)}${auth}${close}Content-Length: 1000000\r\n\r\n`;
    const body = "x".repeat(999_999);
    const held = Array.from({ length: 30 }, (_, i) => open(server, head(i) + body));
    // 3 MB of the 30 stay in memory, in pieces that fit.
    await until(() => spooled(server) > 20_000_000);
    const second = Array.from({ length: 10 }, (_, i) => open(server, head(i) + body));
    const refused = await Promise.race(second.map((each) => each.ended));
    assertEnvelope(refused, 507, 10001);
    // Small requests are still served.
    assert.equal((await call(server, "PUT", `${kv}/values/small`, "v")).status, 200);
    second.forEach((each) => each.socket.destroy());
    for (const each of held) each.socket.write("x");
    for (const each of held) assert.ok([200, 507].includes(statusOf(await each.ended)), each.reply);
    assert.ok(held.filter((each) => statusOf(each.reply) === 200).length >= 20);
    await until(() => spooled(server) === 0);
    // A reply that is too large for the disk is an error, too.
    const sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) SELECT hex(zeroblob(500000)) AS x FROM n";
    const reply = await call(server, "POST", `${d1}/query`, { sql });
    assert.equal(reply.status, 500);
    assert.equal(spooled(server), 0);
    await server.kill("SIGTERM");
  },

  async "SIGTERM ends the server in a stated time, whatever it does"() {
    const server = await start("--quiet", "--end-time", "1");
    const kv = await newNamespace(server, "end");
    const d1 = await newDatabase(server, "end");
    const endless = JSON.stringify({ sql: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n" });
    const one = `POST ${prefix}${d1}/query HTTP/1.1\r\n${hostOf(server)}${auth}Content-Length: ${endless.length}\r\n\r\n${endless}`;
    const put = `PUT ${prefix}${kv}/values/k HTTP/1.1\r\n${hostOf(server)}${auth}Content-Length: 100\r\n\r\n`;
    const held = [open(server), open(server, "GET /"), open(server, put), open(server, verify(server, ""))];
    for (let i = 0; i < 12; ++i) held.push(open(server, one));
    for (let i = 0; i < 5; ++i) assert.equal(statusOf(await raw(server, `GET /nothing HTTP/1.1\r\n${hostOf(server)}${close}Content-Length: 5\r\n\r\n`)), 400);
    const begin = performance.now();
    const [code] = await server.kill("SIGTERM");
    const seconds = (performance.now() - begin) / 1000;
    console.log(`  ended after ${seconds.toFixed(1)} s`);
    assert.equal(code, 0);
    assert.ok(seconds < 20, `${seconds} s`);
    held.forEach((each) => each.socket.destroy());
  },

  async "SIGTERM is at once when nothing is under way"() {
    const server = await start("--quiet");
    const held = [open(server), open(server, "GET /"), open(server, verify(server, ""))];
    await until(() => repliesIn(held[2].reply) === 1);
    const begin = performance.now();
    assert.equal((await server.kill("SIGTERM"))[0], 0);
    assert.ok(performance.now() - begin < 4000);
    held.forEach((each) => each.socket.destroy());
  },

  async "limits that make no sense end the program before it serves"() {
    for (const flags of [["--max-connections", "0"], ["--stall-time", "0"], ["--body-time", "-1"], ["--least-rate", "0"], ["--body-disk", "x"]])
      await assert.rejects(start(...flags), /no server/, flags.join(" "));
  },
};

await runCases(cases, async () => {});
