#pragma once

// Many numbered pairs, made while they are read, and the outcome of each.

#include <algorithm>
#include <cloudflare/kv.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/numbered.hpp"

namespace bulk_tests {

namespace cf = cloudflare;
using cloudflare_tests::Numbered;

/// "key-" and eight digits.
inline std::string key_of(std::uint64_t index) {
  std::string key = "key-00000000";
  for (std::size_t at = key.size(); index != 0; index /= 10) key[--at] = static_cast<char>('0' + index % 10);
  return key;
}

/// 100 bytes, no two the same.
inline std::string value_of(std::uint64_t index) {
  std::string value(88, static_cast<char>('a' + index % 26));
  return value.append(key_of(index));
}

inline auto keys(std::uint64_t count) { return Numbered(count, key_of); }
inline auto pairs(std::uint64_t count) {
  return Numbered(count, [](std::uint64_t i) { return std::pair(key_of(i), value_of(i)); });
}

/// The outcomes that a job told of its items. Notes if it told one item twice.
class Outcomes {
 public:
  explicit Outcomes(std::uint64_t count) : told_(count, none) {}
  void operator()(const cf::ItemOutcome& item) {
    char& told = told_.at(item.index);
    twice_ = twice_ || told != none || item.name != key_of(item.index);
    told = static_cast<char>(item.outcome);
  }
  [[nodiscard]] bool once_each() const { return !twice_ && std::find(told_.begin(), told_.end(), none) == told_.end(); }
  [[nodiscard]] cf::Outcome of(std::uint64_t index) const { return static_cast<cf::Outcome>(told_.at(index)); }
  [[nodiscard]] std::uint64_t count(cf::Outcome outcome) const {
    return static_cast<std::uint64_t>(std::count(told_.begin(), told_.end(), static_cast<char>(outcome)));
  }

 private:
  static constexpr char none = 'n';
  std::vector<char> told_;
  bool twice_ = false;
};

/// Reads all pairs through `kv` and counts those that are not as `written` says: a pair reported done must be there
/// with its value, one reported failed must not be there, one unknown may be, with its value.
inline std::uint64_t contradictions(const cf::KvNamespace& kv, const Outcomes& written, std::uint64_t count) {
  std::uint64_t wrong = 0;
  const auto read = kv.get_many(
      keys(count), {.on_value = [&](std::uint64_t index, std::string_view, std::optional<cf::kv::Value>&& value) {
        const cf::Outcome outcome = written.of(index);
        const bool right =
            value ? outcome != cf::Outcome::failed && value->value == value_of(index) : outcome != cf::Outcome::done;
        wrong += right ? 0 : 1;
      }});
  return wrong + read.outcome.not_done + (count - read.outcome.items);
}

}  // namespace bulk_tests
