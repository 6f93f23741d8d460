// One key at a time, and the list of keys. Values, order, cursors, expiry and every size limit are the engine's.

import { ApiError, ok, parseJson, wholeNumber } from "./envelope.mjs";
import { parseMultipart } from "./multipart.mjs";

/** Runs one call of a binding and turns the engine's refusal ("KV PUT failed: 413 Value length …") into Cloudflare's. */
export async function engine(operation, call) {
  try {
    return await call();
  } catch (error) {
    const refusal = /^KV \w+ failed: (\d{3}) (.*)$/s.exec(error.message);
    // The binding itself refuses the empty key, "." and "..": a TypeError without a status.
    const [status, text] = refusal ? [Number(refusal[1]), refusal[2]] : [400, error.message];
    let code = 10011;
    if (/expiration_ttl/.test(text)) code = 10034;
    else if (/expiration/i.test(text)) code = 10033;
    else if (operation === "bulk get keys" && status === 400) code = 10029;
    throw new ApiError(status, code, `${operation}: '${text}'`);
  }
}

/** The key as list reports it ({name, expiration, metadata}), or undefined: the binding tells the expiration nowhere else. */
async function listed(binding, key) {
  // The key itself sorts before every other key that begins with it.
  const { keys } = await binding.list({ prefix: key, limit: 1 });
  return keys[0]?.name === key ? keys[0] : undefined;
}

/** metadata and expiration of a key that exists. */
export async function describe(binding, key) {
  const entry = await listed(binding, key);
  return { metadata: entry?.metadata ?? null, expiration: entry?.expiration };
}

export async function getValue(binding, key) {
  const value = await engine("get", () => binding.get(key, "stream"));
  if (value === null) throw new ApiError(404, 10009, "get: 'key not found'");
  const headers = new Headers({ "Content-Type": "application/octet-stream" });
  const { expiration } = await describe(binding, key);
  if (expiration !== undefined) headers.set("expiration", String(expiration));
  return new Response(value, { headers });
}

export async function getMetadata(binding, key) {
  const { value, metadata } = await engine("get metadata", () => binding.getWithMetadata(key, "stream"));
  if (value === null) throw new ApiError(404, 10009, "get metadata: 'key not found'");
  await value.cancel();
  return ok(metadata ?? null);
}

export async function putValue(request, binding, key) {
  const options = {};
  const ttl = request.query.get("expiration_ttl");
  const expiration = request.query.get("expiration");
  // Both are passed on when both are given; the engine decides which one wins.
  if (ttl !== null) options.expirationTtl = Number(ttl);
  if (expiration !== null) options.expiration = Number(expiration);

  let value = request.body;
  const type = request.headers.get("Content-Type") ?? "";
  if (/^multipart\/form-data/i.test(type)) {
    const parts = parseMultipart(request.body, type);
    value = parts?.get("value");
    if (value === undefined) throw new ApiError(400, 10001, "put: 'the form has no part named value'");
    const metadata = parts.get("metadata");
    if (metadata !== undefined)
      options.metadata = parseJson(metadata, () => new ApiError(400, 10001, "put: 'metadata must be valid json'"));
  }
  await engine("put", () => binding.put(key, value, options));
  return ok(null);
}

export async function deleteValue(binding, key) {
  await engine("remove key", () => binding.delete(key));
  return ok(null);
}

export async function listKeys({ query }, binding) {
  // 10 to 1000 is the documented range of the REST call; the engine by itself takes 1 to 1000.
  const limit = wholeNumber(query, "limit", { min: 10, max: 1000, fallback: 1000 },
                            (text) => new ApiError(400, 10011, `list keys: '${text}'`));
  const prefix = query.get("prefix") ?? undefined;
  const cursor = query.get("cursor") || undefined;
  const page = await engine("list keys", () => binding.list({ prefix, limit, cursor }));
  return ok(page.keys, { info: { count: page.keys.length, cursor: page.list_complete ? "" : page.cursor } });
}

