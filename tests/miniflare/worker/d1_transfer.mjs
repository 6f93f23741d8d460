// Import and export. Files live in this Worker's memory; the signed URLs point back at this server and carry a token in the
// query instead of credentials. The statements of an import and the text of an export are the engine's.

import { ApiError, ok } from "./envelope.mjs";
import { dump, run } from "./d1_engine.mjs";
import { invalid } from "./d1.mjs";
import { splitSql } from "./sql_split.mjs";

const uploads = new Map(); // token -> {database, etag, filename, sql}
const imports = new Map(); // bookmark -> final status
const exports_ = new Map(); // bookmark -> {filename, sql}
const downloads = new Map(); // token -> sql

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const token = () => hex(crypto.getRandomValues(new Uint8Array(16)));
const md5 = async (bytes) => hex(new Uint8Array(await crypto.subtle.digest("MD5", bytes)));

export async function importInto(request, body, binding, database) {
  if (body.action === "init") return startUpload(request, body, database);
  if (body.action === "ingest") return ingest(body, binding, database);
  if (body.action === "poll") return poll(body);
  throw invalid("Invalid property: action => expected one of init | ingest | poll");
}

function startUpload(request, { etag }, database) {
  if (!/^[0-9a-f]{32}$/.test(etag ?? "")) throw invalid("Invalid property: etag => expected 32 lower-case hex digits");
  for (const upload of uploads.values()) {
    // A file that is already here is not asked for again: the reply is a status without an address.
    if (upload.database === database && upload.etag === etag && upload.status !== undefined) return ok(upload.status);
  }
  const id = token();
  const filename = `${database.id}.${etag}.sql`;
  uploads.set(id, { database, etag, filename });
  return ok({ success: true, type: "import", filename, upload_url: `${request.origin}/signed/import/${filename}?token=${id}` });
}

async function ingest({ etag, filename }, binding, database) {
  const upload = [...uploads.values()].find((item) =>
    item.database === database && item.filename === filename && item.etag === etag && item.sql !== undefined);
  if (upload === undefined) throw invalid("The uploaded file could not be found");
  const bookmark = token();
  const status = { at_bookmark: bookmark, filename, type: "import" };
  try {
    const statements = splitSql(upload.sql);
    const { text, bookmark: reached } = await run(binding, statements.map((sql) => ({ sql })), "NONE");
    const metas = JSON.parse(text).map(({ meta }) => meta);
    const sum = (name) => metas.reduce((total, meta) => total + meta[name], 0);
    Object.assign(status, { success: true, status: "complete", messages: [`Processed ${statements.length} queries`] });
    status.result = {
      final_bookmark: reached,
      num_queries: statements.length,
      meta: { ...metas.at(-1), changes: sum("changes"), duration: sum("duration"), rows_read: sum("rows_read"), rows_written: sum("rows_written") },
    };
    upload.status = status;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    Object.assign(status, { success: false, status: "error", error: error.message, messages: [] });
  }
  upload.sql = undefined;
  imports.set(bookmark, status);
  // The work is done, but the reply says that it goes on, so that a client must poll.
  return ok({ success: true, type: "import", status: "active", at_bookmark: bookmark, filename, messages: [] }, { status: 202 });
}

function poll({ current_bookmark: bookmark }) {
  return ok(imports.get(bookmark) ?? { success: false, type: "import", error: "Not currently importing anything." });
}

export async function exportDatabase(request, body, binding, database) {
  if (body.output_format !== "polling") throw invalid("Invalid property: output_format => expected polling");
  const running = exports_.get(body.current_bookmark);
  if (running === undefined) {
    const bookmark = token();
    exports_.set(bookmark, { filename: `${database.id}-${bookmark}.sql`, sql: await dump(binding, body.dump_options ?? {}) });
    return ok({ success: true, type: "export", status: "active", at_bookmark: bookmark, messages: [] }, { status: 202 });
  }
  const id = token();
  downloads.set(id, running.sql);
  const { filename } = running;
  return ok({
    success: true, type: "export", status: "complete", at_bookmark: body.current_bookmark, messages: [],
    result: { filename, signed_url: `${request.origin}/signed/export/${filename}?token=${id}` },
  });
}

/** The signed URLs. As with a real presigned URL, credentials beside the signature are an error. */
export async function signed(request) {
  if (request.headers.has("Authorization") || request.headers.has("X-Auth-Key"))
    return new Response("<Error><Code>InvalidArgument</Code></Error>", { status: 400 });
  const id = request.query.get("token");
  if (request.method === "GET" && downloads.has(id))
    return new Response(downloads.get(id), { headers: { "Content-Type": "application/octet-stream" } });
  const upload = uploads.get(id);
  if (request.method !== "PUT" || upload === undefined)
    return new Response("<Error><Code>AccessDenied</Code></Error>", { status: 403 });
  upload.sql = new TextDecoder().decode(request.body);
  return new Response(null, { headers: { ETag: `"${await md5(request.body)}"` } });
}
