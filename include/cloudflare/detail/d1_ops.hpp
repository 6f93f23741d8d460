#pragma once

// The operations of D1, defined in src/ops/d1*.cpp: each is written once and run by every view.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <cloudflare/d1_results.hpp>
#include <cloudflare/detail/packing.hpp>
#include <cloudflare/json_text.hpp>

namespace cloudflare::ops {

using detail::Call;
using detail::Context;

/// One statement over /raw; the reply is read by the caller's type.
CLOUDFLARE_API Call<detail::Reply> d1_query(const Context& context, std::string_view id, std::string_view sql,
                                            const d1::Params& params);
/// One or several statements over /raw.
CLOUDFLARE_API Call<d1::Results> d1_execute(const Context& context, std::string_view id, std::string_view sql,
                                            const d1::Params& params);
CLOUDFLARE_API Call<d1::Results> d1_batch(const Context& context, std::string_view id,
                                          std::span<const d1::Statement> statements);
/// One statement over /query: the JSON array of its rows.
CLOUDFLARE_API Call<JsonText> d1_query_json(const Context& context, std::string_view id, std::string_view sql,
                                            const d1::Params& params);

CLOUDFLARE_API Call<d1::DatabasePage> d1_list_databases(const Context& context, const d1::DatabaseListOptions& options);
CLOUDFLARE_API std::shared_ptr<detail::PageWalk<d1::DatabasePage>> d1_database_walk(
    const Context& context, const d1::DatabaseListOptions& options);
CLOUDFLARE_API Call<d1::Database> d1_create(const Context& context, std::string_view name,
                                            const d1::CreateOptions& options);
CLOUDFLARE_API Call<d1::Database> d1_get_database(const Context& context, std::string_view id_or_name,
                                                  std::span<const std::string_view> fields);
CLOUDFLARE_API Call<d1::Database> d1_update(const Context& context, std::string_view id, d1::ReadReplication mode);
CLOUDFLARE_API Call<d1::Database> d1_replace(const Context& context, std::string_view id, d1::ReadReplication mode);
CLOUDFLARE_API Call<void> d1_remove(const Context& context, std::string_view id);

/// Walks the databases until a name matches.
class CLOUDFLARE_API D1FindDatabase final : public detail::FlowOf<std::optional<d1::Database>> {
 public:
  D1FindDatabase(const Context& context, std::string_view name);
  void begin(detail::Outbox& out) override;
  void on_reply(unsigned tag, Result<detail::Reply> reply, detail::Outbox& out) override;

 private:
  void step(detail::Outbox& out);
  std::string name_;
  std::shared_ptr<detail::PageWalk<d1::DatabasePage>> walk_;
  std::unique_ptr<detail::PageStep<d1::DatabasePage>> page_{};
};

/// A range of rows without its type: null at the end, valid until the next call.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual const d1::Params* next() = 0;
};

struct InsertTotals {
  std::int64_t changes = 0;
};
/// What packing says, as the result of insert_many.
struct CLOUDFLARE_API InsertSummary {
  std::shared_ptr<InsertTotals> totals{};
  Result<d1::InsertResult> operator()(BulkResult&& done) const;
};
using D1InsertMany = detail::Mapped<detail::PackedJob, InsertSummary>;
CLOUDFLARE_API D1InsertMany d1_insert_many(const Context& context, std::string_view id, std::string_view table,
                                           std::span<const std::string_view> columns, std::unique_ptr<RowSource> rows,
                                           const d1::InsertOptions& options);

/// The parameters of a row: of a tuple, pair or array, of Params, or of a struct with columns.
template <class Row>
void read_params(const Row& row, d1::Params& params) {
  params.clear();
  if constexpr (requires { std::tuple_size<Row>::value; }) {
    std::apply([&](const auto&... values) { (params.emplace_back(values), ...); }, row);
  } else if constexpr (std::is_convertible_v<const Row&, std::span<const d1::Value>>) {
    const std::span<const d1::Value> values = row;
    params.assign(values.begin(), values.end());
  } else {
    std::apply([&](const auto&... values) { (params.emplace_back(values), ...); }, detail::RowShape<Row>::tie(row));
  }
}

template <class R>
std::unique_ptr<RowSource> make_row_source(R&& range) {
  class Source final : public RowSource {
   public:
    explicit Source(R&& rows) : rows_(std::forward<R>(rows)) {}
    const d1::Params* next() override {
      const auto* row = rows_.next();
      if (row == nullptr) return nullptr;
      read_params(*row, params_);
      return &params_;
    }

   private:
    detail::RangeReader<R> rows_;
    d1::Params params_{};
  };
  return std::make_unique<Source>(std::forward<R>(range));
}

}  // namespace cloudflare::ops
