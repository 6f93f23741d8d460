// D1: the account level, and which route of a database goes where.

import { exportDatabase, importInto } from "./d1_transfer.mjs";
import { empty, run, select } from "./d1_engine.mjs";
import { ApiError, isObject, methodNotAllowed, ok, okRaw, parseJson, unroutable, wholeNumber } from "./envelope.mjs";
import { pageOf } from "./pool.mjs";
import { splitSql } from "./sql_split.mjs";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_-]*$/;
const CHOICES = {
  jurisdiction: ["eu", "fedramp", "us"],
  primary_location_hint: ["wnam", "enam", "weur", "eeur", "apac", "oc"],
  mode: ["auto", "disabled"],
};

export const invalid = (text) => new ApiError(400, 7400, text, { bare: true });

function bodyOf(request) {
  const body = parseJson(request.body, () => invalid("The request is malformed: could not parse the body as JSON"));
  if (!isObject(body)) throw invalid("The request is malformed: expected an object");
  return body;
}

function choice(value, name) {
  if (value !== undefined && !CHOICES[name].includes(value))
    throw invalid(`Invalid property: ${name} => expected one of ${CHOICES[name].join(" | ")}`);
  return value;
}

/** `path` holds the decoded segments behind …/d1/database. */
export async function d1(request, path, pool) {
  const { method } = request;
  if (path.length === 0) {
    if (method === "GET") return listDatabases(request, pool);
    if (method === "POST") return createDatabase(request, pool);
    throw methodNotAllowed(method);
  }
  const [id, ...rest] = path;
  const route = rest.join("/");
  let database = pool.find(id);
  if (database === undefined && route === "" && method === "GET")
    database = pool.items().find((item) => item.name === id);
  if (database === undefined) {
    if (!UUID.test(id) && !(route === "" && method === "GET"))
      throw invalid("Invalid property: databaseId => Invalid uuid");
    throw new ApiError(404, 7404, `The database ${id} could not be found`);
  }
  const binding = request.env[database.binding];

  if (route === "") {
    if (method === "GET") return ok(chosenFields(await details(binding, database), request.query.get("fields")));
    if (method === "PUT" || method === "PATCH") return updateDatabase(request, binding, database);
    if (method === "DELETE") return pool.release(database), ok(null);
  } else if (route === "query") {
    if (method === "POST") return query(request, binding, "ARRAY_OF_OBJECTS");
  } else if (route === "raw") {
    if (method === "POST") return query(request, binding, "ROWS_AND_COLUMNS");
  } else if (route === "import") {
    if (method === "POST") return importInto(request, bodyOf(request), binding, database);
  } else if (route === "export") {
    if (method === "POST") return exportDatabase(request, bodyOf(request), binding, database);
  } else if (route === "time_travel/bookmark" || route === "time_travel/restore") {
    if (method === (route.endsWith("restore") ? "POST" : "GET"))
      throw new ApiError(400, 7500, "Time travel is not available here: this engine keeps no history.");
  } else {
    throw unroutable(request.path);
  }
  throw methodNotAllowed(method);
}

const summary = ({ id, name, createdAt, jurisdiction }) =>
  ({ uuid: id, name, created_at: createdAt, version: "production", jurisdiction: jurisdiction ?? null });

async function details(binding, database) {
  const { rows, meta } = await select(binding, `SELECT count(*) FROM sqlite_schema
    WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'`);
  return {
    ...summary(database),
    num_tables: rows[0][0],
    file_size: meta.size_after,
    running_in_region: "WEUR",
    read_replication: { mode: database.replication },
  };
}

function chosenFields(all, fields) {
  if (fields === null) return all;
  return Object.fromEntries(fields.split(",").filter((name) => name in all).map((name) => [name, all[name]]));
}

async function listDatabases({ query, env }, pool) {
  const page = wholeNumber(query, "page", { min: 1, max: Number.MAX_SAFE_INTEGER, fallback: 1 }, invalid);
  const perPage = wholeNumber(query, "per_page", { min: 10, max: 10000, fallback: 100 }, invalid);
  const search = query.get("name") ?? "";
  const { chosen, info } = pageOf(pool.items().filter(({ name }) => name.includes(search)), page, perPage);
  const result = await Promise.all(chosen.map(async (database) => {
    const { num_tables, file_size } = await details(env[database.binding], database);
    return { ...summary(database), num_tables, file_size };
  }));
  return ok(result, { info });
}

function replicationMode(body) {
  if (body.read_replication === undefined) return undefined;
  if (!isObject(body.read_replication) || body.read_replication.mode === undefined)
    throw invalid("Invalid property: read_replication.mode => Required");
  return choice(body.read_replication.mode, "mode");
}

async function createDatabase(request, pool) {
  const body = bodyOf(request);
  if (typeof body.name !== "string" || !NAME.test(body.name)) throw invalid("Invalid property: name => Invalid");
  const jurisdiction = choice(body.jurisdiction, "jurisdiction");
  choice(body.primary_location_hint, "primary_location_hint");
  const replication = replicationMode(body) ?? "disabled";
  if (pool.items().some(({ name }) => name === body.name))
    throw new ApiError(400, 7502, `Database with name '${body.name}' already exists`);
  const database = await pool.take(
    { name: body.name, jurisdiction, replication, createdAt: new Date().toISOString() },
    (item) => empty(request.env[item.binding]));
  if (database === null) throw new ApiError(400, 7406, "Every database of this test server is in use");
  const { running_in_region: created_in_region, ...rest } = await details(request.env[database.binding], database);
  return ok({ ...rest, created_in_region });
}

async function updateDatabase(request, binding, database) {
  const mode = replicationMode(bodyOf(request));
  if (mode === undefined)
    throw request.method === "PATCH" ? new ApiError(400, 7500, "No fields to update")
                                     : invalid("Invalid property: read_replication => Required");
  database.replication = mode;
  return ok(await details(binding, database));
}

/** A parameter as the engine takes it; booleans become 0 and 1, as the binding's own bind() makes them. */
function parameter(value) {
  if (value === null || typeof value === "number" || typeof value === "string") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (Array.isArray(value) && value.every((byte) => typeof byte === "number")) return value;
  throw invalid("Invalid property: params => expected null, a number, a string, a boolean or an array of byte values");
}

function statement(item) {
  if (!isObject(item) || typeof item.sql !== "string") throw invalid("Invalid property: sql => Required");
  const params = item.params ?? [];
  if (!Array.isArray(params)) throw invalid("Invalid property: params => expected an array");
  return { sql: item.sql, params: params.map(parameter) };
}

async function query(request, binding, format) {
  const body = bodyOf(request);
  let queries;
  if (body.batch !== undefined) {
    if (!Array.isArray(body.batch)) throw invalid("Invalid property: batch => expected an array");
    queries = body.batch.map(statement);
  } else {
    const only = statement(body);
    const statements = splitSql(only.sql);
    if (statements.length <= 1) queries = [only];
    else if (only.params.length > 0) throw invalid("params with multiple statements is not supported");
    else queries = statements.map((sql) => ({ sql, params: [] }));
  }
  const { text } = await run(binding, queries, format);
  return okRaw(text);
}
