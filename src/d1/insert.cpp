// insert_many: rows packed into INSERT statements, statements into batches.

#include <algorithm>

#include "bulk/bulk_flow.hpp"
#include "d1/common.hpp"
#include "d1/sql.hpp"

namespace cloudflare::ops {

namespace {

namespace json = detail::json;
using detail::Batch;
using detail::BulkCodec;
using detail::BulkFlow;
using detail::BulkFormat;
using detail::Reply;

Error at_row(const Error& error, std::size_t column) {
  return invalid_argument("value " + std::to_string(column) + " of the row: " + error.details().text);
}

class RowCodec final : public BulkCodec {
 public:
  RowCodec(std::unique_ptr<ParamsReader> rows, std::size_t width, bool limits, std::shared_ptr<std::int64_t> changes)
      : rows_(std::move(rows)), width_(width), limits_(limits), changes_(std::move(changes)) {}

  Read read(std::string& text, std::string&) override {
    const d1::Params* row = rows_->next();
    if (row == nullptr) return Read::end;
    const std::size_t begin = text.size();
    if (auto error = append(text, *row)) {
      text.resize(begin);
      refusal_ = std::move(*error);
      return Read::refused;
    }
    return Read::item;
  }

  Result<Open> settle(const Batch&, Reply&& reply) override {
    auto sum = detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the results", read_changes);
    if (!sum) return about_reply(sum.error(), reply);
    auto changes = std::move(*sum);
    if (!changes) return about_reply(changes.error(), reply);
    *changes_ += *changes;
    return Open();
  }

 private:
  std::optional<Error> append(std::string& text, const d1::Params& row) const {
    if (row.size() != width_)
      return invalid_argument("the row has " + std::to_string(row.size()) + " values for " + std::to_string(width_) +
                              " columns");
    const std::size_t begin = text.size();
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i != 0) text.push_back(',');
      if (auto error = append_parameter(text, row[i])) return at_row(*error, i);
    }
    // Encoding makes a blob at most 4 times as long, an escaped text 6 times.
    if (limits_ && text.size() - begin > limits::d1_value_bytes && bytes_of(row) > limits::d1_value_bytes)
      return invalid_argument("the row has " + std::to_string(bytes_of(row)) +
                              " bytes; at most 2000000 are allowed in a row");
    return std::nullopt;
  }

  static std::size_t bytes_of(const d1::Params& row) {
    std::size_t sum = 0;
    for (const d1::Value& value : row) {
      if (const auto* text = std::get_if<std::string>(&value.stored())) sum += text->size();
      if (const auto* blob = std::get_if<d1::Blob>(&value.stored())) sum += blob->size();
    }
    return sum;
  }

  static Result<std::int64_t> read_changes(json::document& document) {
    std::int64_t sum = 0;
    std::optional<Error> refused;
    for (auto item : document.get_array()) {
      bool failed = false;
      std::string failure;
      for (auto field : item.get_object()) {
        const std::string_view name = field.unescaped_key();
        json::value value = field.value();
        if (name == "meta") sum += read_meta(value).changes.value_or(0);
        if (name == "success") failed = !value.get_bool();
        if (name == "error" && value.type() == json::json_type::string) failure = detail::string(value);
      }
      if (failed && !refused) refused = inner_failure(std::move(failure), 0);
    }
    if (refused) return std::move(*refused);
    return sum;
  }

  std::unique_ptr<ParamsReader> rows_;
  std::size_t width_;
  bool limits_;
  std::shared_ptr<std::int64_t> changes_;
};

// INSERT … VALUES (?,?),(?,?) for `rows` rows, as a JSON string.
class InsertText {
 public:
  InsertText(std::string_view table, std::span<const std::string_view> columns, d1::OnConflict on_conflict)
      : head_(verb(on_conflict)) {
    head_ += quoted_name(table);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      head_ += (i == 0 ? " (" : ",") + quoted_name(columns[i]);
      group_ += i == 0 ? "(?" : ",?";
    }
    head_ += ") VALUES ";
    group_ += ')';
  }
  [[nodiscard]] std::size_t size(std::size_t rows) const { return head_.size() + rows * (group_.size() + 1) - 1; }
  [[nodiscard]] std::string json(std::size_t rows) const {
    std::string sql = head_;
    for (std::size_t i = 0; i < rows; ++i) sql.append(i == 0 ? "" : ",").append(group_);
    std::string text;
    detail::append_json_string(text, sql);
    return text;
  }

 private:
  static std::string verb(d1::OnConflict on_conflict) {
    switch (on_conflict) {
      case d1::OnConflict::ignore: return "INSERT OR IGNORE INTO ";
      case d1::OnConflict::replace: return "INSERT OR REPLACE INTO ";
      case d1::OnConflict::fail: break;
    }
    return "INSERT INTO ";
  }
  std::string head_;
  std::string group_{};
};

std::optional<Error> check_names(std::string_view table, std::span<const std::string_view> columns, bool limits) {
  if (table.empty()) return invalid_argument("the table has no name");
  if (columns.empty()) return invalid_argument("there are no columns");
  if (limits && columns.size() > limits::d1_parameters)
    return invalid_argument("there are " + std::to_string(columns.size()) + " columns; at most 100 are allowed");
  for (const std::string_view name : columns)
    if (name.empty() || !detail::is_utf8(name)) return invalid_argument("a column's name is empty or not UTF-8");
  if (!detail::is_utf8(table)) return invalid_argument("the table's name is not UTF-8");
  return std::nullopt;
}

// Converts the result of the bulk flow into that of insert_many.
Result<d1::InsertResult> summary_of(const BulkResult& done, std::int64_t changes) {
  d1::InsertResult result{.committed = done.succeeded, .changes = changes, .requests = done.requests};
  const auto first = std::min_element(done.failed.begin(), done.failed.end(),
                                      [](const ItemFailure& a, const ItemFailure& b) { return a.index < b.index; });
  if (first != done.failed.end()) {
    // Rows refused by the same request share its error.
    result.failure = d1::InsertFailure{first->index, first->index, first->error};
    for (const ItemFailure& failure : done.failed)
      if (&failure.error.details() == &first->error.details())
        result.failure->last_row = std::max(result.failure->last_row, failure.index);
  } else if (done.stopped) {
    result.failure = d1::InsertFailure{done.items, done.items, *done.stopped};
  }
  return result;
}

// The codec adds up `changes` of all replies for the summary.
FlowPtr<d1::InsertResult> insert_flow(BulkFlow flow, std::shared_ptr<std::int64_t> changes) {
  auto summary = [changes = std::move(changes)](const BulkResult& done) { return summary_of(done, *changes); };
  return std::make_unique<detail::Mapped<BulkFlow, decltype(summary)>>(std::move(flow), std::move(summary));
}

}  // namespace

FlowPtr<d1::InsertResult> d1_insert_many(const RequestContext& context, std::string_view id, std::string_view table,
                                         std::span<const std::string_view> columns, std::unique_ptr<ParamsReader> rows,
                                         const d1::InsertOptions& options) {
  const auto changes = std::make_shared<std::int64_t>(0);
  const auto refused = [&](Error error) { return insert_flow(BulkFlow(std::move(error)), changes); };
  const bool limits = detail::checks_limits(context);
  auto request = database_request(d1_endpoint("d1.insert_many"), context, id);
  if (!request) return refused(request.error());
  if (auto error = check_names(table, columns, limits)) return refused(std::move(*error));

  const InsertText text(table, columns, options.on_conflict);
  std::size_t group = std::max<std::size_t>(1, limits::d1_parameters / columns.size());
  while (group > 1 && text.size(group) > limits::d1_statement_bytes) --group;
  if (limits && text.size(group) > limits::d1_statement_bytes)
    return refused(invalid_argument("the INSERT statement has more than 100000 bytes; at most 100000 are allowed"));

  detail::set_json(*request, {});
  BulkFormat format{.request = std::move(*request),
                    .prefix = R"({"batch":[{"params":[)",
                    .separator = ",",
                    .suffix = "]}",
                    .max_items = group * std::max<std::size_t>(1, options.max_statements),
                    .max_bytes = options.max_request_bytes,
                    .halve_on_break = false,
                    .in_order = true,
                    .locate_refusal = options.locate_failure,
                    .group = group};
  for (std::size_t n = 1; n <= group; ++n) format.group_ends.push_back(R"(],"sql":)" + text.json(n) + "}");
  format.group_separator = R"(,{"params":[)";

  BulkOptions bulk;
  if (options.on_progress)
    bulk.on_progress = [hook = options.on_progress](const BulkProgress& progress) {
      hook({.rows_committed = progress.items_done - progress.items_failed, .requests = progress.requests});
    };
  return insert_flow(
      BulkFlow(std::move(format), std::make_unique<RowCodec>(std::move(rows), columns.size(), limits, changes),
               std::move(bulk), 1),
      changes);
}

}  // namespace cloudflare::ops
