// Migrations: the files of a folder, each applied once, together with the row that remembers it.

#include <algorithm>
#include <unordered_set>

#include "base/files.hpp"
#include "d1/common.hpp"
#include "d1/migration_files.hpp"
#include "d1/sql.hpp"

#include <cloudflare/detail/d1_job_ops.hpp>

namespace cloudflare::ops {

namespace {

namespace json = detail::json;
using detail::Reply;

std::string text_of(const std::string& path) {
  auto text = detail::files::read_all(path);
  if (!text) throw invalid_argument("the file " + path + " cannot be read");
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text->starts_with(byte_order_mark)) text->erase(0, byte_order_mark.size());
  return std::move(*text);
}

std::string quoted_text(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted.append(c == '\'' ? 2 : 1, c);
  return quoted + '\'';
}

// The results are those of two statements; the second lists the names.
Result<std::unordered_set<std::string>> read_applied(Reply& reply) {
  auto names = detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the list of migrations",
                                 [](json::document& document) {
                                   std::unordered_set<std::string> read;
                                   for (auto item : document.get_array()) {
                                     auto rows = item.get_object()["results"].get_object()["rows"].get_array();
                                     for (auto row : rows)
                                       for (auto cell : row.get_array())
                                         if (!cell.is_null()) read.insert(std::string(cell.get_string().value()));
                                   }
                                   return read;
                                 });
  if (!names) return about_reply(names.error(), reply);
  return names;
}

Error about_file(const Error& error, const std::string& name) {
  ErrorDetails d = error.details();
  d.text = "migration " + name + (d.text.empty() ? std::string() : ": " + d.text);
  return Error(std::move(d));
}

/// Asks which files were applied, then sends one request for each of the others, or imports it if it is large.
class D1Migrate final : public detail::FlowOf<d1::MigrateResult> {
 public:
  D1Migrate(const RequestContext& context, std::string_view id, const std::string& folder,
            const d1::MigrateOptions& options);
  void begin(detail::Outbox& out) override;
  void on_reply(unsigned tag, Result<detail::Reply>&& reply, detail::Outbox& out) override;
  void on_wake(detail::Outbox& out) override;
  void abort(Error error) override;
  [[nodiscard]] bool bounded() const noexcept override { return false; }

 private:
  struct State;
  void apply_next(detail::Outbox& out);
  void take_outcome(detail::Outbox& out);
  void fail(const Error& error);
  std::unique_ptr<State> state_;
};

struct D1Migrate::State {
  State(const RequestContext& given, std::string_view database, const std::string& from, d1::MigrateOptions wishes)
      : context(given), id(database), folder(from), options(std::move(wishes)) {}

  RequestContext context;
  std::string id;
  std::string folder;
  d1::MigrateOptions options;
  std::vector<std::string> files{};
  std::size_t next = 0;
  bool listed = false;
  d1::MigrateResult result{};

  // What applies a file: one of the two.
  std::optional<Call<d1::Results>> call{};
  FlowPtr<d1::ImportResult> file_import{};

  [[nodiscard]] detail::Flow& applying() { return file_import ? static_cast<detail::Flow&>(*file_import) : *call; }

  void prepare(const std::string& name, std::chrono::sys_seconds now) {
    const SqlText text = sql_of(name);
    file_import.reset();
    if (text.file_bytes <= options.import_above_bytes) {
      call.emplace(d1_execute(context, id, text.sql, {}));
      return;
    }
    if (!detail::is_utf8(text.sql)) throw invalid_argument("the SQL is not UTF-8");
    if (detail::checks_limits(context) && text.longest > limits::d1_statement_bytes)
      throw invalid_argument("a statement has " + std::to_string(text.longest) + " bytes; at most 100000 are allowed");
    // D1 knows files by their MD5 and answers for one that it has seen with the earlier result, even if the database
    // was restored in between. The time makes each run a file of its own; the UNIQUE name makes it run once.
    const std::string run = "-- run at " + std::to_string(now.time_since_epoch().count()) + "\n";
    file_import = d1_import(context, id, run + with_plain_lines(text.sql), {.poll_interval = options.poll_interval});
  }

  Result<void> outcome() {
    if (!file_import) {
      auto done = call->take();
      return done ? Result<void>() : Result<void>(done.error());
    }
    auto done = file_import->take();
    return done ? Result<void>() : Result<void>(done.error());
  }

  Result<detail::Request> listing() const {
    auto request = database_request(d1_endpoint("d1.execute"), context, id);
    if (!request) return request;
    const std::string name = quoted_name(options.table);
    const std::string sql = "CREATE TABLE IF NOT EXISTS " + name +
                            " (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT "
                            "CURRENT_TIMESTAMP NOT NULL);\nSELECT name FROM " +
                            name + " ORDER BY id;";
    std::string body;
    if (auto error = append_statement(body, sql, shape_of(sql), {}, context)) return std::move(*error);
    detail::set_json(*request, std::move(body));
    request->repeat = detail::Repeat::idempotent;
    return request;
  }

  struct SqlText {
    std::string sql{};
    std::size_t file_bytes = 0;
    std::size_t longest = 0;  // bytes of the longest statement
  };

  // The statements and the record are one batch or one import, so either both take effect or neither does.
  [[nodiscard]] SqlText sql_of(const std::string& name) const {
    std::string sql = text_of(folder + '/' + name);
    const std::size_t bytes = sql.size();
    const SqlShape before = shape_of(sql);
    if (before.open) sql += "\n;";
    sql += "\nINSERT INTO " + quoted_name(options.table) + " (name) VALUES (" + quoted_text(name) + ");\n";
    if (shape_of(sql).statements != before.statements + 1)
      throw invalid_argument("the file ends within a comment, a string or a quoted name");
    return {.sql = std::move(sql), .file_bytes = bytes, .longest = before.longest};
  }
};

D1Migrate::D1Migrate(const RequestContext& context, std::string_view id, const std::string& folder,
                     const d1::MigrateOptions& options)
    : state_(std::make_unique<State>(context, id, folder, options)) {
  if (options.table.empty()) this->finish(invalid_argument("the table of migrations has no name"));
}

void D1Migrate::begin(detail::Outbox& out) {
  try {
    state_->files = migration_names(state_->folder, state_->options);
  } catch (const Error& error) {
    return this->finish(error);
  }
  auto request = state_->listing();
  if (!request) return this->finish(request.error());
  out.send(0, std::move(*request));
}

void D1Migrate::on_reply(unsigned tag, Result<Reply>&& reply, detail::Outbox& out) {
  State& s = *state_;
  if (!s.listed) {
    if (!reply) return this->finish(reply.error());
    auto applied = read_applied(*reply);
    if (!applied) return this->finish(applied.error());
    s.listed = true;
    const auto pending = std::stable_partition(s.files.begin(), s.files.end(),
                                               [&](const std::string& name) { return applied->contains(name); });
    s.result.earlier.assign(s.files.begin(), pending);
    s.files.erase(s.files.begin(), pending);
    return apply_next(out);
  }
  s.applying().on_reply(tag, std::move(reply), out);
  take_outcome(out);
}

void D1Migrate::on_wake(detail::Outbox& out) {
  state_->applying().on_wake(out);
  take_outcome(out);
}

void D1Migrate::abort(Error error) {
  State& s = *state_;
  if (!s.file_import || s.file_import->finished()) return this->finish(std::move(error));
  s.file_import->abort(std::move(error));  // it knows whether D1 has begun
  this->finish(about_file(s.file_import->take().error(), s.files[s.next]));
}

void D1Migrate::take_outcome(detail::Outbox& out) {
  State& s = *state_;
  if (!s.applying().finished()) return;
  if (const auto done = s.outcome(); !done) return fail(done.error());
  s.result.applied.push_back(s.files[s.next++]);
  if (s.options.on_applied) s.options.on_applied(s.result.applied.back());
  apply_next(out);
}

void D1Migrate::apply_next(detail::Outbox& out) {
  State& s = *state_;
  if (s.next == s.files.size()) return this->finish(std::move(s.result));
  try {
    s.prepare(s.files[s.next], out.wall());
  } catch (const Error& error) {
    return fail(error);
  }
  if (!s.applying().finished()) s.applying().begin(out);
  take_outcome(out);
}

void D1Migrate::fail(const Error& error) {
  const std::string& name = state_->files[state_->next];
  state_->result.failure = d1::MigrationFailure{name, about_file(error, name)};
  this->finish(std::move(state_->result));
}

}  // namespace

FlowPtr<d1::MigrateResult> d1_migrate(const RequestContext& context, std::string_view id, const std::string& folder,
                                      const d1::MigrateOptions& options) {
  return std::make_unique<D1Migrate>(context, id, folder, options);
}

}  // namespace cloudflare::ops
