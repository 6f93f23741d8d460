// Migrations: the files of a folder, each applied once, together with the row that remembers it.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unordered_set>

#include "d1/common.hpp"
#include "d1/sql.hpp"

#include <cloudflare/detail/d1_job_ops.hpp>

namespace cloudflare::ops {

namespace {

namespace json = detail::json;
using detail::Reply;

struct File {
  std::string number{};  // without leading zeros
  std::string name{};
};

// "0007_users.sql" is number 7. wrangler orders by this number.
File numbered(std::string name) {
  const std::size_t end = std::min(name.find_first_not_of("0123456789"), name.size());
  if (end == 0)
    throw invalid_argument("the migration \"" + name + "\" does not begin with a number, as 0001_" + name + " does");
  const std::size_t begin = std::min(name.find_first_not_of('0'), end);
  return {name.substr(begin, end - begin), std::move(name)};
}

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::error_code failed;
  std::vector<File> files;
  std::filesystem::directory_iterator at(folder, failed);
  for (const auto end = std::filesystem::directory_iterator(); !failed && at != end; at.increment(failed)) {
    std::string name = at->path().filename().string();
    if (name.ends_with(".sql")) files.push_back(numbered(std::move(name)));
  }
  if (failed) throw invalid_argument("the folder of migrations cannot be read: " + failed.message());
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) {
    return std::tuple(a.number.size(), std::string_view(a.number), std::string_view(a.name)) <
           std::tuple(b.number.size(), std::string_view(b.number), std::string_view(b.name));
  });
  std::vector<std::string> names;
  names.reserve(files.size());
  for (File& file : files) names.push_back(std::move(file.name));
  return names;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  try {
    text.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  } catch (const std::ios_base::failure&) {  // for example if it is a folder
    file.setstate(std::ios::badbit);
  }
  if (!file) throw invalid_argument("the file cannot be read");
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
  return text;
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

/// Asks which files were applied, then sends one request for each of the others.
class D1Migrate final : public detail::FlowOf<d1::MigrateResult> {
 public:
  D1Migrate(const RequestContext& context, std::string_view id, const std::string& folder,
            const d1::MigrateOptions& options);
  void begin(detail::Outbox& out) override;
  void on_reply(unsigned tag, Result<detail::Reply>&& reply, detail::Outbox& out) override;
  [[nodiscard]] bool bounded() const noexcept override { return false; }

 private:
  struct State;
  void apply_next(detail::Outbox& out);
  void fail(const Error& error);
  std::unique_ptr<State> state_;
};

struct D1Migrate::State {
  State(const RequestContext& given, std::string_view database, const std::string& from, d1::MigrateOptions wishes)
      : context(given), id(database), folder(from), options(std::move(wishes)) {}

  RequestContext context;
  std::string id;
  std::filesystem::path folder;
  d1::MigrateOptions options;
  std::vector<std::string> files{};
  std::size_t next = 0;
  bool listed = false;
  d1::MigrateResult result{};

  std::optional<Call<d1::Results>> call{};  // applies a file

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

  // The statements and the record are one batch, so either both take effect or neither does.
  [[nodiscard]] std::string sql_of(const std::string& name) const {
    std::string sql = text_of(folder / name);
    const SqlShape before = shape_of(sql);
    if (before.open) sql += "\n;";
    sql += "\nINSERT INTO " + quoted_name(options.table) + " (name) VALUES (" + quoted_text(name) + ");\n";
    if (shape_of(sql).statements != before.statements + 1)
      throw invalid_argument("the file ends within a comment, a string or a quoted name");
    return sql;
  }
};

D1Migrate::D1Migrate(const RequestContext& context, std::string_view id, const std::string& folder,
                     const d1::MigrateOptions& options)
    : state_(std::make_unique<State>(context, id, folder, options)) {
  if (options.table.empty()) this->finish(invalid_argument("the table of migrations has no name"));
}

void D1Migrate::begin(detail::Outbox& out) {
  try {
    state_->files = names_in(state_->folder);
  } catch (const Error& error) {
    return this->finish(error);
  }
  auto request = state_->listing();
  if (!request) return this->finish(request.error());
  out.send(0, std::move(*request));
}

void D1Migrate::on_reply(unsigned, Result<Reply>&& reply, detail::Outbox& out) {
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
  s.call->on_reply(0, std::move(reply), out);
  if (auto done = s.call->take(); !done) return fail(done.error());
  s.result.applied.push_back(s.files[s.next++]);
  if (s.options.on_applied) s.options.on_applied(s.result.applied.back());
  apply_next(out);
}

void D1Migrate::apply_next(detail::Outbox& out) {
  State& s = *state_;
  if (s.next == s.files.size()) return this->finish(std::move(s.result));
  try {
    s.call.emplace(d1_execute(s.context, s.id, s.sql_of(s.files[s.next]), {}));
  } catch (const Error& error) {
    return fail(error);
  }
  if (s.call->finished()) return fail(s.call->take().error());
  s.call->begin(out);
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
