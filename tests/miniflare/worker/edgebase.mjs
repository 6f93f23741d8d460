// EdgeBase's native resources over the bindings: POST /api/kv/{name}, /api/d1/{name}, /api/vectorize/{name}.
//
// The engine's truth: values, order, cursors, prefix and expiry of KV; rows, meta and SQL errors of D1. The mapping's own:
// names, keys, the order of the checks, the form of errors. There is no Vectorize here, so each of its actions answers as
// EdgeBase does without a binding.

const KEY = "test-service-key";
const DECLARED = {
  kv: { cache: "EDGEBASE_KV", unbound: "NOT_BOUND" },
  d1: { analytics: "EDGEBASE_DB", unbound: "NOT_BOUND" },
  vectorize: { docs: { dimensions: 3, metric: "cosine" } },
};
const ACTIONS = {
  kv: ["get", "set", "delete", "list"],
  vectorize: ["upsert", "insert", "search", "queryById", "getByIds", "delete", "describe"],
};
const SCHEMAS = {
  kv: { key: "string", value: "string", ttl: "number", prefix: "string", limit: "number", cursor: "string" },
  d1: { query: "string", params: "array" },
  vectorize: {
    vectors: "array", vector: "array", vectorId: "string", topK: "number", filter: "object", ids: "array",
    namespace: "string", returnValues: "boolean",
  },
};

class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const kindOf = (value) => (Array.isArray(value) ? "array" : typeof value);

function bodyOf(request, product) {
  if (!/^application\/json\s*(;|$)/i.test(request.headers.get("Content-Type") ?? ""))
    throw new Refusal(415, "The content type must be application/json.");
  let body;
  try {
    body = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(request.body));
  } catch {
    throw new Refusal(400, "The body is not JSON.");
  }
  if (kindOf(body) !== "object" || body === null) throw new Refusal(400, "The body must be a JSON object.");
  if (product in ACTIONS && !ACTIONS[product].includes(body.action)) throw new Refusal(400, "There is no such action.");
  for (const [member, kind] of Object.entries(SCHEMAS[product]))
    if (body[member] !== undefined && kindOf(body[member]) !== kind) throw new Refusal(400, `'${member}' has the wrong type.`);
  if (product === "kv" && body.limit !== undefined && !(Number.isInteger(body.limit) && body.limit >= 1 && body.limit <= 1000))
    throw new Refusal(400, "'limit' must be from 1 to 1000.");
  if (product === "d1" && !body.query) throw new Refusal(400, "'query' is required.");
  return body;
}

function required(body, member) {
  if (body[member] === undefined || body[member] === "") throw new Refusal(400, `'${member}' is required.`);
  return body[member];
}

async function engine(call) {
  try {
    return await call();
  } catch (error) {
    throw new Refusal(400, error.message);
  }
}

async function kv(binding, body) {
  switch (body.action) {
    case "get":
      return { value: await engine(() => binding.get(required(body, "key"))) };
    case "set": {
      required(body, "key");
      if (body.value === undefined) throw new Refusal(400, "'value' is required.");
      await engine(() => binding.put(body.key, body.value, body.ttl ? { expirationTtl: body.ttl } : {}));
      return { ok: true };
    }
    case "delete":
      await engine(() => binding.delete(required(body, "key")));
      return { ok: true };
    default: {
      const { prefix, limit, cursor } = body;
      const page = await engine(() => binding.list({ prefix: prefix || undefined, limit, cursor: cursor || undefined }));
      return { keys: page.keys.map(({ name }) => name), cursor: page.list_complete ? undefined : page.cursor };
    }
  }
}

async function d1(binding, { query, params = [] }) {
  const { results, meta } = await engine(() => binding.prepare(query).bind(...params).all());
  const { changes, duration, rows_read, rows_written } = meta;
  return { results, meta: { changes, duration, rows_read, rows_written } };
}

function sized(vector, { dimensions }) {
  if (!Array.isArray(vector) || vector.length !== dimensions)
    throw new Refusal(400, `the vector has ${vector?.length ?? 0} dimensions, expected ${dimensions}`);
}

function vectorizeStub(declared, body) {
  const stub = { _stub: true, _warning: "There is no Vectorize here." };
  switch (body.action) {
    case "search":
    case "queryById":
      if (body.topK < 1 || body.topK > 100) throw new Refusal(400, "'topK' must be from 1 to 100.");
      if (body.action === "search") sized(body.vector, declared);
      else required(body, "vectorId");
      return { matches: [], count: 0, ...stub };
    case "getByIds":
      if (!body.ids?.length) throw new Refusal(400, "'ids' is required and must not be empty.");
      return { vectors: [], ...stub };
    case "describe":
      return { vectorCount: 0, ...declared, processedUpToDatetime: null, processedUpToMutation: null, ...stub };
    case "delete":
      if (!body.ids?.length) throw new Refusal(400, "'ids' is required and must not be empty.");
      return { ok: true, count: 0, mutationId: null, ...stub };
    default:
      if (!body.vectors?.length) throw new Refusal(400, "'vectors' is required and must not be empty.");
      for (const { values } of body.vectors) sized(values, declared);
      return { ok: true, count: 0, mutationId: null, ...stub };
  }
}

async function answer(request) {
  const [, , product, name, ...rest] = request.path.split("/").map(decodeURIComponent);
  if (!(product in DECLARED) || name === undefined || rest.length > 0 || request.method !== "POST")
    throw new Refusal(404, "There is no such route.");
  const body = bodyOf(request, product);
  const declared = Object.hasOwn(DECLARED[product], name) ? DECLARED[product][name] : undefined;
  if (declared === undefined) throw new Refusal(404, `'${name}' is not in the configuration.`);
  const key = request.headers.get("X-EdgeBase-Service-Key");
  if (!key) throw new Refusal(403, "X-EdgeBase-Service-Key is required.");
  if (key !== KEY) throw new Refusal(401, "The X-EdgeBase-Service-Key is wrong.");
  if (product === "vectorize") return vectorizeStub(declared, body);
  const binding = request.env[declared];
  if (binding === undefined) throw new Refusal(500, `The binding of '${name}' is not there.`);
  return product === "kv" ? kv(binding, body) : d1(binding, body);
}

export async function edgebase(request) {
  try {
    return Response.json(await answer(request));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return Response.json({ code: error.status, message: error.message }, { status: error.status });
  }
}
