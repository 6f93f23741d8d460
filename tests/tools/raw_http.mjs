// Raw bytes on a socket, for requests that a proper HTTP client would never send.

import assert from "node:assert/strict";
import { connect } from "node:net";

import { token } from "./local_server.mjs";

export const prefix = "/client/v4";
export const auth = `Authorization: Bearer ${token}\r\n`;
export const close = "Connection: close\r\n";
export const hostOf = (server) => `Host: localhost:${server.port}\r\n`;

// Sends bytes, waits until the server has answered and closed (or `until` is in the reply), and gives what came.
export function raw(server, bytes, { end = false, until } = {}) {
  return new Promise((resolve) => {
    const socket = connect(server.port, "127.0.0.1");
    let reply = "";
    const done = () => {
      socket.destroy();
      resolve(reply);
    };
    socket.on("data", (data) => {
      reply += data;
      if (until !== undefined && reply.includes(until)) done();
    });
    socket.on("error", done);
    socket.on("close", done);
    for (const piece of [bytes].flat()) socket.write(piece);
    if (end) socket.end();
  });
}

export const statusOf = (reply) => Number(/^HTTP\/1\.[01] (\d+)/.exec(reply)?.[1]);

// The number of replies in `text`.
export const repliesIn = (text) => (text.match(/HTTP\/1\.1 \d\d\d /g) ?? []).length;

// Checks that the reply is an error in the API's form, with a ray.
export function assertEnvelope(reply, status, code) {
  assert.equal(statusOf(reply), status, reply.slice(0, 300));
  assert.match(reply, /^cf-ray: \S+/im);
  const body = JSON.parse(reply.slice(reply.indexOf("\r\n\r\n") + 4));
  assert.equal(body.success, false);
  assert.equal(body.result ?? null, null);
  if (code !== undefined) assert.equal(body.errors[0].code, code);
  return body.errors[0].message;
}

// Runs named cases one after the other, and checks after each that the server still answers.
export async function runCases(cases, alive) {
  const only = process.argv[3];
  for (const [name, run] of Object.entries(cases)) {
    if (only !== undefined && !name.includes(only)) continue;
    const begin = performance.now();
    await run();
    await alive();
    console.log(`${name} (${((performance.now() - begin) / 1000).toFixed(1)} s)`);
  }
}
