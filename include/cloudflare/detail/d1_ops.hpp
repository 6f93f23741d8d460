#pragma once

// The operations of D1, defined in src/d1/: each is written once and run by every view.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <cloudflare/d1/results.hpp>
#include <cloudflare/detail/range_reader.hpp>
#include <cloudflare/json_text.hpp>

namespace cloudflare::ops {

using detail::Call;
using detail::FlowPtr;
using detail::RequestContext;

/// One statement over /raw; the reply is read by the caller's type.
CLOUDFLARE_API Call<detail::Reply> d1_query(const RequestContext& context, std::string_view id, std::string_view sql,
                                            const d1::Params& params);
/// The same, its rows handed to `taker` one by one.
CLOUDFLARE_API FlowPtr<d1::ReadResult> d1_for_each_row(const RequestContext& context, std::string_view id,
                                                       std::string_view sql, const d1::Params& params,
                                                       std::unique_ptr<detail::RowTaker> taker);
/// One or several statements over /raw.
CLOUDFLARE_API Call<d1::Results> d1_execute(const RequestContext& context, std::string_view id, std::string_view sql,
                                            const d1::Params& params);
CLOUDFLARE_API Call<d1::Results> d1_batch(const RequestContext& context, std::string_view id,
                                          std::span<const d1::Statement> statements);
/// One statement over /query: the JSON array of its rows.
CLOUDFLARE_API Call<JsonText> d1_query_json(const RequestContext& context, std::string_view id, std::string_view sql,
                                            const d1::Params& params);

CLOUDFLARE_API Call<d1::DatabasePage> d1_list_databases(const RequestContext& context,
                                                        const d1::DatabaseListOptions& options);
CLOUDFLARE_API std::shared_ptr<detail::PageWalk<d1::DatabasePage>> d1_database_walk(
    const RequestContext& context, const d1::DatabaseListOptions& options);
CLOUDFLARE_API Call<d1::Database> d1_create(const RequestContext& context, std::string_view name,
                                            const d1::CreateOptions& options);
CLOUDFLARE_API Call<d1::Database> d1_get_database(const RequestContext& context, std::string_view id_or_name,
                                                  std::span<const std::string_view> fields);
/// Walks the databases until a name matches.
CLOUDFLARE_API FlowPtr<std::optional<d1::Database>> d1_find_database(const RequestContext& context,
                                                                     std::string_view name);
/// Finds it, or creates it.
CLOUDFLARE_API FlowPtr<Ensured<d1::Database>> d1_ensure(const RequestContext& context, std::string_view name,
                                                        const d1::CreateOptions& options);
CLOUDFLARE_API Call<d1::Database> d1_update(const RequestContext& context, std::string_view id,
                                            d1::ReadReplication mode);
CLOUDFLARE_API Call<d1::Database> d1_replace(const RequestContext& context, std::string_view id,
                                             d1::ReadReplication mode);
CLOUDFLARE_API Call<void> d1_remove(const RequestContext& context, std::string_view id);

/// Rows as parameters.
using ParamsReader = detail::ViewReader<d1::Params>;
CLOUDFLARE_API FlowPtr<d1::InsertResult> d1_insert_many(const RequestContext& context, std::string_view id,
                                                        std::string_view table,
                                                        std::span<const std::string_view> columns,
                                                        std::unique_ptr<ParamsReader> rows,
                                                        const d1::InsertOptions& options);

/// The parameters of a row, which is a tuple, pair, array, Params, or a struct with columns.
template <class Row>
void read_params(const Row& row, d1::Params& params) {
  params.clear();
  if constexpr (requires { std::tuple_size<Row>::value; }) {
    std::apply([&](const auto&... values) { (params.emplace_back(values), ...); }, row);
  } else if constexpr (std::is_convertible_v<const Row&, std::span<const d1::Value>>) {
    for (const d1::Value& value : std::span<const d1::Value>(row)) params.push_back(value);
  } else {
    std::apply([&](const auto&... values) { (params.emplace_back(values), ...); }, detail::RowShape<Row>::tie(row));
  }
}

template <class R>
auto make_params_reader(R&& range) {
  class Reader final : public ParamsReader {  // the parameters keep their memory from row to row
   public:
    explicit Reader(R&& rows) : rows_(std::forward<R>(rows)) {}
    const d1::Params* next() override {
      const auto* row = rows_.next();
      if (row == nullptr) return nullptr;
      read_params(*row, params_);
      return &params_;
    }
    [[nodiscard]] std::optional<std::uint64_t> size() override { return rows_.size(); }

   private:
    detail::RangeReader<R> rows_;
    d1::Params params_{};
  };
  return std::make_unique<Reader>(std::forward<R>(range));
}

}  // namespace cloudflare::ops
