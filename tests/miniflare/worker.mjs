// Cloudflare's v4 REST paths for Workers KV and D1 over the bindings of the same engines, for tests on loopback.
//
// The engine's truth (Cloudflare's code answers, this Worker only passes it on):
//   KV   values and their bytes, metadata and its size, key length, order and cursors of a list, prefix, expiry and its
//        checks and texts, which of ttl and expiration wins, value size, count and total size of a bulk get
//   D1   every result, column, value, meta field and SQL error text; limits of parameters and statement length; a batch as
//        one transaction; the SQL of an export; bookmarks
// The mapping's own (written here after Cloudflare's documentation and public threads):
//   routes, credentials, the envelope, error codes and the part of a message before the colon; namespaces and databases with
//   their ids, titles, names, pages; forms and counts of bulk bodies; list limits 10 to 1000; multipart; base64;
//   how several statements in one text are told apart; the steps of import and export and their signed URLs
// Time travel has no engine here and answers 7500. EdgeBase's routes under /api are in worker/edgebase.mjs.

import { authenticate, requireKnown, verify } from "./worker/auth.mjs";
import { d1 } from "./worker/d1.mjs";
import { signed } from "./worker/d1_transfer.mjs";
import { edgebase } from "./worker/edgebase.mjs";
import { ApiError, unroutable } from "./worker/envelope.mjs";
import { kv } from "./worker/kv.mjs";
import { Pool } from "./worker/pool.mjs";

const PREFIX = "/client/v4";
let pools; // one account, whatever its id

async function route(request) {
  if (request.path.startsWith("/signed/")) return signed(request);
  if (request.path.startsWith("/api/")) return edgebase(request);
  const token = authenticate(request.headers);
  // The path is split before it is decoded, because a key may hold %2F. The URL keeps escapes as they were sent.
  const path = request.path.slice(PREFIX.length + 1).split("/").map(decode);
  if (!request.path.startsWith(`${PREFIX}/`)) throw unroutable(request.path);
  if (path.join("/") === "user/tokens/verify") return verify(request.method, token, { account: false });

  const [accounts, account, product, ...rest] = path;
  if (accounts !== "accounts" || !/^[A-Za-z0-9_-]{1,32}$/.test(account ?? "")) throw unroutable(request.path);
  if (product === "tokens" && rest.join("/") === "verify") return verify(request.method, token, { account: true });
  requireKnown(token);
  if (product === "storage" && rest[0] === "kv" && rest[1] === "namespaces")
    return kv(request, rest.slice(2), pools.kv);
  if (product === "d1" && rest[0] === "database") return d1(request, rest.slice(1), pools.d1);
  throw unroutable(request.path);
}

function decode(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ApiError(400, 10011, "the path holds an escape that is no UTF-8");
  }
}

export default {
  async fetch(request, env) {
    pools ??= { kv: new Pool(env.POOLS.kv), d1: new Pool(env.POOLS.d1) };
    // The body is read to its end before the answer: an answer in mid-upload makes the server close the connection.
    const body = new Uint8Array(await request.arrayBuffer());
    const started = Date.now();
    const { pathname: path, searchParams: query, origin } = new URL(request.url);
    let response;
    try {
      response = await route({ method: request.method, headers: request.headers, body, path, query, origin, env });
    } catch (error) {
      if (!(error instanceof ApiError)) console.error(error.stack);
      response = (error instanceof ApiError ? error : new ApiError(500, 10001, String(error))).toResponse();
    }
    // The runtime counts the idle time of a kept connection from a clock that stood still while it worked: after five busy
    // seconds it closes the connection under the next request. One turn of the event loop sets the clock.
    if (Date.now() - started > 1000) await scheduler.wait(1);
    const ray = crypto.getRandomValues(new Uint8Array(8));
    response.headers.set("cf-ray", `${Array.from(ray, (byte) => byte.toString(16).padStart(2, "0")).join("")}-LHR`);
    return response;
  },
};
