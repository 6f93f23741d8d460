#pragma once

// Results of several statements. Each is kept as text and read on request.

#include <cloudflare/detail/d1_read.hpp>

namespace cloudflare::d1 {

/// The result of one of several statements. Its rows are read and checked on request.
class CLOUDFLARE_API StatementResult {
 public:
  StatementResult(Meta meta, std::string text) : meta_(std::move(meta)), text_(std::move(text)) {}

  [[nodiscard]] const Meta& meta() const noexcept { return meta_; }
  /// The rows as tuples. @throws Error  decode
  template <class Column, class... Columns>
  [[nodiscard]] Rows<std::tuple<Column, Columns...>> rows() const {
    return detail::TypedReader<std::tuple<Column, Columns...>>::read(reply()).value();
  }
  /// The rows with whatever columns they have. @throws Error  decode
  [[nodiscard]] Table rows() const { return detail::read_table(reply()).value(); }
  /// The rows as structs, by the names of the columns. @throws Error  decode
  template <class T>
  [[nodiscard]] Rows<T> rows_as() const {
    return detail::TypedReader<T>::read(reply()).value();
  }

 private:
  [[nodiscard]] detail::Reply reply() const {
    return {.http = {.status = 200, .body = "[" + text_ + "]"}, .result_size = text_.size() + 2};
  }
  Meta meta_;
  std::string text_;  // the JSON of this result
};

/// The results of execute() or batch(), one for each statement, in order.
class Results {
 public:
  explicit Results(std::vector<StatementResult> results) : results_(std::move(results)) {}

  [[nodiscard]] auto begin() const noexcept { return results_.begin(); }
  [[nodiscard]] auto end() const noexcept { return results_.end(); }
  [[nodiscard]] std::size_t size() const noexcept { return results_.size(); }
  [[nodiscard]] const StatementResult& operator[](std::size_t statement) const noexcept { return results_[statement]; }

  /// Rows inserted, updated or deleted by all of them.
  [[nodiscard]] std::int64_t changes() const noexcept {
    std::int64_t sum = 0;
    for (const StatementResult& result : results_) sum += result.meta().changes.value_or(0);
    return sum;
  }
  /// The `last_row_id` of the last statement.
  [[nodiscard]] std::optional<std::int64_t> last_row_id() const noexcept {
    return results_.empty() ? std::nullopt : results_.back().meta().last_row_id;
  }

 private:
  std::vector<StatementResult> results_;
};

}  // namespace cloudflare::d1
