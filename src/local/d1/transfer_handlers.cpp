#include <cloudflare/limits.hpp>

#include <array>
#include <utility>

#include "base/encode.hpp"
#include "base/md5.hpp"
#include "d1/sql_split.hpp"
#include "local/d1/errors.hpp"
#include "local/d1/handlers.hpp"
#include "local/storage/call_limits.hpp"

namespace cloudflare::local {

namespace {

// A statement may have 100 000 bytes; white space and comments before it need a limit too.
constexpr std::size_t max_pending_bytes = 1UL << 20;

std::string text_of(const Json& body, std::string_view name) {
  const Json* value = body.find(name);
  return value != nullptr && value->is(Json::Kind::string) ? value->string : std::string();
}

std::string signed_url(const Request& request, std::string_view what, std::string_view filename,
                       std::string_view token) {
  return request.origin() + "/signed/" + std::string(what) + "/" + std::string(filename) +
         "?token=" + std::string(token);
}

bool is_md5(std::string_view text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Reply begin_import(Account& account, const Request& request, const std::string& uuid, const Json& body) {
  const std::string etag = text_of(body, "etag");
  if (!is_md5(etag)) throw d1_invalid("Invalid property: etag => expected 32 lower-case hex digits");
  // If this file was just imported and the database has not changed since, the reply is the status of that import,
  // without an upload URL.
  {
    const auto database = account.d1.open(uuid);
    const auto lock = database->lock();
    const std::string bookmark = database->history.current();
    if (const auto status = account.d1.transfers().imported_file(uuid, etag, bookmark)) return ok(*status);
  }
  const std::string filename = uuid + "." + etag + ".sql";
  const std::string token = account.d1.transfers().begin_upload({.uuid = uuid, .etag = etag, .filename = filename});
  ObjectWriter result;
  result.boolean("success", true).text("type", "import").text("filename", filename);
  result.text("upload_url", signed_url(request, "import", filename, token));
  return ok(std::move(result).take());
}

void run_file(detail::TemporaryFile& file, const std::function<void(std::string_view)>& run) {
  ops::SqlSplitter splitter;
  std::array<char, 65'536> piece{};
  file.rewind();
  while (const std::size_t n = file.read(piece)) {
    CallLimits::current().check();
    splitter.feed({piece.data(), n}, run);
    if (splitter.pending() > max_pending_bytes) throw d1_sql_error("statement too long: SQLITE_TOOBIG");
  }
  splitter.finish(run);
}

// Runs the file as one transaction: a failed import leaves the database as it was.
Reply ingest(Account& account, const std::string& uuid, const Json& body) {
  const std::string filename = text_of(body, "filename");
  const std::string etag = text_of(body, "etag");
  const auto upload = account.d1.transfers().take_upload(uuid, filename);
  if (!upload) throw d1_invalid("The uploaded file could not be found");
  if (upload->md5 != etag || upload->etag != etag)
    throw d1_invalid("The etag does not match the uploaded file: expected " + upload->md5);

  const auto database = account.d1.open(uuid);
  const auto lock = database->lock();
  const std::string bookmark = database->history.current();
  std::string final_bookmark;
  ObjectWriter status;
  try {
    const std::int64_t size_before = database->engine.size();
    const D1Totals totals = database->engine.run_all([&](const auto& run) { run_file(*upload->file, run); });
    final_bookmark = database->history.current();
    ObjectWriter result;
    result.text("final_bookmark", final_bookmark).number("num_queries", totals.queries);
    result.raw("meta", database->engine.meta_json(totals, size_before));
    status.boolean("success", true).text("status", "complete").raw("result", std::move(result).take());
    status.raw("messages", "[\"Processed " + std::to_string(totals.queries) + " queries.\"]");
  } catch (const ApiError& error) {
    status.boolean("success", false).text("status", "error").text("error", error.message).raw("messages", "[]");
  }
  status.text("type", "import").text("at_bookmark", bookmark).text("filename", filename);
  const std::string text = std::move(status).take();
  account.d1.transfers().note_import(uuid, bookmark, text);
  if (!final_bookmark.empty()) account.d1.transfers().note_imported(uuid, etag, final_bookmark, text);
  // The import is done, but the reply says "active", as it does for large files, so that clients must poll.
  ObjectWriter active;
  active.boolean("success", true).text("type", "import").text("status", "active").text("at_bookmark", bookmark);
  active.text("filename", filename).raw("messages", "[]");
  return ok(std::move(active).take(), {.status = 202});
}

D1DumpOptions dump_options(const Json& body) {
  D1DumpOptions options;
  const Json* given = body.find("dump_options");
  if (given == nullptr || given->is(Json::Kind::null)) return options;
  const auto flag = [&](std::string_view name) {
    const Json* value = given->find(name);
    if (value != nullptr && !value->is(Json::Kind::boolean))
      throw d1_invalid("Invalid property: dump_options." + std::string(name) + " => expected a boolean");
    return value != nullptr && value->boolean;
  };
  options.no_data = flag("no_data");
  options.no_schema = flag("no_schema");
  if (const Json* tables = given->find("tables"))
    for (const Json& table : tables->items) options.tables.push_back(table.string);
  return options;
}

// As with any presigned URL, credentials beside the signature are an error.
std::optional<Reply> refused(const Request& request) {
  const bool credentials = !request.header("authorization").empty() || !request.header("x-auth-key").empty();
  if (!credentials) return std::nullopt;
  return Reply{.status = 400,
               .headers = {{"content-type", "application/xml"}},
               .body = "<Error><Code>InvalidArgument</Code></Error>"};
}

Reply access_denied() {
  return {.status = 403,
          .headers = {{"content-type", "application/xml"}},
          .body = "<Error><Code>AccessDenied</Code></Error>"};
}

std::string token_of(const Request& request) {
  const std::string* token = request.query("token");
  return token == nullptr ? std::string() : *token;
}

}  // namespace

Reply d1_import(Account& account, Request& request) {
  const std::string uuid = d1_record(account, request).uuid;
  const Json body = d1_body(request);
  const std::string action = text_of(body, "action");
  if (action == "init") return begin_import(account, request, uuid, body);
  if (action == "ingest") return ingest(account, uuid, body);
  if (action != "poll") throw d1_invalid("Invalid property: action => expected one of init | ingest | poll");
  const auto status = account.d1.transfers().import_status(uuid, text_of(body, "current_bookmark"));
  return ok(status.value_or(R"({"success":false,"type":"import","error":"Not currently importing anything."})"));
}

std::optional<Reply> d1_refuse_upload(Account& account, const Request& request) {
  if (auto reply = refused(request)) return reply;
  if (!account.d1.transfers().may_upload(token_of(request), request.captured.front())) return access_denied();
  return std::nullopt;
}

Reply d1_upload(Account& account, Request& request) {
  if (auto reply = d1_refuse_upload(account, request)) return *std::move(reply);
  auto file = std::make_shared<detail::TemporaryFile>();
  detail::Md5 md5;
  std::uint64_t bytes = 0;
  bool too_large = false;
  request.stream_body([&](std::string_view piece) {
    bytes += piece.size();
    too_large = bytes > limits::d1_import_bytes;
    if (too_large) return;
    file->append(piece);
    md5.add(piece);
  });
  if (too_large)
    return {.status = 400,
            .headers = {{"content-type", "application/xml"}},
            .body = "<Error><Code>EntityTooLarge</Code></Error>"};
  const std::string digest = md5.hex();
  account.d1.transfers().finish_upload(token_of(request), std::move(file), digest);
  return {.headers = {{"etag", "\"" + digest + "\""}}};
}

Reply d1_export(Account& account, Request& request) {
  const std::string uuid = d1_record(account, request).uuid;
  const Json body = d1_body(request);
  if (text_of(body, "output_format") != "polling")
    throw d1_invalid("Invalid property: output_format => expected polling");
  const std::string running = text_of(body, "current_bookmark");
  if (const auto token = account.d1.transfers().sign_export(uuid, running)) {
    const std::string filename = uuid + "-" + running + ".sql";
    ObjectWriter result;
    result.text("filename", filename).text("signed_url", signed_url(request, "export", filename, *token));
    ObjectWriter status;
    status.boolean("success", true).text("type", "export").text("status", "complete").text("at_bookmark", running);
    status.raw("messages", "[]").raw("result", std::move(result).take());
    return ok(std::move(status).take());
  }

  const D1DumpOptions options = dump_options(body);
  const auto database = account.d1.open(uuid);
  const auto lock = database->lock();
  if (database->engine.has_virtual_tables())
    throw d1_sql_error("D1 Export error: cannot export databases with Virtual Tables (fts5)");
  const std::string bookmark = database->history.current();
  account.d1.transfers().begin_export({.uuid = uuid, .bookmark = bookmark, .options = options});
  ObjectWriter status;
  status.boolean("success", true).text("type", "export").text("status", "active").text("at_bookmark", bookmark);
  status.raw("messages", "[]");
  return ok(std::move(status).take(), {.status = 202});
}

Reply d1_download(Account& account, Request& request) {
  if (auto reply = refused(request)) return *std::move(reply);
  const auto job = account.d1.transfers().signed_export(token_of(request));
  if (!job) return access_denied();
  const auto database = account.d1.open(job->uuid);
  std::shared_ptr<Sqlite> state;
  {
    const auto lock = database->lock();
    state = database->history.open(job->bookmark);
  }
  // Nobody writes to this state, so it is read without the lock, and the sink may use the database.
  return {.headers = {{"content-type", "application/octet-stream"}}, .stream = [state, job](Sink& sink) {
            dump_sql(*state, job->options, [&](std::string_view piece) { sink.write(piece); });
          }};
}

}  // namespace cloudflare::local
