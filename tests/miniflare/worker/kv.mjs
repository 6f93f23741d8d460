// Workers KV: the account level, and which route of a namespace goes where.

import { ApiError, isObject, methodNotAllowed, ok, parseJson, unroutable, wholeNumber } from "./envelope.mjs";
import { bulkDelete, bulkGet, bulkPut } from "./kv_bulk.mjs";
import { deleteValue, getMetadata, getValue, listKeys, putValue } from "./kv_values.mjs";
import { pageOf } from "./pool.mjs";

const invalid = (text) => new ApiError(400, 10011, text);
const publicView = ({ id, title, jurisdiction }) => ({ id, title, supports_url_encoding: true, jurisdiction });
const jurisdictions = ["eu", "fedramp", "us"];

/** `path` holds the decoded segments behind …/storage/kv/namespaces. */
export async function kv(request, path, pool) {
  const { method } = request;
  if (path.length === 0) {
    if (method === "GET") return listNamespaces(request, pool);
    if (method === "POST") return createNamespace(request, pool);
    throw methodNotAllowed(method);
  }
  const [id, group, ...rest] = path;
  if (id.length !== 32)
    throw invalid(`could not parse UUID from request's namespace_id: 'uuid: incorrect UUID length: ${id}'`);
  const namespace = pool.find(id);
  const found = (operation) => {
    if (namespace === undefined) throw new ApiError(404, 10013, `${operation}: 'namespace not found'`);
    return request.env[namespace.binding];
  };

  if (group === undefined) {
    if (method === "GET") return found("get namespace"), ok(publicView(namespace));
    if (method === "PUT") return found("rename namespace"), renameNamespace(request, namespace, pool);
    if (method === "DELETE") return found("remove namespace"), pool.release(namespace), ok(null);
    throw methodNotAllowed(method);
  }
  const route = `${group}/${rest.length}`;
  if (route === "keys/0") {
    if (method === "GET") return listKeys(request, found("list keys"));
  } else if (route === "values/1") {
    if (method === "GET") return getValue(found("get"), rest[0]);
    if (method === "PUT") return putValue(request, found("put"), rest[0]);
    if (method === "DELETE") return deleteValue(found("remove key"), rest[0]);
  } else if (route === "metadata/1") {
    if (method === "GET") return getMetadata(found("get metadata"), rest[0]);
  } else if (route === "bulk/0") {
    if (method === "PUT") return bulkPut(request, found("bulk put"));
    if (method === "DELETE") return bulkDelete(request, found("bulk remove keys"));
  } else if (route === "bulk/1" && rest[0] === "delete") {
    if (method === "POST") return bulkDelete(request, found("bulk remove keys"));
  } else if (route === "bulk/1" && rest[0] === "get") {
    if (method === "POST") return bulkGet(request, found("bulk get keys"));
  } else {
    throw unroutable(request.path);
  }
  throw methodNotAllowed(method);
}

function listNamespaces({ query }, pool) {
  const page = wholeNumber(query, "page", { min: 1, max: Number.MAX_SAFE_INTEGER, fallback: 1 }, invalid);
  const perPage = wholeNumber(query, "per_page", { min: 1, max: 1000, fallback: 20 }, invalid);
  const order = query.get("order") ?? "id";
  const direction = query.get("direction") ?? "asc";
  if (order !== "id" && order !== "title") throw invalid(`order must be id or title, not ${order}`);
  if (direction !== "asc" && direction !== "desc") throw invalid(`direction must be asc or desc, not ${direction}`);

  const sign = direction === "asc" ? 1 : -1;
  const all = pool.items().sort((a, b) => (a[order] < b[order] ? -sign : a[order] > b[order] ? sign : 0));
  const { chosen, info } = pageOf(all, page, perPage);
  return ok(chosen.map(publicView), { info: { ...info, total_pages: Math.ceil(all.length / perPage) } });
}

function checkedTitle(request, operation, pool, self) {
  const body = parseJson(request.body, () => new ApiError(400, 10012, `${operation}: 'could not parse the body'`));
  const title = isObject(body) ? body.title : undefined;
  if (typeof title !== "string" || title === "")
    throw new ApiError(400, 10019, `${operation}: 'a namespace title is required'`);
  if (title.length > 512) throw new ApiError(400, 10021, `${operation}: 'the title is longer than 512 characters'`);
  if (pool.items().some((item) => item.title === title && item.id !== self))
    throw new ApiError(400, 10014, `${operation}: 'a namespace with this account ID and title already exists'`);
  return title;
}

async function createNamespace(request, pool) {
  const title = checkedTitle(request, "create namespace", pool);
  const { jurisdiction } = parseJson(request.body);
  if (jurisdiction !== undefined && !jurisdictions.includes(jurisdiction))
    throw new ApiError(400, 10021, "create namespace: 'the jurisdiction must be eu, fedramp or us'");
  const namespace = await pool.take({ title, jurisdiction }, async (item) => {
    const binding = request.env[item.binding];
    for (let cursor; ; ) {
      const page = await binding.list({ cursor });
      await Promise.all(page.keys.map(({ name }) => binding.delete(name)));
      if (page.list_complete) return;
      cursor = page.cursor;
    }
  });
  if (namespace === null) throw invalid("create namespace: 'every namespace of this test server is in use'");
  return ok(publicView(namespace));
}

function renameNamespace(request, namespace, pool) {
  namespace.title = checkedTitle(request, "rename namespace", pool, namespace.id);
  return ok(publicView(namespace));
}
