// The three bulk calls. Counts and the form of the body are the mapping's; what each key then does is the engine's.

import { ApiError, isObject, ok, parseJson } from "./envelope.mjs";
import { describe, engine } from "./kv_values.mjs";

const MAX_KEYS = 10_000;
const MAX_BODY_BYTES = 100_000_000;
const IN_FLIGHT = 64;

async function forEach(items, run) {
  for (let at = 0; at < items.length; at += IN_FLIGHT)
    await Promise.all(items.slice(at, at + IN_FLIGHT).map(run));
}

function arrayBody(request, operation) {
  if (request.body.byteLength > MAX_BODY_BYTES)
    throw new ApiError(413, 10011, `${operation}: 'the request is larger than ${MAX_BODY_BYTES} bytes'`);
  const refusal = () => new ApiError(400, 10012, `${operation}: 'could not parse the body: expected an array'`);
  const items = parseJson(request.body, refusal);
  if (!Array.isArray(items)) throw refusal();
  if (items.length > MAX_KEYS)
    throw new ApiError(400, 10011, `${operation}: 'at most ${MAX_KEYS} keys are accepted, not ${items.length}'`);
  return items;
}

function pairOf(item) {
  const wrong = (text) => new ApiError(400, 10012, `bulk put: '${text}'`);
  if (!isObject(item)) throw wrong("each pair must be an object");
  const { key, value, base64 = false, expiration, expiration_ttl: expirationTtl, metadata } = item;
  if (typeof key !== "string") throw wrong("each pair needs a key");
  if (typeof value !== "string") throw wrong(`the value of ${key} must be a string`);
  const options = {};
  if (typeof expiration === "number") options.expiration = expiration;
  if (typeof expirationTtl === "number") options.expirationTtl = expirationTtl;
  if (metadata !== undefined) options.metadata = metadata;
  if (!base64) return { key, value, options };
  try {
    return { key, value: Uint8Array.from(atob(value), (letter) => letter.charCodeAt(0)), options };
  } catch {
    throw wrong(`the value of ${key} is not base64`);
  }
}

const content = ({ value, options }) =>
  JSON.stringify([[...(typeof value === "string" ? new TextEncoder().encode(value) : value)], options]);

export async function bulkPut(request, binding) {
  const pairs = arrayBody(request, "bulk put").map(pairOf);
  // As in the bulk write of the Local Explorer of later versions: the same pair twice is one, another value is refused.
  const first = new Map();
  for (const pair of pairs) {
    const other = first.get(pair.key);
    if (other !== undefined && content(other) !== content(pair))
      throw new ApiError(400, 10001,
        `bulk put: 'received duplicate key with different values or expiration parameters: "${pair.key}"'`);
    first.set(pair.key, other ?? pair);
  }
  await forEach([...first.values()], ({ key, value, options }) =>
    engine("bulk put", () => binding.put(key, value, options)));
  return ok({ successful_key_count: first.size, unsuccessful_keys: [] });
}

export async function bulkDelete(request, binding) {
  const keys = [...new Set(arrayBody(request, "bulk remove keys"))];
  if (!keys.every((key) => typeof key === "string"))
    throw new ApiError(400, 10012, "bulk remove keys: 'each key must be a string'");
  await forEach(keys, (key) => engine("bulk remove keys", () => binding.delete(key)));
  return ok({ successful_key_count: keys.length, unsuccessful_keys: [] });
}

export async function bulkGet(request, binding) {
  const refusal = () => new ApiError(400, 10012, "bulk get keys: 'could not parse the body'");
  const body = parseJson(request.body, refusal);
  if (!isObject(body) || !Array.isArray(body.keys)) throw refusal();
  const { keys, type = "text", withMetadata = false } = body;
  // The engine counts the keys, adds up the sizes and refuses a value that is not of the type asked for. Its own form with
  // metadata loses empty values, so that metadata and expiration are looked up key by key.
  const found = await engine("bulk get keys", () => binding.get(keys, type));
  const values = Object.create(null); // a key may be named __proto__
  for (const [key, value] of found) values[key] = value;
  if (withMetadata)
    await forEach(Object.keys(values).filter((key) => values[key] !== null), async (key) => {
      values[key] = { value: values[key], ...(await describe(binding, key)) };
    });
  return ok({ values });
}
