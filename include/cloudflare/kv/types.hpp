#pragma once

// Values and options of Workers KV.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

#include <cloudflare/bulk.hpp>
#include <cloudflare/json.hpp>
#include <cloudflare/pages.hpp>

namespace cloudflare::kv {

using cloudflare::BulkOptions;
using cloudflare::BulkResult;

/// Where a namespace may store its data durably. Cloudflare API reference, "Create a namespace"; changelog of
/// 2026-10-02.
enum class Jurisdiction : std::uint8_t { eu, fedramp, us };

/// A namespace of the account.
struct Namespace {
  std::string id{};
  std::string title{};
  /// "eu", "fedramp", "us" or a later one, as the server says it; empty: none, or the reply does not say. The API
  /// reference has it in every reply; that each of them carries it is unverified.
  std::string jurisdiction{};
  /// Keys in URLs are percent-decoded; true for every namespace of today.
  bool supports_url_encoding = false;
};

/// One page of the namespaces of an account.
struct NamespacePage {
  std::vector<Namespace> namespaces{};
  std::string cursor{};  ///< Number of the next page; empty on the last.
  ResultInfo info{};
  [[nodiscard]] const std::vector<Namespace>& items() const noexcept { return namespaces; }
};

/// By what namespaces are sorted; the server's default is the id.
enum class NamespaceOrder : std::uint8_t { id, title };
/// Ascending or descending.
enum class Direction : std::uint8_t { asc, desc };

/// How namespaces are listed, and how many to a page.
struct NamespaceListOptions {
  std::optional<int> per_page{};  ///< 1 to 1000; default 1000 when walking (the server's own default is 20).
  std::optional<NamespaceOrder> order{};
  std::optional<Direction> direction{};
  std::string cursor{};  ///< Number of the page to begin with.
};

/// A key as listed. Cloudflare docs, "List keys": sorted by UTF-8 bytes.
struct Key {
  std::string name{};
  std::optional<std::chrono::sys_seconds> expiration{};
  JsonText metadata{};  ///< Empty if the key has none.
};

/// One page of the keys of a namespace.
struct KeyPage {
  std::vector<Key> keys{};
  std::string cursor{};  ///< Empty on the last page. A page without keys but with a cursor is not the last.
  ResultInfo info{};
  [[nodiscard]] const std::vector<Key>& items() const noexcept { return keys; }
};

inline const std::string& page_item_name(const Namespace& item) noexcept { return item.id; }
inline const std::string& page_item_name(const Key& item) noexcept { return item.name; }

/// All keys, page after page.
using KeyRange = PageRange<KeyPage>;
/// All namespaces, page after page.
using NamespaceRange = PageRange<NamespacePage>;

/// Where a namespace is created.
struct CreateOptions {
  /// Cannot be changed later.
  std::optional<Jurisdiction> jurisdiction{};
};

/// Which keys are listed, and how many to a page.
struct ListOptions {
  std::string prefix{};        ///< UTF-8, at most 512 bytes.
  std::optional<int> limit{};  ///< Keys per page, 10 to 1000 (default 1000).
  std::string cursor{};        ///< To resume a list where an earlier one stopped.
};

/// What is stored beside a value. A write without them removes what was there.
struct PutOptions {
  /// At least 60 s. Wins over `expiration` when both are given, as on the server.
  std::optional<std::chrono::seconds> ttl{};
  /// At least 60 s ahead.
  std::optional<std::chrono::sys_seconds> expiration{};
  /// At most 1024 bytes of JSON, checked before sending. Empty: the key then has none, even if it had some before.
  Metadata metadata{};
};

/// A value with what is stored beside it.
struct Value {
  std::string value{};
  JsonText metadata{};
  std::optional<std::chrono::sys_seconds> expiration{};
};

/// A streamed read: how many bytes went to the sink.
struct StreamedValue {
  std::uint64_t size = 0;
  std::optional<std::chrono::sys_seconds> expiration{};
};

/// One pair of a bulk write.
struct Entry {
  std::string key{};
  std::string value{};
  std::optional<std::chrono::seconds> ttl{};
  std::optional<std::chrono::sys_seconds> expiration{};
  Metadata metadata{};
  /// `value` is base64 text that the server decodes. Leave it false for bytes: those that are not UTF-8 text are
  /// encoded for you.
  bool base64 = false;
};

/// A pair that owns no memory; bulk writes encode from it.
struct EntryView {
  std::string_view key{};
  std::string_view value{};
  std::optional<std::chrono::seconds> ttl{};
  std::optional<std::chrono::sys_seconds> expiration{};
  std::string_view metadata{};
  bool base64 = false;
};

/// The server's answer to one bulk write or erase.
struct BulkReply {
  std::optional<std::int64_t> successful_key_count{};
  std::vector<std::string> unsuccessful_keys{};  ///< Send these again.
};

/// Whether a bulk read gives values as they are or parses them on the server.
enum class ValueType : std::uint8_t { text, json };

/// What a bulk read of up to 100 keys gives.
struct BulkGetOptions {
  /// `json`: the server parses the values, and they come back as JSON text in Value::value. A stored null comes back as
  /// "null", a missing key as no value; to tell them apart, the request then always asks for metadata.
  ValueType type = ValueType::text;
  bool with_metadata = false;
};

/// What get_many() gives, and whom it tells.
struct GetManyOptions {
  bool with_metadata = false;
  std::optional<int> in_flight{};
  std::function<void(const BulkProgress&)> on_progress{};
  /// Called with each result instead of collecting them: position, key, and the value or nullopt if there is no such
  /// key.
  std::function<void(std::uint64_t index, std::string_view key, std::optional<Value>&& value)> on_value{};
  /// See BulkOptions::on_outcome.
  std::function<void(const ItemOutcome&)> on_outcome{};
};

/// Values in the order of the keys; a missing key is nullopt, and so is one listed in `outcome.failed`.
struct GetManyResult {
  std::vector<std::optional<Value>> values{};
  BulkResult outcome{};
};

/// What an element of a bulk write may look like: an Entry, or a pair of two string-likes.
inline EntryView view_of(const Entry& e) { return {e.key, e.value, e.ttl, e.expiration, e.metadata.text(), e.base64}; }
inline EntryView view_of(const EntryView& e) { return e; }
template <class K, class V>
requires std::convertible_to<const K&, std::string_view> && std::convertible_to<const V&, std::string_view> EntryView
view_of(const std::pair<K, V>& pair) {
  return {.key = pair.first, .value = pair.second};
}

/// The view of any such element, found as above or by argument-dependent lookup of `view_of`.
template <class E>
auto as_view(const E& element) -> decltype(view_of(element)) {
  return view_of(element);
}

/// A range that put_many() takes: of Entry, EntryView or pairs of strings.
template <class R>
concept EntryRange = std::ranges::input_range<R> &&
    requires(const std::remove_cvref_t<std::ranges::range_reference_t<R>>& e) {
  { as_view(e) } -> std::same_as<EntryView>;
};
/// A range of anything that converts to std::string_view.
template <class R>
concept KeyNameRange =
    std::ranges::input_range<R> && std::convertible_to<std::ranges::range_reference_t<R>, std::string_view>;

}  // namespace cloudflare::kv
