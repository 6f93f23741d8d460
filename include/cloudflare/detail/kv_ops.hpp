#pragma once

// The operations of Workers KV, defined in src/kv/: each is written once and run by every view.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <cloudflare/detail/range_reader.hpp>
#include <cloudflare/kv/types.hpp>

namespace cloudflare::ops {

using detail::Call;
using detail::FlowPtr;
using detail::RequestContext;

CLOUDFLARE_API Call<std::optional<std::string>> kv_get(const RequestContext& context, std::string_view id,
                                                       std::string_view key);
CLOUDFLARE_API Call<std::optional<kv::StreamedValue>> kv_get_to(const RequestContext& context, std::string_view id,
                                                                std::string_view key, std::shared_ptr<Sink> sink);
CLOUDFLARE_API FlowPtr<std::optional<kv::StreamedValue>> kv_get_to_file(const RequestContext& context,
                                                                        std::string_view id, std::string_view key,
                                                                        const std::string& path);
/// Value and metadata in two concurrent reads.
CLOUDFLARE_API FlowPtr<std::optional<kv::Value>> kv_get_with_metadata(const RequestContext& context,
                                                                      std::string_view id, std::string_view key);
/// Value and metadata of a text in one bulk read, of other values as above.
CLOUDFLARE_API FlowPtr<std::optional<kv::Value>> kv_get_text(const RequestContext& context, std::string_view id,
                                                             std::string_view key);
CLOUDFLARE_API Call<std::optional<std::size_t>> kv_get_into(const RequestContext& context, std::string_view id,
                                                            std::string_view key, std::span<char> buffer);
CLOUDFLARE_API Call<std::optional<JsonText>> kv_metadata(const RequestContext& context, std::string_view id,
                                                         std::string_view key);
CLOUDFLARE_API Call<void> kv_put(const RequestContext& context, std::string_view id, std::string_view key, Body value,
                                 const kv::PutOptions& options);
CLOUDFLARE_API Call<void> kv_erase(const RequestContext& context, std::string_view id, std::string_view key);
CLOUDFLARE_API Call<kv::KeyPage> kv_list(const RequestContext& context, std::string_view id,
                                         const kv::ListOptions& options);
CLOUDFLARE_API std::shared_ptr<detail::PageWalk<kv::KeyPage>> kv_list_walk(const RequestContext& context,
                                                                           std::string_view id,
                                                                           const kv::ListOptions& options);

CLOUDFLARE_API Call<kv::BulkReply> kv_put_bulk(const RequestContext& context, std::string_view id,
                                               std::span<const kv::Entry> entries);
CLOUDFLARE_API Call<kv::BulkReply> kv_erase_bulk(const RequestContext& context, std::string_view id,
                                                 std::span<const std::string> keys);
CLOUDFLARE_API Call<kv::BulkReply> kv_erase_bulk_legacy(const RequestContext& context, std::string_view id,
                                                        std::span<const std::string> keys);
CLOUDFLARE_API Call<std::vector<std::optional<kv::Value>>> kv_get_bulk(const RequestContext& context,
                                                                       std::string_view id,
                                                                       std::span<const std::string> keys,
                                                                       const kv::BulkGetOptions& options);

CLOUDFLARE_API Call<kv::Namespace> kv_create(const RequestContext& context, std::string_view title,
                                             const kv::CreateOptions& options);
CLOUDFLARE_API Call<kv::Namespace> kv_get_namespace(const RequestContext& context, std::string_view id);
/// Walks the namespaces until a title matches.
CLOUDFLARE_API FlowPtr<std::optional<kv::Namespace>> kv_find_namespace(const RequestContext& context,
                                                                       std::string_view title);
/// Finds it, or creates it.
CLOUDFLARE_API FlowPtr<Ensured<kv::Namespace>> kv_ensure(const RequestContext& context, std::string_view title,
                                                         const kv::CreateOptions& options);
CLOUDFLARE_API Call<kv::Namespace> kv_rename(const RequestContext& context, std::string_view id,
                                             std::string_view title);
CLOUDFLARE_API Call<void> kv_remove(const RequestContext& context, std::string_view id);
CLOUDFLARE_API Call<kv::NamespacePage> kv_list_namespaces(const RequestContext& context,
                                                          const kv::NamespaceListOptions& options);
CLOUDFLARE_API std::shared_ptr<detail::PageWalk<kv::NamespacePage>> kv_namespace_walk(
    const RequestContext& context, const kv::NamespaceListOptions& options);

/// A value parsed as JSON and converted to T; nullopt stays nullopt.
template <class T, class Json>
Result<std::optional<T>> value_as(const std::optional<std::string>& text) {
  if (!text) return std::optional<T>();
  return detail::try_parse_as<T, Json>("the value", *text).transform([](T&& value) {
    return std::optional<T>(std::move(value));
  });
}

using EntryReader = detail::ViewReader<kv::EntryView>;
template <class R>
auto make_entry_reader(R&& range) {
  return detail::make_view_reader<kv::EntryView>(std::forward<R>(range),
                                                 [](const auto& entry) { return kv::as_view(entry); });
}

CLOUDFLARE_API FlowPtr<BulkResult> kv_put_many(const RequestContext& context, std::string_view id,
                                               std::unique_ptr<EntryReader> entries, const kv::BulkOptions& options);
CLOUDFLARE_API FlowPtr<BulkResult> kv_erase_many(const RequestContext& context, std::string_view id,
                                                 std::unique_ptr<detail::TextReader> keys,
                                                 const kv::BulkOptions& options);
/// The bulk flow with values; a value that is not text is read singly.
CLOUDFLARE_API FlowPtr<kv::GetManyResult> kv_get_many(const RequestContext& context, std::string_view id,
                                                      std::unique_ptr<detail::TextReader> keys,
                                                      const kv::GetManyOptions& options);

}  // namespace cloudflare::ops
